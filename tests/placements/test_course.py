"""The course of a placement: paused and going on, ended with its report, opened again, cancelled, moved away from."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from notices.codes import Channel
from notices.lifecycle import Status as NoticeStatus
from notices.services import record_given
from placements.codes import Destination, EndingReason
from placements.lifecycle import Status
from placements.models import AgreedPrice, Commitment, Pause, Placement, PlacementPeriod, TimetableSlot
from placements.queries import budget_left, expected_of, periods_of, weekly_pattern
from placements.services import (
    approve_extension,
    cancel_placement,
    end_placement,
    pause_placement,
    propose_extension,
    record_end_report,
    reopen_placement,
    resume_placement,
)
from reviews.models import Review
from tests.factories.notices import notice_at
from tests.factories.people import make_student
from tests.factories.placements import placement_at
from tests.fixtures import NOW, TODAY, Cast
from trust.calendar import LONDON, from_range
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import Student

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 11, 30), date(2026, 12, 18)
# Fifteen mornings at £45.
COST = Decimal("675.00")


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LONDON)


@pytest.fixture
def active(student: Student, provider: Any, budget: Any, cast: Cast) -> Placement:
    """Running from Mon 30 Nov to Fri 18 Dec 2026 on every morning."""
    return placement_at(
        Status.ACTIVE, student=student, provider=provider, cast=cast, now=at(FIRST), first=FIRST, last=LAST
    )


def pause(placement: Placement, by: Any, now: datetime, **changes: Any) -> Placement:
    facts = {
        "reason": "A concern.",
        "where_instead": "In the learning base",
        "parents_told_on": now.date(),
        "parents_told_by": "Dan Safeguard",
        **changes,
    }
    return pause_placement(placement_id=placement.pk, by=by, now=now, **facts)


def end(placement: Placement, day: date, by: Any, now: datetime | None = None, **changes: Any) -> Placement:
    facts = {"reason": EndingReason.AIMS_MET, "destination": Destination.HOME_SCHOOL, "note": "", **changes}
    return end_placement(placement_id=placement.pk, ended_on=day, by=by, now=now or at(day, 16), **facts)


def days_of(placement: Placement, first: date = FIRST, last: date = LAST) -> list[date]:
    return [day for day, _ in expected_of([placement], first, last)[placement.pk]]


# --- Pausing ---


@pytest.mark.policy("P3.12")
def test_pause_stops_what_is_expected_and_says_where_the_student_is(active: Placement, cast: Cast) -> None:
    wednesday = at(date(2026, 12, 2))
    with pytest.raises(NotAllowed):
        pause(active, cast.slt, wednesday)
    for changes, field in (
        ({"where_instead": " "}, "where_instead"),
        ({"parents_told_by": ""}, "parents_told_by"),
        ({"parents_told_on": date(2026, 12, 3)}, "parents_told_on"),
        ({"reason": ""}, "reason"),
    ):
        with pytest.raises(RuleBroken) as refused:
            pause(active, cast.dsl, wednesday, **changes)
        assert refused.value.field == field
    paused = pause(active, cast.dsl, wednesday)
    assert days_of(paused) == [date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2)]
    row = Pause.objects.get()
    assert (row.from_day, row.until_day, row.where_instead) == (date(2026, 12, 2), None, "In the learning base")
    resumed = resume_placement(placement_id=active.pk, reason="Cleared.", by=cast.head, now=at(date(2026, 12, 7)))
    assert days_of(resumed, last=date(2026, 12, 9))[3:] == [date(2026, 12, 7), date(2026, 12, 8), date(2026, 12, 9)]
    assert Pause.objects.get().until_day == date(2026, 12, 6)


def test_pause_and_resume_on_one_day_leave_the_week_whole(active: Placement, cast: Cast) -> None:
    before = expected_of([active], FIRST, LAST)[active.pk]
    pause(active, cast.head, at(date(2026, 12, 2)))
    resumed = resume_placement(placement_id=active.pk, reason="Cleared.", by=cast.head, now=at(date(2026, 12, 2), 12))
    assert expected_of([resumed], FIRST, LAST)[active.pk] == before
    assert Pause.objects.get().until_day == date(2026, 12, 2)


def test_pause_over_a_change_of_the_timetable_goes_on_with_the_change(active: Placement, cast: Cast) -> None:
    site, programme = active.site_id, active.programme_id
    active.timetable_changes.create(
        from_day=date(2026, 12, 9),
        slots=[[slot, site, programme] for slot in (2, 12)],
        reason="Less.",
        cost_change=0,
        proposed_by=cast.slt,
        proposed_at=NOW,
        approved_by=cast.head,
        approved_at=NOW,
    )
    pause(active, cast.dsl, at(date(2026, 12, 2)))
    resumed = resume_placement(placement_id=active.pk, reason="Cleared.", by=cast.head, now=at(date(2026, 12, 7)))
    # Every morning up to Tuesday, then Tuesday mornings only.
    assert days_of(resumed)[3:] == [date(2026, 12, 7), date(2026, 12, 8), date(2026, 12, 15)]
    assert weekly_pattern(resumed) == {2, 12}


def test_resume_is_refused_when_the_half_days_were_given_away(
    active: Placement, student: Student, cast: Cast, provider: Any
) -> None:
    pause(active, cast.dsl, at(date(2026, 12, 2)))
    other = placement_at(
        Status.APPROVED,
        student=student,
        provider=provider,
        cast=cast,
        now=at(date(2026, 12, 2)),
        first=date(2026, 12, 14),
        last=LAST,
        slots=[0, 10],
        referral=active.referral,
    )
    assert other.live
    with pytest.raises(RuleBroken, match="already expected somewhere else"):
        resume_placement(placement_id=active.pk, reason="Cleared.", by=cast.head, now=at(date(2026, 12, 7)))
    assert Pause.objects.get().until_day is None


def test_end_of_a_paused_placement_closes_the_pause(active: Placement, cast: Cast) -> None:
    pause(active, cast.dsl, at(date(2026, 12, 2)))
    end(active, date(2026, 12, 1), cast.head, now=at(date(2026, 12, 3)))
    assert Pause.objects.get().until_day == date(2026, 12, 2)


def test_pause_page_asks_where_the_student_is_and_keeps_what_was_typed(
    active: Placement, cast: Cast, login: Callable[..., Client]
) -> None:
    client, url = login(cast.dsl), reverse("placements:placement-pause", args=[active.pk])
    typed = {"reason": "A concern.", "where_instead": "", "parents_told_on": "2026-11-16", "parents_told_by": "Dan"}
    refused = client.post(url, typed)
    assert refused.status_code == 422
    assert "A concern." in refused.content.decode()
    assert client.post(url, {**typed, "where_instead": "In the learning base"}).status_code == 302
    assert Placement.objects.get().status == Status.PAUSED


# --- Ending ---


@pytest.mark.policy("P3.8")
def test_end_report_is_written_at_the_end_or_later(active: Placement, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="has ended"):
        report(active, cast.slt)
    ended = end(active, LAST, cast.slt, report="Level 1 reached. ", own_assessment="I liked it.", return_plan="")
    assert (ended.end_report, ended.own_assessment, ended.return_plan) == ("Level 1 reached.", "I liked it.", "")
    assert report(ended, cast.slt, return_plan="Monday with the tutor.").return_plan == "Monday with the tutor."
    with pytest.raises(StaleRecord):
        report(ended, cast.slt, version=ended.version)
    with pytest.raises(NotAllowed):
        report(ended, cast.team)


def report(placement: Placement, by: Any, **changes: Any) -> Placement:
    facts = {"report": "r", "own_assessment": "", "return_plan": "", "version": None, **changes}
    return record_end_report(placement_id=placement.pk, by=by, now=NOW, **facts)


@pytest.mark.policy("P7.4")
def test_extension_that_never_began_asks_for_no_notice_any_more(active: Placement, cast: Cast) -> None:
    period = propose_extension(placement_id=active.pk, last=date(2027, 1, 15), by=cast.slt, now=at(date(2026, 12, 7)))
    approve_extension(period_id=period.pk, over_budget_reason="", by=cast.head, now=at(date(2026, 12, 8)))
    assert [shown.notice for shown in periods_of(active.periods.all())] == ["given", "needed, not given yet"]
    end(active, date(2026, 12, 11), cast.head)
    fresh = Placement.objects.get()
    assert [shown.notice for shown in periods_of(fresh.periods.all())] == ["given", "not needed any more"]


# --- Opening again ---


@pytest.mark.policy("P1.2")
def test_reopen_takes_days_money_and_half_days_again_and_keeps_the_reason(
    active: Placement, budget: Any, cast: Cast
) -> None:
    before = days_of(active)
    ended = end(active, date(2026, 12, 4), cast.head, return_plan="Monday.")
    assert ended.periods.get().planned_last == LAST
    assert budget_left(budget) == Decimal("40000.00") - Decimal("225.00")
    with pytest.raises(NotAllowed):
        reopen_placement(placement_id=active.pk, reason="By mistake.", by=cast.slt, now=at(date(2026, 12, 8)))
    again = reopen_placement(placement_id=active.pk, reason="By mistake.", by=cast.head, now=at(date(2026, 12, 8)))
    assert (again.status, again.live, again.ended_on, again.ending_reason) == (Status.ACTIVE, True, None, "")
    assert (again.reopened_reason, again.return_plan) == ("By mistake.", "Monday.")
    assert from_range(again.periods.get().period) == (FIRST, LAST)
    assert days_of(again) == before
    assert budget_left(budget) == Decimal("40000.00") - COST
    event = Placement.pgh_event_model.objects.filter(pgh_obj_id=active.pk).latest("pgh_id")
    assert event.pgh_context["reason"] == "By mistake."


def test_reopen_after_the_approved_days_is_refused(active: Placement, cast: Cast) -> None:
    end(active, date(2026, 12, 4), cast.head)
    with pytest.raises(RuleBroken, match="The approved days ended on Fri 18 Dec 2026"):
        reopen_placement(placement_id=active.pk, reason="Late.", by=cast.head, now=at(date(2027, 1, 5)))


def test_reopen_is_refused_when_the_half_days_were_given_away(
    active: Placement, student: Student, provider: Any, cast: Cast
) -> None:
    end(active, date(2026, 12, 2), cast.head)
    placement_at(
        Status.APPROVED,
        student=student,
        provider=provider,
        cast=cast,
        now=at(date(2026, 12, 2), 17),
        first=date(2026, 12, 14),
        last=LAST,
        slots=[0, 10],
        referral=active.referral,
    )
    with pytest.raises(RuleBroken, match="already expected somewhere else"):
        reopen_placement(placement_id=active.pk, reason="By mistake.", by=cast.head, now=at(date(2026, 12, 3)))
    assert Placement.objects.get(pk=active.pk).status == Status.ENDED


@pytest.mark.policy("P1.2")
def test_reopen_over_budget_is_the_chief_executives(active: Placement, budget: Any, cast: Cast, north: Any) -> None:
    end(active, date(2026, 12, 4), cast.head)
    other = placement_at(
        Status.APPROVED,
        student=make_student(north, "Cole", "Kit"),
        provider=active.provider,
        cast=cast,
        now=at(date(2026, 12, 4), 17),
        first=date(2026, 12, 14),
        last=LAST,
    )
    # The rest of the budget goes to somebody else, down to £100.
    Commitment.objects.filter(placement_period__placement=other).update(amount=Decimal("39675.00"))
    ask = {"placement_id": active.pk, "reason": "By mistake.", "now": at(date(2026, 12, 8))}
    with pytest.raises(RuleBroken, match="Only the Chief executive"):
        reopen_placement(by=cast.head, **ask)
    with pytest.raises(RuleBroken, match="Give the reason"):
        reopen_placement(by=cast.ceo, **ask)
    reopen_placement(by=cast.ceo, over_budget_reason="The place is needed.", **ask)
    row = Commitment.objects.get(placement_period__placement=active)
    assert (row.released, row.over_budget_reason) == (0, "The place is needed.")


@pytest.mark.policy("P3.9")
def test_reopen_asks_the_gate_again(active: Placement, cast: Cast) -> None:
    end(active, date(2026, 12, 4), cast.head)
    active.provider.agreements.all().delete()
    with pytest.raises(RuleBroken, match="Service level agreement"):
        reopen_placement(placement_id=active.pk, reason="By mistake.", by=cast.head, now=at(date(2026, 12, 8)))


def test_reopen_page_is_for_whoever_ends_early(active: Placement, cast: Cast, login: Callable[..., Client]) -> None:
    end(active, date(2026, 12, 4), cast.head)
    url = reverse("placements:placement-reopen", args=[active.pk])
    assert login(cast.slt).get(url).status_code == 403
    page = login(cast.ceo).get(url).content.decode()
    assert "Reason for approving over budget" in page
    assert "Reason for approving over budget" not in login(cast.head).get(url).content.decode()


# --- Extending ---


@pytest.mark.policy("P7.3", "P7.4")
def test_extension_begins_on_a_day_with_a_session_at_the_agreed_terms(
    student: Student, provider: Any, budget: Any, cast: Cast
) -> None:
    # Tuesday mornings; the period ends on a Tuesday, so the next one begins a week later.
    placement = placement_at(
        Status.ACTIVE,
        student=student,
        provider=provider,
        cast=cast,
        now=at(date(2026, 12, 1)),
        last=date(2026, 12, 8),
        slots=[2, 12],
    )
    PlacementPeriod.objects.filter(placement=placement).update(transport_a_day=Decimal("10.00"))
    period = propose_extension(placement_id=placement.pk, last=LAST, by=cast.slt, now=at(date(2026, 12, 2)))
    assert from_range(period.period) == (date(2026, 12, 15), LAST)
    assert (period.transport_a_day, period.cost) == (Decimal("10.00"), Decimal("55.00"))
    assert AgreedPrice.objects.get(placement_period=period).rate == Decimal("45.00")


@pytest.mark.parametrize("last", [date(2026, 12, 8), date(2026, 12, 9)])
def test_extension_without_any_session_is_refused(
    student: Student, provider: Any, budget: Any, cast: Cast, last: date
) -> None:
    placement = placement_at(
        Status.ACTIVE,
        student=student,
        provider=provider,
        cast=cast,
        now=at(date(2026, 12, 1)),
        last=date(2026, 12, 8),
        slots=[2, 12],
    )
    with pytest.raises(RuleBroken):
        propose_extension(placement_id=placement.pk, last=last, by=cast.slt, now=at(date(2026, 12, 2)))
    assert placement.periods.count() == 1


# --- Cancelling and the notice ---


@pytest.mark.policy("P7.4")
def test_notice_of_a_cancelled_placement_is_shown_as_no_longer_needed(
    student: Student, provider: Any, budget: Any, cast: Cast, login: Callable[..., Client]
) -> None:
    placement = placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW)
    notice = notice_at(NoticeStatus.ISSUED, placement.periods.get(), cast, NOW)
    client = login(cast.slt)
    own, listed = reverse("notices:notice-detail", args=[notice.pk]), reverse("notices:notice-list")
    assert "No longer needed" not in client.get(own).content.decode()
    assert "No longer needed" not in client.get(listed).content.decode()
    cancel_placement(placement_id=placement.pk, reason="The family moved.", by=cast.head, now=NOW)
    shown = client.get(own).content.decode()
    assert "No longer needed: the placement was over before this period or change began." in shown
    assert "Record how it was given" not in shown
    assert "No longer needed" in client.get(listed).content.decode()
    with pytest.raises(RuleBroken, match="no longer needed"):
        record_given(
            recipient_id=notice.recipients.get().pk,
            channel=Channel.HAND,
            sent_at=NOW,
            proof="Handed over.",
            by=cast.slt,
            now=NOW,
        )


# --- A student who has moved ---


def test_old_and_new_school_read_notices_and_reviews_of_the_old_case(
    active: Placement, student: Student, south: Any, cast: Cast, login: Callable[..., Client]
) -> None:
    notice = active.periods.get().notices.get()
    review = Review.objects.create(
        placement=active,
        due_on=LAST,
        held_on=TODAY,
        attendees="All",
        maths="m",
        english="e",
        summary="CANARY-summary",
        outcome="CONTINUE",
        recorded_by=cast.slt,
        recorded_at=NOW,
    )
    pages = [
        reverse("notices:notice-detail", args=[notice.pk]),
        reverse("notices:recipient-letter", args=[notice.recipients.get().pk]),
        reverse("reviews:placement-reviews", args=[active.pk]),
        reverse("reviews:review-detail", args=[review.pk]),
        reverse("placements:placement-papers", args=[active.pk]),
    ]
    old, new = login(cast.slt), login(cast.slt2)
    assert [new.get(url).status_code for url in pages] == [404] * len(pages)
    student.enrolments.update(until_day=date(2026, 11, 15))
    student.enrolments.create(school=south, from_day=TODAY)
    Student.objects.filter(pk=student.pk).update(school=south)
    assert [old.get(url).status_code for url in pages] == [200] * len(pages)
    assert [new.get(url).status_code for url in pages] == [200] * len(pages)
    # Reading is all: the case stays the old school's.
    for name in ("notices:notice-void", "placements:placement-end", "reviews:review-hold"):
        pk = notice.pk if name.startswith("notices") else active.pk
        assert new.get(reverse(name, args=[pk])).status_code == 403, name
    # The attendance team of the new school reads no review, as at its own.
    assert login(cast.att2).get(pages[3]).status_code == 403


def test_slots_of_a_reopened_placement_belong_to_its_period(active: Placement, cast: Cast) -> None:
    end(active, date(2026, 12, 4), cast.head)
    reopen_placement(placement_id=active.pk, reason="By mistake.", by=cast.head, now=at(date(2026, 12, 8)))
    rows = TimetableSlot.objects.filter(placement=active)
    assert {row.placement_period_id for row in rows} == {active.periods.get().pk}
    assert {row.live for row in rows} == {True}


def test_end_page_records_the_report(active: Placement, cast: Cast, login: Callable[..., Client]) -> None:
    client, url = login(cast.head), reverse("placements:placement-end", args=[active.pk])
    facts = {"ended_on": "2026-11-30", "reason": "AIMS_MET", "destination": "HOME_SCHOOL", "own_assessment": "Good."}
    assert client.post(url, facts).status_code == 422
    with_time = end(active, date(2026, 12, 1), cast.head, own_assessment="Good.")
    later = reverse("placements:placement-end-report", args=[active.pk])
    page = client.get(later).content.decode()
    assert "Good." in page
    saved = client.post(later, {"report": "Level 1.", "own_assessment": "Good.", "version": with_time.version})
    assert saved.status_code == 302
    assert Placement.objects.get().end_report == "Level 1."
