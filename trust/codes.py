"""Code tables of people, files and days."""

from django.db.models import TextChoices


class Sex(TextChoices):
    """As the school census records it."""

    FEMALE = "F", "Female"
    MALE = "M", "Male"


class SenStatus(TextChoices):
    """Special educational needs, with the letters of the school census."""

    NONE = "N", "No special educational need"
    SUPPORT = "K", "SEN support"
    EHC_PLAN = "E", "EHC plan"


class Relationship(TextChoices):
    """What a contact is to the student. Care and parental responsibility are separate facts of the link."""

    MOTHER = "MOTHER", "Mother"
    FATHER = "FATHER", "Father"
    STEP_PARENT = "STEP_PARENT", "Step-parent"
    GRANDPARENT = "GRANDPARENT", "Grandparent"
    SIBLING = "SIBLING", "Adult brother or sister"
    OTHER_FAMILY = "OTHER_FAMILY", "Other family member"
    FOSTER_CARER = "FOSTER_CARER", "Foster carer"
    GUARDIAN = "GUARDIAN", "Guardian"
    SOCIAL_WORKER = "SOCIAL_WORKER", "Social worker"
    OTHER = "OTHER", "Other"


# Natural parents are parents in the sense of s.576 Education Act 1996 whether or not they have care.
NATURAL_PARENTS = frozenset({Relationship.MOTHER, Relationship.FATHER})


class FileKind(TextChoices):
    """What a stored file is, which decides who may open it and how long it is kept."""

    NOTICE = "NOTICE", "Direction notice"
    NOTICE_PROOF = "NOTICE_PROOF", "Proof that a notice was given"
    SLA = "SLA", "Service level agreement"
    CHECK_EVIDENCE = "CHECK_EVIDENCE", "Evidence of a check"
    VISIT_REPORT = "VISIT_REPORT", "Visit report"
    REFERRAL_EVIDENCE = "REFERRAL_EVIDENCE", "Evidence for a referral"
    REVIEW_RECORD = "REVIEW_RECORD", "Record of a review or meeting"
    INVOICE = "INVOICE", "Invoice"
    RISK_ASSESSMENT = "RISK_ASSESSMENT", "Individual risk assessment"
    PROVIDER_PACK = "PROVIDER_PACK", "Provider pack"
    AGREEMENT = "AGREEMENT", "Placement agreement"
    IMPORT = "IMPORT", "Imported file"
    REPORT = "REPORT", "Report"


# What is kept as evidence or signed paper, and what is read as an export; the content is proved, not only the name.
DOCUMENT_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}
IMPORT_TYPES = {".csv": "text/csv", ".txt": "text/plain", ".xlsx": DOCUMENT_TYPES[".xlsx"]}


class NonSchoolDayKind(TextChoices):
    """Why a school has no session on a day inside its terms."""

    INSET = "INSET", "INSET day"
    HOLIDAY = "HOLIDAY", "Holiday"
    CLOSURE = "CLOSURE", "Closure"


class Season(TextChoices):
    """The three terms of a school year."""

    AUTUMN = "AUTUMN", "Autumn"
    SPRING = "SPRING", "Spring"
    SUMMER = "SUMMER", "Summer"


class Session(TextChoices):
    """The two sessions of a school day."""

    AM = "AM", "Morning"
    PM = "PM", "Afternoon"


class KeyStage(TextChoices):
    """Key stages of the national curriculum and the years after it."""

    KS1 = "KS1", "Key stage 1"
    KS2 = "KS2", "Key stage 2"
    KS3 = "KS3", "Key stage 3"
    KS4 = "KS4", "Key stage 4"
    KS5 = "KS5", "Key stage 5"


KEY_STAGE_OF_YEAR = {
    **dict.fromkeys((1, 2), KeyStage.KS1),
    **dict.fromkeys((3, 4, 5, 6), KeyStage.KS2),
    **dict.fromkeys((7, 8, 9), KeyStage.KS3),
    **dict.fromkeys((10, 11), KeyStage.KS4),
    **dict.fromkeys((12, 13, 14), KeyStage.KS5),
}


class ImportKind(TextChoices):
    """What a file from the school's management information system holds."""

    STUDENTS = "STUDENTS", "Students"
    CONTACTS = "CONTACTS", "Contacts"
    SESSIONS = "SESSIONS", "Session codes or weekly attendance"
    SUSPENSIONS = "SUSPENSIONS", "Suspensions"
    PLACEMENTS = "PLACEMENTS", "Placements already running"


class ImportStatus(TextChoices):
    """Where an import stands; a file is applied whole or not at all."""

    UPLOADED = "UPLOADED", "Columns to be matched"
    CHECKING = "CHECKING", "Being checked"
    CHECKED = "CHECKED", "Checked, not applied"
    APPLYING = "APPLYING", "Being applied"
    APPLIED = "APPLIED", "Applied"
    FAILED = "FAILED", "Failed"
    DROPPED = "DROPPED", "Dropped"
