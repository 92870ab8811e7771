"""The doors of referrals: what they write, and what they refuse."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from placements.lifecycle import Status as PlacementStatus
from placements.models import Budget
from providers.models import Provider
from referrals.codes import Reason, Section, SectionState
from referrals.lifecycle import EDITABLE, Status
from referrals.models import Referral, ReferralSection, ReferralWriter
from referrals.queries import section_version, steps_of, waits_for
from referrals.services import (
    amend_referral,
    decide_referral,
    reopen_referral,
    save_referral,
    save_section,
    start_referral,
    submit_referral,
    void_referral,
    withdraw_referral,
)
from tests.factories.people import give, make_student, make_user
from tests.factories.placements import placement_at, referral_at, referral_data
from tests.fixtures import NOW, TODAY, Cast
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import School, Student
from trust.permissions import Role

pytestmark = pytest.mark.django_db


LATER = NOW + timedelta(minutes=5)


def save(
    referral: Referral,
    section: str,
    by: Any,
    *,
    state: str | None = SectionState.IN_PROGRESS,
    note: str = "",
    version: int | None = None,
    now: datetime = NOW,
    **data: Any,
) -> ReferralSection:
    return save_section(
        referral_id=referral.pk, section=section, data=data, state=state, note=note, version=version, by=by, now=now
    )


def amend(
    referral: Referral, section: str, by: Any, *, reason: str = "Misread.", version: int | None = None, **data: Any
) -> Referral:
    return amend_referral(
        referral_id=referral.pk, section=section, data=data, reason=reason, version=version, by=by, now=LATER
    )


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


@pytest.mark.parametrize("status", sorted(set(Status) - EDITABLE))
def test_save_referral_that_is_out_of_hands_is_refused(student: Student, cast: Cast, status: str) -> None:
    referral = referral_at(status, student=student, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="no longer written on"):
        save_referral(referral_id=referral.pk, data={}, reasons=None, version=None, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="no longer written on"):
        save(referral, Section.NEEDS, cast.slt, needs="More.")


@pytest.mark.policy("P1.1")
def test_submit_referral_names_what_is_missing(student: Student, cast: Cast) -> None:
    referral = start_referral(
        student_id=student.pk, data=referral_data(aims="", exclusion_alternative=None), by=cast.slt, now=NOW
    )
    with pytest.raises(RuleBroken) as refused:
        submit_referral(referral_id=referral.pk, by=cast.slt, now=NOW)
    assert refused.value.message == (
        "This referral is not complete. Give the aims, at least one of them measurable. "
        "Say whether this is offered as an alternative to permanent exclusion."
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


# --- sections ---------------------------------------------------------------------------------------------------


def test_start_referral_takes_the_interests_of_the_student(student: Student, cast: Cast) -> None:
    Student.objects.filter(pk=student.pk).update(interests="Cars,\ncooking " + "x" * 300)
    referral = start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW)
    assert referral.interests.startswith("Cars, cooking xxx")
    assert len(referral.interests) == 240
    # Filled in for the writer, who has not looked at it yet.
    assert referral.sections.count() == 0


def test_start_referral_remembers_which_sections_were_written(student: Student, cast: Cast) -> None:
    data = {"primary_reason": Reason.RESPITE, "needs": "Quiet.", "exclusion_alternative": False, "medical": ""}
    referral = start_referral(student_id=student.pk, data=data, by=cast.slt, now=NOW)
    assert dict(referral.sections.values_list("section", "state")) == {
        Section.REASONS: SectionState.IN_PROGRESS,
        Section.NEEDS: SectionState.DONE,
        Section.EXCLUSION: SectionState.DONE,
    }


def test_save_section_keeps_its_fields_and_leaves_the_others(student: Student, cast: Cast) -> None:
    referral = start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW)
    row = save(
        referral,
        Section.REASONS,
        cast.team,
        state="DONE",
        primary_reason=Reason.RESPITE,
        reasons=[Reason.RESPITE, Reason.NEET_RISK],
        narrative="Fights.",
        needs="Not of this section",
        status=Status.APPROVED,
    )
    referral.refresh_from_db()
    assert (referral.primary_reason, referral.narrative, referral.needs) == (Reason.RESPITE, "Fights.", "")
    assert (referral.status, referral.version) == (Status.DRAFT, 2)
    assert list(referral.reasons.values_list("reason", flat=True)) == [Reason.NEET_RISK]
    assert (row.state, row.saved_by, row.saved_at) == (SectionState.DONE, cast.team, NOW)
    assert set(referral.writers.values_list("user_id", flat=True)) == {cast.slt.pk, cast.team.pk}


def test_save_section_of_which_nothing_changed_writes_nothing(student: Student, cast: Cast) -> None:
    referral = start_referral(student_id=student.pk, data={"needs": "Quiet."}, by=cast.slt, now=NOW)
    save(referral, Section.NEEDS, cast.team, state=None, now=LATER, needs="Quiet.")
    referral.refresh_from_db()
    assert (referral.version, referral.sections.get().saved_at) == (1, NOW)
    assert not ReferralWriter.objects.filter(user=cast.team).exists()


def test_save_section_is_refused_only_when_this_section_changed_meanwhile(student: Student, cast: Cast) -> None:
    referral = start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW)
    first = save(referral, Section.NEEDS, cast.slt, version=0, needs="Quiet.")
    # Somebody else writes on another section: both pages were open.
    save(referral, Section.MEDICAL, cast.team, version=0, medical="Asthma.")
    second = save(referral, Section.NEEDS, cast.team, version=section_version(first), now=LATER, needs="Very quiet.")
    assert section_version(second) != section_version(first)
    for stale in (0, section_version(first)):
        with pytest.raises(StaleRecord):
            save(referral, Section.NEEDS, cast.slt, version=stale, needs="Lost?")
    referral.refresh_from_db()
    assert (referral.needs, referral.medical) == ("Very quiet.", "Asthma.")


def test_save_section_refuses_done_with_a_gap_and_future_dates_and_keeps_nothing(student: Student, cast: Cast) -> None:
    referral = start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="Choose the main reason"):
        save(referral, Section.REASONS, cast.slt, state="DONE", narrative="Fights.")
    with pytest.raises(RuleBroken, match="future"):
        save(referral, Section.FAMILY, cast.slt, family_met_on=date(2026, 11, 17))
    with pytest.raises(RuleBroken, match="Say why"):
        save(referral, Section.FAMILY, cast.slt, state="CANNOT_FINISH")
    referral.refresh_from_db()
    assert (referral.narrative, referral.family_met_on, referral.sections.count()) == ("", None, 0)


@pytest.mark.parametrize("person", ["att", "ceo", "lead", "slt2"])
def test_save_section_without_the_permission_is_refused(student: Student, cast: Cast, person: str) -> None:
    referral = start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW)
    with pytest.raises(NotAllowed):
        save(referral, Section.NEEDS, getattr(cast, person), needs="Quiet.")


# --- who decides ------------------------------------------------------------------------------------------------


@pytest.mark.policy("P6.5")
def test_decide_is_refused_to_everybody_who_wrote_a_word(student: Student, cast: Cast) -> None:
    referral = referral_at(Status.DRAFT, student=student, cast=cast, now=NOW)
    save(referral, Section.NEEDS, cast.head, needs="Quiet.")
    submit_referral(referral_id=referral.pk, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="another person has to decide"):
        decide(referral, cast.head)
    assert decide(referral, cast.deputy).decided_by == cast.deputy


def test_whoever_returned_it_may_write_and_then_does_not_decide(submitted: Referral, cast: Cast) -> None:
    decide(submitted, cast.head, Status.RETURNED, "What about mentoring?")
    save(submitted, Section.TRIED, cast.head, aims="One aim.")
    submit_referral(referral_id=submitted.pk, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="another person has to decide"):
        decide(submitted, cast.head)


def test_decide_is_refused_when_a_fact_was_amended_since(submitted: Referral, cast: Cast) -> None:
    opened = Referral.objects.get(pk=submitted.pk).version
    amend(submitted, Section.NEEDS, cast.team, needs="A quiet room.")
    with pytest.raises(StaleRecord):
        decide_referral(referral_id=submitted.pk, decision="APPROVED", reason="", by=cast.head, now=NOW, version=opened)
    submitted.refresh_from_db()
    assert submitted.status == Status.SUBMITTED
    decide_referral(
        referral_id=submitted.pk, decision="APPROVED", reason="", by=cast.head, now=NOW, version=submitted.version
    )


def test_waits_for_those_who_may_decide_and_did_not_write(submitted: Referral, north: School, cast: Cast) -> None:
    gone = make_user("Gone Deputy", (Role.SLT, north))
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    give(make_user("Old Deputy"), Role.SLT, north, until_day=date(2026, 11, 15))
    give(cast.dsl, Role.HEAD, north, until_day=date(2026, 12, 1), acting=True)
    waiting = waits_for(Referral.objects.get(pk=submitted.pk), TODAY)
    assert waiting is not None
    assert waiting.since == NOW
    # Not Simon Senior, who wrote it; nobody of another school.
    assert {(person, role) for person, role in waiting.people} == {
        (cast.head, "Headteacher"),
        (cast.dsl, "acting headteacher"),
        (cast.deputy, "Pastoral SLT"),
        (cast.ceo, "Chief executive"),
    }


@pytest.mark.policy("P5.2")
def test_alternative_to_exclusion_waits_for_heads_only(student: Student, cast: Cast) -> None:
    data = referral_data(exclusion_alternative=True)
    referral = referral_at(Status.SUBMITTED, student=student, cast=cast, now=NOW, data=data)
    waiting = waits_for(referral, TODAY)
    assert waiting is not None
    assert [person for person, _ in waiting.people] == [cast.head, cast.ceo]
    assert waits_for(decide(referral, cast.head), TODAY) is None


# --- amend ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.APPROVED, Status.DECLINED])
def test_amend_keeps_old_new_and_reason(student: Student, cast: Cast, status: str) -> None:
    referral = referral_at(status, student=student, cast=cast, now=NOW, data=referral_data(reasons=["RESPITE"]))
    amended = amend(
        referral,
        Section.REASONS,
        cast.team,
        primary_reason=Reason.SUSPENSIONS,
        reasons=[],
        narrative=referral.narrative,
        needs="Not of this section",
    )
    amended.refresh_from_db()
    assert (amended.primary_reason, amended.status) == (Reason.SUSPENSIONS, status)
    assert amended.needs == referral.needs
    assert amended.version == referral.version + 1
    assert {(row.field, row.old, row.new) for row in amended.amendments.all()} == {
        ("primary_reason", "Not attending regularly", Reason.SUSPENSIONS.label),
        ("reasons", "Respite to change behaviour, with reintegration in view", ""),
    }
    assert {(row.reason, row.by, row.at) for row in amended.amendments.all()} == {("Misread.", cast.team, LATER)}


def test_amend_of_a_day_is_kept_in_words(submitted: Referral, cast: Cast) -> None:
    amend(submitted, Section.FAMILY, cast.team, family_met_on=date(2026, 9, 21))
    row = submitted.amendments.get()
    assert (row.field, row.old, row.new) == ("family_met_on", "Mon 14 Sep 2026", "Mon 21 Sep 2026")


@pytest.mark.parametrize("status", [Status.DRAFT, Status.RETURNED, Status.WITHDRAWN, Status.VOID])
def test_amend_of_what_is_written_or_closed_is_refused(student: Student, cast: Cast, status: str) -> None:
    referral = referral_at(status, student=student, cast=cast, now=NOW)
    with pytest.raises(RuleBroken):
        amend(referral, Section.NEEDS, cast.team, needs="A quiet room.")
    assert referral.amendments.count() == 0


def test_amend_refuses_no_change_no_reason_a_gap_and_a_stale_page(submitted: Referral, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="Nothing was changed"):
        amend(submitted, Section.NEEDS, cast.team, needs=submitted.needs)
    with pytest.raises(RuleBroken, match="Give the reason for the amendment"):
        amend(submitted, Section.NEEDS, cast.team, reason=" ", needs="A quiet room.")
    with pytest.raises(RuleBroken, match="not complete"):
        amend(submitted, Section.TRIED, cast.team, aims="")
    with pytest.raises(RuleBroken, match="future"):
        amend(submitted, Section.FAMILY, cast.team, family_met_on=date(2027, 1, 5))
    with pytest.raises(StaleRecord):
        amend(submitted, Section.NEEDS, cast.team, version=1, needs="A quiet room.")
    with pytest.raises(NotAllowed):
        amend(submitted, Section.NEEDS, cast.ceo, needs="A quiet room.")
    assert submitted.amendments.count() == 0


def test_amender_does_not_decide_and_decider_does_not_amend(submitted: Referral, cast: Cast) -> None:
    amend(submitted, Section.NEEDS, cast.deputy, needs="A quiet room.")
    with pytest.raises(RuleBroken, match="another person has to decide"):
        decide(submitted, cast.deputy)
    decide(submitted, cast.head)
    with pytest.raises(RuleBroken, match="You decided this referral"):
        amend(submitted, Section.NEEDS, cast.head, needs="Noise.")


@pytest.mark.policy("P7.1")
def test_amend_to_an_alternative_to_exclusion_does_not_go_round_the_headteacher(
    submitted: Referral, cast: Cast
) -> None:
    decide(submitted, cast.deputy)
    with pytest.raises(RuleBroken, match="decided by the Headteacher"):
        amend(submitted, Section.EXCLUSION, cast.team, exclusion_alternative=True)


@pytest.mark.policy("P7.1")
def test_amend_to_an_alternative_to_exclusion_holds_when_a_head_decided(submitted: Referral, cast: Cast) -> None:
    decide(submitted, cast.head)
    assert amend(submitted, Section.EXCLUSION, cast.team, exclusion_alternative=True).exclusion_alternative is True


# --- close and open again ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.DECLINED])
def test_reopen_gives_a_draft_with_its_words_and_asks_a_new_decision(student: Student, cast: Cast, status: str) -> None:
    referral = referral_at(status, student=student, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="Give the reason for taking it up again"):
        reopen_referral(referral_id=referral.pk, reason=" ", by=cast.slt, now=NOW)
    again = reopen_referral(referral_id=referral.pk, reason="They came back.", by=cast.team, now=NOW)
    assert (again.status, again.closing_reason, again.aims) == (Status.DRAFT, "They came back.", referral.aims)
    save(again, Section.NEEDS, cast.team, needs="A quiet room.")
    submit_referral(referral_id=again.pk, by=cast.slt, now=NOW)
    assert decide(again, cast.head).status == Status.APPROVED


def test_reopen_beside_an_open_referral_or_after_a_change_of_school_is_refused(
    student: Student, south: School, cast: Cast
) -> None:
    old = referral_at(Status.WITHDRAWN, student=student, cast=cast, now=NOW)
    new = referral_at(Status.DRAFT, student=student, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="already has an open referral"):
        reopen_referral(referral_id=old.pk, reason="Again.", by=cast.slt, now=NOW)
    withdraw_referral(referral_id=new.pk, reason="Twice.", by=cast.slt, now=NOW)
    Student.objects.filter(pk=student.pk).update(school=south)
    with pytest.raises(RuleBroken, match="changed school"):
        reopen_referral(referral_id=old.pk, reason="Again.", by=cast.slt, now=NOW)


def test_void_asks_the_writer_for_a_draft_and_the_decider_later(student: Student, cast: Cast) -> None:
    draft = referral_at(Status.DRAFT, student=student, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="Give the reason for making it void"):
        void_referral(referral_id=draft.pk, reason="", by=cast.team, now=NOW)
    with pytest.raises(NotAllowed):
        void_referral(referral_id=draft.pk, reason="Wrong student.", by=cast.ceo, now=NOW)
    void = void_referral(referral_id=draft.pk, reason="Wrong student.", by=cast.team, now=NOW)
    assert (void.status, void.closing_reason) == (Status.VOID, "Wrong student.")
    # It counts nowhere: another may be started.
    approved = referral_at(Status.APPROVED, student=student, cast=cast, now=NOW)
    with pytest.raises(NotAllowed):
        void_referral(referral_id=approved.pk, reason="Wrong student.", by=cast.team, now=NOW)
    assert void_referral(referral_id=approved.pk, reason="Twice.", by=cast.head, now=NOW).decided_by == cast.head


def test_void_under_an_open_placement_is_refused(
    student: Student, provider: Provider, budget: Budget, cast: Cast
) -> None:
    placement = placement_at(PlacementStatus.PROPOSED, student=student, provider=provider, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="placement under this referral"):
        void_referral(referral_id=placement.referral_id, reason="Wrong student.", by=cast.head, now=NOW)
    type(placement).objects.filter(pk=placement.pk).update(status="WITHDRAWN")
    void_referral(referral_id=placement.referral_id, reason="Wrong student.", by=cast.head, now=NOW)


def test_steps_tell_every_move_with_who_and_why(submitted: Referral, cast: Cast) -> None:
    decide(submitted, cast.head, Status.RETURNED, "What about mentoring?")
    submit_referral(referral_id=submitted.pk, by=cast.slt, now=LATER)
    decide(submitted, cast.head, Status.DECLINED, "Not yet.")
    reopen_referral(referral_id=submitted.pk, reason="Now.", by=cast.team, now=LATER)
    steps = steps_of(Referral.objects.get(pk=submitted.pk))
    assert [(step.status, step.by, step.reason, step.again) for step in steps] == [
        (Status.DRAFT, cast.slt, "", False),
        (Status.SUBMITTED, cast.slt, "", False),
        (Status.RETURNED, cast.head, "What about mentoring?", False),
        (Status.SUBMITTED, cast.slt, "", False),
        (Status.DECLINED, cast.head, "Not yet.", False),
        (Status.DRAFT, cast.team, "Now.", True),
    ]
    assert [step.at for step in steps][:4] == [NOW, NOW, NOW, LATER]
