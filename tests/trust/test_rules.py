from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trust.codes import KeyStage
from trust.errors import DomainError, RuleBroken
from trust.rules import (
    UPN_LETTERS,
    age_on,
    and_words,
    check_upn,
    fold_name,
    key_stage,
    nc_year_for,
    sort_name,
    tidy_upn,
    upn_check_letter,
)

exact = settings(deadline=None, derandomize=True)
DIGITS = "0123456789"
# Characters 2 to 13; the last one may be a letter (temporary UPN).
BODIES = st.tuples(st.text(DIGITS, min_size=11, max_size=11), st.sampled_from(DIGITS + UPN_LETTERS)).map("".join)


@pytest.mark.parametrize("upn", ["B801200005001", "M80120000500A"])
def test_upn_valid(upn):
    check_upn(upn)


@pytest.mark.parametrize(
    ("upn", "sentence"),
    [
        ("", "this one has 0"),
        ("B80120000500", "this one has 12"),
        ("B8012000050011", "this one has 14"),
        ("A801200005001", "first letter does not fit"),
        ("b801200005001", "one letter and twelve digits"),
        ("I801200005001", "one letter and twelve digits"),
        ("B80120000500O", "one letter and twelve digits"),
        ("B8O1200005001", "one letter and twelve digits"),
        ("B80120000500\x00", "one letter and twelve digits"),
        ("B80120000500１", "one letter and twelve digits"),
        ("1801200005001", "one letter and twelve digits"),
    ],
)
def test_upn_refused_with_a_sentence(upn, sentence):
    with pytest.raises(RuleBroken, match=sentence) as refused:
        check_upn(upn)
    assert refused.value.field == "upn"


def test_tidy_upn_takes_blanks_and_small_letters():
    assert tidy_upn(" b8012 0000 5001\t") == "B801200005001"


@exact
@given(BODIES, st.integers(0, 12), st.data())
def test_upn_single_character_error_is_detected(body, at, data):
    upn = upn_check_letter(body) + body
    check_upn(upn)
    # The check cannot tell the last digit from the letter at the same place of the alphabet, so errors keep the kind.
    kind = DIGITS if upn[at].isdigit() else UPN_LETTERS
    wrong = data.draw(st.sampled_from([char for char in kind if char != upn[at]]))
    with pytest.raises(RuleBroken, match="first letter"):
        check_upn(upn[:at] + wrong + upn[at + 1 :])


@pytest.mark.policy("P2.1")
@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (0, None),
        (1, KeyStage.KS1),
        (2, KeyStage.KS1),
        (3, KeyStage.KS2),
        (6, KeyStage.KS2),
        (7, KeyStage.KS3),
        (9, KeyStage.KS3),
        (10, KeyStage.KS4),
        (11, KeyStage.KS4),
        (12, KeyStage.KS5),
        (14, KeyStage.KS5),
        (15, None),
    ],
)
def test_key_stage_of_year(year, expected):
    assert key_stage(year) == expected


@pytest.mark.parametrize(
    ("dob", "on", "expected"),
    [
        (date(2015, 8, 31), date(2026, 11, 24), 7),  # eleven on the last possible day
        (date(2015, 9, 1), date(2026, 11, 24), 6),
        (date(2011, 3, 1), date(2026, 11, 24), 11),
        (date(2011, 3, 1), date(2026, 8, 31), 10),  # the year moves up on 1 September
        (date(2011, 3, 1), date(2026, 9, 1), 11),
    ],
)
def test_nc_year_for_age(dob, on, expected):
    assert nc_year_for(dob, on) == expected


def test_nc_year_for_at_the_beginning_of_time_still_answers():
    assert isinstance(nc_year_for(date.min, date.min), int)


@pytest.mark.parametrize(
    ("dob", "day", "age"),
    [
        (date(2008, 12, 7), date(2026, 12, 6), 17),
        (date(2008, 12, 7), date(2026, 12, 7), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_on_the_birthday(dob, day, age):
    assert age_on(dob, day) == age


@pytest.mark.parametrize(
    ("family", "first", "expected"),
    [
        ("Smith", "Ann", "smith, ann"),
        ("O’Brien", "Zoë", "obrien, zoe"),
        ("O'Brien", "Siân", "obrien, sian"),
        ("van der Berg", "Łukasz", "van-der-berg, lukasz"),
        ("Strauß", "Jørgen", "strauss, jorgen"),
        ("  Lee -  Smith ", "Mary Jane", "lee-smith, mary-jane"),
        ("İnce", "Işıl", "ince, isil"),
        ("محمد", "李", "محمد, 李"),
    ],
)
def test_sort_name_is_folded(family, first, expected):
    assert sort_name(family, first) == expected


def test_sort_name_puts_the_short_family_name_first():
    names = [sort_name("Lee Smith", "Ann"), sort_name("Leeson", "Ann"), sort_name("Lee", "Zoë")]
    assert sorted(names) == ["lee, zoe", "lee-smith, ann", "leeson, ann"]


@exact
@given(st.text())
def test_fold_name_is_stable_and_safe_to_store(text):
    folded = fold_name(text)
    assert fold_name(folded) == folded
    assert "\x00" not in folded


def test_domain_error_carries_sentence_field_and_help():
    error = DomainError("The plan has no end.", field="last", help="Enter a last day.")
    assert (str(error), error.message, error.field, error.help) == (
        "The plan has no end.",
        "The plan has no end.",
        "last",
        "Enter a last day.",
    )
    assert DomainError("No.").field is None


def test_and_words():
    assert and_words(["one"]) == "one"
    assert and_words(["one", "two"]) == "one and two"
    assert and_words(["one", "two", "three"]) == "one, two and three"
