"""Staff with their roles, students and the people who care for them."""

from datetime import date
from itertools import count
from typing import Any

from trust.codes import Relationship, Sex
from trust.models import Contact, ContactLink, Enrolment, Membership, School, Student, User
from trust.permissions import Role
from trust.rules import sort_name, upn_check_letter

JOINED = date(2024, 9, 2)

_numbers = count(1)


def next_upn() -> str:
    """A UPN that nobody has yet, with the right check letter."""
    rest = f"8012{next(_numbers):08d}"
    return upn_check_letter(rest) + rest


def make_user(name: str, *roles: tuple[Role, School | None], **extra: Any) -> User:
    """A member of staff who cannot log in by password, with roles in force since September 2024."""
    email = f"{name.lower().replace(' ', '.').replace(chr(39), '')}.{next(_numbers)}@invictus.example"
    user = User.objects.create_user(email, name, **extra)
    for role, school in roles:
        give(user, role, school)
    return user


def give(user: User, role: Role, school: School | None, **extra: Any) -> Membership:
    """One more role for a person; forgets what the person was read to hold."""
    user.__dict__.pop("_held", None)
    return Membership.objects.create(user=user, role=role, school=school, **{"from_day": JOINED, **extra})


def make_student(school: School, family_name: str = "Ashdown", first_name: str = "Jo", **extra: Any) -> Student:
    """A Year 9 student on the roll of ``school`` since September 2024, without contacts."""
    facts: dict[str, Any] = {
        "upn": next_upn(),
        "born_on": date(2013, 2, 14),
        "sex": Sex.FEMALE,
        "nc_year": 9,
        **extra,
    }
    student = Student.objects.create(
        school=school,
        family_name=family_name,
        first_name=first_name,
        sort_name=sort_name(family_name, facts.get("preferred_name") or first_name),
        **facts,
    )
    Enrolment.objects.create(student=student, school=school, from_day=JOINED)
    return student


def make_contact(student: Student, first_name: str = "Mary", **link: Any) -> ContactLink:
    """A contact with the student's family name: by default the mother, with care, responsibility and consent."""
    contact = Contact.objects.create(
        title="Ms",
        first_name=first_name,
        family_name=student.family_name,
        address="4 Orchard Row\nNorthbridge",
        postcode="NB1 2CD",
        email=f"{first_name.lower()}.{next(_numbers)}@family.example",
        phone="07700 900123",
    )
    facts: dict[str, Any] = {
        "relationship": Relationship.MOTHER,
        "parental_responsibility": True,
        "has_care": True,
        "email_consent": True,
        **link,
    }
    return ContactLink.objects.create(student=student, contact=contact, **facts)
