"""Flags about notices and the dates they guard."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Max, Q
from django.urls import reverse

from notices.queries import awaiting_notice, waiting_periods
from placements.lifecycle import Status
from placements.models import Placement, PlacementPeriod
from trust.calendar import date_words, london_date
from trust.models import Flag
from trust.permissions import Role
from trust.services import clear_leftovers, raise_flag, saving

ROLES = (Role.SLT, Role.HEAD)


class _Due(NamedTuple):
    subject: str
    period: str
    school_id: int
    path: str
    sentence: str
    urgent: bool


def _notices_due(today: date) -> list[_Due]:
    """Notices that must be given within two days, or should have been (P7.2)."""
    return [
        _Due(
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
        for one in waiting_periods(awaiting_notice(), today)
        if one.state != "coming"
    ]


def _not_started(today: date) -> list[_Due]:
    """Approved placements whose first day has passed without anybody confirming the start."""
    periods = PlacementPeriod.objects.filter(
        number=1, placement__status=Status.APPROVED, period__startswith__lt=today
    ).select_related("placement")
    return [
        _Due(
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


def _period_ended(today: date) -> list[_Due]:
    """Running placements whose last approved period is over without extension or end (P7.4)."""
    placements = (
        Placement.objects.filter(status__in=[Status.ACTIVE, Status.PAUSED])
        .annotate(over=Max("periods__period__endswith", filter=Q(periods__approved_at__isnull=False)))
        .filter(over__lte=today)
        # A period without end never is over.
        .exclude(periods__period__upper_inf=True)
    )
    found = []
    for placement in placements:
        last: date = placement.over - timedelta(days=1)
        found.append(
            _Due(
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


def _raise(kind: str, due: Sequence[_Due], now: datetime) -> int:
    """Raise what is not already open with the same words, clear what is no longer due; how many are new."""
    known: dict[tuple[str, str], Any] = {
        (flag.subject, flag.period): flag for flag in Flag.objects.open().filter(kind=kind)
    }
    new = 0
    for one in due:
        flag = known.get((one.subject, one.period))
        if flag and (flag.sentence, flag.urgent) == (one.sentence, one.urgent):
            continue
        new += raise_flag(
            kind=kind,
            subject=one.subject,
            period=one.period,
            school_id=one.school_id,
            roles=ROLES,
            path=one.path,
            sentence=one.sentence,
            urgent=one.urgent,
            now=now,
        )
    clear_leftovers(kind=kind, still_due={(one.subject, one.period) for one in due}, now=now)
    return new


def raise_notice_flags(*, now: datetime) -> int:
    """Raise 'notice_due', 'not_started' and 'period_ended' for everything due now; how many were new.

    Depends on dates only, so running it twice, late or after a missed night gives the same flags. The number of
    queries does not grow with the placements, only with the flags that are new.
    """
    today = london_date(now)
    with saving(by=None, job="raise_notice_flags"):
        return (
            _raise("notice_due", _notices_due(today), now)
            + _raise("not_started", _not_started(today), now)
            + _raise("period_ended", _period_ended(today), now)
        )
