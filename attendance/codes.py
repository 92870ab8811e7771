"""Code tables of attendance: what a provider reports, the register's codes, contacts, the absence ladder."""

from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices


class ProviderReport(TextChoices):
    """What a provider says about a session. No return yet is none of these."""

    PRESENT = "PRESENT", "Present"
    LATE = "LATE", "Late"
    ABSENT = "ABSENT", "Absent"
    DID_NOT_RUN = "DID_NOT_RUN", "Did not run"


# One letter per cell of the week grid.
REPORT_LETTERS: dict[ProviderReport, str] = {
    ProviderReport.PRESENT: "P",
    ProviderReport.LATE: "L",
    ProviderReport.ABSENT: "A",
    ProviderReport.DID_NOT_RUN: "N",
}


class ContactOutcome(TextChoices):
    """What came of a weekly contact (P5.5). TRIED does not satisfy the week; NOT_DUE needs a reason."""

    SPOKEN = "SPOKEN", "Spoken"
    TRIED = "TRIED", "Tried, no answer"
    NOT_DUE = "NOT_DUE", "Not due"


class ContactMeans(TextChoices):
    PHONE = "PHONE", "Telephone"
    EMAIL = "EMAIL", "E-mail"
    ONLINE = "ONLINE", "Online meeting"
    VISIT = "VISIT", "Visit"


class AbsenceStep(TextChoices):
    """The ladder of each absence (P5.4), lowest rung first."""

    PROVIDER_REPORTED = "PROVIDER_REPORTED", "Provider told the school"
    PARENT_CONTACTED = "PARENT_CONTACTED", "Parent contacted"
    RESOLVED = "RESOLVED", "Resolved"
    ATTENDANCE_TEAM = "ATTENDANCE_TEAM", "Passed to the attendance team"
    AGENCY = "AGENCY", "Referred to an agency"


@dataclass(frozen=True)
class RegisterCode:
    """A code of the school register.

    `possible` and `attended` count 1 or 0 in register attendance. `authorised` is None unless the code is
    an absence from a possible session. `restricted`: only DSL and Headteacher read it; others see 'unable
    to attend'. `import_only`: no longer in use, accepted only for sessions before `LEGACY_END`.
    """

    code: str
    label: str
    possible: int
    attended: int
    authorised: bool | None = None
    restricted: bool = False
    import_only: bool = False


# The codes changed on 19 August 2024: School Attendance (Pupil Registration) (England) Regulations 2024.
LEGACY_END = date(2024, 8, 19)


def _present(code: str, label: str, **more: bool) -> RegisterCode:
    return RegisterCode(code, label, 1, 1, None, **more)


def _absent(code: str, label: str, authorised: bool, **more: bool) -> RegisterCode:
    return RegisterCode(code, label, 1, 0, authorised, **more)


def _not_possible(code: str, label: str, **more: bool) -> RegisterCode:
    return RegisterCode(code, label, 0, 0, None, **more)


REGISTER_CODES: dict[str, RegisterCode] = {
    entry.code: entry
    for entry in (
        _present("/", "Present in the morning"),
        _present("\\", "Present in the afternoon"),
        _present("L", "Late before the register closed"),
        _present("B", "Other approved educational activity"),
        _present("K", "Education provision arranged by the local authority"),
        _present("V", "Educational visit or trip"),
        _present("P", "Supervised sporting activity"),
        _present("W", "Work experience"),
        _absent("C", "Leave of absence in exceptional circumstances", True),
        _absent("C1", "Leave of absence for a regulated performance or employment abroad", True),
        _absent("C2", "Leave of absence under a part-time timetable", True),
        _absent("E", "Suspended or permanently excluded, no alternative provision made", True),
        _absent("I", "Illness", True),
        _absent("J1", "Leave of absence for an interview", True),
        _absent("M", "Medical or dental appointment", True),
        _absent("R", "Religious observance", True),
        _absent("S", "Study leave for a public examination", True),
        _absent("T", "Parent travelling for occupational purposes", True),
        _absent("G", "Holiday not granted by the school", False),
        _absent("N", "Reason not yet established", False),
        _absent("O", "Absent in other or unknown circumstances", False),
        _absent("U", "Arrived after the register closed", False),
        _not_possible("D", "Dual registered, expected at the other school"),
        _not_possible("Q", "Unable to attend: no access arrangements made"),
        _not_possible("X", "Not of compulsory school age, not required to attend"),
        _not_possible("Y1", "Unable to attend: transport not available"),
        _not_possible("Y2", "Unable to attend: widespread disruption to travel"),
        _not_possible("Y3", "Unable to attend: part of the premises closed"),
        _not_possible("Y4", "Unable to attend: whole school unexpectedly closed"),
        _not_possible("Y5", "Unable to attend: criminal justice detention", restricted=True),
        _not_possible("Y6", "Unable to attend: public health guidance or law"),
        _not_possible("Y7", "Unable to attend: other unavoidable cause"),
        _not_possible("Z", "Not yet on the admission register"),
        _not_possible("#", "Planned whole-school closure"),
        _absent("H", "Holiday granted by the school (before 19 August 2024)", True, import_only=True),
        _present("J", "At an interview (before 19 August 2024)", import_only=True),
        _not_possible("Y", "Unable to attend, exceptional circumstances (before 19 August 2024)", import_only=True),
    )
}

# What anyone without the permission for restricted fields reads instead.
RESTRICTED_LABEL = "Unable to attend, restricted"

# The code to be replaced by a reason, or by O, within five school days.
NO_REASON_YET = "N"
