"""Targets, reviews held, actions, and the sweep for reviews due."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from placements.lifecycle import Status
from placements.models import Placement
from reviews.codes import ReviewOutcome, TargetKind
from reviews.codes import TargetResult as Result
from reviews.models import Action, Review, Target, TargetResult
from reviews.queries import reviews_due
from reviews.rules import Because, ReviewState
from reviews.services import close_target, complete_action, hold_review, raise_review_flags, set_target
from tests.fixtures import NOW, TODAY, Cast
from trust.errors import NotAllowed, RuleBroken
from trust.models import Flag

OCTOBER = date(2026, 10, 5)
NOVEMBER = date(2026, 11, 2)

Make = Callable[..., Placement]


def review_data(**changes: Any) -> dict[str, Any]:
    """A review held today that goes on."""
    return {
        "held_on": TODAY,
        "attendees": "Simon Senior, Mary Ashdown, Sam Okafor",
        "maths": "Fractions secure.",
        "english": "Reads aloud.",
        "student_view": "Likes the workshop.",
        "parent_view": "",
        "summary": "Going well.",
        "outcome": ReviewOutcome.CONTINUE,
        "extend_last": None,
        **changes,
    }


@pytest.fixture
def target(active: Placement, cast: Cast) -> Target:
    """An open target of the placement."""
    return set_target(
        placement_id=active.pk,
        data={"kind": TargetKind.ATTENDANCE, "measure": "Sessions attended", "baseline": "61 %", "goal": "90 %"},
        by=cast.slt,
        now=NOW,
    )


def hold(active: Placement, target: Target, cast: Cast, **changes: Any) -> Review:
    """The review of ``review_data`` with the target met."""
    return hold_review(
        placement_id=active.pk,
        data=review_data(**changes),
        results={target.pk: (Result.MET, "92 %")},
        actions=[],
        by=cast.slt,
        now=NOW,
    )


@pytest.mark.policy("P6.7")
def test_set_target_of_own_school_keeps_who_and_when(target: Target, cast: Cast) -> None:
    assert (target.set_on, target.set_by, target.closed_on) == (TODAY, cast.slt, None)


def test_set_target_without_goal_is_refused(active: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="goal"):
        set_target(
            placement_id=active.pk,
            data={"kind": TargetKind.OTHER, "measure": "Calm", "baseline": "3 incidents", "goal": "  "},
            by=cast.slt,
            now=NOW,
        )
    assert not Target.objects.exists()


@pytest.mark.parametrize("who", ["att", "dsl", "ceo", "finance", "trustee", "slt2"])
def test_services_refuse_who_may_not_hold_reviews(who: str, active: Placement, target: Target, cast: Cast) -> None:
    by = getattr(cast, who)
    review = hold(active, target, cast)
    action = Action.objects.create(review=review, what="Call home", owner="Tom", due_on=TODAY)
    with pytest.raises(NotAllowed):
        set_target(
            placement_id=active.pk,
            data={"kind": TargetKind.OTHER, "measure": "a", "baseline": "b", "goal": "c"},
            by=by,
            now=NOW,
        )
    with pytest.raises(NotAllowed):
        close_target(target_id=target.pk, by=by, now=NOW)
    with pytest.raises(NotAllowed):
        complete_action(action_id=action.pk, by=by, now=NOW)
    with pytest.raises(NotAllowed):
        hold_review(
            placement_id=active.pk,
            data=review_data(held_on=TODAY - timedelta(days=3)),
            results={target.pk: (Result.MET, "")},
            actions=[],
            by=by,
            now=NOW,
        )
    assert (Target.objects.count(), Review.objects.count()) == (1, 1)
    target.refresh_from_db()
    action.refresh_from_db()
    assert (target.closed_on, action.done_on) == (None, None)


def test_close_target_twice_keeps_the_first_day(target: Target, cast: Cast) -> None:
    close_target(target_id=target.pk, by=cast.slt, now=NOW)
    assert close_target(target_id=target.pk, by=cast.slt, now=NOW + timedelta(days=1)).closed_on == TODAY


@pytest.mark.policy("P6.6")
def test_hold_review_freezes_due_day_and_computes_the_next(active: Placement, target: Target, cast: Cast) -> None:
    review = hold(active, target, cast)
    # Started on 5 October with more than ten school days of the half-term left: due at its end, held late.
    assert (review.due_on, review.held_on) == (date(2026, 10, 23), TODAY)
    # Held in the second half of autumn: next at the end of the next half-term, or 6 school weeks after: 15 January.
    assert review.next_due_on == date(2027, 1, 15)
    assert [(r.target, r.result, r.note) for r in review.results.all()] == [(target, "MET", "92 %")]


def test_hold_review_that_ends_the_placement_has_no_next(active: Placement, target: Target, cast: Cast) -> None:
    assert hold(active, target, cast, outcome=ReviewOutcome.END_RETURN).next_due_on is None


@pytest.mark.policy("P3.5")
@pytest.mark.parametrize(("missing", "words"), [("maths", "maths"), ("english", "English"), ("outcome", "outcome")])
def test_hold_review_without_what_it_must_record_is_refused(
    missing: str, words: str, active: Placement, target: Target, cast: Cast
) -> None:
    with pytest.raises(RuleBroken, match=words):
        hold(active, target, cast, **{missing: ""})
    assert not Review.objects.exists()


@pytest.mark.policy("P6.7")
def test_hold_review_without_a_result_is_refused(active: Placement, target: Target, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="target"):
        hold_review(
            placement_id=active.pk,
            data=review_data(),
            results={target.pk: ("", "nothing said")},
            actions=[],
            by=cast.slt,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"held_on": TODAY + timedelta(days=1)}, "before it was held"),
        ({"held_on": OCTOBER - timedelta(days=1)}, "before the placement began"),
        ({"held_on": date(1, 1, 1)}, "before the placement began"),
        ({"outcome": ReviewOutcome.EXTEND}, "last day"),
        ({"outcome": ReviewOutcome.EXTEND, "extend_last": OCTOBER}, "before its first day"),
    ],
)
def test_hold_review_on_impossible_days_is_refused(
    changes: dict[str, Any], words: str, active: Placement, target: Target, cast: Cast
) -> None:
    with pytest.raises(RuleBroken, match=words):
        hold(active, target, cast, **changes)


def test_hold_review_of_a_closed_or_foreign_target_is_refused(
    active: Placement, target: Target, cast: Cast, make: Make
) -> None:
    close_target(target_id=target.pk, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="closed"):
        hold(active, target, cast)
    assert not TargetResult.objects.exists()


def test_hold_review_of_a_placement_that_has_not_started_is_refused(cast: Cast, make: Make) -> None:
    approved = make(status=Status.APPROVED)
    with pytest.raises(RuleBroken, match="while a placement runs"):
        hold_review(placement_id=approved.pk, data=review_data(), results={}, actions=[], by=cast.slt, now=NOW)


def test_hold_review_twice_on_one_day_is_refused_in_words(active: Placement, target: Target, cast: Cast) -> None:
    hold(active, target, cast)
    with pytest.raises(RuleBroken, match="already recorded"):
        hold(active, target, cast)
    assert Review.objects.count() == 1


def test_hold_review_keeps_actions_and_refuses_half_ones(active: Placement, target: Target, cast: Cast) -> None:
    whole = {"what": "Bus pass", "owner": "Tom Pastoral", "due_on": TODAY}
    for broken in ({**whole, "owner": " "}, {**whole, "due_on": None}, {**whole, "due_on": TODAY - timedelta(days=1)}):
        with pytest.raises(RuleBroken, match="action"):
            hold_review(
                placement_id=active.pk,
                data=review_data(),
                results={target.pk: (Result.PARTLY, "")},
                actions=[whole, broken],
                by=cast.slt,
                now=NOW,
            )
    assert not Review.objects.exists()
    review = hold_review(
        placement_id=active.pk,
        data=review_data(),
        results={target.pk: (Result.PARTLY, "")},
        actions=[whole],
        by=cast.slt,
        now=NOW,
    )
    action = review.actions.get()
    assert (action.what, action.owner, action.due_on) == ("Bus pass", "Tom Pastoral", TODAY)
    assert complete_action(action_id=action.pk, by=cast.team, now=NOW).done_on == TODAY


# --- What is due, and flags -----------------------------------------------------------------------------------------


@pytest.mark.policy("P6.6")
def test_reviews_due_gives_day_reason_and_state(cast: Cast, make: Make) -> None:
    overdue, soon, later = make(), make(first=NOVEMBER, review_weeks=3), make(first=NOVEMBER)
    due = reviews_due(Placement.objects.all(), TODAY)
    assert (due[overdue.pk].on, due[overdue.pk].state) == (date(2026, 10, 23), ReviewState.OVERDUE)
    assert (due[soon.pk].on, due[soon.pk].state) == (date(2026, 11, 27), ReviewState.SOON)
    assert due[soon.pk].because is Because.INTERVAL
    assert (due[later.pk].on, due[later.pk].state) == (date(2026, 12, 18), ReviewState.NOT_DUE)
    assert due[later.pk].because is Because.TERM


def test_reviews_due_of_a_school_without_calendar_leaves_the_others(make: Make, south: Any) -> None:
    fine, lost = make(), make()
    Placement.objects.filter(pk=lost.pk)
    south.terms.all().delete()
    lost.school = south
    assert set(reviews_due([fine, lost], TODAY)) == {fine.pk}


@pytest.mark.parametrize("count", [1, 3])
def test_reviews_due_asks_the_same_number_of_queries(
    count: int, make: Make, django_assert_num_queries: Callable[..., Any]
) -> None:
    placements = [make() for _ in range(count)]
    with django_assert_num_queries(4):
        reviews_due(placements, TODAY)


@pytest.mark.policy("P6.6")
def test_flags_are_the_same_run_twice_and_late(cast: Cast, make: Make) -> None:
    overdue, soon = make(), make(first=NOVEMBER, review_weeks=3)
    make(first=NOVEMBER)
    assert raise_review_flags(now=NOW) == 2
    assert raise_review_flags(now=NOW) == 0
    assert set(Flag.objects.open().values_list("kind", "subject", "period", "urgent")) == {
        ("review_due", f"placement:{overdue.pk}", "2026-10-23", True),
        ("review_due", f"placement:{soon.pk}", "2026-11-27", False),
    }
    flag = Flag.objects.get(subject=f"placement:{soon.pk}")
    assert flag.path == reverse("reviews:review-hold", args=[soon.pk])
    assert "Fri 27 Nov 2026" in flag.sentence
    assert "Ashdown" not in flag.sentence
    # A fortnight without a run: the same flag has turned urgent, the third placement's has come.
    assert raise_review_flags(now=NOW + timedelta(days=20)) == 1
    flag.refresh_from_db()
    assert (flag.urgent, flag.cleared_at) == (True, None)


def test_flag_clears_when_the_review_is_held(active: Placement, target: Target, cast: Cast) -> None:
    raise_review_flags(now=NOW)
    assert Flag.objects.open().count() == 1
    hold(active, target, cast)
    assert not Flag.objects.open().exists()
    raise_review_flags(now=NOW)
    assert not Flag.objects.open().exists()


def test_flag_of_a_placement_that_ended_clears_by_itself(active: Placement) -> None:
    raise_review_flags(now=NOW)
    Placement.objects.filter(pk=active.pk).update(status=Status.PAUSED)
    assert raise_review_flags(now=NOW) == 0
    assert not Flag.objects.open().exists()


@pytest.mark.parametrize("count", [1, 3])
def test_sweep_asks_the_same_number_of_queries(
    count: int, make: Make, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _ in range(count):
        make()
    raise_review_flags(now=NOW)
    with django_assert_num_queries(QUERIES_OF_SWEEP):
        raise_review_flags(now=NOW)


QUERIES_OF_SWEEP = 9

# --- The database's own refusals --------------------------------------------------------------------------------------


AGAIN = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}"
REVIEW_AGAIN = AGAIN.format(
    table="reviews_review",
    columns="placement_id, due_on, held_on, attendees, maths, english, student_view, parent_view, summary, outcome,"
    " recorded_by_id, recorded_at",
)
RESULT_AGAIN = AGAIN.format(table="reviews_targetresult", columns="review_id, target_id, result, note")


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE reviews_review SET maths = ''", "review_records_maths_and_english"),
        ("UPDATE reviews_review SET english = ''", "review_records_maths_and_english"),
        (REVIEW_AGAIN, "review_once_a_day"),
        (RESULT_AGAIN, "target_result_once"),
        ("DELETE FROM reviews_target", "reviews_targetresult"),
        ("DELETE FROM reviews_review", "reviews_targetresult"),
    ],
)
def test_database_refuses_by_itself(
    statement: str, constraint: str, active: Placement, target: Target, cast: Cast
) -> None:
    hold(active, target, cast)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        # Deferred foreign keys speak at once.
        cursor.execute(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE")
    assert (Review.objects.count(), TargetResult.objects.count()) == (1, 1)
