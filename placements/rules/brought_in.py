"""Placements that ran before the system was in use (going live)."""

import datetime as dt

from placements.codes import ROUTE_RULES, Route
from trust.calendar import SchoolCalendar, academic_year_of, date_words
from trust.errors import RuleBroken

# What stands where a referral or an approval of the system would stand.
BROUGHT_IN = "Brought in: decided before the system was in use."


def check_brought_in(
    cal: SchoolCalendar, first: dt.date, last: dt.date | None, today: dt.date, route: str, notice_on: dt.date | None
) -> None:
    """Only what runs already is brought in, until the end of this academic year at latest. Source: domain page.

    ``first`` may lie in an earlier year; ``last`` is inclusive. The next extension meets every rule. ``notice_on`` is
    the day on which the earlier notice was given, if there was one. Raises ``CalendarNotLoaded`` without this year's
    calendar.
    """
    if not ROUTE_RULES[Route(route)].end_required:
        raise RuleBroken("A managed move is done or not: it is not brought in.", field="route")
    if first > today:
        raise RuleBroken(
            "A placement that has not begun is not brought in: refer the student and propose it.", field="first"
        )
    if last is None:
        raise RuleBroken("Give the last day that was agreed.", field="last")
    if last < today:
        raise RuleBroken(f"It ended on {date_words(last)}: only what still runs is brought in.", field="last")
    final = cal.last_school_day_of_year(today)
    if last > final:
        raise RuleBroken(
            f"A placement ends at latest on {date_words(final)}, the last school day of the academic year; "
            "going on in September is an extension.",
            field="last",
        )
    if notice_on is not None and notice_on > today:
        raise RuleBroken("The day on which the notice was given lies ahead.", field="notice_given_on")


def counted_from(first: dt.date, today: dt.date) -> dt.date:
    """From which day the half-days and the money of a brought-in placement count: not before this academic year."""
    return max(first, academic_year_of(today).first)
