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


class RecipientKind(TextChoices):
    PARENT = "PARENT", "Parent or carer"
    STUDENT = "STUDENT", "Student"
    LA = "LA", "Local authority"
    VIRTUAL_SCHOOL = "VIRTUAL_SCHOOL", "Virtual school head"
    SOCIAL_WORKER = "SOCIAL_WORKER", "Social worker"


class Reading(TextChoices):
    """The setting that says how 'two days before' is read."""

    POLICY = "policy", "Two calendar days (policy)"
    SCHOOL_DAYS = "school_days", "Second school day before the start"
    CLEAR = "clear", "Two clear school days"
