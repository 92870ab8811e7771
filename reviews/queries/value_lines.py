"""One line of value for money as it may be shown, and tables of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from placements.rules import to_pence
from reviews.rules import change, cost_per_attended

ENDINGS = {
    "running": "Still running",
    "returned": "Returned to the home school",
    "moved_on": "Moved on elsewhere",
    "broke_down": "Broke down",
}

# Each figure that stands in a cell, and the sum that tells how many students are behind it. A figure from 1 to 4
# students is hidden even in a line of more.
BEHIND = {
    "cost": "cost_students",
    "commissioned": "commissioned_students",
    "with_return": "with_return_students",
    "before_possible": "before_possible_students",
    "targets": "targets_students",
}

Amounts = Mapping[str, Decimal | Fraction | int]


@dataclass(frozen=True)
class Line:
    """One line of a table as it may be shown. ``students`` None: fewer than 5, and nothing else is shown either.

    Figures are None when there is nothing to divide by; ``hidden`` names the figures that stand for fewer than five
    students.
    """

    label: str
    students: int | None
    sums: Amounts
    hidden: frozenset[str]

    def _hides(self, *names: str) -> bool:
        return self.students is None or not self.hidden.isdisjoint(names)

    def _count(self, name: str, group: str) -> int | None:
        return None if self._hides(group) else int(self.sums.get(name, 0))

    @property
    def placements(self) -> int | None:
        """Placements that ran in the months shown."""
        return None if self.students is None else int(self.sums.get("placements", 0))

    @property
    def cost(self) -> Decimal | None:
        """Pounds for the sessions commissioned in the months shown."""
        return None if self._hides("cost") else to_pence(Fraction(self.sums.get("cost", 0)))

    @property
    def commissioned(self) -> int | None:
        """Sessions expected."""
        return self._count("commissioned", "commissioned")

    @property
    def attended(self) -> int | None:
        """Sessions with a return of present or late."""
        return self._count("attended", "with_return")

    @property
    def missed(self) -> int | None:
        """Paid but not attended: absent, or the provider did not run."""
        return self._count("missed", "with_return")

    @property
    def no_return(self) -> int | None:
        """Sessions about which the provider has said nothing yet."""
        return None if self._hides("commissioned", "with_return") else int(self.sums.get("no_return", 0))

    @property
    def per_commissioned(self) -> Decimal | None:
        """Pounds per session expected."""
        if self.cost is None or not self.commissioned:
            return None
        return cost_per_attended(self.cost, self.commissioned)

    @property
    def per_attended(self) -> Decimal | None:
        """Pounds per session attended: the headline."""
        if self.cost is None or not self.attended:
            return None
        return cost_per_attended(self.cost, self.attended)

    @property
    def before(self) -> tuple[int, int] | None:
        """Sessions attended and possible at the home school before the start, of students who can be compared."""
        return self._pair("before_attended", "before_possible", "before_possible")

    @property
    def after(self) -> tuple[int, int] | None:
        """Sessions attended, and run with a return, at the placement, of the same students."""
        return self._pair("after_attended", "after_returned", "before_possible")

    @property
    def targets(self) -> tuple[int, int] | None:
        """Targets met, of those with a result."""
        return self._pair("met", "targets", "targets")

    def _pair(self, part: str, whole: str, group: str) -> tuple[int, int] | None:
        if self._hides(group) or not self.sums.get(whole):
            return None
        return int(self.sums[part]), int(self.sums[whole])

    @property
    def change(self) -> str | None:
        """Attendance after minus before in words, '+12.5 points'; None when it cannot be compared."""
        if self.before is None or self.after is None:
            return None
        points = change(Fraction(*self.before), Fraction(*self.after), self.before[1])
        if points is None:
            return None
        tenths = (abs(points) * 1000 + Fraction(1, 2)).__floor__()
        sign = "" if not tenths else "+" if points > 0 else "−"
        return f"{sign}{tenths // 10}.{tenths % 10} points"

    @property
    def endings(self) -> tuple[int, ...]:
        """How the placements stand: still running, returned, moved on, broke down."""
        return tuple(int(self.sums.get(name, 0)) for name in ENDINGS)

    @property
    def hides_cost(self) -> bool:
        """Whether the money of this line is hidden."""
        return self._hides("cost")

    @property
    def hides_sessions(self) -> bool:
        """Whether the sessions attended of this line are hidden."""
        return self._hides("with_return")

    @property
    def hides_commissioned(self) -> bool:
        """Whether the sessions expected of this line are hidden."""
        return self._hides("commissioned")

    @property
    def hides_change(self) -> bool:
        """Whether the change of attendance of this line is hidden."""
        return self._hides("before_possible")

    @property
    def hides_targets(self) -> bool:
        """Whether the targets of this line are hidden."""
        return self._hides("targets")


@dataclass(frozen=True)
class Table:
    """Lines with their total; ``most`` is the highest cost per attended session, for the bars."""

    lines: tuple[Line, ...]
    total: Line

    @property
    def most(self) -> Decimal | None:
        """The highest cost per attended session among the lines."""
        return max((line.per_attended for line in self.lines if line.per_attended), default=None)
