"""Letters on paper: printed together in the order of the envelopes, and posted together on one day."""

import io
import logging
import time
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import Exists, OuterRef, Q
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

from notices.codes import Channel
from notices.documents import envelope_list_pdf
from notices.models import DirectionNotice, NoticeRecipient, PrintBatch
from notices.queries import state_of
from notices.queries.service import IN_PRINT, to_print
from notices.rules import BATCH_MOST, check_channel, check_free, check_printable
from notices.services.giving import check_moment, freeze_given, hold_contacts, locked_recipient, settle
from notices.services.moves import check_needed, locked, school_id_of
from trust.codes import FileKind
from trust.errors import DomainError, RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import file_bytes, keep_upload, require, saving, store_file

logger = logging.getLogger(__name__)

JOB = "make_batches"
# How long one worker may take for one printing before another one tries.
LEASE = timedelta(seconds=60)
ATTEMPTS = 5
# After so many seconds a run begins no further printing; the tick after it goes on.
SECONDS = 8.0
NOTHING_LEFT = "No letter of it may go any more: each is given or restricted, or its notice does not hold."


def _locked_batch(batch_id: int, by: User) -> PrintBatch:
    batch: PrintBatch = PrintBatch.objects.select_for_update(of=("self",)).select_related("school").get(pk=batch_id)
    require(by, Permission.RECORD_SERVICE, home_id=batch.school_id)
    return batch


def start_batch(*, school_id: int, recipient_ids: Collection[int], by: User, now: datetime) -> PrintBatch:
    """Collect letters of one school to be printed together; the worker then makes the one PDF.

    Raises ``RuleBroken``, naming the notice, when one is of another school, has no postal address, was given the
    notice, is restricted since, or has an e-mail or a printing under way; nothing is collected then. At most
    ``BATCH_MOST`` letters.
    """
    with saving(by=by):
        require(by, Permission.RECORD_SERVICE, home_id=school_id)
        chosen = NoticeRecipient.objects.filter(
            pk__in=set(recipient_ids), notice__placement_period__placement__school_id=school_id
        )
        pairs = list(chosen.order_by("notice_id", "pk").values_list("notice_id", "pk"))
        if not pairs or len(pairs) != len(set(recipient_ids)):
            raise RuleBroken("Choose letters of this school.", field="recipients")
        if len(pairs) > BATCH_MOST:
            raise RuleBroken(f"One printing holds at most {BATCH_MOST} letters: choose fewer.", field="recipients")
        batch = PrintBatch.objects.create(school_id=school_id, asked_by=by, asked_at=now)
        # In the order of the notices, as every service locks them.
        notices = {notice_id: locked(notice_id) for notice_id in dict(pairs)}
        hold_contacts([recipient_id for _, recipient_id in pairs])
        for notice_id, recipient_id in pairs:
            recipient = locked_recipient(notices[notice_id], recipient_id)
            try:
                check_needed(recipient.notice)
                check_free(state_of(recipient))
                check_printable(recipient.address)
            except RuleBroken as error:
                raise RuleBroken(
                    f"A letter of notice {notice_id}: {error.message}", field="recipients", help=error.help
                ) from error
            recipient.batch = batch
            recipient.save(update_fields=["batch"])
        return batch


# --- the worker ---------------------------------------------------------------------------------------------------


def _claim(now: datetime) -> PrintBatch | None:
    """The next printing without a file, leased to this worker; None when none waits. An emptied one does not."""
    with saving(by=None, job=JOB):
        batch: PrintBatch | None = (
            PrintBatch.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(locked_until__isnull=True) | Q(locked_until__lt=now), file__isnull=True, fault="")
            .filter(Exists(NoticeRecipient.objects.filter(batch=OuterRef("pk"))))
            .order_by("asked_at", "id")
            .first()
        )
        if batch is None:
            return None
        if batch.attempts >= ATTEMPTS:
            batch.fault, batch.locked_until = f"It was tried {ATTEMPTS} times and never finished.", None
        else:
            batch.attempts, batch.locked_until = batch.attempts + 1, now + LEASE
        batch.save(update_fields=["attempts", "locked_until", "fault"])
        return batch


def _add(writer: PdfWriter, content: bytes) -> None:
    """One paper, then a blank page where its number of pages is odd: the next one begins on a front side."""
    reader = PdfReader(io.BytesIO(content))
    for page in reader.pages:
        writer.add_page(page)
    if len(reader.pages) % 2:
        last = reader.pages[-1].mediabox
        writer.add_blank_page(width=last.width, height=last.height)


def _joined(batch: PrintBatch, recipients: Sequence[NoticeRecipient]) -> tuple[bytes, int]:
    """The one PDF, from the stored bytes, and its number of pages. ``RuleBroken`` when a letter is gone or changed."""
    writer = PdfWriter()
    _add(writer, envelope_list_pdf(batch, recipients))
    for recipient in recipients:
        for stored in (recipient.letter, recipient.translation):
            if stored is not None:
                try:
                    _add(writer, file_bytes(stored))
                except RuleBroken as error:
                    raise RuleBroken(f"A letter of notice {recipient.notice_id}: {error.message}") from error
    writer.add_metadata({"/Title": f"Letters, printing {batch.pk}"})
    writer.root_object[NameObject("/Lang")] = TextStringObject("en-GB")
    # Pages of the same letterhead share their fonts.
    writer.compress_identical_objects()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue(), len(writer.pages)


def _make_next(now: datetime) -> bool | None:
    """Make the next printing: True when its file is there, False when it is not, None when none waits."""
    batch = _claim(now)
    if batch is None:
        return None
    if batch.fault:
        return False
    try:
        recipients = to_print(batch)
        if not recipients:
            if batch.recipients.exists():
                raise RuleBroken(NOTHING_LEFT)
            return False
        content, pages = _joined(batch, recipients)
        with saving(by=None, job=JOB):
            mine = (
                PrintBatch.objects.select_for_update(of=("self",))
                .filter(pk=batch.pk, attempts=batch.attempts, file__isnull=True, locked_until=batch.locked_until)
                .first()
            )
            if mine is not None:
                hold_contacts([one.pk for one in recipients])
            if mine is None or [one.pk for one in to_print(mine)] != [one.pk for one in recipients]:
                # Another worker took over, or a letter was taken out or stopped: it is made again as it stands then.
                return False
            mine.file = store_file(
                kind=FileKind.NOTICE_BATCH, content=content, content_type="application/pdf", by=batch.asked_by, now=now
            )
            mine.pages, mine.made_at, mine.locked_until = pages, now, None
            mine.save(update_fields=["file", "pages", "made_at", "locked_until"])
        return True
    except DomainError as problem:
        # No later try would fare better: somebody has to look.
        words = problem.message
    except SoftTimeLimitExceeded:
        # The task has had its time; the lease runs out and another one tries.
        raise
    except Exception:
        logger.exception("Printing %s could not be made", batch.pk)
        if batch.attempts < ATTEMPTS:
            return False
        words = "The file could not be put together. Tell the trust AP lead."
    with saving(by=None, job=JOB):
        PrintBatch.objects.filter(pk=batch.pk, attempts=batch.attempts, file__isnull=True).update(
            fault=words[:240], locked_until=None
        )
    return False


def make_batches(*, now: datetime, limit: int = 3) -> int:
    """Make the files of up to ``limit`` printings that wait; how many were made. A crash leaves none half written.

    Begins none after eight seconds, and stops when the task's own time is up.
    """
    began = time.monotonic()
    made = 0
    for _ in range(limit):
        if time.monotonic() - began > SECONDS:
            break
        try:
            done = _make_next(now)
        except SoftTimeLimitExceeded:
            logger.warning("A printing took longer than a task may; it is tried again")
            break
        if done is None:
            break
        made += done
    return made


# --- what people do with it ---------------------------------------------------------------------------------------


def _begin_again(batch: PrintBatch) -> None:
    batch.file, batch.made_at, batch.pages = None, None, 0
    batch.attempts, batch.locked_until, batch.fault = 0, None, ""
    batch.save(update_fields=["file", "made_at", "pages", "attempts", "locked_until", "fault"])


def _check_not_posted(batch: PrintBatch) -> None:
    if batch.posted_at is not None:
        raise RuleBroken("The posting of this printing is recorded already.")


def make_batch_again(*, batch_id: int, by: User, now: datetime) -> PrintBatch:
    """Let the worker try a printing again that could not be made. ``RuleBroken`` when it is made or posted."""
    with saving(by=by):
        batch = _locked_batch(batch_id, by)
        _check_not_posted(batch)
        if not batch.fault:
            raise RuleBroken("This printing has no fault: it is made, or being made.")
        _begin_again(batch)
        return batch


def release_letters(*, batch_id: int, recipient_ids: Collection[int], by: User, now: datetime) -> PrintBatch:
    """Take letters out of a printing that is not posted, so that they can go another way; the file is made anew."""
    with saving(by=by):
        batch = _locked_batch(batch_id, by)
        _check_not_posted(batch)
        chosen = batch.recipients.select_for_update().filter(pk__in=set(recipient_ids))
        if not chosen or len(chosen) != len(set(recipient_ids)):
            raise RuleBroken("Choose letters of this printing.", field="recipients")
        batch.recipients.filter(pk__in=[one.pk for one in chosen]).update(batch=None)
        _begin_again(batch)
        return batch


def _still_to_post(batch: PrintBatch) -> list[tuple[DirectionNotice, int]]:
    """The letters of the printing that this posting gives, with their locked notices.

    Not those handed over meanwhile, nor those of a notice that was made void, was withdrawn or is no longer needed, nor
    those to a person for whom a restriction was recorded since.
    """
    pairs = list(batch.recipients.filter(channel="").order_by("notice_id", "pk").values_list("notice_id", "pk"))
    notices = {notice_id: locked(notice_id) for notice_id in dict(pairs)}
    hold_contacts([recipient_id for _, recipient_id in pairs])
    found = [(notices[notice_id], recipient_id) for notice_id, recipient_id in pairs]
    return [
        (notice, recipient_id)
        for notice, recipient_id in found
        if state_of(locked_recipient(notice, recipient_id)) in IN_PRINT
    ]


def record_posting(
    *, batch_id: int, posted_at: datetime, proof: str, by: User, now: datetime, proof_upload: Any = None
) -> PrintBatch:
    """Note that a whole printing was posted first class: each of its recipients is given the notice, or none.

    Each keeps an own day and verdict (P7.2); a notice becomes GIVEN with the last of its recipients. Letters handed
    over meanwhile, restricted ones and letters of notices that do not hold stay as they are: one of these that was
    posted all the same is recorded on its own (``record_given``). ``proof_upload``: the certificate of posting.
    """
    with saving(by=by):
        batch = _locked_batch(batch_id, by)
        _check_not_posted(batch)
        if batch.file_id is None:
            raise RuleBroken("The letters of this printing are not made yet, so they cannot have been posted.")
        check_moment(posted_at, after=batch.made_at, now=now, early="The letters were not made yet at that time.")
        if not proof.strip():
            raise RuleBroken("Say what proves it: who posted it where, the certificate of posting.", field="proof")
        going = _still_to_post(batch)
        if not going:
            raise RuleBroken(
                "No letter of this printing is left to be posted: each is given or restricted, or its notice does not "
                "hold.",
            )
        proof_file = (
            keep_upload(kind=FileKind.NOTICE_PROOF, upload=proof_upload, by=by, now=now, field="proof_upload")
            if proof_upload
            else None
        )
        touched: dict[int, DirectionNotice] = {}
        for notice, recipient_id in going:
            recipient = locked_recipient(notice, recipient_id)
            try:
                check_channel(
                    Channel.POST,
                    kind=recipient.kind,
                    email_consent=recipient.email_consent,
                    has_email=bool(recipient.email),
                    has_address=bool(recipient.address.strip()),
                )
                freeze_given(
                    recipient,
                    channel=Channel.POST,
                    sent_at=posted_at,
                    proof=proof,
                    proof_file=proof_file,
                    by=by,
                    now=now,
                )
            except RuleBroken as error:
                raise RuleBroken(f"A letter of notice {notice.pk}: {error.message}", help=error.help) from error
            touched[notice.pk] = notice
        for notice in touched.values():
            require(by, Permission.RECORD_SERVICE, home_id=school_id_of(notice))
            settle(notice, by, now)
        batch.posted_at, batch.posted_by = posted_at, by
        batch.save(update_fields=["posted_at", "posted_by"])
        return batch
