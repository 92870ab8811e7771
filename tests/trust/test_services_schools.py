"""Schools and their calendars are changed only by who may, and only to what a calendar can be."""

from datetime import date, time

import pytest

from tests.factories.schools import make_school
from tests.fixtures import NOW
from trust.errors import CalendarNotLoaded, NotAllowed, RuleBroken
from trust.models import AcademicYear, NonSchoolDay, Term
from trust.queries import calendar_of, calendar_pages, years_loaded
from trust.services import (
    add_school,
    add_year,
    copy_terms,
    load_terms,
    record_non_school_day,
    remove_non_school_day,
)

SCHOOL = {
    "name": "West Academy",
    "short_name": "West",
    "urn": "147001",
    "address": "1 West Street",
    "postcode": "NB9 9ZZ",
    "phone": "01632 960009",
    "am_start": time(8, 45),
    "am_end": time(12),
    "pm_start": time(13),
    "pm_end": time(15),
}

TERMS = [
    {
        "season": "AUTUMN",
        "first_day": date(2026, 9, 3),
        "break_first": date(2026, 10, 26),
        "break_last": date(2026, 10, 30),
        "last_day": date(2026, 12, 18),
    },
    {
        "season": "SPRING",
        "first_day": date(2027, 1, 5),
        "break_first": date(2027, 2, 15),
        "break_last": date(2027, 2, 19),
        "last_day": date(2027, 3, 25),
    },
    {
        "season": "SUMMER",
        "first_day": date(2027, 4, 12),
        "break_first": date(2027, 5, 31),
        "break_last": date(2027, 6, 4),
        "last_day": date(2027, 7, 21),
    },
]


def changed(season, **days):
    """The terms with the days of one season replaced."""
    return [{**term, **days} if term["season"] == season else term for term in TERMS]


def test_add_school_keeps_its_times_from_the_first_day_of_the_year(cast):
    school = add_school(data=SCHOOL, by=cast.lead, now=NOW)
    times = school.times.get()
    assert (school.name, times.from_day, times.am_start, times.pm_end) == (
        "West Academy",
        date(2026, 9, 1),
        time(8, 45),
        time(15),
    )


@pytest.mark.parametrize("who", ["head", "slt", "ceo", "finance", "trustee"])
def test_add_school_is_the_leads(cast, who):
    with pytest.raises(NotAllowed, match="Trust AP lead can"):
        add_school(data=SCHOOL, by=getattr(cast, who), now=NOW)


def test_add_year_spans_september_to_august(cast):
    year = add_year(start=2028, by=cast.lead, now=NOW)
    assert (year.label, year.first_day, year.last_day) == ("2028/29", date(2028, 9, 1), date(2029, 8, 31))


def test_add_year_twice_is_refused(cast):
    with pytest.raises(RuleBroken, match="2026/27 is there already"):
        add_year(start=2026, by=cast.lead, now=NOW)


def test_load_terms_makes_a_calendar(cast, year):
    school = make_school("West", calendar=False)
    with pytest.raises(CalendarNotLoaded):
        calendar_of(school.pk).is_school_day(date(2026, 11, 16))
    load_terms(school_id=school.pk, academic_year_id=year.pk, terms=TERMS, by=cast.lead, now=NOW)
    calendar = calendar_of(school.pk)
    assert calendar.is_school_day(date(2026, 11, 16))
    assert not calendar.is_school_day(date(2026, 10, 28))
    assert years_loaded()[school.pk] == {year.pk}


def test_load_terms_again_replaces_them(cast, north, year):
    later = changed("AUTUMN", last_day=date(2026, 12, 17))
    load_terms(school_id=north.pk, academic_year_id=year.pk, terms=later, by=cast.lead, now=NOW)
    assert Term.objects.filter(school=north, academic_year=year).count() == 3
    assert not calendar_of(north.pk).is_school_day(date(2026, 12, 18))


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (TERMS[:2], "Give the autumn, spring and summer term"),
        ([*TERMS[:2], TERMS[0]], "Give the autumn, spring and summer term"),
        (changed("AUTUMN", break_first=date(2026, 9, 1)), "must follow one another"),
        (changed("AUTUMN", last_day=date(2026, 10, 30)), "must follow one another"),
        (changed("AUTUMN", last_day=date(2027, 1, 5)), "overlap"),
        (changed("AUTUMN", first_day=date(2026, 8, 31)), "does not lie inside"),
        (changed("SUMMER", last_day=date(2027, 9, 1)), "does not lie inside"),
    ],
)
def test_load_terms_out_of_order_is_refused_and_nothing_is_saved(cast, year, terms, words):
    school = make_school("West", calendar=False)
    with pytest.raises(RuleBroken, match=words):
        load_terms(school_id=school.pk, academic_year_id=year.pk, terms=terms, by=cast.lead, now=NOW)
    assert not school.terms.exists()


def test_load_terms_is_not_a_headteachers(cast, north, year):
    with pytest.raises(NotAllowed):
        load_terms(school_id=north.pk, academic_year_id=year.pk, terms=TERMS, by=cast.head, now=NOW)


def test_copy_terms_takes_terms_and_inset_but_no_closures(cast, north, year):
    school = make_school("West", calendar=False)
    NonSchoolDay.objects.create(school=north, day=date(2026, 11, 18), kind="CLOSURE")
    copy_terms(from_school_id=north.pk, to_school_id=school.pk, academic_year_id=year.pk, by=cast.lead, now=NOW)
    calendar = calendar_of(school.pk)
    assert calendar.years[0].label == "2026/27"
    assert [day.day for day in school.non_school_days.all()] == [date(2026, 9, 3), date(2027, 1, 4)]
    assert calendar.is_school_day(date(2026, 11, 18))


def test_copy_terms_twice_gives_the_same(cast, north, year):
    school = make_school("West", calendar=False)
    for _ in range(2):
        copy_terms(from_school_id=north.pk, to_school_id=school.pk, academic_year_id=year.pk, by=cast.lead, now=NOW)
    assert (school.terms.count(), school.non_school_days.count()) == (3, 2)


def test_copy_terms_from_a_school_without_is_refused(cast, north, year):
    empty = make_school("West", calendar=False)
    with pytest.raises(RuleBroken, match="no terms of 2026/27 to copy"):
        copy_terms(from_school_id=empty.pk, to_school_id=north.pk, academic_year_id=year.pk, by=cast.lead, now=NOW)


@pytest.mark.parametrize("who", ["att", "head", "lead"])
def test_record_non_school_day_takes_the_day_out(cast, north, who):
    day = date(2026, 11, 18)
    record_non_school_day(school_id=north.pk, day=day, kind="CLOSURE", note="boiler", by=getattr(cast, who), now=NOW)
    assert not calendar_of(north.pk).is_school_day(day)


@pytest.mark.parametrize("who", ["slt", "team", "dsl", "ceo", "att2", "head2"])
def test_record_non_school_day_of_others_is_refused(cast, north, who):
    with pytest.raises(NotAllowed):
        record_non_school_day(
            school_id=north.pk, day=date(2026, 11, 18), kind="CLOSURE", note="", by=getattr(cast, who), now=NOW
        )


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2026, 10, 28), date(2026, 12, 25), date(2027, 5, 3)])
def test_record_non_school_day_without_school_anyhow_is_refused(cast, north, day):
    with pytest.raises(RuleBroken, match="not a school day of this school already"):
        record_non_school_day(school_id=north.pk, day=day, kind="INSET", note="", by=cast.att, now=NOW)


def test_record_non_school_day_outside_loaded_years_names_the_year(cast, north):
    with pytest.raises(CalendarNotLoaded, match="2029/30") as refused:
        record_non_school_day(school_id=north.pk, day=date(2029, 11, 5), kind="INSET", note="", by=cast.att, now=NOW)
    assert refused.value.field == "day"


def test_remove_non_school_day_makes_it_a_school_day_again(cast, north):
    day = record_non_school_day(
        school_id=north.pk, day=date(2026, 11, 18), kind="CLOSURE", note="", by=cast.att, now=NOW
    )
    with pytest.raises(NotAllowed):
        remove_non_school_day(non_school_day_id=day.pk, by=cast.att2, now=NOW)
    remove_non_school_day(non_school_day_id=day.pk, by=cast.att, now=NOW)
    assert calendar_of(north.pk).is_school_day(date(2026, 11, 18))


def test_calendar_pages_say_what_is_not_loaded(cast, north):
    AcademicYear.objects.create(label="2028/29", first_day=date(2028, 9, 1), last_day=date(2029, 8, 31))
    pages = {page.year.label: page for page in calendar_pages(north.pk)}
    assert pages["2028/29"].days is None
    assert pages["2026/27"].days == len(calendar_of(north.pk).years[1].school_days)
    assert (date(2027, 5, 3), "May Day") in pages["2026/27"].holidays
