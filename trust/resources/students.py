"""Students: found by UPN, added or put right, never removed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from import_export.fields import Field
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import ModelResource
from tablib import Dataset

from trust.codes import SenStatus, Sex
from trust.errors import RuleBroken
from trust.models import Student
from trust.resources.table import Column, Fault, Found, Office, Table, cells_of, each_cell_once, faults_of, refusals_of
from trust.resources.widgets import CodeWidget, DayWidget, NumberWidget, TextWidget, YesNoWidget
from trust.rules import check_upn, fold_name, sort_name, tidy_upn
from trust.scoping import GUEST_STATUSES

STUDENT_COLUMNS = (
    Column("upn", "UPN", True, ("upn", "unique pupil number")),
    Column("family_name", "Legal family name", True, ("legal surname", "surname", "family name", "last name")),
    Column("first_name", "Legal first names", True, ("legal forename", "forename", "first name", "given name")),
    Column("preferred_name", "Preferred first name", False, ("preferred forename", "preferred first name", "known as")),
    Column("born_on", "Date of birth", True, ("date of birth", "dob", "birth date")),
    Column("sex", "Sex", True, ("sex", "gender")),
    Column("nc_year", "NC year", True, ("nc year", "national curriculum year", "year group", "year")),
    Column("school", "School", False, ("school", "school name", "urn", "base name"), "Short name, name or URN."),
    Column("free_school_meals", "Free school meals", False, ("fsm", "free school meals", "eligible for free meals")),
    Column("pupil_premium", "Pupil premium", False, ("pupil premium", "pp")),
    Column("sen_status", "SEN status", False, ("sen status", "sen", "sen provision")),
    Column("ehc_authority", "Local authority of the EHC plan", False, ("ehcp authority", "ehc authority")),
    Column("looked_after", "Looked after", False, ("looked after", "in care", "lac", "cla")),
    Column("virtual_school", "Virtual school head", False, ("virtual school", "virtual school head")),
    Column("social_worker", "Social worker", False, ("social worker",)),
    Column("ethnicity", "Ethnicity", False, ("ethnicity", "ethnic origin")),
    Column("senco", "SENCO", False, ("senco",)),
)

_OLDEST = date(1995, 1, 1)
OF_ANOTHER_SCHOOL = "This UPN belongs to a student who is not on the roll of this school."
_SEN_WORDS = {
    **{str(label): code for code, label in SenStatus.choices},
    **{code: code for code, _ in SenStatus.choices},
    "SEN support": SenStatus.SUPPORT,
    "EHCP": SenStatus.EHC_PLAN,
    "None": SenStatus.NONE,
}


class _Student(ModelResource):  # type: ignore[misc]
    """Cleans the cells of one row into a student."""

    class Meta:
        model = Student
        import_id_fields = ["upn"]
        instance_loader_class = CachedInstanceLoader
        fields: tuple[str, ...] = ()

    def __init__(self, names: frozenset[str], today: date) -> None:
        super().__init__()
        widgets = {
            "upn": TextWidget(13, required=True, upper=True),
            "family_name": TextWidget(80, required=True),
            "first_name": TextWidget(80, required=True),
            "preferred_name": TextWidget(80),
            "born_on": DayWidget(first=_OLDEST, last=today, too_late="This date of birth lies in the future."),
            "sex": CodeWidget({"F": Sex.FEMALE, "M": Sex.MALE, "Female": Sex.FEMALE, "Male": Sex.MALE}),
            "nc_year": NumberWidget(0, 14, words="year|yr|y"),
            "free_school_meals": YesNoWidget(),
            "pupil_premium": YesNoWidget(),
            "sen_status": CodeWidget(_SEN_WORDS, blank=SenStatus.NONE),
            "ehc_authority": TextWidget(80),
            "looked_after": YesNoWidget(),
            "virtual_school": TextWidget(120),
            "social_worker": TextWidget(120),
            "ethnicity": TextWidget(60),
            "senco": TextWidget(120),
        }
        self.fields = {
            name: Field(attribute=name, column_name=name, widget=widget)
            for name, widget in widgets.items()
            if name in names
        }
        self._meta.import_order = list(self.fields)


def check_students(table: Table, mapping: Mapping[str, str], office: Office) -> Found:
    """What the rows would add and change, and every fault by row and column; writes nothing."""
    resource = _Student(frozenset(mapping), office.today)
    rows = [(number, {**cells, "upn": tidy_upn(cells["upn"])}) for number, cells in cells_of(table, mapping)]
    data = Dataset(headers=["upn"])
    data.extend([(cells["upn"],) for _, cells in rows if len(cells["upn"]) <= 13])
    loader = CachedInstanceLoader(_Student(frozenset({"upn"}), office.today), data)
    names = tuple(name for name in resource.fields if name != "upn")
    found = Found(fields=names)
    placed = _with_open_placement(loader) if "school" in mapping else frozenset()
    first_seen: dict[str, int] = {}
    for number, cells in office.each(rows):
        faults = faults_of(number, cells, mapping)
        upn = cells["upn"]
        if upn in first_seen:
            faults.append(Fault(number, mapping["upn"], f"This UPN stands in row {first_seen[upn]} already."))
        elif upn:
            first_seen[upn] = number
            faults += upn_faults(number, upn, mapping)
        student = loader.get_instance({"upn": upn}) if len(upn) <= 13 else None
        before = tuple(getattr(student, name) for name in names) if student else None
        school_before = student.school_id if student else None
        student = student or Student()
        faults += _school_faults(number, student, cells, mapping, office, placed)
        try:
            resource.import_instance(student, cells)
        except ValidationError as error:
            faults += [
                fault for fault in refusals_of(number, error, mapping) if fault.column != mapping["upn"] or not upn
            ]
        else:
            faults += _what_belongs_together(number, student, mapping)
        if faults:
            found.faults += each_cell_once(faults)
            continue
        student.sort_name = sort_name(student.family_name, student.preferred_name or student.first_name)
        if before is None:
            found.new.append(student)
        elif before != tuple(getattr(student, name) for name in names) or school_before != student.school_id:
            found.changed.append((student, school_before))
        else:
            found.unchanged += 1
    return found


def upn_faults(number: int, upn: str, mapping: Mapping[str, str]) -> list[Fault]:
    """What is wrong with the shape or the check letter of a UPN."""
    try:
        check_upn(upn)
    except RuleBroken as error:
        return [Fault(number, mapping["upn"], error.message)]
    return []


def student_faults(
    number: int, upn: str, student: Student | None, mapping: Mapping[str, str], office: Office
) -> list[Fault]:
    """Why a row about a student cannot be read: an unknown or wrong UPN, or a student of another school."""
    if student is not None:
        return [] if office.takes(student.school_id) else [Fault(number, mapping["upn"], OF_ANOTHER_SCHOOL)]
    return upn_faults(number, upn, mapping) or [
        Fault(number, mapping["upn"], "No student has this UPN: import the students first.")
    ]


def _with_open_placement(loader: Any) -> frozenset[int]:
    """Students of the file who are proposed or placed somewhere: their home school does not change by a file."""
    ids = [student.pk for student in loader.all_instances.values()]
    rows = Student.objects.filter(pk__in=ids, placements__status__in=GUEST_STATUSES)
    return frozenset(rows.values_list("pk", flat=True))


def _school_faults(
    number: int,
    student: Student,
    cells: Mapping[str, str],
    mapping: Mapping[str, str],
    office: Office,
    placed: frozenset[int],
) -> list[Fault]:
    """Give the student the school of the row; a student of another school than the office's own is refused."""
    if student.pk and not office.takes(student.school_id):
        return [Fault(number, mapping["upn"], OF_ANOTHER_SCHOOL)]
    named = cells.get("school", "")
    if named:
        school_id = office.schools.get(fold_name(named))
        if school_id is None:
            return [Fault(number, mapping["school"], f"'{named[:40]}' is not a school of the trust.")]
        if not office.takes(school_id):
            return [Fault(number, mapping["school"], "This is another school than the one that you import for.")]
    elif student.pk:
        return []
    elif office.school_id is None:
        heading = mapping.get("school", mapping["upn"])
        return [Fault(number, heading, "Name the school of a student who is not known yet.")]
    else:
        school_id = office.school_id
    if student.pk and school_id != student.school_id and student.pk in placed:
        return [
            Fault(
                number,
                mapping["school"],
                "The student has an open placement, so the home school does not change: end the placement first.",
            )
        ]
    student.school_id = school_id
    return []


def _what_belongs_together(number: int, student: Student, mapping: Mapping[str, str]) -> list[Fault]:
    faults = []
    if student.sen_status == SenStatus.EHC_PLAN and not student.ehc_authority:
        heading = mapping.get("ehc_authority") or mapping.get("sen_status", mapping["upn"])
        faults.append(Fault(number, heading, "Name the local authority that maintains the EHC plan."))
    if student.looked_after and not (student.virtual_school and student.social_worker):
        heading = mapping.get("virtual_school") or mapping.get("looked_after", mapping["upn"])
        faults.append(
            Fault(number, heading, "Name the virtual school head and the social worker of a looked-after student.")
        )
    return faults
