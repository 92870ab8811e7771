"""What the gate asks about providers, for any number of them in the same few queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from placements.models import TimetableSlot
from placements.rules import CheckFact
from placements.rules.thresholds import UNREGISTERED_HOURS, in_force
from providers.codes import ContactRole
from providers.models import Check, ProviderContact, ServiceLevelAgreement
from trust.calendar import from_range, last_day

Hours = dict[int, Decimal]


@dataclass
class Assured:
    """Agreements, confirmed checks, kinds that only wait for a confirmation, and whom to ask about attendance."""

    agreements: list[tuple[date, date]] = field(default_factory=list)
    charging: list[tuple[date, date]] = field(default_factory=list)
    checks: dict[str, CheckFact] = field(default_factory=dict)
    unconfirmed: set[str] = field(default_factory=set)
    attendance_contact: str = ""

    def charges_closed_days(self, on: date) -> bool:
        """Whether the agreement in force on ``on`` charges half-days on which the site is closed."""
        return any(first <= on <= last for first, last in self.charging)


def assured(provider_ids: Collection[int], today: date) -> dict[int, Assured]:
    """The papers of each provider as they count on ``today``; three queries. Only confirmed checks count (P3.12)."""
    found = {provider_id: Assured() for provider_id in provider_ids}
    agreements = ServiceLevelAgreement.objects.filter(provider_id__in=found)
    for provider_id, period, charged in agreements.values_list("provider_id", "period", "charged_when_closed"):
        days = from_range(period)
        found[provider_id].agreements.append(days)
        if charged:
            found[provider_id].charging.append(days)
    checks = Check.objects.filter(provider_id__in=found, done_on__lte=today).order_by("done_on", "id")
    for check in checks:
        facts = found[check.provider_id]
        if check.confirmed_by_id is None:
            facts.unconfirmed.add(check.kind)
        else:
            facts.checks[check.kind] = CheckFact(check.done_on, check.expires_on)
    contacts = ProviderContact.objects.filter(provider_id__in=found).order_by("-id")
    for contact in sorted(contacts, key=lambda row: row.role == ContactRole.ATTENDANCE):
        found[contact.provider_id].attendance_contact = contact.name
    return found


def most_hours(halves: Iterable[tuple[int, Decimal]]) -> Decimal:
    """The hours of the fuller week of the fortnight; each of ``halves`` is a half-day 0 to 19 with its hours."""
    weeks = [Decimal(0), Decimal(0)]
    for slot, hours in halves:
        weeks[slot // 10] += hours
    return max(weeks)


def students_over_hours(
    provider_ids: Collection[int], first: date, last: date | None, today: date, *, without_student: int | None = None
) -> dict[int, int]:
    """How many of our students are at each provider for more hours a week than counts as part-time; one query.

    Those whose half-days run on any day from ``first`` to ``last``; a timetable that changes counts as its fullest.
    """
    limit = in_force(UNREGISTERED_HOURS, today).value
    rows = TimetableSlot.objects.filter(programme__provider_id__in=provider_ids, live=True)
    if without_student is not None:
        rows = rows.exclude(student_id=without_student)
    halves: dict[tuple[int, int], list[tuple[date, date, int, Decimal]]] = defaultdict(list)
    for provider_id, student_id, slots, runs, hours in rows.values_list(
        "programme__provider_id", "student_id", "slots", "runs", "programme__hours_per_session"
    ):
        begins, ends = runs.lower, last_day(runs) or date.max
        if ends >= first and begins <= (last or date.max):
            halves[provider_id, student_id] += [(begins, ends, slot, hours) for slot in range(slots.lower, slots.upper)]
    found = dict.fromkeys(provider_ids, 0)
    for (provider_id, _), stretches in halves.items():
        days = {max(first, begins) for begins, *_ in stretches}
        fullest = max(
            most_hours((slot, hours) for begins, ends, slot, hours in stretches if begins <= day <= ends)
            for day in days
        )
        found[provider_id] += fullest > limit
    return found
