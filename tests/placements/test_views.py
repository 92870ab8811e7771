"""Pages of placements and budgets: who reaches them, what they show, what they keep."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from placements.codes import Route
from placements.lifecycle import Status
from placements.models import Budget, Commitment, GateOverride, HomeVisit, Placement
from placements.services import accept_guest, propose_extension, record_notice_given, start_placement
from providers.codes import ProviderKind
from providers.models import Check, Provider
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from tests.factories.people import make_student
from tests.factories.placements import offer_for, placement_at, referral_at, set_budget
from tests.factories.providers import make_provider
from tests.fixtures import NOW, TODAY, Cast
from trust.models import AccessLog, School, Student, User

pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]

FIRST, LAST = date(2026, 11, 30), date(2026, 12, 18)
FORMS = ("change", "decide", "override", "pause", "resume", "extend", "end", "withdraw", "cancel")


@pytest.fixture
def referral(student: Student, cast: Cast) -> Referral:
    return referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)


@pytest.fixture
def proposed(student: Student, provider: Provider, cast: Cast, budget: Budget) -> Placement:
    return placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, first=FIRST, last=LAST)


@pytest.fixture
def approved(student: Student, provider: Provider, cast: Cast, budget: Budget) -> Placement:
    return placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=FIRST, last=LAST)


@pytest.fixture
def active(student: Student, provider: Provider, cast: Cast, budget: Budget) -> Placement:
    """Started today; that the notice was given is told as the notices app tells it, without making letters."""
    approved = placement_at(
        Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=TODAY, last=LAST
    )
    record_notice_given(period_id=approved.periods.get().pk, given_on=date(2026, 11, 6), by=cast.slt, now=NOW)
    return start_placement(placement_id=approved.pk, by=cast.slt, now=NOW)


@pytest.fixture
def guest(student: Student, south: School, cast: Cast, budget: Budget) -> Placement:
    host = make_provider(
        "South as provider",
        kind=ProviderKind.TRUST_SCHOOL,
        school=south,
        checked_by=cast.slt,
        approved_by=cast.lead,
        now=NOW,
    )
    return placement_at(Status.PROPOSED, student=student, provider=host, cast=cast, now=NOW, first=FIRST, last=LAST)


def page(client: Client, name: str, pk: int | None = None, data: dict[str, Any] | None = None, query: str = "") -> Any:
    url = reverse(f"placements:{name}", args=[] if pk is None else [pk]) + query
    return client.get(url) if data is None else client.post(url, data)


def proposal(provider: Provider, **changes: Any) -> dict[str, Any]:
    """What a browser sends for a proposal of three weeks of mornings."""
    return {
        "programme": provider.programmes.get().pk,
        "site": provider.sites.get().pk,
        "route": "DIRECTION",
        "first": "2026-11-30",
        "last": "2026-12-18",
        "start_time": "09:00",
        "report_to": "Sam Okafor",
        "slots": ["0", "2", "4", "6", "8"],
        "consent_on": "2026-09-14",
        "review_weeks": "6",
        **changes,
    }


# --- Who reaches what ---


@pytest.mark.parametrize("name", ["detail", *FORMS])
def test_placement_pages_own_school_other_school_and_nobody(
    proposed: Placement, cast: Cast, login: Login, name: str
) -> None:
    url_name = f"placement-{name}"
    assert page(login(cast.head), url_name, proposed.pk).status_code == 200
    assert page(login(cast.head2), url_name, proposed.pk).status_code == 404
    assert page(login(cast.trustee), url_name, proposed.pk).status_code == 404
    assert page(login(cast.finance), url_name, proposed.pk).status_code == 404
    assert page(login(cast.head), url_name, 2**70).status_code == 404
    anonymous = page(Client(), url_name, proposed.pk)
    assert (anonymous.status_code, anonymous.url.split("?")[0]) == (302, "/accounts/login/")
    assert login(cast.head).delete(reverse(f"placements:{url_name}", args=[proposed.pk])).status_code == 405


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("change", "dsl"),
        ("decide", "slt"),
        ("override", "lead"),
        ("accept", "att"),
        ("home-visit", "dsl"),
        ("pause", "slt"),
        ("resume", "team"),
        ("extend", "team"),
        ("end", "team"),
        ("withdraw", "ceo"),
        ("cancel", "slt"),
    ],
)
def test_placement_page_without_the_permission_says_who_can(
    proposed: Placement, cast: Cast, login: Login, name: str, person: str
) -> None:
    response = page(login(getattr(cast, person)), f"placement-{name}", proposed.pk)
    assert response.status_code == 403
    assert "can." in response.content.decode()


@pytest.mark.parametrize("name", ["start", "transfer"])
def test_buttons_take_post_only_and_ask_the_permission(
    approved: Placement, cast: Cast, login: Login, name: str
) -> None:
    url_name = f"placement-{name}"
    assert page(login(cast.slt), url_name, approved.pk).status_code == 405
    assert page(login(cast.team), url_name, approved.pk, {}).status_code == 403
    assert page(login(cast.slt2), url_name, approved.pk, {}).status_code == 404
    assert page(Client(), url_name, approved.pk, {}).status_code == 302
    approved.refresh_from_db()
    assert approved.status == Status.APPROVED


def test_propose_page_is_for_proposers_of_the_own_school(referral: Referral, cast: Cast, login: Login) -> None:
    statuses = {
        name: page(login(getattr(cast, name)), "placement-propose", referral.pk).status_code
        for name in ("team", "slt", "head", "dsl", "att", "slt2")
    }
    assert statuses == {"team": 200, "slt": 200, "head": 200, "dsl": 403, "att": 403, "slt2": 404}


def test_host_school_sees_its_guest_and_accepts_and_does_not_decide(guest: Placement, cast: Cast, login: Login) -> None:
    assert page(login(cast.att2), "placement-detail", guest.pk).status_code == 200
    assert page(login(cast.head2), "placement-decide", guest.pk).status_code == 403
    assert page(login(cast.slt2), "placement-accept", guest.pk).status_code == 403
    assert page(login(cast.head), "placement-accept", guest.pk).status_code == 403
    response = page(login(cast.head2), "placement-accept", guest.pk, {"dual_registered_on": "2026-11-30"})
    assert response.status_code == 302
    guest.refresh_from_db()
    assert (guest.host_accepted_by, guest.dual_registered_on) == (cast.head2, FIRST)


# --- The list ---


def test_list_is_scoped_filtered_and_searched_by_post(
    proposed: Placement, student2: Student, provider: Provider, cast: Cast, login: Login
) -> None:
    other = placement_at(Status.PROPOSED, student=student2, provider=provider, cast=cast, now=NOW, first=FIRST)

    def shown(client: Client, query: str = "") -> set[int]:
        return {row.pk for row in page(client, "placement-list", query=query).context["page_obj"]}

    assert shown(login(cast.att)) == {proposed.pk}
    lead = login(cast.lead)
    assert shown(lead) == {proposed.pk, other.pk}
    assert shown(lead, f"?school={proposed.school_id}&status=PROPOSED&route=DIRECTION") == {proposed.pk}
    assert shown(lead, f"?provider={provider.pk}&status=ENDED") == set()
    assert shown(lead, "?provider=x&route=NO&page=-1") == {proposed.pk, other.pk}
    response = page(lead, "placement-list", data={"name": "ashd"}, query="?status=PROPOSED&page=2")
    assert response.url == reverse("placements:placement-list") + "?status=PROPOSED"
    assert shown(lead) == {proposed.pk}
    assert page(login(cast.finance), "placement-list").status_code == 403
    assert page(Client(), "placement-list").status_code == 302


@pytest.mark.parametrize("how_many", [1, 3])
def test_list_has_the_same_queries_for_any_number(
    how_many: int, north: School, provider: Provider, cast: Cast, login: Login, django_assert_num_queries: Any
) -> None:
    for number in range(how_many):
        student = make_student(north, f"Name{number}", "Kit")
        placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, first=FIRST)
    client = login(cast.slt)
    with django_assert_num_queries(11):
        assert page(client, "placement-list").status_code == 200


# --- Proposing ---


def test_propose_in_two_steps_without_javascript(
    referral: Referral, provider: Provider, cast: Cast, login: Login
) -> None:
    client = login(cast.slt)
    first = page(client, "placement-propose", referral.pk).content.decode()
    assert provider.name in first
    assert 'name="slots"' not in first
    query = f"?provider={provider.pk}"
    second = page(client, "placement-propose", referral.pk, query=query).content.decode()
    assert second.count('name="slots"') == 10
    assert 'value="Sam Okafor"' in second
    response = page(client, "placement-propose", referral.pk, proposal(provider), query)
    placement = Placement.objects.get()
    assert (response.status_code, response.url) == (302, reverse("placements:placement-detail", args=[placement.pk]))
    assert {row.slots.lower for row in placement.slots.all()} == {0, 2, 4, 6, 8, 10, 12, 14, 16, 18}
    assert placement.periods.get().cost == Decimal("675.00")


@pytest.mark.parametrize("query", ["", "?provider=", "?provider=999999", "?provider=x", f"?provider={2**70}"])
def test_propose_without_a_right_provider_stays_at_the_first_step(
    referral: Referral, provider: Provider, cast: Cast, login: Login, query: str
) -> None:
    assert page(login(cast.slt), "placement-propose", referral.pk, query=query).status_code == 200
    assert page(login(cast.slt), "placement-propose", referral.pk, proposal(provider), query).status_code == 422
    assert Placement.objects.count() == 0


def test_propose_keeps_what_was_typed_and_names_the_field(
    referral: Referral, provider: Provider, cast: Cast, login: Login
) -> None:
    query = f"?provider={provider.pk}"
    typed = proposal(provider, first="2026-11-29", report_to="Nobody Known", consent_how="By telephone")
    response = page(login(cast.slt), "placement-propose", referral.pk, typed, query)
    html = response.content.decode()
    assert response.status_code == 422
    assert "Sun 29 Nov 2026 is not a school day" in html
    assert 'href="#id_first"' in html
    for words in ('value="Nobody Known"', 'value="By telephone"', 'value="2026-11-29"'):
        assert words in html
    assert len(re.findall(r'name="slots"[^>]*checked', html)) == 5
    typed = proposal(provider, first="0001-01-01", last="2026-02-31", review_weeks="99", route="NONSENSE")
    response = page(login(cast.slt), "placement-propose", referral.pk, typed, query)
    assert set(response.context["form"].errors) == {"first", "last", "review_weeks", "route"}


def test_propose_offers_only_what_fits_the_provider(
    referral: Referral, provider: Provider, cast: Cast, login: Login
) -> None:
    other = make_provider("Riverside", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    query = f"?provider={provider.pk}"
    form = page(login(cast.slt), "placement-propose", referral.pk, query=query).context["form"]
    routes = {value for value, _ in form.fields["route"].choices}
    assert routes.isdisjoint({Route.IN_TRUST, Route.MANAGED_MOVE, Route.HOME_ONLINE})
    assert "dual_registered_on" not in form.fields
    typed = proposal(provider, programme=other.programmes.get().pk)
    response = page(login(cast.slt), "placement-propose", referral.pk, typed, query)
    assert set(response.context["form"].errors) == {"programme"}


def test_change_shows_the_proposal_and_refuses_a_stale_one(
    proposed: Placement, provider: Provider, cast: Cast, login: Login
) -> None:
    client = login(cast.slt)
    html = page(client, "placement-change", proposed.pk).content.decode()
    assert len(re.findall(r'name="slots"[^>]*checked', html)) == 5
    assert 'value="2026-12-18"' in html
    response = page(client, "placement-change", proposed.pk, proposal(provider, slots=["0"], version="1"))
    assert response.status_code == 302
    stale = page(client, "placement-change", proposed.pk, proposal(provider, report_to="Other", version="1"))
    assert stale.status_code == 422
    assert "What is different now" in stale.content.decode()
    assert proposed.slots.count() == 2


# --- Deciding ---


@pytest.mark.policy("P1.2")
def test_decide_page_shows_what_the_decision_rests_on(proposed: Placement, cast: Cast, login: Login) -> None:
    html = page(login(cast.head), "placement-decide", proposed.pk).content.decode()
    for words in (
        "Ashdown, Jo",
        "A small setting with practical work.",
        "Millyard Education",
        "15 sessions on 15 days",
        "£675.00",
        "£40,000.00 left",
        "£39,325.00</strong> left after this",
        "held on Mon 14 Sep 2026",
        "A service level agreement covers the whole period.",
        "Record the decision",
    ):
        assert words in html


def test_decide_page_approves_and_keeps_a_refused_decision(proposed: Placement, cast: Cast, login: Login) -> None:
    client = login(cast.head)
    refused = page(client, "placement-decide", proposed.pk, {"decision": "DECLINED", "reason": " "})
    assert (refused.status_code, "Give the reason for declining it." in refused.content.decode()) == (422, True)
    offer_for(proposed, now=NOW)
    assert page(client, "placement-decide", proposed.pk, {"decision": "APPROVED"}).status_code == 302
    assert Commitment.objects.get().amount == Decimal("675.00")


def test_decide_page_refuses_the_own_proposal_in_plain_words(
    student: Student, provider: Provider, cast: Cast, budget: Budget, login: Login
) -> None:
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    client = login(cast.head)
    page(client, "placement-propose", referral.pk, proposal(provider), f"?provider={provider.pk}")
    own = Placement.objects.get()
    assert "You proposed this yourself" in page(client, "placement-decide", own.pk).content.decode()
    assert page(client, "placement-decide", own.pk, {"decision": "APPROVED"}).status_code == 422
    own.refresh_from_db()
    assert own.status == Status.PROPOSED


def test_decide_page_asks_a_reason_for_each_failed_gate(proposed: Placement, cast: Cast, login: Login) -> None:
    Check.objects.filter(kind="INSURANCE").delete()
    offer_for(proposed, now=NOW)
    client = login(cast.head)
    form = page(client, "placement-decide", proposed.pk).context["form"]
    assert "override_INSURANCE" in form.fields
    refused = page(client, "placement-decide", proposed.pk, {"decision": "APPROVED"})
    assert refused.status_code == 422
    typed = {"decision": "APPROVED", "override_INSURANCE": "The certificate was seen today."}
    assert page(client, "placement-decide", proposed.pk, typed).status_code == 302
    assert GateOverride.objects.get().reason == "The certificate was seen today."


@pytest.mark.policy("P1.2")
def test_decide_page_over_budget_is_for_the_chief_executive(
    proposed: Placement, budget: Budget, cast: Cast, login: Login
) -> None:
    set_budget(budget, "10.00")
    offer_for(proposed, now=NOW)
    head = page(login(cast.head), "placement-decide", proposed.pk)
    assert "over_budget_reason" not in head.context["form"].fields
    assert "only the Chief executive may approve over budget" in head.content.decode()
    refused = page(login(cast.head), "placement-decide", proposed.pk, {"decision": "APPROVED"})
    assert refused.status_code == 422
    typed = {"decision": "APPROVED", "over_budget_reason": "From reserves."}
    assert page(login(cast.ceo), "placement-decide", proposed.pk, typed).status_code == 302
    assert Commitment.objects.get().over_budget_reason == "From reserves."


# --- The page of one ---


def test_detail_shows_money_only_with_the_permission(approved: Placement, cast: Cast, login: Login) -> None:
    for person, sees in ((cast.head, True), (cast.slt, True), (cast.att, False), (cast.dsl, False), (cast.team, False)):
        html = page(login(person), "placement-detail", approved.pk).content.decode()
        assert ("£675.00" in html, "£" in html) == (sees, sees)


def test_detail_leads_to_the_notice_and_says_its_state(approved: Placement, cast: Cast, login: Login) -> None:
    period = approved.periods.get()
    prepare = reverse("notices:notice-prepare", args=[period.pk])
    html = page(login(cast.slt), "placement-detail", approved.pk).content.decode()
    assert prepare in html
    assert "needed, not given yet" in html
    assert prepare not in page(login(cast.att), "placement-detail", approved.pk).content.decode()
    record_notice_given(period_id=period.pk, given_on=date(2026, 11, 20), by=cast.slt, now=NOW)
    html = page(login(cast.slt), "placement-detail", approved.pk).content.decode()
    assert "on Fri 20 Nov 2026" in html
    assert f'href="{prepare}"' not in html


def test_detail_title_carries_no_name_and_the_visit_is_logged(approved: Placement, cast: Cast, login: Login) -> None:
    html = page(login(cast.slt), "placement-detail", approved.pk).content.decode()
    assert "Ashdown" not in html.split("<title>")[1].split("</title>")[0]
    entry = AccessLog.objects.get()
    assert (entry.user, entry.student_id, entry.action) == (cast.slt, approved.student_id, "placement opened")


# --- The course ---


def test_start_button_appears_on_the_day_and_starts(approved: Placement, cast: Cast, login: Login) -> None:
    record_notice_given(period_id=approved.periods.get().pk, given_on=date(2026, 11, 20), by=cast.slt, now=NOW)
    start = reverse("placements:placement-start", args=[approved.pk])
    assert start not in page(login(cast.slt), "placement-detail", approved.pk).content.decode()
    early = login(cast.slt).post(start, follow=True)
    assert "starts on Mon 30 Nov 2026, not before" in early.content.decode()
    with time_machine.travel("2026-11-30 10:00:00Z"):
        client = login(cast.slt)
        assert start in page(client, "placement-detail", approved.pk).content.decode()
        assert "The placement has started." in client.post(start, follow=True).content.decode()
    approved.refresh_from_db()
    assert approved.status == Status.ACTIVE


def test_pause_resume_and_end_through_the_pages(active: Placement, cast: Cast, login: Login) -> None:
    head = login(cast.head)
    assert page(head, "placement-pause", active.pk, {"reason": ""}).status_code == 422
    paused = {
        "reason": "A concern.",
        "where_instead": "In the learning base",
        "parents_told_on": TODAY.isoformat(),
        "parents_told_by": "Harriet Head",
    }
    assert page(head, "placement-pause", active.pk, paused).status_code == 302
    assert "Paused for safety" in page(head, "placement-detail", active.pk).content.decode()
    assert page(head, "placement-resume", active.pk, {"reason": "Cleared."}).status_code == 302
    typed = {"ended_on": TODAY.isoformat(), "reason": "AIMS_MET", "destination": "HOME_SCHOOL", "note": "Well done."}
    refused = page(login(cast.slt), "placement-end", active.pk, typed)
    assert refused.status_code == 403
    late = page(head, "placement-end", active.pk, {**typed, "ended_on": "2026-12-01"})
    assert late.status_code == 422
    assert "An end is recorded on its day or later." in late.content.decode()
    assert "Well done." in late.content.decode()
    assert page(head, "placement-end", active.pk, typed).status_code == 302
    active.refresh_from_db()
    assert (active.status, active.ending_note) == (Status.ENDED, "Well done.")


@pytest.mark.policy("P7.4")
def test_extension_is_proposed_and_approved_through_the_pages(active: Placement, cast: Cast, login: Login) -> None:
    assert page(login(cast.slt), "placement-extend", active.pk, {"last": "2026-12-01"}).status_code == 422
    assert page(login(cast.slt), "placement-extend", active.pk, {"last": "2027-01-15"}).status_code == 302
    period = active.periods.get(number=2)
    assert page(login(cast.slt), "extension-approve", period.pk).status_code == 403
    assert page(login(cast.head2), "extension-approve", period.pk).status_code == 404
    assert page(login(cast.head), "extension-approve", active.periods.get(number=1).pk).status_code == 404
    html = page(login(cast.head), "extension-approve", period.pk).content.decode()
    assert "from Tue 5 Jan 2027 to Fri 15 Jan 2027" in html
    assert "£405.00" in html
    assert page(login(cast.head), "extension-approve", period.pk, {}).status_code == 302
    period.refresh_from_db()
    assert (period.approved_by, period.notice_given_on) == (cast.head, None)


def test_extension_is_dropped_with_a_reason(active: Placement, cast: Cast, login: Login) -> None:
    period = propose_extension(placement_id=active.pk, last=date(2027, 1, 15), by=cast.slt, now=NOW)
    assert page(login(cast.att), "extension-drop", period.pk).status_code == 403
    assert page(login(cast.head2), "extension-drop", period.pk).status_code == 404
    assert page(login(cast.ceo), "extension-drop", period.pk, {"reason": " "}).status_code == 422
    assert page(login(cast.ceo), "extension-drop", period.pk, {"reason": "Not needed."}).status_code == 302
    assert active.periods.count() == 1


def test_withdraw_and_cancel_through_the_pages(
    proposed: Placement, student2: Student, provider: Provider, cast: Cast, login: Login
) -> None:
    assert page(login(cast.team), "placement-withdraw", proposed.pk, {"reason": "Moved."}).status_code == 302
    refused = page(login(cast.head), "placement-cancel", proposed.pk, {"reason": "Moved."})
    assert refused.status_code == 422
    assert "cannot become &#x27;cancelled before start&#x27;" in refused.content.decode()
    proposed.refresh_from_db()
    assert proposed.status == Status.WITHDRAWN


def test_override_before_the_start(approved: Placement, cast: Cast, login: Login) -> None:
    Check.objects.filter(kind="VISIT").delete()
    head = login(cast.head)
    override = reverse("placements:placement-override", args=[approved.pk])
    assert override in page(head, "placement-detail", approved.pk).content.decode()
    assert page(head, "placement-override", approved.pk, {"code": "AGREEMENT", "reason": "x"}).status_code == 422
    assert page(head, "placement-override", approved.pk, {"code": "VISIT", "reason": "Friday."}).status_code == 302
    html = page(head, "placement-detail", approved.pk).content.decode()
    assert "Overridden: Friday." in html
    assert override not in html


@pytest.mark.policy("P3.4")
def test_home_visit_is_recorded(student: Student, cast: Cast, budget: Budget, login: Login) -> None:
    online = make_provider(
        "Clear Screen", kind=ProviderKind.ONLINE, checked_by=cast.slt, approved_by=cast.lead, now=NOW
    )
    placement = placement_at(
        Status.PROPOSED, student=student, provider=online, cast=cast, now=NOW, first=FIRST, route=Route.HOME_ONLINE
    )
    typed = {"visited_on": "2026-11-13", "visited_by": "Devi Deputy", "safeguarding": "Camera on.", "supervisor": "M"}
    assert page(login(cast.slt), "placement-home-visit", placement.pk, typed).status_code == 422
    response = page(login(cast.slt), "placement-home-visit", placement.pk, {**typed, "suitable": "no"})
    assert response.status_code == 302
    assert HomeVisit.objects.get().suitable is False


def test_transfer_of_a_managed_move_through_the_page(student: Student, south: School, cast: Cast, login: Login) -> None:
    host = make_provider(
        "South as provider",
        kind=ProviderKind.TRUST_SCHOOL,
        school=south,
        checked_by=cast.slt,
        approved_by=cast.lead,
        now=NOW,
    )
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    typed = proposal(host, route="MANAGED_MOVE", last="", slots=[], first=TODAY.isoformat())
    assert page(login(cast.slt), "placement-propose", referral.pk, typed, f"?provider={host.pk}").status_code == 302
    moved = Placement.objects.get()
    accept_guest(placement_id=moved.pk, dual_registered_on=None, by=cast.head2, now=NOW)
    assert page(login(cast.head), "placement-decide", moved.pk, {"decision": "APPROVED"}).status_code == 302
    assert page(login(cast.slt), "placement-transfer", moved.pk, {}).status_code == 302
    student.refresh_from_db()
    assert student.school == south
    # The old school keeps reading, the new one sees the whole case.
    assert page(login(cast.slt), "placement-detail", moved.pk).status_code == 200
    assert page(login(cast.slt2), "placement-detail", moved.pk).status_code == 200
