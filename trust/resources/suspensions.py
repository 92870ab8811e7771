"""Suspensions: found by the student's UPN and the first day, added or put right, never removed."""

from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace

from django.core.exceptions import ValidationError
from import_export.fields import Field
from import_export.resources import Resource

from trust.models import Student, Suspension
from trust.queries import rolls_of, school_on
from trust.resources.students import student_faults
from trust.resources.table import Column, Fault, Found, Office, Table, cells_of, each_cell_once, faults_of, refusals_of
from trust.resources.widgets import DayWidget, NumberWidget
from trust.rules import tidy_upn

SUSPENSION_COLUMNS = (
    Column("upn", "UPN of the student", True, ("upn", "unique pupil number", "pupil upn", "student upn")),
    Column("first_day", "First day", True, ("start date", "first day", "date", "exclusion start", "suspension start")),
    Column(
        "sessions", "Sessions", True, ("sessions", "number of sessions", "length in sessions"), "Half-days, 1 to 90."
    ),
)


class _Suspension(Resource):  # type: ignore[misc]
    """Cleans the cells of one row."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        day = DayWidget(
            first=office.today - timedelta(days=6 * 365),
            last=office.today + timedelta(days=7),
            too_late="This day lies too far in the future.",
        )
        self.fields = {
            "first_day": Field(attribute="first_day", column_name="first_day", widget=day),
            # 45 school days a year are the most that the law allows.
            "sessions": Field(attribute="sessions", column_name="sessions", widget=NumberWidget(1, 90)),
        }


def check_suspensions(table: Table, mapping: Mapping[str, str], office: Office) -> Found:
    """What the rows would add and change, and every fault by row and column; writes nothing."""
    resource = _Suspension(office)
    rows = [(number, {**cells, "upn": tidy_upn(cells["upn"])}) for number, cells in cells_of(table, mapping)]
    students = {student.upn: student for student in Student.objects.filter(upn__in={cells["upn"] for _, cells in rows})}
    known = {
        (row.student_id, row.first_day): row for row in Suspension.objects.filter(student__in=list(students.values()))
    }
    rolls = rolls_of([student.pk for student in students.values()])
    found = Found(fields=("sessions", "source"))
    first_seen: dict[tuple[str, object], int] = {}
    for number, cells in office.each(rows):
        student = students.get(cells["upn"])
        faults = faults_of(number, cells, mapping)
        faults += student_faults(number, cells["upn"], student, mapping, office)
        clean = SimpleNamespace()
        try:
            resource.import_instance(clean, cells)
        except ValidationError as error:
            faults += refusals_of(number, error, mapping)
        if not faults and student is not None:
            key = (cells["upn"], clean.first_day)
            if key in first_seen:
                sentence = f"This suspension stands in row {first_seen[key]} already."
                faults.append(Fault(number, mapping["first_day"], sentence))
            first_seen.setdefault(key, number)
        if faults or student is None:
            found.faults += each_cell_once(faults)
            continue
        row = known.get((student.pk, clean.first_day))
        if row is None:
            found.new.append(
                Suspension(
                    student=student,
                    school_id=school_on(rolls.get(student.pk, ()), clean.first_day, otherwise=student.school_id),
                    first_day=clean.first_day,
                    sessions=clean.sessions,
                    source="imported",
                )
            )
        elif row.sessions != clean.sessions:
            row.sessions, row.source = clean.sessions, "imported"
            found.changed.append(row)
        else:
            found.unchanged += 1
    return found
