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


class ManagedMoveConsent(TextChoices):
    """What the parents said to a managed move (P3.13)."""

    NOT_ASKED = "NOT_ASKED", "Not asked"
    GIVEN = "GIVEN", "Consent given"
    REFUSED = "REFUSED", "Consent refused"


class Section(TextChoices):
    """The sections of a referral, in the order of its task list."""

    STUDENT = "STUDENT", "Student and contacts"
    REASONS = "REASONS", "Reasons for the referral"
    TRIED = "TRIED", "What was tried in school"
    MANAGED_MOVE = "MANAGED_MOVE", "Managed move considered"
    EXCLUSION = "EXCLUSION", "Alternative to permanent exclusion"
    FAMILY = "FAMILY", "Family meeting"
    INTERESTS = "INTERESTS", "Interests, subjects and qualifications"
    NEEDS = "NEEDS", "Needs and what the provider must know"
    MEDICAL = "MEDICAL", "Medical information"

    @property
    def slug(self) -> str:
        """The section as addresses spell it: 'managed-move'."""
        return self.value.lower().replace("_", "-")


class SectionState(TextChoices):
    """How far a section is; whether it is done is also asked of its fields."""

    NOT_STARTED = "NOT_STARTED", "Not started"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    DONE = "DONE", "Done"
    CANNOT_FINISH = "CANNOT_FINISH", "Cannot finish yet"
