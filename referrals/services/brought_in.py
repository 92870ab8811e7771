"""The referral behind a placement that ran before the system was in use."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from referrals.codes import ManagedMoveResult
from referrals.lifecycle import Status
from referrals.models import Referral
from referrals.queries import writers_of
from referrals.rules import check_not_author
from referrals.services._rows import keep, locked, move, note_writer
from trust.errors import RuleBroken
from trust.models import Student, User
from trust.permissions import Permission
from trust.services import require, saving


def bring_in_referral(*, student_id: int, data: Mapping[str, Any], words: str, by: User, now: datetime) -> Referral:
    """A referral with what is known of an earlier decision, waiting to be confirmed with its placement.

    ``data``: primary_reason, aims, needs, exclusion_alternative. ``words`` stand where a question was never asked.
    Refused while the student has an open referral. Source: domain page, 'Going live'.
    """
    with saving(by=by, reason="Referral brought in"):
        student = Student.objects.select_for_update(no_key=True).get(pk=student_id)
        require(by, Permission.PROPOSE_PLACEMENT, home_id=student.school_id)
        if Referral.objects.open().filter(student=student).exists():
            raise RuleBroken("This student already has an open referral.", help="Go on with that one.")
        referral = Referral.objects.create(
            student=student,
            school_id=student.school_id,
            nc_year=student.nc_year,
            nc_year_reason=words,
            primary_reason=data["primary_reason"],
            aims=data["aims"].strip(),
            needs=data.get("needs", "").strip(),
            exclusion_alternative=data["exclusion_alternative"],
            in_house_options=words,
            why_more_appropriate=words,
            managed_move=ManagedMoveResult.NOT_SUITABLE,
            managed_move_note=words,
            written_by=by,
            written_at=now,
        )
        move(referral, Status.SUBMITTED, by, instead=Permission.PROPOSE_PLACEMENT)
        referral.submitted_by, referral.submitted_at = by, now
        keep(referral, "status", "submitted_by", "submitted_at")
        note_writer(referral, by, now)
    return referral


def confirm_brought_in_referral(*, referral_id: int, reason: str, by: User, now: datetime) -> Referral:
    """Accept a brought-in referral together with its placement; by whoever approves placements, never its writer."""
    with saving(by=by, reason=reason):
        referral = locked(referral_id)
        if referral.status == Status.APPROVED:
            return referral
        move(referral, Status.APPROVED, by, instead=Permission.APPROVE_PLACEMENT)
        check_not_author(by.pk, writers_of(referral))
        referral.decided_by, referral.decided_at, referral.decision_reason = by, now, reason
        keep(referral, "status", "decided_by", "decided_at", "decision_reason")
    return referral


def close_brought_in_referral(*, referral_id: int, declined: bool, reason: str, by: User, now: datetime) -> Referral:
    """Decline a brought-in referral with its placement, or take it back; it waits for nobody any more.

    Nothing happens to one that was decided on its own meanwhile.
    """
    with saving(by=by, reason=reason):
        referral = locked(referral_id)
        if referral.status != Status.SUBMITTED:
            return referral
        if declined:
            move(referral, Status.DECLINED, by, instead=Permission.APPROVE_PLACEMENT)
            check_not_author(by.pk, writers_of(referral))
            referral.decided_by, referral.decided_at, referral.decision_reason = by, now, reason
            keep(referral, "status", "decided_by", "decided_at", "decision_reason")
        else:
            move(referral, Status.WITHDRAWN, by, instead=Permission.PROPOSE_PLACEMENT)
            referral.closing_reason = reason
            keep(referral, "status", "closing_reason")
    return referral
