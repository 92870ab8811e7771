"""Checks: recorded by one person with evidence, confirmed by the trust AP lead, never by the same one."""

from datetime import date, datetime
from typing import Any

from providers.codes import CheckKind
from providers.models import Check
from providers.rules import check_confirmer, check_done_on
from providers.services._locks import locked
from trust.calendar import london_date
from trust.codes import FileKind
from trust.errors import NotAllowed, RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import keep_upload, require, saving


def record_check(
    *,
    provider_id: int,
    kind: str,
    done_on: date,
    expires_on: date | None,
    note: str,
    by: User,
    now: datetime,
    upload: Any = None,
) -> Check:
    """Something that was checked about a provider; ``expires_on`` is the last day on which it counts.

    It counts once somebody else confirmed it. ``upload`` is the evidence as sent.
    """
    with saving(by=by, reason="check recorded"):
        provider = locked(provider_id)
        require(by, Permission.RECORD_CHECK, home_id=None)
        check_done_on(done_on, london_date(now))
        file_kind = FileKind.VISIT_REPORT if kind == CheckKind.VISIT else FileKind.CHECK_EVIDENCE
        return Check.objects.create(
            provider=provider,
            kind=kind,
            done_on=done_on,
            expires_on=expires_on,
            note=note,
            evidence=keep_upload(kind=file_kind, upload=upload, by=by, now=now) if upload else None,
            recorded_by=by,
            recorded_at=now,
        )


def confirm_check(*, check_id: int, by: User, now: datetime) -> Check:
    """The trust AP lead has seen the evidence of a check that another person recorded: now it counts (P3.12)."""
    with saving(by=by, reason="check confirmed"):
        check = _waiting(check_id, "This check was confirmed already.")
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        check_confirmer(by.pk, check.recorded_by_id)
        check.confirmed_by, check.confirmed_at = by, now
        check.save()
    return check


def remove_check(*, check_id: int, reason: str, by: User, now: datetime) -> int:
    """Take back a check that was recorded by mistake and not confirmed; returns the provider's id.

    Who recorded it or the trust AP lead; the history keeps it with the reason.
    """
    with saving(by=by, reason=reason.strip()):
        check = _waiting(check_id, "A confirmed check stays: record a newer one instead.")
        require(by, Permission.RECORD_CHECK, home_id=None)
        if check.recorded_by_id != by.pk and not by.allows(Permission.EDIT_PROVIDERS, home_id=None):
            raise NotAllowed("Only the person who recorded a check or the trust AP lead takes it back.")
        if not reason.strip():
            raise RuleBroken("Give the reason.", field="reason")
        provider_id: int = check.provider_id
        check.delete()
    return provider_id


def _waiting(check_id: int, otherwise: str) -> Check:
    check: Check = Check.objects.select_for_update(of=("self",)).get(pk=check_id)
    locked(check.provider_id)
    if check.confirmed_by_id is not None:
        raise RuleBroken(otherwise)
    return check
