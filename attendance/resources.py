"""Attendance at the home school from its management information system: session codes, or the sums of a week."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace

from django.core.exceptions import ValidationError
from import_export.fields import Field
from import_export.resources import Resource

from attendance.codes import LEGACY_END, REGISTER_CODES
from attendance.models import HomeAttendance
from trust.codes import Session
from trust.models import Student
from trust.queries import rolls_of, school_on
from trust.resources import (
    CodeWidget,
    Column,
    DayWidget,
    Fault,
    Found,
    NumberWidget,
    Office,
    Table,
    TextWidget,
    cells_of,
    each_cell_once,
    faults_of,
    refusals_of,
    student_faults,
)
from trust.rules import tidy_upn

SESSION_COLUMNS = (
    Column("upn", "UPN of the student", True, ("upn", "unique pupil number", "pupil upn", "student upn")),
    Column("day", "Date of the session", False, ("date", "session date", "mark date")),
    Column("session", "AM or PM", False, ("session", "am/pm", "am pm", "period")),
    Column("code", "Register code", False, ("code", "mark", "attendance code", "mark code")),
    Column("week", "A date in the week", False, ("week", "week beginning", "week commencing"), "For sums of a week."),
    Column("possible", "Possible sessions", False, ("possible", "possible sessions", "sessions possible")),
    Column("attended", "Attended sessions", False, ("attended", "present", "sessions attended", "attendances")),
    Column("unauthorised", "Unauthorised absences", False, ("unauthorised", "unauthorised absences", "unauth")),
)
_BY_SESSION = ("day", "session", "code")
# How systems export a session for which no mark is made yet.
_NO_MARK = ("", "-")
_BY_WEEK = ("week", "possible", "attended", "unauthorised")


def mapping_fault(mapping: Mapping[str, str]) -> str:
    """What is missing from the matched columns, '' when either form of file is whole."""
    by_session = [name for name in _BY_SESSION if name in mapping]
    by_week = [name for name in _BY_WEEK if name in mapping]
    if by_session and by_week:
        return "Match either date, AM or PM and code, or the week and its sums, not both."
    if len(by_session) == len(_BY_SESSION) or len(by_week) == len(_BY_WEEK):
        return ""
    return "Match date, AM or PM and code; or a date in the week with possible, attended and unauthorised."


@dataclass
class _Week:
    """What the file says of one student's week."""

    student: Student
    row: int
    codes: dict[int, str] = field(default_factory=dict)
    sums: tuple[int, int, int] | None = None


class _Row(Resource):  # type: ignore[misc]
    """Cleans the cells of one row."""

    def __init__(self, names: frozenset[str], office: Office) -> None:
        super().__init__()
        day = DayWidget(
            first=office.today - timedelta(days=6 * 365), last=office.today, too_late="This day lies in the future."
        )
        halves = {
            "AM": "AM",
            "PM": "PM",
            "Morning": "AM",
            "Afternoon": "PM",
            "A": "AM",
            "P": "PM",
            "1": "AM",
            "2": "PM",
        }
        widgets = {
            "day": day,
            "week": day,
            "session": CodeWidget(halves),
            "code": TextWidget(2, required=True, upper=True),
            "possible": NumberWidget(0, 10),
            "attended": NumberWidget(0, 10),
            "unauthorised": NumberWidget(0, 10, blank=0),
        }
        self.fields = {
            name: Field(attribute=name, column_name=name, widget=widget)
            for name, widget in widgets.items()
            if name in names
        }


def check_sessions(table: Table, mapping: Mapping[str, str], office: Office) -> Found:
    """What the rows would add and change by week, and every fault by row and column; writes nothing.

    Codes of single sessions join those known of the week, and the sums are counted anew from the code table; a session
    without a mark says nothing. Sums never take the place of codes, from which they can be counted.
    """
    resource = _Row(frozenset(mapping), office)
    rows = [(number, {**cells, "upn": tidy_upn(cells["upn"])}) for number, cells in cells_of(table, mapping)]
    students = {
        student.upn: student
        for student in Student.objects.filter(upn__in={cells["upn"] for _, cells in rows}).only("upn", "school_id")
    }
    found = Found(fields=("possible", "attended", "unauthorised", "source", "codes"))
    weeks: dict[tuple[int, date], _Week] = {}
    first_seen: dict[tuple[str, date, int], int] = {}
    for number, cells in office.each(rows):
        student = students.get(cells["upn"])
        faults = faults_of(number, cells, mapping)
        faults += student_faults(number, cells["upn"], student, mapping, office)
        if cells.get("code") in _NO_MARK:
            found.faults += each_cell_once(faults)
            continue
        clean = SimpleNamespace()
        try:
            resource.import_instance(clean, cells)
        except ValidationError as error:
            faults += refusals_of(number, error, mapping)
        else:
            faults += _row_faults(number, clean, mapping)
        if faults or student is None:
            found.faults += each_cell_once(faults)
            continue
        day = clean.day if "code" in mapping else clean.week
        monday = day - timedelta(days=day.weekday())
        slot = day.weekday() * 2 + (clean.session == Session.PM) if "code" in mapping else -1
        key = (cells["upn"], monday, slot)
        if key in first_seen:
            heading = mapping["day" if "code" in mapping else "week"]
            found.faults.append(Fault(number, heading, f"The same session or week stands in row {first_seen[key]}."))
            continue
        first_seen[key] = number
        week = weeks.setdefault((student.pk, monday), _Week(student, number))
        if "code" in mapping:
            week.codes[slot] = clean.code
        else:
            week.sums = (clean.possible, clean.attended, clean.unauthorised)
    _compare(found, weeks, mapping)
    return found


def _row_faults(number: int, clean: SimpleNamespace, mapping: Mapping[str, str]) -> list[Fault]:
    if "code" not in mapping:
        if clean.attended + clean.unauthorised > clean.possible:
            sentence = "Attended and unauthorised sessions cannot be more than the possible ones."
            return [Fault(number, mapping["possible"], sentence)]
        return []
    if clean.day.weekday() > 4:
        return [Fault(number, mapping["day"], "This day is a Saturday or a Sunday.")]
    entry = REGISTER_CODES.get(clean.code)
    if entry is None:
        return [Fault(number, mapping["code"], f"'{clean.code}' is not a register code.")]
    if entry.import_only and clean.day >= LEGACY_END:
        return [Fault(number, mapping["code"], f"Code {clean.code} ended on 19 August 2024.")]
    return []


def _compare(found: Found, weeks: Mapping[tuple[int, date], _Week], mapping: Mapping[str, str]) -> None:
    """Sort the weeks into new, changed and unchanged ones."""
    ids = {student for student, _ in weeks}
    mondays = [monday for _, monday in weeks]
    known = {}
    if weeks:
        rows = HomeAttendance.objects.filter(student_id__in=ids, week__range=(min(mondays), max(mondays)))
        known = {(row.student_id, row.week): row for row in rows}
    rolls = rolls_of(ids)
    for (student_id, monday), week in weeks.items():
        row = known.get((student_id, monday))
        before = (row.possible, row.attended, row.unauthorised, list(row.codes)) if row else None
        if before and before[3] and week.sums:
            if before[:3] == week.sums:
                found.unchanged += 1
            else:
                words = (
                    "This week is recorded by session codes, which do not give these sums: import its codes instead."
                )
                found.faults.append(Fault(week.row, mapping["week"], words))
            continue
        codes = list(row.codes) if row and row.codes else [""] * 10
        for slot, code in week.codes.items():
            codes[slot] = code
        possible, attended, unauthorised = week.sums or _counted(codes)
        codes = [] if week.sums else codes
        after = (possible, attended, unauthorised, codes)
        if before == after:
            found.unchanged += 1
            continue
        if row is None:
            last = monday + timedelta(days=6)
            school_id = school_on(rolls.get(student_id, ()), last, otherwise=week.student.school_id)
            row = HomeAttendance(student=week.student, week=monday, school_id=school_id)
        row.possible, row.attended, row.unauthorised, row.codes = after
        row.source = "imported"
        (found.new if before is None else found.changed).append(row)


def _counted(codes: list[str]) -> tuple[int, int, int]:
    """Possible, attended and unauthorised sessions among the codes of a week."""
    entries = [REGISTER_CODES[code] for code in codes if code]
    return (
        sum(entry.possible for entry in entries),
        sum(entry.attended for entry in entries),
        sum(entry.authorised is False for entry in entries),
    )
