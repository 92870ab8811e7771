"""Providers with what their approval asks for."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from providers.codes import (
    GATE_CHECKS,
    CheckKind,
    ContactRole,
    PriceUnit,
    ProviderKind,
    SiteKind,
    StandardOutcome,
)
from providers.lifecycle import Status
from providers.models import (
    Check,
    Programme,
    Provider,
    ProviderContact,
    QualityStandard,
    ServiceLevelAgreement,
    Site,
    SiteClosure,
    SiteTimes,
    StandardResult,
    StandardsVersion,
)
from trust.calendar import london_date, to_range
from trust.codes import FileKind
from trust.models import School, User
from trust.services import store_file

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


def make_checks(provider: Provider, *, by: User, now: datetime, confirmed_by: User | None = None) -> None:
    """All checks of the full gate, done two months ago, valid for a year, confirmed by somebody who did not record."""
    done = london_date(now) - timedelta(days=60)
    if confirmed_by is None or confirmed_by == by:
        confirmed_by = User.objects.exclude(pk=by.pk).order_by("pk").first()
    Check.objects.bulk_create(
        Check(
            provider=provider,
            kind=kind,
            done_on=done,
            expires_on=done + timedelta(days=365),
            recorded_by=by,
            recorded_at=now,
            confirmed_by=confirmed_by,
            confirmed_at=now,
        )
        for kind in GATE_CHECKS
    )


def move_provider(provider: Provider, status: Status, *, by: User, now: datetime, reason: str = "As found.") -> None:
    """Bring a provider to ``status`` step by step: the database knows the table of moves and refuses leaps."""
    steps = [Status.APPROVED, status] if provider.status == Status.PROSPECTIVE else [status]
    for step in steps:
        if step != provider.status:
            Provider.objects.filter(pk=provider.pk).update(
                status=step, status_reason=reason, status_at=now, status_by=by
            )
            provider.refresh_from_db()


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

    ``checked_by`` recorded the checks, ``approved_by`` confirmed them where another person, and approved.
    """
    registered = kind not in (ProviderKind.UNREGISTERED, ProviderKind.TUITION)
    provider = Provider.objects.create(
        name=name,
        kind=kind,
        school=school,
        urn=str(next(_urns)) if registered else "",
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
    make_checks(provider, by=checked_by, confirmed_by=approved_by, now=now)
    if status != Status.PROSPECTIVE:
        move_provider(provider, status, by=approved_by, now=now, reason="Found suitable.")
    return provider


def make_pdf(text: str = "Signed") -> bytes:
    """A small PDF that an upload takes."""
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n%" + text.encode() + b"\n"
        b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"
    )


def standards_in_force(first: date = date(2026, 9, 1)) -> StandardsVersion:
    """A version of the quality standards in force from ``first``: two standards in part 1, one in part 4."""
    version, made = StandardsVersion.objects.get_or_create(
        in_force_from=first, defaults={"label": f"Test {first}", "source": "Tests.", "loaded_at": f"{first}T09:00Z"}
    )
    if made:
        for position, (part, code) in enumerate((("1", "1.1"), ("1", "1.2"), ("4", "4.1")), 1):
            QualityStandard.objects.create(
                standards_version=version, part=part, code=code, text=f"Standard {code}.", position=position
            )
    return version


def make_papers(provider: Provider, by: User, now: datetime) -> dict[str, Any]:
    """What pages about a provider's records are about: each with its file where it has one."""
    stored = store_file(kind=FileKind.SLA, content=make_pdf(), content_type="application/pdf", by=by, now=now)
    agreement = provider.agreements.get()
    agreement.signed_file = stored
    agreement.save()
    day = london_date(now)
    return {
        "agreement": agreement,
        "programme": provider.programmes.get(),
        "provider_contact": ProviderContact.objects.create(provider=provider, name="Kim Lee", role=ContactRole.HEAD),
        "site_closure": SiteClosure.objects.create(site=provider.sites.get(), day=day + timedelta(days=30)),
        "waiting_check": Check.objects.create(
            provider=provider,
            kind=CheckKind.DATA_SHARING,
            done_on=day,
            evidence=stored,
            recorded_by=by,
            recorded_at=now,
        ),
        "standard_result": StandardResult.objects.create(
            provider=provider,
            standard=standards_in_force().standards.order_by("position").last(),
            outcome=StandardOutcome.MET,
            evidence=stored,
            assessed_on=day,
            recorded_by=by,
            recorded_at=now,
        ),
    }
