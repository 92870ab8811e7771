"""The lives of a placement and of a budget: every status and the one table of moves with who may make
each.
"""

from django.db.models import TextChoices

from trust.lifecycle import Lifecycle
from trust.permissions import Permission


class Status(TextChoices):
    """Where a placement stands; a status exists only where the set of allowed actions changes."""

    PROPOSED = "PROPOSED", "Proposed"
    RETURNED = "RETURNED", "Returned"
    APPROVED = "APPROVED", "Approved"
    ACTIVE = "ACTIVE", "Active"
    PAUSED = "PAUSED", "Paused for safety"
    ENDED = "ENDED", "Ended"
    COMPLETED = "COMPLETED", "Transferred"
    DECLINED = "DECLINED", "Declined"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    CANCELLED = "CANCELLED", "Cancelled before start"


# Who may begin a placement, and in which status it begins.
FIRST: dict[Status, Permission] = {Status.PROPOSED: Permission.PROPOSE_PLACEMENT}

# An end before the planned last day asks APPROVE_EARLY_END on top: ``rules.permission_to_end``.
MOVES: dict[tuple[Status, Status], Permission] = {
    (Status.PROPOSED, Status.APPROVED): Permission.APPROVE_PLACEMENT,
    (Status.PROPOSED, Status.RETURNED): Permission.APPROVE_PLACEMENT,
    (Status.PROPOSED, Status.DECLINED): Permission.APPROVE_PLACEMENT,
    (Status.PROPOSED, Status.WITHDRAWN): Permission.PROPOSE_PLACEMENT,
    (Status.RETURNED, Status.PROPOSED): Permission.PROPOSE_PLACEMENT,
    (Status.RETURNED, Status.WITHDRAWN): Permission.PROPOSE_PLACEMENT,
    (Status.APPROVED, Status.ACTIVE): Permission.START_PLACEMENT,
    (Status.APPROVED, Status.COMPLETED): Permission.START_PLACEMENT,
    (Status.APPROVED, Status.CANCELLED): Permission.APPROVE_EARLY_END,
    (Status.ACTIVE, Status.PAUSED): Permission.SUSPEND_PLACEMENT,
    (Status.ACTIVE, Status.ENDED): Permission.END_PLACEMENT,
    (Status.PAUSED, Status.ACTIVE): Permission.SUSPEND_PLACEMENT,
    (Status.PAUSED, Status.ENDED): Permission.END_PLACEMENT,
    # Ended by mistake, inside the approved period: with a reason, and the money is promised again.
    (Status.ENDED, Status.ACTIVE): Permission.APPROVE_EARLY_END,
}

# Statuses whose half-days count as taken in the student's week and whose places count as taken at the
# provider.
LIVE: frozenset[Status] = frozenset({Status.APPROVED, Status.ACTIVE, Status.PAUSED})


class BudgetStatus(TextChoices):
    """Where a school's budget for an academic year stands; money is committed only against an approved
    one.
    """

    PROPOSED = "PROPOSED", "Proposed"
    APPROVED = "APPROVED", "Approved"


BUDGET_FIRST: dict[BudgetStatus, Permission] = {BudgetStatus.PROPOSED: Permission.PROPOSE_BUDGET}

BUDGET_MOVES: dict[tuple[BudgetStatus, BudgetStatus], Permission] = {
    (BudgetStatus.PROPOSED, BudgetStatus.APPROVED): Permission.APPROVE_BUDGET,
}


class OfferStatus(TextChoices):
    """Where the asking for a place at one provider stands; an open offer holds the place until its day."""

    ASKED = "ASKED", "Place asked for"
    OFFERED = "OFFERED", "Place offered"
    REFUSED = "REFUSED", "Refused"
    TAKEN = "TAKEN", "Place taken"
    DROPPED = "DROPPED", "Not wanted any more"


OFFER_FIRST: dict[OfferStatus, Permission] = {OfferStatus.ASKED: Permission.PROPOSE_PLACEMENT}

OFFER_MOVES: dict[tuple[OfferStatus, OfferStatus], Permission] = {
    (OfferStatus.ASKED, OfferStatus.OFFERED): Permission.PROPOSE_PLACEMENT,
    (OfferStatus.ASKED, OfferStatus.REFUSED): Permission.PROPOSE_PLACEMENT,
    (OfferStatus.ASKED, OfferStatus.DROPPED): Permission.PROPOSE_PLACEMENT,
    (OfferStatus.OFFERED, OfferStatus.REFUSED): Permission.PROPOSE_PLACEMENT,
    (OfferStatus.OFFERED, OfferStatus.DROPPED): Permission.PROPOSE_PLACEMENT,
    # By the approval of the placement that stands on it.
    (OfferStatus.OFFERED, OfferStatus.TAKEN): Permission.APPROVE_PLACEMENT,
}


class InvoiceStatus(TextChoices):
    """Where an invoice stands; it is released for payment once, when every difference is settled."""

    RECORDED = "RECORDED", "Recorded"
    SETTLED = "SETTLED", "Settled, to be paid"
    PAID = "PAID", "Paid"
    REJECTED = "REJECTED", "Sent back to the provider"


INVOICE_FIRST: dict[InvoiceStatus, Permission] = {InvoiceStatus.RECORDED: Permission.RECORD_INVOICE}

INVOICE_MOVES: dict[tuple[InvoiceStatus, InvoiceStatus], Permission] = {
    (InvoiceStatus.RECORDED, InvoiceStatus.SETTLED): Permission.RECORD_INVOICE,
    (InvoiceStatus.RECORDED, InvoiceStatus.REJECTED): Permission.RECORD_INVOICE,
    (InvoiceStatus.SETTLED, InvoiceStatus.PAID): Permission.RECORD_INVOICE,
    (InvoiceStatus.SETTLED, InvoiceStatus.RECORDED): Permission.RECORD_INVOICE,
}

PLACEMENT = Lifecycle("A placement", Status, FIRST, MOVES)
BUDGET = Lifecycle("A budget", BudgetStatus, BUDGET_FIRST, BUDGET_MOVES)
OFFER = Lifecycle("An offer", OfferStatus, OFFER_FIRST, OFFER_MOVES)
INVOICE = Lifecycle("An invoice", InvoiceStatus, INVOICE_FIRST, INVOICE_MOVES)
LIFECYCLES = (PLACEMENT, BUDGET, OFFER, INVOICE)


def check_move(old: str, new: str) -> Permission:
    """The permission that moving a placement from ``old`` to ``new`` asks; ``RuleBroken`` when there is no
    such move.
    """
    return PLACEMENT.check_move(old, new)


def check_budget_move(old: str, new: str) -> Permission:
    """The permission that moving a budget from ``old`` to ``new`` asks; ``RuleBroken`` when there is no such
    move.
    """
    return BUDGET.check_move(old, new)
