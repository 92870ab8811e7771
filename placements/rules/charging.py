"""What the agreement charges when a placement ends early, when the student stays away and when the provider is closed.

Source: P1.2, and the trust's charging terms in each service level agreement: an early end releases only what they do
not charge.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from placements.rules.timetable import PlacedSession, Session
from providers.codes import PriceUnit
from trust.calendar import SchoolCalendar

# Prices that name a session: one that is not charged is worth something. A week, a term or a fixed price is not.
BY_SESSION = frozenset({PriceUnit.SESSION, PriceUnit.HOUR, PriceUnit.DAY})


@dataclass(frozen=True)
class ChargingTerms:
    """The charging terms of an agreement.

    ``notice_days`` school days are charged after an early end; ``places_bought`` in advance are charged whether a
    student is there or not; ``vat_percent`` stands beside every price, which is net.
    """

    notice_days: int = 0
    charged_when_absent: bool = True
    charged_when_closed: bool = False
    places_bought: int = 0
    vat_percent: Decimal = Decimal(0)


def charged_until(cal: SchoolCalendar, ended_on: dt.date, notice_days: int, planned_last: dt.date) -> dt.date:
    """The last day that is charged after an end on ``ended_on``: so many school days later, capped by the period.

    All days inclusive. An end on the planned last day or later is no early end: nothing beyond it is charged.
    """
    if ended_on >= planned_last or notice_days == 0:
        return min(ended_on, planned_last)
    left = cal.between(ended_on + dt.timedelta(days=1), planned_last)
    if len(left) <= notice_days:
        return planned_last
    return left[notice_days - 1]


def keeps_bought_place(placements_there: int, places_bought: int) -> bool:
    """Whether an end leaves a place empty that was bought in advance: then nothing is released.

    ``placements_there`` counts the live placements at the provider, the one that ends among them.
    """
    return placements_there <= places_bought


def unused_places(placements_there: int, places_bought: int) -> int:
    """Places that were bought in advance and that no live placement takes."""
    return max(places_bought - placements_there, 0)


def to_release(promised: Decimal, charged: Decimal, released: Decimal = Decimal("0.00")) -> Decimal:
    """What of ``promised`` goes back to the budget when ``charged`` stays due, in pounds; never below zero.

    What was released before stays released, and never more is released than was promised: released and what is still
    owed always add up to the promise.
    """
    return min(max(released, promised - charged, Decimal("0.00")), promised)


def is_charged(session: PlacedSession, report: str, terms: ChargingTerms) -> bool:
    """Whether a half-day is charged: ``report`` is the provider's ('' without a return yet).

    A missed one by ``charged_when_absent``; one without a return is not proven to be attended and counts like a missed
    one. One that did not run, or on a day on which the site is closed, by ``charged_when_closed``.
    """
    if session.closed or report == "DID_NOT_RUN":
        return terms.charged_when_closed
    if report in ("PRESENT", "LATE"):
        return True
    return terms.charged_when_absent


def charged_sessions(
    sessions: Iterable[PlacedSession],
    reports: Mapping[Session, str],
    terms: ChargingTerms,
    *,
    notice_after: dt.date | None = None,
) -> tuple[PlacedSession, ...]:
    """The half-days that the terms charge; those after ``notice_after``, the last day attended, all are."""
    return tuple(
        row
        for row in sessions
        if (notice_after is not None and row.day > notice_after and not row.closed)
        or is_charged(row, reports.get((row.day, row.session), ""), terms)
    )


def vat_on(net: Decimal, vat_percent: Decimal) -> Decimal:
    """The VAT on a net amount in pounds, rounded half up to whole pence."""
    hundredths = int(net * 100) * int(vat_percent * 100)
    return Decimal((2 * hundredths + 10000) // 20000).scaleb(-2)


def days_of(sessions: Collection[PlacedSession]) -> frozenset[dt.date]:
    """The days with at least one of the half-days."""
    return frozenset(row.day for row in sessions)
