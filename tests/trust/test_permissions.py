"""The one table of roles and permissions, and the scoping that is built on it."""

from dataclasses import dataclass

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.factories.people import give
from trust.models import Contact, Flag, Heartbeat, Membership, School, Student, User
from trust.permissions import CONFIRMED_ROLES, GRANTS, HOST_GRANTS, Permission, Role, allows, who_can
from trust.scoping import ScopedQuerySet, TrustWideQuerySet


@dataclass(frozen=True)
class Held:
    """A membership as the table reads it."""

    role: str
    school_id: int | None


def test_every_permission_is_granted_to_somebody_and_named_differently():
    assert set(GRANTS) == set(Permission)
    assert all(GRANTS.values())
    assert len({permission.value for permission in Permission}) == len(Permission)


def test_trustees_reach_only_aggregates():
    reached = {permission for permission in Permission if Role.TRU in GRANTS[permission]}
    # Thresholds are the policy's own words: no student stands there.
    assert reached == {Permission.SEE_VALUE, Permission.SEE_SETTINGS}


@pytest.mark.policy("P7.1")
def test_only_heads_and_the_chief_executive_authorise_notices_and_approve_placements():
    for permission in (Permission.AUTHORISE_NOTICE, Permission.APPROVE_PLACEMENT, Permission.OVERRIDE):
        assert GRANTS[permission] == {Role.HEAD, Role.CEO}


def test_confirmed_roles_are_the_four_of_the_access_page():
    assert {Role.HEAD, Role.CEO, Role.DSL, Role.LEAD} == CONFIRMED_ROLES


@pytest.mark.parametrize(
    ("role", "at", "home", "host", "permission", "expected"),
    [
        (Role.SLT, 1, 1, None, Permission.EDIT_STUDENTS, True),
        (Role.SLT, 1, 2, None, Permission.EDIT_STUDENTS, False),
        (Role.SLT, None, 2, None, Permission.EDIT_STUDENTS, True),
        (Role.SLT, 1, 2, 1, Permission.EDIT_STUDENTS, False),
        (Role.SLT, 1, 2, 1, Permission.SEE_STUDENTS, True),
        (Role.HEAD, 1, 2, 1, Permission.ANSWER_FOR_HOST, True),
        (Role.HEAD, 1, 2, 1, Permission.AUTHORISE_NOTICE, False),
        (Role.TEAM, 1, 1, None, Permission.EDIT_STUDENTS, False),
        (Role.SLT, 1, None, None, Permission.SEE_PROVIDERS, True),
        (Role.TRU, None, None, None, Permission.SEE_PROVIDERS, False),
    ],
)
def test_allows_asks_one_membership_and_its_school(role, at, home, host, permission, expected):
    assert allows([Held(role, at)], permission, home_id=home, host_id=host) is expected


def test_allows_never_adds_up_memberships():
    held = [Held(Role.ATT, 1), Held(Role.DSL, 2)]
    assert not allows(held, Permission.SEE_RESTRICTED, home_id=1)
    assert not allows(held, Permission.EDIT_CONTACTS, home_id=2)


def test_host_grants_never_include_deciding_or_money():
    assert {Permission.SEE_STUDENTS, Permission.MARK_SESSIONS, Permission.ANSWER_FOR_HOST} == HOST_GRANTS


def test_who_can_lists_the_roles_in_words():
    assert who_can(Permission.EDIT_SETTINGS) == "Trust AP lead"
    assert who_can(Permission.EDIT_STUDENTS) == "Pastoral SLT, Headteacher or Trust AP lead"


def test_visible_to_nobody_gives_nothing(student, provider):
    from django.contrib.auth.models import AnonymousUser

    for user in (None, AnonymousUser(), User(email="x", full_name="X", is_active=False)):
        assert not Student.objects.visible_to(user).exists()
        assert not type(provider).objects.visible_to(user).exists()


def test_visible_to_asks_the_permission_given(cast, student, student2):
    assert list(Student.objects.visible_to(cast.att)) == [student]
    assert not Student.objects.visible_to(cast.att, Permission.EDIT_STUDENTS).exists()
    assert not Student.objects.visible_to(cast.finance).exists()
    assert set(Student.objects.visible_to(cast.ceo)) == {student, student2}


def test_visible_to_counts_each_row_once(cast, north, student):
    student.enrolments.update(until_day="2026-10-01")
    student.enrolments.create(school=north, from_day="2026-10-02")
    assert Student.objects.visible_to(cast.slt).count() == 1


def test_visible_to_ended_role_gives_nothing(cast, student):
    cast.slt.memberships.update(until_day="2026-11-15")
    assert not Student.objects.visible_to(User.objects.get(pk=cast.slt.pk)).exists()


def test_visible_to_own_school_of_each_membership(cast, north, south):
    give(cast.att, Role.DSL, south)
    assert set(School.objects.visible_to(cast.att)) == {north, south}
    assert set(School.objects.visible_to(cast.att, Permission.EDIT_CALENDAR)) == {north}


@pytest.mark.parametrize("queryset", [ScopedQuerySet, TrustWideQuerySet])
def test_visible_to_of_a_model_without_scope_raises(queryset, cast):
    class Bare:
        __name__ = "Bare"

    rows = queryset(model=User)
    rows.model = Bare
    with pytest.raises(ImproperlyConfigured):
        rows.visible_to(cast.lead)


def test_visible_to_flags_contacts_and_staff(cast, north, student, student2):
    Flag.objects.create(
        kind="x", subject="placement:1", period="p", school=north, path="/", sentence="s", raised_at="2026-11-16T10:00Z"
    )
    assert Flag.objects.visible_to(cast.slt).count() == 1
    assert not Flag.objects.visible_to(cast.slt2).exists()
    assert Contact.objects.visible_to(cast.slt).get().links.get().student == student
    assert Membership.objects.visible_to(cast.ceo).exists()
    assert not Membership.objects.visible_to(cast.head).exists()
    assert not Heartbeat.objects.visible_to(cast.trustee).exists()
