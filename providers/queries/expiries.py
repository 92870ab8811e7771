"""What of a provider has ended or ends soon: the source of the list's marks and of the flags."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Min

from providers.codes import CheckKind
from providers.models import Provider, ServiceLevelAgreement, StandardResult
from providers.queries.checks import newest_checks
from providers.queries.standards import version_in_force
from providers.rules import checks_needed, counts_until
from trust.calendar import from_range

AGREEMENT = "AGREEMENT"
STANDARDS = "STANDARDS"


@dataclass(frozen=True)
class Expiring:
    """A check, a standard or an agreement that has ended or ends soon; ``last`` is its last day.

    ``code`` is the kind of check, ``AGREEMENT`` or ``STANDARDS``.
    """

    provider: Provider
    what: str
    last: date
    is_over: bool
    code: str = ""


def provider_alerts(providers: Iterable[Provider], today: date, days: int | None = None) -> dict[int, list[Expiring]]:
    """For each provider what ended or ends within ``days`` (setting EXPIRY_DAYS), earliest first, in three queries.

    Confirmed checks that the provider's kind needs, its data sharing agreement, the quality results of the version in
    force (one line, by the earliest last day), and the agreement unless another one follows it. P3.9, P3.12.
    """
    providers = list(providers)
    soon = today + timedelta(days=settings.EXPIRY_DAYS if days is None else days)
    checks = newest_checks([provider.pk for provider in providers])
    last_days: dict[int, date] = {}
    for row in ServiceLevelAgreement.objects.filter(provider__in=providers):
        last = from_range(row.period)[1]
        last_days[row.provider_id] = max(last, last_days.get(row.provider_id, last))
    results = StandardResult.objects.filter(
        provider__in=providers, standard__standards_version__in=version_in_force(today), expires_on__isnull=False
    )
    standards = dict(results.order_by().values_list("provider_id").annotate(Min("expires_on")))
    alerts = {}
    for provider in providers:
        ends: list[tuple[str, str, date | None]] = []
        for kind in (*checks_needed(provider.kind), CheckKind.DATA_SHARING):
            check = checks[provider.pk].get(kind)
            until = counts_until(kind, check.done_on, check.expires_on) if check else None
            ends.append((kind, str(kind.label), until))
        ends.append((AGREEMENT, "Service level agreement", last_days.get(provider.pk)))
        ends.append((STANDARDS, "Quality standards", standards.get(provider.pk)))
        found = [
            Expiring(provider, what, until, until < today, code)
            for code, what, until in ends
            if until is not None and until <= soon
        ]
        alerts[provider.pk] = sorted(found, key=lambda row: (row.last, row.what))
    return alerts


def expiring(today: date, days: int | None = None) -> list[Expiring]:
    """What ended or ends within ``days`` (setting EXPIRY_DAYS) at the approved providers, earliest first."""
    alerts = provider_alerts(Provider.objects.approved().order_by("name"), today, days)
    return sorted((row for rows in alerts.values() for row in rows), key=lambda row: (row.last, row.provider.name))
