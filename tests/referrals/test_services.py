"""The doors of referrals: what they write, and what they refuse."""

from typing import Any

import pytest

from referrals.codes import Reason
from referrals.lifecycle import Status
from referrals.models import Referral
from referrals.services import (
    decide_referral,
    save_referral,
    start_referral,
    submit_referral,
    withdraw_referral,
)
from tests.factories.people import give, make_student
from tests.factories.placements import referral_at, referral_data
from tests.fixtures import NOW, Cast
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import School, Student
from trust.permissions import Role

pytestmark = pytest.mark.django_db


def decide(referral: Referral, by: Any, decision: str = Status.APPROVED, reason: str = "Read.") -> Referral:
    return decide_referral(referral_id=referral.pk, decision=decision, reason=reason, by=by, now=NOW)


@pytest.fixture
def submitted(student: Student, cast: Cast) -> Referral:
    return referral_at(Status.SUBMITTED, student=student, cast=cast, now=NOW)


@pytest.mark.policy("P6.1")
def test_start_referral_keeps_school_year_and_author(student: Student, north: School, cast: Cast) -> None:
    data = referral_data(reasons=[Reason.RESPITE, Reason.NOT_ATTENDING, Reason.RESPITE])
    referral = start_referral(student_id=student.pk, data=data, by=cast.team, now=NOW)
    referral.refresh_from_db()
    assert (referral.status, referral.school, referral.nc_year) == (Status.DRAFT, north, 9)
    assert (referral.written_by, referral.written_at) == (cast.team, NOW)
    # The main reason is not repeated among the further ones.
    assert list(referral.reasons.values_list("reason", flat=True)) == [Reason.RESPITE]


@pytest.mark.parametrize("person", ["att", "ceo", "finance", "trustee", "slt2", "head2"])
def test_start_referral_without_the_permission_there_is_refused(student: Student, cast: Cast, person: str) -> None:
    with pytest.raises(NotAllowed, match="write a referral"):
        start_referral(student_id=student.pk, data={}, by=getattr(cast, person), now=NOW)


def test_start_referral_twice_is_refused_until_the_first_is_finished(student: Student, cast: Cast) -> None:
    first = start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="already has an open referral"):
        start_referral(student_id=student.pk, data={}, by=cast.team, now=NOW)
    withdraw_referral(referral_id=first.pk, reason="Begun by mistake.", by=cast.slt, now=NOW)
    assert start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW).pk != first.pk


def test_save_referral_keeps_parts_and_counts_versions(student: Student, cast: Cast) -> None:
    referral = start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW)
    saved = save_referral(
        referral_id=referral.pk,
        data={"aims": "English at grade 4."},
        reasons=[Reason.KS4_SKILLS],
        version=1,
        by=cast.team,
        now=NOW,
    )
    assert (saved.aims, saved.primary_reason, saved.version) == ("English at grade 4.", "", 2)
    save_referral(referral_id=referral.pk, data={}, reasons=None, version=2, by=cast.slt, now=NOW)
    assert list(saved.reasons.values_list("reason", flat=True)) == [Reason.KS4_SKILLS]
    save_referral(referral_id=referral.pk, data={}, reasons=[], version=3, by=cast.slt, now=NOW)
    assert saved.reasons.count() == 0
    with pytest.raises(StaleRecord):
        save_referral(referral_id=referral.pk, data={"aims": "Lost?"}, reasons=[], version=2, by=cast.slt, now=NOW)
    saved.refresh_from_db()
    assert saved.aims == "English at grade 4."


def test_save_referral_writes_nothing_but_the_words(student: Student, cast: Cast) -> None:
    referral = start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW)
    data = {"status": Status.APPROVED, "school_id": 0, "decided_by": cast.slt}
    saved = save_referral(referral_id=referral.pk, data=data, reasons=None, version=None, by=cast.slt, now=NOW)
    saved.refresh_from_db()
    assert (saved.status, saved.decided_by) == (Status.DRAFT, None)


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.APPROVED, Status.DECLINED, Status.WITHDRAWN])
def test_save_referral_that_is_out_of_hands_is_refused(student: Student, cast: Cast, status: str) -> None:
    referral = referral_at(status, student=student, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="no longer written on"):
        save_referral(referral_id=referral.pk, data={}, reasons=None, version=None, by=cast.slt, now=NOW)


@pytest.mark.policy("P1.1")
def test_submit_referral_names_what_is_missing(student: Student, cast: Cast) -> None:
    referral = start_referral(
        student_id=student.pk, data=referral_data(aims="", exclusion_alternative=None), by=cast.slt, now=NOW
    )
    with pytest.raises(RuleBroken) as refused:
        submit_referral(referral_id=referral.pk, by=cast.slt, now=NOW)
    assert refused.value.message == (
        "This referral is not complete. Say whether this is offered as an alternative to permanent exclusion. "
        "Give the aims, at least one of them measurable."
    )
    referral.refresh_from_db()
    assert (referral.status, referral.submitted_at) == (Status.DRAFT, None)


@pytest.mark.policy("P2.1")
def test_submit_referral_of_another_year_needs_its_reason(north: School, cast: Cast) -> None:
    young = make_student(north, "Eve", "Lou", nc_year=6)
    referral = start_referral(student_id=young.pk, data=referral_data(), by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="a year outside 7 to 11"):
        submit_referral(referral_id=referral.pk, by=cast.slt, now=NOW)
    save_referral(
        referral_id=referral.pk,
        data={"nc_year_reason": "Taught with Year 7."},
        reasons=None,
        version=None,
        by=cast.slt,
        now=NOW,
    )
    assert submit_referral(referral_id=referral.pk, by=cast.slt, now=NOW).status == Status.SUBMITTED


def test_decide_referral_approves_with_person_and_time(submitted: Referral, cast: Cast) -> None:
    approved = decide(submitted, cast.head)
    assert (approved.status, approved.decided_by, approved.decided_at) == (Status.APPROVED, cast.head, NOW)
    with pytest.raises(RuleBroken, match="it was done already"):
        decide(submitted, cast.head)


@pytest.mark.parametrize("person", ["team", "dsl", "lead", "att", "slt2", "head2", "finance"])
def test_decide_referral_without_the_permission_is_refused(submitted: Referral, cast: Cast, person: str) -> None:
    with pytest.raises(NotAllowed, match="decide a referral"):
        decide(submitted, getattr(cast, person))


def test_decide_own_referral_is_refused_to_author_and_submitter(student: Student, cast: Cast) -> None:
    referral = start_referral(student_id=student.pk, data=referral_data(), by=cast.slt, now=NOW)
    submit_referral(referral_id=referral.pk, by=cast.deputy, now=NOW)
    for person in (cast.slt, cast.deputy):
        with pytest.raises(RuleBroken, match="another person has to decide"):
            decide(referral, person)
    assert decide(referral, cast.head).status == Status.APPROVED


@pytest.mark.policy("P5.2")
@pytest.mark.policy("P7.1")
def test_alternative_to_exclusion_is_decided_by_head_or_chief_executive(student: Student, cast: Cast) -> None:
    referral = referral_at(
        Status.SUBMITTED, student=student, cast=cast, now=NOW, data=referral_data(exclusion_alternative=True)
    )
    with pytest.raises(NotAllowed, match=r"exclusion here\. Headteacher or Chief executive can"):
        decide(referral, cast.deputy)
    assert decide(referral, cast.ceo).status == Status.APPROVED


def test_permission_at_another_school_does_not_count(submitted: Referral, south: School, cast: Cast) -> None:
    give(cast.team, Role.SLT, south)
    with pytest.raises(NotAllowed):
        decide(submitted, cast.team)


@pytest.mark.parametrize("decision", [Status.RETURNED, Status.DECLINED])
def test_return_and_decline_need_a_reason(submitted: Referral, cast: Cast, decision: str) -> None:
    with pytest.raises(RuleBroken, match="Give the reason"):
        decide(submitted, cast.head, decision, " ")
    assert decide(submitted, cast.head, decision, "Too early.").decision_reason == "Too early."


def test_decide_referral_with_an_unknown_word_is_refused(submitted: Referral, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="Choose to approve"):
        decide(submitted, cast.head, Status.WITHDRAWN)


def test_returned_referral_is_written_on_and_decided_anew(submitted: Referral, cast: Cast) -> None:
    decide(submitted, cast.head, Status.RETURNED, "What about mentoring?")
    save_referral(
        referral_id=submitted.pk, data={"narrative": "More."}, reasons=None, version=None, by=cast.slt, now=NOW
    )
    again = submit_referral(referral_id=submitted.pk, by=cast.slt, now=NOW)
    assert (again.status, again.decided_by, again.decision_reason) == (Status.SUBMITTED, None, "")


def test_withdraw_referral_needs_a_reason_and_an_open_referral(submitted: Referral, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="Give the reason for withdrawing it"):
        withdraw_referral(referral_id=submitted.pk, reason="", by=cast.slt, now=NOW)
    assert withdraw_referral(referral_id=submitted.pk, reason="Moved.", by=cast.slt, now=NOW).status == "WITHDRAWN"
    with pytest.raises(RuleBroken, match="it was done already"):
        withdraw_referral(referral_id=submitted.pk, reason="Moved.", by=cast.slt, now=NOW)
