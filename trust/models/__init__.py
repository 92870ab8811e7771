"""Records that every stage needs: people, schools, students, the calendar, flags, files."""

from trust.models.people import Membership, User
from trust.models.records import AccessLog, Flag, Heartbeat, ImportRun, PolicyVersion, PostcodePoint, StoredFile
from trust.models.schools import AcademicYear, NonSchoolDay, School, SchoolTimes, Term
from trust.models.students import Contact, ContactLink, Enrolment, Student, Suspension

__all__ = [
    "AcademicYear",
    "AccessLog",
    "Contact",
    "ContactLink",
    "Enrolment",
    "Flag",
    "Heartbeat",
    "ImportRun",
    "Membership",
    "NonSchoolDay",
    "PolicyVersion",
    "PostcodePoint",
    "School",
    "SchoolTimes",
    "StoredFile",
    "Student",
    "Suspension",
    "Term",
    "User",
]
