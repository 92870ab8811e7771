"""What the pages and the other apps read about attendance, and in how many queries."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from attendance.codes import ContactMeans, ContactOutcome, ProviderReport
from attendance.queries import (
    Figures,
    attended_of,
    contacts_due,
    figures_of,
    missed_contacts,
    register_of,
    unreturned,
    week_grid,
    weeks_of,
)
from attendance.rules import ContactState
from attendance.services import log_contact
from placements.codes import Route
from placements.lifecycle import Status
from placements.models import Placement
from providers.codes import ProviderKind
from providers.models import SiteClosure
from tests.factories.attendance import make_mark, many_placements, started_placement
from tests.factories.people import make_student
from tests.factories.providers import make_provider
from tests.fixtures import NOW, TODAY

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 9)
WEEK = [MONDAY + timedelta(days=n) for n in range(5)]


def spoken(placement: Placement, by: object, week: date = MONDAY, on: date | None = None) -> None:
    log_contact(
        provider_id=placement.provider_id,
        monday=week,
        how=ContactMeans.PHONE,
        contacted_on=on or week,
        outcomes={placement.pk: (ContactOutcome.SPOKEN, "")},
        by=by,
        now=NOW,
    )


@pytest.mark.policy("P3.11", "P6.4")
def test_figures_of_counts_reports_and_what_has_no_return(placement, cast):
    reports = [ProviderReport.PRESENT, ProviderReport.LATE, ProviderReport.ABSENT, ProviderReport.DID_NOT_RUN]
    for day, report in zip(WEEK, reports, strict=False):
        make_mark(placement, day, report=report, by=cast.att)
    figures = figures_of([placement.pk], MONDAY, WEEK[-1])[placement.pk]
    assert figures == Figures(present=1, late=1, absent=1, did_not_run=1, no_return=1)
    assert (figures.attended, figures.returned) == (2, 3)


def test_figures_of_closed_site_is_no_missing_return(placement):
    SiteClosure.objects.create(site=placement.site, day=MONDAY)
    assert figures_of([placement.pk], MONDAY, WEEK[-1])[placement.pk].no_return == 4


def test_figures_of_outside_the_days_or_unknown_is_zero(placement, cast):
    make_mark(placement, MONDAY, by=cast.att)
    assert figures_of([placement.pk, 0], date(2026, 10, 5), date(2026, 10, 9)) == {
        placement.pk: Figures(),
        0: Figures(),
    }


def test_attended_of_leaves_out_what_did_not_run_and_what_is_to_come(placement, cast):
    for day, report in zip(WEEK, [*ProviderReport], strict=False):
        make_mark(placement, day, report=report, by=cast.att)
    make_mark(placement, TODAY + timedelta(days=1), by=cast.att)
    assert attended_of([placement.pk, 0], TODAY) == {placement.pk: (2, 3), 0: (0, 0)}


@pytest.mark.parametrize("number", [1, 25])
def test_week_grid_takes_few_queries_at_any_number_of_students(provider, north, cast, number):
    for row in many_placements(number, north, provider, proposed_by=cast.slt, decided_by=cast.head):
        make_mark(row, MONDAY, by=cast.att)
    cast.att.held()
    with CaptureQueriesContext(connection) as queries:
        grid = week_grid(cast.att, provider, MONDAY, TODAY)
    assert len(grid.rows) == number
    assert len(queries) == 8


def test_week_grid_shows_what_is_expected_open_and_marked(placement, cast):
    make_mark(placement, MONDAY, report=ProviderReport.LATE, by=cast.att)
    (row,) = week_grid(cast.att, placement.provider, MONDAY, TODAY).rows
    assert [cell.session for cell in row.cells] == ["AM", "PM"] * 5
    assert [cell.expected for cell in row.cells] == [True, False] * 5
    assert [cell.open for cell in row.cells] == [True, False] * 5
    assert [cell.letter for cell in row.cells][:3] == ["L", "", ""]
    assert row.attendance == (1, 1)


def test_week_grid_opens_no_day_to_come(placement, cast):
    (row,) = week_grid(cast.att, placement.provider, TODAY, TODAY).rows
    assert [cell.day for cell in row.cells if cell.open] == [TODAY]


def test_week_grid_never_shows_students_of_another_school(placement, placement2, cast):
    grid = week_grid(cast.att, placement.provider, MONDAY, TODAY)
    assert [row.placement for row in grid.rows] == [placement]
    assert len(week_grid(cast.lead, placement.provider, MONDAY, TODAY).rows) == 2
    assert week_grid(cast.ceo, placement.provider, MONDAY, TODAY).rows == ()
    assert week_grid(cast.trustee, placement.provider, MONDAY, TODAY).rows == ()


def test_week_grid_shows_guests_to_their_host(student, south, cast):
    host = make_provider(
        "South at work",
        kind=ProviderKind.TRUST_SCHOOL,
        school=south,
        checked_by=cast.slt,
        approved_by=cast.lead,
        now=NOW,
    )
    placement = started_placement(
        student, host, proposed_by=cast.slt, decided_by=cast.head, host_school=south, route=Route.IN_TRUST
    )
    assert [row.placement for row in week_grid(cast.att2, host, MONDAY, TODAY).rows] == [placement]


def test_week_grid_leaves_out_weeks_outside_the_placement(placement, cast):
    assert week_grid(cast.att, placement.provider, date(2026, 10, 12), TODAY).rows == ()
    assert week_grid(cast.att, placement.provider, date(2027, 1, 4), TODAY).rows == ()


@pytest.mark.policy("P5.5")
def test_week_grid_strip_of_eight_weeks(placement, cast):
    spoken(placement, cast.att, date(2026, 11, 2), TODAY)
    (row,) = week_grid(cast.att, placement.provider, TODAY, TODAY).rows
    assert [week.monday for week in row.history] == [TODAY - timedelta(weeks=n) for n in range(7, -1, -1)]
    assert [week.state for week in row.history] == [
        *[ContactState.NOT_DUE] * 5,
        ContactState.LATE,
        ContactState.MISSED,
        ContactState.DUE,
    ]
    assert row.state == ContactState.DUE


def test_missed_contacts_of_own_students_only(placement, placement2, cast):
    assert [(due.placement, due.monday) for due in missed_contacts(cast.att, TODAY)] == [
        (placement, date(2026, 11, 2)),
        (placement, MONDAY),
    ]
    assert {due.placement for due in missed_contacts(cast.att2, TODAY)} == {placement2}
    assert missed_contacts(cast.trustee, TODAY) == ()
    spoken(placement, cast.att)
    assert [due.monday for due in missed_contacts(cast.att, TODAY)] == [date(2026, 11, 2)]


def test_contacts_due_are_those_of_the_running_week(placement, cast):
    assert [(due.placement, due.monday) for due in contacts_due(cast.att, TODAY)] == [(placement, TODAY)]
    spoken(placement, cast.att, TODAY)
    assert contacts_due(cast.att, TODAY) == ()


@pytest.mark.parametrize("read", [missed_contacts, contacts_due, unreturned])
def test_lists_take_the_same_number_of_queries_with_one_and_three_rows(provider, north, cast, read):
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert read(cast.att, TODAY)
        return len(queries)

    cast.att.held()
    many_placements(1, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    one = counted()
    many_placements(2, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    assert counted() == one


def test_unreturned_up_to_today_without_a_mark(placement, placement2, cast):
    make_mark(placement, MONDAY, by=cast.att)
    found = unreturned(cast.att, TODAY)
    assert {entry.placement for entry in found} == {placement}
    days = [entry.day for entry in found]
    assert days[0] == date(2026, 11, 2)
    assert days[-1] == TODAY
    assert MONDAY not in days
    assert len(days) == 10


def test_weeks_of_counts_students_returns_and_contacts(provider, north, south, cast):
    one, _ = many_placements(2, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    started_placement(make_student(south), provider, proposed_by=cast.slt2, decided_by=cast.head2)
    make_mark(one, MONDAY, by=cast.att)
    spoken(one, cast.att)
    (week,) = weeks_of(cast.att, MONDAY, TODAY)
    assert (week.provider, week.students, week.expected, week.without_return) == (provider, 2, 10, 9)
    assert (week.contacts_done, week.contacts_missed, week.contacts_to_make) == (1, 1, 0)
    (now,) = weeks_of(cast.att, TODAY, TODAY)
    assert (now.without_return, now.contacts_to_make) == (2, 2)


def test_weeks_of_ended_placement_is_gone_after_its_end(student, provider, cast):
    started_placement(
        student, provider, proposed_by=cast.slt, decided_by=cast.head, status=Status.ENDED, ended_on=MONDAY
    )
    assert len(weeks_of(cast.att, MONDAY, TODAY)) == 1
    assert weeks_of(cast.att, TODAY, TODAY) == ()


def test_register_of_reads_marks_in_order_and_within_the_scope(placement, cast):
    make_mark(placement, WEEK[1], by=cast.att)
    make_mark(placement, WEEK[0], by=cast.att)
    assert [mark.day for mark in register_of(cast.slt, placement, MONDAY, TODAY)] == WEEK[:2]
    assert register_of(cast.slt2, placement, MONDAY, TODAY) == ()
