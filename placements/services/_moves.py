"""What every door of ``placements`` shares: the order of the locks, the only writer of ``status``, the half-days."""

from collections.abc import Iterable
from datetime import date

from psycopg2.extras import DateRange, NumericRange

from placements.lifecycle import LIVE, Status, check_move
from placements.models import AgreedPrice, Budget, Placement, PlacementPeriod, TimetableSlot
from placements.queries import approved_budgets
from placements.rules import Timetable
from providers.models import Programme
from trust.errors import RuleBroken
from trust.models import Student, User
from trust.permissions import Permission
from trust.services import require


def locked(placement_id: int) -> Placement:
    """The placement under lock. Student before placement before programme before budgets before half-days: one
    order in all doors, so that two of them wait for each other instead of dying in a deadlock.
    """
    student_id = Placement.objects.values_list("student_id", flat=True).get(pk=placement_id)
    Student.objects.select_for_update(no_key=True).get(pk=student_id)
    placement: Placement = (
        Placement.objects.select_for_update(of=("self",))
        .select_related("student", "referral", "provider", "programme", "site")
        .get(pk=placement_id)
    )
    return placement


def lock_programme(placement: Placement, also: Iterable[int] = ()) -> None:
    """Hold the places of the placement's programmes and of ``also``, in the order of their ids: two at once never
    share the last one.
    """
    taught = TimetableSlot.objects.filter(placement=placement).values_list("programme_id", flat=True)
    wanted = {placement.programme_id, *taught, *also}
    list(Programme.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("id"))


def lock_budgets(school_id: int, labels: Iterable[str]) -> dict[str, Budget]:
    """The approved budgets of these academic years by label, locked in the order of their ids."""
    ids = [budget.pk for budget in approved_budgets(school_id, list(labels))]
    rows = Budget.objects.select_for_update(of=("self",)).filter(pk__in=ids).select_related("academic_year")
    return {budget.academic_year.label: budget for budget in rows.order_by("id")}


def move(
    placement: Placement,
    new: str,
    by: User,
    *,
    instead: Permission | None = None,
    only_from: Status | None = None,
) -> None:
    """The only writer of ``status``; ``live`` follows it, and the half-days follow ``live``.

    ``instead`` is the permission of a door with a rule of its own: what runs already is not started again.
    ``only_from`` is the status that a door leads from, where several moves of the table end in the same status: a
    start is no resuming and no reopening.
    """
    wanted = check_move(placement.status, new)
    if only_from is not None and placement.status != only_from:
        was = str(Status(placement.status).label).lower()
        raise RuleBroken(f"This step is for a placement that is '{only_from.label.lower()}'; this one is '{was}'.")
    require(by, instead or wanted, home_id=placement.school_id)
    placement.status = Status(new)
    placement.live = placement.status in LIVE


def save(placement: Placement) -> None:
    """Write a placement and count its version up, so that a form opened before is told."""
    placement.version += 1
    placement.save()


def add_slots(placement: Placement, period: PlacementPeriod, timetable: Timetable, runs: DateRange) -> None:
    """One row for each half-day of the fortnight with its site and programme, in force on the days of ``runs``."""
    TimetableSlot.objects.bulk_create(
        TimetableSlot(
            placement=placement,
            placement_period=period,
            student_id=placement.student_id,
            site_id=site_id,
            programme_id=programme_id,
            live=placement.live,
            slots=NumericRange(slot, slot + 1),
            runs=runs,
        )
        for slot, (site_id, programme_id) in sorted(timetable.items())
    )


def agree_prices(period: PlacementPeriod, programme_ids: Iterable[int]) -> None:
    """Keep today's price of each programme as the agreed one of the period; an agreed one stays as it is."""
    agreed = set(AgreedPrice.objects.filter(placement_period=period).values_list("programme_id", flat=True))
    AgreedPrice.objects.bulk_create(
        AgreedPrice(
            placement_period=period,
            programme=programme,
            unit=programme.unit,
            rate=programme.rate,
            hours_per_session=programme.hours_per_session,
        )
        for programme in Programme.objects.filter(pk__in=set(programme_ids) - agreed).order_by("id")
    )


def stop_slots(placement: Placement, after: date) -> None:
    """Nothing is expected after the day ``after``: rows that begin later go, the others end with it."""
    for row in TimetableSlot.objects.filter(placement=placement):
        if row.runs.lower > after:
            row.delete()
        elif row.runs.upper is None or row.runs.upper > next_day(after):
            row.runs = DateRange(row.runs.lower, next_day(after), "[)")
            row.save(update_fields=["runs"])


def next_day(day: date) -> date:
    """The day after ``day``."""
    return date.fromordinal(day.toordinal() + 1)


def say_why(reason: str, what: str) -> str:
    """The reason without blanks around it; ``RuleBroken`` without one."""
    if not reason.strip():
        raise RuleBroken(f"Give the reason for {what}.", field="reason")
    return reason.strip()
