"""Who read what about a student."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from trust.models import AccessLog, Student


def log_access(*, by: Any, student: Student, action: str, path: str, now: datetime) -> None:
    """Note that a person opened a student's record or took a file of it."""
    AccessLog.objects.create(
        at=now,
        user=by,
        school_id=student.school_id,
        student_id=student.pk,
        action=action[:40],
        path=path[:200],
    )


def log_list_access(*, by: Any, students: Iterable[Student], action: str, path: str, now: datetime) -> int:
    """Note that a person took a list away, once for each student on it; how many students that were."""
    entries = [
        AccessLog(
            at=now,
            user=by,
            school_id=school_id,
            student_id=student_id,
            action=action[:40],
            path=path[:200],
        )
        for student_id, school_id in {one.pk: one.school_id for one in students}.items()
    ]
    AccessLog.objects.bulk_create(entries, batch_size=1000)
    return len(entries)
