"""From the notice to the start, and the transfer of a managed move."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from placements.codes import Destination, EndingReason, Route
from placements.lifecycle import Status
from placements.models import HomeVisit, Placement, PlacementPeriod
from placements.queries import gate_facts, overrides_of
from placements.rules import check_gate, gate
from placements.services._moves import locked, move, save
from trust.calendar import date_words, last_day, london_date
from trust.errors import RuleBroken
from trust.models import Enrolment, Student, User
from trust.permissions import Permission
from trust.services import clear_flags, require, saving


def record_notice_given(*, period_id: int, given_on: date, by: User | None, now: datetime) -> PlacementPeriod:
    """The notices app tells that every required recipient was given the notice of this period (P7.2).

    ``by`` None is the worker, which finishes what a person was allowed to ask for.
    """
    # A chief executive who lets a late notice count holds the override, not the recording.
    override = by is not None and by.allows(
        Permission.OVERRIDE,
        home_id=PlacementPeriod.objects.values_list("placement__school_id", flat=True).get(pk=period_id),
    )
    return _set_notice(period_id, given_on, Permission.OVERRIDE if override else Permission.RECORD_SERVICE, by, now)


def record_notice_void(
    *, period_id: int, by: User, now: datetime, instead: Permission | None = None
) -> PlacementPeriod:
    """The notices app tells that the notice of this period was made void: it counts as not given.

    ``instead`` is the permission of an act that has this as its consequence: moving the start.
    """
    return _set_notice(period_id, None, instead or Permission.AUTHORISE_NOTICE, by, now)


def _set_notice(
    period_id: int, given_on: date | None, permission: Permission, by: User | None, now: datetime
) -> PlacementPeriod:
    with saving(by=by):
        placement = locked(PlacementPeriod.objects.values_list("placement_id", flat=True).get(pk=period_id))
        if by is not None:
            require(by, permission, home_id=placement.school_id)
        period: PlacementPeriod = PlacementPeriod.objects.select_for_update().get(pk=period_id)
        # Asked again under the lock of the placement: it may have started while the notice was being made void.
        begun = placement.started_at is not None and period.period.lower <= london_date(now)
        if given_on is None and begun:
            raise RuleBroken("The student already attends on the ground of this notice, so it stays in force.")
        period.notice_given_on = given_on
        period.save(update_fields=["notice_given_on"])
    return period


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
        move(placement, Status.ACTIVE, by, only_from=Status.APPROVED)
        first, last = period.period.lower, last_day(period.period)
        if today < first:
            raise RuleBroken(f"The placement starts on {date_words(first)}, not before.")
        if last is not None and today > last:
            raise RuleBroken(f"The period ended on {date_words(last)} without a start: cancel the placement.")
        if period.notice_needed and period.notice_given_on is None:
            raise RuleBroken("The placement cannot start before its direction notice was given.")
        if period.notices.filter(kind="WITHDRAWAL", status__in=["ISSUED", "GIVEN"]).exists():
            raise RuleBroken(
                "The notice of this placement was withdrawn, so it cannot start on the ground of it.",
                help="Cancel the placement, or make both notices void and give a new one.",
            )
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
