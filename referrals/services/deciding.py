"""Decide a referral, take it back, take it up again, make it void."""

from datetime import datetime

from referrals.lifecycle import Status
from referrals.models import Referral
from referrals.queries import OPEN_OFFER, UNFINISHED_PLACEMENT, writers_of
from referrals.rules import check_may_open_again, check_not_author, check_nothing_hangs_on_it, check_reason_given
from referrals.services._rows import keep, locked, move
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, require, saving


def decide_referral(
    *, referral_id: int, decision: str, reason: str, by: User, now: datetime, version: int | None = None
) -> Referral:
    """Approve, return or decline a submitted referral: ``decision`` is 'APPROVED', 'RETURNED' or 'DECLINED'.

    Never by anybody who wrote on it; returning and declining need a reason; an alternative to permanent exclusion is
    decided by a headteacher or the chief executive only (P5.2, P7.1). ``StaleRecord`` when a fact was amended since
    ``version``.
    """
    if decision not in (Status.APPROVED, Status.RETURNED, Status.DECLINED):
        raise RuleBroken("Choose to approve, return or decline.", field="decision")
    with saving(by=by, reason=reason):
        referral = locked(referral_id)
        move(referral, decision, by)
        if referral.exclusion_alternative:
            require(by, Permission.DECIDE_EXCLUSION_ALTERNATIVE, home_id=referral.school_id)
        check_not_author(by.pk, writers_of(referral))
        check_version(referral, version)
        if decision != Status.APPROVED:
            check_reason_given(reason, "returning it" if decision == Status.RETURNED else "declining it")
        referral.decided_by, referral.decided_at, referral.decision_reason = by, now, reason.strip()
        keep(referral, "status", "decided_by", "decided_at", "decision_reason")
    return referral


def withdraw_referral(*, referral_id: int, reason: str, by: User, now: datetime) -> Referral:
    """Take back a referral that is not decided; the reason stays with it."""
    check_reason_given(reason, "withdrawing it")
    return _close(referral_id, Status.WITHDRAWN, reason, by)


def reopen_referral(*, referral_id: int, reason: str, by: User, now: datetime) -> Referral:
    """Take up a withdrawn or declined referral again as a draft: what was written stays, the decision is asked anew.

    Refused while the student has another open referral or has changed school.
    """
    check_reason_given(reason, "taking it up again")
    with saving(by=by, reason=reason):
        referral = locked(referral_id)
        move(referral, Status.DRAFT, by)
        check_may_open_again(
            same_school=referral.student.school_id == referral.school_id,
            other_open=Referral.objects.open().filter(student_id=referral.student_id).exists(),
        )
        referral.closing_reason = reason.strip()
        keep(referral, "status", "closing_reason")
    return referral


def void_referral(*, referral_id: int, reason: str, by: User, now: datetime) -> Referral:
    """Make a referral void that was opened by mistake: it counts nowhere and stays readable.

    Refused while a placement under it is proposed or live, or a place is asked for.
    """
    check_reason_given(reason, "making it void")
    return _close(referral_id, Status.VOID, reason, by)


def _close(referral_id: int, new: Status, reason: str, by: User) -> Referral:
    with saving(by=by, reason=reason):
        referral = locked(referral_id)
        move(referral, new, by)
        check_nothing_hangs_on_it(
            placements=referral.placements.filter(status__in=UNFINISHED_PLACEMENT).count(),
            offers=referral.offers.filter(status__in=OPEN_OFFER).count(),
        )
        referral.closing_reason = reason.strip()
        keep(referral, "status", "closing_reason")
    return referral
