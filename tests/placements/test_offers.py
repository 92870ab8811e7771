"""Places asked for, offered, refused, lapsed, taken; what an offer holds; guests accepted and refused."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from placements.codes import Route
from placements.lifecycle import OfferStatus, Status
from placements.models import Budget, Offer, Placement
from placements.queries import gate_of, offers_lapsing, offers_to_chase, places_left
from placements.rules import GateOutcome, every_week
from placements.services import (
    accept_guest,
    answer_offer,
    cancel_placement,
    decide_placement,
    drop_offer,
    record_offer_asked,
    record_offers_asked,
    refuse_guest,
)
from providers.codes import ProviderKind
from providers.lifecycle import Status as ProviderStatus
from providers.models import Programme, Provider
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from tests.factories.people import make_student
from tests.factories.placements import offer_for, placement_at, referral_at
from tests.factories.providers import make_programme, make_provider
from tests.fixtures import NOW, TODAY, Cast
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import Flag, School, Student, User

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 11, 30), date(2026, 12, 18)


@pytest.fixture
def referral(student: Student, cast: Cast) -> Referral:
    return referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)


@pytest.fixture
def programme(provider: Provider) -> Programme:
    return provider.programmes.get()


def ask(referral: Referral, programme: Programme, by: User, *, slots: tuple[int, ...] = (0,), **more: Any) -> Offer:
    facts = {"first": FIRST, "last": LAST, "now": NOW, **more}
    return record_offer_asked(
        referral_id=referral.pk,
        provider_id=programme.provider_id,
        programme_id=programme.pk,
        slots=slots,
        by=by,
        **facts,
    )


def answer(offer: Offer, by: User, *, offered: bool = True, **more: Any) -> Offer:
    facts: dict[str, Any] = {
        "until": TODAY + timedelta(days=7) if offered else None,
        "why": "" if offered else "No place in Year 9.",
        "answered_by": "Sam Okafor",
        "answered_on": TODAY,
        "admission_meeting_on": None,
        "now": NOW,
        **more,
    }
    return answer_offer(offer_id=offer.pk, offered=offered, by=by, **facts)


def at(day: date) -> datetime:
    return NOW.replace(year=day.year, month=day.month, day=day.day)


# --- asking and answering ------------------------------------------------------------------------------------------


@pytest.mark.policy("P6.2")
def test_places_are_asked_at_several_providers_at_once_all_or_none(
    referral: Referral, programme: Programme, cast: Cast
) -> None:
    other = make_provider("Other", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    ids = [programme.pk, other.programmes.get().pk]
    Provider.objects.filter(pk=other.pk).update(status=ProviderStatus.SUSPENDED)
    facts: dict[str, Any] = {
        "referral_id": referral.pk,
        "programme_ids": ids,
        "slots": [3, 0],
        "first": FIRST,
        "last": LAST,
        "by": cast.slt,
        "now": NOW,
    }
    with pytest.raises(RuleBroken, match="Other is suspended, not approved"):
        record_offers_asked(**facts)
    assert not Offer.objects.exists()
    Provider.objects.filter(pk=other.pk).update(status=ProviderStatus.APPROVED)
    offers = record_offers_asked(**facts)
    assert [(offer.status, offer.wanted_slots) for offer in offers] == [(OfferStatus.ASKED, [0, 3])] * 2
    with pytest.raises(RuleBroken, match="has been asked for already"):
        record_offers_asked(**facts)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"slots": ()}, "at least one half-day"),
        ({"slots": (10,)}, "at least one half-day"),
        ({"first": TODAY - timedelta(days=1)}, "has passed"),
        ({"last": FIRST - timedelta(days=1)}, "must not be before the first"),
    ],
)
def test_asking_refuses_what_cannot_be(
    changes: dict[str, Any], sentence: str, referral: Referral, programme: Programme, cast: Cast
) -> None:
    with pytest.raises(RuleBroken, match=sentence):
        ask(referral, programme, cast.slt, **changes)


def test_asking_needs_a_sent_referral_and_the_right(student: Student, programme: Programme, cast: Cast) -> None:
    draft = referral_at(ReferralStatus.DRAFT, student=student, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="submitted or approved referral"):
        ask(draft, programme, cast.slt)
    with pytest.raises(NotAllowed):
        ask(draft, programme, cast.slt2)
    with pytest.raises(NotAllowed):
        ask(draft, programme, cast.att)


def test_place_is_asked_while_the_referral_waits(student: Student, programme: Programme, cast: Cast) -> None:
    sent = referral_at(ReferralStatus.SUBMITTED, student=student, cast=cast, now=NOW)
    assert ask(sent, programme, cast.slt).status == OfferStatus.ASKED


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"until": None}, "Until when"),
        ({"until": TODAY - timedelta(days=1)}, "Until when"),
        ({"answered_by": " "}, "Who answered"),
        ({"answered_on": TODAY + timedelta(days=1)}, "has not come yet"),
        ({"answered_on": TODAY - timedelta(days=1)}, "was asked for on Mon 16 Nov 2026"),
        ({"offered": False, "why": " "}, "Why was the place refused"),
    ],
)
def test_answer_refuses_what_cannot_be(
    changes: dict[str, Any], sentence: str, referral: Referral, programme: Programme, cast: Cast
) -> None:
    offer = ask(referral, programme, cast.slt)
    with pytest.raises(RuleBroken, match=sentence):
        answer(offer, cast.slt, **changes)
    offer.refresh_from_db()
    assert offer.status == OfferStatus.ASKED


def test_answer_is_kept_with_who_and_when(referral: Referral, programme: Programme, cast: Cast) -> None:
    offer = answer(ask(referral, programme, cast.slt), cast.team, admission_meeting_on=FIRST, note="Bring boots.")
    assert (offer.status, offer.offered_until, offer.answered_by, offer.recorded_by) == (
        OfferStatus.OFFERED,
        TODAY + timedelta(days=7),
        "Sam Okafor",
        cast.team,
    )
    assert (offer.admission_meeting_on, offer.note, offer.version) == (FIRST, "Bring boots.", 2)
    with pytest.raises(StaleRecord):
        answer(offer, cast.slt, version=1)
    # Renewed, then refused: the provider's word counts as it stands last.
    assert answer(offer, cast.slt, until=TODAY + timedelta(days=20)).offered_until == TODAY + timedelta(days=20)
    assert answer(offer, cast.slt, offered=False).refused_why == "No place in Year 9."
    with pytest.raises(RuleBroken):
        answer(offer, cast.slt)


def test_refused_place_may_be_asked_for_again(referral: Referral, programme: Programme, cast: Cast) -> None:
    answer(ask(referral, programme, cast.slt), cast.slt, offered=False)
    assert ask(referral, programme, cast.slt).status == OfferStatus.ASKED


def test_lapsed_offer_is_closed_when_the_place_is_asked_for_again(
    referral: Referral, programme: Programme, cast: Cast
) -> None:
    lapsed = answer(ask(referral, programme, cast.slt), cast.slt)
    with pytest.raises(RuleBroken, match="asked for already"):
        ask(referral, programme, cast.slt, now=at(TODAY + timedelta(days=7)))
    ask(referral, programme, cast.slt, now=at(TODAY + timedelta(days=8)))
    lapsed.refresh_from_db()
    assert (lapsed.status, lapsed.note) == (OfferStatus.DROPPED, "Lapsed on Mon 23 Nov 2026, asked again.")


# --- what an offer holds -------------------------------------------------------------------------------------------


def left(programme: Programme, slot: int, today: date = TODAY, **more: Any) -> int:
    return places_left(programme, every_week([slot]), FIRST, LAST, today=today, **more)


def test_open_offer_holds_its_half_days_until_it_lapses(
    referral: Referral, programme: Programme, student2: Student, cast: Cast
) -> None:
    offer = ask(referral, programme, cast.slt, slots=(0, 3))
    assert left(programme, 0) == 10
    answer(offer, cast.slt)
    assert [left(programme, slot) for slot in (0, 1, 3)] == [9, 10, 9]
    assert places_left(programme, (13, 2), FIRST, LAST, today=TODAY) == 9
    # Not against the student it is for; not on other days; not on the day after its last.
    assert left(programme, 0, without=referral) == 10
    assert places_left(programme, (0,), LAST + timedelta(days=1), None, today=TODAY) == 10
    assert left(programme, 0, TODAY + timedelta(days=7)) == 9
    assert left(programme, 0, TODAY + timedelta(days=8)) == 10
    drop_offer(offer_id=offer.pk, reason="The family chose another.", by=cast.slt, now=NOW)
    assert left(programme, 0) == 10


def test_offers_never_hold_the_last_place_twice(
    referral: Referral, programme: Programme, north: School, cast: Cast
) -> None:
    Programme.objects.filter(pk=programme.pk).update(capacity=1)
    answer(ask(referral, programme, cast.slt, slots=(0, 3)), cast.slt)
    other = referral_at(ReferralStatus.APPROVED, student=make_student(north, "Cole", "Kit"), cast=cast, now=NOW)
    second = ask(other, programme, cast.slt, slots=(3, 4))
    with pytest.raises(RuleBroken, match="All places of Engage are taken or held on Tue PM"):
        answer(second, cast.slt)
    # When the first has lapsed the place is free again.
    later = TODAY + timedelta(days=8)
    answer(second, cast.slt, now=at(later), until=later)


@pytest.mark.policy("P6.2")
def test_places_are_counted_by_half_day(
    student: Student, north: School, programme: Programme, provider: Provider, budget: Budget, cast: Cast
) -> None:
    Programme.objects.filter(pk=programme.pk).update(capacity=1)
    common: dict[str, Any] = {"provider": provider, "cast": cast, "now": NOW, "first": FIRST, "last": LAST}
    placement_at(Status.APPROVED, student=student, slots={0, 10}, **common)
    other = placement_at(Status.APPROVED, student=make_student(north, "Cole", "Kit"), slots={1, 11}, **common)
    assert other.live
    third = placement_at(Status.PROPOSED, student=make_student(north, "Dunn", "Max"), slots={1, 2, 11, 12}, **common)
    capacity = next(gate for gate in gate_of(third, TODAY) if gate.code == "CAPACITY")
    assert (capacity.outcome, capacity.why) == (GateOutcome.FAILED, "No place is left on Mon PM in this period.")


def test_pause_keeps_the_place_and_an_end_gives_it_back(
    student: Student, programme: Programme, provider: Provider, budget: Budget, cast: Cast
) -> None:
    last = date(2026, 12, 18)
    common: dict[str, Any] = {"provider": provider, "cast": cast, "now": NOW, "slots": {0, 10}, "last": last}
    paused = placement_at(Status.PAUSED, student=student, **common)
    assert [places_left(programme, (0,), day, day, today=TODAY) for day in (TODAY, last, last + timedelta(days=1))] == [
        9,
        9,
        10,
    ]
    assert places_left(programme, (0,), TODAY, last, today=TODAY, without=paused) == 10


def test_places_left_equal_a_brute_force_count(
    student: Student, north: School, programme: Programme, provider: Provider, budget: Budget, cast: Cast
) -> None:
    """Placements, an offer and half-days of one week only, counted again day by day from the rows."""
    taken: Counter[tuple[int, date]] = Counter()

    def note(slots: set[int], first: date, last: date) -> None:
        day = first
        while day <= last:
            taken.update((slot, day) for slot in slots)
            day += timedelta(days=1)

    plans = [({0, 3, 10, 13}, FIRST, LAST), ({0, 10}, date(2026, 12, 7), LAST), ({13}, date(2026, 12, 1), LAST)]
    for number, (slots, first, last) in enumerate(plans):
        placement_at(
            Status.APPROVED,
            student=make_student(north, f"Count{number}", "Kit"),
            provider=provider,
            cast=cast,
            now=NOW,
            first=first if number != 2 else date(2026, 12, 8),
            last=last,
            slots=slots,
        )
        note(slots, first if number != 2 else date(2026, 12, 8), last)
    held = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    answer(ask(held, programme, cast.slt, slots=(0, 4)), cast.slt)
    note({0, 4, 10, 14}, FIRST, LAST)
    for slot in range(20):
        for first, last in ((FIRST, LAST), (FIRST, FIRST), (date(2026, 12, 7), date(2026, 12, 9))):
            days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
            counted = programme.capacity - max(taken[slot, day] for day in days)
            assert places_left(programme, (slot,), first, last, today=TODAY) == counted


# --- the approval --------------------------------------------------------------------------------------------------


def approve(placement: Placement, by: User, **more: Any) -> Placement:
    return decide_placement(
        placement_id=placement.pk,
        decision=Status.APPROVED,
        reason="",
        overrides=more.pop("overrides", {}),
        over_budget_reason="",
        by=by,
        now=more.pop("now", NOW),
    )


@pytest.fixture
def proposed(student: Student, provider: Provider, budget: Budget, cast: Cast) -> Placement:
    return placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, first=FIRST, last=LAST)


@pytest.mark.policy("P3.9")
def test_no_approval_without_an_offer_whatever_the_head_says(proposed: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="Place offered: No place has been asked for"):
        approve(proposed, cast.head, overrides={"OFFER": "They will."})
    assert not proposed.overrides.exists()
    offer = offer_for(proposed, now=NOW)
    assert offer is not None
    Offer.objects.filter(pk=offer.pk).update(offered_until=date(2026, 11, 18))
    with pytest.raises(RuleBroken, match="The offer lapsed on Wed 18 Nov 2026"):
        approve(proposed, cast.head, now=at(date(2026, 11, 19)))
    Offer.objects.filter(pk=offer.pk).update(offered_until=date(2026, 11, 19))
    approve(proposed, cast.head, now=at(date(2026, 11, 19)))
    offer.refresh_from_db()
    assert (offer.status, offer.placement_id) == (OfferStatus.TAKEN, proposed.pk)


def test_taken_offer_stays_taken_when_the_placement_is_cancelled(
    proposed: Placement, programme: Programme, cast: Cast
) -> None:
    offer = offer_for(proposed, now=NOW)
    assert offer is not None
    approve(proposed, cast.head)
    assert left(programme, 0) == 9  # the placement alone, not the offer beside it
    cancel_placement(placement_id=proposed.pk, reason="The family moved.", by=cast.head, now=NOW)
    offer.refresh_from_db()
    assert offer.status == OfferStatus.TAKEN
    assert left(programme, 0) == 10
    with pytest.raises(RuleBroken):
        drop_offer(offer_id=offer.pk, reason="x", by=cast.slt, now=NOW)


def test_offer_of_another_referral_does_not_serve(
    proposed: Placement, programme: Programme, north: School, cast: Cast
) -> None:
    other = referral_at(ReferralStatus.APPROVED, student=make_student(north, "Cole", "Kit"), cast=cast, now=NOW)
    answer(ask(other, programme, cast.slt, slots=(0, 2, 4, 6, 8)), cast.slt)
    with pytest.raises(RuleBroken, match="No place has been asked for"):
        approve(proposed, cast.head)


def test_approved_placement_starts_on_its_taken_offer(
    student: Student, provider: Provider, budget: Budget, cast: Cast
) -> None:
    started = placement_at(Status.ACTIVE, student=student, provider=provider, cast=cast, now=NOW)
    offer = next(gate for gate in gate_of(started, TODAY) if gate.code == "OFFER")
    assert (offer.outcome, offer.why) == (GateOutcome.PASSED, "The offered place is taken up.")


def test_brought_in_placement_is_asked_for_no_offer(proposed: Placement) -> None:
    Placement.objects.filter(pk=proposed.pk).update(brought_in=True)
    proposed.refresh_from_db()
    assert "OFFER" not in {gate.code for gate in gate_of(proposed, TODAY)}


def test_hours_are_those_of_each_half_days_programme(
    student: Student, north: School, budget: Budget, cast: Cast
) -> None:
    unregistered = make_provider(
        "Barn", kind=ProviderKind.UNREGISTERED, checked_by=cast.slt, approved_by=cast.lead, now=NOW
    )
    proposed = placement_at(
        Status.PROPOSED, student=student, provider=unregistered, cast=cast, now=NOW, first=FIRST, last=LAST
    )
    long = make_programme(unregistered, "Long days", hours_per_session="4.50")
    proposed.slots.filter(slots__startswith__in=[0, 2]).update(programme=long)
    why = next(gate.why for gate in gate_of(proposed, TODAY) if gate.code == "UNREGISTERED")
    # Week A: two sessions of 4.5 hours and three of 3 hours.
    assert "5 sessions a week" in why
    proposed.slots.all().update(programme=long)
    why = next(gate.why for gate in gate_of(proposed, TODAY) if gate.code == "UNREGISTERED")
    assert why.startswith("22.5 hours a week at an unregistered provider, more than 18")


# --- lists and pages -----------------------------------------------------------------------------------------------


def test_chase_list_names_old_questions_and_lapsing_offers_of_own_schools(
    student: Student, student2: Student, programme: Programme, cast: Cast
) -> None:
    own = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    other = referral_at(ReferralStatus.APPROVED, student=student2, cast=cast, now=NOW)
    asked = ask(own, programme, cast.slt, now=NOW)
    elsewhere = ask(other, programme, cast.slt2, now=NOW)
    day = TODAY + timedelta(days=6)
    assert list(offers_to_chase(cast.slt, day)) == []
    assert list(offers_to_chase(cast.slt, TODAY + timedelta(days=7))) == [asked]
    assert set(offers_to_chase(cast.lead, TODAY + timedelta(days=7))) == {asked, elsewhere}
    answer(asked, cast.slt, until=date(2026, 12, 1))
    assert list(offers_to_chase(cast.slt, date(2026, 11, 23))) == []
    assert list(offers_to_chase(cast.slt, date(2026, 11, 24))) == [asked]
    assert list(offers_lapsing(date(2026, 12, 9))) == [asked]


def test_offer_pages_show_and_record(
    referral: Referral, programme: Programme, cast: Cast, login: Callable[[User], Client]
) -> None:
    offer = ask(referral, programme, cast.slt, slots=(3,))
    client = login(cast.team)
    url = reverse("placements:offer-answer", args=[offer.pk])
    response = client.post(url, {"offered": "yes", "answered_by": "Sam", "answered_on": "2026-11-16", "version": 1})
    assert response.status_code == 422
    assert "Until when is the place offered?" in response.content.decode()
    assert 'value="Sam"' in response.content.decode()
    data = {"offered": "yes", "until": "2026-11-30", "answered_by": "Sam", "answered_on": "2026-11-16", "version": 1}
    page = client.post(url, data, follow=True).content.decode()
    for words in ("Place offered", "until Mon 30 Nov 2026", "Tue PM", "Mon 16 Nov 2026, Sam"):
        assert words in page
    client.post(reverse("placements:offer-drop", args=[offer.pk]), {"reason": "Not needed."})
    offer.refresh_from_db()
    assert (offer.status, offer.note) == (OfferStatus.DROPPED, "Not needed.")


def test_lists_ask_the_same_number_of_queries(
    north: School,
    referral: Referral,
    programme: Programme,
    provider: Provider,
    cast: Cast,
    login: Callable[[User], Client],
) -> None:
    client = login(cast.slt)
    urls = (reverse("placements:offer-list", args=[referral.pk]), reverse("placements:offer-chase"))
    counts: list[list[int]] = []
    Offer.objects.filter(pk=ask(referral, programme, cast.slt).pk).update(asked_at=NOW - timedelta(days=9))
    for _ in range(2):
        found = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as counted:
                assert client.get(url).status_code == 200
            found.append(len(counted))
        counts.append(found)
        for name in ("Second", "Third"):
            more = make_programme(provider, f"{name}{len(counts)}")
            Offer.objects.filter(pk=ask(referral, more, cast.slt).pk).update(asked_at=NOW - timedelta(days=9))
    assert counts[0] == counts[1]


# --- guests --------------------------------------------------------------------------------------------------------


@pytest.fixture
def guest(student: Student, south: School, budget: Budget, cast: Cast) -> Placement:
    """A student of north proposed at south."""
    host = make_provider(
        "South", kind=ProviderKind.TRUST_SCHOOL, school=south, checked_by=cast.slt, approved_by=cast.lead, now=NOW
    )
    return placement_at(
        Status.PROPOSED,
        student=student,
        provider=host,
        cast=cast,
        now=NOW,
        first=FIRST,
        last=LAST,
        dual_registered_on=FIRST,
    )


@pytest.mark.policy("P3.3")
def test_refusal_of_the_host_fails_the_gate_with_its_words_and_flags_the_home_school(
    guest: Placement, north: School, cast: Cast
) -> None:
    for person in (cast.head, cast.slt2):
        with pytest.raises(NotAllowed):
            refuse_guest(placement_id=guest.pk, reason="No.", by=person, now=NOW)
    accept_guest(placement_id=guest.pk, dual_registered_on=None, by=cast.head2, now=NOW)
    with pytest.raises(RuleBroken, match="reason"):
        refuse_guest(placement_id=guest.pk, reason=" ", by=cast.head2, now=NOW)
    refuse_guest(placement_id=guest.pk, reason="Year 9 is full.", by=cast.head2, now=NOW)
    guest.refresh_from_db()
    answered = {gate.code: gate for gate in gate_of(guest, TODAY)}
    assert answered["HOST_ACCEPTED"].why == "The receiving school refused on Mon 16 Nov 2026: Year 9 is full."  # type: ignore[index]
    assert "OFFER" not in answered
    with pytest.raises(RuleBroken, match=r"Year 9 is full\."):
        approve(guest, cast.head)
    flag = Flag.objects.open().get(kind="guest_refused")
    assert (flag.school, flag.subject, "SLT" in flag.roles) == (north, f"placement:{guest.pk}", True)
    accept_guest(placement_id=guest.pk, dual_registered_on=None, by=cast.head2, now=NOW)
    assert not Flag.objects.open().filter(kind="guest_refused").exists()
    assert approve(guest, cast.head).live


def test_host_head_refuses_on_the_page(guest: Placement, cast: Cast, login: Callable[[User], Client]) -> None:
    client = login(cast.head2)
    detail = client.get(reverse("placements:placement-detail", args=[guest.pk])).content.decode()
    url = reverse("placements:placement-refuse", args=[guest.pk])
    assert url in detail
    assert reverse("placements:placement-accept", args=[guest.pk]) in detail
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "Full."}).status_code == 302
    guest.refresh_from_db()
    assert guest.host_refusal == "Full."
    assert login(cast.slt2).get(url).status_code == 403
    assert login(cast.slt).get(url).status_code == 403


@pytest.mark.policy("P3.13")
def test_managed_move_asks_the_receiving_school_and_no_offer(student: Student, cast: Cast) -> None:
    outside = make_provider(
        "Elsewhere", kind=ProviderKind.OTHER_SCHOOL, checked_by=cast.slt, approved_by=cast.lead, now=NOW
    )
    move = placement_at(
        Status.PROPOSED,
        student=student,
        provider=outside,
        cast=cast,
        now=NOW,
        route=Route.MANAGED_MOVE,
        first=FIRST,
        last=None,
        slots=(),
    )
    assert {gate.code.value for gate in gate_of(move, TODAY)} == {
        "PROVIDER_KIND",
        "HOST_ACCEPTED",
        "EXPLANATION",
        "CONSENT",
    }
