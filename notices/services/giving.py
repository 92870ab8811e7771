"""How and when each recipient was given the notice, and the verdict once all of them were."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from notices.codes import DEADLINE_KINDS, FULL_KINDS
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries import state_of, verdict_of
from notices.queries.service import counts_as
from notices.rules import check_channel, check_recordable
from notices.services.moves import check_needed, clear_job, locked, move, school_id_of
from placements.services import record_notice_given
from trust.calendar import london_date
from trust.codes import FileKind
from trust.errors import RuleBroken
from trust.models import ContactLink, StoredFile
from trust.permissions import Permission
from trust.services import keep_upload, require, saving


def hold_contacts(recipient_ids: Collection[int]) -> None:
    """Lock what the student's record says about these recipients: no restriction slips in before the caller is done.

    All in one order, before ``locked_recipient`` reads them.
    """
    links = NoticeRecipient.objects.filter(pk__in=recipient_ids, contact_link__isnull=False).values("contact_link")
    list(ContactLink.objects.select_for_update(no_key=True).filter(pk__in=links).order_by("pk").values_list("pk"))


def locked_recipient(notice: DirectionNotice, recipient_id: int) -> NoticeRecipient:
    """A recipient of the locked notice under lock, with its contact, e-mail and printing as they stand now."""
    NoticeRecipient.objects.select_for_update().get(pk=recipient_id, notice=notice)
    # Read after the lock: whoever held it may have changed the e-mail too.
    recipient: NoticeRecipient = NoticeRecipient.objects.select_related("mail", "batch", "contact_link").get(
        pk=recipient_id
    )
    recipient.notice = notice
    return recipient


def settle(notice: DirectionNotice, by: Any, now: datetime, *, instead: Permission | None = None) -> bool:
    """Make the notice GIVEN when everybody has it, in time or by override; True when it was.

    A kind without a deadline of law is given once everybody has it. ``by`` None is the worker, which finishes what a
    person was allowed to ask for. The caller holds the lock of the notice.
    """
    deadline_on, outcome = verdict_of(notice, london_date(now))
    blocked = notice.kind in DEADLINE_KINDS and not outcome.in_time and not notice.override_reason
    if outcome.waiting or blocked:
        return False
    days = [one.deemed_given_on for one in notice.recipients.all() if one.deemed_given_on is not None]
    if not days:
        return False
    move(notice, Status.GIVEN, by, instead=instead)
    notice.deadline_on, notice.given_on, notice.in_time = deadline_on, max(days), outcome.in_time
    notice.version += 1
    notice.save()
    if notice.kind in FULL_KINDS:
        record_notice_given(period_id=notice.placement_period_id, given_on=notice.given_on, by=by, now=now)
    clear_job(notice, now)
    return True


def freeze_given(
    recipient: NoticeRecipient,
    *,
    channel: str,
    sent_at: datetime,
    proof: str,
    by: Any,
    now: datetime,
    proof_file: StoredFile | None = None,
) -> None:
    """Write down how one recipient was given the notice, with the verdict as the calendar stands now.

    ``deemed_given_on`` is the day the law counts (P7.2), by the thresholds of the day of giving, however much later it
    is recorded. The caller holds the locks and has asked what is to be asked. Raises ``RuleBroken`` when the calendar
    is not loaded or, for e-mail, the session times are not entered.
    """
    # Frozen as the calendar stands now: a closure entered later never makes it late.
    given_on, deadline_on = counts_as(recipient.notice, channel, sent_at)
    recipient.channel, recipient.sent_at, recipient.proof = channel, sent_at, proof.strip()[:240]
    recipient.proof_file = proof_file
    recipient.deemed_given_on, recipient.deadline_on, recipient.in_time = given_on, deadline_on, given_on <= deadline_on
    recipient.recorded_by, recipient.recorded_at = by, now
    recipient.save()


def check_moment(sent_at: datetime, *, after: datetime | None, now: datetime, early: str) -> None:
    """The time of giving lies between ``after`` and ``now``, to the minute; ``early`` is the sentence if before."""
    if sent_at > now:
        raise RuleBroken("The time lies in the future.", field="sent_at")
    # Times are typed to the minute.
    if after is None or sent_at < after.replace(second=0, microsecond=0):
        raise RuleBroken(early, field="sent_at")


def record_given(
    *,
    recipient_id: int,
    channel: str,
    sent_at: datetime,
    proof: str,
    by: Any,
    now: datetime,
    proof_upload: Any = None,
) -> NoticeRecipient:
    """Note how and when one recipient was given the notice; the last of them makes the notice GIVEN if in time.

    Given is not sent: ``deemed_given_on`` is the day the law counts (P7.2). A late notice stays ISSUED until a
    Headteacher or the chief executive overrides with a reason (``override_late``). ``proof_upload`` is an uploaded
    file beside the words. Refused while an e-mail of ours is under way or unknown; not because of a restriction
    recorded since: a letter that was handed over was handed over.
    """
    with saving(by=by):
        notice_id = NoticeRecipient.objects.values_list("notice_id", flat=True).get(pk=recipient_id)
        notice = locked(notice_id)
        require(by, Permission.RECORD_SERVICE, home_id=school_id_of(notice))
        check_needed(notice)
        if notice.status != Status.ISSUED:
            raise RuleBroken("How a notice was given is recorded once its letters are made, and only once.")
        recipient = locked_recipient(notice, recipient_id)
        check_recordable(state_of(recipient))
        check_channel(
            channel,
            kind=recipient.kind,
            email_consent=recipient.email_consent,
            has_email=bool(recipient.email),
            has_address=bool(recipient.address.strip()),
        )
        check_moment(
            sent_at, after=notice.authorised_at, now=now, early="The notice was not authorised yet at that time."
        )
        if not proof.strip():
            raise RuleBroken("Say what proves it: who handed it over, the certificate of posting.", field="proof")
        proof_file = (
            keep_upload(kind=FileKind.NOTICE_PROOF, upload=proof_upload, by=by, now=now, field="proof_upload")
            if proof_upload
            else None
        )
        freeze_given(recipient, channel=channel, sent_at=sent_at, proof=proof, proof_file=proof_file, by=by, now=now)
        settle(notice, by, now)
        return recipient


def keep_agreement(upload: Any, by: Any, now: datetime) -> StoredFile | None:
    """The parent's written agreement to an earlier start as a file, None when none was sent. Source: P7.2."""
    if not upload:
        return None
    return keep_upload(kind=FileKind.PARENT_AGREEMENT, upload=upload, by=by, now=now, field="agreement")


def override_late(*, notice_id: int, reason: str, by: Any, now: datetime, agreement: Any = None) -> DirectionNotice:
    """Let a late notice count as given, with a reason that the trustees' report counts.

    ``agreement`` is the parent's written agreement to the earlier start, an uploaded file. Raises ``RuleBroken``
    without a reason, while somebody was not given it, or when it is not late. Source: P7.2.
    """
    with saving(by=by, reason=reason):
        notice = locked(notice_id)
        require(by, Permission.OVERRIDE, home_id=school_id_of(notice))
        if not reason.strip():
            raise RuleBroken("Say why the late notice shall count.", field="reason")
        check_needed(notice)
        if notice.status != Status.ISSUED:
            raise RuleBroken("Only an issued notice that was given late can be overridden.")
        _, outcome = verdict_of(notice, london_date(now))
        if outcome.waiting:
            raise RuleBroken("Record first how everybody was given the notice.")
        if outcome.in_time:
            raise RuleBroken("This notice was given in time: there is nothing to override.")
        kept = keep_agreement(agreement, by, now)
        notice.parent_agreement = kept or notice.parent_agreement
        notice.override_reason, notice.override_by, notice.override_at = reason.strip(), by, now
        settle(notice, by, now, instead=Permission.OVERRIDE)
        return notice
