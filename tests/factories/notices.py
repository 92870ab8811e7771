"""Direction notices in any status, reached by walking the real services."""

from datetime import datetime, timedelta
from typing import Any

from notices.codes import Channel
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.services import (
    authorise_notice,
    make_letters,
    prepare_notice,
    record_given,
    save_notice,
    void_notice,
)
from placements.models import PlacementPeriod
from tests.factories.placements import people_of

PROOF = "Handed over at reception and signed for."


def notice_at(status: str, period: PlacementPeriod, cast: Any, now: datetime, **changes: Any) -> DirectionNotice:
    """A notice of an approved period in ``status``; ``changes`` are particulars saved into the draft.

    Prepared by the pastoral SLT, authorised by the head of the student's school, handed over to everybody at ``now``.
    """
    writer, head = people_of(period.placement.student, cast)
    notice = prepare_notice(period_id=period.pk, by=writer, now=now)
    first = period.period.lower
    data = {
        "measurable_aim": "Attendance of at least 90% by the first review.",
        "first_review_on": notice.first_review_on or first + timedelta(days=28),
        **changes,
    }
    notice = save_notice(notice_id=notice.pk, data=data, version=notice.version, by=writer, now=now)
    if status == Status.DRAFT:
        return notice
    if status == Status.VOID:
        return void_notice(notice_id=notice.pk, reason="The start was moved.", by=writer, now=now)
    authorise_notice(notice_id=notice.pk, override_reason="", by=head, now=now)
    if status == Status.AUTHORISED:
        return DirectionNotice.objects.get(pk=notice.pk)
    make_letters(now=now)
    if status == Status.GIVEN:
        for recipient in notice.recipients.order_by("id"):
            record_given(recipient_id=recipient.pk, channel=Channel.HAND, sent_at=now, proof=PROOF, by=writer, now=now)
    return DirectionNotice.objects.get(pk=notice.pk)


def give_notice(period: PlacementPeriod, cast: Any, now: datetime) -> DirectionNotice:
    """The period's notice, prepared, authorised, made by the worker and handed over to everybody at ``now``."""
    return notice_at(Status.GIVEN, period, cast, now)
