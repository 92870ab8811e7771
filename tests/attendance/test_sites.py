"""A timetable at two sites: the grid says who is where on which half-day."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from attendance.queries import week_grid, weeks_of
from placements.models import Placement, TimetableSlot
from providers.models import Provider, Site, SiteClosure
from tests.factories.attendance import many_placements, started_placement
from tests.factories.providers import make_site
from trust.models import School, Student, User

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 9)
TODAY = date(2026, 11, 16)


@pytest.fixture
def yard(provider: Provider) -> Site:
    return make_site(provider, "Yard")


@pytest.fixture
def split(student: Student, provider: Provider, cast: Any, yard: Site) -> Placement:
    """Monday at the yard, Tuesday morning at the yard and the afternoon at the main site, else mornings there."""
    placement = started_placement(
        student,
        provider,
        proposed_by=cast.slt,
        decided_by=cast.head,
        slots={0, 1, 2, 3, 4, 10, 11, 12, 13, 14},
    )
    for slot in (0, 1, 2, 10, 11, 12):
        TimetableSlot.objects.filter(placement=placement, slots__startswith=slot).update(site=yard)
    return placement


def test_grid_says_which_half_days_are_at_which_site(split: Placement, cast: Any) -> None:
    grid = week_grid(cast.att, split.provider, MONDAY, TODAY)
    assert [row.where for row in grid.rows] == ["Yard: Mon, Tue AM; Main site: Tue PM, Wed"]


def test_grid_at_one_site_names_none(student: Student, provider: Provider, cast: Any, yard: Site) -> None:
    started_placement(student, provider, proposed_by=cast.slt, decided_by=cast.head)
    assert [row.where for row in week_grid(cast.att, provider, MONDAY, TODAY).rows] == [""]
    assert [week.places for week in weeks_of(cast.att, MONDAY, TODAY)] == [""]


def test_closed_day_of_one_site_is_expected_at_the_other(split: Placement, cast: Any, yard: Site) -> None:
    SiteClosure.objects.create(site=yard, day=date(2026, 11, 10))
    grid = week_grid(cast.att, split.provider, MONDAY, TODAY)
    expected = [(cell.day.day, cell.session) for cell in grid.rows[0].cells if cell.expected]
    assert expected == [(9, "AM"), (9, "PM"), (10, "PM"), (11, "AM")]
    assert grid.rows[0].where == "Yard: Mon; Main site: Tue, Wed"


def test_pages_show_the_sites(split: Placement, cast: Any, login: Callable[[User], Client]) -> None:
    page = login(cast.att)
    week = page.get(f"/attendance/provider/{split.provider_id}/{MONDAY.isoformat()}/")
    assert "Yard: Mon, Tue AM; Main site: Tue PM, Wed" in week.content.decode()
    assert "Main site, Yard" in page.get(f"/attendance/?week={MONDAY.isoformat()}").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_grid_asks_the_same_number_of_queries_for_any_number(
    number: int,
    north: School,
    provider: Provider,
    cast: Any,
    yard: Site,
    django_assert_num_queries: Any,
) -> None:
    for row in many_placements(number, north, provider, proposed_by=cast.slt, decided_by=cast.head):
        TimetableSlot.objects.filter(placement=row, slots__startswith__in=(0, 10)).update(site=yard)
    cast.att.held()
    with django_assert_num_queries(9):
        assert len(week_grid(cast.att, provider, MONDAY, TODAY).rows) == number
