"""One provider and one week on one page."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from psycopg2.extras import DateRange

from attendance.codes import REPORT_LETTERS, ProviderReport
from attendance.models import SessionMark, WeeklyContact
from attendance.queries.contacts import STARTED, contact_states, school_weeks
from attendance.queries.figures import attended_of
from attendance.queries.sites import site_names, where_words
from attendance.rules import ContactState
from placements.models import Placement
from placements.queries import calendars_and_closures, placed_sessions
from placements.rules import only_expected
from providers.models import Provider
from trust.codes import Session
from trust.permissions import Permission

HISTORY_WEEKS = 8
WEEK = timedelta(days=7)


def stamp_of(mark: SessionMark | None) -> int:
    """What tells one state of a cell from every other: 0 without a mark, never the same again after a change.

    The version alone begins anew when a mark was taken back and made again.
    """
    return mark.pk * 10_000 + mark.version % 10_000 if mark else 0


def stamp_of_contact(contact: WeeklyContact | None) -> int:
    """The same for a weekly contact: the microsecond in which it was last logged."""
    return int(contact.logged_at.timestamp() * 1_000_000) if contact else 0


@dataclass(frozen=True)
class Cell:
    """One half-day of one student. ``open``: it can be typed in."""

    placement_id: int
    day: date
    session: str
    expected: bool
    open: bool
    mark: SessionMark | None

    @property
    def letter(self) -> str:
        """The letter of the report, '' for no return."""
        return REPORT_LETTERS[ProviderReport(self.mark.report)] if self.mark else ""

    @property
    def key(self) -> tuple[int, date, str]:
        """What the services name the cell by."""
        return self.placement_id, self.day, self.session

    @property
    def name(self) -> str:
        """What the form names the cell by, without its prefix."""
        return f"{self.placement_id}-{self.day.isoformat()}-{self.session}"

    @property
    def stamp(self) -> int:
        """See ``stamp_of``."""
        return stamp_of(self.mark)


@dataclass(frozen=True)
class HistoryWeek:
    """The weekly contact of one past week, for the strip of the last eight."""

    monday: date
    state: ContactState


@dataclass(frozen=True)
class Row:
    """One student of the grid: ten cells, attendance so far, this week's contact, and the strip.

    ``where`` says which half-days are at which site, '' while everybody in the grid is at one.
    """

    placement: Placement
    cells: tuple[Cell, ...]
    attendance: tuple[int, int]
    contact: WeeklyContact | None
    state: ContactState
    history: tuple[HistoryWeek, ...]
    where: str = ""


@dataclass(frozen=True)
class WeekGrid:
    """The week of ``monday`` at one provider, as one person may mark it."""

    provider: Provider
    monday: date
    today: date
    days: tuple[date, ...]
    rows: tuple[Row, ...]

    def cells(self) -> dict[tuple[int, date, str], Cell]:
        """All cells by their key."""
        return {cell.key: cell for row in self.rows for cell in row.cells}


def week_grid(user: Any, provider: Provider, monday: date, today: date) -> WeekGrid:
    """The students whose sessions ``user`` may mark at ``provider`` in the week of ``monday``.

    A fixed number of queries at any number of students. ``CalendarNotLoaded`` when a home school has no calendar.
    """
    days = tuple(monday + timedelta(days=n) for n in range(5))
    earliest = monday - (HISTORY_WEEKS - 1) * WEEK
    placements = list(
        Placement.objects.filter(
            provider=provider,
            status__in=STARTED,
            started_at__isnull=False,
            periods__period__overlap=DateRange(monday, monday + WEEK),
        )
        .visible_to(user, Permission.MARK_SESSIONS)
        .select_related("student", "school")
        .order_by("student__sort_name", "pk")
        .distinct()
    )
    ids = [row.pk for row in placements]
    marks = {
        (mark.placement_id, mark.day, mark.session): mark
        for mark in SessionMark.objects.filter(
            placement_id__in=ids, day__range=(monday, monday + timedelta(days=6))
        ).select_related("marked_by")
    }
    known = calendars_and_closures(placements)
    placed = placed_sessions(placements, earliest, monday + timedelta(days=6), known=known)
    expected = {pk: only_expected(sessions) for pk, sessions in placed.items()}
    here = {pk: [row for row in sessions if row.day >= monday and not row.closed] for pk, sessions in placed.items()}
    sites = site_names(here.values())
    contacts = list(
        WeeklyContact.objects.filter(placement_id__in=ids, week__range=(earliest, monday)).select_related(
            "logged_by", "call"
        )
    )
    states = contact_states(school_weeks(placements, expected, known[0]), contacts, today)
    this_week = {contact.placement_id: contact for contact in contacts if contact.week == monday}
    attendance = attended_of(ids, today)
    rows = []
    for placement in placements:
        wanted = set(expected.get(placement.pk, ()))
        cells = []
        for day in days:
            for session in (Session.AM.value, Session.PM.value):
                mark = marks.get((placement.pk, day, session))
                is_expected = (day, session) in wanted
                may_type = day <= today and (is_expected or mark is not None)
                cells.append(Cell(placement.pk, day, session, is_expected, may_type, mark))
        contact = this_week.get(placement.pk)
        if not any(cell.expected or cell.mark for cell in cells) and contact is None:
            continue
        weeks = states[placement.pk]
        rows.append(
            Row(
                placement,
                tuple(cells),
                attendance[placement.pk],
                contact,
                weeks.get(monday, ContactState.NOT_DUE),
                tuple(
                    HistoryWeek(week, weeks.get(week, ContactState.NOT_DUE))
                    for week in (earliest + n * WEEK for n in range(HISTORY_WEEKS))
                ),
                where_words(here[placement.pk], sites) if sites else "",
            )
        )
    return WeekGrid(provider, monday, today, days, tuple(rows))
