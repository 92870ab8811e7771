"""The doors of placements: what they write, and what they refuse."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from placements.codes import Destination, EndingReason, Route
from placements.lifecycle import BudgetStatus, Status
from placements.models import Budget, Commitment, GateOverride, Offer, Placement, TimetableSlot
from placements.queries import budget_left, expected_of
from placements.services import (
    accept_guest,
    approve_budget,
    approve_extension,
    cancel_placement,
    change_proposal,
    complete_transfer,
    decide_placement,
    drop_extension,
    end_placement,
    override_gate,
    propose_budget,
    propose_extension,
    propose_placement,
    record_home_visit,
    record_notice_given,
    record_notice_void,
    start_placement,
    withdraw_placement,
)
from providers.codes import CheckKind, ProviderKind
from providers.models import Check, Programme, Provider, ServiceLevelAgreement
from referrals.lifecycle import Status as ReferralStatus
from tests.factories.people import make_contact, make_student
from tests.factories.placements import (
    MORNINGS,
    offer_for,
    placement_at,
    placement_data,
    referral_at,
    referral_data,
    set_budget,
)
from tests.factories.providers import make_provider, make_site
from tests.fixtures import NOW, Cast
from trust.calendar import LONDON, from_range
from trust.errors import CalendarNotLoaded, NotAllowed, RuleBroken, StaleRecord
from trust.models import Enrolment, Flag, School, Student

pytestmark = pytest.mark.django_db

FIRST = date(2026, 11, 30)  # a Monday
LAST = date(2026, 12, 18)  # the last day of the autumn term
# Three school weeks of ten mornings a fortnight: fifteen sessions at £45.
COST = Decimal("675.00")


def at(day: date, hour: int = 10) -> datetime:
    """An instant in London."""
    return datetime.combine(day, time(hour), tzinfo=LONDON)


@pytest.fixture
def proposed(student: Student, provider: Provider, cast: Cast, budget: Budget) -> Placement:
    """A proposal by the pastoral SLT for three weeks of mornings."""
    return placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, first=FIRST, last=LAST)


@pytest.fixture
def approved(proposed: Placement, cast: Cast) -> Placement:
    """The same, approved by the headteacher."""
    return approve(proposed, cast.head)


@pytest.fixture
def active(approved: Placement, cast: Cast) -> Placement:
    """The same, started on its first day after its notice was given."""
    record_notice_given(period_id=approved.periods.get().pk, given_on=date(2026, 11, 20), by=cast.slt, now=NOW)
    return start_placement(placement_id=approved.pk, by=cast.slt, now=at(FIRST))


def offered(placement: Placement) -> None:
    """The place without which nothing is approved, asked and offered once, if the programme still has one."""
    if Programme.objects.get(pk=placement.programme_id).capacity < 2:
        return
    if not Offer.objects.filter(referral_id=placement.referral_id, programme_id=placement.programme_id).exists():
        offer_for(placement, now=NOW)


def approve(placement: Placement, by: Any, **kwargs: Any) -> Placement:
    """Approve with nothing special, on an offered place."""
    offered(placement)
    return decide_placement(
        **{
            "placement_id": placement.pk,
            "decision": Status.APPROVED,
            "reason": "",
            "overrides": {},
            "over_budget_reason": "",
            "by": by,
            "now": NOW,
            **kwargs,
        }
    )


# --- Proposing ---


def test_propose_placement_writes_period_slots_and_cost_without_reserving(proposed: Placement, cast: Cast) -> None:
    period = proposed.periods.get()
    assert (proposed.status, proposed.live, proposed.proposed_by) == (Status.PROPOSED, False, cast.slt)
    assert from_range(period.period) == (FIRST, LAST)
    assert (period.number, period.notice_needed, period.cost, period.approved_at) == (1, True, COST, None)
    slots = TimetableSlot.objects.filter(placement=proposed)
    assert sorted(row.slots.lower for row in slots) == sorted(MORNINGS)
    assert {row.live for row in slots} == {False}
    assert Commitment.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"slots": []}, None, "Choose at least one half-day of the week."),
        ({"slots": [20]}, None, "A half-day of the timetable is not between Monday and Friday of week A or B."),
        ({"last": None}, "last", "Give the last day of the placement."),
        ({"last": date(2026, 11, 27)}, "last", "The last day is before the first day."),
        ({"first": date(2026, 11, 13)}, "first", "The first day, Fri 13 Nov 2026, has passed."),
        (
            {"first": date(2026, 11, 29)},
            "first",
            "Sun 29 Nov 2026 is not a school day: a placement starts on a school day.",
        ),
        # Monday 30 November, with Tuesday mornings (2 and 12) only.
        (
            {"slots": [2, 12]},
            "first",
            "No session is expected on Mon 30 Nov 2026: the first day with one is Tue 1 Dec 2026.",
        ),
        (
            {"slots": [2, 12], "last": FIRST},
            "slots",
            "No half-day of this timetable falls between the first and the last day.",
        ),
    ],
)
def test_propose_placement_refuses_what_no_approval_could_mend(
    student: Student,
    provider: Provider,
    cast: Cast,
    changes: dict[str, Any],
    field: str | None,
    sentence: str,
) -> None:
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    with pytest.raises(RuleBroken) as refused:
        propose_placement(
            referral_id=referral.pk, data={**placement_data(provider, FIRST), **changes}, by=cast.slt, now=NOW
        )
    assert (refused.value.field, refused.value.message) == (field, sentence)
    assert Placement.objects.count() == 0


def test_propose_placement_under_a_submitted_referral_is_refused(
    student: Student, provider: Provider, cast: Cast
) -> None:
    referral = referral_at(ReferralStatus.SUBMITTED, student=student, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="under an approved referral"):
        propose_placement(referral_id=referral.pk, data=placement_data(provider, FIRST), by=cast.slt, now=NOW)


@pytest.mark.parametrize(("person", "refused"), [("team", False), ("dsl", True), ("att", True), ("slt2", True)])
def test_propose_placement_asks_the_permission_at_the_own_school(
    student: Student, provider: Provider, cast: Cast, person: str, refused: bool
) -> None:
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    by = getattr(cast, person)
    if refused:
        with pytest.raises(NotAllowed, match="propose a placement"):
            propose_placement(referral_id=referral.pk, data=placement_data(provider, FIRST), by=by, now=NOW)
    else:
        assert propose_placement(referral_id=referral.pk, data=placement_data(provider, FIRST), by=by, now=NOW).pk


def test_propose_placement_with_programme_or_site_of_another_provider_is_refused(
    student: Student, provider: Provider, cast: Cast
) -> None:
    other = make_provider("Riverside", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    for key, value, field in (
        ("programme_id", other.programmes.get().pk, "programme"),
        ("site_id", other.sites.get().pk, "site"),
    ):
        data = placement_data(provider, FIRST, **{key: value})
        with pytest.raises(RuleBroken) as refused:
            propose_placement(referral_id=referral.pk, data=data, by=cast.slt, now=NOW)
        assert refused.value.field == field


@pytest.mark.policy("P7.3")
def test_propose_placement_beyond_the_academic_year_is_refused(
    student: Student, provider: Provider, cast: Cast
) -> None:
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    data = placement_data(provider, FIRST, last=date(2027, 9, 10))
    with pytest.raises(RuleBroken, match="ends at latest on Wed 21 Jul 2027"):
        propose_placement(referral_id=referral.pk, data=data, by=cast.slt, now=NOW)
    data = placement_data(provider, date(2028, 9, 4), last=date(2028, 10, 4))
    with pytest.raises(CalendarNotLoaded, match="2028/29"):
        propose_placement(referral_id=referral.pk, data=data, by=cast.slt, now=NOW)


def test_change_proposal_replaces_timetable_and_cost(proposed: Placement, provider: Provider, cast: Cast) -> None:
    data = placement_data(provider, FIRST, last=LAST, slots=[0, 10])
    changed = change_proposal(placement_id=proposed.pk, data=data, version=1, by=cast.team, now=NOW)
    assert sorted(row.slots.lower for row in changed.slots.all()) == [0, 10]
    assert (changed.periods.get().cost, changed.version, changed.proposed_by) == (Decimal("135.00"), 2, cast.team)
    with pytest.raises(StaleRecord):
        change_proposal(placement_id=proposed.pk, data=data, version=1, by=cast.team, now=NOW)


def test_change_proposal_of_an_approved_placement_is_refused(
    approved: Placement, provider: Provider, cast: Cast
) -> None:
    with pytest.raises(RuleBroken, match="its proposal is closed"):
        change_proposal(
            placement_id=approved.pk, data=placement_data(provider, FIRST), version=None, by=cast.slt, now=NOW
        )


def test_returned_proposal_is_proposed_again_and_waits_for_a_new_decision(
    proposed: Placement, provider: Provider, cast: Cast
) -> None:
    approve(proposed, cast.head, decision=Status.RETURNED, reason="Later start, please.")
    changed = change_proposal(
        placement_id=proposed.pk, data=placement_data(provider, FIRST), version=None, by=cast.slt, now=NOW
    )
    assert (changed.status, changed.decided_by, changed.decision_reason) == (Status.PROPOSED, None, "")


# --- Deciding ---


@pytest.mark.policy("P1.2")
def test_approve_commits_the_money_and_takes_the_half_days(approved: Placement, budget: Budget, cast: Cast) -> None:
    commitment = Commitment.objects.get()
    assert (commitment.amount, commitment.budget, commitment.over_budget_reason) == (COST, budget, "")
    assert budget_left(budget) == Decimal("39325.00")
    assert set(TimetableSlot.objects.values_list("live", flat=True)) == {True}
    approved.refresh_from_db()
    assert (approved.status, approved.live, approved.decided_by) == (Status.APPROVED, True, cast.head)
    assert approved.periods.get().approved_by == cast.head


@pytest.mark.policy("P7.1")
def test_approve_own_proposal_is_refused(student: Student, provider: Provider, cast: Cast, budget: Budget) -> None:
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    own = propose_placement(referral_id=referral.pk, data=placement_data(provider, FIRST), by=cast.head, now=NOW)
    with pytest.raises(RuleBroken, match="You proposed this yourself"):
        approve(own, cast.head)
    # Neither who began the proposal nor who changed it last.
    change_proposal(placement_id=own.pk, data=placement_data(provider, FIRST), version=None, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="You proposed this yourself"):
        approve(own, cast.head)
    assert approve(own, cast.ceo).status == Status.APPROVED


@pytest.mark.parametrize("person", ["slt", "deputy", "lead", "finance", "dsl", "head2"])
def test_approve_without_the_permission_is_refused(proposed: Placement, cast: Cast, person: str) -> None:
    with pytest.raises(NotAllowed, match="Headteacher or Chief executive can"):
        approve(proposed, getattr(cast, person))


@pytest.mark.parametrize("decision", [Status.RETURNED, Status.DECLINED])
def test_return_and_decline_ask_a_reason(proposed: Placement, cast: Cast, decision: str) -> None:
    with pytest.raises(RuleBroken, match="Give the reason"):
        approve(proposed, cast.head, decision=decision)
    decided = approve(proposed, cast.head, decision=decision, reason="Too far away.")
    assert (decided.status, decided.live, decided.decision_reason) == (decision, False, "Too far away.")
    assert Commitment.objects.count() == 0


def test_decide_placement_with_an_unknown_word_is_refused(proposed: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="Choose to approve"):
        approve(proposed, cast.head, decision="ACTIVE")


@pytest.mark.policy("P1.2")
def test_approve_over_budget_is_refused_to_the_head_and_needs_a_reason_of_the_chief_executive(
    proposed: Placement, budget: Budget, cast: Cast
) -> None:
    set_budget(budget, "600.00")
    with pytest.raises(RuleBroken, match=r"£675\.00 and £600\.00 is left .* Only the Chief executive"):
        approve(proposed, cast.head, over_budget_reason="Needed.")
    with pytest.raises(RuleBroken, match="Give the reason for approving over budget"):
        approve(proposed, cast.ceo)
    approve(proposed, cast.ceo, over_budget_reason="Released from reserves.")
    assert Commitment.objects.get().over_budget_reason == "Released from reserves."
    budget.refresh_from_db()
    assert budget_left(budget) == Decimal("-75.00")


def test_approve_without_an_approved_budget_is_refused(
    student: Student, provider: Provider, cast: Cast, north: School
) -> None:
    placement = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="no approved budget of the school for 2026/27"):
        approve(placement, cast.head)


def test_approve_with_a_half_day_taken_elsewhere_is_refused_by_the_database(
    approved: Placement, student: Student, cast: Cast
) -> None:
    other = make_provider("Riverside", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    second = propose_placement(
        referral_id=approved.referral_id,
        data=placement_data(other, date(2026, 12, 18), last=LAST, slots=[8, 9, 18, 19]),
        by=cast.slt,
        now=NOW,
    )
    with pytest.raises(RuleBroken) as refused:
        approve(second, cast.head)
    assert refused.value.message == "The student is already expected somewhere else in one of these half-days."
    # Nothing of the refused approval stays: no money, no decision.
    second.refresh_from_db()
    assert (second.status, second.decided_at, Commitment.objects.count()) == (Status.PROPOSED, None, 1)
    change_proposal(
        placement_id=second.pk,
        data=placement_data(other, date(2026, 12, 18), last=LAST, slots=[9, 19]),
        version=None,
        by=cast.slt,
        now=NOW,
    )
    assert approve(second, cast.head).status == Status.APPROVED


@pytest.mark.policy("P3.9")
def test_approve_without_an_agreement_is_refused_without_override(proposed: Placement, cast: Cast) -> None:
    ServiceLevelAgreement.objects.all().delete()
    with pytest.raises(RuleBroken, match="No service level agreement covers Mon 30 Nov 2026"):
        approve(proposed, cast.head, overrides={"AGREEMENT": "It is on its way."})
    assert GateOverride.objects.count() == 0


@pytest.mark.policy("P5.1")
def test_approve_with_an_override_keeps_the_reason_and_only_that_one(
    student: Student, provider: Provider, cast: Cast, budget: Budget
) -> None:
    referral = referral_at(
        ReferralStatus.APPROVED, student=student, cast=cast, now=NOW, data=referral_data(family_met_on=None)
    )
    placement = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, referral=referral)
    with pytest.raises(RuleBroken, match="Set-up meeting with the family"):
        approve(placement, cast.head)
    approve(placement, cast.head, overrides={"FAMILY_MEETING": "They asked to meet later.", "INSURANCE": "Why not."})
    assert list(GateOverride.objects.values_list("code", "reason", "by")) == [
        ("FAMILY_MEETING", "They asked to meet later.", cast.head.pk)
    ]


@pytest.mark.policy("P5.2")
def test_approve_an_unexplained_alternative_to_exclusion_is_refused_without_override(
    student: Student, provider: Provider, cast: Cast, budget: Budget
) -> None:
    referral = referral_at(
        ReferralStatus.APPROVED,
        student=student,
        cast=cast,
        now=NOW,
        data=referral_data(exclusion_alternative=True, explained_by=""),
    )
    placement = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, referral=referral)
    with pytest.raises(RuleBroken, match="alternative to permanent exclusion"):
        approve(placement, cast.head, overrides={"EXPLANATION": "Will do."})


@pytest.mark.policy("P6.2")
def test_approve_the_last_place_twice_fails_the_gate(
    approved: Placement, provider: Provider, north: School, cast: Cast
) -> None:
    provider.programmes.update(capacity=1)
    other = make_student(north, "Cole", "Kit")
    second = placement_at(Status.PROPOSED, student=other, provider=provider, cast=cast, now=NOW, first=FIRST)
    with pytest.raises(RuleBroken, match="No place is left on Mon AM"):
        approve(second, cast.head)
    later = make_student(north, "Dunn", "Max")
    third = placement_at(Status.PROPOSED, student=later, provider=provider, cast=cast, now=NOW, first=date(2027, 1, 5))
    # The only place is free again in January, after the first student's last day.
    offer_for(third, now=NOW)
    assert approve(third, cast.head).status == Status.APPROVED


def test_approve_after_the_first_day_is_refused(proposed: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="has passed: return the proposal"):
        approve(proposed, cast.head, now=at(date(2026, 12, 1)))


def test_withdraw_placement_needs_a_reason(proposed: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="Give the reason"):
        withdraw_placement(placement_id=proposed.pk, reason=" ", by=cast.slt, now=NOW)
    assert withdraw_placement(placement_id=proposed.pk, reason="Moved.", by=cast.slt, now=NOW).status == "WITHDRAWN"


# --- Starting ---


@pytest.mark.policy("P7.2")
def test_start_before_the_notice_was_given_is_refused(approved: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="before its direction notice was given"):
        start_placement(placement_id=approved.pk, by=cast.slt, now=at(FIRST))
    period = approved.periods.get()
    record_notice_given(period_id=period.pk, given_on=date(2026, 11, 20), by=cast.att, now=NOW)
    record_notice_void(period_id=period.pk, by=cast.head, now=NOW)
    with pytest.raises(RuleBroken, match="before its direction notice was given"):
        start_placement(placement_id=approved.pk, by=cast.slt, now=at(FIRST))


def test_record_notice_asks_who_may_record_and_who_may_authorise(approved: Placement, cast: Cast) -> None:
    period = approved.periods.get()
    with pytest.raises(NotAllowed):
        record_notice_given(period_id=period.pk, given_on=FIRST, by=cast.dsl, now=NOW)
    with pytest.raises(NotAllowed):
        record_notice_void(period_id=period.pk, by=cast.slt, now=NOW)


def test_start_placement_before_its_first_day_is_refused_and_late_is_allowed(
    approved: Placement, cast: Cast, north: School
) -> None:
    record_notice_given(period_id=approved.periods.get().pk, given_on=date(2026, 11, 20), by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="starts on Mon 30 Nov 2026, not before"):
        start_placement(placement_id=approved.pk, by=cast.slt, now=at(date(2026, 11, 29)))
    with pytest.raises(NotAllowed):
        start_placement(placement_id=approved.pk, by=cast.team, now=at(FIRST))
    Flag.objects.create(
        kind="not_started", subject=f"placement:{approved.pk}", period="2026-11-30", school=north, raised_at=NOW
    )
    started = start_placement(placement_id=approved.pk, by=cast.slt, now=at(date(2026, 12, 2)))
    assert (started.status, started.started_by) == (Status.ACTIVE, cast.slt)
    assert started.started_at == at(date(2026, 12, 2))
    assert Flag.objects.get().cleared_at == at(date(2026, 12, 2))


def test_start_placement_after_the_period_is_refused(approved: Placement, cast: Cast) -> None:
    record_notice_given(period_id=approved.periods.get().pk, given_on=date(2026, 11, 20), by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="ended on Fri 18 Dec 2026 without a start"):
        start_placement(placement_id=approved.pk, by=cast.slt, now=at(date(2026, 12, 19)))


@pytest.mark.policy("P3.12")
def test_start_asks_the_gate_again_and_takes_an_override(approved: Placement, cast: Cast) -> None:
    record_notice_given(period_id=approved.periods.get().pk, given_on=date(2026, 11, 20), by=cast.slt, now=NOW)
    Check.objects.filter(kind=CheckKind.INSURANCE).update(expires_on=date(2026, 11, 27))
    with pytest.raises(RuleBroken, match="It counted to Fri 27 Nov 2026"):
        start_placement(placement_id=approved.pk, by=cast.slt, now=at(FIRST))
    with pytest.raises(NotAllowed):
        override_gate(placement_id=approved.pk, code="INSURANCE", reason="Renewed.", by=cast.slt, now=at(FIRST))
    with pytest.raises(RuleBroken, match="did not fail"):
        override_gate(placement_id=approved.pk, code="VISIT", reason="Renewed.", by=cast.head, now=at(FIRST))
    override_gate(placement_id=approved.pk, code="INSURANCE", reason="Renewed.", by=cast.head, now=at(FIRST))
    assert start_placement(placement_id=approved.pk, by=cast.slt, now=at(FIRST)).status == Status.ACTIVE


# --- Running ---


@pytest.mark.policy("P7.4")
def test_extension_follows_the_period_needs_a_notice_and_money(active: Placement, budget: Budget, cast: Cast) -> None:
    period = propose_extension(placement_id=active.pk, last=date(2027, 1, 15), by=cast.slt, now=at(date(2026, 12, 7)))
    assert from_range(period.period) == (date(2027, 1, 5), date(2027, 1, 15))
    assert (period.number, period.notice_needed, period.notice_given_on) == (2, True, None)
    assert period.cost == Decimal("405.00")
    assert expected_of([active], date(2027, 1, 5), date(2027, 1, 15))[active.pk] == ()
    with pytest.raises(RuleBroken, match="waits for a decision"):
        propose_extension(placement_id=active.pk, last=date(2027, 1, 15), by=cast.slt, now=at(date(2026, 12, 7)))
    with pytest.raises(NotAllowed):
        approve_extension(period_id=period.pk, over_budget_reason="", by=cast.slt, now=at(date(2026, 12, 8)))
    approve_extension(period_id=period.pk, over_budget_reason="", by=cast.head, now=at(date(2026, 12, 8)))
    assert len(expected_of([active], date(2027, 1, 5), date(2027, 1, 15))[active.pk]) == 9
    assert budget_left(budget) == Decimal("40000.00") - COST - Decimal("405.00")
    with pytest.raises(RuleBroken, match="no extension to approve"):
        approve_extension(period_id=period.pk, over_budget_reason="", by=cast.head, now=at(date(2026, 12, 8)))


def test_own_extension_is_not_approved(active: Placement, cast: Cast) -> None:
    period = propose_extension(placement_id=active.pk, last=date(2027, 1, 15), by=cast.head, now=at(date(2026, 12, 7)))
    with pytest.raises(RuleBroken, match="You proposed this yourself"):
        approve_extension(period_id=period.pk, over_budget_reason="", by=cast.head, now=at(date(2026, 12, 8)))
    drop_extension(period_id=period.pk, reason="Not needed.", by=cast.slt, now=at(date(2026, 12, 8)))
    assert active.periods.count() == 1


def test_extension_beyond_the_agreement_is_refused(active: Placement, cast: Cast, budget: Budget) -> None:
    ServiceLevelAgreement.objects.update(period=("2026-09-01", "2027-01-09"))
    period = propose_extension(placement_id=active.pk, last=date(2027, 1, 15), by=cast.slt, now=at(date(2026, 12, 7)))
    with pytest.raises(RuleBroken, match="No service level agreement covers Sat 9 Jan 2027"):
        approve_extension(period_id=period.pk, over_budget_reason="", by=cast.head, now=at(date(2026, 12, 8)))


def test_extension_of_a_placement_whose_period_is_over_is_refused(active: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="end the placement and propose a new one"):
        propose_extension(placement_id=active.pk, last=date(2027, 1, 15), by=cast.slt, now=at(date(2027, 1, 6)))


# --- Ending ---


def end(placement: Placement, day: date, by: Any, now: datetime | None = None, **kwargs: Any) -> Placement:
    """End for a usual reason."""
    return end_placement(
        **{
            "placement_id": placement.pk,
            "ended_on": day,
            "reason": EndingReason.AIMS_MET,
            "destination": Destination.HOME_SCHOOL,
            "note": "",
            "by": by,
            "now": now or at(day, 16),
            **kwargs,
        }
    )


def test_end_on_the_planned_day_keeps_the_money_spent(active: Placement, budget: Budget, cast: Cast) -> None:
    ended = end(active, LAST, cast.slt, reason=EndingReason.PLANNED)
    assert (ended.status, ended.live, ended.ended_on) == (Status.ENDED, False, LAST)
    assert Commitment.objects.get().released == Decimal("0.00")
    assert len(expected_of([ended], FIRST, LAST)[ended.pk]) == 15


@pytest.mark.policy("P1.2")
def test_early_end_asks_the_head_and_releases_what_lies_after(active: Placement, budget: Budget, cast: Cast) -> None:
    day = date(2026, 12, 4)
    with pytest.raises(NotAllowed, match="approve an early end"):
        end(active, day, cast.slt)
    ended = end(active, day, cast.head)
    assert Commitment.objects.get().released == Decimal("450.00")
    assert budget_left(budget) == Decimal("40000.00") - Decimal("225.00")
    assert from_range(ended.periods.get().period) == (FIRST, day)
    assert [d for d, _ in expected_of([ended], FIRST, LAST)[ended.pk]][-1] == day


def test_end_releases_a_whole_extension_that_had_not_begun(active: Placement, budget: Budget, cast: Cast) -> None:
    period = propose_extension(placement_id=active.pk, last=date(2027, 1, 15), by=cast.slt, now=at(date(2026, 12, 7)))
    approve_extension(period_id=period.pk, over_budget_reason="", by=cast.head, now=at(date(2026, 12, 8)))
    end(active, LAST, cast.head)
    assert budget_left(budget) == Decimal("40000.00") - COST
    assert expected_of([active], date(2027, 1, 5), date(2027, 1, 15))[active.pk] == ()


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (date(2026, 11, 27), "The placement began on Mon 30 Nov 2026."),
        (date(2026, 12, 19), "The planned last day was Fri 18 Dec 2026."),
        (date(2026, 12, 9), "An end is recorded on its day or later."),
    ],
)
def test_end_on_an_impossible_day_is_refused(active: Placement, cast: Cast, day: date, sentence: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        end(active, day, cast.head, now=at(date(2026, 12, 8)))
    assert (refused.value.field, refused.value.message) == ("ended_on", sentence)


@pytest.mark.policy("P2.3", "P4.1", "P5.7")
def test_end_with_unknown_codes_is_refused(active: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="why the placement ended"):
        end(active, LAST, cast.head, reason="EXCLUDED")
    with pytest.raises(RuleBroken, match="where the student goes next"):
        end(active, LAST, cast.head, destination="")


def test_cancel_releases_everything_and_frees_the_half_days(approved: Placement, budget: Budget, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        cancel_placement(placement_id=approved.pk, reason="Moved.", by=cast.slt, now=NOW)
    cancelled = cancel_placement(placement_id=approved.pk, reason="Moved.", by=cast.head, now=NOW)
    assert (cancelled.status, cancelled.live) == (Status.CANCELLED, False)
    assert budget_left(budget) == Decimal("40000.00")
    assert set(TimetableSlot.objects.values_list("live", flat=True)) == {False}
    assert expected_of([cancelled], FIRST, LAST)[cancelled.pk] == ()


@pytest.mark.parametrize("service", [start_placement, complete_transfer])
def test_no_move_outside_the_table(proposed: Placement, cast: Cast, service: Any) -> None:
    with pytest.raises(RuleBroken):
        service(placement_id=proposed.pk, by=cast.slt, now=at(FIRST))


# --- Guests, managed moves, home ---


@pytest.fixture
def host(south: School, cast: Cast) -> Provider:
    """South as a provider."""
    return make_provider(
        "South as provider",
        kind=ProviderKind.TRUST_SCHOOL,
        school=south,
        checked_by=cast.slt,
        approved_by=cast.lead,
        now=NOW,
    )


@pytest.mark.policy("P3.3")
def test_guest_needs_the_host_head_and_the_day_of_dual_registration(
    student: Student, host: Provider, cast: Cast, budget: Budget
) -> None:
    guest = placement_at(Status.PROPOSED, student=student, provider=host, cast=cast, now=NOW, first=FIRST)
    assert guest.host_school == host.school
    with pytest.raises(RuleBroken, match=r"has not accepted the student.*dual registration"):
        approve(guest, cast.head)
    for person in (cast.head, cast.ceo, cast.slt2):
        with pytest.raises(NotAllowed):
            accept_guest(placement_id=guest.pk, dual_registered_on=FIRST, by=person, now=NOW)
    accept_guest(placement_id=guest.pk, dual_registered_on=FIRST, by=cast.head2, now=NOW)
    assert approve(guest, cast.head).host_accepted_by == cast.head2


def test_changing_the_provider_forgets_the_acceptance(
    student: Student, host: Provider, provider: Provider, cast: Cast
) -> None:
    guest = placement_at(Status.PROPOSED, student=student, provider=host, cast=cast, now=NOW, first=FIRST)
    accept_guest(placement_id=guest.pk, dual_registered_on=FIRST, by=cast.head2, now=NOW)
    changed = change_proposal(
        placement_id=guest.pk, data=placement_data(provider, FIRST), version=None, by=cast.slt, now=NOW
    )
    assert (changed.host_school_id, changed.host_accepted_on, changed.host_accepted_by) == (None, None, None)


def test_own_school_is_no_provider(student2: Student, host: Provider, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="on the roll of this school already"):
        placement_at(Status.PROPOSED, student=student2, provider=host, cast=cast, now=NOW, first=FIRST)


@pytest.mark.policy("P3.13")
def test_managed_move_has_no_end_no_cost_and_changes_the_roll(
    student: Student, host: Provider, south: School, north: School, cast: Cast
) -> None:
    moved = placement_at(
        Status.PROPOSED,
        student=student,
        provider=host,
        cast=cast,
        now=NOW,
        first=FIRST,
        route=Route.MANAGED_MOVE,
        last=None,
        slots=[],
    )
    accept_guest(placement_id=moved.pk, dual_registered_on=None, by=cast.head2, now=NOW)
    approve(moved, cast.head)
    period = moved.periods.get()
    assert (period.period.upper, period.cost, period.notice_needed, moved.slots.count()) == (None, 0, False, 0)
    with pytest.raises(RuleBroken, match="The transfer is on Mon 30 Nov 2026, not before"):
        complete_transfer(placement_id=moved.pk, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="completed by the transfer"):
        start_placement(placement_id=moved.pk, by=cast.slt, now=at(FIRST))
    with pytest.raises(NotAllowed):
        complete_transfer(placement_id=moved.pk, by=cast.slt2, now=at(FIRST))
    done = complete_transfer(placement_id=moved.pk, by=cast.slt, now=at(FIRST))
    student.refresh_from_db()
    assert (done.status, done.school, student.school) == (Status.COMPLETED, north, south)
    assert list(Enrolment.objects.filter(student=student).values_list("school_id", "until_day")) == [
        (north.pk, FIRST - timedelta(days=1)),
        (south.pk, None),
    ]


def test_managed_move_without_consent_is_refused(student: Student, host: Provider, cast: Cast) -> None:
    moved = placement_at(
        Status.PROPOSED,
        student=student,
        provider=host,
        cast=cast,
        now=NOW,
        first=FIRST,
        route=Route.MANAGED_MOVE,
        last=None,
        consent_on=None,
    )
    accept_guest(placement_id=moved.pk, dual_registered_on=None, by=cast.head2, now=NOW)
    with pytest.raises(RuleBroken, match="Record the parents' consent"):
        approve(moved, cast.head, overrides={"CONSENT": "Later."})


def test_transfer_with_another_open_placement_is_refused(
    approved: Placement, student: Student, host: Provider, cast: Cast
) -> None:
    moved = propose_placement(
        referral_id=approved.referral_id,
        data=placement_data(host, FIRST, route=Route.MANAGED_MOVE, last=None),
        by=cast.slt,
        now=NOW,
    )
    accept_guest(placement_id=moved.pk, dual_registered_on=None, by=cast.head2, now=NOW)
    approve(moved, cast.head)
    with pytest.raises(RuleBroken, match="another open placement"):
        complete_transfer(placement_id=moved.pk, by=cast.slt, now=at(FIRST))


def test_move_to_a_school_outside_the_trust_ends_the_enrolment(student: Student, cast: Cast, north: School) -> None:
    outside = make_provider(
        "Hillcrest School", kind=ProviderKind.OTHER_SCHOOL, checked_by=cast.slt, approved_by=cast.lead, now=NOW
    )
    moved = placement_at(
        Status.PROPOSED,
        student=student,
        provider=outside,
        cast=cast,
        now=NOW,
        first=FIRST,
        route=Route.MANAGED_MOVE,
        last=None,
    )
    accept_guest(placement_id=moved.pk, dual_registered_on=None, by=cast.slt, now=NOW)
    approve(moved, cast.head)
    complete_transfer(placement_id=moved.pk, by=cast.slt, now=at(FIRST))
    student.refresh_from_db()
    assert (student.school, Enrolment.objects.filter(student=student, until_day=None).count()) == (north, 0)


@pytest.mark.policy("P3.4")
def test_home_online_is_not_approved_before_a_visit(student: Student, cast: Cast, budget: Budget) -> None:
    online = make_provider(
        "Clear Screen", kind=ProviderKind.ONLINE, checked_by=cast.slt, approved_by=cast.lead, now=NOW
    )
    Check.objects.create(
        provider=online,
        kind=CheckKind.ACCREDITATION,
        done_on=date(2026, 9, 1),
        expires_on=date(2027, 9, 1),
        recorded_by=cast.slt,
        recorded_at=NOW,
        confirmed_by=cast.lead,
        confirmed_at=NOW,
    )
    placement = placement_at(
        Status.PROPOSED,
        student=student,
        provider=online,
        cast=cast,
        now=NOW,
        first=FIRST,
        route=Route.HOME_ONLINE,
    )
    with pytest.raises(RuleBroken, match="No visit to the home is recorded"):
        approve(placement, cast.head)
    visit = {
        "visited_on": date(2026, 11, 13),
        "visited_by": "Devi Deputy",
        "suitable": True,
        "safeguarding": "Camera on; live lessons only; a parent in the house.",
        "supervisor": "Mary Ashdown",
    }
    with pytest.raises(NotAllowed):
        record_home_visit(placement_id=placement.pk, data=visit, by=cast.att, now=NOW)
    with pytest.raises(RuleBroken, match="not been made yet"):
        record_home_visit(placement_id=placement.pk, data={**visit, "visited_on": FIRST}, by=cast.deputy, now=NOW)
    record_home_visit(placement_id=placement.pk, data=visit, by=cast.deputy, now=NOW)
    assert approve(placement, cast.head).status == Status.APPROVED


def test_home_visit_of_another_route_is_refused(proposed: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="online at home"):
        record_home_visit(placement_id=proposed.pk, data={}, by=cast.slt, now=NOW)


# --- Budgets ---


@pytest.mark.policy("P1.2")
def test_budget_is_proposed_replaced_and_approved_by_another(north: School, year: Any, cast: Cast) -> None:
    first = propose_budget(
        school_id=north.pk, academic_year_id=year.pk, amount=Decimal("1000.00"), by=cast.finance, now=NOW
    )
    second = propose_budget(
        school_id=north.pk, academic_year_id=year.pk, amount=Decimal("1200.00"), by=cast.head, now=NOW
    )
    assert (first.pk, second.amount, second.proposed_by) == (second.pk, Decimal("1200.00"), cast.head)
    with pytest.raises(RuleBroken, match="You proposed this yourself"):
        approve_budget(budget_id=second.pk, by=cast.head, now=NOW)
    with pytest.raises(NotAllowed):
        approve_budget(budget_id=second.pk, by=cast.finance, now=NOW)
    assert approve_budget(budget_id=second.pk, by=cast.ceo, now=NOW).status == BudgetStatus.APPROVED
    with pytest.raises(RuleBroken, match="already has an approved budget"):
        propose_budget(school_id=north.pk, academic_year_id=year.pk, amount=Decimal(1), by=cast.finance, now=NOW)
    with pytest.raises(NotAllowed):
        propose_budget(school_id=north.pk, academic_year_id=year.pk, amount=Decimal(1), by=cast.slt, now=NOW)


def test_negative_budget_is_refused_with_the_sentence_of_the_model(north: School, year: Any, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="A budget cannot be negative"):
        propose_budget(school_id=north.pk, academic_year_id=year.pk, amount=Decimal(-1), by=cast.finance, now=NOW)


# --- The one answer to what is expected ---


@pytest.mark.parametrize("how_many", [1, 3])
def test_expected_of_asks_four_queries_for_any_number(
    how_many: int, north: School, provider: Provider, cast: Cast, budget: Budget, django_assert_num_queries: Any
) -> None:
    placements = []
    for number in range(how_many):
        student = make_student(north, f"Student{number}", "Kit")
        make_contact(student)
        placements.append(
            placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=FIRST)
        )
    with django_assert_num_queries(4):
        expected = expected_of(placements, FIRST, date(2026, 12, 4))
    assert {pk: len(days) for pk, days in expected.items()} == {p.pk: 5 for p in placements}


def test_expected_of_leaves_out_closed_sites(approved: Placement, provider: Provider) -> None:
    site = make_site(provider, "Other site")
    provider.sites.get(pk=approved.site_id).closures.create(day=date(2026, 12, 1))
    site.closures.create(day=date(2026, 12, 2))
    days = [day for day, _ in expected_of([approved], FIRST, date(2026, 12, 3))[approved.pk]]
    assert days == [FIRST, date(2026, 12, 2), date(2026, 12, 3)]


def test_expected_of_leaves_out_days_on_which_the_host_is_closed(
    student: Student, host: Provider, south: School, cast: Cast, budget: Budget
) -> None:
    guest = placement_at(
        Status.PROPOSED,
        student=student,
        provider=host,
        cast=cast,
        now=NOW,
        first=FIRST,
        dual_registered_on=FIRST,
    )
    accept_guest(placement_id=guest.pk, dual_registered_on=FIRST, by=cast.head2, now=NOW)
    approve(guest, cast.head)
    guest.refresh_from_db()
    south.non_school_days.create(day=date(2026, 12, 1), kind="INSET")
    days = [day for day, _ in expected_of([guest], FIRST, date(2026, 12, 2))[guest.pk]]
    assert days == [FIRST, date(2026, 12, 2)]
