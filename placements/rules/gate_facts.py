"""What the gate asks and answers, as values."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import TextChoices


class GateOutcome(TextChoices):
    """What came of one question of the gate."""

    PASSED = "PASSED", "Passed"
    FAILED = "FAILED", "Failed"
    WARNING = "WARNING", "Warning"
    OVERRIDDEN = "OVERRIDDEN", "Overridden"


class GateCode(TextChoices):
    """The questions of the gate; an override is stored under the code."""

    PROVIDER_APPROVED = "PROVIDER_APPROVED", "Provider approved"
    PROVIDER_KIND = "PROVIDER_KIND", "Provider fits the route"
    SPECIALIST = "SPECIALIST", "Specialist provision"
    AGREEMENT = "AGREEMENT", "Service level agreement"
    STAFF_CHECKS = "STAFF_CHECKS", "Staff checks confirmed"
    SAFEGUARDING_POLICY = "SAFEGUARDING_POLICY", "Safeguarding policy accepted"
    INSURANCE = "INSURANCE", "Insurance"
    VISIT = "VISIT", "Visit to the provider"
    ACCREDITATION = "ACCREDITATION", "Accreditation or approval"
    CAPACITY = "CAPACITY", "Place left"
    MATHS_AND_ENGLISH = "MATHS_AND_ENGLISH", "Maths and English"
    UNREGISTERED = "UNREGISTERED", "Hours at an unregistered provider"
    HOME_VISIT = "HOME_VISIT", "Visit to the home"
    FAMILY_MEETING = "FAMILY_MEETING", "Set-up meeting with the family"
    EXPLANATION = "EXPLANATION", "Reasons explained"
    CONSENT = "CONSENT", "Parents' views or consent"
    HOST_ACCEPTED = "HOST_ACCEPTED", "Receiving Headteacher's acceptance"
    DUAL_REGISTRATION = "DUAL_REGISTRATION", "Dual registration"
    LA_CONFIRMED = "LA_CONFIRMED", "Local authority's confirmation"
    PACK = "PACK", "Information for the provider"
    OFFER = "OFFER", "Place offered"
    HALF_DAYS = "HALF_DAYS", "Programme runs on these half-days"
    KEY_STAGE = "KEY_STAGE", "Key stage"
    RISK_ASSESSMENT = "RISK_ASSESSMENT", "Individual risk assessment"
    TRANSPORT = "TRANSPORT", "Transport"
    LUNCH = "LUNCH", "Lunch"
    MEDICAL_INFORMATION = "MEDICAL_INFORMATION", "Medical and emergency information"


# What a provider or its programme answers for, whoever the student is: what the finder asks before anything is agreed.
ABOUT_PROVIDER = frozenset(
    {
        GateCode.PROVIDER_APPROVED,
        GateCode.PROVIDER_KIND,
        GateCode.SPECIALIST,
        GateCode.AGREEMENT,
        GateCode.STAFF_CHECKS,
        GateCode.SAFEGUARDING_POLICY,
        GateCode.INSURANCE,
        GateCode.VISIT,
        GateCode.ACCREDITATION,
        GateCode.CAPACITY,
        GateCode.HALF_DAYS,
        GateCode.KEY_STAGE,
        GateCode.MATHS_AND_ENGLISH,
        GateCode.UNREGISTERED,
    }
)
# What was recorded with the family before a provider was looked for.
ABOUT_FAMILY = frozenset({GateCode.FAMILY_MEETING, GateCode.EXPLANATION})


@dataclass(frozen=True)
class GateResult:
    """One answered question: ``why`` is a sentence, ``source`` the clause or guidance behind it."""

    code: GateCode
    outcome: GateOutcome
    why: str
    source: str
    overridable: bool = False

    @property
    def label(self) -> str:
        """The question in words."""
        return str(self.code.label)


@dataclass(frozen=True)
class CheckFact:
    """The newest check of a kind; ``expires_on`` is the last day on which it counts, None when it has
    none.
    """

    done_on: dt.date
    expires_on: dt.date | None = None


@dataclass(frozen=True)
class HomeVisitFact:
    """The newest visit to a home before online study there."""

    visited_on: dt.date
    suitable: bool
    safeguarding: str
    supervisor: str


@dataclass(frozen=True)
class OfferFact:
    """The offer that a placement stands on, or the newest one asked for at its programme.

    ``status`` is a word of ``OfferStatus``; ``until`` the last day on which an offered place is held; ``slots`` the
    half-days of a week, 0 to 9; ``first`` and ``last`` the days asked for, inclusive; ``why`` of a refusal.
    """

    status: str
    asked_on: dt.date
    slots: frozenset[int]
    first: dt.date
    last: dt.date | None = None
    until: dt.date | None = None
    why: str = ""


@dataclass(frozen=True)
class GateFacts:
    """Everything that the gate asks, as values.

    ``on`` is the day of asking; ``first`` and ``last`` the period, inclusive (``last`` None for a managed
    move). ``agreements`` are inclusive periods of service level agreements. ``places_left`` is how many
    places are free without this student. ``weekly_hours`` and ``weekly_sessions`` are the larger of week A
    and B. ``others_over_hours`` counts our other students above the hours of ``UNREGISTERED_HOURS`` at this
    provider. ``pack_missing`` names what is not recorded for the provider (risk assessment, transport, lunch,
    medical and emergency information).
    """

    route: str
    provider_kind: str
    provider_status: str
    on: dt.date
    first: dt.date
    last: dt.date | None
    agreements: tuple[tuple[dt.date, dt.date], ...] = ()
    checks: Mapping[str, CheckFact] = field(default_factory=dict)
    unconfirmed: frozenset[str] = frozenset()
    medical_specialist: bool = False
    places_left: int = 0
    full_half_days: tuple[int, ...] = ()
    half_days: frozenset[int] = frozenset()
    not_offered: tuple[int, ...] = ()
    offered_until: dt.date | None = None
    nc_year: int | None = None
    key_stages: str = "KS3 KS4"
    offer_asked: bool = True
    offer: OfferFact | None = None
    full_time: bool = False
    teaches_maths_and_english: bool = False
    maths_and_english_how: str = ""
    weekly_hours: Decimal = Decimal(0)
    weekly_sessions: int = 0
    ehc_plan: bool = False
    looked_after: bool = False
    others_over_hours: int = 0
    home_visit: HomeVisitFact | None = None
    home_visit_since: dt.date | None = None
    family_met_on: dt.date | None = None
    family_invited_on: dt.date | None = None
    family_invited_again_on: dt.date | None = None
    explanation_recorded: bool = False
    exclusion_alternative: bool = False
    consent_on: dt.date | None = None
    host_accepted_on: dt.date | None = None
    host_refused_on: dt.date | None = None
    host_refusal: str = ""
    dual_registered_on: dt.date | None = None
    la_confirmed_on: dt.date | None = None
    site_address: str = ""
    attendance_contact: str = ""
    pack_missing: tuple[str, ...] = ()
    risk_assessed_on: dt.date | None = None
    transport: str = ""
    lunch: str = ""
    free_school_meals: bool = False
    medical_known: bool = False
    emergency_known: bool = False
