"""What the pages of placements are told."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from placements.lifecycle import Status
from placements.models import Budget, Placement
from placements.queries import (
    BudgetFigures,
    actions_of,
    budget_figures,
    cost_of,
    gate_of,
    listed,
    timetable_of,
    weekly_pattern,
)
from placements.rules import GateCode, GateOutcome
from placements.services import (
    override_gate,
    propose_extension,
    record_notice_given,
    start_placement,
)
from providers.models import Check, Provider
from tests.factories.placements import make_budget, offer_for, placement_at, referral_at, referral_data, set_budget
from tests.fixtures import NOW, TODAY, Cast
from trust.models import AcademicYear, School, Student, User

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 11, 30), date(2026, 12, 18)


def offered(placement: Placement, user: User, today: date = TODAY) -> list[str]:
    """The names of the actions offered, without the app."""
    periods = list(placement.periods.all())
    actions = actions_of(placement, periods, gate_of(placement, today), user, today)
    return [action.url_name.split(":")[1].replace("placement-", "") for action in actions]


@pytest.fixture
def proposed(student: Student, provider: Provider, cast: Cast, budget: Budget) -> Placement:
    return placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, first=FIRST, last=LAST)


@pytest.mark.parametrize(
    ("committed", "percent", "alert"),
    [
        ("799.99", "80.0%", ""),
        ("800.00", "80.0%", "NEAR"),
        ("999.99", "100.0%", "NEAR"),
        ("1000.00", "100.0%", "FULL"),
        ("1200.00", "120.0%", "FULL"),
    ],
)
@pytest.mark.policy("P1.2")
def test_budget_alert_at_its_edges(committed: str, percent: str, alert: str) -> None:
    amount, promised = Decimal("1000.00"), Decimal(committed)
    figures = BudgetFigures(amount, promised, amount - promised, Fraction(promised) / Fraction(amount))
    assert (figures.percent, figures.alert) == (percent, alert)


def test_budget_of_nothing_has_no_percentage() -> None:
    assert (BudgetFigures(Decimal(0), Decimal(0), Decimal(0), None).alert) == ""
    assert (BudgetFigures(Decimal(0), Decimal(1), Decimal(-1), None).alert) == "FULL"
    assert BudgetFigures(Decimal(0), Decimal(0), Decimal(0), None).percent == "–"


def test_budget_figures_need_one_query(
    budget: Budget,
    proposed: Placement,
    south: School,
    year: AcademicYear,
    cast: Cast,
    django_assert_num_queries: object,
) -> None:
    other = make_budget(
        school=south, academic_year=year, amount=Decimal(100), proposed_by=cast.finance, proposed_at=NOW
    )
    with django_assert_num_queries(1):  # type: ignore[operator]
        figures = budget_figures([budget, other])
    assert figures[other.pk].left == Decimal(100)


@pytest.mark.policy("P1.2")
def test_cost_of_shows_sessions_days_and_what_is_left(proposed: Placement, budget: Budget) -> None:
    cost = cost_of(proposed, proposed.periods.get())
    assert (cost.sessions, cost.days, cost.total, cost.over_budget) == (15, 15, Decimal("675.00"), False)
    line = cost.lines[0]
    assert (line.year, line.left, line.left_after) == ("2026/27", Decimal("40000.00"), Decimal("39325.00"))
    set_budget(budget, "674.99")
    assert cost_of(proposed, proposed.periods.get()).over_budget


def test_cost_of_without_an_approved_budget_says_so(student: Student, provider: Provider, cast: Cast) -> None:
    placement = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, first=FIRST)
    cost = cost_of(placement, placement.periods.get())
    assert (cost.lines[0].budget, cost.lines[0].left_after, cost.over_budget) == (None, None, True)


def test_timetable_of_one_week_two_weeks_and_none() -> None:
    assert [week.name for week in timetable_of({0, 10})] == ["Every week"]
    assert timetable_of({0, 10})[0].rows == (
        ("AM", (True, False, False, False, False)),
        ("PM", (False, False, False, False, False)),
    )
    assert [week.name for week in timetable_of({0, 11})] == ["Week A", "Week B"]
    assert timetable_of(set()) == ()


@pytest.mark.policy("P5.1")
def test_gate_of_answers_from_the_records(student: Student, provider: Provider, cast: Cast, budget: Budget) -> None:
    referral = referral_at(
        "APPROVED", student=student, cast=cast, now=NOW, data=referral_data(family_met_on=None, needs="")
    )
    placement = placement_at(
        Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, referral=referral, first=FIRST
    )
    offer_for(placement, now=NOW)
    Check.objects.filter(kind="VISIT").delete()
    results = {gate.code: gate for gate in gate_of(placement, TODAY)}
    failed = {code for code, gate in results.items() if gate.outcome == GateOutcome.FAILED}
    assert failed == {GateCode.VISIT, GateCode.FAMILY_MEETING}
    assert results[GateCode.PACK].why == "Not recorded: needs and what the provider must know."
    override_gate(placement_id=placement.pk, code="VISIT", reason="Booked for Friday.", by=cast.head, now=NOW)
    results = {gate.code: gate for gate in gate_of(placement, TODAY)}
    assert results[GateCode.VISIT].outcome == GateOutcome.OVERRIDDEN


@pytest.mark.parametrize(
    ("person", "actions"),
    [
        ("head", ["decide", "change"]),
        ("slt", ["change", "withdraw"]),
        ("team", ["change", "withdraw"]),
        ("ceo", ["decide"]),
        ("att", []),
        ("dsl", []),
        ("head2", []),
    ],
)
def test_actions_of_a_proposal(proposed: Placement, cast: Cast, person: str, actions: list[str]) -> None:
    found = offered(proposed, getattr(cast, person))
    # The headteacher may withdraw too: whoever may propose may.
    assert found == (actions if person != "head" else ["decide", "change", "withdraw"])


def test_actions_follow_the_notice_and_the_day(
    student: Student, provider: Provider, cast: Cast, budget: Budget
) -> None:
    placement = placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=FIRST)
    assert offered(placement, cast.slt, FIRST) == ["timetable-change", "later"]
    placement.periods.update(notice_given_on=TODAY)
    assert offered(placement, cast.slt, TODAY) == ["timetable-change", "later"]
    assert offered(placement, cast.slt, FIRST)[0] == "start"
    assert offered(placement, cast.head, TODAY) == ["timetable-change", "later", "cancel"]


def test_actions_of_a_running_placement_with_an_extension(
    student: Student, provider: Provider, cast: Cast, budget: Budget
) -> None:
    placement = placement_at(
        Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=TODAY, last=LAST
    )
    record_notice_given(period_id=placement.periods.get().pk, given_on=date(2026, 11, 6), by=cast.slt, now=NOW)
    placement = start_placement(placement_id=placement.pk, by=cast.slt, now=NOW)
    assert offered(placement, cast.slt) == ["timetable-change", "extend", "end"]
    assert offered(placement, cast.dsl) == ["pause"]
    propose_extension(placement_id=placement.pk, last=date(2027, 2, 12), by=cast.slt, now=NOW)
    assert offered(placement, cast.slt) == ["extension-drop", "timetable-change", "end"]
    assert offered(placement, cast.head) == ["extension-approve", "extension-drop", "timetable-change", "end", "pause"]


def test_listed_is_scoped_and_finds_by_name(
    proposed: Placement, student2: Student, provider: Provider, cast: Cast
) -> None:
    other = placement_at(Status.PROPOSED, student=student2, provider=provider, cast=cast, now=NOW, first=FIRST)
    assert list(listed(cast.att, "")) == [proposed]
    assert list(listed(cast.att2, "")) == [other]
    assert list(listed(cast.trustee, "")) == []
    assert list(listed(cast.ceo, "birch")) == [other]


def test_weekly_pattern_is_the_fortnight(proposed: Placement) -> None:
    assert weekly_pattern(proposed) == {0, 2, 4, 6, 8, 10, 12, 14, 16, 18}
