"""A template tried out: on the latest case that a person may see, and on a case that strains the page."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from psycopg2.extras import DateRange

from notices.codes import Language, NoticeKind
from notices.models import DirectionNotice, NoticeTemplate
from notices.queries.kinds import facts_for
from notices.queries.letter import NoticeFacts, letter_of
from notices.queries.places import Place
from notices.queries.templates import Wording, built_in_wording, wording_of
from placements.models import Placement, PlacementPeriod
from providers.models import Programme, Provider, Site, SiteTimes
from referrals.models import Referral
from trust.calendar import SchoolCalendar
from trust.models import School, Student

EXTREME_NAME = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"
EXTREME_PERSON = f"Dr Maximiliana Theodora {EXTREME_NAME}"
EXTREME_ADDRESS = (
    "Apartment 117b, The Old Workhouse Buildings",
    "1234 Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch Road",
    "Upper Nether Westhoughton-under-Lyme",
    "NB12 9ZZ",
)


def _wordings(template: NoticeTemplate) -> dict[Language, Wording]:
    return {
        Language.ENGLISH: built_in_wording(template.route, template.kind),
        Language(template.language): wording_of(template),
    }


def _own(letter: Mapping[str, Any], template: NoticeTemplate) -> dict[str, Any]:
    """The letter in the language of the template."""
    translations: dict[str, Any] = letter["translations"]
    found: dict[str, Any] = translations.get(template.language, dict(letter))
    return found


def real_case(template: NoticeTemplate, user: Any, on: date) -> tuple[DirectionNotice, dict[str, Any]] | None:
    """The latest notice of this kind and route that the person may see, and its letter in these words; else None."""
    notice = (
        DirectionNotice.objects.visible_to(user)
        .in_force()
        .filter(kind=template.kind, placement_period__placement__route=template.route)
        .select_related("follows")
        .order_by("-prepared_at", "-id")
        .first()
    )
    if notice is None:
        return None
    return notice, _own(letter_of(notice, facts_for(notice), on=on, wordings=_wordings(template)), template)


def extreme_letter(template: NoticeTemplate, on: date) -> dict[str, Any]:
    """A letter with long names, two sites, ten sessions in each week and thirty aims; nobody real, nothing stored."""
    notice, facts = _extreme(NoticeKind(template.kind), template.route)
    letter = _own(letter_of(notice, facts, on=on, wordings=_wordings(template)), template)
    return letter | {"signed_by": EXTREME_PERSON, "signed_role": letter["labels"]["acting_head"]}


def _extreme(kind: NoticeKind, route: str) -> tuple[DirectionNotice, NoticeFacts]:
    """The case in memory: none of it is saved."""
    school = School(
        name="The Very Reverend Archibald Featherstonehaugh Memorial Church of England Academy",
        address="\n".join(EXTREME_ADDRESS[:3]),
        postcode=EXTREME_ADDRESS[3],
        phone="01632 960 123 extension 4567",
    )
    student = Student(
        school=school,
        first_name="Maximiliana-Alexandrina Theodora",
        family_name=EXTREME_NAME,
        born_on=date(2012, 9, 30),
        nc_year=9,
    )
    provider = Provider(name="The Northshire and District Consortium for Vocational and Therapeutic Learning CIC")
    sites = [
        Site(
            pk=number,
            provider=provider,
            name=f"{name} Learning and Enterprise Centre",
            address="\n".join(EXTREME_ADDRESS[:3]),
            postcode=EXTREME_ADDRESS[3],
            phone="01632 960 765 extension 4321",
        )
        for number, name in ((1, "Quayside Old Customs House"), (2, "Upper Hollow Farm and Forest"))
    ]
    period = PlacementPeriod(period=DateRange(date(2026, 12, 7), date(2027, 7, 17), "[)"))
    period.placement = Placement(
        route=route,
        student=student,
        school=school,
        provider=provider,
        site=sites[0],
        programme=Programme(provider=provider, name="Construction and the Built Environment"),
        referral=Referral(exclusion_alternative=True),
    )
    times = (time(9), time(12, 15), time(12, 45), time(15, 30))
    places = [
        Place(
            site,
            SiteTimes(
                site=site,
                from_day=date(2026, 9, 1),
                **dict(zip(("am_start", "am_end", "pm_start", "pm_end"), times, strict=True)),
            ),
            # Each half-day of the fortnight, the sites changing places from week A to week B.
            frozenset(slot for slot in range(20) if (slot % 10 // 2 + slot // 10) % 2 == number),
        )
        for number, site in enumerate(sites)
    ]
    facts = NoticeFacts(
        period=period,
        first=date(2026, 12, 7),
        last=date(2027, 7, 16),
        places=tuple(places),
        programmes=tuple(
            f"{name}, Level 1 and Level 2, with Functional Skills" for name in ("Construction", "Motor Vehicle", "Art")
        ),
        computed_days=123,
        calendar=SchoolCalendar(()),
    )
    sentence = "A long sentence, as somebody writes it who has much to say and no time to say it in fewer words. "
    notice = DirectionNotice(
        pk=999999,
        placement_period=period,
        kind=kind,
        effective_on=date(2027, 7, 16) if kind == NoticeKind.END else date(2026, 12, 7),
        reasons="\n".join([sentence * 4] * 3),
        aims="\n".join(f"Aim {number}: {sentence}" for number in range(1, 31)),
        measurable_aim="Attendance of at least 90% by the first review, and at least 95% by the end of the period.",
        report_to=EXTREME_PERSON,
        start_time=time(9),
        sessions_note="No session on the last afternoon of each half-term, nor on any day that the site is closed.",
        first_review_on=date(2027, 2, 12),
        days_required=110,
        days_reason="thirteen days are spent on work experience at a third place, which has its own letter",
        outcome="\n".join([sentence * 4] * 3),
        return_on=date(2027, 9, 3),
        return_time=time(8, 40),
        return_place=", ".join((school.name, *EXTREME_ADDRESS)),
        return_person=EXTREME_PERSON,
        changes="\n".join([sentence * 2] * 3),
    )
    notice.follows = DirectionNotice(
        pk=999998, authorised_at=datetime(2026, 11, 24, 9, tzinfo=UTC), effective_on=date(2026, 12, 7)
    )
    return notice, facts
