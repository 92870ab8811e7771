"""Where a provider teaches, and when its doors are open."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from providers.models import Site, SiteClosure, SiteTimes
from providers.services._locks import locked
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.services import check_version, require, saving

# The longest stretch of closed days recorded in one go: a summer holiday.
_CLOSED_MAX = 62


def add_site(*, provider_id: int, data: Mapping[str, Any], times: Mapping[str, Any], by: User, now: datetime) -> Site:
    """An address where students report, with its session times from ``times['from_day']`` on.

    ``times``: from_day, am_start, am_end, pm_start, pm_end.
    """
    with saving(by=by, reason="site added"):
        provider = locked(provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        if provider.sites.filter(name=data["name"]).exists():
            raise RuleBroken("This provider has a site of that name already.", field="name")
        site = Site.objects.create(provider=provider, **data)
        SiteTimes.objects.create(site=site, **times)
    return site


def change_site(
    *,
    site_id: int,
    data: Mapping[str, Any],
    times: Mapping[str, Any] | None,
    version: int | None,
    by: User,
    now: datetime,
) -> Site:
    """Correct a site, or end its use from ``data['closed_on']`` on.

    ``times`` (as in ``add_site``) apply from their own day on and leave the earlier ones as they were; None: no new
    times. The same day again corrects the times of that day.
    """
    with saving(by=by, reason="site changed"):
        site = Site.objects.select_for_update().get(pk=site_id)
        provider = locked(site.provider_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        check_version(site, version)
        name = data.get("name", site.name)
        if provider.sites.filter(name=name).exclude(pk=site.pk).exists():
            raise RuleBroken("This provider has a site of that name already.", field="name")
        for field, value in data.items():
            setattr(site, field, value)
        site.version += 1
        site.save()
        if times:
            clock = {field: value for field, value in times.items() if field != "from_day"}
            SiteTimes.objects.update_or_create(site=site, from_day=times["from_day"], defaults=clock)
    return site


def close_site_on(
    *, site_id: int, day: date, note: str, by: User, now: datetime, until: date | None = None
) -> SiteClosure:
    """A day, or all weekdays up to ``until``, on which nothing is expected at a site; returns the first.

    Days of a stretch that are recorded already stay; one day that is recorded already is refused.
    """
    with saving(by=by, reason="site closed for a day"):
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        site = Site.objects.select_for_update().get(pk=site_id)
        locked(site.provider_id)
        last = until or day
        if last < day:
            raise RuleBroken("The last closed day lies before the first.", field="until")
        if (last - day).days >= _CLOSED_MAX:
            raise RuleBroken(f"Record at most {_CLOSED_MAX} days at once.", field="until")
        days = [day + timedelta(days=n) for n in range((last - day).days + 1)]
        wanted = [each for each in days if each.weekday() < 5] if until else days
        known = set(site.closures.filter(day__in=wanted).values_list("day", flat=True))
        fresh = [each for each in wanted if each not in known]
        if not fresh:
            words = "These days are" if len(wanted) > 1 else "This day is"
            raise RuleBroken(f"{words} recorded for this site already.", field="day")
        closures: list[SiteClosure] = SiteClosure.objects.bulk_create(
            [SiteClosure(site=site, day=each, note=note) for each in fresh]
        )
    return closures[0]


def remove_site_closure(*, closure_id: int, by: User, now: datetime) -> Site:
    """The site is open on that day after all; the history keeps that it was recorded as closed."""
    with saving(by=by, reason="closed day removed"):
        closure = SiteClosure.objects.select_for_update(of=("self",)).select_related("site").get(pk=closure_id)
        require(by, Permission.EDIT_PROVIDERS, home_id=None)
        locked(closure.site.provider_id)
        site: Site = closure.site
        closure.delete()
    return site
