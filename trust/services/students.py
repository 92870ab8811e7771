"""Students and their contacts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trust.calendar import london_date
from trust.errors import RuleBroken
from trust.models import Contact, ContactLink, Enrolment, Student, User
from trust.permissions import Permission
from trust.rules import check_upn, sort_name, tidy_upn
from trust.services.integrity import check_version, require, saving


def add_student(*, data: Mapping[str, Any], by: User, now: datetime) -> Student:
    """A student on the roll of a school from today on. ``data``: ``school`` (a School) and the student's fields."""
    with saving(by=by, reason="student added"):
        require(by, Permission.EDIT_STUDENTS, home_id=data["school"].pk)
        student = Student(school=data["school"])
        _fill(student, data)
        student.save()
        Enrolment.objects.create(student=student, school=student.school, from_day=london_date(now))
    return student


def change_student(
    *, student_id: int, data: Mapping[str, Any], version: int | None, by: User, now: datetime
) -> Student:
    """Correct a student's facts. The home school is not among them: moving school is an act of its own."""
    with saving(by=by, reason="student changed"):
        student = Student.objects.select_for_update().get(pk=student_id)
        require(by, Permission.EDIT_STUDENTS, home_id=student.school_id)
        check_version(student, version)
        _fill(student, {name: value for name, value in data.items() if name != "school"})
        student.version += 1
        student.save()
    return student


def _fill(student: Student, data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        if name != "version":
            setattr(student, name, value)
    student.upn = tidy_upn(student.upn)
    check_upn(student.upn)
    if Student.objects.filter(upn=student.upn).exclude(pk=student.pk).exists():
        raise RuleBroken("Another student has this UPN already.", field="upn")
    student.sort_name = sort_name(student.family_name, student.preferred_name or student.first_name)


def add_contact(
    *, student_id: int, contact: Mapping[str, Any], link: Mapping[str, Any], by: User, now: datetime
) -> ContactLink:
    """A person who stands behind a student, and what they are to this student.

    ``contact`` holds the person's fields, or only ``id`` of a person already known through a brother or sister whom
    ``by`` may see. ``link`` holds relationship, parental_responsibility, has_care, email_consent, letters_restricted,
    restriction_reason.
    """
    with saving(by=by, reason="contact added"):
        student = Student.objects.select_for_update().get(pk=student_id)
        require(by, Permission.EDIT_CONTACTS, home_id=student.school_id)
        if contact.get("id"):
            person = Contact.objects.visible_to(by).filter(pk=contact["id"]).first()
            if person is None:
                raise RuleBroken("This person is not a contact of any student that you can see.", field="known")
        else:
            person = Contact.objects.create(**{name: value for name, value in contact.items() if name != "id"})
        return ContactLink.objects.create(student=student, contact=person, **_checked(link, person))


def change_contact(
    *, link_id: int, contact: Mapping[str, Any], link: Mapping[str, Any], by: User, now: datetime
) -> ContactLink:
    """Correct a person's facts and what they are to one student; fields that are not given stay as they are.

    An empty ``restriction_reason`` of a contact that stays restricted keeps the reason, since most who edit contacts
    may not read it.
    """
    with saving(by=by, reason="contact changed"):
        row = ContactLink.objects.select_for_update().select_related("contact", "student").get(pk=link_id)
        require(by, Permission.EDIT_CONTACTS, home_id=row.student.school_id)
        for name, value in contact.items():
            setattr(row.contact, name, value)
        row.contact.save()
        facts = dict(link)
        if facts.get("letters_restricted", row.letters_restricted) and not facts.get("restriction_reason"):
            facts["restriction_reason"] = row.restriction_reason
        for name, value in _checked({**_as_dict(row), **facts}, row.contact).items():
            setattr(row, name, value)
        row.save()
    return row


_LINK_FIELDS = (
    "relationship",
    "parental_responsibility",
    "has_care",
    "email_consent",
    "letters_restricted",
    "restriction_reason",
)


def _as_dict(row: ContactLink) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _LINK_FIELDS}


def _checked(link: Mapping[str, Any], person: Contact) -> dict[str, Any]:
    """The link's fields, held together: consent needs an e-mail address, a reason belongs to a restriction."""
    facts = {name: link[name] for name in _LINK_FIELDS if name in link}
    if facts.get("email_consent") and not person.email:
        raise RuleBroken("Agreement to notices by e-mail needs an e-mail address.", field="email")
    if facts.get("letters_restricted") and not facts.get("restriction_reason"):
        raise RuleBroken("Say why this person must not be sent letters.", field="restriction_reason")
    if not facts.get("letters_restricted"):
        facts["restriction_reason"] = ""
    return facts
