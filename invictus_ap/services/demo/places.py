"""Twelve providers of all kinds: one agreement ends soon, one check has expired, one provider is suspended.

Every agreement has its own charging terms and a signed paper; one check waits for confirmation; two providers are
assessed against the quality standards.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from invictus_ap.services.demo.world import Place, World
from providers.codes import CheckKind, ContactRole, PriceUnit, ProviderKind, ProviderTag, SiteKind
from providers.queries import standard_lines
from providers.rules import checks_needed
from providers.services import (
    add_agreement,
    add_programme,
    add_provider,
    add_provider_contact,
    add_site,
    approve_provider,
    confirm_check,
    record_check,
    record_standards,
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

# Who is turned to at every provider, and for what.
PEOPLE = (
    (ContactRole.HEAD, "Marguerite Sewell", "Head of provision"),
    (ContactRole.DSL, "Anselm Tuckwell", "Safeguarding lead"),
    (ContactRole.ATTENDANCE, "Philippa Ravenscroft", "Front office"),
    (ContactRole.FINANCE, "Edmund Larkspur", "Accounts"),
)

# Title, level, awarding body and number of what programmes lead to; by provider, the core for all others.
CORE = (
    ("Functional Skills English", "Level 1", "Pearson", "603/5058/8"),
    ("Functional Skills Mathematics", "Level 1", "Pearson", "603/5055/2"),
)
QUALIFICATIONS = {
    "millwheel": (*CORE, ("Award in Construction Skills", "Level 1", "City & Guilds", "600/8241/9")),
    "northmoor": (("Certificate in Hair and Beauty", "Level 1", "VTCT", "600/1234/5"),),
    "quayside": (("Award in Vehicle Maintenance", "Entry level", "IMI", "600/5713/9"),),
    "hollowoak": (("Certificate in Land-based Studies", "Level 1", "City & Guilds", "600/6187/8"),),
    "lantern": CORE,
    "kite": (*CORE, ("GCSE Mathematics", "Level 2", "AQA", "601/4608/0")),
    "larkrise": (*CORE, ("GCSE English Language", "Level 2", "AQA", "601/4292/3")),
}

# School days charged after an early end, charged when closed, places bought, VAT in per cent.
TERMS = {
    "millwheel": (20, False, 6, "0"),
    "lantern": (10, False, 0, "20"),
    "northmoor": (30, True, 0, "0"),
    "larkrise": (15, False, 0, "20"),
}


def make_places(world: World) -> None:
    """The providers with sites, programmes, agreements and checks, approved by the trust AP lead."""
    for number, sketch in enumerate(SKETCHES):
        world.places[sketch.key] = _place(world, sketch, number)


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
    if sketch.key == "millwheel":
        yard = {"name": "Joinery yard", "kind": SiteKind.SATELLITE, "address": "1 Sawpit Lane\nNorthmoor"}
        more = {"postcode": "ZZ11 4CD", "phone": "01632 960290", "report_to": "Marguerite Sewell"}
        add_site(provider_id=provider.pk, data=yard | more, times=_times(begin), by=lead, now=then)
    halves = {slot % 2 for slot in sketch.slots}
    rows = QUALIFICATIONS.get(sketch.key, () if sketch.school is not None else CORE)
    programme = add_programme(
        provider_id=provider.pk,
        data={
            "name": sketch.programme,
            "subjects": sketch.subjects,
            "interests": sketch.subjects,
            "key_stages": "KS3 KS4",
            "sessions_offered": [slot for slot in range(10) if slot % 2 in halves],
            "maths_and_english": True,
            "unit": sketch.unit,
            "rate": Decimal(sketch.rate),
            "capacity": sketch.capacity,
            "hours_per_session": Decimal("2.50"),
        },
        qualifications=[dict(zip(("title", "level", "awarding_body", "number"), row, strict=True)) for row in rows],
        by=lead,
        now=then,
    )
    for place, (role, name, job) in enumerate(PEOPLE):
        data = {"name": name, "role": role, "job_title": job, "email": f"{role.lower()}.{sketch.key}@provider.example"}
        phone = {"phone": f"01632 96{place + 2}2{number:02d}"}
        add_provider_contact(provider_id=provider.pk, data=data | phone, by=lead, now=then)
    _agreements(world, sketch, provider.pk, begin)
    _checks(world, sketch, provider.pk, recorder, [begin - timedelta(days=7)])
    approve_provider(provider_id=provider.pk, reason="Visited, checked and found suitable.", by=lead, now=then)
    later = [day for year in range(begin.year, begin.year + 3) for day in (date(year, 1, 10), date(year, 7, 10))]
    _checks(world, sketch, provider.pk, recorder, [day for day in later if begin < day <= world.today])
    if sketch.key in ("quayside", "hollowoak"):
        _sharing(world, provider.pk, recorder, confirmed=sketch.key == "hollowoak")
        _standards(world, provider, recorder, all_met=sketch.key == "quayside")
    provider.refresh_from_db()
    return Place(provider, site, programme, sketch.slots)


def _sharing(world: World, provider_id: int, recorder: Any, *, confirmed: bool) -> None:
    """A data sharing agreement, at one provider not yet confirmed by the lead."""
    day = world.today - timedelta(days=12)
    check = record_check(
        provider_id=provider_id,
        kind=CheckKind.DATA_SHARING,
        done_on=day,
        expires_on=day + timedelta(days=730),
        note="Signed by both sides.",
        upload=_paper("Data sharing agreement"),
        by=recorder,
        now=world.at(day, 11),
    )
    if confirmed:
        confirm_check(check_id=check.pk, by=world.lead, now=world.at(day, 15))


def _standards(world: World, provider: Any, recorder: Any, *, all_met: bool) -> None:
    """An assessment against the standards in force, if a version is loaded; one provider falls short in places."""
    day = world.today - timedelta(days=40)
    results = {}
    for number, line in enumerate(standard_lines(provider, world.today)):
        if all_met or number % 5:
            results[line.standard.pk] = ("MET", "")
        elif number == 10:
            results[line.standard.pk] = ("NOT_MET", "Plans have no dates; agreed to be put right by half-term.")
        elif number:
            results[line.standard.pk] = ("PARTLY", "In place, but the record is not kept up to date.")
    if results:
        record_standards(
            provider_id=provider.pk,
            results=results,
            assessed_on=day,
            expires_on=day + timedelta(days=365 if all_met else 55),
            seen=None,
            upload=_paper("Assessment"),
            by=recorder,
            now=world.now,
        )


def _paper(title: str) -> SimpleUploadedFile:
    """A PDF of one page with a line of text, standing in for a signed paper."""
    text = f"BT /F1 18 Tf 60 760 Td ({title}) Tj ET".encode("ascii", "replace")
    parts = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    content, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 7\n0000000000 65535 f \n%strailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return SimpleUploadedFile(f"{title}.pdf", content + end % (table, len(content)))


def _times(begin: date) -> dict[str, Any]:
    return {"from_day": begin, "am_start": "09:15", "am_end": "12:00", "pm_start": "12:40", "pm_end": "15:00"}


def _agreements(world: World, sketch: Sketch, provider_id: int, begin: date) -> None:
    if sketch.kind == ProviderKind.TRUST_SCHOOL:
        return
    if sketch.key == "hollowoak":
        spans = [(begin, world.today + timedelta(days=30))]
    else:
        spans = [(date(begin.year + n, 9, 1), date(begin.year + n + 1, 8, 31)) for n in range(3)]
    notice_days, when_closed, bought, vat = TERMS.get(sketch.key, (0, False, 0, "0"))
    for first, last in spans:
        add_agreement(
            provider_id=provider_id,
            first=first,
            last=last,
            signed_by="Marguerite Sewell",
            signed_on=min(first, world.today),
            terms="Charged when a student is absent.",
            notice_days=notice_days,
            charged_when_closed=when_closed,
            places_bought=bought,
            vat_percent=Decimal(vat),
            safeguarding_version=f"September {first.year}",
            code_of_conduct_on=min(first, world.today),
            upload=_paper(f"Service level agreement {first.year}"),
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
            check = record_check(
                provider_id=provider_id,
                kind=kind,
                done_on=day,
                expires_on=day + timedelta(days=364),
                note="",
                by=recorder,
                now=world.at(day, 11),
            )
            confirm_check(check_id=check.pk, by=world.lead, now=world.at(day, 16))
