"""Referrals and placements in any status, reached by walking the real services."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from placements.codes import ROUTE_RULES, Destination, EndingReason, Gate, Route
from placements.lifecycle import BudgetStatus, Status
from placements.models import Budget, BudgetChange, Offer, Placement
from placements.queries import weekly_pattern
from placements.services import (
    answer_offer,
    cancel_placement,
    complete_transfer,
    decide_placement,
    end_placement,
    pause_placement,
    propose_placement,
    record_offer_asked,
    start_placement,
    withdraw_placement,
)
from providers.codes import ProviderKind
from providers.models import Provider
from referrals.codes import ManagedMoveResult, Reason
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from referrals.services import decide_referral, start_referral, submit_referral, void_referral, withdraw_referral
from trust.calendar import LONDON, last_day, london_date
from trust.models import Student
from trust.queries import calendar_of

# Every weekday morning and Tuesday afternoon, in both weeks.
MORNINGS = frozenset({0, 2, 4, 6, 8, 10, 12, 14, 16, 18})


def referral_data(**changes: Any) -> dict[str, Any]:
    """Everything that a referral is asked, family meeting included."""
    return {
        "primary_reason": Reason.NOT_ATTENDING,
        "narrative": "Attendance fell to 61 % in the spring term.",
        "in_house_options": "Mentoring and a reduced timetable for six weeks; little change.",
        "why_more_appropriate": "A small setting with practical work.",
        "managed_move": ManagedMoveResult.NOT_SUITABLE,
        "managed_move_note": "",
        "managed_move_consent": "",
        "exclusion_alternative": False,
        "aims": "Attendance of 90 % by Easter; English at grade 4.",
        "interests": "Construction",
        "subjects": "English, maths",
        "qualifications": "BTEC construction",
        "needs": "Works best in small groups.",
        "medical": "Asthma; carries an inhaler.",
        "no_medical_needs": False,
        "family_invited_on": date(2026, 9, 7),
        "family_met_on": date(2026, 9, 14),
        "family_came": "Mary Ashdown",
        "explained_by": "Simon Senior",
        "explained_to": "Mary Ashdown",
        "explained_what": "Why lessons at school do not work at the moment, and what would be different there.",
        "family_said": "They support it.",
        "attendance_agreed_on": date(2026, 9, 14),
        "attendance_agreed_how": "At the meeting",
        **changes,
    }


def referral_at(
    status: str, *, student: Student, cast: Any, now: datetime, data: dict[str, Any] | None = None
) -> Referral:
    """A referral of ``student`` in ``status``, written by the pastoral SLT and decided by the head of its school.

    Without ``data`` the family met before ``now``, also in the first days of a school year. A void one was approved
    before.
    """
    writer, head = people_of(student, cast)
    if data is None:
        met = min(date(2026, 9, 14), london_date(now))
        data = referral_data(family_invited_on=met - timedelta(days=7), family_met_on=met, attendance_agreed_on=met)
    referral = start_referral(student_id=student.pk, data=data, by=writer, now=now)
    if status == ReferralStatus.DRAFT:
        return referral
    if status == ReferralStatus.WITHDRAWN:
        return withdraw_referral(referral_id=referral.pk, reason="The family moved.", by=writer, now=now)
    referral = submit_referral(referral_id=referral.pk, by=writer, now=now)
    if status == ReferralStatus.SUBMITTED:
        return referral
    decision = ReferralStatus.APPROVED if status == ReferralStatus.VOID else status
    referral = decide_referral(
        referral_id=referral.pk, decision=decision, reason="Read and discussed.", by=head, now=now
    )
    if status == ReferralStatus.VOID:
        return void_referral(referral_id=referral.pk, reason="Written for the wrong student.", by=head, now=now)
    return referral


def placement_data(provider: Provider, first: date, **changes: Any) -> dict[str, Any]:
    """A proposal of mornings at the provider's first site and programme for about six school weeks."""
    return {
        "provider_id": provider.pk,
        "programme_id": provider.programmes.order_by("id")[0].pk,
        "site_id": provider.sites.order_by("id")[0].pk,
        "route": Route.IN_TRUST if provider.kind == ProviderKind.TRUST_SCHOOL else Route.DIRECTION,
        "first": first,
        "last": first + timedelta(days=60),
        "start_time": time(9, 0),
        "report_to": "Sam Okafor",
        "slots": sorted(MORNINGS),
        "full_time": False,
        "maths_and_english_how": "",
        "consent_on": date(2026, 9, 14),
        "consent_how": "At the meeting",
        "dual_registered_on": None,
        "la_confirmed_on": None,
        "review_weeks": 6,
        **changes,
    }


def placement_at(
    status: str,
    *,
    student: Student,
    provider: Provider,
    cast: Any,
    now: datetime,
    first: date | None = None,
    slots: Collection[int] | Mapping[int, tuple[int, int]] | None = None,
    referral: Referral | None = None,
    **changes: Any,
) -> Placement:
    """A placement in ``status`` as it stands at ``now``; ``changes`` are keys of ``propose_placement``'s data.

    ``first`` is by default the day of ``now`` for one that has started, else the tenth school day after it. What had
    to happen before the first day (proposal, approval, notice) happened eight school days before it, so the clock of
    the test may stand on the first day. Needs an approved budget of the school unless the route costs nothing.
    """
    writer, head = people_of(student, cast)
    cal = calendar_of(student.school_id)
    started = status in (Status.ACTIVE, Status.PAUSED, Status.ENDED, Status.COMPLETED)
    first = first or (london_date(now) if started else cal.add(london_date(now), 10))
    before = min(now, datetime.combine(cal.school_days_before(first, 8), time(9), tzinfo=LONDON))
    referral = referral or referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=before)
    data = placement_data(provider, first, **changes)
    if slots is not None:
        data["slots"] = dict(slots) if isinstance(slots, Mapping) else sorted(slots)
    placement = propose_placement(referral_id=referral.pk, data=data, by=writer, now=before)
    if status == Status.PROPOSED:
        return placement
    if status == Status.WITHDRAWN:
        return withdraw_placement(placement_id=placement.pk, reason="Not wanted any more.", by=writer, now=before)
    decided = status if status in (Status.RETURNED, Status.DECLINED) else Status.APPROVED
    if decided == Status.APPROVED:
        offer_for(placement, now=before)
    placement = decide_placement(
        placement_id=placement.pk,
        decision=decided,
        reason="Discussed with the family.",
        overrides={},
        over_budget_reason="",
        by=head,
        now=before,
    )
    if status == decided:
        return placement
    if status == Status.CANCELLED:
        return cancel_placement(placement_id=placement.pk, reason="The family moved.", by=head, now=before)
    if status == Status.COMPLETED:
        return complete_transfer(placement_id=placement.pk, by=writer, now=now)
    period = placement.periods.get(number=1)
    if period.notice_needed:
        from tests.factories.notices import give_notice

        give_notice(period, cast=cast, now=before)
    placement = start_placement(
        placement_id=placement.pk,
        by=writer,
        now=now if london_date(now) == first else datetime.combine(first, time(10, 30), tzinfo=LONDON),
    )
    if status == Status.ACTIVE:
        return placement
    if status == Status.PAUSED:
        return pause_placement(
            placement_id=placement.pk,
            reason="A concern was raised.",
            where_instead="At home, with work from the school",
            parents_told_on=london_date(now),
            parents_told_by="Harriet Head",
            by=head,
            now=now,
        )
    return end_placement(
        placement_id=placement.pk,
        ended_on=london_date(now),
        reason=EndingReason.AIMS_MET,
        destination=Destination.HOME_SCHOOL,
        note="",
        by=head,
        now=now,
    )


def offer_for(placement: Placement, *, now: datetime, until: date | None = None) -> Offer | None:
    """The offered place without which ``placement`` is not approved; None where the gate asks for none.

    Asked by its proposer and answered on the day of ``now``, open ``until`` (default: four weeks later).
    """
    gate = ROUTE_RULES[Route(placement.route)].gate
    if gate in (Gate.MANAGED_MOVE, Gate.LA) or placement.provider.kind == ProviderKind.TRUST_SCHOOL:
        return None
    period = placement.periods.get(number=1).period
    offer = record_offer_asked(
        referral_id=placement.referral_id,
        provider_id=placement.provider_id,
        programme_id=placement.programme_id,
        slots={slot % 10 for slot in weekly_pattern(placement)},
        first=period.lower,
        last=last_day(period),
        by=placement.proposed_by,
        now=now,
    )
    return answer_offer(
        offer_id=offer.pk,
        offered=True,
        until=until or london_date(now) + timedelta(days=28),
        why="",
        answered_by="Sam Okafor",
        answered_on=london_date(now),
        admission_meeting_on=None,
        by=placement.proposed_by,
        now=now,
    )


def set_budget(budget: Budget, amount: str) -> None:
    """Another amount of an approved budget, by the change that the database asks for; none while money is promised."""
    BudgetChange.objects.create(
        budget=budget,
        old_amount=budget.amount,
        new_amount=Decimal(amount),
        reason="Set anew.",
        proposed_by=budget.proposed_by,
        proposed_at=budget.proposed_at,
        approved_by=budget.approved_by,
        approved_at=budget.approved_at,
    )
    budget.amount = Decimal(amount)
    budget.save()


def make_budget(**facts: Any) -> Budget:
    """A budget; with ``status=APPROVED`` it was proposed first and approved by ``approved_by`` at ``approved_at``."""
    status = facts.pop("status", BudgetStatus.PROPOSED)
    decided = {name: facts.pop(name, None) for name in ("approved_by", "approved_at")}
    budget: Budget = Budget.objects.create(**facts)
    if status == BudgetStatus.APPROVED:
        budget.status, budget.approved_by, budget.approved_at = status, decided["approved_by"], decided["approved_at"]
        budget.save()
    return budget


def people_of(student: Student, cast: Any) -> tuple[Any, Any]:
    """The pastoral SLT and the headteacher of the student's school."""
    at_south = student.school.short_name == "South"
    return (cast.slt2, cast.head2) if at_south else (cast.slt, cast.head)
