"""Value for money (P8.1): figures side by side, never one score, and small numbers hidden from trustees."""

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

COMPARABLE_SESSIONS = 20
SMALLEST_SHOWN = 5
OTHER = "Other"

Sums = Mapping[str, Decimal | Fraction | int]


def cost_per_attended(cost: Decimal, attended: int) -> Decimal | None:
    """Pounds per attended session, rounded half up to pence; None (show 'no sessions') when none was
    attended.
    """
    if attended <= 0:
        return None
    return (cost / attended).quantize(Decimal("0.01"), ROUND_HALF_UP)


def change(before: Fraction | None, after: Fraction | None, before_possible: int) -> Fraction | None:
    """Attendance after minus attendance before, as exact fractions; None means 'not comparable'.

    ``before_possible`` sessions stand behind ``before``; fewer than 20 compare nothing. A difference is not
    proof of a cause, and the page says so.
    """
    if before is None or after is None or before_possible < COMPARABLE_SESSIONS:
        return None
    return after - before


def rolling_year(today: dt.date, closed: bool) -> tuple[dt.date, dt.date]:
    """First and last day of the twelve months shown: up to ``today``, or ``closed``: up to the end of last month.

    Whoever sees no small numbers gets closed months, else one new placement would show as the difference between
    two days.
    """
    last = today.replace(day=1) - dt.timedelta(days=1) if closed else today
    newest = last + dt.timedelta(days=1)
    # A year before 29 February begins on 28 February.
    day = min(newest.day, calendar.monthrange(newest.year - 1, newest.month)[1])
    return dt.date(newest.year - 1, newest.month, day), last


@dataclass(frozen=True)
class Row:
    """One line of a table for trustees: how many students, and sums (never means) that belong to them."""

    label: str
    students: int
    sums: Sums


@dataclass(frozen=True)
class ShownRow:
    """One line as it may be shown; ``students`` and ``sums`` are None together: 'fewer than 5'."""

    label: str
    students: int | None
    sums: Sums | None


@dataclass(frozen=True)
class ShownTable:
    """The lines that may be shown and their total."""

    rows: tuple[ShownRow, ...]
    total: ShownRow


def suppress(rows: Iterable[Row], k: int = SMALLEST_SHOWN) -> ShownTable:
    """The table with every count from 1 to ``k`` − 1 out of reach, also by subtraction from the total.

    Lines with fewer than ``k`` students fold into 'Other'; while that alone would still give one away, the
    smallest of the other lines fold in too. Which lines folded is not shown. Money and other sums go with their
    count; means are derived afterwards from the sums shown. When all lines together are too few, everything
    is hidden. Lines with no student hold nobody and stay. The total is the sum of the lines, so each student
    must stand in one line only.
    """
    given = list(rows)
    folded = [row for row in given if 0 < row.students < k]
    kept = [row for row in given if row not in folded]
    while folded and not _is_safe(folded, k):
        occupied = [row for row in kept if row.students > 0]
        if not occupied:
            return ShownTable((_hidden(OTHER), *map(_shown, kept)), _hidden("Total"))
        # All lines of that size, not one of them: choosing by name would tell which of the folded is the large one.
        fewest = min(row.students for row in occupied)
        folded += [row for row in kept if row.students == fewest]
        kept = [row for row in kept if row.students != fewest]
    shown = [_shown(row) for row in kept]
    if folded:
        shown.append(_shown(_sum(OTHER, folded)))
    return ShownTable(tuple(shown), _shown(_sum("Total", given)))


def _is_safe(folded: list[Row], k: int) -> bool:
    """At least ``k`` students, and neither so few nor so many that each line is known to hold the least
    or the most.

    Someone who knows which lines exist would read them from the sum: five lines with five students hold
    one each, three small lines with twelve hold four each.
    """
    students = sum(row.students for row in folded)
    return students >= k and students > len(folded) + 1 and any(row.students != k - 1 for row in folded)


def _sum(label: str, rows: list[Row]) -> Row:
    sums: dict[str, Decimal | Fraction | int] = {}
    for row in rows:
        for name, amount in row.sums.items():
            sums[name] = sums.get(name, 0) + amount  # type: ignore[operator]
    return Row(label, sum(row.students for row in rows), sums)


def _shown(row: Row) -> ShownRow:
    return ShownRow(row.label, row.students, dict(row.sums))


def _hidden(label: str) -> ShownRow:
    return ShownRow(label, None, None)
