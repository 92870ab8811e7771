"""A believable English school calendar, 2025/26 to 2027/28, for tests and factories."""

from collections.abc import Iterable
from datetime import date

from trust.calendar import HalfTerm, SchoolCalendar, Term, YearDays, academic_year_of

INSET_2026 = date(2026, 9, 3)
INSET_2027 = date(2027, 1, 4)

# Label: (season, first half, second half) with inclusive days.
TERMS: dict[str, tuple[tuple[str, date, date, date, date], ...]] = {
    "2025/26": (
        ("AUTUMN", date(2025, 9, 1), date(2025, 10, 24), date(2025, 11, 3), date(2025, 12, 19)),
        ("SPRING", date(2026, 1, 5), date(2026, 2, 13), date(2026, 2, 23), date(2026, 3, 27)),
        ("SUMMER", date(2026, 4, 13), date(2026, 5, 22), date(2026, 6, 1), date(2026, 7, 21)),
    ),
    "2026/27": (
        ("AUTUMN", date(2026, 9, 3), date(2026, 10, 23), date(2026, 11, 2), date(2026, 12, 18)),
        ("SPRING", date(2027, 1, 5), date(2027, 2, 12), date(2027, 2, 22), date(2027, 3, 25)),
        ("SUMMER", date(2027, 4, 12), date(2027, 5, 28), date(2027, 6, 7), date(2027, 7, 21)),
    ),
    "2027/28": (
        ("AUTUMN", date(2027, 9, 2), date(2027, 10, 22), date(2027, 11, 1), date(2027, 12, 17)),
        ("SPRING", date(2028, 1, 4), date(2028, 2, 11), date(2028, 2, 21), date(2028, 4, 7)),
        ("SUMMER", date(2028, 4, 24), date(2028, 5, 26), date(2028, 6, 5), date(2028, 7, 21)),
    ),
}
INSET_DAYS = frozenset({date(2025, 9, 1), date(2026, 1, 5), INSET_2026, INSET_2027, date(2027, 9, 2)})


def england_years(closed: Iterable[date] = ()) -> tuple[YearDays, ...]:
    """The three school years; `closed` are further days without a session."""
    extra = INSET_DAYS | frozenset(closed)
    years = []
    for label, terms in TERMS.items():
        span = academic_year_of(terms[0][1])
        years.append(
            YearDays(
                label,
                span.first,
                span.last,
                tuple(
                    Term(season, (HalfTerm(first, break_from), HalfTerm(break_to, last)))
                    for season, first, break_from, break_to, last in terms
                ),
                frozenset(day for day in extra if span.first <= day <= span.last),
            )
        )
    return tuple(years)


def england_calendar(closed: Iterable[date] = ()) -> SchoolCalendar:
    """A school's calendar from 1 September 2025 to 31 August 2028."""
    return SchoolCalendar(england_years(closed))
