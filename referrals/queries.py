"""Reads of ``referrals`` that more than one page needs."""

from dataclasses import dataclass
from typing import Any

from referrals.lifecycle import EDITABLE, REFERRAL, Status
from referrals.models import Referral, ReferralQuerySet
from referrals.rules import Missing, asks_year_reason, missing_sections
from trust.models import Student, User
from trust.permissions import Permission
from trust.queries import named


@dataclass(frozen=True)
class Before:
    """What a person should know before starting a referral of a student."""

    open_one: Referral | None
    earlier: tuple[Referral, ...]
    year_unusual: bool


def listed(user: User, name: str) -> ReferralQuerySet:
    """The referrals that a person may see whose student's name fits ``name``, newest first."""
    rows: ReferralQuerySet = Referral.objects.visible_to(user)
    return rows.filter(named(name, "student__sort_name")).select_related("student", "school", "written_by")


def before_start(user: User, student: Student) -> Before:
    """Open and earlier referrals of the student, and whether the year asks for a reason (P2.1)."""
    referrals = tuple(Referral.objects.visible_to(user).filter(student=student))
    finished = (Status.APPROVED, Status.DECLINED, Status.WITHDRAWN)
    return Before(
        open_one=next((row for row in referrals if row.status not in finished), None),
        earlier=tuple(row for row in referrals if row.status in finished),
        year_unusual=asks_year_reason(student.nc_year),
    )


def missing_of(referral: Referral) -> tuple[Missing, ...]:
    """What the referral lacks before it can be submitted, in the order of the form."""
    return missing_sections({field.name: getattr(referral, field.name) for field in Referral._meta.concrete_fields})


def actions_of(referral: Referral, user: User) -> frozenset[str]:
    """What this person may do with this referral now: 'edit', 'submit', 'decide', 'withdraw'.

    The same tables as the services ask: lifecycle and permissions; deciding an own one is left out.
    """
    may: set[str] = set()
    for new in REFERRAL.next_statuses(referral.status):
        if user.allows(REFERRAL.check_move(referral.status, new), home_id=referral.school_id):
            may.add({Status.SUBMITTED: "submit", Status.WITHDRAWN: "withdraw"}.get(new, "decide"))
    if Status(referral.status) in EDITABLE and user.allows(Permission.WRITE_REFERRAL, home_id=referral.school_id):
        may.add("edit")
    own = user.pk in (referral.written_by_id, referral.submitted_by_id)
    exclusion: dict[str, Any] = {"home_id": referral.school_id}
    if own or (
        referral.exclusion_alternative and not user.allows(Permission.DECIDE_EXCLUSION_ALTERNATIVE, **exclusion)
    ):
        may.discard("decide")
    return frozenset(may)
