"""What a referral must hold, without a database."""

from typing import Any

import pytest

from referrals.rules import (
    Missing,
    asks_year_reason,
    check_not_author,
    check_reason_given,
    check_whole,
    missing_sections,
)
from trust.errors import RuleBroken

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


def test_missing_sections_of_an_empty_referral_are_in_the_order_of_the_form() -> None:
    assert [item.field for item in missing_sections({"nc_year": 9})] == [
        "primary_reason",
        "in_house_options",
        "why_more_appropriate",
        "managed_move",
        "exclusion_alternative",
        "aims",
    ]
    assert all(isinstance(item, Missing) and item.section for item in missing_sections({"nc_year": 9}))


def test_author_and_submitter_do_not_decide() -> None:
    check_not_author(3, (1, 2))
    check_not_author(3, (1, None))
    for author in (1, 2):
        with pytest.raises(RuleBroken, match="another person has to decide"):
            check_not_author(author, (1, 2))


def test_reason_of_blanks_is_refused() -> None:
    check_reason_given("Too early.", "returning it")
    with pytest.raises(RuleBroken, match="Give the reason for returning it") as refused:
        check_reason_given(" \t", "returning it")
    assert refused.value.field == "reason"
