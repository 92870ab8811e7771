"""Workers killed while they make and send letters, and a mail server that is down: each recipient has one letter.

``KILL_ROUNDS`` sets how many workers are killed: few by default, many (over 100 letters) under ``make race``.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as chosen_settings
from django.db import connection, transaction

from invictus_ap import embedded
from notices import services
from notices.codes import Channel, ServiceState
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient, PrintBatch
from notices.queries import letters_to_check, recipient_rows
from notices.tasks import stop_and_send, stop_letters
from placements.lifecycle import Status as PlacementStatus
from placements.services import cancel_placement
from tests.factories.mail import Post, free_port, mail_server, mail_settings
from tests.factories.notices import notice_at
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at
from tests.fixtures import NOW
from tests.notices.conftest import START, at
from trust.codes import FileKind, MailKind, MailStatus, Relationship
from trust.errors import DomainError, RuleBroken
from trust.models import ContactLink, Mail, StoredFile
from trust.services import mark_unknown, send_mails

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))
# Notices, and recipients of each.
NOTICES, EACH = (5, 20) if ROUNDS >= 20 else (2, 5)

# What a worker does at each tick of beat, without the seconds between them, as the application's own role. Each begins
# some minutes after the one before it, on the day of the tests.
WORKER = """
import sys
from datetime import datetime
import time_machine
time_machine.travel(datetime.fromisoformat(sys.argv[3]), tick=True).start()
import invictus_ap.settings as chosen
chosen.DATABASES["default"]["NAME"] = sys.argv[1]
chosen.EMAIL_HOST, chosen.EMAIL_PORT = "127.0.0.1", int(sys.argv[2])
chosen.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
import django
django.setup()
from django.utils import timezone
from notices.services import make_letters, settle_letters
from trust.services import mark_unknown, send_mails
print("ready", flush=True)
while True:
    mark_unknown(now=timezone.now())
    make_letters(now=timezone.now(), limit=2)
    send_mails(now=timezone.now(), limit=4)
    settle_letters(now=timezone.now())
"""


def start_worker(port: int, turn: int) -> "subprocess.Popen[bytes]":
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    environment |= {"INVICTUS_MODE": "test", "INVICTUS_DB_ROLE": "app"}
    begins = NOW + timedelta(minutes=1 + 2 * turn)
    name = chosen_settings.DATABASES["default"]["NAME"]
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WORKER, name, str(port), begins.isoformat()],
        cwd=embedded.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"
    return worker


def kill(worker: "subprocess.Popen[bytes]") -> None:
    """End it without a word of warning, as a power cut does."""
    worker.send_signal(signal.SIGKILL)
    worker.communicate()


def ask(cast: Any) -> None:
    """What the pastoral SLT does as soon as a notice is issued: send it to everybody."""
    for notice in DirectionNotice.objects.filter(status=Status.ISSUED, recipients__mail__isnull=True).distinct():
        services.send_all(notice_id=notice.pk, by=cast.slt, now=NOW + timedelta(minutes=1))


def progress() -> int:
    """How many steps the letters have taken: made, and over with."""
    over = NoticeRecipient.objects.exclude(channel="").count() + Mail.objects.unknown().count()
    return over + NoticeRecipient.objects.exclude(letter=None).count()


@pytest.fixture
def notices(north: Any, provider: Any, budget: Any, cast: Any) -> list[DirectionNotice]:
    """Authorised notices of several students, each with many recipients who agreed to e-mail."""
    found = []
    for number in range(NOTICES):
        student = make_student(north, f"Family{number}")
        for one in range(EACH):
            make_contact(student, f"Reader{one}", relationship=Relationship.GUARDIAN)
        placement = placement_at(
            PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=START
        )
        found.append(notice_at(Status.AUTHORISED, placement.periods.get(), cast, NOW))
    return found


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="starts workers on the embedded database only")
@pytest.mark.django_db(transaction=True)
@pytest.mark.policy("P7.2")
def test_killed_workers_give_each_recipient_one_letter_or_leave_it_unknown(
    notices: list[DirectionNotice], cast: Any
) -> None:
    chance, total = random.Random(20261124), NOTICES * EACH
    port, post = free_port(), Post()
    # A server that takes its time, so that a cut falls before, in and after the handing over.
    post.pause = 0.05
    with mail_server(post, port):
        for turn in range(ROUNDS):
            worker, before = start_worker(port, turn), progress()
            share = max((2 * total - before) // (ROUNDS - turn + 1), 1)
            until = time.monotonic() + 30
            while progress() < min(before + share * 0.7, 2 * total) and time.monotonic() < until:
                ask(cast)
                time.sleep(0.01)
            time.sleep(chance.random() * 0.3)
            kill(worker)
        last = start_worker(port, ROUNDS)
        until = time.monotonic() + 120
        while progress() < 2 * total and time.monotonic() < until:
            ask(cast)
            time.sleep(0.05)
        kill(last)
        arrived = post.to
        bodies = {
            str(message["To"]): [part.get_payload(decode=True) for part in message.iter_attachments()]
            for message in post.received
        }
    later = NOW + timedelta(hours=5)
    mark_unknown(now=later)
    services.settle_letters(now=later)

    recipients = list(NoticeRecipient.objects.select_related("letter", "mail", "notice"))
    assert len(recipients) == total
    # One letter each: no second file, nothing half written.
    assert StoredFile.objects.filter(kind=FileKind.NOTICE).count() == total
    assert len({one.letter_id for one in recipients if one.letter_id}) == total
    assert Mail.objects.filter(kind=MailKind.LETTER).count() == total
    unknown = 0
    for one in recipients:
        assert one.mail is not None
        assert one.letter is not None
        assert one.mail.status in (MailStatus.SENT, MailStatus.UNKNOWN)
        assert arrived[one.email] <= 1, "nobody has the letter twice"
        if one.mail.status == MailStatus.SENT:
            assert arrived[one.email] == 1
            assert (one.channel, one.sent_at, one.in_time) == (Channel.EMAIL, one.mail.sent_at, True)
            assert one.recorded_by == cast.slt
        else:
            unknown += 1
            assert one.channel == ""
        for [content] in [bodies[one.email]] if arrived[one.email] else []:
            assert hashlib.sha256(content).hexdigest() == one.letter.sha256
    # Every unknown one is before the eyes of somebody; each dead worker had at most one letter in its hands.
    assert [row.state for row in letters_to_check(cast.slt)] == [ServiceState.UNKNOWN] * unknown
    assert unknown <= ROUNDS + 1
    for notice in DirectionNotice.objects.all():
        everybody = not notice.recipients.filter(channel="").exists()
        assert notice.status == (Status.GIVEN if everybody else Status.ISSUED)
    sys.stdout.write(f"{ROUNDS} workers killed: {arrived.total()} arrived, {unknown} unknown of {total}\n")


@pytest.mark.django_db(transaction=True)
@pytest.mark.policy("P7.2")
def test_mail_server_down_for_an_hour_loses_nothing_and_gives_each_once(
    notices: list[DirectionNotice], cast: Any, settings: Any
) -> None:
    services.make_letters(now=NOW, limit=NOTICES * EACH)
    port, post = free_port(), Post()
    for name, value in mail_settings(port).items():
        setattr(settings, name, value)
    for notice in notices:
        services.send_all(notice_id=notice.pk, by=cast.att, now=NOW)
    for minutes in range(0, 60, 5):
        assert send_mails(now=NOW + timedelta(minutes=minutes)) == 0
        assert services.settle_letters(now=NOW + timedelta(minutes=minutes)) == 0
    rows = [row.state for notice in notices for row in recipient_rows(notice, NOW.date())]
    assert rows == [ServiceState.EMAIL_WAITING] * NOTICES * EACH
    with mail_server(post, port):
        for minutes in range(60, 240, 5):
            send_mails(now=NOW + timedelta(minutes=minutes), limit=100)
            services.settle_letters(now=NOW + timedelta(minutes=minutes))
    assert set(post.to.values()) == {1}
    assert post.to.total() == NOTICES * EACH
    for one in NoticeRecipient.objects.select_related("notice"):
        assert one.channel == Channel.EMAIL
        assert one.sent_at is not None
        assert one.sent_at >= NOW + timedelta(hours=1), "it counts from when it left, not from when it was asked for"
        assert one.notice.status == Status.GIVEN


@pytest.mark.django_db(transaction=True)
def test_void_notice_sends_nothing_more(notices: list[DirectionNotice], cast: Any, settings: Any) -> None:
    services.make_letters(now=NOW, limit=NOTICES * EACH)
    port, post = free_port(), Post()
    for name, value in mail_settings(port).items():
        setattr(settings, name, value)
    kept, dropped = notices[0], notices[1]
    for notice in (kept, dropped):
        services.send_all(notice_id=notice.pk, by=cast.att, now=NOW)
    services.void_notice(notice_id=dropped.pk, reason="The start was moved", by=cast.head, now=NOW)
    with mail_server(post, port):
        send_mails(now=at(17, month=11), limit=100)
    assert post.to.total() == EACH
    assert set(post.to) == set(kept.recipients.values_list("email", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.policy("P7.2")
def test_tick_of_the_outbox_stops_first_what_must_not_leave(
    notices: list[DirectionNotice], cast: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.make_letters(now=NOW, limit=NOTICES * EACH)
    port, post = free_port(), Post()
    for name, value in mail_settings(port).items():
        setattr(settings, name, value)
    kept, cancelled = notices[0], notices[1]
    for notice in (kept, cancelled):
        services.send_all(notice_id=notice.pk, by=cast.att, now=NOW)
    cancel_placement(
        placement_id=cancelled.placement_period.placement_id, reason="The family moved", by=cast.head, now=NOW
    )
    one = kept.recipients.order_by("id")[0]
    ContactLink.objects.filter(pk=one.contact_link_id).update(letters_restricted=True, restriction_reason="Court")
    assert settings.CELERY_BEAT_SCHEDULE["send-mails"]["task"] == stop_and_send.name
    assert settings.CELERY_BEAT_SCHEDULE["stop-letters"]["task"] == stop_letters.name
    monkeypatch.setattr("notices.tasks.timezone.now", lambda: NOW + timedelta(minutes=1))
    with mail_server(post, port):
        stop_and_send()
    assert set(post.to) == set(kept.recipients.exclude(pk=one.pk).values_list("email", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.policy("P7.2")
def test_restriction_being_recorded_at_the_same_moment_is_waited_for(notices: list[DirectionNotice], cast: Any) -> None:
    services.make_letters(now=NOW, limit=NOTICES * EACH)
    one = notices[0].recipients.order_by("id")[0]
    recorded = threading.Event()

    def restrict() -> None:
        try:
            with transaction.atomic():
                link = ContactLink.objects.filter(pk=one.contact_link_id)
                link.update(letters_restricted=True, restriction_reason="Court")
                recorded.set()
                time.sleep(0.5)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        done = other.submit(restrict)
        assert recorded.wait(10)
        with pytest.raises(RuleBroken, match="must not be sent"):
            services.send_letter(recipient_id=one.pk, by=cast.slt, now=NOW)
        done.result()
    assert not Mail.objects.filter(kind=MailKind.LETTER).exists()


def at_once(act: Callable[[], Any], times: int = 8) -> list[Any]:
    """What the same act gives to several people who do it at the same moment: a result or the refusal."""
    barrier = threading.Barrier(times)

    def one() -> Any:
        barrier.wait()
        try:
            return act()
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as people:
        return [done.result() for done in [people.submit(one) for _ in range(times)]]


@pytest.mark.django_db(transaction=True)
def test_many_people_at_once_send_record_and_post_only_once(notices: list[DirectionNotice], cast: Any) -> None:
    services.make_letters(now=NOW, limit=NOTICES * EACH)
    mailed, printed, *rest = [one.pk for one in notices[0].recipients.order_by("id")]
    # Asked for once, however many press the button.
    done = at_once(lambda: services.send_letter(recipient_id=mailed, by=cast.slt, now=NOW))
    assert sum(isinstance(one, Mail) for one in done) == 1
    assert Mail.objects.filter(kind=MailKind.LETTER).count() == 1
    Mail.objects.update(status=MailStatus.SENDING, locked_until=NOW, message_id="<1@invictus.example>")
    Mail.objects.update(status=MailStatus.SENT, sent_at=NOW)
    assert sum(at_once(lambda: services.settle_letters(now=NOW))) == 1
    # Collected into one printing, made once, posted once.
    school_id = notices[0].placement_period.placement.school_id
    done = at_once(
        lambda: services.start_batch(school_id=school_id, recipient_ids=[printed, *rest[:1]], by=cast.slt, now=NOW)
    )
    assert sum(isinstance(one, PrintBatch) for one in done) == 1
    assert sum(at_once(lambda: services.make_batches(now=NOW), 4)) == 1
    batch = PrintBatch.objects.get()
    done = at_once(
        lambda: services.record_posting(batch_id=batch.pk, posted_at=NOW, proof="Certificate", by=cast.slt, now=NOW)
    )
    assert sum(isinstance(one, PrintBatch) for one in done) == 1
    given = NoticeRecipient.objects.exclude(channel="")
    assert set(given.values_list("pk", flat=True)) == {mailed, printed, rest[0]}
