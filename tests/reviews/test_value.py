"""Value for money: figures against numbers worked out by hand, small numbers hidden, queries counted."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from attendance.codes import ProviderReport as Report
from attendance.models import HomeAttendance, SessionMark
from placements.codes import Destination, EndingReason, Route
from placements.lifecycle import BudgetStatus, Status
from placements.models import Budget, Commitment, GateOverride, Placement
from providers.models import Provider
from reviews.codes import TargetKind
from reviews.codes import TargetResult as Result
from reviews.models import Review, Target, TargetResult
from reviews.queries import Line, value_report
from reviews.rules import rolling_year
from tests.factories.attendance import started_placement
from tests.factories.people import give, make_student, make_user
from tests.factories.placements import make_budget
from tests.factories.providers import make_provider
from tests.fixtures import NOW, TODAY, Cast
from trust.calendar import LONDON
from trust.models import AcademicYear, School, Student
from trust.permissions import Role

OCTOBER = date(2026, 10, 5)
Login = Callable[[Any], Client]


@pytest.fixture
def start(cast: Cast, north: School, provider: Provider, budget: Budget) -> Callable[..., Placement]:
    """A started placement with £ ``net`` committed, every weekday morning."""

    def placement(
        student: Student | None = None,
        *,
        at: Provider = provider,
        school: School = north,
        net: str = "700.00",
        released: str = "0.00",
        **more: Any,
    ) -> Placement:
        student = student or make_student(school)
        row = started_placement(student, at, proposed_by=cast.slt, decided_by=cast.head, **more)
        first = row.periods.get().period.lower
        year = AcademicYear.objects.get(first_day__lte=first, last_day__gte=first)
        money = Budget.objects.filter(school=row.school, academic_year=year).first() or make_budget(
            school=row.school,
            academic_year=year,
            amount=Decimal("90000.00"),
            status=BudgetStatus.APPROVED,
            proposed_by=cast.finance,
            proposed_at=NOW,
            approved_by=cast.head,
            approved_at=NOW,
        )
        Commitment.objects.create(
            placement_period=row.periods.get(), budget=money, amount=Decimal(net), released=Decimal(released)
        )
        return row

    return placement


def mark(placement: Placement, cast: Cast, first: date, reports: list[Report]) -> None:
    """One report a morning on the weekdays from ``first``."""
    day = first
    for report in reports:
        while day.weekday() > 4:
            day += timedelta(days=1)
        SessionMark.objects.create(
            placement=placement,
            school_id=placement.school_id,
            day=day,
            session="AM",
            report=report,
            marked_by=cast.att,
            marked_at=NOW,
        )
        day += timedelta(days=1)


def home(student: Student, week: date, attended: int, possible: int = 10) -> None:
    HomeAttendance.objects.create(
        student=student, school_id=student.school_id, week=week, attended=attended, possible=possible
    )


def result(placement: Placement, cast: Cast, held_on: date, *results: Result) -> None:
    """Targets of a placement with one result each at one review."""
    review = Review.objects.create(
        placement=placement,
        due_on=held_on,
        held_on=held_on,
        attendees="All",
        maths="Well",
        english="Well",
        summary="Well",
        outcome="CONTINUE",
        recorded_by=cast.slt,
        recorded_at=NOW,
    )
    for number, one in enumerate(results):
        target = Target.objects.create(
            placement=placement,
            kind=TargetKind.OTHER,
            measure=f"Measure {number}",
            baseline="1",
            goal="2",
            set_on=held_on,
            set_by=cast.slt,
        )
        TargetResult.objects.create(review=review, target=target, result=one)


@pytest.fixture
def worked(start: Callable[..., Placement], cast: Cast) -> Placement:
    """The example worked out by hand: 35 sessions for £1,750 from 2 November, 11 of them by 16 November."""
    placement = start(net="1750.00")
    mark(placement, cast, date(2026, 11, 2), [Report.PRESENT] * 6 + [Report.LATE] * 2)
    mark(placement, cast, date(2026, 11, 12), [Report.ABSENT, Report.DID_NOT_RUN])
    # Ran for 15 days: the weeks of 12, 19 and 26 October count, the week of 5 October does not.
    home(placement.student, date(2026, 10, 5), 10)
    home(placement.student, date(2026, 10, 12), 5)
    home(placement.student, date(2026, 10, 19), 6)
    result(placement, cast, date(2026, 11, 10), Result.MET, Result.PARTLY)
    return placement


@pytest.mark.policy("P8.1")
def test_figures_are_those_worked_out_by_hand(worked: Placement, cast: Cast) -> None:
    report = value_report(cast.ceo, TODAY)
    (line,) = report.by_provider.lines
    assert (report.first, report.last, report.suppressed) == (date(2025, 11, 17), TODAY, False)
    assert (line.label, line.students, line.placements) == (worked.provider.name, 1, 1)
    assert (line.commissioned, line.attended, line.missed, line.no_return) == (11, 8, 2, 1)
    # £1,750 x 11 / 35; by 11 commissioned; by 8 attended.
    assert (line.cost, line.per_commissioned, line.per_attended) == (
        Decimal("550.00"),
        Decimal("50.00"),
        Decimal("68.75"),
    )
    assert (line.before, line.after) == ((11, 20), (8, 9))
    assert Fraction(8, 9) - Fraction(11, 20) == Fraction(61, 180)  # 33.88… points
    assert line.change == "+33.9 points"
    assert line.targets == (1, 2)
    assert line.endings == (1, 0, 0, 0)
    assert report.by_school.lines[0].label == "North Academy"
    for table in (report.by_provider, report.by_school):
        assert (table.total.cost, table.total.per_attended) == (Decimal("550.00"), Decimal("68.75"))


def test_cost_counts_only_the_share_inside_the_months(start: Callable[..., Placement], cast: Cast) -> None:
    # 3 November to 19 December 2025: 35 mornings, the first ten before the twelve months begin on 17 November.
    start(first=date(2025, 11, 3), last=date(2025, 12, 19), net="700.00", status=Status.ENDED)
    (line,) = value_report(cast.ceo, TODAY).by_provider.lines
    assert (line.commissioned, line.cost) == (25, Decimal("500.00"))
    assert (line.per_attended, line.attended) == (None, 0)


def test_released_money_is_no_cost_and_an_early_end_broke_down(start: Callable[..., Placement], cast: Cast) -> None:
    start(
        first=OCTOBER,
        last=date(2026, 10, 23),
        net="900.00",
        released="300.00",
        status=Status.ENDED,
        ended_on=date(2026, 10, 16),
        ending_reason=EndingReason.BROKE_DOWN,
    )
    (line,) = value_report(cast.ceo, TODAY).by_provider.lines
    assert (line.commissioned, line.cost, line.endings) == (10, Decimal("600.00"), (0, 0, 0, 1))


@pytest.mark.parametrize(
    ("reason", "destination", "endings"),
    [
        (EndingReason.PLANNED, Destination.HOME_SCHOOL, (0, 1, 0, 0)),
        (EndingReason.AIMS_MET, Destination.FE_COLLEGE, (0, 0, 1, 0)),
        (EndingReason.CONDUCT, Destination.HOME_SCHOOL, (0, 0, 0, 1)),
    ],
)
def test_endings_tell_return_from_breaking_down(
    reason: str, destination: str, endings: tuple[int, ...], start: Callable[..., Placement], cast: Cast
) -> None:
    start(
        first=OCTOBER,
        last=date(2026, 10, 23),
        status=Status.ENDED,
        ending_reason=reason,
        destination=destination,
    )
    assert value_report(cast.ceo, TODAY).by_school.lines[0].endings == endings


@pytest.mark.policy("P8.1")
def test_under_twenty_sessions_before_nothing_is_compared(worked: Placement, cast: Cast) -> None:
    HomeAttendance.objects.filter(week=date(2026, 10, 19)).update(possible=9)
    (line,) = value_report(cast.ceo, TODAY).by_provider.lines
    assert (line.change, line.before, line.after) == (None, None, None)


def test_a_placement_without_cost_or_start_is_not_counted(start: Callable[..., Placement], cast: Cast) -> None:
    start(route=Route.LA_ARRANGED)
    start(status=Status.APPROVED)
    assert value_report(cast.ceo, TODAY).by_provider.lines == ()


def test_a_target_counts_once_with_its_newest_result(worked: Placement, cast: Cast) -> None:
    target = Target.objects.get(measure="Measure 1")
    later = Review.objects.create(
        placement=worked,
        due_on=TODAY,
        held_on=TODAY,
        attendees="All",
        maths="Well",
        english="Well",
        summary="Well",
        outcome="CONTINUE",
        recorded_by=cast.slt,
        recorded_at=NOW,
    )
    TargetResult.objects.create(review=later, target=target, result=Result.MET)
    assert value_report(cast.ceo, TODAY).by_provider.total.targets == (2, 2)


@pytest.mark.parametrize(
    ("today", "closed", "months"),
    [
        (date(2026, 11, 16), False, (date(2025, 11, 17), date(2026, 11, 16))),
        (date(2026, 11, 16), True, (date(2025, 11, 1), date(2026, 10, 31))),
        (date(2028, 2, 28), False, (date(2027, 2, 28), date(2028, 2, 28))),
        (date(2027, 12, 31), False, (date(2027, 1, 1), date(2027, 12, 31))),
    ],
)
def test_rolling_year_has_twelve_months(today: date, closed: bool, months: tuple[date, date]) -> None:
    assert rolling_year(today, closed) == months


# --- Whose figures ---------------------------------------------------------------------------------------------------


def labels(lines: tuple[Line, ...]) -> list[str]:
    return [line.label for line in lines]


def test_slt_sees_the_own_school_only(start: Callable[..., Placement], cast: Cast, south: School) -> None:
    start()
    start(school=south)
    assert labels(value_report(cast.slt, TODAY).by_school.lines) == ["North Academy"]
    assert labels(value_report(cast.slt2, TODAY).by_school.lines) == ["South Academy"]
    assert labels(value_report(cast.finance, TODAY).by_school.lines) == ["North Academy", "South Academy"]
    assert value_report(cast.att, TODAY).by_school.lines == ()
    # Another school cannot be asked for by its number.
    assert value_report(cast.slt, TODAY, south.pk).by_school.lines == ()


@pytest.fixture
def other(cast: Cast) -> Provider:
    """A second provider."""
    return make_provider("Canal Works", checked_by=cast.slt, approved_by=cast.lead, now=NOW)


@pytest.mark.policy("P8.1")
def test_trustee_sees_small_lines_only_folded(
    start: Callable[..., Placement], cast: Cast, provider: Provider, other: Provider, south: School
) -> None:
    for _ in range(7):
        start(first=OCTOBER)
    for _ in range(5):
        start(first=OCTOBER, at=other)
    third = make_provider("Zephyr", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    for _ in range(2):
        start(first=OCTOBER, at=third, school=south)
    report = value_report(cast.trustee, TODAY)
    assert (report.suppressed, report.first, report.last) == (True, date(2025, 11, 1), date(2026, 10, 31))
    # Two at Zephyr are too few, so Canal Works folds in too.
    assert [(line.label, line.students) for line in report.by_provider.lines] == [(provider.name, 7), ("Other", 7)]
    # Two at South are too few and only North is left: all is one line.
    assert [(line.label, line.students) for line in report.by_school.lines] == [("Other", 14)]
    assert report.by_provider.total.students == 14
    # The money goes with its count: 15 of 55 mornings of each by 31 October.
    assert sum(line.cost for line in report.by_provider.lines if line.cost) == report.by_provider.total.cost


def test_trustee_sees_nothing_of_four_students(start: Callable[..., Placement], cast: Cast) -> None:
    for _ in range(4):
        start(first=OCTOBER)
    report = value_report(cast.trustee, TODAY)
    for table in (report.by_provider, report.by_school):
        for line in (*table.lines, table.total):
            assert (line.students, line.cost, line.attended, line.per_attended, line.targets) == (None,) * 5
    assert all(count in (None, 0) for _, count in report.endings)


def test_one_student_at_three_providers_does_not_count_as_three(
    start: Callable[..., Placement], cast: Cast, other: Provider
) -> None:
    students = [make_student(cast.slt.held()[0].school) for _ in range(4)]
    slots = ({0, 10}, {2, 12})
    for at, half in zip((start, start), slots, strict=True):
        for one in students:
            at(one, first=OCTOBER, slots=half, **({"at": other} if half == slots[1] else {}))
    report = value_report(cast.trustee, TODAY)
    assert report.by_provider.total.students is None
    assert all(line.students is None for line in report.by_provider.lines)


def test_a_figure_of_few_students_is_hidden_in_a_large_line(
    start: Callable[..., Placement], cast: Cast, other: Provider
) -> None:
    big = [start(first=OCTOBER) for _ in range(6)]
    more = [start(first=OCTOBER, at=other) for _ in range(6)]
    for placement in (*big[:2], *more):
        result(placement, cast, date(2026, 10, 20), Result.MET)
    report = value_report(cast.trustee, TODAY)
    assert [line.students for line in report.by_provider.lines] == [6, 6]
    # Two students stand behind one line's targets; the other line's would give them away beside the total.
    assert [line.targets for line in report.by_provider.lines] == [None, None]
    assert report.by_provider.total.targets == (8, 8)
    assert value_report(cast.ceo, TODAY).by_provider.total.targets == (8, 8)


@pytest.mark.policy("P8.1")
@pytest.mark.parametrize(("marked", "shown"), [(5, True), (4, False)])
def test_trustee_sees_the_cost_per_attended_session_from_five_students_with_returns(
    start: Callable[..., Placement], cast: Cast, marked: int, shown: bool
) -> None:
    # None of them has returned to school: that is another number than the returns of the provider.
    placements = [start(first=OCTOBER) for _ in range(5)]
    for placement in placements[:marked]:
        mark(placement, cast, OCTOBER, [Report.PRESENT, Report.LATE, Report.ABSENT])
    line = value_report(cast.trustee, TODAY).by_provider.lines[0]
    assert line.students == 5
    assert (line.attended, line.per_attended is not None) == ((2 * marked, True) if shown else (None, False))


def test_local_governor_sees_the_own_school_without_small_numbers(
    start: Callable[..., Placement], cast: Cast, north: School, south: School
) -> None:
    governor = make_user("Gwen Governor", (Role.TRU, north))
    for _ in range(6):
        start(first=OCTOBER)
        start(first=OCTOBER, school=south)
    report = value_report(governor, TODAY)
    assert report.suppressed
    assert [(line.label, line.students) for line in report.by_school.lines] == [("North Academy", 6)]
    # Somebody who is also pastoral SLT there may see small numbers; who is that elsewhere may not.
    give(governor, Role.SLT, south)
    assert value_report(governor, TODAY).suppressed
    give(governor, Role.SLT, north)
    assert not value_report(governor, TODAY).suppressed


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, None), (4, None), (5, 5)])
def test_overrides_are_counted_and_few_are_hidden_from_trustees(
    count: int, shown: int | None, start: Callable[..., Placement], cast: Cast
) -> None:
    for number in range(count):
        GateOverride.objects.create(
            placement=start(first=OCTOBER, slots={number, number + 10}),
            code="SLA",
            reason="Signed copy follows.",
            by=cast.head,
            at=datetime(2026, 10, 1, 9, tzinfo=LONDON),
        )
    assert value_report(cast.ceo, TODAY).gate_overrides == count
    assert value_report(cast.trustee, TODAY).gate_overrides == shown
    assert value_report(cast.head2, TODAY).gate_overrides == 0


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.mark.policy("P8.1")
@pytest.mark.parametrize("who", ["trustee", "ceo", "slt"])
def test_page_names_no_student(who: str, start: Callable[..., Placement], cast: Cast, login: Login) -> None:
    north = cast.slt.held()[0].school
    students = [make_student(north, f"Canaryname{n}", f"Feather{n}") for n in range(6)]
    placements = [start(one, first=OCTOBER) for one in students]
    html = login(getattr(cast, who)).get(reverse("reviews:value")).content.decode()
    assert "Millyard Education" in html
    assert "not proof of cause" in html
    for one in students:
        assert one.upn not in html
        assert one.family_name not in html
        assert one.first_name not in html
    assert not any(f"/placements/{row.pk}/" in html or f"/students/{row.student_id}/" in html for row in placements)


def test_page_of_trustee_shows_few_as_words_and_no_filter(
    start: Callable[..., Placement], cast: Cast, login: Login, north: School
) -> None:
    start(first=OCTOBER, net="4321.00")
    client = login(cast.trustee)
    for address in ("", f"?school={north.pk}"):
        html = client.get(reverse("reviews:value") + address).content.decode()
        assert "fewer than 5" in html
        assert "Millyard" not in html
        assert "£" not in html
        assert "<select" not in html
    assert "£" in login(cast.ceo).get(reverse("reviews:value")).content.decode()


def test_page_filter_takes_only_own_schools(
    start: Callable[..., Placement], cast: Cast, login: Login, south: School
) -> None:
    start()
    start(school=south)
    lead = login(cast.lead)
    html = lead.get(reverse("reviews:value"), {"school": south.pk}).content.decode()
    assert '<th scope="row">South Academy</th>' in html
    assert '<th scope="row">North Academy</th>' not in html
    for wrong in ("x", "9" * 30, "-1"):
        assert lead.get(reverse("reviews:value"), {"school": wrong}).status_code == 200
    html = login(cast.slt).get(reverse("reviews:value"), {"school": south.pk}).content.decode()
    assert "South" not in html


@pytest.mark.parametrize("who", ["lead", "ceo", "finance", "trustee", "head", "slt", "att", "dsl", "team"])
def test_page_is_open_to_those_who_see_value(who: str, cast: Cast, login: Login) -> None:
    response = login(getattr(cast, who)).get(reverse("reviews:value"))
    assert response.status_code == (403 if who in ("att", "dsl", "team") else 200)


def test_page_asks_for_log_in_and_refuses_other_verbs(cast: Cast, login: Login) -> None:
    assert Client().get(reverse("reviews:value")).status_code == 302
    assert login(cast.ceo).post(reverse("reviews:value")).status_code == 405


def test_page_asks_the_same_number_of_queries(
    start: Callable[..., Placement], cast: Cast, login: Login, django_assert_num_queries: Callable[..., Any]
) -> None:
    client = login(cast.trustee)
    start(first=OCTOBER)
    client.get(reverse("reviews:value"))
    for more in range(2):
        with django_assert_num_queries(QUERIES_OF_PAGE):
            client.get(reverse("reviews:value"))
        if not more:
            start(first=OCTOBER)
            start(first=OCTOBER)


QUERIES_OF_PAGE = 18
