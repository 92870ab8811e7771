"""Proposing a placement, changing a proposal, taking it back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from placements.codes import ROUTE_RULES, NoticeRule, PeriodKind, Route
from placements.lifecycle import FIRST, Status
from placements.models import AgreedPrice, Placement, PlacementPeriod, TimetableSlot
from placements.queries import planned_cost, planned_sessions
from placements.rules import Session, Timetable, check_first_day, check_period, check_slots, half_day_of, placed
from placements.services._moves import add_slots, agree_prices, locked, move, save, say_why
from providers.models import Programme, Provider, Site
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from referrals.services import close_brought_in_referral
from trust.calendar import date_words, london_date, to_range
from trust.codes import FileKind
from trust.errors import RuleBroken
from trust.models import Membership, Student, User
from trust.queries import calendar_of
from trust.services import check_version, keep_upload, require, saving

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
    "transport_mode",
    "transport_booked_by",
    "transport_paid_by",
    "transport_pick_up",
    "lunch",
    "risk_assessed_on",
    "risk_assessed_by",
    "risk_summary",
    "medical",
    "emergency",
)


def propose_placement(*, referral_id: int, data: Mapping[str, Any], by: User, now: datetime) -> Placement:
    """Propose a placement under an approved referral: who, where, when, at what price.

    ``data``: provider_id, programme_id, site_id, route, first, last (inclusive; None for a managed move), start_time,
    report_to, slots (half-days of the fortnight, 0 to 19, all at the site and programme; or a mapping of each to its
    own site and programme), full_time, maths_and_english_how, consent_on, consent_how, dual_registered_on,
    la_confirmed_on, review_weeks, transport_mode, transport_booked_by, transport_paid_by, transport_pick_up, lunch,
    risk_assessed_on, risk_assessed_by, risk_summary, risk_upload (a file that was sent), medical, emergency,
    school_link_id, school_link_deputy_id (default: the proposer, when at the school), one_off and transport_a_day (£
    net of VAT). Keys left out stay as they are. The prices are kept as agreed; nothing is reserved and no money is
    promised before the approval.
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
        _fill(placement, data, by, now)
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
        _fill(placement, data, by, now)
        # An override was given for what stood here; the history keeps it.
        placement.overrides.all().delete()
        if placement.host_school_id != before:
            placement.host_accepted_on, placement.host_accepted_by = None, None
            placement.host_refused_on, placement.host_refusal = None, ""
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
        if placement.brought_in:
            close_brought_in_referral(referral_id=placement.referral_id, declined=False, reason=why, by=by, now=now)
    return placement


def _fill(placement: Placement, data: Mapping[str, Any], by: User, now: datetime) -> None:
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
        check_at_provider(placed(data["slots"], site.pk, programme.pk), provider.pk, data["first"])
    placement.route, placement.provider, placement.programme, placement.site = route, provider, programme, site
    placement.host_school_id = provider.school_id
    for name in _WRITABLE:
        if name in data:
            setattr(placement, name, data[name])
    _name_links(placement, data, by)
    if data.get("risk_upload"):
        placement.risk_file = keep_upload(
            kind=FileKind.RISK_ASSESSMENT, upload=data["risk_upload"], by=by, now=now, field="risk_upload"
        )


def check_at_provider(timetable: Timetable, provider_id: int, first: date) -> None:
    """Every half-day is at a site of the provider that is used on ``first`` and in one of its programmes."""
    sites = dict(Site.objects.filter(provider_id=provider_id).values_list("pk", "closed_on"))
    programmes = set(Programme.objects.filter(provider_id=provider_id).values_list("pk", flat=True))
    for site_id, programme_id in sorted(set(timetable.values())):
        if site_id not in sites or programme_id not in programmes:
            raise RuleBroken("A half-day names a site or programme of another provider.", field="slots")
        closed_on = sites[site_id]
        if closed_on is not None and closed_on <= first:
            raise RuleBroken(
                f"A site of the timetable is not used any more from {date_words(closed_on)}.", field="slots"
            )


def _name_links(placement: Placement, data: Mapping[str, Any], by: User) -> None:
    """Who the provider turns to at the school: two different people with a role there."""
    for name in ("school_link_id", "school_link_deputy_id"):
        if name in data:
            setattr(placement, name, data[name])
    if placement.school_link_id is None and any(row.school_id == placement.school_id for row in by.held()):
        placement.school_link = by
    named = [pk for pk in (placement.school_link_id, placement.school_link_deputy_id) if pk is not None]
    if len(set(named)) < len(named):
        raise RuleBroken("The deputy is somebody else than the school link.", field="school_link_deputy")
    known = set(
        Membership.objects.filter(school_id=placement.school_id, user_id__in=named).values_list("user_id", flat=True)
    )
    for name in ("school_link", "school_link_deputy"):
        pk = getattr(placement, f"{name}_id")
        if name + "_id" in data and pk is not None and pk not in known:
            raise RuleBroken("The school link is somebody with a role at the student's school.", field=name)


def _plan(placement: Placement, period: PlacementPeriod, data: Mapping[str, Any]) -> None:
    """Dates, half-days, prices and cost of the initial period."""
    rules = ROUTE_RULES[Route(placement.route)]
    first, last = data["first"], data.get("last")
    timetable = placed(data["slots"], placement.site_id, placement.programme_id) if rules.needs_slots else {}
    period.period = to_range(first, last)
    if timetable and last is not None:
        sessions = planned_sessions(placement, first, last, timetable)
        check_first_day(first, sessions)
        _report_where_it_begins(placement, timetable, sessions)
    period.notice_needed = rules.notice != NoticeRule.NONE
    for name in ("one_off", "transport_a_day"):
        if name in data:
            setattr(period, name, data[name] or Decimal("0.00"))
    lines = planned_cost(
        placement, first, last, timetable, transport_a_day=period.transport_a_day, one_off=period.one_off
    )
    period.cost = sum(amount for _, amount in lines)
    period.save()
    AgreedPrice.objects.filter(placement_period=period).delete()
    agree_prices(period, {programme_id for _, programme_id in timetable.values()})
    TimetableSlot.objects.filter(placement=placement).delete()
    add_slots(placement, period, timetable, period.period)


def _report_where_it_begins(placement: Placement, timetable: Timetable, sessions: Sequence[Session]) -> None:
    """The main site is the one to report to on the first day (P7.3)."""
    day, session = sessions[0]
    site_id, _ = timetable[half_day_of(calendar_of(placement.school_id), day, session)]
    if site_id != placement.site_id:
        placement.site = Site.objects.get(pk=site_id)
        placement.save(update_fields=["site"])
