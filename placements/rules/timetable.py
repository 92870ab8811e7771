"""When a student is expected at the provider: the one answer that cost, grid, contact and capacity share."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from trust.calendar import SchoolCalendar, date_words
from trust.errors import RuleBroken

Session = tuple[dt.date, str]
# Half-day of the fortnight, 0 to 19, to the ids of the site and the programme at which it is spent.
Timetable = Mapping[int, tuple[int, int]]

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
SESSIONS = ("AM", "PM")
SLOTS_PER_WEEK = 10
SLOTS = 2 * SLOTS_PER_WEEK


@dataclass(frozen=True)
class Stretch:
    """Days, both inclusive, on which one timetable is in force."""

    first: dt.date
    last: dt.date
    timetable: Timetable


@dataclass(frozen=True, order=True)
class PlacedSession:
    """A half-day with the place at which it is spent; ``closed`` when that site is closed on the day."""

    day: dt.date
    session: str
    site_id: int
    programme_id: int
    closed: bool = False


def slot_label(slot: int) -> str:
    """A half-day of the fortnight in words: ``slot_label(13)`` is 'Week B Tue PM'."""
    week, half_day = divmod(slot, SLOTS_PER_WEEK)
    weekday, session = divmod(half_day, 2)
    return f"Week {'AB'[week]} {WEEKDAYS[weekday]} {SESSIONS[session]}"


def check_slots(slots: Iterable[int]) -> None:
    """A timetable names at least one half-day, each of them once and between 0 and 19."""
    wanted = list(slots)
    if not wanted:
        raise RuleBroken("Choose at least one half-day of the week.")
    if any(slot not in range(SLOTS) for slot in wanted):
        raise RuleBroken("A half-day of the timetable is not between Monday and Friday of week A or B.")
    if len(set(wanted)) != len(wanted):
        raise RuleBroken("A half-day stands twice in the timetable.")


def placed(slots: Iterable[int] | Timetable, site_id: int, programme_id: int) -> dict[int, tuple[int, int]]:
    """``slots`` as a timetable: a mapping as it is, bare half-days all at one site and programme."""
    if isinstance(slots, Mapping):
        return dict(slots)
    return dict.fromkeys(slots, (site_id, programme_id))


def half_day_of(cal: SchoolCalendar, day: dt.date, session: str) -> int:
    """The half-day of the fortnight, 0 to 19, that a session of a school day falls on; not for weekends."""
    return cal.day_index(day) + SESSIONS.index(session)


def sessions_of(
    cal: SchoolCalendar,
    stretches: Iterable[Stretch],
    first: dt.date,
    last: dt.date,
    closed: Mapping[int, Collection[dt.date]],
    host_calendar: SchoolCalendar | None = None,
) -> tuple[PlacedSession, ...]:
    """The half-days of ``stretches`` from ``first`` to ``last`` inclusive, in the order of time, each once.

    Those on a day on which their own site is closed come along, marked ``closed``: nobody is expected, but they may be
    charged. ``closed`` holds the closed days by site. Raises ``CalendarNotLoaded`` outside the loaded years.
    """
    found: dict[Session, PlacedSession] = {}
    for stretch in stretches:
        begins, ends = max(first, stretch.first), min(last, stretch.last)
        for day in cal.between(begins, ends) if begins <= ends else ():
            if host_calendar is not None and not host_calendar.is_school_day(day):
                continue
            base = cal.day_index(day)
            for number, name in enumerate(SESSIONS):
                place = stretch.timetable.get(base + number)
                if place is not None:
                    shut = day in closed.get(place[0], ())
                    found[day, name] = PlacedSession(day, name, *place, closed=shut)
    return tuple(found[key] for key in sorted(found))


def expected_sessions(
    cal: SchoolCalendar,
    slots: Iterable[int],
    first: dt.date,
    last: dt.date,
    site_closed: Collection[dt.date] = frozenset(),
    host_calendar: SchoolCalendar | None = None,
) -> tuple[Session, ...]:
    """The sessions ``(day, 'AM' | 'PM')`` at one site from ``first`` to ``last`` inclusive, in the order of time.

    A session is expected where a half-day of the timetable meets a school day of the home school, an open
    site and, in a trust school, that school's own calendar. ``slots`` are half-days of the fortnight: week (A
    0, B 1) × 10 + weekday × 2 + session (AM 0, PM 1). Raises ``CalendarNotLoaded`` outside the loaded years.
    Source: P3.11 and the trust's reading that a provider's closed day is never an absence.
    """
    stretch = Stretch(first, last, placed(slots, 0, 0))
    return only_expected(sessions_of(cal, [stretch], first, last, {0: site_closed}, host_calendar))


def only_expected(sessions: Iterable[PlacedSession]) -> tuple[Session, ...]:
    """The sessions on which the student is expected: those at an open site."""
    return tuple((row.day, row.session) for row in sessions if not row.closed)


def check_first_day(first: dt.date, sessions: Collection[Session]) -> None:
    """The first day is one on which the student is expected: the notice names the day and time to arrive (P7.3).

    ``sessions`` are the expected ones from ``first`` on. Raises ``RuleBroken`` when there is none at all, or names
    the first day that has one.
    """
    if not sessions:
        raise RuleBroken("No half-day of this timetable falls between the first and the last day.", field="slots")
    earliest = min(day for day, _ in sessions)
    if earliest != first:
        raise RuleBroken(
            f"No session is expected on {date_words(first)}: the first day with one is {date_words(earliest)}.",
            field="first",
        )
