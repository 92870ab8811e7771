"""Placement attendance as counts: what providers reported, and what has no return."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q

from attendance.codes import ProviderReport
from attendance.models import SessionMark
from placements.models import Placement
from placements.queries import expected_of


@dataclass(frozen=True)
class Figures:
    """Sessions of one placement by what the provider reported; ``no_return`` are expected ones without a mark."""

    present: int = 0
    late: int = 0
    absent: int = 0
    did_not_run: int = 0
    no_return: int = 0

    @property
    def attended(self) -> int:
        """Present and late."""
        return self.present + self.late

    @property
    def returned(self) -> int:
        """Sessions that ran and have a return: the denominator of placement attendance (P3.11)."""
        return self.attended + self.absent


def attended_of(placement_ids: Collection[int], last: date) -> dict[int, tuple[int, int]]:
    """(attended, sessions that ran and have a return) per placement up to ``last``; one query."""
    attended = Q(report__in=(ProviderReport.PRESENT, ProviderReport.LATE))
    rows = (
        SessionMark.objects.filter(placement_id__in=placement_ids, day__lte=last)
        .exclude(report=ProviderReport.DID_NOT_RUN)
        .order_by()
        .values_list("placement_id")
        .annotate(attended=Count("pk", filter=attended), returned=Count("pk"))
    )
    counts = {pk: (n, m) for pk, n, m in rows}
    return {pk: counts.get(pk, (0, 0)) for pk in placement_ids}


def figures_of(placement_ids: Collection[int], first: date, last: date) -> dict[int, Figures]:
    """The counts of each placement from ``first`` to ``last`` inclusive, in a fixed number of queries.

    Ask up to today: an expected session after it counts as one without a return.
    """
    marks = SessionMark.objects.filter(placement_id__in=placement_ids, day__range=(first, last)).order_by()
    rows: Any = marks.values("placement_id").annotate(
        **{report.name.lower(): Count("pk", filter=Q(report=report.value)) for report in ProviderReport}
    )
    counts: dict[int, dict[str, int]] = {row["placement_id"]: row for row in rows}
    marked: dict[int, set[tuple[date, str]]] = defaultdict(set)
    for pk, day, session in marks.values_list("placement_id", "day", "session"):
        marked[pk].add((day, session))
    expected = expected_of(Placement.objects.filter(pk__in=placement_ids), first, last)
    found = {}
    for pk in placement_ids:
        row = counts.get(pk, {})
        found[pk] = Figures(
            present=row.get("present", 0),
            late=row.get("late", 0),
            absent=row.get("absent", 0),
            did_not_run=row.get("did_not_run", 0),
            no_return=sum(session not in marked[pk] for session in expected.get(pk, ())),
        )
    return found


def register_of(user: Any, placement: Placement, first: date, last: date) -> tuple[SessionMark, ...]:
    """The marks of one placement in the order of time, as far as this person may see them; one query."""
    marks = SessionMark.objects.filter(placement=placement, day__range=(first, last)).visible_to(user)
    return tuple(marks.select_related("marked_by", "confirmed_by").order_by("day", "session"))
