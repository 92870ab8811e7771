"""Twelve providers of all kinds: one agreement ends soon, one check has expired, one provider is suspended."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from invictus_ap.services.demo.world import Place, World
from providers.codes import CheckKind, PriceUnit, ProviderKind, ProviderTag, SiteKind
from providers.rules import checks_needed
from providers.services import (
    add_agreement,
    add_programme,
    add_provider,
    add_provider_contact,
    add_site,
    approve_provider,
    record_check,
    suspend_provider,
)
from trust.calendar import academic_year_of
from trust.permissions import Role

# Half-days of the fortnight; an every-week pattern has both weeks.
EVERY_DAY = tuple(range(20))
MORNINGS = tuple(range(0, 20, 2))
TWO_DAYS = (2, 3, 4, 5, 12, 13, 14, 15)
THREE_DAYS = (0, 1, 4, 5, 8, 9, 10, 11, 14, 15, 18, 19)


@dataclass(frozen=True)
class Sketch:
    """What one provider of the demo is."""

    key: str
    name: str
    kind: ProviderKind
    programme: str
    subjects: str
    unit: PriceUnit
    rate: str
    slots: tuple[int, ...]
    capacity: int = 14
    tag: str = ""
    school: int | None = None


SKETCHES = (
    Sketch("millwheel", "Millwheel Works", ProviderKind.REGISTERED_AP, "Build and Mend", "construction, joinery",
           PriceUnit.SESSION, "46.50", EVERY_DAY, 16),
    Sketch("lantern", "The Lantern Rooms", ProviderKind.REGISTERED_AP, "Steady Ground", "therapeutic groups, art",
           PriceUnit.DAY, "98.00", THREE_DAYS),
    Sketch("quayside", "Quayside Engine House", ProviderKind.UNREGISTERED, "Engine Days", "motor vehicles",
           PriceUnit.SESSION, "42.00", TWO_DAYS),
    Sketch("northmoor", "Northmoor Vale College", ProviderKind.FE_COLLEGE, "Level 1 Trades", "trades, catering, hair",
           PriceUnit.WEEK, "145.00", TWO_DAYS, 20),
    Sketch("kite", "Kite and Compass Tuition", ProviderKind.TUITION, "Home and Hospital Tuition", "core GCSEs",
           PriceUnit.HOUR, "36.00", MORNINGS, 8, ProviderTag.HOME_TUITION),
    Sketch("larkrise", "Larkrise Online School", ProviderKind.ONLINE, "Live Lessons", "core GCSEs",
           PriceUnit.WEEK, "120.00", MORNINGS, 12),
    Sketch("hollowoak", "Hollow Oak Farm", ProviderKind.UNREGISTERED, "Animals and Land", "land, animal care",
           PriceUnit.SESSION, "48.00", TWO_DAYS),
    Sketch("stagecraft", "Stagecraft Yard", ProviderKind.UNREGISTERED, "Back Stage", "music, lighting, drama",
           PriceUnit.SESSION, "44.00", TWO_DAYS, 6),
    Sketch("redgate", "Redgate Motor Skills", ProviderKind.UNREGISTERED, "Garage", "motor vehicles",
           PriceUnit.SESSION, "39.00", TWO_DAYS, 6),
    Sketch("dunmere", "Dunmere High School (trust)", ProviderKind.TRUST_SCHOOL, "In-trust Placement", "all subjects",
           PriceUnit.DAY, "30.00", EVERY_DAY, 6, school=3),
    Sketch("greystone", "Greystone Green Academy (trust)", ProviderKind.TRUST_SCHOOL, "In-trust Placement",
           "all subjects", PriceUnit.DAY, "30.00", EVERY_DAY, 6, school=6),
    Sketch("westerby", "Westerby Hospital School", ProviderKind.OTHER_SCHOOL, "Ward Teaching", "core GCSEs",
           PriceUnit.FIXED, "0.00", MORNINGS, 10, ProviderTag.HOSPITAL),
)  # fmt: skip


def make_places(world: World) -> None:
    """The providers with sites, programmes, agreements and checks, approved by the trust AP lead."""
    for number, sketch in enumerate(SKETCHES):
        world.places[sketch.key] = _place(world, sketch, number)


def suspend_one(world: World) -> None:
    """Last of all: a provider is suspended after its placements have ended."""
    suspend_provider(
        provider_id=world.places["redgate"].provider.pk,
        reason="Staff checks could not be confirmed at the last visit.",
        by=world.ceo,
        now=world.now,
    )


def _place(world: World, sketch: Sketch, number: int) -> Place:
    lead, recorder = world.lead, world.person(world.schools[0], Role.SLT)
    begin = academic_year_of(world.today).first.replace(year=academic_year_of(world.today).first.year - 1)
    then = world.at(begin, 9)
    registered = sketch.kind in (ProviderKind.REGISTERED_AP, ProviderKind.OTHER_SCHOOL, ProviderKind.TRUST_SCHOOL)
    provider = add_provider(
        data={
            "name": sketch.name,
            "kind": sketch.kind,
            "school": world.schools[sketch.school] if sketch.school is not None else None,
            "urn": f"9200{number + 1:02d}" if registered else "",
            "ukprn": f"1999000{number % 10}" if sketch.kind == ProviderKind.FE_COLLEGE else "",
            "medical_tag": sketch.tag,
            "subjects": sketch.subjects,
        },
        by=lead,
        now=then,
    )
    site = add_site(
        provider_id=provider.pk,
        data={
            "name": "Online" if sketch.kind == ProviderKind.ONLINE else "Main site",
            "kind": SiteKind.ONLINE if sketch.kind == ProviderKind.ONLINE else SiteKind.MAIN,
            "address": f"{number + 3} {sketch.name.split()[-1]} Yard\nNorthmoor",
            "postcode": f"ZZ1{number % 10} 4CC",
            "phone": f"01632 9602{number:02d}",
            "report_to": "The front desk" if sketch.kind == ProviderKind.TRUST_SCHOOL else "Marguerite Sewell",
        },
        times=_times(begin),
        by=lead,
        now=then,
    )
    programme = add_programme(
        provider_id=provider.pk,
        data={
            "name": sketch.programme,
            "subjects": sketch.subjects,
            "qualifications": "Level 1 award, functional skills",
            "key_stages": "KS3 KS4",
            "maths_and_english": True,
            "unit": sketch.unit,
            "rate": Decimal(sketch.rate),
            "capacity": sketch.capacity,
            "hours_per_session": Decimal("2.50"),
        },
        by=lead,
        now=then,
    )
    add_provider_contact(
        provider_id=provider.pk,
        data={
            "name": "Marguerite Sewell" if number % 2 else "Anselm Tuckwell",
            "role": "attendance and first contact",
            "email": f"office.{sketch.key}@provider.example",
            "phone": f"01632 9602{number:02d}",
        },
        by=lead,
        now=then,
    )
    _agreements(world, sketch, provider.pk, begin)
    _checks(world, sketch, provider.pk, recorder, [begin - timedelta(days=7)])
    approve_provider(provider_id=provider.pk, reason="Visited, checked and found suitable.", by=lead, now=then)
    later = [day for year in range(begin.year, begin.year + 3) for day in (date(year, 1, 10), date(year, 7, 10))]
    _checks(world, sketch, provider.pk, recorder, [day for day in later if begin < day <= world.today])
    provider.refresh_from_db()
    return Place(provider, site, programme, sketch.slots)


def _times(begin: date) -> dict[str, Any]:
    return {"from_day": begin, "am_start": "09:15", "am_end": "12:00", "pm_start": "12:40", "pm_end": "15:00"}


def _agreements(world: World, sketch: Sketch, provider_id: int, begin: date) -> None:
    if sketch.kind == ProviderKind.TRUST_SCHOOL:
        return
    if sketch.key == "hollowoak":
        spans = [(begin, world.today + timedelta(days=35))]
    else:
        spans = [(date(begin.year + n, 9, 1), date(begin.year + n + 1, 8, 31)) for n in range(3)]
    for first, last in spans:
        add_agreement(
            provider_id=provider_id,
            first=first,
            last=last,
            signed_by="Marguerite Sewell",
            signed_on=min(first, world.today),
            terms="Half a term's notice; charged when a student is absent, not when the provider is closed.",
            by=world.lead,
            now=world.at(first, 9),
        )


def _checks(world: World, sketch: Sketch, provider_id: int, recorder: Any, days: list[date]) -> None:
    """A round of checks on each of the days, half a year apart so that the newest is in date whatever day it is.

    One provider's visit is not among the later rounds: it has expired.
    """
    for day in days:
        for kind in checks_needed(sketch.kind):
            old = day <= world.today - timedelta(days=400)
            if sketch.key == "stagecraft" and kind == CheckKind.VISIT and not old and len(days) > 1:
                continue
            record_check(
                provider_id=provider_id,
                kind=kind,
                done_on=day,
                expires_on=day + timedelta(days=364),
                note="",
                by=recorder,
                now=world.at(day, 11),
            )
