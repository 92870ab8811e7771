"""Contacts of students: found by the student's UPN and the person's name, added or put right, never removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from import_export.fields import Field
from import_export.resources import Resource

from trust.codes import Relationship
from trust.models import Contact, ContactLink, Student
from trust.resources.students import student_faults
from trust.resources.table import Column, Fault, Found, Office, Table, cells_of, each_cell_once, faults_of, refusals_of
from trust.resources.widgets import CodeWidget, TextWidget, YesNoWidget
from trust.rules import fold_name, tidy_upn

CONTACT_COLUMNS = (
    Column("upn", "UPN of the student", True, ("upn", "unique pupil number", "pupil upn", "student upn")),
    Column("family_name", "Family name", True, ("contact surname", "surname", "family name", "last name")),
    Column("first_name", "First name", True, ("contact forename", "forename", "first name", "given name")),
    Column("title", "Title", False, ("title", "contact title")),
    Column("relationship", "Relationship", True, ("relationship", "relation", "relationship to student")),
    Column(
        "parental_responsibility", "Parental responsibility", True, ("parental responsibility", "pr", "responsibility")
    ),
    Column("has_care", "Has care of the student", False, ("lives with", "has care", "resident", "court order care")),
    Column("address", "Address", False, ("address", "address block", "full address")),
    Column("postcode", "Postcode", False, ("postcode", "post code")),
    Column("email", "E-mail", False, ("email", "e-mail", "email address", "primary email")),
    Column("phone", "Telephone", False, ("telephone", "phone", "mobile", "main telephone")),
    Column("language", "Language, if not English", False, ("language", "first language", "home language")),
)

_OF_PERSON = ("title", "first_name", "family_name", "address", "postcode", "email", "phone", "language")
_OF_LINK = ("relationship", "parental_responsibility", "has_care")
_RELATIONS = {
    **{str(label): code for code, label in Relationship.choices},
    **{code: code for code, _ in Relationship.choices},
    "Mum": Relationship.MOTHER,
    "Dad": Relationship.FATHER,
    "Step-mother": Relationship.STEP_PARENT,
    "Step-father": Relationship.STEP_PARENT,
    "Stepmother": Relationship.STEP_PARENT,
    "Stepfather": Relationship.STEP_PARENT,
    "Step parent": Relationship.STEP_PARENT,
    "Grandmother": Relationship.GRANDPARENT,
    "Grandfather": Relationship.GRANDPARENT,
    "Carer": Relationship.GUARDIAN,
    "Foster mother": Relationship.FOSTER_CARER,
    "Foster father": Relationship.FOSTER_CARER,
    "Other relative": Relationship.OTHER_FAMILY,
    "Other contact": Relationship.OTHER,
}


@dataclass
class ContactRow:
    """A person and what they are to one student; both are new, known or changed apart from each other."""

    person: Contact
    link: ContactLink
    person_changed: bool
    link_changed: bool


class _Contact(Resource):  # type: ignore[misc]
    """Cleans the cells of one row."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        widgets = {
            "family_name": TextWidget(80, required=True),
            "first_name": TextWidget(80, required=True),
            "title": TextWidget(20),
            "relationship": CodeWidget(_RELATIONS),
            "parental_responsibility": YesNoWidget(),
            "has_care": YesNoWidget(),
            "address": TextWidget(400),
            "postcode": TextWidget(8, upper=True),
            "email": TextWidget(254),
            "phone": TextWidget(30),
            "language": TextWidget(60),
        }
        self.fields = {
            name: Field(attribute=name, column_name=name, widget=widget)
            for name, widget in widgets.items()
            if name in names
        }


def check_contacts(table: Table, mapping: Mapping[str, str], office: Office) -> Found:
    """What the rows would add and change, and every fault by row and column; writes nothing.

    A person is the same for brothers and sisters when the name and the e-mail address or the telephone number are.
    Consent, restrictions and large print are decided here in the school, so no file touches them.
    """
    resource = _Contact(frozenset(mapping))
    rows = [(number, {**cells, "upn": tidy_upn(cells["upn"])}) for number, cells in cells_of(table, mapping)]
    students = {student.upn: student for student in Student.objects.filter(upn__in={cells["upn"] for _, cells in rows})}
    # One object for one person, however many students it stands behind: it is written once.
    shared: dict[int, Contact] = {}
    links, twice = _links_of(students.values(), shared)
    people = _people_of(office, shared)
    found = Found(fields=tuple(name for name in (*_OF_PERSON, *_OF_LINK) if name in mapping))
    first_seen: dict[tuple[str, str], int] = {}
    given: dict[int, tuple[int, Any, Contact]] = {}
    for number, cells in office.each(rows):
        faults = faults_of(number, cells, mapping)
        student = students.get(cells["upn"])
        faults += student_faults(number, cells["upn"], student, mapping, office)
        clean = SimpleNamespace()
        try:
            resource.import_instance(clean, cells)
        except ValidationError as error:
            faults += refusals_of(number, error, mapping)
        else:
            faults += _person_faults(number, clean, mapping)
        if faults or student is None:
            found.faults += each_cell_once(faults)
            continue
        name = _name(clean.first_name, clean.family_name)
        if (cells["upn"], name) in first_seen:
            row = first_seen[cells["upn"], name]
            found.faults.append(Fault(number, mapping["family_name"], f"This contact stands in row {row} already."))
            continue
        first_seen[cells["upn"], name] = number
        if (student.pk, name) in twice:
            words = "Two contacts of this student have this name: put them right on the student's page."
            found.faults.append(Fault(number, mapping["family_name"], words))
            continue
        link = links.get((student.pk, name))
        person = (link.contact if link else _known(people, clean)) or Contact()
        faults = _differing(person, clean, given, number, mapping)
        found.faults += faults or _sort(found, clean, student, link, person, people, number, mapping)
    return found


def _differing(
    person: Contact, clean: Any, given: dict[int, tuple[int, Any, Contact]], number: int, mapping: Mapping[str, str]
) -> list[Fault]:
    """Where a row says something else of a person than the row of a brother or sister: the last one must not win."""
    # The person is kept with it, so that no other one gets its id.
    row, first, _ = given.setdefault(id(person), (number, clean, person))
    return [
        Fault(number, mapping[name], f"Row {row} says something else of the same person: make the two rows agree.")
        for name in _OF_PERSON
        if name in mapping and getattr(first, name) != getattr(clean, name)
    ]


def _sort(
    found: Found,
    clean: Any,
    student: Student,
    link: ContactLink | None,
    person: Contact,
    people: dict[tuple[str, str], Contact],
    number: int,
    mapping: Mapping[str, str],
) -> list[Fault]:
    """Put the row among the new, the changed or the unchanged ones."""
    person_new, link_new = person.pk is None, link is None
    link = link or ContactLink(student=student)
    if link.email_consent and "email" in mapping and not clean.email:
        return [Fault(number, mapping["email"], "They agreed to notices by e-mail, so the address must not be blank.")]
    person_changed = _set(person, clean, _OF_PERSON)
    link_changed = _set(link, clean, _OF_LINK)
    for key in _keys(person):
        people.setdefault(key, person)
    row = ContactRow(person, link, person_new or person_changed, link_new or link_changed)
    if link_new:
        found.new.append(row)
    elif row.person_changed or row.link_changed:
        found.changed.append(row)
    else:
        found.unchanged += 1
    return []


def _set(record: Any, clean: Any, names: tuple[str, ...]) -> bool:
    changed = False
    for name in names:
        if hasattr(clean, name) and getattr(record, name) != getattr(clean, name):
            setattr(record, name, getattr(clean, name))
            changed = True
    return changed


def _name(first: str, family: str) -> str:
    return f"{fold_name(family)}, {fold_name(first)}"


def _keys(person: Any) -> list[tuple[str, str]]:
    """Under what a person is known again: the name with the address of the mailbox, or with the number."""
    name = _name(person.first_name, person.family_name)
    ways = (getattr(person, "email", "").casefold(), "".join(c for c in getattr(person, "phone", "") if c.isdigit()))
    return [(name, way) for way in ways if way]


def _known(people: Mapping[tuple[str, str], Contact], clean: Any) -> Contact | None:
    return next((people[key] for key in _keys(clean) if key in people), None)


def _links_of(
    students: Any, shared: dict[int, Contact]
) -> tuple[dict[tuple[int, str], ContactLink], set[tuple[int, str]]]:
    """The contacts of the students by student and name, and the names that two contacts of one student share."""
    rows = ContactLink.objects.filter(student__in=list(students)).select_related("contact")
    found: dict[tuple[int, str], ContactLink] = {}
    twice = set()
    for link in rows:
        link.contact = shared.setdefault(link.contact_id, link.contact)
        key = (link.student_id, _name(link.contact.first_name, link.contact.family_name))
        if key in found:
            twice.add(key)
        found[key] = link
    return found, twice


def _people_of(office: Office, shared: dict[int, Contact]) -> dict[tuple[str, str], Contact]:
    """People known through students of the office's schools; of another school nobody is found by guessing a number."""
    rows = Contact.objects.all()
    if office.school_id is not None:
        rows = rows.filter(links__student__school_id=office.school_id).distinct()
    return {key: shared.setdefault(person.pk, person) for person in rows for key in _keys(person)}


def _person_faults(number: int, clean: Any, mapping: Mapping[str, str]) -> list[Fault]:
    if getattr(clean, "email", ""):
        try:
            validate_email(clean.email)
        except ValidationError:
            return [Fault(number, mapping["email"], "This is not an e-mail address.")]
    return []
