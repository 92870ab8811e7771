"""Pages of referrals: who reaches them, what they show, what they keep."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from referrals.lifecycle import Status
from referrals.models import Referral
from tests.factories.people import make_student
from tests.factories.placements import referral_at, referral_data
from tests.fixtures import NOW, Cast
from trust.models import School, Student, User

pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]

DETAIL, EDIT, SUBMIT, DECIDE, WITHDRAW = (
    f"referrals:referral-{name}" for name in ("detail", "edit", "submit", "decide", "withdraw")
)


@pytest.fixture
def submitted(student: Student, cast: Cast) -> Referral:
    return referral_at(Status.SUBMITTED, student=student, cast=cast, now=NOW)


@pytest.fixture
def draft(student: Student, cast: Cast) -> Referral:
    return referral_at(Status.DRAFT, student=student, cast=cast, now=NOW)


def page(client: Client, name: str, pk: int, data: dict[str, Any] | None = None) -> Any:
    url = reverse(name, args=[pk])
    return client.get(url) if data is None else client.post(url, data)


@pytest.mark.parametrize("name", [DETAIL, EDIT, SUBMIT, DECIDE, WITHDRAW])
def test_referral_pages_own_school_other_school_and_nobody(
    submitted: Referral, cast: Cast, login: Login, name: str
) -> None:
    assert page(login(cast.head), name, submitted.pk).status_code == 200
    assert page(login(cast.head2), name, submitted.pk).status_code == 404
    assert page(login(cast.trustee), name, submitted.pk).status_code == 404
    assert page(login(cast.head), name, 2**70).status_code == 404
    anonymous = page(Client(), name, submitted.pk)
    assert (anonymous.status_code, anonymous.url.split("?")[0]) == (302, "/accounts/login/")
    url = reverse(name, args=[submitted.pk])
    assert login(cast.head).delete(url).status_code == 405


@pytest.mark.parametrize(
    ("name", "person"), [(EDIT, "att"), (SUBMIT, "ceo"), (DECIDE, "team"), (DECIDE, "lead"), (WITHDRAW, "att")]
)
def test_referral_page_without_the_permission_says_who_can(
    submitted: Referral, cast: Cast, login: Login, name: str, person: str
) -> None:
    response = page(login(getattr(cast, person)), name, submitted.pk)
    assert response.status_code == 403
    assert "can." in response.content.decode()


def test_start_page_is_for_writers_of_the_own_school(student: Student, cast: Cast, login: Login) -> None:
    url = reverse("referrals:referral-start", args=[student.pk])
    statuses = {name: login(getattr(cast, name)).get(url).status_code for name in ("team", "att", "slt2", "finance")}
    assert statuses == {"team": 200, "att": 403, "slt2": 404, "finance": 404}


def test_start_page_warns_of_open_and_earlier_referrals_and_of_the_year(
    north: School, cast: Cast, login: Login
) -> None:
    student = make_student(north, "Eve", "Lou", nc_year=6)
    earlier = referral_at(Status.WITHDRAWN, student=student, cast=cast, now=NOW)
    open_one = referral_at(Status.DRAFT, student=student, cast=cast, now=NOW)
    html = login(cast.slt).get(reverse("referrals:referral-start", args=[student.pk])).content.decode()
    assert "already has an open referral" in html
    assert reverse(DETAIL, args=[open_one.pk]) in html
    assert reverse(DETAIL, args=[earlier.pk]) in html
    assert "for years 7 to 11" in html


def test_start_creates_a_draft_and_goes_on_writing(student: Student, cast: Cast, login: Login) -> None:
    url = reverse("referrals:referral-start", args=[student.pk])
    response = login(cast.team).post(url, {"primary_reason": "RESPITE"})
    referral = Referral.objects.get()
    assert (response.status_code, response.url) == (302, reverse(EDIT, args=[referral.pk]))
    assert (referral.primary_reason, referral.written_by) == ("RESPITE", cast.team)
    again = login(cast.team).post(url, {})
    assert again.status_code == 422
    assert "already has an open referral" in again.content.decode()


def test_list_is_scoped_filtered_and_searched_by_post(
    submitted: Referral, student2: Student, cast: Cast, login: Login
) -> None:
    other = referral_at(Status.DRAFT, student=student2, cast=cast, now=NOW)
    url = reverse("referrals:referral-list")

    def shown(client: Client, query: str = "") -> set[int]:
        return {referral.pk for referral in client.get(url + query).context["page_obj"]}

    assert shown(login(cast.slt)) == {submitted.pk}
    lead = login(cast.lead)
    assert shown(lead) == {submitted.pk, other.pk}
    assert shown(lead, "?status=DRAFT") == {other.pk}
    assert shown(lead, f"?school={submitted.school_id}") == {submitted.pk}
    assert shown(lead, "?status=NONSENSE&school=x&page=99999999999999999999") == {submitted.pk, other.pk}
    response = lead.post(url, {"name": "Birch"})
    assert (response.status_code, "Birch" in response.url) == (302, False)
    assert shown(lead) == {other.pk}
    assert login(cast.finance).get(url).status_code == 403
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("how_many", [1, 3])
def test_list_has_the_same_queries_for_any_number(
    how_many: int, north: School, cast: Cast, login: Login, django_assert_num_queries: Any
) -> None:
    for number in range(how_many):
        referral_at(Status.DRAFT, student=make_student(north, f"Name{number}", "Kit"), cast=cast, now=NOW)
    client = login(cast.slt)
    with django_assert_num_queries(9):
        assert client.get(reverse("referrals:referral-list")).status_code == 200


def test_detail_shows_the_words_only_to_those_who_may_read_them(submitted: Referral, cast: Cast, login: Login) -> None:
    secret = "Attendance fell to 61 % in the spring term."
    for person, reads in ((cast.slt, True), (cast.dsl, True), (cast.att, False)):
        html = page(login(person), DETAIL, submitted.pk).content.decode()
        assert (secret in html, "Ashdown, Jo" in html) == (reads, True)
        for words in ("Mentoring and a reduced timetable", "inhaler", "They support it."):
            assert (words in html) is reads


def test_titles_and_addresses_carry_no_name(submitted: Referral, cast: Cast, login: Login) -> None:
    html = page(login(cast.slt), DETAIL, submitted.pk).content.decode()
    title = html.split("<title>")[1].split("</title>")[0]
    assert f"Referral {submitted.pk}" in title
    assert "Ashdown" not in title


def test_detail_offers_what_lifecycle_and_permission_allow(submitted: Referral, cast: Cast, login: Login) -> None:
    offers = {
        name: page(login(getattr(cast, name)), DETAIL, submitted.pk).context["actions"]
        for name in ("slt", "deputy", "head", "att", "team")
    }
    assert offers == {
        "slt": frozenset({"withdraw"}),
        "deputy": frozenset({"decide", "withdraw"}),
        "head": frozenset({"decide", "withdraw"}),
        "att": frozenset(),
        "team": frozenset({"withdraw"}),
    }


def test_edit_saves_parts_and_keeps_what_was_typed_on_an_error(draft: Referral, cast: Cast, login: Login) -> None:
    client = login(cast.team)
    typed = {"version": "1", "aims": "New aims", "needs": "", "family_met_on": "31/02/2026"}
    response = page(client, EDIT, draft.pk, typed)
    html = response.content.decode()
    assert response.status_code == 422
    assert "New aims" in html
    assert "31/02/2026" in html
    assert 'href="#id_family_met_on"' in html
    response = page(client, EDIT, draft.pk, {**typed, "family_met_on": "2026-09-15", "reasons": ["RESPITE"]})
    assert (response.status_code, response.url) == (302, reverse(DETAIL, args=[draft.pk]))
    draft.refresh_from_db()
    assert (draft.aims, draft.primary_reason, draft.version) == ("New aims", "", 2)
    assert list(draft.reasons.values_list("reason", flat=True)) == ["RESPITE"]


def test_edit_of_a_changed_record_shows_both_and_lets_the_next_save_through(
    draft: Referral, cast: Cast, login: Login
) -> None:
    Referral.objects.filter(pk=draft.pk).update(version=5, aims="Theirs")
    client = login(cast.slt)
    response = page(client, EDIT, draft.pk, {"version": "1", "aims": "Mine"})
    html = response.content.decode()
    assert response.status_code == 422
    assert "Theirs" in html
    assert "Mine" in html
    assert 'name="version" value="5"' in html
    assert page(client, EDIT, draft.pk, {"version": "5", "aims": "Mine"}).status_code == 302


def test_edit_can_go_to_check_the_answers(draft: Referral, cast: Cast, login: Login) -> None:
    response = page(login(cast.slt), EDIT, draft.pk, {"version": "1", "aims": "A", "check": "1"})
    assert response.url == reverse(SUBMIT, args=[draft.pk])


def test_edit_with_a_nul_byte_is_a_bad_request(draft: Referral, cast: Cast, login: Login) -> None:
    assert page(login(cast.slt), EDIT, draft.pk, {"version": "1", "aims": "A\x00B"}).status_code == 400


@pytest.mark.policy("P1.1")
def test_check_your_answers_lists_what_is_missing_and_submits_what_is_whole(
    student: Student, cast: Cast, login: Login
) -> None:
    draft = referral_at(Status.DRAFT, student=student, cast=cast, now=NOW, data=referral_data(aims=""))
    client = login(cast.slt)
    html = page(client, SUBMIT, draft.pk).content.decode()
    assert "Give the aims, at least one of them measurable." in html
    assert f"{reverse(EDIT, args=[draft.pk])}#div_id_aims" in html
    assert page(client, SUBMIT, draft.pk, {}).status_code == 422
    Referral.objects.update(aims="English at grade 4.")
    assert "Missing before it can be submitted" not in page(client, SUBMIT, draft.pk).content.decode()
    assert page(client, SUBMIT, draft.pk, {}).status_code == 302
    draft.refresh_from_db()
    assert draft.status == Status.SUBMITTED


def test_decide_page_records_the_decision_and_keeps_a_refused_one(
    submitted: Referral, cast: Cast, login: Login
) -> None:
    client = login(cast.head)
    response = page(client, DECIDE, submitted.pk, {"decision": "RETURNED", "reason": ""})
    assert response.status_code == 422
    assert "Give the reason for returning it." in response.content.decode()
    assert page(client, DECIDE, submitted.pk, {"decision": "APPROVED"}).status_code == 302
    submitted.refresh_from_db()
    assert (submitted.status, submitted.decided_by) == (Status.APPROVED, cast.head)


def test_decide_page_refuses_the_author_in_plain_words(submitted: Referral, cast: Cast, login: Login) -> None:
    client = login(cast.slt)
    assert "another person has to decide it" in page(client, DECIDE, submitted.pk).content.decode()
    assert page(client, DECIDE, submitted.pk, {"decision": "APPROVED"}).status_code == 422
    submitted.refresh_from_db()
    assert submitted.status == Status.SUBMITTED


def test_withdraw_asks_a_reason(submitted: Referral, cast: Cast, login: Login) -> None:
    client = login(cast.slt)
    assert page(client, WITHDRAW, submitted.pk, {"reason": " "}).status_code == 422
    assert page(client, WITHDRAW, submitted.pk, {"reason": "Moved."}).status_code == 302
    submitted.refresh_from_db()
    assert submitted.status == Status.WITHDRAWN


@pytest.mark.policy("P1.3")
def test_edit_page_says_the_clause_beside_each_section(draft: Referral, cast: Cast, login: Login) -> None:
    words = page(login(cast.slt), EDIT, draft.pk).content.decode()
    for clause in ("P3.1", "P3.7", "P3.13", "P5.2", "P6.7", "P5.1 to P5.3"):
        assert f"(Policy {clause})" in words
