"""Records that every stage needs: people, schools, students, the calendar, flags, files."""

from trust.models.mail import Mail
from trust.models.people import Membership, User
from trust.models.records import AccessLog, Flag, Heartbeat, ImportRun, PolicyVersion, PostcodePoint, StoredFile
from trust.models.schools import AcademicYear, NonSchoolDay, School, SchoolTimes, Term
from trust.models.settings import PolicySetting
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
    "Mail",
    "Membership",
    "NonSchoolDay",
    "PolicySetting",
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
