"""The gate, expected sessions, money and the checks of an approval, as tables of values."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placements import rules
from placements.codes import Route
from placements.rules import GateCode, GateFacts, GateOutcome, HomeVisitFact, OfferFact, thresholds
from providers.codes import CheckKind, PriceUnit, ProviderKind
from tests.factories.calendar import england_calendar
from trust.errors import CalendarNotLoaded, RuleBroken
from trust.permissions import Permission

CAL = england_calendar()
EVERY_HALF_DAY = range(20)
ON = dt.date(2026, 11, 24)
FIRST, LAST = dt.date(2026, 12, 7), dt.date(2027, 3, 25)

CHECKS: Mapping[str, rules.CheckFact] = {
    CheckKind.STAFF_CHECKS: rules.CheckFact(dt.date(2026, 9, 1)),
    CheckKind.SAFEGUARDING_POLICY: rules.CheckFact(dt.date(2026, 9, 1)),
    CheckKind.INSURANCE: rules.CheckFact(dt.date(2026, 9, 1), dt.date(2027, 8, 31)),
    CheckKind.VISIT: rules.CheckFact(dt.date(2026, 9, 1)),
    CheckKind.ACCREDITATION: rules.CheckFact(dt.date(2026, 9, 1)),
}

GOOD = GateFacts(
    route=Route.DIRECTION,
    provider_kind=ProviderKind.REGISTERED_AP,
    provider_status="APPROVED",
    on=ON,
    first=FIRST,
    last=LAST,
    agreements=((dt.date(2026, 9, 1), dt.date(2027, 8, 31)),),
    checks=CHECKS,
    medical_specialist=True,
    places_left=2,
    half_days=frozenset({0, 3}),
    nc_year=9,
    offer=OfferFact("OFFERED", dt.date(2026, 11, 10), frozenset({0, 3, 5}), FIRST, LAST, until=ON),
    full_time=True,
    teaches_maths_and_english=True,
    weekly_hours=Decimal(15),
    weekly_sessions=4,
    home_visit=HomeVisitFact(dt.date(2026, 11, 20), True, "Camera on, door open.", "Ms Ash"),
    family_met_on=dt.date(2026, 11, 10),
    explanation_recorded=True,
    consent_on=dt.date(2026, 11, 10),
    host_accepted_on=dt.date(2026, 11, 12),
    dual_registered_on=FIRST,
    la_confirmed_on=dt.date(2026, 11, 12),
    site_address="1 High Street",
    attendance_contact="Office",
    risk_assessed_on=ON,
    transport="TAXI",
    lunch="PROVIDER",
    medical_known=True,
    emergency_known=True,
)

COMMON = {"PROVIDER_KIND", "EXPLANATION"}
TAUGHT = COMMON | {
    "PROVIDER_APPROVED",
    "AGREEMENT",
    "CAPACITY",
    "HALF_DAYS",
    "KEY_STAGE",
    "MATHS_AND_ENGLISH",
    "FAMILY_MEETING",
    "RISK_ASSESSMENT",
    "MEDICAL_INFORMATION",
    "PACK",
}
FULL = TAUGHT | {"STAFF_CHECKS", "SAFEGUARDING_POLICY", "INSURANCE", "VISIT", "OFFER", "TRANSPORT", "LUNCH"}
TRUST_SCHOOL = TAUGHT | {"HOST_ACCEPTED", "DUAL_REGISTRATION", "TRANSPORT", "LUNCH"}
ONLINE = TAUGHT | {"STAFF_CHECKS", "SAFEGUARDING_POLICY", "ACCREDITATION", "HOME_VISIT", "OFFER"}


def failed(facts: GateFacts) -> dict[str, bool]:
    """The codes that fail, with whether they can be overridden."""
    return {r.code.value: r.overridable for r in rules.gate(facts) if r.outcome == GateOutcome.FAILED}


def warned(facts: GateFacts) -> set[str]:
    return {r.code.value for r in rules.gate(facts) if r.outcome == GateOutcome.WARNING}


# --- Gate --------------------------------------------------------------------------------------------------------


@pytest.mark.policy("P1.1")
@pytest.mark.parametrize(
    ("route", "kind", "asked"),
    [
        (Route.DIRECTION, ProviderKind.REGISTERED_AP, FULL | {"CONSENT"}),
        (Route.DIRECTION, ProviderKind.UNREGISTERED, FULL | {"CONSENT", "UNREGISTERED"}),
        (Route.DIRECTION, ProviderKind.TRUST_SCHOOL, TRUST_SCHOOL | {"CONSENT"}),
        (Route.IN_TRUST, ProviderKind.TRUST_SCHOOL, TRUST_SCHOOL | {"CONSENT"}),
        (Route.AGREED, ProviderKind.FE_COLLEGE, FULL | {"CONSENT"}),
        (Route.MEDICAL, ProviderKind.TUITION, FULL | {"CONSENT", "SPECIALIST"}),
        (Route.HOME_ONLINE, ProviderKind.ONLINE, ONLINE | {"CONSENT"}),
        (Route.DAY_SIX, ProviderKind.REGISTERED_AP, FULL),
        (Route.LA_ARRANGED, ProviderKind.REGISTERED_AP, COMMON | {"LA_CONFIRMED"}),
        (Route.LA_ARRANGED, ProviderKind.TRUST_SCHOOL, COMMON | {"LA_CONFIRMED"}),
        (Route.MANAGED_MOVE, ProviderKind.TRUST_SCHOOL, COMMON | {"HOST_ACCEPTED", "CONSENT"}),
        (Route.MANAGED_MOVE, ProviderKind.OTHER_SCHOOL, COMMON | {"HOST_ACCEPTED", "CONSENT"}),
    ],
)
def test_gate_asks_by_route_and_kind(route: Route, kind: ProviderKind, asked: set[str]) -> None:
    results = rules.gate(replace(GOOD, route=route, provider_kind=kind))
    assert {r.code.value for r in results} == asked
    assert len(results) == len(asked)
    assert {r.outcome for r in results} == {GateOutcome.PASSED}
    assert all(r.why and r.source and r.label for r in results)


def _without(kind: CheckKind) -> dict[str, rules.CheckFact]:
    return {name: fact for name, fact in CHECKS.items() if name != kind}


def _check(kind: CheckKind, done: dt.date, expires: dt.date | None = None) -> dict[str, rules.CheckFact]:
    return {**CHECKS, kind: rules.CheckFact(done, expires)}


def _offer(**changes: object) -> GateFacts:
    assert GOOD.offer is not None
    return replace(GOOD, offer=replace(GOOD.offer, **changes))  # type: ignore[arg-type]


UNREG = replace(GOOD, provider_kind=ProviderKind.UNREGISTERED)
HOME = replace(GOOD, route=Route.HOME_ONLINE, provider_kind=ProviderKind.ONLINE)
IN_TRUST = replace(GOOD, route=Route.IN_TRUST, provider_kind=ProviderKind.TRUST_SCHOOL, offer=None)
MOVE = replace(GOOD, route=Route.MANAGED_MOVE, provider_kind=ProviderKind.OTHER_SCHOOL, last=None)
LA = replace(GOOD, route=Route.LA_ARRANGED)
PART_TIME = replace(GOOD, full_time=False, teaches_maths_and_english=False)
VISIT = GOOD.home_visit
assert VISIT is not None

FAILURES = [
    pytest.param(replace(GOOD, provider_status="SUSPENDED"), {"PROVIDER_APPROVED": False}, id="suspended"),
    pytest.param(replace(GOOD, provider_status="PROSPECTIVE"), {"PROVIDER_APPROVED": False}, id="prospective"),
    pytest.param(
        replace(HOME, provider_kind=ProviderKind.REGISTERED_AP), {"PROVIDER_KIND": False}, id="online-elsewhere"
    ),
    pytest.param(
        replace(GOOD, route=Route.MEDICAL, medical_specialist=False),
        {"SPECIALIST": False},
        id="medical-not-specialist",
        marks=pytest.mark.policy("P2.2"),
    ),
    pytest.param(
        replace(GOOD, agreements=()), {"AGREEMENT": False}, id="no-agreement", marks=pytest.mark.policy("P3.9")
    ),
    pytest.param(
        replace(GOOD, agreements=((dt.date(2026, 9, 1), LAST - dt.timedelta(days=1)),)),
        {"AGREEMENT": False},
        id="agreement-one-day-short",
        marks=pytest.mark.policy("P3.9"),
    ),
    pytest.param(
        replace(
            GOOD,
            agreements=(
                (dt.date(2026, 9, 1), dt.date(2026, 12, 31)),
                (dt.date(2027, 1, 2), dt.date(2027, 8, 31)),
            ),
        ),
        {"AGREEMENT": False},
        id="agreements-with-a-gap",
        marks=pytest.mark.policy("P3.9"),
    ),
    pytest.param(replace(GOOD, checks=_without(CheckKind.INSURANCE)), {"INSURANCE": True}, id="no-insurance"),
    pytest.param(
        replace(GOOD, checks=_check(CheckKind.INSURANCE, dt.date(2026, 9, 1))),
        {"INSURANCE": True},
        id="insurance-without-last-day",
    ),
    pytest.param(
        replace(GOOD, checks=_check(CheckKind.STAFF_CHECKS, dt.date(2025, 12, 6))),
        {"STAFF_CHECKS": True},
        id="staff-checks-over-a-year-at-start",
        marks=pytest.mark.policy("P3.12"),
    ),
    pytest.param(
        replace(GOOD, checks=_without(CheckKind.SAFEGUARDING_POLICY)),
        {"SAFEGUARDING_POLICY": True},
        id="safeguarding-policy-not-accepted",
        marks=pytest.mark.policy("P3.12"),
    ),
    pytest.param(
        replace(GOOD, checks=_check(CheckKind.VISIT, ON + dt.timedelta(days=1))), {"VISIT": True}, id="visit-to-come"
    ),
    pytest.param(
        replace(GOOD, checks=_without(CheckKind.INSURANCE), unconfirmed=frozenset({CheckKind.INSURANCE})),
        {"INSURANCE": True},
        id="insurance-not-confirmed",
        marks=pytest.mark.policy("P3.12"),
    ),
    pytest.param(
        replace(GOOD, provider_kind=ProviderKind.ONLINE),
        {"PROVIDER_KIND": False},
        id="online-and-not-at-home",
        marks=pytest.mark.policy("P3.4"),
    ),
    pytest.param(replace(GOOD, places_left=0), {"CAPACITY": True}, id="full"),
    pytest.param(replace(GOOD, not_offered=(3, 13)), {"HALF_DAYS": True}, id="not-taught-then"),
    pytest.param(replace(GOOD, offered_until=LAST - dt.timedelta(days=1)), {"HALF_DAYS": True}, id="programme-ends"),
    pytest.param(
        replace(GOOD, nc_year=10, key_stages="KS3"),
        {"KEY_STAGE": True},
        id="other-key-stage",
        marks=pytest.mark.policy("P2.1"),
    ),
    pytest.param(replace(GOOD, offer=None), {"OFFER": False}, id="not-asked"),
    pytest.param(_offer(status="ASKED", until=None), {"OFFER": False}, id="no-answer"),
    pytest.param(_offer(status="REFUSED", until=None, why="Full."), {"OFFER": False}, id="refused"),
    pytest.param(_offer(status="DROPPED"), {"OFFER": False}, id="offer-dropped"),
    pytest.param(_offer(until=ON - dt.timedelta(days=1)), {"OFFER": False}, id="offer-lapsed"),
    pytest.param(_offer(slots=frozenset({0})), {"OFFER": False}, id="offered-without-a-half-day"),
    pytest.param(
        replace(GOOD, teaches_maths_and_english=False, maths_and_english_how="At home"),
        {"MATHS_AND_ENGLISH": False},
        id="full-time-without-maths",
        marks=pytest.mark.policy("P3.5"),
    ),
    pytest.param(PART_TIME, {"MATHS_AND_ENGLISH": False}, id="part-time-unsaid", marks=pytest.mark.policy("P3.5")),
    pytest.param(replace(UNREG, weekly_hours=Decimal("18.5")), {"UNREGISTERED": True}, id="over-18-hours"),
    pytest.param(
        replace(UNREG, weekly_hours=Decimal("18.5"), ehc_plan=True), {"UNREGISTERED": False}, id="over-18-ehc-plan"
    ),
    pytest.param(
        replace(UNREG, weekly_hours=Decimal("18.5"), looked_after=True),
        {"UNREGISTERED": False},
        id="over-18-looked-after",
    ),
    pytest.param(
        replace(UNREG, weekly_hours=Decimal("18.5"), others_over_hours=4),
        {"UNREGISTERED": False},
        id="over-18-fifth-student",
    ),
    pytest.param(
        replace(UNREG, weekly_hours=Decimal("18.5"), others_over_hours=3),
        {"UNREGISTERED": True},
        id="over-18-fourth-student",
    ),
    pytest.param(
        replace(HOME, home_visit=None), {"HOME_VISIT": False}, id="no-home-visit", marks=pytest.mark.policy("P3.4")
    ),
    pytest.param(
        replace(HOME, home_visit=replace(VISIT, suitable=False)), {"HOME_VISIT": False}, id="home-not-suitable"
    ),
    pytest.param(
        replace(HOME, home_visit=replace(VISIT, visited_on=FIRST - dt.timedelta(days=50))),
        {"HOME_VISIT": False},
        id="home-visit-old",
    ),
    pytest.param(
        replace(HOME, home_visit=replace(VISIT, visited_on=ON + dt.timedelta(days=1))),
        {"HOME_VISIT": False},
        id="home-visit-to-come",
    ),
    pytest.param(
        replace(HOME, home_visit=replace(VISIT, safeguarding=" ")), {"HOME_VISIT": False}, id="home-no-safeguarding"
    ),
    pytest.param(
        replace(HOME, home_visit=replace(VISIT, supervisor="")), {"HOME_VISIT": False}, id="home-no-supervisor"
    ),
    pytest.param(replace(HOME, checks=_without(CheckKind.ACCREDITATION)), {"ACCREDITATION": True}, id="not-accredited"),
    pytest.param(
        replace(GOOD, family_met_on=None, family_invited_on=dt.date(2026, 11, 2)),
        {"FAMILY_MEETING": True},
        id="invited-once",
        marks=pytest.mark.policy("P5.1"),
    ),
    pytest.param(
        replace(
            GOOD,
            family_met_on=None,
            family_invited_on=dt.date(2026, 11, 2),
            family_invited_again_on=dt.date(2026, 11, 2),
        ),
        {"FAMILY_MEETING": True},
        id="invited-twice-on-one-day",
        marks=pytest.mark.policy("P5.1"),
    ),
    pytest.param(replace(GOOD, explanation_recorded=False), {"EXPLANATION": True}, id="not-explained"),
    pytest.param(
        replace(GOOD, explanation_recorded=False, exclusion_alternative=True),
        {"EXPLANATION": False},
        id="exclusion-alternative-not-explained",
        marks=pytest.mark.policy("P5.2"),
    ),
    pytest.param(
        replace(MOVE, explanation_recorded=False, exclusion_alternative=True),
        {"EXPLANATION": False},
        id="exclusion-alternative-by-managed-move",
        marks=pytest.mark.policy("P5.2"),
    ),
    pytest.param(replace(GOOD, consent_on=None), {"CONSENT": True}, id="views-not-sought"),
    pytest.param(
        replace(MOVE, consent_on=None), {"CONSENT": False}, id="move-no-consent", marks=pytest.mark.policy("P3.13")
    ),
    pytest.param(replace(MOVE, host_accepted_on=None), {"HOST_ACCEPTED": False}, id="move-not-accepted"),
    pytest.param(
        replace(IN_TRUST, host_accepted_on=None),
        {"HOST_ACCEPTED": False},
        id="host-not-accepted",
        marks=pytest.mark.policy("P3.3"),
    ),
    pytest.param(
        replace(IN_TRUST, host_refused_on=ON, host_refusal="No place in Year 9."),
        {"HOST_ACCEPTED": False},
        id="host-refused",
        marks=pytest.mark.policy("P3.3"),
    ),
    pytest.param(
        replace(IN_TRUST, dual_registered_on=FIRST + dt.timedelta(days=1)),
        {"DUAL_REGISTRATION": False},
        id="dual-registered-late",
        marks=pytest.mark.policy("P3.3"),
    ),
    pytest.param(replace(LA, la_confirmed_on=None), {"LA_CONFIRMED": False}, id="la-silent"),
    pytest.param(replace(LA, site_address=""), {"LA_CONFIRMED": False}, id="la-no-address"),
    pytest.param(replace(LA, attendance_contact=""), {"LA_CONFIRMED": False}, id="la-no-contact"),
]


@pytest.mark.parametrize(("facts", "expected"), FAILURES)
def test_gate_fails_exactly(facts: GateFacts, expected: dict[str, bool]) -> None:
    assert failed(facts) == expected
    with pytest.raises(RuleBroken) as refusal:
        rules.check_gate(rules.gate(facts), {})
    for code in expected:
        assert GateCode(code).label in str(refusal.value)
    overrides = dict.fromkeys(expected, "Agreed with the family.")
    if all(expected.values()):
        assert refusal.value.help is not None
        rules.check_gate(rules.gate(facts), overrides)
    else:
        assert refusal.value.help is None
        with pytest.raises(RuleBroken):
            rules.check_gate(rules.gate(facts), overrides)


PASSES = [
    pytest.param(
        replace(
            GOOD,
            agreements=(
                (dt.date(2027, 1, 1), dt.date(2027, 8, 31)),
                (dt.date(2026, 9, 1), dt.date(2026, 12, 31)),
            ),
        ),
        set(),
        id="agreements-follow-one-another",
    ),
    pytest.param(
        replace(GOOD, checks=_check(CheckKind.STAFF_CHECKS, dt.date(2025, 12, 7))),
        {"STAFF_CHECKS"},
        id="staff-checks-end-on-the-first-day",
    ),
    pytest.param(
        replace(GOOD, checks=_check(CheckKind.VISIT, dt.date(2026, 9, 1), FIRST)), {"VISIT"}, id="visit-ends-early"
    ),
    pytest.param(replace(UNREG, weekly_hours=Decimal(18)), set(), id="exactly-18-hours"),
    pytest.param(replace(UNREG, weekly_sessions=5), {"UNREGISTERED"}, id="five-sessions"),
    pytest.param(replace(GOOD, weekly_hours=Decimal(30), weekly_sessions=10), set(), id="registered-full-time"),
    pytest.param(replace(PART_TIME, maths_and_english_how="At school, Mon and Tue"), set(), id="part-time-said"),
    pytest.param(
        replace(
            GOOD,
            family_met_on=None,
            family_invited_on=dt.date(2026, 11, 2),
            family_invited_again_on=dt.date(2026, 11, 9),
        ),
        set(),
        id="invited-twice",
    ),
    pytest.param(
        replace(HOME, home_visit=replace(VISIT, visited_on=FIRST - dt.timedelta(days=49))), set(), id="visit-49-days"
    ),
    pytest.param(replace(GOOD, pack_missing=("transport", "lunch")), {"PACK"}, id="pack-missing"),
    pytest.param(replace(GOOD, offer=None, offer_asked=False), set(), id="extension-asks-no-offer"),
    pytest.param(_offer(status="TAKEN", until=ON - dt.timedelta(days=9)), set(), id="offer-taken-by-this-placement"),
    pytest.param(_offer(first=FIRST + dt.timedelta(days=7)), {"OFFER"}, id="offered-for-later-days"),
    pytest.param(_offer(last=LAST - dt.timedelta(days=7)), {"OFFER"}, id="offered-for-fewer-days"),
    pytest.param(replace(GOOD, nc_year=12), {"KEY_STAGE"}, id="year-12", marks=pytest.mark.policy("P2.1")),
    pytest.param(replace(GOOD, risk_assessed_on=None), {"RISK_ASSESSMENT"}, id="no-risk-assessment"),
    pytest.param(replace(GOOD, transport=""), {"TRANSPORT"}, id="no-transport"),
    pytest.param(replace(GOOD, lunch=""), {"LUNCH"}, id="no-lunch"),
    pytest.param(replace(GOOD, lunch="OWN"), set(), id="own-lunch"),
    pytest.param(replace(GOOD, lunch="OWN", free_school_meals=True), {"LUNCH"}, id="own-lunch-free-school-meals"),
    pytest.param(replace(GOOD, medical_known=False), {"MEDICAL_INFORMATION"}, id="no-medical"),
    pytest.param(replace(GOOD, emergency_known=False), {"MEDICAL_INFORMATION"}, id="no-emergency"),
    pytest.param(replace(HOME, transport="", lunch=""), set(), id="nobody-travels-home"),
    pytest.param(replace(IN_TRUST, agreements=(), checks={}), set(), id="trust-school-without-papers"),
    pytest.param(replace(MOVE, agreements=(), checks={}, places_left=0), set(), id="move-without-papers"),
    pytest.param(replace(LA, agreements=(), checks={}, provider_status="PROSPECTIVE"), set(), id="la-without-papers"),
]


@pytest.mark.parametrize(("facts", "warnings"), PASSES)
def test_gate_passes_with_warnings(facts: GateFacts, warnings: set[str]) -> None:
    assert failed(facts) == {}
    assert warned(facts) == warnings
    rules.check_gate(rules.gate(facts), {})


@pytest.mark.policy("P3.4")
@pytest.mark.parametrize(
    ("needed", "since"),
    [
        # The half-term from 2 November, and the ten school days before it.
        (dt.date(2026, 11, 2), dt.date(2026, 10, 12)),
        (dt.date(2026, 12, 18), dt.date(2026, 10, 12)),
        # Christmas is not counted: a visit of December serves for January.
        (dt.date(2027, 1, 5), dt.date(2026, 12, 7)),
        # A holiday belongs to no half-term.
        (dt.date(2026, 12, 28), None),
    ],
)
def test_home_visit_is_renewed_each_half_term(needed: dt.date, since: dt.date | None) -> None:
    assert rules.home_visit_since(CAL, needed) == since


@pytest.mark.policy("P3.4")
def test_home_visit_before_its_half_term_fails() -> None:
    facts = replace(HOME, home_visit_since=VISIT.visited_on)
    assert failed(facts) == {}
    assert failed(replace(facts, home_visit_since=VISIT.visited_on + dt.timedelta(days=1))) == {"HOME_VISIT": False}


@pytest.mark.parametrize("route", list(Route))
def test_explanation_is_asked_on_every_route(route: Route) -> None:
    facts = replace(GOOD, route=route, explanation_recorded=False, exclusion_alternative=True)
    assert failed(facts)["EXPLANATION"] is False


def test_the_two_absolute_questions_and_the_offer_take_no_override() -> None:
    facts = replace(
        GOOD,
        explanation_recorded=False,
        exclusion_alternative=True,
        teaches_maths_and_english=False,
        offer=None,
    )
    assert failed(facts) == {"EXPLANATION": False, "MATHS_AND_ENGLISH": False, "OFFER": False}
    reasons = dict.fromkeys(("EXPLANATION", "MATHS_AND_ENGLISH", "OFFER"), "The Headteacher says so.")
    with pytest.raises(RuleBroken, match="Reasons explained"):
        rules.check_gate(rules.gate(facts), reasons)


def test_thresholds_have_a_source_and_a_day() -> None:
    rows = (thresholds.UNREGISTERED_HOURS[0], thresholds.Threshold(16, dt.date(2027, 9, 1), "A stricter trust"))
    assert all(row.source for row in rows)
    assert thresholds.in_force(rows, dt.date(2027, 8, 31)).value == 18
    assert thresholds.in_force(rows, dt.date(2027, 9, 1)).value == 16
    assert thresholds.in_force(rows, dt.date(2010, 1, 1)).value == 18


@given(
    taken=st.lists(
        st.tuples(st.integers(0, 19), st.integers(0, 30), st.integers(0, 10)).map(
            lambda row: rules.Taken(row[0], ON + dt.timedelta(row[1]), ON + dt.timedelta(row[1] + row[2]))
        )
    ),
    first=st.integers(0, 30),
    length=st.integers(0, 20),
)
def test_places_left_equal_a_count_day_by_day(taken: list[rules.Taken], first: int, length: int) -> None:
    begins = ON + dt.timedelta(first)
    days = [begins + dt.timedelta(number) for number in range(length + 1)]
    counted = {
        slot: 5 - max(sum(1 for row in taken if row.slot == slot and row.first <= day <= row.last) for day in days)
        for slot in range(20)
    }
    assert rules.left_by_half_day(5, taken, range(20), begins, days[-1]) == counted


@pytest.mark.parametrize(
    ("slots", "words"),
    [((3,), "Tue PM"), ((3, 13), "Tue PM"), ((13,), "week B Tue PM"), ((0, 3, 10), "Mon AM and Tue PM")],
)
def test_half_days_in_words(slots: tuple[int, ...], words: str) -> None:
    assert rules.half_days_words(slots) == words


def test_override_needs_a_reason() -> None:
    results = rules.gate(replace(GOOD, places_left=0))
    with pytest.raises(RuleBroken):
        rules.check_gate(results, {GateCode.CAPACITY: ""})


def test_override_marks_only_what_failed() -> None:
    results = rules.gate(replace(GOOD, places_left=0))
    marked = rules.with_overrides(results, {GateCode.CAPACITY: "A place opens on Friday.", GateCode.VISIT: "x"})
    assert [r.code for r in marked if r.outcome == GateOutcome.OVERRIDDEN] == [GateCode.CAPACITY]
    assert "A place opens on Friday." in next(r.why for r in marked if r.code == GateCode.CAPACITY)


def test_check_of_leap_day_counts_to_28_february() -> None:
    fact = rules.CheckFact(dt.date(2028, 2, 29))
    assert rules.check_valid_until(CheckKind.VISIT, fact) == dt.date(2029, 2, 28)


# --- Expected sessions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slots", "first", "last", "expected"),
    [
        # Week A begins Mon 30 Nov 2026, week B Mon 23 Nov and Mon 7 Dec.
        ({0}, (2026, 11, 23), (2026, 12, 11), [((2026, 11, 30), "AM")]),
        ({11}, (2026, 11, 23), (2026, 12, 11), [((2026, 11, 23), "PM"), ((2026, 12, 7), "PM")]),
        ({9, 19}, (2026, 12, 11), (2027, 1, 8), [((2026, 12, 11), "PM"), ((2026, 12, 18), "PM"), ((2027, 1, 8), "PM")]),
        # INSET on Mon 4 Jan 2027.
        ({0, 10, 2, 12}, (2027, 1, 4), (2027, 1, 5), [((2027, 1, 5), "AM")]),
        # Half-term.
        ({0, 10}, (2026, 10, 26), (2026, 10, 30), []),
        ({0}, (2026, 12, 11), (2026, 12, 10), []),
    ],
)
def test_expected_sessions_of_a_timetable(slots, first, last, expected) -> None:
    found = rules.expected_sessions(CAL, slots, dt.date(*first), dt.date(*last))
    assert found == tuple((dt.date(*day), session) for day, session in expected)


def test_expected_sessions_leave_out_closed_site_and_host() -> None:
    week = (dt.date(2026, 12, 7), dt.date(2026, 12, 11))
    host = england_calendar(closed=[dt.date(2026, 12, 8)])
    found = rules.expected_sessions(CAL, EVERY_HALF_DAY, *week, frozenset({dt.date(2026, 12, 7)}), host)
    assert sorted({day.day for day, _ in found}) == [9, 10, 11]
    assert len(found) == 6


def test_expected_sessions_raise_outside_loaded_years() -> None:
    with pytest.raises(CalendarNotLoaded):
        rules.expected_sessions(CAL, {0}, dt.date(2028, 7, 1), dt.date(2028, 9, 30))


days = st.dates(dt.date(2025, 9, 1), dt.date(2028, 8, 31))
timetables = st.frozensets(st.integers(0, 19), max_size=20)


@pytest.mark.policy("P3.11")
@given(slots=timetables, one=days, other=days)
def test_expected_sessions_are_the_timetable_on_school_days(slots, one, other) -> None:
    first, last = min(one, other), max(one, other)
    found = rules.expected_sessions(CAL, slots, first, last)
    wanted = [
        (day, session)
        for day in CAL.between(first, last)
        for number, session in enumerate(("AM", "PM"))
        if CAL.day_index(day) + number in slots
    ]
    assert list(found) == wanted


@pytest.mark.parametrize("slots", [[], [20], [-1], [3, 3]])
def test_slots_refused(slots: list[int]) -> None:
    with pytest.raises(RuleBroken):
        rules.check_slots(slots)


def test_slot_label_names_week_day_and_half() -> None:
    assert [rules.slot_label(slot) for slot in (0, 9, 13)] == ["Week A Mon AM", "Week A Fri PM", "Week B Tue PM"]


# --- Money -------------------------------------------------------------------------------------------------------


@pytest.mark.policy("P1.2")
@pytest.mark.parametrize(
    ("unit", "rate", "slots", "expected"),
    [
        # Mon 7 to Fri 18 Dec 2026: one week B, one week A, ten school days.
        (PriceUnit.SESSION, "45.00", EVERY_HALF_DAY, "900.00"),
        (PriceUnit.SESSION, "45.00", {0, 10, 11}, "135.00"),
        (PriceUnit.HOUR, "33.33", {0}, "83.33"),
        (PriceUnit.HOUR, "12.00", EVERY_HALF_DAY, "600.00"),
        (PriceUnit.DAY, "80.00", {0, 1, 10}, "160.00"),
        (PriceUnit.WEEK, "250.00", {0}, "250.00"),
        (PriceUnit.WEEK, "250.00", {0, 10}, "500.00"),
        # 10 of the 71 school days of the autumn term: 36 before half-term, 35 after.
        (PriceUnit.TERM, "1000.00", {0}, "140.85"),
        (PriceUnit.FIXED, "1500.00", {0}, "1500.00"),
        (PriceUnit.SESSION, "0.00", EVERY_HALF_DAY, "0.00"),
    ],
)
def test_cost_by_unit(unit: PriceUnit, rate: str, slots, expected: str) -> None:
    found = rules.cost(
        Decimal(rate),
        unit,
        CAL,
        dt.date(2026, 12, 7),
        dt.date(2026, 12, 18),
        slots,
        hours_per_session=Decimal("2.5"),
    )
    assert found == Decimal(expected)
    assert found.as_tuple().exponent == -2


def test_cost_of_a_whole_term_is_its_price() -> None:
    found = rules.cost(
        Decimal("999.99"), PriceUnit.TERM, CAL, dt.date(2026, 9, 3), dt.date(2026, 12, 18), EVERY_HALF_DAY
    )
    assert found == Decimal("999.99")


def test_cost_lines_fall_on_their_academic_year() -> None:
    first, last = dt.date(2027, 7, 19), dt.date(2027, 9, 10)
    stretch = [rules.Stretch(first, last, dict.fromkeys(EVERY_HALF_DAY, (1, 1)))]

    def lines(unit: PriceUnit, rate: str) -> Any:
        price = {1: rules.Price(unit, Decimal(rate), Decimal(3))}
        return rules.cost_lines(CAL, stretch, price, first, last, {}, None, begins=first, terms=rules.Terms())

    # Mon 19 to Wed 21 July; Fri 3 to Fri 10 September, Thu 2 being INSET.
    assert lines(PriceUnit.DAY, "10.00") == (("2026/27", Decimal("30.00")), ("2027/28", Decimal("60.00")))
    assert dict(lines(PriceUnit.FIXED, "500.00"))["2026/27"] == Decimal("500.00")
    assert dict(lines(PriceUnit.FIXED, "500.00")).get("2027/28", 0) == 0


def test_cost_leaves_out_closed_days() -> None:
    closed = frozenset({dt.date(2026, 12, 8)})
    found = rules.cost(
        Decimal("10.00"), PriceUnit.DAY, CAL, dt.date(2026, 12, 7), dt.date(2026, 12, 11), EVERY_HALF_DAY, closed
    )
    assert found == Decimal("40.00")


def test_hourly_rate_needs_hours() -> None:
    with pytest.raises(RuleBroken, match="hours of a session"):
        rules.units_for(PriceUnit.HOUR, 1, 1, 1, Fraction(0))


def test_rate_below_zero_is_refused() -> None:
    with pytest.raises(RuleBroken):
        rules.cost(Decimal("-0.01"), PriceUnit.DAY, CAL, FIRST, LAST, EVERY_HALF_DAY)


@pytest.mark.parametrize(
    ("amount", "pence"),
    [(Fraction(1, 200), "0.01"), (Fraction(1, 201), "0.00"), (Fraction(3, 200), "0.02"), (Fraction(2, 3), "0.67")],
)
def test_to_pence_rounds_half_up(amount: Fraction, pence: str) -> None:
    assert rules.to_pence(amount) == Decimal(pence)


@given(st.decimals(0, 10_000_000, places=5))
def test_to_pence_equals_decimal_rounding(amount: Decimal) -> None:
    assert rules.to_pence(Fraction(amount)) == amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(
    rate=st.decimals(0, 2000, places=2),
    slots=timetables,
    one=st.dates(dt.date(2026, 9, 4), dt.date(2027, 7, 20)),
    other=st.dates(dt.date(2026, 9, 4), dt.date(2027, 7, 20)),
)
def test_cost_per_session_adds_up_over_a_split_period(rate, slots, one, other) -> None:
    first, last = min(one, other), max(one, other)
    whole = rules.cost(rate, PriceUnit.SESSION, CAL, first, dt.date(2027, 7, 21), slots)
    before = rules.cost(rate, PriceUnit.SESSION, CAL, first, last, slots)
    after = rules.cost(rate, PriceUnit.SESSION, CAL, last + dt.timedelta(days=1), dt.date(2027, 7, 21), slots)
    assert whole == before + after


@pytest.mark.parametrize(
    ("amount", "words"), [("1234.5", "£1,234.50"), ("0", "£0.00"), ("-12", "−£12.00"), ("1000000", "£1,000,000.00")]
)
def test_pounds_in_words(amount: str, words: str) -> None:
    assert rules.pounds(Decimal(amount)) == words


# --- Approval ----------------------------------------------------------------------------------------------------


@pytest.mark.policy("P7.1")
def test_same_person_cannot_approve() -> None:
    with pytest.raises(RuleBroken, match="another person"):
        rules.check_not_same_person(4, 4)
    rules.check_not_same_person(4, 5)
    rules.check_not_same_person(None, None)


@pytest.mark.policy("P1.2")
@pytest.mark.parametrize(
    ("left", "cost", "may_overspend", "reason", "refusal"),
    [
        ("100.00", "100.00", False, "", None),
        ("100.00", "100.01", False, "Needed", "Only the Chief executive"),
        ("100.00", "100.01", True, " ", "Give the reason"),
        ("100.00", "100.01", True, "Needed", None),
        ("-5.00", "0.00", False, "", "£5.00 too much"),
    ],
)
def test_budget(left: str, cost: str, may_overspend: bool, reason: str, refusal: str | None) -> None:
    if refusal is None:
        rules.check_budget(Decimal(left), Decimal(cost), may_overspend, reason)
        return
    with pytest.raises(RuleBroken, match=refusal):
        rules.check_budget(Decimal(left), Decimal(cost), may_overspend, reason)


@pytest.mark.parametrize(
    ("first", "last", "route", "refusal"),
    [
        ((2026, 12, 7), (2027, 7, 21), Route.DIRECTION, None),
        ((2026, 12, 7), (2026, 12, 7), Route.DAY_SIX, None),
        ((2026, 12, 7), None, Route.MANAGED_MOVE, None),
        ((2026, 12, 7), None, Route.DIRECTION, "Give the last day"),
        ((2026, 12, 7), (2027, 1, 8), Route.MANAGED_MOVE, "permanent"),
        ((2026, 12, 7), (2026, 12, 4), Route.AGREED, "before the first day"),
        ((2027, 1, 4), (2027, 2, 12), Route.DIRECTION, "Mon 4 Jan 2027 is not a school day"),
        ((2026, 12, 5), (2027, 2, 12), Route.DIRECTION, "not a school day"),
        ((2026, 12, 7), (2027, 7, 22), Route.DIRECTION, "Wed 21 Jul 2027"),
        ((2026, 12, 7), (2027, 9, 10), Route.DIRECTION, "extension"),
    ],
)
def test_period(first, last, route: Route, refusal: str | None) -> None:
    period = dt.date(*first), dt.date(*last) if last else None
    if refusal is None:
        rules.check_period(CAL, *period, route)
        return
    with pytest.raises(RuleBroken, match=refusal):
        rules.check_period(CAL, *period, route)


def test_period_outside_loaded_years_raises() -> None:
    with pytest.raises(CalendarNotLoaded):
        rules.check_period(CAL, dt.date(2028, 9, 4), dt.date(2028, 9, 8), Route.DIRECTION)


@pytest.mark.parametrize(
    ("ended_on", "planned", "permission"),
    [
        (LAST, LAST, Permission.END_PLACEMENT),
        (LAST - dt.timedelta(days=1), LAST, Permission.APPROVE_EARLY_END),
        (LAST, None, Permission.END_PLACEMENT),
    ],
)
def test_permission_to_end(ended_on: dt.date, planned: dt.date | None, permission: Permission) -> None:
    assert rules.permission_to_end(ended_on, planned) == permission


@pytest.mark.policy("P2.2")
def test_medical_route_takes_specialist_provision_only() -> None:
    medical = replace(GOOD, route=Route.MEDICAL, provider_kind=ProviderKind.TUITION)
    assert {r.code: r.outcome for r in rules.gate(medical)}[GateCode.SPECIALIST] == GateOutcome.PASSED
    with pytest.raises(RuleBroken, match="specialist, hospital or home-tuition"):
        rules.check_gate(
            rules.gate(replace(medical, medical_specialist=False)), {GateCode.SPECIALIST: "no other place"}
        )


@pytest.mark.policy("P5.3")
def test_agreement_of_the_parents_is_asked_on_an_agreed_route() -> None:
    agreed = replace(GOOD, route=Route.AGREED, provider_kind=ProviderKind.FE_COLLEGE, consent_on=None)
    with pytest.raises(RuleBroken, match="the parents' agreement"):
        rules.check_gate(rules.gate(agreed), {})
