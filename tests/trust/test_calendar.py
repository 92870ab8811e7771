from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extras import DateRange

from tests.factories.calendar import england_calendar, england_years
from trust.calendar import (
    HalfTerm,
    SchoolCalendar,
    Term,
    YearDays,
    academic_year_of,
    bank_holidays,
    date_words,
    from_range,
    last_day,
    london_date,
    to_range,
)
from trust.errors import CalendarNotLoaded, RuleBroken

CAL = england_calendar()
# Far enough from both edges that counting 40 school days either way stays inside the loaded years.
INSIDE = st.dates(date(2025, 12, 1), date(2028, 4, 1))
LOADED = st.dates(date(2025, 9, 1), date(2028, 8, 31))
exact = settings(deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 12, 18), ""),
        (date(2026, 12, 19), "weekend"),
        (date(2026, 12, 23), "holiday"),
        (date(2026, 12, 25), "bank holiday: Christmas Day"),
        (date(2027, 1, 4), "INSET day"),
        (date(2026, 11, 26), "closed"),
        (date(2026, 10, 28), "holiday"),
    ],
)
def test_why_free_says_why_there_is_no_session(day, why):
    years = [replace(year, reasons=((date(2027, 1, 4), "INSET day"),)) for year in england_years([date(2026, 11, 26)])]
    assert SchoolCalendar(years).why_free(day) == why


def test_why_free_outside_the_loaded_years_is_refused():
    with pytest.raises(CalendarNotLoaded):
        CAL.why_free(date(2029, 1, 8))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 12, 18), True),  # last day before Christmas
        (date(2026, 12, 21), False),  # Christmas holiday
        (date(2026, 12, 19), False),  # Saturday
        (date(2027, 1, 4), False),  # INSET
        (date(2027, 1, 5), True),
        (date(2026, 9, 3), False),  # INSET
        (date(2026, 9, 4), True),
        (date(2026, 10, 28), False),  # half-term
        (date(2027, 5, 3), False),  # early May bank holiday inside term
        (date(2027, 5, 4), True),
        (date(2027, 8, 10), False),  # summer
    ],
)
def test_is_school_day_on_each_kind_of_day(day, expected):
    assert CAL.is_school_day(day) is expected


def test_is_school_day_on_a_closure():
    assert CAL.is_school_day(date(2026, 11, 24)) is True
    assert england_calendar([date(2026, 11, 24)]).is_school_day(date(2026, 11, 24)) is False


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2026, 12, 7), 1, date(2026, 12, 4)),
        (date(2026, 12, 7), 2, date(2026, 12, 3)),
        (date(2027, 1, 5), 1, date(2026, 12, 18)),
        (date(2027, 1, 5), 2, date(2026, 12, 17)),
        (date(2026, 12, 25), 1, date(2026, 12, 18)),
        (date(2026, 9, 4), 1, date(2026, 7, 21)),  # across two school years
    ],
)
def test_school_days_before_counts_back_over_holidays(day, n, expected):
    assert CAL.school_days_before(day, n) == expected


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2026, 12, 17), 1, date(2026, 12, 18)),
        (date(2026, 12, 17), 2, date(2027, 1, 5)),
        (date(2026, 12, 24), 1, date(2027, 1, 5)),
        (date(2026, 7, 21), 1, date(2026, 9, 4)),
    ],
)
def test_add_counts_forward_over_holidays(day, n, expected):
    assert CAL.add(day, n) == expected


@pytest.mark.parametrize("n", [0, -1])
def test_counting_from_less_than_one_is_a_mistake(n):
    with pytest.raises(ValueError, match="counted from 1"):
        CAL.add(date(2026, 12, 7), n)
    with pytest.raises(ValueError, match="counted from 1"):
        CAL.school_days_before(date(2026, 12, 7), n)


def test_between_includes_both_ends():
    assert CAL.between(date(2026, 12, 17), date(2027, 1, 6)) == (
        date(2026, 12, 17),
        date(2026, 12, 18),
        date(2027, 1, 5),
        date(2027, 1, 6),
    )
    assert CAL.count(date(2026, 12, 17), date(2027, 1, 6)) == 4
    assert CAL.between(date(2026, 12, 19), date(2027, 1, 4)) == ()
    assert CAL.between(date(2027, 1, 6), date(2027, 1, 5)) == ()


def test_count_of_the_school_year_is_plausible():
    assert CAL.count(date(2026, 9, 1), date(2027, 8, 31)) == len(england_years()[1].school_days)
    assert 185 <= CAL.count(date(2026, 9, 1), date(2027, 8, 31)) <= 195


def test_school_week_holds_the_days_of_its_calendar_week():
    week = CAL.school_week(date(2027, 1, 6))
    assert week.monday == date(2027, 1, 4)
    assert week.days == tuple(date(2027, 1, n) for n in (5, 6, 7, 8))
    assert week.last == date(2027, 1, 8)
    assert CAL.school_week(date(2027, 1, 10)) == week


def test_school_week_in_a_holiday_has_no_days():
    week = CAL.school_week(date(2026, 12, 30))
    assert (week.monday, week.days, week.last) == (date(2026, 12, 28), (), None)


def test_weeks_skip_those_without_a_school_day():
    weeks = CAL.weeks(date(2026, 12, 16), date(2027, 1, 11))
    assert [week.monday for week in weeks] == [date(2026, 12, 14), date(2027, 1, 4), date(2027, 1, 11)]
    # Whole weeks, also where the stretch begins or ends in the middle of one.
    assert [len(week.days) for week in weeks] == [5, 4, 5]


def test_term_of_and_half_term_of():
    autumn = CAL.term_of(date(2026, 10, 28))
    assert autumn is not None
    assert (autumn.season, autumn.first, autumn.last) == ("AUTUMN", date(2026, 9, 3), date(2026, 12, 18))
    assert CAL.half_term_of(date(2026, 10, 28)) is None
    assert CAL.half_term_of(date(2026, 11, 24)) == HalfTerm(date(2026, 11, 2), date(2026, 12, 18))
    assert CAL.half_term_of(date(2026, 10, 23)) == HalfTerm(date(2026, 9, 3), date(2026, 10, 23))
    assert CAL.term_of(date(2026, 12, 19)) is None
    assert CAL.half_term_of(date(2026, 12, 19)) is None


def test_last_school_day_of_year():
    assert CAL.last_school_day_of_year(date(2026, 11, 24)) == date(2027, 7, 21)
    assert CAL.last_school_day_of_year(date(2027, 8, 31)) == date(2027, 7, 21)


@pytest.mark.parametrize(
    ("day", "letter"),
    [
        (date(2026, 9, 4), 0),  # first school week of the year
        (date(2026, 9, 7), 1),
        (date(2026, 10, 19), 1),  # eighth school week
        (date(2026, 10, 28), 0),  # half-term does not count: the letter of the week after it
        (date(2026, 11, 2), 0),
        (date(2026, 12, 18), 0),
        (date(2027, 1, 5), 1),
        (date(2027, 9, 3), 0),  # a new year begins with week A
    ],
)
def test_week_letter_alternates_over_school_weeks(day, letter):
    assert CAL.week_letter(day) == letter


def test_day_index_is_the_morning_slot():
    assert CAL.day_index(date(2026, 9, 4)) == 8  # Friday of week A
    assert CAL.day_index(date(2026, 9, 7)) == 10  # Monday of week B
    assert CAL.day_index(date(2026, 9, 11)) == 18
    with pytest.raises(RuleBroken, match="Sat 12 Sep 2026 is at a weekend"):
        CAL.day_index(date(2026, 9, 12))


QUESTIONS = {
    "is_school_day": lambda day: CAL.is_school_day(day),
    "school_days_before": lambda day: CAL.school_days_before(day, 1),
    "add": lambda day: CAL.add(day, 1),
    "between first": lambda day: CAL.between(day, date(2026, 12, 1)),
    "between last": lambda day: CAL.between(date(2026, 12, 1), day),
    "count": lambda day: CAL.count(day, day),
    "school_week": lambda day: CAL.school_week(day),
    "weeks": lambda day: CAL.weeks(day, day),
    "term_of": lambda day: CAL.term_of(day),
    "half_term_of": lambda day: CAL.half_term_of(day),
    "last_school_day_of_year": lambda day: CAL.last_school_day_of_year(day),
    "week_letter": lambda day: CAL.week_letter(day),
    "day_index": lambda day: CAL.day_index(day),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize(
    ("day", "label"),
    [(date(2025, 8, 29), "2024/25"), (date(2028, 9, 1), "2028/29"), (date(1, 1, 1), "0/01")],
)
def test_every_question_outside_the_loaded_years_names_the_missing_year(question, day, label):
    with pytest.raises(CalendarNotLoaded) as refused:
        question(day)
    assert refused.value.year_label == label
    assert label in refused.value.message


def test_counting_over_the_edge_names_the_year_beyond_it():
    with pytest.raises(CalendarNotLoaded, match="2024/25"):
        CAL.school_days_before(date(2025, 9, 2), 1)
    with pytest.raises(CalendarNotLoaded, match="2028/29"):
        CAL.add(date(2028, 7, 21), 1)


def test_counting_over_a_missing_year_is_refused():
    first, _, third = england_years()
    gap = SchoolCalendar([first, third])
    for ask in (
        lambda: gap.add(date(2026, 7, 21), 1),
        lambda: gap.school_days_before(date(2027, 9, 3), 1),
        lambda: gap.between(date(2026, 7, 1), date(2027, 9, 30)),
        lambda: gap.is_school_day(date(2026, 11, 24)),
    ):
        with pytest.raises(CalendarNotLoaded, match="2026/27"):
            ask()
    assert not gap.is_loaded(date(2026, 11, 24))
    assert gap.is_loaded(date(2027, 9, 3))


def test_a_year_without_terms_counts_as_not_loaded():
    empty = SchoolCalendar([YearDays("2026/27", date(2026, 9, 1), date(2027, 8, 31), (), frozenset())])
    with pytest.raises(CalendarNotLoaded, match="2026/27"):
        empty.is_school_day(date(2026, 11, 24))


def _term(season: str, *days: date) -> Term:
    return Term(season, (HalfTerm(days[0], days[1]), HalfTerm(days[2], days[3])))


def test_year_with_overlapping_terms_is_refused():
    autumn = _term("AUTUMN", date(2026, 9, 3), date(2026, 10, 23), date(2026, 11, 2), date(2026, 12, 18))
    spring = _term("SPRING", date(2026, 12, 18), date(2027, 2, 12), date(2027, 2, 22), date(2027, 3, 25))
    with pytest.raises(RuleBroken, match="overlap on Fri 18 Dec 2026"):
        YearDays("2026/27", date(2026, 9, 1), date(2027, 8, 31), (spring, autumn), frozenset())


def test_year_with_a_term_outside_it_is_refused():
    autumn = _term("AUTUMN", date(2026, 8, 31), date(2026, 10, 23), date(2026, 11, 2), date(2026, 12, 18))
    with pytest.raises(RuleBroken, match="inside the school year 2026/27"):
        YearDays("2026/27", date(2026, 9, 1), date(2027, 8, 31), (autumn,), frozenset())


def test_half_terms_in_the_wrong_order_are_refused():
    with pytest.raises(RuleBroken):
        HalfTerm(date(2026, 10, 23), date(2026, 9, 3))
    with pytest.raises(RuleBroken):
        _term("AUTUMN", date(2026, 9, 3), date(2026, 11, 2), date(2026, 11, 2), date(2026, 12, 18))


def test_years_that_overlap_are_refused():
    with pytest.raises(RuleBroken, match="2025/26"):
        SchoolCalendar([england_years()[0], england_years()[0]])


def test_bank_holidays_of_england():
    assert list(bank_holidays(date(2026, 12, 1), date(2027, 4, 30))) == [
        date(2026, 12, 25),
        date(2026, 12, 26),
        date(2026, 12, 28),  # Boxing Day falls on a Saturday
        date(2027, 1, 1),
        date(2027, 3, 26),
        date(2027, 3, 29),
    ]
    # Scotland's are not ours.
    assert date(2027, 1, 2) not in bank_holidays(date(2027, 1, 1), date(2027, 12, 31))
    assert date(2026, 11, 30) not in bank_holidays(date(2026, 11, 1), date(2026, 11, 30))


def test_academic_year_turns_on_the_first_of_september():
    assert academic_year_of(date(2026, 8, 31)).label == "2025/26"
    year = academic_year_of(date(2026, 9, 1))
    assert (year.label, year.first, year.last) == ("2026/27", date(2026, 9, 1), date(2027, 8, 31))
    assert academic_year_of(date(2099, 9, 1)).label == "2099/00"


@pytest.mark.parametrize("day", [date.min, date.max])
def test_academic_year_at_the_ends_of_the_calendar_still_answers(day):
    assert academic_year_of(day).first <= day <= academic_year_of(day).last


def test_london_date_follows_london_not_utc():
    assert london_date(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == date(2026, 7, 2)
    assert london_date(datetime(2026, 12, 1, 23, 30, tzinfo=UTC)) == date(2026, 12, 1)
    assert london_date(datetime(2026, 12, 2, 4, 0, tzinfo=timezone(timedelta(hours=5)))) == date(2026, 12, 1)


def test_london_date_of_a_naive_instant_is_a_mistake():
    with pytest.raises(ValueError, match="time zone"):
        london_date(datetime(2026, 7, 1, 12, 0))  # noqa: DTZ001


def test_date_words():
    assert date_words(date(2026, 12, 3)) == "Thu 3 Dec 2026"


def test_to_range_is_half_open():
    assert to_range(date(2026, 12, 7), date(2026, 12, 18)) == DateRange(date(2026, 12, 7), date(2026, 12, 19), "[)")
    assert last_day(to_range(date(2026, 12, 7), None)) is None
    with pytest.raises(RuleBroken, match="Thu 3 Dec 2026, is before") as refused:
        to_range(date(2026, 12, 7), date(2026, 12, 3))
    assert refused.value.field == "last"
    with pytest.raises(RuleBroken):
        to_range(date(2026, 12, 7), date.max)


def test_from_range_reads_any_bounds():
    assert from_range(DateRange(date(2026, 12, 6), date(2026, 12, 18), "(]")) == (date(2026, 12, 7), date(2026, 12, 18))
    for period in (DateRange(date(2026, 12, 7), None), DateRange(None, date(2026, 12, 7)), DateRange(empty=True)):
        with pytest.raises(ValueError):
            from_range(period)


@exact
@given(st.tuples(st.dates(), st.dates()).map(sorted).filter(lambda pair: pair[1] < date.max))
def test_range_round_trip(pair):
    assert from_range(to_range(*pair)) == tuple(pair)


@exact
@given(INSIDE, st.integers(1, 40))
def test_add_and_before_are_inverse(day, n):
    after, before = CAL.add(day, n), CAL.school_days_before(day, n)
    assert before < day < after
    assert CAL.is_school_day(after)
    assert CAL.is_school_day(before)
    assert CAL.count(day + timedelta(1), after) == n
    assert CAL.count(before, day - timedelta(1)) == n
    if CAL.is_school_day(day):
        assert CAL.school_days_before(after, n) == day
        assert CAL.add(before, n) == day


@exact
@given(LOADED)
def test_school_day_belongs_to_a_half_term_a_term_and_its_week(day):
    if CAL.is_school_day(day):
        half, term = CAL.half_term_of(day), CAL.term_of(day)
        assert half is not None
        assert term is not None
        assert half in term.halves
        assert day in CAL.school_week(day).days
        assert day.weekday() < 5
        assert 0 <= CAL.day_index(day) <= 18
        assert not bank_holidays(day, day)


@exact
@given(st.tuples(LOADED, LOADED).map(sorted))
def test_weeks_hold_exactly_the_school_days_between(pair):
    first, last = pair
    days = tuple(day for week in CAL.weeks(first, last) for day in week.days if first <= day <= last)
    assert days == CAL.between(first, last)


@exact
@given(LOADED)
def test_following_school_weeks_of_a_year_have_different_letters(day):
    weeks = CAL.weeks(academic_year_of(day).first, academic_year_of(day).last)
    letters = [CAL.week_letter(week.days[-1]) for week in weeks]
    assert letters == [n % 2 for n in range(len(weeks))]
