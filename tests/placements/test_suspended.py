"""A provider is suspended while students are there: who is asked what, and when the question is answered."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from placements.codes import Destination, EndingReason, Wish
from placements.lifecycle import Status
from placements.models import Placement, SuspensionAnswer
from placements.queries import at_suspended_providers
from placements.services import (
    end_placement,
    go_on_at_suspended,
    pause_placement,
    resume_placement,
    suspend_with_students,
)
from providers.services import approve_provider
from tests.factories.people import make_contact, make_student
from tests.factories.placements import make_budget, placement_at
from tests.fixtures import NOW
from trust.errors import NotAllowed, RuleBroken
from trust.models import Flag

# What the database itself refuses, by the name of the constraint.
ATTACKS = [
    ("suspension_answer_has_reason", "UPDATE placements_suspensionanswer SET decided_at = now()"),
    ("suspension_answer_has_reason", "UPDATE placements_suspensionanswer SET goes_on_reason = 'because'"),
    ("suspension_answer_wish_pair", "UPDATE placements_suspensionanswer SET wished_by_id = NULL"),
    (
        "suspension_answer_once",
        (
            "INSERT INTO placements_suspensionanswer (placement_id, suspended_at, wish, goes_on_reason)"
            " SELECT placement_id, suspended_at, '', '' FROM placements_suspensionanswer"
        ),
    ),
]


def run(student, provider, cast, **more: Any) -> Placement:
    return placement_at(
        Status.ACTIVE,
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        first=date(2026, 11, 2),
        last=date(2026, 12, 18),
        **more,
    )


@pytest.fixture
def stay(student, provider, cast, budget) -> Placement:
    return run(student, provider, cast)


@pytest.fixture
def stay2(student2, south, year, provider, cast) -> Placement:
    make_budget(
        school=south,
        academic_year=year,
        amount=90000,
        status="APPROVED",
        proposed_by=cast.finance,
        proposed_at=NOW,
        approved_by=cast.head2,
        approved_at=NOW,
    )
    return run(student2, provider, cast)


def suspend(provider, cast, now=NOW) -> None:
    suspend_with_students(provider_id=provider.pk, reason="Fire exit blocked.", wishes={}, by=cast.lead, now=now)


def open_flags() -> list[tuple[str, int, bool]]:
    rows = Flag.objects.open().filter(kind="provider_suspended")
    return sorted(rows.values_list("subject", "school_id", "urgent"))


@pytest.mark.policy("P3.12")
def test_suspending_asks_every_school_and_pauses_nothing_itself(stay, stay2, provider, cast):
    suspend_with_students(
        provider_id=provider.pk, reason="Fire exit blocked.", wishes={stay.pk: Wish.WATCH}, by=cast.lead, now=NOW
    )
    assert dict(SuspensionAnswer.objects.values_list("placement_id", "wish")) == {
        stay.pk: Wish.WATCH,
        stay2.pk: Wish.PAUSE,
    }
    assert open_flags() == sorted(
        [(f"placement:{stay.pk}", stay.school_id, True), (f"placement:{stay2.pk}", stay2.school_id, True)]
    )
    assert set(Placement.objects.values_list("status", flat=True)) == {Status.ACTIVE}
    assert set(at_suspended_providers()) == {stay, stay2}


def test_pausing_answers_and_going_on_after_the_pause_asks_again(stay, provider, cast):
    suspend(provider, cast)
    pause_placement(
        placement_id=stay.pk,
        reason="Unsafe.",
        where_instead="Home school, room 4",
        parents_told_on=NOW.date(),
        parents_told_by="Dan Safeguard",
        by=cast.dsl,
        now=NOW,
    )
    assert open_flags() == []
    assert not at_suspended_providers().exists()
    resume_placement(placement_id=stay.pk, reason="Seen.", by=cast.head, now=NOW + timedelta(days=1))
    assert set(at_suspended_providers()) == {stay}


def test_ending_answers(stay, provider, cast):
    suspend(provider, cast)
    end_placement(
        placement_id=stay.pk,
        ended_on=NOW.date(),
        reason=EndingReason.SAFETY,
        destination=Destination.HOME_SCHOOL,
        note="",
        by=cast.head,
        now=NOW,
    )
    assert open_flags() == []


def test_going_on_is_the_heads_with_a_reason_for_this_suspension_only(stay, provider, cast):
    suspend(provider, cast)
    with pytest.raises(NotAllowed):
        go_on_at_suspended(placement_id=stay.pk, reason="Watched.", by=cast.lead, now=NOW)
    with pytest.raises(NotAllowed):
        go_on_at_suspended(placement_id=stay.pk, reason="Watched.", by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="Give the reason"):
        go_on_at_suspended(placement_id=stay.pk, reason=" ", by=cast.head, now=NOW)
    answer = go_on_at_suspended(placement_id=stay.pk, reason="We visit daily.", by=cast.head, now=NOW)
    assert (answer.wish, answer.decided_by) == (Wish.PAUSE, cast.head)
    assert open_flags() == []
    assert not at_suspended_providers().exists()
    with pytest.raises(RuleBroken, match="decided already"):
        go_on_at_suspended(placement_id=stay.pk, reason="Again.", by=cast.ceo, now=NOW)
    approve_provider(provider_id=provider.pk, reason="Put right.", by=cast.lead, now=NOW + timedelta(hours=1))
    with pytest.raises(RuleBroken, match="not suspended"):
        go_on_at_suspended(placement_id=stay.pk, reason="Again.", by=cast.head, now=NOW)
    later = NOW + timedelta(hours=2)
    suspend_with_students(provider_id=provider.pk, reason="Again.", wishes={}, by=cast.ceo, now=later)
    assert set(at_suspended_providers()) == {stay}


def test_suspending_with_an_unknown_wish_changes_nothing(stay, provider, cast):
    with pytest.raises(RuleBroken, match="asked to do"):
        suspend_with_students(provider_id=provider.pk, reason="x", wishes={stay.pk: "SELL"}, by=cast.lead, now=NOW)
    provider.refresh_from_db()
    assert provider.status == "APPROVED"


def test_pages_ask_about_each_student_and_show_each_school_its_own(stay, stay2, provider, cast, login):
    url = reverse("placements:provider-suspend", args=[provider.pk])
    asked = login(cast.lead).get(url).content.decode()
    assert "Ashdown, Jo" in asked
    assert "Birch, Sam" in asked
    missing = login(cast.lead).post(url, {"reason": "Fire exit."})
    assert missing.status_code == 422
    assert f"wish_{stay.pk}" in missing.context["form"].errors
    data = {"reason": "Fire exit.", f"wish_{stay.pk}": "WATCH", f"wish_{stay2.pk}": "END"}
    answer = login(cast.lead).post(url, data)
    students = reverse("placements:provider-students", args=[provider.pk])
    assert answer.url == students
    page = login(cast.head).get(students).content.decode()
    assert "Ashdown, Jo" in page
    assert "Birch, Sam" not in page
    assert "goes on under watch" in page
    go_on = reverse("placements:placement-go-on", args=[stay.pk])
    assert go_on in page
    assert go_on not in login(cast.lead).get(students).content.decode()
    assert login(cast.head).post(go_on, {"reason": ""}).status_code == 422
    assert login(cast.head).post(go_on, {"reason": "Visited daily."}).status_code == 302
    assert "Visited daily." in login(cast.head).get(students).content.decode()


def test_students_page_has_the_same_number_of_queries_with_one_and_three_rows(stay, provider, cast, login, north):
    client = login(cast.lead)
    url = reverse("placements:provider-students", args=[provider.pk])
    suspend(provider, cast)
    client.get(url)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    first = count()
    approve_provider(provider_id=provider.pk, reason="Put right.", by=cast.ceo, now=NOW)
    for name in ("Two", "Three"):
        student = make_student(north, name)
        make_contact(student)
        run(student, provider, cast)
    suspend(provider, cast, NOW + timedelta(hours=1))
    assert count() == first


def test_direct_sql_cannot_let_a_placement_go_on_without_a_person(stay, provider, cast):
    suspend(provider, cast)
    for name, attack in ATTACKS:
        with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)
