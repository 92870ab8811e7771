"""The fixed words of a notice and the rules about how it may go out; no database."""

from datetime import date

import pytest

from notices.codes import Channel, Reading, RecipientKind
from notices.rules import (
    allowed_channels,
    check_channel,
    first_review_suggestion,
    legal_basis,
    letter_date,
    reading_for,
)
from placements.codes import Route
from tests.factories.calendar import england_calendar
from trust.errors import RuleBroken

CAL = england_calendar()


def test_letter_date_is_written_out() -> None:
    assert letter_date(date(2026, 12, 7)) == "Monday 7 December 2026"


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("route", "reading"),
    [
        (Route.DIRECTION, Reading.SCHOOL_DAYS),
        (Route.IN_TRUST, Reading.SCHOOL_DAYS),
        (Route.AGREED, Reading.POLICY),
        (Route.MEDICAL, Reading.POLICY),
        (Route.HOME_ONLINE, Reading.POLICY),
    ],
)
def test_reading_follows_the_notice_rule_of_the_route(route: Route, reading: Reading) -> None:
    assert reading_for(route) == reading


@pytest.mark.policy("P7.1")
def test_legal_basis_names_the_power_only_for_a_direction() -> None:
    assert "Articles of Association" in legal_basis(Route.DIRECTION)
    assert "SI 2010/1156" in legal_basis(Route.DIRECTION)
    assert "SI 2010/1156" not in legal_basis(Route.AGREED)


@pytest.mark.policy("P6.6")
@pytest.mark.parametrize(
    ("first", "last", "weeks", "review"),
    [
        # The interval ends first.
        (date(2026, 11, 2), date(2027, 2, 12), 4, date(2026, 11, 27)),
        # The half-term ends first.
        (date(2026, 11, 2), date(2027, 2, 12), 12, date(2026, 12, 18)),
        # A start in the last 10 school days of a half-term looks to the next one.
        (date(2026, 12, 7), date(2027, 2, 12), 12, date(2027, 2, 12)),
        # A short period ends first.
        (date(2026, 12, 7), date(2026, 12, 11), 6, date(2026, 12, 11)),
    ],
)
def test_first_review_is_the_earliest_limit(first: date, last: date, weeks: int, review: date) -> None:
    assert first_review_suggestion(CAL, first, last, weeks) == review


def test_first_review_of_a_period_without_school_days_is_not_guessed() -> None:
    assert first_review_suggestion(CAL, date(2026, 12, 21), date(2026, 12, 23), 6) is None


@pytest.mark.parametrize(
    ("kind", "consent", "email", "address", "allowed"),
    [
        (RecipientKind.PARENT, True, True, True, {"HAND", "EMAIL", "POST"}),
        (RecipientKind.PARENT, False, True, True, {"HAND", "POST"}),
        (RecipientKind.PARENT, True, False, True, {"HAND", "POST"}),
        (RecipientKind.PARENT, True, True, False, {"HAND", "EMAIL"}),
        (RecipientKind.STUDENT, False, False, False, {"HAND", "POST"}),
        (RecipientKind.LA, False, False, False, {"HAND", "EMAIL", "POST"}),
    ],
)
def test_channels_need_consent_and_an_address(
    kind: str, consent: bool, email: bool, address: bool, allowed: set[str]
) -> None:
    found = allowed_channels(kind=kind, email_consent=consent, has_email=email, has_address=address)
    assert set(found) == allowed
    for channel in set(Channel) - set(found):
        with pytest.raises(RuleBroken) as refused:
            check_channel(channel, kind=kind, email_consent=consent, has_email=email, has_address=address)
        assert refused.value.field == "channel"
