"""A provider's own facts, its people, and its status."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from providers.codes import ProviderKind
from providers.lifecycle import Status, check_move
from providers.models import Provider, ProviderContact
from providers.queries import approval_facts
from providers.rules import check_approval, check_approver, check_registration, checks_needed
from providers.services._locks import locked
from trust.calendar import london_date
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, require, saving


def add_provider(*, data: Mapping[str, Any], by: User, now: datetime) -> Provider:
    """A prospective provider. ``data``: name, kind, school (trust schools only), urn, ukprn, medical_tag, subjects.

    A school of the trust takes its URN from the school when none is given.
    """
    with saving(by=by, reason="provider added"):
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        provider = Provider(**data, status_at=now, status_by=by)
        _check_number(provider)
        if Provider.objects.filter(name=provider.name).exists():
            raise RuleBroken("There is a provider of that name already.", field="name")
        provider.save()
    return provider


def _check_number(provider: Provider) -> None:
    if provider.kind == ProviderKind.TRUST_SCHOOL and provider.school is not None and not provider.urn:
        provider.urn = provider.school.urn
    if provider.kind != ProviderKind.TRUST_SCHOOL or provider.school is not None:
        check_registration(provider.kind, provider.urn, provider.ukprn)


def change_provider(
    *, provider_id: int, data: Mapping[str, Any], version: int | None, by: User, now: datetime
) -> Provider:
    """Correct a provider's facts; its kind stays, because the checks of its approval hang on it."""
    with saving(by=by, reason="provider changed"):
        provider = locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        check_version(provider, version)
        if provider.status != Status.PROSPECTIVE and data.get("kind", provider.kind) != provider.kind:
            raise RuleBroken("The kind of a provider is fixed once it was approved.", field="kind")
        for name, value in data.items():
            setattr(provider, name, value)
        _check_number(provider)
        if Provider.objects.filter(name=provider.name).exclude(pk=provider.pk).exists():
            raise RuleBroken("There is a provider of that name already.", field="name")
        provider.version += 1
        provider.save()
    return provider


def add_provider_contact(*, provider_id: int, data: Mapping[str, Any], by: User, now: datetime) -> ProviderContact:
    """A person at the provider: name, role, job_title, email, phone."""
    with saving(by=by, reason="provider contact added"):
        provider = locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        return ProviderContact.objects.create(provider=provider, **data)


def change_provider_contact(*, contact_id: int, data: Mapping[str, Any], by: User, now: datetime) -> ProviderContact:
    """Correct a person at the provider."""
    with saving(by=by, reason="provider contact changed"):
        contact = _contact(contact_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        for name, value in data.items():
            setattr(contact, name, value)
        contact.save()
    return contact


def remove_provider_contact(*, contact_id: int, by: User, now: datetime) -> None:
    """Somebody has left the provider; the history keeps who they were."""
    with saving(by=by, reason="provider contact removed"):
        contact = _contact(contact_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        contact.delete()


def _contact(contact_id: int) -> ProviderContact:
    contact: ProviderContact = ProviderContact.objects.select_for_update().get(pk=contact_id)
    locked(contact.provider_id)
    return contact


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
