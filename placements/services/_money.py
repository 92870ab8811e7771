"""Money of a placement: promised at approval, given back at an early end, promised again when the end was none."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from placements.models import Budget, Commitment, Placement, PlacementPeriod
from placements.queries import agreement_of, budget_left, end_figures, period_cost
from placements.rules import check_budget
from placements.services._moves import lock_budgets
from providers.models import ServiceLevelAgreement
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission


def commit_period(placement: Placement, period: PlacementPeriod, over_budget_reason: str, by: User) -> None:
    """Promise the money of the period, one row per academic year, from budgets locked in the order of their ids."""
    lines = period_cost(placement, period)
    period.cost = sum((amount for _, amount in lines), Decimal("0.00"))
    _promise(placement, period, lines, over_budget_reason, by)


def commit_more(
    placement: Placement,
    period: PlacementPeriod,
    lines: Iterable[tuple[str, Decimal]],
    over_budget_reason: str,
    by: User,
) -> None:
    """What a changed timetable adds to the promise of a period, or takes from it (P1.2).

    ``lines`` are changes by academic year, ``(label, pounds)``: above zero is promised more, from the budget as it
    stands, below zero goes back. The cost of the period follows. The placement is locked by the caller.
    """
    changes = [(label, amount) for label, amount in lines if amount]
    _promise(placement, period, changes, over_budget_reason, by)
    period.cost = max(period.cost + sum((amount for _, amount in changes), Decimal("0.00")), Decimal("0.00"))
    period.save(update_fields=["cost"])


def _promise(
    placement: Placement,
    period: PlacementPeriod,
    lines: Iterable[tuple[str, Decimal]],
    over_budget_reason: str,
    by: User,
) -> None:
    wanted = [(label, amount) for label, amount in lines if amount]
    budgets = lock_budgets(placement.school_id, [label for label, _ in wanted])
    for label, amount in wanted:
        budget = budgets.get(label)
        if budget is None:
            raise RuleBroken(
                f"There is no approved budget of the school for {label}: have it approved first.",
                help="Finance, the Headteacher or the trust AP lead proposes it.",
            )
        row = Commitment.objects.filter(placement_period=period, budget=budget).first()
        if amount < 0:
            if row is not None:
                row.released = min(row.released - amount, row.amount)
                row.save(update_fields=["released"])
            continue
        over = _check_fits(budget, amount, over_budget_reason, by)
        if row is None:
            Commitment.objects.create(placement_period=period, budget=budget, amount=amount, over_budget_reason=over)
        else:
            row.amount += amount
            row.over_budget_reason = over or row.over_budget_reason
            row.save(update_fields=["amount", "over_budget_reason"])


def _check_fits(budget: Budget, amount: Decimal, over_budget_reason: str, by: User) -> str:
    """The reason to keep with a promise of ``amount``: '' when it fits the locked budget, else the chief
    executive's.
    """
    left = budget_left(budget)
    may_overspend = by.allows(Permission.APPROVE_OVER_BUDGET, home_id=budget.school_id)
    check_budget(left, amount, may_overspend, over_budget_reason)
    return over_budget_reason.strip() if amount > left else ""


def release_after(placement: Placement, periods: list[PlacementPeriod], ended_on: date | None) -> None:
    """Give back what the charging terms do not charge after ``ended_on``, its last day (None: everything).

    Called before the half-days are stopped. ``periods`` are the approved ones.
    """
    rows = Commitment.objects.filter(placement_period__in=periods).select_related("budget__academic_year")
    commitments = list(rows.order_by("budget_id", "id"))
    if ended_on is None:
        lock_budgets(placement.school_id, {row.budget.academic_year.label for row in commitments})
        for row in commitments:
            row.released = row.amount
            row.save(update_fields=["released"])
        return
    # Two ends at once at a provider with bought places: the second one sees the place that the first one left.
    agreement = agreement_of(placement, periods[0].period.lower) if periods else None
    if agreement is not None and agreement.places_bought:
        ServiceLevelAgreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    lock_budgets(placement.school_id, {row.budget.academic_year.label for row in commitments})
    for line in end_figures(placement, ended_on).lines:
        if line.released != line.commitment.released:
            line.commitment.released = line.released
            line.commitment.save(update_fields=["released"])


def take_back(placement: Placement, periods: list[PlacementPeriod], over_budget_reason: str, by: User) -> None:
    """Promise again what came back at an end that was no end: each row as much as its half-days cost from now on."""
    commitments = list(
        Commitment.objects.filter(placement_period__placement=placement)
        .select_related("budget__academic_year")
        .order_by("budget_id", "id")
    )
    budgets = lock_budgets(placement.school_id, {row.budget.academic_year.label for row in commitments})
    needed: dict[tuple[int, str], Decimal] = {}
    for period in periods:
        for label, amount in period_cost(placement, period):
            needed[period.pk, label] = amount
    for row in commitments:
        label = row.budget.academic_year.label
        cost = needed.get((row.placement_period_id, label), Decimal("0.00"))
        released = max(row.amount - cost, Decimal("0.00"))
        more = row.released - released
        if more <= 0:
            continue
        row.over_budget_reason = _check_fits(budgets[label], more, over_budget_reason, by) or row.over_budget_reason
        row.released = released
        row.save(update_fields=["released", "over_budget_reason"])
