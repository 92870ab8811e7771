"""The database itself refuses what must never stand in it, by whatever path it comes."""

from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction

from attendance.codes import ContactOutcome, ProviderReport
from attendance.models import HomeAttendance, ProviderCall, SessionMark, WeeklyContact
from tests.factories.attendance import make_mark
from tests.fixtures import NOW

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 9)


def refused(sql: str, *params: Any) -> str:
    """The name of the constraint that refuses a statement."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        _run(sql, params)
    cause: Any = error.value.__cause__
    return str(cause.diag.constraint_name or cause.diag.column_name)


def _run(sql: str, params: tuple[Any, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        # Foreign keys of Django wait for the end of the transaction.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def mark(placement, cast):
    return make_mark(placement, MONDAY, by=cast.att, code="B")


@pytest.fixture
def contact(placement, cast):
    return WeeklyContact.objects.create(
        placement=placement,
        school_id=placement.school_id,
        week=MONDAY,
        outcome=ContactOutcome.SPOKEN,
        contacted_on=MONDAY,
        logged_by=cast.att,
        logged_at=NOW,
    )


@pytest.fixture
def home(student):
    return HomeAttendance.objects.create(
        student=student, school=student.school, week=MONDAY, possible=10, attended=7, unauthorised=2
    )


def test_mark_twice_for_one_session_is_refused(mark):
    sql = """INSERT INTO attendance_sessionmark (placement_id, school_id, day, session, report, code, marked_by_id,
        marked_at, version) SELECT placement_id, school_id, day, session, 'ABSENT', '', marked_by_id, marked_at, 1
        FROM attendance_sessionmark WHERE id = %s"""
    assert refused(sql, mark.pk) == "mark_once"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("report = 'MAYBE'", "mark_report_known"),
        ("report = ''", "mark_report_known"),
        ("session = 'EV'", "mark_session_known"),
        ("report = 'DID_NOT_RUN'", "mark_did_not_run_is_never_b"),
        ("report = 'DID_NOT_RUN', code = 'D'", "mark_did_not_run_is_never_b"),
        ("report = 'DID_NOT_RUN', code = 'K'", "mark_did_not_run_is_never_b"),
        ("report = 'DID_NOT_RUN', code = 'L'", "mark_did_not_run_is_never_b"),
        ("report = 'DID_NOT_RUN', code = '/'", "mark_did_not_run_is_never_b"),
        ("report = 'DID_NOT_RUN', code = E'\\\\'", "mark_did_not_run_is_never_b"),
        ("confirmed_at = now()", "mark_confirmed_pair"),
        ("confirmed_by_id = marked_by_id", "mark_confirmed_pair"),
        ("version = -1", "attendance_sessionmark_version_check"),
        ("placement_id = 0, school_id = 0", "mark_school_of_placement"),
        ("marked_by_id = NULL", "marked_by_id"),
        ("marked_at = NULL", "marked_at"),
        ("day = NULL", "day"),
        ("report = NULL", "report"),
    ],
)
def test_mark_changed_by_sql_is_refused(mark, change, constraint):
    assert refused(f"UPDATE attendance_sessionmark SET {change} WHERE id = %s", mark.pk) == constraint  # noqa: S608


def test_mark_with_the_school_of_another_is_refused(mark, south):
    sql = "UPDATE attendance_sessionmark SET school_id = %s WHERE id = %s"
    assert refused(sql, south.pk, mark.pk) == "mark_school_of_placement"


def test_mark_with_a_host_that_is_not_the_placements_is_refused(mark, south):
    sql = "UPDATE attendance_sessionmark SET host_school_id = %s WHERE id = %s"
    assert refused(sql, south.pk, mark.pk) == "mark_host_of_placement"


def test_mark_moved_to_a_placement_of_another_school_is_refused(mark, placement2):
    sql = "UPDATE attendance_sessionmark SET placement_id = %s WHERE id = %s"
    assert refused(sql, placement2.pk, mark.pk) == "mark_school_of_placement"


def test_mark_of_a_missing_person_is_refused(mark):
    assert "marked_by_id" in refused("UPDATE attendance_sessionmark SET marked_by_id = 0 WHERE id = %s", mark.pk)


def test_placement_with_marks_cannot_be_deleted(mark, placement):
    assert refused("DELETE FROM placements_placement WHERE id = %s", placement.pk)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("week = '2026-11-10'", "contact_week_is_monday"),
        ("week = '2026-11-15'", "contact_week_is_monday"),
        ("outcome = 'NOT_DUE'", "contact_not_due_has_reason"),
        ("school_id = NULL", "school_id"),
        ("contacted_on = NULL", "contacted_on"),
        ("logged_by_id = NULL", "logged_by_id"),
    ],
)
def test_contact_changed_by_sql_is_refused(contact, change, constraint):
    assert refused(f"UPDATE attendance_weeklycontact SET {change} WHERE id = %s", contact.pk) == constraint  # noqa: S608


def test_contact_with_the_school_of_another_is_refused(contact, south):
    sql = "UPDATE attendance_weeklycontact SET school_id = %s WHERE id = %s"
    assert refused(sql, south.pk, contact.pk) == "contact_school_of_placement"


def test_contact_moved_to_a_placement_of_another_school_is_refused(contact, placement2):
    sql = "UPDATE attendance_weeklycontact SET placement_id = %s WHERE id = %s"
    assert refused(sql, placement2.pk, contact.pk) == "contact_school_of_placement"


def test_contact_twice_in_one_week_is_refused(contact):
    sql = """INSERT INTO attendance_weeklycontact (placement_id, school_id, week, outcome, note, contacted_on, late,
        logged_by_id, logged_at) SELECT placement_id, school_id, week, 'TRIED', '', contacted_on, late, logged_by_id,
        logged_at FROM attendance_weeklycontact WHERE id = %s"""
    assert refused(sql, contact.pk) == "contact_once_a_week"


def test_contact_of_a_missing_call_is_refused(contact):
    assert "call_id" in refused("UPDATE attendance_weeklycontact SET call_id = 999999 WHERE id = %s", contact.pk)


def test_call_with_contacts_cannot_be_deleted(contact, provider, cast):
    call = ProviderCall.objects.create(provider=provider, made_at=NOW, made_by=cast.att, how="PHONE")
    WeeklyContact.objects.update(call=call)
    assert refused("DELETE FROM attendance_providercall WHERE id = %s", call.pk)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("attended = 9", "home_attendance_adds_up"),
        ("possible = 11", "home_attendance_adds_up"),
        ("unauthorised = 4", "home_attendance_adds_up"),
        ("attended = -1", "attendance_homeattendance_attended_check"),
        ("week = '2026-11-11'", "home_attendance_week_is_monday"),
    ],
)
def test_home_attendance_changed_by_sql_is_refused(home, change, constraint):
    sql = f"UPDATE attendance_homeattendance SET {change} WHERE id = %s"  # noqa: S608
    assert refused(sql, home.pk) == constraint


def test_home_attendance_twice_in_one_week_is_refused(home):
    sql = """INSERT INTO attendance_homeattendance
        (student_id, school_id, week, possible, attended, unauthorised, source, codes)
        SELECT student_id, school_id, week, 10, 0, 0, 'typed', '{}' FROM attendance_homeattendance WHERE id = %s"""
    assert refused(sql, home.pk) == "home_attendance_once"


@pytest.mark.parametrize("statement", ["UPDATE {} SET report = 'PRESENT'", "DELETE FROM {}"])
def test_history_of_marks_is_never_rewritten(mark, statement):
    table = apps.get_model("attendance", "SessionMarkEvent")._meta.db_table
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        _run(statement.format(table), ())


def test_mark_written_by_raw_sql_is_in_the_history(mark):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE attendance_sessionmark SET report = 'LATE' WHERE id = %s", [mark.pk])
    event = apps.get_model("attendance", "SessionMarkEvent").objects.order_by("-pgh_id")[0]
    assert (event.report, event.pgh_label) == (ProviderReport.LATE, "update")
    assert event.pgh_role
    assert SessionMark.objects.get().report == ProviderReport.LATE
