"""What a placement costs: units of the agreed rate over the expected sessions, rounded once per commitment
line.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from placements.rules.timetable import Session, expected_sessions
from providers.codes import PriceUnit
from trust.calendar import SchoolCalendar, academic_year_of
from trust.errors import RuleBroken


def pounds(amount: Decimal) -> str:
    """An amount of money for a sentence: ``£1,234.50``, a negative one as ``−£1,234.50``."""
    return f"{'−' if amount < 0 else ''}£{abs(amount):,.2f}"


def to_pence(amount: Fraction) -> Decimal:
    """An exact amount of pounds, not below zero, rounded half up to whole pence.

    In whole numbers, because dividing decimals first would round twice.
    """
    scaled = amount * 100
    return Decimal((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)).scaleb(-2)


def units_for(
    unit: str,
    session_days: int,
    sessions: int,
    weeks: int,
    term_fraction: Fraction,
    hours_per_session: Decimal | None = None,
) -> Fraction:
    """How many units of a rate are due, exactly.

    ``session_days`` are days with at least one session, ``sessions`` half-days, ``weeks`` school weeks with
    at least one session, ``term_fraction`` terms pro rata by school days. An hourly rate needs
    ``hours_per_session``, else ``RuleBroken``. A fixed price is one unit.
    """
    match PriceUnit(unit):
        case PriceUnit.SESSION:
            return Fraction(sessions)
        case PriceUnit.HOUR:
            if hours_per_session is None or hours_per_session <= 0:
                raise RuleBroken("An hourly rate needs the hours of a session.")
            return sessions * Fraction(hours_per_session)
        case PriceUnit.DAY:
            return Fraction(session_days)
        case PriceUnit.WEEK:
            return Fraction(weeks)
        case PriceUnit.TERM:
            return term_fraction
        case PriceUnit.FIXED:
            return Fraction(1)


def term_fraction(cal: SchoolCalendar, days: Iterable[dt.date]) -> Fraction:
    """How many terms the school days ``days`` make: each day counts one part of its own term's school
    days.
    """
    lengths: dict[tuple[dt.date, dt.date], int] = {}
    total = Fraction(0)
    for day in days:
        term = cal.term_of(day)
        if term is None:
            continue
        key = (term.first, term.last)
        if key not in lengths:
            lengths[key] = cal.count(term.first, term.last)
        total += Fraction(1, lengths[key])
    return total


def commitment_lines(
    rate: Decimal,
    unit: str,
    cal: SchoolCalendar,
    first: dt.date,
    last: dt.date,
    slots: Iterable[int],
    site_closed: Collection[dt.date] = frozenset(),
    host_calendar: SchoolCalendar | None = None,
    hours_per_session: Decimal | None = None,
) -> tuple[tuple[str, Decimal], ...]:
    """The money of a period per academic year, ``(year label, pounds net of VAT)``, in the order of the
    years.

    Rounded half up once per line. A fixed price falls on the year in which the period starts. A rate below
    zero is refused. Source: P1.2; the commitment is drawn at approval over the approved period on the school
    calendar.
    """
    if rate < 0:
        raise RuleBroken("A rate cannot be below £0.00.")
    sessions = expected_sessions(cal, slots, first, last, site_closed, host_calendar)
    by_year: dict[str, list[dt.date]] = {}
    for day in cal.between(first, last):
        by_year.setdefault(academic_year_of(day).label, []).append(day)
    lines: list[tuple[str, Decimal]] = []
    for number, (label, days) in enumerate(by_year.items()):
        if unit == PriceUnit.FIXED and number > 0:
            units = Fraction(0)
        else:
            inside = [session for session in sessions if days[0] <= session[0] <= days[-1]]
            units = _units(unit, cal, inside, days, hours_per_session)
        lines.append((label, to_pence(Fraction(rate) * units)))
    return tuple(lines)


def cost(
    rate: Decimal,
    unit: str,
    cal: SchoolCalendar,
    first: dt.date,
    last: dt.date,
    slots: Iterable[int],
    site_closed: Collection[dt.date] = frozenset(),
    host_calendar: SchoolCalendar | None = None,
    hours_per_session: Decimal | None = None,
) -> Decimal:
    """The whole cost of a period in pounds net of VAT: the sum of its commitment lines."""
    lines = commitment_lines(rate, unit, cal, first, last, slots, site_closed, host_calendar, hours_per_session)
    return sum((amount for _, amount in lines), Decimal("0.00"))


def _units(
    unit: str,
    cal: SchoolCalendar,
    sessions: Sequence[Session],
    days: Sequence[dt.date],
    hours_per_session: Decimal | None,
) -> Fraction:
    session_days = {day for day, _ in sessions}
    weeks = {cal.school_week(day).monday for day in session_days}
    terms = term_fraction(cal, days) if unit == PriceUnit.TERM else Fraction(0)
    return units_for(unit, len(session_days), len(sessions), len(weeks), terms, hours_per_session)
