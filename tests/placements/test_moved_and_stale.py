"""What is seen is what is decided; what is left behind at a move; what a late step may not do."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from notices.services import authorise_notice, save_notice
from placements.codes import PeriodKind
from placements.lifecycle import Status
from placements.models import GateOverride, Placement
from placements.rules import GateCode
from placements.services import (
    approve_extension,
    change_proposal,
    decide_placement,
    override_gate,
    propose_extension,
    record_notice_void,
    reopen_placement,
    resume_placement,
    start_placement,
    withdraw_placement,
)
from providers.codes import ProviderKind
from referrals.models import Referral
from tests.factories.notices import notice_at
from tests.factories.placements import offer_for, placement_at, placement_data, referral_at
from tests.factories.providers import make_provider
from tests.fixtures import NOW
from trust.calendar import LONDON
from trust.errors import RuleBroken
from trust.models import ContactLink, Student

pytestmark = pytest.mark.django_db


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LONDON)


def move_to(student, south):
    student.enrolments.update(until_day=date(2026, 11, 1))
    student.enrolments.create(school=south, from_day=date(2026, 11, 2))
    Student.objects.filter(pk=student.pk).update(school=south)
    return Student.objects.get(pk=student.pk)


def test_host_sees_a_guest_while_proposed_or_placed_and_never_after_a_withdrawal(cast, student, south, budget):
    host = make_provider(
        "South as provider",
        kind=ProviderKind.TRUST_SCHOOL,
        school=south,
        checked_by=cast.slt,
        approved_by=cast.lead,
        now=NOW,
    )
    guest = placement_at(Status.PROPOSED, student=student, provider=host, cast=cast, now=NOW)
    for records in (Student.objects, ContactLink.objects, Placement.objects):
        assert records.visible_to(cast.dsl2).exists(), records.model
    withdraw_placement(placement_id=guest.pk, reason="Another place was found", by=cast.slt, now=NOW)
    for records in (Student.objects, ContactLink.objects, Placement.objects):
        assert not records.visible_to(cast.dsl2).exists(), records.model
        assert records.visible_to(cast.dsl).exists(), records.model


def test_former_school_does_not_see_what_the_new_school_writes(cast, login, student, south):
    old = referral_at("APPROVED", student=student, cast=cast, now=NOW - timedelta(days=30))
    moved = move_to(student, south)
    new = referral_at("SUBMITTED", student=moved, cast=cast, now=NOW)
    assert set(Referral.objects.visible_to(cast.slt)) == {old}
    assert login(cast.slt).get(reverse("referrals:referral-detail", args=[new.pk])).status_code == 404


def test_new_school_sees_the_case_of_before_the_move(cast, login, student, south, provider, budget):
    placement = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW)
    move_to(student, south)
    assert list(Placement.objects.visible_to(cast.slt2)) == [placement]
    assert list(Referral.objects.visible_to(cast.slt2)) == [placement.referral]
    assert list(Placement.objects.visible_to(cast.slt)) == [placement]
    page = reverse("placements:placement-detail", args=[placement.pk])
    assert login(cast.slt2).get(page).status_code == 200
    assert login(cast.slt).get(page).status_code == 200


def test_decide_placement_changed_since_it_was_read_is_refused(cast, login, student, provider, budget):
    placement = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW)
    url = reverse("placements:placement-decide", args=[placement.pk])
    client = login(cast.head)
    seen = client.get(url).context["form"]["version"].value()
    first = placement.periods.get().period.lower
    change_proposal(
        placement_id=placement.pk,
        data=placement_data(provider, first, last=first + timedelta(days=90)),
        version=placement.version,
        by=cast.slt,
        now=NOW,
    )
    answer = client.post(url, {"decision": "APPROVED", "reason": "", "version": seen})
    assert answer.status_code == 422
    assert Placement.objects.get().status == Status.PROPOSED
    again = answer.context["form"]["version"].value()
    offer_for(placement, now=NOW)
    assert client.post(url, {"decision": "APPROVED", "reason": "", "version": again}).status_code == 302
    assert Placement.objects.get().status == Status.APPROVED


def test_authorise_notice_changed_since_it_was_read_is_refused(cast, login, student, provider, budget):
    placement = placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW)
    notice = notice_at("DRAFT", placement.periods.get(), cast, NOW)
    url = reverse("notices:notice-authorise", args=[notice.pk])
    client = login(cast.head)
    seen = client.get(url).context["form"]["version"].value()
    save_notice(notice_id=notice.pk, data={"reasons": "Other words."}, version=notice.version, by=cast.slt, now=NOW)
    answer = client.post(url, {"version": seen})
    assert answer.status_code == 422
    notice.refresh_from_db()
    assert notice.status == "DRAFT"
    assert client.post(url, {"version": answer.context["form"]["version"].value()}).status_code == 302
    with pytest.raises(RuleBroken):
        authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)


def test_change_proposal_drops_overrides_given_for_what_it_was(cast, student, provider, budget):
    provider.checks.filter(kind="INSURANCE").delete()
    placement = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW)
    override_gate(placement_id=placement.pk, code=GateCode.INSURANCE, reason="Seen on paper.", by=cast.head, now=NOW)
    placement.refresh_from_db()
    change_proposal(
        placement_id=placement.pk,
        data=placement_data(provider, placement.periods.get().period.lower),
        version=placement.version,
        by=cast.slt,
        now=NOW,
    )
    assert not GateOverride.objects.exists()
    with pytest.raises(RuleBroken, match="Insurance"):
        decide_placement(
            placement_id=placement.pk,
            decision="APPROVED",
            reason="",
            overrides={},
            over_budget_reason="",
            by=cast.head,
            now=NOW,
        )


def test_approve_extension_after_its_first_day_is_refused(cast, student, provider, budget):
    placement = placement_at(
        Status.ACTIVE, student=student, provider=provider, cast=cast, now=NOW, last=date(2026, 11, 27)
    )
    period = propose_extension(placement_id=placement.pk, last=date(2026, 12, 18), by=cast.slt, now=NOW)
    assert period.kind == PeriodKind.EXTENSION
    with pytest.raises(RuleBroken, match="has passed"):
        approve_extension(period_id=period.pk, over_budget_reason="", by=cast.head, now=at(date(2026, 12, 2)))


@pytest.mark.policy("P7.2")
def test_notice_void_after_the_start_is_refused_under_the_lock(cast, student, provider, budget):
    placement = placement_at(Status.ACTIVE, student=student, provider=provider, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="already attends"):
        record_notice_void(period_id=placement.periods.get().pk, by=cast.head, now=NOW)


def test_decision_and_ending_words_are_not_for_the_attendance_team(cast, login, student, provider, budget):
    placement = placement_at(Status.DECLINED, student=student, provider=provider, cast=cast, now=NOW)
    own = reverse("placements:placement-detail", args=[placement.pk])
    referral = reverse("referrals:referral-detail", args=[placement.referral_id])
    assert "Discussed with the family." in login(cast.slt).get(own).content.decode()
    assert "Discussed with the family." not in login(cast.att).get(own).content.decode()
    assert "Read and discussed." in login(cast.slt).get(referral).content.decode()
    assert "Read and discussed." not in login(cast.att).get(referral).content.decode()


def test_decide_placement_of_a_student_who_has_moved_is_refused(cast, student, south, provider, budget):
    placement = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW)
    move_to(student, south)
    with pytest.raises(RuleBroken, match="changed school"):
        decide_placement(
            placement_id=placement.pk,
            decision="APPROVED",
            reason="",
            overrides={},
            over_budget_reason="",
            by=cast.head,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("status", "door", "more"),
    [
        (Status.APPROVED, resume_placement, {"reason": "Cleared."}),
        (Status.APPROVED, reopen_placement, {"reason": "By mistake."}),
        (Status.PAUSED, start_placement, {}),
        (Status.PAUSED, reopen_placement, {"reason": "By mistake."}),
        (Status.ENDED, start_placement, {}),
        (Status.ENDED, resume_placement, {"reason": "Cleared."}),
    ],
)
def test_each_door_to_a_running_placement_leads_from_its_own_status(
    cast, student, provider, budget, status, door, more
):
    placement = placement_at(status, student=student, provider=provider, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="This step is for a placement that is"):
        door(placement_id=placement.pk, by=cast.head, now=NOW, **more)
    placement.refresh_from_db()
    assert placement.status == status
