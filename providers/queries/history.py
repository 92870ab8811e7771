"""What happened to a provider, read from the change history."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps

from providers.models import Provider
from trust.models import User


@dataclass(frozen=True)
class StatusChange:
    """One step in the life of a provider."""

    at: datetime
    status: str
    reason: str
    by: User | None


@dataclass(frozen=True)
class Correction:
    """One change of an agreement after it was recorded."""

    at: datetime
    reason: str
    by: User | None


def status_history(provider: Provider) -> list[StatusChange]:
    """Every change of status with its reason, newest first."""
    events = apps.get_model("providers", "ProviderEvent")
    fields = ("status", "status_reason", "status_at", "status_by_id", "pgh_created_at")
    rows = list(events.objects.filter(pgh_obj_id=provider.pk).order_by("pgh_id").values(*fields))
    people = {user.pk: user for user in User.objects.filter(pk__in={row["status_by_id"] for row in rows})}
    changes: list[StatusChange] = []
    before = None
    for row in rows:
        mark = (row["status"], row["status_at"])
        if mark != before:
            changes.append(
                StatusChange(
                    at=row["status_at"] or row["pgh_created_at"],
                    status=row["status"],
                    reason=row["status_reason"],
                    by=people.get(row["status_by_id"]),
                )
            )
        before = mark
    return changes[::-1]


def corrections(agreement_ids: Collection[int]) -> dict[int, list[Correction]]:
    """For each agreement its changes, newest first, in two queries."""
    events = apps.get_model("providers", "ServiceLevelAgreementEvent")
    changed = events.objects.filter(pgh_obj_id__in=agreement_ids, pgh_label="update").order_by("-pgh_id")
    rows = list(changed.values("pgh_obj_id", "pgh_created_at", "pgh_context"))
    contexts = [row["pgh_context"] or {} for row in rows]
    people = {
        user.pk: user for user in User.objects.filter(pk__in={one["user"] for one in contexts if one.get("user")})
    }
    found: dict[int, list[Correction]] = {agreement_id: [] for agreement_id in agreement_ids}
    for row, context in zip(rows, contexts, strict=True):
        found[row["pgh_obj_id"]].append(
            Correction(row["pgh_created_at"], context.get("reason", ""), people.get(context.get("user")))
        )
    return found
