"""The life of a direction notice: every status and the one table of moves with who may make each."""

from django.db.models import TextChoices

from trust.lifecycle import Lifecycle
from trust.permissions import Permission


class Status(TextChoices):
    """Where a notice stands; from ISSUED on its particulars and PDF are frozen (P7.4: chained, never
    edited).
    """

    DRAFT = "DRAFT", "Draft"
    AUTHORISED = "AUTHORISED", "Authorised"
    ISSUED = "ISSUED", "Issued"
    GIVEN = "GIVEN", "Given"
    VOID = "VOID", "Void"


FIRST: dict[Status, Permission] = {Status.DRAFT: Permission.PREPARE_NOTICE}

# AUTHORISED to ISSUED is made by the worker on behalf of the person who authorised, once the PDF is stored.
MOVES: dict[tuple[Status, Status], Permission] = {
    (Status.DRAFT, Status.AUTHORISED): Permission.AUTHORISE_NOTICE,
    (Status.DRAFT, Status.VOID): Permission.PREPARE_NOTICE,
    (Status.AUTHORISED, Status.ISSUED): Permission.AUTHORISE_NOTICE,
    (Status.AUTHORISED, Status.VOID): Permission.AUTHORISE_NOTICE,
    (Status.ISSUED, Status.GIVEN): Permission.RECORD_SERVICE,
    (Status.ISSUED, Status.VOID): Permission.AUTHORISE_NOTICE,
    (Status.GIVEN, Status.VOID): Permission.AUTHORISE_NOTICE,
}

# Statuses in which the letter can no longer change.
FROZEN: frozenset[Status] = frozenset({Status.ISSUED, Status.GIVEN, Status.VOID})

NOTICE = Lifecycle("A direction notice", Status, FIRST, MOVES)


class TemplateStatus(TextChoices):
    """Where a version of a letter's wording stands; one is in force for each route, kind and language."""

    DRAFT = "DRAFT", "Draft"
    IN_FORCE = "IN_FORCE", "In force"
    RETIRED = "RETIRED", "Retired"
    DROPPED = "DROPPED", "Dropped"


TEMPLATE_FIRST: dict[TemplateStatus, Permission] = {TemplateStatus.DRAFT: Permission.EDIT_TEMPLATES}
TEMPLATE_MOVES: dict[tuple[TemplateStatus, TemplateStatus], Permission] = {
    (TemplateStatus.DRAFT, TemplateStatus.IN_FORCE): Permission.EDIT_TEMPLATES,
    (TemplateStatus.DRAFT, TemplateStatus.DROPPED): Permission.EDIT_TEMPLATES,
    (TemplateStatus.IN_FORCE, TemplateStatus.RETIRED): Permission.EDIT_TEMPLATES,
}
TEMPLATE = Lifecycle("A template", TemplateStatus, TEMPLATE_FIRST, TEMPLATE_MOVES)
LIFECYCLES = (NOTICE, TEMPLATE)


def check_move(old: str, new: str) -> Permission:
    """The permission that moving a notice from ``old`` to ``new`` asks; ``RuleBroken`` when there is no such
    move.
    """
    return NOTICE.check_move(old, new)
