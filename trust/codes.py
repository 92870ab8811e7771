"""Code tables of people, files and days."""

from dataclasses import dataclass

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
    NOTICE_TRANSLATION = "NOTICE_TRANSLATION", "Translation of a direction notice"
    NOTICE_BATCH = "NOTICE_BATCH", "Letters of one printing"
    PARENT_AGREEMENT = "PARENT_AGREEMENT", "A parent's agreement to an earlier start"
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


class MailKind(TextChoices):
    """What an e-mail is, which decides how it may be treated when it is not known whether it left."""

    LETTER = "LETTER", "Letter to a family or an office"
    URGENT = "URGENT", "Told at once"
    DIGEST = "DIGEST", "Daily summary"


class MailStatus(TextChoices):
    """Where an e-mail stands. Nothing follows SENT; from UNKNOWN only a person who has checked goes on."""

    TO_SEND = "TO_SEND", "To send"
    SENDING = "SENDING", "Sending"
    SENT = "SENT", "Sent"
    FAILED = "FAILED", "Failed"
    UNKNOWN = "UNKNOWN", "Unknown, check before sending again"


MAIL_FIRST = frozenset({MailStatus.TO_SEND})
MAIL_MOVES = frozenset(
    {
        (MailStatus.TO_SEND, MailStatus.SENDING),
        (MailStatus.TO_SEND, MailStatus.FAILED),
        (MailStatus.SENDING, MailStatus.SENT),
        (MailStatus.SENDING, MailStatus.TO_SEND),
        (MailStatus.SENDING, MailStatus.FAILED),
        (MailStatus.SENDING, MailStatus.UNKNOWN),
        (MailStatus.UNKNOWN, MailStatus.SENT),
        (MailStatus.UNKNOWN, MailStatus.FAILED),
    }
)


class SettingCode(TextChoices):
    """The thresholds that the trust may change by date."""

    NOTICE_READING = "NOTICE_READING", "How 'two days before the start' is read for a direction"
    NOTICE_POST_DAYS = "NOTICE_POST_DAYS", "Working days after posting on which a letter counts as given"
    NOTICE_PRACTICAL_DAYS = "NOTICE_PRACTICAL_DAYS", "School days after the decision that are 'as soon as practical'"
    NOTICE_FLAG_DAYS = "NOTICE_FLAG_DAYS", "Calendar days before the last day on which a notice is flagged"
    PERIOD_END_DAYS = "PERIOD_END_DAYS", "School days before the end of a period on which a decision is asked for"
    ESCALATE_HEAD_HOURS = "ESCALATE_HEAD_HOURS", "Hours after which an open notice flag reaches the Headteacher"
    ESCALATE_LEAD_HOURS = "ESCALATE_LEAD_HOURS", "Hours after which an open notice flag reaches the trust AP lead"


@dataclass(frozen=True)
class SettingRule:
    """What a threshold may be. A number lies within ``least`` and ``most``, a word is one of ``choices``.

    The bounds are the law's layer: no value weaker than it can be proposed. ``second_hand`` marks a source that was
    read only second-hand (docs/law.md).
    """

    default: str
    unit: str
    source: str
    least: int = 0
    most: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    second_hand: bool = False


SETTINGS: dict[SettingCode, SettingRule] = {
    SettingCode.NOTICE_READING: SettingRule(
        "school_days",
        "",
        "SI 2010/1156: not later than two school days before; the policy's two calendar days hold beside it (P7.2)",
        choices=(("school_days", "Second school day before the start"), ("clear", "Two clear school days")),
    ),
    SettingCode.NOTICE_POST_DAYS: SettingRule(
        "2", "working days", "Interpretation Act 1978 s.7 and court practice", 2, 5, second_hand=True
    ),
    SettingCode.NOTICE_PRACTICAL_DAYS: SettingRule("2", "school days", "P7.2: as soon as practical", 1, 5),
    SettingCode.NOTICE_FLAG_DAYS: SettingRule("2", "calendar days", "P7.2", 2, 14),
    SettingCode.PERIOD_END_DAYS: SettingRule("10", "school days", "P7.4", 5, 30),
    SettingCode.ESCALATE_HEAD_HOURS: SettingRule("24", "hours", "Our own", 1, 168),
    SettingCode.ESCALATE_LEAD_HOURS: SettingRule("48", "hours", "Our own", 2, 336),
}
