"""The facts that the gate asks, gathered from providers, referral, placement and the other placements there."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from placements.lifecycle import LIVE
from placements.models import Placement, PlacementPeriod, TimetableSlot
from placements.queries.sessions import weekly_pattern
from placements.rules import CheckFact, GateFacts, GateOutcome, GateResult, HomeVisitFact, gate, with_overrides
from placements.rules.thresholds import UNREGISTERED_HOURS
from providers.codes import ProviderKind
from trust.calendar import from_range, last_day
from trust.codes import SenStatus
from trust.models import ContactLink


def gate_of(placement: Placement, today: date) -> tuple[GateResult, ...]:
    """Every question of the gate for the newest period, answered on ``today``, with the overrides that were given."""
    period = PlacementPeriod.objects.filter(placement=placement).latest("number")
    return with_overrides(gate(gate_facts(placement, period, today)), overrides_of(placement))


def overrides_of(placement: Placement) -> dict[str, str]:
    """The overrides given so far: code of the question to reason."""
    return dict(placement.overrides.values_list("code", "reason"))


def gate_facts(placement: Placement, period: PlacementPeriod, today: date) -> GateFacts:
    """What the gate asks about one period of a placement, as it stands on ``today`` (London)."""
    provider, programme, referral, student = (
        placement.provider,
        placement.programme,
        placement.referral,
        placement.student,
    )
    first, last = period.period.lower, last_day(period.period)
    pattern = weekly_pattern(placement)
    sessions = max(_in_week(pattern, 0), _in_week(pattern, 1))
    visit = placement.home_visits.filter(visited_on__lte=today).order_by("-visited_on", "-id").first()
    contact = provider.contacts.order_by("id").first()
    return GateFacts(
        route=placement.route,
        provider_kind=provider.kind,
        provider_status=provider.status,
        on=today,
        first=first,
        last=last,
        agreements=tuple(from_range(row.period) for row in provider.agreements.all()),
        checks={
            check.kind: CheckFact(check.done_on, check.expires_on)
            for check in provider.checks.filter(done_on__lte=today).order_by("done_on", "id")
        },
        medical_specialist=bool(provider.medical_tag),
        places_left=programme.capacity - _places_taken(placement, first, last),
        full_time=placement.full_time,
        teaches_maths_and_english=programme.maths_and_english,
        maths_and_english_how=placement.maths_and_english_how,
        weekly_hours=sessions * programme.hours_per_session,
        weekly_sessions=sessions,
        ehc_plan=student.sen_status == SenStatus.EHC_PLAN,
        looked_after=student.looked_after,
        others_over_hours=_others_over_hours(placement) if provider.kind == ProviderKind.UNREGISTERED else 0,
        home_visit=HomeVisitFact(visit.visited_on, visit.suitable, visit.safeguarding, visit.supervisor)
        if visit
        else None,
        family_met_on=referral.family_met_on,
        family_invited_on=referral.family_invited_on,
        family_invited_again_on=referral.family_invited_again_on,
        explanation_recorded=all((referral.explained_by, referral.explained_to, referral.family_said)),
        exclusion_alternative=bool(referral.exclusion_alternative),
        consent_on=placement.consent_on,
        host_accepted_on=placement.host_accepted_on,
        dual_registered_on=placement.dual_registered_on,
        la_confirmed_on=placement.la_confirmed_on,
        site_address=placement.site.address,
        attendance_contact=contact.name if contact else "",
        pack_missing=_pack_missing(placement),
    )


def _in_week(pattern: Iterable[int], week: int) -> int:
    return sum(1 for slot in pattern if slot // 10 == week)


def _places_taken(placement: Placement, first: date, last: date | None) -> int:
    """The most places of the programme that others hold on one day from ``first`` to ``last``."""
    taken = [
        (period.lower, last_day(period) or date.max)
        for period in PlacementPeriod.objects.filter(
            placement__programme_id=placement.programme_id,
            placement__live=True,
            approved_at__isnull=False,
        )
        .exclude(placement=placement)
        .values_list("period", flat=True)
    ]
    end = last or date.max
    # The peak is reached on the first day or on a day on which another one begins.
    days = {first} | {begins for begins, _ in taken if first <= begins <= end}
    return max(sum(1 for begins, ends in taken if begins <= day <= ends) for day in days)


def _others_over_hours(placement: Placement) -> int:
    """How many of our other students are at this provider for more hours a week than part-time allows."""
    weeks: dict[tuple[int, int], set[int]] = defaultdict(set)
    hours: dict[int, Decimal] = {}
    rows = (
        TimetableSlot.objects.filter(placement__provider_id=placement.provider_id, placement__status__in=sorted(LIVE))
        .exclude(student_id=placement.student_id)
        .values_list("student_id", "slots", "placement__programme__hours_per_session")
    )
    for student_id, slots, hours_per_session in rows:
        hours[student_id] = max(hours.get(student_id, Decimal(0)), hours_per_session)
        for slot in range(slots.lower, slots.upper):
            weeks[student_id, slot // 10].add(slot)
    return len({student for (student, _), slots in weeks.items() if len(slots) * hours[student] > UNREGISTERED_HOURS})


def _pack_missing(placement: Placement) -> tuple[str, ...]:
    """What the provider would not be told: needs, and a number to call in an emergency."""
    missing = []
    if not placement.referral.needs.strip():
        missing.append("needs and what the provider must know")
    links = ContactLink.objects.filter(student_id=placement.student_id, letters_restricted=False)
    if not links.exclude(contact__phone="").exists():
        missing.append("a telephone number for an emergency")
    return tuple(missing)


def overridable(gates: Iterable[GateResult]) -> tuple[GateResult, ...]:
    """The failed questions that may be overridden with a reason."""
    return tuple(gate for gate in gates if gate.outcome == GateOutcome.FAILED and gate.overridable)
