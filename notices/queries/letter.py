"""What a notice says: its particulars with ticks, its recipients, and the words of the letter."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.urls import reverse

from notices.codes import NoticeKind
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries.places import Place, lines_of, places_of, session_rows
from notices.rules import (
    EXCLUSION_STATEMENT,
    REVIEW_RIGHT,
    ContactFacts,
    NoticeValues,
    Recipient,
    RecipientFacts,
    SessionTimes,
    SiteAddress,
    allowed_channels,
    applicable_particulars,
    first_review_suggestion,
    is_direction,
    legal_basis,
    letter_date,
    missing_particulars,
    required_recipients,
)
from placements.models import Placement, PlacementPeriod, TimetableSlot
from placements.queries import sessions_between, stretches_of, timetable_in_force
from placements.rules import Stretch
from providers.models import Programme, Site
from trust.calendar import SchoolCalendar, last_day
from trust.codes import NATURAL_PARENTS, SenStatus
from trust.errors import CalendarNotLoaded
from trust.models import ContactLink
from trust.permissions import Role
from trust.queries import calendar_of
from trust.rules import and_words


@dataclass(frozen=True)
class Tick:
    """One particular of the letter: whether it is there, and where to put it right."""

    code: str
    label: str
    source: str
    present: bool
    path: str


@dataclass(frozen=True)
class NoticeFacts:
    """Everything about a period that its notice states and that is not typed into the notice itself.

    ``places`` are the sites of its timetable, the one of the first day first.
    """

    period: PlacementPeriod
    first: date
    last: date | None
    places: tuple[Place, ...]
    programmes: tuple[str, ...]
    computed_days: int | None
    calendar: SchoolCalendar

    @property
    def placement(self) -> Placement:
        """The placement of the period."""
        placement: Placement = self.period.placement
        return placement

    @property
    def site(self) -> Site:
        """Where the student reports on the first day."""
        return self.places[0].site if self.places else self.placement.site

    @cached_property
    def site_addresses(self) -> tuple[SiteAddress, ...]:
        """Every site as the letter states it, with its days where there are several."""
        places = self.places or (Place(self.placement.site, None, frozenset()),)
        return tuple(place.address(self.placement.provider.name) for place in places)

    @cached_property
    def session_times(self) -> tuple[SessionTimes, ...]:
        """The times of each site for the halves of the day spent there."""
        return tuple(place.session_times for place in self.places)


def _timetable_of(rows: Iterable[TimetableSlot], first: date) -> dict[int, tuple[int, int]]:
    """The half-days in force on the first day of the period, or the first that come into force."""
    usable = list(rows)
    running = [row for row in usable if first in row.runs]
    if not running and usable:
        begin = min(row.runs.lower for row in usable)
        running = [row for row in usable if row.runs.lower == begin]
    return {
        slot: (row.site_id, row.programme_id) for row in running for slot in range(row.slots.lower, row.slots.upper)
    }


def facts_of(period_id: int) -> NoticeFacts:
    """The facts of a period by its id. Raises ``PlacementPeriod.DoesNotExist``."""
    period = PlacementPeriod.objects.select_related(
        "placement__student",
        "placement__school",
        "placement__host_school",
        "placement__provider",
        "placement__site",
        "placement__referral",
    ).get(pk=period_id)
    placement = period.placement
    first, last = period.period.lower, last_day(period.period)
    timetable = _timetable_of(period.slots.all(), first) or timetable_in_force(placement)
    calendar = calendar_of(placement.school_id)
    computed: int | None = None
    begins_at = placement.site_id
    if last is not None and timetable:
        stretches = stretches_of(placement, period) or (Stretch(first, last, timetable),)
        # A calendar that is not loaded leaves the number open: the notice then lacks it.
        with suppress(CalendarNotLoaded):
            sessions = sessions_between(placement, stretches, first, last)
            computed = len({row.day for row in sessions if not row.closed})
            begins_at = next((row.site_id for row in sessions if not row.closed), begins_at)
    taught = {programme_id for _, programme_id in timetable.values()}
    programmes = tuple(Programme.objects.filter(pk__in=taught).order_by("name").values_list("name", flat=True))
    places = places_of(timetable, first, begins_at)
    return NoticeFacts(period, first, last, places, programmes, computed, calendar)


def suggested_values(facts: NoticeFacts) -> dict[str, Any]:
    """The text a new notice starts from: the referral's words and the facts of the placement (P7.3)."""
    placement = facts.placement
    referral = placement.referral
    labels = [referral.get_primary_reason_display()] if referral.primary_reason else []
    labels += [
        reason.get_reason_display() for reason in referral.reasons.all() if reason.reason != referral.primary_reason
    ]
    reasons = "\n".join([*(f"{label}." for label in labels), *lines_of(referral.why_more_appropriate)])
    aims = lines_of(referral.aims)
    review: date | None = None
    if facts.last is not None:
        try:
            review = first_review_suggestion(facts.calendar, facts.first, facts.last, placement.review_weeks)
        except CalendarNotLoaded:
            review = None
    return {
        "reasons": reasons,
        "aims": "\n".join(aims),
        "measurable_aim": next((aim for aim in aims if any(char.isdigit() for char in aim)), "")[:240],
        # Who meets the student at the main site does not stand at another one.
        "report_to": placement.report_to if facts.site.pk == placement.site_id else facts.site.report_to,
        "start_time": placement.start_time,
        "sessions_note": "",
        "first_review_on": review,
        "days_required": facts.computed_days,
        "days_reason": "",
    }


def values_of(notice: DirectionNotice, facts: NoticeFacts) -> NoticeValues:
    """What the notice says so far, in the shape the rule about missing particulars asks for."""
    placement = facts.placement
    alternative = placement.referral.exclusion_alternative
    return NoticeValues(
        reasons=notice.reasons,
        aims=tuple(lines_of(notice.aims)),
        measurable_aims=1 if notice.measurable_aim.strip() else 0,
        period_first=facts.first,
        period_last=facts.last,
        school_days=notice.days_required,
        school_days_computed=facts.computed_days,
        school_days_reason=notice.days_reason,
        start_on=facts.first,
        start_time=notice.start_time,
        sites=facts.site_addresses,
        report_to=notice.report_to,
        sessions=facts.session_times,
        exclusion_alternative=alternative,
        exclusion_statement=EXCLUSION_STATEMENT if alternative else "",
        review_dates=(notice.first_review_on,) if notice.first_review_on else (),
        review_right=REVIEW_RIGHT,
        legal_basis=legal_basis(placement.route),
    )


_FIELD = {
    "reasons": "reasons",
    "aims": "aims",
    "measurable_aim": "measurable_aim",
    "school_days": "days_required",
    "start_time": "start_time",
    "report_to": "report_to",
    "review_dates": "first_review_on",
}


def ticks_of(notice: DirectionNotice, facts: NoticeFacts) -> tuple[Tick, ...]:
    """The particulars in the order of the letter, each with a link to the field or the page that holds it."""
    values = values_of(notice, facts)
    missing = {one.code for one in missing_particulars(values)}
    change = reverse("notices:notice-change", args=[notice.pk])
    placement = facts.placement
    elsewhere = {
        "period": ("placements:placement-detail", placement.pk),
        "start_on": ("placements:placement-detail", placement.pk),
        "address": ("providers:provider-detail", placement.provider_id),
        "session_times": ("providers:provider-detail", placement.provider_id),
        "exclusion_statement": ("referrals:referral-detail", placement.referral_id),
    }
    found = []
    for one in applicable_particulars(values):
        if one.code in _FIELD:
            path = f"{change}#id_{_FIELD[one.code]}"
        elif one.code in elsewhere:
            name, pk = elsewhere[one.code]
            path = reverse(name, args=[pk])
        else:
            path = ""
        found.append(Tick(one.code, one.label, one.source, one.code not in missing, path))
    return tuple(found)


def recipients_of(facts: NoticeFacts) -> tuple[tuple[Recipient, ContactLink | None], ...]:
    """Who must be given the notice as the student's record stands now, each parent with the link to the student."""
    student = facts.placement.student
    links = {link.pk: link for link in student.contact_links.select_related("contact")}
    found = required_recipients(
        RecipientFacts(
            contacts=tuple(
                ContactFacts(
                    contact_id=link.pk,
                    name=" ".join(
                        part for part in (link.contact.title, link.contact.first_name, link.contact.family_name) if part
                    ),
                    natural_parent=link.relationship in NATURAL_PARENTS,
                    parental_responsibility=link.parental_responsibility,
                    has_care=link.has_care,
                    restricted=link.letters_restricted,
                )
                for link in links.values()
            ),
            student_name=f"{student.first_name} {student.family_name}",
            date_of_birth=student.born_on,
            on=facts.first,
            ehc_plan=student.sen_status == SenStatus.EHC_PLAN,
            la_name=student.ehc_authority,
            looked_after=student.looked_after,
            virtual_school_name=student.virtual_school,
            social_worker_name=student.social_worker,
        )
    )
    return tuple((one, links.get(one.contact_id) if one.contact_id else None) for one in found)


def channels_of(recipient: NoticeRecipient) -> tuple[str, ...]:
    """The channels by which this recipient may be given the notice: e-mail only by consent, post to an address."""
    return tuple(
        allowed_channels(
            kind=recipient.kind,
            email_consent=recipient.email_consent,
            has_email=bool(recipient.email),
            has_address=bool(recipient.address.strip()),
        )
    )


def _signed_role(signer: Any, school_id: int) -> str:
    for membership in signer.held():
        if membership.role == Role.HEAD and membership.school_id == school_id:
            return "Acting Headteacher" if membership.acting else "Headteacher"
    if any(membership.role == Role.CEO for membership in signer.held()):
        return "Chief Executive"
    return "Headteacher"


def letter_of(notice: DirectionNotice, facts: NoticeFacts, *, signer: Any = None, on: date) -> dict[str, Any]:
    """Every value the letter states, as text: what is frozen on authorising and what the preview shows before.

    ``on`` is the date of the letter, ``signer`` who authorises it (None in a preview). Values that are still missing
    are empty.
    """
    placement = facts.placement
    school, student, site = placement.school, placement.student, facts.site
    name = student.preferred_name or student.first_name
    aims: Sequence[str] = [aim for aim in lines_of(notice.aims) if aim != notice.measurable_aim.strip()]
    return {
        "reference": f"Notice {notice.pk}",
        "date": letter_date(on),
        "kind": notice.kind,
        "extension": notice.kind == NoticeKind.EXTENSION,
        "direction": is_direction(placement.route),
        "school_name": school.name,
        "school_address": lines_of(school.address),
        "school_postcode": school.postcode,
        "school_phone": school.phone,
        "student_name": f"{student.first_name} {student.family_name}",
        "student_short": name,
        "student_born": f"{student.born_on.day} {letter_date(student.born_on).split(' ', 2)[2]}",
        "student_year": f"Year {student.nc_year}",
        "provider": placement.provider.name,
        "programme": and_words(facts.programmes or (placement.programme.name,)),
        "reasons": lines_of(notice.reasons),
        "aims": list(aims),
        "measurable_aim": notice.measurable_aim.strip(),
        "first": letter_date(facts.first),
        "last": letter_date(facts.last) if facts.last else "",
        "days_required": str(notice.days_required) if notice.days_required else "",
        "days_reason": notice.days_reason.strip() if notice.days_required != facts.computed_days else "",
        "start_time": f"{notice.start_time:%H:%M}" if notice.start_time else "",
        "site_name": site.name,
        "site_address": [*lines_of(site.address), site.postcode],
        "site_phone": site.phone,
        "sites": [
            {
                "name": place.site.name,
                "address": [*lines_of(place.site.address), place.site.postcode],
                "phone": place.site.phone,
                "days": place.days,
            }
            for place in facts.places
            if len(facts.places) > 1
        ],
        "report_to": notice.report_to.strip(),
        "sessions": session_rows(facts.places),
        "sessions_note": notice.sessions_note.strip(),
        "exclusion_statement": (
            EXCLUSION_STATEMENT.format(name=name) if placement.referral.exclusion_alternative else ""
        ),
        "review_on": letter_date(notice.first_review_on) if notice.first_review_on else "",
        "review_right": REVIEW_RIGHT,
        "legal_basis": legal_basis(placement.route),
        "signed_by": signer.full_name if signer else "",
        "signed_role": _signed_role(signer, placement.school_id) if signer else "",
    }
