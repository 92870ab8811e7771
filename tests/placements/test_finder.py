"""Finding a provider: words, ranking, reasons, distance, cost, and the same number of queries for any number."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from placements.codes import Route
from placements.lifecycle import Status
from placements.models import Offer
from placements.queries import Wanted, family_gaps, find_providers, gate_of
from placements.rules import GateOutcome, Teaches, Wishes, match, miles_between
from placements.rules.matching import phrases, words
from providers.codes import CheckKind, ProviderKind, SiteKind
from providers.lifecycle import Status as ProviderStatus
from providers.models import Check, Programme, Provider
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from tests.factories.people import make_student
from tests.factories.placements import placement_at, referral_at
from tests.factories.providers import make_programme, make_provider
from tests.fixtures import NOW, TODAY, Cast
from trust.models import PostcodePoint, School, Student, User

WANTED = Wanted(slots=(0, 2, 4), first=date(2026, 11, 30), last=date(2026, 12, 18))


# --- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.policy("P6.2")
@pytest.mark.parametrize(
    ("wishes", "teaches", "score", "possible", "why"),
    [
        (Wishes(), Teaches(subjects="English"), 0, 0, "nothing was asked for in the referral"),
        (Wishes(interests="Construction"), Teaches(subjects="construction"), 2, 2, "matches Construction"),
        (Wishes(subjects="English"), Teaches(subjects="English language; maths"), 2, 2, "matches English"),
        (Wishes(subjects="English language"), Teaches(subjects="English"), 2, 2, "matches English language"),
        (Wishes(interests="He likes cars and football"), Teaches(interests="car"), 2, 2, None),
        (Wishes(interests="motor sports"), Teaches(interests="motor vehicles"), 0, 2, "matches none of the wishes"),
        (Wishes(interests="art"), Teaches(interests="martial arts"), 2, 2, "matches art"),
        (Wishes(interests="art"), Teaches(interests="martial"), 0, 2, "matches none of the wishes"),
        (Wishes(subjects="maths"), Teaches(qualifications=("Level 1 maths",)), 0, 2, "matches none of the wishes"),
        (
            Wishes(interests="construction", subjects="English", qualifications="Level 1 award"),
            Teaches("bricklaying", "English, construction", ("1 Level Award in Construction",)),
            7,
            7,
            "matches construction, English; Level 1 award",
        ),
        (Wishes(interests="CAFÉ work"), Teaches(interests="cafe work"), 2, 2, "matches CAFÉ work"),
    ],
)
def test_match_is_words_against_words(
    wishes: Wishes, teaches: Teaches, score: int, possible: int, why: str | None
) -> None:
    found = match(wishes, teaches)
    assert (found.score, found.possible) == (score, possible)
    if why is not None:
        assert found.why == why
    assert found == match(wishes, teaches)


def test_phrases_without_a_telling_word_are_none() -> None:
    assert phrases("English, and, ; maths / English\n the") == ("English", "maths")
    assert words("The Glass") == {"glass"}


def test_distance_is_a_straight_line_in_miles() -> None:
    london, leeds = (Decimal("51.5074"), Decimal("-0.1278")), (Decimal("53.8008"), Decimal("-1.5491"))
    assert miles_between(london, london) == 0
    # 169.5 miles as the crow flies; the figure of any great-circle calculator.
    assert abs(miles_between(london, leeds) - Decimal("169.5")) < Decimal("1.5")


# --- ranking and reasons -------------------------------------------------------------------------------------------


@pytest.fixture
def referral(student: Student, cast: Cast) -> Referral:
    """An approved referral that wishes for construction and English."""
    made = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    Referral.objects.filter(pk=made.pk).update(interests="Construction", subjects="English", qualifications="")
    made.refresh_from_db()
    return made


@pytest.fixture
def another(cast: Cast) -> Callable[..., Provider]:
    """Another approved provider by name; ``programme`` are facts of its only programme."""

    def make(name: str, *, kind: ProviderKind = ProviderKind.REGISTERED_AP, **programme: object) -> Provider:
        made = make_provider(name, kind=kind, checked_by=cast.slt, approved_by=cast.lead, now=NOW)
        Programme.objects.filter(provider=made).update(**programme)
        return made

    return make


def names(rows: object) -> list[str]:
    return [row.programme.provider.name for row in rows]  # type: ignore[attr-defined]


@pytest.mark.policy("P6.2")
def test_ranked_by_match_then_cost_then_distance(
    referral: Referral, another: Callable[..., Provider], north: School
) -> None:
    another("Best", subjects="construction, English")
    another("Cheap", subjects="construction", rate=Decimal(10))
    far, near = another("A far one", subjects="construction"), another("Near", subjects="construction")
    far.sites.update(postcode="FA1 1AA")
    near.sites.update(postcode="NE1 1AA")
    for code, latitude in (("NB11AA", "51.5"), ("FA11AA", "52.5"), ("NE11AA", "51.6")):
        PostcodePoint.objects.create(postcode=code, latitude=latitude, longitude="0.1")
    rows = find_providers(referral, WANTED, TODAY)
    assert names(rows) == ["Best", "Cheap", "Near", "A far one"]
    assert rows[0].match.why == "matches Construction, English"
    assert [row.miles for row in rows] == [None, None, Decimal("6.9"), Decimal("69.1")]
    assert rows[2].cost == Decimal("405.00")  # nine mornings at £45 in three school weeks
    assert rows[2].left == 10


REASONS = [
    ("PROSPECTIVE", {}, {}, {"PROVIDER_APPROVED": "The provider is prospective, not approved."}),
    ("", {"capacity": 0}, {}, {"CAPACITY": "No place is left on Mon AM, Tue AM and Wed AM in this period."}),
    (
        "",
        {"sessions_offered": [0, 2]},
        {},
        {"HALF_DAYS": "The programme is not offered on Wed AM."},
    ),
    (
        "",
        {"offered_until": date(2026, 12, 11)},
        {},
        {"HALF_DAYS": "The programme is offered until Fri 11 Dec 2026 only."},
    ),
    ("", {"key_stages": "KS4"}, {}, {"KEY_STAGE": "The programme is for KS4, the student is in KS3."}),
    (
        "",
        {},
        {"last": date(2027, 9, 17)},
        {
            "AGREEMENT": "No service level agreement covers Wed 1 Sep 2027.",
        },
    ),
    (
        "",
        {},
        {"route": Route.MEDICAL},
        {"SPECIALIST": "Medical needs are met only by specialist, hospital or home-tuition providers."},
    ),
    (
        "",
        {},
        {"route": Route.HOME_ONLINE},
        {
            "PROVIDER_KIND": "The route 'Online at home' is not possible at a provider of this kind.",
            "ACCREDITATION": "None is recorded.",
        },
    ),
    ("", {"maths_and_english": False}, {"slots": tuple(range(10))}, {"MATHS_AND_ENGLISH": None}),
]


@pytest.mark.policy("P6.2")
@pytest.mark.parametrize(("status", "programme", "wanted", "reasons"), REASONS)
def test_unsuitable_ones_stand_with_all_their_reasons(
    status: str,
    programme: dict[str, object],
    wanted: dict[str, object],
    reasons: dict[str, str | None],
    referral: Referral,
    cast: Cast,
) -> None:
    made = make_provider(
        "One",
        status=ProviderStatus(status or ProviderStatus.APPROVED),
        checked_by=cast.slt,
        approved_by=cast.lead,
        now=NOW,
    )
    Programme.objects.filter(provider=made).update(**programme)
    (row,) = find_providers(referral, replace(WANTED, **wanted), TODAY)  # type: ignore[arg-type]
    assert not row.suitable
    assert {reason.code.value for reason in row.reasons} == set(reasons)
    for reason in row.reasons:
        assert reasons[reason.code.value] in (reason.why, None)


@pytest.mark.policy("P3.4")
def test_online_provider_fits_the_route_at_home_only(referral: Referral, another: Callable[..., Provider]) -> None:
    made = another("Screen", kind=ProviderKind.ONLINE)
    made.sites.update(kind=SiteKind.ONLINE)
    (row,) = find_providers(referral, WANTED, TODAY)
    assert [reason.why for reason in row.reasons] == [
        "An online provider is for students who are confined to home: choose the route 'online at home'."
    ]
    assert row.online


@pytest.mark.policy("P3.12")
def test_a_check_that_nobody_confirmed_does_not_count(referral: Referral, provider: Provider) -> None:
    Check.objects.filter(provider=provider, kind=CheckKind.VISIT).update(confirmed_by=None, confirmed_at=None)
    Check.objects.filter(provider=provider, kind=CheckKind.INSURANCE).delete()
    (row,) = find_providers(referral, WANTED, TODAY)
    assert {reason.code.value: reason.why for reason in row.reasons} == {
        "VISIT": "It is recorded, but the trust AP lead has not confirmed it.",
        "INSURANCE": "None is recorded.",
    }


def test_finder_and_decision_name_the_same_reasons(
    referral: Referral, provider: Provider, student: Student, cast: Cast
) -> None:
    Check.objects.filter(provider=provider, kind=CheckKind.VISIT).delete()
    provider.programmes.update(capacity=0, sessions_offered=[0, 2])
    (row,) = find_providers(referral, WANTED, TODAY)
    proposed = placement_at(
        Status.PROPOSED,
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        referral=referral,
        slots={0, 2, 4, 10, 12, 14},
        first=WANTED.first,
        last=WANTED.last,
    )
    failed = {gate.code: gate.why for gate in gate_of(proposed, TODAY) if gate.outcome == GateOutcome.FAILED}
    # Asking for the place is what the decision wants on top.
    assert failed.pop("OFFER").startswith("No place has been asked for")  # type: ignore[call-overload]
    assert failed == {reason.code: reason.why for reason in row.reasons}


def test_own_school_and_closed_providers_are_left_out(
    referral: Referral, north: School, south: School, cast: Cast
) -> None:
    for school, name in ((north, "Own"), (south, "Other")):
        make_provider(
            name, kind=ProviderKind.TRUST_SCHOOL, school=school, checked_by=cast.slt, approved_by=cast.lead, now=NOW
        )
    gone = make_provider("Gone", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    Provider.objects.filter(pk=gone.pk).update(status=ProviderStatus.CLOSED)
    rows = find_providers(referral, WANTED, TODAY)
    assert names(rows) == ["Other"]
    assert rows[0].suitable


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({"subject": "english"}, ["A", "B"]),
        ({"interest": "horses"}, ["B"]),
        ({"qualification": "award"}, ["A"]),
        ({"key_stage": "KS4"}, ["A", "C"]),
        ({"cost_up_to": Decimal("405.00")}, ["A", "C"]),
        ({"only_free": True}, ["A", "B"]),
    ],
)
def test_filters_leave_out_what_does_not_fit(
    filters: dict[str, object], kept: list[str], referral: Referral, another: Callable[..., Provider]
) -> None:
    first = another("A", subjects="English, maths")
    first.programmes.get().qualifications.create(title="Award in Retail", level="Level 1", awarding_body="City")
    another("B", subjects="English", interests="horses", key_stages="KS3", rate=Decimal("46.00"))
    another("C", subjects="sport", capacity=0)
    rows = find_providers(referral, replace(WANTED, **filters), TODAY)  # type: ignore[arg-type]
    assert sorted(names(rows)) == kept


def test_missing_in_the_referral_is_said_once(referral: Referral) -> None:
    assert family_gaps(referral, WANTED, TODAY) == ()
    referral.explained_by = ""
    assert [gap.code.value for gap in family_gaps(referral, WANTED, TODAY)] == ["EXPLANATION"]


def test_same_queries_for_1_and_for_30(
    referral: Referral,
    another: Callable[..., Provider],
    north: School,
    budget: object,
    cast: Cast,
    django_assert_num_queries: Callable[..., object],
) -> None:
    made = another("One", kind=ProviderKind.UNREGISTERED)
    placement_at(
        Status.APPROVED, student=make_student(north, "Cole", "Kit"), provider=made, cast=cast, now=NOW, slots={0, 10}
    )
    with django_assert_num_queries(18):  # type: ignore[attr-defined]
        assert len(find_providers(Referral.objects.get(pk=referral.pk), WANTED, TODAY)) == 1
    for number in range(29):
        another(f"Provider {number}")
    make_programme(made, "Second")
    with django_assert_num_queries(18):  # type: ignore[attr-defined]
        assert len(find_providers(Referral.objects.get(pk=referral.pk), WANTED, TODAY)) == 31


# --- the page ------------------------------------------------------------------------------------------------------


def test_page_asks_several_at_once(
    referral: Referral, another: Callable[..., Provider], cast: Cast, login: Callable[[User], Client]
) -> None:
    chosen = [another(name).programmes.get() for name in ("One", "Two", "Three")][:2]
    url = reverse("placements:finder", args=[referral.pk])
    query = "?slots=0&slots=13&route=DIRECTION&first=2026-11-30&last=2026-12-18"
    client = login(cast.slt)
    # A half-day of week B does not exist in the form of one week.
    assert "not one of the available choices" in client.get(url + query).content.decode()
    query = query.replace("13", "3")
    page = client.get(url + query).content.decode()
    assert "3 programmes could take the student" in page
    assert "£45.00 per session" in page
    response = client.post(url + query, {})
    assert response.status_code == 422
    assert "Tick at least one programme." in response.content.decode()
    response = client.post(url + query, {"programmes": [programme.pk for programme in chosen]}, follow=True)
    offers = Offer.objects.filter(referral=referral)
    assert {offer.programme_id for offer in offers} == {programme.pk for programme in chosen}
    assert {(tuple(o.wanted_slots), o.wanted_first, o.wanted_last) for o in offers} == {
        ((0, 3), date(2026, 11, 30), date(2026, 12, 18))
    }
    assert "Place asked for" in response.content.decode()
    assert client.get(url + query).content.decode().count("asked already") == 2


def test_page_opens_with_days_that_can_be_reached(
    referral: Referral, provider: Provider, cast: Cast, login: Callable[[User], Client]
) -> None:
    page = login(cast.slt).get(reverse("placements:finder", args=[referral.pk])).content.decode()
    assert 'value="2026-11-30"' in page
    assert "1 programme could take the student" in page


def test_page_of_a_draft_says_what_to_do(student: Student, cast: Cast, login: Callable[[User], Client]) -> None:
    draft = referral_at(ReferralStatus.DRAFT, student=student, cast=cast, now=NOW)
    page = login(cast.slt).get(reverse("placements:finder", args=[draft.pk])).content.decode()
    assert "This referral has not been sent" in page


def test_wrong_filters_show_a_sentence_and_no_list(
    referral: Referral, provider: Provider, cast: Cast, login: Callable[[User], Client]
) -> None:
    url = reverse("placements:finder", args=[referral.pk])
    page = login(cast.slt).get(f"{url}?slots=0&route=DIRECTION&first=2026-12-18&last=2026-11-30").content.decode()
    assert "The last day must not be before the first." in page
    assert "could take the student" not in page


def test_days_gone_by_are_refused_by_the_service(
    referral: Referral, provider: Provider, cast: Cast, login: Callable[[User], Client]
) -> None:
    url = reverse("placements:finder", args=[referral.pk])
    past = (TODAY - timedelta(days=7)).isoformat()
    response = login(cast.slt).post(
        f"{url}?slots=0&route=DIRECTION&first={past}&last=2026-12-18", {"programmes": [provider.programmes.get().pk]}
    )
    assert response.status_code == 422
    assert "has passed" in response.content.decode()
