"""One dated fact of a case, and what the sources of facts share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from placements.models import Placement
from trust.calendar import LONDON, date_words, last_day, london_date

# What a fact is about, in the order of the filter on the page.
TOPICS = (
    ("student", "Student and school"),
    ("referral", "Referrals and offers"),
    ("placement", "Placements"),
    ("papers", "Packs and agreements"),
    ("notice", "Notices"),
    ("attendance", "Attendance and contact"),
    ("review", "Targets and reviews"),
)


@dataclass(frozen=True)
class Entry:
    """One dated fact; ``at`` is a day or an aware instant, ``by`` the person who recorded it."""

    at: date | datetime
    title: str
    detail: str = ""
    by: str = ""
    icon: str = ""
    url: str = ""
    topic: str = "placement"


@dataclass(frozen=True)
class Reading:
    """What is read of a case: the placements and referrals, and of which of them the words may be shown.

    ``own`` are those of the person's schools (a host reads of a guest what happens on its site), ``opened`` those
    whose notices and reviews open for this person. ``told`` and ``safety`` hold placement ids too: where this person
    reads what was said and found, and where why a placement was paused. ``heard`` holds referral ids. Many placements
    are named in the titles, a single one is not.
    """

    placements: dict[int, Placement]
    referrals: tuple[int, ...]
    own: frozenset[int]
    opened: frozenset[int]
    told: frozenset[int]
    heard: frozenset[int]
    safety: frozenset[int]

    def said(self, placement_id: int, words: str) -> str:
        """The words where they may be read, else nothing."""
        return words if placement_id in self.told else ""

    def link(self, placement_id: int, url: str) -> str:
        """The address where it opens for this person, else nothing."""
        return url if placement_id in self.opened else ""

    def where(self, placement_id: int) -> str:
        """Which placement, when several are told together: ', Millwheel'."""
        return f", {self.placements[placement_id].provider.name}" if len(self.placements) > 1 else ""


Source = Callable[[Reading], Iterable[Entry]]


def instant(at: date | datetime) -> datetime:
    """A day without a time stands at its noon, between what was written before and after it."""
    return at if isinstance(at, datetime) else datetime.combine(at, time(12), tzinfo=LONDON)


def joined(reading: Reading, sources: Iterable[Source]) -> tuple[Entry, ...]:
    """The facts of all sources, oldest first."""
    entries = [entry for source in sources for entry in source(reading)]
    return tuple(sorted(entries, key=lambda entry: instant(entry.at)))


def name(person: Any) -> str:
    """The person's name; nothing for nobody."""
    return person.full_name if person is not None else ""


def days(period: Any) -> str:
    """A stored range of days as people read it, both days inclusive."""
    last = last_day(period)
    return f"{date_words(period.lower)} to {date_words(last)}" if last else f"from {date_words(period.lower)}"


def days_covered(entries: Iterable[Entry]) -> tuple[date, date] | None:
    """The first and the last day of the entries, None when there are none."""
    dates = [london_date(instant(entry.at)) for entry in entries]
    return (min(dates), max(dates)) if dates else None
