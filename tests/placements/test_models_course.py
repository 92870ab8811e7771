"""What the database itself refuses about pauses, papers, answers to them and qualifications, whoever writes."""

import pytest
from django.db import IntegrityError, connection, transaction

from placements.codes import Answer, DocumentKind, Party, ShareChannel
from placements.lifecycle import Status
from placements.models import DocumentShare, Pause, PlacementDocument, PlacementQualification
from placements.services import add_qualification, make_document, record_share, record_signing
from providers.models import Provider
from tests.factories.placements import placement_at
from tests.fixtures import NOW, TODAY, Cast
from trust.models import Student

pytestmark = pytest.mark.django_db

PAUSE = "UPDATE placements_pause SET {} WHERE id = %(pause)s"
SIGNING = "UPDATE placements_signing SET {} WHERE id = %(signing)s"
QUALIFICATION = "UPDATE placements_placementqualification SET {} WHERE id = %(qualification)s"

ATTACKS = [
    (
        "pause_one_open",
        (
            "INSERT INTO placements_pause (placement_id, from_day, reason, where_instead, parents_told_on,"
            " parents_told_by, recorded_by_id, recorded_at) SELECT placement_id, from_day + 1, reason, where_instead,"
            " parents_told_on, parents_told_by, recorded_by_id, recorded_at FROM placements_pause"
        ),
    ),
    ("pause_explained", PAUSE.format("reason = ''")),
    ("pause_explained", PAUSE.format("where_instead = ''")),
    ("pause_explained", PAUSE.format("parents_told_by = ''")),
    ("pause_in_order", PAUSE.format("until_day = from_day - 1")),
    (
        "document_version_once",
        (
            "INSERT INTO placements_placementdocument (placement_id, kind, number, file_id, content, template_version,"
            " made_by_id, made_at) SELECT placement_id, kind, number, file_id, content, template_version, made_by_id,"
            " made_at FROM placements_placementdocument"
        ),
    ),
    (
        "signing_once",
        (
            "INSERT INTO placements_signing (document_id, party, name, answer, words, conduct_accepted, signed_on,"
            " recorded_by_id, recorded_at) SELECT document_id, party, name, 'OBJECTED', 'again', false, signed_on,"
            " recorded_by_id, recorded_at FROM placements_signing"
        ),
    ),
    ("objection_has_words", SIGNING.format("answer = 'OBJECTED', words = ''")),
    (
        "placement_qualification_once",
        (
            "INSERT INTO placements_placementqualification (placement_id, title, level, awarding_body, grade,"
            " recorded_by_id, recorded_at) SELECT placement_id, title, 'Level 2', awarding_body, '', recorded_by_id,"
            " recorded_at FROM placements_placementqualification"
        ),
    ),
    ("placement_qualification_in_order", QUALIFICATION.format("achieved_on = entered_on - 1")),
]


@pytest.fixture
def ids(student: Student, provider: Provider, budget: object, cast: Cast) -> dict[str, int]:
    """A paused placement with a signed agreement, a share and a qualification."""
    placement = placement_at(Status.PAUSED, student=student, provider=provider, cast=cast, now=NOW)
    document = make_document(placement_id=placement.pk, kind=DocumentKind.AGREEMENT, by=cast.slt, now=NOW)
    record_share(
        document_id=document.pk, shared_with="Sam", channel=ShareChannel.HAND, shared_on=TODAY, by=cast.slt, now=NOW
    )
    signing = record_signing(
        document_id=document.pk,
        party=Party.PARENT,
        name="Mary Ashdown",
        answer=Answer.AGREED,
        words="",
        conduct_accepted=True,
        signed_on=TODAY,
        by=cast.slt,
        now=NOW,
    )
    data = {
        "title": "Construction Skills",
        "level": "",
        "awarding_body": "Gateway",
        "entered_on": TODAY,
        "achieved_on": None,
        "grade": "",
    }
    row = add_qualification(placement_id=placement.pk, data=data, by=cast.slt, now=NOW)
    return {"pause": Pause.objects.get().pk, "signing": signing.pk, "qualification": row.pk}


@pytest.mark.parametrize(("constraint", "sql"), ATTACKS)
@pytest.mark.policy("P3.12", "P4.1")
def test_direct_sql_is_refused_by_the_named_constraint(ids: dict[str, int], constraint: str, sql: str) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, ids)
    assert refused.value.__cause__.diag.constraint_name == constraint


@pytest.mark.parametrize("model", [Pause, PlacementDocument, DocumentShare, PlacementQualification])
def test_raw_changes_are_in_the_history(ids: dict[str, int], model: type) -> None:
    row = model.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {_TOUCH[model]} WHERE id = %s", [row.pk])  # noqa: S608
    events = model.pgh_event_model.objects.filter(pgh_obj_id=row.pk)
    assert list(events.order_by("pgh_id").values_list("pgh_label", flat=True)) == ["insert", "update"]


_TOUCH = {
    Pause: "where_instead = 'Elsewhere'",
    PlacementDocument: "number = 9",
    DocumentShare: "shared_with = 'Somebody else'",
    PlacementQualification: "grade = 'Pass'",
}
