"""Who gives and ends roles: the lead most, the chief executive four, nobody their own."""

from datetime import date, timedelta

import pytest

from tests.factories.people import give, make_user
from tests.fixtures import NOW, TODAY
from trust.errors import NotAllowed, RuleBroken
from trust.models import Membership, User
from trust.permissions import Permission, Role
from trust.services import (
    NewAccount,
    add_staff,
    deactivate_staff,
    end_role,
    found_trust,
    give_role,
    name_acting_head,
)

LEAD = NewAccount("lead@trust.example", "Lena Lane", "a long enough secret")
CEO = NewAccount("ceo@trust.example", "Cora Chief", "another long secret")


def gives(by, user, role, school, **more):
    """The role from today on."""
    school_id = school.pk if school else None
    return give_role(user_id=user.pk, role=role, school_id=school_id, **{"from_day": TODAY, **more}, by=by, now=NOW)


@pytest.mark.parametrize("who", ["lead", "ceo"])
def test_add_staff_makes_an_account_that_sees_nothing(cast, who):
    user = add_staff(email="New.Person@trust.example", full_name="New Person", by=getattr(cast, who), now=NOW)
    assert user.email == "new.person@trust.example"
    assert not user.has_usable_password()
    assert user.held() == ()


@pytest.mark.parametrize("who", ["head", "slt", "dsl", "finance", "trustee"])
def test_add_staff_by_others_is_refused(cast, who):
    with pytest.raises(NotAllowed):
        add_staff(email="new@trust.example", full_name="New Person", by=getattr(cast, who), now=NOW)


def test_add_staff_with_a_known_address_in_other_letters_is_refused(cast):
    with pytest.raises(RuleBroken, match="already"):
        add_staff(email=cast.head.email.upper(), full_name="Other", by=cast.lead, now=NOW)


@pytest.mark.parametrize("role", [Role.TEAM, Role.ATT, Role.SLT, Role.FIN, Role.TRU])
def test_give_role_of_the_five_is_the_leads(cast, north, role):
    user = make_user("New Person")
    school = None if role == Role.FIN else north
    with pytest.raises(NotAllowed):
        gives(cast.ceo, user, role, school)
    assert gives(cast.lead, user, role, school).role == role


@pytest.mark.parametrize("role", [Role.HEAD, Role.CEO, Role.DSL, Role.LEAD])
def test_give_role_of_the_four_is_the_chief_executives(cast, north, role):
    user = make_user("New Person")
    school = north if role in {Role.HEAD, Role.DSL} else None
    with pytest.raises(NotAllowed, match="Chief executive can"):
        gives(cast.lead, user, role, school)
    assert gives(cast.ceo, user, role, school).role == role


def test_give_role_to_oneself_is_refused(cast, north):
    with pytest.raises(NotAllowed, match="Nobody changes their own roles"):
        gives(cast.lead, cast.lead, Role.SLT, north)
    with pytest.raises(NotAllowed, match="Nobody changes their own roles"):
        gives(cast.ceo, cast.ceo, Role.HEAD, north)


@pytest.mark.parametrize(
    ("who", "role", "at_school", "words"),
    [
        ("lead", Role.TEAM, False, "belongs to one school"),
        ("ceo", Role.HEAD, False, "belongs to one school"),
        ("ceo", Role.LEAD, True, "whole trust"),
        ("lead", Role.FIN, True, "whole trust"),
    ],
)
def test_give_role_at_the_wrong_place_is_refused(cast, north, who, role, at_school, words):
    with pytest.raises(RuleBroken, match=words):
        gives(getattr(cast, who), make_user("New Person"), role, north if at_school else None)


def test_give_role_twice_is_refused(cast, north):
    with pytest.raises(RuleBroken, match="already holds this role"):
        gives(cast.lead, cast.slt, Role.SLT, north)


def test_give_role_again_after_it_ended_is_accepted(cast, north):
    held = cast.slt.memberships.get()
    end_role(membership_id=held.pk, last_day=TODAY, by=cast.lead, now=NOW)
    again = gives(cast.lead, cast.slt, Role.SLT, north, from_day=TODAY + timedelta(days=1))
    assert again.pk != held.pk


def test_give_role_second_designated_slt_is_refused_by_the_database(cast, north):
    gives(cast.lead, make_user("New Person"), Role.SLT, north, designated=True)
    with pytest.raises(RuleBroken, match="already has a designated pastoral SLT"):
        gives(cast.lead, make_user("Second Person"), Role.SLT, north, designated=True)


def test_give_role_designated_to_another_role_is_refused(cast, north):
    with pytest.raises(RuleBroken, match="Only a member of pastoral SLT"):
        gives(cast.lead, make_user("New Person"), Role.ATT, north, designated=True)


def test_give_role_to_a_closed_account_is_refused(cast, north):
    with pytest.raises(RuleBroken, match="deactivated"):
        gives(cast.lead, make_user("New Person", is_active=False), Role.ATT, north)


def test_give_role_works_from_its_first_day_only(cast, north):
    user = make_user("New Person")
    gives(cast.lead, user, Role.ATT, north, from_day=TODAY + timedelta(days=1))
    assert not user.allows(Permission.SEE_STUDENTS, home_id=north.pk)


def test_end_role_counts_its_last_day(cast, north):
    held = cast.att.memberships.get()
    end_role(membership_id=held.pk, last_day=TODAY, by=cast.lead, now=NOW)
    assert list(Membership.objects.in_force(TODAY).filter(user=cast.att)) == [held]
    assert not Membership.objects.in_force(TODAY + timedelta(days=1)).filter(user=cast.att).exists()


def test_end_role_before_it_began_is_refused(cast):
    with pytest.raises(RuleBroken, match="cannot end before"):
        end_role(membership_id=cast.att.memberships.get().pk, last_day=date(2024, 9, 1), by=cast.lead, now=NOW)


def test_end_role_after_its_last_day_is_refused(cast, north):
    acting = name_acting_head(
        school_id=north.pk, user_id=cast.slt.pk, from_day=TODAY, until_day=TODAY, by=cast.head, now=NOW
    )
    with pytest.raises(RuleBroken, match="give it anew"):
        end_role(membership_id=acting.pk, last_day=TODAY + timedelta(days=365), by=cast.ceo, now=NOW)


def test_end_role_of_a_headteacher_is_the_chief_executives(cast):
    held = cast.head.memberships.get()
    with pytest.raises(NotAllowed):
        end_role(membership_id=held.pk, last_day=TODAY, by=cast.lead, now=NOW)
    assert end_role(membership_id=held.pk, last_day=TODAY, by=cast.ceo, now=NOW).until_day == TODAY


def test_end_role_of_ones_own_is_refused(cast):
    with pytest.raises(NotAllowed):
        end_role(membership_id=cast.ceo.memberships.get().pk, last_day=TODAY, by=cast.ceo, now=NOW)


@pytest.mark.policy("P7.1")
@pytest.mark.parametrize("who", ["head", "ceo"])
def test_name_acting_head_decides_on_the_named_days_only(cast, north, who):
    name_acting_head(
        school_id=north.pk,
        user_id=cast.deputy.pk,
        from_day=TODAY,
        until_day=TODAY + timedelta(days=1),
        by=getattr(cast, who),
        now=NOW,
    )
    deputy = User.objects.get(pk=cast.deputy.pk)
    assert deputy.allows(Permission.AUTHORISE_NOTICE, home_id=north.pk)
    acting = Membership.objects.in_force(TODAY + timedelta(days=2)).filter(user=deputy, acting=True)
    assert not acting.exists()


@pytest.mark.policy("P7.1")
def test_deputy_is_not_acting_by_being_deputy(cast, north):
    assert not cast.deputy.allows(Permission.AUTHORISE_NOTICE, home_id=north.pk)


@pytest.mark.parametrize("who", ["slt", "lead", "head2"])
def test_name_acting_head_by_others_is_refused(cast, north, who):
    with pytest.raises(NotAllowed):
        name_acting_head(
            school_id=north.pk,
            user_id=cast.deputy.pk,
            from_day=TODAY,
            until_day=TODAY,
            by=getattr(cast, who),
            now=NOW,
        )


def test_name_acting_head_for_days_gone_is_refused(cast, north):
    with pytest.raises(RuleBroken, match="in advance"):
        name_acting_head(
            school_id=north.pk,
            user_id=cast.deputy.pk,
            from_day=TODAY - timedelta(days=1),
            until_day=TODAY,
            by=cast.head,
            now=NOW,
        )


def test_deactivate_staff_takes_every_right_at_once(cast, north):
    deactivate_staff(user_id=cast.att.pk, by=cast.lead, now=NOW)
    gone = User.objects.get(pk=cast.att.pk)
    assert not gone.allows(Permission.SEE_STUDENTS, home_id=north.pk)


def test_deactivate_staff_with_a_confirmed_role_is_the_chief_executives(cast):
    with pytest.raises(NotAllowed):
        deactivate_staff(user_id=cast.dsl.pk, by=cast.lead, now=NOW)
    assert not deactivate_staff(user_id=cast.dsl.pk, by=cast.ceo, now=NOW).is_active


def test_deactivate_staff_oneself_is_refused(cast):
    with pytest.raises(NotAllowed):
        deactivate_staff(user_id=cast.lead.pk, by=cast.lead, now=NOW)


def test_found_trust_makes_two_people_with_one_role_each(db):
    lead, ceo = found_trust(lead=LEAD, ceo=CEO, now=NOW)
    assert [(held.role, held.school_id) for held in (*lead.held(), *ceo.held())] == [("LEAD", None), ("CEO", None)]
    assert lead.check_password(LEAD.password)


def test_found_trust_a_second_time_is_refused(db):
    found_trust(lead=LEAD, ceo=CEO, now=NOW)
    with pytest.raises(RuleBroken, match="already"):
        found_trust(lead=LEAD._replace(email="other@trust.example"), ceo=CEO, now=NOW)


def test_found_trust_with_one_person_for_both_is_refused(db):
    with pytest.raises(RuleBroken, match="two people"):
        found_trust(lead=LEAD, ceo=CEO._replace(email="LEAD@trust.example"), now=NOW)
    assert not User.objects.exists()


def test_rights_at_one_school_are_no_rights_at_another(cast, north, south):
    give(cast.att, Role.DSL, south)
    assert cast.att.allows(Permission.SEE_RESTRICTED, home_id=south.pk)
    assert not cast.att.allows(Permission.SEE_RESTRICTED, home_id=north.pk)
