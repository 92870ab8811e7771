"""What a referral must hold, without a database."""

from datetime import date
from typing import Any

import pytest

from referrals.codes import ManagedMoveConsent, ManagedMoveResult, Section, SectionState
from referrals.models import Referral
from referrals.rules import (
    SECTION_FIELDS,
    Missing,
    asks_year_reason,
    check_exclusion_amended,
    check_happened,
    check_may_open_again,
    check_not_author,
    check_not_decider,
    check_nothing_hangs_on_it,
    check_reason_given,
    check_section,
    check_whole,
    missing_in,
    missing_sections,
    section_states,
    state_after_saving,
)
from trust.errors import RuleBroken

TODAY = date(2026, 11, 16)
WHOLE: dict[str, Any] = {
    "nc_year": 9,
    "nc_year_reason": "",
    "primary_reason": "RESPITE",
    "in_house_options": "Mentoring.",
    "why_more_appropriate": "Small groups.",
    "managed_move": "NO_PLACE",
    "exclusion_alternative": False,
    "aims": "Attendance of 90 %.",
}


@pytest.mark.policy("P1.1")
def test_missing_sections_of_a_whole_referral_are_none() -> None:
    assert missing_sections(WHOLE) == ()
    check_whole(WHOLE)


@pytest.mark.parametrize(
    ("field", "empty", "source"),
    [
        pytest.param("primary_reason", "", "P3.1", marks=pytest.mark.policy("P3.1")),
        pytest.param("in_house_options", " \n", "P3.7", marks=pytest.mark.policy("P3.7")),
        pytest.param("why_more_appropriate", "", "P3.7", marks=pytest.mark.policy("P3.7")),
        pytest.param("managed_move", "", "P3.13", marks=pytest.mark.policy("P3.13")),
        pytest.param("exclusion_alternative", None, "P5.2", marks=pytest.mark.policy("P5.2")),
        pytest.param("aims", "", "P6.7", marks=pytest.mark.policy("P6.7")),
    ],
)
def test_missing_sections_names_field_and_source(field: str, empty: Any, source: str) -> None:
    missing = missing_sections({**WHOLE, field: empty})
    assert [(item.field, item.source) for item in missing] == [(field, source)]
    with pytest.raises(RuleBroken) as refused:
        check_whole({**WHOLE, field: empty})
    assert refused.value.message == f"This referral is not complete. {missing[0].sentence}"


@pytest.mark.policy("P2.1")
@pytest.mark.parametrize(("year", "asked"), [(6, True), (7, False), (11, False), (12, True)])
def test_year_outside_key_stages_3_and_4_asks_a_reason(year: int, asked: bool) -> None:
    assert asks_year_reason(year) is asked
    missing = missing_sections({**WHOLE, "nc_year": year})
    assert [item.field for item in missing] == (["nc_year_reason"] if asked else [])
    assert missing_sections({**WHOLE, "nc_year": year, "nc_year_reason": "Taught with Year 7."}) == ()


def test_missing_sections_of_an_empty_referral_are_in_the_order_of_the_sections() -> None:
    missing = missing_sections({"nc_year": 6})
    assert [item.field for item in missing] == [
        "nc_year_reason",
        "primary_reason",
        "in_house_options",
        "why_more_appropriate",
        "aims",
        "managed_move",
        "exclusion_alternative",
    ]
    order = list(Section)
    places = [order.index(item.section) for item in missing]
    assert places == sorted(places)


def test_every_field_that_is_written_stands_in_one_section() -> None:
    names = [name for fields in SECTION_FIELDS.values() for name in fields]
    assert len(names) == len(set(names))
    assert set(SECTION_FIELDS) == set(Section)
    set_by_doors = {
        *("id", "student", "school", "status", "nc_year", "version", "decision_reason", "closing_reason"),
        *(f"{verb}_{what}" for verb in ("written", "submitted", "decided") for what in ("by", "at")),
    }
    assert {field.name for field in Referral._meta.concrete_fields} - set_by_doors == {*names} - {"reasons"}


# What each section asks before it is finished, beyond what a submission asks.
@pytest.mark.parametrize(
    ("section", "answers", "lacking"),
    [
        (Section.STUDENT, {}, []),
        (Section.STUDENT, {"nc_year": 12}, ["nc_year_reason"]),
        (Section.REASONS, {"narrative": ""}, ["narrative"]),
        (Section.REASONS, {"narrative": "Fights."}, []),
        (Section.TRIED, {}, []),
        (Section.EXCLUSION, {}, []),
        (Section.MANAGED_MOVE, {}, []),
        (Section.MANAGED_MOVE, {"managed_move": ManagedMoveResult.PROPOSED}, ["managed_move_consent"]),
        (
            Section.MANAGED_MOVE,
            {"managed_move": ManagedMoveResult.PROPOSED, "managed_move_consent": ManagedMoveConsent.NOT_ASKED},
            ["managed_move_consent"],
        ),
        (
            Section.MANAGED_MOVE,
            {"managed_move": ManagedMoveResult.PROPOSED, "managed_move_consent": ManagedMoveConsent.GIVEN},
            [],
        ),
        (Section.MANAGED_MOVE, {"managed_move": ManagedMoveResult.NO_CONSENT}, ["managed_move_consent"]),
        (
            Section.MANAGED_MOVE,
            {"managed_move": ManagedMoveResult.NO_CONSENT, "managed_move_consent": ManagedMoveConsent.REFUSED},
            [],
        ),
        pytest.param(Section.FAMILY, {}, ["family_met_on"], marks=pytest.mark.policy("P5.1")),
        (Section.FAMILY, {"family_invited_on": TODAY}, ["family_met_on"]),
        (Section.FAMILY, {"family_invited_on": TODAY, "family_invited_again_on": TODAY}, []),
        pytest.param(
            Section.FAMILY,
            {"family_met_on": TODAY},
            ["family_came", "explained_by", "explained_to", "family_said"],
            marks=pytest.mark.policy("P5.2"),
        ),
        pytest.param(Section.INTERESTS, {}, ["interests"], marks=pytest.mark.policy("P6.2")),
        (Section.INTERESTS, {"qualifications": "GCSE maths"}, []),
        (Section.NEEDS, {}, ["needs"]),
        (Section.MEDICAL, {}, ["medical"]),
        (Section.MEDICAL, {"medical": "Asthma."}, []),
        (Section.MEDICAL, {"no_medical_needs": True}, []),
    ],
)
def test_section_lacks_what_its_answers_leave_open(
    section: Section, answers: dict[str, Any], lacking: list[str]
) -> None:
    missing = missing_in(section, {**WHOLE, **answers})
    assert [item.field for item in missing] == lacking
    assert all(isinstance(item, Missing) and item.source.startswith("P") for item in missing)
    # None of it keeps a referral from being submitted, but the year.
    assert [item.field for item in missing if item.to_submit] == [name for name in lacking if name == "nc_year_reason"]


@pytest.mark.policy("P1.1")
def test_section_states_follow_what_was_said_and_what_is_there() -> None:
    rows = {
        Section.REASONS: SectionState.DONE,
        Section.TRIED: SectionState.DONE,
        Section.NEEDS: SectionState.CANNOT_FINISH,
        Section.MEDICAL: SectionState.IN_PROGRESS,
    }
    states = section_states({**WHOLE, "medical": "Asthma."}, rows)
    assert list(states) == list(Section)
    assert states == {
        **dict.fromkeys(Section, SectionState.NOT_STARTED),
        # Called done, and yet what is happening is not said.
        Section.REASONS: SectionState.IN_PROGRESS,
        Section.TRIED: SectionState.DONE,
        Section.NEEDS: SectionState.CANNOT_FINISH,
        Section.MEDICAL: SectionState.IN_PROGRESS,
    }


def after(wanted: str | None, *, before: str | None = None, note: str = "", **answers: Any) -> tuple[str, str]:
    return state_after_saving(Section.NEEDS, {**WHOLE, **answers}, before=before, wanted=wanted, note=note)


def test_state_after_saving_takes_done_only_of_what_is_whole() -> None:
    assert after("DONE", needs="Quiet.", note="old") == (SectionState.DONE, "")
    with pytest.raises(RuleBroken, match="must know") as refused:
        after("DONE")
    assert refused.value.field == "needs"


def test_state_after_saving_takes_cannot_finish_only_with_its_note() -> None:
    assert after("CANNOT_FINISH", note=" Waiting for the SENCO. ") == ("CANNOT_FINISH", "Waiting for the SENCO.")
    with pytest.raises(RuleBroken, match="Say why") as refused:
        after("CANNOT_FINISH", note=" ")
    assert refused.value.field == "note"


def test_state_after_a_save_in_the_background_keeps_what_was_said() -> None:
    assert after(None) == (SectionState.IN_PROGRESS, "")
    assert after(None, before="CANNOT_FINISH", note="Waiting.") == (SectionState.CANNOT_FINISH, "Waiting.")
    assert after(None, before="DONE", needs="Quiet.") == (SectionState.DONE, "")
    assert after(None, before="DONE", needs=" ") == (SectionState.IN_PROGRESS, "")


@pytest.mark.policy("P5.1")
@pytest.mark.parametrize(
    "field", ["family_invited_on", "family_invited_again_on", "family_met_on", "attendance_agreed_on"]
)
def test_family_dates_in_the_future_are_refused(field: str) -> None:
    first = {"family_invited_on": date(2026, 11, 1)}
    check_happened({**first, field: TODAY}, TODAY)
    with pytest.raises(RuleBroken, match="cannot lie in the future") as refused:
        check_happened({**first, field: date(2026, 11, 17)}, TODAY)
    assert refused.value.field == field


@pytest.mark.policy("P5.1")
@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        (None, date(2026, 11, 9), "family_invited_on"),
        (date(2026, 11, 9), date(2026, 11, 9), "family_invited_again_on"),
        (date(2026, 11, 9), date(2026, 11, 2), "family_invited_again_on"),
        (date(2026, 11, 9), date(2026, 11, 10), None),
        (date(2026, 11, 9), None, None),
    ],
)
def test_second_invitation_follows_the_first(first: date | None, second: date | None, field: str | None) -> None:
    values = {"family_invited_on": first, "family_invited_again_on": second}
    if field is None:
        check_section(Section.FAMILY, values, TODAY)
        return
    with pytest.raises(RuleBroken) as refused:
        check_section(Section.FAMILY, values, TODAY)
    assert refused.value.field == field


def test_medical_needs_are_said_or_denied_not_both() -> None:
    check_section(Section.MEDICAL, {"medical": " ", "no_medical_needs": True}, TODAY)
    check_section(Section.MEDICAL, {"medical": "Asthma.", "no_medical_needs": False}, TODAY)
    with pytest.raises(RuleBroken, match="not both"):
        check_section(Section.MEDICAL, {"medical": "Asthma.", "no_medical_needs": True}, TODAY)


@pytest.mark.policy("P3.13")
def test_consent_to_a_managed_move_that_was_refused_is_a_contradiction() -> None:
    refused_move = {"managed_move": ManagedMoveResult.NO_CONSENT}
    check_section(Section.MANAGED_MOVE, {**refused_move, "managed_move_consent": "REFUSED"}, TODAY)
    with pytest.raises(RuleBroken) as refused:
        check_section(Section.MANAGED_MOVE, {**refused_move, "managed_move_consent": "GIVEN"}, TODAY)
    assert refused.value.field == "managed_move_consent"


def test_whoever_wrote_does_not_decide() -> None:
    check_not_author(3, (1, 2))
    check_not_author(3, (1, None))
    for author in (1, 2):
        with pytest.raises(RuleBroken, match="another person has to decide"):
            check_not_author(author, (1, 2))


def test_whoever_decided_does_not_amend() -> None:
    check_not_decider(3, None)
    check_not_decider(3, 4)
    with pytest.raises(RuleBroken, match="You decided"):
        check_not_decider(3, 3)


@pytest.mark.policy("P7.1")
@pytest.mark.parametrize(
    ("decided", "becomes", "decider_may", "refused"),
    [(True, True, False, True), (True, True, True, False), (True, False, False, False), (False, True, False, False)],
)
def test_amendment_does_not_go_round_the_headteacher(
    decided: bool, becomes: bool, decider_may: bool, refused: bool
) -> None:
    if not refused:
        check_exclusion_amended(decided=decided, becomes=becomes, decider_may=decider_may)
        return
    with pytest.raises(RuleBroken, match="decided by the Headteacher"):
        check_exclusion_amended(decided=decided, becomes=becomes, decider_may=decider_may)


def test_referral_with_a_placement_or_an_offer_is_not_made_void() -> None:
    check_nothing_hangs_on_it(placements=0, offers=0)
    with pytest.raises(RuleBroken, match="placement"):
        check_nothing_hangs_on_it(placements=1, offers=0)
    with pytest.raises(RuleBroken, match="place is asked"):
        check_nothing_hangs_on_it(placements=0, offers=1)


def test_referral_is_taken_up_again_at_its_school_and_alone() -> None:
    check_may_open_again(same_school=True, other_open=False)
    with pytest.raises(RuleBroken, match="changed school"):
        check_may_open_again(same_school=False, other_open=False)
    with pytest.raises(RuleBroken, match="already has an open referral"):
        check_may_open_again(same_school=True, other_open=True)


def test_reason_of_blanks_is_refused() -> None:
    check_reason_given("Too early.", "returning it")
    with pytest.raises(RuleBroken, match="Give the reason for returning it") as refused:
        check_reason_given(" \t", "returning it")
    assert refused.value.field == "reason"
