"""Workers that are killed in the middle of sending: each letter arrives once, or is visibly unknown.

``KILL_ROUNDS`` sets how many are killed: few by default, many under ``make race``.
"""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings

from invictus_ap import embedded
from tests.factories.mail import Post, free_port, mail_server
from tests.fixtures import NOW
from trust.codes import FileKind, MailKind, MailStatus
from trust.models import Mail
from trust.services import mark_unknown, queue_mail, store_file
from trust.services.mail.sending import LOCK

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))
LETTERS = 100

# What a worker does at each tick of beat, without the ten seconds between them, as the application's own role.
WORKER = """
import sys
import invictus_ap.settings as chosen
chosen.DATABASES["default"]["NAME"] = sys.argv[1]
chosen.EMAIL_HOST, chosen.EMAIL_PORT = "127.0.0.1", int(sys.argv[2])
chosen.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
import django
django.setup()
from django.utils import timezone
from trust.models import Mail
from trust.services import send_mails
print("ready", flush=True)
while Mail.objects.filter(status="TO_SEND").exists():
    send_mails(now=timezone.now())
"""


def start_worker(port: int) -> "subprocess.Popen[bytes]":
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    environment |= {"INVICTUS_MODE": "test", "INVICTUS_DB_ROLE": "app"}
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WORKER, settings.DATABASES["default"]["NAME"], str(port)],
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


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="starts workers on the embedded database only")
@pytest.mark.django_db(transaction=True)
def test_killed_workers_send_each_letter_once_or_leave_it_unknown() -> None:
    chance = random.Random(20261124)
    per_worker = max(LETTERS // (ROUNDS + 1), 1)
    pdf = store_file(
        kind=FileKind.NOTICE, content=b"%PDF-1.7\n" * 20_000, content_type="application/pdf", by=None, now=NOW
    )
    for number in range(LETTERS):
        queue_mail(
            key=f"letter:{number}",
            kind=MailKind.LETTER,
            to=f"reader{number}@family.example",
            subject="A letter",
            body="Please read it.",
            attachments=[pdf],
            now=NOW,
        )
    port, post = free_port(), Post()
    # A server that takes its time, so that a cut falls before, in and after the handing over.
    post.pause = 0.01
    with mail_server(post, port):
        for _ in range(ROUNDS):
            before = post.to.total()
            worker = start_worker(port)
            until = time.monotonic() + 20
            # Some of its share, then a moment anywhere between two letters.
            while worker.poll() is None and post.to.total() - before < per_worker * 0.6 and time.monotonic() < until:
                time.sleep(0.002)
            time.sleep(chance.random() * 0.04)
            kill(worker)
        last = start_worker(port)
        last.communicate(timeout=120)
        assert last.returncode == 0
        arrived = post.to

    sending = Mail.objects.filter(status=MailStatus.SENDING)
    claimed = set(sending.values_list("to", flat=True))
    # The claims of the dead run out by the clock of the workers, which is not the frozen one of the tests.
    mark_unknown(now=datetime.fromtimestamp(time_machine.escape_hatch.time.time(), UTC) + LOCK * 2)
    standings = dict(Mail.objects.values_list("to", "status"))
    assert len(standings) == LETTERS
    assert set(standings.values()) <= {MailStatus.SENT, MailStatus.UNKNOWN}
    for to, status in standings.items():
        assert arrived[to] <= 1, f"{to} arrived {arrived[to]} times"
        assert status == MailStatus.UNKNOWN or arrived[to] == 1
    unknown = {to for to, status in standings.items() if status == MailStatus.UNKNOWN}
    assert unknown == claimed
    # Each dead worker had at most one letter in its hands.
    assert len(unknown) <= ROUNDS
    sys.stdout.write(f"{ROUNDS} workers killed: {arrived.total()} arrived, {len(unknown)} unknown\n")
