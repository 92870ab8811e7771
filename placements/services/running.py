"""From the notice to the start, pausing and extending, the transfer of a managed move."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import ProtectedError
from psycopg2.extras import DateRange

from placements.codes import ROUTE_RULES, Destination, EndingReason, NoticeRule, PeriodKind, Route
from placements.lifecycle import Status
from placements.models import HomeVisit, Placement, PlacementPeriod, TimetableSlot
from placements.queries import cost_lines, gate_facts, overrides_of, weekly_pattern
from placements.rules import check_gate, check_period, gate
from placements.services._moves import add_slots, locked, move, save, say_why, stop_slots
from trust.calendar import date_words, last_day, london_date, to_range
from trust.errors import RuleBroken
from trust.models import Enrolment, Student, User
from trust.permissions import Permission
from trust.queries import calendar_of
from trust.services import clear_flags, require, saving


def record_notice_given(*, period_id: int, given_on: date, by: User, now: datetime) -> PlacementPeriod:
    """The notices app tells that every required recipient was given the notice of this period (P7.2)."""
    # A chief executive who lets a late notice count holds the override, not the recording.
    override = by.allows(
        Permission.OVERRIDE,
        home_id=PlacementPeriod.objects.values_list("placement__school_id", flat=True).get(pk=period_id),
    )
    return _set_notice(period_id, given_on, Permission.OVERRIDE if override else Permission.RECORD_SERVICE, by, now)


def record_notice_void(*, period_id: int, by: User, now: datetime) -> PlacementPeriod:
    """The notices app tells that the notice of this period was made void: it counts as not given."""
    return _set_notice(period_id, None, Permission.AUTHORISE_NOTICE, by, now)


def _set_notice(
    period_id: int, given_on: date | None, permission: Permission, by: User, now: datetime
) -> PlacementPeriod:
    with saving(by=by):
        placement = locked(PlacementPeriod.objects.values_list("placement_id", flat=True).get(pk=period_id))
        require(by, permission, home_id=placement.school_id)
        period: PlacementPeriod = PlacementPeriod.objects.select_for_update().get(pk=period_id)
        # Asked again under the lock of the placement: it may have started while the notice was being made void.
        begun = placement.started_at is not None and period.period.lower <= london_date(now)
        if given_on is None and begun:
            raise RuleBroken("The student already attends on the ground of this notice, so it stays in force.")
        period.notice_given_on = given_on
        period.save(update_fields=["notice_given_on"])
    return period


def accept_guest(*, placement_id: int, dual_registered_on: date | None, by: User, now: datetime) -> Placement:
    """The receiving school takes the student (P3.3, P3.13): its Headteacher says so for a school of the trust.

    For a school outside the trust the home school records the acceptance that it was sent. ``dual_registered_on`` is
    the day from which code D may be used; a managed move has none.
    """
    with saving(by=by, reason="Receiving school accepted"):
        placement = locked(placement_id)
        if placement.host_school_id is not None:
            require(by, Permission.ANSWER_FOR_HOST, home_id=placement.host_school_id)
        else:
            require(by, Permission.START_PLACEMENT, home_id=placement.school_id)
        if placement.status not in (Status.PROPOSED, Status.RETURNED, Status.APPROVED):
            raise RuleBroken("Only a placement that has not started waits for an acceptance.")
        placement.host_accepted_on, placement.host_accepted_by = london_date(now), by
        if dual_registered_on is not None:
            placement.dual_registered_on = dual_registered_on
        save(placement)
    return placement


def record_home_visit(*, placement_id: int, data: Mapping[str, Any], by: User, now: datetime) -> HomeVisit:
    """Record the visit to a home before online study there (P3.4).

    ``data``: visited_on, visited_by, suitable, safeguarding, supervisor.
    """
    with saving(by=by, reason="Home visit recorded"):
        placement = locked(placement_id)
        require(by, Permission.PROPOSE_PLACEMENT, home_id=placement.school_id)
        if placement.route != Route.HOME_ONLINE:
            raise RuleBroken("A home visit belongs to a placement online at home.")
        if data["visited_on"] > london_date(now):
            raise RuleBroken("The visit has not been made yet.", field="visited_on")
        return HomeVisit.objects.create(
            placement=placement,
            visited_on=data["visited_on"],
            visited_by=data["visited_by"],
            suitable=data["suitable"],
            safeguarding=data["safeguarding"],
            supervisor=data["supervisor"],
            recorded_by=by,
            recorded_at=now,
        )


def start_placement(*, placement_id: int, by: User, now: datetime) -> Placement:
    """The student has begun. Asks the gate again, the notice, and the day; late is allowed, before the day is not.

    Source: P3.4, P3.9, P7.2. The database refuses a start without a given notice once more.
    """
    today = london_date(now)
    with saving(by=by, reason="Placement started"):
        placement = locked(placement_id)
        period = placement.periods.get(number=1)
        if placement.route == Route.MANAGED_MOVE:
            raise RuleBroken("A managed move is completed by the transfer, it does not start.")
        move(placement, Status.ACTIVE, by)
        first, last = period.period.lower, last_day(period.period)
        if today < first:
            raise RuleBroken(f"The placement starts on {date_words(first)}, not before.")
        if last is not None and today > last:
            raise RuleBroken(f"The period ended on {date_words(last)} without a start: cancel the placement.")
        if period.notice_needed and period.notice_given_on is None:
            raise RuleBroken("The placement cannot start before its direction notice was given.")
        check_gate(gate(gate_facts(placement, period, today)), overrides_of(placement))
        placement.started_at, placement.started_by = now, by
        save(placement)
        clear_flags(kind="not_started", subject=f"placement:{placement.pk}", now=now)
    return placement


def complete_transfer(*, placement_id: int, by: User, now: datetime) -> Placement:
    """The student of a managed move goes on the roll of the receiving school; permanent, without an end (P3.13).

    A school outside the trust: the enrolment ends, and the record stays with the school that the student leaves.
    """
    today = london_date(now)
    with saving(by=by, reason="Managed move completed"):
        placement = locked(placement_id)
        period = placement.periods.get(number=1)
        if placement.route != Route.MANAGED_MOVE:
            raise RuleBroken("Only a managed move ends in a transfer.")
        move(placement, Status.COMPLETED, by)
        if today < period.period.lower:
            raise RuleBroken(f"The transfer is on {date_words(period.period.lower)}, not before.")
        check_gate(gate(gate_facts(placement, period, today)), overrides_of(placement))
        if Placement.objects.live().filter(student_id=placement.student_id).exclude(pk=placement.pk).exists():
            raise RuleBroken("The student has another open placement: end it before the transfer.")
        _change_roll(placement, today)
        placement.started_at, placement.started_by = now, by
        placement.ended_on, placement.ended_by = today, by
        placement.ending_reason = EndingReason.TRANSFERRED
        placement.destination = Destination.TRUST_SCHOOL if placement.host_school_id else Destination.OTHER_SCHOOL
        save(placement)
        clear_flags(kind="not_started", subject=f"placement:{placement.pk}", now=now)
    return placement


def _change_roll(placement: Placement, today: date) -> None:
    """Close the enrolment at the old school the day before, open the one at the new school."""
    open_one = Enrolment.objects.filter(student_id=placement.student_id, until_day__isnull=True).first()
    if open_one is not None:
        open_one.until_day = max(open_one.from_day, date.fromordinal(today.toordinal() - 1))
        open_one.save()
    if placement.host_school_id is None:
        return
    Enrolment.objects.create(student_id=placement.student_id, school_id=placement.host_school_id, from_day=today)
    student = Student.objects.get(pk=placement.student_id)
    student.school_id = placement.host_school_id
    student.version += 1
    student.save()


def pause_placement(*, placement_id: int, reason: str, by: User, now: datetime) -> Placement:
    """Suspend a placement at once for safety (P3.12): from tomorrow on nothing is expected at the provider."""
    why = say_why(reason, "the pause")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        move(placement, Status.PAUSED, by)
        save(placement)
        stop_slots(placement, london_date(now))
    return placement


def resume_placement(*, placement_id: int, reason: str, by: User, now: datetime) -> Placement:
    """Take a paused placement up again with the same half-days; refused when they were given away meanwhile."""
    why = say_why(reason, "going on")
    today = london_date(now)
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        move(placement, Status.ACTIVE, by)
        save(placement)
        pattern = weekly_pattern(placement)
        ends = TimetableSlot.objects.filter(placement=placement).values_list("runs", flat=True)
        resume_on = max([today, *(runs.upper for runs in ends if runs.upper is not None)])
        for period in placement.periods.filter(approved_at__isnull=False):
            begins = max(resume_on, period.period.lower)
            if period.period.upper is None or begins < period.period.upper:
                add_slots(placement, period, pattern, DateRange(begins, period.period.upper, "[)"))
    return placement


def propose_extension(*, placement_id: int, last: date, by: User, now: datetime) -> PlacementPeriod:
    """Propose the next period: from the next school day after the last one to ``last``, inclusive (P7.4)."""
    with saving(by=by, reason="Extension proposed"):
        placement = locked(placement_id)
        # Whoever starts and ends a placement proposes to extend it (access page).
        require(by, Permission.START_PLACEMENT, home_id=placement.school_id)
        if placement.status != Status.ACTIVE:
            raise RuleBroken("Only a running placement is extended.")
        newest = placement.periods.latest("number")
        if newest.approved_at is None:
            raise RuleBroken("An extension is proposed already and waits for a decision.")
        ends = last_day(newest.period)
        if ends is None:
            raise RuleBroken("A managed move has no end and no extension.")
        cal = calendar_of(placement.school_id)
        first = cal.add(ends, 1)
        if first < london_date(now):
            raise RuleBroken(
                f"The period ended on {date_words(ends)}: end the placement and propose a new one.", field="last"
            )
        check_period(cal, first, last, placement.route)
        period = PlacementPeriod(
            placement=placement,
            number=newest.number + 1,
            kind=PeriodKind.EXTENSION,
            period=to_range(first, last),
            notice_needed=ROUTE_RULES[Route(placement.route)].notice != NoticeRule.NONE,
            cost=sum(amount for _, amount in cost_lines(placement, first, last, weekly_pattern(placement))),
            proposed_by=by,
            proposed_at=now,
        )
        period.save()
        save(placement)
    return period


def drop_extension(*, period_id: int, reason: str, by: User, now: datetime) -> None:
    """Take back or decline a proposed extension: the proposer's side or who approves may; it stays in the history."""
    why = say_why(reason, "dropping the extension")
    with saving(by=by, reason=why):
        placement = locked(PlacementPeriod.objects.values_list("placement_id", flat=True).get(pk=period_id))
        if not by.allows(Permission.START_PLACEMENT, home_id=placement.school_id):
            require(by, Permission.APPROVE_PLACEMENT, home_id=placement.school_id)
        period = placement.periods.get(pk=period_id)
        if period.number == 1 or period.approved_at is not None:
            raise RuleBroken("Only a proposed extension is dropped.")
        try:
            period.delete()
        except ProtectedError:
            raise RuleBroken("A notice was prepared for this extension: it can only be approved or left.") from None
        save(placement)
