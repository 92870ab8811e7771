"""Going live: what runs already comes in with its earlier steps as facts, neither late nor overridden."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from attendance.queries import figures_of
from invictus_ap.services import apply_import, match_columns, upload_import, work_imports
from notices.models import DirectionNotice
from notices.queries import awaiting_notice
from placements.codes import Route
from placements.lifecycle import Status
from placements.models import Commitment, GateOverride, Placement
from placements.queries import budget_left, expected_of, periods_of
from placements.rules import check_brought_in, counted_from
from placements.services import (
    approve_extension,
    bring_in_placement,
    confirm_brought_in,
    decide_placement,
    decline_brought_in,
    end_placement,
    propose_extension,
    withdraw_placement,
)
from referrals.codes import Reason
from referrals.lifecycle import Status as ReferralStatus
from referrals.services import decide_referral
from reviews.queries import reviews_due
from tests.factories.people import make_student
from tests.factories.placements import MORNINGS, placement_at, referral_at
from tests.fixtures import NOW, TODAY, Cast
from trust.calendar import LONDON, from_range
from trust.codes import ImportKind, ImportStatus
from trust.errors import NotAllowed, RuleBroken
from trust.models import ImportRun, Student
from trust.queries import calendar_of

pytestmark = pytest.mark.django_db

# Mon 2 Nov 2026 to Fri 18 Dec 2026; 35 mornings at £45.
FIRST, LAST = date(2026, 11, 2), date(2026, 12, 18)
NOTICE = date(2026, 10, 20)


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LONDON)


def data_of(provider: Any, **changes: Any) -> dict[str, Any]:
    return {
        "provider_id": provider.pk,
        "programme_id": provider.programmes.get().pk,
        "site_id": provider.sites.get().pk,
        "route": Route.DIRECTION,
        "first": FIRST,
        "last": LAST,
        "start_time": time(9),
        "report_to": "Sam Okafor",
        "slots": sorted(MORNINGS),
        "review_weeks": 6,
        "primary_reason": Reason.NOT_ATTENDING,
        "aims": "Attendance of 90 %.",
        "needs": "",
        "exclusion_alternative": False,
        **changes,
    }


def brought(student: Student, provider: Any, cast: Cast, **changes: Any) -> Placement:
    facts = changes.pop("facts", {"notice_given_on": NOTICE, "approved_on": NOTICE, "approved_by": "H. Before"})
    return bring_in_placement(
        student_id=student.pk, data=data_of(provider, **changes), facts=facts, by=cast.slt, now=NOW
    )


@pytest.fixture
def running(student: Student, provider: Any, budget: Any, cast: Cast) -> Placement:
    """Brought in by the pastoral SLT and confirmed by the headteacher on Mon 16 Nov 2026."""
    return confirm_brought_in(placement_id=brought(student, provider, cast).pk, by=cast.head, now=NOW)


@pytest.mark.parametrize(
    ("first", "last", "route", "notice_on", "refusal"),
    [
        (FIRST, LAST, "DIRECTION", NOTICE, None),
        (date(2025, 1, 6), LAST, "DIRECTION", None, None),
        (TODAY, TODAY, "AGREED", None, None),
        (TODAY + timedelta(days=1), LAST, "DIRECTION", None, "has not begun"),
        (FIRST, None, "DIRECTION", None, "Give the last day"),
        (FIRST, TODAY - timedelta(days=1), "DIRECTION", None, "It ended on Sun 15 Nov 2026"),
        (FIRST, date(2027, 8, 1), "DIRECTION", None, "last school day of the academic year"),
        (FIRST, LAST, "MANAGED_MOVE", None, "A managed move is done or not"),
        (FIRST, LAST, "DIRECTION", TODAY + timedelta(days=1), "lies ahead"),
    ],
)
def test_what_may_be_brought_in(
    north: Any, first: date, last: date | None, route: str, notice_on: date | None, refusal: str | None
) -> None:
    cal = calendar_of(north.pk)
    if refusal is None:
        check_brought_in(cal, first, last, TODAY, route, notice_on)
        return
    with pytest.raises(RuleBroken, match=refusal):
        check_brought_in(cal, first, last, TODAY, route, notice_on)


def test_counted_from_this_academic_year_only() -> None:
    assert counted_from(FIRST, TODAY) == FIRST
    assert counted_from(date(2025, 1, 6), TODAY) == date(2026, 9, 1)


@pytest.mark.policy("P1.2", "P7.2")
def test_brought_in_waits_for_another_person_and_promises_nothing_before(
    student: Student, provider: Any, budget: Any, cast: Cast
) -> None:
    placement = brought(student, provider, cast)
    assert (placement.status, placement.brought_in, placement.live) == (Status.PROPOSED, True, False)
    assert placement.brought_in_facts == (
        "Notice given: Tue 20 Oct 2026.\nApproved: Tue 20 Oct 2026, by H. Before.\nLast review: not known."
    )
    assert Commitment.objects.count() == 0
    ask = {"placement_id": placement.pk, "now": NOW}
    with pytest.raises(NotAllowed):
        confirm_brought_in(by=cast.slt, **ask)
    with pytest.raises(NotAllowed):
        bring_in_placement(student_id=student.pk, data=data_of(provider), facts={}, by=cast.att, now=NOW)
    with pytest.raises(RuleBroken, match="brought in"):
        decide_placement(decision=Status.APPROVED, reason="", overrides={}, over_budget_reason="", by=cast.head, **ask)


def test_nobody_confirms_what_they_brought_in(student: Student, provider: Any, budget: Any, cast: Cast) -> None:
    placement = bring_in_placement(student_id=student.pk, data=data_of(provider), facts={}, by=cast.head, now=NOW)
    with pytest.raises(RuleBroken, match="another person"):
        confirm_brought_in(placement_id=placement.pk, by=cast.head, now=NOW)
    assert confirm_brought_in(placement_id=placement.pk, by=cast.ceo, now=NOW).status == Status.ACTIVE


@pytest.mark.policy("P1.2", "P7.2")
def test_confirmed_it_runs_with_its_money_and_is_neither_late_nor_overridden(
    running: Placement, student: Student, budget: Any, cast: Cast
) -> None:
    period = running.periods.get()
    assert (running.status, running.live, running.started_at) == (Status.ACTIVE, True, NOW)
    assert from_range(period.period) == (FIRST, LAST)
    assert budget_left(budget) == Decimal("40000.00") - Decimal("1575.00")
    assert (period.notice_given_on, [shown.notice for shown in periods_of([period])]) == (
        NOTICE,
        ["given before it was brought in,"],
    )
    assert running.referral.status == ReferralStatus.APPROVED
    assert (DirectionNotice.objects.count(), GateOverride.objects.count()) == (0, 0)
    assert list(awaiting_notice()) == []


@pytest.mark.policy("P3.11", "P6.6")
def test_nothing_of_the_time_before_is_missing(running: Placement) -> None:
    days = [day for day, _ in expected_of([running], FIRST, LAST)[running.pk]]
    assert days[0] == TODAY
    assert len(expected_of([running], FIRST, LAST, before_use=True)[running.pk]) == 35
    assert figures_of([running.pk], FIRST, TODAY)[running.pk].no_return <= 1
    due = reviews_due([running], TODAY)[running.pk]
    assert due.on >= TODAY


def test_notice_that_was_never_given_is_a_fact_and_blocks_nothing(
    student: Student, provider: Any, budget: Any, cast: Cast
) -> None:
    placement = brought(student, provider, cast, facts={})
    confirm_brought_in(placement_id=placement.pk, by=cast.head, now=NOW)
    shown = periods_of(Placement.objects.get().periods.all())
    assert [one.notice for one in shown] == ["none known when brought in"]
    assert placement.brought_in_facts.startswith("Notice given: not known.")


@pytest.mark.policy("P7.2")
def test_database_holds_the_notice_of_a_brought_in_placement_too(
    student: Student, provider: Any, budget: Any, cast: Cast
) -> None:
    placement = brought(student, provider, cast)
    sql = (
        "UPDATE placements_placementperiod SET notice_given_on = NULL WHERE placement_id = %s;"
        "UPDATE placements_placement SET status = 'APPROVED', live = true, decided_by_id = %s, decided_at = now()"
        " WHERE id = %s;"
        "UPDATE placements_placement SET status = 'ACTIVE', started_at = now(), started_by_id = %s WHERE id = %s"
    )
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [placement.pk, cast.head.pk, placement.pk, cast.head.pk, placement.pk])
    assert refused.value.__cause__.diag.constraint_name == "placement_start_needs_notice"


@pytest.mark.policy("P7.4")
def test_next_extension_meets_every_rule(running: Placement, cast: Cast) -> None:
    period = propose_extension(placement_id=running.pk, last=date(2027, 2, 12), by=cast.slt, now=NOW)
    assert (period.notice_needed, period.notice_given_on) == (True, None)
    with pytest.raises(RuleBroken, match="Set-up meeting with the family"):
        approve_extension(period_id=period.pk, over_budget_reason="", by=cast.head, now=NOW)


@pytest.mark.policy("P1.2")
def test_early_end_gives_back_only_the_days_after(running: Placement, budget: Any, cast: Cast) -> None:
    end_placement(
        placement_id=running.pk,
        ended_on=date(2026, 12, 4),
        reason="AIMS_MET",
        destination="HOME_SCHOOL",
        note="",
        by=cast.head,
        now=at(date(2026, 12, 4), 16),
    )
    # Ten mornings of the last two weeks.
    assert Commitment.objects.get().released == Decimal("450.00")


@pytest.mark.policy("P1.2")
def test_over_budget_is_the_chief_executives(student: Student, provider: Any, budget: Any, cast: Cast) -> None:
    provider.programmes.update(rate=Decimal("2000.00"))
    placement = brought(student, provider, cast)
    with pytest.raises(RuleBroken, match="Only the Chief executive"):
        confirm_brought_in(placement_id=placement.pk, by=cast.head, now=NOW)
    assert Placement.objects.get().status == Status.PROPOSED
    confirmed = confirm_brought_in(placement_id=placement.pk, by=cast.ceo, now=NOW, over_budget_reason="It runs.")
    assert confirmed.status == Status.ACTIVE


@pytest.mark.policy("P3.2")
def test_student_placed_elsewhere_is_refused(student: Student, provider: Any, budget: Any, cast: Cast) -> None:
    placement = brought(student, provider, cast)
    # The referral behind it was decided on its own meanwhile.
    decide_referral(
        referral_id=placement.referral_id, decision=ReferralStatus.APPROVED, reason="Read.", by=cast.head, now=NOW
    )
    other = placement_at(
        Status.APPROVED,
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        referral=referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW),
    )
    assert other.live
    with pytest.raises(RuleBroken, match="already expected somewhere else"):
        confirm_brought_in(placement_id=placement.pk, by=cast.head, now=NOW)


def test_declined_or_withdrawn_it_leaves_no_open_referral(
    student: Student, provider: Any, budget: Any, cast: Cast
) -> None:
    first = brought(student, provider, cast)
    with pytest.raises(RuleBroken, match="reason"):
        decline_brought_in(placement_id=first.pk, reason=" ", by=cast.head, now=NOW)
    declined = decline_brought_in(placement_id=first.pk, reason="Not ours.", by=cast.head, now=NOW)
    assert (declined.status, declined.referral.__class__.objects.get(pk=first.referral_id).status) == (
        Status.DECLINED,
        ReferralStatus.DECLINED,
    )
    second = brought(student, provider, cast)
    withdraw_placement(placement_id=second.pk, reason="Typed twice.", by=cast.slt, now=NOW)
    second.referral.refresh_from_db()
    assert second.referral.status == ReferralStatus.WITHDRAWN


def test_form_brings_in_and_the_head_confirms(
    student: Student, provider: Any, budget: Any, cast: Cast, login: Callable[..., Client]
) -> None:
    client, url = login(cast.slt), reverse("placements:placement-bring-in", args=[student.pk])
    assert client.get(url).status_code == 200
    url = f"{url}?provider={provider.pk}"
    typed = {
        "programme": provider.programmes.get().pk,
        "site": provider.sites.get().pk,
        "route": "DIRECTION",
        "first": "2026-11-30",
        "last": "2026-12-18",
        "start_time": "09:00",
        "report_to": "Sam Okafor",
        "slots": ["0", "2"],
        "review_weeks": "6",
        "primary_reason": "NOT_ATTENDING",
        "aims": "Attendance of 90 %.",
        "exclusion_alternative": "no",
        "notice_given_on": "2026-10-20",
    }
    refused = client.post(url, typed)
    assert refused.status_code == 422
    assert "A placement that has not begun is not brought in" in refused.content.decode()
    assert "Attendance of 90 %." in refused.content.decode()
    assert client.post(url, {**typed, "first": "2026-11-02"}).status_code == 302
    placement = Placement.objects.get()
    confirm = reverse("placements:placement-confirm", args=[placement.pk])
    head = login(cast.head)
    detail = head.get(reverse("placements:placement-detail", args=[placement.pk])).content.decode()
    assert confirm in detail
    page = head.get(confirm).content.decode()
    assert "Notice given: Tue 20 Oct 2026." in page
    assert head.post(confirm, {"decision": "CONFIRMED"}).status_code == 302
    assert Placement.objects.get().status == Status.ACTIVE


# --- From a list ---

HEAD = [
    "UPN",
    "Provider",
    "Route",
    "First day",
    "Last day",
    "Half-days",
    "Start time",
    "Report to",
    "Reason",
    "Aims",
    "Notice given",
]


def listed(student: Student, **changes: str) -> list[str]:
    facts = {
        "upn": student.upn,
        "provider": "Millyard Education",
        "route": "Off-site direction",
        "first": "02/11/2026",
        "last": "18/12/2026",
        "half_days": "Mon AM, Tue, A Wed PM",
        "time": "09:00",
        "report_to": "Sam Okafor",
        "reason": "NOT_ATTENDING",
        "aims": "Attendance of 90 %.",
        "notice": "20/10/2026",
        **changes,
    }
    return list(facts.values())


def checked(by: Any, school: Any, *rows: list[str]) -> ImportRun:
    text = io.StringIO()
    csv.writer(text).writerows([HEAD, *rows])
    upload = SimpleUploadedFile("running.csv", text.getvalue().encode(), content_type="text/csv")
    run = upload_import(kind=ImportKind.PLACEMENTS, school_id=school.pk, upload=upload, by=by, now=NOW)
    match_columns(run_id=run.pk, mapping=run.mapping, by=by, now=NOW)
    work_imports(now=NOW)
    run.refresh_from_db()
    return run


def test_list_brings_in_and_a_second_time_changes_nothing(
    student: Student, north: Any, provider: Any, budget: Any, cast: Cast
) -> None:
    run = checked(cast.slt, north, listed(student))
    assert (run.found, run.added) == (0, 1), run.errors
    assert Placement.objects.count() == 0
    apply_import(run_id=run.pk, by=cast.slt, now=NOW)
    work_imports(now=NOW)
    placement = Placement.objects.get()
    assert (placement.brought_in, placement.status, placement.proposed_by) == (True, Status.PROPOSED, cast.slt)
    assert sorted(row.slots.lower for row in placement.slots.all()) == [0, 2, 3, 5, 10, 12, 13]
    assert placement.periods.get().notice_given_on == NOTICE
    again = checked(cast.slt, north, listed(student))
    assert (again.added, again.unchanged) == (0, 1)


def test_list_names_every_fault_by_row_and_column(
    student: Student, student2: Student, north: Any, provider: Any, budget: Any, cast: Cast
) -> None:
    other = make_student(north, "Cole", "Kit")
    run = checked(
        cast.slt,
        north,
        listed(student, provider="Nobody"),
        listed(student2),
        listed(other, half_days="Mon AM, Sat"),
        listed(other, last="31/07/2027"),
        listed(other, first="01/12/2026"),
        listed(other, route="Managed move"),
        listed(other, time="nine"),
    )
    assert run.status == ImportStatus.CHECKED
    found = {(fault["row"], fault["column"]): fault["sentence"] for fault in run.errors}
    assert found[2, "Provider"] == "No provider of this name is here: add it first."
    assert (3, "UPN") in found
    assert found[4, "Half-days"] == "'sat' is not a half-day. Write 'Mon AM, Tue, Wed PM'."
    assert "last school day of the academic year" in found[5, "Last day"]
    assert "has not begun" in found[6, "First day"]
    assert "not known here" in found[7, "Route"]
    assert found[8, "Start time"] == "Write the time as 09:00."
    # Row 6 also names the student of row 5 once more.
    assert len(run.errors) == 8
    with pytest.raises(RuleBroken, match="has faults"):
        apply_import(run_id=run.pk, by=cast.slt, now=NOW)
    assert Placement.objects.count() == 0


def test_list_is_for_whoever_proposes_placements(north: Any, student: Student, provider: Any, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        checked(cast.att, north, listed(student))
