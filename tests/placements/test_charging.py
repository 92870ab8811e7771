"""Charging terms: what an early end charges and releases, what an invoice may charge, places bought in advance."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from placements.codes import Destination, EndingReason, TransportMode
from placements.lifecycle import Status
from placements.models import Budget, Commitment, Placement
from placements.queries import agreed_for, budget_left, end_figures, places_bought
from placements.rules import (
    ChargingTerms,
    PlacedSession,
    charged_until,
    is_charged,
    keeps_bought_place,
    to_release,
    vat_on,
)
from placements.services import end_placement, pause_placement, reopen_placement
from placements.services._money import commit_more
from providers.models import Provider
from tests.factories.calendar import england_calendar
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at
from tests.fixtures import Cast
from trust.calendar import LONDON
from trust.errors import RuleBroken
from trust.models import School, Student

MONDAY = date(2026, 11, 30)
FRIDAY = date(2026, 12, 18)


def at(day: date) -> datetime:
    return datetime.combine(day, time(10), tzinfo=LONDON)


def pupil(school: School, name: str) -> Student:
    """A student whose mother can be sent a notice."""
    student = make_student(school, name, "Kit")
    make_contact(student)
    return student


# --- rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ended_on", "notice_days", "until"),
    [
        (date(2026, 12, 4), 0, date(2026, 12, 4)),
        (date(2026, 12, 4), 1, date(2026, 12, 7)),
        (date(2026, 12, 4), 5, date(2026, 12, 11)),
        # Capped by the period.
        (date(2026, 12, 4), 10, FRIDAY),
        (date(2026, 12, 4), 400, FRIDAY),
        # No early end.
        (FRIDAY, 10, FRIDAY),
    ],
)
def test_charged_until(ended_on: date, notice_days: int, until: date) -> None:
    assert charged_until(england_calendar(), ended_on, notice_days, FRIDAY) == until


def test_charged_until_passes_over_a_holiday() -> None:
    # Christmas from Sat 19 Dec 2026 to Sun 3 Jan 2027, INSET on Mon 4 Jan.
    assert charged_until(england_calendar(), date(2026, 12, 17), 2, date(2027, 2, 12)) == date(2027, 1, 5)


pence = st.decimals(min_value=0, max_value=100_000, places=2)


@given(promised=pence, charged=pence, released=pence)
@pytest.mark.policy("P1.2")
def test_release_and_what_stays_owed_add_up_to_the_promise(
    promised: Decimal, charged: Decimal, released: Decimal
) -> None:
    before = min(released, promised)
    back = to_release(promised, charged, before)
    assert Decimal(0) <= before <= back <= promised
    assert (promised - back) + back == promised
    # What is still owed never exceeds what is charged, unless nothing may come back any more.
    assert promised - back <= max(charged, Decimal(0)) or back == before
    assert back.as_tuple().exponent == -2


@given(net=pence, percent=st.decimals(min_value=0, max_value=50, places=2))
def test_vat_is_rounded_half_up_to_whole_pence(net: Decimal, percent: Decimal) -> None:
    vat = vat_on(net, percent)
    exact = net * percent / 100
    assert vat.as_tuple().exponent == -2
    assert Decimal("-0.005") <= exact - vat < Decimal("0.005")


@pytest.mark.parametrize(
    ("there", "bought", "kept"), [(1, 0, False), (1, 1, True), (2, 1, False), (2, 2, True), (3, 2, False)]
)
def test_keeps_bought_place(there: int, bought: int, kept: bool) -> None:
    assert keeps_bought_place(there, bought) == kept


@pytest.mark.parametrize(
    ("report", "absent", "closed", "site_closed", "charged"),
    [
        ("PRESENT", False, False, False, True),
        ("LATE", False, False, False, True),
        ("ABSENT", True, False, False, True),
        ("ABSENT", False, True, False, False),
        # Without a return it is not proven to be attended.
        ("", True, False, False, True),
        ("", False, True, False, False),
        ("DID_NOT_RUN", True, False, False, False),
        ("DID_NOT_RUN", False, True, False, True),
        ("", True, False, True, False),
        ("", False, True, True, True),
    ],
)
def test_session_is_charged_by_the_terms(
    report: str, absent: bool, closed: bool, site_closed: bool, charged: bool
) -> None:
    terms = ChargingTerms(charged_when_absent=absent, charged_when_closed=closed)
    assert is_charged(PlacedSession(MONDAY, "AM", 1, 1, closed=site_closed), report, terms) == charged


# --- an early end -------------------------------------------------------------------------------------------------


@pytest.fixture
def running(student: Student, provider: Provider, budget: Budget, cast: Cast) -> Placement:
    """Mornings of three weeks at £45: £675."""
    return placement_at(
        Status.ACTIVE, student=student, provider=provider, cast=cast, now=at(MONDAY), first=MONDAY, last=FRIDAY
    )


@pytest.fixture
def agree(provider: Provider) -> Callable[..., None]:
    """Set charging terms of the provider's agreement."""

    def set_terms(**terms: Any) -> None:
        provider.agreements.update(**terms)

    return set_terms


def end(placement: Placement, cast: Cast, on: date) -> Placement:
    return end_placement(
        placement_id=placement.pk,
        ended_on=on,
        reason=EndingReason.AIMS_MET,
        destination=Destination.HOME_SCHOOL,
        note="",
        by=cast.head,
        now=at(on),
    )


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
@pytest.mark.parametrize(
    ("notice_days", "charged"), [(0, "225.00"), (1, "270.00"), (5, "450.00"), (10, "675.00"), (60, "675.00")]
)
def test_early_end_releases_what_the_notice_days_do_not_charge(
    running: Placement, agree: Callable[..., None], budget: Budget, cast: Cast, notice_days: int, charged: str
) -> None:
    agree(notice_days=notice_days)
    before = end_figures(running, date(2026, 12, 4))
    end(running, cast, date(2026, 12, 4))
    row = Commitment.objects.get()
    assert row.amount - row.released == Decimal(charged)
    assert budget_left(budget) == budget.amount - Decimal(charged)
    # What the page showed before is what happened, and the sums add up.
    assert (before.charged, before.released) == (Decimal(charged), row.released)
    assert before.charged + before.released == row.amount


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_transport_of_the_school_is_not_paid_in_the_notice_days(
    student: Student, provider: Provider, budget: Budget, cast: Cast, agree: Callable[..., None]
) -> None:
    agree(notice_days=5)
    placement = placement_at(
        Status.ACTIVE,
        student=student,
        provider=provider,
        cast=cast,
        now=at(MONDAY),
        first=MONDAY,
        last=FRIDAY,
        transport_mode=TransportMode.TAXI,
        transport_paid_by="SCHOOL",
        transport_a_day=Decimal("20.00"),
    )
    assert Commitment.objects.get().amount == Decimal("975.00")
    end(placement, cast, date(2026, 12, 4))
    row = Commitment.objects.get()
    # Ten mornings at £45 and five taxis.
    assert row.amount - row.released == Decimal("550.00")


@pytest.mark.django_db
def test_end_of_a_paused_placement_charges_the_notice_days_too(
    running: Placement, agree: Callable[..., None], cast: Cast
) -> None:
    agree(notice_days=2)
    pause_placement(
        placement_id=running.pk,
        reason="A concern was raised.",
        where_instead="At home",
        parents_told_on=date(2026, 12, 1),
        parents_told_by="Harriet Head",
        by=cast.head,
        now=at(date(2026, 12, 1)),
    )
    end(running, cast, date(2026, 12, 4))
    row = Commitment.objects.get()
    # Monday and Tuesday before the pause, two notice days after the end.
    assert row.amount - row.released == Decimal("180.00")


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_end_in_a_bought_place_releases_nothing_and_shows_it_unused(
    running: Placement, provider: Provider, agree: Callable[..., None], cast: Cast
) -> None:
    agree(places_bought=1)
    day = date(2026, 12, 4)
    assert end_figures(running, day).bought
    end(running, cast, day)
    assert Commitment.objects.get().released == 0
    places = places_bought([provider.pk], date(2026, 12, 7))[provider.pk]
    assert (places.bought, places.there, places.unused) == (1, 0, 1)


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_end_beyond_the_bought_places_releases(
    running: Placement, north: School, provider: Provider, agree: Callable[..., None], cast: Cast
) -> None:
    agree(places_bought=1)
    other = placement_at(
        Status.ACTIVE,
        student=pupil(north, "Other"),
        provider=provider,
        cast=cast,
        now=at(MONDAY),
        first=MONDAY,
        last=FRIDAY,
    )
    day = date(2026, 12, 4)
    end(running, cast, day)
    end(other, cast, day)
    released = dict(Commitment.objects.values_list("placement_period__placement_id", "released"))
    assert released == {running.pk: Decimal("450.00"), other.pk: Decimal("0.00")}


@pytest.mark.django_db
def test_end_taken_back_promises_again_what_was_released(
    running: Placement, agree: Callable[..., None], budget: Budget, cast: Cast
) -> None:
    agree(notice_days=1)
    end(running, cast, date(2026, 12, 4))
    reopen_placement(
        placement_id=running.pk,
        reason="Ended by mistake.",
        over_budget_reason="",
        by=cast.head,
        now=at(date(2026, 12, 4)),
    )
    assert budget_left(budget) == budget.amount - Decimal("675.00")


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_commit_more_adds_and_gives_back_and_never_overspends(running: Placement, budget: Budget, cast: Cast) -> None:
    period = running.periods.get()
    commit_more(running, period, [("2026/27", Decimal("100.00"))], "", cast.head)
    assert budget_left(budget) == budget.amount - Decimal("775.00")
    commit_more(running, period, [("2026/27", Decimal("-300.00"))], "", cast.head)
    assert budget_left(budget) == budget.amount - Decimal("475.00")
    period.refresh_from_db()
    assert period.cost == Decimal("475.00")
    with pytest.raises(RuleBroken, match="Only the Chief executive"):
        commit_more(running, period, [("2026/27", Decimal("40000.00"))], "", cast.head)
    with pytest.raises(RuleBroken, match=r"no approved budget .* 2027/28"):
        commit_more(running, period, [("2027/28", Decimal("1.00"))], "", cast.head)


# --- what an invoice may charge -----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
@pytest.mark.parametrize(
    ("absent", "unit", "rate", "sessions", "net"),
    [
        (True, "SESSION", "45.00", 5, "225.00"),
        (False, "SESSION", "45.00", 3, "135.00"),
        (False, "DAY", "45.00", 3, "135.00"),
        # A week and a term are paid whether the student comes or not.
        (False, "WEEK", "200.00", 3, "200.00"),
        (False, "FIXED", "900.00", 3, "900.00"),
    ],
)
def test_agreed_for_a_week_with_two_sessions_missed(
    student: Student,
    provider: Provider,
    budget: Budget,
    cast: Cast,
    agree: Callable[..., None],
    absent: bool,
    unit: str,
    rate: str,
    sessions: int,
    net: str,
) -> None:
    agree(charged_when_absent=absent)
    provider.programmes.update(unit=unit, rate=Decimal(rate))
    placement = placement_at(
        Status.ACTIVE, student=student, provider=provider, cast=cast, now=at(MONDAY), first=MONDAY, last=FRIDAY
    )
    days = [MONDAY + timedelta(days=number) for number in range(5)]
    reports = {(day, "AM"): "ABSENT" if number < 2 else "PRESENT" for number, day in enumerate(days)}
    agreed = agreed_for(placement, days[0], days[-1], reports)
    assert (agreed.sessions, agreed.attended, agreed.net) == (sessions, 3, Decimal(net))


@pytest.mark.django_db
def test_agreed_lines_of_all_weeks_add_up_to_the_promise(
    student: Student, provider: Provider, budget: Budget, cast: Cast
) -> None:
    for unit, rate in (("SESSION", "45.00"), ("WEEK", "210.00"), ("FIXED", "900.00"), ("TERM", "3333.33")):
        provider.programmes.update(unit=unit, rate=Decimal(rate))
        placement = placement_at(
            Status.ACTIVE,
            student=pupil(student.school, unit.title()),
            provider=provider,
            cast=cast,
            now=at(MONDAY),
            first=MONDAY,
            last=FRIDAY,
        )
        promised = Commitment.objects.get(placement_period__placement=placement).amount
        # Two lines that cut a week in the middle.
        middle = date(2026, 12, 9)
        parts = [(MONDAY, middle), (middle + timedelta(days=1), FRIDAY)]
        billed = sum((agreed_for(placement, *part, {}).net for part in parts), Decimal(0))
        assert abs(billed - promised) <= Decimal("0.01"), unit


@pytest.mark.django_db
def test_agreed_after_an_early_end_charges_the_notice_days_only(
    running: Placement, agree: Callable[..., None], cast: Cast
) -> None:
    agree(notice_days=3, charged_when_absent=False)
    ended = end(running, cast, date(2026, 12, 4))
    agreed = agreed_for(ended, date(2026, 12, 7), FRIDAY, {})
    assert (agreed.sessions, agreed.attended, agreed.net) == (3, 0, Decimal("135.00"))
    row = Commitment.objects.get()
    reports = {(MONDAY + timedelta(days=number), "AM"): "PRESENT" for number in range(5)}
    whole = agreed_for(ended, MONDAY, FRIDAY, reports)
    assert whole.net == row.amount - row.released


# --- the page of the end ------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.policy("P1.2")
def test_end_page_shows_what_is_charged_and_released_before_it_ends(
    running: Placement, agree: Callable[..., None], cast: Cast, login: Callable[[Any], Client]
) -> None:
    agree(notice_days=5)
    url = reverse("placements:placement-end", args=[running.pk])
    typed = {"ended_on": "2026-12-04", "reason": EndingReason.AIMS_MET, "destination": Destination.HOME_SCHOOL}
    with time_machine.travel(at(date(2026, 12, 7)).astimezone(UTC), tick=False):
        head = login(cast.head)
        first = head.get(url)
        assert first.context["figures"].ended_on == date(2026, 12, 7)
        # The day differs from the one whose money was shown: it is shown first, nothing typed is lost.
        looked = head.post(url, {**typed, "note": "Back to lessons.", "seen": "2026-12-07"})
        html = looked.content.decode()
        assert looked.status_code == 200
        assert "£450.00" in html
        assert "£225.00" in html
        assert "Back to lessons." in html
        assert Placement.objects.get().status == Status.ACTIVE
        assert head.post(url, {**typed, "seen": "2026-12-04"}).status_code == 302
    assert Placement.objects.get().status == Status.ENDED
    assert Commitment.objects.get().released == Decimal("225.00")
