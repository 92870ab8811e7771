"""What a proposal would mean, worked out while it is being written; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from placements.codes import ROUTE_RULES, Route
from placements.models import Placement, TimetableSlot
from placements.queries.money import Cost, cost_shown, planned_cost, planned_sessions
from placements.rules import Timetable, placed, slot_label
from providers.models import Programme, Provider
from trust.calendar import monday_of, to_range
from trust.errors import DomainError
from trust.models import Membership, Student


@dataclass(frozen=True)
class Preview:
    """Sessions, weeks, hours and cost of a proposal as typed, and what stands in its way."""

    cost: Cost | None
    weeks: int = 0
    weekly_hours: Decimal = Decimal(0)
    conflicts: tuple[str, ...] = ()
    problem: str = ""


def preview_of(
    student: Student, school_id: int, provider: Provider, data: Mapping[str, Any], placement_id: int | None = None
) -> Preview:
    """The figures of a proposal with the cleaned ``data`` of its form; ``placement_id`` is the one being changed."""
    route, first, last = Route(data["route"]), data["first"], data.get("last")
    if last is None or not ROUTE_RULES[route].needs_slots:
        return Preview(None, problem="This route has no timetable and no cost, or the last day is not given yet.")
    placement = Placement(
        student=student,
        school_id=school_id,
        provider=provider,
        host_school_id=provider.school_id,
        programme_id=data["programme_id"],
        site_id=data["site_id"],
        route=route,
    )
    timetable = placed(data["slots"], data["site_id"], data["programme_id"])
    try:
        sessions = planned_sessions(placement, first, last, timetable)
        lines = planned_cost(
            placement,
            first,
            last,
            timetable,
            transport_a_day=data.get("transport_a_day") or Decimal(0),
            one_off=data.get("one_off") or Decimal(0),
        )
    except DomainError as error:
        return Preview(None, problem=error.message)
    return Preview(
        cost_shown(school_id, sessions, lines),
        weeks=len({monday_of(day) for day, _ in sessions}),
        weekly_hours=_weekly_hours(timetable),
        conflicts=_conflicts(student, timetable, first, last, placement_id),
    )


def _weekly_hours(timetable: Timetable) -> Decimal:
    """Hours of the fuller of the two weeks."""
    ids = {programme_id for _, programme_id in timetable.values()}
    hours = dict(Programme.objects.filter(pk__in=ids).values_list("pk", "hours_per_session"))
    weeks = [
        sum((hours[programme_id] for slot, (_, programme_id) in timetable.items() if slot // 10 == week), Decimal(0))
        for week in (0, 1)
    ]
    return max(weeks)


def _conflicts(
    student: Student, timetable: Timetable, first: date, last: date, placement_id: int | None
) -> tuple[str, ...]:
    rows = TimetableSlot.objects.filter(student=student, live=True, runs__overlap=to_range(first, last))
    if placement_id is not None:
        rows = rows.exclude(placement_id=placement_id)
    rows = rows.select_related("placement__provider")
    return tuple(
        f"{slot_label(slot)}: already at {row.placement.provider}"
        for row in rows
        for slot in range(row.slots.lower, row.slots.upper)
        if slot in timetable
    )


def school_links(school_id: int, today: date) -> list[tuple[int, str]]:
    """Who may be the school link of a placement: people with a role at the school today, by name."""
    rows = Membership.objects.in_force(today).filter(school_id=school_id, user__is_active=True)
    people = rows.values_list("user_id", "user__full_name").distinct()
    return sorted(people, key=lambda row: row[1])
