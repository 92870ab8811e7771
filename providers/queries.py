"""Reads of ``providers`` that join for more than one caller."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.apps import apps

from providers.codes import CheckKind
from providers.models import Check, Provider, ServiceLevelAgreement
from providers.rules import (
    ApprovalFacts,
    CheckHeld,
    CheckState,
    check_state,
    checks_needed,
    counts_until,
    missing_for_approval,
)
from trust.calendar import from_range
from trust.models import User


@dataclass(frozen=True)
class CheckLine:
    """One kind of check of a provider as it stands; ``check`` None when none was recorded."""

    kind: CheckKind
    needed: bool
    state: CheckState
    check: Check | None
    until: date | None


@dataclass(frozen=True)
class Expiring:
    """A check or an agreement of an approved provider that has ended or ends soon."""

    provider: Provider
    what: str
    last: date
    is_over: bool


@dataclass(frozen=True)
class StatusChange:
    """One step in the life of a provider."""

    at: datetime
    status: str
    reason: str
    by: User | None


def newest_checks(provider_ids: Collection[int]) -> dict[int, dict[str, Check]]:
    """For each provider its newest check of each kind, in one query."""
    found: dict[int, dict[str, Check]] = {provider_id: {} for provider_id in provider_ids}
    checks = Check.objects.filter(provider_id__in=provider_ids).select_related("recorded_by")
    for check in checks.order_by("provider_id", "kind", "done_on", "id"):
        found[check.provider_id][check.kind] = check
    return found


def held(check: Check) -> CheckHeld:
    """A check as the rules read it."""
    return CheckHeld(done_on=check.done_on, expires_on=check.expires_on, recorded_by=check.recorded_by_id)


def check_lines(provider: Provider, today: date) -> list[CheckLine]:
    """Every kind of check that the provider needs or has, with how it stands today."""
    newest = newest_checks([provider.pk])[provider.pk]
    needed = checks_needed(provider.kind)
    lines = []
    for kind in CheckKind:
        check = newest.get(kind)
        if kind not in needed and check is None:
            continue
        lines.append(
            CheckLine(
                kind=kind,
                needed=kind in needed,
                state=check_state(kind, held(check) if check else None, today),
                check=check,
                until=counts_until(kind, check.done_on, check.expires_on) if check else None,
            )
        )
    return lines


def approval_facts(provider: Provider, today: date) -> ApprovalFacts:
    """What the approval of this provider asks about."""
    return ApprovalFacts(
        kind=provider.kind,
        on=today,
        sites=provider.sites.count(),
        programmes=provider.programmes.count(),
        agreements=[from_range(row.period) for row in ServiceLevelAgreement.objects.filter(provider=provider)],
        checks={kind: held(check) for kind, check in newest_checks([provider.pk])[provider.pk].items()},
    )


def approval_gaps(provider: Provider, today: date) -> tuple[str, ...]:
    """What the provider still lacks for approval, as phrases."""
    return missing_for_approval(approval_facts(provider, today))


def provider_alerts(providers: Iterable[Provider], today: date, days: int = 30) -> dict[int, list[Expiring]]:
    """For each provider the checks and agreements that ended or end within ``days``, earliest first, in two queries.

    An agreement that another one follows is not listed, nor a check that the provider's kind does not need.
    """
    providers = list(providers)
    soon = today + timedelta(days=days)
    checks = newest_checks([provider.pk for provider in providers])
    last_days: dict[int, date] = {}
    for row in ServiceLevelAgreement.objects.filter(provider__in=providers):
        last = from_range(row.period)[1]
        last_days[row.provider_id] = max(last, last_days.get(row.provider_id, last))
    alerts = {}
    for provider in providers:
        found = []
        for kind in checks_needed(provider.kind):
            check = checks[provider.pk].get(kind)
            until = counts_until(kind, check.done_on, check.expires_on) if check else None
            if until is not None and until <= soon:
                found.append(Expiring(provider, str(kind.label), until, until < today))
        ends = last_days.get(provider.pk)
        if ends is not None and ends <= soon:
            found.append(Expiring(provider, "Service level agreement", ends, ends < today))
        alerts[provider.pk] = sorted(found, key=lambda row: (row.last, row.what))
    return alerts


def expiring(today: date, days: int = 30) -> list[Expiring]:
    """What ended or ends within ``days`` at the approved providers, earliest first."""
    alerts = provider_alerts(Provider.objects.approved().order_by("name"), today, days)
    return sorted((row for rows in alerts.values() for row in rows), key=lambda row: (row.last, row.provider.name))


def status_history(provider: Provider) -> list[StatusChange]:
    """Every change of status with its reason, newest first, from the change history."""
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
