"""What a notice says: its particulars with ticks, its recipients, and the words of the letter."""

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from typing import Any

from django.urls import reverse

from notices.codes import Language, NoticeKind
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries.places import Place, days_words, lines_of, places_of, session_rows
from notices.queries.templates import Wording, wordings_in_force
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
    missing_particulars,
    required_recipients,
)
from notices.rules.templates import worded
from notices.rules.words import Words, language_of, plain
from placements.codes import PeriodKind
from placements.models import Placement, PlacementPeriod, TimetableSlot
from placements.queries import sessions_between, stretches_of, timetable_in_force
from placements.rules import Stretch
from providers.models import Programme, Site
from trust.calendar import SchoolCalendar, last_day, london_date
from trust.codes import NATURAL_PARENTS, SenStatus
from trust.errors import CalendarNotLoaded, RuleBroken
from trust.models import ContactLink, School
from trust.permissions import Role
from trust.queries import calendar_of

logger = logging.getLogger(__name__)


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
        number = notice.days_required
        if one.code == "school_days" and one.code in missing and number and number != facts.computed_days:
            counted = facts.computed_days or "no"
            label = f"the reason why {number} school days are required where the calendar counts {counted}"
            found.append(Tick(one.code, label, one.source, False, f"{change}#id_days_reason"))
            continue
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


# What a draft shows where a value is still missing.
GAP = "[still missing]"


def _signed_role(signer: Any, school_id: int, words: Words) -> str:
    for membership in signer.held():
        if membership.role == Role.HEAD and membership.school_id == school_id:
            return words.text("acting_head" if membership.acting else "headteacher")
    if any(membership.role == Role.CEO for membership in signer.held()):
        return words.text("chief")
    return words.text("headteacher")


def letter_of(
    notice: DirectionNotice,
    facts: NoticeFacts,
    *,
    signer: Any = None,
    on: date,
    wordings: Mapping[Language, Wording] | None = None,
) -> dict[str, Any]:
    """Every value and every word of the letter, as text: what is frozen on authorising and what the preview shows.

    ``on`` is the date of the letter; ``facts`` those of ``facts_for``; ``signer`` who authorises it: then the wordings
    in the languages of the recipients are put beside it as ``translations``, less one that is at fault, and
    ``RuleBroken`` names the section of the English one that lacks a value. Without ``signer`` a
    missing value is a gap. ``wordings``: other ones than those in force.
    """
    if wordings is None:
        route = facts.placement.route
        wordings = wordings_in_force(route, notice.kind, _languages_of(facts) if signer else ())
    letter = _in_words(notice, facts, wordings[Language.ENGLISH], signer, on)
    translations = {}
    for language, wording in wordings.items():
        if language == Language.ENGLISH:
            continue
        try:
            translations[language.value] = _in_words(notice, facts, wording, signer, on)
        except (RuleBroken, LookupError, ValueError):
            # The English letter is the notice: on its last day a faulty translation must not hold it up. Without one
            # the letter offers an interpreter.
            logger.warning("Left out of notice %s: the translation %s is at fault.", notice.pk, wording.label)
    return {**letter, "translations": translations}


def _languages_of(facts: NoticeFacts) -> set[Language]:
    """The languages in which the recipients may get a translation."""
    found = {language_of(link.contact.language) for _, link in recipients_of(facts) if link}
    return {language for language in found if language is not None}


def _in_words(notice: DirectionNotice, facts: NoticeFacts, wording: Wording, signer: Any, on: date) -> dict[str, Any]:
    """The letter in one language."""
    words = wording.words
    placement = facts.placement
    student = placement.student
    gap = None if signer else GAP
    name = student.preferred_name or student.first_name
    values = {
        "reference": f"Notice {notice.pk}",
        "date": words.day(on),
        "kind": str(notice.kind),
        # Of a withdrawal: whether it withdraws the notice of an extension.
        "extension": notice.kind == NoticeKind.EXTENSION
        or (notice.kind == NoticeKind.WITHDRAWAL and facts.period.kind == PeriodKind.EXTENSION),
        "direction": is_direction(placement.route),
        "language": words.language.value,
        "right_to_left": words.right_to_left,
        "template": wording.label,
        "student_name": f"{student.first_name} {student.family_name}",
        "student_short": name,
        "student_born": words.born(student.born_on),
        "student_year": words.text("year", number=str(student.nc_year)),
        **_school_values(placement.school),
        **_place_values(facts, words),
        **_notice_values(notice, facts, words),
        "exclusion_statement": (
            words.text("exclusion_statement", student=name) if placement.referral.exclusion_alternative else ""
        ),
        "review_right": words.text("review_right"),
        "signed_by": signer.full_name if signer else "",
        "signed_role": _signed_role(signer, placement.school_id, words) if signer else "",
    }
    letter: dict[str, Any] = plain({**values, **_lines(values, words, gap)})
    letter["labels"] = dict(words.labels)
    letter["texts"] = worded(wording.texts, _merge_values(letter, notice), notice.kind, gap=gap)
    if "ground" in letter["texts"]:
        letter["legal_basis"] = " ".join(letter["texts"]["ground"])
    return letter


def _school_values(school: School) -> dict[str, Any]:
    return {
        "school_name": school.name,
        "school_address": lines_of(school.address),
        "school_postcode": school.postcode,
        "school_phone": school.phone,
    }


def _place_values(facts: NoticeFacts, words: Words) -> dict[str, Any]:
    """Where, what and when, as the timetable says."""
    placement, site = facts.placement, facts.site
    every = {slot for place in facts.places for slot in place.slots}
    return {
        "provider": placement.provider.name,
        "programme": words.joined(facts.programmes or (placement.programme.name,)),
        "site_name": site.name,
        "site_address": [*lines_of(site.address), site.postcode],
        "site_phone": site.phone,
        "sites": [
            {
                "name": place.site.name,
                "address": [*lines_of(place.site.address), place.site.postcode],
                "phone": place.site.phone,
                "days": (days := days_words(place.slots, every, words)),
                "heading": words.text("address_on", days=days),
            }
            for place in facts.places
            if len(facts.places) > 1
        ],
        "sessions": session_rows(facts.places, words),
    }


def _notice_values(notice: DirectionNotice, facts: NoticeFacts, words: Words) -> dict[str, Any]:
    """What was typed into the notice, and its days."""
    measurable = notice.measurable_aim.strip()
    # Of a change ``facts`` begin on its day; the period is the whole one all the same.
    first = facts.period.period.lower if notice.kind == NoticeKind.VARIATION else facts.first
    withdrawn = notice.follows if notice.kind == NoticeKind.WITHDRAWAL else None
    if withdrawn is not None and withdrawn.effective_on:
        # The start that was told, also where it was moved since.
        first = withdrawn.effective_on
    drafted_end = notice.kind == NoticeKind.END and notice.frozen is None
    corrected = notice.days_required != facts.computed_days
    return {
        "reasons": lines_of(notice.reasons),
        "aims": [aim for aim in lines_of(notice.aims) if aim != measurable],
        "measurable_aim": measurable,
        "first": words.day(first),
        "last": words.day(facts.last) if facts.last else "",
        # A draft of the end names the last day as it stands now.
        "effective": words.day((drafted_end and facts.last) or notice.effective_on or facts.first),
        "days_required": str(notice.days_required) if notice.days_required else "",
        "days_reason": notice.days_reason.strip() if corrected else "",
        "start_time": _time(notice.start_time),
        "report_to": notice.report_to.strip(),
        "sessions_note": notice.sessions_note.strip(),
        "review_on": words.day(notice.first_review_on) if notice.first_review_on else "",
        "changes": lines_of(notice.changes),
        "outcome": lines_of(notice.outcome),
        "return_on": words.day(notice.return_on) if notice.return_on else "",
        "return_time": _time(notice.return_time),
        "return_place": notice.return_place.strip(),
        "return_person": notice.return_person.strip(),
        "withdrawn": f"Notice {withdrawn.pk}" if withdrawn else "",
        "withdrawn_on": (
            words.day(london_date(withdrawn.authorised_at)) if withdrawn and withdrawn.authorised_at else ""
        ),
    }


def _time(value: time | None) -> str:
    return f"{value:%H:%M}" if value else ""


def _lines(values: Mapping[str, Any], words: Words, gap: str | None) -> dict[str, str]:
    """The lines of the layout that are put together from several values."""
    last, start = values["last"] or gap or "", values["start_time"] or gap or ""
    begins = values["effective"] if values["kind"] == NoticeKind.VARIATION else values["first"]
    person = values["report_to"] or gap or ""
    several = bool(values["sites"])
    return {
        "about_line": words.text(
            "about", student=values["student_name"], year=values["student_year"], born=values["student_born"]
        ),
        "start_line": words.text("at", day=begins, time=start),
        "period_line": words.span(values["first"], last),
        "report_line": words.text("report_at", person=person, site=values["site_name"]) if several else person,
    }


def _merge_values(letter: Mapping[str, Any], notice: DirectionNotice) -> dict[str, str | bool]:
    """The merge fields of the texts; '' for a value that is not there."""
    return {
        "student": letter["student_short"],
        "student_full": letter["student_name"],
        "year": letter["student_year"],
        "site": letter["site_name"],
        "first_review": letter["review_on"],
        "school": letter["school_name"],
        "head": letter["signed_by"],
        "exclusion": bool(letter["exclusion_statement"]),
        **{
            name: letter[name]
            for name in (
                "provider",
                "programme",
                "first",
                "last",
                "effective",
                "start_time",
                "days_required",
                "report_to",
                "return_on",
                "return_time",
                "return_place",
                "return_person",
                "withdrawn",
                "withdrawn_on",
                "school_phone",
                "direction",
                "extension",
            )
        },
    }
