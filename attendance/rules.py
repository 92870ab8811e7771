"""Attendance figures, weekly contact, and the triggers that call a meeting; pure functions, the clock is
an argument.

Two figures, never mixed: *placement attendance* from what providers report, *register attendance* from
the codes of the home school's register. Both are exact fractions; pages show one decimal with numerator
and denominator.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from attendance.codes import NO_REASON_YET, REGISTER_CODES, ContactOutcome, ProviderReport
from placements.codes import Route
from providers.codes import SCHOOL_KINDS
from trust.calendar import SchoolCalendar, london_time
from trust.errors import RuleBroken

PERSISTENT_ABSENCE = Fraction(10, 100)
SEVERE_ABSENCE = Fraction(50, 100)
LOW_ATTENDANCE = Fraction(90, 100)
VERY_LOW_ATTENDANCE = Fraction(50, 100)
LOW_ATTENDANCE_WEEKS = 4
UNEXPLAINED_IN_A_ROW = 2
UNAUTHORISED_SESSIONS = 10
UNAUTHORISED_WEEKS = 10
RETURN_BY = dt.time(10, 30)
RETURN_BY_AFTERNOON = dt.time(14, 30)


def placement_attendance(present: int, late: int, expected_with_return: int) -> Fraction | None:
    """(present + late) / expected sessions that ran and have a return (P3.11); None when there are none.

    A session without a return, or one that did not run, stands in neither number.
    """
    if min(present, late) < 0 or present + late > expected_with_return:
        raise RuleBroken("More sessions were attended than have a return.")
    return Fraction(present + late, expected_with_return) if expected_with_return else None


def register_attendance(codes: Iterable[str]) -> Fraction | None:
    """Attended / possible sessions from register codes; None when no session was possible.

    Source: the School Attendance (Pupil Registration) (England) Regulations 2024. ``RuleBroken`` for a
    code that is not in the table.
    """
    possible = attended = 0
    for code in codes:
        entry = REGISTER_CODES.get(code)
        if entry is None:
            raise RuleBroken(f"'{code}' is not a code of the school register.")
        possible += entry.possible
        attended += entry.attended
    return Fraction(attended, possible) if possible else None


def is_persistently_absent(attendance: Fraction | None) -> bool:
    """Absence of 10 % or more (Working together to improve school attendance); never without sessions."""
    return attendance is not None and 1 - attendance >= PERSISTENT_ABSENCE


def is_severely_absent(attendance: Fraction | None) -> bool:
    """Absence of 50 % or more (Working together to improve school attendance); never without sessions."""
    return attendance is not None and 1 - attendance >= SEVERE_ABSENCE


@dataclass(frozen=True)
class Proposal:
    """A code proposed for the home school's register, or None with the question that must be answered
    first.
    """

    code: str | None
    question: str = ""


def propose_code(report: str, route: str, provider_kind: str, *, dual_registered: bool = True) -> Proposal:
    """The register code that a provider's report suggests; the attendance team confirms it (P3.11).

    D at another school once dual registered (P3.3), K when arranged by the local authority, else B; an
    absence starts as N until its reason is known. Online at home is never B but an absence code (P3.4):
    I, because the student is at home for medical reasons unless the team says otherwise. A session that
    did not run is never B.
    """
    if report == ProviderReport.DID_NOT_RUN:
        return Proposal(None, "The session did not run. Where was the student?")
    if route == Route.MANAGED_MOVE:
        return Proposal(None, "After a managed move the student is on the other school's register.")
    if route == Route.LA_ARRANGED:
        attending = "K"
    elif route == Route.HOME_ONLINE:
        attending = "I"
    elif provider_kind in SCHOOL_KINDS and dual_registered:
        # The other school's register holds the absence; at home the student was never expected.
        return Proposal("D")
    else:
        attending = "B"
    return Proposal(NO_REASON_YET if report == ProviderReport.ABSENT else attending)


class ContactState(StrEnum):
    """How the weekly contact of one placement stands in one school week (P5.5)."""

    NOT_DUE = "not due"
    DUE = "due"
    DONE = "done"
    LATE = "done late"
    MISSED = "missed"


@dataclass(frozen=True)
class ContactFact:
    """A logged contact: the day it was made and what came of it."""

    on: dt.date
    outcome: str


@dataclass(frozen=True)
class ContactWeek:
    """One school week of a placement.

    ``days`` are the home school's school days of the week, ``expected`` whether a session was expected in it.
    """

    monday: dt.date
    days: tuple[dt.date, ...]
    expected: bool
    contacts: tuple[ContactFact, ...] = ()


def weekly_contact_state(
    week_days: Sequence[dt.date],
    contacts: Iterable[ContactFact],
    today: dt.date,
    *,
    expected: bool = True,
) -> ContactState:
    """The state of the weekly contact (P5.5); ``week_days`` are the school days of the week, in order.

    Due in a week with an expected session, from its first school day; any day of the week counts. A
    contact after the last school day clears the flag but stays late. 'Tried, no answer' does not satisfy;
    'not due' does.
    """
    logged = tuple(contacts)
    if not week_days or not expected or any(fact.outcome == ContactOutcome.NOT_DUE for fact in logged):
        return ContactState.NOT_DUE
    monday = week_days[0] - dt.timedelta(days=week_days[0].weekday())
    spoken = [fact.on for fact in logged if fact.outcome == ContactOutcome.SPOKEN and fact.on >= monday]
    if spoken:
        return ContactState.DONE if min(spoken) <= week_days[-1] else ContactState.LATE
    if today > week_days[-1]:
        return ContactState.MISSED
    return ContactState.DUE if today >= week_days[0] else ContactState.NOT_DUE


def contact_missed_weeks(weeks: Iterable[ContactWeek], today: dt.date) -> tuple[dt.date, ...]:
    """The Mondays of the weeks whose contact is missed today; they stay on file after the placement ends
    (P5.5).
    """
    return tuple(
        week.monday
        for week in weeks
        if weekly_contact_state(week.days, week.contacts, today, expected=week.expected) == ContactState.MISSED
    )


class TriggerKind(StrEnum):
    """What calls a concern meeting (P5.6)."""

    UNEXPLAINED = "unexplained absence in a row"
    LOW_ATTENDANCE = "attendance under 90 %"
    VERY_LOW_ATTENDANCE = "attendance under 50 %"
    UNAUTHORISED = "unauthorised sessions"


@dataclass(frozen=True)
class Trigger:
    """One trigger that is met, with the figure behind it as a sentence."""

    kind: TriggerKind
    why: str


@dataclass(frozen=True)
class SessionFact:
    """An expected session: what the provider reported ('' for no return yet) and the register code (''
    for none).
    """

    day: dt.date
    session: str
    report: str
    code: str = ""


def triggers(cal: SchoolCalendar, sessions: Iterable[SessionFact], today: dt.date) -> tuple[Trigger, ...]:
    """The triggers that a placement meets on ``today`` (P5.6, P3.10), from its own sessions only.

    Two unexplained absences in a row, now; placement attendance under 90 % over the last 4 school weeks,
    or under 50 % (then only that one); 10 unauthorised sessions in the last 10 school weeks. No return
    yet is not absent: such a session, and one that did not run, neither counts nor breaks a row. 'Last
    weeks' include this one.
    """
    past = sorted((fact for fact in sessions if fact.day <= today), key=lambda fact: (fact.day, fact.session))
    returned = [fact for fact in past if fact.report not in ("", ProviderReport.DID_NOT_RUN)]
    if not returned:
        return ()
    found: list[Trigger] = []
    tail = returned[-UNEXPLAINED_IN_A_ROW:]
    if len(tail) == UNEXPLAINED_IN_A_ROW and all(_is_unexplained(fact) for fact in tail):
        found.append(
            Trigger(TriggerKind.UNEXPLAINED, f"The last {UNEXPLAINED_IN_A_ROW} sessions were missed, unexplained.")
        )
    earliest = past[0].day
    recent = _since(returned, _weeks_back(cal, today, LOW_ATTENDANCE_WEEKS, earliest))
    attended = sum(fact.report != ProviderReport.ABSENT for fact in recent)
    attendance = placement_attendance(attended, 0, len(recent))
    if attendance is not None and attendance < LOW_ATTENDANCE:
        very_low = attendance < VERY_LOW_ATTENDANCE
        kind = TriggerKind.VERY_LOW_ATTENDANCE if very_low else TriggerKind.LOW_ATTENDANCE
        why = f"{attended} of {len(recent)} sessions attended over {LOW_ATTENDANCE_WEEKS} school weeks."
        found.append(Trigger(kind, why))
    window = _since(past, _weeks_back(cal, today, UNAUTHORISED_WEEKS, earliest))
    unauthorised = sum(_is_unauthorised(fact.code) for fact in window)
    if unauthorised >= UNAUTHORISED_SESSIONS:
        why = f"{unauthorised} unauthorised sessions in {UNAUTHORISED_WEEKS} school weeks (placement sessions only)."
        found.append(Trigger(TriggerKind.UNAUTHORISED, why))
    return tuple(found)


def first_day_unreturned(now: dt.datetime, day: dt.date, session: str, returned: bool) -> bool:
    """True from 10:30 of a student's first day at a new place while no return has come in (P5.4).

    ``now`` is aware, ``session`` the first expected one ('AM' or 'PM': a first afternoon counts from
    14:30). It stays true on later days until there is a return.
    """
    if returned:
        return False
    local = london_time(now)
    by = RETURN_BY if session == "AM" else RETURN_BY_AFTERNOON
    return (local.date(), local.time()) >= (day, by)


def _is_unexplained(fact: SessionFact) -> bool:
    return fact.report == ProviderReport.ABSENT and fact.code in ("", NO_REASON_YET)


def _is_unauthorised(code: str) -> bool:
    entry = REGISTER_CODES.get(code)
    return entry is not None and entry.authorised is False


def _since(facts: Iterable[SessionFact], first: dt.date) -> list[SessionFact]:
    return [fact for fact in facts if fact.day >= first]


def _weeks_back(cal: SchoolCalendar, today: dt.date, weeks: int, earliest: dt.date) -> dt.date:
    """The Monday of the ``weeks``-th last school week up to ``today``; not before ``earliest`` is needed."""
    found = cal.weeks(min(earliest, today), today)
    return found[-weeks].monday if len(found) >= weeks else earliest
