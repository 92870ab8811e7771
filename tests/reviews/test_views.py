"""Pages of reviews: who sees which, what a bad form keeps, and where an outcome leads."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from placements.models import Placement
from reviews.codes import ReviewOutcome, TargetKind
from reviews.models import Action, Review, Target
from reviews.services import hold_review, set_target
from tests.fixtures import NOW, TODAY, Cast
from tests.reviews.test_services import review_data
from trust.models import AccessLog

Login = Callable[[Any], Client]


@pytest.fixture
def target(active: Placement, cast: Cast) -> Target:
    """An open target of the placement."""
    return set_target(
        placement_id=active.pk,
        data={"kind": TargetKind.ATTENDANCE, "measure": "Sessions attended", "baseline": "61 %", "goal": "90 %"},
        by=cast.slt,
        now=NOW,
    )


@pytest.fixture
def review(active: Placement, target: Target, cast: Cast) -> Review:
    """A review with one action."""
    return hold_review(
        placement_id=active.pk,
        data=review_data(summary="Words of the meeting"),
        results={target.pk: ("PARTLY", "Half way")},
        actions=[{"what": "Bus pass", "owner": "Tom Pastoral", "due_on": TODAY}],
        by=cast.slt,
        now=NOW,
    )


def posted(target: Target, **changes: Any) -> dict[str, Any]:
    """What the browser sends for a whole review."""
    return {
        "held_on": TODAY.isoformat(),
        "attendees": "Simon Senior, Mary Ashdown",
        "maths": "Fractions secure",
        "english": "Reads aloud",
        "summary": "Going well",
        "outcome": "CONTINUE",
        f"result_{target.pk}": "MET",
        f"note_{target.pk}": "92 %",
        **changes,
    }


def test_list_shows_the_own_school_and_links_to_the_form(active: Placement, cast: Cast, login: Login) -> None:
    html = login(cast.slt).get(reverse("reviews:review-list")).content.decode()
    assert "Ashdown, Jo" in html
    assert "Fri 23 Oct 2026" in html
    assert "Overdue" in html
    assert reverse("reviews:review-hold", args=[active.pk]) in html
    assert "Ashdown" not in login(cast.slt2).get(reverse("reviews:review-list")).content.decode()


def test_list_of_attendance_team_leads_to_no_notes(active: Placement, cast: Cast, login: Login) -> None:
    html = login(cast.att).get(reverse("reviews:review-list")).content.decode()
    assert "Ashdown, Jo" in html
    assert "/reviews/placements/" not in html


@pytest.mark.parametrize(
    ("state", "there"), [("overdue", True), ("soon", False), ("later", False), ("none", False), ("x", True)]
)
def test_list_filters_by_state(state: str, there: bool, active: Placement, cast: Cast, login: Login) -> None:
    html = login(cast.slt).get(reverse("reviews:review-list"), {"state": state}).content.decode()
    assert ("Ashdown, Jo" in html) is there


@pytest.mark.parametrize("query", [{"page": "99999999999999999999"}, {"page": "x"}, {"school": "0"}])
def test_list_bears_bad_input(query: dict[str, str], active: Placement, cast: Cast, login: Login) -> None:
    assert login(cast.lead).get(reverse("reviews:review-list"), query).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_the_same_number_of_queries(
    count: int, make: Callable[..., Placement], cast: Cast, login: Login, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _ in range(count):
        make()
    client = login(cast.slt)
    client.get(reverse("reviews:review-list"))
    with django_assert_num_queries(QUERIES_OF_LIST):
        client.get(reverse("reviews:review-list"))


QUERIES_OF_LIST = 13

# --- Who -------------------------------------------------------------------------------------------------------------

PAGES = ("reviews:placement-reviews", "reviews:review-hold", "reviews:target-set")
OPEN = {
    "reviews:placement-reviews": {"slt", "head", "lead", "team", "dsl", "ceo"},
    "reviews:review-hold": {"slt", "head", "lead", "team"},
    "reviews:target-set": {"slt", "head", "lead", "team"},
    "reviews:review-detail": {"slt", "head", "lead", "team", "dsl", "ceo"},
    "reviews:target-close": {"slt", "head", "lead", "team"},
    "reviews:action-done": {"slt", "head", "lead", "team"},
}
# Those of another school and those who see no student at all do not learn that the record is there.
OUTSIDE = {"slt2", "head2", "att2", "dsl2", "finance", "trustee"}


@pytest.mark.parametrize("who", ["lead", "ceo", "finance", "trustee", "head", "slt", "att", "dsl", "team", "slt2"])
def test_pages_answer_each_role(who: str, active: Placement, review: Review, cast: Cast, login: Login) -> None:
    client = login(getattr(cast, who))
    target, action = Target.objects.get(), Action.objects.get()
    for name, wanted in OPEN.items():
        pk = {"reviews:review-detail": review.pk, "reviews:target-close": target.pk, "reviews:action-done": action.pk}
        address = reverse(name, args=[pk.get(name, active.pk)])
        buttons = name in ("reviews:target-close", "reviews:action-done")
        response = client.post(address) if buttons else client.get(address)
        expected = 404 if who in OUTSIDE else 403 if who not in wanted else 302 if buttons else 200
        assert response.status_code == expected, (name, response.status_code)


def test_host_school_holds_no_review(active: Placement, cast: Cast, login: Login, south: Any) -> None:
    Placement.objects.filter(pk=active.pk).update(host_school=south)
    client = login(cast.slt2)
    assert client.get(reverse("reviews:review-hold", args=[active.pk])).status_code == 403
    assert client.get(reverse("reviews:placement-reviews", args=[active.pk])).status_code == 403
    assert "Ashdown" not in client.get(reverse("reviews:review-list")).content.decode()


def test_pages_ask_for_log_in(active: Placement, review: Review) -> None:
    for name in (*PAGES, "reviews:review-detail"):
        pk = review.pk if name == "reviews:review-detail" else active.pk
        response = Client().get(reverse(name, args=[pk]))
        assert response.status_code == 302
        assert reverse("account_login") in response["Location"]
    assert Client().get(reverse("reviews:review-list")).status_code == 302


def test_wrong_verbs_are_refused(active: Placement, review: Review, cast: Cast, login: Login) -> None:
    client = login(cast.slt)
    for name in ("reviews:target-close", "reviews:action-done"):
        pk = Target.objects.get().pk if name == "reviews:target-close" else Action.objects.get().pk
        assert client.get(reverse(name, args=[pk])).status_code == 405
    assert client.post(reverse("reviews:review-list")).status_code == 405
    assert client.post(reverse("reviews:review-detail", args=[review.pk])).status_code == 405
    assert client.delete(reverse("reviews:review-hold", args=[active.pk])).status_code == 405


@pytest.mark.parametrize("pk", [0, 10**30])
def test_missing_records_are_404(pk: int, cast: Cast, login: Login, db: None) -> None:
    client = login(cast.slt)
    for name in (*PAGES, "reviews:review-detail"):
        assert client.get(reverse(name, args=[pk])).status_code == 404
    for name in ("reviews:target-close", "reviews:action-done"):
        assert client.post(reverse(name, args=[pk])).status_code == 404


# --- Holding a review ------------------------------------------------------------------------------------------------


def test_form_has_figures_targets_and_three_empty_actions(
    active: Placement, target: Target, cast: Cast, login: Login
) -> None:
    html = login(cast.slt).get(reverse("reviews:review-hold", args=[active.pk])).content.decode()
    assert "<title>Review of placement" in html.replace("\n", "")
    assert "Placement attendance" in html
    assert "Sessions attended" in html
    assert "61 %" in html
    assert all(f'name="what_{number}"' in html for number in (1, 2, 3))
    assert 'name="what_4"' not in html
    assert AccessLog.objects.filter(user=cast.slt, student_id=active.student_id, action="hold review").exists()


def test_form_without_target_leads_to_adding_one(active: Placement, cast: Cast, login: Login) -> None:
    html = login(cast.slt).get(reverse("reviews:review-hold", args=[active.pk])).content.decode()
    assert reverse("reviews:target-set", args=[active.pk]) in html


def test_a_whole_review_is_saved(active: Placement, target: Target, cast: Cast, login: Login) -> None:
    data = posted(target, what_1="Bus pass", owner_1="Tom", due_1=(TODAY + timedelta(days=7)).isoformat())
    response = login(cast.team).post(reverse("reviews:review-hold", args=[active.pk]), data)
    review = Review.objects.get()
    assert (response.status_code, response["Location"]) == (302, reverse("reviews:review-detail", args=[review.pk]))
    assert (review.outcome, review.recorded_by, review.results.get().result) == ("CONTINUE", cast.team, "MET")
    assert review.actions.get().what == "Bus pass"


@pytest.mark.parametrize(
    ("changes", "words", "field"),
    [
        ({"maths": ""}, "This field is required", "id_maths"),
        ({"held_on": "0001-01-01"}, "before the placement began", "id_held_on"),
        ({"held_on": "9999-12-31"}, "before it was held", "id_held_on"),
        ({"held_on": "yesterday"}, "valid date", "id_held_on"),
        ({"outcome": "EXTEND"}, "last day of the extension", "id_extend_last"),
        ({"outcome": "NONSENSE"}, "valid choice", "id_outcome_0"),
        ({"what_2": "Bus pass"}, "Say who does it", "id_owner_2"),
        (
            {"what_2": "Bus pass", "owner_2": "Tom", "due_2": "2026-01-01"},
            "due before the review was held",
            "id_due_2",
        ),
        ({"maths": "x" * 241}, "at most 240", "id_maths"),
    ],
)
def test_a_bad_review_is_answered_beside_the_field_and_keeps_what_was_typed(
    changes: dict[str, str], words: str, field: str, active: Placement, target: Target, cast: Cast, login: Login
) -> None:
    data = posted(target, english="Reads Macbeth aloud", **changes)
    response = login(cast.slt).post(reverse("reviews:review-hold", args=[active.pk]), data)
    html = response.content.decode()
    assert response.status_code == 422
    assert words in html
    assert f'href="#{field}"' in html
    assert "Reads Macbeth aloud" in html
    assert not Review.objects.exists()


def test_a_review_without_any_result_is_refused_in_words(
    active: Placement, target: Target, cast: Cast, login: Login
) -> None:
    response = login(cast.slt).post(
        reverse("reviews:review-hold", args=[active.pk]), posted(target, **{f"result_{target.pk}": ""})
    )
    assert response.status_code == 422
    assert "the result of at least one target" in response.content.decode()


@pytest.mark.parametrize(
    ("outcome", "extra", "name"),
    [
        (ReviewOutcome.EXTEND, {"extend_last": "2027-02-12"}, "placements:placement-extend"),
        (ReviewOutcome.END_RETURN, {}, "placements:placement-end"),
        (ReviewOutcome.END_OTHER, {}, "placements:placement-end"),
        (ReviewOutcome.CONTINUE, {}, ""),
    ],
)
def test_the_outcome_leads_to_the_next_step(
    outcome: str, extra: dict[str, str], name: str, active: Placement, target: Target, cast: Cast, login: Login
) -> None:
    client = login(cast.slt)
    data = posted(target, outcome=outcome, **extra)
    html = client.post(reverse("reviews:review-hold", args=[active.pk]), data, follow=True).content.decode()
    for link in ("placements:placement-extend", "placements:placement-end"):
        assert (reverse(link, args=[active.pk]) in html) is (link == name)
    # The safeguarding lead reads it, but does not act on it.
    review = Review.objects.get()
    html = login(cast.dsl).get(reverse("reviews:review-detail", args=[review.pk])).content.decode()
    assert "Going well" in html
    assert not name or reverse(name, args=[active.pk]) not in html


def test_detail_says_late_and_shows_actions(review: Review, cast: Cast, login: Login) -> None:
    html = login(cast.head).get(reverse("reviews:review-detail", args=[review.pk])).content.decode()
    assert "Held late" in html
    assert "Words of the meeting" in html
    assert "Bus pass" in html
    login(cast.head).post(reverse("reviews:action-done", args=[Action.objects.get().pk]))
    assert Action.objects.get().done_on == TODAY


# --- Targets ---------------------------------------------------------------------------------------------------------


def test_target_is_added_and_closed(active: Placement, cast: Cast, login: Login) -> None:
    client = login(cast.slt)
    page = reverse("reviews:placement-reviews", args=[active.pk])
    data = {"kind": "BEHAVIOUR", "measure": "Incidents a week", "baseline": "4", "goal": "1"}
    response = client.post(reverse("reviews:target-set", args=[active.pk]), data)
    assert (response.status_code, response["Location"]) == (302, page)
    assert "Incidents a week" in client.get(page).content.decode()
    target = Target.objects.get()
    assert client.post(reverse("reviews:target-close", args=[target.pk]))["Location"] == page
    assert "Closed targets (1)" in client.get(page).content.decode()


def test_target_without_goal_is_answered_beside_the_field(active: Placement, cast: Cast, login: Login) -> None:
    data = {"kind": "BEHAVIOUR", "measure": "Incidents a week", "baseline": "4", "goal": " "}
    response = login(cast.slt).post(reverse("reviews:target-set", args=[active.pk]), data)
    assert response.status_code == 422
    assert 'href="#id_goal"' in response.content.decode()
    assert "Incidents a week" in response.content.decode()
    assert not Target.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_page_of_a_placement_asks_the_same_number_of_queries(
    count: int, active: Placement, cast: Cast, login: Login, django_assert_num_queries: Callable[..., Any]
) -> None:
    for number in range(count):
        target = set_target(
            placement_id=active.pk,
            data={"kind": TargetKind.OTHER, "measure": f"Measure {number}", "baseline": "1", "goal": "2"},
            by=cast.slt,
            now=NOW,
        )
        hold_review(
            placement_id=active.pk,
            data=review_data(held_on=date(2026, 11, 2 + number)),
            results={target.pk: ("MET", "")},
            actions=[],
            by=cast.slt,
            now=NOW,
        )
    client = login(cast.slt)
    client.get(reverse("reviews:placement-reviews", args=[active.pk]))
    with django_assert_num_queries(QUERIES_OF_PLACEMENT):
        client.get(reverse("reviews:placement-reviews", args=[active.pk]))


QUERIES_OF_PLACEMENT = 15


@pytest.mark.parametrize("count", [1, 3])
def test_form_and_record_ask_the_same_number_of_queries(
    count: int, active: Placement, cast: Cast, login: Login, django_assert_num_queries: Callable[..., Any]
) -> None:
    targets = [
        set_target(
            placement_id=active.pk,
            data={"kind": TargetKind.OTHER, "measure": f"Measure {number}", "baseline": "1", "goal": "2"},
            by=cast.slt,
            now=NOW,
        )
        for number in range(count)
    ]
    review = hold_review(
        placement_id=active.pk,
        data=review_data(),
        results={target.pk: ("MET", "") for target in targets},
        actions=[{"what": f"Deed {n}", "owner": "Tom", "due_on": TODAY} for n in range(count)],
        by=cast.slt,
        now=NOW,
    )
    client = login(cast.slt)
    for name, pk, queries in (
        ("reviews:review-hold", active.pk, QUERIES_OF_FORM),
        ("reviews:review-detail", review.pk, QUERIES_OF_RECORD),
    ):
        client.get(reverse(name, args=[pk]))
        with django_assert_num_queries(queries):
            client.get(reverse(name, args=[pk]))


QUERIES_OF_FORM = 29
QUERIES_OF_RECORD = 11
