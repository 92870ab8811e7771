"""Periods that end without a decision, and placements whose start nobody confirmed (P7.4)."""

from datetime import date

from django.urls import reverse

from notices.codes import NoticeKind
from notices.models import DirectionNotice
from notices.queries.matter import RUNNING, Among, Eyes, Job, only
from notices.rules import (
    NOT_STARTED,
    PERIOD_ENDED,
    PERIOD_ENDING,
    decide_by,
    ends_soon,
    reading_for,
)
from placements.lifecycle import Status as PlacementStatus
from placements.models import Placement, PlacementPeriod
from trust.calendar import date_words, last_day
from trust.errors import CalendarNotLoaded
from trust.permissions import Role


def decisions(eyes: Eyes, among: Among) -> list[Job]:
    """Running placements whose last approved period ends soon, or is over, without extension or end (P7.4)."""
    rows = Placement.objects.filter(status__in=RUNNING).select_related("student", "school").order_by("id")
    placements = list(only(rows, "pk", among).prefetch_related("periods"))
    planned = set(
        DirectionNotice.objects.in_force()
        .filter(kind=NoticeKind.END, placement_period__placement__in=placements)
        .values_list("placement_period_id", flat=True)
    )
    found = []
    for placement in placements:
        periods = list(placement.periods.all())
        approved = [period for period in periods if period.approved_at is not None]
        if not approved or any(period.period.upper is None for period in periods):
            # A period without end is never over.
            continue
        newest = max(approved, key=lambda period: int(period.number))
        final = max(day for period in approved if (day := last_day(period.period)) is not None)
        if final < eyes.today:
            found.append(_ended(placement, final))
            continue
        proposed = any(period.number > newest.number for period in periods)
        if not proposed and newest.pk not in planned:
            found += _ending(eyes, placement, newest, final)
    return found


def _ended(placement: Placement, final: date) -> Job:
    return Job(
        kind=PERIOD_ENDED,
        placement=placement,
        key=final.isoformat(),
        due_on=final,
        state="overdue",
        said="the period has ended without a decision",
        sentence=(
            f"The period of placement {placement.pk} ended on {date_words(final)} without a decision: extend or end it."
        ),
        path=reverse("placements:placement-detail", args=[placement.pk]),
        roles=(Role.SLT, Role.HEAD),
        urgent=True,
    )


def _ending(eyes: Eyes, placement: Placement, period: PlacementPeriod, final: date) -> list[Job]:
    cal = eyes.calendars[placement.school_id]
    try:
        if not ends_soon(cal, eyes.today, final, eyes.end_days):
            return []
    except CalendarNotLoaded:
        return []
    by, why = final, ""
    if period.notice_needed:
        try:
            by = decide_by(cal, final, reading_for(placement.route, eyes.reading))
            why = f": the notice of an extension must be given by {date_words(by)}"
        except CalendarNotLoaded:
            # Next year's days are not known yet; the decision is due by the end all the same.
            by = final
    return [
        Job(
            kind=PERIOD_ENDING,
            placement=placement,
            key=final.isoformat(),
            due_on=by,
            state=eyes.state(by),
            said=f"ends on {date_words(final)}, no extension proposed and no end planned",
            sentence=(
                f"The period of placement {placement.pk} ends on {date_words(final)}. Propose the extension or prepare "
                f"the notice of the end{why}."
            ),
            path=reverse("placements:placement-detail", args=[placement.pk]) + "#periods",
            roles=(Role.SLT,),
            urgent=eyes.today >= by,
            pressing_from=eyes.pressing(by),
        )
    ]


def starts(eyes: Eyes, among: Among) -> list[Job]:
    """Approved placements whose first day has passed without anybody confirming the start."""
    rows = PlacementPeriod.objects.filter(
        number=1, placement__status=PlacementStatus.APPROVED, period__startswith__lt=eyes.today
    ).select_related("placement__student", "placement__school")
    return [
        Job(
            kind=NOT_STARTED,
            placement=period.placement,
            key=period.period.lower.isoformat(),
            due_on=None,
            state="overdue",
            said="the start is not confirmed",
            sentence=(
                f"Placement {period.placement_id} was to start on {date_words(period.period.lower)} "
                "and its start is not confirmed."
            ),
            path=reverse("placements:placement-detail", args=[period.placement_id]),
            roles=(Role.SLT, Role.HEAD),
        )
        for period in only(rows.order_by("id"), "placement_id", among)
    ]
