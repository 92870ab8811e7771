"""At which site of a provider a student is in which half-day of a week."""

from collections.abc import Iterable, Sequence

from placements.rules import PlacedSession
from providers.models import Site

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def site_names(sessions: Iterable[Iterable[PlacedSession]]) -> dict[int, str]:
    """The names of the sites of these half-days by their ids, in one query; nothing when there is only one site."""
    ids = {row.site_id for rows in sessions for row in rows}
    if len(ids) < 2:
        return {}
    return dict(Site.objects.filter(pk__in=ids).values_list("pk", "name"))


def where_words(sessions: Sequence[PlacedSession], names: dict[int, str]) -> str:
    """The half-days of one week by site, in the order of time: 'Yard: Mon, Tue AM; Main site: Tue PM'.

    A day without AM or PM is wholly at the site.
    """
    halves: dict[int, dict[str, list[str]]] = {}
    all_day: dict[str, list[str]] = {}
    for row in sessions:
        day = _DAYS[row.day.weekday()]
        halves.setdefault(row.site_id, {}).setdefault(day, []).append(row.session)
        all_day.setdefault(day, []).append(row.session)
    return "; ".join(
        f"{names[site]}: {', '.join(_day_words(day, found, all_day[day]) for day, found in days.items())}"
        for site, days in halves.items()
    )


def _day_words(day: str, found: list[str], whole: list[str]) -> str:
    return day if found == whole else f"{day} {' and '.join(found)}"
