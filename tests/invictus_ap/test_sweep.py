"""What the sweep flags beside notices, contacts and reviews, and that it goes over many placements in small parts."""

import os
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg2.extras import DateRange

from invictus_ap import tasks
from invictus_ap.services import Place, sweep_flags, sweep_until
from invictus_ap.services.flags import sweep
from placements.lifecycle import Status
from placements.models import Budget, Offer, PartTimeTimetable, Placement
from placements.services import answer_offer, record_offer_asked
from providers.models import Check, Provider, ServiceLevelAgreement
from tests.factories.crowd import crowd_of
from tests.factories.people import make_contact, make_student
from tests.factories.placements import make_budget, placement_at, referral_at
from tests.factories.schools import make_school
from tests.fixtures import NOW, Cast
from trust.calendar import LONDON, to_range
from trust.models import AcademicYear, Flag, School, Student, Term, User

TODAY = NOW.date()
# `SWEEP_PLACEMENTS=20000 pytest tests/invictus_ap/test_sweep.py -s -k seconds` prints what the whole sweep takes.
COUNT = int(os.environ.get("SWEEP_PLACEMENTS", "300"))


def flags(*kinds: str) -> list[tuple[str, str, bool]]:
    return sorted(Flag.objects.open().filter(kind__in=kinds).values_list("kind", "subject", "urgent"))


@pytest.fixture
def asked(student: Student, provider: Provider, cast: Cast) -> Offer:
    referral = referral_at("APPROVED", student=student, cast=cast, now=NOW)
    return record_offer_asked(
        referral_id=referral.pk,
        provider_id=provider.pk,
        programme_id=provider.programmes.get().pk,
        slots=[0, 2],
        first=date(2026, 12, 1),
        last=date(2027, 1, 29),
        by=cast.slt,
        now=NOW,
    )


def test_a_question_without_answer_is_flagged_after_five_school_days(asked: Offer) -> None:
    sweep_flags(now=NOW + timedelta(days=6))
    assert flags("offer_unanswered") == []
    monday = NOW + timedelta(days=7)
    sweep_flags(now=monday)
    assert flags("offer_unanswered") == [("offer_unanswered", f"offer:{asked.pk}", False)]
    flag = Flag.objects.get(kind="offer_unanswered")
    assert (flag.school_id, sorted(flag.roles)) == (asked.referral.school_id, ["SLT", "TEAM"])


def test_an_offer_is_flagged_three_days_before_it_lapses_and_clears_when_it_is_renewed(
    asked: Offer, cast: Cast
) -> None:
    def answer(until: date, at: datetime) -> None:
        answer_offer(
            offer_id=asked.pk,
            offered=True,
            until=until,
            why="",
            answered_by="Sam Okafor",
            answered_on=at.date(),
            admission_meeting_on=None,
            by=cast.slt,
            now=at,
        )

    answer(TODAY + timedelta(days=14), NOW)
    sweep_flags(now=NOW + timedelta(days=10))
    assert flags("offer_lapsing", "offer_unanswered") == []
    sweep_flags(now=NOW + timedelta(days=11))
    assert flags("offer_lapsing") == [("offer_lapsing", f"offer:{asked.pk}", False)]
    sweep_flags(now=NOW + timedelta(days=14))
    assert flags("offer_lapsing") == [("offer_lapsing", f"offer:{asked.pk}", True)]
    Offer.objects.update(offered_until=TODAY + timedelta(days=30))
    sweep_flags(now=NOW + timedelta(days=14))
    assert flags("offer_lapsing") == []


def test_part_time_timetable_is_flagged_for_its_review_and_before_its_end(student: Student, cast: Cast) -> None:
    row = PartTimeTimetable.objects.create(
        student=student,
        school=student.school,
        slots=[8, 9],
        period=to_range(TODAY - timedelta(days=20), TODAY + timedelta(days=20)),
        reason="Anxiety; built up again.",
        agreed_by="Mary Ashdown",
        agreed_on=TODAY - timedelta(days=21),
        review_on=TODAY + timedelta(days=1),
        recorded_by=cast.slt,
        recorded_at=NOW,
    )
    sweep_flags(now=NOW)
    assert flags("part_time_review", "part_time_ending") == []
    sweep_flags(now=NOW + timedelta(days=1))
    assert flags("part_time_review", "part_time_ending") == [("part_time_review", f"part_time:{row.pk}", False)]
    sweep_flags(now=NOW + timedelta(days=13))
    assert [kind for kind, *_ in flags("part_time_review", "part_time_ending")] == [
        "part_time_ending",
        "part_time_review",
    ]
    assert student.family_name not in "".join(Flag.objects.values_list("sentence", flat=True))
    sweep_flags(now=NOW + timedelta(days=21))
    assert flags("part_time_review", "part_time_ending") == []


@pytest.mark.policy("P1.2")
def test_budget_is_flagged_at_80_and_at_100_per_cent(active: Placement, budget: Budget) -> None:
    sweep_flags(now=NOW)
    assert flags("budget_near", "budget_full") == []
    promised = budget.commitments.get()
    for part, kind in (("0.85", "budget_near"), ("1", "budget_full")):
        amount = (promised.amount / Decimal(part)).quantize(Decimal("0.01"))
        with pgtrigger.ignore("placements.Budget:changed_only_by_an_approved_change"):
            Budget.objects.update(amount=amount)
        sweep_flags(now=NOW)
        assert flags("budget_near", "budget_full") == [(kind, f"budget:{budget.pk}", kind == "budget_full")]


@pytest.mark.policy("P1.2")
def test_school_without_budget_is_flagged_this_year_and_from_july_for_the_next(
    budget: Budget, south: School, cast: Cast
) -> None:
    north = budget.school_id

    def missing(at: datetime) -> set[tuple[str, str]]:
        sweep_flags(now=at)
        rows = Flag.objects.open().filter(kind="budget_missing")
        return set(rows.values_list("subject", "period"))

    assert missing(NOW) == {(f"school:{south.pk}", "2026/27")}
    assert missing(datetime(2027, 6, 30, 9, tzinfo=LONDON)) == {(f"school:{south.pk}", "2026/27")}
    assert missing(datetime(2027, 7, 1, 9, tzinfo=LONDON)) == {
        (f"school:{south.pk}", "2026/27"),
        (f"school:{south.pk}", "2027/28"),
        (f"school:{north}", "2027/28"),
    }
    make_budget(
        school_id=north,
        academic_year=AcademicYear.objects.get(label="2027/28"),
        amount=1,
        status="APPROVED",
        proposed_by=cast.finance,
        proposed_at=NOW,
        approved_by=cast.head,
        approved_at=NOW,
    )
    assert (f"school:{north}", "2027/28") not in missing(datetime(2027, 7, 1, 9, tzinfo=LONDON))


def test_school_without_calendar_is_flagged_and_from_may_for_the_next_year(north: School, south: School) -> None:
    bare = make_school("West", calendar=False)
    Term.objects.filter(school=south, academic_year__label="2027/28").delete()
    sweep_flags(now=datetime(2027, 4, 30, 9, tzinfo=LONDON))
    assert flags("calendar_missing") == [("calendar_missing", f"school:{bare.pk}", False)]
    sweep_flags(now=datetime(2027, 5, 1, 9, tzinfo=LONDON))
    assert Flag.objects.open().filter(kind="calendar_missing", period="2027/28").count() == 2
    assert not Flag.objects.filter(kind="calendar_missing", school=north).exists()


@pytest.mark.policy("P3.12")
def test_what_ends_at_a_provider_is_told_to_the_schools_with_students_there(
    active: Placement, provider: Provider, south: School
) -> None:
    Check.objects.filter(kind="INSURANCE").update(expires_on=TODAY - timedelta(days=1))
    ServiceLevelAgreement.objects.update(period=DateRange(date(2026, 9, 1), TODAY + timedelta(days=11)))
    sweep_flags(now=NOW)
    rows = Flag.objects.open().filter(kind="provider_expiry")
    assert sorted(rows.values_list("school_id", "urgent")) == [(active.school_id, False), (active.school_id, True)]
    assert {tuple(sorted(row.roles)) for row in rows} == {("HEAD", "SLT")}
    Placement.objects.filter(pk=active.pk).update(
        status=Status.ENDED,
        live=False,
        ended_on=TODAY,
        ended_by=active.started_by,
        ending_reason="PLANNED",
        destination="HOME_SCHOOL",
    )
    sweep_flags(now=NOW)
    assert not rows.all().exists()
    assert Flag.objects.open().filter(kind="check_ending").exists()


def test_suspended_provider_is_flagged_for_what_runs_there_however_it_was_suspended(
    active: Placement, provider: Provider, cast: Cast
) -> None:
    from providers.services import suspend_provider

    suspend_provider(provider_id=provider.pk, reason="Fire exit blocked.", by=cast.lead, now=NOW)
    sweep_flags(now=NOW)
    sweep_flags(now=NOW)
    assert flags("provider_suspended") == [("provider_suspended", f"placement:{active.pk}", True)]


def test_home_names_the_student_of_a_flag_to_who_may_see_the_student(
    active: Placement, cast: Cast, login: Callable[[User], Any]
) -> None:
    sweep_flags(now=NOW)
    shown = login(cast.att).get("/").context["work"].flags
    assert {one.who for one in shown if one.flag.subject == f"placement:{active.pk}"} == {"Ashdown, Jo (Year 9)"}
    assert "Ashdown" not in "".join(Flag.objects.values_list("sentence", flat=True))


# --- in parts ---------------------------------------------------------------------------------------------------


@pytest.fixture
def many(active: Placement, cast: Cast, provider: Provider, north: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven placements, looked at three at a time."""
    crowd_of(active, 6)
    monkeypatch.setattr(sweep, "CHUNK", 3)


def keys() -> list[tuple[str, str, str]]:
    return sorted(Flag.objects.open().values_list("kind", "subject", "period"))


@pytest.mark.django_db(transaction=True)
def test_sweep_in_parts_raises_and_clears_the_same_as_in_one(many: None, monkeypatch: pytest.MonkeyPatch) -> None:
    place: Place | None = None
    steps = 0
    while True:
        swept = sweep_until(now=NOW, start=place, seconds=0)
        # No time is no progress: each call here gets just enough for one step.
        assert swept.rest is not None
        place = swept.rest
        monkeypatch.setattr(sweep.time, "monotonic", iter([0.0, 0.0, *([9.0] * 50)]).__next__)
        swept = sweep_until(now=NOW, start=place, seconds=1)
        monkeypatch.undo()
        monkeypatch.setattr(sweep, "CHUNK", 3)
        steps += 1
        assert steps < 50
        if swept.rest is None:
            break
        place = swept.rest
    assert steps > len(sweep.PARTS)
    in_parts = keys()
    assert len([key for key in in_parts if key[0] == "contact_missed"]) == 14
    Flag.objects.all().delete()
    monkeypatch.setattr(sweep, "CHUNK", 1000)
    sweep_flags(now=NOW)
    assert keys() == in_parts
    # Nothing is due any more once all have ended before the first week.
    monkeypatch.setattr(sweep, "CHUNK", 3)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM placements_timetableslot")
    sweep_flags(now=NOW)
    assert [key for key in keys() if key[0] == "contact_missed"] == []


def test_task_goes_on_in_another_one_when_its_time_is_over(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tasks.raise_flags, "delay", lambda *args: sent.append(args))
    monkeypatch.setattr(tasks, "SECONDS", -1.0)
    tasks.raise_flags()
    assert sent == [("suspended", 0, 0)]
    monkeypatch.setattr(tasks, "SECONDS", 8.0)
    tasks.raise_flags("contacts", 0, 3)
    assert sent == [("suspended", 0, 0)]


def test_sweep_asks_the_same_number_of_queries_for_one_and_for_many(
    active: Placement, cast: Cast, provider: Provider, north: School
) -> None:
    def count() -> int:
        sweep_flags(now=NOW)
        with CaptureQueriesContext(connection) as captured:
            sweep_flags(now=NOW)
        return len(captured)

    first = count()
    for name in ("Two", "Three"):
        student = make_student(north, name)
        make_contact(student)
        placement_at(
            "ACTIVE", student=student, provider=provider, cast=cast, now=NOW, first=date(2026, 11, 2),
            last=date(2026, 12, 18),
        )  # fmt: skip
    assert count() == first


@pytest.mark.django_db(transaction=True)
def test_sweep_over_many_placements_takes_few_seconds(active: Placement) -> None:
    crowd_of(active, COUNT)
    timings = []
    for _ in range(2):
        began = time.perf_counter()
        sweep_flags(now=NOW)
        timings.append(time.perf_counter() - began)
    sys.stdout.write(f"{COUNT} placements: {timings[0]:.1f} s the first time, {timings[1]:.1f} s again\n")
    # 30 seconds for 20,000; a small number gets the time of the fixed parts.
    assert max(timings) < max(5, 30 * COUNT / 20000)
    assert Flag.objects.filter(kind="contact_missed").count() == 2 * (COUNT + 1)
