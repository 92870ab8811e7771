"""What is to be done about notices: by when, at which step, and who hears of it when nobody acts.

Sources: P7.2 (flag when due in less than two days), P7.4 (end and extension), decisions 12.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum

from notices.codes import DEADLINE_KINDS, NoticeKind, Reading
from notices.lifecycle import Status
from notices.rules.deadline import notice_deadline
from trust.calendar import SchoolCalendar, london_date
from trust.permissions import Role

# Kinds of flags. One matter has one flag: its words, urgency and roles follow the next step.
NOTICE_DUE = "notice_due"
CHANGE_UNNOTICED = "change_unnoticed"
END_UNNOTICED = "end_unnoticed"
WITHDRAWAL_UNNOTICED = "withdrawal_unnoticed"
PERIOD_ENDING = "period_ending"
PERIOD_ENDED = "period_ended"
NOT_STARTED = "not_started"
JOBS = (
    NOTICE_DUE,
    CHANGE_UNNOTICED,
    END_UNNOTICED,
    WITHDRAWAL_UNNOTICED,
    PERIOD_ENDING,
    PERIOD_ENDED,
    NOT_STARTED,
)


# Changes, ends and withdrawals are flagged for this many calendar days after their day, which is at least twenty school
# days with a half-term week between: what is older, such as all that was decided before these flags were in use, is no
# longer news that presses. It stays visible in the register, and what was flagged by then stays so until it is done.
LOOK_BACK_DAYS = 40


class Step(StrEnum):
    """The next step of a notice that was not given yet."""

    PREPARE = "prepare"
    AUTHORISE = "authorise"
    MAKE = "make"
    GIVE = "give"
    LATE = "late"
    REPLACE = "replace"


# What a list says of a notice at each step, and the words that a sentence begins with.
STATE_WORDS: dict[Step, str] = {
    Step.PREPARE: "not prepared",
    Step.AUTHORISE: "to authorise",
    Step.MAKE: "letters being made",
    Step.GIVE: "to give",
    Step.LATE: "given late",
    Step.REPLACE: "to replace",
}
STEP_WORDS: dict[Step, str] = {
    Step.PREPARE: "Prepare",
    Step.AUTHORISE: "Complete and authorise",
    Step.MAKE: "Give",
    Step.GIVE: "Give",
    Step.LATE: "Decide about",
    Step.REPLACE: "Make void and replace",
}
# Steps that only whoever may authorise can take.
_FOR_HEADS = frozenset({Step.AUTHORISE, Step.LATE, Step.REPLACE})


def next_step(status: str | None, *, waiting: int = 1, late: int = 0) -> Step:
    """The step that a notice in ``status`` waits for, None for a notice that does not exist.

    ``waiting`` recipients were not given it yet, ``late`` ones too late: with everybody served and somebody late the
    Headteacher or the chief executive decides (P7.2).
    """
    match status:
        case None | Status.VOID:
            return Step.PREPARE
        case Status.DRAFT:
            return Step.AUTHORISE
        case Status.AUTHORISED:
            return Step.MAKE
        case _:
            return Step.LATE if late and not waiting else Step.GIVE


def deadline_day(
    kind: str,
    effective_on: date,
    cal: SchoolCalendar,
    *,
    reading: str = Reading.SCHOOL_DAYS,
    practical_days: int = 2,
) -> date:
    """The last day on which a notice of this kind can be given in time. Raises ``CalendarNotLoaded``.

    What directs a student, or changes that, has the deadline before ``effective_on`` (P7.2). The end of a period is
    told by its last day, ``effective_on`` (P7.4); a withdrawal as soon as practical: ``practical_days`` school days
    after the day it was decided.
    """
    if NoticeKind(kind) in DEADLINE_KINDS:
        return notice_deadline(cal, effective_on, reading).enforced
    if kind == NoticeKind.END:
        return effective_on
    return cal.add(effective_on, practical_days)


def job_state(today: date, due_on: date, flag_days: int) -> str:
    """'overdue' after the last day, 'due_today' on it, 'due' within ``flag_days`` days of it, else 'coming'."""
    if today > due_on:
        return "overdue"
    if today == due_on:
        return "due_today"
    return "due" if (due_on - today).days <= flag_days else "coming"


def ends_soon(cal: SchoolCalendar, today: date, last: date, school_days: int) -> bool:
    """Whether at most ``school_days`` school days lie after today and up to ``last``. Raises ``CalendarNotLoaded``.

    Source: P7.4.
    """
    return today <= last and (today == last or cal.count(today + timedelta(days=1), last) <= school_days)


def decide_by(cal: SchoolCalendar, last: date, reading: str = Reading.SCHOOL_DAYS) -> date:
    """The last day on which the notice of an extension after ``last`` can be given in time.

    Raises ``CalendarNotLoaded``. Source: P7.4 with P7.2.
    """
    return notice_deadline(cal, cal.add(last, 1), reading).enforced


def first_roles(step: Step) -> tuple[Role, ...]:
    """Who hears of a matter at once: pastoral SLT, and the Headteacher when the step is the Headteacher's."""
    return (Role.SLT, Role.HEAD) if step in _FOR_HEADS else (Role.SLT,)


def escalated(
    roles: Iterable[Role],
    since: datetime,
    now: datetime,
    *,
    due_on: date | None,
    head_hours: int,
    lead_hours: int,
) -> tuple[Role, ...]:
    """Whom an open matter is for by now: first ``roles``, then the Headteacher, then the trust AP lead.

    By the hours since it became pressing, or by the day: the Headteacher on the last day, the lead once it has passed.
    ``due_on`` None is a matter without a last day. All instants are aware. Source: our own, dated settings.
    """
    found = list(dict.fromkeys(roles))
    today = london_date(now)
    if Role.HEAD not in found and (
        now - since >= timedelta(hours=head_hours) or (due_on is not None and today >= due_on)
    ):
        found.append(Role.HEAD)
    if Role.LEAD not in found and (
        now - since >= timedelta(hours=lead_hours) or (due_on is not None and today > due_on)
    ):
        found.append(Role.LEAD)
    return tuple(found)


def job_key(kind: str, first: date, effective_on: date) -> tuple[str, str]:
    """The kind of flag and its period for a notice: ``first`` is the first day of the period it belongs to."""
    match kind:
        case NoticeKind.END:
            return END_UNNOTICED, effective_on.isoformat()
        case NoticeKind.VARIATION:
            return CHANGE_UNNOTICED, effective_on.isoformat()
        case NoticeKind.WITHDRAWAL:
            return WITHDRAWAL_UNNOTICED, first.isoformat()
        case _:
            return NOTICE_DUE, first.isoformat()
