"""How and when each recipient was given the notice, and the verdict once all of them were."""

from datetime import datetime, time
from typing import Any

from notices.codes import Channel
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries import deadline_of, end_of_school_day, verdict_of
from notices.rules import check_channel, deemed_given_on
from notices.services.moves import check_needed, locked, move, school_id_of
from placements.services import record_notice_given
from trust.calendar import london_date
from trust.errors import RuleBroken
from trust.permissions import Permission
from trust.queries import calendar_of
from trust.services import clear_flags, require, saving


def _settle(notice: DirectionNotice, by: Any, now: datetime, *, instead: Permission | None = None) -> bool:
    """Make the notice GIVEN when everybody has it, in time or by override; True when it was."""
    deadline_on, outcome = verdict_of(notice, london_date(now))
    if outcome.waiting or (not outcome.in_time and not notice.override_reason):
        return False
    days = [one.deemed_given_on for one in notice.recipients.all() if one.deemed_given_on is not None]
    move(notice, Status.GIVEN, by, instead=instead)
    notice.deadline_on, notice.given_on, notice.in_time = deadline_on, max(days), outcome.in_time
    notice.version += 1
    notice.save()
    period = notice.placement_period
    record_notice_given(period_id=period.pk, given_on=notice.given_on, by=by, now=now)
    clear_flags(kind="notice_due", subject=f"placement:{period.placement_id}", period=str(period.period.lower), now=now)
    return True


def record_given(
    *, recipient_id: int, channel: str, sent_at: datetime, proof: str, by: Any, now: datetime
) -> NoticeRecipient:
    """Note how and when one recipient was given the notice; the last of them makes the notice GIVEN if in time.

    Given is not sent: ``deemed_given_on`` is the day the law counts (P7.2). A late notice stays ISSUED until a
    Headteacher or the chief executive overrides with a reason (``override_late``).
    """
    with saving(by=by):
        notice_id = NoticeRecipient.objects.values_list("notice_id", flat=True).get(pk=recipient_id)
        notice = locked(notice_id)
        require(by, Permission.RECORD_SERVICE, home_id=school_id_of(notice))
        check_needed(notice)
        if notice.status != Status.ISSUED:
            raise RuleBroken("How a notice was given is recorded once its letters are made, and only once.")
        recipient = NoticeRecipient.objects.select_for_update(of=("self",)).get(pk=recipient_id)
        if recipient.channel:
            raise RuleBroken("It is already recorded how this person was given the notice.")
        check_channel(
            channel,
            kind=recipient.kind,
            email_consent=recipient.email_consent,
            has_email=bool(recipient.email),
            has_address=bool(recipient.address.strip()),
        )
        if sent_at > now:
            raise RuleBroken("The time lies in the future.", field="sent_at")
        # Times are typed to the minute.
        if notice.authorised_at is None or sent_at < notice.authorised_at.replace(second=0, microsecond=0):
            raise RuleBroken("The notice was not authorised yet at that time.", field="sent_at")
        if not proof.strip():
            raise RuleBroken("Say what proves it: who handed it over, the certificate of posting.", field="proof")
        end = end_of_school_day(school_id_of(notice), london_date(sent_at))
        if end is None and channel == Channel.EMAIL:
            raise RuleBroken(
                "The school's session times are not entered, so it cannot be said when an e-mail counts.",
                field="channel",
                help="Ask the trust AP lead to enter them.",
            )
        calendar = calendar_of(school_id_of(notice))
        recipient.channel, recipient.sent_at, recipient.proof = channel, sent_at, proof.strip()
        recipient.deemed_given_on = deemed_given_on(channel, sent_at, end or time.max, calendar)
        recipient.recorded_by, recipient.recorded_at = by, now
        # Frozen as the calendar stands now: a closure entered later never makes it late.
        recipient.deadline_on = deadline_of(notice, london_date(now))
        recipient.in_time = recipient.deemed_given_on <= recipient.deadline_on
        recipient.save()
        _settle(notice, by, now)
        return recipient


def override_late(*, notice_id: int, reason: str, by: Any, now: datetime) -> DirectionNotice:
    """Let a late notice count as given, with a reason that the trustees' report counts.

    Raises ``RuleBroken`` without a reason, while somebody was not given it, or when it is not late. Source: P7.2.
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
        notice.override_reason, notice.override_by, notice.override_at = reason.strip(), by, now
        _settle(notice, by, now, instead=Permission.OVERRIDE)
        return notice
