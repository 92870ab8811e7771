"""Service level agreements: without one that covers the whole placement nobody is placed (P3.9)."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from providers.models import ServiceLevelAgreement
from providers.rules import correction_needs_reason
from providers.services._locks import locked
from trust.calendar import london_date, to_range
from trust.codes import FileKind
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, keep_upload, require, saving


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
    notice_days: int = 0,
    charged_when_absent: bool = True,
    charged_when_closed: bool = False,
    places_bought: int = 0,
    vat_percent: Decimal = Decimal(0),
    safeguarding_version: str = "",
    code_of_conduct_on: date | None = None,
    upload: Any = None,
) -> ServiceLevelAgreement:
    """A signed service level agreement from ``first`` to the inclusive ``last`` (P3.9).

    ``notice_days`` are school days charged after an early end, ``vat_percent`` a rate from 0 to 50,
    ``safeguarding_version`` the version of the safeguarding policy that was accepted (P3.12), ``code_of_conduct_on``
    the day on which the provider's code was received (P4.1), ``upload`` the signed paper as sent.
    """
    with saving(by=by, reason="agreement recorded"):
        provider = locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        _check_days(signed_on, code_of_conduct_on, now)
        return ServiceLevelAgreement.objects.create(
            provider=provider,
            period=to_range(first, last),
            signed_by=signed_by,
            signed_on=signed_on,
            terms=terms,
            notice_days=notice_days,
            charged_when_absent=charged_when_absent,
            charged_when_closed=charged_when_closed,
            places_bought=places_bought,
            vat_percent=vat_percent,
            safeguarding_version=safeguarding_version,
            code_of_conduct_on=code_of_conduct_on,
            signed_file=keep_upload(kind=FileKind.SLA, upload=upload, by=by, now=now) if upload else None,
        )


def change_agreement(
    *,
    agreement_id: int,
    data: Mapping[str, Any],
    reason: str,
    version: int | None,
    by: User,
    now: datetime,
    upload: Any = None,
) -> ServiceLevelAgreement:
    """Change an agreement, freely while its provider was never approved, later as a correction with a reason.

    ``data``: as in ``add_agreement``, each of them optional. ``upload`` replaces the signed paper; the earlier one
    stays in the history.
    """
    with saving(by=by, reason=reason.strip() or "agreement changed before approval"):
        agreement = ServiceLevelAgreement.objects.select_for_update().get(pk=agreement_id)
        provider = locked(agreement.provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        check_version(agreement, version)
        if correction_needs_reason(provider.status) and not reason.strip():
            raise RuleBroken("Placements may rest on this agreement: say why it is corrected.", field="reason")
        values = dict(data)
        if "first" in values:
            agreement.period = to_range(values.pop("first"), values.pop("last"))
        for name, value in values.items():
            setattr(agreement, name, value)
        _check_days(agreement.signed_on, agreement.code_of_conduct_on, now)
        if upload:
            agreement.signed_file = keep_upload(kind=FileKind.SLA, upload=upload, by=by, now=now)
        agreement.version += 1
        agreement.save()
    return agreement


def _check_days(signed_on: date, code_of_conduct_on: date | None, now: datetime) -> None:
    today = london_date(now)
    if signed_on > today:
        raise RuleBroken("An agreement is recorded once it was signed.", field="signed_on")
    if code_of_conduct_on is not None and code_of_conduct_on > today:
        raise RuleBroken("Give the day on which the code was received, not one to come.", field="code_of_conduct_on")
