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

# Kinds that are on a public register, and under which number.
URN_KINDS = frozenset({ProviderKind.TRUST_SCHOOL, ProviderKind.OTHER_SCHOOL, ProviderKind.REGISTERED_AP})
UKPRN_KINDS = frozenset({ProviderKind.FE_COLLEGE})

# Kinds that nobody inspects for us, so that the trust assesses them against the quality standards.
ASSESSED_KINDS = frozenset({ProviderKind.UNREGISTERED, ProviderKind.ONLINE, ProviderKind.TUITION})


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
    DATA_SHARING = "DATA_SHARING", "Data sharing agreement"
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


class ContactRole(TextChoices):
    """Whom to turn to at a provider, and for what."""

    HEAD = "HEAD", "Head of the provider"
    DSL = "DSL", "Designated safeguarding lead"
    ATTENDANCE = "ATTENDANCE", "Attendance"
    FINANCE = "FINANCE", "Finance"
    OTHER = "OTHER", "Other"


class StandardPart(TextChoices):
    """The four parts of the quality standards for unregistered provision."""

    SAFEGUARDING = "1", "Part 1: safeguarding"
    HEALTH_AND_SAFETY = "2", "Part 2: health and safety"
    ADMISSIONS = "3", "Part 3: admissions, support and guidance"
    EDUCATION = "4", "Part 4: quality of education"


class StandardOutcome(TextChoices):
    """What an assessment found of one standard."""

    MET = "MET", "Met"
    PARTLY = "PARTLY", "Partly met"
    NOT_MET = "NOT_MET", "Not met"
    NOT_APPLICABLE = "NOT_APPLICABLE", "Not applicable"
