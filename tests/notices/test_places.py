"""A timetable at several sites: the letter states each with its days, and the times of each half-day where it is."""

from datetime import date, time
from typing import Any

import pytest

from notices.lifecycle import Status
from notices.queries import facts_of, ticks_of, values_of
from notices.queries.places import days_words
from notices.rules import missing_particulars
from notices.services import make_letters
from placements.lifecycle import Status as PlacementStatus
from placements.models import Placement
from providers.models import Provider, Site, SiteClosure, SiteTimes
from tests.factories.notices import notice_at
from tests.factories.placements import placement_at
from tests.factories.providers import make_programme, make_site
from tests.fixtures import NOW
from tests.notices.test_documents import text_of
from trust.models import Student
from trust.services import file_bytes

pytestmark = pytest.mark.django_db

EVERY = range(20)


@pytest.mark.parametrize(
    ("slots", "all_slots", "words"),
    [
        ({0, 1, 10, 11}, EVERY, "Monday"),
        ({0, 10}, EVERY, "Monday morning"),
        ({1, 11}, {1, 11, 2, 12}, "Monday"),
        ({0, 1, 10, 11, 3, 13, 8, 9}, EVERY, "Monday, Tuesday afternoon and Friday (week A)"),
        ({4, 5, 15}, EVERY, "Wednesday (week A) and Wednesday afternoon (week B)"),
        (set(), EVERY, ""),
    ],
)
def test_days_words_name_whole_days_and_halves(slots: set[int], all_slots: Any, words: str) -> None:
    assert days_words(slots, set(all_slots)) == words


@pytest.fixture
def yard(provider: Provider) -> Site:
    """A second site with hours of its own and another person to report to."""
    site = make_site(
        provider,
        "Yard",
        times=False,
        address="7 Dock Road\nNorthbridge",
        postcode="NB5 6GH",
        phone="01632 960777",
        report_to="Robin Yard",
    )
    SiteTimes.objects.create(
        site=site, from_day=date(2026, 9, 1), am_start=time(10), am_end=time(12), pm_start=time(13), pm_end=time(16)
    )
    return site


@pytest.fixture
def split(student: Student, provider: Provider, budget: Any, cast: Any, yard: Site) -> Placement:
    """Mondays at the yard, Tuesday mornings in week A at the main site, from Monday 30 November."""
    welding = make_programme(provider, "Welding")
    main = provider.sites.exclude(pk=yard.pk).get()
    engage = provider.programmes.exclude(pk=welding.pk).get()
    at_yard, at_main = (yard.pk, welding.pk), (main.pk, engage.pk)
    return placement_at(
        PlacementStatus.APPROVED,
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        first=date(2026, 11, 30),
        last=date(2026, 12, 18),
        site_id=main.pk,
        programme_id=engage.pk,
        slots={0: at_yard, 1: at_yard, 10: at_yard, 11: at_yard, 2: at_main, 12: at_main},
    )


@pytest.mark.policy("P7.3")
def test_letter_states_every_site_with_its_days_and_times(split: Placement, cast: Any, yard: Site) -> None:
    notice = notice_at(Status.AUTHORISED, split.periods.get(), cast, NOW)
    frozen = notice.frozen
    assert [(site["name"], site["days"], site["address"][-1]) for site in frozen["sites"]] == [
        ("Yard", "Monday", "NB5 6GH"),
        ("Main site", "Tuesday", "NB3 4EF"),
    ]
    assert frozen["sessions"] == [
        {"day": "Monday", "morning": "10:00 to 12:00, Yard", "afternoon": "13:00 to 16:00, Yard"},
        {"day": "Tuesday", "morning": "09:00 to 12:00, Main site", "afternoon": "–"},
    ]
    assert (frozen["site_name"], frozen["programme"]) == ("Yard", "Engage and Welding")
    make_letters(now=NOW)
    text = text_of(file_bytes(notice.recipients.order_by("id")[0].letter))
    for words in ("Address on Monday", "7 Dock Road", "01632 960777", "Address on Tuesday", "Unit 3, Mill Yard"):
        assert words in text
    assert "On the first day report to" in text
    assert ", at Yard" in text


def test_letter_without_the_times_of_one_site_lacks_them(split: Placement, cast: Any, yard: Site) -> None:
    notice = notice_at(Status.DRAFT, split.periods.get(), cast, NOW)
    assert [one.code for one in missing_particulars(values_of(notice, facts_of(split.periods.get().pk)))] == []
    yard.times.all().delete()
    facts = facts_of(split.periods.get().pk)
    assert [one.code for one in missing_particulars(values_of(notice, facts))] == ["session_times"]
    assert {tick.code: tick.present for tick in ticks_of(notice, facts)}["site_days"]


def test_days_required_leave_out_the_closed_day_of_the_site_of_that_day_only(
    split: Placement, yard: Site, provider: Provider
) -> None:
    period = split.periods.get()
    assert facts_of(period.pk).computed_days == 6
    SiteClosure.objects.create(site=provider.sites.exclude(pk=yard.pk).get(), day=date(2026, 12, 7))
    assert facts_of(period.pk).computed_days == 6, "a Monday is at the yard"
    SiteClosure.objects.create(site=yard, day=date(2026, 12, 7))
    assert facts_of(period.pk).computed_days == 5


def test_main_site_is_the_one_of_the_first_day(split: Placement) -> None:
    split.refresh_from_db()
    assert split.site.name == "Yard"
    assert facts_of(split.periods.get().pk).site.name == "Yard"
