"""The pages of notices: who reaches them, what they say, what a refusal leaves."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notices.lifecycle import Status
from notices.models import DirectionNotice
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod
from tests.factories.notices import notice_at
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at
from tests.fixtures import NOW
from tests.notices.conftest import at
from trust.models import AccessLog

pytestmark = pytest.mark.django_db
Login = Callable[[Any], Client]


def url(name: str, *args: int) -> str:
    return reverse(f"notices:{name}", args=args)


def test_prepare_page_shows_the_clock_and_makes_the_draft(period: PlacementPeriod, cast: Any, login: Login) -> None:
    client = login(cast.slt)
    page = client.get(url("notice-prepare", period.pk))
    assert b"Give by 15:10 on Thu 3 Dec 2026" in page.content
    answer = client.post(url("notice-prepare", period.pk))
    notice = DirectionNotice.objects.get()
    assert answer.headers["Location"] == url("notice-change", notice.pk)
    assert client.get(url("notice-prepare", period.pk)).headers["Location"] == url("notice-detail", notice.pk)


@pytest.mark.policy("P7.3")
def test_change_page_links_to_what_is_missing_and_shows_the_letter(
    period: PlacementPeriod, cast: Any, login: Login
) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW, report_to="", measurable_aim="")
    body = login(cast.slt).get(url("notice-change", notice.pk)).content.decode()
    assert f'href="{url("notice-change", notice.pk)}#id_report_to"' in body
    assert 'id="id_report_to"' in body
    assert "[still missing]" in body
    assert "Dear Ms Mary Ashdown" in body
    assert "style=" not in body, "the content security policy allows no inline style"


def test_change_saves_and_shows_a_refusal_beside_the_field(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    client = login(cast.team)
    data = {"reasons": "New reasons", "version": notice.version, "first_review_on": "2026-12-01", "start_time": "09:15"}
    refused = client.post(url("notice-change", notice.pk), data)
    assert refused.status_code == 422
    assert b"The first review cannot be before the start" in refused.content
    assert b"New reasons" in refused.content
    saved = client.post(url("notice-change", notice.pk), data | {"first_review_on": "2027-01-15"})
    assert saved.status_code == 302
    notice.refresh_from_db()
    assert notice.reasons == "New reasons"


def test_change_after_somebody_else_saved_loses_nothing_and_can_be_saved_again(
    period: PlacementPeriod, cast: Any, login: Login
) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    client = login(cast.slt)
    data = {"reasons": "Mine", "version": notice.version - 1}
    refused = client.post(url("notice-change", notice.pk), data)
    assert refused.status_code == 422
    assert b"Somebody else changed" in refused.content
    assert b"Mine" in refused.content
    assert f'value="{notice.version}"'.encode() in refused.content


@pytest.mark.parametrize(
    "bad",
    [
        {"first_review_on": "0001-01-01"},
        {"first_review_on": "nonsense"},
        {"days_required": "99999999999999999999"},
        {"days_required": "-1"},
        {"start_time": "25:00"},
        {"measurable_aim": "x" * 241},
        {"version": ""},
    ],
)
def test_change_refuses_bad_input_with_a_sentence(
    period: PlacementPeriod, cast: Any, login: Login, bad: dict[str, str]
) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    answer = login(cast.slt).post(url("notice-change", notice.pk), {"version": notice.version, **bad})
    assert answer.status_code == 422
    notice.refresh_from_db()
    assert notice.reasons


def test_authorise_by_the_head_from_the_page(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    client = login(cast.head)
    assert url("notice-authorise", notice.pk).encode() in client.get(url("notice-detail", notice.pk)).content
    assert b"override_reason" not in client.get(url("notice-authorise", notice.pk)).content
    assert client.post(url("notice-authorise", notice.pk)).status_code == 302
    notice.refresh_from_db()
    assert notice.status == Status.AUTHORISED


@pytest.mark.policy("P7.2")
def test_authorise_after_the_deadline_asks_for_the_reason(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    with time_machine.travel(at(4), tick=True):
        client = login(cast.head)
        answer = client.post(url("notice-authorise", notice.pk), {"override_reason": ""})
        assert answer.status_code == 422
        assert b"The earliest lawful start is Tue 8 Dec 2026" in answer.content
        assert client.post(url("notice-authorise", notice.pk), {"override_reason": "Court date"}).status_code == 302
    notice.refresh_from_db()
    assert notice.override_reason == "Court date"


def test_given_is_recorded_from_the_page(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    recipient = notice.recipients.get()
    client = login(cast.att)
    assert url("recipient-given", recipient.pk).encode() in client.get(url("notice-detail", notice.pk)).content
    data = {"channel": "HAND", "sent_on": "2026-11-16", "sent_time": "10:00", "proof": "At reception"}
    refused = client.post(url("recipient-given", recipient.pk), data | {"proof": ""})
    assert refused.status_code == 422
    assert b'value="2026-11-16"' in refused.content, "nothing typed is lost"
    assert client.post(url("recipient-given", recipient.pk), data).status_code == 302
    notice.refresh_from_db()
    assert notice.status == Status.GIVEN
    assert b"Given in time" in client.get(url("notice-detail", notice.pk)).content


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-13-40", ""])
def test_given_on_an_impossible_day_is_refused(period: PlacementPeriod, cast: Any, login: Login, day: str) -> None:
    recipient = notice_at(Status.ISSUED, period, cast, NOW).recipients.get()
    data = {"channel": "HAND", "sent_on": day, "sent_time": "10:00", "proof": "At reception"}
    assert login(cast.att).post(url("recipient-given", recipient.pk), data).status_code == 422


def test_given_offers_email_only_with_consent(period: PlacementPeriod, cast: Any, login: Login) -> None:
    period.placement.student.contact_links.update(email_consent=False)
    recipient = notice_at(Status.ISSUED, period, cast, NOW).recipients.get()
    body = login(cast.slt).get(url("recipient-given", recipient.pk)).content.decode()
    assert 'value="HAND"' in body
    assert 'value="EMAIL"' not in body
    assert "not agreed to notices by e-mail" in body


@pytest.mark.policy("P7.2")
def test_late_notice_is_never_silent(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    recipient = notice.recipients.get()
    with time_machine.travel(at(4, 12), tick=True):
        client = login(cast.slt)
        data = {"channel": "HAND", "sent_on": "2026-12-04", "sent_time": "10:00", "proof": "At reception"}
        client.post(url("recipient-given", recipient.pk), data)
        body = client.get(url("notice-detail", notice.pk)).content.decode()
        assert "The earliest lawful start is Tue 8 Dec 2026" in body
        assert url("notice-override", notice.pk) not in body
        assert client.post(url("notice-override", notice.pk), {"reason": "Agreed"}).status_code == 403
        head = login(cast.ceo)
        assert url("notice-override", notice.pk) in head.get(url("notice-detail", notice.pk)).content.decode()
        assert head.post(url("notice-override", notice.pk), {"reason": "Agreed"}).status_code == 302
    notice.refresh_from_db()
    assert (notice.status, notice.in_time) == (Status.GIVEN, False)


def test_void_from_the_page(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    assert login(cast.slt).get(url("notice-void", notice.pk)).status_code == 403
    head = login(cast.head)
    assert head.post(url("notice-void", notice.pk), {"reason": ""}).status_code == 422
    assert head.post(url("notice-void", notice.pk), {"reason": "The start was moved"}).status_code == 302
    assert b"The start was moved" in head.get(url("notice-detail", notice.pk)).content
    assert b"Prepare a new notice" in login(cast.slt).get(url("notice-detail", notice.pk)).content


def test_writer_may_drop_a_draft(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    assert login(cast.slt).post(url("notice-void", notice.pk), {"reason": "Wrong student"}).status_code == 302
    notice.refresh_from_db()
    assert notice.status == Status.VOID


def test_letter_is_served_byte_for_byte_and_noted(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    recipient = notice.recipients.get()
    answer = login(cast.att).get(url("recipient-letter", recipient.pk))
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == recipient.letter.sha256
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (
        answer.headers["Content-Disposition"]
        == f'attachment; filename="direction-notice-{notice.pk}-{recipient.pk}.pdf"'
    )
    entry = AccessLog.objects.get(action="took a notice letter")
    assert (entry.user, entry.student_id) == (cast.att, period.placement.student_id)


def test_letter_changed_on_disk_is_not_served(period: PlacementPeriod, cast: Any, login: Login) -> None:
    recipient = notice_at(Status.ISSUED, period, cast, NOW).recipients.get()
    sha256 = recipient.letter.sha256
    path = settings.FILES_DIR / sha256[:2] / sha256
    path.chmod(0o600)
    path.write_bytes(b"%PDF-forged")
    answer = login(cast.slt).get(url("recipient-letter", recipient.pk))
    path.unlink()
    assert answer.status_code == 410
    assert b"forged" not in answer.content


def test_letter_not_made_yet_is_not_found(period: PlacementPeriod, cast: Any, login: Login) -> None:
    recipient = notice_at(Status.AUTHORISED, period, cast, NOW).recipients.get()
    assert login(cast.slt).get(url("recipient-letter", recipient.pk)).status_code == 404


NAMES = ("notice-detail", "notice-change", "notice-authorise", "notice-override", "notice-void")


@pytest.mark.parametrize("name", [*NAMES, "notice-prepare", "recipient-given", "recipient-letter"])
def test_pages_of_another_school_are_not_found(period: PlacementPeriod, cast: Any, login: Login, name: str) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    pk = {"notice-prepare": period.pk}.get(name, notice.recipients.get().pk if "recipient" in name else notice.pk)
    for who in ("head2", "slt2", "att2", "finance", "trustee"):
        assert login(getattr(cast, who)).get(url(name, pk)).status_code == 404
    assert Client().get(url(name, pk)).status_code == 302


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("notice-change", "dsl"),
        ("notice-change", "att"),
        ("notice-authorise", "slt"),
        ("notice-override", "slt"),
        ("notice-void", "team"),
        ("recipient-given", "dsl"),
    ],
)
def test_pages_without_the_permission_say_who_can(
    period: PlacementPeriod, cast: Any, login: Login, name: str, who: str
) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    pk = notice.recipients.get().pk if "recipient" in name else notice.pk
    answer = login(getattr(cast, who)).get(url(name, pk))
    assert answer.status_code == 403
    assert b"can." in answer.content


@pytest.mark.parametrize("number", [0, 2**63 - 1, 2**63, 10**30])
def test_pages_of_numbers_that_do_not_exist_are_not_found(cast: Any, login: Login, number: int) -> None:
    client = login(cast.slt)
    for name in [*NAMES, "notice-prepare", "recipient-given", "recipient-letter"]:
        assert client.get(url(name, number)).status_code == 404


def test_list_filters_by_status_and_school(period: PlacementPeriod, cast: Any, login: Login, south: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    client = login(cast.lead)
    link = url("notice-detail", notice.pk)
    table = f'<a href="{link}">Start of a placement<'
    for query, shown in (
        ("", True),
        ("?status=ISSUED", True),
        ("?status=VOID", False),
        (f"?school={south.pk}", False),
        (f"?school={period.placement.school_id}", True),
        ("?status=nonsense&school=x", True),
        ("?page=99999", True),
    ):
        assert (table in client.get(url("notice-list") + query).content.decode()) is shown, query
    assert link not in login(cast.slt2).get(url("notice-list")).content.decode()


def test_list_makes_the_same_queries_for_one_and_three(
    period: PlacementPeriod, provider: Any, cast: Any, north: Any, login: Login
) -> None:
    from django.db import connection

    notice_at(Status.ISSUED, period, cast, NOW)
    client = login(cast.slt)
    client.get(url("notice-list"))

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url("notice-list")).status_code == 200
        return len(captured)

    one = count()
    for name in ("Adams", "Brown"):
        student = make_student(north, name)
        make_contact(student)
        placement = placement_at(PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW)
        notice_at(Status.ISSUED, placement.periods.get(), cast, NOW)
    assert count() == one


def test_reading_page_answers_405_to_a_post(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    assert login(cast.slt).post(url("notice-detail", notice.pk)).status_code == 405
