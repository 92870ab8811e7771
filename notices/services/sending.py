"""Letters by e-mail: asked for by a person, sent by the outbox, and recorded as given once the server had them."""

import logging
import time
from collections.abc import Collection
from datetime import datetime
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from notices.codes import Channel
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries import may_be_mailed, no_longer_needed, state_of, with_letters
from notices.queries.service import agrees_to_email, counts_as, why_no_mail
from notices.rules import check_channel, check_free
from notices.services.giving import check_moment, freeze_given, hold_contacts, locked_recipient, settle
from notices.services.moves import check_needed, locked, school_id_of
from trust.calendar import date_words, london_date, london_time
from trust.codes import MailKind, MailStatus
from trust.errors import DomainError, RuleBroken
from trust.models import Mail, School, User
from trust.permissions import Permission
from trust.services import queue_mail, require, saving, settle_unknown

logger = logging.getLogger(__name__)

VOID_WORDS = "The notice was made void before it left."
WITHDRAWN_WORDS = "The notice was withdrawn before it left."
# After so many seconds a run begins nothing more; the tick after it goes on.
SECONDS = 8.0
# After so many that could not be recorded a run goes on with the others in any order, so that those never wait.
FAILURES = 20


def _body(name: str, school: School) -> str:
    # Nothing about a student: an e-mail can be read by others on its way and on a locked screen.
    return (
        f"Dear {name},\n\n"
        f"A letter from {school.name} is attached to this e-mail as a PDF file. Please open and read it.\n\n"
        "If you cannot open it, or would like it on paper, in large print or explained, "
        f"please ring the school on {school.phone}.\n\n"
        "This e-mail was sent by a system that does not read answers.\n\n"
        f"{school.name}\n"
    )


def _ready(notice_id: int, by: Any) -> DirectionNotice:
    """The locked notice whose letters ``by`` may send now."""
    notice = locked(notice_id)
    require(by, Permission.RECORD_SERVICE, home_id=school_id_of(notice))
    check_needed(notice)
    if notice.status != Status.ISSUED:
        raise RuleBroken("Letters are sent once all letters of the notice are made, and until everybody has it.")
    return notice


def _queue(recipient: NoticeRecipient, now: datetime) -> Mail:
    """Queue the e-mail with the stored letter; the caller holds the locks. ``RuleBroken`` says what forbids it.

    Nothing is queued of which it could not be said afterwards on which day it counts as given.
    """
    check_free(state_of(recipient))
    check_channel(
        Channel.EMAIL,
        kind=recipient.kind,
        email_consent=agrees_to_email(recipient),
        has_email=bool(recipient.email),
        has_address=bool(recipient.address.strip()),
    )
    if not recipient.email:
        raise RuleBroken("No e-mail address is recorded for this person.", field="channel")
    counts_as(recipient.notice, Channel.EMAIL, now)
    school = recipient.notice.placement_period.placement.school
    earlier = Mail.objects.filter(key__startswith=f"letter:{recipient.pk}:").count()
    files = [one for one in (recipient.letter, recipient.translation) if one is not None]
    recipient.mail = queue_mail(
        key=f"letter:{recipient.pk}:{earlier + 1}",
        kind=MailKind.LETTER,
        to=recipient.email,
        subject=f"A letter from {school.name}",
        body=_body(recipient.name, school),
        school_id=school.pk,
        attachments=files,
        now=now,
    )
    recipient.save(update_fields=["mail"])
    return recipient.mail


def send_letter(*, recipient_id: int, by: User, now: datetime) -> Mail:
    """Send one recipient the letter by e-mail, with the translation if there is one; the outbox sends it exactly once.

    Raises ``RuleBroken`` without consent or address, after a restriction was recorded, before the letters are made,
    while the letter is in a printing, and while another e-mail to this person is under way, sent or unknown. Source:
    P7.2 (in writing; e-mail by consent).
    """
    with saving(by=by):
        notice = _ready(NoticeRecipient.objects.values_list("notice_id", flat=True).get(pk=recipient_id), by)
        hold_contacts([recipient_id])
        return _queue(locked_recipient(notice, recipient_id), now)


def send_all(*, notice_id: int, by: User, now: datetime) -> list[Mail]:
    """Send the letter by e-mail to everybody who waits for it and has agreed, all in one act.

    Raises ``RuleBroken`` when there is nobody; those under way, printed or given already are left as they are.
    """
    with saving(by=by):
        notice = _ready(notice_id, by)
        mails = []
        recipient_ids = list(notice.recipients.order_by("id").values_list("pk", flat=True))
        hold_contacts(recipient_ids)
        for recipient_id in recipient_ids:
            recipient = locked_recipient(notice, recipient_id)
            try:
                check_free(state_of(recipient))
            except RuleBroken:
                continue
            if may_be_mailed(recipient):
                mails.append(_queue(recipient, now))
        if not mails:
            raise RuleBroken("Nobody waits for this letter who has agreed to notices by e-mail.")
        return mails


def drop_mails(notice: DirectionNotice, why: str = VOID_WORDS, *, of: Collection[int] | None = None) -> int:
    """Let no e-mail leave any more for a notice that was made void or withdrawn; how many were stopped.

    ``of`` are the recipients meant, None all of them. What a worker is handing over at this moment is finished. One
    that is queued meanwhile is stopped by the sweep, as long as the caller does not hold the lock of the notice.
    """
    waiting = Mail.objects.select_for_update(of=("self",)).filter(recipient__notice=notice, status=MailStatus.TO_SEND)
    if of is not None:
        waiting = waiting.filter(recipient__in=of)
    return Mail.objects.filter(pk__in=[mail.pk for mail in waiting.order_by("pk")], status=MailStatus.TO_SEND).update(
        status=MailStatus.FAILED, error=why
    )


def _asked_by(mail: Mail) -> User | None:
    """Who asked for the e-mail, by the change history."""
    events = Mail.events.rel.related_model.objects.filter(pgh_obj_id=mail.pk, pgh_label="insert")  # type: ignore[attr-defined]
    noted = next((event.pgh_context for event in events.order_by("pgh_id")), None) or {}
    return User.objects.filter(pk=noted.get("user")).first() if noted.get("user") else None


def proof_of(mail: Mail) -> str:
    """The words that prove an e-mail: its id, and when the mail server took it (London time)."""
    at = f"{london_time(mail.sent_at):%H:%M:%S} on {date_words(london_date(mail.sent_at))}" if mail.sent_at else ""
    return f"E-mail {mail.message_id} accepted by the mail server at {at}."


# A notice made void while its e-mail was being handed over: what arrived has arrived, and is recorded.
_RECORDED = (Status.ISSUED, Status.VOID)


def _record_mail(
    recipient: NoticeRecipient, *, sent_at: datetime, proof: str, named: Any, by: User | None, now: datetime
) -> None:
    """Record a letter that the server took, in the name of ``named``; ``by`` acts, None is the worker."""
    notice = recipient.notice
    freeze_given(recipient, channel=Channel.EMAIL, sent_at=sent_at, proof=proof, by=named, now=now)
    if notice.status == Status.ISSUED and not no_longer_needed(notice):
        settle(notice, by, now)


def _settle_next(now: datetime, skip: Collection[int], *, hurt: bool) -> tuple[int | None, bool]:
    """Record the next letter that the mail server took, in a transaction of its own: the recipient, and the success.

    The longest waiting first; in any order when the run is ``hurt`` by many that cannot be recorded.
    """
    recipient_id = (
        NoticeRecipient.objects.filter(channel="", mail__status=MailStatus.SENT, notice__status__in=_RECORDED)
        .exclude(pk__in=skip)
        .order_by(*(["?"] if hurt else ["mail__sent_at", "id"]))
        .values_list("pk", flat=True)
        .first()
    )
    if recipient_id is None:
        return None, False
    try:
        with saving(by=None, job="settle_letters"):
            notice = locked(NoticeRecipient.objects.values_list("notice_id", flat=True).get(pk=recipient_id))
            recipient = locked_recipient(notice, recipient_id)
            mail = recipient.mail
            if recipient.channel or mail is None or mail.sent_at is None or notice.status not in _RECORDED:
                # Another worker was quicker.
                return recipient_id, False
            # The permission was asked when sending was: whoever has lost the role since holds nothing up.
            asked = _asked_by(mail) or notice.authorised_by
            _record_mail(recipient, sent_at=mail.sent_at, proof=proof_of(mail), named=asked, by=None, now=now)
        return recipient_id, True
    except SoftTimeLimitExceeded:
        raise
    except Exception as problem:
        # One that cannot be recorded (a calendar taken away) must not hold up the others; it stays visibly 'sent'.
        words = problem.message if isinstance(problem, DomainError) else type(problem).__name__
        logger.exception("The sent letter of notice recipient %s could not be recorded: %s", recipient_id, words)
        return recipient_id, False


def stop_letters(*, now: datetime) -> int:
    """Stop the e-mails that must not leave any more, each with its words; how many were stopped.

    Of notices that are void, withdrawn or no longer needed, of people for whom a restriction was recorded since, and of
    those who took back their agreement. Runs every few seconds, since the outbox knows nothing about notices.
    """
    waiting = with_letters(NoticeRecipient.objects.filter(channel="", mail__status=MailStatus.TO_SEND))
    # A notice at a time, in the order in which every service locks them.
    found: dict[tuple[int, str], list[int]] = {}
    for one in waiting.order_by("notice_id", "id"):
        why = why_no_mail(one)
        if why:
            found.setdefault((one.notice_id, why), []).append(one.pk)
    stopped = 0
    for (notice_id, why), recipient_ids in found.items():
        try:
            with saving(by=None, job="stop_letters"):
                stopped += drop_mails(locked(notice_id), why, of=recipient_ids)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            logger.exception("The e-mails of notice %s could not be stopped", notice_id)
    return stopped


def settle_letters(*, now: datetime, limit: int = 100) -> int:
    """Record as given what the mail server took, after stopping what must not leave; how many were given.

    Each in a transaction of its own. The day and the verdict follow from when the server had the e-mail, whenever this
    runs. In the name of the person who asked for the e-mail. Ends after ``limit`` records or eight seconds; what cannot
    be recorded counts towards neither the one nor, for long, the other.
    """
    began = time.monotonic()
    stop_letters(now=now)
    given = 0
    seen: list[int] = []
    while given < limit and time.monotonic() - began < SECONDS:
        recipient_id, done = _settle_next(now, seen, hurt=len(seen) - given >= FAILURES)
        if recipient_id is None:
            break
        seen.append(recipient_id)
        given += done
    return given


def answer_unknown(
    *, recipient_id: int, arrived: bool, note: str, by: User, now: datetime, arrived_at: datetime | None = None
) -> NoticeRecipient:
    """Record what somebody found out about a letter whose e-mail is unknown: it arrived (given) or not (failed).

    ``note`` says how they know. It counts from when the server had it, or from ``arrived_at`` where that is later.
    After 'not' it may be sent again, posted or handed over. Nothing is sent by this.
    """
    with saving(by=by):
        notice = locked(NoticeRecipient.objects.values_list("notice_id", flat=True).get(pk=recipient_id))
        require(by, Permission.RECORD_SERVICE, home_id=school_id_of(notice))
        recipient = locked_recipient(notice, recipient_id)
        if recipient.mail is None:
            raise RuleBroken("No e-mail was sent to this person.")
        mail = settle_unknown(mail_id=recipient.mail.pk, arrived=arrived, note=note, by=by, now=now)
        recipient.mail = mail
        if arrived and mail.sent_at is not None and notice.status in _RECORDED:
            at = mail.sent_at
            if arrived_at is not None:
                check_moment(
                    arrived_at, after=mail.sent_at, now=now, early="The e-mail had not been handed over at that time."
                )
                at = max(arrived_at, mail.sent_at)
            proof = f"E-mail {mail.message_id}, checked: {note.strip()}"
            _record_mail(recipient, sent_at=at, proof=proof, named=by, by=by, now=now)
        return recipient
