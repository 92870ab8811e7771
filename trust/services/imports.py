"""Writing what a checked file holds: in bulk, inside the transaction of the import, never deleting.

The rows come from ``trust.resources``, which reads them under the locks that the import holds.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from trust.models import Contact, ContactLink, Enrolment, Student, Suspension

BATCH = 1000


def lock_students(upns: Collection[str]) -> None:
    """Hold the students of a file, in the order of their ids, until the import is whole or undone."""
    wanted = Student.objects.select_for_update(no_key=True).filter(upn__in=upns)
    list(wanted.order_by("pk").values_list("pk", flat=True))


def write_students(
    *, new: list[Student], changed: list[tuple[Student, int]], fields: Iterable[str], today: date
) -> None:
    """Students and their enrolments; ``changed`` holds each with the id of the school before.

    Whoever changes school leaves the old roll the day before.
    """
    Student.objects.bulk_create(new, batch_size=BATCH)
    Enrolment.objects.bulk_create(
        [Enrolment(student=student, school_id=student.school_id, from_day=today) for student in new], batch_size=BATCH
    )
    if not changed:
        return
    students = [student for student, _ in changed]
    for student in students:
        student.version += 1
    Student.objects.bulk_create(
        students,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*fields, "school", "sort_name", "version"],
        batch_size=BATCH,
    )
    moved = {student.pk: student for student, before in changed if before != student.school_id}
    if moved:
        for row in Enrolment.objects.filter(student_id__in=list(moved), until_day__isnull=True):
            row.until_day = max(row.from_day, today - timedelta(days=1))
            row.save(update_fields=["until_day"])
        Enrolment.objects.bulk_create(
            Enrolment(student_id=pk, school_id=student.school_id, from_day=today) for pk, student in moved.items()
        )


def write_contacts(*, rows: list[Any]) -> None:
    """People and what they are to each student; a person shared by brothers and sisters is written once."""
    people = {id(row.person): row.person for row in rows if row.person_changed}
    new = [person for person in people.values() if person.pk is None]
    known = [person for person in people.values() if person.pk is not None]
    Contact.objects.bulk_create(new, batch_size=BATCH)
    names = ["title", "first_name", "family_name", "address", "postcode", "email", "phone", "language"]
    if known:
        Contact.objects.bulk_create(
            known, update_conflicts=True, unique_fields=["id"], update_fields=names, batch_size=BATCH
        )
    for row in rows:
        row.link.contact = row.person
    links = [row.link for row in rows if row.link_changed]
    ContactLink.objects.bulk_create([link for link in links if link.pk is None], batch_size=BATCH)
    changed = [link for link in links if link.pk is not None]
    if changed:
        ContactLink.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["relationship", "parental_responsibility", "has_care"],
            batch_size=BATCH,
        )


def write_suspensions(*, new: list[Suspension], changed: list[Suspension]) -> None:
    """Suspensions, each once for its student and first day."""
    Suspension.objects.bulk_create(new, batch_size=BATCH)
    if changed:
        Suspension.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["id"], update_fields=["sessions", "source"], batch_size=BATCH
        )
