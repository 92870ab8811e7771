"""Pages of referrals: who reaches them, what they show, what they keep."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from placements.lifecycle import Status as PlacementStatus
from placements.models import Budget
from providers.models import Provider
from referrals.codes import Section, SectionState
from referrals.lifecycle import AMENDABLE, Status
from referrals.models import Referral
from referrals.queries import section_row, section_version
from referrals.services import amend_referral, decide_referral, save_section, start_referral, submit_referral
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at, referral_at, referral_data
from tests.fixtures import NOW, Cast
from trust.models import School, Student, User

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)
Login = Callable[[User], Client]

DETAIL, SECTION, CHECK, AMEND, DECIDE, WITHDRAW, REOPEN, VOID = (
    f"referrals:referral-{name}"
    for name in ("detail", "section", "check", "amend", "decide", "withdraw", "reopen", "void")
)
PAGES = [DETAIL, SECTION, CHECK, AMEND, DECIDE, WITHDRAW, REOPEN, VOID]


@pytest.fixture
def submitted(student: Student, cast: Cast) -> Referral:
    return referral_at(Status.SUBMITTED, student=student, cast=cast, now=NOW)


@pytest.fixture
def draft(student: Student, cast: Cast) -> Referral:
    return referral_at(Status.DRAFT, student=student, cast=cast, now=NOW)


def address(name: str, pk: int, section: str = "needs") -> str:
    return reverse(name, args=[pk, section] if name in (SECTION, AMEND) else [pk])


def page(client: Client, name: str, pk: int, data: dict[str, Any] | None = None, section: str = "needs") -> Any:
    url = address(name, pk, section)
    return client.get(url) if data is None else client.post(url, data)


def typed(referral: Referral, section: Section = Section.NEEDS, **answers: Any) -> dict[str, Any]:
    """What the form of a section posts: its answers, that it is not finished, and its version."""
    return {"version": section_version(section_row(referral, section)), "state": "IN_PROGRESS", **answers}


@pytest.mark.parametrize("name", PAGES)
def test_referral_pages_own_school_other_school_and_nobody(
    submitted: Referral, cast: Cast, login: Login, name: str
) -> None:
    assert page(login(cast.head), name, submitted.pk).status_code == 200
    assert page(login(cast.head2), name, submitted.pk).status_code == 404
    assert page(login(cast.trustee), name, submitted.pk).status_code == 404
    assert page(login(cast.head), name, 2**70).status_code == 404
    anonymous = page(Client(), name, submitted.pk)
    assert (anonymous.status_code, anonymous.url.split("?")[0]) == (302, "/accounts/login/")
    url = address(name, submitted.pk)
    assert login(cast.head).delete(url).status_code == 405


@pytest.mark.parametrize(
    ("name", "person"),
    [
        (SECTION, "att"),
        (SECTION, "lead"),
        (CHECK, "ceo"),
        (AMEND, "ceo"),
        (AMEND, "att"),
        (DECIDE, "team"),
        (DECIDE, "lead"),
        (WITHDRAW, "att"),
        (REOPEN, "ceo"),
        (VOID, "team"),
        (VOID, "lead"),
    ],
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


def test_start_page_lists_open_placements(
    student: Student, provider: Provider, budget: Budget, cast: Cast, login: Login
) -> None:
    placement = placement_at(PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW)
    url = reverse("referrals:referral-start", args=[student.pk])
    link = reverse("placements:placement-detail", args=[placement.pk])
    html = login(cast.slt).get(url).content.decode()
    assert link in html
    assert reverse(DETAIL, args=[placement.referral_id]) in html
    # One that is over is not in the way.
    type(placement).objects.filter(pk=placement.pk).update(status="CANCELLED", live=False)
    assert link not in login(cast.slt).get(url).content.decode()


def test_start_creates_a_draft_and_goes_on_writing(student: Student, cast: Cast, login: Login) -> None:
    url = reverse("referrals:referral-start", args=[student.pk])
    response = login(cast.team).post(url, {"primary_reason": "RESPITE"})
    referral = Referral.objects.get()
    assert (response.status_code, response.url) == (302, reverse(DETAIL, args=[referral.pk]))
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


@pytest.mark.parametrize(
    ("status", "offers"),
    [
        (
            Status.DRAFT,
            {
                "slt": {"edit", "submit", "withdraw", "void"},
                "team": {"edit", "submit", "withdraw", "void"},
                "ceo": set(),
            },
        ),
        (
            Status.SUBMITTED,
            {
                "slt": {"withdraw", "amend", "void"},
                "deputy": {"decide", "withdraw", "amend", "void"},
                "head": {"decide", "withdraw", "amend", "void"},
                "ceo": {"decide", "void"},
                "team": {"withdraw", "amend"},
                "att": set(),
            },
        ),
        (Status.APPROVED, {"slt": {"amend", "void"}, "head": {"void"}, "team": {"amend"}, "ceo": {"void"}}),
        (
            Status.DECLINED,
            {"slt": {"amend", "reopen", "void"}, "head": {"reopen", "void"}, "team": {"amend", "reopen"}},
        ),
        (Status.WITHDRAWN, {"slt": {"reopen", "void"}, "team": {"reopen"}, "att": set()}),
        (Status.VOID, {"slt": set(), "head": set()}),
    ],
)
def test_detail_offers_what_lifecycle_and_permission_allow(
    student: Student, cast: Cast, login: Login, status: str, offers: dict[str, set[str]]
) -> None:
    referral = referral_at(status, student=student, cast=cast, now=NOW)
    found = {name: page(login(getattr(cast, name)), DETAIL, referral.pk).context["actions"] for name in offers}
    assert found == offers


def test_detail_is_a_task_list_for_writers_with_state_note_and_who_saved(
    student: Student, cast: Cast, login: Login
) -> None:
    draft = start_referral(student_id=student.pk, data={"needs": "Quiet."}, by=cast.slt, now=NOW)
    save_section(
        referral_id=draft.pk,
        section=Section.MEDICAL,
        data={},
        state="CANNOT_FINISH",
        note="Waiting for the nurse.",
        version=0,
        by=cast.team,
        now=NOW,
    )
    response = page(login(cast.slt), DETAIL, draft.pk)
    html = response.content.decode()
    states = {row.section: row.state for row in response.context["sections"]}
    assert states == {
        **dict.fromkeys(Section, SectionState.NOT_STARTED),
        Section.NEEDS: SectionState.DONE,
        Section.MEDICAL: SectionState.CANNOT_FINISH,
    }
    for section in Section:
        assert f'href="{address(SECTION, draft.pk, section.slug)}"' in html
    for words in ("Waiting for the nurse.", "Last saved by Tom Pastoral", "Cannot finish yet", "Not started", "Done"):
        assert words in html
    # Somebody who only reads sees the answers and no door.
    html = page(login(cast.ceo), DETAIL, draft.pk).content.decode()
    assert "Quiet." in html
    assert "/write/" not in html


def test_detail_has_the_same_queries_for_any_number_of_amendments(
    submitted: Referral, cast: Cast, login: Login, django_assert_num_queries: Any
) -> None:
    def amend(words: str) -> None:
        amend_referral(
            referral_id=submitted.pk,
            section=Section.NEEDS,
            data={"needs": words},
            reason="Misread.",
            version=None,
            by=cast.team,
            now=NOW,
        )

    client = login(cast.slt)
    amend("One.")
    with CaptureQueriesContext(connection) as one:
        page(client, DETAIL, submitted.pk)
    amend("Two.")
    amend("Three.")
    with django_assert_num_queries(len(one)):
        html = page(client, DETAIL, submitted.pk).content.decode()
    assert "Two." in html


def test_detail_says_who_it_waits_for_since_when_and_what_to_do(submitted: Referral, cast: Cast, login: Login) -> None:
    html = page(login(cast.slt), DETAIL, submitted.pk).content.decode()
    for words in ("Waits for a decision", "Harriet Head, Headteacher", "Devi Deputy", "Mon 16 Nov 2026, 10:00"):
        assert words in html
    assert "Simon Senior, Pastoral SLT" not in html
    assert "no longer opens for writing" in html


def test_detail_keeps_amendments_and_history_from_those_who_read_no_narrative(
    submitted: Referral, cast: Cast, login: Login
) -> None:
    amend_referral(
        referral_id=submitted.pk,
        section=Section.MEDICAL,
        data={"medical": "Epilepsy."},
        reason="The nurse rang.",
        version=None,
        by=cast.team,
        now=NOW,
    )
    decide_referral(referral_id=submitted.pk, decision="DECLINED", reason="Parents split.", by=cast.head, now=NOW)
    for person, reads in ((cast.slt, True), (cast.att, False)):
        html = page(login(person), DETAIL, submitted.pk).content.decode()
        for words in ("Epilepsy.", "carries an inhaler", "The nurse rang.", "Parents split."):
            assert (words in html) is reads, words
        assert "Declined" in html
        assert "Medical information that the provider must know" in html


# --- sections ---------------------------------------------------------------------------------------------------


@pytest.mark.policy("P1.3")
@pytest.mark.parametrize("section", list(Section))
def test_section_page_opens_with_its_guidance_and_clause(
    draft: Referral, cast: Cast, login: Login, section: Section
) -> None:
    html = page(login(cast.team), SECTION, draft.pk, section=section.slug).content.decode()
    assert f"<title>Referral {draft.pk}: {section.label} " in html
    assert "(Policy P" in html
    assert "Ashdown" not in html.split("</title>")[0]


def test_section_that_does_not_exist_is_not_found(draft: Referral, cast: Cast, login: Login) -> None:
    for section in ("nonsense", "NEEDS", "managed_move"):
        assert page(login(cast.slt), SECTION, draft.pk, section=section).status_code == 404
        assert page(login(cast.slt), AMEND, draft.pk, section=section).status_code == 404


@pytest.mark.parametrize("nc_year", [6, 9])
def test_student_section_asks_the_year_and_shows_contacts(
    north: School, cast: Cast, login: Login, nc_year: int
) -> None:
    student = make_student(north, "Eve", "Lou", nc_year=nc_year)
    make_contact(student, "Ada")
    make_contact(student, "Bo", parental_responsibility=False, letters_restricted=True, restriction_reason="Court.")
    referral = start_referral(student_id=student.pk, data={}, by=cast.slt, now=NOW)
    for person, restriction in ((cast.slt, True), (cast.team, False)):
        html = page(login(person), SECTION, referral.pk, section="student").content.decode()
        assert "Eve, Ada" in html
        assert "Eve, Bo" in html
        assert ("Must not be sent letters" in html) is restriction
        assert "Court." not in html
        assert ('name="nc_year_reason"' in html) is (nc_year == 6)
        assert (reverse("trust:student-edit", args=[student.pk]) in html) is restriction
    posted = {**typed(referral, Section.STUDENT), "state": "DONE"}
    response = page(login(cast.slt), SECTION, referral.pk, posted, section="student")
    assert response.status_code == (422 if nc_year == 6 else 302)


def test_section_saves_parts_and_keeps_what_was_typed_on_an_error(draft: Referral, cast: Cast, login: Login) -> None:
    client = login(cast.team)
    answers = typed(draft, Section.FAMILY, family_said="New words", family_met_on="31/02/2026")
    response = page(client, SECTION, draft.pk, answers, section="family")
    html = response.content.decode()
    assert response.status_code == 422
    assert "New words" in html
    assert "31/02/2026" in html
    assert 'href="#id_family_met_on"' in html
    response = page(client, SECTION, draft.pk, {**answers, "family_met_on": "2026-09-15"}, section="family")
    assert (response.status_code, response.url) == (302, reverse(DETAIL, args=[draft.pk]))
    draft.refresh_from_db()
    assert (draft.family_said, draft.family_met_on, draft.family_came) == ("New words", date(2026, 9, 15), "")
    # A field of another section that somebody adds by hand is not taken.
    page(client, SECTION, draft.pk, typed(draft, needs="Quiet.", aims="Smuggled"))
    draft.refresh_from_db()
    assert (draft.needs, draft.aims) == ("Quiet.", referral_data()["aims"])


def test_section_can_go_on_to_the_next_and_in_the_end_to_the_check(draft: Referral, cast: Cast, login: Login) -> None:
    client = login(cast.slt)
    response = page(client, SECTION, draft.pk, typed(draft, needs="Quiet.", next="1"))
    assert response.url == address(SECTION, draft.pk, "medical")
    answers = typed(draft, Section.MEDICAL, medical="Asthma.", next="1")
    assert page(client, SECTION, draft.pk, answers, section="medical").url == reverse(CHECK, args=[draft.pk])


def test_section_done_with_a_gap_says_what_is_missing_beside_the_field(
    draft: Referral, cast: Cast, login: Login
) -> None:
    response = page(login(cast.slt), SECTION, draft.pk, {**typed(draft, needs=""), "state": "DONE"})
    html = response.content.decode()
    assert response.status_code == 422
    assert 'href="#id_needs"' in html
    assert "Until then choose" in html
    response = page(login(cast.slt), SECTION, draft.pk, {**typed(draft, needs=""), "state": "CANNOT_FINISH"})
    assert 'href="#id_note"' in response.content.decode()


def test_section_changed_meanwhile_shows_both_and_lets_the_next_save_through(
    draft: Referral, cast: Cast, login: Login
) -> None:
    before = typed(draft, Section.REASONS, primary_reason="RESPITE", reasons=["NEET_RISK"], narrative="Mine")
    save_section(
        referral_id=draft.pk,
        section=Section.REASONS,
        data={"narrative": "Theirs", "reasons": ["MEDICAL"]},
        state="IN_PROGRESS",
        note="",
        version=None,
        by=cast.team,
        now=LATER,
    )
    client = login(cast.slt)
    response = page(client, SECTION, draft.pk, before, section="reasons")
    html = response.content.decode()
    assert response.status_code == 422
    assert "Theirs" in html
    assert "Mine" in html
    assert "At risk of no education, employment or training after 16" in html
    now = section_version(section_row(draft, Section.REASONS))
    assert f'name="version" value="{now}"' in html
    draft.refresh_from_db()
    assert draft.narrative == "Theirs"
    assert page(client, SECTION, draft.pk, {**before, "version": now}, section="reasons").status_code == 302


def test_section_without_its_version_is_not_taken_for_a_fresh_one(draft: Referral, cast: Cast, login: Login) -> None:
    assert page(login(cast.slt), SECTION, draft.pk, {"state": "IN_PROGRESS", "needs": "Mine"}).status_code == 422


def test_section_with_a_nul_byte_is_a_bad_request(draft: Referral, cast: Cast, login: Login) -> None:
    assert page(login(cast.slt), SECTION, draft.pk, typed(draft, needs="A\x00B")).status_code == 400


def background(client: Client, referral: Referral, answers: dict[str, Any]) -> Any:
    return client.post(address(SECTION, referral.pk), answers, headers={"HX-Request": "true"})


def test_save_in_the_background_says_when_and_gives_the_next_version(draft: Referral, cast: Cast, login: Login) -> None:
    client = login(cast.team)
    response = background(client, draft, {**typed(draft, needs="Quiet."), "state": "DONE"})
    html = response.content.decode()
    assert response.status_code == 200
    assert "Saved 10:00" in html
    row = section_row(draft, Section.NEEDS)
    assert f'value="{section_version(row)}"' in html
    assert "hx-swap-oob" in html
    draft.refresh_from_db()
    assert (draft.needs, row.state, row.saved_by) == ("Quiet.", SectionState.DONE, cast.team)
    # Emptied again: it cannot stay finished, and no message piles up for the next page.
    response = background(client, draft, typed(draft, needs=""))
    assert section_row(draft, Section.NEEDS).state == SectionState.IN_PROGRESS
    assert "The section is saved." not in page(client, DETAIL, draft.pk).content.decode()


def test_save_in_the_background_says_every_refusal_and_loses_nothing(draft: Referral, cast: Cast, login: Login) -> None:
    client = login(cast.slt)
    assert "Not saved." in background(client, draft, {**typed(draft), "version": "1", "needs": "Mine"}).content.decode()
    draft.refresh_from_db()
    assert draft.needs == referral_data()["needs"]
    url = address(SECTION, draft.pk, "family")
    answers = typed(draft, Section.FAMILY, family_met_on="31/02/2026")
    html = client.post(url, answers, headers={"HX-Request": "true"}).content.decode()
    assert "Meeting with the family held on: Give the day as day, month and year." in html
    assert "hx-swap-oob" not in html
    submit_referral(referral_id=draft.pk, by=cast.slt, now=NOW)
    assert "no longer written on" in background(client, draft, typed(draft, needs="Mine")).content.decode()
    out = background(Client(), draft, typed(draft, needs="Mine"))
    assert (out.status_code, "logged out" in out.content.decode()) == (200, True)


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.APPROVED, Status.DECLINED, Status.WITHDRAWN, Status.VOID])
def test_section_of_a_referral_out_of_hands_says_why_and_keeps_what_was_typed(
    student: Student, cast: Cast, login: Login, status: str
) -> None:
    referral = referral_at(status, student=student, cast=cast, now=NOW)
    client = login(cast.team)
    html = page(client, SECTION, referral.pk).content.decode()
    assert f"This referral is {Status(status).label.lower()}" in html
    assert 'name="needs"' not in html
    assert (address(AMEND, referral.pk) in html) is (status in AMENDABLE)
    # The page was open before it was submitted.
    response = page(client, SECTION, referral.pk, typed(referral, needs="Typed long ago"))
    assert response.status_code == 422
    assert "Typed long ago" in response.content.decode()


# --- check your answers, amend, decide, close -------------------------------------------------------------------


@pytest.mark.policy("P1.1")
def test_check_your_answers_lists_what_is_missing_and_submits_what_is_whole(
    student: Student, cast: Cast, login: Login
) -> None:
    draft = referral_at(Status.DRAFT, student=student, cast=cast, now=NOW, data=referral_data(aims=""))
    client = login(cast.slt)
    html = page(client, CHECK, draft.pk).content.decode()
    assert "Give the aims, at least one of them measurable." in html
    assert f"{address(SECTION, draft.pk, 'tried')}#div_id_aims" in html
    for section in Section:
        assert f'href="{address(SECTION, draft.pk, section.slug)}"' in html
    assert page(client, CHECK, draft.pk, {}).status_code == 422
    Referral.objects.update(aims="English at grade 4.")
    html = page(client, CHECK, draft.pk).content.decode()
    assert "Missing before it can be submitted" not in html
    # The contacts are not checked yet: said, and no reason to wait.
    assert "Not finished yet" in html
    assert page(client, CHECK, draft.pk, {}).status_code == 302
    draft.refresh_from_db()
    assert draft.status == Status.SUBMITTED


def test_amend_page_records_what_changed_and_keeps_what_was_typed(
    submitted: Referral, cast: Cast, login: Login
) -> None:
    client = login(cast.slt)
    answers = {"version": submitted.version, "needs": "A quiet room.", "reason": ""}
    response = page(client, AMEND, submitted.pk, answers)
    assert response.status_code == 422
    assert "A quiet room." in response.content.decode()
    assert page(client, AMEND, submitted.pk, {**answers, "reason": "Misread."}).status_code == 302
    html = page(login(cast.head), DECIDE, submitted.pk).content.decode()
    for words in ("Put right after submission", "Works best in small groups.", "A quiet room.", "Misread."):
        assert words in html
    # The second of two who amend is told.
    response = page(client, AMEND, submitted.pk, {**answers, "needs": "Other", "reason": "Misread."})
    assert response.status_code == 422
    assert "Somebody else changed this record" in response.content.decode()


def test_amend_page_says_what_to_do_where_it_is_not_the_way(draft: Referral, cast: Cast, login: Login) -> None:
    html = page(login(cast.slt), AMEND, draft.pk).content.decode()
    assert address(SECTION, draft.pk) in html
    submit_referral(referral_id=draft.pk, by=cast.slt, now=NOW)
    decide_referral(referral_id=draft.pk, decision="APPROVED", reason="", by=cast.head, now=NOW)
    assert "You decided this referral" in page(login(cast.head), AMEND, draft.pk).content.decode()


def test_decide_page_tells_of_an_amendment_made_while_it_was_open(
    submitted: Referral, cast: Cast, login: Login
) -> None:
    client = login(cast.head)
    opened = page(client, DECIDE, submitted.pk).context["form"].initial["version"]
    amend_referral(
        referral_id=submitted.pk,
        section=Section.NEEDS,
        data={"needs": "A quiet room."},
        reason="Misread.",
        version=None,
        by=cast.team,
        now=NOW,
    )
    response = page(client, DECIDE, submitted.pk, {"decision": "APPROVED", "reason": "Agreed.", "version": opened})
    html = response.content.decode()
    assert response.status_code == 422
    assert "Somebody else changed this record" in html
    assert "A quiet room." in html
    assert "Agreed." in html
    assert page(client, DECIDE, submitted.pk, {"decision": "APPROVED"}).status_code == 422
    again = response.context["form"].data["version"]
    assert page(client, DECIDE, submitted.pk, {"decision": "APPROVED", "version": again}).status_code == 302


def test_decide_page_records_the_decision_and_keeps_a_refused_one(
    submitted: Referral, cast: Cast, login: Login
) -> None:
    client = login(cast.head)
    opened = {"version": submitted.version}
    response = page(client, DECIDE, submitted.pk, {"decision": "RETURNED", "reason": "", **opened})
    assert response.status_code == 422
    assert "Give the reason for returning it." in response.content.decode()
    assert page(client, DECIDE, submitted.pk, {"decision": "APPROVED", **opened}).status_code == 302
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


def test_reopen_and_void_ask_a_reason_and_say_what_stands_against_it(
    student: Student, cast: Cast, login: Login
) -> None:
    referral = referral_at(Status.WITHDRAWN, student=student, cast=cast, now=NOW)
    client = login(cast.slt)
    assert page(client, REOPEN, referral.pk, {"reason": ""}).status_code == 422
    assert page(client, REOPEN, referral.pk, {"reason": "They came back."}).status_code == 302
    html = page(client, DETAIL, referral.pk).content.decode()
    assert "Taken up again" in html
    assert "They came back." in html
    response = page(client, REOPEN, referral.pk, {"reason": "Twice."})
    assert response.status_code == 422
    assert page(client, VOID, referral.pk, {"reason": " "}).status_code == 422
    assert page(client, VOID, referral.pk, {"reason": "Wrong student."}).status_code == 302
    assert "Wrong student." in page(client, DETAIL, referral.pk).content.decode()
    # A void one does not stand in the way of the next.
    html = client.get(reverse("referrals:referral-start", args=[student.pk])).content.decode()
    assert "already has an open referral" not in html
