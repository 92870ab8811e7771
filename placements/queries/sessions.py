"""Which half-days are expected: one answer for the grid, the contact, the cost and the capacity."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from placements.lifecycle import LIVE, Status
from placements.models import Placement, TimetableSlot
from placements.rules import Session, expected_sessions
from providers.models import SiteClosure
from trust.calendar import SchoolCalendar, from_range
from trust.queries import calendars_of

# Statuses of placements at which somebody was or is expected.
_EXPECTED = LIVE | {Status.ENDED}


Days = tuple[dict[int, SchoolCalendar], dict[int, frozenset[date]]]


def expected_of(
    placements: Iterable[Placement], first: date, last: date, *, known: Days | None = None
) -> dict[int, tuple[Session, ...]]:
    """The sessions ``(day, 'AM' | 'PM')`` expected of each placement from ``first`` to ``last``, both inclusive.

    A slot in force in an approved period ∩ a school day of the home school ∩ the site open ∩, in a trust school, its
    own calendar; nothing after ``ended_on``. A placement that is not live and has not ended expects nothing. Four
    queries for any number of placements, one when ``known`` holds their ``calendars_and_closures``. Raises
    ``CalendarNotLoaded`` when a period lies outside the loaded years.
    """
    wanted = {placement.pk: placement for placement in placements}
    found: dict[int, tuple[Session, ...]] = dict.fromkeys(wanted, ())
    running = {pk: placement for pk, placement in wanted.items() if placement.status in _EXPECTED}
    patterns: dict[tuple[int, date, date], set[int]] = defaultdict(set)
    rows = TimetableSlot.objects.filter(
        placement_id__in=list(running), placement_period__approved_at__isnull=False
    ).values_list("placement_id", "slots", "runs")
    for placement_id, slots, runs in rows:
        begins, ends = from_range(runs)
        patterns[placement_id, begins, ends].update(range(slots.lower, slots.upper))
    calendars, closed = known or calendars_and_closures(running.values())
    sessions: dict[int, list[Session]] = defaultdict(list)
    for (placement_id, begins, ends), pattern in patterns.items():
        placement = running[placement_id]
        start = max(first, begins)
        end = min(day for day in (last, ends, placement.ended_on) if day is not None)
        if start > end:
            continue
        sessions[placement_id] += expected_sessions(
            calendars[placement.school_id],
            pattern,
            start,
            end,
            closed[placement.site_id],
            calendars[placement.host_school_id] if placement.host_school_id else None,
        )
    found.update({pk: tuple(sorted(days)) for pk, days in sessions.items()})
    return found


def calendars_and_closures(placements: Collection[Placement]) -> Days:
    """The calendars of the home and host schools and the closed days of the sites of ``placements``; three queries."""
    schools = {placement.school_id for placement in placements}
    schools |= {placement.host_school_id for placement in placements if placement.host_school_id}
    sites = {placement.site_id for placement in placements}
    closed: dict[int, set[date]] = {site: set() for site in sites}
    for site_id, day in SiteClosure.objects.filter(site_id__in=sites).values_list("site_id", "day"):
        closed[site_id].add(day)
    return calendars_of(sorted(schools)), {site: frozenset(days) for site, days in closed.items()}


def weekly_pattern(placement: Placement) -> frozenset[int]:
    """The half-days of the fortnight on which the placement runs, 0 to 19; the same in all of its periods."""
    ranges = TimetableSlot.objects.filter(placement=placement).values_list("slots", flat=True)
    return frozenset(slot for slots in ranges for slot in range(slots.lower, slots.upper))
