"""What the database itself refuses, attacked by plain SQL past every service."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from notices.lifecycle import Status
from notices.models import DirectionNotice
from placements.models import PlacementPeriod
from tests.factories.notices import give_notice, notice_at
from tests.fixtures import NOW

pytestmark = pytest.mark.django_db


def refused(statement: str, values: list[Any]) -> str:
    """The name of the constraint that refuses a statement."""
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(getattr(error.value.__cause__, "diag").constraint_name)  # noqa: B009


def attack(notice: DirectionNotice, assignment: str, table: str = "notices_directionnotice") -> str:
    """The constraint that refuses an assignment to the columns of a row."""
    return refused(f"UPDATE {table} SET {assignment} WHERE id = %s", [notice.pk])  # noqa: S608


@pytest.mark.parametrize(
    ("assignment", "constraint"),
    [
        ("status = 'AUTHORISED'", "notice_authorised_before_issue"),
        ("status = 'ISSUED', issued_at = now()", "status_follows_its_table"),
        ("status = 'GIVEN', issued_at = now()", "status_follows_its_table"),
        ("authorised_at = now()", "notice_authorised_pair"),
        ("status = 'VOID'", "notice_void_has_reason"),
        ("status = 'VOID', void_reason = 'x'", "notice_void_has_reason"),
        ("follows_id = id", "notice_follows_another"),
    ],
)
def test_draft_cannot_be_pushed_on(period: PlacementPeriod, cast: Any, assignment: str, constraint: str) -> None:
    assert attack(notice_at(Status.DRAFT, period, cast, NOW), assignment) == constraint


@pytest.mark.parametrize(
    ("assignment", "constraint"),
    [
        ("status = 'ISSUED'", "notice_issued_has_time"),
        ("status = 'GIVEN', issued_at = now()", "status_follows_its_table"),
        ("frozen = NULL", "notice_authorised_before_issue"),
        ("authorised_by_id = NULL", "notice_authorised_pair"),
    ],
)
def test_authorised_notice_cannot_skip_a_step(
    period: PlacementPeriod, cast: Any, assignment: str, constraint: str
) -> None:
    assert attack(notice_at(Status.AUTHORISED, period, cast, NOW), assignment) == constraint


@pytest.mark.policy("P7.2")
def test_late_notice_without_an_override_cannot_be_given(period: PlacementPeriod, cast: Any) -> None:
    notice = give_notice(period, cast, NOW)
    assert attack(notice, "in_time = false") == "notice_late_has_override"
    assert attack(notice, "in_time = false, override_reason = 'x'") == "notice_late_has_override"
    assert attack(notice, "deadline_on = NULL") == "notice_given_has_verdict"


def test_second_notice_in_force_of_a_period_is_refused(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    statement = (
        "INSERT INTO notices_directionnotice (placement_period_id, kind, status, reasons, aims, measurable_aim,"
        " report_to, sessions_note, days_reason, outcome, changes,"
        " return_place, return_person, left_out, effective_on, template_version, prepared_by_id, prepared_at,"
        " override_reason, void_reason, version) SELECT placement_period_id, kind, status, reasons, aims,"
        " measurable_aim, report_to, sessions_note, days_reason, outcome, changes,"
        " return_place, return_person, left_out, effective_on, template_version, prepared_by_id,"
        " prepared_at, override_reason, void_reason, version FROM notices_directionnotice WHERE id = %s"
    )
    assert refused(statement, [notice.pk]) == "notice_one_in_force"


@pytest.mark.parametrize(
    ("assignment", "constraint"),
    [
        ("channel = 'HAND'", "notice_service_whole"),
        ("sent_at = now()", "notice_service_whole"),
        ("deemed_given_on = now()", "notice_recipient_verdict_frozen"),
        ("deadline_on = now()", "notice_recipient_verdict_frozen"),
    ],
)
def test_giving_is_recorded_whole_or_not_at_all(
    period: PlacementPeriod, cast: Any, assignment: str, constraint: str
) -> None:
    recipient = notice_at(Status.ISSUED, period, cast, NOW).recipients.get()
    assert attack(recipient, assignment, "notices_noticerecipient") == constraint


def test_given_without_a_letter_is_refused(period: PlacementPeriod, cast: Any) -> None:
    recipient = give_notice(period, cast, NOW).recipients.get()
    assert attack(recipient, "letter_id = NULL", "notices_noticerecipient") == "notice_service_whole"


def test_email_to_a_parent_without_consent_is_refused(period: PlacementPeriod, cast: Any) -> None:
    recipient = give_notice(period, cast, NOW).recipients.get()
    assert (
        attack(recipient, "channel = 'EMAIL', email_consent = false", "notices_noticerecipient")
        == "notice_email_needs_consent"
    )


def test_same_person_twice_on_a_notice_is_refused(period: PlacementPeriod, cast: Any) -> None:
    recipient = notice_at(Status.AUTHORISED, period, cast, NOW).recipients.get()
    statement = (
        "INSERT INTO notices_noticerecipient (notice_id, kind, contact_link_id, name, address, email, email_consent,"
        " language, large_print, channel, proof) SELECT notice_id, kind, contact_link_id, name, address, email,"
        " email_consent, language, large_print, channel, proof"
        " FROM notices_noticerecipient WHERE id = %s"
    )
    assert refused(statement, [recipient.pk]) == "notice_recipient_once"


@pytest.mark.policy("P7.2")
def test_verdict_of_a_recipient_is_that_of_the_two_days(period: PlacementPeriod, cast: Any) -> None:
    recipient = give_notice(period, cast, NOW).recipients.get()
    table = "notices_noticerecipient"
    assert attack(recipient, "in_time = false", table) == "notice_recipient_verdict_frozen"
    assert attack(recipient, "deadline_on = NULL", table) == "notice_recipient_verdict_frozen"
    assert attack(recipient, "deadline_on = deemed_given_on - 1", table) == "notice_recipient_verdict_frozen"


@pytest.mark.policy("P7.2")
def test_first_day_cannot_be_moved_while_a_notice_names_it(period: PlacementPeriod, cast: Any) -> None:
    statement = (
        "UPDATE placements_placementperiod SET period = daterange(lower(period) + 1, upper(period)) WHERE id = %s"
    )
    give_notice(period, cast, NOW)
    assert refused(statement, [period.pk]) == "period_start_has_no_notice"


@pytest.mark.policy("P7.2")
def test_placement_cannot_start_before_its_notice_was_given(period: PlacementPeriod) -> None:
    statement = (
        "UPDATE placements_placement SET status = 'ACTIVE', started_at = now(), started_by_id = proposed_by_id"
        " WHERE id = %s"
    )
    assert refused(statement, [period.placement_id]) == "placement_start_needs_notice"


def test_every_change_of_a_notice_is_in_the_history(period: PlacementPeriod, cast: Any) -> None:
    notice = give_notice(period, cast, NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status FROM notices_directionnoticeevent WHERE pgh_obj_id = %s ORDER BY pgh_id", [notice.pk]
        )
        statuses = [row[0] for row in cursor.fetchall()]
    assert list(dict.fromkeys(statuses)) == ["DRAFT", "AUTHORISED", "ISSUED", "GIVEN"]
