"""A later first day: the notices that name the old one become void, and everybody is asked for the new one."""

from datetime import date, datetime
from typing import Any

from notices.codes import NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries import facts_of, suggested_values
from notices.services.drafting import make_void
from notices.services.flags import flag_notices
from placements.models import Placement
from placements.services import change_start
from trust.calendar import date_words
from trust.errors import RuleBroken
from trust.permissions import Permission
from trust.services import require, saving


def move_start(*, placement_id: int, first: date, reason: str, by: Any, now: datetime) -> Placement:
    """Move the first day of an approved placement to a later one; every notice that names the old day becomes void.

    One transaction. Whoever may start a placement may move its start. The notice is not judged wrong by this person,
    it no longer says what holds: so no permission to authorise is asked for making it void, and ``voided_by`` names who
    moved the start. A draft stays and follows the period. Its recipients must be given the new notice: the flag asks
    for it at once when it is due. Raises ``RuleBroken`` as ``placements.services.change_start`` does, and when the
    notice was withdrawn. Source: P7.2, P7.4.
    """
    why = reason.strip()
    with saving(by=by, reason=why):
        placement = Placement.objects.get(pk=placement_id)
        require(by, Permission.START_PLACEMENT, home_id=placement.school_id)
        if not why:
            raise RuleBroken("Give the reason for the later start.", field="reason")
        # Notices before the placement, in the order of every other door.
        notices = list(
            DirectionNotice.objects.in_force()
            .select_for_update(of=("self",))
            .filter(placement_period__placement_id=placement_id, placement_period__number=1)
            .select_related("placement_period__placement")
            .order_by("id")
        )
        if any(one.kind == NoticeKind.WITHDRAWAL and one.status != Status.DRAFT for one in notices):
            raise RuleBroken("The notice of this placement was withdrawn: make the withdrawal void first.")
        old = placement.periods.get(number=1).period.lower
        words = f"The start was moved from {date_words(old)} to {date_words(first)}: {why}"
        for notice in notices:
            # A change of what is void changes nothing.
            if notice.kind == NoticeKind.VARIATION or (
                notice.kind == NoticeKind.INITIAL and notice.status != Status.DRAFT
            ):
                make_void(notice, words, by, now, instead=Permission.START_PLACEMENT)
        placement = change_start(placement_id=placement_id, first=first, reason=why, by=by, now=now)
        for notice in notices:
            if notice.kind == NoticeKind.INITIAL and notice.status == Status.DRAFT:
                _follow(notice, first)
        flag_notices(now=now, among=[placement_id])
    return placement


def _follow(draft: DirectionNotice, first: date) -> None:
    """Let a draft name the new day, with the days counted anew and a review that is not before the start."""
    values = suggested_values(facts_of(draft.placement_period_id))
    draft.effective_on = first
    if not draft.days_reason:
        draft.days_required = values["days_required"]
    if draft.first_review_on is not None and draft.first_review_on < first:
        draft.first_review_on = values["first_review_on"]
    draft.version += 1
    draft.save()
