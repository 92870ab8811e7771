"""Budgets as people read them: figures, forecast, alerts, the history of the amount, what each placement takes."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Prefetch, Q, QuerySet, Sum

from placements import rules
from placements.codes import ROUTE_RULES, Route
from placements.lifecycle import LIVE, BudgetStatus, Status
from placements.models import (
    AgreedPrice,
    Budget,
    BudgetChange,
    Commitment,
    InvoiceLine,
    Placement,
    PlacementPeriod,
    TimetableSlot,
)
from placements.queries.charging import PlacesBought, places_bought
from placements.queries.money import BudgetFigures, budget_figures
from placements.queries.sessions import calendars_and_closures, timetable_among
from placements.rules import Price, Stretch, Terms
from providers.models import Provider, ServiceLevelAgreement
from trust.calendar import academic_year_of, last_day
from trust.errors import CalendarNotLoaded
from trust.models import User
from trust.permissions import Permission

_NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Forecast:
    """What a budget is likely to meet by the end of its year, £ net of VAT, line by line.

    ``promised``: committed less released. ``waiting``: proposals and extensions that wait for a decision. ``extended``:
    what running placements would cost from the end of their period to the year's last school day, at the price agreed.
    """

    amount: Decimal
    promised: Decimal
    waiting: Decimal
    extended: Decimal

    @property
    def total(self) -> Decimal:
        """The three lines together."""
        return self.promised + self.waiting + self.extended

    @property
    def left(self) -> Decimal:
        """What would be left; below zero when the forecast does not fit."""
        return self.amount - self.total


@dataclass(frozen=True)
class BudgetRow:
    """A budget in the list, with what this person may do."""

    budget: Budget
    figures: BudgetFigures
    forecast: Forecast
    change: BudgetChange | None
    may_approve: bool
    may_change: bool
    may_approve_change: bool


@dataclass(frozen=True)
class AmountStep:
    """One step in the life of a budget's amount."""

    at: datetime
    title: str
    detail: str
    by: User | None


@dataclass(frozen=True)
class Taken:
    """What one placement takes of a budget: promised, released, billed so far and still to come. £ net of VAT."""

    placement_id: int
    provider: str
    status: str
    promised: Decimal
    released: Decimal
    billed: Decimal
    over_budget_reason: str

    @property
    def committed(self) -> Decimal:
        """What is still promised."""
        return self.promised - self.released

    @property
    def to_come(self) -> Decimal:
        """What is promised and not billed yet; below zero when more was billed than promised."""
        return self.committed - self.billed


@dataclass(frozen=True)
class BoughtThere:
    """Places bought in advance at a provider."""

    provider: Provider
    places: PlacesBought


def budget_list(user: User) -> QuerySet[Budget]:
    """The budgets that a person may see, newest year first."""
    rows: QuerySet[Budget] = Budget.objects.visible_to(user).select_related(
        "school", "academic_year", "proposed_by", "approved_by"
    )
    return rows


def budget_rows(budgets: Iterable[Budget], user: User, today: date) -> tuple[BudgetRow, ...]:
    """Budgets with figures, forecast and what the person may do; the same number of queries for any number."""
    rows = list(budgets)
    figures = budget_figures(rows)
    forecasts = budget_forecast(rows, today)
    open_changes = {
        change.budget_id: change
        for change in BudgetChange.objects.filter(
            budget__in=rows, approved_at__isnull=True, dropped_at__isnull=True
        ).select_related("proposed_by")
    }
    found = []
    for budget in rows:
        may_decide = user.allows(Permission.APPROVE_BUDGET, home_id=budget.school_id)
        change = open_changes.get(budget.pk)
        approved = budget.status == BudgetStatus.APPROVED
        found.append(
            BudgetRow(
                budget,
                figures[budget.pk],
                forecasts[budget.pk],
                change,
                may_approve=not approved and budget.proposed_by_id != user.pk and may_decide,
                may_change=approved
                and change is None
                and user.allows(Permission.PROPOSE_BUDGET, home_id=budget.school_id),
                may_approve_change=change is not None and change.proposed_by_id != user.pk and may_decide,
            )
        )
    return tuple(found)


def amount_history(budget: Budget) -> tuple[AmountStep, ...]:
    """How the amount came about, newest first: proposed, approved, changes with their reasons."""
    steps = []
    changes = list(budget.changes.select_related("proposed_by", "approved_by", "dropped_by"))
    approved = [change for change in changes if change.approved_at is not None]
    approved.sort(key=lambda change: (change.approved_at, change.pk))
    first = approved[0].old_amount if approved else budget.amount
    steps.append(AmountStep(budget.proposed_at, "Proposed", rules.pounds(first), budget.proposed_by))
    if budget.approved_at is not None:
        steps.append(AmountStep(budget.approved_at, "Approved", rules.pounds(first), budget.approved_by))
    for change in changes:
        words = f"{rules.pounds(change.old_amount)} to {rules.pounds(change.new_amount)}"
        steps.append(AmountStep(change.proposed_at, "Change proposed", f"{words}: {change.reason}", change.proposed_by))
        if change.approved_at is not None:
            steps.append(AmountStep(change.approved_at, "Change approved", words, change.approved_by))
        if change.dropped_at is not None:
            steps.append(
                AmountStep(change.dropped_at, "Change dropped", f"{words}: {change.dropped_reason}", change.dropped_by)
            )
    # Steps of the same instant stay in the order in which they were taken.
    steps.sort(key=lambda step: step.at)
    return tuple(steps[::-1])


def taken_of(budget: Budget) -> tuple[Taken, ...]:
    """What each placement takes of a budget, beside what was billed for days of its year; two queries.

    A line that reaches into the next year counts in the year of its first day. Invoices that were sent back do not.
    """
    year = budget.academic_year
    billed = dict(
        InvoiceLine.objects.filter(
            placement__school_id=budget.school_id,
            live=True,
            period__startswith__range=(year.first_day, year.last_day),
        )
        .order_by()
        .values_list("placement_id")
        .annotate(total=Sum("net"))
    )
    sums: dict[int, list[Commitment]] = defaultdict(list)
    rows = Commitment.objects.filter(budget=budget).select_related("placement_period__placement__provider")
    for row in rows.order_by("placement_period__placement_id", "id"):
        sums[row.placement_period.placement_id].append(row)
    found = []
    for pk, commitments in sums.items():
        placement = commitments[0].placement_period.placement
        found.append(
            Taken(
                pk,
                placement.provider.name,
                placement.status,
                sum((row.amount for row in commitments), _NOTHING),
                sum((row.released for row in commitments), _NOTHING),
                billed.get(pk, _NOTHING),
                next((row.over_budget_reason for row in commitments if row.over_budget_reason), ""),
            )
        )
    return tuple(found)


def bought_at(providers: Collection[Provider], on: date) -> tuple[BoughtThere, ...]:
    """Places bought in advance at these providers, those with empty ones first."""
    known = {provider.pk: provider for provider in providers}
    places = places_bought(list(known), on)
    rows = [BoughtThere(known[pk], row) for pk, row in places.items()]
    return tuple(sorted(rows, key=lambda row: (-row.places.unused, row.provider.name)))


def bought_for(budget: Budget, on: date) -> tuple[BoughtThere, ...]:
    """Places bought in advance at the providers that this budget pays."""
    paid = Commitment.objects.filter(budget=budget).values("placement_period__placement__provider_id")
    return bought_at(list(Provider.objects.filter(pk__in=paid)), on)


# --- forecast -----------------------------------------------------------------------------------------------------


def budget_forecast(budgets: Iterable[Budget], today: date) -> dict[int, Forecast]:
    """The forecast of each budget by its id; the same number of queries for any number of budgets."""
    rows = list(budgets)
    figures = budget_figures(rows)
    schools = {budget.school_id for budget in rows}
    waiting = _waiting(schools, today)
    extended = _extended(schools, {budget.academic_year.label for budget in rows}, today)
    found = {}
    for budget in rows:
        key = budget.school_id, budget.academic_year.label
        found[budget.pk] = Forecast(
            budget.amount, figures[budget.pk].committed, waiting.get(key, _NOTHING), extended.get(key, _NOTHING)
        )
    return found


def _waiting(school_ids: Collection[int], today: date) -> dict[tuple[int, str], Decimal]:
    """The cost of what can still be approved, by school and academic year.

    A period lies inside one year; one that was brought in may have begun earlier and costs from this year on.
    """
    rows = PlacementPeriod.objects.filter(
        Q(placement__status=Status.PROPOSED) | Q(number__gt=1, placement__status__in=sorted(LIVE)),
        Q(period__startswith__gte=today) | Q(placement__brought_in=True),
        placement__school_id__in=school_ids,
        approved_at__isnull=True,
    ).values_list("placement__school_id", "period", "cost")
    found: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for school_id, period, cost in rows:
        found[school_id, academic_year_of(last_day(period) or period.lower).label] += cost
    return found


def _extended(school_ids: Collection[int], labels: Collection[str], today: date) -> dict[tuple[int, str], Decimal]:
    """What running placements would cost from the end of their last period to the end of the school year."""
    running = list(
        Placement.objects.filter(
            school_id__in=school_ids,
            status__in=[Status.ACTIVE, Status.PAUSED],
            route__in=[route for route in Route if ROUTE_RULES[route].has_cost],
        )
        # One that waits for a longer period is counted there.
        .exclude(periods__in=PlacementPeriod.objects.filter(number__gt=1, approved_at__isnull=True))
        .prefetch_related(
            Prefetch("periods", PlacementPeriod.objects.filter(approved_at__isnull=False).order_by("number")),
            Prefetch("slots", TimetableSlot.objects.only("placement_id", "site_id", "programme_id", "slots", "runs")),
        )
        .select_related("programme")
    )
    newest = {placement.pk: list(placement.periods.all())[-1] for placement in running if placement.periods.all()}
    calendars, closed = calendars_and_closures(running)
    prices: dict[int, dict[int, Price]] = defaultdict(dict)
    for row in AgreedPrice.objects.filter(placement_period__in=newest.values()):
        prices[row.placement_period_id][row.programme_id] = Price(row.unit, row.rate, row.hours_per_session)
    agreements = list(ServiceLevelAgreement.objects.filter(provider_id__in={row.provider_id for row in running}))
    found: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for placement in running:
        period = newest.get(placement.pk)
        ends = last_day(period.period) if period else None
        if period is None or ends is None:
            continue
        label = academic_year_of(ends).label
        timetable = timetable_among(placement.slots.all())
        if label not in labels or not timetable:
            continue
        calendar = calendars[placement.school_id]
        try:
            final = calendar.last_school_day_of_year(ends)
        except CalendarNotLoaded:
            continue
        first = ends + timedelta(days=1)
        if final < first or final < today:
            continue
        programme = placement.programme
        known = prices[period.pk] or {programme.pk: Price(programme.unit, programme.rate, programme.hours_per_session)}
        # A fixed price was paid for the period that runs.
        known = {pk: price for pk, price in known.items() if price.unit != "FIXED"}
        agreement = next(
            (
                row
                for row in agreements
                if row.provider_id == placement.provider_id and period.period.lower in row.period
            ),
            None,
        )
        try:
            lines = rules.cost_lines(
                calendar,
                [Stretch(first, final, timetable)],
                known,
                first,
                final,
                closed,
                calendars[placement.host_school_id] if placement.host_school_id else None,
                begins=period.period.lower,
                terms=Terms(
                    transport_a_day=period.transport_a_day,
                    charged_when_closed=agreement is not None and agreement.charged_when_closed,
                ),
            )
        except CalendarNotLoaded:
            # The receiving school's calendar is missing: nothing can be said.
            continue
        for year, amount in lines:
            found[placement.school_id, year] += amount
    return found
