"""Letters made by the worker: one PDF for each recipient, each exactly once."""

import logging
import time
from collections.abc import Collection
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded

from notices.documents import letter_pdf, translation_pdf
from notices.lifecycle import Status
from notices.models import NoticeRecipient
from notices.services.moves import locked, move
from trust.codes import FileKind
from trust.services import saving, store_file

logger = logging.getLogger(__name__)

# After so many seconds a run begins no further letter; the tick after it goes on.
SECONDS = 8.0
# After so many that could not be made a run goes on with the others in any order, so that those never wait.
FAILURES = 20


def _make_next(now: datetime, skip: Collection[int]) -> tuple[int | None, bool]:
    """Make the next letter in a transaction of its own: the recipient, or None when none waits; and the success.

    A crash after it keeps it, a crash during it leaves the recipient waiting. Two workers never meet: the notice is
    locked meanwhile, and a locked one is passed over. The longest waiting first; in any order once many of ``skip``
    could not be made.
    """
    recipient_id: int | None = None
    try:
        with saving(by=None, job="make_letters"):
            recipient = (
                NoticeRecipient.objects.select_for_update(skip_locked=True, of=("self", "notice"))
                .select_related("notice")
                .filter(notice__status=Status.AUTHORISED, letter__isnull=True)
                .exclude(pk__in=skip)
                .order_by(*(["?"] if len(skip) >= FAILURES else ["notice__authorised_at", "id"]))
                .first()
            )
            if recipient is None:
                return None, False
            recipient_id = recipient.pk
            notice = locked(recipient.notice_id)
            content = letter_pdf(notice.frozen or {}, recipient)
            recipient.letter = store_file(
                kind=FileKind.NOTICE, content=content, content_type="application/pdf", by=notice.authorised_by, now=now
            )
            translation = translation_pdf(notice.frozen or {}, recipient)
            if translation is not None:
                recipient.translation = store_file(
                    kind=FileKind.NOTICE_TRANSLATION,
                    content=translation,
                    content_type="application/pdf",
                    by=notice.authorised_by,
                    now=now,
                )
            recipient.made_at = now
            recipient.save()
            if not notice.recipients.filter(letter__isnull=True).exists():
                move(notice, Status.ISSUED, None)
                notice.issued_at = now
                notice.version += 1
                notice.save()
        return recipient_id, True
    except SoftTimeLimitExceeded:
        # Nothing is wrong with this letter: the task has had its time.
        raise
    except Exception:
        if recipient_id is None:
            raise
        # One letter that cannot be made must not hold up the others; the notice stays visibly 'authorised'.
        logger.exception("The letter of notice recipient %s could not be made", recipient_id)
        return recipient_id, False


def make_letters(*, now: datetime, limit: int = 20) -> int:
    """Make up to ``limit`` letters that wait, and issue each notice whose letters are all there; how many were made.

    Ends after eight seconds too. Those that cannot be made do not count: they never keep the others waiting.
    """
    began = time.monotonic()
    made = 0
    failed: list[int] = []
    while made < limit and time.monotonic() - began < SECONDS:
        recipient_id, done = _make_next(now, failed)
        if recipient_id is None:
            break
        if done:
            made += 1
        else:
            failed.append(recipient_id)
    return made
