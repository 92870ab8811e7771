"""Whether an issued notice was given in time to everybody."""

from datetime import date

from notices.codes import DEADLINE_KINDS, FULL_KINDS
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries.clock import clock_of
from notices.queries.kinds import last_day_to_give
from notices.rules import Given, Verdict, earliest_lawful_start, reading_for, verdict
from trust.calendar import date_words
from trust.codes import SettingCode
from trust.errors import CalendarNotLoaded, RuleBroken
from trust.queries import calendar_of, settings_on


def deadline_of(notice: DirectionNotice, today: date) -> date:
    """The enforced last day as the calendar stands now. Raises ``RuleBroken`` when the calendar is not loaded."""
    if notice.kind not in FULL_KINDS:
        return last_day_to_give(notice, today)
    clock = clock_of(notice.placement_period, today)
    if clock.deadline is None:
        raise RuleBroken(clock.problem)
    return clock.deadline.enforced


def verdict_of(notice: DirectionNotice, today: date) -> tuple[date, Verdict]:
    """The enforced deadline and the verdict on the recipients as they stand.

    Raises ``RuleBroken`` when the school's calendar is not loaded.
    """
    recipients = list(notice.recipients.order_by("id"))
    frozen = [one.deadline_on for one in recipients if one.deadline_on is not None]
    # Everybody was measured when given the notice; only who still waits is measured by the calendar of today.
    waiting = len(frozen) < len(recipients) or not frozen
    deadline = deadline_of(notice, today) if waiting else min(frozen)
    return deadline, verdict(deadline, [Given(one.name, one.deemed_given_on, one.in_time) for one in recipients])


def late_sentence(notice: DirectionNotice, today: date) -> str:
    """Why an issued notice that everybody has does not count yet, with the earliest lawful start; '' otherwise."""
    if notice.status != Status.ISSUED or notice.kind not in DEADLINE_KINDS:
        return ""
    try:
        _, outcome = verdict_of(notice, today)
    except RuleBroken:
        return ""
    if outcome.waiting or outcome.in_time or not outcome.late:
        return ""
    given = max(one.deemed_given_on for one in notice.recipients.all() if one.deemed_given_on is not None)
    placement = notice.placement_period.placement
    reading = reading_for(placement.route, settings_on(today)[SettingCode.NOTICE_READING])
    try:
        earliest = earliest_lawful_start(calendar_of(placement.school_id), given, reading)
    except CalendarNotLoaded:
        return outcome.sentence
    return f"{outcome.sentence} The earliest lawful start is {date_words(earliest)}."
