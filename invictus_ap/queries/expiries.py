"""Agreements and checks of providers that end soon or have ended."""

from dataclasses import dataclass
from datetime import date, timedelta

from placements.rules import CheckFact, check_valid_until
from providers.codes import CheckKind, ProviderKind
from providers.lifecycle import Status
from providers.models import Check, Provider, ServiceLevelAgreement
from providers.rules import checks_needed
from trust.calendar import date_words, last_day

AGREEMENT_DAYS = 60
CHECK_DAYS = 30

# The trust's own schools stand under the standing agreement, and their checks are the trust's (P3.3).


@dataclass(frozen=True)
class Expiry:
    """Something of an approved provider that ends: ``on`` is its last day, None when there never was one."""

    kind: str
    provider_id: int
    provider: str
    code: str
    what: str
    on: date | None

    @property
    def sentence(self) -> str:
        """What ends when, without a student in it."""
        if self.on is None:
            return f"{self.provider}: {self.what} is not recorded."
        return f"{self.provider}: {self.what} counts to {date_words(self.on)}."


def expiries(today: date) -> list[Expiry]:
    """What ends within 60 days (agreements) or 30 days (checks), or has ended, soonest first (P3.9, P3.12)."""
    providers = {
        provider.pk: provider
        for provider in Provider.objects.filter(status=Status.APPROVED).exclude(kind=ProviderKind.TRUST_SCHOOL)
    }
    last: dict[int, date] = {}
    for agreement in ServiceLevelAgreement.objects.filter(provider_id__in=providers):
        ends = last_day(agreement.period)
        if ends is not None:
            last[agreement.provider_id] = max(last.get(agreement.provider_id, ends), ends)
    newest: dict[tuple[int, str], CheckFact] = {}
    for check in Check.objects.filter(provider_id__in=providers).order_by("done_on", "id"):
        newest[check.provider_id, check.kind] = CheckFact(check.done_on, check.expires_on)
    found: list[Expiry] = []
    for pk, provider in providers.items():
        agreed = last.get(pk)
        if agreed is None or agreed <= today + timedelta(days=AGREEMENT_DAYS):
            found.append(
                Expiry("agreement_ending", pk, provider.name, "AGREEMENT", "the service level agreement", agreed)
            )
        for kind in checks_needed(provider.kind):
            fact = newest.get((pk, kind))
            until = check_valid_until(kind, fact) if fact else None
            if fact is not None and (until is None or until > today + timedelta(days=CHECK_DAYS)):
                continue
            found.append(Expiry("check_ending", pk, provider.name, kind, str(CheckKind(kind).label).lower(), until))
    return sorted(found, key=lambda expiry: (expiry.on or date.min, expiry.provider, expiry.code))
