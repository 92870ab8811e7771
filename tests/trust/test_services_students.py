"""Students and contacts: who may write them, what is refused, and that nobody is overwritten."""

from datetime import date

import pytest
from django.apps import apps

from tests.factories.people import make_contact, make_student, next_upn
from tests.fixtures import NOW, TODAY
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import Contact, Student
from trust.services import add_contact, add_student, change_contact, change_student

PERSON = {
    "title": "Mr",
    "first_name": "Max",
    "family_name": "Ashdown",
    "address": "1 Road",
    "postcode": "NB1 1AA",
    "email": "max@family.example",
    "phone": "",
    "language": "",
    "large_print": False,
}
TIE = {"relationship": "FATHER", "parental_responsibility": True, "has_care": False, "email_consent": False}


def facts(school, **changes):
    """The data of a new student."""
    return {
        "school": school,
        "family_name": "O'Brien",
        "first_name": "Zoë",
        "preferred_name": "",
        "upn": next_upn().lower(),
        "born_on": date(2013, 2, 14),
        "sex": "F",
        "nc_year": 9,
        **changes,
    }


@pytest.mark.parametrize("who", ["slt", "head", "lead"])
def test_add_student_enrols_today_under_a_folded_name(cast, north, who):
    student = add_student(data=facts(north), by=getattr(cast, who), now=NOW)
    assert student.sort_name == "obrien, zoe"
    assert student.upn.isupper()
    enrolment = student.enrolments.get()
    assert (enrolment.school, enrolment.from_day, enrolment.until_day) == (north, TODAY, None)


@pytest.mark.parametrize("who", ["team", "att", "dsl", "ceo", "finance", "trustee", "slt2", "head2"])
def test_add_student_of_others_is_refused(cast, north, who):
    with pytest.raises(NotAllowed):
        add_student(data=facts(north), by=getattr(cast, who), now=NOW)
    assert not Student.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"upn": "A801200005001"}, "first letter does not fit"),
        ({"upn": "B80120000500"}, "13 characters"),
        ({"sen_status": "E"}, "local authority that maintains"),
        ({"looked_after": True, "virtual_school": "Ms Hale"}, "virtual school head and the social worker"),
    ],
)
def test_add_student_with_facts_that_do_not_fit_is_refused(cast, north, changes, words):
    with pytest.raises(RuleBroken, match=words):
        add_student(data=facts(north, **changes), by=cast.slt, now=NOW)


def test_add_student_with_a_upn_of_another_school_is_refused(cast, north, student2):
    with pytest.raises(RuleBroken, match="Another student has this UPN") as refused:
        add_student(data=facts(north, upn=student2.upn), by=cast.slt, now=NOW)
    assert refused.value.field == "upn"


def test_change_student_raises_the_version_and_keeps_the_school(cast, student, south):
    data = facts(south, upn=student.upn, family_name="Ashdown")
    changed = change_student(student_id=student.pk, data=data, version=1, by=cast.slt, now=NOW)
    assert (changed.first_name, changed.school_id, changed.version) == ("Zoë", student.school_id, 2)


def test_change_student_after_somebody_else_is_refused_and_saves_nothing(cast, student):
    data = facts(student.school, upn=student.upn)
    change_student(student_id=student.pk, data={**data, "first_name": "First"}, version=1, by=cast.slt, now=NOW)
    with pytest.raises(StaleRecord):
        change_student(student_id=student.pk, data={**data, "first_name": "Second"}, version=1, by=cast.head, now=NOW)
    assert Student.objects.get().first_name == "First"


@pytest.mark.parametrize("who", ["team", "att", "dsl", "ceo", "slt2"])
def test_change_student_of_others_is_refused(cast, student, who):
    with pytest.raises(NotAllowed):
        change_student(
            student_id=student.pk,
            data=facts(student.school, upn=student.upn),
            version=1,
            by=getattr(cast, who),
            now=NOW,
        )


def test_change_student_leaves_who_and_why_in_the_history(cast, student):
    change_student(student_id=student.pk, data=facts(student.school, upn=student.upn), version=1, by=cast.slt, now=NOW)
    event = apps.get_model("trust", "StudentEvent").objects.filter(pgh_obj_id=student.pk).latest("pgh_id")
    assert (event.pgh_label, event.first_name) == ("update", "Zoë")
    assert event.pgh_context == {"user": cast.slt.pk, "reason": "student changed"}


@pytest.mark.parametrize("who", ["att", "slt", "head", "lead"])
def test_add_contact_links_a_new_person(cast, student, who):
    link = add_contact(student_id=student.pk, contact=PERSON, link=TIE, by=getattr(cast, who), now=NOW)
    assert (link.student, link.contact.email, link.parental_responsibility) == (student, "max@family.example", True)


@pytest.mark.parametrize("who", ["team", "dsl", "ceo", "att2", "finance"])
def test_add_contact_of_others_is_refused(cast, student, who):
    with pytest.raises(NotAllowed):
        add_contact(student_id=student.pk, contact=PERSON, link=TIE, by=getattr(cast, who), now=NOW)


def test_add_contact_known_through_a_brother_links_the_same_person(cast, student):
    brother = make_student(student.school, "Ashdown", "Ben")
    mother = student.contact_links.get().contact
    link = add_contact(
        student_id=brother.pk,
        contact={"id": mother.pk},
        link={"relationship": "MOTHER", "has_care": True},
        by=cast.att,
        now=NOW,
    )
    assert link.contact == mother
    assert Contact.objects.count() == 1
    assert not link.parental_responsibility


def test_add_contact_of_a_student_out_of_sight_is_refused(cast, student, student2):
    stranger = student2.contact_links.get().contact
    with pytest.raises(RuleBroken, match="not a contact of any student that you can see"):
        add_contact(student_id=student.pk, contact={"id": stranger.pk}, link=TIE, by=cast.att, now=NOW)


def test_add_contact_twice_is_refused_by_the_database(cast, student):
    mother = student.contact_links.get().contact
    with pytest.raises(RuleBroken, match="already a contact of this student"):
        add_contact(student_id=student.pk, contact={"id": mother.pk}, link=TIE, by=cast.att, now=NOW)


def test_add_contact_with_consent_but_no_address_is_refused(cast, student):
    with pytest.raises(RuleBroken, match="needs an e-mail address"):
        add_contact(
            student_id=student.pk,
            contact={**PERSON, "email": ""},
            link={**TIE, "email_consent": True},
            by=cast.att,
            now=NOW,
        )


def test_add_contact_restricted_without_reason_is_refused(cast, student):
    with pytest.raises(RuleBroken, match="Say why"):
        add_contact(
            student_id=student.pk, contact=PERSON, link={**TIE, "letters_restricted": True}, by=cast.slt, now=NOW
        )


def test_change_contact_keeps_the_reason_that_the_editor_cannot_read(cast, student):
    link = make_contact(student, "Paul", letters_restricted=True, restriction_reason="Court order of May.")
    changed = change_contact(
        link_id=link.pk,
        contact={"phone": "01632 960111"},
        link={"letters_restricted": True, "restriction_reason": ""},
        by=cast.slt,
        now=NOW,
    )
    assert (changed.contact.phone, changed.restriction_reason) == ("01632 960111", "Court order of May.")


def test_change_contact_without_the_restriction_leaves_it(cast, student):
    link = make_contact(student, "Paul", letters_restricted=True, restriction_reason="Court order of May.")
    changed = change_contact(link_id=link.pk, contact={}, link={"has_care": False}, by=cast.att, now=NOW)
    assert (changed.has_care, changed.letters_restricted, changed.restriction_reason) == (
        False,
        True,
        "Court order of May.",
    )


def test_change_contact_lifting_the_restriction_drops_the_reason(cast, student):
    link = make_contact(student, "Paul", letters_restricted=True, restriction_reason="Court order of May.")
    changed = change_contact(link_id=link.pk, contact={}, link={"letters_restricted": False}, by=cast.slt, now=NOW)
    assert (changed.letters_restricted, changed.restriction_reason) == (False, "")


def test_change_contact_of_another_school_is_refused(cast, student2):
    with pytest.raises(NotAllowed):
        change_contact(link_id=student2.contact_links.get().pk, contact={}, link={}, by=cast.att, now=NOW)
