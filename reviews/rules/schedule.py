"""When a review is due and what a held one must record."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reviews.codes import ReviewOutcome
from trust.calendar import HalfTerm, SchoolCalendar
from trust.errors import RuleBroken

INTERVAL_WEEKS = 6
LATE_START_DAYS = 10
SOON_DAYS = 14


class Because(StrEnum):
    """Which of the three limits set the day of a review, as words beside the date."""

    TERM = "end of term (policy)"
    HALF_TERM = "end of half-term (guidance)"
    INTERVAL = "interval set for this placement"


class ReviewState(StrEnum):
    """How a due review stands today."""

    NOT_DUE = "not due yet"
    SOON = "due soon"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class ReviewDue:
    """The last day on which a review is in time, and the limit that set it."""

    on: dt.date
    because: Because


def review_due(
    cal: SchoolCalendar,
    start: dt.date,
    interval_weeks: int = INTERVAL_WEEKS,
    last_held: dt.date | None = None,
) -> ReviewDue | None:
    """The day by which the next review of a placement must be held, or None when the academic year needs no
    more.

    The earliest of: last school day of the term (P6.6), of the half-term (guidance), ``interval_weeks``
    school weeks after the start or the last review. A start in the last 10 school days of a half-term has its
    first review in the next one, unless the academic year ends first. A review answers for the half-term in
    which it was held; ``last_held`` before ``start`` (an earlier period's) does not count. Raises
    ``CalendarNotLoaded`` outside the loaded years.
    """
    held = last_held if last_held is not None and last_held >= start else None
    base = held or start
    half = _half_term_at_or_after(cal, base)
    is_last_half = half.last >= cal.last_school_day_of_year(base)
    if held is not None and half.first <= held:
        if is_last_half:
            return None
        half = _half_term_at_or_after(cal, half.last + dt.timedelta(days=1))
    elif held is None and not is_last_half and cal.count(start, half.last) <= LATE_START_DAYS:
        half = _half_term_at_or_after(cal, half.last + dt.timedelta(days=1))
    term = cal.term_of(half.first)
    # A half-term may end on a Sunday or an INSET day; a meeting is held on a school day.
    last_day = cal.between(half.first, half.last)[-1]
    at_end_of_term = term is not None and term.last <= half.last
    limit = ReviewDue(last_day, Because.TERM if at_end_of_term else Because.HALF_TERM)
    interval = _week_end_after(cal, base, interval_weeks, limit.on)
    if interval is not None and interval < limit.on:
        return ReviewDue(interval, Because.INTERVAL)
    return limit


def review_state(due: dt.date, today: dt.date) -> ReviewState:
    """Overdue from the day after ``due``; soon in the 14 calendar days up to it."""
    if today > due:
        return ReviewState.OVERDUE
    if (due - today).days <= SOON_DAYS:
        return ReviewState.SOON
    return ReviewState.NOT_DUE


def check_review(
    *,
    held_on: dt.date,
    today: dt.date,
    maths: str,
    english: str,
    target_results: Sequence[str],
    outcome: str,
    extend_first: dt.date | None = None,
    extend_last: dt.date | None = None,
) -> None:
    """A held review records maths and English (P3.5), a result for at least one target (P6.7) and an outcome.

    ``target_results`` are the results given at this review, empty strings for targets without one. An
    extension names the first and last day of the new period (P7.4). ``RuleBroken`` lists all that is missing.
    """
    if held_on > today:
        raise RuleBroken("A review cannot be recorded before it was held.", field="held_on")
    missing = [
        words
        for words, there in (
            ("progress in maths", maths.strip()),
            ("progress in English", english.strip()),
            ("the result of at least one target", any(result.strip() for result in target_results)),
            ("the outcome", outcome),
        )
        if not there
    ]
    if missing:
        raise RuleBroken(f"Record {_listed(missing)}.")
    if outcome != ReviewOutcome.EXTEND:
        return
    if extend_first is None or extend_last is None:
        raise RuleBroken("An extension needs the first and the last day of the new period.")
    if extend_last < extend_first:
        raise RuleBroken("The last day of the extension is before its first day.")


def check_actions(actions: Sequence[tuple[str, str, dt.date | None]], held_on: dt.date) -> None:
    """Each action after a review says what, who and by when, and not by a day before the review (P6.6)."""
    for what, owner, due_on in actions:
        if not what.strip() or not owner.strip() or due_on is None:
            raise RuleBroken("Each action needs what is to be done, who does it and by when.")
        if due_on < held_on:
            raise RuleBroken("An action cannot be due before the review was held.")


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _half_term_at_or_after(cal: SchoolCalendar, day: dt.date) -> HalfTerm:
    half = cal.half_term_of(day)
    while half is None:
        day = cal.add(day, 1)
        half = cal.half_term_of(day)
    return half


def _week_end_after(cal: SchoolCalendar, base: dt.date, weeks: int, limit: dt.date) -> dt.date | None:
    """The last school day of the ``weeks``-th school week after the week of ``base``; None when past
    ``limit``.
    """
    monday = cal.school_week(base).monday
    counted = 0
    while (monday := monday + dt.timedelta(days=7)) <= limit:
        days = cal.school_week(monday).days
        if days:
            counted += 1
            if counted == weeks:
                return days[-1]
    return None
