"""The life of a provider: every status and the one table of moves with who may make each."""

from django.db.models import TextChoices

from trust.lifecycle import Lifecycle
from trust.permissions import Permission


class Status(TextChoices):
    """Where a provider stands; only an approved one takes new placements."""

    PROSPECTIVE = "PROSPECTIVE", "Prospective"
    APPROVED = "APPROVED", "Approved"
    SUSPENDED = "SUSPENDED", "Suspended"
    CLOSED = "CLOSED", "Closed"


FIRST: dict[Status, Permission] = {Status.PROSPECTIVE: Permission.EDIT_PROVIDERS}

MOVES: dict[tuple[Status, Status], Permission] = {
    (Status.PROSPECTIVE, Status.APPROVED): Permission.APPROVE_PROVIDER,
    (Status.PROSPECTIVE, Status.CLOSED): Permission.APPROVE_PROVIDER,
    (Status.APPROVED, Status.SUSPENDED): Permission.APPROVE_PROVIDER,
    (Status.APPROVED, Status.CLOSED): Permission.APPROVE_PROVIDER,
    (Status.SUSPENDED, Status.APPROVED): Permission.APPROVE_PROVIDER,
    (Status.SUSPENDED, Status.CLOSED): Permission.APPROVE_PROVIDER,
}

PROVIDER = Lifecycle("A provider", Status, FIRST, MOVES)
LIFECYCLES = (PROVIDER,)


def check_move(old: str, new: str) -> Permission:
    """The permission that moving a provider from ``old`` to ``new`` asks; ``RuleBroken`` when there is no
    such move.
    """
    return PROVIDER.check_move(old, new)
