"""Which weekly contacts are done, due and missed; computed from dates whenever it is asked."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from attendance.models import WeeklyContact
from attendance.rules import ContactFact, ContactState, weekly_contact_state
from placements.lifecycle import Status
from placements.models import Placement
from placements.queries import calendars_and_closures, expected_of
from trust.calendar import SchoolCalendar, london_date, monday_of
from trust.errors import CalendarNotLoaded
from trust.permissions import Permission

# Started at some time: only these are marked, and only these owe a weekly contact.
STARTED = (Status.ACTIVE, Status.PAUSED, Status.ENDED)

BATCH = 1000

Expected = Mapping[int, Sequence[tuple[date, str]]]


@dataclass(frozen=True)
class ContactDue:
    """The weekly contact of one placement in the week of ``monday`` that somebody still has to make."""

    placement: Placement
    monday: date
    state: ContactState


def school_weeks(
    placements: Iterable[Placement], expected: Expected, calendars: Mapping[int, SchoolCalendar]
) -> dict[int, dict[date, tuple[date, ...]]]:
    """Per placement the Mondays of the weeks in which a contact is due at some time, with the school days.

    Those are the home school's weeks with an expected session, from the week in which the placement started
    (P5.5). ``calendars`` holds those of the home schools.
    """
    known: dict[tuple[int, date], tuple[date, ...]] = {}
    found: dict[int, dict[date, tuple[date, ...]]] = {}
    for row in placements:
        weeks: dict[date, tuple[date, ...]] = {}
        begun = monday_of(london_date(row.started_at)) if row.started_at else None
        for day in dict.fromkeys(day for day, _ in expected.get(row.pk, ())):
            monday = monday_of(day)
            if monday in weeks or begun is None or monday < begun:
                continue
            key = (row.school_id, monday)
            if key not in known:
                known[key] = calendars[row.school_id].school_week(day).days
            weeks[monday] = known[key]
        found[row.pk] = weeks
    return found


def expected_where_known(
    placements: Sequence[Placement], first: date, last: date
) -> tuple[dict[int, tuple[tuple[date, str], ...]], dict[int, SchoolCalendar]]:
    """The expected sessions and the calendars; a school without a calendar is left out, so that the others go on.

    Four queries when every calendar is loaded.
    """
    known = calendars_and_closures(placements)
    try:
        return expected_of(placements, first, last, known=known), known[0]
    except CalendarNotLoaded:
        found: dict[int, tuple[tuple[date, str], ...]] = {}
    for school_id in sorted({row.school_id for row in placements}):
        rows = [row for row in placements if row.school_id == school_id]
        with suppress(CalendarNotLoaded):
            found |= expected_of(rows, first, last, known=known)
    return found, known[0]


def contact_states(
    weeks: Mapping[int, Mapping[date, tuple[date, ...]]],
    contacts: Iterable[WeeklyContact],
    today: date,
) -> dict[int, dict[date, ContactState]]:
    """The state of every week of ``school_weeks`` on ``today``, from the contacts that were logged."""
    logged: dict[tuple[int, date], list[ContactFact]] = defaultdict(list)
    for contact in contacts:
        fact = ContactFact(contact.contacted_on, contact.outcome)
        logged[contact.placement_id, contact.week].append(fact)
    return {
        pk: {monday: weekly_contact_state(days, logged[pk, monday], today) for monday, days in mondays.items()}
        for pk, mondays in weeks.items()
    }


def overdue_contacts(today: date, among: Collection[int] | None = None) -> Iterator[list[ContactDue]]:
    """All missed weekly contacts of the trust, in batches of placements; for the sweep, so not scoped to anybody.

    Weeks stay missed after the placement has ended; no week after its end is ever due, because nothing was
    expected then. ``among`` narrows it to these placements.
    """
    pk = 0
    started = Placement.objects.filter(status__in=STARTED, started_at__isnull=False).select_related("provider")
    if among is not None:
        started = started.filter(pk__in=among)
    while batch := list(started.filter(pk__gt=pk).order_by("pk")[:BATCH]):
        pk = batch[-1].pk
        yield _open_contacts(batch, today, {ContactState.MISSED})


def missed_contacts(user: Any, today: date) -> tuple[ContactDue, ...]:
    """The missed weekly contacts that this person may log, oldest first."""
    return _contacts_of(user, today, {ContactState.MISSED})


def contacts_due(user: Any, today: date) -> tuple[ContactDue, ...]:
    """The contacts of the running week that this person may log and that are still to be made."""
    return _contacts_of(user, today, {ContactState.DUE})


def _contacts_of(user: Any, today: date, wanted: set[ContactState]) -> tuple[ContactDue, ...]:
    mine = Placement.objects.filter(status__in=STARTED, started_at__isnull=False).visible_to(
        user, Permission.MARK_SESSIONS
    )
    placements = list(mine.select_related("provider", "school", "student"))
    return tuple(_open_contacts(placements, today, wanted))


def _open_contacts(placements: Sequence[Placement], today: date, wanted: set[ContactState]) -> list[ContactDue]:
    starts = [london_date(row.started_at) for row in placements if row.started_at]
    if not starts:
        return []
    # A missed week has ended; one that is due ends with its Sunday at the latest.
    until = monday_of(today) + timedelta(days=6) if ContactState.DUE in wanted else today - timedelta(days=1)
    first = monday_of(today) if wanted == {ContactState.DUE} else monday_of(min(starts))
    if until < first:
        return []
    expected, calendars = expected_where_known(placements, first, until)
    weeks = school_weeks(placements, expected, calendars)
    contacts = WeeklyContact.objects.filter(placement__in=[row.pk for row in placements], week__gte=first)
    states = contact_states(weeks, contacts, today)
    found = [
        ContactDue(row, monday, state)
        for row in placements
        for monday, state in states[row.pk].items()
        if state in wanted
    ]
    return sorted(found, key=lambda due: (due.monday, due.placement.pk))
