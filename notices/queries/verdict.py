"""Whether an issued notice was given in time to everybody."""

from datetime import date

from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries.clock import clock_of
from notices.rules import Given, Verdict, earliest_lawful_start, reading_for, verdict
from trust.calendar import date_words
from trust.errors import CalendarNotLoaded, RuleBroken
from trust.queries import calendar_of


def verdict_of(notice: DirectionNotice, today: date) -> tuple[date, Verdict]:
    """The enforced deadline and the verdict on the recipients as they stand.

    Raises ``RuleBroken`` when the school's calendar is not loaded.
    """
    clock = clock_of(notice.placement_period, today)
    if clock.deadline is None:
        raise RuleBroken(clock.problem)
    givens = [Given(one.name, one.deemed_given_on) for one in notice.recipients.order_by("id")]
    return clock.deadline.enforced, verdict(clock.deadline.enforced, givens)


def late_sentence(notice: DirectionNotice, today: date) -> str:
    """Why an issued notice that everybody has does not count yet, with the earliest lawful start; '' otherwise."""
    if notice.status != Status.ISSUED:
        return ""
    try:
        _, outcome = verdict_of(notice, today)
    except RuleBroken:
        return ""
    if outcome.waiting or outcome.in_time or not outcome.late:
        return ""
    given = max(one.deemed_given_on for one in notice.recipients.all() if one.deemed_given_on is not None)
    placement = notice.placement_period.placement
    try:
        earliest = earliest_lawful_start(calendar_of(placement.school_id), given, reading_for(placement.route))
    except CalendarNotLoaded:
        return outcome.sentence
    return f"{outcome.sentence} The earliest lawful start is {date_words(earliest)}."
