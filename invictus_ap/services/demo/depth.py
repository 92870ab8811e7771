"""What the demo shows beside the plain run of cases: amended and void referrals, places asked for at several providers,
papers, what was brought in or opened again, invoices, imports, a suspended provider with students.
"""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from invictus_ap.services.demo.cases import Cases
from invictus_ap.services.demo.people import HOME
from invictus_ap.services.demo.walk import Walker
from invictus_ap.services.demo.world import World
from invictus_ap.services.imports import apply_import, match_columns, upload_import, work_imports
from placements.codes import Answer, Destination, DocumentKind, EndingReason, Party, Route, ShareChannel, Wish
from placements.lifecycle import Status
from placements.models import Budget, InvoiceLine, Placement, PlacementDocument
from placements.queries import at_suspended_providers
from placements.services import (
    add_qualification,
    answer_offer,
    bring_in_placement,
    confirm_brought_in,
    end_placement,
    go_on_at_suspended,
    make_document,
    pay_invoice,
    propose_budget_change,
    record_invoice,
    record_offer_asked,
    record_share,
    record_signing,
    reopen_placement,
    settle_invoice,
    suspend_with_students,
)
from referrals.codes import Reason, Section, SectionState
from referrals.models import Referral
from referrals.services import amend_referral, save_section, void_referral
from reviews.queries import matches_of
from reviews.services import match_invoice
from trust.calendar import academic_year_of, last_day, to_range
from trust.codes import ImportKind
from trust.models import School, Suspension
from trust.permissions import Role


def make_referrals(world: World, cases: Cases) -> None:
    """One half written that cannot be finished yet, one amended, one void; and one with places asked for."""
    first = cases.coming(12)
    half = Walker(world, cases.trip("millwheel", Route.DIRECTION, first, None, home=True)).referral(submit=False)
    by = world.person(world.schools[HOME], Role.SLT) if half.school_id == world.schools[HOME].pk else half.written_by
    for section, note in (
        (Section.FAMILY, "The family could not come; a second invitation is out."),
        (Section.MEDICAL, "The school nurse answers next week."),
    ):
        save_section(
            referral_id=half.pk,
            section=section,
            data={},
            state=SectionState.CANNOT_FINISH,
            note=note,
            version=None,
            by=by,
            now=world.at(world.today, 9),
        )
    amended = Walker(world, cases.trip("lantern", Route.DIRECTION, first, None, home=True)).decided_referral()
    amend_referral(
        referral_id=amended.pk,
        section=Section.NEEDS,
        data={"needs": "Prefers to be told of changes in advance; carries an inhaler and wears hearing aids."},
        reason="The hearing aids were fitted after the referral was written.",
        version=None,
        by=world.person(school_of(world, amended.school_id), Role.TEAM),
        now=world.at(world.today, 9),
    )
    void = Walker(world, cases.trip("quayside", Route.DIRECTION, first, None)).referral()
    void_referral(
        referral_id=void.pk,
        reason="Written for the wrong student of two with the same family name.",
        by=world.person(school_of(world, void.school_id), Role.HEAD),
        now=world.at(world.today, 9),
    )
    _ask_for_places(world, cases, amended)


def school_of(world: World, school_id: int) -> School:
    """The school of the demo with this id."""
    return next(school for school in world.schools if school.pk == school_id)


def _ask_for_places(world: World, cases: Cases, referral: Referral) -> None:
    """Under one referral: one place offered that lapses in two days, one refused, one question nobody answered."""
    by = world.person(school_of(world, referral.school_id), Role.SLT)
    first = cases.coming(12)
    asked = world.at(world.today - timedelta(days=9), 10)
    for key, answer in (("millwheel", "offered"), ("northmoor", "refused"), ("quayside", "")):
        place = world.places[key]
        offer = record_offer_asked(
            referral_id=referral.pk,
            provider_id=place.provider.pk,
            programme_id=place.programme.pk,
            slots={slot % 10 for slot in place.slots},
            first=first,
            last=cases.end_after(first, 15),
            by=by,
            now=max(asked, referral.decided_at or asked),
        )
        if answer:
            answer_offer(
                offer_id=offer.pk,
                offered=answer == "offered",
                until=world.today + timedelta(days=2) if answer == "offered" else None,
                why="" if answer == "offered" else "The group is full until the summer.",
                answered_by=place.site.report_to,
                answered_on=world.today,
                admission_meeting_on=cases.coming(2) if answer == "offered" else None,
                by=by,
                now=world.at(world.today, 9),
            )


def bring_in(world: World, cases: Cases) -> None:
    """Two placements that ran before the system: one confirmed, one waiting for the Headteacher; in term time only."""
    calendar = world.calendar(world.schools[0])
    year = academic_year_of(world.today)
    if len(calendar.between(world.today, year.last)) < 20:
        return
    place = world.places["northmoor"]
    last = cases.end_after(world.today, 20)
    for confirmed in (True, False):
        school, student = cases.student(home=True)
        by = world.person(school, Role.SLT)
        placement = bring_in_placement(
            student_id=student.pk,
            data={
                "provider_id": place.provider.pk,
                "programme_id": place.programme.pk,
                "site_id": place.site.pk,
                "route": Route.AGREED,
                "first": year.first - timedelta(days=60),
                "last": last,
                "start_time": time(9, 15),
                "report_to": place.site.report_to,
                "slots": list(place.slots),
                "review_weeks": 6,
                "primary_reason": Reason.KS4_SKILLS,
                "aims": "Finish the level 1 certificate; attend at least 90 % of sessions.",
                "needs": "Works best with a clear list for the day.",
                "exclusion_alternative": False,
            },
            facts={
                "notice_given_on": year.first - timedelta(days=70),
                "approved_on": year.first - timedelta(days=75),
                "approved_by": "the Headteacher of that year",
                "last_review_on": year.first - timedelta(days=50),
                "words": "Papers are in the student's file.",
            },
            by=by,
            now=world.at(world.today, 8),
        )
        if confirmed:
            confirm_brought_in(
                placement_id=placement.pk, by=world.person(school, Role.HEAD), now=world.at(world.today, 9)
            )


def running(world: World, *keys: str) -> list[Placement]:
    """Running placements with more than a week to go, those of the demo's home school first."""
    providers = [world.places[key].provider.pk for key in keys]
    rows = Placement.objects.running().filter(provider_id__in=providers, brought_in=False)
    soon = world.today + timedelta(days=8)
    going = [
        row
        for row in rows.select_related("school", "student", "provider", "programme").order_by("pk")
        if (last_day(row.periods.latest("number").period) or world.today) > soon
    ]
    return sorted(going, key=lambda row: row.school_id != world.schools[HOME].pk)


def reopen_one(world: World) -> None:
    """A placement ended by mistake yesterday and opened again today."""
    rows = [row for row in running(world, "northmoor", "quayside") if row.periods.count() == 1]
    if not rows:
        return
    placement = rows[-1]
    head = world.person(school_of(world, placement.school_id), Role.HEAD)
    yesterday = world.today - timedelta(days=1)
    if yesterday < placement.periods.get(number=1).period.lower:
        return
    end_placement(
        placement_id=placement.pk,
        ended_on=yesterday,
        reason=EndingReason.FAMILY,
        destination=Destination.HOME_SCHOOL,
        note="The family withdrew, as we understood the call.",
        by=head,
        now=world.at(world.today, 7),
    )
    reopen_placement(
        placement_id=placement.pk,
        reason="A misunderstanding on the telephone: the family wants the placement to go on.",
        by=head,
        now=world.at(world.today, 9),
    )


def make_papers(world: World) -> None:
    """A provider pack given to the provider, an agreement that all signed, one with an objection; qualifications."""
    for number, placement in enumerate(running(world, "millwheel", "lantern")[:2]):
        school = school_of(world, placement.school_id)
        by, now = world.person(school, Role.SLT), world.at(world.today, 9)
        if number == 0:
            pack = make_document(placement_id=placement.pk, kind=DocumentKind.PACK, by=by, now=now)
            record_share(
                document_id=pack.pk,
                shared_with="Anselm Tuckwell, safeguarding lead of the provider",
                channel=ShareChannel.SECURE_EMAIL,
                shared_on=world.today,
                by=by,
                now=now,
            )
        agreement = make_document(placement_id=placement.pk, kind=DocumentKind.AGREEMENT, by=by, now=now)
        _sign(world, placement, agreement, objects=number == 1)
    for placement in running(world, "millwheel", "northmoor", "lantern")[:6]:
        by = world.person(school_of(world, placement.school_id), Role.SLT)
        add_qualification(
            placement_id=placement.pk,
            data={
                "title": "Functional Skills English",
                "level": "Level 1",
                "awarding_body": "Pearson",
                "entered_on": world.today,
                "achieved_on": None,
                "grade": "",
            },
            by=by,
            now=world.at(world.today, 9),
        )


def _sign(world: World, placement: Placement, agreement: PlacementDocument, *, objects: bool) -> None:
    school = school_of(world, placement.school_id)
    student = placement.student
    answers: list[tuple[Party, str, bool]] = [
        (Party.STUDENT, f"{student.first_name} {student.family_name}", False),
        (Party.PARENT, f"Parent of {student.first_name}", objects),
    ]
    if not objects:
        answers += [
            (Party.PROVIDER, "Marguerite Sewell", False),
            (Party.SCHOOL, world.person(school, Role.SLT).full_name, False),
        ]
    for party, name, objecting in answers:
        record_signing(
            document_id=agreement.pk,
            party=party,
            name=name,
            answer=Answer.OBJECTED if objecting else Answer.AGREED,
            words="We want mornings only: the bus home comes too late." if objecting else "",
            conduct_accepted=not objecting,
            signed_on=world.today,
            by=world.person(school, Role.SLT),
            now=world.at(world.today, 9),
        )


def make_invoices(world: World) -> None:
    """One invoice as agreed and paid, one with a difference that waits for a reason, one not matched yet."""
    behind = world.days_behind(world.schools[0])
    first, last = behind[max(0, len(behind) - 20)], behind[-1]
    for number, key in enumerate(("millwheel", "lantern", "quayside")):
        provider = world.places[key].provider
        rows = _billable(provider.pk, first, last)[:3]
        if not rows:
            continue
        lines = _lines(rows, first, last)
        if number == 1:
            lines[0]["sessions"] += 2
            lines[0]["net"] += Decimal("98.00")
        invoice = record_invoice(
            provider_id=provider.pk,
            number=f"{key[:3].upper()}-{world.today.year}-{number + 101}",
            invoiced_on=last,
            vat=Decimal("0.00"),
            lines=lines,
            file=None,
            by=world.finance,
            now=world.at(last, 12),
        )
        if number == 2:
            continue
        match_invoice(invoice_id=invoice.pk, by=world.finance, now=world.at(last, 13))
        if number == 0:
            settle_invoice(invoice_id=invoice.pk, by=world.finance, now=world.at(last, 14))
            pay_invoice(invoice_id=invoice.pk, paid_on=last, by=world.finance, now=world.at(last, 15))


def _billable(provider_id: int, first: date, last: date) -> list[Placement]:
    rows = Placement.objects.filter(
        provider_id=provider_id, started_at__isnull=False, periods__period__overlap=to_range(first, last)
    )
    return list(rows.distinct().order_by("pk"))


def _lines(rows: list[Placement], first: date, last: date) -> list[dict[str, Any]]:
    """What the provider bills: the sessions and pounds that were agreed for these days."""
    unsaved = [InvoiceLine(pk=n, placement=row, period=to_range(first, last)) for n, row in enumerate(rows, 1)]
    agreed = matches_of(unsaved)
    return [
        {
            "placement_id": line.placement_id,
            "first": first,
            "last": last,
            "sessions": agreed[line.pk].sessions,
            "net": agreed[line.pk].net,
        }
        for line in unsaved
    ]


def change_budget(world: World) -> None:
    """A change of the home school's budget that waits for the Headteacher."""
    running = academic_year_of(world.today).label
    for budget in Budget.objects.filter(
        school=world.schools[HOME], academic_year__label=running, approved_at__isnull=False
    ):
        propose_budget_change(
            budget_id=budget.pk,
            new_amount=budget.amount + Decimal("6000.00"),
            reason="A grant for two more places at key stage 4.",
            by=world.finance,
            now=world.at(world.today, 8),
        )


def import_suspensions(world: World) -> None:
    """Suspensions from the school's system: one file applied, one with errors that waits to be put right."""
    school = world.schools[HOME]
    by = world.person(school, Role.ATT)
    behind = [day for day in world.days_behind(school) if day < world.today]
    students = world.students[school.pk][2:6]
    lines = ["UPN,Start date,Sessions"]
    for number, student in enumerate(students):
        day = behind[-(number * 6 + 8) % len(behind)]
        if not Suspension.objects.filter(student=student, first_day=day).exists():
            lines.append(f"{student.upn},{day:%d/%m/%Y},{2 * (number % 3 + 1)}")
    _import(world, school, by, "suspensions autumn.csv", lines, apply=True)
    wrong = [*lines[:2], f"{students[0].upn[:-1]}Q,{behind[-1]:%d/%m/%Y},2", f"{students[1].upn},31/02/2026,2"]
    _import(world, school, by, "suspensions corrected.csv", wrong, apply=False)


def _import(world: World, school: School, by: Any, name: str, lines: list[str], *, apply: bool) -> None:
    now = world.at(world.today, 8)
    upload = SimpleUploadedFile(name, ("\n".join(lines) + "\n").encode())
    run = upload_import(kind=ImportKind.SUSPENSIONS, school_id=school.pk, upload=upload, by=by, now=now)
    match_columns(run_id=run.pk, mapping=run.mapping, by=by, now=now)
    work_imports(now=now)
    if apply:
        apply_import(run_id=run.pk, by=by, now=now)
        work_imports(now=now)


def suspend_provider_with_students(world: World) -> None:
    """Last of all a provider is suspended: one school lets a placement go on, the others have to decide."""
    provider = world.places["redgate"].provider
    suspend_with_students(
        provider_id=provider.pk,
        reason="Staff checks could not be confirmed at the last visit.",
        wishes={row.pk: Wish.WATCH for row in Placement.objects.filter(provider=provider, status=Status.ACTIVE)[:1]},
        by=world.ceo,
        now=world.now,
    )
    for placement in at_suspended_providers(provider_id=provider.pk).order_by("pk")[:1]:
        go_on_at_suspended(
            placement_id=placement.pk,
            reason="Our key worker is there at every session until the checks are confirmed.",
            by=world.person(school_of(world, placement.school_id), Role.HEAD),
            now=world.now,
        )
