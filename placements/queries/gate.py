"""The facts that the gate asks, gathered from providers, referral, placement and the other placements there."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from placements.codes import ROUTE_RULES, Route
from placements.lifecycle import OfferStatus
from placements.models import Offer, Placement, PlacementPeriod
from placements.queries.assurance import assured, most_hours, students_over_hours
from placements.queries.capacity import places_taken
from placements.queries.sessions import timetable_in_force
from placements.rules import (
    GateFacts,
    GateOutcome,
    GateResult,
    HomeVisitFact,
    OfferFact,
    gate,
    home_visit_since,
    left_by_half_day,
    with_overrides,
)
from providers.codes import ProviderKind
from providers.models import Programme
from referrals.models import Referral
from trust.calendar import last_day, london_date
from trust.codes import SenStatus
from trust.errors import CalendarNotLoaded
from trust.models import ContactLink
from trust.queries import calendar_of


def gate_of(placement: Placement, today: date) -> tuple[GateResult, ...]:
    """Every question of the gate for the newest period, answered on ``today``, with the overrides that were given."""
    period = PlacementPeriod.objects.filter(placement=placement).latest("number")
    return with_overrides(gate(gate_facts(placement, period, today)), overrides_of(placement))


def overrides_of(placement: Placement) -> dict[str, str]:
    """The overrides given so far: code of the question to reason."""
    return dict(placement.overrides.values_list("code", "reason"))


def gate_facts(placement: Placement, period: PlacementPeriod, today: date) -> GateFacts:
    """What the gate asks about one period of a placement, as it stands on ``today`` (London)."""
    provider, student = placement.provider, placement.student
    first, last = period.period.lower, last_day(period.period)
    halves = _half_days(placement)
    papers = assured([provider.pk], today)[provider.pk]
    visit = placement.home_visits.filter(visited_on__lte=today).order_by("-visited_on", "-id").first()
    unregistered = provider.kind == ProviderKind.UNREGISTERED
    others = (
        students_over_hours([provider.pk], first, last, today, without_student=student.pk)[provider.pk]
        if unregistered
        else 0
    )
    left = _left(placement, halves, first, last, today)
    programmes = set(halves.values()) or {placement.programme}
    until = [programme.offered_until for programme in programmes if programme.offered_until]
    return GateFacts(
        route=placement.route,
        provider_kind=provider.kind,
        provider_status=provider.status,
        on=today,
        first=first,
        last=last,
        agreements=tuple(papers.agreements),
        checks=papers.checks,
        unconfirmed=frozenset(papers.unconfirmed),
        medical_specialist=bool(provider.medical_tag),
        places_left=min(left.values(), default=placement.programme.capacity),
        full_half_days=tuple(sorted(slot for slot, places in left.items() if places < 1)),
        half_days=frozenset(slot % 10 for slot in halves),
        not_offered=tuple(
            sorted(slot for slot, programme in halves.items() if slot % 10 not in programme.sessions_offered)
        ),
        offered_until=min(until, default=None),
        key_stages=placement.programme.key_stages,
        offer_asked=period.number == 1 and not placement.brought_in,
        offer=_offer(placement, {programme.pk for programme in programmes}, today),
        full_time=placement.full_time,
        teaches_maths_and_english=any(programme.maths_and_english for programme in programmes),
        maths_and_english_how=placement.maths_and_english_how,
        weekly_hours=most_hours((slot, programme.hours_per_session) for slot, programme in halves.items()),
        weekly_sessions=max(sum(1 for slot in halves if slot // 10 == week) for week in (0, 1)),
        others_over_hours=others,
        home_visit=HomeVisitFact(visit.visited_on, visit.suitable, visit.safeguarding, visit.supervisor)
        if visit
        else None,
        home_visit_since=_visits_since(placement, max(today, first)),
        consent_on=placement.consent_on,
        host_accepted_on=placement.host_accepted_on,
        host_refused_on=placement.host_refused_on,
        host_refusal=placement.host_refusal,
        dual_registered_on=placement.dual_registered_on,
        la_confirmed_on=placement.la_confirmed_on,
        site_address=placement.site.address,
        attendance_contact=papers.attendance_contact,
        risk_assessed_on=placement.risk_assessed_on,
        transport=placement.transport_mode,
        lunch=placement.lunch,
        free_school_meals=student.free_school_meals,
        medical_known=bool(placement.medical.strip()) or _medical_known(placement.referral),
        emergency_known=bool(placement.emergency.strip()),
        pack_missing=_pack_missing(placement),
        **about_referral(placement.referral),
    )


def about_referral(referral: Referral) -> dict[str, Any]:
    """The facts of the gate that stand in the referral and its student, wherever the student goes."""
    student = referral.student
    return {
        "nc_year": student.nc_year,
        "ehc_plan": student.sen_status == SenStatus.EHC_PLAN,
        "looked_after": student.looked_after,
        "family_met_on": referral.family_met_on,
        "family_invited_on": referral.family_invited_on,
        "family_invited_again_on": referral.family_invited_again_on,
        "explanation_recorded": all((referral.explained_by, referral.explained_to, referral.family_said)),
        "exclusion_alternative": bool(referral.exclusion_alternative),
    }


def _half_days(placement: Placement) -> dict[int, Programme]:
    """The half-days of the fortnight, 0 to 19, of the newest timetable, each with its programme."""
    timetable = timetable_in_force(placement)
    programmes = Programme.objects.in_bulk({programme_id for _, programme_id in timetable.values()})
    return {slot: programmes[programme_id] for slot, (_, programme_id) in timetable.items()}


def _left(
    placement: Placement, halves: dict[int, Programme], first: date, last: date | None, today: date
) -> dict[int, int]:
    """The places left on each half-day of the placement in the programme that is taught on it."""
    slots: dict[Programme, list[int]] = defaultdict(list)
    for slot, programme in halves.items():
        slots[programme].append(slot)
    taken = places_taken([programme.pk for programme in slots], today, without=placement)
    left: dict[int, int] = {}
    for programme, half_days in slots.items():
        left |= left_by_half_day(programme.capacity, taken[programme.pk], half_days, first, last)
    return left


def _offer(placement: Placement, programme_ids: set[int], today: date) -> OfferFact | None:
    """The offer that the placement took or can take; else the newest that was asked for in its programmes."""
    if not ROUTE_RULES[Route(placement.route)].needs_slots:
        return None
    offers = list(
        Offer.objects.filter(referral_id=placement.referral_id, programme_id__in=programme_ids)
        .exclude(status=OfferStatus.TAKEN, placement__isnull=False)
        .order_by("asked_at", "id")
    )
    own = Offer.objects.filter(placement=placement).first()
    open_ones = [row for row in offers if row.status == OfferStatus.OFFERED and (row.offered_until or today) >= today]
    # The main programme's own offer says until when; those of the other programmes add their half-days.
    open_ones.sort(key=lambda row: row.programme_id == placement.programme_id)
    offer = own or (open_ones[-1] if open_ones else offers[-1] if offers else None)
    if offer is None:
        return None
    together = open_ones if offer.status == OfferStatus.OFFERED and open_ones else [offer]
    return OfferFact(
        status=offer.status,
        asked_on=london_date(offer.asked_at),
        slots=frozenset(slot for row in together for slot in row.wanted_slots),
        first=offer.wanted_first,
        last=offer.wanted_last,
        until=offer.offered_until,
        why=offer.refused_why,
    )


def _visits_since(placement: Placement, needed: date) -> date | None:
    """From when a visit to the home counts; not asked on other routes, not known without a calendar."""
    if placement.route != Route.HOME_ONLINE:
        return None
    try:
        return home_visit_since(calendar_of(placement.school_id), needed)
    except CalendarNotLoaded:
        return None


def _medical_known(referral: Referral) -> bool:
    return bool(referral.medical.strip()) or referral.no_medical_needs


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
