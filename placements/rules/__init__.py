"""What must be true of placements and their money; pure functions, values in, ``RuleBroken`` out."""

from placements.rules.approval import check_budget, check_not_same_person, check_period, permission_to_end
from placements.rules.costing import commitment_lines, cost, pounds, term_fraction, to_pence, units_for
from placements.rules.gate import check_gate, gate, with_overrides
from placements.rules.gate_facts import (
    CheckFact,
    GateCode,
    GateFacts,
    GateOutcome,
    GateResult,
    HomeVisitFact,
)
from placements.rules.gate_questions import check_valid_until
from placements.rules.timetable import SESSIONS, Session, check_first_day, check_slots, expected_sessions, slot_label

__all__ = [
    "SESSIONS",
    "CheckFact",
    "GateCode",
    "GateFacts",
    "GateOutcome",
    "GateResult",
    "HomeVisitFact",
    "Session",
    "check_budget",
    "check_first_day",
    "check_gate",
    "check_not_same_person",
    "check_period",
    "check_slots",
    "check_valid_until",
    "commitment_lines",
    "cost",
    "expected_sessions",
    "gate",
    "permission_to_end",
    "pounds",
    "slot_label",
    "term_fraction",
    "to_pence",
    "units_for",
    "with_overrides",
]
