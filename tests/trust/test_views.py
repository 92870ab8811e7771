"""Pages of schools, students and staff: who reaches them, what they show, what they do."""

from datetime import date

import pytest
from django.urls import reverse

from tests.factories.people import give, make_contact, make_student, next_upn
from tests.factories.placements import placement_at
from tests.factories.schools import make_school
from tests.fixtures import NOW, TODAY
from trust.models import AccessLog, ContactLink, Membership, NonSchoolDay, School, Student, Term, User
from trust.permissions import Role

STUDENT = {
    "family_name": "Cole",
    "first_name": "Ana",
    "preferred_name": "",
    "born_on": "2013-02-14",
    "sex": "F",
    "nc_year": "9",
    "sen_status": "N",
    "ehc_authority": "",
    "ehc_email": "",
    "virtual_school": "",
    "social_worker": "",
    "interests": "",
}
CONTACT = {
    "first_name": "Max",
    "family_name": "Ashdown",
    "relationship": "FATHER",
    "parental_responsibility": "on",
    "email": "max@family.example",
}


@pytest.fixture
def at(student, student2, cast, north, south, year):
    """The address of each page about something at north, and the same at south."""

    def address(name, elsewhere=False):
        pupil = student2 if elsewhere else student
        record = {
            "student": pupil,
            "contact": pupil.contact_links.order_by("pk").first() if name == "contact-edit" else pupil,
            "school": south if elsewhere else north,
            "staff": cast.att2,
            "role": cast.att2.memberships.get() if name == "role-end" else cast.att2,
        }[name.split("-")[0]]
        args = [record.pk, year.pk] if name == "school-terms" else [record.pk]
        return reverse(f"trust:{name}", args=args)

    return address


PAGES = [
    # page, who opens it, who is refused with 403, who does not see that it is there (404)
    ("student-detail", ["team", "att", "slt", "dsl", "head", "ceo", "lead"], [], ["slt2", "finance", "trustee"]),
    ("student-edit", ["slt", "head", "lead"], ["team", "att", "dsl", "ceo"], ["slt2", "head2", "finance"]),
    ("contact-add", ["att", "slt", "head", "lead"], ["team", "dsl", "ceo"], ["att2", "finance"]),
    ("contact-edit", ["att", "slt", "head", "lead"], ["team", "dsl", "ceo"], ["att2", "trustee"]),
    ("school-detail", ["team", "att", "slt", "dsl", "head", "ceo", "lead"], [], ["slt2", "finance"]),
    ("school-terms", ["lead"], ["att", "slt", "head", "ceo"], ["head2"]),
    ("school-copy-terms", ["lead"], ["att", "slt", "head", "ceo"], ["head2"]),
    ("school-close-day", ["att", "head", "lead"], ["team", "slt", "dsl", "ceo"], ["att2", "finance"]),
    ("school-acting-head", ["head", "ceo"], ["slt", "lead", "att"], ["head2"]),
    ("staff-detail", ["lead", "ceo"], [], ["head", "slt", "trustee"]),
    ("role-give", ["lead", "ceo"], [], ["head", "slt", "trustee"]),
    ("role-end", ["lead", "ceo"], [], ["head", "slt", "trustee"]),
]


@pytest.mark.parametrize(("name", "opens", "refused", "unseen"), PAGES)
def test_page_opens_for_who_may_and_for_nobody_else(name, opens, refused, unseen, cast, login, at):
    for people, status in ((opens, 200), (refused, 403), (unseen, 404)):
        for who in people:
            assert (who, login(getattr(cast, who)).get(at(name)).status_code) == (who, status)


LISTS = [
    ("school-list", ["team", "att", "slt", "dsl", "head", "ceo", "lead"], ["finance", "trustee"]),
    ("school-add", ["lead"], ["ceo", "head", "slt"]),
    ("year-add", ["lead"], ["ceo", "head", "slt"]),
    ("student-list", ["team", "att", "slt", "dsl", "head", "ceo", "lead"], ["finance", "trustee"]),
    ("student-add", ["slt", "head", "lead"], ["team", "att", "dsl", "ceo", "finance"]),
    ("staff-list", ["lead", "ceo"], ["head", "slt", "dsl", "finance", "trustee"]),
    ("staff-add", ["lead", "ceo"], ["head", "slt", "dsl", "finance", "trustee"]),
]


@pytest.mark.parametrize(("name", "opens", "refused"), LISTS)
def test_page_without_record_opens_for_who_may(name, opens, refused, cast, login):
    for people, status in ((opens, 200), (refused, 403)):
        for who in people:
            assert (who, login(getattr(cast, who)).get(reverse(f"trust:{name}")).status_code) == (who, status)


@pytest.mark.parametrize("name", [row[0] for row in PAGES])
def test_page_sends_strangers_to_the_log_in_and_refuses_wrong_verbs(name, at, client, cast, login):
    assert client.get(at(name)).url.startswith(reverse("account_login"))
    lead = login(cast.ceo if name == "school-acting-head" else cast.lead)
    assert lead.delete(at(name)).status_code == 405
    assert lead.put(at(name)).status_code == 405


@pytest.mark.parametrize("name", [row[0] for row in LISTS])
def test_list_sends_strangers_to_the_log_in_and_refuses_wrong_verbs(name, client, cast, login):
    address = reverse(f"trust:{name}")
    assert client.get(address).url.startswith(reverse("account_login"))
    assert login(cast.lead).put(address).status_code == 405


def test_refusal_says_who_can(cast, login, at):
    page = login(cast.team).get(at("student-edit"))
    assert "Pastoral SLT, Headteacher or Trust AP lead can." in page.content.decode()


@pytest.mark.parametrize("pk", [0, 999999, 2**63, 10**30])
def test_page_of_a_missing_row_is_404(pk, cast, login):
    assert login(cast.lead).get(f"/students/{pk}/").status_code == 404


# --- students ---------------------------------------------------------------------------------------------------


def names_on(page):
    """The students of a list page."""
    return [str(student) for student in page.context["page_obj"]]


def test_student_list_shows_own_school_only(cast, login, student, student2):
    assert names_on(login(cast.slt).get("/students/")) == ["Ashdown, Jo"]
    assert names_on(login(cast.slt2).get("/students/")) == ["Birch, Sam"]
    assert names_on(login(cast.lead).get("/students/")) == ["Ashdown, Jo", "Birch, Sam"]


def test_student_list_shows_rights_of_both_schools_of_a_person(cast, login, student, student2, south):
    give(cast.att, Role.DSL, south)
    assert names_on(login(cast.att).get("/students/")) == ["Ashdown, Jo", "Birch, Sam"]


def test_student_list_filters_by_coded_values(cast, login, student, student2, south):
    lead = login(cast.lead)
    assert names_on(lead.get(f"/students/?school={south.pk}")) == ["Birch, Sam"]
    assert names_on(lead.get("/students/?nc_year=9")) == ["Ashdown, Jo"]
    assert lead.get("/students/?school=999999999999999999999&nc_year=x&page=-4").status_code == 200


def test_student_list_filter_offers_no_school_of_others(cast, login, south):
    page = login(cast.slt).get("/students/").content.decode()
    assert south.name not in page


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ash", ["Ashdown, Zoë"]),
        ("ASHDOWN, zo", ["Ashdown, Zoë"]),
        ("zoe", ["Ashdown, Zoë"]),
        ("Zoe Ashdown", ["Ashdown, Zoë"]),
        ("o'brien", ["O'Brien, Kit"]),
        ("down", []),
        ("%", ["Ashdown, Zoë", "O'Brien, Kit"]),
    ],
)
def test_student_search_is_posted_and_kept_out_of_the_address(typed, found, cast, login, north):
    make_student(north, "Ashdown", "Zoë")
    make_student(north, "O'Brien", "Kit")
    client = login(cast.slt)
    answer = client.post("/students/?nc_year=9&page=3", {"name": typed})
    assert answer.url == "/students/?nc_year=9"
    assert names_on(client.get(answer.url)) == found
    assert names_on(client.get(client.post("/students/", {"name": ""}).url)) == ["Ashdown, Zoë", "O'Brien, Kit"]


def test_student_list_needs_the_same_queries_for_one_and_three(cast, login, north, django_assert_num_queries):
    client = login(cast.slt)
    make_student(north, "A")
    client.get("/students/")
    with django_assert_num_queries(9):
        client.get("/students/")
    make_student(north, "B")
    make_student(north, "C")
    with django_assert_num_queries(9):
        client.get("/students/")


def test_student_detail_title_has_no_name_and_opening_it_is_logged(cast, login, student, at):
    page = login(cast.team).get(at("student-detail"))
    title = page.content.decode().split("<title>")[1].split("</title>")[0]
    assert title.startswith(f"Student {student.pk}")
    assert "Ashdown" not in title
    entry = AccessLog.objects.get()
    assert (entry.user, entry.student_id, entry.action) == (cast.team, student.pk, "student opened")


@pytest.mark.parametrize(
    ("who", "exists", "reason"),
    [
        ("team", False, False),
        ("att", False, False),
        ("slt", True, False),
        ("ceo", True, False),
        ("lead", True, False),
        ("dsl", True, True),
        ("head", True, True),
    ],
)
def test_restriction_is_seen_by_slt_and_its_reason_by_dsl_and_head(who, exists, reason, cast, login, student, at):
    make_contact(student, "Paul", letters_restricted=True, restriction_reason="Order of the court.")
    page = login(getattr(cast, who)).get(at("student-detail")).content.decode()
    assert ("Must not be sent letters" in page, "Order of the court." in page) == (exists, reason)


def test_restriction_reason_is_never_in_the_form(cast, login, student):
    link = make_contact(student, "Paul", letters_restricted=True, restriction_reason="Order of the court.")
    page = login(cast.head).get(f"/students/contacts/{link.pk}/edit/").content.decode()
    assert "Order of the court." not in page
    assert "letters_restricted" in page
    assert "letters_restricted" not in login(cast.att).get(f"/students/contacts/{link.pk}/edit/").content.decode()


def test_student_add_saves_and_shows_the_new_page(cast, login, north):
    answer = login(cast.slt).post("/students/add/", {**STUDENT, "school": north.pk, "upn": next_upn()})
    student = Student.objects.get()
    assert answer.url == f"/students/{student.pk}/"
    assert student.school == north


def test_student_add_at_another_school_is_refused_at_the_field(cast, login, south):
    answer = login(cast.slt).post("/students/add/", {**STUDENT, "school": south.pk, "upn": next_upn()})
    assert answer.status_code == 422
    assert "school" in answer.context["form"].errors
    assert not Student.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"upn": "A801200005001"}, "upn"),
        ({"upn": ""}, "upn"),
        ({"born_on": "0001-01-01"}, "born_on"),
        ({"born_on": "tomorrow"}, "born_on"),
        ({"nc_year": "99"}, "nc_year"),
        ({"nc_year": "9" * 30}, "nc_year"),
        ({"sen_status": "E"}, "ehc_authority"),
        ({"looked_after": "on"}, "social_worker"),
        ({"family_name": "x" * 81}, "family_name"),
    ],
)
def test_student_add_with_bad_input_keeps_what_was_typed(changes, field, cast, login, north):
    data = {**STUDENT, "school": north.pk, "upn": next_upn(), "interests": "falcons", **changes}
    answer = login(cast.slt).post("/students/add/", data)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    page = answer.content.decode()
    assert "falcons" in page
    assert f'href="#id_{field}"' in page


def test_student_edit_by_a_second_person_is_refused_and_shows_what_changed(cast, login, student, at):
    slt, head = login(cast.slt), login(cast.head)
    first = {**STUDENT, "upn": student.upn, "family_name": "Ashdown", "first_name": "Joanna", "version": "1"}
    assert slt.post(at("student-edit"), first).status_code == 302
    second = {**first, "first_name": "Josephine"}
    answer = head.post(at("student-edit"), second)
    assert answer.status_code == 422
    assert ("legal first names", "Joanna", "Josephine") in [
        (label.lower(), stands, typed) for label, stands, typed in answer.context["form"].newer
    ]
    assert Student.objects.get(pk=student.pk).first_name == "Joanna"
    again = {**second, "version": answer.context["form"]["version"].value()}
    assert head.post(at("student-edit"), again).status_code == 302
    assert Student.objects.get(pk=student.pk).first_name == "Josephine"


def test_student_edit_without_version_is_refused(cast, login, student, at):
    answer = login(cast.slt).post(at("student-edit"), {**STUDENT, "upn": student.upn})
    assert answer.status_code == 422
    assert Student.objects.get(pk=student.pk).family_name == "Ashdown"


def test_contact_add_saves_person_and_link(cast, login, student, at):
    assert login(cast.att).post(at("contact-add"), CONTACT).status_code == 302
    link = ContactLink.objects.get(contact__first_name="Max")
    assert (link.student, link.relationship, link.parental_responsibility) == (student, "FATHER", True)


def test_contact_add_offers_family_of_own_school_only(cast, login, student, north, south, at):
    brother = make_student(north, "Ashdown", "Ben")
    uncle = make_contact(brother, "Ulf")
    stranger = make_contact(make_student(south, "Ashdown", "Far"), "Stranger")
    form = login(cast.att).get(at("contact-add")).context["form"]
    assert list(form.fields["known"].queryset) == [uncle.contact]
    answer = login(cast.att).post(at("contact-add"), {"known": stranger.contact_id, "relationship": "OTHER"})
    assert answer.status_code == 422


def test_contact_add_without_name_is_refused_at_the_field(cast, login, at):
    answer = login(cast.att).post(at("contact-add"), {"relationship": "OTHER"})
    assert set(answer.context["form"].errors) == {"first_name", "family_name"}


def test_contact_edit_by_attendance_leaves_the_restriction(cast, login, student):
    link = make_contact(student, "Paul", letters_restricted=True, restriction_reason="Order of the court.")
    data = {**CONTACT, "first_name": "Pauline", "letters_restricted": "", "restriction_reason": "none"}
    assert login(cast.att).post(f"/students/contacts/{link.pk}/edit/", data).status_code == 302
    link.refresh_from_db()
    assert (link.contact.first_name, link.letters_restricted, link.restriction_reason) == (
        "Pauline",
        True,
        "Order of the court.",
    )


def test_guest_is_seen_by_the_host_school_without_its_edit_pages(cast, login, south, student, budget, provider, at):
    placement = placement_at("PROPOSED", student=student, provider=provider, cast=cast, now=NOW)
    type(placement).objects.filter(pk=placement.pk).update(host_school=south)
    host = login(cast.slt2)
    assert names_on(host.get("/students/")) == ["Ashdown, Jo", "Birch, Sam"]
    assert host.get(at("student-detail")).status_code == 200
    assert host.get(at("student-edit")).status_code == 403
    assert host.get(at("contact-add")).status_code == 403


def test_former_school_keeps_reading_and_no_more(cast, login, student, south, at):
    student.enrolments.update(until_day=date(2026, 11, 1))
    student.enrolments.create(school=south, from_day=date(2026, 11, 2))
    Student.objects.filter(pk=student.pk).update(school=south)
    assert login(cast.slt).get(at("student-detail")).status_code == 200
    assert login(cast.slt).get(at("student-edit")).status_code == 403
    assert login(cast.slt2).get(at("student-edit")).status_code == 200


# --- schools ----------------------------------------------------------------------------------------------------


def test_school_list_shows_which_years_are_loaded(cast, login, north):
    make_school("West", calendar=False)
    page = login(cast.lead).get("/schools/").content.decode()
    assert page.count("No terms") == 3
    assert page.count("> Loaded<") + page.count(">Loaded<") == 6


def test_school_list_needs_the_same_queries_for_one_and_three(cast, login, django_assert_num_queries):
    client = login(cast.lead)
    client.get("/schools/")
    with django_assert_num_queries(9):
        client.get("/schools/")
    make_school("West")
    with django_assert_num_queries(9):
        client.get("/schools/")


def test_school_add_saves(cast, login):
    data = {"name": "West Academy", "short_name": "West", "urn": "147001", "address": "1 West", "postcode": "W1 1AA"}
    data |= {"phone": "0", "am_start": "08:45", "am_end": "12:00", "pm_start": "13:00", "pm_end": "15:00"}
    client = login(cast.lead)
    assert client.post("/schools/add/", {**data, "am_end": "08:00"}).context["form"].errors.keys() == {"pm_end"}
    assert client.post("/schools/add/", data).status_code == 302
    assert School.objects.get(short_name="West").times.get().am_start.hour == 8


def test_year_add_saves_and_refuses_a_second(cast, login):
    client = login(cast.lead)
    assert client.post("/schools/years/add/", {"start": "2030"}).status_code == 302
    answer = client.post("/schools/years/add/", {"start": "2030"})
    assert "there already" in answer.context["form"].errors["start"][0]


def test_school_terms_are_shown_and_saved(cast, login, north, year, at):
    client = login(cast.lead)
    form = client.get(at("school-terms")).context["form"]
    data = {name: str(form.initial[name]) for name in form.fields}
    assert client.post(at("school-terms"), {**data, "autumn_last_day": "2026-12-17"}).status_code == 302
    assert Term.objects.get(school=north, academic_year=year, season="AUTUMN").last_day == date(2026, 12, 17)
    answer = client.post(at("school-terms"), {**data, "spring_break_first": "2026-01-01"})
    assert "spring_first_day" in answer.context["form"].errors


def test_school_terms_of_a_missing_year_are_404(cast, login, north):
    assert login(cast.lead).get(f"/schools/{north.pk}/terms/999999/").status_code == 404


def test_school_copy_terms_copies(cast, login, north, year):
    west = make_school("West", calendar=False)
    data = {"from_school": north.pk, "academic_year": year.pk}
    assert login(cast.lead).post(f"/schools/{west.pk}/copy-terms/", data).status_code == 302
    assert west.terms.count() == 3


def test_close_day_saves_and_is_taken_back(cast, login, north, at):
    client = login(cast.att)
    data = {"day": "2026-11-18", "kind": "CLOSURE", "note": "boiler"}
    assert client.post(at("school-close-day"), data).status_code == 302
    day = NonSchoolDay.objects.get(day=date(2026, 11, 18))
    assert client.post(at("school-close-day"), data).status_code == 422
    assert login(cast.att2).post(f"/schools/days/{day.pk}/remove/").status_code == 404
    assert login(cast.slt).post(f"/schools/days/{day.pk}/remove/").status_code == 403
    assert client.get(f"/schools/days/{day.pk}/remove/").status_code == 405
    assert client.post(f"/schools/days/{day.pk}/remove/").status_code == 302
    assert not NonSchoolDay.objects.filter(pk=day.pk).exists()


@pytest.mark.parametrize("day", ["2031-11-18", "0001-01-01", "9999-12-31", "18", ""])
def test_close_day_with_a_day_that_cannot_be_stands_at_the_field(day, cast, login, at):
    answer = login(cast.att).post(at("school-close-day"), {"day": day, "kind": "CLOSURE"})
    assert answer.status_code == 422
    assert "day" in answer.context["form"].errors


def test_acting_head_is_chosen_among_the_schools_people(cast, login, at):
    client = login(cast.head)
    assert cast.slt2 not in client.get(at("school-acting-head")).context["form"].fields["person"].queryset
    data = {"person": cast.deputy.pk, "from_day": str(TODAY), "until_day": "2026-11-20"}
    assert client.post(at("school-acting-head"), data).status_code == 302
    assert Membership.objects.get(acting=True).user == cast.deputy


# --- staff ------------------------------------------------------------------------------------------------------


def test_staff_list_needs_the_same_queries_for_one_and_three(cast, login, north, django_assert_num_queries):
    client = login(cast.lead)
    client.get("/staff/")
    with django_assert_num_queries(10):
        client.get("/staff/")
    give(User.objects.create_user("more@trust.example", "More"), Role.TEAM, north)
    give(User.objects.create_user("less@trust.example", "Less"), Role.TEAM, north)
    with django_assert_num_queries(10):
        client.get("/staff/")


def test_staff_add_then_role_then_end(cast, login, north):
    client = login(cast.lead)
    client.post("/staff/add/", {"email": "new@trust.example", "full_name": "New Person"})
    user = User.objects.get(email="new@trust.example")
    data = {"role": "SLT", "school": north.pk, "from_day": str(TODAY), "until_day": ""}
    assert client.post(f"/staff/{user.pk}/give-role/", data).status_code == 302
    held = user.memberships.get()
    assert client.post(f"/staff/roles/{held.pk}/end/", {"last_day": "2026-12-18"}).status_code == 302
    held.refresh_from_db()
    assert held.until_day == date(2026, 12, 18)


def test_role_form_offers_what_the_person_gives(cast, login, at):
    choices = {
        who: {
            value for value, _ in login(getattr(cast, who)).get(at("role-give")).context["form"].fields["role"].choices
        }
        for who in ("lead", "ceo")
    }
    assert choices == {"lead": {"TEAM", "ATT", "SLT", "FIN", "TRU"}, "ceo": {"HEAD", "DSL", "CEO", "LEAD"}}


def test_role_forged_by_the_lead_is_refused(cast, login, north):
    data = {"role": "HEAD", "school": north.pk, "from_day": str(TODAY)}
    assert login(cast.lead).post(f"/staff/{cast.deputy.pk}/give-role/", data).status_code == 422
    assert cast.deputy.memberships.count() == 1


def test_own_roles_are_refused(cast, login, north):
    data = {"role": "SLT", "school": north.pk, "from_day": str(TODAY)}
    answer = login(cast.lead).post(f"/staff/{cast.lead.pk}/give-role/", data)
    assert answer.status_code == 403
    assert "Nobody changes their own roles" in answer.content.decode()


def test_deactivated_person_is_logged_out_at_once(cast, login):
    att = login(cast.att)
    assert att.get("/students/").status_code == 200
    assert login(cast.lead).post(f"/staff/{cast.att.pk}/deactivate/").status_code == 302
    assert att.get("/students/").status_code in {302, 403}
    assert login(cast.lead).get(f"/staff/{cast.att.pk}/deactivate/").status_code == 405
