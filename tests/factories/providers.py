"""Providers with what their approval asks for."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from providers.codes import GATE_CHECKS, PriceUnit, ProviderKind, SiteKind
from providers.lifecycle import Status
from providers.models import Check, Programme, Provider, ServiceLevelAgreement, Site, SiteTimes
from trust.calendar import london_date, to_range
from trust.models import School, User

_urns = count(146001)
SLA_FIRST, SLA_LAST = date(2026, 9, 1), date(2027, 8, 31)


def make_site(provider: Provider, name: str = "Main site", *, times: bool = True, **extra: Any) -> Site:
    """A site with session times 09:00-12:00 and 12:40-15:00."""
    facts: dict[str, Any] = {
        "kind": SiteKind.MAIN,
        "address": "Unit 3, Mill Yard\nNorthbridge",
        "postcode": "NB3 4EF",
        "phone": "01632 960200",
        "report_to": "Sam Okafor",
        **extra,
    }
    site = Site.objects.create(provider=provider, name=name, **facts)
    if times:
        SiteTimes.objects.create(
            site=site,
            from_day=date(2026, 9, 1),
            am_start=time(9),
            am_end=time(12),
            pm_start=time(12, 40),
            pm_end=time(15),
        )
    return site


def make_programme(provider: Provider, name: str = "Engage", **extra: Any) -> Programme:
    """A programme at £45 a session for ten students at once that teaches maths and English."""
    facts: dict[str, Any] = {
        "subjects": "construction, motor vehicles",
        "maths_and_english": True,
        "unit": PriceUnit.SESSION,
        "rate": Decimal("45.00"),
        "capacity": 10,
        **extra,
    }
    return Programme.objects.create(provider=provider, name=name, **facts)


def make_checks(provider: Provider, *, by: User, now: datetime) -> None:
    """All checks of the full gate, done two months ago and valid for a year."""
    done = london_date(now) - timedelta(days=60)
    Check.objects.bulk_create(
        Check(
            provider=provider,
            kind=kind,
            done_on=done,
            expires_on=done + timedelta(days=365),
            recorded_by=by,
            recorded_at=now,
        )
        for kind in GATE_CHECKS
    )


def make_provider(
    name: str = "Millyard Education",
    *,
    kind: ProviderKind = ProviderKind.REGISTERED_AP,
    status: Status = Status.APPROVED,
    school: School | None = None,
    checked_by: User,
    approved_by: User,
    now: datetime,
) -> Provider:
    """A provider with site, programme, agreement for 2026/27 and all checks, by default approved.

    ``checked_by`` recorded the checks, ``approved_by`` is another person who may approve providers.
    """
    provider = Provider.objects.create(
        name=name,
        kind=kind,
        school=school,
        urn="" if kind == ProviderKind.UNREGISTERED else str(next(_urns)),
        status_at=now,
    )
    make_site(provider)
    make_programme(provider)
    ServiceLevelAgreement.objects.create(
        provider=provider,
        period=to_range(SLA_FIRST, SLA_LAST),
        signed_by="Sam Okafor",
        signed_on=date(2026, 7, 1),
        terms="Charged per session attended or missed without notice.",
    )
    make_checks(provider, by=checked_by, now=now)
    if status != Status.PROSPECTIVE:
        Provider.objects.filter(pk=provider.pk).update(
            status=status, status_reason="Found suitable.", status_at=now, status_by=approved_by
        )
        provider.refresh_from_db()
    return provider
