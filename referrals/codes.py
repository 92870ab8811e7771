"""Code tables of referrals."""

from django.db.models import TextChoices


class Reason(TextChoices):
    """Why alternative provision is sought.

    The first four are the policy's (P3.1); several may apply, one is primary.
    """

    NEEDS_NOT_MET = "NEEDS_NOT_MET", "Needs not met by the national curriculum"
    SUSPENSIONS = "SUSPENSIONS", "One or more suspensions and at risk of permanent exclusion"
    NOT_ATTENDING = "NOT_ATTENDING", "Not attending regularly"
    RESPITE = "RESPITE", "Respite to change behaviour, with reintegration in view"
    MEDICAL = "MEDICAL", "Medical needs"
    CONFINED_HOME = "CONFINED_HOME", "Confined to home"
    KS4_SKILLS = "KS4_SKILLS", "Skills and experience of work at key stage 4"
    NEET_RISK = "NEET_RISK", "At risk of no education, employment or training after 16"


class ManagedMoveResult(TextChoices):
    """What came of considering a managed move first (P3.13)."""

    NOT_SUITABLE = "NOT_SUITABLE", "Considered, not suitable for this student"
    NO_CONSENT = "NO_CONSENT", "Offered, parents did not consent"
    NO_PLACE = "NO_PLACE", "Sought, no school had a place"
    BROKE_DOWN = "BROKE_DOWN", "Tried before, did not work"
    PROPOSED = "PROPOSED", "A managed move is proposed"
