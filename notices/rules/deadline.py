"""By when a notice must be given, and when a period is flagged. Source: P7.2 and SI 2010/1156."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from notices.codes import Reading
from trust.calendar import LONDON, ONE_DAY, SchoolCalendar, date_words, monday_of
from trust.errors import CalendarNotLoaded, RuleBroken
from trust.rules import and_words

POLICY_DAYS = 2
LAW_SCHOOL_DAYS = 2
# Two school days between the giving and the start, both free: the third school day before.
CLEAR_SCHOOL_DAYS = 3
FLAG_DAYS = 2


@dataclass(frozen=True)
class Deadline:
    """The last days on which a notice can be given for one start.

    `policy`, `school_days` and `clear` are the three readings, `enforced` the one that holds. `which` names
    the reading that is enforced, or 'both' when policy and setting fall on the same day; `sentence`
    explains it. `event` is what begins on that day, in words: 'start', or 'change' for a variation.
    """

    start: date
    policy: date
    school_days: date
    clear: date
    enforced: date
    which: Literal["policy", "school_days", "clear", "both"]
    sentence: str
    event: str = "start"


def policy_deadline(start: date) -> date:
    """'No later than two days before the offsite placement is due to begin': two calendar days.

    Source: P7.2.
    """
    return start - timedelta(days=POLICY_DAYS)


def school_day_deadline(cal: SchoolCalendar, start: date) -> date:
    """'Not later than two school days before': the second school day before the start.

    Source: SI 2010/1156.
    """
    return cal.school_days_before(start, LAW_SCHOOL_DAYS)


def clear_deadline(cal: SchoolCalendar, start: date) -> date:
    """Two clear school days: the third school day before the start, the careful reading.

    Not the law's words; shown as the day to aim for, and enforced only when the trust sets it.
    """
    return cal.school_days_before(start, CLEAR_SCHOOL_DAYS)


def notice_deadline(cal: SchoolCalendar, start: date, reading: str = "school_days", event: str = "start") -> Deadline:
    """All readings of the deadline for a start, and the stricter of the policy's and the setting's.

    `cal` is the home school's calendar, `reading` a value of `Reading`, `event` the word for what begins. Raises
    CalendarNotLoaded. Source: P7.2 and SI 2010/1156.
    """
    school_days, clear = school_day_deadline(cal, start), clear_deadline(cal, start)
    policy = policy_deadline(start)
    setting = {Reading.POLICY: policy, Reading.SCHOOL_DAYS: school_days, Reading.CLEAR: clear}[Reading(reading)]
    enforced = min(policy, setting)
    which: Literal["policy", "school_days", "clear", "both"]
    if reading == Reading.POLICY or policy < setting:
        which, why = "policy", f"The policy asks for two calendar days before the {event}."
    elif policy == setting:
        which = "both"
        why = f"The policy's two calendar days and the school days before the {event} end on the same day."
    else:
        which = "clear" if reading == Reading.CLEAR else "school_days"
        count = "third" if reading == Reading.CLEAR else "second"
        why = (
            f"This is the {count} school day before the {event}; "
            f"the policy's two calendar days alone would be {date_words(policy)}."
        )
    sentence = f"Give the notice by {date_words(enforced)} for the {event} on {date_words(start)}. {why}"
    return Deadline(start, policy, school_days, clear, enforced, which, sentence, event)


def earliest_lawful_start(cal: SchoolCalendar, given_on: date, reading: str = "school_days") -> date:
    """The first school day for which a notice given on this day is in time. Raises CalendarNotLoaded.

    Source: P7.2.
    """
    start = cal.add(given_on, 1)
    while notice_deadline(cal, start, reading).enforced < given_on:
        start = cal.add(start, 1)
    return start


def check_given_in_time(deadline: Deadline, given_on: date, cal: SchoolCalendar, reading: str = "school_days") -> None:
    """A notice may not be given after the deadline. Raises RuleBroken with the earliest lawful start.

    Source: P7.2.
    """
    if given_on > deadline.enforced:
        earliest = earliest_lawful_start(cal, given_on, reading)
        day = "start" if deadline.event == "start" else f"day for the {deadline.event}"
        raise RuleBroken(
            f"A notice given on {date_words(given_on)} is too late for the {deadline.event} on "
            f"{date_words(deadline.start)}: the last day was {date_words(deadline.enforced)}.",
            field="start",
            help=(
                f"The earliest lawful {day} is {date_words(earliest)}. The Headteacher or the CEO can also "
                "override the deadline with a reason, which the trustees' report counts."
            ),
        )


def notice_flag(
    today: date, start: date, deadline: date, given: bool, flag_days: int = FLAG_DAYS
) -> Literal["due", "overdue"] | None:
    """Whether a period that needs a notice is flagged.

    Overdue: nothing given and the enforced deadline passed, or the start is less than two calendar days
    away. Due: nothing given and the deadline is today or within ``flag_days`` calendar days, a setting. Source:
    P7.2, decisions 12.
    """
    if given:
        return None
    if today > deadline or (start - today).days < FLAG_DAYS:
        return "overdue"
    return "due" if (deadline - today).days <= flag_days else None


# --- the last day in words ---

_BEFORE = {
    "policy": "2 days before",
    "school_days": "2 school days before",
    "clear": "2 clear school days before",
    "both": "2 school days before",
}


def before_words(which: str) -> str:
    """What the enforced day is, counted from the start: '2 school days before'. ``which`` is that of ``Deadline``."""
    return _BEFORE[which]


def end_of_day(day: date, pm_end: time | None) -> datetime:
    """The aware instant at which a day's school ends, London time; without times the end of the day itself."""
    if pm_end is None:
        return datetime.combine(day + ONE_DAY, time(), tzinfo=LONDON)
    return datetime.combine(day, pm_end, tzinfo=LONDON)


def span_words(span: timedelta) -> str:
    """A stretch of time by its two largest parts, whole minutes: '1 day and 3 hours', '25 minutes'.

    A day is 24 hours; less than a minute is 'less than a minute'.
    """
    minutes = int(abs(span).total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    parts = [(days, "day"), (rest // 60, "hour"), (rest % 60, "minute")]
    first = next((place for place, (number, _) in enumerate(parts) if number), None)
    if first is None:
        return "less than a minute"
    shown = [(number, word) for number, word in parts[first : first + 2] if number]
    return and_words([f"{number} {word}{'' if number == 1 else 's'}" for number, word in shown])


def time_left(now: datetime, until: datetime) -> str:
    """How much real time is left from ``now`` to an instant, or since when it has passed.

    '1 day and 3 hours left', 'passed 2 hours ago'; at the instant itself it has passed. Elapsed time: the hour that a
    night in March loses or one in October gains is counted. Raises ValueError for a naive instant.
    """
    if now.tzinfo is None or until.tzinfo is None:
        raise ValueError("Time left is counted between instants with a time zone.")
    # Two times of one zone are subtracted as on the wall, so both go to UTC first.
    left = until.astimezone(UTC) - now.astimezone(UTC)
    if left > timedelta():
        return f"{span_words(left)} left"
    return f"passed {span_words(left)} ago"


# --- the days up to the start, one by one ---


@dataclass(frozen=True)
class CountedDay:
    """One day of the calendar that explains the count.

    ``before`` is which school day before the start it is (1 the last one), None on a day that does not count; ``why``
    says why the school has no session. ``marks`` are what falls on the day, the words of the table.
    """

    day: date
    before: int | None
    why: str
    marks: tuple[str, ...]
    enforced: bool = False
    start: bool = False
    today: bool = False

    @property
    def words(self) -> str:
        """What the day is: 'weekend', 'school day 2 before', or 'school day' for the start itself."""
        if self.why:
            return self.why
        return "school day" if self.before is None else f"school day {self.before} before"


def counted_days(
    cal: SchoolCalendar, deadline: Deadline, last_days: Iterable[tuple[str, date]], today: date
) -> tuple[tuple[CountedDay | None, ...], ...]:
    """The weeks from shortly before the earliest last day to the start, Monday to Sunday, with what each day is.

    ``last_days`` are (channel in words, last day to send). Days outside the range or the loaded years are None.
    """
    sends = tuple(last_days)
    named = [
        (deadline.policy, "last day: policy"),
        (deadline.school_days, "last day: school days"),
        (deadline.clear, "last day: clear school days"),
        *((day, f"last day: {words}") for words, day in sends),
    ]
    first = min(day for day, _ in named) - 2 * ONE_DAY
    weeks = []
    for monday in _days(monday_of(first), deadline.start, 7):
        days = [monday + n * ONE_DAY for n in range(7)]
        week = [_counted(cal, day, deadline, named, today) if day >= first else None for day in days]
        if any(week):
            weeks.append(tuple(week))
    return tuple(weeks)


def _days(first: date, last: date, step: int) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range(0, (last - first).days + 1, step))


def _counted(
    cal: SchoolCalendar, day: date, deadline: Deadline, named: Iterable[tuple[date, str]], today: date
) -> CountedDay | None:
    if day > deadline.start:
        return None
    try:
        why = cal.why_free(day)
    except CalendarNotLoaded:
        return None
    is_start, enforced = day == deadline.start, day == deadline.enforced
    before = cal.count(day, deadline.start - ONE_DAY) if not why and not is_start else None
    marks = [words for marked, words in named if marked == day]
    if enforced:
        marks.insert(0, "last day: enforced")
    if is_start:
        marks.insert(0, deadline.event)
    if day == today:
        marks.insert(0, "today")
    return CountedDay(day, before, why, tuple(marks), enforced, is_start, day == today)
