"""Proposing a placement, changing a proposal, taking it back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from placements.codes import ROUTE_RULES, NoticeRule, PeriodKind, Route
from placements.lifecycle import FIRST, Status
from placements.models import Placement, PlacementPeriod, TimetableSlot
from placements.queries import cost_lines, planned_sessions
from placements.rules import check_first_day, check_period, check_slots
from placements.services._moves import add_slots, locked, move, save, say_why
from providers.models import Programme, Provider, Site
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from trust.calendar import date_words, london_date, to_range
from trust.errors import RuleBroken
from trust.models import Student, User
from trust.queries import calendar_of
from trust.services import check_version, require, saving

_WRITABLE = (
    "start_time",
    "report_to",
    "full_time",
    "maths_and_english_how",
    "consent_on",
    "consent_how",
    "dual_registered_on",
    "la_confirmed_on",
    "review_weeks",
)


def propose_placement(*, referral_id: int, data: Mapping[str, Any], by: User, now: datetime) -> Placement:
    """Propose a placement under an approved referral: who, where, when, at what price.

    ``data``: provider_id, programme_id, site_id, route, first, last (inclusive; None for a managed move), start_time,
    report_to, slots (half-days of the fortnight, 0 to 19), full_time, maths_and_english_how, consent_on, consent_how,
    dual_registered_on, la_confirmed_on, review_weeks. Nothing is reserved and no money is promised before the approval.
    """
    with saving(by=by, reason="Placement proposed"):
        student_id = Referral.objects.values_list("student_id", flat=True).get(pk=referral_id)
        Student.objects.select_for_update(no_key=True).get(pk=student_id)
        referral = Referral.objects.select_for_update(of=("self",)).select_related("student").get(pk=referral_id)
        require(by, FIRST[Status.PROPOSED], home_id=referral.school_id)
        if referral.status != ReferralStatus.APPROVED:
            raise RuleBroken("A placement is proposed under an approved referral.")
        if referral.student.school_id != referral.school_id:
            raise RuleBroken("The student has changed school since this referral: the new school writes its own.")
        placement = Placement(
            referral=referral,
            student=referral.student,
            school_id=referral.school_id,
            proposed_by=by,
            proposed_at=now,
        )
        _fill(placement, data, now)
        placement.save()
        period = PlacementPeriod(
            placement=placement, number=1, kind=PeriodKind.INITIAL, proposed_by=by, proposed_at=now
        )
        _plan(placement, period, data)
    return placement


def change_proposal(
    *, placement_id: int, data: Mapping[str, Any], version: int | None, by: User, now: datetime
) -> Placement:
    """Write a proposed or returned proposal anew with the same keys of ``data``; a returned one is proposed again.

    Who changed it counts as proposer beside who began it: neither of the two approves it.
    """
    with saving(by=by, reason="Proposal changed"):
        placement = locked(placement_id)
        require(by, FIRST[Status.PROPOSED], home_id=placement.school_id)
        check_version(placement, version)
        if placement.status == Status.RETURNED:
            move(placement, Status.PROPOSED, by)
            placement.decided_by, placement.decided_at, placement.decision_reason = None, None, ""
        elif placement.status != Status.PROPOSED:
            raise RuleBroken(f"This placement is {Status(placement.status).label.lower()}: its proposal is closed.")
        before = placement.host_school_id
        _fill(placement, data, now)
        # An override was given for what stood here; the history keeps it.
        placement.overrides.all().delete()
        if placement.host_school_id != before:
            placement.host_accepted_on, placement.host_accepted_by = None, None
        placement.proposed_by, placement.proposed_at = by, now
        save(placement)
        _plan(placement, placement.periods.get(number=1), data)
    return placement


def withdraw_placement(*, placement_id: int, reason: str, by: User, now: datetime) -> Placement:
    """Take back a proposal that is not decided."""
    why = say_why(reason, "withdrawing the proposal")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        move(placement, Status.WITHDRAWN, by)
        placement.ending_note = why
        save(placement)
    return placement


def _fill(placement: Placement, data: Mapping[str, Any], now: datetime) -> None:
    """The facts of the proposal on the placement, after the checks that no approval could mend."""
    route = Route(data["route"])
    provider = Provider.objects.get(pk=data["provider_id"])
    programme = Programme.objects.filter(pk=data["programme_id"], provider=provider).first()
    site = Site.objects.filter(pk=data["site_id"], provider=provider).first()
    if programme is None:
        raise RuleBroken("This programme belongs to another provider.", field="programme")
    if site is None:
        raise RuleBroken("This site belongs to another provider.", field="site")
    if provider.school_id is not None and provider.school_id == placement.school_id:
        raise RuleBroken("The student is on the roll of this school already.", field="provider")
    today = london_date(now)
    if data["first"] < today:
        raise RuleBroken(f"The first day, {date_words(data['first'])}, has passed.", field="first")
    check_period(calendar_of(placement.school_id), data["first"], data.get("last"), route)
    if ROUTE_RULES[route].needs_slots:
        check_slots(data["slots"])
    placement.route, placement.provider, placement.programme, placement.site = route, provider, programme, site
    placement.host_school_id = provider.school_id
    for name in _WRITABLE:
        if name in data:
            setattr(placement, name, data[name])


def _plan(placement: Placement, period: PlacementPeriod, data: Mapping[str, Any]) -> None:
    """Dates, half-days and cost of the initial period."""
    rules = ROUTE_RULES[Route(placement.route)]
    first, last = data["first"], data.get("last")
    pattern = set(data["slots"]) if rules.needs_slots else set()
    if rules.needs_slots and last is not None:
        check_first_day(first, planned_sessions(placement, first, last, pattern))
    period.period = to_range(first, last)
    period.notice_needed = rules.notice != NoticeRule.NONE
    period.cost = sum(amount for _, amount in cost_lines(placement, first, last, pattern))
    period.save()
    TimetableSlot.objects.filter(placement=placement).delete()
    add_slots(placement, period, pattern, period.period)
