"""Which periods wait for a notice, and the list of notices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from notices.codes import DEADLINE_KINDS, FULL_KINDS, NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries.clock import Clock, clocks_of
from notices.rules import STATE_WORDS, STEP_WORDS, Step, next_step
from placements.lifecycle import LIVE
from placements.models import PlacementPeriod
from placements.queries import over_before
from trust.models import School, Student
from trust.permissions import Permission


@dataclass(frozen=True)
class DueNotice:
    """A period whose notice was not given yet, with what to do next and where.

    ``state``: 'overdue', 'due_today', 'due' (within two days) or 'coming'. ``said`` is the step in the words of a list
    ('not prepared'), ``next_step`` in those of a request ('Prepare'). ``again``: an earlier notice of this period had
    reached somebody before it became void.
    """

    period: PlacementPeriod
    student: Student
    school: School
    notice: DirectionNotice | None
    clock: Clock
    state: str
    next_step: str
    path: str
    step: Step = Step.PREPARE
    said: str = ""
    again: bool = False


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


def with_service(notices: Any) -> list[Any]:
    """The notices with ``waiting``, ``served`` and ``late``: how many recipients wait, were given it, were late."""
    return list(
        notices.annotate(
            waiting=Count("recipients", filter=Q(recipients__channel="")),
            served=Count("recipients", filter=~Q(recipients__channel="")),
            late=Count("recipients", filter=Q(recipients__in_time=False)),
        )
    )


def step_of(notice: Any) -> Step:
    """The next step of a notice read by ``with_service``; None is one that does not exist."""
    if notice is None:
        return next_step(None)
    late = notice.late if notice.kind in DEADLINE_KINDS and not notice.override_reason else 0
    return next_step(notice.status, waiting=notice.waiting, late=late)


def waiting_periods(periods: Iterable[PlacementPeriod], today: date) -> list[DueNotice]:
    """The periods with clock, next step and address of the place to act, the most pressing first."""
    rows = list(periods)
    clocks = clocks_of(rows, today)
    found_notices = with_service(
        DirectionNotice.objects.filter(
            placement_period__in=[period.pk for period in rows], kind__in=sorted(FULL_KINDS)
        ).order_by("id")
    )
    notices = {one.placement_period_id: one for one in found_notices if one.status != Status.VOID}
    told = {one.placement_period_id for one in found_notices if one.status == Status.VOID and one.served}
    found = []
    for period in rows:
        clock = clocks[period.pk]
        notice = notices.get(period.pk)
        step = step_of(notice)
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
                next_step=STEP_WORDS[step],
                path=path,
                step=step,
                said=STATE_WORDS[step],
                again=period.pk in told,
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
    """Whether a notice in force belongs to a placement that was cancelled, or over before its period or change began.

    People are told of the end and of a withdrawal all the same.
    """
    period = notice.placement_period
    if notice.status == Status.VOID or notice.kind in (NoticeKind.END, NoticeKind.WITHDRAWAL):
        return False
    ended_on = period.placement.ended_on
    overtaken = notice.kind == NoticeKind.VARIATION and ended_on is not None and notice.effective_on > ended_on
    return overtaken or over_before(period.placement, period)
