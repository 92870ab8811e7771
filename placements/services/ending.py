"""Ending and cancelling: what is not used goes back to the budget, the half-days are free."""

from datetime import date, datetime
from decimal import Decimal

from psycopg2.extras import DateRange

from placements.codes import Destination, EndingReason
from placements.lifecycle import Status
from placements.models import Commitment, Placement, PlacementPeriod
from placements.queries import cost_lines, weekly_pattern
from placements.rules import permission_to_end
from placements.services._moves import lock_budgets, locked, move, next_day, save, say_why, stop_slots
from trust.calendar import date_words, last_day, london_date
from trust.errors import RuleBroken
from trust.models import User
from trust.services import clear_flags, require, saving


def end_placement(
    *, placement_id: int, ended_on: date, reason: str, destination: str, note: str, by: User, now: datetime
) -> Placement:
    """End a running or paused placement on ``ended_on``, its last day (inclusive; today or earlier).

    ``reason`` and ``destination`` are codes of ``EndingReason`` and ``Destination``. Before the planned last day it
    asks the permission for an early end on top; what the same cost function finds after the last day is released.
    Source: P1.2, P2.3, P3.8.
    """
    if reason not in EndingReason.values:
        raise RuleBroken("Choose why the placement ended.", field="reason")
    if destination not in Destination.values:
        raise RuleBroken("Choose where the student goes next.", field="destination")
    with saving(by=by, reason=note or EndingReason(reason).label):
        placement = locked(placement_id)
        periods = list(placement.periods.filter(approved_at__isnull=False))
        first, planned = periods[0].period.lower, last_day(periods[-1].period)
        move(placement, Status.ENDED, by)
        require(by, permission_to_end(ended_on, planned), home_id=placement.school_id)
        if ended_on < first:
            raise RuleBroken(f"The placement began on {date_words(first)}.", field="ended_on")
        if planned is not None and ended_on > planned:
            raise RuleBroken(f"The planned last day was {date_words(planned)}.", field="ended_on")
        if ended_on > london_date(now):
            raise RuleBroken("An end is recorded on its day or later.", field="ended_on")
        placement.ended_on, placement.ended_by = ended_on, by
        placement.ending_reason, placement.destination, placement.ending_note = reason, destination, note.strip()
        _release(placement, periods, ended_on)
        save(placement)
        stop_slots(placement, ended_on)
        _shorten(periods, ended_on)
        clear_flags(kind="period_ended", subject=f"placement:{placement.pk}", now=now)
    return placement


def cancel_placement(*, placement_id: int, reason: str, by: User, now: datetime) -> Placement:
    """Cancel an approved placement that has not started; all of its money is released."""
    why = say_why(reason, "cancelling the placement")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        move(placement, Status.CANCELLED, by)
        placement.ending_note = why
        _release(placement, list(placement.periods.filter(approved_at__isnull=False)), None)
        save(placement)
        clear_flags(kind="not_started", subject=f"placement:{placement.pk}", now=now)
        clear_flags(kind="notice_due", subject=f"placement:{placement.pk}", now=now)
    return placement


def _release(placement: Placement, periods: list[PlacementPeriod], ended_on: date | None) -> None:
    """Give back what lies after ``ended_on`` (None: everything): what was promised less the cost of the days used."""
    commitments = list(
        Commitment.objects.filter(placement_period__placement=placement).select_related("budget__academic_year")
    )
    lock_budgets(placement.school_id, {row.budget.academic_year.label for row in commitments})
    pattern = weekly_pattern(placement)
    used: dict[tuple[int, str], Decimal] = {}
    for period in periods:
        first, last = period.period.lower, last_day(period.period)
        if ended_on is not None and last is not None and first <= ended_on:
            for label, amount in cost_lines(placement, first, min(last, ended_on), pattern):
                used[period.pk, label] = amount
    for row in commitments:
        spent = used.get((row.placement_period_id, row.budget.academic_year.label), Decimal("0.00"))
        # A price may have changed since the approval: nothing below zero comes back.
        row.released = max(row.released, row.amount - spent, Decimal("0.00"))
        row.save(update_fields=["released"])


def _shorten(periods: list[PlacementPeriod], ended_on: date) -> None:
    """The period in which the placement ended closes on that day; later ones stay in the record, without half-days."""
    for period in periods:
        upper = period.period.upper
        if period.period.lower <= ended_on and (upper is None or upper > next_day(ended_on)):
            period.period = DateRange(period.period.lower, next_day(ended_on), "[)")
            period.save(update_fields=["period"])
