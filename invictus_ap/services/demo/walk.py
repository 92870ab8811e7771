"""One student's way from referral to placement, step by step through the services, each at its own earlier instant."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from invictus_ap.services.demo import words
from invictus_ap.services.demo.world import Place, World
from notices.codes import Channel
from notices.models import DirectionNotice
from notices.services import authorise_notice, make_letters, prepare_notice, record_given, save_notice
from placements.codes import ROUTE_RULES, Consent, Gate, Lunch, NoticeRule, PaidBy, Route, TransportMode
from placements.models import Placement, PlacementPeriod
from placements.queries import weekly_pattern
from placements.services import (
    accept_guest,
    answer_offer,
    decide_placement,
    propose_placement,
    record_home_visit,
    record_notice_given,
    record_offer_asked,
    start_placement,
)
from providers.codes import ProviderKind
from providers.models import Site
from referrals.codes import ManagedMoveResult, Reason
from referrals.models import Referral
from referrals.services import decide_referral, start_referral, submit_referral
from reviews.codes import TargetKind
from reviews.services import set_target
from trust.calendar import last_day
from trust.errors import CalendarNotLoaded
from trust.models import School, Student
from trust.permissions import Role

REASONS = {
    Route.DIRECTION: (Reason.SUSPENSIONS, Reason.RESPITE, Reason.NOT_ATTENDING),
    Route.IN_TRUST: (Reason.RESPITE, Reason.SUSPENSIONS),
    Route.AGREED: (Reason.KS4_SKILLS, Reason.NEEDS_NOT_MET, Reason.NEET_RISK),
    Route.MEDICAL: (Reason.MEDICAL,),
    Route.HOME_ONLINE: (Reason.CONFINED_HOME,),
    Route.LA_ARRANGED: (Reason.MEDICAL,),
    Route.MANAGED_MOVE: (Reason.RESPITE,),
    Route.DAY_SIX: (Reason.SUSPENSIONS,),
}


@dataclass(frozen=True)
class Trip:
    """Which student goes where, on which route, from when to when (inclusive; ``last`` None for a managed move).

    ``two_sites``: at the end of week B the student is at the provider's second site.
    """

    student: Student
    school: School
    place: Place
    route: Route
    first: date
    last: date | None
    exclusion_alternative: bool = False
    two_sites: bool = False


class Walker:
    """Walks trips; ``before`` counts back school days from the start or from tomorrow, whichever is earlier."""

    def __init__(self, world: World, trip: Trip) -> None:
        self.world, self.trip = world, trip
        self.by = {role: world.person(trip.school, role) for role in (Role.SLT, Role.HEAD, Role.TEAM, Role.DSL)}
        self.base = min(trip.first, world.today + timedelta(days=1))

    def before(self, days: int) -> date:
        """The school day ``days`` school days before the start; the first one known when the calendar ends there.

        Online at home counts weekdays, because the visit must not lie a summer holiday back.
        """
        if self.trip.route == Route.HOME_ONLINE:
            day = self.base
            while days:
                day -= timedelta(days=1)
                days -= day.weekday() < 5
            return day
        calendar = self.world.calendar(self.trip.school)
        try:
            return calendar.school_days_before(self.base, days)
        except CalendarNotLoaded:
            return calendar.years[0].school_days[0]

    def at(self, days: int, hour: int = 10) -> datetime:
        """An instant on that day."""
        return self.world.at(self.before(days), hour)

    def slots(self) -> list[int]:
        """The half-days of the place, moved along the week until one of them falls on the first day."""
        trip = self.trip
        arrival = self.world.calendar(trip.school).day_index(trip.first)
        for days in range(5):
            moved = [slot - slot % 10 + (slot % 10 + 2 * days) % 10 for slot in trip.place.slots]
            if {arrival, arrival + 1} & set(moved):
                break
        return sorted(moved)

    def timetable(self) -> list[int] | dict[int, tuple[int, int]]:
        """The half-days; with two sites, Thursday and Friday of week B at the second."""
        trip = self.trip
        if not trip.two_sites:
            return self.slots()
        main = trip.place.site.pk
        second = Site.objects.filter(provider=trip.place.provider).exclude(pk=main).values_list("pk", flat=True)[0]
        return {slot: (second if slot >= 16 else main, trip.place.programme.pk) for slot in self.slots()}

    def referral(self, *, submit: bool = True) -> Referral:
        """Written and, unless told otherwise, submitted by the pastoral SLT."""
        rng, trip = self.world.rng, self.trip
        referral = start_referral(
            student_id=trip.student.pk, data=self._words(rng), by=self.by[Role.SLT], now=self.at(15, 16)
        )
        if submit:
            submit_referral(referral_id=referral.pk, by=self.by[Role.SLT], now=self.at(14, 15))
        return referral

    def _words(self, rng: Any) -> dict[str, Any]:
        return {
            "primary_reason": rng.choice(REASONS[self.trip.route]),
            "narrative": rng.choice(words.NARRATIVES),
            "in_house_options": rng.choice(words.IN_HOUSE),
            "why_more_appropriate": rng.choice(words.APPROPRIATE),
            "managed_move": (
                ManagedMoveResult.PROPOSED
                if self.trip.route == Route.MANAGED_MOVE
                else rng.choice((ManagedMoveResult.NOT_SUITABLE, ManagedMoveResult.NO_CONSENT))
            ),
            "managed_move_note": "Talked through with the family at the set-up meeting.",
            "exclusion_alternative": self.trip.exclusion_alternative,
            "aims": rng.choice(words.AIMS),
            "interests": self.trip.student.interests[:240],
            "needs": "Prefers to be told of changes in advance; carries an inhaler.",
            "family_invited_on": self.before(17),
            "family_met_on": self.before(15),
            "explained_by": self.by[Role.SLT].full_name,
            "explained_to": "Mother",
            "family_said": rng.choice(words.FAMILY_SAID),
            "attendance_agreed_on": self.before(15),
            "attendance_agreed_how": "In writing",
            "family_came": "Mother and student",
            "explained_what": "What the provider does, for how long, and that attendance there is as binding as here.",
            "subjects": "maths, English, a practical subject",
            "qualifications": "functional skills, a level 1 award",
            "medical": "Asthma; inhaler in the bag." if self.trip.student.pk % 3 == 0 else "",
            "no_medical_needs": self.trip.student.pk % 3 != 0,
        }

    def decided_referral(self) -> Referral:
        """Approved by the headteacher."""
        referral = self.referral()
        return decide_referral(
            referral_id=referral.pk, decision="APPROVED", reason="", by=self.by[Role.HEAD], now=self.at(12, 11)
        )

    def proposed(self) -> Placement:
        """A placement proposed by the pastoral SLT, with what its route needs before a decision."""
        trip, world = self.trip, self.world
        referral = self.decided_referral()
        consent = ROUTE_RULES[trip.route].consent != Consent.NONE
        placement = propose_placement(
            referral_id=referral.pk,
            data={
                "provider_id": trip.place.provider.pk,
                "programme_id": trip.place.programme.pk,
                "site_id": trip.place.site.pk,
                "route": trip.route,
                "first": trip.first,
                "last": trip.last,
                "start_time": time(9, 15),
                "report_to": trip.place.site.report_to,
                "slots": self.timetable() if ROUTE_RULES[trip.route].needs_slots else [],
                "full_time": len(trip.place.slots) == 20,
                "maths_and_english_how": "Taught by the programme.",
                "consent_on": self.before(11) if consent else None,
                "consent_how": "signed at the set-up meeting" if consent else "",
                "dual_registered_on": trip.first if trip.route == Route.IN_TRUST else None,
                "la_confirmed_on": self.before(11) if trip.route == Route.LA_ARRANGED else None,
                "review_weeks": 6,
                **self.arrangements(),
            },
            by=self.by[Role.SLT],
            now=self.at(10, 9),
        )
        if trip.route == Route.HOME_ONLINE:
            record_home_visit(
                placement_id=placement.pk,
                data={
                    "visited_on": self.before(9),
                    "visited_by": self.by[Role.TEAM].full_name,
                    "suitable": True,
                    "safeguarding": "Camera on in a shared room, lessons recorded, weekly call to the student.",
                    "supervisor": "Grandmother",
                },
                by=self.by[Role.SLT],
                now=self.at(9, 14),
            )
        if trip.place.provider.kind == ProviderKind.TRUST_SCHOOL:
            host = next(school for school in world.schools if school.pk == trip.place.provider.school_id)
            accept_guest(
                placement_id=placement.pk,
                dual_registered_on=trip.first if trip.route == Route.IN_TRUST else None,
                by=world.person(host, Role.HEAD),
                now=self.at(8, 9),
            )
        return placement

    def offered(self, placement: Placement) -> None:
        """A place asked for and offered, as the gate asks for one before the approval."""
        gate = ROUTE_RULES[self.trip.route].gate
        if gate in (Gate.MANAGED_MOVE, Gate.LA) or self.trip.place.provider.kind == ProviderKind.TRUST_SCHOOL:
            return
        offer = record_offer_asked(
            referral_id=placement.referral_id,
            provider_id=placement.provider_id,
            programme_id=placement.programme_id,
            slots={slot % 10 for slot in weekly_pattern(placement)},
            first=self.trip.first,
            last=self.trip.last,
            by=self.by[Role.SLT],
            now=self.at(11, 10),
        )
        answered = self.before(9)
        answer_offer(
            offer_id=offer.pk,
            offered=True,
            until=max(self.world.today, self.base) + timedelta(days=21),
            why="",
            answered_by=self.trip.place.site.report_to,
            answered_on=answered,
            admission_meeting_on=self.before(8),
            by=self.by[Role.SLT],
            now=self.at(9, 16),
        )

    def arrangements(self) -> dict[str, Any]:
        """How the student gets there, eats and is safe; every fifth proposal has not got so far."""
        number, deputy = self.trip.student.pk, self.by[Role.TEAM]
        if number % 5 == 4:
            return {}
        taxi = number % 4 == 0
        return {
            "transport_mode": TransportMode.TAXI if taxi else TransportMode.PUBLIC,
            "transport_booked_by": deputy.full_name if taxi else "",
            "transport_paid_by": PaidBy.SCHOOL,
            "transport_pick_up": "At home, 08:40" if taxi else "Bus from the market place, 08:25",
            "lunch": Lunch.VOUCHER if self.trip.student.free_school_meals else Lunch.OWN,
            "risk_assessed_on": self.before(12),
            "risk_assessed_by": self.by[Role.SLT].full_name,
            "risk_summary": "Walks away when shouted at; an adult follows at a distance and says where to find help.",
            "medical": "Asthma; carries an inhaler." if number % 3 == 0 else "None known.",
            "emergency": "Ring the mother, then the school office.",
            "school_link_deputy_id": deputy.pk,
            "transport_a_day": Decimal("6.40") if taxi else Decimal("0.00"),
        }

    def approved(self, overrides: dict[str, str] | None = None) -> Placement:
        """Offered by the provider, approved by the headteacher."""
        placement = self.proposed()
        self.offered(placement)
        return decide_placement(
            placement_id=placement.pk,
            decision="APPROVED",
            reason="",
            overrides=overrides or {},
            over_budget_reason="",
            by=self.by[Role.HEAD],
            now=self.at(7, 11),
        )

    def period(self, placement: Placement, number: int = 1) -> PlacementPeriod:
        """One of its periods."""
        period: PlacementPeriod = placement.periods.get(number=number)
        return period

    def draft(self, placement: Placement, number: int = 1, now: datetime | None = None) -> DirectionNotice:
        """A notice with everything that the letter needs."""
        period, now = self.period(placement, number), now or self.at(6, 9)
        notice = prepare_notice(period_id=period.pk, by=self.by[Role.SLT], now=now)
        if notice.first_review_on is None:
            data = {"first_review_on": last_day(period.period)}
            notice = save_notice(notice_id=notice.pk, data=data, version=None, by=self.by[Role.SLT], now=now)
        return notice

    def issued(self, placement: Placement, *, late: bool = False, number: int = 1) -> DirectionNotice:
        """Authorised by the headteacher, letters made. ``late``: on the school day before the start, with a reason."""
        days = 1 if late else 5
        notice = self.draft(placement, number, self.at(days, 8))
        reason = "The place was offered at short notice and the family asked to begin at once." if late else ""
        authorise_notice(notice_id=notice.pk, override_reason=reason, by=self.by[Role.HEAD], now=self.at(days, 9))
        make_letters(now=self.at(days, 10))
        return notice

    def given(self, placement: Placement, *, late: bool = False, number: int = 1) -> None:
        """Handed over or sent to everybody who must have it."""
        notice = self.issued(placement, late=late, number=number)
        days = 1 if late else 4
        for recipient in notice.recipients.order_by("pk"):
            by_email = recipient.email and not late and (recipient.email_consent or recipient.kind != "PARENT")
            record_given(
                recipient_id=recipient.pk,
                channel=Channel.EMAIL if by_email else Channel.HAND,
                sent_at=self.at(days, 11),
                proof="read receipt kept" if by_email else "handed over at home by the pastoral team",
                by=self.by[Role.TEAM],
                now=self.at(days, 12),
            )

    def brought_in(self, placement: Placement) -> None:
        """A notice given on paper before this system: the date as a fact, as placements are brought in at going live.

        Most of the demo's past is made so, because each letter takes the time of a PDF.
        """
        period = self.period(placement)
        if period.notice_needed:
            record_notice_given(period_id=period.pk, given_on=self.before(5), by=self.by[Role.TEAM], now=self.at(5, 12))

    def started(self, *, notice: str = "brought in", overrides: dict[str, str] | None = None) -> Placement:
        """Begun on its first day, with two targets. ``notice``: 'brought in', 'given' or 'late'."""
        placement = self.approved(overrides)
        if ROUTE_RULES[self.trip.route].notice != NoticeRule.NONE:
            if notice == "brought in":
                self.brought_in(placement)
            else:
                self.given(placement, late=notice == "late")
        now = self.world.at(self.trip.first, 9, 30)
        placement = start_placement(placement_id=placement.pk, by=self.by[Role.SLT], now=now)
        self.targets(placement, now)
        return placement

    def targets(self, placement: Placement, now: datetime) -> None:
        """Attendance, and behaviour or a qualification."""
        second = (
            (TargetKind.BEHAVIOUR, "Incidents in a week", "5", "at most 1")
            if self.world.rng.random() < 0.6
            else (TargetKind.QUALIFICATION, "Units of the level 1 award", "0", "3 of 6")
        )
        for kind, measure, baseline, goal in (
            (TargetKind.ATTENDANCE, "Placement attendance", f"{self.world.rng.randint(38, 78)} %", "at least 90 %"),
            second,
        ):
            data = {"kind": kind, "measure": measure, "baseline": baseline, "goal": goal}
            set_target(placement_id=placement.pk, data=data, by=self.by[Role.SLT], now=now)
