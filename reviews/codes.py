"""Code tables of reviews and targets."""

from django.db.models import TextChoices


class ReviewOutcome(TextChoices):
    """What a review decides; EXTEND needs a new full notice (P7.4)."""

    CONTINUE = "CONTINUE", "Continue"
    VARY = "VARY", "Vary"
    EXTEND = "EXTEND", "Extend"
    END_RETURN = "END_RETURN", "End and return to school"
    END_OTHER = "END_OTHER", "End otherwise"


class TargetKind(TextChoices):
    """What a target measures (P6.7)."""

    ATTENDANCE = "ATTENDANCE", "Attendance"
    BEHAVIOUR = "BEHAVIOUR", "Behaviour"
    QUALIFICATION = "QUALIFICATION", "Qualification"
    OTHER = "OTHER", "Other"


class TargetResult(TextChoices):
    MET = "MET", "Met"
    PARTLY = "PARTLY", "Partly met"
    NOT_MET = "NOT_MET", "Not met"
