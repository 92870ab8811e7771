"""Flags about providers: what counts no longer, or not for long."""

from collections import defaultdict
from datetime import datetime

from django.urls import reverse

from placements.models import Placement
from providers.queries import Expiring, expiring
from trust.calendar import date_words, london_date
from trust.permissions import GRANTS, Permission, Role
from trust.services import DueFlag, clear_leftovers, raise_flags

AGREEMENT_ENDING, CHECK_ENDING = "agreement_ending", "check_ending"
# The same for each school that has students there.
SCHOOL_EXPIRY = "provider_expiry"


def raise_expiry_flags(*, now: datetime) -> int:
    """Flag agreements, checks and quality results of providers that end soon or have ended (P3.9, P3.12).

    For the trust AP lead always; for the pastoral SLT and the headteacher of each school that has an open placement
    there too. How many are new; what was renewed clears.
    """
    today = london_date(now)
    rows = expiring(today)
    there = _schools_at({row.provider.pk for row in rows})
    trust: dict[str, list[DueFlag]] = {AGREEMENT_ENDING: [], CHECK_ENDING: []}
    schools: list[DueFlag] = []
    for row in rows:
        kind = AGREEMENT_ENDING if row.code == "AGREEMENT" else CHECK_ENDING
        trust[kind].append(_flag(row, None))
        schools += [_flag(row, school_id) for school_id in sorted(there[row.provider.pk])]
    raised = 0
    everything = [(kind, due, GRANTS[Permission.EDIT_PROVIDERS]) for kind, due in trust.items()]
    for kind, due, roles in (*everything, (SCHOOL_EXPIRY, schools, frozenset({Role.SLT, Role.HEAD}))):
        raised += raise_flags(kind=kind, due=due, roles=roles, now=now)
        clear_leftovers(kind=kind, still_due={(flag.subject, flag.period) for flag in due}, now=now)
    return raised


def _schools_at(provider_ids: set[int]) -> defaultdict[int, set[int]]:
    """Per provider the schools with an open placement there."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    rows = Placement.objects.live().filter(provider_id__in=provider_ids)
    for provider_id, school_id in rows.order_by().values_list("provider_id", "school_id").distinct():
        found[provider_id].add(school_id)
    return found


def _flag(row: Expiring, school_id: int | None) -> DueFlag:
    provider = row.provider
    ends = f"ended on {date_words(row.last)}" if row.is_over else f"counts to {date_words(row.last)}"
    students = "" if school_id is None else " Students of yours are there."
    return DueFlag(
        subject=f"provider:{provider.pk}" if school_id is None else f"provider:{provider.pk}:{school_id}",
        # The kind of check shortened: the key holds 24 characters.
        period=f"{row.code[:13]}:{row.last.isoformat()}",
        school_id=school_id,
        path=reverse("providers:provider-detail", args=[provider.pk]),
        sentence=f"{provider.name}: {row.what.lower()} {ends}.{students}"[:240],
        urgent=row.is_over,
    )
