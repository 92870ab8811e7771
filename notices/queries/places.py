"""Where the student attends in which half-days, and when those begin and end, site by site (P7.3)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from notices.rules import SessionTimes, SiteAddress
from notices.rules.words import ENGLISH, Words
from placements.rules import Timetable
from providers.models import Site, SiteTimes


@dataclass(frozen=True)
class Place:
    """A site with its session times on the first day and the half-days of the fortnight, 0 to 19, spent there.

    ``days`` are those half-days in words, '' when it is the only place.
    """

    site: Site
    times: SiteTimes | None
    slots: frozenset[int]
    days: str = ""

    def address(self, provider: str) -> SiteAddress:
        """The site as the letter states it; the last line of its address is the town."""
        lines = lines_of(self.site.address)
        if len(lines) == 1:
            lines = [part.strip() for part in lines[0].split(",") if part.strip()]
        return SiteAddress(
            name=provider,
            street=", ".join(lines[:-1]),
            town=lines[-1] if lines else "",
            postcode=self.site.postcode,
            days=self.days,
        )

    @property
    def session_times(self) -> SessionTimes:
        """The times of the halves of the day that are spent there; incomplete when the site has none."""
        if self.times is None:
            return SessionTimes(days=self.days)
        mornings = any(slot % 2 == 0 for slot in self.slots)
        afternoons = any(slot % 2 for slot in self.slots)
        return SessionTimes(
            am_start=self.times.am_start if mornings else None,
            am_end=self.times.am_end if mornings else None,
            pm_start=self.times.pm_start if afternoons else None,
            pm_end=self.times.pm_end if afternoons else None,
            one_session=not (mornings and afternoons),
            days=self.days,
        )

    def span(self, half: int, words: Words = ENGLISH) -> str:
        """The morning (0) or the afternoon (1) from when to when."""
        if self.times is None:
            return ""
        pairs = ((self.times.am_start, self.times.am_end), (self.times.pm_start, self.times.pm_end))
        return words.span(*(f"{time:%H:%M}" for time in pairs[half]))


def lines_of(text: str) -> list[str]:
    """The lines of a text without the empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def places_of(timetable: Timetable, on: date, first_site_id: int) -> tuple[Place, ...]:
    """The sites of a timetable, the one of the first day first, with their times on ``on``; two queries."""
    slots: dict[int, set[int]] = {}
    for slot, (site_id, _) in timetable.items():
        slots.setdefault(site_id, set()).add(slot)
    times: dict[int, SiteTimes] = {}
    for row in SiteTimes.objects.filter(site_id__in=list(slots), from_day__lte=on).order_by("from_day"):
        times[row.site_id] = row
    sites = sorted(Site.objects.filter(pk__in=list(slots)), key=lambda site: (site.pk != first_site_id, site.name))
    several = len(sites) > 1
    return tuple(
        Place(
            site,
            times.get(site.pk),
            frozenset(slots[site.pk]),
            days_words(slots[site.pk], timetable) if several else "",
        )
        for site in sites
    )


def days_words(slots: Collection[int], all_slots: Collection[int], words: Words = ENGLISH) -> str:
    """Half-days in words: a whole day by its name when nothing else of it is spent elsewhere.

    'Monday, Tuesday morning and Friday (week B)'.
    """
    parts = []
    for weekday in range(5):
        here = [_of_day(slots, week, weekday) for week in (0, 1)]
        whole = [_of_day(all_slots, week, weekday) for week in (0, 1)]
        found = [_day_words(weekday, here[week], whole[week], words) for week in (0, 1)]
        if found[0] == found[1]:
            parts += [found[0]] if found[0] else []
        else:
            parts += [words.in_week(said, letter) for said, letter in zip(found, "AB", strict=True) if said]
    return words.joined(parts) if parts else ""


def _day_words(weekday: int, here: frozenset[int], whole: frozenset[int], words: Words) -> str:
    if not here:
        return ""
    name = words.weekday(weekday)
    return name if here == whole else f"{name} {words.joined([words.half(half) for half in sorted(here)])}"


def session_rows(places: Iterable[Place], words: Words = ENGLISH) -> list[dict[str, str]]:
    """One row for each day of the timetable with the times of its halves, and their site where there are several.

    Week A and B are named only where they differ. Nothing until every site has its times.
    """
    known = list(places)
    if not known or any(place.times is None for place in known):
        return []
    at: Mapping[int, Place] = {slot: place for place in known for slot in place.slots}
    rows = []
    for weekday in range(5):
        cells = [
            tuple(_cell(at.get(week * 10 + weekday * 2 + half), half, len(known) > 1, words) for half in (0, 1))
            for week in (0, 1)
        ]
        name = words.weekday(weekday)
        both = cells[0] == cells[1]
        kinds = [(name, cells[0])] if both else [(words.in_week(name, "AB"[week]), cells[week]) for week in (0, 1)]
        rows += [
            {"day": day, "morning": found[0], "afternoon": found[1]} for day, found in kinds if found != ("–", "–")
        ]
    return rows


def _cell(place: Place | None, half: int, several: bool, words: Words) -> str:
    if place is None:
        return "–"
    return f"{place.span(half, words)}, {place.site.name}" if several else place.span(half, words)


def _of_day(slots: Collection[int], week: int, weekday: int) -> frozenset[int]:
    """The halves, 0 and 1, of one day of one week."""
    return frozenset(half for half in (0, 1) if week * 10 + weekday * 2 + half in slots)
