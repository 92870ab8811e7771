"""Going on after the summer: many extensions proposed at once, each on its own."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from placements.lifecycle import Status
from placements.models import Placement, PlacementPeriod
from placements.queries import renewable
from placements.services import renew_placements
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at
from tests.fixtures import Cast
from trust.calendar import LONDON, from_range
from trust.errors import NotAllowed
from trust.models import School, Student, Term
from trust.queries import calendar_of

pytestmark = pytest.mark.django_db

START = date(2027, 6, 7)
JUNE = datetime(2027, 6, 7, 10, tzinfo=LONDON)


@pytest.fixture(autouse=True)
def june() -> Any:
    """These tests stand in June 2027."""
    with time_machine.travel(JUNE, tick=True):
        yield


@pytest.fixture
def running(north: School, provider: Any, budget: Any, cast: Cast) -> Callable[..., Placement]:
    """A placement that runs from Mon 7 Jun 2027, by default to the last school day of the year."""

    def run(student: Student, last: date | None = None, **changes: Any) -> Placement:
        return placement_at(
            Status.ACTIVE,
            student=student,
            provider=provider,
            cast=cast,
            now=JUNE,
            last=last or calendar_of(student.school_id).last_school_day_of_year(START),
            **changes,
        )

    return run


def pupil(school: School, name: str, nc_year: int = 9) -> Student:
    student = make_student(school, name, "Kit", nc_year=nc_year)
    make_contact(student, "Mary")
    return student


@pytest.mark.policy("P7.4")
def test_placements_of_the_year_are_listed_by_what_may_be_renewed(
    running: Callable[..., Placement], north: School, student: Student, cast: Cast
) -> None:
    wanted = running(student)
    running(pupil(north, "Early"), last=date(2027, 7, 1))
    running(pupil(north, "Leaver", nc_year=11))
    assert [row.placement for row in renewable(cast.slt, START)] == [wanted]
    assert renewable(cast.slt2, START) == []
    assert renewable(cast.team, START) == []
    assert renewable(cast.slt, START, provider_id=wanted.provider_id + 1) == []
    # In September the year is over: what was not renewed is ended.
    assert renewable(cast.slt, date(2027, 9, 6)) == []
    renew_placements(placement_ids=[wanted.pk], last=None, by=cast.slt, now=JUNE)
    assert renewable(cast.slt, START) == []


@pytest.mark.policy("P7.4")
def test_renewal_runs_from_the_first_to_the_last_school_day_of_next_year(
    running: Callable[..., Placement], student: Student, cast: Cast
) -> None:
    placement = running(student)
    (result,) = renew_placements(placement_ids=[placement.pk], last=None, by=cast.slt, now=JUNE)
    cal = calendar_of(student.school_id)
    first = cal.add(calendar_of(student.school_id).last_school_day_of_year(START), 1)
    assert result.period is not None
    assert from_range(result.period.period) == (first, cal.last_school_day_of_year(first))
    assert (result.period.notice_needed, result.period.approved_at) == (True, None)
    assert first.year == 2027
    assert first.month == 9
    assert result.sentence.startswith("Proposed from ")


def test_one_that_fails_leaves_the_others_and_says_why_in_a_sentence(
    running: Callable[..., Placement], north: School, student: Student, cast: Cast
) -> None:
    good, decided = running(student), running(pupil(north, "Cole"))
    renew_placements(placement_ids=[decided.pk], last=None, by=cast.slt, now=JUNE)
    results = renew_placements(placement_ids=[decided.pk, good.pk], last=date(2027, 12, 17), by=cast.slt, now=JUNE)
    assert results[0].period is None
    assert results[0].sentence == "An extension is proposed already and waits for a decision."
    assert results[1].period is not None
    assert from_range(results[1].period.period)[1] == date(2027, 12, 17)


def test_renewal_without_next_years_calendar_says_so(
    running: Callable[..., Placement], student: Student, cast: Cast
) -> None:
    placement = running(student)
    Term.objects.filter(school=student.school, academic_year__label="2027/28").delete()
    (result,) = renew_placements(placement_ids=[placement.pk], last=None, by=cast.slt, now=JUNE)
    assert result.period is None
    assert "The school calendar for 2027/28 has not been loaded" in result.sentence


def test_renewal_of_a_school_of_others_is_refused_whole(
    running: Callable[..., Placement], student: Student, cast: Cast
) -> None:
    placement = running(student)
    with pytest.raises(NotAllowed):
        renew_placements(placement_ids=[placement.pk], last=None, by=cast.slt2, now=JUNE)
    assert PlacementPeriod.objects.count() == 1


def test_renewal_page_shows_one_sentence_for_each_and_proposes_nothing_twice(
    running: Callable[..., Placement], north: School, student: Student, cast: Cast, login: Callable[..., Client]
) -> None:
    one, two = running(student), running(pupil(north, "Cole"))
    client, url = login(cast.slt), reverse("placements:placement-renew")
    assert client.post(url, {}).status_code == 422
    page = client.post(url, {"placements": [one.pk, two.pk], "last": ""}).content.decode()
    assert "2 of 2 proposed" in page
    assert page.count("Proposed from ") == 2
    again = client.post(url, {"placements": [one.pk], "last": ""})
    assert (again.status_code, "not on this list any more" in again.content.decode()) == (422, True)
    assert PlacementPeriod.objects.filter(number=2).count() == 2
    assert login(cast.team).get(url).status_code == 403


def test_renewal_list_takes_the_same_queries_for_one_and_three(
    running: Callable[..., Placement], north: School, student: Student, cast: Cast
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            renewable(cast.slt, START)
        return len(seen)

    running(student)
    renewable(cast.slt, START)
    one = queries()
    for name in ("Cole", "Dunn"):
        running(pupil(north, name))
    assert queries() == one
