"""Ending and cancelling: what is not used goes back to the budget, the half-days are free."""

from datetime import date, datetime

from psycopg2.extras import DateRange

from placements.codes import Destination, EndingReason
from placements.lifecycle import Status
from placements.models import Placement, PlacementPeriod
from placements.rules import permission_to_end
from placements.services._money import release_after
from placements.services._moves import locked, move, next_day, save, say_why, stop_slots
from placements.services.pausing import close_pause
from trust.calendar import date_words, last_day, london_date
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, clear_flags, require, saving


def end_placement(
    *,
    placement_id: int,
    ended_on: date,
    reason: str,
    destination: str,
    note: str,
    by: User,
    now: datetime,
    report: str = "",
    own_assessment: str = "",
    return_plan: str = "",
) -> Placement:
    """End a running or paused placement on ``ended_on``, its last day (inclusive; today or earlier).

    ``reason`` and ``destination`` are codes of ``EndingReason`` and ``Destination``. ``report`` is the end report,
    ``own_assessment`` the student's own view, ``return_plan`` what happens at the return; each may follow later by
    ``record_end_report``. Before the planned last day it
    asks the permission for an early end on top; what the same cost function finds after the last day is released.
    Source: P1.2, P2.3, P3.8.
    """
    if reason not in EndingReason.values:
        raise RuleBroken("Choose why the placement ended.", field="reason")
    if destination not in Destination.values:
        raise RuleBroken("Choose where the student goes next.", field="destination")
    with saving(by=by, reason=note or EndingReason(reason).label):
        placement = locked(placement_id)
        # First the move: a proposal has no approved period to look at.
        move(placement, Status.ENDED, by)
        periods = list(placement.periods.filter(approved_at__isnull=False))
        first, planned = periods[0].period.lower, last_day(periods[-1].period)
        require(by, permission_to_end(ended_on, planned), home_id=placement.school_id)
        if ended_on < first:
            raise RuleBroken(f"The placement began on {date_words(first)}.", field="ended_on")
        if planned is not None and ended_on > planned:
            raise RuleBroken(f"The planned last day was {date_words(planned)}.", field="ended_on")
        if ended_on > london_date(now):
            raise RuleBroken("An end is recorded on its day or later.", field="ended_on")
        placement.ended_on, placement.ended_by = ended_on, by
        placement.ending_reason, placement.destination, placement.ending_note = reason, destination, note.strip()
        placement.end_report, placement.own_assessment = report.strip(), own_assessment.strip()
        placement.return_plan = return_plan.strip()
        release_after(placement, periods, ended_on)
        save(placement)
        stop_slots(placement, ended_on)
        _shorten(periods, ended_on)
        close_pause(placement, ended_on)
        clear_flags(kind="period_ended", subject=f"placement:{placement.pk}", now=now)
        clear_flags(kind="period_ending", subject=f"placement:{placement.pk}", now=now)
        clear_flags(kind="provider_suspended", subject=f"placement:{placement.pk}", now=now)
    return placement


def record_end_report(
    *,
    placement_id: int,
    report: str,
    own_assessment: str,
    return_plan: str,
    version: int | None,
    by: User,
    now: datetime,
) -> Placement:
    """Write or complete the end report, the student's own assessment and the plan for the return (P2.3, P3.8)."""
    with saving(by=by, reason="End report recorded"):
        placement = locked(placement_id)
        require(by, Permission.END_PLACEMENT, home_id=placement.school_id)
        check_version(placement, version)
        if placement.status != Status.ENDED:
            raise RuleBroken("An end report belongs to a placement that has ended.")
        placement.end_report, placement.own_assessment = report.strip(), own_assessment.strip()
        placement.return_plan = return_plan.strip()
        save(placement)
    return placement


def cancel_placement(*, placement_id: int, reason: str, by: User, now: datetime) -> Placement:
    """Cancel an approved placement that has not started; all of its money is released."""
    why = say_why(reason, "cancelling the placement")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        move(placement, Status.CANCELLED, by)
        placement.ending_note = why
        release_after(placement, list(placement.periods.filter(approved_at__isnull=False)), None)
        save(placement)
        clear_flags(kind="not_started", subject=f"placement:{placement.pk}", now=now)
        clear_flags(kind="notice_due", subject=f"placement:{placement.pk}", now=now)
        clear_flags(kind="provider_suspended", subject=f"placement:{placement.pk}", now=now)
    return placement


def _shorten(periods: list[PlacementPeriod], ended_on: date) -> None:
    """The period in which the placement ended closes on that day; later ones stay in the record, without half-days."""
    for period in periods:
        upper = period.period.upper
        if period.period.lower <= ended_on and (upper is None or upper > next_day(ended_on)):
            # What was approved stays known: the placement may have been ended by mistake.
            period.planned_last = last_day(period.period)
            period.period = DateRange(period.period.lower, next_day(ended_on), "[)")
            period.save(update_fields=["period", "planned_last"])
