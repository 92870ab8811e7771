"""Value for money by provider and by school: figures side by side, never one score (P8.1)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from notices.models import DirectionNotice
from placements.models import GateOverride
from reviews.queries.value_facts import Fact, facts_of
from reviews.queries.value_lines import BEHIND, ENDINGS, Line, Table
from reviews.rules import Row, ShownRow, rolling_year, suppress
from reviews.rules.value import SMALLEST_SHOWN
from trust.permissions import GRANTS, Permission, Role


@dataclass(frozen=True)
class ValueReport:
    """All that the page shows for the months from ``first`` to ``last``.

    ``suppressed``: the reader sees no small numbers. ``gate_overrides`` and ``notice_overrides`` are None for 1 to 4.
    """

    first: date
    last: date
    suppressed: bool
    by_provider: Table
    by_school: Table
    endings: tuple[tuple[str, int | None], ...]
    gate_overrides: int | None
    notice_overrides: int | None


def value_report(user: Any, today: date, school_id: int | None = None) -> ValueReport:
    """Value for money over twelve months for the schools whose figures this person may see.

    Counted are placements of routes that cost something, which have started and of which an approved period overlaps
    the months. The cost of a period is what was committed minus what was released, in the share of its expected
    sessions that lies in the months, so that a period that still runs is not set whole against its first weeks.
    Paid but not attended is what the provider reported as absent or not run; a session without a return is neither.
    Attendance before is the home school's in as many weeks before the start as the placement has run, attendance
    after the placement's own up to ``last``; under 20 sessions nothing is compared. A target counts once, with its
    newest result. Whoever lacks ``SEE_UNSUPPRESSED`` at one of the schools gets closed months and every table without
    small numbers; there a student stands in one line only, that of the newest placement, and ``school_id`` has no
    effect. The number of queries does not depend on the number of placements.
    """
    suppressed = _is_suppressed(user)
    first, last = rolling_year(today, closed=suppressed)
    wanted = None if suppressed else school_id
    facts = facts_of(user, first, last, wanted)
    gates = GateOverride.objects.filter(at__date__range=(first, last)).visible_to(user, Permission.SEE_VALUE)
    notices = DirectionNotice.objects.filter(override_at__date__range=(first, last)).visible_to(
        user, Permission.SEE_VALUE
    )
    if wanted is not None:
        gates = gates.filter(placement__school_id=wanted)
        notices = notices.filter(placement_period__placement__school_id=wanted)
    return ValueReport(
        first=first,
        last=last,
        suppressed=suppressed,
        by_provider=_table(facts, lambda fact: fact.provider, suppressed),
        by_school=_table(facts, lambda fact: fact.school, suppressed),
        endings=_endings(facts, suppressed),
        gate_overrides=_shown(gates.count(), suppressed),
        notice_overrides=_shown(notices.count(), suppressed),
    )


def _is_suppressed(user: Any) -> bool:
    """True unless every membership that shows value also is, or stands beside, one that shows small numbers there."""
    held = user.held()
    open_at = {m.school_id for m in held if Role(m.role) in GRANTS[Permission.SEE_UNSUPPRESSED]}
    seen = {m.school_id for m in held if Role(m.role) in GRANTS[Permission.SEE_VALUE]}
    return None not in open_at and not seen <= open_at


def _shown(count: int, suppressed: bool) -> int | None:
    return None if suppressed and 0 < count < SMALLEST_SHOWN else count


def _table(facts: Sequence[Fact], label_of: Callable[[Fact], str], suppressed: bool) -> Table:
    labels: dict[str, list[Fact]] = defaultdict(list)
    for fact in sorted(facts, key=label_of):
        labels[label_of(fact)].append(fact)
    if not suppressed:
        lines = tuple(
            Line(label, len({fact.student_id for fact in group}), _sums(group), frozenset())
            for label, group in labels.items()
        )
        return Table(lines, Line("Total", len({fact.student_id for fact in facts}), _sums(facts), frozenset()))
    newest = {fact.student_id: fact for fact in sorted(facts, key=lambda fact: (fact.first, fact.pk))}
    rows = []
    for label, group in labels.items():
        own = {pk for pk in (fact.student_id for fact in group) if label_of(newest[pk]) == label}
        sums: dict[str, Decimal | Fraction | int] = dict(_sums(group))
        for name, behind in BEHIND.items():
            sums[behind] = len({f.student_id for f in group if f.student_id in own and f.sums[name]})
        rows.append(Row(label, len(own), sums))
    shown = suppress(_with_students(rows))
    lines = tuple(_line(row) for row in shown.rows)
    total = _line(shown.total)
    # A figure hidden in one line could be told from the total and the other lines: then only the total has it.
    somewhere = frozenset(name for line in lines for name in line.hidden)
    return Table(tuple(Line(line.label, line.students, line.sums, somewhere) for line in lines), total)


def _with_students(rows: Sequence[Row]) -> list[Row]:
    """Lines whose students all stand in another line join the smallest line: alone they would say 'no student'."""
    empty = [row for row in rows if not row.students]
    occupied = sorted((row for row in rows if row.students), key=lambda row: (row.students, row.label))
    if not empty or not occupied:
        return list(rows)
    smallest = occupied[0]
    merged = dict(smallest.sums)
    for row in empty:
        for name, amount in row.sums.items():
            merged[name] = merged[name] + amount  # type: ignore[operator]
    return sorted([*occupied[1:], Row("Other", smallest.students, merged)], key=lambda row: row.label)


def _sums(facts: Iterable[Fact]) -> dict[str, Fraction | int]:
    total: dict[str, Fraction | int] = defaultdict(int)
    for fact in facts:
        for name, amount in fact.sums.items():
            total[name] += amount
    return dict(total)


def _line(row: ShownRow) -> Line:
    sums = row.sums or {}
    few = (name for name, behind in BEHIND.items() if sums.get(name) and sums.get(behind, 0) < SMALLEST_SHOWN)
    return Line(row.label, row.students, sums, frozenset(few))


def _endings(facts: Sequence[Fact], suppressed: bool) -> tuple[tuple[str, int | None], ...]:
    """How many students' newest placement still runs, ended in a return, elsewhere, or broke down."""
    newest = {fact.student_id: fact for fact in sorted(facts, key=lambda fact: (fact.first, fact.pk))}
    counts: dict[str, int] = dict.fromkeys(ENDINGS, 0)
    for fact in newest.values():
        counts[fact.ending] += 1
    if not suppressed:
        return tuple((ENDINGS[name], count) for name, count in counts.items())
    shown = suppress(Row(ENDINGS[name], count, {}) for name, count in counts.items())
    return tuple((row.label, row.students) for row in shown.rows)
