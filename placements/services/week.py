"""Part-time timetables: half-days without education, agreed with a parent, for a short time that is reviewed."""

from collections.abc import Collection
from datetime import date, datetime

from placements.models import PartTimeTimetable, TimetableSlot
from placements.services._moves import say_why
from trust.calendar import date_words, last_day, london_date, to_range
from trust.errors import RuleBroken
from trust.models import Student, User
from trust.permissions import Permission
from trust.services import require, saving


def record_part_time(
    *,
    student_id: int,
    slots: Collection[int],
    first: date,
    last: date,
    reason: str,
    agreed_by: str,
    agreed_on: date,
    review_on: date,
    by: User,
    now: datetime,
) -> PartTimeTimetable:
    """Record the half-days (0 to 9, of every week) in which a student is not in education, with the agreement.

    The week then accounts for all ten sessions; what is neither here nor at a provider is spent at the home school.
    """
    why = say_why(reason, "the part-time timetable")
    with saving(by=by, reason=why):
        student = Student.objects.select_for_update(no_key=True).get(pk=student_id)
        require(by, Permission.START_PLACEMENT, home_id=student.school_id)
        wanted = sorted(set(slots))
        if not wanted:
            raise RuleBroken("Choose at least one half-day.", field="slots")
        if last < first:
            raise RuleBroken("The last day must not be before the first.", field="last")
        if not first <= review_on <= last:
            raise RuleBroken("The review lies between the first and the last day.", field="review_on")
        if agreed_on > london_date(now):
            raise RuleBroken("The parent has not agreed yet on that day.", field="agreed_on")
        if not agreed_by.strip():
            raise RuleBroken("Name the parent who agreed.", field="agreed_by")
        period = to_range(first, last)
        taken = TimetableSlot.objects.filter(student=student, live=True, runs__overlap=period)
        for row in taken:
            if any(slot % 10 in wanted for slot in range(row.slots.lower, row.slots.upper)):
                raise RuleBroken("The student is expected at a provider in one of these half-days.", field="slots")
        return PartTimeTimetable.objects.create(
            student=student,
            school_id=student.school_id,
            slots=wanted,
            period=period,
            reason=why,
            agreed_by=agreed_by.strip(),
            agreed_on=agreed_on,
            review_on=review_on,
            recorded_by=by,
            recorded_at=now,
        )


def end_part_time(*, timetable_id: int, last: date, by: User, now: datetime) -> PartTimeTimetable:
    """The student is back in all sessions: ``last`` is the last day of the part-time timetable, inclusive."""
    with saving(by=by, reason="Part-time timetable ended"):
        row: PartTimeTimetable = PartTimeTimetable.objects.select_for_update().get(pk=timetable_id)
        require(by, Permission.START_PLACEMENT, home_id=row.school_id)
        planned = last_day(row.period) or last
        if not row.period.lower <= last < planned:
            raise RuleBroken(f"Choose a day before {date_words(planned)} on which it was in force.", field="last")
        row.period = to_range(row.period.lower, last)
        row.review_on = min(row.review_on, last)
        row.save()
    return row


def check_not_part_time(student_id: int, placement_id: int) -> None:
    """A placement takes no half-day in which its student is not in education; ``RuleBroken`` with what to do."""
    for part in PartTimeTimetable.objects.filter(student_id=student_id):
        rows = TimetableSlot.objects.filter(placement_id=placement_id, runs__overlap=part.period)
        if any(slot % 10 in part.slots for row in rows for slot in range(row.slots.lower, row.slots.upper)):
            raise RuleBroken(
                "In one of these half-days a part-time timetable is recorded: end it before the placement begins."
            )
