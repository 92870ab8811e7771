"""Letters on paper: one PDF in the order of the envelopes, posted together or not at all; and the pages about it."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from notices import services
from notices.codes import Channel, ServiceState
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient, PrintBatch
from notices.queries import batch_list, batch_rows, print_lists, recipient_rows
from notices.rules import BATCH_MOST
from placements.models import PlacementPeriod
from tests.factories.notices import PROOF, notice_at
from tests.factories.people import make_contact
from tests.fixtures import NOW
from tests.notices.conftest import at
from trust.codes import FileKind, MailStatus, Relationship
from trust.errors import NotAllowed, RuleBroken
from trust.models import AccessLog, Mail, User
from trust.services import change_contact, file_bytes

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
Login = Callable[[User], Client]


@pytest.fixture
def issued(period: PlacementPeriod, cast: Any) -> DirectionNotice:
    """An issued notice for a mother, and for a father who lives somewhere else and did not agree to e-mail."""
    father = make_contact(period.placement.student, "Paul", relationship=Relationship.FATHER, email_consent=False)
    father.contact.address, father.contact.postcode = "9 Mill Lane\nNorthbridge", "NB1 1AA"
    father.contact.save()
    return notice_at(Status.ISSUED, period, cast, NOW)


def ids(notice: DirectionNotice) -> list[int]:
    return list(notice.recipients.order_by("id").values_list("pk", flat=True))


def start(notice: DirectionNotice, by: Any, recipient_ids: list[int] | None = None) -> PrintBatch:
    return services.start_batch(
        school_id=notice.placement_period.placement.school_id,
        recipient_ids=ids(notice) if recipient_ids is None else recipient_ids,
        by=by,
        now=NOW,
    )


def made(notice: DirectionNotice, by: Any) -> PrintBatch:
    batch = start(notice, by)
    assert services.make_batches(now=NOW) == 1
    return PrintBatch.objects.get(pk=batch.pk)


def states(notice: DirectionNotice) -> list[ServiceState]:
    return [row.state for row in recipient_rows(DirectionNotice.objects.get(pk=notice.pk), NOW.date())]


def texts(batch: PrintBatch) -> list[str]:
    assert batch.file is not None
    return [page.extract_text() for page in PdfReader(io.BytesIO(file_bytes(batch.file))).pages]


# --- the one PDF ---


def test_printing_is_one_pdf_in_the_order_of_the_envelopes_each_on_a_front_side(
    issued: DirectionNotice, cast: Any
) -> None:
    batch = made(issued, cast.att)
    assert batch.file is not None
    assert (batch.file.kind, batch.file.stored_by) == (FileKind.NOTICE_BATCH, cast.att)
    pages = texts(batch)
    assert len(pages) == batch.pages
    assert batch.pages % 2 == 0
    # Envelopes by postcode: the father's NB1 1AA stands before the mother's NB1 2CD.
    assert pages[0].index("Paul Ashdown") < pages[0].index("Mary Ashdown")
    assert f"Notice {issued.pk}" in pages[0]
    firsts = {}
    for number, text in enumerate(pages):
        for name in ("Paul", "Mary"):
            if number and f"Dear Ms {name} Ashdown" in text:
                firsts[name] = number
    assert firsts["Paul"] < firsts["Mary"]
    assert all(number % 2 == 0 for number in firsts.values()), "the first page of each letter faces up"


def test_printing_holds_the_stored_letters_and_translations(issued: DirectionNotice, cast: Any) -> None:
    one = issued.recipients.order_by("id")[0]
    NoticeRecipient.objects.filter(pk=one.pk).update(translation=one.letter)
    batch = start(issued, cast.slt, [one.pk])
    services.make_batches(now=NOW)
    batch.refresh_from_db()
    assert sum("Dear Ms Mary Ashdown" in text for text in texts(batch)) == 2
    assert "with a translation" in " ".join(texts(batch)[0].split())


def test_changed_letter_is_never_printed(issued: DirectionNotice, cast: Any, settings: Any) -> None:
    batch = start(issued, cast.slt)
    stored = issued.recipients.order_by("id")[0].letter
    assert stored is not None
    path = settings.FILES_DIR / stored.sha256[:2] / stored.sha256
    kept = path.read_bytes()
    path.write_bytes(kept + b"\n")
    assert services.make_batches(now=NOW) == 0
    batch.refresh_from_db()
    assert batch.file is None
    assert "was changed after it was kept" in batch.fault
    path.write_bytes(kept)
    services.make_batch_again(batch_id=batch.pk, by=cast.slt, now=NOW)
    assert services.make_batches(now=NOW) == 1


def test_printing_survives_a_crash_and_gives_up_after_five(
    issued: DirectionNotice, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(issued, cast.slt)

    def crash(*args: Any) -> bytes:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("notices.services.posting.envelope_list_pdf", crash)
        for turn in range(5):
            with pytest.raises(SystemExit):
                services.make_batches(now=NOW + timedelta(minutes=2 * turn))
            batch.refresh_from_db()
            assert (batch.file, batch.attempts) == (None, turn + 1)
    assert services.make_batches(now=NOW + timedelta(minutes=8, seconds=30)) == 0, "the lease still runs"
    assert services.make_batches(now=NOW + timedelta(minutes=12)) == 0
    batch.refresh_from_db()
    assert "5 times" in batch.fault
    services.make_batch_again(batch_id=batch.pk, by=cast.slt, now=NOW)
    assert services.make_batches(now=NOW) == 1
    assert services.make_batches(now=NOW) == 0, "a made one is not made again"


def test_letter_taken_out_while_it_is_made_is_not_in_the_file(
    issued: DirectionNotice, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(issued, cast.slt)
    real = services.posting.envelope_list_pdf

    def meanwhile(*args: Any) -> bytes:
        monkeypatch.undo()
        services.release_letters(batch_id=batch.pk, recipient_ids=ids(issued)[:1], by=cast.slt, now=NOW)
        content: bytes = real(*args)
        return content

    monkeypatch.setattr("notices.services.posting.envelope_list_pdf", meanwhile)
    assert services.make_batches(now=NOW, limit=1) == 0
    assert services.make_batches(now=NOW) == 1
    batch.refresh_from_db()
    assert "Mary" not in texts(batch)[0]


# --- what is collected ---


@pytest.mark.parametrize("who", ["dsl", "ceo", "slt2", "finance", "trustee"])
def test_printing_without_the_permission_is_refused(issued: DirectionNotice, cast: Any, who: str) -> None:
    by = getattr(cast, who)
    with pytest.raises(NotAllowed):
        start(issued, by)
    batch = made(issued, cast.slt)
    for act in (
        lambda: services.release_letters(batch_id=batch.pk, recipient_ids=ids(issued), by=by, now=NOW),
        lambda: services.record_posting(batch_id=batch.pk, posted_at=NOW, proof="x", by=by, now=NOW),
        lambda: services.make_batch_again(batch_id=batch.pk, by=by, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_letters_of_another_school_given_or_under_way_are_refused_whole(
    issued: DirectionNotice, cast: Any, south: Any
) -> None:
    first, second = ids(issued)
    with pytest.raises(RuleBroken, match="this school"):
        services.start_batch(school_id=south.pk, recipient_ids=[first], by=cast.slt2, now=NOW)
    with pytest.raises(RuleBroken, match="this school"):
        start(issued, cast.slt, [])
    services.record_given(recipient_id=first, channel=Channel.HAND, sent_at=NOW, proof=PROOF, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="already recorded"):
        start(issued, cast.slt)
    assert not PrintBatch.objects.exists()
    assert NoticeRecipient.objects.get(pk=second).batch is None
    start(issued, cast.slt, [second])
    with pytest.raises(RuleBroken, match="in a printing"):
        start(issued, cast.slt, [second])
    with pytest.raises(RuleBroken, match="in a printing"):
        services.send_letter(recipient_id=second, by=cast.slt, now=NOW)


def test_letter_without_an_address_waits_apart_and_is_refused(issued: DirectionNotice, cast: Any) -> None:
    first, second = ids(issued)
    NoticeRecipient.objects.filter(pk=first).update(address="")
    [waiting] = print_lists(cast.att)
    assert [row.recipient.pk for row in waiting.waiting] == [second]
    assert [row.recipient.pk for row in waiting.lacking] == [first]
    with pytest.raises(RuleBroken, match="No postal address"):
        start(issued, cast.slt)
    assert print_lists(cast.slt2) == []
    assert print_lists(cast.dsl) == []


def test_released_letter_can_go_another_way(issued: DirectionNotice, cast: Any, login: Login) -> None:
    batch = made(issued, cast.slt)
    assert states(issued) == [ServiceState.PRINTED, ServiceState.PRINTED]
    services.release_letters(batch_id=batch.pk, recipient_ids=ids(issued)[:1], by=cast.slt, now=NOW)
    assert states(issued) == [ServiceState.TO_SEND, ServiceState.PRINTING]
    assert services.send_letter(recipient_id=ids(issued)[0], by=cast.slt, now=NOW).status == MailStatus.TO_SEND
    assert services.make_batches(now=NOW) == 1
    services.release_letters(batch_id=batch.pk, recipient_ids=ids(issued)[1:], by=cast.slt, now=NOW)
    assert services.make_batches(now=NOW) == 0
    batch.refresh_from_db()
    assert (batch.fault, batch.file, batch.attempts) == ("", None, 0), "nothing is left to be done about it"
    assert list(batch_list(cast.slt)) == []
    page = login(cast.slt).get(reverse("notices:batch-detail", args=[batch.pk])).content.decode()
    assert "All letters were taken out" in page
    assert "being put together" not in page
    assert "Try again" not in page


# --- letters that must not go ---


def restrict(notice: DirectionNotice, number: int, by: Any) -> NoticeRecipient:
    one = notice.recipients.order_by("id")[number]
    change_contact(
        link_id=one.contact_link_id or 0,
        contact={},
        link={"letters_restricted": True, "restriction_reason": "Court order of May"},
        by=by,
        now=NOW,
    )
    return one


@pytest.mark.policy("P7.2")
def test_file_leaves_out_what_must_not_go_and_the_page_says_so(
    issued: DirectionNotice, cast: Any, login: Login
) -> None:
    batch = start(issued, cast.slt)
    restrict(issued, 0, cast.slt)
    assert services.make_batches(now=NOW) == 1
    batch.refresh_from_db()
    assert not any("Mary" in text for text in texts(batch))
    assert "1 letter follows" in " ".join(texts(batch)[0].split())
    page = login(cast.slt).get(reverse("notices:batch-detail", args=[batch.pk])).content.decode()
    assert "Do not post these letters" in page
    assert "must not be sent: a restriction was recorded since" in page
    assert "Court order" not in page


def test_restriction_recorded_while_the_file_is_made_is_heeded(
    issued: DirectionNotice, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = start(issued, cast.slt)
    real = services.posting.envelope_list_pdf

    def meanwhile(*args: Any) -> bytes:
        monkeypatch.undo()
        restrict(issued, 0, cast.slt)
        content: bytes = real(*args)
        return content

    monkeypatch.setattr("notices.services.posting.envelope_list_pdf", meanwhile)
    assert services.make_batches(now=NOW, limit=1) == 0
    batch.refresh_from_db()
    assert batch.file is None
    assert services.make_batches(now=NOW + timedelta(minutes=2)) == 1
    batch.refresh_from_db()
    assert not any("Mary" in text for text in texts(batch))


def test_printing_of_nothing_but_letters_that_must_not_go_is_not_made(issued: DirectionNotice, cast: Any) -> None:
    batch = start(issued, cast.slt)
    for number in (0, 1):
        restrict(issued, number, cast.slt)
    assert services.make_batches(now=NOW) == 0
    batch.refresh_from_db()
    assert batch.file is None
    assert "No letter of it may go any more" in batch.fault


@pytest.mark.policy("P7.2")
def test_posting_leaves_a_restricted_letter_which_can_be_recorded_on_its_own(
    issued: DirectionNotice, cast: Any
) -> None:
    batch = made(issued, cast.slt)
    one = restrict(issued, 0, cast.slt)
    post(batch, cast.att)
    assert states(issued) == [ServiceState.RESTRICTED, ServiceState.GIVEN]
    assert DirectionNotice.objects.get(pk=issued.pk).status == Status.ISSUED
    kept = services.record_given(
        recipient_id=one.pk, channel=Channel.POST, sent_at=at(1), proof="It was posted", by=cast.slt, now=at(1, 16)
    )
    assert kept.channel == Channel.POST


def test_printing_that_takes_too_long_stops_the_run_and_is_no_fault(
    issued: DirectionNotice, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (start(issued, cast.slt, [one]) for one in ids(issued))

    def too_long(*args: Any) -> bytes:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr("notices.services.posting.envelope_list_pdf", too_long)
    assert services.make_batches(now=NOW) == 0
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.attempts, first.fault, second.attempts) == (1, "", 0)


def test_printing_holds_no_more_than_a_task_can_join(issued: DirectionNotice, cast: Any) -> None:
    assert BATCH_MOST == 60
    [waiting] = print_lists(cast.slt)
    assert waiting.most == BATCH_MOST


# --- posting ---


def post(batch: PrintBatch, by: Any, **changes: Any) -> PrintBatch:
    values = {"posted_at": at(1), "proof": "Post office Northbridge, certificate 12", "now": at(1, 16), **changes}
    return services.record_posting(batch_id=batch.pk, by=by, **values)


@pytest.mark.policy("P7.2")
def test_posting_gives_every_letter_at_once_each_with_its_day_and_verdict(issued: DirectionNotice, cast: Any) -> None:
    batch = made(issued, cast.slt)
    post(batch, cast.att, proof_upload=SimpleUploadedFile("certificate.pdf", PDF, "application/pdf"))
    for one in issued.recipients.all():
        assert (one.channel, one.sent_at, one.deemed_given_on) == (Channel.POST, at(1), date(2026, 12, 3))
        assert (one.in_time, one.recorded_by) == (True, cast.att)
        assert one.proof_file is not None
        assert one.proof_file.kind == FileKind.NOTICE_PROOF
    notice = DirectionNotice.objects.get(pk=issued.pk)
    assert (notice.status, notice.given_on, notice.in_time) == (Status.GIVEN, date(2026, 12, 3), True)
    batch.refresh_from_db()
    assert (batch.posted_at, batch.posted_by) == (at(1), cast.att)
    with pytest.raises(RuleBroken, match="recorded already"):
        post(batch, cast.att)
    with pytest.raises(RuleBroken, match="recorded already"):
        services.release_letters(batch_id=batch.pk, recipient_ids=ids(issued), by=cast.slt, now=NOW)


@pytest.mark.policy("P7.2")
def test_posting_a_day_later_is_late_for_all_and_says_so(issued: DirectionNotice, cast: Any) -> None:
    batch = made(issued, cast.slt)
    post(batch, cast.att, posted_at=at(2), now=at(2, 16))
    assert DirectionNotice.objects.get(pk=issued.pk).status == Status.ISSUED
    assert {row.verdict for row in batch_rows(batch)} == {"late"}


def test_posting_is_refused_before_it_is_made_in_the_future_and_without_proof(
    issued: DirectionNotice, cast: Any
) -> None:
    batch = start(issued, cast.slt)
    with pytest.raises(RuleBroken, match="not made yet"):
        post(batch, cast.slt)
    services.make_batches(now=NOW)
    for changes, words in (
        ({"posted_at": at(2)}, "future"),
        ({"posted_at": NOW - timedelta(hours=1)}, "not made yet at that time"),
        ({"proof": "  "}, "proves"),
    ):
        with pytest.raises(RuleBroken, match=words):
            post(batch, cast.slt, **changes)
    assert states(issued) == [ServiceState.PRINTED, ServiceState.PRINTED]


def test_posting_is_all_or_nothing(issued: DirectionNotice, cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = made(issued, cast.slt)
    real, calls = services.posting.freeze_given, []

    def second_fails(recipient: Any, **values: Any) -> None:
        calls.append(recipient.pk)
        if len(calls) == 2:
            raise RuleBroken("The calendar of this year has not been loaded.")
        real(recipient, **values)

    monkeypatch.setattr("notices.services.posting.freeze_given", second_fails)
    with pytest.raises(RuleBroken, match="calendar"):
        post(batch, cast.slt)
    assert not issued.recipients.exclude(channel="").exists()
    batch.refresh_from_db()
    assert batch.posted_at is None


def test_posting_leaves_what_was_handed_over_and_what_is_void(issued: DirectionNotice, cast: Any) -> None:
    batch = made(issued, cast.slt)
    first, second = ids(issued)
    services.record_given(recipient_id=first, channel=Channel.HAND, sent_at=NOW, proof=PROOF, by=cast.slt, now=NOW)
    post(batch, cast.slt)
    assert NoticeRecipient.objects.get(pk=first).channel == Channel.HAND
    assert NoticeRecipient.objects.get(pk=second).channel == Channel.POST


def test_posting_of_void_letters_only_is_refused(issued: DirectionNotice, cast: Any) -> None:
    batch = made(issued, cast.slt)
    services.void_notice(notice_id=issued.pk, reason="The start was moved", by=cast.head, now=NOW)
    with pytest.raises(RuleBroken, match="No letter of this printing is left"):
        post(batch, cast.slt)
    assert states(issued) == [ServiceState.STOPPED, ServiceState.STOPPED]


def test_database_refuses_a_posting_without_a_file_or_a_person(issued: DirectionNotice, cast: Any) -> None:
    batch = start(issued, cast.slt)
    row = PrintBatch.objects.filter(pk=batch.pk)
    for broken in ({"posted_at": NOW, "posted_by": cast.slt}, {"posted_at": NOW}, {"made_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**broken)


# --- pages ---


def test_letters_page_makes_a_printing_of_what_is_ticked(issued: DirectionNotice, cast: Any, login: Login) -> None:
    browser = login(cast.att)
    page = browser.get(reverse("notices:letters")).content.decode()
    assert "Ms Mary Ashdown" in page
    school_id = issued.placement_period.placement.school_id
    refused = browser.post(reverse("notices:letters"), {"school": school_id})
    assert refused.status_code == 422
    assert "Tick at least one letter." in refused.content.decode()
    done = browser.post(reverse("notices:letters"), {"school": school_id, "recipients": ids(issued)[:1]})
    batch = PrintBatch.objects.get()
    assert done.headers["Location"] == reverse("notices:batch-detail", args=[batch.pk])
    assert batch.recipients.get().pk == ids(issued)[0]
    again = browser.post(reverse("notices:letters"), {"school": school_id, "recipients": ids(issued)[:1]})
    assert again.status_code == 422
    assert "on its way already" in again.content.decode()


def test_batch_pages_show_serve_and_record(issued: DirectionNotice, cast: Any, login: Login) -> None:
    batch, browser = start(issued, cast.slt), login(cast.team)
    page = reverse("notices:batch-detail", args=[batch.pk])
    assert "being put together" in browser.get(page).content.decode()
    assert browser.get(reverse("notices:batch-file", args=[batch.pk])).status_code == 404
    services.make_batches(now=NOW)
    assert "Record the posting" in browser.get(page).content.decode()
    taken = browser.get(reverse("notices:batch-file", args=[batch.pk]))
    assert taken.content.startswith(b"%PDF-")
    assert f"letters-{batch.pk}.pdf" in taken.headers["Content-Disposition"]
    assert AccessLog.objects.filter(user=cast.team, action="took letters to print").count() == 1
    form = reverse("notices:batch-posted", args=[batch.pk])
    assert "Certificate of posting" in browser.get(form).content.decode()
    bad = browser.post(form, {"sent_on": "2026-12-01", "sent_time": "09:00", "proof": "Certificate 12"})
    assert bad.status_code == 422
    assert "lies in the future" in bad.content.decode()
    done = browser.post(form, {"sent_on": "2026-11-16", "sent_time": "10:00", "proof": "Certificate 12"})
    assert done.status_code == 302
    assert DirectionNotice.objects.get(pk=issued.pk).status == Status.GIVEN
    assert "Posted first class" in browser.get(page).content.decode()


def test_batch_release_and_again_are_buttons(issued: DirectionNotice, cast: Any, login: Login) -> None:
    batch, browser = made(issued, cast.slt), login(cast.slt)
    url = reverse("notices:batch-release", args=[batch.pk])
    browser.post(url, {"recipients": ["x", "99999999999999999999", "²"]})
    assert batch.recipients.count() == 2
    browser.post(url, {"recipients": ids(issued)[:1]})
    assert batch.recipients.count() == 1
    PrintBatch.objects.filter(pk=batch.pk).update(fault="It broke.")
    browser.post(reverse("notices:batch-again", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.fault == ""


def test_another_school_finds_no_printing(issued: DirectionNotice, cast: Any, login: Login) -> None:
    batch = made(issued, cast.slt)
    for name in ("batch-detail", "batch-file", "batch-posted"):
        assert login(cast.slt2).get(reverse(f"notices:{name}", args=[batch.pk])).status_code == 404
        assert login(cast.dsl).get(reverse(f"notices:{name}", args=[batch.pk])).status_code == 403


def test_notice_page_shows_each_recipient_with_state_and_next_step(
    issued: DirectionNotice, cast: Any, login: Login
) -> None:
    browser = login(cast.slt)
    url = reverse("notices:notice-detail", args=[issued.pk])
    page = browser.get(url).content.decode()
    assert page.count("To send") >= 2
    assert "has not agreed to notices by e-mail" in page
    assert "9 Mill Lane" in page
    browser.post(reverse("notices:recipient-send", args=[ids(issued)[0]]))
    assert "E-mail waiting" in browser.get(url).content.decode()
    Mail.objects.filter(kind="LETTER").update(status=MailStatus.SENDING, locked_until=NOW)
    Mail.objects.filter(kind="LETTER").update(status=MailStatus.UNKNOWN, error="The worker died.")
    page = browser.get(url).content.decode()
    assert "Unknown, check before sending again" in page
    check = reverse("notices:recipient-check", args=[ids(issued)[0]])
    assert check in page
    assert check in browser.get(reverse("notices:letters")).content.decode()
    assert "The worker died." in browser.get(check).content.decode()
    half = browser.post(check, {"arrived": "yes", "note": "She has it", "sent_on": "2026-11-16"})
    assert half.status_code == 422
    done = browser.post(check, {"arrived": "no", "note": "She has nothing"}, follow=True)
    assert "can be sent again" in done.content.decode()
    assert "It did not arrive: She has nothing" in browser.get(url).content.decode()
    assert browser.get(check).status_code == 302


def test_send_to_all_is_one_button(issued: DirectionNotice, cast: Any, login: Login) -> None:
    browser = login(cast.team)
    page = browser.post(reverse("notices:notice-send", args=[issued.pk]), follow=True).content.decode()
    assert "Waiting to be sent by e-mail: 1." in page
    page = browser.post(reverse("notices:notice-send", args=[issued.pk]), follow=True).content.decode()
    assert "Nobody waits for this letter" in page


def test_left_out_is_named_only_to_those_who_see_restrictions(period: PlacementPeriod, cast: Any, login: Login) -> None:
    make_contact(
        period.placement.student,
        "Rex",
        relationship=Relationship.FATHER,
        letters_restricted=True,
        restriction_reason="Court order of May",
    )
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    assert [one["name"] for one in notice.left_out] == ["Ms Rex Ashdown"]
    url = reverse("notices:notice-detail", args=[notice.pk])
    for who, sees in (("slt", True), ("dsl", True), ("head", True), ("team", False), ("att", False)):
        page = login(getattr(cast, who)).get(url).content.decode()
        assert ("No letter may go to Ms Rex Ashdown" in page) is sees, who
        assert "Court order" not in page


def test_proof_and_agreement_are_downloads(issued: DirectionNotice, cast: Any, login: Login) -> None:
    browser, (first, second) = login(cast.slt), ids(issued)
    form = reverse("notices:recipient-given", args=[first])
    assert "If it left now, it would count as given" in browser.get(form).content.decode()
    values = {"channel": "HAND", "sent_on": "2026-11-16", "sent_time": "10:00", "proof": PROOF}
    bad = browser.post(form, {**values, "proof_upload": SimpleUploadedFile("a.exe", b"MZ")})
    assert bad.status_code == 422
    done = browser.post(form, {**values, "proof_upload": SimpleUploadedFile("a.pdf", PDF, "application/pdf")})
    assert done.status_code == 302
    taken = browser.get(reverse("notices:recipient-proof", args=[first]))
    assert taken.content == PDF
    assert browser.get(reverse("notices:recipient-proof", args=[second])).status_code == 404
    assert browser.get(reverse("notices:recipient-translation", args=[first])).status_code == 404
    assert browser.get(reverse("notices:notice-agreement", args=[issued.pk])).status_code == 404


def test_override_page_keeps_the_agreement(period: PlacementPeriod, cast: Any, login: Login) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    services.record_given(
        recipient_id=ids(notice)[0], channel=Channel.HAND, sent_at=at(4), proof=PROOF, by=cast.slt, now=at(4)
    )
    browser = login(cast.head)
    upload = SimpleUploadedFile("agreed.pdf", PDF, "application/pdf")
    url = reverse("notices:notice-override", args=[notice.pk])
    assert 'enctype="multipart/form-data"' in browser.get(url).content.decode()
    assert browser.post(url, {"reason": "Agreed", "agreement": upload}).status_code == 302
    assert browser.get(reverse("notices:notice-agreement", args=[notice.pk])).content == PDF
    page = browser.get(reverse("notices:notice-detail", args=[notice.pk])).content.decode()
    assert "Download the agreement" in page


def test_list_of_what_waits_is_one_query_whatever_waits(
    issued: DirectionNotice, cast: Any, django_assert_num_queries: Any
) -> None:
    one = ids(issued)[0]
    assert cast.slt.held()
    for many in (False, True):
        NoticeRecipient.objects.filter(pk=one).update(address="4 Orchard Row\nNB1 2CD" if many else "")
        with django_assert_num_queries(1):
            [waiting] = print_lists(cast.slt)
        assert len(waiting.waiting) == (2 if many else 1)
