"""What placements cost and what is left of the budgets."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import F, Sum

from placements import rules
from placements.codes import ROUTE_RULES, Route
from placements.models import AgreedPrice, Budget, Commitment, Placement, PlacementPeriod
from placements.queries.sessions import calendars_and_closures, stretches_of
from placements.rules import (
    PlacedSession,
    Price,
    Session,
    Stretch,
    Terms,
    Timetable,
    only_expected,
    placed,
    sessions_of,
)
from providers.models import Programme, ServiceLevelAgreement
from trust.calendar import last_day, to_range

# P1.2: budgets are 'managed effectively'; alerts at these parts of the amount.
NEAR = Fraction(80, 100)
FULL = Fraction(1)

_NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class BudgetFigures:
    """Pounds of one budget: what was set, what is promised, what is left, and the part promised (None of nothing)."""

    amount: Decimal
    committed: Decimal
    left: Decimal
    used: Fraction | None

    @property
    def percent(self) -> str:
        """The part promised as '81.2%', rounded half up; '–' of a budget of nothing."""
        if self.used is None:
            return "–"
        tenths = (self.used * 1000 + Fraction(1, 2)).__floor__()
        return f"{tenths // 10}.{tenths % 10}%"

    @property
    def alert(self) -> str:
        """'FULL' from 100 %, 'NEAR' from 80 % (P1.2), '' below; money promised of a budget of nothing is 'FULL'."""
        if self.used is None:
            return "FULL" if self.committed else ""
        if self.used >= FULL:
            return "FULL"
        return "NEAR" if self.used >= NEAR else ""


@dataclass(frozen=True)
class CostLine:
    """The cost of a period in one academic year beside that year's approved budget (None: there is none)."""

    year: str
    amount: Decimal
    budget: Budget | None
    left: Decimal | None

    @property
    def left_after(self) -> Decimal | None:
        """What is left of the budget when this is approved."""
        return None if self.left is None else self.left - self.amount


@dataclass(frozen=True)
class Cost:
    """What one period of a placement means in sessions, days and pounds net of VAT."""

    sessions: int
    days: int
    lines: tuple[CostLine, ...]

    @property
    def total(self) -> Decimal:
        """All years together."""
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def over_budget(self) -> bool:
        """Whether one of the years has no approved budget or too little left."""
        return any(line.left is None or line.amount > line.left for line in self.lines)


def budget_figures(budgets: Iterable[Budget]) -> dict[int, BudgetFigures]:
    """Amount, committed and left of each budget by its id, in one query."""
    wanted = {budget.pk: budget for budget in budgets}
    committed = dict(
        Commitment.objects.filter(budget_id__in=list(wanted))
        .order_by()
        .values_list("budget_id")
        .annotate(total=Sum(F("amount") - F("released")))
    )
    figures = {}
    for pk, budget in wanted.items():
        promised = committed.get(pk, Decimal("0.00"))
        used = Fraction(promised) / Fraction(budget.amount) if budget.amount else None
        figures[pk] = BudgetFigures(budget.amount, promised, budget.amount - promised, used)
    return figures


def budget_left(budget: Budget) -> Decimal:
    """What is left of one budget, £ net of VAT; below zero when the chief executive approved over it."""
    return budget_figures([budget])[budget.pk].left


def period_cost(
    placement: Placement, period: PlacementPeriod, *, first: date | None = None, last: date | None = None
) -> tuple[tuple[str, Decimal], ...]:
    """The cost of the stored half-days of a period by academic year, ``(label, pounds net of VAT)``.

    ``first`` and ``last`` (both inclusive) cut it down to a part. Prices are the agreed ones of the period, of a
    programme that has none today's; transport is paid for each day with a session, one-off costs on the period's first
    day. Nothing on routes without cost. Rounded once per line.
    """
    return _cost(placement, period, stretches_of(placement, period), first, last)


def changed_cost(
    placement: Placement, period: PlacementPeriod, stretches: Sequence[Stretch]
) -> tuple[tuple[str, Decimal], ...]:
    """``period_cost`` as it would be with other half-days."""
    return _cost(placement, period, stretches, None, None)


def planned_cost(
    placement: Placement,
    first: date,
    last: date | None,
    slots: Iterable[int] | Timetable,
    *,
    transport_a_day: Decimal = _NOTHING,
    one_off: Decimal = _NOTHING,
) -> tuple[tuple[str, Decimal], ...]:
    """What a period from ``first`` to ``last`` inclusive with these half-days would cost at today's prices.

    ``slots``: a timetable, or half-days all at the placement's own site and programme. Nothing is stored.
    """
    if last is None:
        return ()
    timetable = placed(slots, placement.site_id, placement.programme_id)
    period = PlacementPeriod(period=to_range(first, last), transport_a_day=transport_a_day, one_off=one_off)
    return _cost(placement, period, (Stretch(first, last, timetable),), None, None)


def _cost(
    placement: Placement,
    period: PlacementPeriod,
    stretches: Sequence[Stretch],
    first: date | None,
    last: date | None,
) -> tuple[tuple[str, Decimal], ...]:
    begins, ends = period.period.lower, last_day(period.period)
    if ends is None or not ROUTE_RULES[Route(placement.route)].has_cost:
        return ()
    start, final = max(begins, first or begins), min(ends, last or ends)
    if start > final:
        return ()
    calendars, closed = calendars_and_closures([placement])
    agreement = ServiceLevelAgreement.objects.filter(provider_id=placement.provider_id, period__contains=begins).first()
    return rules.cost_lines(
        calendars[placement.school_id],
        stretches,
        _prices(period, {programme for row in stretches for _, programme in row.timetable.values()}),
        start,
        final,
        closed,
        calendars[placement.host_school_id] if placement.host_school_id else None,
        begins=begins,
        terms=Terms(
            transport_a_day=period.transport_a_day,
            one_off=period.one_off,
            charged_when_closed=agreement is not None and agreement.charged_when_closed,
        ),
    )


def _prices(period: PlacementPeriod, programme_ids: Collection[int]) -> dict[int, Price]:
    """The price of each programme: as agreed for the period, else as the price list has it now."""
    prices = {
        row.pk: Price(row.unit, row.rate, row.hours_per_session)
        for row in Programme.objects.filter(pk__in=programme_ids).only("unit", "rate", "hours_per_session")
    }
    for agreed in AgreedPrice.objects.filter(placement_period=period) if period.pk else ():
        if agreed.programme_id in prices:
            prices[agreed.programme_id] = Price(agreed.unit, agreed.rate, agreed.hours_per_session)
    return prices


def planned_sessions(
    placement: Placement, first: date, last: date, slots: Iterable[int] | Timetable
) -> tuple[Session, ...]:
    """The sessions that ``slots`` give from ``first`` to ``last``, before any half-day is stored."""
    stretch = Stretch(first, last, placed(slots, placement.site_id, placement.programme_id))
    return only_expected(sessions_between(placement, [stretch], first, last))


def sessions_between(
    placement: Placement, stretches: Iterable[Stretch], first: date, last: date
) -> tuple[PlacedSession, ...]:
    """The half-days of ``stretches`` on the placement's own calendars, stored or not."""
    calendars, closed = calendars_and_closures([placement])
    host = calendars[placement.host_school_id] if placement.host_school_id else None
    return sessions_of(calendars[placement.school_id], stretches, first, last, closed, host)


def cost_of(placement: Placement, period: PlacementPeriod) -> Cost:
    """Sessions, days and cost of one period, with what is left of each year's budget now."""
    first, last = period.period.lower, last_day(period.period)
    if last is None:
        return Cost(0, 0, ())
    sessions = only_expected(sessions_between(placement, stretches_of(placement, period), first, last))
    return cost_shown(placement.school_id, sessions, period_cost(placement, period))


def cost_shown(school_id: int, sessions: Sequence[Session], amounts: Sequence[tuple[str, Decimal]]) -> Cost:
    """``amounts`` by academic year beside what is left of the school's approved budgets now."""
    budgets = {
        budget.academic_year.label: budget for budget in approved_budgets(school_id, [label for label, _ in amounts])
    }
    figures = budget_figures(budgets.values())
    lines = tuple(
        CostLine(label, amount, budget, figures[budget.pk].left if budget else None)
        for label, amount in amounts
        for budget in [budgets.get(label)]
    )
    return Cost(len(sessions), len({day for day, _ in sessions}), lines)


def approved_budgets(school_id: int, labels: Collection[str]) -> list[Budget]:
    """The approved budgets of a school for these academic years, in the order of their ids."""
    return list(
        Budget.objects.filter(school_id=school_id, academic_year__label__in=list(labels), approved_at__isnull=False)
        .select_related("academic_year")
        .order_by("id")
    )
