"""Budgets: some with room, some over 80 %, one overspent by the chief executive's decision."""

from datetime import date
from decimal import Decimal

from invictus_ap.services.demo.world import World
from placements.models import Budget, Placement
from placements.queries import budget_figures
from placements.services import (
    approve_budget,
    approve_budget_change,
    decide_placement,
    propose_budget,
    propose_budget_change,
)
from trust.calendar import academic_year_of
from trust.permissions import Role

ROOM = Decimal("150000.00")
# What part of each school's money is promised, school by school.
USED = ("0.58", "0.84", "0.72", "0.93", "0.66", "0.81", "0.47")


def make_budgets(world: World) -> None:
    """A budget per school and year: last year's and this year's approved, next year's from 20 June on."""
    for year in world.years.values():
        agreed_on = max(
            date(year.first_day.year, 6, 20), min(world.years.values(), key=lambda y: y.first_day).first_day
        )
        if agreed_on > world.today:
            continue
        for school in world.schools:
            budget = propose_budget(
                school_id=school.pk,
                academic_year_id=year.pk,
                amount=ROOM,
                by=world.finance,
                now=world.at(agreed_on, 9),
            )
            by = world.person(school, Role.HEAD)
            approve_budget(budget_id=budget.pk, by=by, now=world.at(agreed_on, 15))
    _propose_next(world)


def _propose_next(world: World) -> None:
    """Before 20 June one budget of next year waits for a decision all the same."""
    later = [year for year in world.years.values() if not year.budgets.exists()]
    if later:
        propose_budget(
            school_id=world.schools[1].pk,
            academic_year_id=later[0].pk,
            amount=Decimal("62000.00"),
            by=world.finance,
            now=world.now,
        )


def _change(world: World, budget: Budget, amount: Decimal) -> None:
    """Another amount for an approved budget, proposed by finance and approved by the chief executive."""
    if amount == budget.amount:
        return
    change = propose_budget_change(
        budget_id=budget.pk,
        new_amount=amount,
        reason="Set to what the trust board allotted for alternative provision.",
        by=world.finance,
        now=world.now,
    )
    approve_budget_change(change_id=change.pk, by=world.ceo, now=world.now)


def settle_budgets(world: World, waiting: list[Placement]) -> None:
    """Change the amounts so that the promised parts are those of ``USED`` whatever day it is; then one overspend."""
    running = academic_year_of(world.today).label
    full = {placement.school_id for placement in waiting}
    budgets = list(Budget.objects.filter(approved_at__isnull=False).select_related("academic_year").order_by("pk"))
    figures = budget_figures(budgets)
    for budget in budgets:
        number = [school.pk for school in world.schools].index(budget.school_id)
        used = Decimal(USED[number]) if budget.academic_year.label == running else Decimal("0.88")
        used = Decimal("1.00") if budget.school_id in full else used
        promised = figures[budget.pk].committed
        hundreds = (promised / used / 100).to_integral_value(rounding="ROUND_CEILING")
        amount = max(hundreds * 100, promised, Decimal("8000.00") if used < 1 else Decimal("0.00"))
        _change(world, budget, amount)
    for placement in waiting:
        decide_placement(
            placement_id=placement.pk,
            decision="APPROVED",
            reason="Needed now; the trust's reserve covers it.",
            overrides={},
            over_budget_reason="No other placement meets the need; covered from the trust's reserve.",
            by=world.ceo,
            now=world.now,
        )
