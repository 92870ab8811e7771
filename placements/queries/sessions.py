"""Which half-days are expected: one answer for the grid, the contact, the cost and the capacity."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from placements.lifecycle import LIVE, Status
from placements.models import Placement, PlacementPeriod, TimetableSlot
from placements.rules import PlacedSession, Session, Stretch, only_expected, sessions_of
from providers.models import SiteClosure
from trust.calendar import SchoolCalendar, last_day, london_date
from trust.queries import calendars_of

# Statuses of placements at which somebody was or is expected.
_EXPECTED = LIVE | {Status.ENDED}

# The calendars by school and the closed days by site.
Days = tuple[dict[int, SchoolCalendar], dict[int, frozenset[date]]]


def expected_of(
    placements: Iterable[Placement], first: date, last: date, *, known: Days | None = None, before_use: bool = False
) -> dict[int, tuple[Session, ...]]:
    """The sessions ``(day, 'AM' | 'PM')`` expected of each placement from ``first`` to ``last``, both inclusive.

    See ``placed_sessions`` for what is expected and for the number of queries.
    """
    found = placed_sessions(placements, first, last, known=known, before_use=before_use)
    return {pk: only_expected(sessions) for pk, sessions in found.items()}


def placed_sessions(
    placements: Iterable[Placement], first: date, last: date, *, known: Days | None = None, before_use: bool = False
) -> dict[int, tuple[PlacedSession, ...]]:
    """The half-days of each placement from ``first`` to ``last``, both inclusive, each with its site and programme.

    A slot in force in an approved period ∩ a school day of the home school ∩, in a trust school, its own calendar;
    nothing after ``ended_on``. On a day on which the slot's own site is closed it is marked ``closed``: nobody is
    expected. A placement that is not live and has not ended has none. Four queries for any number of placements, one
    when ``known`` holds their ``calendars_and_closures``. Raises ``CalendarNotLoaded`` when a period lies outside the
    loaded years. A placement that was brought in expects nothing before that day, unless ``before_use``: nobody kept
    its marks here.
    """
    wanted = {placement.pk: placement for placement in placements}
    found: dict[int, tuple[PlacedSession, ...]] = dict.fromkeys(wanted, ())
    running = {pk: placement for pk, placement in wanted.items() if placement.status in _EXPECTED}
    rows: dict[int, list[TimetableSlot]] = defaultdict(list)
    for row in TimetableSlot.objects.filter(
        placement_id__in=list(running), placement_period__approved_at__isnull=False
    ).only("placement_id", "site_id", "programme_id", "slots", "runs"):
        rows[row.placement_id].append(row)
    calendars, closed = known or calendars_and_closures(running.values())
    for pk, slots in rows.items():
        placement = running[pk]
        end = last if placement.ended_on is None else min(last, placement.ended_on)
        begin = first if before_use else max(first, in_use_from(placement) or first)
        if begin <= end:
            host = calendars[placement.host_school_id] if placement.host_school_id else None
            stretches = _stretches(slots, begin, end)
            found[pk] = sessions_of(calendars[placement.school_id], stretches, begin, end, closed, host)
    return found


def in_use_from(placement: Placement) -> date | None:
    """The day on which a placement was brought in, None for every other one."""
    if not placement.brought_in or placement.started_at is None:
        return None
    return london_date(placement.started_at)


def calendars_and_closures(placements: Collection[Placement]) -> Days:
    """The calendars of the home and host schools, and the closed days of the sites of the providers of
    ``placements``; three queries.
    """
    schools = {placement.school_id for placement in placements}
    schools |= {placement.host_school_id for placement in placements if placement.host_school_id}
    # A half-day is always at a site of the placement's own provider.
    providers = {placement.provider_id for placement in placements}
    closed: dict[int, set[date]] = defaultdict(set)
    for site_id, day in SiteClosure.objects.filter(site__provider_id__in=providers).values_list("site_id", "day"):
        closed[site_id].add(day)
    return calendars_of(sorted(schools)), {site: frozenset(days) for site, days in closed.items()}


def timetable_in_force(placement: Placement, on: date | None = None) -> dict[int, tuple[int, int]]:
    """The half-days of the fortnight, 0 to 19, each with the ids of its site and programme, in force on ``on``.

    Without a day those of the newest stretch, which may still lie ahead.
    """
    rows = TimetableSlot.objects.filter(placement=placement)
    return timetable_among(rows if on is None else rows.filter(runs__contains=on))


def timetable_among(rows: Iterable[TimetableSlot]) -> dict[int, tuple[int, int]]:
    """The timetable of the rows that begin last."""
    known = list(rows)
    newest = max((row.runs.lower for row in known), default=None)
    return {
        slot: (row.site_id, row.programme_id)
        for row in known
        if row.runs.lower == newest
        for slot in range(row.slots.lower, row.slots.upper)
    }


def weekly_pattern(placement: Placement, on: date | None = None) -> frozenset[int]:
    """The half-days of the fortnight, 0 to 19, in force on ``on``; without a day those of the newest stretch."""
    return frozenset(timetable_in_force(placement, on))


def stretches_of(placement: Placement, period: PlacementPeriod) -> tuple[Stretch, ...]:
    """The stored half-days of a period as stretches of days, in the order of time.

    A proposed period without half-days of its own takes the newest timetable of the placement. None of a period
    without an end.
    """
    final = last_day(period.period)
    if final is None:
        return ()
    first = period.period.lower
    rows = list(TimetableSlot.objects.filter(placement_period=period)) if period.pk else []
    if not rows and period.approved_at is None:
        timetable = timetable_in_force(placement)
        return (Stretch(first, final, timetable),) if timetable else ()
    return tuple(_stretches(rows, first, final))


def _stretches(rows: Iterable[TimetableSlot], first: date, last: date) -> list[Stretch]:
    """The rows grouped by the days on which they run, clipped to ``first`` and ``last``; no empty ones."""
    found: dict[tuple[date, date], dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in rows:
        begins, ends = max(first, row.runs.lower), min(last, last_day(row.runs) or last)
        if begins <= ends:
            for slot in range(row.slots.lower, row.slots.upper):
                found[begins, ends][slot] = (row.site_id, row.programme_id)
    return [Stretch(*days, found[days]) for days in sorted(found)]
