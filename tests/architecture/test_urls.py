"""Every address with every role, at the own and at another school, from one table.

The roles are those of the access page, written here as letters and not read from ``trust.permissions``: the table says
what must be, the code what is. A new address without a row fails.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from invictus_ap.services import upload_import
from notices.codes import NoticeKind
from notices.lifecycle import Status as NoticeStatus
from notices.models import DirectionNotice, NoticeRecipient, PrintBatch
from notices.services import make_batches, record_given, send_letter, start_batch
from notices.services.templates import begin_template
from placements.codes import DocumentKind, Route
from placements.lifecycle import BudgetStatus
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementQualification
from placements.services import (
    make_document,
    propose_budget_change,
    propose_extension,
    propose_timetable_change,
    record_invoice,
    record_offer_asked,
    record_part_time,
)
from providers.codes import ProviderKind
from providers.lifecycle import Status as ProviderStatus
from referrals.lifecycle import Status as ReferralStatus
from reviews.models import Action, Review, Target
from tests.factories.notices import notice_at
from tests.factories.people import JOINED, give, make_contact, make_student, make_user
from tests.factories.placements import make_budget, placement_at, referral_at
from tests.factories.providers import make_papers, make_provider
from tests.factories.schools import make_school, make_years
from tests.fixtures import make_cast
from trust.calendar import LONDON
from trust.codes import MailStatus, NonSchoolDayKind, Relationship
from trust.models import AcademicYear, Mail, NonSchoolDay, School, User
from trust.permissions import Role
from trust.services import propose_setting

# The roles of the access page; 'guest' marks what the host school of a guest may do as well.
EVERYBODY = "TEAM ATT SLT DSL HEAD CEO LEAD FIN TRU"
SEE = "TEAM ATT SLT DSL HEAD CEO LEAD"
CARE = "TEAM SLT DSL HEAD CEO LEAD"
SLT_UP = "SLT HEAD LEAD"
WRITES = "TEAM SLT DSL HEAD"
IMPORTS = "ATT SLT HEAD LEAD"
HEADS = "HEAD CEO"
MONEY = "SLT HEAD CEO LEAD FIN"
BILLS = "HEAD CEO LEAD FIN"
PROVIDERS = "TEAM ATT SLT DSL HEAD CEO LEAD FIN"
MARKS = "TEAM ATT SLT DSL HEAD LEAD"
PREPARES = "TEAM SLT HEAD LEAD"
RECORDS = "TEAM ATT SLT HEAD LEAD"
# The wording of letters is the trust's: the same at every school.
WORDING = "LEAD CEO HEAD DSL SLT ATT TEAM"


@dataclass(frozen=True)
class Row:
    """What one address is, who may, about what.

    ``kind``: page (GET), form (GET and POST), action (POST), part of a page (POST), file (GET).
    ``record`` names the record of the address (see ``records``), '' for a page about none. ``sees`` are the roles that
    see such a record at all: without the permission they get 403, the others 404.
    """

    name: str
    kind: str
    roles: str
    record: str = ""
    sees: str = SEE
    extra: tuple[str, ...] = ()


TABLE = (
    Row("home", "page", EVERYBODY),
    Row("student-timeline", "page", SEE, "student"),
    Row("placement-chronology", "page", "SLT DSL HEAD CEO LEAD", "active"),
    Row("import-list", "page", IMPORTS),
    Row("import-upload", "form", IMPORTS),
    Row("import-detail", "page", IMPORTS, "import_run", sees=IMPORTS),
    Row("import-match", "form", IMPORTS, "import_run", sees=IMPORTS),
    Row("import-faults", "file", IMPORTS, "import_run", sees=IMPORTS),
    Row("import-apply", "action", IMPORTS, "import_run", sees=IMPORTS),
    Row("import-drop", "action", IMPORTS, "import_run", sees=IMPORTS),
    Row("placements:placement-week", "page", SEE, "active"),
    Row("placements:placement-later", "form", SLT_UP, "approved"),
    Row("placements:timetable-change", "form", SLT_UP, "approved"),
    Row("placements:timetable-approve", "form", HEADS, "timetable_change"),
    Row("placements:timetable-drop", "form", SEE, "timetable_change"),
    Row("placements:part-time-record", "form", SLT_UP, "student"),
    Row("placements:part-time-end", "form", SLT_UP, "part_time"),
    # Schools, students, staff
    Row("trust:school-list", "page", SEE),
    Row("trust:school-add", "form", "LEAD"),
    Row("trust:year-add", "form", "LEAD"),
    Row("trust:school-detail", "page", SEE, "school"),
    Row("trust:school-terms", "form", "LEAD", "school", extra=("year",)),
    Row("trust:school-copy-terms", "form", "LEAD", "school"),
    Row("trust:school-close-day", "form", "ATT HEAD LEAD", "school"),
    Row("trust:school-acting-head", "form", HEADS, "school"),
    Row("trust:non-school-day-remove", "action", "ATT HEAD LEAD", "closure"),
    Row("trust:student-list", "list", SEE),
    Row("trust:student-add", "form", SLT_UP),
    Row("trust:student-detail", "page", SEE, "student"),
    Row("trust:student-edit", "form", SLT_UP, "student"),
    Row("trust:contact-add", "form", "ATT SLT HEAD LEAD", "student"),
    Row("trust:contact-edit", "form", "ATT SLT HEAD LEAD", "contact_link"),
    Row("trust:setting-list", "page", EVERYBODY),
    Row("trust:setting-propose", "form", "LEAD"),
    Row("trust:setting-approve", "action", "CEO", "setting", sees=EVERYBODY),
    Row("trust:setting-drop", "action", "CEO LEAD", "setting", sees=EVERYBODY),
    Row("trust:staff-list", "page", "CEO LEAD"),
    Row("trust:staff-add", "form", "CEO LEAD"),
    Row("trust:staff-detail", "page", "CEO LEAD", "person", sees="CEO LEAD"),
    Row("trust:role-give", "form", "CEO LEAD", "person", sees="CEO LEAD"),
    Row("trust:staff-deactivate", "action", "CEO LEAD", "person", sees="CEO LEAD"),
    Row("trust:role-end", "form", "CEO LEAD", "membership", sees="CEO LEAD"),
    Row("trust:digest-choose", "form", EVERYBODY),
    # Providers
    Row("providers:provider-list", "page", PROVIDERS),
    Row("providers:provider-add", "form", "LEAD"),
    Row("providers:provider-detail", "page", PROVIDERS, "provider", sees=PROVIDERS),
    Row("providers:provider-edit", "form", "LEAD", "provider", sees=PROVIDERS),
    Row("providers:site-add", "form", "LEAD", "provider", sees=PROVIDERS),
    Row("providers:site-edit", "form", "LEAD", "site", sees=PROVIDERS),
    Row("providers:site-close-day", "form", "LEAD", "site", sees=PROVIDERS),
    Row("providers:site-closure-remove", "action", "LEAD", "site_closure", sees=PROVIDERS),
    Row("providers:programme-add", "form", "LEAD", "provider", sees=PROVIDERS),
    Row("providers:programme-edit", "form", "LEAD", "programme", sees=PROVIDERS),
    Row("providers:contact-add", "form", "LEAD", "provider", sees=PROVIDERS),
    Row("providers:contact-edit", "form", "LEAD", "provider_contact", sees=PROVIDERS),
    Row("providers:contact-remove", "action", "LEAD", "provider_contact", sees=PROVIDERS),
    Row("providers:agreement-add", "form", "LEAD", "provider", sees=PROVIDERS),
    Row("providers:agreement-edit", "form", "LEAD", "agreement", sees=PROVIDERS),
    Row("providers:agreement-file", "file", MONEY, "agreement", sees=PROVIDERS),
    Row("providers:check-record", "form", "SLT DSL LEAD", "provider", sees=PROVIDERS),
    Row("providers:check-confirm", "action", "LEAD", "waiting_check", sees=PROVIDERS),
    Row("providers:check-remove", "form", "SLT DSL LEAD", "waiting_check", sees=PROVIDERS),
    Row("providers:check-file", "file", PROVIDERS, "waiting_check", sees=PROVIDERS),
    Row("providers:standards", "page", PROVIDERS),
    Row("providers:standards-load", "form", "LEAD"),
    Row("providers:standard-file", "file", PROVIDERS, "standard_result", sees=PROVIDERS),
    Row("providers:provider-standards", "page", PROVIDERS, "provider", sees=PROVIDERS),
    Row("providers:standards-assess", "form", "SLT DSL LEAD", "provider", sees=PROVIDERS, extra=("part",)),
    Row("providers:provider-approve", "form", "CEO LEAD", "prospective", sees=PROVIDERS),
    Row("providers:provider-close", "form", "CEO LEAD", "provider", sees=PROVIDERS),
    # Referrals
    Row("referrals:referral-list", "list", SEE),
    Row("referrals:referral-start", "form", WRITES, "student"),
    Row("referrals:referral-detail", "page", SEE, "draft_referral"),
    Row("referrals:referral-section", "form", WRITES, "draft_referral", extra=("section",)),
    Row("referrals:referral-check", "form", WRITES, "draft_referral"),
    Row("referrals:referral-amend", "form", WRITES, "submitted_referral", extra=("section",)),
    Row("referrals:referral-decide", "form", "SLT HEAD CEO", "submitted_referral"),
    Row("referrals:referral-withdraw", "form", WRITES, "draft_referral"),
    Row("referrals:referral-reopen", "form", WRITES, "withdrawn_referral"),
    # A draft is made void by who writes, later by who decides.
    Row("referrals:referral-void", "form", "SLT HEAD CEO", "submitted_referral"),
    # Placements and money
    Row("placements:placement-list", "list", SEE),
    Row("placements:placement-propose", "form", PREPARES, "approved_referral"),
    Row("placements:finder", "form", PREPARES, "approved_referral"),
    Row("placements:offer-list", "page", SEE, "approved_referral"),
    Row("placements:offer-chase", "page", PREPARES),
    Row("placements:offer-answer", "form", PREPARES, "offer"),
    Row("placements:offer-drop", "form", PREPARES, "offer"),
    Row("placements:placement-detail", "page", SEE, "active"),
    Row("placements:placement-change", "form", PREPARES, "proposed"),
    Row("placements:placement-decide", "form", HEADS, "proposed"),
    Row("placements:placement-accept", "form", SLT_UP, "outside_move"),
    Row("placements:placement-refuse", "form", SLT_UP, "outside_move"),
    Row("placements:placement-home-visit", "form", PREPARES, "proposed"),
    Row("placements:placement-override", "form", HEADS, "proposed"),
    Row("placements:placement-start", "action", SLT_UP, "approved"),
    Row("placements:placement-transfer", "action", SLT_UP, "approved"),
    Row("placements:placement-pause", "form", "DSL HEAD CEO", "active"),
    Row("placements:placement-resume", "form", "DSL HEAD CEO", "active"),
    Row("placements:placement-extend", "form", SLT_UP, "active"),
    Row("placements:placement-end", "form", SLT_UP, "active"),
    Row("placements:placement-withdraw", "form", PREPARES, "proposed"),
    Row("placements:placement-cancel", "form", HEADS, "approved"),
    Row("placements:extension-approve", "form", HEADS, "extension"),
    Row("placements:extension-drop", "form", "SLT HEAD CEO LEAD", "extension"),
    Row("placements:placement-go-on", "form", HEADS, "active"),
    Row("placements:provider-students", "page", SEE, "provider", sees=PROVIDERS),
    Row("placements:provider-suspend", "form", "CEO LEAD", "provider", sees=PROVIDERS),
    Row("placements:placement-end-report", "form", SLT_UP, "active"),
    Row("placements:placement-reopen", "form", HEADS, "active"),
    Row("placements:placement-papers", "page", CARE, "active"),
    Row("placements:placement-pack", "form", PREPARES, "active"),
    Row("placements:placement-agreement", "form", PREPARES, "active"),
    Row("placements:document-file", "file", CARE, "document"),
    Row("placements:document-share", "form", PREPARES, "document"),
    Row("placements:document-sign", "form", PREPARES, "document"),
    Row("placements:placement-qualifications", "form", PREPARES, "active"),
    Row("placements:qualification-change", "form", PREPARES, "qualification"),
    Row("placements:placement-bring-in", "form", PREPARES, "student"),
    Row("placements:placement-confirm", "form", HEADS, "proposed"),
    Row("placements:placement-renew", "form", SLT_UP),
    Row("placements:budget-list", "page", MONEY),
    Row("placements:budget-propose", "form", "HEAD LEAD FIN"),
    Row("placements:budget-detail", "page", MONEY, "budget", sees=MONEY),
    Row("placements:budget-approve", "form", HEADS, "proposed_budget", sees=MONEY),
    Row("placements:budget-change", "form", "HEAD LEAD FIN", "budget", sees=MONEY),
    Row("placements:budget-change-approve", "form", HEADS, "budget_change", sees=MONEY),
    Row("placements:budget-change-drop", "form", "HEAD CEO LEAD FIN", "budget_change", sees=MONEY),
    Row("placements:invoice-list", "page", BILLS),
    Row("placements:invoice-add", "form", "FIN"),
    Row("placements:invoice-import", "form", "FIN"),
    Row("placements:invoice-detail", "page", BILLS, "invoice", sees=BILLS),
    Row("placements:invoice-file", "file", BILLS, "invoice", sees=BILLS),
    Row("placements:invoice-settle", "action", "FIN", "invoice", sees=BILLS),
    Row("placements:invoice-pay", "form", "FIN", "invoice", sees=BILLS),
    Row("placements:invoice-reject", "form", "FIN", "invoice", sees=BILLS),
    Row("placements:invoice-reopen", "form", "FIN", "invoice", sees=BILLS),
    Row("placements:invoice-line-settle", "form", "FIN", "invoice_line", sees=BILLS),
    Row("reviews:invoice-match", "action", "FIN", "invoice", sees=BILLS),
    # Notices
    Row("notices:notice-list", "list", SEE),
    Row("notices:notice-export", "file", "SLT DSL HEAD CEO LEAD"),
    Row("notices:notice-on-time", "page", "SLT DSL HEAD CEO LEAD"),
    Row("notices:notice-chain", "page", "SLT DSL HEAD CEO LEAD", "issued_placement"),
    Row("notices:notice-chain-file", "file", "SLT DSL HEAD CEO LEAD", "issued_placement"),
    Row("notices:notice-prepare", "form", PREPARES, "period"),
    Row("notices:notice-end", "form", PREPARES, "period"),
    Row("notices:notice-vary", "form", PREPARES, "period"),
    Row("notices:notice-withdraw", "form", PREPARES, "period"),
    Row("notices:placement-approve", "form", HEADS, "proposed"),
    Row("notices:extension-approve", "form", HEADS, "extension"),
    Row("notices:notice-detail", "page", SEE, "draft_notice"),
    Row("notices:notice-change", "form", PREPARES, "draft_notice"),
    Row("notices:notice-authorise", "form", HEADS, "draft_notice"),
    Row("notices:notice-override", "form", HEADS, "draft_notice"),
    Row("notices:notice-void", "form", PREPARES, "draft_notice"),
    Row("notices:notice-preview", "part", PREPARES, "draft_notice"),
    Row("notices:template-list", "page", SEE),
    Row("notices:template-built-in", "page", SEE),
    Row("notices:template-new", "form", "LEAD"),
    Row("notices:template-detail", "page", SEE, "template", sees=WORDING),
    Row("notices:template-change", "form", "LEAD", "template", sees=WORDING),
    Row("notices:template-force", "form", "LEAD", "template", sees=WORDING),
    Row("notices:template-drop", "form", "LEAD", "template", sees=WORDING),
    Row("notices:template-try", "page", SEE, "template", sees=WORDING),
    Row("notices:template-try-pdf", "file", SEE, "template", sees=WORDING),
    Row("notices:notice-send", "action", RECORDS, "issued_notice"),
    Row("notices:notice-agreement", "file", SEE, "served_notice"),
    Row("notices:letters", "form", RECORDS),
    Row("notices:batch-detail", "page", RECORDS, "batch"),
    Row("notices:batch-file", "file", RECORDS, "batch"),
    Row("notices:batch-posted", "form", RECORDS, "batch"),
    Row("notices:batch-release", "action", RECORDS, "batch"),
    Row("notices:batch-again", "action", RECORDS, "batch"),
    Row("notices:recipient-send", "action", RECORDS, "recipient"),
    Row("notices:recipient-check", "form", RECORDS, "unknown_recipient"),
    Row("notices:recipient-translation", "file", SEE, "served_recipient"),
    Row("notices:recipient-proof", "file", SEE, "served_recipient"),
    Row("notices:recipient-given", "form", RECORDS, "recipient"),
    Row("notices:recipient-letter", "file", SEE, "recipient"),
    # Attendance
    Row("attendance:week-index", "page", MARKS),
    # The provider is the trust's, so another school's role reads the page without a student on it.
    Row("attendance:week", "form", MARKS, "provider", sees=PROVIDERS, extra=("monday",)),
    # Reviews and value for money
    Row("reviews:review-list", "page", SEE),
    Row("reviews:review-detail", "page", CARE, "review"),
    Row("reviews:placement-reviews", "page", CARE, "active"),
    Row("reviews:review-hold", "form", PREPARES, "active"),
    Row("reviews:target-set", "form", PREPARES, "active"),
    Row("reviews:target-close", "action", PREPARES, "target"),
    Row("reviews:action-done", "action", PREPARES, "action"),
    Row("reviews:value", "page", "SLT HEAD CEO LEAD FIN TRU"),
)

# Open without a log-in, each with its reason.
PUBLIC = {"health": "asked by the machine that watches the web process; no data"}
# Pages of allauth (log-in, password): they are about the visitor alone.
LIBRARY = "account_"

SCHOOL_ROLES = ("TEAM", "ATT", "SLT", "DSL", "HEAD")
ALL_ROLES = tuple(EVERYBODY.split())
NOW = datetime(2026, 11, 16, 10, tzinfo=LONDON)


def named_patterns() -> Iterator[tuple[str, URLPattern]]:
    """Every named address of the project."""

    def walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
            else:
                yield f"{prefix}{entry.name}", entry

    yield from walk(get_resolver(), "")


def test_every_address_has_exactly_one_row() -> None:
    names = [name for name, _ in named_patterns() if not name.startswith(LIBRARY) and name not in PUBLIC]
    # Static files are served by whitenoise in front of the addresses.
    assert sorted(names) == sorted(row.name for row in TABLE)


def test_every_address_has_a_name() -> None:
    assert [str(pattern.pattern) for name, pattern in named_patterns() if name.endswith("None")] == []


def test_pages_of_the_account_library_ask_for_log_in_or_show_nothing_of_ours(db: None) -> None:
    for name, _ in named_patterns():
        if name.startswith(LIBRARY):
            assert name in {
                "account_change_password",
                "account_confirm_email",
                "account_confirm_login_code",
                "account_confirm_password_reset_code",
                "account_email",
                "account_email_verification_sent",
                "account_inactive",
                "account_login",
                "account_logout",
                "account_reauthenticate",
                "account_request_login_code",
                "account_reset_password",
                "account_reset_password_done",
                "account_reset_password_from_key",
                "account_reset_password_from_key_done",
                "account_set_password",
                "account_signup",
            }, name


def make_records(school: School, cast: Any, year: AcademicYear, number: int) -> dict[str, Any]:
    """One record of every kind at ``school``, in the state in which its pages are used."""
    found: dict[str, Any] = {"school": school, "year": year}
    head, slt = (cast.head, cast.slt) if number == 0 else (cast.head2, cast.slt2)
    found["budget"] = make_budget(
        school=school,
        academic_year=year,
        amount=90000,
        status=BudgetStatus.APPROVED,
        proposed_by=cast.finance,
        proposed_at=NOW,
        approved_by=head,
        approved_at=NOW,
    )
    found["budget_change"] = propose_budget_change(
        budget_id=found["budget"].pk, new_amount=95000, reason="More students.", by=cast.finance, now=NOW
    )
    next_year = AcademicYear.objects.get(label="2027/28")
    found["proposed_budget"] = make_budget(
        school=school, academic_year=next_year, amount=1000, proposed_by=cast.finance, proposed_at=NOW
    )
    provider = make_provider(f"Provider {number}", checked_by=cast.dsl, approved_by=cast.lead, now=NOW)
    found["provider"], found["site"] = provider, provider.sites.get()
    found |= make_papers(provider, cast.dsl, NOW)
    found["prospective"] = make_provider(
        f"Prospective {number}",
        status=ProviderStatus.PROSPECTIVE,
        checked_by=cast.dsl,
        approved_by=cast.lead,
        now=NOW,
    )

    def student(name: str) -> Any:
        made = make_student(school, name)
        made.contact_link = make_contact(made)
        return made

    common = {"provider": provider, "cast": cast, "now": NOW}
    found["student"] = student("Plain")
    found["contact_link"] = found["student"].contact_link
    found["closure"] = NonSchoolDay.objects.create(
        school=school, day=date(2027, 3, 8), kind=NonSchoolDayKind.CLOSURE, note="Boiler"
    )
    found["draft_referral"] = referral_at(ReferralStatus.DRAFT, student=student("Draft"), cast=cast, now=NOW)
    found["submitted_referral"] = referral_at(ReferralStatus.SUBMITTED, student=student("Sent"), cast=cast, now=NOW)
    found["withdrawn_referral"] = referral_at(ReferralStatus.WITHDRAWN, student=student("Back"), cast=cast, now=NOW)
    found["approved_referral"] = referral_at(ReferralStatus.APPROVED, student=student("Ready"), cast=cast, now=NOW)
    found["offer"] = record_offer_asked(
        referral_id=found["approved_referral"].pk,
        provider_id=provider.pk,
        programme_id=provider.programmes.get().pk,
        slots=[0],
        first=date(2026, 11, 30),
        last=date(2026, 12, 18),
        by=slt,
        now=NOW,
    )
    found["proposed"] = placement_at(PlacementStatus.PROPOSED, student=student("Proposed"), **common)
    found["approved"] = placement_at(PlacementStatus.APPROVED, student=student("Approved"), **common)
    waiting = placement_at(PlacementStatus.APPROVED, student=student("Waiting"), **common)
    found["period"] = waiting.periods.get()
    drafted = placement_at(PlacementStatus.APPROVED, student=student("Drafted"), **common)
    found["draft_notice"] = notice_at(NoticeStatus.DRAFT, drafted.periods.get(), cast, NOW)
    found["template"] = begin_template(
        route=Route.DIRECTION, kind=NoticeKind.INITIAL, language=("en-GB", "pl")[number], by=cast.lead, now=NOW
    )
    issued = placement_at(PlacementStatus.APPROVED, student=student("Issued"), **common)
    found["issued_placement"] = issued
    found["recipient"] = notice_at(NoticeStatus.ISSUED, issued.periods.get(), cast, NOW).recipients.get()
    found["issued_notice"] = found["recipient"].notice
    found |= served_records(student("Served"), cast, slt, common)
    active = placement_at(PlacementStatus.ACTIVE, student=student("Active"), last=date(2026, 12, 18), **common)
    found["active"] = active
    found["document"] = make_document(placement_id=active.pk, kind=DocumentKind.AGREEMENT, by=slt, now=NOW)
    found["qualification"] = PlacementQualification.objects.create(
        placement=active, title="t", awarding_body="a", recorded_by=slt, recorded_at=NOW
    )
    found["timetable_change"] = propose_timetable_change(
        placement_id=active.pk,
        from_day=date(2026, 11, 30),
        slots={0: (active.site_id, active.programme_id)},
        reason="Fewer days.",
        by=slt,
        now=NOW,
    )
    found["part_time"] = record_part_time(
        student_id=found["student"].pk,
        slots=[0],
        first=NOW.date(),
        last=date(2026, 12, 18),
        reason="Illness.",
        agreed_by="Mary",
        agreed_on=NOW.date(),
        review_on=date(2026, 12, 1),
        by=slt,
        now=NOW,
    )
    found["import_run"] = upload_import(
        kind="STUDENTS",
        school_id=school.pk,
        upload=SimpleUploadedFile("export.csv", b"UPN\nx\n"),
        by=slt,
        now=NOW,
    )
    found["target"] = Target.objects.create(
        placement=active, kind="ATTENDANCE", measure="m", baseline="b", goal="g", set_on=NOW.date(), set_by=slt
    )
    found["review"] = Review.objects.create(
        placement=active,
        due_on=NOW.date(),
        held_on=NOW.date(),
        attendees="a",
        maths="m",
        english="e",
        summary="s",
        outcome="CONTINUE",
        recorded_by=slt,
        recorded_at=NOW,
    )
    found["action"] = Action.objects.create(review=found["review"], what="w", owner="o", due_on=NOW.date())
    found["invoice"] = record_invoice(
        provider_id=provider.pk,
        number=f"INV-{number}",
        invoiced_on=NOW.date(),
        vat=0,
        lines=[{"placement_id": active.pk, "first": NOW.date(), "last": NOW.date(), "sessions": 1, "net": 45}],
        file=SimpleUploadedFile("paper.pdf", b"%PDF-1.4\n%%EOF\n"),
        by=cast.finance,
        now=NOW,
    )
    found["invoice_line"] = found["invoice"].lines.get()
    longer = placement_at(PlacementStatus.ACTIVE, student=student("Longer"), last=date(2026, 12, 18), **common)
    found["extension"] = propose_extension(placement_id=longer.pk, last=date(2027, 2, 12), by=slt, now=NOW)
    outside = make_provider(
        f"Outside {number}", kind=ProviderKind.OTHER_SCHOOL, checked_by=cast.dsl, approved_by=cast.lead, now=NOW
    )
    found["outside_move"] = placement_at(
        PlacementStatus.PROPOSED,
        student=student("Moving"),
        provider=outside,
        cast=cast,
        now=NOW,
        route=Route.MANAGED_MOVE,
        last=None,
        slots=(),
    )
    found["setting"] = propose_setting(
        code="NOTICE_POST_DAYS",
        value="3",
        from_day=date(2026, 12, 1 + number),
        source="Board",
        by=cast.lead,
        now=NOW,
    )
    found["person"] = make_user(f"Perdita Person {number}")
    found["membership"] = give(found["person"], Role.TEAM, school, from_day=JOINED)
    return found


def served_records(student: Any, cast: Any, slt: User, common: dict[str, Any]) -> dict[str, Any]:
    """A notice whose letters go three ways: an e-mail of which nobody knows, a printing, and one handed over."""
    for name in ("Paul", "Petra"):
        make_contact(student, name, relationship=Relationship.GUARDIAN)
    placement = placement_at(PlacementStatus.APPROVED, student=student, **common)
    notice = notice_at(NoticeStatus.ISSUED, placement.periods.get(), cast, NOW)
    unknown, printed, given = notice.recipients.order_by("id")
    send_letter(recipient_id=unknown.pk, by=slt, now=NOW)
    for status in (MailStatus.SENDING, MailStatus.UNKNOWN):
        Mail.objects.filter(recipient=unknown).update(status=status, locked_until=NOW, error="The worker died.")
    batch = start_batch(school_id=placement.school_id, recipient_ids=[printed.pk], by=slt, now=NOW)
    make_batches(now=NOW)
    record_given(
        recipient_id=given.pk,
        channel="HAND",
        sent_at=NOW,
        proof="Signed for.",
        proof_upload=SimpleUploadedFile("proof.pdf", b"%PDF-1.4\n%%EOF\n"),
        by=slt,
        now=NOW,
    )
    given.refresh_from_db()
    # The address is asked for, not what is in the file.
    NoticeRecipient.objects.filter(pk=given.pk).update(translation=given.letter)
    DirectionNotice.objects.filter(pk=notice.pk).update(parent_agreement=given.proof_file)
    return {
        "served_notice": notice,
        "unknown_recipient": unknown,
        "batch": PrintBatch.objects.get(pk=batch.pk),
        "served_recipient": given,
    }


def address(row: Row, records: dict[str, Any]) -> str:
    extra = {"year": records["year"].pk, "monday": "2026-11-16", "part": 1, "section": "reasons"}
    about = [records[row.record].pk] if row.record else []
    return reverse(row.name, args=[*about, *(extra[name] for name in row.extra)])


def browser(user: User | None) -> Client:
    """A browser with a person logged in, or nobody."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


def ask(row: Row, client: Client, url: str) -> tuple[int, str]:
    """The status of the request that the address is for, and where it redirects to."""
    response = client.post(url, {}) if row.kind in ("action", "part") else client.get(url)
    return response.status_code, response.headers.get("Location", "")


def expected(row: Row, role: str) -> int:
    """What a person of ``role`` gets for a record of the own school."""
    if role in row.roles.split():
        return 302 if row.kind == "action" else 200
    return 404 if row.record and role not in row.sees.split() else 403


# Trust roles see every school; for the others the other school does not exist.
def expected_elsewhere(row: Row, role: str) -> int:
    return 404 if role in SCHOOL_ROLES and row.sees not in (PROVIDERS, WORDING, EVERYBODY) else expected(row, role)


@dataclass
class World:
    """A browser for each role and one record of every kind at two schools."""

    own: dict[str, Any]
    other: dict[str, Any]
    browsers: dict[str, Client]


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once for all tests of this file, because the letters take their time; each test undoes what it changes."""
    with django_db_blocker.unblock(), time_machine.travel(NOW.astimezone(UTC), tick=True), transaction.atomic():
        years = make_years()
        north, south = make_school("North"), make_school("South")
        cast = make_cast(north, south)
        stage = World(
            own=make_records(north, cast, years["2026/27"], 0),
            other=make_records(south, cast, years["2026/27"], 1),
            browsers={
                "TEAM": browser(cast.team),
                "ATT": browser(cast.att),
                "SLT": browser(make_user("Sigrun Table", (Role.SLT, north))),
                "DSL": browser(cast.dsl),
                "HEAD": browser(make_user("Hedda Table", (Role.HEAD, north))),
                "CEO": browser(cast.ceo),
                "LEAD": browser(make_user("Lena Table", (Role.LEAD, None))),
                "FIN": browser(cast.finance),
                "TRU": browser(cast.trustee),
            },
        )
        yield stage
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of refusals are asked for here; each would be logged with its traceback."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def wrong(
    rows: Iterable[Row],
    stage: World,
    records: dict[str, Any],
    wanted: Callable[[Row, str], int],
    roles: Iterable[str] = ALL_ROLES,
) -> list[str]:
    """Every row and role for which the answer is not the wanted one."""
    found = []
    for row in rows:
        url = address(row, records)
        for role in roles:
            # What an action changes is undone, so that the next role meets the same record.
            with transaction.atomic():
                got, _ = ask(row, stage.browsers[role], url)
                transaction.set_rollback(True)
            if got != wanted(row, role):
                found.append(f"{row.name} as {role}: {got}, expected {wanted(row, role)}")
    return found


@pytest.mark.policy("P7.1")
@pytest.mark.django_db
def test_own_school_by_role(stage: World) -> None:
    assert wrong(TABLE, stage, stage.own, expected) == []


@pytest.mark.django_db
def test_other_school_by_role(stage: World) -> None:
    rows = [row for row in TABLE if row.record]
    # The other trust roles see every school alike: one of them stands for all.
    assert wrong(rows, stage, stage.other, expected_elsewhere, (*SCHOOL_ROLES, "LEAD")) == []


@pytest.mark.django_db
def test_anonymous_goes_to_log_in(stage: World) -> None:
    log_in, nobody = reverse("account_login"), browser(None)
    found = []
    for row in TABLE:
        url = address(row, stage.own)
        got = ask(row, nobody, url)
        if got != (302, f"{log_in}?next={url}"):
            found.append(f"{row.name}: {got}")
    assert found == []


@pytest.mark.django_db
def test_person_without_a_role_reaches_the_home_page_and_the_own_account_only(stage: World) -> None:
    client = browser(make_user("Nemo Nobody"))
    found = []
    for row in TABLE:
        got, _ = ask(row, client, address(row, stage.own))
        wanted = 200 if row.name in {"home", "trust:digest-choose"} else 404 if row.record else 403
        if got != wanted:
            found.append(f"{row.name}: {got}, expected {wanted}")
    assert found == []


@pytest.mark.django_db
def test_wrong_verb_is_refused(stage: World) -> None:
    found = []
    for row in TABLE:
        client = stage.browsers[row.roles.split()[0]]
        url = address(row, stage.own)
        verbs = {"page": ["post"], "file": ["post"], "list": [], "form": [], "action": ["get"], "part": ["get"]}[
            row.kind
        ]
        for verb in (*verbs, "put", "delete"):
            got = getattr(client, verb)(url).status_code
            if got != 405:
                found.append(f"{verb.upper()} {row.name}: {got}")
    assert found == []


@pytest.mark.django_db
def test_forms_refuse_a_post_without_the_permission(stage: World) -> None:
    found = []
    for row in TABLE:
        if row.kind != "form":
            continue
        url = address(row, stage.own)
        for role in ALL_ROLES:
            if role in row.roles.split():
                continue
            got = stage.browsers[role].post(url, {}).status_code
            if got != expected(row, role):
                found.append(f"POST {row.name} as {role}: {got}, expected {expected(row, role)}")
    assert found == []


@pytest.mark.django_db
def test_impossible_ids_and_days_are_not_found(stage: World) -> None:
    found = []
    for row in TABLE:
        if not row.record:
            continue
        client = stage.browsers["LEAD" if "LEAD" in row.roles.split() else row.roles.split()[0]]
        for pk in (0, 2**63 - 1, 10**30):
            extra = [{"year": 1, "monday": "2026-11-16", "part": 1, "section": "reasons"}[name] for name in row.extra]
            got, _ = ask(row, client, reverse(row.name, args=[pk, *extra]))
            if got != 404:
                found.append(f"{row.name} {pk}: {got}")
    for monday in ("0001-01-01", "9999-12-27", "2026-02-30", "0000-00-00", "-1", "10000-01-01"):
        url = reverse("attendance:week", args=[stage.own["provider"].pk, monday])
        got = stage.browsers["LEAD"].get(url).status_code
        # A Monday of a year without calendar is refused with a sentence.
        if got not in (404, 409):
            found.append(f"attendance:week {monday}: {got}")
    assert found == []


def test_demo_log_in_has_no_address_in_these_settings() -> None:
    assert settings.MODE == "test"
    assert "demo-login" not in [name for name, _ in named_patterns()]
