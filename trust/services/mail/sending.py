"""Out of the outbox: a worker hands each e-mail to the mail server once or leaves it visibly unknown."""

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from email import encoders
from email.mime.base import MIMEBase
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Case, IntegerField, When

from trust.codes import DOCUMENT_TYPES, MailKind, MailStatus
from trust.errors import DomainError, RuleBroken, StaleRecord
from trust.models import Mail, StoredFile, User
from trust.rules import wait_before_retry
from trust.services.files import file_bytes
from trust.services.flags import record_heartbeat
from trust.services.integrity import saving
from trust.services.mail.line import UNREACHABLE, Line, Verdict, verdict_on

logger = logging.getLogger(__name__)

JOB = "send_mails"
# How long a claim holds. Longer than a task may live, so that nobody else judges a mail that is still being sent.
LOCK = timedelta(seconds=60)
# After so many seconds a run claims nothing more; the tick after it goes on.
SECONDS = 8.0

_DIED = "The job stopped before the mail server had answered: check before sending again."


def send_mails(*, now: datetime, limit: int = 20) -> int:
    """Hand e-mails that are due to the mail server, letters first; how many it took.

    One at a time: claimed and committed, handed over, then written down in a transaction of its own. When the server
    cannot be reached nothing is claimed: what is due waits longer each time, without a last try. ``now`` is the start
    of the run; ``sent_at`` is the moment at which the server had the message. Several runs at once share the work.
    """
    began = time.monotonic()

    def moment() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    sent, line = 0, Line()
    try:
        for _ in range(limit):
            if time.monotonic() - began > SECONDS or not _due(now).exists():
                break
            try:
                line.open()
            except OSError as problem:
                _log("The mail server could not be reached", problem)
                _put_off(now)
                break
            mail = _claim(moment())
            if mail is None:
                break
            sent += _send(mail, line, moment)
    finally:
        line.close()
    record_heartbeat(job=JOB, outcome=f"{sent} sent", now=now)
    return sent


def _due(now: datetime) -> Any:
    """What is to be sent now: letters, then what is urgent, then summaries; the longest waiting first."""
    turn = Case(
        When(kind=MailKind.LETTER, then=0), When(kind=MailKind.URGENT, then=1), default=2, output_field=IntegerField()
    )
    rows = Mail.objects.filter(status=MailStatus.TO_SEND, next_try_at__lte=now)
    return rows.order_by(turn, "next_try_at", "pk")


def _put_off(now: datetime) -> None:
    """Let everything that is due wait: the server is down for all of them alike."""
    with saving(by=None, job=JOB):
        mails = list(_due(now).select_for_update(skip_locked=True))
        for mail in mails:
            mail.attempts += 1
            mail.next_try_at = now + wait_before_retry(mail.attempts)
            mail.error = UNREACHABLE
        Mail.objects.bulk_update(mails, ["attempts", "next_try_at", "error"], batch_size=500)


def _claim(now: datetime) -> Mail | None:
    """The next e-mail, now SENDING for everybody to see; None when there is none that nobody else holds."""
    # Durable: committed before the mail server hears of it, or a crash would forget that it was tried.
    with transaction.atomic(durable=True), saving(by=None, job=JOB):
        mail: Mail | None = _due(now).select_for_update(skip_locked=True).first()
        if mail is None:
            return None
        mail.status, mail.locked_until, mail.attempts = MailStatus.SENDING, now + LOCK, mail.attempts + 1
        mail.message_id = mail.message_id or f"<{uuid.uuid4().hex}@{urlsplit(settings.SITE_URL).hostname}>"
        mail.save(update_fields=["status", "locked_until", "attempts", "message_id"])
        return mail


def _send(mail: Mail, line: Line, moment: Callable[[], datetime]) -> int:
    """Hand over a claimed e-mail and write down what came of it; 1 when the server took it."""
    broken: Exception | None = None
    try:
        message = _message(mail)
    except (DomainError, ValueError) as problem:
        # A missing file, a line break in an address: no later try would fare better.
        words = problem.message if isinstance(problem, DomainError) else "The e-mail cannot be put together."
        _write(mail, Verdict(MailStatus.FAILED, words), moment())
        return 0
    except OSError as problem:
        _log(f"The files of mail {mail.pk} cannot be read", problem)
        _write(mail, Verdict(MailStatus.TO_SEND, "A file cannot be read at the moment; it is tried again."), moment())
        return 0
    try:
        taken = line.send(message)
        verdict = Verdict(MailStatus.SENT) if taken else Verdict(MailStatus.FAILED, "There is no address to send to.")
    except Exception as problem:
        began = line.began()
        verdict = verdict_on(problem, began=began, to=mail.to)
        _log(f"Mail {mail.pk} is {verdict.status}", problem)
        broken = None if isinstance(problem, OSError) else problem
    # Written down before the line is closed, which can take a while.
    _write(mail, verdict, moment())
    if verdict.status != MailStatus.SENT:
        line.close()
    if broken is not None:
        raise broken
    return int(verdict.status == MailStatus.SENT)


def _message(mail: Mail) -> EmailMessage:
    """The e-mail as it goes out. ``RuleBroken`` when a file is gone, ``ValueError`` when a header cannot stand."""
    headers = {"Message-ID": mail.message_id}
    if mail.kind != MailKind.LETTER:
        headers["Auto-Submitted"] = "auto-generated"
    message = EmailMessage(mail.subject, mail.body, settings.DEFAULT_FROM_EMAIL, [mail.to], headers=headers)
    for number, stored in enumerate(mail.attachments.order_by("pk"), 1):
        # Not by Django's door, which takes texts apart and puts them together anew: the bytes are what was proved.
        part = MIMEBase(*stored.content_type.split("/", 1))
        part.set_payload(file_bytes(stored))
        encoders.encode_base64(part)
        part.add_header("Content-Disposition", "attachment", filename=_file_name(stored, number))
        message.attach(part)
    message.message()
    return message


def _file_name(stored: StoredFile, number: int) -> str:
    """What it is, never the name under which somebody sent it: that may hold a student's."""
    suffix = next((end for end, kind in DOCUMENT_TYPES.items() if kind == stored.content_type), ".bin")
    words = stored.get_kind_display().replace("'", "").replace(" ", "-")
    return f"{words}{f'-{number}' if number > 1 else ''}{suffix}"


def _write(mail: Mail, verdict: Verdict, now: datetime) -> None:
    """Write down what came of a claimed e-mail, unless the claim ran out meanwhile: then it stays unknown."""
    values: dict[str, Any] = {"status": verdict.status, "error": verdict.error}
    if verdict.status == MailStatus.SENT:
        values["sent_at"] = now
    if verdict.status == MailStatus.TO_SEND:
        values["next_try_at"] = now + wait_before_retry(mail.attempts)
    if verdict.status != MailStatus.UNKNOWN:
        # An unknown one keeps it: ``settle_unknown`` reads from it when the message was handed over.
        values["locked_until"] = None
    with transaction.atomic(durable=True), saving(by=None, job=JOB):
        claimed = Mail.objects.filter(pk=mail.pk, status=MailStatus.SENDING, attempts=mail.attempts)
        if not claimed.update(**values):
            logger.error("Mail %s was claimed for too long and stays unknown", mail.pk)


def _log(what: str, problem: Exception) -> None:
    # Without the words of the error, which hold addresses.
    code = getattr(problem, "smtp_code", getattr(problem, "errno", None))
    logger.warning("%s: %s %s", what, type(problem).__name__, code if code is not None else "")


# --- unknown ------------------------------------------------------------------------------------------------------


def mark_unknown(*, now: datetime) -> int:
    """Say of each e-mail whose worker died that nobody knows whether it left; how many. Never sent again by itself."""
    with saving(by=None, job=JOB):
        lost = Mail.objects.filter(status=MailStatus.SENDING, locked_until__lt=now)
        return lost.update(status=MailStatus.UNKNOWN, error=_DIED)


def settle_unknown(*, mail_id: int, arrived: bool, note: str, by: User, now: datetime) -> Mail:
    """Record what a person found out about an unknown e-mail: it arrived (SENT) or not (FAILED).

    One that arrived counts as sent when it was handed over, not when somebody asked. Nothing is sent by this.
    ``RuleBroken`` at ``note`` without words on how it was checked, ``StaleRecord`` when it is not unknown any more.
    Asks no permission: the caller knows what the e-mail is about.
    """
    note = note.strip()
    if not note:
        raise RuleBroken("Say how you found out: whom you asked, or what the mail server's log says.", field="note")
    with saving(by=by, reason=f"e-mail checked: {note}"):
        mail: Mail = Mail.objects.select_for_update().get(pk=mail_id)
        if mail.status != MailStatus.UNKNOWN:
            raise StaleRecord(f"Somebody has settled this e-mail already: it is '{mail.get_status_display()}'.")
        if arrived:
            handed_over = mail.locked_until - LOCK if mail.locked_until else now
            mail.status, mail.sent_at, mail.error = MailStatus.SENT, handed_over, ""
        else:
            mail.status, mail.error = MailStatus.FAILED, f"It did not arrive: {note}"[:240]
        mail.locked_until = None
        mail.save(update_fields=["status", "sent_at", "error", "locked_until"])
        return mail
