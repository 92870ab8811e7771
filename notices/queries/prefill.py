"""What a new notice of an end or a change starts from."""

from datetime import date, timedelta
from typing import Any

from notices.codes import NoticeKind
from notices.queries.kinds import facts_from, timetable_on
from notices.queries.letter import NoticeFacts, facts_of, suggested_values
from notices.queries.places import days_words
from notices.rules import (
    letter_date,
)
from placements.codes import Destination
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod, TimetableChange
from placements.rules import Timetable
from providers.models import Programme, Site, SiteTimes
from trust.errors import CalendarNotLoaded
from trust.models import SchoolTimes
from trust.rules import and_words

_SLOTS = frozenset(range(20))


def end_values(facts: NoticeFacts) -> dict[str, Any]:
    """The text that the notice of an end starts from: why it ended, the report, the return to the home school (P7.4).

    The person to report to is never guessed. Where the student goes on elsewhere only the outcome is filled in.
    """
    placement = facts.placement
    if placement.status == PlacementStatus.ENDED:
        lines = [f"{placement.get_ending_reason_display()}.", placement.end_report, placement.return_plan]
    else:
        lines = ["The period ends as planned."]
    values: dict[str, Any] = {"outcome": "\n".join(line.strip() for line in lines if line.strip())}
    if placement.destination not in ("", Destination.HOME_SCHOOL, Destination.HEADTEACHER) or facts.last is None:
        return values
    school = placement.school
    parts = [school.name, *(line.strip() for line in school.address.splitlines() if line.strip()), school.postcode]
    values["return_place"] = ", ".join(part for part in parts if part)[:240]
    try:
        back = facts.calendar.add(facts.last, 1)
    except CalendarNotLoaded:
        return values
    times = SchoolTimes.objects.filter(school_id=school.pk, from_day__lte=back).order_by("-from_day").first()
    return values | {"return_on": back, "return_time": times.am_start if times else None}


def change_values(period_id: int, day: date) -> dict[str, Any]:
    """The text that the notice of a change starts from: what the approved timetable changes on ``day``, the rest."""
    facts = facts_from(facts_of(period_id), day)
    return {**suggested_values(facts), "changes": "\n".join(changes_on(facts.period, day))}


def changes_on(period: PlacementPeriod, day: date) -> list[str]:
    """What changes on a day against the day before: half-days, place, times, programme, person; '' for nothing."""
    before, after = timetable_on(period, day - timedelta(days=1)), timetable_on(period, day)
    if not before or not after:
        return []
    from_words = f"From {letter_date(day)}"
    lines = []
    if set(before) != set(after):
        lines.append(
            f"{from_words} the sessions are on {days_words(set(after), _SLOTS)}, "
            f"instead of {days_words(set(before), _SLOTS)}."
        )
    old_sites, new_sites = _named(Site, before, 0), _named(Site, after, 0)
    if old_sites != new_sites:
        lines.append(f"{from_words} the place is {_where(new_sites)}, instead of {and_words(_names(old_sites))}.")
        reported = [site.report_to for pk, site in new_sites.items() if pk not in old_sites and site.report_to]
        if reported:
            lines.append(f"The person to report to there is {and_words(reported)}.")
    old_courses, new_courses = _named(Programme, before, 1), _named(Programme, after, 1)
    if old_courses != new_courses:
        lines.append(
            f"{from_words} the programme is {and_words(_names(new_courses))}, "
            f"instead of {and_words(_names(old_courses))}."
        )
    lines += _times_changed(new_sites, day)
    return lines


def _named(model: Any, timetable: Timetable, place: int) -> dict[int, Any]:
    """The sites (0) or programmes (1) of a timetable by id, in the order of their names."""
    ids = {where[place] for where in timetable.values()}
    return {row.pk: row for row in model.objects.filter(pk__in=ids).order_by("name")}


def _names(rows: dict[int, Any]) -> list[str]:
    return [row.name for row in rows.values()]


def _where(sites: dict[int, Any]) -> str:
    """Each site with its address on one line."""
    return and_words(
        [
            ", ".join([site.name, *(line.strip() for line in site.address.splitlines() if line.strip()), site.postcode])
            for site in sites.values()
        ]
    )


def _times_changed(sites: dict[int, Any], day: date) -> list[str]:
    """Sites whose session times are other ones from exactly this day on."""
    rows = SiteTimes.objects.filter(site_id__in=list(sites), from_day=day)
    return [
        f"From {letter_date(day)} the sessions at {sites[row.site_id].name} are from {_span(row)}."
        for row in rows.order_by("site_id")
    ]


def _span(row: Any) -> str:
    pairs = ((row.am_start, row.am_end), (row.pm_start, row.pm_end))
    return " and from ".join(f"{start:%H:%M} to {end:%H:%M}" for start, end in pairs if start and end)


def next_change_day(period: PlacementPeriod) -> date | None:
    """The day of the first approved change of the timetable inside a period that has no notice yet."""
    noticed = period.notices.in_force().filter(kind=NoticeKind.VARIATION).values("effective_on")
    changes = TimetableChange.objects.filter(
        placement_id=period.placement_id, approved_at__isnull=False, from_day__gt=period.period.lower
    ).exclude(from_day__in=noticed)
    if period.period.upper is not None:
        changes = changes.filter(from_day__lt=period.period.upper)
    found: date | None = changes.order_by("from_day").values_list("from_day", flat=True).first()
    return found
