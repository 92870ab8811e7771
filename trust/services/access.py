"""Who read what about a student."""

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
