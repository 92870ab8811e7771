"""One matter that waits for somebody, and what every read of such matters needs to know."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from notices.rules import (
    job_state,
)
from placements.lifecycle import Status as PlacementStatus
from placements.models import Placement
from trust.calendar import SchoolCalendar
from trust.codes import SettingCode
from trust.models import School, Student
from trust.permissions import Role
from trust.queries import calendars_of, settings_on

RUNNING = (PlacementStatus.ACTIVE, PlacementStatus.PAUSED)

# Ids of placements, or a queryset of them; None for all.
Among = Any


@dataclass(frozen=True)
class Job:
    """One matter that waits for somebody: ``kind``, ``placement`` and ``key`` name it, one flag each.

    ``state`` is 'overdue', 'due_today', 'due' or 'coming'; ``said`` what a list says of it; ``sentence`` names no
    student; ``name`` and ``next_step`` are those of a notice ('notice of the end', 'Prepare'). ``roles`` hear of it at
    once; the hours of the escalation run from ``pressing_from`` on, not before.
    """

    kind: str
    placement: Placement
    key: str
    due_on: date | None
    state: str
    said: str
    sentence: str
    path: str
    roles: tuple[Role, ...]
    urgent: bool = False
    pressing_from: date | None = None
    notice: Any = None
    name: str = ""
    next_step: str = ""

    @property
    def student(self) -> Student:
        """Whom it is about."""
        student: Student = self.placement.student
        return student

    @property
    def school(self) -> School:
        """Whose matter it is."""
        school: School = self.placement.school
        return school


@dataclass(frozen=True)
class Eyes:
    """What every read needs: the day, the thresholds of that day, the calendars of all schools."""

    today: date
    flag_days: int
    end_days: int
    practical_days: int
    reading: str
    calendars: dict[int, SchoolCalendar]

    def state(self, due_on: date) -> str:
        """Where a matter stands today."""
        return job_state(self.today, due_on, self.flag_days)

    def pressing(self, due_on: date) -> date:
        """The day from which a matter presses."""
        return due_on - timedelta(days=self.flag_days)


def eyes_on(today: date) -> Eyes:
    """The thresholds and calendars for one read; three queries whatever the number of schools."""
    values = settings_on(today)
    return Eyes(
        today,
        int(values[SettingCode.NOTICE_FLAG_DAYS]),
        int(values[SettingCode.PERIOD_END_DAYS]),
        int(values[SettingCode.NOTICE_PRACTICAL_DAYS]),
        values[SettingCode.NOTICE_READING],
        calendars_of(list(School.objects.order_by("id").values_list("pk", flat=True))),
    )


def only(rows: Any, path: str, among: Among) -> Any:
    """The rows of these placements; all when none are named."""
    return rows if among is None else rows.filter(**{f"{path}__in": among})
