"""What the charging terms of an agreement make of an early end, of a missed session and of places bought in advance."""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Q

from placements.codes import TransportMode
from placements.models import AgreedPrice, Commitment, Placement, PlacementPeriod
from placements.queries.money import changed_cost, sessions_between
from placements.queries.sessions import stretches_of, timetable_in_force
from placements.rules import (
    BY_SESSION,
    Agreed,
    ChargingTerms,
    PlacedSession,
    Session,
    Stretch,
    charged_sessions,
    charged_until,
    days_of,
    half_day_of,
    keeps_bought_place,
    only_expected,
    to_release,
    unused_places,
)
from providers.codes import PriceUnit
from providers.models import Programme, ServiceLevelAgreement
from trust.calendar import SchoolCalendar, academic_year_of, last_day, monday_of, to_range
from trust.queries import calendar_of

_NOTHING = Decimal("0.00")
_ATTENDED = frozenset({"PRESENT", "LATE"})


@dataclass(frozen=True)
class EndLine:
    """One academic year of a placement at its end: what was promised, what stays charged, what goes back. £ net."""

    commitment: Commitment
    year: str
    promised: Decimal
    charged: Decimal
    released: Decimal


@dataclass(frozen=True)
class EndFigures:
    """What an end on a day does to the money. ``until`` is the last day charged; ``bought``: a place bought in advance
    would stay empty, so nothing goes back; ``notice_days`` are the agreement's.
    """

    ended_on: date
    until: date
    notice_days: int
    bought: bool
    lines: tuple[EndLine, ...]

    @property
    def charged(self) -> Decimal:
        """All years together."""
        return sum((line.charged for line in self.lines), _NOTHING)

    @property
    def released(self) -> Decimal:
        """All years together."""
        return sum((line.released for line in self.lines), _NOTHING)


@dataclass(frozen=True)
class PlacesBought:
    """Places bought in advance at a provider: how many, how many live placements stand in them, how many are empty."""

    bought: int
    there: int
    unused: int


def agreement_of(placement: Placement, on: date) -> ServiceLevelAgreement | None:
    """The agreement that covers a day at the provider of a placement."""
    return ServiceLevelAgreement.objects.filter(provider_id=placement.provider_id, period__contains=on).first()


def terms_of(agreement: ServiceLevelAgreement | None) -> ChargingTerms:
    """Its charging terms; those without an agreement charge nothing beyond the days used."""
    if agreement is None:
        return ChargingTerms()
    return ChargingTerms(
        notice_days=agreement.notice_days,
        charged_when_absent=agreement.charged_when_absent,
        charged_when_closed=agreement.charged_when_closed,
        places_bought=agreement.places_bought,
        vat_percent=agreement.vat_percent,
    )


def places_bought(provider_ids: Collection[int], on: date) -> dict[int, PlacesBought]:
    """Places bought in advance by provider on a day, only of providers where some are; two queries."""
    bought = dict(
        ServiceLevelAgreement.objects.filter(
            provider_id__in=list(provider_ids), period__contains=on, places_bought__gt=0
        ).values_list("provider_id", "places_bought")
    )
    there = _placements_there(list(bought), on)
    return {
        pk: PlacesBought(number, there.get(pk, 0), unused_places(there.get(pk, 0), number))
        for pk, number in bought.items()
    }


def _placements_there(provider_ids: Collection[int], on: date) -> dict[int, int]:
    """Live placements by provider with an approved period that covers the day."""
    periods = PlacementPeriod.objects.filter(
        approved_at__isnull=False,
        period__contains=on,
        placement__live=True,
        placement__provider_id__in=list(provider_ids),
    )
    rows = periods.order_by().values_list("placement__provider_id").annotate(n=Count("placement_id", distinct=True))
    return dict(rows)


def end_figures(placement: Placement, ended_on: date) -> EndFigures:
    """What an end on ``ended_on`` (inclusive) would charge and release, before or after the half-days are stopped.

    The agreement is that of the first period; its notice days run on over the end of a period into an approved
    extension, at most to the last approved day.
    """
    periods = list(placement.periods.filter(approved_at__isnull=False).order_by("number"))
    planned = max((day for period in periods if (day := _planned_last(period))), default=ended_on)
    first = periods[0].period.lower if periods else ended_on
    terms = terms_of(agreement_of(placement, first))
    until = charged_until(calendar_of(placement.school_id), ended_on, terms.notice_days, planned)
    early = ended_on < planned
    there = _placements_there([placement.provider_id], ended_on).get(placement.provider_id, 0)
    bought = early and terms.places_bought > 0 and keeps_bought_place(there, terms.places_bought)
    charged: dict[tuple[int, str], Decimal] = {}
    for period in periods:
        for label, amount in charged_cost(placement, period, ended_on, until):
            charged[period.pk, label] = amount
    rows = Commitment.objects.filter(placement_period__placement=placement).select_related("budget__academic_year")
    lines = []
    for row in rows.order_by("budget_id", "id"):
        year = row.budget.academic_year.label
        due = row.amount - row.released if bought else charged.get((row.placement_period_id, year), _NOTHING)
        released = to_release(row.amount, due, row.released)
        lines.append(EndLine(row, year, row.amount, row.amount - released, released))
    return EndFigures(ended_on, until, terms.notice_days, bought, tuple(lines))


def charged_cost(
    placement: Placement, period: PlacementPeriod, ended_on: date, until: date
) -> tuple[tuple[str, Decimal], ...]:
    """The cost of a period by academic year when the placement ends on ``ended_on`` and is charged to ``until``.

    After the end nobody is driven there: the school's own transport is paid for days up to it only.
    """
    stretches = charged_stretches(placement, period, ended_on, until)
    if not stretches:
        return ()
    part = copy(period)
    part.period = to_range(period.period.lower, stretches[-1].last)
    if period.period.lower > ended_on:
        part.one_off = _NOTHING
    lines = dict(changed_cost(placement, part, stretches))
    if period.transport_a_day and until > ended_on:
        after = only_expected(sessions_between(placement, stretches, ended_on + timedelta(days=1), until))
        for day in {day for day, _ in after}:
            lines[academic_year_of(day).label] -= period.transport_a_day
    return tuple(sorted(lines.items()))


def charged_stretches(
    placement: Placement, period: PlacementPeriod, ended_on: date, until: date
) -> tuple[Stretch, ...]:
    """The half-days of a period up to ``until``: the stored ones to the end, then as they stood on the last day.

    The same before and after the stored half-days were stopped by the end.
    """
    planned = _planned_last(period)
    first = period.period.lower
    if planned is None or first > (final := min(planned, until)):
        return ()
    whole = copy(period)
    whole.period = to_range(first, final)
    found = [
        Stretch(row.first, min(row.last, ended_on), row.timetable)
        for row in stretches_of(placement, whole)
        if row.first <= ended_on
    ]
    begins = max(first, ended_on + timedelta(days=1))
    timetable = timetable_in_force(placement, ended_on) or timetable_in_force(placement)
    if begins <= final and timetable:
        found.append(Stretch(begins, final, timetable))
    return tuple(found)


def agreed_for(placement: Placement, first: date, last: date, reports: Mapping[Session, str]) -> Agreed:
    """What the terms charge for the days from ``first`` to ``last`` inclusive, given the provider's ``reports``.

    Half-days expected (also in the notice days of an early end), at the prices agreed for their period. A price by the
    session, hour or day leaves out what the terms do not charge; a week counts on the line of its first session, a
    fixed price on the line of the first day.
    """
    periods = list(placement.periods.filter(approved_at__isnull=False).order_by("number"))
    if not periods:
        return Agreed(0, 0, _NOTHING)
    terms = terms_of(agreement_of(placement, periods[0].period.lower))
    calendar = calendar_of(placement.school_id)
    ended = placement.ended_on
    planned = max((day for period in periods if (day := _planned_last(period))), default=last)
    until = planned if ended is None else charged_until(calendar, ended, terms.notice_days, planned)
    sessions = attended = 0
    net = _NOTHING
    for period in periods:
        begins, final = max(first, period.period.lower), min(last, until, _planned_last(period) or until)
        if begins > final:
            continue
        stretches = (
            charged_stretches(placement, period, ended, until) if ended is not None else stretches_of(placement, period)
        )
        rows = sessions_between(placement, stretches, begins, final)
        charged = charged_sessions(rows, reports, terms, notice_after=ended)
        sessions += len(charged)
        attended += sum(1 for row in rows if reports.get((row.day, row.session)) in _ATTENDED)
        net += _net_of(placement, period, stretches, charged, begins, final, calendar)
        if placement.transport_mode == TransportMode.PROVIDER:
            driven = days_of([row for row in charged if ended is None or row.day <= ended])
            net += period.transport_a_day * len(driven)
    return Agreed(sessions, attended, net)


def _net_of(
    placement: Placement,
    period: PlacementPeriod,
    stretches: Iterable[Stretch],
    charged: Collection[PlacedSession],
    first: date,
    last: date,
    calendar: SchoolCalendar,
) -> Decimal:
    """The price of the charged half-days of one period from ``first`` to ``last``, without transport."""
    known = list(stretches)
    units = _units_of(period, {programme for row in known for _, programme in row.timetable.values()})
    part = copy(period)
    part.transport_a_day = _NOTHING
    part.period = to_range(period.period.lower, last)
    if period.period.lower < first:
        part.one_off = _NOTHING
    wanted: list[Stretch] = []
    for day in sorted(days_of(charged)):
        halves = {
            half_day_of(calendar, day, row.session): (row.site_id, row.programme_id)
            for row in charged
            if row.day == day and units[row.programme_id] in BY_SESSION
        }
        if halves:
            wanted.append(Stretch(day, day, halves))
    for programme, unit in units.items():
        if unit in BY_SESSION:
            continue
        own = [row for row in known if any(taught == programme for _, taught in row.timetable.values())]
        begins = _begins(placement, own, unit, first)
        for row in own:
            start, end = max(row.first, begins), min(row.last, last)
            if start <= end:
                mine = {slot: place for slot, place in row.timetable.items() if place[1] == programme}
                wanted.append(Stretch(start, end, mine))
    return sum((amount for _, amount in changed_cost(placement, part, wanted)), _NOTHING)


def _begins(placement: Placement, own: Collection[Stretch], unit: str, first: date) -> date:
    """From which day on this line pays for a programme that is not priced by the session."""
    if unit == PriceUnit.FIXED and min(row.first for row in own) < first:
        return date.max
    monday = monday_of(first)
    if unit == PriceUnit.WEEK and monday < first:
        before = [row for row in own if row.first < first]
        if only_expected(sessions_between(placement, before, monday, first - timedelta(days=1))):
            return monday + timedelta(days=7)
    return first


def _units_of(period: PlacementPeriod, programme_ids: Collection[int]) -> dict[int, str]:
    """By which unit each programme is priced: as agreed for the period, else as the price list has it."""
    listed = Programme.objects.filter(pk__in=programme_ids).values_list("pk", "unit")
    agreed = AgreedPrice.objects.filter(Q(placement_period=period) & Q(programme_id__in=programme_ids))
    return {**dict(listed), **dict(agreed.values_list("programme_id", "unit"))}


def _planned_last(period: PlacementPeriod) -> date | None:
    """The last day that was approved, also after an early end has shortened the period."""
    return period.planned_last or last_day(period.period)
