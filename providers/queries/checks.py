"""How the checks of a provider stand, and what its approval asks for. Only confirmed checks count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.conf import settings

from providers.codes import CheckKind, ProviderKind
from providers.models import Check, Provider, ServiceLevelAgreement
from providers.queries.standards import open_standards
from providers.rules import (
    ApprovalFacts,
    CheckHeld,
    CheckState,
    advised_for_approval,
    check_state,
    checks_needed,
    counts_until,
    missing_for_approval,
)
from trust.calendar import from_range


@dataclass(frozen=True)
class CheckLine:
    """One kind of check of a provider as it stands.

    ``check`` is the newest confirmed one (None: there is none), ``waiting`` those that nobody confirmed yet, newest
    first, ``earlier`` the confirmed ones before it.
    """

    kind: CheckKind
    needed: bool
    state: CheckState
    check: Check | None
    until: date | None
    waiting: tuple[Check, ...]
    earlier: tuple[Check, ...]


def newest_checks(provider_ids: Collection[int]) -> dict[int, dict[str, Check]]:
    """For each provider its newest confirmed check of each kind, in one query."""
    found: dict[int, dict[str, Check]] = {provider_id: {} for provider_id in provider_ids}
    checks = Check.objects.filter(provider_id__in=provider_ids, confirmed_by__isnull=False)
    for check in checks.select_related("recorded_by").order_by("provider_id", "kind", "done_on", "id"):
        found[check.provider_id][check.kind] = check
    return found


def held(check: Check) -> CheckHeld:
    """A check as the rules read it."""
    return CheckHeld(done_on=check.done_on, expires_on=check.expires_on, recorded_by=check.recorded_by_id)


def check_lines(provider: Provider, today: date) -> list[CheckLine]:
    """Every kind of check that the provider needs or has, with how it stands today, in one query."""
    rows = Check.objects.filter(provider=provider).select_related("recorded_by", "confirmed_by")
    by_kind: dict[str, list[Check]] = {}
    for check in rows.order_by("-done_on", "-id"):
        by_kind.setdefault(check.kind, []).append(check)
    needed = checks_needed(provider.kind)
    shown = {*needed, *by_kind}
    if provider.kind != ProviderKind.TRUST_SCHOOL:
        shown.add(CheckKind.DATA_SHARING)
    return [_line(kind, kind in needed, by_kind.get(kind, []), today) for kind in CheckKind if kind in shown]


def _line(kind: CheckKind, needed: bool, checks: list[Check], today: date) -> CheckLine:
    confirmed = [check for check in checks if check.confirmed_by_id is not None]
    newest = confirmed[0] if confirmed else None
    return CheckLine(
        kind=kind,
        needed=needed,
        state=check_state(kind, held(newest) if newest else None, today, soon=settings.EXPIRY_DAYS),
        check=newest,
        until=counts_until(kind, newest.done_on, newest.expires_on) if newest else None,
        waiting=tuple(check for check in checks if check.confirmed_by_id is None),
        earlier=tuple(confirmed[1:]),
    )


def approval_facts(provider: Provider, today: date) -> ApprovalFacts:
    """What the approval of this provider asks about."""
    agreements = list(ServiceLevelAgreement.objects.filter(provider=provider).order_by("-period"))
    newest = agreements[0] if agreements else None
    waiting = Check.objects.filter(provider=provider, confirmed_by__isnull=True).values_list("kind", flat=True)
    return ApprovalFacts(
        kind=provider.kind,
        on=today,
        sites=provider.sites.filter(closed_on__isnull=True).count(),
        programmes=provider.programmes.count(),
        agreements=[from_range(row.period) for row in agreements],
        checks={kind: held(check) for kind, check in newest_checks([provider.pk])[provider.pk].items()},
        unconfirmed=frozenset(waiting),
        roles=frozenset(provider.contacts.values_list("role", flat=True)),
        signed_file=newest is None or newest.signed_file_id is not None,
        code_of_conduct=newest is None or newest.code_of_conduct_on is not None,
        safeguarding_version=newest is None or newest.safeguarding_version != "",
        not_assessed=open_standards(provider, today),
    )


def approval_gaps(provider: Provider, today: date) -> tuple[str, ...]:
    """What the provider still lacks for approval, as phrases."""
    return missing_for_approval(approval_facts(provider, today))


@dataclass(frozen=True)
class ApprovalState:
    """What stands in the way of an approval, and what is advised beside it, both as phrases."""

    gaps: tuple[str, ...]
    advice: tuple[str, ...]


def approval_state(provider: Provider, today: date) -> ApprovalState:
    """What the provider lacks for approval and what is advised, from one look at the facts."""
    facts = approval_facts(provider, today)
    return ApprovalState(missing_for_approval(facts), advised_for_approval(facts))
