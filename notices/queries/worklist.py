"""Which periods wait for a notice, and the list of notices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries.clock import Clock, clocks_of
from placements.lifecycle import LIVE
from placements.models import PlacementPeriod
from placements.queries import over_before
from trust.models import School, Student
from trust.permissions import Permission

_NEXT_STEP = {
    None: "Prepare",
    Status.DRAFT: "Complete and authorise",
    Status.AUTHORISED: "Give",
    Status.ISSUED: "Give",
}


@dataclass(frozen=True)
class DueNotice:
    """A period whose notice was not given yet, with what to do next and where.

    ``state``: 'overdue', 'due_today', 'due' (within two days) or 'coming'.
    """

    period: PlacementPeriod
    student: Student
    school: School
    notice: DirectionNotice | None
    clock: Clock
    state: str
    next_step: str
    path: str


def awaiting_notice() -> QuerySet[PlacementPeriod]:
    """Approved periods of live placements that need a notice which was not given, of every school."""
    found: QuerySet[PlacementPeriod] = (
        PlacementPeriod.objects.filter(
            placement__status__in=sorted(LIVE),
            notice_needed=True,
            notice_given_on__isnull=True,
            approved_at__isnull=False,
        )
        .select_related("placement__student", "placement__school", "placement__provider")
        .order_by("period", "id")
    )
    return found


def waiting_periods(periods: Iterable[PlacementPeriod], today: date) -> list[DueNotice]:
    """The periods with clock, next step and address of the place to act, the most pressing first."""
    rows = list(periods)
    clocks = clocks_of(rows, today)
    notices = {
        notice.placement_period_id: notice
        for notice in DirectionNotice.objects.in_force().filter(placement_period__in=[period.pk for period in rows])
    }
    found = []
    for period in rows:
        clock = clocks[period.pk]
        notice = notices.get(period.pk)
        state = clock.state or "coming"
        if state == "due" and clock.give_by == today:
            state = "due_today"
        path = (
            reverse("notices:notice-detail", args=[notice.pk])
            if notice
            else reverse("notices:notice-prepare", args=[period.pk])
        )
        found.append(
            DueNotice(
                period=period,
                student=period.placement.student,
                school=period.placement.school,
                notice=notice,
                clock=clock,
                state=state,
                next_step=_NEXT_STEP.get(Status(notice.status) if notice else None, "Give"),
                path=path,
            )
        )
    return sorted(found, key=lambda one: (one.clock.give_by, one.period.pk))


def due_notices(user: Any, today: date) -> list[DueNotice]:
    """What the person's schools must still prepare, authorise or give, most pressing first; constant queries.

    For whoever records giving or authorises; others get an empty list. Guests belong to their home school's list.
    """
    periods = PlacementPeriod.objects.all()
    mine = Q(pk__in=periods.visible_to(user, Permission.RECORD_SERVICE).values("pk")) | Q(
        pk__in=periods.visible_to(user, Permission.AUTHORISE_NOTICE).values("pk")
    )
    return waiting_periods(awaiting_notice().filter(mine), today)


def no_longer_needed(notice: DirectionNotice) -> bool:
    """Whether a notice in force belongs to a placement that was cancelled, or over before its period began."""
    period = notice.placement_period
    return notice.status != Status.VOID and over_before(period.placement, period)


def notice_list(user: Any, *, status: str = "", school_id: int | None = None) -> QuerySet[DirectionNotice]:
    """Notices that the person may see, newest first; void ones only when asked for by ``status``."""
    found = DirectionNotice.objects.visible_to(user)
    found = found.filter(status=status) if status else found.exclude(status=Status.VOID)
    if school_id is not None:
        found = found.filter(placement_period__placement__school_id=school_id)
    result: QuerySet[DirectionNotice] = found.select_related(
        "placement_period__placement__student",
        "placement_period__placement__school",
        "placement_period__placement__provider",
    ).order_by("-prepared_at", "-id")
    return result
