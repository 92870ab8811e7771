"""The database itself refuses what must never be, whoever asks and by whichever path."""

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from tests.factories.people import give, make_contact, make_user, next_upn
from tests.fixtures import NOW
from trust.audit import append_only_tables
from trust.models import Student
from trust.permissions import Role
from trust.services import log_access


def run(statement, values=()):
    """One statement of plain SQL, past every rule in Python."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused_by(constraint, statement, values=()):
    """The database refuses the statement and names the constraint."""
    with pytest.raises(IntegrityError) as refused:
        run(statement, values)
    assert refused.value.__cause__.diag.constraint_name == constraint


STUDENT = (
    "INSERT INTO trust_student (school_id, upn, first_name, family_name, preferred_name, sort_name, born_on, sex, "
    "nc_year, free_school_meals, pupil_premium, sen_status, ehc_authority, ehc_email, looked_after, virtual_school, "
    "social_worker, interests, ethnicity, senco, version) VALUES (%s, %s, 'Jo', 'Ash', '', 'ash, jo', '2013-02-14', "
    "'F', %s, false, false, %s, '', '', %s, '', '', '', '', '', 1)"
)


@pytest.mark.parametrize(
    ("constraint", "upn", "nc_year", "sen", "looked_after"),
    [
        ("student_upn_shape", "I801200005001", 9, "N", False),
        ("student_upn_shape", "B80120000500", 9, "N", False),
        ("student_upn_shape", "b801200005001", 9, "N", False),
        ("student_nc_year_plausible", None, 15, "N", False),
        ("student_ehc_plan_names_authority", None, 9, "E", False),
        ("student_looked_after_names_virtual_school", None, 9, "N", True),
    ],
)
def test_student_that_cannot_be_is_refused(north, constraint, upn, nc_year, sen, looked_after):
    refused_by(constraint, STUDENT, [north.pk, upn or next_upn(), nc_year, sen, looked_after])


def test_student_with_a_upn_twice_is_refused(student, south):
    with pytest.raises(IntegrityError, match="upn"):
        run(STUDENT, [south.pk, student.upn, 9, "N", False])


def test_student_written_by_sql_has_a_history_row_with_the_database_role(north):
    upn = next_upn()
    run(STUDENT, [north.pk, upn, 9, "N", False])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgh_label, pgh_role, pgh_context_id FROM trust_studentevent WHERE upn = %s", [upn])
        assert cursor.fetchall() == [("insert", connection.settings_dict["USER"] or "owner", None)]


def test_student_changed_and_deleted_by_sql_stays_in_the_history(north):
    upn = next_upn()
    run(STUDENT, [north.pk, upn, 9, "N", False])
    run("UPDATE trust_student SET nc_year = 10 WHERE upn = %s", [upn])
    run("DELETE FROM trust_student WHERE upn = %s", [upn])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgh_label, nc_year FROM trust_studentevent WHERE upn = %s ORDER BY pgh_id", [upn])
        assert cursor.fetchall() == [("insert", 9), ("update", 10), ("delete", 10)]


def test_students_written_in_bulk_have_one_history_row_each(north):
    rows = [
        Student(
            school=north, upn=next_upn(), first_name="A", family_name="B", born_on=date(2013, 1, 1), sex="M", nc_year=9
        )
        for _ in range(3)
    ]
    Student.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trust_studentevent WHERE upn = ANY(%s)", [[row.upn for row in rows]])
        assert cursor.fetchone() == (3,)


MEMBERSHIP = (
    "INSERT INTO trust_membership (user_id, role, school_id, from_day, until_day, acting, designated) "
    "VALUES (%s, %s, %s, '2026-09-01', %s, %s, false)"
)


@pytest.mark.parametrize(
    ("constraint", "role", "at_school", "until", "acting"),
    [
        ("membership_role_fits_school", "HEAD", False, None, False),
        ("membership_role_fits_school", "TEAM", False, None, False),
        ("membership_role_fits_school", "CEO", True, None, False),
        ("membership_role_fits_school", "LEAD", True, None, False),
        ("membership_role_fits_school", "FIN", True, None, False),
        ("membership_role_known", "KING", True, None, False),
        ("membership_dates_in_order", "SLT", True, "2026-08-31", False),
        ("membership_acting_has_end", "HEAD", True, None, True),
        ("membership_acting_has_end", "SLT", True, "2026-12-31", True),
    ],
)
def test_membership_that_cannot_be_is_refused(north, constraint, role, at_school, until, acting):
    user = make_user("New Person")
    refused_by(constraint, MEMBERSHIP, [user.pk, role, north.pk if at_school else None, until, acting])


def test_membership_twice_is_refused_also_for_the_whole_trust(north):
    user = make_user("New Person", (Role.SLT, north), (Role.DSL, None))
    refused_by("membership_once", MEMBERSHIP, [user.pk, "SLT", north.pk, None, False])
    refused_by("membership_once", MEMBERSHIP, [user.pk, "DSL", None, None, False])


def test_membership_second_designated_slt_is_refused(north):
    give(make_user("One Person"), Role.SLT, north, designated=True)
    other = give(make_user("Two Person"), Role.SLT, north)
    refused_by(
        "membership_one_designated_slt", "UPDATE trust_membership SET designated = true WHERE id = %s", [other.pk]
    )


def test_user_with_the_same_address_in_other_letters_is_refused(cast):
    refused_by(
        "user_email_unique",
        "INSERT INTO trust_user (password, email, full_name, is_active, created_at, digest)"
        " VALUES ('!', %s, 'X', true, now(), true)",
        [cast.head.email.upper()],
    )


def test_user_history_holds_no_password(cast):
    run("UPDATE trust_user SET password = 'pbkdf2-secret' WHERE id = %s", [cast.head.pk])
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(e)::text FROM trust_userevent e WHERE pgh_obj_id = %s", [cast.head.pk])
        rows = [row for (row,) in cursor.fetchall()]
    assert rows
    assert not any("pbkdf2-secret" in row or '"password"' in row or '"last_login"' in row for row in rows)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("term_in_order", "first_day = break_first"),
        ("term_in_order", "break_first = break_last + 1"),
        ("term_in_order", "last_day = break_last"),
    ],
)
def test_term_out_of_order_is_refused(north, constraint, changes):
    term = north.terms.first()
    refused_by(constraint, f"UPDATE trust_term SET {changes} WHERE id = %s", [term.pk])  # noqa: S608


def test_term_twice_in_a_year_is_refused(north):
    refused_by(
        "term_once_a_year",
        "INSERT INTO trust_term (school_id, academic_year_id, season, first_day, break_first, break_last, last_day) "
        "SELECT school_id, academic_year_id, season, first_day, break_first, break_last, last_day FROM trust_term "
        "WHERE school_id = %s LIMIT 1",
        [north.pk],
    )


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("school_urn_six_digits", "UPDATE trust_school SET urn = '12345' WHERE id = %s"),
        ("school_times_in_order", "UPDATE trust_schooltimes SET am_end = am_start WHERE school_id = %s"),
        (
            "school_times_once_a_day",
            (
                "INSERT INTO trust_schooltimes (school_id, from_day, am_start, am_end, pm_start, pm_end) "
                "SELECT school_id, from_day, am_start, am_end, pm_start, pm_end FROM trust_schooltimes "
                "WHERE school_id = %s"
            ),
        ),
        (
            "non_school_day_once",
            (
                "INSERT INTO trust_nonschoolday (school_id, day, kind, note) "
                "SELECT school_id, day, 'CLOSURE', '' FROM trust_nonschoolday WHERE school_id = %s LIMIT 1"
            ),
        ),
    ],
)
def test_school_that_cannot_be_is_refused(north, constraint, statement):
    refused_by(constraint, statement, [north.pk])


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        (
            "contact_restriction_has_reason",
            "UPDATE trust_contactlink SET letters_restricted = true WHERE student_id = %s",
        ),
        (
            "contact_link_once",
            (
                "INSERT INTO trust_contactlink (student_id, contact_id, relationship, parental_responsibility, "
                "has_care, email_consent, letters_restricted, restriction_reason) SELECT student_id, contact_id, "
                "'OTHER', false, false, false, false, '' FROM trust_contactlink WHERE student_id = %s"
            ),
        ),
        (
            "enrolment_one_open",
            (
                "INSERT INTO trust_enrolment (student_id, school_id, from_day) "
                "SELECT student_id, school_id, '2026-11-01' FROM trust_enrolment WHERE student_id = %s"
            ),
        ),
        (
            "enrolment_in_order",
            "UPDATE trust_enrolment SET until_day = from_day - 1 WHERE student_id = %s",
        ),
        (
            "suspension_has_sessions",
            (
                "INSERT INTO trust_suspension (student_id, school_id, first_day, sessions, source) "
                "SELECT id, school_id, '2026-11-02', 0, 'typed' FROM trust_student WHERE id = %s"
            ),
        ),
        (
            "suspension_once_a_day",
            (
                "INSERT INTO trust_suspension (student_id, school_id, first_day, sessions, source) "
                "SELECT id, school_id, '2026-11-02', n, 'typed' FROM trust_student, generate_series(1, 2) AS n "
                "WHERE id = %s"
            ),
        ),
    ],
)
def test_student_records_that_cannot_be_are_refused(student, constraint, statement):
    refused_by(constraint, statement, [student.pk])


def test_flag_twice_is_refused(north):
    statement = (
        "INSERT INTO trust_flag (kind, subject, period, school_id, roles, path, sentence, urgent, raised_at, told) "
        "VALUES ('contact_missed', 'placement:1', '2026-11-09', %s, '[]', '/', 'x', false, now(), '[]')"
    )
    run(statement, [north.pk])
    refused_by("flag_once", statement, [north.pk])


def test_stored_file_with_a_path_for_a_hash_is_refused(db):
    refused_by(
        "stored_file_hash_shape",
        "INSERT INTO trust_storedfile (kind, sha256, size, content_type, name, stored_at) "
        "VALUES ('SLA', '../../etc/passwd', 1, 'text/plain', '', now())",
    )


@pytest.mark.parametrize(
    ("constraint", "status", "found", "applied_at", "applied_by"),
    [
        ("import_applied_without_errors", "APPLIED", 3, "2026-11-16 10:00Z", True),
        ("import_applied_without_errors", "APPLIED", 0, None, True),
        ("import_applied_pair", "APPLIED", 0, "2026-11-16 10:00Z", False),
        ("import_applied_pair", "CHECKED", 0, "2026-11-16 10:00Z", False),
    ],
)
def test_import_that_cannot_be_is_refused(cast, north, constraint, status, found, applied_at, applied_by):
    run(
        "INSERT INTO trust_storedfile (kind, sha256, size, content_type, name, stored_at) "
        "VALUES ('IMPORT', repeat('a', 64), 1, 'text/csv', 'a.csv', now())"
    )
    refused_by(
        constraint,
        "INSERT INTO trust_importrun (kind, school_id, status, file_id, headings, mapping, rows_total, rows_done, "
        "added, changed, unchanged, errors, found, fault, uploaded_by_id, uploaded_at, applied_at, applied_by_id, "
        "attempts) "
        "SELECT 'STUDENTS', %s, %s, max(id), '[]', '{}', 0, 0, 0, 0, 0, '[]', %s, '', %s, now(), %s, %s, 0 "
        "FROM trust_storedfile",
        [north.pk, status, found, cast.slt.pk, applied_at, cast.slt.pk if applied_by else None],
    )


# --- what the application's own database role may not do ------------------------------------------------------------


@pytest.fixture
def as_app(db):
    """The rest of the test speaks to the database as the application does."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE app")
        yield
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
def test_app_role_may_not_rewrite_any_append_only_table(as_app, verb):
    tables = append_only_tables()
    assert "trust_accesslog" in tables
    assert "trust_studentevent" in tables
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t FROM unnest(%s::text[]) AS t WHERE has_table_privilege(current_user, t, %s)", [tables, verb]
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trust_accesslog SET action = 'nothing'",
        "DELETE FROM trust_accesslog",
        "TRUNCATE trust_accesslog",
        "UPDATE trust_studentevent SET first_name = 'x'",
        "DELETE FROM trust_studentevent",
        "TRUNCATE trust_studentevent",
        "DELETE FROM providers_providerevent",
    ],
)
def test_app_role_is_refused_when_it_tries(cast, student, statement):
    log_access(by=cast.slt, student=student, action="student opened", path="/", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE app")
    try:
        with pytest.raises(ProgrammingError, match="permission denied"):
            run(statement)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def test_app_role_writes_records_and_their_history(cast, student, as_app):
    Student.objects.filter(pk=student.pk).update(nc_year=10)
    log_access(by=cast.slt, student=student, action="student opened", path="/", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgh_role FROM trust_studentevent WHERE pgh_obj_id = %s AND nc_year = 10", [student.pk])
        assert cursor.fetchall() == [("app",)]


def test_owner_may_not_rewrite_history_either(student):
    with pytest.raises(DatabaseError, match="append"):
        run("UPDATE trust_studentevent SET first_name = 'x'")


def test_contact_of_two_students_keeps_what_differs_on_the_link(student, student2):
    link = make_contact(student, "Pat", has_care=False)
    run(
        "INSERT INTO trust_contactlink (student_id, contact_id, relationship, parental_responsibility, has_care, "
        "email_consent, letters_restricted, restriction_reason) "
        "VALUES (%s, %s, 'MOTHER', true, true, false, false, '')",
        [student2.pk, link.contact_id],
    )
    assert sorted(link.contact.links.values_list("has_care", flat=True)) == [False, True]
