"""The sweep for missed contacts: the same flags twice, late, after a missed night, two at once, or killed."""

import threading
from datetime import date, datetime, timedelta
from typing import Any

import pgtrigger
import psycopg2
import pytest
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

from attendance import services
from attendance.codes import ContactMeans, ContactOutcome
from attendance.services import log_contact, raise_contact_flags
from placements.lifecycle import Status
from placements.models import Placement
from tests.factories.attendance import many_placements, started_placement
from tests.fixtures import NOW
from trust.calendar import LONDON
from trust.models import Flag, NonSchoolDay, School

pytestmark = pytest.mark.django_db

FIRST_WEEK, MONDAY, FRIDAY = date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 13)


def at(day: date, hour: int = 6, minute: int = 0) -> datetime:
    return datetime.combine(day, datetime.min.time().replace(hour=hour, minute=minute), tzinfo=LONDON)


def open_weeks() -> list[tuple[str, str]]:
    return sorted((flag.subject, flag.period) for flag in Flag.objects.open())


def log(placement: Placement, by: Any, week: date = MONDAY, outcome: str = ContactOutcome.SPOKEN) -> None:
    log_contact(
        provider_id=placement.provider_id,
        monday=week,
        how=ContactMeans.PHONE,
        contacted_on=week + timedelta(days=4),
        outcomes={placement.pk: (outcome, "")},
        by=by,
        now=NOW,
    )


@pytest.mark.policy("P5.5")
@pytest.mark.parametrize(
    ("now", "weeks"),
    [
        (at(FRIDAY, 23, 59), ["2026-11-02"]),
        (at(date(2026, 11, 14), 0, 0), ["2026-11-02", "2026-11-09"]),
        (at(date(2026, 11, 6), 23, 59), []),
        (at(date(2026, 11, 2)), []),
    ],
)
def test_raise_contact_flags_from_the_day_after_the_last_school_day(placement, now, weeks):
    assert raise_contact_flags(now=now) == len(weeks)
    assert open_weeks() == [(f"placement:{placement.pk}", week) for week in weeks]


def test_raise_contact_flags_say_where_to_act_and_name_nobody(placement):
    raise_contact_flags(now=NOW)
    flag = Flag.objects.get(period="2026-11-09")
    assert flag.path == f"/attendance/provider/{placement.provider_id}/2026-11-09/"
    assert flag.school_id == placement.school_id
    assert flag.kind == "contact_missed"
    assert set(flag.roles) == {"ATT", "SLT", "TEAM"}
    assert placement.student.family_name not in flag.sentence
    assert "Mon 9 Nov 2026" in flag.sentence


def test_raise_contact_flags_twice_changes_nothing(placement):
    assert raise_contact_flags(now=NOW) == 2
    before = list(Flag.objects.values())
    assert raise_contact_flags(now=NOW + timedelta(minutes=5)) == 0
    assert list(Flag.objects.values()) == before


def test_raise_contact_flags_after_missed_weeks_are_those_of_every_night(placement, north):
    nights = [at(date(2026, 11, 1) + timedelta(days=n)) for n in range(21)]
    for night in nights:
        raise_contact_flags(now=night)
    every_night = open_weeks()
    Flag.objects.all().delete()
    raise_contact_flags(now=nights[-1])
    assert open_weeks() == every_night
    assert len(every_night) == 3


def test_raise_contact_flags_not_for_a_week_that_was_done(placement, cast):
    log(placement, cast.att, FIRST_WEEK)
    raise_contact_flags(now=NOW)
    assert open_weeks() == [(f"placement:{placement.pk}", "2026-11-09")]


def test_raise_contact_flags_tried_does_not_satisfy(placement, cast):
    log(placement, cast.att, outcome=ContactOutcome.TRIED)
    raise_contact_flags(now=NOW)
    assert (f"placement:{placement.pk}", "2026-11-09") in open_weeks()


def test_raise_contact_flags_cleared_by_the_deed_and_back_when_undone(placement, cast):
    raise_contact_flags(now=NOW)
    log(placement, cast.att)
    assert [week for _, week in open_weeks()] == ["2026-11-02"]
    raise_contact_flags(now=NOW)
    assert [week for _, week in open_weeks()] == ["2026-11-02"]
    log(placement, cast.att, outcome=ContactOutcome.TRIED)
    raise_contact_flags(now=NOW)
    assert [week for _, week in open_weeks()] == ["2026-11-02", "2026-11-09"]
    assert Flag.objects.count() == 2


def test_raise_contact_flags_stay_after_the_end_and_none_comes_after_it(student, provider, cast):
    ended = started_placement(
        student,
        provider,
        proposed_by=cast.slt,
        decided_by=cast.head,
        status=Status.ENDED,
        ended_on=date(2026, 11, 10),
    )
    raise_contact_flags(now=at(date(2026, 12, 7)))
    assert open_weeks() == [(f"placement:{ended.pk}", "2026-11-02"), (f"placement:{ended.pk}", "2026-11-09")]


def test_raise_contact_flags_not_in_a_week_without_a_session(placement):
    NonSchoolDay.objects.bulk_create(
        NonSchoolDay(school=placement.school, day=MONDAY + timedelta(days=n), kind="CLOSURE") for n in range(5)
    )
    raise_contact_flags(now=NOW)
    assert [week for _, week in open_weeks()] == ["2026-11-02"]


def test_raise_contact_flags_clear_leftovers_when_the_calendar_moves(placement):
    raise_contact_flags(now=NOW)
    NonSchoolDay.objects.bulk_create(
        NonSchoolDay(school=placement.school, day=MONDAY + timedelta(days=n), kind="CLOSURE") for n in range(5)
    )
    raise_contact_flags(now=NOW)
    assert [week for _, week in open_weeks()] == ["2026-11-02"]


def test_raise_contact_flags_none_before_the_placement_started(placement):
    Placement.objects.filter(pk=placement.pk).update(started_at=at(date(2026, 11, 10), 9))
    raise_contact_flags(now=NOW)
    assert [week for _, week in open_weeks()] == ["2026-11-09"]


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.APPROVED, Status.DECLINED, Status.CANCELLED])
def test_raise_contact_flags_none_for_what_never_started(placement, status):
    with pgtrigger.ignore("placements.Placement:status_by_table"):
        Placement.objects.filter(pk=placement.pk).update(
            status=status, live=status == Status.APPROVED, started_at=None, started_by=None
        )
    assert raise_contact_flags(now=NOW) == 0
    assert open_weeks() == []


def test_raise_contact_flags_uses_the_same_number_of_queries_at_any_size(provider, north, cast):
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            raise_contact_flags(now=NOW)
        return len(queries)

    many_placements(1, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    one = counted()
    Flag.objects.all().delete()
    many_placements(24, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    assert counted() == one
    assert Flag.objects.count() == 50


def test_raise_contact_flags_in_batches_misses_nobody(provider, north, cast, monkeypatch):
    monkeypatch.setattr("attendance.queries.contacts.BATCH", 2)
    rows = many_placements(5, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    assert raise_contact_flags(now=NOW) == 10
    assert {flag.subject for flag in Flag.objects.open()} == {f"placement:{row.pk}" for row in rows}


@pytest.mark.django_db(transaction=True)
def test_raise_contact_flags_two_at_once_raise_each_once(provider, north, cast):
    many_placements(5, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    start = threading.Barrier(2)
    problems: list[BaseException] = []

    def sweep() -> None:
        try:
            start.wait(timeout=10)
            raise_contact_flags(now=NOW)
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert problems == []
    assert len(open_weeks()) == len(set(open_weeks())) == 10


@pytest.mark.django_db(transaction=True)
def test_raise_contact_flags_killed_before_its_end_raises_each_once(placement, monkeypatch):
    """The server's process of the sweep is ended after its rows were written and before they were kept."""
    real = services.clear_leftovers

    def killed(**named: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        other = psycopg2.connect(**connection.get_connection_params())
        other.autocommit = True
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        other.close()
        return real(**named)

    monkeypatch.setattr(services, "clear_leftovers", killed)
    with pytest.raises(DatabaseError):
        raise_contact_flags(now=NOW)
    connection.close()
    assert open_weeks() == []
    monkeypatch.setattr(services, "clear_leftovers", real)
    assert raise_contact_flags(now=NOW) == 2
    assert len(open_weeks()) == 2


def test_raise_contact_flags_of_a_school_without_calendar_is_not_a_crash(placement):
    School.objects.get(pk=placement.school_id).terms.all().delete()
    raise_contact_flags(now=NOW)
    assert open_weeks() == []
