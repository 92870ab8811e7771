"""The words of the provider pack and of the placement agreement, and how their versions stand.

The pack carries what the provider needs to know to teach and keep the student safe, and nothing else: no word of the
referral's story, of suspensions, of what the family said, no UPN, no reason of a restriction (UK GDPR article 5(1)(c)).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from placements.codes import Answer, DocumentKind, Party
from placements.models import Placement, PlacementDocument, Signing, TimetableSlot
from placements.rules import ATTENDANCE_DUTY, ATTENDANCE_SUPPORT, CONDUCT, SAFEGUARDING, review_days
from providers.models import Site, SiteTimes
from trust.calendar import date_words, last_day
from trust.errors import CalendarNotLoaded
from trust.models import ContactLink
from trust.permissions import Permission
from trust.queries import calendar_of, people_at

# Raised with every change of the template or of what it says.
TEMPLATE_VERSION = "2026-11"

NOT_RECORDED = "not recorded"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")

Content = dict[str, Any]
Section = dict[str, Any]


@dataclass(frozen=True)
class PaperShown:
    """The versions of one kind of paper. ``changed`` names the sections that the newest version no longer states as
    they are; ``missing`` what it would leave out.
    """

    kind: DocumentKind
    versions: tuple[PlacementDocument, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def newest(self) -> PlacementDocument | None:
        """The newest version, None before the first."""
        return self.versions[0] if self.versions else None

    @property
    def title(self) -> str:
        """The kind in words."""
        return str(self.kind.label)


@dataclass(frozen=True)
class Answers:
    """What was said to the newest placement agreement: objections in words, and whose acceptance is not there."""

    signings: tuple[Signing, ...]
    objections: tuple[Signing, ...]
    missing: tuple[str, ...]


def permission_to_read(kind: str, content: Content) -> Permission:
    """Whoever reads a paper reads medical notes; a pack that names a restricted contact shows a restriction too."""
    if kind == DocumentKind.PACK and content.get("restricted"):
        return Permission.SEE_RESTRICTION
    return Permission.SEE_NARRATIVE


def may_read(user: Any, placement: Placement, kind: str, content: Content) -> bool:
    """True for the care roles of the home school, of the school the student is at now, and of a receiving school."""
    wanted = permission_to_read(kind, content)
    schools = (placement.school_id, placement.student.school_id, placement.host_school_id)
    return any(user.allows(wanted, home_id=school) for school in schools if school is not None)


def content_of(kind: str, placement: Placement, today: date) -> Content:
    """What a paper of this kind says on ``today``: title, school, student, sections of rows, tables, lists and text.

    ``missing`` names facts that are not recorded, ``restricted`` whether a contact must not be contacted.
    """
    made = _pack(placement, today) if kind == DocumentKind.PACK else _agreement(placement, today)
    school = placement.school
    return {
        "title": str(DocumentKind(kind).label),
        "school": school.name,
        "school_lines": [*_lines(school.address), school.postcode],
        "school_phone": school.phone,
        "student": f"{placement.student.first_name} {placement.student.family_name}",
        "reference": str(placement),
        **made,
    }


def papers_of(placement: Placement, today: date, kinds: Iterable[str] = DocumentKind.values) -> tuple[PaperShown, ...]:
    """Both kinds of papers with their versions, newest first, their shares and signings, and what has changed."""
    rows = list(
        PlacementDocument.objects.filter(placement=placement)
        .select_related("made_by", "file")
        .prefetch_related("shares__recorded_by", "signings__recorded_by")
    )
    found = []
    for kind in map(DocumentKind, kinds):
        versions = tuple(row for row in rows if row.kind == kind)
        content = content_of(kind, placement, today)
        changed = changed_sections(versions[0].content, content) if versions else ()
        found.append(PaperShown(kind, versions, changed, tuple(content["missing"])))
    return tuple(found)


def answers_of(placement: Placement) -> Answers:
    """What was said to the newest agreement; everybody's answer is missing while there is none."""
    newest = PlacementDocument.objects.filter(placement=placement, kind=DocumentKind.AGREEMENT).first()
    signings = tuple(newest.signings.all()) if newest else ()
    there = {signing.party for signing in signings}
    return Answers(
        signings=signings,
        objections=tuple(signing for signing in signings if signing.answer == Answer.OBJECTED),
        missing=tuple(str(party.label) for party in Party if party not in there),
    )


def changed_sections(old: Content, new: Content) -> tuple[str, ...]:
    """The headings of sections that differ, appeared or went; the school's own lines count as 'school'."""
    before = {section["heading"]: section for section in old.get("sections", [])}
    after = {section["heading"]: section for section in new["sections"]}
    headings = [*after, *(heading for heading in before if heading not in after)]
    changed = [heading for heading in headings if before.get(heading) != after.get(heading)]
    own = ("school", "school_lines", "school_phone", "student")
    return (*(("School and student",) if any(old.get(name) != new[name] for name in own) else ()), *changed)


def _pack(placement: Placement, today: date) -> Content:
    student, referral = placement.student, placement.referral
    contacts, restricted = _contacts(placement)
    medical = placement.medical or referral.medical
    if not medical and referral.no_medical_needs:
        medical = "No medical needs known."
    risk = [
        ["Made", f"{date_words(placement.risk_assessed_on)}, {placement.risk_assessed_by}"]
        if placement.risk_assessed_on
        else ["Made", ""],
        ["Risks and what is done about them", placement.risk_summary],
    ]
    transport = [
        ["How the student gets there", placement.get_transport_mode_display() if placement.transport_mode else ""],
        *([["Booked by", placement.transport_booked_by]] if placement.transport_booked_by else []),
        *([["Paid by", placement.get_transport_paid_by_display()]] if placement.transport_paid_by else []),
        *([["Picked up", placement.transport_pick_up]] if placement.transport_pick_up else []),
        ["Lunch", placement.get_lunch_display() if placement.lunch else ""],
    ]
    missing = [
        words
        for words, there in (
            ("needs and what the provider must know", referral.needs.strip()),
            ("medical information", medical.strip()),
            ("what to do in an emergency", placement.emergency.strip()),
            ("a telephone number of a parent", any(row[2] != NOT_RECORDED for row in contacts["rows"])),
            ("individual risk assessment", placement.risk_assessed_on),
            ("transport", placement.transport_mode),
            ("lunch", placement.lunch),
        )
        if not there
    ]
    sections = [
        _section(
            "Student",
            rows=[
                ["Name", f"{student.first_name} {student.family_name}"],
                ["Preferred name", student.preferred_name or student.first_name],
                ["Date of birth", date_words(student.born_on)],
                ["Year", f"Year {student.nc_year}"],
                ["Home school", placement.school.name],
            ],
        ),
        *_when_and_where(placement, today),
        _section("Needs and what you must know", text=_lines(referral.needs) or [NOT_RECORDED]),
        _section("Medical information", text=_lines(medical) or [NOT_RECORDED]),
        _section("In an emergency", text=_lines(placement.emergency) or [NOT_RECORDED]),
        _section("Contacts", tables=[contacts] if contacts["rows"] else [], items=restricted),
        _section("People at the school", rows=_people(placement, today)),
        _section("Individual risk assessment", rows=risk),
        _section("Transport and lunch", rows=transport),
        _section("Attendance", items=list(ATTENDANCE_DUTY)),
        _section("Code of conduct", items=[*CONDUCT, *_conduct_received(placement, today)]),
        _section("Safeguarding", items=list(SAFEGUARDING)),
    ]
    return {"sections": sections, "missing": missing, "restricted": bool(restricted)}


def _agreement(placement: Placement, today: date) -> Content:
    referral = placement.referral
    parents = [link for link in _links(placement) if not link.letters_restricted]
    agreed = ""
    if referral.attendance_agreed_on:
        agreed = ", ".join(
            part for part in (date_words(referral.attendance_agreed_on), referral.attendance_agreed_how) if part
        )
    consent = ""
    if placement.consent_on:
        consent = ", ".join(part for part in (date_words(placement.consent_on), placement.consent_how) if part)
    targets = [
        [target.measure, target.baseline, target.goal]
        for target in placement.targets.filter(closed_on__isnull=True).order_by("id")
    ]
    student = placement.student
    sections = [
        _section(
            "Student",
            rows=[
                ["Name", f"{student.first_name} {student.family_name}"],
                ["Year", f"Year {student.nc_year}"],
                ["Home school", placement.school.name],
            ],
        ),
        *_when_and_where(placement, today),
        _section("What the placement is for", items=_lines(referral.aims) or [NOT_RECORDED]),
        *(
            [
                _section(
                    "Targets",
                    tables=[{"caption": "What we want to reach", "head": ["Target", "Now", "Goal"], "rows": targets}],
                )
            ]
            if targets
            else []
        ),
        _section("Reviews", rows=_reviews(placement)),
        _section(
            "Attendance",
            items=list(ATTENDANCE_SUPPORT),
            rows=[["Parents agreed to support attendance", agreed]],
        ),
        _section("Code of conduct and Behaviour Policy", items=list(CONDUCT)),
        _section(
            "People",
            rows=[
                ["Parents and carers", ", ".join(_person(link) for link in parents)],
                *_people(placement, today),
                *[
                    [f"{placement.provider.name}: {contact.get_role_display()}", _reach(contact.name, contact.phone)]
                    for contact in placement.provider.contacts.order_by("id")
                ],
            ],
        ),
        _section("Views or consent of the parents", rows=[["Recorded", consent]]),
        _section(
            "Signatures",
            text=["I agree to this placement and accept the code of conduct and the Behaviour Policy; or I object to:"],
            tables=[
                {
                    "caption": "Agreed or objected to",
                    "head": ["Who", "Agree or object, in your words", "Signature and date"],
                    "rows": [
                        [f"{student.first_name} {student.family_name} (student)", "", ""],
                        *[[f"{_person(link)} (parent or carer)", "", ""] for link in parents],
                        [f"For {placement.provider.name}", "", ""],
                        [f"For {placement.school.name}", "", ""],
                    ],
                    "to_sign": True,
                }
            ],
        ),
    ]
    missing = [
        words
        for words, there in (
            ("aims", referral.aims.strip()),
            ("the parents' agreement to support attendance", agreed),
            ("a parent or carer", parents),
        )
        if not there
    ]
    return {"sections": sections, "missing": missing, "restricted": False}


def _section(
    heading: str,
    *,
    rows: Sequence[Sequence[str]] = (),
    tables: Sequence[dict[str, Any]] = (),
    items: Sequence[str] = (),
    text: Sequence[str] = (),
) -> Section:
    return {
        "heading": heading,
        "rows": [[label, value or NOT_RECORDED] for label, value in rows],
        "tables": list(tables),
        "items": list(items),
        "text": list(text),
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _person(link: ContactLink) -> str:
    contact = link.contact
    return " ".join(part for part in (contact.title, contact.first_name, contact.family_name) if part)


def _reach(name: str, phone: str) -> str:
    return f"{name}, telephone {phone}" if phone else name


def _links(placement: Placement) -> list[ContactLink]:
    """Contacts with parental responsibility or care, and every restricted one, in a settled order."""
    rows = ContactLink.objects.filter(student_id=placement.student_id).select_related("contact").order_by("id")
    return [link for link in rows if link.parental_responsibility or link.has_care or link.letters_restricted]


def _contacts(placement: Placement) -> tuple[dict[str, Any], list[str]]:
    """The table of contacts that may be used, and a sentence for each that may not, without its reason."""
    rows, restricted = [], []
    for link in _links(placement):
        if link.letters_restricted:
            restricted.append(f"{_person(link)}: do not contact. Ask the school first.")
            continue
        ties = [
            words
            for words, there in (
                ("parental responsibility", link.parental_responsibility),
                ("has care of the student", link.has_care),
            )
            if there
        ]
        language = f"; speaks {link.contact.language}" if link.contact.language else ""
        rows.append(
            [
                f"{_person(link)} ({link.get_relationship_display().lower()})",
                f"{', '.join(ties)}{language}",
                link.contact.phone or NOT_RECORDED,
            ]
        )
    return {"caption": "Whom to call", "head": ["Name", "What they are", "Telephone"], "rows": rows}, restricted


def _people(placement: Placement, today: date) -> list[list[str]]:
    """School link, deputy and DSLs with the school's telephone number; the designated pastoral SLT links else."""
    school, people = placement.school, people_at(placement.school_id, today)
    link = placement.school_link or next(iter(people.pastoral), None)
    deputy = placement.school_link_deputy
    return [
        ["School link", f"{link.full_name}, {link.email}, telephone {school.phone}" if link else ""],
        *([["Deputy of the school link", f"{deputy.full_name}, {deputy.email}"]] if deputy else []),
        [
            "Designated Safeguarding Lead",
            f"{', '.join(user.full_name for user in people.dsls)}, telephone {school.phone}" if people.dsls else "",
        ],
    ]


def _conduct_received(placement: Placement, today: date) -> list[str]:
    for agreement in placement.provider.agreements.all():
        if today in agreement.period and agreement.code_of_conduct_on is not None:
            words = date_words(agreement.code_of_conduct_on)
            return [f"The school has had the provider's code of conduct since {words}."]
    return []


def _reviews(placement: Placement) -> list[list[str]]:
    weeks = placement.review_weeks
    rows = [["How often", f"At least every {weeks} school weeks, and before the end of each term"]]
    period = placement.periods.order_by("-number").first()
    last = last_day(period.period) if period else None
    if period is None or last is None:
        return rows
    try:
        days = review_days(calendar_of(placement.school_id), period.period.lower, last, weeks)
    except CalendarNotLoaded:
        return rows
    return [*rows, ["By", ", ".join(date_words(day) for day in days) or "the end of the placement"]]


def _when_and_where(placement: Placement, today: date) -> list[Section]:
    """Dates, sites and half-days with their times, from today on; each later change of the timetable by its date."""
    periods = list(placement.periods.order_by("number"))
    ends = last_day(periods[-1].period)
    slots = list(TimetableSlot.objects.filter(placement=placement).select_related("site", "programme"))
    begin = max(today, periods[0].period.lower)
    sites = {slot.site_id: slot.site for slot in slots} or {placement.site_id: placement.site}
    sites = {pk: sites[pk] for pk in sorted(sites)}
    times = _times_of(sites)
    tables = []
    days = sorted({max(begin, row.runs.lower) for row in slots if row.runs.upper is None or row.runs.upper > begin})
    shown: tuple[object, ...] = ()
    for day in days:
        cells = {slot: row for row in slots if day in row.runs for slot in range(row.slots.lower, row.slots.upper)}
        if not cells or (key := tuple(sorted((slot, row.site_id) for slot, row in cells.items()))) == shown:
            continue
        shown = key
        tables += _week_tables(cells, day, times, many=len(sites) > 1, dated=len(days) > 1)
    programmes = list(dict.fromkeys(slot.programme.name for slot in slots)) or [placement.programme.name]
    facts = _section(
        "When and where",
        rows=[
            ["Provider", placement.provider.name],
            ["Programme", ", ".join(programmes)],
            ["First day", f"{date_words(periods[0].period.lower)} at {placement.start_time:%H:%M}"],
            ["Last day", date_words(ends) if ends else "no end: the move is permanent"],
            ["Report to", placement.report_to],
            *[[f"Site: {site.name}", _site(site)] for site in sites.values()],
        ],
    )
    timetable = _section("Timetable", tables=tables, text=[] if tables else ["No half-day is agreed from today on."])
    return [facts, timetable]


def _site(site: Site) -> str:
    return f"{', '.join([*_lines(site.address), site.postcode])}. Telephone {site.phone}"


def _times_of(sites: Iterable[int]) -> dict[int, list[SiteTimes]]:
    found: dict[int, list[SiteTimes]] = {site: [] for site in sites}
    for row in SiteTimes.objects.filter(site_id__in=list(found)).order_by("from_day"):
        found[row.site_id].append(row)
    return found


def _week_tables(
    cells: dict[int, TimetableSlot], day: date, times: dict[int, list[SiteTimes]], *, many: bool, dated: bool
) -> list[dict[str, Any]]:
    """One table when both weeks are alike, else one for week A and one for week B."""
    weeks = [{slot % 10: row for slot, row in cells.items() if slot // 10 == week} for week in (0, 1)]
    alike = {slot: row.site_id for slot, row in weeks[0].items()} == {
        slot: row.site_id for slot, row in weeks[1].items()
    }
    named = [("Every week", weeks[0])] if alike else [("Week A", weeks[0]), ("Week B", weeks[1])]
    return [
        {
            "caption": f"{name}, from {date_words(day)}" if dated else name,
            "head": ["Day", "Morning", "Afternoon"],
            "rows": [
                [label, *(_cell(week.get(number * 2 + half), half, day, times, many=many) for half in (0, 1))]
                for number, label in enumerate(_DAYS)
                if number * 2 in week or number * 2 + 1 in week
            ],
        }
        for name, week in named
        if week
    ]


def _cell(row: TimetableSlot | None, half: int, day: date, times: dict[int, list[SiteTimes]], *, many: bool) -> str:
    if row is None:
        return "–"
    in_force = [one for one in times[row.site_id] if one.from_day <= day] or times[row.site_id][:1]
    words = "yes"
    if in_force:
        newest = in_force[-1]
        begins, ends = (newest.pm_start, newest.pm_end) if half else (newest.am_start, newest.am_end)
        words = f"{begins:%H:%M} to {ends:%H:%M}"
    return f"{words}, {row.site.name}" if many else words
