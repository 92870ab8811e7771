"""About sixty placements in every status and on every route, and referrals that have not got so far."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import cycle

from invictus_ap.services.demo.letters import read_polish
from invictus_ap.services.demo.people import HOME
from invictus_ap.services.demo.walk import Trip, Walker
from invictus_ap.services.demo.world import World
from placements.codes import Destination, EndingReason, Route
from placements.models import Placement
from placements.services import (
    approve_extension,
    cancel_placement,
    complete_transfer,
    decide_placement,
    end_placement,
    pause_placement,
    propose_extension,
    withdraw_placement,
)
from referrals.services import decide_referral, withdraw_referral
from trust.calendar import last_day
from trust.models import School, Student
from trust.permissions import Role

ACTIVE = (
    ("millwheel", Route.DIRECTION), ("lantern", Route.DIRECTION), ("quayside", Route.DIRECTION),
    ("northmoor", Route.AGREED), ("millwheel", Route.DIRECTION), ("lantern", Route.DIRECTION),
    ("redgate", Route.AGREED), ("northmoor", Route.AGREED), ("millwheel", Route.DIRECTION),
    ("kite", Route.MEDICAL), ("larkrise", Route.HOME_ONLINE), ("dunmere", Route.IN_TRUST),
    ("northmoor", Route.AGREED), ("lantern", Route.DIRECTION), ("millwheel", Route.DIRECTION),
    ("westerby", Route.LA_ARRANGED), ("quayside", Route.DAY_SIX), ("greystone", Route.IN_TRUST),
    ("northmoor", Route.AGREED), ("hollowoak", Route.AGREED), ("larkrise", Route.HOME_ONLINE),
    ("stagecraft", Route.AGREED), ("kite", Route.MEDICAL), ("redgate", Route.AGREED),
)  # fmt: skip
ENDED = (
    ("millwheel", Route.DIRECTION), ("lantern", Route.DIRECTION), ("redgate", Route.AGREED),
    ("northmoor", Route.AGREED), ("quayside", Route.DIRECTION), ("millwheel", Route.DIRECTION),
    ("larkrise", Route.HOME_ONLINE), ("lantern", Route.DIRECTION), ("northmoor", Route.AGREED),
    ("redgate", Route.DIRECTION), ("dunmere", Route.IN_TRUST), ("quayside", Route.AGREED),
    ("millwheel", Route.DIRECTION), ("lantern", Route.DIRECTION), ("kite", Route.MEDICAL),
    ("northmoor", Route.AGREED), ("millwheel", Route.DIRECTION), ("quayside", Route.DIRECTION),
    ("lantern", Route.AGREED), ("northmoor", Route.AGREED),
)  # fmt: skip
MOST_USED = frozenset({"millwheel", "lantern", "quayside", "northmoor"})
ENDINGS = (
    (EndingReason.PLANNED, Destination.HOME_SCHOOL),
    (EndingReason.PLANNED, Destination.HOME_SCHOOL),
    (EndingReason.AIMS_MET, Destination.HOME_SCHOOL),
    (EndingReason.PLANNED, Destination.OTHER_PROVIDER),
    (EndingReason.BROKE_DOWN, Destination.TRUST_SCHOOL),
    (EndingReason.CONDUCT, Destination.HOME_SCHOOL),
    (EndingReason.NOT_ATTENDING, Destination.HEADTEACHER),
    (EndingReason.PLANNED, Destination.HOME_SCHOOL),
)
# How many running placements are left without a decision when their period has ended, in a summer holiday.
UNDECIDED = 3


class Cases:
    """Takes students school by school, each once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.waiting = {school.pk: iter(world.students[school.pk]) for school in world.schools}
        self.turn: Iterator[School] = cycle(world.schools)
        # Placements to be ended, with their last day, once their reviews were held.
        self.held_back: list[tuple[Placement, date]] = []

    def student(self, not_at: int | None = None, home: bool = False) -> tuple[School, Student]:
        """The next student of the next school that still has one; not of the school ``not_at``.

        ``home`` takes one of the school whose people the demo log-in offers, as long as it has some.
        """
        if home:
            school = self.world.schools[HOME]
            student = next(self.waiting[school.pk], None)
            if student is not None:
                return school, student
        for _ in range(3 * len(self.world.schools)):
            school = next(self.turn)
            if school.pk == not_at:
                continue
            student = next(self.waiting[school.pk], None)
            if student is not None:
                return school, student
        raise RuntimeError("The demo has too few students for its cases.")

    def trip(
        self,
        key: str,
        route: Route,
        first: date,
        last: date | None,
        *,
        exclusion_alternative: bool = False,
        home: bool = False,
    ) -> Trip:
        """A trip of the next student to one of the providers."""
        place = self.world.places[key]
        school, student = self.student(place.provider.school_id, home)
        return Trip(student, school, place, route, first, last, exclusion_alternative)

    # Days

    def half_term_ends(self, first: date) -> list[date]:
        """The last school days of the half-terms of the academic year of ``first`` that end on or after it."""
        calendar = self.world.calendar(self.world.schools[0])
        year = next(year for year in calendar.years if first in year)
        ends = []
        for term in year.terms:
            for half in term.halves:
                days = [day for day in year.school_days if half.first <= day <= half.last]
                if days and days[-1] >= first:
                    ends.append(days[-1])
        return ends

    def end_after(self, first: date, least: int = 20) -> date:
        """The first end of a half-term that leaves at least ``least`` school days, else the last of the year."""
        calendar = self.world.calendar(self.world.schools[0])
        ends = self.half_term_ends(first)
        return next((end for end in ends if calendar.count(first, end) >= least), ends[-1])

    def coming(self, days: int) -> date:
        """The school day ``days`` school days ahead."""
        return self.world.calendar(self.world.schools[0]).add(self.world.today, days)

    # Cases

    def running(self) -> None:
        """Active placements: most with room until their end, some to be extended, two whose notice was late."""
        world = self.world
        behind = world.days_behind(world.schools[0])
        for number, (key, route) in enumerate(ACTIVE):
            # The providers that most students go to have had them for some weeks, so that their figures can be shown.
            back = (number * 5) % 9 + 30 if key in MOST_USED else (number * 7) % 40 + 3
            first = behind[max(0, len(behind) - back)]
            last = self.end_after(first, 25)
            if last < world.today <= self.half_term_ends(first)[-1]:
                last = next(end for end in self.half_term_ends(first) if end >= world.today)
            if key == "hollowoak":
                # Its agreement ends in 30 days; a holiday may leave no school day in between.
                limit = world.today + timedelta(days=30)
                year_end = self.half_term_ends(first)[-1]
                days = world.calendar(world.schools[0]).between(first, min(limit, year_end))
                last = days[-1]
            trip = self.trip(
                key, route, first, last, exclusion_alternative=number in (4, 13), home=number == 0 or key == "redgate"
            )
            trip = replace(trip, two_sites=number == 0)
            notice = {1: "late", 5: "late", 0: "given", 2: "given"}.get(number, "brought in")
            overrides = {"VISIT": "The visit is booked for next week; the family knows the yard."}
            placement = Walker(world, trip).started(notice=notice, overrides=overrides if key == "stagecraft" else None)
            if last < world.today:
                if number >= UNDECIDED:
                    self.held_back.append((placement, last))
            elif number in (3, 10):
                pause_placement(
                    placement_id=placement.pk,
                    reason="Paused at once while a matter of safety is looked into.",
                    where_instead="At the home school, in the learning base",
                    parents_told_on=max(behind[-1], first),
                    parents_told_by=world.person(trip.school, Role.DSL).full_name,
                    by=world.person(trip.school, Role.DSL),
                    now=world.at(max(behind[-1], first), 13),
                )

    def past(self) -> None:
        """Placements of the terms before, to be ended after their reviews: some as planned, some early."""
        world = self.world
        calendar = world.calendar(world.schools[0])
        halves = [
            half
            for year in calendar.years
            for term in year.terms
            for half in term.halves
            if half.last < world.today and half.first > calendar.years[0].first + timedelta(days=45)
        ]
        for number, (key, route) in enumerate(ENDED):
            half = halves[-1 - number % min(3, len(halves))]
            days = calendar.between(half.first, half.last)
            trip = self.trip(key, route, days[number % 4 + 1], self.end_after(days[4], 22))
            if trip.last is not None and trip.last >= world.today:
                trip = Trip(trip.student, trip.school, trip.place, route, trip.first, days[-1])
            placement = Walker(world, trip).started()
            planned = calendar.between(trip.first, trip.last or trip.first)
            reason, _ = ENDINGS[number % len(ENDINGS)]
            early = reason != EndingReason.PLANNED
            self.held_back.append((placement, planned[-8] if early and len(planned) > 12 else planned[-1]))

    def end_held_back(self) -> None:
        """End what was held back, with reason and destination."""
        for number, (placement, ended_on) in enumerate(self.held_back):
            fresh = Placement.objects.select_related("school").get(pk=placement.pk)
            reason, destination = ENDINGS[number % len(ENDINGS)]
            if ended_on == last_day(fresh.periods.get(number=1).period):
                reason, destination = EndingReason.PLANNED, Destination.HOME_SCHOOL
            end_placement(
                placement_id=fresh.pk,
                ended_on=ended_on,
                reason=reason,
                destination=destination,
                note="Agreed at the last meeting with the family and the provider.",
                by=self.world.person(fresh.school, Role.HEAD),
                now=self.world.at(ended_on, 15, 30),
            )

    def to_start(self) -> None:
        """Approved, with notices in every state: given, issued, draft, due and overdue; one cancelled."""
        plans = (
            ("millwheel", Route.DIRECTION, 6, "given"),
            ("lantern", Route.DIRECTION, 5, "issued"),
            ("quayside", Route.DIRECTION, 4, "draft"),
            ("northmoor", Route.AGREED, 3, "none"),
            ("millwheel", Route.DIRECTION, 1, "none"),
            ("dunmere", Route.IN_TRUST, 9, "none"),
            ("lantern", Route.AGREED, 8, "cancelled"),
        )
        for key, route, ahead, state in plans:
            first = self.coming(ahead)
            home = (key, state) in (("quayside", "draft"), ("millwheel", "none"))
            walker = Walker(self.world, self.trip(key, route, first, self.end_after(first, 15), home=home))
            placement = walker.approved()
            if state == "given":
                walker.given(placement)
            elif state == "issued":
                read_polish(walker.trip.student)
                walker.issued(placement)
            elif state == "draft":
                walker.draft(placement)
            elif state == "cancelled":
                cancel_placement(
                    placement_id=placement.pk,
                    reason="The family has moved out of the area.",
                    by=walker.by[Role.HEAD],
                    now=self.world.at(self.world.today, 9),
                )

    def proposals(self) -> list[Placement]:
        """Waiting, returned, declined and withdrawn proposals; those for the last school are decided at the end."""
        waiting = []
        for number, (key, route) in enumerate(
            (
                ("millwheel", Route.DIRECTION),
                ("lantern", Route.DIRECTION),
                ("northmoor", Route.AGREED),
                ("greystone", Route.IN_TRUST),
                ("quayside", Route.DIRECTION),
                ("millwheel", Route.DIRECTION),
                ("lantern", Route.AGREED),
                ("northmoor", Route.AGREED),
                ("quayside", Route.DIRECTION),
                ("millwheel", Route.AGREED),
            )
        ):
            first = self.coming(7 + number % 4)
            last = self.end_after(first, 15)
            trip = self.trip(key, route, first, last, exclusion_alternative=number == 1, home=number < 2)
            walker = Walker(self.world, trip)
            placement = walker.proposed()
            if number != 2:
                # The third waits for the provider's answer, so that its decision page shows what is missing.
                walker.offered(placement)
            now = self.world.at(self.world.today, 8)
            if number in (5, 6, 7):
                decide_placement(
                    placement_id=placement.pk,
                    decision="DECLINED" if number == 6 else "RETURNED",
                    reason="Please cost a shorter timetable first." if number != 6 else "A place in school was found.",
                    overrides={},
                    over_budget_reason="",
                    by=walker.by[Role.HEAD],
                    now=now,
                )
            elif number == 8:
                withdraw_placement(
                    placement_id=placement.pk, reason="The family asked for more time.", by=walker.by[Role.SLT], now=now
                )
            elif number == 9:
                waiting.append(placement)
        return waiting

    def moves(self) -> None:
        """Managed moves, completed: the student is on the roll of the other school since."""
        behind = self.world.days_behind(self.world.schools[0])
        for key, back in (("dunmere", 12), ("greystone", 30)):
            first = behind[max(0, len(behind) - back)]
            walker = Walker(self.world, self.trip(key, Route.MANAGED_MOVE, first, None))
            placement = walker.approved()
            complete_transfer(placement_id=placement.pk, by=walker.by[Role.SLT], now=self.world.at(first, 9))

    def extensions(self) -> None:
        """Two running placements go on: one extension waits for a decision, one for its notice."""
        candidates = Placement.objects.running().select_related("school").order_by("pk")
        done = 0
        for placement in candidates:
            last = last_day(placement.periods.get(number=1).period)
            if (
                last is None
                or last < self.world.today
                or placement.provider_id == self.world.places["hollowoak"].provider.pk
            ):
                continue
            later = [end for end in self.half_term_ends(last) if end > last]
            if not later or placement.overrides.exists():
                continue
            by = self.world.person(placement.school, Role.SLT)
            period = propose_extension(
                placement_id=placement.pk, last=later[0], by=by, now=self.world.at(self.world.today, 8)
            )
            if done == 1:
                approve_extension(
                    period_id=period.pk,
                    over_budget_reason="",
                    by=self.world.person(placement.school, Role.HEAD),
                    now=self.world.at(self.world.today, 9),
                )
            done += 1
            if done == 2:
                return

    def referrals(self) -> None:
        """Referrals before any placement: drafts, submitted, returned, declined, withdrawn, approved."""
        states = (
            "draft",
            "draft",
            "submitted",
            "submitted",
            "exclusion",
            "RETURNED",
            "DECLINED",
            "withdrawn",
            "APPROVED",
        )
        for state in states:
            trip = self.trip(
                "millwheel", Route.DIRECTION, self.coming(12), None, exclusion_alternative=state == "exclusion"
            )
            walker = Walker(self.world, trip)
            if state == "draft":
                walker.referral(submit=False)
                continue
            referral = walker.referral()
            if state in ("RETURNED", "DECLINED", "APPROVED"):
                decide_referral(
                    referral_id=referral.pk,
                    decision=state,
                    reason="" if state == "APPROVED" else "Please try the inclusion base first.",
                    by=walker.by[Role.HEAD],
                    now=walker.at(3, 11),
                )
            elif state == "withdrawn":
                withdraw_referral(
                    referral_id=referral.pk,
                    reason="The family has moved away.",
                    by=walker.by[Role.SLT],
                    now=walker.at(3, 11),
                )


def make_cases(cases: Cases) -> list[Placement]:
    """The plain run of placements and referrals; what is held back is ended by ``Cases.end_held_back`` later.

    Returned are those that the chief executive decides at the end.
    """
    cases.past()
    cases.running()
    cases.moves()
    cases.to_start()
    waiting = cases.proposals()
    cases.referrals()
    return waiting
