"""Code tables of notices."""

from django.db.models import TextChoices


class Channel(TextChoices):
    """How a notice is given; decides on which day it counts as given."""

    HAND = "HAND", "By hand"
    EMAIL = "EMAIL", "E-mail"
    POST = "POST", "First-class post"


class NoticeKind(TextChoices):
    INITIAL = "INITIAL", "Start of a placement"
    EXTENSION = "EXTENSION", "Extension"
    END = "END", "End of a period"
    VARIATION = "VARIATION", "Variation"
    WITHDRAWAL = "WITHDRAWAL", "Withdrawal"


# A full notice directs a student from a day on and has the deadline of P7.2; one of these each period must have.
FULL_KINDS = frozenset({NoticeKind.INITIAL, NoticeKind.EXTENSION})
# A change of place, time or person is a particular of the direction, so it has the same deadline.
DEADLINE_KINDS = FULL_KINDS | {NoticeKind.VARIATION}


class Language(TextChoices):
    """Languages in which a letter can be worded. The English letter is the notice, any other one goes with it."""

    ENGLISH = "en-GB", "English"
    POLISH = "pl", "Polish"
    ROMANIAN = "ro", "Romanian"
    URDU = "ur", "Urdu"
    ARABIC = "ar", "Arabic"
    PORTUGUESE = "pt", "Portuguese"
    SPANISH = "es", "Spanish"
    UKRAINIAN = "uk", "Ukrainian"
    TURKISH = "tr", "Turkish"
    SOMALI = "so", "Somali"
    LITHUANIAN = "lt", "Lithuanian"
    FRENCH = "fr", "French"


RIGHT_TO_LEFT = frozenset({Language.URDU, Language.ARABIC})


class RecipientKind(TextChoices):
    PARENT = "PARENT", "Parent or carer"
    STUDENT = "STUDENT", "Student"
    LA = "LA", "Local authority"
    VIRTUAL_SCHOOL = "VIRTUAL_SCHOOL", "Virtual school head"
    SOCIAL_WORKER = "SOCIAL_WORKER", "Social worker"


class ServiceState(TextChoices):
    """Where a letter stands on its way to one recipient; computed, never stored."""

    MAKING = "MAKING", "Letter being made"
    TO_SEND = "TO_SEND", "To send"
    EMAIL_WAITING = "EMAIL_WAITING", "E-mail waiting"
    SENDING = "SENDING", "Sending"
    SENT = "SENT", "Sent"
    FAILED = "FAILED", "Failed"
    UNKNOWN = "UNKNOWN", "Unknown, check before sending again"
    PRINTING = "PRINTING", "Being printed"
    PRINTED = "PRINTED", "Printed"
    GIVEN = "GIVEN", "Given"
    STOPPED = "STOPPED", "Not given, the notice does not hold"
    RESTRICTED = "RESTRICTED", "Must not be sent: a restriction was recorded since"


class Outcome(TextChoices):
    """How a notice stands against its last day; computed, never stored."""

    IN_TIME = "IN_TIME", "In time"
    LATE = "LATE", "Late"
    OVERRIDDEN = "OVERRIDDEN", "Late, overridden"
    NOT_GIVEN = "NOT_GIVEN", "Not given by the last day"
    WAITING = "WAITING", "Still time"
    VOID = "VOID", "Void"


class Reading(TextChoices):
    """The setting that says how 'two days before' is read."""

    POLICY = "policy", "Two calendar days (policy)"
    SCHOOL_DAYS = "school_days", "Second school day before the start"
    CLEAR = "clear", "Two clear school days"
