"""The demo trust: believable whatever day it is loaded, and the same twice."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count
from django.test import Client

from attendance.models import SessionMark, WeeklyContact
from invictus_ap.codes import DEMO_PEOPLE
from invictus_ap.services import load_demo
from notices.models import DirectionNotice
from placements.codes import Route
from placements.lifecycle import LIVE, Status
from placements.models import (
    Budget,
    BudgetChange,
    Invoice,
    InvoiceLine,
    Offer,
    PartTimeTimetable,
    Placement,
    PlacementDocument,
    Signing,
    SuspensionAnswer,
    TimetableChange,
    TimetableSlot,
)
from placements.queries import at_suspended_providers, budget_figures
from providers.codes import ProviderKind
from providers.models import Provider
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral, ReferralAmendment, ReferralSection
from reviews.models import Review
from trust.models import ContactLink, Flag, Heartbeat, ImportRun, School, Student, Suspension, User

# A day in the middle of a term; with DRILL=1 also the first day of a year, a weekend, holidays, the end of a year.
DAYS = ["2026-11-24T09:30"]
if os.environ.get("DRILL"):
    DAYS += [
        "2026-09-01T07:00",
        "2026-09-05T12:00",
        "2026-10-28T09:00",
        "2026-12-25T11:00",
        "2027-03-30T22:30",
        "2027-07-21T10:00",
        "2027-08-10T10:00",
        "2028-02-29T10:00",
        "2028-07-30T10:00",
    ]


@pytest.fixture(scope="module", params=DAYS)
def now(request: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[datetime]:
    """The demo is loaded once for all tests of a day."""
    instant = datetime.fromisoformat(request.param).replace(tzinfo=UTC)
    with django_db_blocker.unblock(), time_machine.travel(instant, tick=False), transaction.atomic():
        load_demo(now=instant)
        yield instant
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def fixed_clock(now: datetime) -> Iterator[None]:
    """Here the day of the demo stands for the fixed today of the other tests."""
    with time_machine.travel(now, tick=True):
        yield


pytestmark = pytest.mark.django_db


def test_demo_has_seven_schools_twelve_providers_of_all_kinds_and_staff_for_every_role() -> None:
    assert School.objects.count() == 7
    assert Provider.objects.count() == 12
    assert set(Provider.objects.values_list("kind", flat=True)) == set(ProviderKind.values)
    assert Student.objects.count() == 91
    for person in DEMO_PEOPLE:
        user = User.objects.get(email=person.email)
        assert person.role in [membership.role for membership in user.held()]
        assert not user.has_usable_password()


def test_demo_has_about_sixty_placements_in_every_status_and_on_every_route() -> None:
    statuses = Counter(Placement.objects.values_list("status", flat=True))
    # In a summer holiday nothing is running, so nothing can be paused.
    assert set(Status.values) - set(statuses) <= {Status.PAUSED}
    assert set(Placement.objects.values_list("route", flat=True)) == set(Route.values)
    assert 55 <= sum(statuses.values()) <= 65
    assert set(Referral.objects.values_list("status", flat=True)) == set(ReferralStatus.values)


def test_demo_has_notices_in_time_late_and_on_the_way() -> None:
    late = DirectionNotice.objects.filter(status="GIVEN", in_time=False)
    assert late.count() >= 1
    assert all(notice.override_reason for notice in late)
    assert DirectionNotice.objects.filter(status="GIVEN", in_time=True).exists()
    assert {"DRAFT", "ISSUED"} <= set(DirectionNotice.objects.values_list("status", flat=True))


def test_demo_has_history_with_gaps() -> None:
    assert SessionMark.objects.count() > 500
    assert len(set(SessionMark.objects.values_list("report", flat=True))) == 4
    assert WeeklyContact.objects.filter(late=True).exists()
    assert Review.objects.count() > 10
    assert Flag.objects.filter(kind="contact_missed").exists()
    assert {"agreement_ending", "check_ending"} <= set(Flag.objects.values_list("kind", flat=True))
    assert Heartbeat.objects.filter(job__startswith="flags.").count() == 9


def test_demo_has_special_people_and_one_suspended_provider() -> None:
    assert Provider.objects.filter(status="SUSPENDED").count() == 1
    assert Student.objects.filter(looked_after=True).exists()
    assert Student.objects.filter(sen_status="E").count() == 4
    assert ContactLink.objects.filter(letters_restricted=True).count() == 1
    assert ContactLink.objects.values("contact").annotate(n=Count("pk")).filter(n__gt=1).exists()


@pytest.mark.policy("P1.2")
def test_demo_has_budgets_below_near_and_over_the_limit() -> None:
    figures = budget_figures(Budget.objects.filter(approved_at__isnull=False))
    alerts = {figure.alert for figure in figures.values()}
    assert alerts == {"", "NEAR", "FULL"}
    assert any(figure.committed > figure.amount for figure in figures.values())


def test_demo_has_providers_and_schools_with_five_students_or_more() -> None:
    started = Placement.objects.filter(started_at__isnull=False).exclude(status=Status.COMPLETED)
    by_provider = Counter(started.values_list("provider_id", flat=True))
    by_school = Counter(started.values_list("school_id", flat=True))
    assert sum(count >= 5 for count in by_provider.values()) >= 3
    assert sum(count >= 5 for count in by_school.values()) >= 5


def test_demo_shows_referrals_in_depth_and_places_asked_for() -> None:
    assert ReferralSection.objects.filter(state="CANNOT_FINISH", referral__status="DRAFT").count() == 2
    assert ReferralAmendment.objects.exists()
    assert {"ASKED", "OFFERED", "REFUSED", "TAKEN"} <= set(Offer.objects.values_list("status", flat=True))
    assert Flag.objects.open().filter(kind="offer_lapsing").exists()


def going_on(today: date) -> int:
    """How many placements run for more than a week yet: none in a summer holiday, few at the end of a year."""
    ahead = today + timedelta(days=9)
    return Placement.objects.running().filter(brought_in=False, periods__period__endswith__gt=ahead).distinct().count()


def test_demo_shows_papers_money_and_imports(now: datetime) -> None:
    if going_on(now.date()) >= 10:
        assert set(PlacementDocument.objects.values_list("kind", flat=True)) == {"PACK", "AGREEMENT"}
        assert {"AGREED", "OBJECTED"} == set(Signing.objects.values_list("answer", flat=True))
    assert BudgetChange.objects.filter(approved_at__isnull=True, dropped_at__isnull=True).count() == 1
    assert BudgetChange.objects.filter(approved_at__isnull=False).exists()
    assert {"PAID", "RECORDED"} <= set(Invoice.objects.values_list("status", flat=True))
    assert InvoiceLine.objects.filter(matched_at__isnull=False, settled_at__isnull=True).exists()
    statuses = ImportRun.objects.order_by("pk").values_list("status", "found")
    assert [(status, found > 0) for status, found in statuses] == [("APPLIED", False), ("CHECKED", True)]
    assert Suspension.objects.filter(source="imported").exists()


@pytest.mark.policy("P3.12")
def test_demo_asks_schools_about_students_at_the_suspended_provider() -> None:
    waiting = at_suspended_providers()
    there = Placement.objects.filter(status__in=LIVE, provider__status="SUSPENDED")
    assert there.count() == SuspensionAnswer.objects.count()
    if there.filter(status="ACTIVE").exists():
        assert SuspensionAnswer.objects.filter(decided_at__isnull=False).count() == 1
    assert Flag.objects.open().filter(kind="provider_suspended").count() == waiting.count()


def test_demo_shows_weeks_that_are_not_plain(now: datetime) -> None:
    if going_on(now.date()) < 10:
        return
    assert TimetableChange.objects.filter(approved_at=None, dropped_at=None).count() == 1
    assert PartTimeTimetable.objects.count() == 1
    assert Flag.objects.open().filter(kind="part_time_review").count() == 1
    sites = TimetableSlot.objects.order_by().values("placement").annotate(sites=Count("site", distinct=True))
    assert max(row["sites"] for row in sites) == 2


def test_demo_has_what_was_brought_in_in_term_time() -> None:
    rows = Placement.objects.filter(brought_in=True)
    assert set(rows.values_list("status", flat=True)) in ({"ACTIVE", "PROPOSED"}, set())


@pytest.mark.parametrize("person", DEMO_PEOPLE, ids=lambda person: person.role)
def test_demo_home_page_opens_for_every_role(person: Any) -> None:
    client = Client()
    client.force_login(User.objects.get(email=person.email))
    assert client.get("/").status_code == 200


def test_demo_is_not_loaded_over_real_records() -> None:
    with pytest.raises(CommandError, match="empty one only"):
        call_command("load_demo")


def test_demo_is_not_loaded_in_production(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not loaded in production"):
        call_command("load_demo")
