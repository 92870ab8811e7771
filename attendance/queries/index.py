"""Where returns and contacts stand, provider by provider."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from psycopg2.extras import DateRange

from attendance.models import SessionMark, WeeklyContact
from attendance.queries.contacts import STARTED, contact_states, expected_where_known, school_weeks
from attendance.queries.sites import site_names
from attendance.rules import ContactState
from placements.models import Placement
from placements.queries import calendars_and_closures, placed_sessions
from placements.rules import only_expected
from providers.models import Provider
from trust.calendar import academic_year_of
from trust.permissions import Permission


@dataclass
class ProviderWeek:
    """One provider in one week, as far as one person's students are there."""

    provider: Provider
    students: int = 0
    expected: int = 0
    without_return: int = 0
    contacts: dict[ContactState, int] = field(default_factory=lambda: defaultdict(int))
    sites: set[str] = field(default_factory=set)

    @property
    def places(self) -> str:
        """The sites of the week by name, '' when it is only one."""
        return ", ".join(sorted(self.sites)) if len(self.sites) > 1 else ""

    @property
    def contacts_done(self) -> int:
        """Students whose weekly contact was made, in time or late."""
        return self.contacts[ContactState.DONE] + self.contacts[ContactState.LATE]

    @property
    def contacts_missed(self) -> int:
        """Students whose week has ended without a contact."""
        return self.contacts[ContactState.MISSED]

    @property
    def contacts_to_make(self) -> int:
        """Students whose contact is still to be made this week."""
        return self.contacts[ContactState.DUE]


@dataclass(frozen=True)
class Unreturned:
    """An expected session without a return; ``placement`` with its provider, school and student."""

    placement: Placement
    day: date
    session: str


def weeks_of(user: Any, monday: date, today: date) -> tuple[ProviderWeek, ...]:
    """The providers at which students of this person are expected in the week of ``monday``, by name."""
    sunday = monday + timedelta(days=6)
    placements = _mine(user, monday, sunday)
    known = calendars_and_closures(placements)
    placed = placed_sessions(placements, monday, sunday, known=known)
    expected = {pk: only_expected(sessions) for pk, sessions in placed.items()}
    names = site_names(placed.values())
    marked = _marked({row.pk for row in placements}, monday, sunday)
    contacts = WeeklyContact.objects.filter(placement_id__in=[row.pk for row in placements], week=monday)
    states = contact_states(school_weeks(placements, expected, known[0]), contacts, today)
    found: dict[int, ProviderWeek] = {}
    for row in placements:
        sessions = expected.get(row.pk, ())
        if not sessions:
            continue
        week = found.setdefault(row.provider_id, ProviderWeek(row.provider))
        week.students += 1
        week.expected += len(sessions)
        week.sites |= {names[at.site_id] for at in placed[row.pk] if names and not at.closed}
        week.without_return += sum(day <= today and (row.pk, day, session) not in marked for day, session in sessions)
        week.contacts[states[row.pk].get(monday, ContactState.NOT_DUE)] += 1
    return tuple(sorted(found.values(), key=lambda week: week.provider.name))


def unreturned(user: Any, today: date) -> tuple[Unreturned, ...]:
    """Expected sessions of this school year up to today without a return, that this person may mark; oldest first."""
    first = academic_year_of(today).first
    placements = _mine(user, first, today)
    marked = _marked({row.pk for row in placements}, first, today)
    expected, _ = expected_where_known(placements, first, today)
    found = [
        Unreturned(row, day, session)
        for row in placements
        for day, session in expected.get(row.pk, ())
        if (row.pk, day, session) not in marked
    ]
    return tuple(sorted(found, key=lambda entry: (entry.day, entry.session, entry.placement.pk)))


def _mine(user: Any, first: date, last: date) -> list[Placement]:
    rows = Placement.objects.filter(
        status__in=STARTED,
        started_at__isnull=False,
        periods__period__overlap=DateRange(first, last + timedelta(days=1)),
    ).visible_to(user, Permission.MARK_SESSIONS)
    return list(rows.select_related("provider", "school", "student").distinct())


def _marked(placement_ids: Collection[int], first: date, last: date) -> set[tuple[int, date, str]]:
    marks = SessionMark.objects.filter(placement_id__in=placement_ids, day__range=(first, last)).order_by()
    return set(marks.values_list("placement_id", "day", "session"))
