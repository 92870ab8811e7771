"""The life of a referral: every status and the one table of moves with who may make each."""

from django.db.models import TextChoices

from trust.lifecycle import Lifecycle
from trust.permissions import Permission


class Status(TextChoices):
    """Where a referral stands."""

    DRAFT = "DRAFT", "Draft"
    SUBMITTED = "SUBMITTED", "Submitted"
    RETURNED = "RETURNED", "Returned"
    APPROVED = "APPROVED", "Approved"
    DECLINED = "DECLINED", "Declined"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    VOID = "VOID", "Void"


FIRST: dict[Status, Permission] = {Status.DRAFT: Permission.WRITE_REFERRAL}

# A referral that is an alternative to permanent exclusion asks DECIDE_EXCLUSION_ALTERNATIVE on top of
# DECIDE_REFERRAL.
MOVES: dict[tuple[Status, Status], Permission] = {
    (Status.DRAFT, Status.SUBMITTED): Permission.WRITE_REFERRAL,
    (Status.DRAFT, Status.WITHDRAWN): Permission.WRITE_REFERRAL,
    (Status.SUBMITTED, Status.APPROVED): Permission.DECIDE_REFERRAL,
    (Status.SUBMITTED, Status.RETURNED): Permission.DECIDE_REFERRAL,
    (Status.SUBMITTED, Status.DECLINED): Permission.DECIDE_REFERRAL,
    (Status.SUBMITTED, Status.WITHDRAWN): Permission.WRITE_REFERRAL,
    (Status.RETURNED, Status.SUBMITTED): Permission.WRITE_REFERRAL,
    (Status.RETURNED, Status.WITHDRAWN): Permission.WRITE_REFERRAL,
    # Taken up again with a reason: what was written stays, the decision is asked anew.
    (Status.WITHDRAWN, Status.DRAFT): Permission.WRITE_REFERRAL,
    (Status.DECLINED, Status.DRAFT): Permission.WRITE_REFERRAL,
    # Opened by mistake (wrong student, written twice): it counts nowhere and stays readable.
    (Status.DRAFT, Status.VOID): Permission.WRITE_REFERRAL,
    (Status.WITHDRAWN, Status.VOID): Permission.DECIDE_REFERRAL,
    (Status.SUBMITTED, Status.VOID): Permission.DECIDE_REFERRAL,
    (Status.RETURNED, Status.VOID): Permission.DECIDE_REFERRAL,
    (Status.DECLINED, Status.VOID): Permission.DECIDE_REFERRAL,
    (Status.APPROVED, Status.VOID): Permission.DECIDE_REFERRAL,
}

# Statuses in which the writer may still change the words.
EDITABLE: frozenset[Status] = frozenset({Status.DRAFT, Status.RETURNED})
# Not over: a student has one such referral at most.
OPEN: frozenset[Status] = frozenset({*EDITABLE, Status.SUBMITTED})
# Statuses in which a fact is put right by an amendment, with its reason, instead of being written anew.
AMENDABLE: frozenset[Status] = frozenset({Status.SUBMITTED, Status.APPROVED, Status.DECLINED})

REFERRAL = Lifecycle("A referral", Status, FIRST, MOVES)
LIFECYCLES = (REFERRAL,)


def check_move(old: str, new: str) -> Permission:
    """The permission that moving a referral from ``old`` to ``new`` asks; ``RuleBroken`` when there is no
    such move.
    """
    return REFERRAL.check_move(old, new)
