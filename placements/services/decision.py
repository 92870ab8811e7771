"""Deciding a proposal or an extension: the gate, the two people, the money, the half-days."""

from collections.abc import Mapping
from datetime import datetime

from placements.lifecycle import Status
from placements.models import GateOverride, Placement, PlacementPeriod
from placements.queries import gate_facts, overrides_of, timetable_in_force
from placements.rules import GateOutcome, check_gate, check_not_same_person, gate
from placements.services._money import commit_period
from placements.services._moves import add_slots, lock_programme, locked, move, save, say_why
from placements.services.offers import take_offer
from placements.services.week import check_not_part_time
from trust.calendar import date_words, london_date
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, require, saving


def decide_placement(
    *,
    placement_id: int,
    decision: str,
    reason: str,
    overrides: Mapping[str, str],
    over_budget_reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> Placement:
    """Approve, return or decline a proposal: ``decision`` is 'APPROVED', 'RETURNED' or 'DECLINED'.

    Approving passes the gate (``overrides``: code of the question to reason, by who may override), promises the money
    of each academic year and takes the student's half-days. Never an own proposal. ``version`` is that of the proposal
    as it was read: nobody decides what was changed meanwhile. Source: P1.2, P3.9, P5.1, P7.1.
    """
    if decision not in (Status.APPROVED, Status.RETURNED, Status.DECLINED):
        raise RuleBroken("Choose to approve, return or decline.", field="decision")
    with saving(by=by, reason=reason or "Placement approved"):
        placement = locked(placement_id)
        period = placement.periods.get(number=1)
        move(placement, decision, by)
        check_version(placement, version)
        for proposer in (placement.proposed_by_id, period.proposed_by_id):
            check_not_same_person(proposer, by.pk)
        placement.decided_by, placement.decided_at, placement.decision_reason = by, now, reason.strip()
        if placement.brought_in:
            raise RuleBroken("This placement was brought in: it is confirmed or declined as such.")
        if decision == Status.APPROVED:
            first = period.period.lower
            if first < london_date(now):
                raise RuleBroken(
                    f"The first day, {date_words(first)}, has passed: return the proposal for a later start."
                )
            if placement.student.school_id != placement.school_id:
                raise RuleBroken("The student has changed school since this was proposed: decline it.")
            _approve(placement, period, overrides, over_budget_reason, by, now)
        else:
            say_why(reason, "returning it" if decision == Status.RETURNED else "declining it")
            save(placement)
    return placement


def override_gate(*, placement_id: int, code: str, reason: str, by: User, now: datetime) -> GateOverride:
    """Let one failed question of the gate through, with a reason that trustees count; for a start or an extension.

    ``RuleBroken`` when the question did not fail or nobody may override it.
    """
    why = say_why(reason, "the override")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        period = placement.periods.latest("number")
        _override(placement, period, {code: why}, by, now)
        override = placement.overrides.filter(code=code).first()
        if override is None:
            raise RuleBroken("This question of the gate did not fail, or nobody may override it.")
    return override


def approve_extension(*, period_id: int, over_budget_reason: str, by: User, now: datetime) -> PlacementPeriod:
    """Approve a proposed extension: gate for the new days, money, half-days. It asks for a new notice (P7.4)."""
    with saving(by=by, reason="Extension approved"):
        placement = locked(PlacementPeriod.objects.values_list("placement_id", flat=True).get(pk=period_id))
        period = PlacementPeriod.objects.select_for_update().get(pk=period_id)
        require(by, Permission.APPROVE_PLACEMENT, home_id=placement.school_id)
        if placement.status != Status.ACTIVE or period.approved_at is not None:
            raise RuleBroken("There is no extension to approve: it was decided, or the placement is not running.")
        check_not_same_person(period.proposed_by_id, by.pk)
        first = period.period.lower
        if first < london_date(now):
            raise RuleBroken(f"The first day of the extension, {date_words(first)}, has passed: drop it.")
        lock_programme(placement)
        check_gate(gate(gate_facts(placement, period, london_date(now))), overrides_of(placement))
        commit_period(placement, period, over_budget_reason, by)
        _approve_period(period, by, now)
        add_slots(placement, period, timetable_in_force(placement), period.period)
        save(placement)
    return period


def _approve(
    placement: Placement,
    period: PlacementPeriod,
    overrides: Mapping[str, str],
    over_budget_reason: str,
    by: User,
    now: datetime,
) -> None:
    lock_programme(placement)
    _override(placement, period, overrides, by, now)
    check_gate(gate(gate_facts(placement, period, london_date(now))), overrides_of(placement))
    commit_period(placement, period, over_budget_reason, by)
    _approve_period(period, by, now)
    take_offer(placement, by, now)
    check_not_part_time(placement.student_id, placement.pk)
    # The half-days follow ``live`` by cascade: here the database refuses a student in two places.
    save(placement)


def _override(
    placement: Placement, period: PlacementPeriod, overrides: Mapping[str, str], by: User, now: datetime
) -> None:
    """Keep the overrides that are needed; those of questions that did not fail or may not be overridden are not."""
    given = {code: reason.strip() for code, reason in overrides.items() if reason.strip()}
    known = overrides_of(placement)
    for result in gate(gate_facts(placement, period, london_date(now))) if given else ():
        wanted = given.get(result.code)
        if wanted and result.overridable and result.outcome == GateOutcome.FAILED and result.code not in known:
            require(by, Permission.OVERRIDE, home_id=placement.school_id)
            GateOverride.objects.create(placement=placement, code=result.code, reason=wanted, by=by, at=now)


def _approve_period(period: PlacementPeriod, by: User, now: datetime) -> None:
    period.approved_by, period.approved_at = by, now
    period.save()
