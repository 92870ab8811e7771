"""What a notice says: its particulars with ticks, its recipients, and the words of the letter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from typing import Any

from django.urls import reverse

from notices.codes import NoticeKind
from notices.models import DirectionNotice, NoticeRecipient
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
    weekday_name,
)
from placements.models import Placement, PlacementPeriod, TimetableSlot
from placements.rules import expected_sessions
from providers.models import Site, SiteTimes
from trust.calendar import SchoolCalendar, last_day
from trust.codes import NATURAL_PARENTS, SenStatus
from trust.errors import CalendarNotLoaded
from trust.models import ContactLink
from trust.permissions import Role
from trust.queries import calendars_of


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
    """Everything about a period that its notice states and that is not typed into the notice itself."""

    period: PlacementPeriod
    first: date
    last: date | None
    slots: frozenset[int]
    times: SiteTimes | None
    computed_days: int | None
    calendar: SchoolCalendar

    @property
    def placement(self) -> Placement:
        """The placement of the period."""
        placement: Placement = self.period.placement
        return placement

    @cached_property
    def site_address(self) -> SiteAddress:
        """The site as the letter states it; the last line of its address is the town."""
        site: Site = self.placement.site
        lines = _lines(site.address)
        if len(lines) == 1:
            lines = [part.strip() for part in lines[0].split(",") if part.strip()]
        return SiteAddress(
            name=self.placement.provider.name,
            street=", ".join(lines[:-1]),
            town=lines[-1] if lines else "",
            postcode=site.postcode,
        )

    @cached_property
    def session_times(self) -> tuple[SessionTimes, ...]:
        """The times of the halves of the day on which the student is expected; empty when the site has none."""
        if self.times is None or not self.slots:
            return ()
        mornings = any(slot % 2 == 0 for slot in self.slots)
        afternoons = any(slot % 2 for slot in self.slots)
        return (
            SessionTimes(
                am_start=self.times.am_start if mornings else None,
                am_end=self.times.am_end if mornings else None,
                pm_start=self.times.pm_start if afternoons else None,
                pm_end=self.times.pm_end if afternoons else None,
                one_session=not (mornings and afternoons),
            ),
        )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _slots_of(rows: Iterable[TimetableSlot], first: date) -> frozenset[int]:
    """The half-days in force on the first day of the period, or the first that come into force."""
    usable = list(rows)
    running = [row for row in usable if first in row.runs]
    if not running and usable:
        begin = min(row.runs.lower for row in usable)
        running = [row for row in usable if row.runs.lower == begin]
    return frozenset(slot for row in running for slot in range(row.slots.lower, row.slots.upper))


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
    slots = _slots_of(period.slots.all(), first) or _slots_of(placement.slots.all(), first)
    times = SiteTimes.objects.filter(site_id=placement.site_id, from_day__lte=first).order_by("-from_day").first()
    schools = [placement.school_id, *([placement.host_school_id] if placement.host_school_id else [])]
    calendars = calendars_of(schools)
    computed: int | None = None
    if last is not None and slots:
        closed = frozenset(placement.site.closures.values_list("day", flat=True))
        host = calendars.get(placement.host_school_id) if placement.host_school_id else None
        try:
            found = expected_sessions(calendars[placement.school_id], slots, first, last, closed, host)
            computed = len({day for day, _ in found})
        except CalendarNotLoaded:
            computed = None
    return NoticeFacts(period, first, last, slots, times, computed, calendars[placement.school_id])


def suggested_values(facts: NoticeFacts) -> dict[str, Any]:
    """The text a new notice starts from: the referral's words and the facts of the placement (P7.3)."""
    placement = facts.placement
    referral = placement.referral
    labels = [referral.get_primary_reason_display()] if referral.primary_reason else []
    labels += [
        reason.get_reason_display() for reason in referral.reasons.all() if reason.reason != referral.primary_reason
    ]
    reasons = "\n".join([*(f"{label}." for label in labels), *_lines(referral.why_more_appropriate)])
    aims = _lines(referral.aims)
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
        "report_to": placement.report_to,
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
        aims=tuple(_lines(notice.aims)),
        measurable_aims=1 if notice.measurable_aim.strip() else 0,
        period_first=facts.first,
        period_last=facts.last,
        school_days=notice.days_required,
        school_days_computed=facts.computed_days,
        school_days_reason=notice.days_reason,
        start_on=facts.first,
        start_time=notice.start_time,
        sites=(facts.site_address,),
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


def _span(start: time | None, end: time | None) -> str:
    return f"{start:%H:%M} to {end:%H:%M}" if start and end else ""


def _session_rows(facts: NoticeFacts) -> list[dict[str, str]]:
    """One row for each day of the timetable; week A and B are named only where they differ."""
    times = facts.times
    if times is None:
        return []
    morning, afternoon = _span(times.am_start, times.am_end), _span(times.pm_start, times.pm_end)
    week_a = {slot for slot in facts.slots if slot < 10}
    week_b = {slot - 10 for slot in facts.slots if slot >= 10}
    rows = []
    for weekday in range(5):
        halves = {weekday * 2, weekday * 2 + 1}
        in_a, in_b = week_a & halves, week_b & halves
        kinds = [("", in_a)] if in_a == in_b else [(" (week A)", in_a), (" (week B)", in_b)]
        rows += [
            {
                "day": f"{weekday_name(weekday)}{suffix}",
                "morning": morning if weekday * 2 in found else "–",
                "afternoon": afternoon if weekday * 2 + 1 in found else "–",
            }
            for suffix, found in kinds
            if found
        ]
    return rows


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
    school, student, site = placement.school, placement.student, placement.site
    name = student.preferred_name or student.first_name
    aims: Sequence[str] = [aim for aim in _lines(notice.aims) if aim != notice.measurable_aim.strip()]
    return {
        "reference": f"Notice {notice.pk}",
        "date": letter_date(on),
        "kind": notice.kind,
        "extension": notice.kind == NoticeKind.EXTENSION,
        "direction": is_direction(placement.route),
        "school_name": school.name,
        "school_address": _lines(school.address),
        "school_postcode": school.postcode,
        "school_phone": school.phone,
        "student_name": f"{student.first_name} {student.family_name}",
        "student_short": name,
        "student_born": f"{student.born_on.day} {letter_date(student.born_on).split(' ', 2)[2]}",
        "student_year": f"Year {student.nc_year}",
        "provider": placement.provider.name,
        "programme": placement.programme.name,
        "reasons": _lines(notice.reasons),
        "aims": list(aims),
        "measurable_aim": notice.measurable_aim.strip(),
        "first": letter_date(facts.first),
        "last": letter_date(facts.last) if facts.last else "",
        "days_required": str(notice.days_required) if notice.days_required else "",
        "days_reason": notice.days_reason.strip() if notice.days_required != facts.computed_days else "",
        "start_time": f"{notice.start_time:%H:%M}" if notice.start_time else "",
        "site_name": site.name,
        "site_address": [*_lines(site.address), site.postcode],
        "site_phone": site.phone,
        "report_to": notice.report_to.strip(),
        "sessions": _session_rows(facts),
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
