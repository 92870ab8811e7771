"""When a student is expected at the provider: the one answer that cost, grid, contact and capacity share."""

import datetime as dt
from collections.abc import Collection, Iterable

from trust.calendar import SchoolCalendar, date_words
from trust.errors import RuleBroken

Session = tuple[dt.date, str]

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
SESSIONS = ("AM", "PM")
SLOTS_PER_WEEK = 10
SLOTS = 2 * SLOTS_PER_WEEK


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


def expected_sessions(
    cal: SchoolCalendar,
    slots: Iterable[int],
    first: dt.date,
    last: dt.date,
    site_closed: Collection[dt.date] = frozenset(),
    host_calendar: SchoolCalendar | None = None,
) -> tuple[Session, ...]:
    """The sessions ``(day, 'AM' | 'PM')`` from ``first`` to ``last`` inclusive, in the order of time.

    A session is expected where a half-day of the timetable meets a school day of the home school, an open
    site and, in a trust school, that school's own calendar. ``slots`` are half-days of the fortnight: week (A
    0, B 1) × 10 + weekday × 2 + session (AM 0, PM 1). Raises ``CalendarNotLoaded`` outside the loaded years.
    Source: P3.11 and the trust's reading that a provider's closed day is never an absence.
    """
    wanted = frozenset(slots)
    found: list[Session] = []
    for day in cal.between(first, last):
        if day in site_closed or day.weekday() >= len(WEEKDAYS):
            continue
        if host_calendar is not None and not host_calendar.is_school_day(day):
            continue
        base = cal.week_letter(day) * SLOTS_PER_WEEK + day.weekday() * 2
        found.extend((day, name) for session, name in enumerate(SESSIONS) if base + session in wanted)
    return tuple(found)


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
