"""The doors of ``referrals``: write, submit, decide and withdraw."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from referrals.codes import Reason
from referrals.lifecycle import EDITABLE, Status, check_move
from referrals.models import Referral, ReferralReason
from referrals.rules import check_not_author, check_reason_given, check_whole
from trust.errors import RuleBroken
from trust.models import Student, User
from trust.permissions import Permission
from trust.services import check_version, require, saving

# What the writer fills in; everything else on a referral is set by a door.
WRITABLE = (
    "nc_year_reason",
    "primary_reason",
    "narrative",
    "in_house_options",
    "why_more_appropriate",
    "managed_move",
    "managed_move_note",
    "exclusion_alternative",
    "aims",
    "interests",
    "needs",
    "family_invited_on",
    "family_invited_again_on",
    "family_met_on",
    "explained_by",
    "explained_to",
    "family_said",
    "attendance_agreed_on",
)


def start_referral(*, student_id: int, data: Mapping[str, Any], by: User, now: datetime) -> Referral:
    """Begin a referral of a student of the own school as a draft; ``data`` may hold any of the writable fields.

    ``data["reasons"]`` are further reasons beside the primary one. Refused while the student has an open referral.
    """
    with saving(by=by, reason="Referral started"):
        student = Student.objects.select_for_update(no_key=True).get(pk=student_id)
        require(by, Permission.WRITE_REFERRAL, home_id=student.school_id)
        if Referral.objects.open().filter(student=student).exists():
            raise RuleBroken("This student already has an open referral.")
        referral = Referral(
            student=student, school_id=student.school_id, nc_year=student.nc_year, written_by=by, written_at=now
        )
        _fill(referral, data)
        referral.save()
        _set_reasons(referral, data.get("reasons", ()))
    return referral


def save_referral(
    *,
    referral_id: int,
    data: Mapping[str, Any],
    reasons: Collection[str] | None,
    version: int | None,
    by: User,
    now: datetime,
) -> Referral:
    """Keep what is written so far; parts may be empty. Only a draft or a returned referral is written on.

    ``reasons`` None leaves the further reasons as they are. ``StaleRecord`` when somebody saved since ``version``.
    """
    with saving(by=by, reason="Referral saved"):
        referral = _locked(referral_id)
        require(by, Permission.WRITE_REFERRAL, home_id=referral.school_id)
        _check_editable(referral)
        check_version(referral, version)
        _fill(referral, data)
        referral.version += 1
        referral.save()
        if reasons is not None:
            _set_reasons(referral, reasons)
    return referral


def submit_referral(*, referral_id: int, by: User, now: datetime) -> Referral:
    """Hand a complete referral to whoever decides it; ``RuleBroken`` names what is missing (P1.1)."""
    with saving(by=by, reason="Referral submitted"):
        referral = _locked(referral_id)
        _move(referral, Status.SUBMITTED, by)
        check_whole({name: getattr(referral, name) for name in ("nc_year", *WRITABLE)})
        referral.submitted_by, referral.submitted_at = by, now
        # What was said when it was returned stays in the history; now it waits for a new decision.
        referral.decided_by, referral.decided_at, referral.decision_reason = None, None, ""
        referral.version += 1
        referral.save()
    return referral


def decide_referral(*, referral_id: int, decision: str, reason: str, by: User, now: datetime) -> Referral:
    """Approve, return or decline a submitted referral: ``decision`` is 'APPROVED', 'RETURNED' or 'DECLINED'.

    Never one's own; returning and declining need a reason; an alternative to permanent exclusion is decided by a
    headteacher or the chief executive only (P5.2, P7.1).
    """
    if decision not in (Status.APPROVED, Status.RETURNED, Status.DECLINED):
        raise RuleBroken("Choose to approve, return or decline.", field="decision")
    with saving(by=by, reason=reason):
        referral = _locked(referral_id)
        _move(referral, decision, by)
        if referral.exclusion_alternative:
            require(by, Permission.DECIDE_EXCLUSION_ALTERNATIVE, home_id=referral.school_id)
        check_not_author(by.pk, (referral.written_by_id, referral.submitted_by_id))
        if decision != Status.APPROVED:
            check_reason_given(reason, "returning it" if decision == Status.RETURNED else "declining it")
        referral.decided_by, referral.decided_at, referral.decision_reason = by, now, reason.strip()
        referral.version += 1
        referral.save()
    return referral


def withdraw_referral(*, referral_id: int, reason: str, by: User, now: datetime) -> Referral:
    """Take back a referral that is not decided; the reason stays in the history."""
    check_reason_given(reason, "withdrawing it")
    with saving(by=by, reason=reason):
        referral = _locked(referral_id)
        _move(referral, Status.WITHDRAWN, by)
        referral.version += 1
        referral.save()
    return referral


def _locked(referral_id: int) -> Referral:
    referral: Referral = Referral.objects.select_for_update().get(pk=referral_id)
    return referral


def _move(referral: Referral, new: str, by: User) -> None:
    """The only writer of ``status``."""
    require(by, check_move(referral.status, new), home_id=referral.school_id)
    referral.status = Status(new)


def _check_editable(referral: Referral) -> None:
    if Status(referral.status) not in EDITABLE:
        raise RuleBroken(
            f"This referral is {Status(referral.status).label.lower()} and is no longer written on.",
            help="Whoever decides it can return it for changes.",
        )


def _fill(referral: Referral, data: Mapping[str, Any]) -> None:
    for name in WRITABLE:
        if name in data:
            setattr(referral, name, data[name])


def _set_reasons(referral: Referral, reasons: Collection[str]) -> None:
    """The further reasons, each once and without the primary one."""
    wanted = [Reason(reason) for reason in dict.fromkeys(reasons) if reason != referral.primary_reason]
    kept = set()
    for row in referral.reasons.all():
        if row.reason in wanted:
            kept.add(row.reason)
        else:
            row.delete()
    ReferralReason.objects.bulk_create(
        ReferralReason(referral=referral, reason=reason) for reason in wanted if reason not in kept
    )
