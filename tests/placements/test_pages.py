"""The page of a placement: what each role reads of it, what comes next, and the timetable with several places."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from placements.lifecycle import Status
from placements.models import Placement
from placements.queries import timetable_of, timetable_shown
from placements.services import suspend_with_students
from providers.models import Site
from tests.factories.placements import placement_at
from tests.fixtures import NOW

TODAY = NOW.date()
ARRANGED = {
    "transport_mode": "TAXI",
    "transport_booked_by": "Tom Pastoral",
    "transport_paid_by": "SCHOOL",
    "transport_pick_up": "At home, 08:40",
    "lunch": "VOUCHER",
    "risk_assessed_on": date(2026, 10, 1),
    "risk_assessed_by": "Simon Senior",
    "risk_summary": "Walks away when shouted at.",
    "medical": "Carries an inhaler.",
    "emergency": "Ring the mother.",
}


@pytest.fixture
def active(student, provider, cast, budget) -> Placement:
    return placement_at(
        Status.ACTIVE,
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        first=date(2026, 11, 2),
        last=date(2026, 12, 18),
        **ARRANGED,
    )


def page(login, user, placement) -> Any:
    return login(user).get(reverse("placements:placement-detail", args=[placement.pk]))


def html(login, user, placement) -> str:
    response = page(login, user, placement)
    assert response.status_code == 200
    return response.content.decode()


def test_page_shows_arrangements_and_medical_facts_to_the_care_roles_only(active, cast, login):
    seen = html(login, cast.slt, active)
    for words in ("At home, 08:40", "Voucher", "Walks away", "Carries an inhaler.", "Ring the mother."):
        assert words in seen
    attendance = html(login, cast.att, active)
    assert "At home, 08:40" in attendance
    for words in ("Walks away", "Carries an inhaler.", "Ring the mother."):
        assert words not in attendance


def test_page_of_a_guest_shows_the_host_what_it_needs_on_the_day(active, cast, login, south):
    Placement.objects.filter(pk=active.pk).update(host_school=south)
    seen = html(login, cast.slt2, active)
    assert "Carries an inhaler." in seen
    assert 'id="money"' not in seen
    assert "Places asked for" not in seen
    assert "inhaler" not in html(login, cast.att2, active)


def test_page_shows_money_to_who_sees_money(active, cast, login):
    for user, sees in ((cast.slt, True), (cast.head, True), (cast.dsl, False), (cast.att, False), (cast.team, False)):
        assert ('id="money"' in html(login, user, active)) is sees


def test_next_due_names_the_review_and_the_end_with_links_for_who_may_act(active, cast, login):
    def due(user) -> dict[str, tuple[date, str]]:
        return {one.what: (one.on, one.url) for one in page(login, user, active).context["due"]}

    slt, att = due(cast.slt), due(cast.att)
    assert slt["Review"][1] == reverse("reviews:review-hold", args=[active.pk])
    assert att["Review"] == (slt["Review"][0], "")
    assert slt["Last approved day: extend, or end with a destination"][0] == date(2026, 12, 18)


def test_next_due_of_an_approved_placement_is_its_notice_then_its_first_day(student, provider, cast, budget, login):
    first = date(2026, 11, 23)
    placement = placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=first)
    due = page(login, cast.slt, placement).context["due"]
    assert [one.what.split(" ")[0] for one in due] == ["Prepare", "First"]
    assert (due[0].on, due[0].state, due[1].on) == (date(2026, 11, 19), "coming", first)


@pytest.mark.policy("P3.12")
def test_page_says_that_the_provider_is_suspended_until_it_was_decided(active, provider, cast, login):
    suspend_with_students(provider_id=provider.pk, reason="Fire exit.", wishes={}, by=cast.lead, now=NOW)
    students = reverse("placements:provider-students", args=[provider.pk])
    assert students in html(login, cast.slt, active)
    go_on = reverse("placements:placement-go-on", args=[active.pk])
    assert login(cast.head).post(go_on, {"reason": "Watched every day."}).status_code == 302
    assert students not in html(login, cast.slt, active)
    assert "Goes on at the suspended provider" in html(login, cast.slt, active)


def test_timetable_of_two_sites_names_each_half_day():
    week = timetable_of({0: "Yard, Build", 2: "Works, Build", 10: "Yard, Build", 12: "Works, Build"})
    assert [one.name for one in week] == ["Every week"]
    assert week[0].rows[0] == ("AM", ("B", "A", False, False, False))
    assert week[0].places == (("A", "Works, Build"), ("B", "Yard, Build"))
    other = timetable_of({0: "Yard, Build", 10: "Works, Build"})
    assert [one.name for one in other] == ["Week A", "Week B"]


def test_timetable_shown_reads_sites_and_programmes_of_each_half_day(student, provider, cast, budget):
    site, programme = provider.sites.get(), provider.programmes.get()
    yard = Site.objects.create(
        provider=provider, name="Yard", kind="SATELLITE", address="x", postcode="ZZ1 1ZZ", phone="1", report_to="Sam"
    )
    placement = placement_at(
        Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, slots={0, 2, 10, 12}
    )
    assert timetable_shown(placement)[0].places == ()
    placement.slots.filter(slots__startswith__in=[2, 12]).update(site=yard)
    shown = timetable_shown(placement)
    assert [words for _, words in shown[0].places] == sorted(
        [f"{site.name}, {programme.name}", f"Yard, {programme.name}"]
    )


def test_page_has_the_same_number_of_queries_with_one_and_three_rows(active, provider, cast, login):
    client = login(cast.head)
    url = reverse("placements:placement-detail", args=[active.pk])
    client.get(url)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    first = count()
    for number in range(2):
        active.overrides.create(code=f"VISIT{number}", reason="x", by=cast.head, at=NOW - timedelta(days=1))
        active.qualifications.create(
            title=f"Award {number}", awarding_body="Body", recorded_by=cast.slt, recorded_at=NOW
        )
    assert count() <= first + 1
