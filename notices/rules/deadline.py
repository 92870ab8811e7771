"""By when a notice must be given, and when a period is flagged. Source: P7.2 and SI 2010/1156."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from notices.codes import Reading
from trust.calendar import SchoolCalendar, date_words
from trust.errors import RuleBroken

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
    explains it.
    """

    start: date
    policy: date
    school_days: date
    clear: date
    enforced: date
    which: Literal["policy", "school_days", "clear", "both"]
    sentence: str


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


def notice_deadline(cal: SchoolCalendar, start: date, reading: str = "school_days") -> Deadline:
    """All readings of the deadline for a start, and the stricter of the policy's and the setting's.

    `cal` is the home school's calendar, `reading` a value of `Reading`. Raises CalendarNotLoaded. Source:
    P7.2 and SI 2010/1156.
    """
    school_days, clear = school_day_deadline(cal, start), clear_deadline(cal, start)
    policy = policy_deadline(start)
    setting = {Reading.POLICY: policy, Reading.SCHOOL_DAYS: school_days, Reading.CLEAR: clear}[Reading(reading)]
    enforced = min(policy, setting)
    which: Literal["policy", "school_days", "clear", "both"]
    if reading == Reading.POLICY or policy < setting:
        which, why = "policy", "The policy asks for two calendar days before the start."
    elif policy == setting:
        which = "both"
        why = "The policy's two calendar days and the school days before the start end on the same day."
    else:
        which = "clear" if reading == Reading.CLEAR else "school_days"
        count = "third" if reading == Reading.CLEAR else "second"
        why = (
            f"This is the {count} school day before the start; "
            f"the policy's two calendar days alone would be {date_words(policy)}."
        )
    sentence = f"Give the notice by {date_words(enforced)} for the start on {date_words(start)}. {why}"
    return Deadline(start, policy, school_days, clear, enforced, which, sentence)


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
        raise RuleBroken(
            f"A notice given on {date_words(given_on)} is too late for the start on "
            f"{date_words(deadline.start)}: the last day was {date_words(deadline.enforced)}.",
            field="start",
            help=(
                f"The earliest lawful start is {date_words(earliest)}. The Headteacher or the CEO can also "
                "override the deadline with a reason, which the trustees' report counts."
            ),
        )


def notice_flag(today: date, start: date, deadline: date, given: bool) -> Literal["due", "overdue"] | None:
    """Whether a period that needs a notice is flagged.

    Overdue: nothing given and the enforced deadline passed, or the start is less than two calendar days
    away. Due: nothing given and the deadline is today or within two calendar days. Source: P7.2, decisions
    12.
    """
    if given:
        return None
    if today > deadline or (start - today).days < FLAG_DAYS:
        return "overdue"
    return "due" if (deadline - today).days <= FLAG_DAYS else None
