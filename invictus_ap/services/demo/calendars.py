"""A believable English school calendar for any academic year."""

from datetime import date, timedelta

from trust.calendar import bank_holidays, monday_of
from trust.codes import Season

ONE_DAY = timedelta(days=1)


def _weekday_from(day: date) -> date:
    while day.weekday() > 4 or bank_holidays(day, day):
        day += ONE_DAY
    return day


def _friday_until(day: date) -> date:
    return day - timedelta(days=(day.weekday() - 4) % 7)


def terms_of(start: int) -> list[dict[str, date | str]]:
    """The three terms of the academic year that begins in September ``start``, as ``load_terms`` takes them."""
    spring_last = _friday_until(date(start + 1, 3, 31))
    last_may_monday = monday_of(date(start + 1, 5, 31))
    summer_last = date(start + 1, 7, 21)
    rows = (
        (
            Season.AUTUMN,
            _weekday_from(date(start, 9, 2)),
            monday_of(date(start, 10, 28)),
            _friday_until(date(start, 12, 20)),
        ),
        (Season.SPRING, _weekday_from(date(start + 1, 1, 4)), monday_of(date(start + 1, 2, 17)), spring_last),
        (
            Season.SUMMER,
            _weekday_from(spring_last + timedelta(days=17)),
            last_may_monday,
            summer_last if summer_last.weekday() < 5 else _friday_until(summer_last),
        ),
    )
    return [
        {
            "season": season,
            "first_day": first,
            "break_first": half,
            "break_last": half + timedelta(days=4),
            "last_day": last,
        }
        for season, first, half, last in rows
    ]
