"""The outbox against a real mail server: once, whole, again, for good, or visibly unknown."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.db import IntegrityError, connection, connections, transaction

from tests.factories.mail import Post, free_port, mail_server, mail_settings
from tests.factories.people import make_user
from tests.fixtures import NOW
from trust.codes import FileKind, MailKind, MailStatus
from trust.errors import RuleBroken, StaleRecord
from trust.models import Heartbeat, Mail, StoredFile
from trust.rules import mail_status_after, wait_before_retry, words_of_server
from trust.services import mark_unknown, queue_mail, queue_mails, send_mails, settle_unknown, store_file
from trust.services.mail import NewMail
from trust.services.mail.sending import LOCK

MINUTE = timedelta(minutes=1)


@pytest.fixture
def port(settings: Any) -> int:
    """Where the settings expect the mail server; nothing listens there yet."""
    number = free_port()
    for name, value in mail_settings(number).items():
        setattr(settings, name, value)
    return number


@pytest.fixture
def post(port: int) -> Iterator[Post]:
    """A mail server that runs."""
    with mail_server(Post(), port) as server:
        yield server


def letter(number: int = 1, *, to: str = "", **more: Any) -> Mail:
    """An e-mail in the outbox, due now."""
    facts: dict[str, Any] = {
        "kind": MailKind.LETTER,
        "subject": "A letter from North",
        "body": "Please read the letter.",
        "now": NOW,
        **more,
    }
    return queue_mail(key=f"letter:{number}", to=to or f"reader{number}@family.example", **facts)


def stored(content: bytes, content_type: str = "application/pdf") -> StoredFile:
    return store_file(kind=FileKind.NOTICE, content=content, content_type=content_type, by=None, now=NOW)


def standing(mail: Mail) -> tuple[str, str]:
    mail.refresh_from_db()
    return mail.status, mail.error


# --- the rules ----------------------------------------------------------------------------------------------------


def test_waits_grow_to_a_quarter_of_an_hour_and_never_end() -> None:
    minutes = [wait_before_retry(attempts) / MINUTE for attempts in (0, 1, 2, 3, 4, 5, 6, 500)]
    assert minutes == [1, 1, 2, 4, 8, 15, 15, 15]


@pytest.mark.parametrize(
    ("code", "began", "status"),
    [
        (421, False, "TO_SEND"),
        (451, True, "TO_SEND"),
        (500, False, "FAILED"),
        (554, True, "FAILED"),
        (None, False, "TO_SEND"),
        (None, True, "UNKNOWN"),
        (-1, True, "UNKNOWN"),
        (-1, False, "TO_SEND"),
        (252, True, "UNKNOWN"),
        (600, True, "UNKNOWN"),
    ],
)
def test_answer_decides_what_becomes_of_an_e_mail(code: int | None, began: bool, status: str) -> None:
    assert mail_status_after(code, began=began) == status


def test_words_of_the_server_keep_no_address_and_fit_the_field() -> None:
    said = words_of_server(
        550, "5.1.1 <Mary.Ashdown@family.example>:\r\n user mary.ashdown unknown\x00", to="mary.ashdown@family.example"
    )
    assert said == "The mail server answered 550: 5.1.1 (address): user (address) unknown"
    assert words_of_server(550, "", to="") == "The mail server answered 550: without words"
    assert len(words_of_server(550, "no " * 200, to="a@b.example")) == 240


# --- into the outbox ----------------------------------------------------------------------------------------------


def test_same_key_finds_the_first_e_mail_as_it_is(db: None) -> None:
    one, other = stored(b"%PDF one"), stored(b"%PDF other")
    first = letter(attachments=[one])
    again = letter(to="somebody.else@family.example", attachments=[other])
    assert again == first
    assert again.to == "reader1@family.example"
    assert list(again.attachments.all()) == [one]


def test_many_go_in_by_one_statement_and_keep_what_is_there(db: None, django_assert_num_queries: Any) -> None:
    letter(1)
    mails = [NewMail(f"letter:{n}", MailKind.URGENT, f"s{n}@invictus.example", "A\nsubject", "Body") for n in (1, 2, 3)]
    with django_assert_num_queries(1):
        queue_mails(mails=mails, now=NOW)
    assert Mail.objects.count() == 3
    assert Mail.objects.get(key="letter:1").kind == MailKind.LETTER
    assert Mail.objects.get(key="letter:2").subject == "A subject"


@pytest.mark.django_db(transaction=True)
def test_e_mail_of_a_transaction_that_fails_is_not_sent(post: Post) -> None:
    with transaction.atomic():
        letter()
        transaction.set_rollback(True)
    assert send_mails(now=NOW) == 0
    assert not post.received


# --- sent ---------------------------------------------------------------------------------------------------------


def test_e_mail_is_sent_once_with_our_own_id(db: None, post: Post, settings: Any) -> None:
    settings.SITE_URL = "https://ap.example.org"
    mail = letter(subject="Ein Brief – für Łukasz", body="First line.\n\nŁ and ü.\n.\nend")
    assert [send_mails(now=NOW + turn * MINUTE) for turn in range(3)] == [1, 0, 0]
    [message] = post.received
    mail.refresh_from_db()
    assert (mail.status, mail.attempts, mail.error, mail.locked_until) == (MailStatus.SENT, 1, "", None)
    assert mail.sent_at is not None
    assert NOW <= mail.sent_at < NOW + MINUTE
    assert message["Message-ID"] == mail.message_id
    assert mail.message_id.endswith("@ap.example.org>")
    assert (message["To"], message["Subject"]) == ("reader1@family.example", "Ein Brief – für Łukasz")
    assert message["From"] == settings.DEFAULT_FROM_EMAIL
    assert message["Auto-Submitted"] is None
    assert message.get_content().replace("\r\n", "\n").rstrip() == "First line.\n\nŁ and ü.\n.\nend"


def test_attachments_arrive_byte_for_byte_under_names_of_ours(db: None, post: Post) -> None:
    every_byte = bytes(range(256)) * 300 + b"\r\n.\r\n\n.\n\r"
    text = "a;b\nŁ;ü\r\n\n".encode()
    named = store_file(
        kind=FileKind.NOTICE_TRANSLATION,
        content=text,
        content_type="text/csv",
        by=None,
        now=NOW,
        name="Ashdown-Jo.pdf",
    )
    letter(attachments=[stored(every_byte), stored(b"%PDF two"), named])
    assert send_mails(now=NOW) == 1
    [message] = post.received
    parts = list(message.iter_attachments())
    assert [part.get_payload(decode=True) for part in parts] == [text, every_byte, b"%PDF two"]
    assert [part.get_content_type() for part in parts] == ["text/csv", "application/pdf", "application/pdf"]
    assert [part.get_filename() for part in parts] == [
        "Translation-of-a-direction-notice.bin",
        "Direction-notice-2.pdf",
        "Direction-notice-3.pdf",
    ]
    assert message.get_body().get_content().strip() == "Please read the letter."


def test_letters_go_before_what_is_urgent_and_that_before_summaries(db: None, post: Post) -> None:
    for number, kind in enumerate((MailKind.DIGEST, MailKind.URGENT, MailKind.LETTER, MailKind.LETTER)):
        letter(number, kind=kind, now=NOW - 3 * MINUTE + number * timedelta(seconds=1))
    assert send_mails(now=NOW, limit=3) == 3
    assert [str(message["To"])[:7] for message in post.received] == ["reader2", "reader3", "reader1"]
    assert post.received[2]["Auto-Submitted"] == "auto-generated"
    assert send_mails(now=NOW) == 1


def test_run_ends_by_its_limit_and_by_its_time(db: None, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        letter(number)
    assert send_mails(now=NOW, limit=2) == 2
    monkeypatch.setattr("trust.services.mail.sending.SECONDS", -1.0)
    assert send_mails(now=NOW) == 0
    monkeypatch.undo()


def test_nothing_due_opens_no_line_and_leaves_a_heartbeat(db: None, port: int) -> None:
    letter(now=NOW + MINUTE)
    assert send_mails(now=NOW) == 0
    assert Mail.objects.get().attempts == 0
    beat = Heartbeat.objects.get(job="send_mails")
    assert (beat.finished_at, beat.outcome) == (NOW, "0 sent")


def test_console_of_the_demo_counts_as_sent(db: None, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    mail = letter()
    assert send_mails(now=NOW) == 1
    assert standing(mail) == (MailStatus.SENT, "")
    assert "To: reader1@family.example" in capsys.readouterr().out


def test_history_says_which_job_moved_an_e_mail(db: None, post: Post) -> None:
    mail = letter()
    send_mails(now=NOW)
    events = Mail.events.rel.related_model.objects.filter(pgh_obj_id=mail.pk).order_by("pgh_id")  # type: ignore[attr-defined]
    moves = [(event.status, (event.pgh_context or {}).get("job")) for event in events]
    assert moves == [("TO_SEND", None), ("SENDING", "send_mails"), ("SENT", "send_mails")]


# --- again, or for good -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_refused_for_good_fails_with_the_servers_words(db: None, post: Post, step: str) -> None:
    getattr(post, step)["reader1@family.example"] = "550 5.1.1 <reader1@family.example> no such user"
    mail, other = letter(1), letter(2)
    assert send_mails(now=NOW) == 1
    assert standing(mail) == (MailStatus.FAILED, "The mail server answered 550: 5.1.1 (address) no such user")
    assert standing(other)[0] == MailStatus.SENT
    assert send_mails(now=NOW + timedelta(days=1)) == 0
    assert post.to == {"reader2@family.example": 1}


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_refused_for_now_is_tried_again_later(db: None, post: Post, step: str) -> None:
    getattr(post, step)["reader1@family.example"] = "451 4.7.1 greylisted, come back"
    mail = letter()
    assert send_mails(now=NOW) == 0
    assert standing(mail) == (MailStatus.TO_SEND, "The mail server answered 451: 4.7.1 greylisted, come back")
    first_id = mail.message_id
    getattr(post, step).clear()
    assert send_mails(now=NOW + timedelta(seconds=50)) == 0
    assert send_mails(now=NOW + timedelta(seconds=70)) == 1
    assert standing(mail) == (MailStatus.SENT, "")
    # A server that did take the first one after all can tell by the id.
    assert post.received[0]["Message-ID"] == first_id == mail.message_id
    assert mail.attempts == 2


def test_server_down_for_an_hour_loses_nothing(db: None, port: int) -> None:
    for number in range(30):
        letter(number)
    now = NOW
    while now < NOW + timedelta(hours=1):
        assert send_mails(now=now) == 0
        now += timedelta(seconds=10)
    waiting = list(Mail.objects.all())
    assert {mail.status for mail in waiting} == {MailStatus.TO_SEND}
    assert {mail.error for mail in waiting} == {"The mail server could not be reached; it is tried again."}
    # After 1, 3, 7, 15, 30, 45 and 60 minutes, not every ten seconds.
    assert {mail.attempts for mail in waiting} == {7}
    with mail_server(Post(), port) as post:
        for _ in range(100):
            send_mails(now=now)
            now += timedelta(seconds=10)
        assert post.to == {f"reader{number}@family.example": 1 for number in range(30)}
    assert set(Mail.objects.values_list("status", "error")) == {(MailStatus.SENT, "")}


def test_server_that_refuses_the_greeting_is_tried_again(db: None, port: int) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", port)) as listening:

        def refuse() -> None:
            while not stop.is_set():
                line, _ = listening.accept()
                with line:
                    line.sendall(b"554 5.3.2 no service\r\n")

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        mail = letter()
        assert send_mails(now=NOW) == 0
        stop.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join(5)
    assert standing(mail)[0] == MailStatus.TO_SEND
    assert mail.next_try_at == NOW + MINUTE


def test_line_cut_before_the_message_is_tried_again(db: None, post: Post) -> None:
    post.rcpt["reader2@family.example"] = "CUT"
    # The one before it went through on the same line.
    other, mail = letter(1), letter(2)
    assert send_mails(now=NOW) == 1
    assert standing(other)[0] == MailStatus.SENT
    assert standing(mail)[0] == MailStatus.TO_SEND
    post.rcpt.clear()
    assert send_mails(now=NOW + 2 * MINUTE) == 1
    assert post.to == {other.to: 1, mail.to: 1}


def test_file_that_is_gone_fails_and_says_so(db: None, post: Post, settings: Any, tmp_path: Any) -> None:
    settings.FILES_DIR = tmp_path
    kept = stored(b"%PDF gone")
    (tmp_path / kept.sha256[:2] / kept.sha256).unlink()
    mail, other = letter(1, attachments=[kept]), letter(2)
    assert send_mails(now=NOW) == 1
    status, error = standing(mail)
    assert (status, "missing" in error) == (MailStatus.FAILED, True)
    assert standing(other)[0] == MailStatus.SENT


@pytest.mark.parametrize("to", ["two\n@family.example", "nobody"])
def test_address_that_cannot_be_one_fails_and_holds_up_nobody(db: None, post: Post, to: str) -> None:
    post.rcpt["nobody"] = "550 no such user"
    mail, other = letter(1, to=to), letter(2)
    assert send_mails(now=NOW) == 1
    assert standing(mail)[0] == MailStatus.FAILED
    assert standing(other)[0] == MailStatus.SENT


# --- unknown ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["CUT", "CUT AFTER"])
def test_line_cut_in_the_message_is_unknown_and_never_sent_again(db: None, post: Post, moment: str) -> None:
    post.data["reader1@family.example"] = moment
    mail, other = letter(1), letter(2)
    assert send_mails(now=NOW) == 1
    status, error = standing(mail)
    assert status == MailStatus.UNKNOWN
    assert error.endswith("check before sending again.")
    assert standing(other)[0] == MailStatus.SENT
    post.data.clear()
    for turn in range(5):
        assert send_mails(now=NOW + turn * timedelta(hours=1)) == 0
        assert mark_unknown(now=NOW + turn * timedelta(hours=1)) == 0
    assert post.to["reader1@family.example"] == (moment == "CUT AFTER")
    assert list(Mail.objects.unknown()) == [mail]


def test_server_that_falls_silent_in_the_message_is_unknown(db: None, post: Post, settings: Any) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    post.pause = 2.0
    mail = letter()
    assert send_mails(now=NOW) == 0
    assert standing(mail)[0] == MailStatus.UNKNOWN


def test_worker_that_died_leaves_an_unknown_e_mail(db: None, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*args: Any) -> None:
        raise SystemExit

    mail = letter()
    monkeypatch.setattr("trust.services.mail.line.Line.send", die)
    with pytest.raises(SystemExit):
        send_mails(now=NOW)
    monkeypatch.undo()
    assert standing(mail) == (MailStatus.SENDING, "")
    assert mark_unknown(now=NOW + LOCK / 2) == 0
    assert send_mails(now=NOW + LOCK / 2) == 0
    assert mark_unknown(now=NOW + 2 * LOCK) == 1
    status, error = standing(mail)
    assert (status, "check before sending again" in error) == (MailStatus.UNKNOWN, True)
    assert send_mails(now=NOW + timedelta(days=1)) == 0
    assert not post.received


def test_task_that_ran_out_of_time_stops_the_run_and_writes_down_what_it_knows(
    db: None, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OutOfTimeError(Exception):
        pass

    def stop(*args: Any) -> None:
        raise OutOfTimeError

    mails = letter(1), letter(2)
    monkeypatch.setattr("trust.services.mail.line._Watched.rcpt", stop)
    with pytest.raises(OutOfTimeError):
        send_mails(now=NOW)
    assert [standing(mail)[0] for mail in mails] == [MailStatus.TO_SEND, MailStatus.TO_SEND]
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 1]


def test_answer_after_the_claim_ran_out_changes_nothing(db: None, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = letter()
    send = "trust.services.mail.line.Line.send"

    def slowly(line: Any, message: Any) -> bool:
        assert mark_unknown(now=NOW + 2 * LOCK) == 1
        return True

    monkeypatch.setattr(send, slowly)
    send_mails(now=NOW)
    assert standing(mail)[0] == MailStatus.UNKNOWN


@pytest.fixture
def unknown(post: Post) -> Mail:
    """A letter of which nobody knows whether it arrived."""
    post.data["reader1@family.example"] = "CUT"
    mail = letter()
    send_mails(now=NOW)
    mail.refresh_from_db()
    return mail


def test_unknown_that_arrived_counts_as_sent_when_it_was_handed_over(db: None, unknown: Mail) -> None:
    person = make_user("Simon Senior")
    later = NOW + timedelta(hours=3)
    settled = settle_unknown(mail_id=unknown.pk, arrived=True, note=" Ms Ashdown has it. ", by=person, now=later)
    assert settled.status == MailStatus.SENT
    assert settled.sent_at is not None
    assert NOW <= settled.sent_at < NOW + MINUTE
    assert settled.error == ""
    events = Mail.events.rel.related_model.objects.filter(pgh_obj_id=unknown.pk)  # type: ignore[attr-defined]
    context = events.get(status=MailStatus.SENT).pgh_context
    assert (context["user"], context["reason"]) == (person.pk, "e-mail checked: Ms Ashdown has it.")


def test_unknown_that_did_not_arrive_has_failed(db: None, unknown: Mail, post: Post) -> None:
    post.data.clear()
    person = make_user("Simon Senior")
    settle_unknown(mail_id=unknown.pk, arrived=False, note="Not in the log." * 30, by=person, now=NOW)
    status, error = standing(unknown)
    assert status == MailStatus.FAILED
    assert error.startswith("It did not arrive: Not in the log.")
    assert send_mails(now=NOW + timedelta(days=1)) == 0


def test_unknown_is_settled_once_and_with_words(db: None, unknown: Mail) -> None:
    person = make_user("Simon Senior")
    with pytest.raises(RuleBroken) as refused:
        settle_unknown(mail_id=unknown.pk, arrived=True, note="  ", by=person, now=NOW)
    assert refused.value.field == "note"
    settle_unknown(mail_id=unknown.pk, arrived=True, note="Asked.", by=person, now=NOW)
    with pytest.raises(StaleRecord, match="'Sent'"):
        settle_unknown(mail_id=unknown.pk, arrived=False, note="Asked.", by=person, now=NOW)


def test_sent_e_mail_cannot_be_sent_again_by_anybody(db: None, post: Post) -> None:
    mail = letter()
    send_mails(now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE trust_mail SET status = 'TO_SEND', sent_at = NULL WHERE id = %s", [mail.pk])


# --- at the same time ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_several_senders_at_once_send_each_e_mail_once(post: Post) -> None:
    for number in range(24):
        letter(number)
    ready = threading.Barrier(4)

    def run(now: datetime) -> int:
        try:
            ready.wait(10)
            return send_mails(now=now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(run, [NOW] * 4))
    assert sum(counts) == 24
    assert sum(count > 0 for count in counts) > 1
    assert post.to == {f"reader{number}@family.example": 1 for number in range(24)}
    assert set(Mail.objects.values_list("status", "attempts")) == {(MailStatus.SENT, 1)}


@pytest.mark.django_db(transaction=True)
def test_sender_refuses_to_run_inside_a_transaction_that_could_forget_the_claim(post: Post) -> None:
    letter()
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        send_mails(now=NOW)
    assert not post.received


def test_tests_of_others_still_find_their_e_mails(db: None) -> None:
    letter()
    assert send_mails(now=NOW) == 1
    assert [message.to for message in django_mail.outbox] == [["reader1@family.example"]]
