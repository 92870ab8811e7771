"""Reads of ``placements`` that more than one caller needs."""

from placements.queries.gate import gate_facts, gate_of, overridable, overrides_of
from placements.queries.money import (
    BudgetFigures,
    Cost,
    CostLine,
    approved_budgets,
    budget_figures,
    budget_left,
    cost_lines,
    cost_of,
    planned_sessions,
)
from placements.queries.pages import Action, actions_of, budgets_shown, gates_shown, listed, periods_of, timetable_of
from placements.queries.sessions import calendars_and_closures, expected_of, weekly_pattern

__all__ = [
    "Action",
    "BudgetFigures",
    "Cost",
    "CostLine",
    "actions_of",
    "approved_budgets",
    "budget_figures",
    "budget_left",
    "budgets_shown",
    "calendars_and_closures",
    "cost_lines",
    "cost_of",
    "expected_of",
    "gate_facts",
    "gate_of",
    "gates_shown",
    "listed",
    "overridable",
    "overrides_of",
    "periods_of",
    "planned_sessions",
    "timetable_of",
    "weekly_pattern",
]
