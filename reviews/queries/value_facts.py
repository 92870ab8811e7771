"""What placements cost and brought in some months: one query for each source, added up per placement."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Count, F, Q, Sum

from attendance.codes import ProviderReport
from attendance.models import HomeAttendance, SessionMark
from placements.codes import ROUTE_RULES, Destination, EndingReason
from placements.lifecycle import Status
from placements.models import Commitment, Placement, PlacementPeriod
from placements.queries import expected_of
from placements.rules import Session
from reviews.codes import TargetResult as Result
from reviews.models import TargetResult
from reviews.queries.value_lines import ENDINGS
from reviews.rules import change
from trust.calendar import last_day, monday_of
from trust.permissions import Permission

STARTED = (Status.ACTIVE, Status.PAUSED, Status.ENDED)
ROUTES = [route for route, rules in ROUTE_RULES.items() if rules.has_cost]
BROKE_DOWN = {
    EndingReason.CONDUCT,
    EndingReason.BROKE_DOWN,
    EndingReason.NOT_ATTENDING,
    EndingReason.FAMILY,
    EndingReason.PROVIDER,
    EndingReason.SAFETY,
}


@dataclass
class Fact:
    """One placement in the months shown; ``sums`` are what may be added up."""

    pk: int
    student_id: int
    provider: str
    school: str
    first: date
    ending: str
    sums: dict[str, Fraction | int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Stretch:
    """An approved period as it ran: its days, and pounds committed minus released."""

    first: date
    last: date
    net: Decimal


def facts_of(user: Any, first: date, last: date, school_id: int | None) -> list[Fact]:
    """The placements that count from ``first`` to ``last`` at the schools whose value this person may see.

    One query for each source, whatever the number of placements.
    """
    rows = Placement.objects.visible_to(user, Permission.SEE_VALUE).filter(route__in=ROUTES, status__in=STARTED)
    if school_id is not None:
        rows = rows.filter(school_id=school_id)
    in_months = PlacementPeriod.objects.filter(
        approved_at__isnull=False, period__overlap=(first, last + timedelta(days=1))
    ).values("placement_id")
    placements = list(rows.filter(pk__in=in_months).select_related("provider", "school").order_by("pk"))
    stretches = _stretches(placements)
    placements = [row for row in placements if _runs_in(stretches[row.pk], first, last)]
    if not placements:
        return []
    ids = [row.pk for row in placements]
    span = [stretch for pk in ids for stretch in stretches[pk]]
    expected = expected_of(placements, min(s.first for s in span), max(s.last for s in span))
    # What was promised for the whole year is spread over its days, those before the system was in use included.
    whole = _whole_days(placements, span, expected)
    marks = _marks(ids, first, last)
    targets = _targets(ids, first, last)
    home = _home([row.student_id for row in placements])
    found = []
    for row in placements:
        ran = stretches[row.pk]
        days = [day for day, _ in expected[row.pk]]
        sums: dict[str, Fraction | int] = {"placements": 1, **marks[row.pk], **targets[row.pk]}
        sums["cost"] = sum((_cost(stretch, days, whole[row.pk], first, last) for stretch in ran), Fraction(0))
        sums["commissioned"] = _between(days, first, last)
        sums["no_return"] = max(0, int(sums["commissioned"]) - int(sums["with_return"]))
        sums |= _compared(home[row.student_id], ran, last, int(sums.pop("ever_attended")), int(sums.pop("ever_ran")))
        ending = _ending(row, last)
        sums |= {name: int(name == ending) for name in ENDINGS}
        begins = min(stretch.first for stretch in ran)
        found.append(Fact(row.pk, row.student_id, row.provider.name, row.school.name, begins, ending, sums))
    return found


def _stretches(placements: Sequence[Placement]) -> dict[int, list[_Stretch]]:
    ended = {row.pk: row.ended_on for row in placements}
    net = dict(
        Commitment.objects.filter(placement_period__placement_id__in=list(ended))
        .order_by()
        .values_list("placement_period_id")
        .annotate(net=Sum(F("amount") - F("released")))
    )
    periods = PlacementPeriod.objects.filter(placement_id__in=list(ended), approved_at__isnull=False)
    found: dict[int, list[_Stretch]] = {pk: [] for pk in ended}
    for pk, placement_id, period in periods.values_list("pk", "placement_id", "period"):
        ends = min(day for day in (last_day(period), ended[placement_id], date.max) if day is not None)
        found[placement_id].append(_Stretch(period.lower, max(ends, period.lower), net.get(pk, Decimal(0))))
    return found


def _runs_in(stretches: Iterable[_Stretch], first: date, last: date) -> bool:
    return any(stretch.first <= last and stretch.last >= first for stretch in stretches)


def _between(days: Sequence[date], first: date, last: date) -> int:
    """How many of the sorted ``days`` lie between two days, both inclusive."""
    return max(0, bisect_right(days, last) - bisect_left(days, first))


def _whole_days(
    placements: Sequence[Placement], span: Sequence[_Stretch], expected: Mapping[int, Sequence[Session]]
) -> dict[int, list[date]]:
    found = {row.pk: [day for day, _ in expected[row.pk]] for row in placements}
    brought_in = [row for row in placements if row.brought_in]
    if brought_in:
        days = expected_of(brought_in, min(s.first for s in span), max(s.last for s in span), before_use=True)
        found |= {pk: [day for day, _ in sessions] for pk, sessions in days.items()}
    return found


def _cost(stretch: _Stretch, days: Sequence[date], whole_days: Sequence[date], first: date, last: date) -> Fraction:
    if stretch.first > last or stretch.last < first:
        return Fraction(0)
    whole = _between(whole_days, stretch.first, stretch.last)
    if not whole:
        return Fraction(stretch.net)
    shown = _between(days, max(first, stretch.first), min(last, stretch.last))
    return Fraction(stretch.net) * Fraction(shown, whole)


def _marks(ids: list[int], first: date, last: date) -> dict[int, dict[str, Fraction | int]]:
    """Sessions in the months by report, and ever up to ``last`` for the comparison."""
    present = Q(report__in=(ProviderReport.PRESENT, ProviderReport.LATE))
    shown = Q(day__gte=first)
    names = ("with_return", "attended", "missed", "ever_attended", "ever_ran")
    rows = (
        SessionMark.objects.filter(placement_id__in=ids, day__lte=last)
        .order_by()
        .values_list("placement_id")
        .annotate(
            with_return=Count("pk", filter=shown),
            attended=Count("pk", filter=shown & present),
            missed=Count("pk", filter=shown & ~present),
            ever_attended=Count("pk", filter=present),
            ever_ran=Count("pk", filter=~Q(report=ProviderReport.DID_NOT_RUN)),
        )
    )
    found: dict[int, dict[str, Fraction | int]] = {pk: dict.fromkeys(names, 0) for pk in ids}
    for pk, *counts in rows:
        found[pk] = dict(zip(names, counts, strict=True))
    return found


def _targets(ids: list[int], first: date, last: date) -> dict[int, dict[str, Fraction | int]]:
    newest = (
        TargetResult.objects.filter(target__placement_id__in=ids, review__held_on__range=(first, last))
        .order_by("target_id", "-review__held_on", "-review_id")
        .distinct("target_id")
        .values_list("target__placement_id", "result")
    )
    found: dict[int, dict[str, Fraction | int]] = {pk: {"targets": 0, "met": 0} for pk in ids}
    for pk, result in newest:
        found[pk]["targets"] += 1
        found[pk]["met"] += int(result == Result.MET)
    return found


def _home(student_ids: list[int]) -> dict[int, list[tuple[date, int, int]]]:
    weeks: dict[int, list[tuple[date, int, int]]] = defaultdict(list)
    rows = HomeAttendance.objects.filter(student_id__in=student_ids).order_by("student_id", "week")
    for student_id, week, attended, possible in rows.values_list("student_id", "week", "attended", "possible"):
        weeks[student_id].append((week, attended, possible))
    return weeks


def _compared(
    weeks: Sequence[tuple[date, int, int]], ran: Sequence[_Stretch], last: date, attended: int, returned: int
) -> dict[str, Fraction | int]:
    """The four sums of the comparison, all 0 when the placement cannot be compared."""
    begins = min(stretch.first for stretch in ran)
    ends = min(last, max(stretch.last for stretch in ran))
    until = monday_of(begins)
    since = monday_of(begins - (ends - begins) - timedelta(days=1))
    before = [(n, m) for week, n, m in weeks if since <= week < until]
    possible = sum(m for _, m in before)
    present = sum(n for n, _ in before)
    rates = (
        Fraction(present, possible) if possible else None,
        Fraction(attended, returned) if returned else None,
    )
    if change(*rates, possible) is None:
        present = possible = attended = returned = 0
    return {
        "before_attended": present,
        "before_possible": possible,
        "after_attended": attended,
        "after_returned": returned,
    }


def _ending(placement: Placement, last: date) -> str:
    if placement.ended_on is None or placement.ended_on > last:
        return "running"
    if placement.ending_reason in BROKE_DOWN:
        return "broke_down"
    return "returned" if placement.destination == Destination.HOME_SCHOOL else "moved_on"
