"""School-day arithmetic, periods and the clock. No database: values in, values out.

A school day is a day on which the school has a session: not a weekend, a bank holiday, a holiday, an INSET
day or a closure. Nothing here ever assumes Monday to Friday: outside the loaded school years every question
raises `CalendarNotLoaded`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
from psycopg2.extras import DateRange

from trust.errors import CalendarNotLoaded, RuleBroken

LONDON = ZoneInfo("Europe/London")
ONE_DAY = timedelta(days=1)

# Not strftime: its names follow the locale of the process, and letters must read the same everywhere.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_words(day: date) -> str:
    """The day as users read it: 'Thu 3 Dec 2026'."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def london_date(now: datetime) -> date:
    """The calendar day in London at an aware instant. Raises ValueError for a naive one."""
    return london_time(now).date()


def london_time(now: datetime) -> datetime:
    """The same instant on London's clock. Raises ValueError for a naive one."""
    if now.tzinfo is None or now.utcoffset() is None:
        raise ValueError("An instant without a time zone cannot be placed on a London day.")
    return now.astimezone(LONDON)


def monday_of(day: date) -> date:
    """The Monday of the calendar week of the day."""
    return day - timedelta(days=day.weekday())


# --- Periods ----------------------------------------------------------------------


def to_range(first: date, last: date | None) -> DateRange:
    """The half-open range the database keeps for an inclusive pair; `last` None is a period without end.

    Raises RuleBroken when the last day is before the first, or is the last day a calendar knows.
    """
    if last is None:
        return DateRange(first, None, "[)")
    if last < first:
        raise RuleBroken(
            f"The last day, {date_words(last)}, is before the first day, {date_words(first)}.", field="last"
        )
    if last == date.max:
        raise RuleBroken("The last day is too far in the future.", field="last")
    return DateRange(first, last + ONE_DAY, "[)")


def from_range(period: DateRange) -> tuple[date, date]:
    """The inclusive first and last day of a bounded range. Raises ValueError when empty or unbounded."""
    last = last_day(period)
    if period.lower is None or last is None:
        raise ValueError("A period without a first or a last day has no inclusive pair.")
    return (period.lower if period.lower_inc else period.lower + ONE_DAY), last


def last_day(period: DateRange) -> date | None:
    """The inclusive last day of a range, None when it has no end. Raises ValueError for an empty one."""
    if period.isempty:
        raise ValueError("An empty period has no days.")
    if period.upper is None:
        return None
    upper: date = period.upper
    return upper if period.upper_inc else upper - ONE_DAY


# --- Years, terms, weeks ----------------------------------------------------------------------


@dataclass(frozen=True)
class YearSpan:
    """An academic year by its label ('2026/27'), 1 September to 31 August, both inclusive."""

    label: str
    first: date
    last: date


def academic_year_of(day: date) -> YearSpan:
    """The academic year a day falls in: 1 September to 31 August."""
    start = day.year if day.month >= 9 else day.year - 1
    # The ends of the calendar itself: nobody teaches there, but a mistyped year must not break a page.
    first = date(start, 9, 1) if start >= date.min.year else date.min
    last = date(start + 1, 8, 31) if start < date.max.year else date.max
    return YearSpan(f"{start}/{(start + 1) % 100:02d}", first, last)


@lru_cache(maxsize=64)
def _england(year: int) -> tuple[tuple[date, str], ...]:
    return tuple(sorted(holidays.country_holidays("GB", subdiv="ENG", years=year).items()))


def bank_holidays(first: date, last: date) -> dict[date, str]:
    """England's bank holidays from first to last inclusive, with their names, in order."""
    return {
        day: name for year in range(first.year, last.year + 1) for day, name in _england(year) if first <= day <= last
    }


@dataclass(frozen=True)
class HalfTerm:
    """Half a term: first and last day, both inclusive."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise RuleBroken(
                f"A half-term cannot end on {date_words(self.last)} and begin on {date_words(self.first)}."
            )

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Term:
    """A term of two halves; the holiday between them belongs to the term but to neither half."""

    season: str
    halves: tuple[HalfTerm, HalfTerm]

    def __post_init__(self) -> None:
        if self.halves[1].first <= self.halves[0].last:
            raise RuleBroken(f"The second half of the {self.season.lower()} term must begin after the first has ended.")

    @property
    def first(self) -> date:
        return self.halves[0].first

    @property
    def last(self) -> date:
        return self.halves[1].last

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class YearDays:
    """One school's calendar of one school year.

    `closed` are the days without a session inside the terms: INSET, closures, extra holidays. Bank holidays
    need not be among them: they are never school days. `reasons` says why for those whose reason is known. Raises
    RuleBroken when terms overlap or leave the year.
    """

    label: str
    first: date
    last: date
    terms: tuple[Term, ...]
    closed: frozenset[date]
    reasons: tuple[tuple[date, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(sorted(self.terms, key=lambda term: term.first)))
        for earlier, later in pairwise(self.terms):
            if later.first <= earlier.last:
                raise RuleBroken(f"Two terms of {self.label} overlap on {date_words(later.first)}.")
        for term in self.terms:
            if term.first < self.first or term.last > self.last:
                raise RuleBroken(f"The {term.season.lower()} term does not lie inside the school year {self.label}.")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @cached_property
    def school_days(self) -> tuple[date, ...]:
        """Every school day of the year, in order."""
        free = bank_holidays(self.first, self.last).keys() | self.closed
        return tuple(
            day
            for term in self.terms
            for half in term.halves
            for day in _each_day(half.first, half.last)
            if day.weekday() < 5 and day not in free
        )

    @cached_property
    def week_mondays(self) -> tuple[date, ...]:
        """The Mondays of the weeks with at least one school day, in order."""
        return tuple(sorted({monday_of(day) for day in self.school_days}))


@dataclass(frozen=True)
class SchoolWeek:
    """A calendar week and its school days; no days when the whole week is free."""

    monday: date
    days: tuple[date, ...]

    @property
    def last(self) -> date | None:
        """The last school day of the week, None in a free week."""
        return self.days[-1] if self.days else None


@dataclass(frozen=True)
class _Stretch:
    """Loaded years that follow each other without a gap, so that counting may cross from one to the next."""

    first: date
    last: date
    days: tuple[date, ...]


class SchoolCalendar:
    """All loaded years of one school.

    Immutable; every question raises CalendarNotLoaded outside the loaded years.

    A year without a single school day counts as not loaded: an empty calendar must not read as a long
    holiday.
    """

    def __init__(self, years: Iterable[YearDays]) -> None:
        self.years: tuple[YearDays, ...] = tuple(
            sorted((year for year in years if year.school_days), key=lambda year: year.first)
        )
        stretches: list[_Stretch] = []
        for year in self.years:
            before = stretches[-1] if stretches else None
            if before is not None and year.first <= before.last:
                raise RuleBroken(f"The school year {year.label} begins before the one before it has ended.")
            if before is not None and year.first == before.last + ONE_DAY:
                stretches[-1] = _Stretch(before.first, year.last, before.days + year.school_days)
            else:
                stretches.append(_Stretch(year.first, year.last, year.school_days))
        self._stretches = tuple(stretches)

    def is_loaded(self, day: date) -> bool:
        """Whether the school year of the day has a calendar. Never raises."""
        return any(day in year for year in self.years)

    def is_school_day(self, day: date) -> bool:
        """Whether the school has a session on the day."""
        days = self._stretch(day).days
        at = bisect_left(days, day)
        return at < len(days) and days[at] == day

    def why_free(self, day: date) -> str:
        """Why the school has no session on a day, in one or a few words; '' for a school day."""
        if self.is_school_day(day):
            return ""
        if day.weekday() > 4:
            return "weekend"
        year = self._year(day)
        holiday = bank_holidays(day, day).get(day)
        if holiday:
            return f"bank holiday: {holiday}"
        return dict(year.reasons).get(day, "closed" if day in year.closed else "holiday")

    def school_days_before(self, day: date, n: int) -> date:
        """The n-th school day before a day (n from 1); the day itself does not count."""
        _check_count(n)
        stretch = self._stretch(day)
        at = bisect_left(stretch.days, day) - n
        if at < 0:
            raise CalendarNotLoaded(_label_beside(stretch.first, -1))
        return stretch.days[at]

    def add(self, day: date, n: int) -> date:
        """The n-th school day after a day (n from 1); the day itself does not count."""
        _check_count(n)
        stretch = self._stretch(day)
        at = bisect_right(stretch.days, day) + n - 1
        if at >= len(stretch.days):
            raise CalendarNotLoaded(_label_beside(stretch.last, 1))
        return stretch.days[at]

    def between(self, first: date, last: date) -> tuple[date, ...]:
        """The school days from first to last, both inclusive; none when last is before first."""
        stretch, other = self._stretch(first), self._stretch(last)
        if last < first:
            return ()
        if stretch is not other:
            raise CalendarNotLoaded(_label_beside(stretch.last, 1))
        return stretch.days[bisect_left(stretch.days, first) : bisect_right(stretch.days, last)]

    def count(self, first: date, last: date) -> int:
        """How many school days lie between first and last, both inclusive."""
        return len(self.between(first, last))

    def school_week(self, day: date) -> SchoolWeek:
        """The calendar week of a day with its school days.

        The week may reach over the edge of the loaded years; only the day asked about must be loaded,
        because the first and last days of August and September would otherwise never have a week.
        """
        stretch = self._stretch(day)
        monday = monday_of(day)
        start, stop = (
            bisect_left(stretch.days, monday),
            bisect_right(stretch.days, monday + timedelta(days=6)),
        )
        return SchoolWeek(monday, stretch.days[start:stop])

    def weeks(self, first: date, last: date) -> tuple[SchoolWeek, ...]:
        """The whole school weeks that have at least one school day between first and last inclusive, in
        order.
        """
        mondays = {monday_of(day): day for day in self.between(first, last)}
        return tuple(self.school_week(day) for day in mondays.values())

    def term_of(self, day: date) -> Term | None:
        """The term a day falls in (its half-term holiday included), None in the holidays between terms."""
        return next((term for term in self._year(day).terms if day in term), None)

    def half_term_of(self, day: date) -> HalfTerm | None:
        """The half-term a day falls in, None on a holiday outside both halves."""
        return next((half for term in self._year(day).terms for half in term.halves if day in half), None)

    def last_school_day_of_year(self, day: date) -> date:
        """The last school day of the school year of a day; no placement period goes beyond it."""
        return self._year(day).school_days[-1]

    def week_letter(self, day: date) -> int:
        """0 for week A, 1 for week B.

        School weeks alternate, counted from the first one of the school year; weeks without a school day do
        not count, so a day in such a week has the letter of the next school week.
        """
        return bisect_left(self._year(day).week_mondays, monday_of(day)) % 2

    def day_index(self, day: date) -> int:
        """The index of the morning of a day in the two-week timetable, 0 to 18; the afternoon is one more.

        slot = week letter × 10 + weekday × 2 + (0 morning, 1 afternoon). Raises RuleBroken at a weekend.
        """
        if day.weekday() > 4:
            raise RuleBroken(f"{date_words(day)} is at a weekend; the timetable runs from Monday to Friday.")
        return self.week_letter(day) * 10 + day.weekday() * 2

    def _stretch(self, day: date) -> _Stretch:
        for stretch in self._stretches:
            if stretch.first <= day <= stretch.last:
                return stretch
        raise CalendarNotLoaded(academic_year_of(day).label)

    def _year(self, day: date) -> YearDays:
        for year in self.years:
            if day in year:
                return year
        raise CalendarNotLoaded(academic_year_of(day).label)


def _each_day(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _check_count(n: int) -> None:
    if n < 1:
        raise ValueError("School days are counted from 1.")


def _label_beside(edge: date, step: int) -> str:
    """The label of the school year beyond the edge of what is loaded."""
    return academic_year_of(edge + timedelta(days=step)).label
