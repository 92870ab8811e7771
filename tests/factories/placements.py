"""Referrals and placements in any status, reached by walking the real services."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

from placements.codes import Destination, EndingReason, Route
from placements.lifecycle import Status
from placements.models import Placement
from placements.services import (
    cancel_placement,
    complete_transfer,
    decide_placement,
    end_placement,
    pause_placement,
    propose_placement,
    start_placement,
    withdraw_placement,
)
from providers.codes import ProviderKind
from providers.models import Provider
from referrals.codes import ManagedMoveResult, Reason
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from referrals.services import decide_referral, start_referral, submit_referral, withdraw_referral
from trust.calendar import LONDON, london_date
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
        "exclusion_alternative": False,
        "aims": "Attendance of 90 % by Easter; English at grade 4.",
        "interests": "Construction",
        "needs": "Asthma; carries an inhaler.",
        "family_invited_on": date(2026, 9, 7),
        "family_met_on": date(2026, 9, 14),
        "explained_by": "Simon Senior",
        "explained_to": "Mary Ashdown",
        "family_said": "They support it.",
        "attendance_agreed_on": date(2026, 9, 14),
        **changes,
    }


def referral_at(
    status: str, *, student: Student, cast: Any, now: datetime, data: dict[str, Any] | None = None
) -> Referral:
    """A referral of ``student`` in ``status``, written by the pastoral SLT and decided by the head of its school."""
    writer, head = people_of(student, cast)
    referral = start_referral(student_id=student.pk, data=data or referral_data(), by=writer, now=now)
    if status == ReferralStatus.DRAFT:
        return referral
    if status == ReferralStatus.WITHDRAWN:
        return withdraw_referral(referral_id=referral.pk, reason="The family moved.", by=writer, now=now)
    referral = submit_referral(referral_id=referral.pk, by=writer, now=now)
    if status == ReferralStatus.SUBMITTED:
        return referral
    return decide_referral(referral_id=referral.pk, decision=status, reason="Read and discussed.", by=head, now=now)


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
    slots: Collection[int] | None = None,
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
        data["slots"] = sorted(slots)
    placement = propose_placement(referral_id=referral.pk, data=data, by=writer, now=before)
    if status == Status.PROPOSED:
        return placement
    if status == Status.WITHDRAWN:
        return withdraw_placement(placement_id=placement.pk, reason="Not wanted any more.", by=writer, now=before)
    decided = status if status in (Status.RETURNED, Status.DECLINED) else Status.APPROVED
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
        return pause_placement(placement_id=placement.pk, reason="A concern was raised.", by=head, now=now)
    return end_placement(
        placement_id=placement.pk,
        ended_on=london_date(now),
        reason=EndingReason.AIMS_MET,
        destination=Destination.HOME_SCHOOL,
        note="",
        by=head,
        now=now,
    )


def people_of(student: Student, cast: Any) -> tuple[Any, Any]:
    """The pastoral SLT and the headteacher of the student's school."""
    at_south = student.school.short_name == "South"
    return (cast.slt2, cast.head2) if at_south else (cast.slt, cast.head)
