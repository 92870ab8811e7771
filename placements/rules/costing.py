"""What a placement costs: units of the agreed rate over the expected sessions, rounded once per commitment
line.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from placements.rules.timetable import PlacedSession, Stretch, placed, sessions_of
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
    """How many terms the school days ``days`` make: each day counts one part of its own term's school days."""
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


@dataclass(frozen=True)
class Price:
    """What one unit of a programme costs, in pounds net of VAT."""

    unit: str
    rate: Decimal
    hours_per_session: Decimal | None = None

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise RuleBroken("A rate cannot be below £0.00.")


@dataclass(frozen=True)
class Terms:
    """What is paid beside the programmes: transport for each day with a session, one-off costs on the period's first
    day, and whether half-days on which the site is closed are charged.
    """

    transport_a_day: Decimal = Decimal("0.00")
    one_off: Decimal = Decimal("0.00")
    charged_when_closed: bool = False


_NOTHING_ELSE = Terms()


def exact_lines(
    cal: SchoolCalendar,
    stretches: Sequence[Stretch],
    prices: Mapping[int, Price],
    first: dt.date,
    last: dt.date,
    closed: Mapping[int, Collection[dt.date]],
    host_calendar: SchoolCalendar | None = None,
    *,
    begins: dt.date | None = None,
    terms: Terms = _NOTHING_ELSE,
) -> dict[str, Fraction]:
    """What ``first`` to ``last`` inclusive cost by label of the academic year, in exact pounds.

    Each programme by its price of ``prices`` over its own half-days: a day and a week count once however many
    stretches they touch, a term pro rata by the school days on which the programme stands in the timetable. A fixed
    price and the one-off costs fall on the first day of the programme and of the period (``begins``; ``first`` without
    it). Source: P1.2.
    """
    begins = begins or first
    lines = {academic_year_of(day).label: Fraction(0) for day in cal.between(first, last)}
    sessions = sessions_of(cal, stretches, first, last, closed, host_calendar)
    for programme_id, price in prices.items():
        charged = [
            row
            for row in sessions
            if row.programme_id == programme_id and (terms.charged_when_closed or not row.closed)
        ]
        for label, units in _units_by_year(cal, stretches, programme_id, price, charged, first, last).items():
            lines[label] = lines.get(label, Fraction(0)) + Fraction(price.rate) * units
    for day in {row.day for row in sessions if not row.closed}:
        lines[academic_year_of(day).label] += Fraction(terms.transport_a_day)
    if terms.one_off and first <= begins <= last:
        label = academic_year_of(begins).label
        lines[label] = lines.get(label, Fraction(0)) + Fraction(terms.one_off)
    return lines


def cost_lines(
    cal: SchoolCalendar,
    stretches: Sequence[Stretch],
    prices: Mapping[int, Price],
    first: dt.date,
    last: dt.date,
    closed: Mapping[int, Collection[dt.date]],
    host_calendar: SchoolCalendar | None = None,
    *,
    begins: dt.date | None = None,
    terms: Terms = _NOTHING_ELSE,
) -> tuple[tuple[str, Decimal], ...]:
    """The same as ``exact_lines`` in whole pence, rounded half up once per academic year, in the order of the years."""
    lines = exact_lines(cal, stretches, prices, first, last, closed, host_calendar, begins=begins, terms=terms)
    return tuple((label, to_pence(lines[label])) for label in sorted(lines))


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
    """What half-days of one programme at one site cost from ``first`` to ``last`` inclusive, in pounds net of VAT."""
    lines = cost_lines(
        cal,
        [Stretch(first, last, placed(slots, 0, 0))],
        {0: Price(unit, rate, hours_per_session)},
        first,
        last,
        {0: site_closed},
        host_calendar,
    )
    return sum((amount for _, amount in lines), Decimal("0.00"))


def _units_by_year(
    cal: SchoolCalendar,
    stretches: Sequence[Stretch],
    programme_id: int,
    price: Price,
    charged: Sequence[PlacedSession],
    first: dt.date,
    last: dt.date,
) -> dict[str, Fraction]:
    """The units of one programme by academic year."""
    taught = [row for row in stretches if any(taken == programme_id for _, taken in row.timetable.values())]
    if price.unit == PriceUnit.FIXED:
        starts = min((stretch.first for stretch in taught), default=None)
        due = starts is not None and first <= starts <= last
        return {academic_year_of(starts).label: Fraction(1)} if starts is not None and due else {}
    by_year: dict[str, list[PlacedSession]] = defaultdict(list)
    for row in charged:
        by_year[academic_year_of(row.day).label].append(row)
    days: dict[str, set[dt.date]] = defaultdict(set)
    if price.unit == PriceUnit.TERM:
        for stretch in taught:
            for day in cal.between(max(first, stretch.first), min(last, stretch.last)):
                days[academic_year_of(day).label].add(day)
    return {
        label: _units(price, cal, by_year.get(label, []), days.get(label, set()))
        for label in by_year.keys() | days.keys()
    }


def _units(price: Price, cal: SchoolCalendar, sessions: Sequence[PlacedSession], days: Iterable[dt.date]) -> Fraction:
    session_days = {row.day for row in sessions}
    weeks = {cal.school_week(day).monday for day in session_days}
    terms = term_fraction(cal, days)
    return units_for(price.unit, len(session_days), len(sessions), len(weeks), terms, price.hours_per_session)
