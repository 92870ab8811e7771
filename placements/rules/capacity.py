"""How many places of a programme are taken on each half-day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from placements.rules.timetable import SLOTS_PER_WEEK


@dataclass(frozen=True)
class Taken:
    """One place held on one half-day of the fortnight (0 to 19) from ``first`` to ``last``, inclusive."""

    slot: int
    first: dt.date
    last: dt.date


def every_week(slots: Iterable[int]) -> tuple[int, ...]:
    """Half-days of a week (0 to 9) as half-days of the fortnight: ``(3,)`` is ``(3, 13)``."""
    week = sorted(set(slots))
    return (*week, *(slot + SLOTS_PER_WEEK for slot in week))


def left_by_half_day(
    capacity: int, taken: Iterable[Taken], slots: Collection[int], first: dt.date, last: dt.date | None
) -> dict[int, int]:
    """For each half-day of ``slots`` (0 to 19) the places free on its fullest day from ``first`` to ``last``.

    ``last`` None: without end. Below zero when more was given than there is. Source: P6.2 and the rule of the trust
    that a place is counted by half-day, so that one place serves two students on different days.
    """
    end = last or dt.date.max
    held: dict[int, list[Taken]] = defaultdict(list)
    for row in taken:
        if row.first <= end and row.last >= first:
            held[row.slot].append(row)
    return {slot: capacity - _peak(held[slot], first) for slot in slots}


def _peak(rows: Collection[Taken], first: dt.date) -> int:
    """The most of ``rows`` on one day; it is reached on ``first`` or on a day on which another one begins."""
    days = {first} | {row.first for row in rows if row.first > first}
    return max(sum(1 for row in rows if row.first <= day <= row.last) for day in days)
