"""The doors of ``providers``."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from providers.lifecycle import Status, check_move
from providers.models import (
    Check,
    Programme,
    Provider,
    ProviderContact,
    ServiceLevelAgreement,
    Site,
    SiteClosure,
    SiteTimes,
)
from providers.queries import approval_facts
from providers.rules import check_approval, check_approver, check_done_on, checks_needed
from trust.calendar import london_date, to_range
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, require, saving


def add_provider(*, data: Mapping[str, Any], by: User, now: datetime) -> Provider:
    """A prospective provider. ``data``: name, kind, school (trust schools only), urn, ukprn, medical_tag, subjects."""
    with saving(by=by, reason="provider added"):
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        return Provider.objects.create(**data, status_at=now, status_by=by)


def change_provider(
    *, provider_id: int, data: Mapping[str, Any], version: int | None, by: User, now: datetime
) -> Provider:
    """Correct a provider's facts; its kind stays, because the checks of its approval hang on it."""
    with saving(by=by, reason="provider changed"):
        provider = _locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        check_version(provider, version)
        if provider.status != Status.PROSPECTIVE and data.get("kind", provider.kind) != provider.kind:
            raise RuleBroken("The kind of a provider is fixed once it was approved.", field="kind")
        for name, value in data.items():
            setattr(provider, name, value)
        provider.version += 1
        provider.save()
    return provider


def _locked(provider_id: int) -> Provider:
    provider: Provider = Provider.objects.select_for_update().get(pk=provider_id)
    if provider.status == Status.CLOSED:
        raise RuleBroken("This provider is closed: nothing about it changes any more.")
    return provider


def add_site(*, provider_id: int, data: Mapping[str, Any], times: Mapping[str, Any], by: User, now: datetime) -> Site:
    """An address where students report, with its session times from ``times['from_day']`` on.

    ``times``: from_day, am_start, am_end, pm_start, pm_end.
    """
    with saving(by=by, reason="site added"):
        provider = _locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        if provider.sites.filter(name=data["name"]).exists():
            raise RuleBroken("This provider has a site of that name already.", field="name")
        site = Site.objects.create(provider=provider, **data)
        SiteTimes.objects.create(site=site, **times)
    return site


def close_site_on(*, site_id: int, day: date, note: str, by: User, now: datetime) -> SiteClosure:
    """A day on which nothing is expected at a site."""
    with saving(by=by, reason="site closed for a day"):
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        site = Site.objects.select_for_update().get(pk=site_id)
        if site.closures.filter(day=day).exists():
            raise RuleBroken("This day is recorded for this site already.", field="day")
        return SiteClosure.objects.create(site=site, day=day, note=note)


def add_programme(*, provider_id: int, data: Mapping[str, Any], by: User, now: datetime) -> Programme:
    """What is taught, at what price net of VAT and for how many at once."""
    with saving(by=by, reason="programme added"):
        provider = _locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        if provider.programmes.filter(name=data["name"]).exists():
            raise RuleBroken("This provider has a programme of that name already.", field="name")
        return Programme.objects.create(provider=provider, **data)


def add_provider_contact(*, provider_id: int, data: Mapping[str, Any], by: User, now: datetime) -> ProviderContact:
    """A person at the provider: name, role, email, phone."""
    with saving(by=by, reason="provider contact added"):
        provider = _locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        return ProviderContact.objects.create(provider=provider, **data)


def add_agreement(
    *,
    provider_id: int,
    first: date,
    last: date,
    signed_by: str,
    signed_on: date,
    terms: str,
    by: User,
    now: datetime,
) -> ServiceLevelAgreement:
    """A signed service level agreement from ``first`` to the inclusive ``last`` (P3.9)."""
    with saving(by=by, reason="agreement recorded"):
        provider = _locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        if signed_on > london_date(now):
            raise RuleBroken("An agreement is recorded once it was signed.", field="signed_on")
        return ServiceLevelAgreement.objects.create(
            provider=provider,
            period=to_range(first, last),
            signed_by=signed_by,
            signed_on=signed_on,
            terms=terms,
        )


def record_check(
    *, provider_id: int, kind: str, done_on: date, expires_on: date | None, note: str, by: User, now: datetime
) -> Check:
    """Something that was checked about a provider; ``expires_on`` is the last day on which it counts."""
    with saving(by=by, reason="check recorded"):
        provider = _locked(provider_id)
        require(by, Permission.RECORD_CHECK, home_id=None)
        check_done_on(done_on, london_date(now))
        return Check.objects.create(
            provider=provider,
            kind=kind,
            done_on=done_on,
            expires_on=expires_on,
            note=note,
            recorded_by=by,
            recorded_at=now,
        )


def approve_provider(*, provider_id: int, reason: str, by: User, now: datetime) -> Provider:
    """Let a provider take students: everything the approval asks for is there, and another person recorded it."""
    with saving(by=by, reason=reason):
        provider = Provider.objects.select_for_update().get(pk=provider_id)
        require(by, Permission.APPROVE_PROVIDER, home_id=None)
        facts = approval_facts(provider, london_date(now))
        counting = [kind for kind in checks_needed(provider.kind) if kind in facts.checks]
        check_approver(by.pk, [facts.checks[kind].recorded_by for kind in counting])
        check_approval(facts)
        return _move(provider, Status.APPROVED, reason, by, now)


def suspend_provider(*, provider_id: int, reason: str, by: User, now: datetime) -> Provider:
    """No new placement from now on. Also open to who recorded a check: stopping for safety waits for nobody."""
    with saving(by=by, reason=reason):
        return _move(Provider.objects.select_for_update().get(pk=provider_id), Status.SUSPENDED, reason, by, now)


def close_provider(*, provider_id: int, reason: str, by: User, now: datetime) -> Provider:
    """The provider is no longer used; its record stays."""
    with saving(by=by, reason=reason):
        return _move(Provider.objects.select_for_update().get(pk=provider_id), Status.CLOSED, reason, by, now)


def _move(provider: Provider, new: Status, reason: str, by: User, now: datetime) -> Provider:
    """The one writer of ``status``, with the permission of the move and a reason."""
    require(by, check_move(provider.status, new), home_id=None)
    if not reason.strip():
        raise RuleBroken("Give the reason.", field="reason")
    provider.status, provider.status_reason, provider.status_at, provider.status_by = new, reason.strip(), now, by
    provider.version += 1
    provider.save()
    return provider
