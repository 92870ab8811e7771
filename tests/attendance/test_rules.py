"""Attendance figures, proposed codes, weekly contact and triggers, as tables of values."""

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance import rules
from attendance.codes import REGISTER_CODES, ContactOutcome, ProviderReport
from attendance.rules import ContactFact, ContactState, ContactWeek, SessionFact, TriggerKind
from placements.codes import Route
from providers.codes import ProviderKind
from tests.factories.calendar import england_calendar
from trust.calendar import LONDON
from trust.errors import RuleBroken

CAL = england_calendar()
TODAY = dt.date(2026, 11, 24)

# --- Figures -----------------------------------------------------------------------------------------------------


@pytest.mark.policy("P3.11")
@pytest.mark.parametrize(
    ("present", "late", "returned", "expected"),
    [
        (8, 1, 10, Fraction(9, 10)),
        (0, 0, 10, Fraction(0)),
        (10, 0, 10, Fraction(1)),
        (0, 0, 0, None),
        (1, 0, 3, Fraction(1, 3)),
    ],
)
def test_placement_attendance(present: int, late: int, returned: int, expected: Fraction | None) -> None:
    assert rules.placement_attendance(present, late, returned) == expected


@pytest.mark.parametrize(("present", "late", "returned"), [(1, 0, 0), (6, 5, 10), (-1, 2, 10)])
def test_placement_attendance_above_the_possible_is_refused(present: int, late: int, returned: int) -> None:
    with pytest.raises(RuleBroken):
        rules.placement_attendance(present, late, returned)


PRESENT = ["/", "\\", "L", "B", "K", "V", "P", "W"]
AUTHORISED = ["C", "C1", "C2", "E", "I", "J1", "M", "R", "S", "T"]
UNAUTHORISED = ["G", "N", "O", "U"]
NOT_POSSIBLE = ["D", "Q", "X", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7", "Z", "#"]


@pytest.mark.policy("P3.11")
@pytest.mark.parametrize(
    ("codes", "expected"),
    [(code, Fraction(1)) for code in PRESENT]
    + [(code, Fraction(0)) for code in AUTHORISED + UNAUTHORISED]
    + [(code, None) for code in NOT_POSSIBLE],
)
def test_register_attendance_by_code(codes: str, expected: Fraction | None) -> None:
    assert rules.register_attendance([codes]) == expected


def test_register_attendance_without_sessions_is_none() -> None:
    assert rules.register_attendance([]) is None


def test_register_attendance_refuses_an_unknown_code() -> None:
    with pytest.raises(RuleBroken, match="'@'"):
        rules.register_attendance(["/", "@"])


@given(st.lists(st.sampled_from(sorted(REGISTER_CODES))))
def test_register_attendance_is_attended_over_possible(codes: list[str]) -> None:
    found = rules.register_attendance(codes)
    possible = [code for code in codes if code not in [*NOT_POSSIBLE, "Y"]]
    if not possible:
        assert found is None
    else:
        assert found is not None
        assert 0 <= found <= 1
        assert found * len(possible) == len([code for code in possible if code in [*PRESENT, "J"]])
    # The order of sessions and impossible ones do not matter.
    assert rules.register_attendance([*reversed(codes), "D", "#"]) == found


@pytest.mark.parametrize(
    ("attendance", "persistent", "severe"),
    [
        (Fraction(1), False, False),
        (Fraction(901, 1000), False, False),
        (Fraction(9, 10), True, False),
        (Fraction(501, 1000), True, False),
        (Fraction(1, 2), True, True),
        (Fraction(0), True, True),
        (None, False, False),
    ],
)
def test_persistent_and_severe_absence(attendance: Fraction | None, persistent: bool, severe: bool) -> None:
    assert rules.is_persistently_absent(attendance) is persistent
    assert rules.is_severely_absent(attendance) is severe


# --- Proposed codes ----------------------------------------------------------------------------------------------

P, L, A, X = (
    ProviderReport.PRESENT,
    ProviderReport.LATE,
    ProviderReport.ABSENT,
    ProviderReport.DID_NOT_RUN,
)


@pytest.mark.policy("P3.3")
@pytest.mark.parametrize(
    ("report", "route", "kind", "dual", "code"),
    [
        (P, Route.DIRECTION, ProviderKind.REGISTERED_AP, True, "B"),
        (L, Route.DIRECTION, ProviderKind.UNREGISTERED, True, "B"),
        (A, Route.DIRECTION, ProviderKind.FE_COLLEGE, True, "N"),
        (P, Route.DIRECTION, ProviderKind.OTHER_SCHOOL, True, "D"),
        (P, Route.IN_TRUST, ProviderKind.TRUST_SCHOOL, True, "D"),
        (A, Route.IN_TRUST, ProviderKind.TRUST_SCHOOL, True, "D"),
        (P, Route.IN_TRUST, ProviderKind.TRUST_SCHOOL, False, "B"),
        (A, Route.IN_TRUST, ProviderKind.TRUST_SCHOOL, False, "N"),
        (P, Route.AGREED, ProviderKind.FE_COLLEGE, True, "B"),
        (P, Route.MEDICAL, ProviderKind.TUITION, True, "B"),
        (P, Route.DAY_SIX, ProviderKind.REGISTERED_AP, True, "B"),
        (P, Route.LA_ARRANGED, ProviderKind.REGISTERED_AP, True, "K"),
        (P, Route.LA_ARRANGED, ProviderKind.OTHER_SCHOOL, True, "K"),
        (A, Route.LA_ARRANGED, ProviderKind.REGISTERED_AP, True, "N"),
        (P, Route.HOME_ONLINE, ProviderKind.ONLINE, True, "I"),
        (A, Route.HOME_ONLINE, ProviderKind.ONLINE, True, "N"),
    ],
)
def test_propose_code(report: str, route: str, kind: str, dual: bool, code: str) -> None:
    assert rules.propose_code(report, route, kind, dual_registered=dual) == rules.Proposal(code)


@pytest.mark.policy("P3.11")
@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize("kind", ProviderKind)
def test_propose_code_asks_when_the_session_did_not_run(route: str, kind: str) -> None:
    proposal = rules.propose_code(X, route, kind)
    assert proposal.code is None
    assert proposal.question == "The session did not run. Where was the student?"


@pytest.mark.policy("P3.4")
@pytest.mark.parametrize("report", [P, L, A])
@pytest.mark.parametrize("kind", ProviderKind)
def test_propose_code_at_home_is_always_an_absence(report: str, kind: str) -> None:
    code = rules.propose_code(report, Route.HOME_ONLINE, kind).code
    assert code is not None
    assert (REGISTER_CODES[code].possible, REGISTER_CODES[code].attended) == (1, 0)


def test_propose_code_after_a_managed_move_is_none() -> None:
    proposal = rules.propose_code(P, Route.MANAGED_MOVE, ProviderKind.TRUST_SCHOOL)
    assert proposal.code is None
    assert proposal.question


# --- Weekly contact ----------------------------------------------------------------------------------------------

MON, TUE, WED, THU, FRI, SAT, SUN = (dt.date(2026, 11, 23) + dt.timedelta(days=n) for n in range(7))
WEEK = (MON, TUE, WED, THU, FRI)
SPOKEN, TRIED, NOT_DUE = ContactOutcome.SPOKEN, ContactOutcome.TRIED, ContactOutcome.NOT_DUE


@pytest.mark.policy("P5.5")
@pytest.mark.parametrize(
    ("days", "contacts", "today", "expected", "state"),
    [
        (WEEK, [], MON, True, ContactState.DUE),
        (WEEK, [], FRI, True, ContactState.DUE),
        (WEEK, [], SAT, True, ContactState.MISSED),
        (WEEK, [], MON - dt.timedelta(days=1), True, ContactState.NOT_DUE),
        (WEEK, [(MON, SPOKEN)], MON, True, ContactState.DONE),
        (WEEK, [(FRI, SPOKEN)], dt.date(2027, 1, 1), True, ContactState.DONE),
        (WEEK, [(SAT, SPOKEN)], SAT, True, ContactState.LATE),
        (WEEK, [(TUE, SPOKEN), (SAT, SPOKEN)], SAT, True, ContactState.DONE),
        (WEEK, [(WED, TRIED)], WED, True, ContactState.DUE),
        (WEEK, [(WED, TRIED)], SAT, True, ContactState.MISSED),
        (WEEK, [(WED, TRIED), (FRI, SPOKEN)], SAT, True, ContactState.DONE),
        (WEEK, [(WED, NOT_DUE)], SAT, True, ContactState.NOT_DUE),
        (WEEK, [], SAT, False, ContactState.NOT_DUE),
        ((), [], SAT, True, ContactState.NOT_DUE),
        # A school week that ends on Thursday, and one that begins on Tuesday.
        ((MON, TUE, WED, THU), [], FRI, True, ContactState.MISSED),
        ((TUE, WED), [(MON, SPOKEN)], FRI, True, ContactState.DONE),
        # A contact of the week before does not answer for this one.
        (WEEK, [(MON - dt.timedelta(days=1), SPOKEN)], SAT, True, ContactState.MISSED),
    ],
)
def test_weekly_contact_state(days, contacts, today, expected, state) -> None:
    facts = [ContactFact(on, outcome) for on, outcome in contacts]
    assert rules.weekly_contact_state(days, facts, today, expected=expected) == state


@pytest.mark.policy("P5.5")
def test_contact_missed_weeks_lists_only_the_missed() -> None:
    weeks = [
        ContactWeek(week.monday, week.days, expected=number != 2, contacts=contacts)
        for number, (week, contacts) in enumerate(
            zip(
                CAL.weeks(dt.date(2026, 10, 12), dt.date(2026, 11, 27)),
                [(), (ContactFact(dt.date(2026, 10, 20), SPOKEN),), (), (), (ContactFact(TUE, TRIED),), ()],
                strict=True,
            )
        )
    ]
    assert rules.contact_missed_weeks(weeks, TODAY) == (
        dt.date(2026, 10, 12),
        dt.date(2026, 11, 9),
        dt.date(2026, 11, 16),
    )


# --- Triggers ----------------------------------------------------------------------------------------------------


def sessions(*parts: tuple[str, str, int]) -> list[SessionFact]:
    """Sessions up to today, the last ones last: ``(report, code, how many)``."""
    marks = [(report, code) for report, code, number in parts for _ in range(number)]
    half_days = [(day, half) for day in CAL.between(dt.date(2026, 1, 6), TODAY) for half in ("AM", "PM")]
    return [
        SessionFact(day, half, report, code)
        for (day, half), (report, code) in zip(half_days[len(half_days) - len(marks) :], marks, strict=True)
    ]


@pytest.mark.policy("P5.6")
@pytest.mark.parametrize(
    ("parts", "kinds"),
    [
        ([(P, "B", 34)], []),
        # Four school weeks up to Tue 24 Nov hold 34 sessions.
        ([(A, "I", 3), (P, "B", 31)], []),
        ([(A, "I", 4), (P, "B", 30)], [TriggerKind.LOW_ATTENDANCE]),
        ([(A, "I", 17), (P, "B", 17)], [TriggerKind.LOW_ATTENDANCE]),
        ([(A, "I", 18), (P, "B", 16)], [TriggerKind.VERY_LOW_ATTENDANCE]),
        # Absences before the four weeks do not count.
        ([(A, "I", 20), (P, "B", 34)], []),
        # Exactly 90 %.
        ([("", "", 14), (A, "I", 2), (P, "B", 18)], []),
        ([(P, "B", 32), (A, "N", 2)], [TriggerKind.UNEXPLAINED]),
        ([(P, "B", 32), (A, "", 1), (A, "N", 1)], [TriggerKind.UNEXPLAINED]),
        ([(P, "B", 32), (A, "N", 1), (A, "I", 1)], []),
        ([(P, "B", 31), (A, "N", 2), (P, "B", 1)], []),
        # No return and a session that did not run neither count nor break the row.
        ([(P, "B", 30), (A, "N", 1), ("", "", 1), (X, "", 1), (A, "N", 1)], [TriggerKind.UNEXPLAINED]),
        ([("", "", 34)], []),
        ([(X, "", 34)], []),
        ([], []),
        ([(A, "O", 9), (P, "B", 60)], []),
        ([(A, "O", 10), (P, "B", 60)], [TriggerKind.UNAUTHORISED]),
        # Ten school weeks up to Tue 24 Nov hold 94 sessions.
        ([(A, "O", 1), (A, "U", 9), (P, "B", 84)], [TriggerKind.UNAUTHORISED]),
        ([(A, "O", 10), (P, "B", 85)], []),
    ],
)
def test_triggers(parts, kinds) -> None:
    assert [trigger.kind for trigger in rules.triggers(CAL, sessions(*parts), TODAY)] == kinds


def test_triggers_ignore_what_is_still_to_come() -> None:
    facts = [*sessions((P, "B", 10)), SessionFact(THU, "AM", A, "N"), SessionFact(THU, "PM", A, "N")]
    assert rules.triggers(CAL, facts, TODAY) == ()


def test_trigger_says_the_figure_behind_it() -> None:
    (trigger,) = rules.triggers(CAL, sessions((A, "I", 4), (P, "B", 30)), TODAY)
    assert trigger.why == "30 of 34 sessions attended over 4 school weeks."


# --- First day ---------------------------------------------------------------------------------------------------


@pytest.mark.policy("P5.4")
@pytest.mark.parametrize(
    ("now", "session", "returned", "expected"),
    [
        (dt.datetime(2026, 11, 24, 10, 29, tzinfo=LONDON), "AM", False, False),
        (dt.datetime(2026, 11, 24, 10, 30, tzinfo=LONDON), "AM", False, True),
        (dt.datetime(2026, 11, 24, 10, 30, tzinfo=LONDON), "AM", True, False),
        (dt.datetime(2026, 11, 24, 10, 30, tzinfo=LONDON), "PM", False, False),
        (dt.datetime(2026, 11, 24, 14, 30, tzinfo=LONDON), "PM", False, True),
        (dt.datetime(2026, 11, 23, 23, 0, tzinfo=LONDON), "AM", False, False),
        (dt.datetime(2026, 11, 25, 8, 0, tzinfo=LONDON), "AM", False, True),
        (dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC), "AM", False, False),
    ],
)
def test_first_day_unreturned(now: dt.datetime, session: str, returned: bool, expected: bool) -> None:
    assert rules.first_day_unreturned(now, TODAY, session, returned) is expected


def test_first_day_unreturned_reads_london_summer_time() -> None:
    now = dt.datetime(2026, 6, 16, 9, 30, tzinfo=dt.UTC)
    assert rules.first_day_unreturned(now, dt.date(2026, 6, 16), "AM", False)
