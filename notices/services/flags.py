"""Flags about notices and the dates they guard."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Q
from django.urls import reverse

from notices.queries import awaiting_notice, waiting_periods
from placements.lifecycle import Status
from placements.models import Placement, PlacementPeriod
from trust.calendar import date_words, london_date
from trust.permissions import Role
from trust.services import DueFlag, clear_leftovers, raise_flags, saving

ROLES = (Role.SLT, Role.HEAD)


def _notices_due(today: date, among: Collection[int] | None) -> list[DueFlag]:
    """Notices that must be given within two days, or should have been (P7.2)."""
    return [
        DueFlag(
            subject=f"placement:{one.period.placement_id}",
            period=one.clock.start.isoformat(),
            school_id=one.school.pk,
            path=one.path,
            sentence=(
                f"{one.next_step} the direction notice of placement {one.period.placement_id}: "
                f"{'it was due' if one.clock.late else 'due'} by {date_words(one.clock.give_by)} "
                f"for the start on {date_words(one.clock.start)}."
            ),
            urgent=one.state == "overdue",
        )
        for one in waiting_periods(_only(awaiting_notice(), "placement_id", among), today)
        if one.state != "coming"
    ]


def _not_started(today: date, among: Collection[int] | None) -> list[DueFlag]:
    """Approved placements whose first day has passed without anybody confirming the start."""
    periods = PlacementPeriod.objects.filter(
        number=1, placement__status=Status.APPROVED, period__startswith__lt=today
    ).select_related("placement")
    periods = _only(periods, "placement_id", among)
    return [
        DueFlag(
            subject=f"placement:{period.placement_id}",
            period=period.period.lower.isoformat(),
            school_id=period.placement.school_id,
            path=reverse("placements:placement-detail", args=[period.placement_id]),
            sentence=(
                f"Placement {period.placement_id} was to start on {date_words(period.period.lower)} "
                "and its start is not confirmed."
            ),
            urgent=False,
        )
        for period in periods
    ]


def _period_ended(today: date, among: Collection[int] | None) -> list[DueFlag]:
    """Running placements whose last approved period is over without extension or end (P7.4)."""
    placements = (
        _only(Placement.objects.filter(status__in=[Status.ACTIVE, Status.PAUSED]), "pk", among)
        .annotate(over=Max("periods__period__endswith", filter=Q(periods__approved_at__isnull=False)))
        .filter(over__lte=today)
        # A period without end never is over.
        .exclude(periods__period__upper_inf=True)
    )
    found = []
    for placement in placements:
        last: date = placement.over - timedelta(days=1)
        found.append(
            DueFlag(
                subject=f"placement:{placement.pk}",
                period=last.isoformat(),
                school_id=placement.school_id,
                path=reverse("placements:placement-detail", args=[placement.pk]),
                sentence=(
                    f"The period of placement {placement.pk} ended on {date_words(last)} without a decision: "
                    "extend or end it."
                ),
                urgent=True,
            )
        )
    return found


def _only(rows: Any, path: str, among: Collection[int] | None) -> Any:
    """The rows of these placements; all when none are named."""
    return rows if among is None else rows.filter(**{f"{path}__in": among})


def _raise(kind: str, due: Sequence[DueFlag], among: Collection[int] | None, now: datetime) -> int:
    """Raise what is due, clear what no longer is among the placements looked at; how many are new."""
    new = raise_flags(kind=kind, due=due, roles=ROLES, now=now)
    subjects = None if among is None else [f"placement:{pk}" for pk in among]
    clear_leftovers(kind=kind, still_due={(one.subject, one.period) for one in due}, now=now, among=subjects)
    return new


def raise_notice_flags(*, now: datetime, among: Collection[int] | None = None) -> int:
    """Raise 'notice_due', 'not_started' and 'period_ended' for everything due now; how many were new.

    Depends on dates only, so running it twice, late or after a missed night gives the same flags. The number of
    queries does not grow with the placements. ``among`` are the placements to look at, when the sweep goes over them
    in parts.
    """
    today = london_date(now)
    with saving(by=None, job="raise_notice_flags"):
        return (
            _raise("notice_due", _notices_due(today, among), among, now)
            + _raise("not_started", _not_started(today, among), among, now)
            + _raise("period_ended", _period_ended(today, among), among, now)
        )
