"""What the database itself refuses, whoever writes: each constraint of referrals is attacked by direct SQL."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from referrals.codes import Reason, Section
from referrals.lifecycle import Status
from referrals.models import Referral
from referrals.services import amend_referral
from tests.factories.people import make_student
from tests.factories.placements import referral_at, referral_data
from tests.fixtures import NOW, Cast
from trust.models import School, Student

pytestmark = pytest.mark.django_db

SET = "UPDATE referrals_referral SET {} WHERE id = %(submitted)s"

ATTACKS = [
    ("referral_not_decided_by_author", SET.format("decided_by_id = written_by_id, decided_at = now()")),
    (
        "referral_not_decided_by_author",
        SET.format("decided_by_id = %(deputy)s, decided_at = now(), submitted_by_id = %(deputy)s"),
    ),
    ("referral_decision_pair", SET.format("decided_at = now()")),
    ("referral_submission_pair", SET.format("submitted_by_id = NULL")),
    ("referral_decided_has_decision", SET.format("status = 'APPROVED'")),
    ("referral_declined_has_reason", SET.format("status = 'RETURNED'")),
    (
        "referral_declined_has_reason",
        SET.format("status = 'DECLINED', decided_by_id = %(deputy)s, decided_at = now()"),
    ),
    ("referral_submitted_is_whole", SET.format("primary_reason = ''")),
    ("referral_submitted_is_whole", SET.format("in_house_options = ''")),
    ("referral_submitted_is_whole", SET.format("why_more_appropriate = ''")),
    ("referral_submitted_is_whole", SET.format("managed_move = ''")),
    ("referral_submitted_is_whole", SET.format("aims = ''")),
    ("referral_submitted_is_whole", SET.format("exclusion_alternative = NULL")),
    (
        "referral_one_open",
        (
            "UPDATE referrals_referral SET student_id = (SELECT student_id FROM referrals_referral"
            " WHERE id = %(submitted)s) WHERE id = %(draft)s"
        ),
    ),
    (
        "referral_reason_once",
        (
            "INSERT INTO referrals_referralreason (referral_id, reason)"
            " SELECT referral_id, reason FROM referrals_referralreason"
        ),
    ),
    ("referral_void_has_reason", SET.format("status = 'VOID'")),
    (
        "referral_writer_once",
        (
            "INSERT INTO referrals_referralwriter (referral_id, user_id, first_at)"
            " SELECT referral_id, user_id, now() FROM referrals_referralwriter"
        ),
    ),
    (
        "referral_section_once",
        (
            "INSERT INTO referrals_referralsection (referral_id, section, state, note, saved_by_id, saved_at)"
            " SELECT referral_id, section, state, note, saved_by_id, now() FROM referrals_referralsection"
        ),
    ),
    ("referral_section_says_why", "UPDATE referrals_referralsection SET state = 'CANNOT_FINISH'"),
    ("referral_amendment_changes", "UPDATE referrals_referralamendment SET new = old"),
    ("referral_amendment_changes", "UPDATE referrals_referralamendment SET reason = ''"),
    # Triggers: the life of a referral, and everybody who wrote on it.
    ("status_follows_its_table", "UPDATE referrals_referral SET status = 'APPROVED' WHERE id = %(draft)s"),
    ("status_follows_its_table", "UPDATE referrals_referral SET status = 'DRAFT' WHERE id = %(submitted)s"),
    (
        "status_follows_its_table",
        "UPDATE referrals_referral SET status = 'DRAFT' WHERE id = %(void)s",
    ),
    (
        "status_follows_its_table",
        (
            "INSERT INTO referrals_referral (student_id, school_id, status, nc_year, nc_year_reason, primary_reason,"
            " narrative, in_house_options, why_more_appropriate, managed_move, managed_move_note,"
            " managed_move_consent, exclusion_alternative, aims, interests, subjects, qualifications, medical,"
            " no_medical_needs, needs, family_came, explained_what, explained_by, explained_to, family_said,"
            " attendance_agreed_how, written_by_id, written_at, submitted_by_id, submitted_at, decided_by_id,"
            " decided_at, decision_reason, closing_reason, version)"
            " SELECT student_id, school_id, 'APPROVED', nc_year, nc_year_reason, primary_reason,"
            " narrative, in_house_options, why_more_appropriate, managed_move, managed_move_note,"
            " managed_move_consent, exclusion_alternative, aims, interests, subjects, qualifications, medical,"
            " no_medical_needs, needs, family_came, explained_what, explained_by, explained_to, family_said,"
            " attendance_agreed_how, written_by_id, written_at, submitted_by_id, submitted_at, %(head)s,"
            " now(), decision_reason, closing_reason, 1 FROM referrals_referral WHERE id = %(submitted)s"
        ),
    ),
    (
        "referral_not_decided_by_author",
        SET.format("status = 'APPROVED', decided_by_id = %(team)s, decided_at = now()"),
    ),
]


@pytest.fixture
def ids(north: School, student: Student, student2: Student, cast: Cast) -> dict[str, int]:
    """A submitted referral with a further reason and an amendment by the pastoral team, a draft, a void one."""
    data = referral_data(reasons=[Reason.RESPITE])
    submitted = referral_at(Status.SUBMITTED, student=student, cast=cast, now=NOW, data=data)
    amend_referral(
        referral_id=submitted.pk,
        section=Section.NEEDS,
        data={"needs": "A quiet room."},
        reason="The SENCO's report came.",
        version=None,
        by=cast.team,
        now=NOW,
    )
    draft = referral_at(Status.DRAFT, student=student2, cast=cast, now=NOW)
    void = referral_at(Status.VOID, student=make_student(north, "Vale", "Kit"), cast=cast, now=NOW)
    return {
        "submitted": submitted.pk,
        "draft": draft.pk,
        "void": void.pk,
        "deputy": cast.deputy.pk,
        "head": cast.head.pk,
        "team": cast.team.pk,
    }


@pytest.mark.parametrize(("constraint", "sql"), ATTACKS)
def test_direct_sql_is_refused_by_the_named_constraint(ids: dict[str, int], constraint: str, sql: str) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, ids)
    assert refused.value.__cause__.diag.constraint_name == constraint


def test_every_constraint_is_attacked() -> None:
    models = list(apps.get_app_config("referrals").get_models())
    declared = {constraint.name for model in models for constraint in model._meta.constraints}
    # Besides those of the history, which `track` adds.
    triggers = {trigger.name for trigger in Referral._meta.triggers if not trigger.name.startswith("insert_")}
    assert {"status_by_table", "not_decided_by_a_writer"} <= triggers
    assert {name for name, _ in ATTACKS} >= declared
