"""Reads that several apps share."""

from datetime import date

import pytest

from tests.factories.people import give, make_student, make_user
from tests.fixtures import TODAY
from trust.models import Student
from trust.permissions import Role
from trust.queries import calendars_of, named, people_at


def test_people_at_names_who_decides_today(cast, north):
    designated = make_user("Zed Senior")
    give(designated, Role.SLT, north, designated=True)
    give(make_user("Gone Before"), Role.DSL, north, until_day=date(2026, 11, 15))
    give(make_user("Left Trust", is_active=False), Role.DSL, north)
    give(cast.deputy, Role.HEAD, north, acting=True, from_day=TODAY, until_day=TODAY)
    wide = make_user("Wide Safeguard", (Role.DSL, None))
    people = people_at(north.pk, TODAY)
    assert people.dsls == (cast.dsl, wide)
    assert people.heads == (cast.head,)
    assert people.acting_heads == (cast.deputy,)
    assert people.pastoral == (designated, cast.deputy, cast.slt)


def test_calendars_of_needs_the_same_queries_for_one_and_two(north, south, django_assert_num_queries):
    for schools in ([north.pk], [north.pk, south.pk]):
        with django_assert_num_queries(2):
            assert set(calendars_of(schools)) == set(schools)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("van der", ["berg-van"]),
        ("Berg", []),
        ("lee", ["lee", "smith-lee"]),
        ("lee-smith", ["smith-lee"]),
        ("Łukasz", ["lee"]),
        ("smith, lee", ["smith-lee"]),
        ("  ", ["berg-van", "lee", "smith-lee"]),
    ],
)
def test_named_finds_by_the_beginning_of_either_name(typed, found, north):
    made = {
        "berg-van": make_student(north, "van der Berg", "Ann"),
        "lee": make_student(north, "Lee", "Łukasz"),
        "smith-lee": make_student(north, "Smith", "Lee"),
    }
    rows = set(Student.objects.filter(named(typed)))
    assert sorted(key for key, student in made.items() if student in rows) == found
