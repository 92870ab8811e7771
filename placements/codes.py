"""Code tables of placements: routes and what each of them asks for, periods, endings."""

from dataclasses import dataclass

from django.db.models import TextChoices

from providers.codes import ProviderKind


class Route(TextChoices):
    """In which way, and on what ground, the student is educated elsewhere."""

    DIRECTION = "DIRECTION", "Off-site direction"
    IN_TRUST = "IN_TRUST", "Placement at a school of the trust"
    AGREED = "AGREED", "Agreed placement (vocational or re-engagement)"
    MANAGED_MOVE = "MANAGED_MOVE", "Managed move"
    MEDICAL = "MEDICAL", "Medical"
    HOME_ONLINE = "HOME_ONLINE", "Online at home"
    LA_ARRANGED = "LA_ARRANGED", "Arranged by the local authority"
    DAY_SIX = "DAY_SIX", "From the sixth day of a suspension"


class Consent(TextChoices):
    """What is needed from the parents before approval."""

    NONE = "none", "Not asked for"
    VIEWS = "views", "Views sought and recorded"
    RECORDED = "recorded", "Agreement recorded"
    REQUIRED = "required", "Consent required"


class NoticeRule(TextChoices):
    """Which deadline holds for the notice: FULL the stricter of policy and law, POLICY the policy's two
    days.
    """

    FULL = "FULL", "Full notice rule"
    POLICY = "POLICY", "Policy notice"
    NONE = "NONE", "No direction notice"


class Gate(TextChoices):
    """Which facts are asked for at approval and start. A trust school has its own gate on every route."""

    FULL = "FULL", "Agreement, checks, insurance, visit, capacity, maths and English"
    TRUST_SCHOOL = "TRUST_SCHOOL", "Host Headteacher's acceptance and date of dual registration"
    LA = "LA", "Local authority's written confirmation, address and attendance contact"
    MANAGED_MOVE = "MANAGED_MOVE", "Consent and the receiving school's acceptance"
    HOME_ONLINE = "HOME_ONLINE", "Visit, accreditation, supervising adult, live-lesson rules"


@dataclass(frozen=True)
class RouteRules:
    """What a route asks for.

    `end_required`: a last day must be given. `needs_slots`: expected half-days are timetabled, so marks,
    weekly contact and reviews are due. `needs_sla`, `has_cost`: an agreement covers the period, and money
    is committed. `provider_kinds`: the only kinds allowed, None when any. `register_codes`: what the home
    school's register may show for an attended session; empty when the student is off roll or studies at
    home, which is never B.
    """

    end_required: bool
    consent: Consent
    notice: NoticeRule
    gate: Gate
    register_codes: tuple[str, ...]
    needs_slots: bool = True
    needs_sla: bool = True
    has_cost: bool = True
    provider_kinds: frozenset[ProviderKind] | None = None


ROUTE_RULES: dict[Route, RouteRules] = {
    Route.DIRECTION: RouteRules(True, Consent.VIEWS, NoticeRule.FULL, Gate.FULL, ("B", "D")),
    Route.IN_TRUST: RouteRules(
        True,
        Consent.VIEWS,
        NoticeRule.FULL,
        Gate.TRUST_SCHOOL,
        ("D",),
        # The standing inter-school agreement serves as the SLA.
        needs_sla=False,
        provider_kinds=frozenset({ProviderKind.TRUST_SCHOOL}),
    ),
    Route.AGREED: RouteRules(True, Consent.RECORDED, NoticeRule.POLICY, Gate.FULL, ("B", "D")),
    Route.MANAGED_MOVE: RouteRules(
        False,
        Consent.REQUIRED,
        NoticeRule.NONE,
        Gate.MANAGED_MOVE,
        (),
        needs_slots=False,
        needs_sla=False,
        has_cost=False,
        provider_kinds=frozenset({ProviderKind.TRUST_SCHOOL, ProviderKind.OTHER_SCHOOL}),
    ),
    Route.MEDICAL: RouteRules(True, Consent.RECORDED, NoticeRule.POLICY, Gate.FULL, ("K", "B")),
    Route.HOME_ONLINE: RouteRules(
        True,
        Consent.RECORDED,
        NoticeRule.POLICY,
        Gate.HOME_ONLINE,
        (),
        provider_kinds=frozenset({ProviderKind.ONLINE}),
    ),
    Route.LA_ARRANGED: RouteRules(
        True, Consent.NONE, NoticeRule.NONE, Gate.LA, ("K",), needs_sla=False, has_cost=False
    ),
    # The exclusion rules have a notice of their own; E on days 1 to 5, then B or D.
    Route.DAY_SIX: RouteRules(True, Consent.NONE, NoticeRule.NONE, Gate.FULL, ("B", "D")),
}


class PeriodKind(TextChoices):
    INITIAL = "INITIAL", "Initial period"
    EXTENSION = "EXTENSION", "Extension"


class EndingReason(TextChoices):
    """Why a placement ended."""

    PLANNED = "PLANNED", "Planned end of the period"
    AIMS_MET = "AIMS_MET", "Aims met early"
    CONDUCT = "CONDUCT", "Code of conduct or the school's Behaviour Policy"
    BROKE_DOWN = "BROKE_DOWN", "Placement broke down"
    NOT_ATTENDING = "NOT_ATTENDING", "Not attending"
    FAMILY = "FAMILY", "Family withdrew"
    PROVIDER = "PROVIDER", "Provider withdrew or closed"
    SAFETY = "SAFETY", "Ended for safety"
    MOVED_SCHOOL = "MOVED_SCHOOL", "Student moved to another school of the trust"
    LEFT_TRUST = "LEFT_TRUST", "Student left the trust"
    TRANSFERRED = "TRANSFERRED", "Managed move completed"
    LEAVER = "LEAVER", "End of Year 11"


class Destination(TextChoices):
    """Where the student goes next. The system never records an exclusion as its own outcome (P5.7)."""

    HOME_SCHOOL = "HOME_SCHOOL", "Home school"
    TRUST_SCHOOL = "TRUST_SCHOOL", "Another school of the trust"
    OTHER_PROVIDER = "OTHER_PROVIDER", "Another alternative provider"
    OTHER_SCHOOL = "OTHER_SCHOOL", "School outside the trust"
    SPECIAL_SCHOOL = "SPECIAL_SCHOOL", "Special school"
    HEADTEACHER = "HEADTEACHER", "Referred to the Headteacher for a decision"
    HOME_EDUCATED = "HOME_EDUCATED", "Educated at home by the parents' choice"
    SIXTH_FORM = "SIXTH_FORM", "Sixth form"
    FE_COLLEGE = "FE_COLLEGE", "Further education college"
    APPRENTICESHIP = "APPRENTICESHIP", "Apprenticeship or traineeship"
    EMPLOYMENT = "EMPLOYMENT", "Employment with training"
    NEET = "NEET", "Not in education, employment or training"
    NOT_KNOWN = "NOT_KNOWN", "Not yet known"


class TransportMode(TextChoices):
    """How the student gets to the provider."""

    NOT_NEEDED = "NOT_NEEDED", "None needed"
    WALK = "WALK", "Walks or cycles"
    PARENT = "PARENT", "Brought by a parent"
    PUBLIC = "PUBLIC", "Public transport"
    TAXI = "TAXI", "Taxi"
    PROVIDER = "PROVIDER", "Fetched by the provider"
    SCHOOL = "SCHOOL", "Taken by the school"


class PaidBy(TextChoices):
    """Who pays for the transport."""

    SCHOOL = "SCHOOL", "Home school"
    PROVIDER = "PROVIDER", "Provider, in the price"
    LA = "LA", "Local authority"
    PARENT = "PARENT", "Parents"


class Lunch(TextChoices):
    """What the student eats; free school meals are the home school's duty wherever the student is."""

    PROVIDER = "PROVIDER", "Provided there"
    PACKED = "PACKED", "Packed lunch from the home school"
    OWN = "OWN", "Own packed lunch"
    VOUCHER = "VOUCHER", "Voucher"
    NOT_THERE = "NOT_THERE", "Not there at lunch time"


class DocumentKind(TextChoices):
    """Papers made from a placement, each version kept as it was."""

    PACK = "PACK", "Provider pack"
    AGREEMENT = "AGREEMENT", "Placement agreement"


class Party(TextChoices):
    """Who signs a placement agreement."""

    STUDENT = "STUDENT", "Student"
    PARENT = "PARENT", "Parent or carer"
    PROVIDER = "PROVIDER", "Provider"
    SCHOOL = "SCHOOL", "Home school"


class Answer(TextChoices):
    """What a party said to a placement agreement."""

    AGREED = "AGREED", "Agreed and signed"
    OBJECTED = "OBJECTED", "Objected"


class ShareChannel(TextChoices):
    """How a paper reached somebody."""

    HAND = "HAND", "By hand"
    POST = "POST", "By post"
    SECURE_EMAIL = "SECURE_EMAIL", "By encrypted e-mail"
    MEETING = "MEETING", "At a meeting"


class OtherHalfDays(TextChoices):
    """Where a student is in the half-days that no placement takes."""

    HOME_SCHOOL = "HOME_SCHOOL", "Home school"
    NOT_IN_EDUCATION = "NOT_IN_EDUCATION", "Not in education (part-time timetable)"


class Wish(TextChoices):
    """What the trust asks a school to do about a placement at a suspended provider; the school decides."""

    WATCH = "WATCH", "Goes on under watch"
    PAUSE = "PAUSE", "Pause at once"
    END = "END", "End it"
