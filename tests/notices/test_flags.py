"""Flags of notices: raised by dates, once, and cleared by the deed."""

import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from notices.codes import Channel
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries import due_notices
from notices.services import raise_notice_flags, record_given
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod
from placements.services import cancel_placement, start_placement
from tests.factories.notices import PROOF, give_notice, notice_at
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at
from tests.fixtures import NOW
from tests.notices.conftest import START, at
from trust.calendar import LONDON
from trust.models import Flag
from trust.permissions import Role

pytestmark = pytest.mark.django_db


def open_flags(kind: str) -> list[Flag]:
    return list(Flag.objects.open().filter(kind=kind))


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("now", "urgent"),
    [(at(30, 23, 59, month=11), None), (at(1), False), (at(3, 23), False), (at(4), True), (at(8), True)],
)
def test_notice_due_is_raised_two_days_before_the_deadline(
    period: PlacementPeriod, now: datetime, urgent: bool | None
) -> None:
    raise_notice_flags(now=now)
    found = open_flags("notice_due")
    if urgent is None:
        assert not found
        return
    (flag,) = found
    assert flag.urgent is urgent
    assert flag.roles == [Role.HEAD, Role.SLT]
    assert flag.school_id == period.placement.school_id
    assert flag.path == f"/notices/period/{period.pk}/"
    assert "Thu 3 Dec 2026" in flag.sentence
    assert period.placement.student.family_name not in flag.sentence


def test_flag_leads_to_the_notice_once_there_is_one(period: PlacementPeriod, cast: Any) -> None:
    raise_notice_flags(now=at(1))
    notice = notice_at(Status.DRAFT, period, cast, at(1))
    raise_notice_flags(now=at(1, 10))
    (flag,) = open_flags("notice_due")
    assert flag.path == f"/notices/{notice.pk}/"


def test_sweep_twice_late_and_after_a_missed_night_gives_the_same_flags(period: PlacementPeriod) -> None:
    assert raise_notice_flags(now=at(1)) == 1
    assert raise_notice_flags(now=at(1, 9, 5)) == 0
    first = Flag.objects.values_list("pk", "kind", "subject", "period").get()
    # The night of 2 to 3 December was missed.
    assert raise_notice_flags(now=at(3, 4)) == 0
    assert Flag.objects.values_list("pk", "kind", "subject", "period").get() == first


def test_sweep_that_first_runs_late_gives_the_flag_it_missed(period: PlacementPeriod) -> None:
    raise_notice_flags(now=at(6))
    (flag,) = open_flags("notice_due")
    assert flag.period == START.isoformat()
    assert flag.urgent


def test_flag_of_a_cancelled_placement_is_cleared(period: PlacementPeriod, cast: Any) -> None:
    raise_notice_flags(now=at(2))
    cancel_placement(placement_id=period.placement_id, reason="The family moved", by=cast.head, now=at(2))
    raise_notice_flags(now=at(2, 10))
    assert not open_flags("notice_due")


def test_not_started_is_raised_the_day_after_the_start_and_cleared_by_starting(
    period: PlacementPeriod, cast: Any
) -> None:
    give_notice(period, cast, NOW)
    raise_notice_flags(now=at(7, 20))
    assert not open_flags("not_started")
    raise_notice_flags(now=at(8))
    (flag,) = open_flags("not_started")
    assert flag.path == f"/placements/{period.placement_id}/"
    start_placement(placement_id=period.placement_id, by=cast.slt, now=at(8, 10))
    raise_notice_flags(now=at(8, 11))
    assert not open_flags("not_started")


@pytest.mark.policy("P7.4")
def test_period_ended_without_decision_is_raised(student: Any, provider: Any, budget: Any, cast: Any) -> None:
    placement = placement_at(
        PlacementStatus.ACTIVE, student=student, provider=provider, cast=cast, now=NOW, last=date(2026, 12, 11)
    )
    raise_notice_flags(now=at(11, 20))
    assert not open_flags("period_ended")
    raise_notice_flags(now=at(12, 1))
    (flag,) = open_flags("period_ended")
    assert (flag.subject, flag.period) == (f"placement:{placement.pk}", "2026-12-11")


def test_sweep_uses_as_many_queries_for_three_periods_as_for_one(
    period: PlacementPeriod, provider: Any, cast: Any, north: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    raise_notice_flags(now=at(2))
    with django_assert_num_queries(count_of(at(2))):
        raise_notice_flags(now=at(2))
    one = count_of(at(2))
    for name in ("Adams", "Brown"):
        student = make_student(north, name)
        make_contact(student)
        placement_at(PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=START)
    raise_notice_flags(now=at(2))
    assert len(open_flags("notice_due")) == 3
    assert count_of(at(2)) == one


def count_of(now: datetime) -> int:
    """How many queries one sweep makes."""
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        raise_notice_flags(now=now)
    return len(captured)


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_raise_each_flag_exactly_once(period: PlacementPeriod) -> None:
    barrier = threading.Barrier(4)
    failures: list[BaseException] = []

    def sweep() -> None:
        try:
            barrier.wait(10)
            raise_notice_flags(now=at(2))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert Flag.objects.filter(kind="notice_due").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_each_letter_exactly_once(period: PlacementPeriod, cast: Any) -> None:
    from notices.services import make_letters

    for name in ("Paul", "Olga"):
        make_contact(period.placement.student, name)
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    barrier = threading.Barrier(2)
    made: list[int] = []

    def work() -> None:
        try:
            barrier.wait(10)
            made.append(make_letters(now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(made) == 3
    assert DirectionNotice.objects.get(pk=notice.pk).status == Status.ISSUED
    assert notice.recipients.filter(letter__isnull=False).count() == 3


def test_due_notices_are_the_persons_own_schools(period: PlacementPeriod, cast: Any) -> None:
    today = date(2026, 12, 3)
    for who in ("slt", "head", "att", "team", "ceo", "lead"):
        (one,) = due_notices(getattr(cast, who), today)
        assert (one.state, one.next_step, one.path) == ("due_today", "Prepare", f"/notices/period/{period.pk}/")
    for who in ("slt2", "head2", "finance", "trustee", "dsl"):
        assert due_notices(getattr(cast, who), today) == []


@pytest.mark.parametrize(
    ("today", "state"),
    [(date(2026, 11, 30), "coming"), (date(2026, 12, 1), "due"), (date(2026, 12, 4), "overdue")],
)
def test_due_notices_say_how_pressing_it_is(period: PlacementPeriod, cast: Any, today: date, state: str) -> None:
    assert [one.state for one in due_notices(cast.slt, today)] == [state]


def test_given_notice_is_not_due(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    assert due_notices(cast.slt, NOW.date())
    record_given(
        recipient_id=notice.recipients.get().pk,
        channel=Channel.HAND,
        sent_at=NOW + timedelta(minutes=1),
        proof=PROOF,
        by=cast.slt,
        now=datetime(2026, 11, 16, 11, tzinfo=LONDON),
    )
    assert not due_notices(cast.slt, NOW.date())
