"""Code tables of providers."""

from django.db.models import TextChoices


class ProviderKind(TextChoices):
    """What a provider is; decides which gate applies and what must be registered."""

    TRUST_SCHOOL = "TRUST_SCHOOL", "School of the trust"
    OTHER_SCHOOL = "OTHER_SCHOOL", "Other school"
    REGISTERED_AP = "REGISTERED_AP", "Registered independent school or AP academy"
    FE_COLLEGE = "FE_COLLEGE", "Further education college"
    UNREGISTERED = "UNREGISTERED", "Unregistered provider"
    ONLINE = "ONLINE", "Online provider"
    TUITION = "TUITION", "Tuition"


# Kinds at which a student is registered a second time, so that the home school uses code D (P3.3).
SCHOOL_KINDS = frozenset({ProviderKind.TRUST_SCHOOL, ProviderKind.OTHER_SCHOOL})


class ProviderTag(TextChoices):
    """What makes a provider suitable for medical needs (P2.2)."""

    SPECIALIST = "SPECIALIST", "Specialist provision"
    HOSPITAL = "HOSPITAL", "Hospital school"
    HOME_TUITION = "HOME_TUITION", "Home tuition"


class SiteKind(TextChoices):
    MAIN = "MAIN", "Main site"
    SATELLITE = "SATELLITE", "Satellite site"
    SUBCONTRACTED = "SUBCONTRACTED", "Subcontracted site"
    ONLINE = "ONLINE", "Online"


class CheckKind(TextChoices):
    """Dated facts that a provider must hold; each check has evidence and a last day."""

    STAFF_CHECKS = "STAFF_CHECKS", "Written confirmation of staff checks"
    SAFEGUARDING_POLICY = "SAFEGUARDING_POLICY", "Acceptance of the school's safeguarding policy"
    INSURANCE = "INSURANCE", "Insurance"
    VISIT = "VISIT", "Visit"
    ACCREDITATION = "ACCREDITATION", "Accreditation or approval of online teaching"
    QUALITY = "QUALITY", "Quality standards"


# The checks of the full gate; accreditation belongs to online teaching only, quality is reported, not gated.
GATE_CHECKS = (CheckKind.STAFF_CHECKS, CheckKind.SAFEGUARDING_POLICY, CheckKind.INSURANCE, CheckKind.VISIT)


class PriceUnit(TextChoices):
    """What a price is for. A session is half a day; a day and a week count when they have a session."""

    SESSION = "SESSION", "Session"
    HOUR = "HOUR", "Hour"
    DAY = "DAY", "Day"
    WEEK = "WEEK", "Week"
    TERM = "TERM", "Term"
    FIXED = "FIXED", "Fixed price"
