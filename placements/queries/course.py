"""The course of a placement: which half-days it takes up again, which placements go on next year."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from placements.lifecycle import Status
from placements.models import (
    Pause,
    Placement,
    PlacementPeriod,
    PlacementQualification,
    TimetableChange,
    TimetableSlot,
)
from placements.queries.papers import Answers, PaperShown, answers_of, papers_of
from trust.calendar import academic_year_of, last_day
from trust.errors import CalendarNotLoaded
from trust.permissions import Permission
from trust.queries import calendars_of

Timetable = Mapping[int, tuple[int, int]]

LEAVING_YEAR = 11


@dataclass(frozen=True)
class Renewable:
    """A running placement whose approved days end with the academic year."""

    placement: Placement
    ends: date


@dataclass(frozen=True)
class CourseShown:
    """What the page of a placement shows about its course; papers and answers only for whoever reads them."""

    pause: Pause | None
    pauses: tuple[Pause, ...]
    qualifications: tuple[PlacementQualification, ...]
    papers: tuple[PaperShown, ...]
    answers: Answers | None


def course_of(placement: Placement, today: date, *, narrative: bool) -> CourseShown:
    """Pauses, papers, answers and qualifications of one placement; ``narrative`` whether the person reads notes."""
    pauses = tuple(Pause.objects.filter(placement=placement))
    return CourseShown(
        pause=next((pause for pause in pauses if pause.until_day is None), None),
        pauses=tuple(pause for pause in pauses if pause.until_day is not None),
        qualifications=tuple(PlacementQualification.objects.filter(placement=placement)),
        papers=papers_of(placement, today) if narrative else (),
        answers=answers_of(placement) if narrative else None,
    )


def timetable_after(placement: Placement, day: date) -> list[tuple[date, Timetable]]:
    """The agreed half-days from ``day`` on, when nothing is expected any more: [(first day, half-day to site and
    programme)], in order of time.

    What ran last goes on, and each change of it that was approved for a later day applies from that day.
    """
    rows = list(TimetableSlot.objects.filter(placement=placement))
    if not rows:
        return []
    final = max(row.runs.upper or date.max for row in rows)
    running = {
        slot: (row.site_id, row.programme_id)
        for row in rows
        if (row.runs.upper or date.max) == final
        for slot in range(row.slots.lower, row.slots.upper)
    }
    stretches: list[tuple[date, Timetable]] = [(day, running)]
    changes = TimetableChange.objects.filter(placement=placement, approved_at__isnull=False, from_day__gte=final)
    for change in changes.order_by("from_day", "id"):
        changed = {slot: (site_id, programme_id) for slot, site_id, programme_id in change.slots}
        if change.from_day <= day:
            stretches = [(day, changed)]
        else:
            stretches.append((change.from_day, changed))
    return stretches


def renewable(user: Any, today: date, school_id: int | None = None, provider_id: int | None = None) -> list[Renewable]:
    """The running placements that end on the last school day of this academic year and may go on, by student.

    For whoever proposes extensions; without those whose extension is proposed already and without Year 11, which
    ends in June. A school without calendar has none. Constant queries.
    """
    rows = (
        Placement.objects.running().visible_to(user, Permission.START_PLACEMENT).exclude(student__nc_year=LEAVING_YEAR)
    )
    if school_id is not None:
        rows = rows.filter(school_id=school_id)
    if provider_id is not None:
        rows = rows.filter(provider_id=provider_id)
    placements = list(rows.select_related("student", "school", "provider").order_by("student__sort_name", "id"))
    newest: dict[int, PlacementPeriod] = {}
    for period in PlacementPeriod.objects.filter(placement__in=placements).order_by("number"):
        newest[period.placement_id] = period
    calendars = calendars_of(sorted({placement.school_id for placement in placements}))
    year = academic_year_of(today)
    found = []
    for placement in placements:
        period = newest[placement.pk]
        ends = last_day(period.period)
        if period.approved_at is None or ends is None or not year.first <= ends <= year.last:
            continue
        try:
            final = calendars[placement.school_id].last_school_day_of_year(ends)
        except CalendarNotLoaded:
            continue
        if ends >= final:
            found.append(Renewable(placement, ends))
    return found


def over_before(placement: Placement, period: PlacementPeriod) -> bool:
    """Whether the placement was over before this period of it began, so that it asks for nothing any more."""
    if placement.status in (Status.CANCELLED, Status.DECLINED, Status.WITHDRAWN):
        return True
    ended_on: date | None = placement.ended_on
    return placement.status == Status.ENDED and ended_on is not None and period.period.lower > ended_on
