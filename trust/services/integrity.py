"""One transaction, the database's refusals as sentences, the permission asked again, nobody overwritten."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.apps import apps
from django.db import IntegrityError, transaction

from trust.audit import because
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.permissions import Permission, who_can

# Refusals of triggers and of constraints without words of their own on the model.
_SENTENCES = {
    "status_follows_its_table": "This step does not follow from where the record stands: load the page again.",
    "referral_not_decided_by_author": "Nobody decides a referral that they wrote or submitted.",
    "slot_at_the_provider": "The site and the programme of a half-day belong to the provider of the placement.",
    "budget_not_below_promised": "The budget cannot be lower than what is promised from it already.",
    "budget_changed_by_change": "An approved budget is changed by a change that somebody else approved.",
    "invoice_settled_by_lines": "Settle every line first; their sum must be the net amount of the invoice.",
    "placement_start_needs_notice": "The placement cannot start before its direction notice was given.",
    "period_start_has_no_notice": "A notice names this first day: make it void first.",
    "placement_school_never_changes": "The school that commissioned a placement never changes.",
    "commitment_budget_approved": "There is no approved budget for this school year: have it approved first.",
    "commitment_never_overspends": "The budget does not cover this: only the chief executive may approve over budget.",
}


@cache
def _sentences() -> dict[str, str]:
    found = dict(_SENTENCES)
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.violation_error_message != constraint.default_violation_error_message:
                found[constraint.name] = str(constraint.violation_error_message)
    return found


def sentence_for(error: IntegrityError) -> str | None:
    """The sentence for the user behind a refusal of the database, None when it was not foreseen."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None)
    return _sentences().get(name) if name else None


@contextmanager
def saving(*, by: Any, reason: str = "", job: str = "") -> Iterator[None]:
    """One transaction of a service: all or nothing, with actor and reason in the history.

    A foreseen refusal of the database becomes ``RuleBroken`` with its sentence; an unforeseen one stays an error.
    """
    try:
        with because(by=by, reason=reason, job=job), transaction.atomic():
            yield
    except IntegrityError as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        raise RuleBroken(sentence) from error


def require(by: Any, permission: Permission, *, home_id: int | None, host_id: int | None = None) -> None:
    """Raise ``NotAllowed`` with who can, unless one membership of ``by`` gives the permission there."""
    if not by.allows(permission, home_id=home_id, host_id=host_id):
        raise NotAllowed(f"You cannot {permission.value} here. {who_can(permission)} can.")


def check_version(record: Any, version: int | None) -> None:
    """Raise ``StaleRecord`` when somebody saved the record since the form with ``version`` was opened.

    ``None`` means the caller shows no form (a job, a command) and holds the row's lock.
    """
    if version is not None and record.version != version:
        raise StaleRecord(
            "Somebody else changed this record after you opened it. Nothing of yours was saved or lost: "
            "compare it with the record as it stands now, then save again."
        )
