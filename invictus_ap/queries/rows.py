"""One line of the home page, and what every read of it needs to know."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

State = Literal["overdue", "today", "coming"]


@dataclass(frozen=True)
class Row:
    """Something to do: at which school, what, by when, and the address of the exact page to do it."""

    school: str
    what: str
    detail: str
    due: date | None
    state: State
    url: str

    def order(self) -> tuple[int, date, str, str]:
        """Overdue first, then by day."""
        rank = {"overdue": 0, "today": 1, "coming": 2}[self.state]
        return rank, self.due or date.min, self.school, self.what


@dataclass(frozen=True)
class Reader:
    """Who reads, on which day (London), and narrowed to which school."""

    user: Any
    today: date
    school_id: int | None

    def narrow(self, rows: Any, path: str) -> Any:
        """The queryset narrowed to the chosen school by the look-up ``path``; unchanged when none is chosen."""
        return rows if self.school_id is None else rows.filter(**{path: self.school_id})

    def state(self, due: date | None) -> State:
        """Where a day stands; without a day it waits now."""
        if due is None or due == self.today:
            return "today"
        return "overdue" if due < self.today else "coming"
