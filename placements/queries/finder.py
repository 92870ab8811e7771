"""Which programmes could take a student: ranked, and the unsuitable ones with every reason (P6.2)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from placements.codes import Route
from placements.lifecycle import OfferStatus
from placements.models import Offer
from placements.queries.assurance import Assured, assured, most_hours, students_over_hours
from placements.queries.capacity import places_taken
from placements.queries.gate import about_referral
from placements.rules import (
    ABOUT_FAMILY,
    ABOUT_PROVIDER,
    GateCode,
    GateFacts,
    GateOutcome,
    GateResult,
    Match,
    Price,
    Stretch,
    Taken,
    Teaches,
    Terms,
    Wishes,
    cost_lines,
    every_week,
    gate,
    left_by_half_day,
    match,
    miles_between,
)
from placements.rules.matching import meets, phrases
from providers.codes import ProviderKind, SiteKind
from providers.lifecycle import Status as ProviderStatus
from providers.models import Programme, Site, SiteClosure
from referrals.models import Referral
from trust.calendar import SchoolCalendar
from trust.errors import CalendarNotLoaded
from trust.models import ContactLink, PostcodePoint
from trust.queries import calendars_of

Point = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Wanted:
    """What is looked for: half-days of a week (0 to 9), both days inclusive, and what the page filters by.

    ``last`` is None for a managed move. ``cost_up_to`` is £ net of VAT for the whole period.
    """

    slots: tuple[int, ...]
    first: date
    last: date | None
    route: str = Route.DIRECTION
    subject: str = ""
    interest: str = ""
    qualification: str = ""
    key_stage: str = ""
    cost_up_to: Decimal | None = None
    only_free: bool = False

    @property
    def full_time(self) -> bool:
        """All ten half-days: then the programme teaches maths and English itself (P3.5)."""
        return len(set(self.slots)) == 10


@dataclass(frozen=True)
class Found:
    """One programme: how it fits, what is left of it, how far it is, what it costs, why it is not possible.

    ``left`` is None when no half-days are asked about; ``miles`` and ``cost`` None when they are not known. ``reasons``
    are the questions of the gate that fail, all of them; ``warnings`` those that warn. ``offer`` is the newest offer of
    this programme for the referral that was not dropped.
    """

    programme: Programme
    match: Match
    left: int | None
    miles: Decimal | None
    online: bool
    cost: Decimal | None
    reasons: tuple[GateResult, ...]
    warnings: tuple[GateResult, ...]
    offer: Offer | None
    lapsed: bool = False

    @property
    def key(self) -> str:
        """The programme's id as forms send it."""
        return str(self.programme.pk)

    @property
    def waits(self) -> bool:
        """A place is asked for and not answered, or offered and not lapsed."""
        status = self.offer.status if self.offer else None
        return status == OfferStatus.ASKED or (status == OfferStatus.OFFERED and not self.lapsed)

    @property
    def offer_status(self) -> str:
        """The state of the offer as a status word, '' without one."""
        return "LAPSED" if self.lapsed else self.offer.status if self.offer else ""

    @property
    def offer_words(self) -> str:
        """The state of the offer in words."""
        if self.offer is None:
            return "Not asked"
        return "Lapsed" if self.lapsed else str(OfferStatus(self.offer.status).label)

    @property
    def suitable(self) -> bool:
        """Nothing that the provider answers for stands in the way."""
        return not self.reasons


def find_providers(referral: Referral, wanted: Wanted, today: date) -> tuple[Found, ...]:
    """Every programme that the filters let through: the suitable ones first, best match, then cheapest, then nearest.

    Unsuitable ones follow with all their reasons, from the same questions that the proposal, the decision and the
    start ask. Closed providers and the student's own school are left out. The same number of queries for any number of
    providers. Source: P6.2.
    """
    programmes = [
        programme
        for programme in Programme.objects.exclude(provider__status=ProviderStatus.CLOSED)
        .exclude(provider__school_id=referral.school_id)
        .select_related("provider__school")
        .prefetch_related("qualifications", "provider__sites")
        .order_by("provider__name", "name", "pk")
        if _fits(programme, wanted)
    ]
    found = [row for row in _Finder(referral, wanted, today, programmes).rows() if _kept(row, wanted)]
    return tuple(sorted(found, key=_rank))


def first_days(referral: Referral, today: date) -> tuple[date, date | None]:
    """Days to look for when nobody has said any: the tenth school day from now, the end of its term.

    Without a calendar two weeks from now and no last day.
    """
    calendar = calendars_of([referral.school_id])[referral.school_id]
    try:
        first = calendar.add(today, 10)
        term = calendar.term_of(first)
    except CalendarNotLoaded:
        return today + timedelta(days=14), None
    return first, term.last if term else None


def family_gaps(referral: Referral, wanted: Wanted, today: date) -> tuple[GateResult, ...]:
    """What an approval would still miss in the referral itself, whichever provider is chosen."""
    facts = GateFacts(
        route=wanted.route,
        provider_kind=ProviderKind.REGISTERED_AP,
        provider_status=ProviderStatus.APPROVED,
        on=today,
        first=wanted.first,
        last=wanted.last,
        **about_referral(referral),
    )
    return tuple(row for row in gate(facts) if row.code in ABOUT_FAMILY and row.outcome == GateOutcome.FAILED)


def _rank(row: Found) -> tuple[bool, int, bool, Decimal, bool, Decimal, str, str, int]:
    zero = Decimal(0)
    return (
        not row.suitable,
        -row.match.score,
        row.cost is None,
        row.cost or zero,
        row.miles is None,
        row.miles or zero,
        row.programme.provider.name,
        row.programme.name,
        row.programme.pk,
    )


def _fits(programme: Programme, wanted: Wanted) -> bool:
    """Whether a programme has what the filters name."""
    teaches = _teaches(programme)
    taught = [*phrases(teaches.interests), *phrases(teaches.subjects)]
    return all(
        (
            not wanted.subject or meets(wanted.subject, taught),
            not wanted.interest or meets(wanted.interest, taught),
            not wanted.qualification or meets(wanted.qualification, teaches.qualifications),
            not wanted.key_stage or wanted.key_stage in programme.key_stages.split(),
        )
    )


def _kept(row: Found, wanted: Wanted) -> bool:
    """Whether a row passes the filters by money and place; an unknown cost is not held against it."""
    dear = wanted.cost_up_to is not None and row.cost is not None and row.cost > wanted.cost_up_to
    return not dear and not (wanted.only_free and row.left is not None and row.left < 1)


def _teaches(programme: Programme) -> Teaches:
    rows = tuple(f"{row.level} {row.title}".strip() for row in programme.qualifications.all())
    return Teaches(programme.interests, f"{programme.subjects}, {programme.provider.subjects}", rows)


class _Finder:
    """Everything about all programmes at once, so that the questions of the gate ask no database."""

    def __init__(self, referral: Referral, wanted: Wanted, today: date, programmes: Collection[Programme]) -> None:
        self.referral, self.wanted, self.today, self.programmes = referral, wanted, today, programmes
        providers = {programme.provider_id: programme.provider for programme in programmes}
        self.papers: Mapping[int, Assured] = assured(list(providers), today)
        self.taken = places_taken([programme.pk for programme in programmes], today, without=referral)
        self.over_hours = students_over_hours(
            list(providers), wanted.first, wanted.last, today, without_student=referral.student_id
        )
        self.offers: dict[int, Offer] = {}
        for offer in Offer.objects.filter(referral=referral).exclude(status=OfferStatus.DROPPED).order_by("pk"):
            self.offers[offer.programme_id] = offer
        schools = {provider.school_id for provider in providers.values() if provider.school_id}
        self.calendars: dict[int, SchoolCalendar] = calendars_of(sorted(schools | {referral.school_id}))
        self.sites: dict[int, list[Site]] = {
            pk: [site for site in provider.sites.all() if site.closed_on is None or site.closed_on > wanted.first]
            for pk, provider in providers.items()
        }
        self.closed: dict[int, set[date]] = {site.pk: set() for sites in self.sites.values() for site in sites}
        for site_id, day in SiteClosure.objects.filter(site_id__in=self.closed).values_list("site_id", "day"):
            self.closed[site_id].add(day)
        self.home, self.points = self._places()
        self.wishes = Wishes(referral.interests, referral.subjects, referral.qualifications)
        self.about = about_referral(referral)

    def rows(self) -> list[Found]:
        """One row for each programme, unsorted."""
        return [self._row(programme) for programme in self.programmes]

    def _row(self, programme: Programme) -> Found:
        sites = self.sites[programme.provider_id]
        left = self._left(programme)
        offer = self.offers.get(programme.pk)
        answers = gate(self._facts(programme, left))
        about = [
            row
            for row in answers
            if row.code in ABOUT_PROVIDER
            # Part-time, who teaches maths and English is said in the proposal.
            and (row.code != GateCode.MATHS_AND_ENGLISH or self.wanted.full_time)
        ]
        return Found(
            programme=programme,
            match=match(self.wishes, _teaches(programme)),
            left=min(left.values(), default=None),
            miles=self._miles(sites),
            online=bool(sites) and all(site.kind == SiteKind.ONLINE for site in sites),
            cost=self._cost(programme, sites),
            reasons=tuple(row for row in about if row.outcome == GateOutcome.FAILED),
            warnings=tuple(row for row in about if row.outcome == GateOutcome.WARNING),
            offer=offer,
            lapsed=bool(
                offer
                and offer.status == OfferStatus.OFFERED
                and offer.offered_until
                and offer.offered_until < self.today
            ),
        )

    def _left(self, programme: Programme) -> dict[int, int]:
        taken: Collection[Taken] = self.taken[programme.pk]
        slots = every_week(self.wanted.slots)
        return left_by_half_day(programme.capacity, taken, slots, self.wanted.first, self.wanted.last)

    def _facts(self, programme: Programme, left: dict[int, int]) -> GateFacts:
        """The facts of a placement that this programme would be; what is agreed later stays empty."""
        wanted, provider = self.wanted, programme.provider
        papers = self.papers[provider.pk]
        slots = every_week(wanted.slots)
        return GateFacts(
            route=wanted.route,
            provider_kind=provider.kind,
            provider_status=provider.status,
            on=self.today,
            first=wanted.first,
            last=wanted.last,
            agreements=tuple(papers.agreements),
            checks=papers.checks,
            unconfirmed=frozenset(papers.unconfirmed),
            medical_specialist=bool(provider.medical_tag),
            places_left=min(left.values(), default=programme.capacity),
            full_half_days=tuple(sorted(slot for slot, places in left.items() if places < 1)),
            half_days=frozenset(wanted.slots),
            not_offered=tuple(slot for slot in slots if slot % 10 not in programme.sessions_offered),
            offered_until=programme.offered_until,
            key_stages=programme.key_stages,
            full_time=wanted.full_time,
            teaches_maths_and_english=programme.maths_and_english,
            weekly_hours=most_hours((slot, programme.hours_per_session) for slot in slots),
            weekly_sessions=len(set(wanted.slots)),
            others_over_hours=self.over_hours[provider.pk],
            **self.about,
        )

    def _cost(self, programme: Programme, sites: Sequence[Site]) -> Decimal | None:
        """What the wanted half-days cost at today's price; None without an end or without a calendar."""
        wanted, provider = self.wanted, programme.provider
        if wanted.last is None:
            return None
        site_id = sites[0].pk if sites else 0
        timetable = dict.fromkeys(every_week(wanted.slots), (site_id, programme.pk))
        terms = Terms(charged_when_closed=self.papers[provider.pk].charges_closed_days(wanted.first))
        try:
            lines = cost_lines(
                self.calendars[self.referral.school_id],
                [Stretch(wanted.first, wanted.last, timetable)],
                {programme.pk: Price(programme.unit, programme.rate, programme.hours_per_session)},
                wanted.first,
                wanted.last,
                self.closed,
                self.calendars[provider.school_id] if provider.school_id else None,
                terms=terms,
            )
        except CalendarNotLoaded:
            return None
        return sum((amount for _, amount in lines), Decimal("0.00"))

    def _miles(self, sites: Collection[Site]) -> Decimal | None:
        """The straight line from home to the nearest site where students meet."""
        if self.home is None:
            return None
        points = [
            self.points[key]
            for site in sites
            if site.kind != SiteKind.ONLINE and (key := _plain(site.postcode)) in self.points
        ]
        return min((miles_between(self.home, point) for point in points), default=None)

    def _places(self) -> tuple[Point | None, dict[str, Point]]:
        """Where the student lives (a contact with care, else the home school) and where the sites are."""
        care = ContactLink.objects.filter(student_id=self.referral.student_id, has_care=True).order_by(
            "-parental_responsibility", "id"
        )
        homes = [_plain(code) for code in care.values_list("contact__postcode", flat=True) if code.strip()]
        homes.append(_plain(self.referral.school.postcode))
        wanted = {_plain(site.postcode) for sites in self.sites.values() for site in sites} | set(homes)
        points = {
            row.postcode: (row.latitude, row.longitude) for row in PostcodePoint.objects.filter(postcode__in=wanted)
        }
        return next((points[code] for code in homes if code in points), None), points


def _plain(postcode: str) -> str:
    return "".join(postcode.split()).upper()
