"""What placements cost and what is left of the budgets."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import F, Sum

from placements.codes import ROUTE_RULES, Route
from placements.models import Budget, Commitment, Placement, PlacementPeriod
from placements.queries.sessions import calendars_and_closures, weekly_pattern
from placements.rules import Session, commitment_lines, expected_sessions
from trust.calendar import last_day

# P1.2: budgets are 'managed effectively'; alerts at these parts of the amount.
NEAR = Fraction(80, 100)
FULL = Fraction(1)


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


def cost_lines(
    placement: Placement, first: date, last: date | None, pattern: Collection[int]
) -> tuple[tuple[str, Decimal], ...]:
    """The cost of ``first`` to ``last`` by academic year; nothing on routes without cost."""
    if last is None or not ROUTE_RULES[Route(placement.route)].has_cost:
        return ()
    calendars, closed = calendars_and_closures([placement])
    programme = placement.programme
    return commitment_lines(
        programme.rate,
        programme.unit,
        calendars[placement.school_id],
        first,
        last,
        pattern,
        closed[placement.site_id],
        calendars[placement.host_school_id] if placement.host_school_id else None,
        programme.hours_per_session,
    )


def planned_sessions(placement: Placement, first: date, last: date, pattern: Collection[int]) -> tuple[Session, ...]:
    """The sessions that ``pattern`` gives from ``first`` to ``last``, before any half-day is stored."""
    calendars, closed = calendars_and_closures([placement])
    return expected_sessions(
        calendars[placement.school_id],
        pattern,
        first,
        last,
        closed[placement.site_id],
        calendars[placement.host_school_id] if placement.host_school_id else None,
    )


def cost_of(placement: Placement, period: PlacementPeriod) -> Cost:
    """Sessions, days and cost of one period, with what is left of each year's budget now."""
    first, last = period.period.lower, last_day(period.period)
    if last is None:
        return Cost(0, 0, ())
    pattern = weekly_pattern(placement)
    sessions = planned_sessions(placement, first, last, pattern)
    amounts = cost_lines(placement, first, last, pattern)
    budgets = {
        budget.academic_year.label: budget
        for budget in approved_budgets(placement.school_id, [label for label, _ in amounts])
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
