"""Pausing for safety, going on, and opening again what was ended by mistake."""

from datetime import date, datetime

from psycopg2.extras import DateRange

from placements.lifecycle import Status
from placements.models import Pause, Placement, PlacementPeriod
from placements.queries import gate_facts, overrides_of, timetable_after
from placements.rules import check_gate, gate
from placements.services._money import take_back
from placements.services._moves import add_slots, lock_programme, locked, move, next_day, save, say_why, stop_slots
from trust.calendar import date_words, last_day, london_date, to_range
from trust.errors import RuleBroken
from trust.models import User
from trust.services import clear_flags, saving


def pause_placement(
    *,
    placement_id: int,
    reason: str,
    where_instead: str,
    parents_told_on: date,
    parents_told_by: str,
    by: User,
    now: datetime,
) -> Placement:
    """Suspend a placement at once for safety (P3.12): from tomorrow on nothing is expected at the provider.

    ``where_instead`` says where the student is meanwhile; the parents were told on ``parents_told_on`` (today or
    before) by ``parents_told_by``. Only the DSL, the Headteacher or the chief executive pauses.
    """
    today = london_date(now)
    why = say_why(reason, "the pause")
    if not where_instead.strip():
        raise RuleBroken("Say where the student is while the placement is paused.", field="where_instead")
    if not parents_told_by.strip():
        raise RuleBroken("Say who told the parents.", field="parents_told_by")
    if parents_told_on > today:
        raise RuleBroken("Tell the parents first: the day lies ahead.", field="parents_told_on")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        move(placement, Status.PAUSED, by)
        save(placement)
        stop_slots(placement, today)
        clear_flags(kind="provider_suspended", subject=f"placement:{placement.pk}", now=now)
        Pause.objects.create(
            placement=placement,
            from_day=today,
            reason=why,
            where_instead=where_instead.strip(),
            parents_told_on=parents_told_on,
            parents_told_by=parents_told_by.strip(),
            recorded_by=by,
            recorded_at=now,
        )
    return placement


def resume_placement(*, placement_id: int, reason: str, by: User, now: datetime) -> Placement:
    """Take a paused placement up again with the same half-days; refused when they were given away meanwhile."""
    why = say_why(reason, "going on")
    today = london_date(now)
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        move(placement, Status.ACTIVE, by, only_from=Status.PAUSED)
        save(placement)
        pause = placement.pauses.filter(until_day__isnull=True).first()
        # What was expected on the day of the pause stays expected, so it goes on from the next day at the earliest.
        resume_on = today if pause is None else max(today, next_day(pause.from_day))
        take_half_days(placement, resume_on)
        close_pause(placement, date.fromordinal(resume_on.toordinal() - 1))
    return placement


def reopen_placement(
    *, placement_id: int, reason: str, by: User, now: datetime, over_budget_reason: str = ""
) -> Placement:
    """Go on with a placement that was ended by mistake, as if it had not ended; inside the approved days only.

    The gate is asked again, the money that came back is promised once more (over budget with the chief executive's
    reason) and the half-days are taken from the day after the recorded end; refused when somebody else has them.
    Source: P1.2, P3.9.
    """
    why = say_why(reason, "opening it again")
    today = london_date(now)
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        ended_on = placement.ended_on
        move(placement, Status.ACTIVE, by, only_from=Status.ENDED)
        periods = list(placement.periods.filter(approved_at__isnull=False).order_by("number"))
        planned = periods[-1].planned_last or last_day(periods[-1].period)
        if ended_on is None or planned is None:
            raise RuleBroken("This placement has no planned last day, so it is not opened again.")
        if today > planned:
            raise RuleBroken(f"The approved days ended on {date_words(planned)}: propose a new placement.")
        if placement.student.school_id != placement.school_id:
            raise RuleBroken("The student has changed school: the new school proposes its own placement.")
        for period in periods:
            _lengthen(period)
        lock_programme(placement)
        check_gate(gate(gate_facts(placement, periods[-1], today)), overrides_of(placement))
        placement.ended_on, placement.ended_by = None, None
        placement.ending_reason, placement.destination, placement.ending_note = "", "", ""
        placement.reopened_reason = why
        save(placement)
        take_half_days(placement, next_day(ended_on))
        take_back(placement, periods, over_budget_reason, by)
    return placement


def take_half_days(placement: Placement, from_day: date) -> None:
    """Take the half-days of every approved period from ``from_day`` on, as agreed, later changes of them included.

    The database refuses half-days in which the student is expected elsewhere.
    """
    for period in placement.periods.filter(approved_at__isnull=False):
        begins = max(from_day, period.period.lower)
        if period.period.upper is not None and begins >= period.period.upper:
            continue
        stretches = timetable_after(placement, begins)
        for (starts, timetable), following in zip(stretches, [*stretches[1:], None], strict=True):
            ends = period.period.upper if following is None else min(following[0], period.period.upper or date.max)
            if ends is None or starts < ends:
                add_slots(placement, period, timetable, DateRange(starts, ends, "[)"))


def close_pause(placement: Placement, last: date) -> None:
    """Nothing is paused any more after ``last``; a pause that began later closes on its own day."""
    for pause in placement.pauses.filter(until_day__isnull=True):
        pause.until_day = max(last, pause.from_day)
        pause.save(update_fields=["until_day"])


def _lengthen(period: PlacementPeriod) -> None:
    """The period lasts as long as it was approved for."""
    if period.planned_last is not None:
        period.period = to_range(period.period.lower, period.planned_last)
        period.planned_last = None
        period.save(update_fields=["period", "planned_last"])
