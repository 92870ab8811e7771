"""Other half-days from a day on, and a later first day; what lies before the day stays as it was."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg2.extras import DateRange

from placements.lifecycle import Status
from placements.models import Placement, PlacementPeriod, TimetableChange, TimetableSlot
from placements.queries import (
    changed_cost,
    gate_facts,
    overrides_of,
    period_cost,
    planned_sessions,
    sessions_between,
    stretches_of,
    timetable_in_force,
)
from placements.rules import (
    Stretch,
    Timetable,
    check_first_day,
    check_gate,
    check_not_same_person,
    check_period,
    check_slots,
    gate,
    only_expected,
)
from placements.services._money import commit_more
from placements.services._moves import add_slots, agree_prices, lock_programme, locked, save, say_why, stop_slots
from placements.services.proposal import check_at_provider
from placements.services.week import check_not_part_time
from trust.calendar import date_words, last_day, london_date, to_range
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.queries import calendar_of
from trust.services import require, saving

Lines = tuple[tuple[str, Decimal], ...]


def propose_timetable_change(
    *, placement_id: int, from_day: date, slots: Timetable, reason: str, by: User, now: datetime
) -> TimetableChange:
    """Propose other half-days from ``from_day`` on, each of 0 to 19 with its site and programme.

    What lies before the day stays as it was. Refused on a day on which a session was marked already.
    """
    why = say_why(reason, "the change")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        require(by, Permission.START_PLACEMENT, home_id=placement.school_id)
        if placement.timetable_changes.filter(approved_at__isnull=True, dropped_at__isnull=True).exists():
            raise RuleBroken("A change of the timetable waits for a decision already.")
        timetable = {int(slot): (int(place[0]), int(place[1])) for slot, place in slots.items()}
        _check(placement, from_day, timetable, now)
        lines = _more(placement, from_day, timetable)
        return TimetableChange.objects.create(
            placement=placement,
            from_day=from_day,
            slots=[[slot, *place] for slot, place in sorted(timetable.items())],
            reason=why,
            cost_change=sum((amount for _, changes in lines for _, amount in changes), Decimal("0.00")),
            proposed_by=by,
            proposed_at=now,
        )


def approve_timetable_change(*, change_id: int, over_budget_reason: str, by: User, now: datetime) -> TimetableChange:
    """Put a proposed timetable in force: the gate for the new week, the money that it adds or sets free."""
    with saving(by=by, reason="Timetable change approved"):
        change, placement = _open_change(change_id)
        require(by, Permission.APPROVE_PLACEMENT, home_id=placement.school_id)
        check_not_same_person(change.proposed_by_id, by.pk)
        timetable = {slot: (site_id, programme_id) for slot, site_id, programme_id in change.slots}
        _check(placement, change.from_day, timetable, now)
        lock_programme(placement, {programme_id for _, programme_id in timetable.values()})
        lines = _more(placement, change.from_day, timetable)
        stop_slots(placement, change.from_day - timedelta(days=1))
        for period, _ in lines:
            begins = max(change.from_day, period.period.lower)
            add_slots(placement, period, timetable, DateRange(begins, period.period.upper, "[)"))
            agree_prices(period, {programme_id for _, programme_id in timetable.values()})
        check_not_part_time(placement.student_id, placement.pk)
        for period, changes in lines:
            commit_more(placement, period, changes, over_budget_reason, by)
        newest = placement.periods.filter(approved_at__isnull=False).latest("number")
        facts = replace(gate_facts(placement, newest, london_date(now)), on=london_date(now))
        check_gate(gate(facts), overrides_of(placement))
        change.approved_by, change.approved_at = by, now
        change.save()
        save(placement)
    return change


def drop_timetable_change(*, change_id: int, reason: str, by: User, now: datetime) -> TimetableChange:
    """Take back or decline a proposed timetable; it stays in the record with the reason."""
    why = say_why(reason, "dropping the change")
    with saving(by=by, reason=why):
        change, placement = _open_change(change_id)
        if not by.allows(Permission.START_PLACEMENT, home_id=placement.school_id):
            require(by, Permission.APPROVE_PLACEMENT, home_id=placement.school_id)
        change.dropped_by, change.dropped_at, change.dropped_reason = by, now, why[:240]
        change.save()
    return change


def change_start(*, placement_id: int, first: date, reason: str, by: User, now: datetime) -> Placement:
    """Move the first day of an approved placement that has not started to a later one; the last day stays.

    What is not used goes back to the budget. A notice that names another day must be void first (P7.2): called alone it
    refuses, ``notices.services.move_start`` does both.
    """
    why = say_why(reason, "the later start")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        require(by, Permission.START_PLACEMENT, home_id=placement.school_id)
        if placement.status != Status.APPROVED:
            raise RuleBroken("Only an approved placement that has not started gets another first day.")
        period = placement.periods.get(number=1)
        if placement.timetable_changes.filter(approved_at__isnull=False).exists():
            raise RuleBroken("The timetable was changed from a later day on: cancel the placement and propose it anew.")
        # A draft follows the period; the notices app makes void what names the old day before it calls this.
        if period.notice_given_on is not None or period.notices.exclude(status__in=["DRAFT", "VOID"]).exists():
            raise RuleBroken("A notice names another first day: it must be void before the start is moved.")
        if first <= period.period.lower or first < london_date(now):
            raise RuleBroken(
                f"Choose a day after {date_words(period.period.lower)}.",
                field="first",
                help="For an earlier start cancel the placement and propose it anew.",
            )
        final = last_day(period.period)
        check_period(calendar_of(placement.school_id), first, final, placement.route)
        timetable = timetable_in_force(placement)
        if timetable and final is not None:
            check_first_day(first, planned_sessions(placement, first, final, timetable))
        before = dict(period_cost(placement, period))
        period.period = to_range(first, final)
        period.save()
        TimetableSlot.objects.filter(placement=placement).delete()
        add_slots(placement, period, timetable, period.period)
        commit_more(placement, period, _difference(before, dict(period_cost(placement, period))), "", by)
        save(placement)
    return placement


def _open_change(change_id: int) -> tuple[TimetableChange, Placement]:
    placement = locked(TimetableChange.objects.values_list("placement_id", flat=True).get(pk=change_id))
    change: TimetableChange = TimetableChange.objects.select_for_update().get(pk=change_id)
    if change.approved_at is not None or change.dropped_at is not None:
        raise RuleBroken("This change was decided already.")
    return change, placement


def _check(placement: Placement, from_day: date, timetable: Timetable, now: datetime) -> None:
    """What must be true of a new timetable whenever it is proposed or put in force."""
    if placement.status not in (Status.APPROVED, Status.ACTIVE):
        raise RuleBroken("Only the timetable of an approved or running placement is changed from a day on.")
    check_slots(timetable)
    check_at_provider(timetable, placement.provider_id, from_day)
    if from_day < london_date(now):
        raise RuleBroken(f"{date_words(from_day)} has passed.", field="from_day")
    periods = list(placement.periods.filter(approved_at__isnull=False))
    if not any(_holds(period, from_day) for period in periods):
        raise RuleBroken("This day lies in no approved period of the placement.", field="from_day")
    if placement.status == Status.APPROVED and from_day <= periods[0].period.lower:
        raise RuleBroken("A timetable is changed after the first day, which the notice names.", field="from_day")
    if placement.marks.filter(day__gte=from_day).exists():
        raise RuleBroken("Sessions from this day on are marked already: choose a later day.", field="from_day")
    if timetable == timetable_in_force(placement, from_day):
        raise RuleBroken("This is the timetable that is in force on that day already.", field="slots")
    for period in periods:
        if _holds(period, from_day):
            final = last_day(period.period) or from_day
            row = [Stretch(from_day, final, timetable)]
            if not only_expected(sessions_between(placement, row, from_day, final)):
                raise RuleBroken("No half-day of this timetable falls before the last day.", field="slots")


def _holds(period: PlacementPeriod, day: date) -> bool:
    return bool(period.period.lower <= day and (period.period.upper is None or day < period.period.upper))


def _more(placement: Placement, from_day: date, timetable: Timetable) -> list[tuple[PlacementPeriod, Lines]]:
    """What the timetable adds to the cost of each approved period that it reaches, by academic year."""
    found = []
    for period in placement.periods.filter(approved_at__isnull=False).order_by("number"):
        final = last_day(period.period)
        if final is None or final < from_day:
            continue
        kept = [
            replace(row, last=min(row.last, from_day - timedelta(days=1)))
            for row in stretches_of(placement, period)
            if row.first < from_day
        ]
        after = [*kept, Stretch(max(from_day, period.period.lower), final, timetable)]
        before = dict(period_cost(placement, period))
        found.append((period, _difference(before, dict(changed_cost(placement, period, after)))))
    return found


def _difference(before: Mapping[str, Decimal], after: Mapping[str, Decimal]) -> Lines:
    labels: Iterable[str] = dict.fromkeys([*before, *after])
    nothing: Any = Decimal("0.00")
    return tuple((label, after.get(label, nothing) - before.get(label, nothing)) for label in labels)
