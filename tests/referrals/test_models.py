"""What the database itself refuses, whoever writes: each constraint of referrals is attacked by direct SQL."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from referrals.codes import Reason
from referrals.lifecycle import Status
from tests.factories.placements import referral_at, referral_data
from tests.fixtures import NOW, Cast
from trust.models import Student

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
]


@pytest.fixture
def ids(student: Student, student2: Student, cast: Cast) -> dict[str, int]:
    """A submitted referral with a further reason, and a draft of another student."""
    data = referral_data(reasons=[Reason.RESPITE])
    submitted = referral_at(Status.SUBMITTED, student=student, cast=cast, now=NOW, data=data)
    draft = referral_at(Status.DRAFT, student=student2, cast=cast, now=NOW)
    return {"submitted": submitted.pk, "draft": draft.pk, "deputy": cast.deputy.pk}


@pytest.mark.parametrize(("constraint", "sql"), ATTACKS)
def test_direct_sql_is_refused_by_the_named_constraint(ids: dict[str, int], constraint: str, sql: str) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, ids)
    assert refused.value.__cause__.diag.constraint_name == constraint


def test_every_constraint_is_attacked() -> None:
    declared = {
        constraint.name
        for model in apps.get_app_config("referrals").get_models()
        for constraint in model._meta.constraints
    }
    assert {name for name, _ in ATTACKS} >= declared
