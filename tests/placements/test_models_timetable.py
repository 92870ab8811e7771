"""What the database itself refuses of timetables, prices and part-time weeks, whoever writes."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from psycopg2.extras import DateRange

from placements.lifecycle import Status
from placements.models import AgreedPrice, Budget, PartTimeTimetable, Placement, TimetableChange, TimetableSlot
from providers.models import Provider
from tests.factories.placements import placement_at
from tests.factories.providers import make_provider
from tests.fixtures import NOW, TODAY, Cast
from tests.placements.test_timetable import part, propose
from trust.models import Student

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(student: Student, provider: Provider, cast: Cast, budget: Budget) -> Placement:
    """A placement that runs since today."""
    return placement_at(Status.ACTIVE, student=student, provider=provider, cast=cast, now=NOW)


# What the tests below attack, by the name of the constraint, with what is written.
ATTACKS: list[tuple[str, str]] = [
    ("timetable_change_not_approved_by_proposer", "approved by its proposer"),
    ("timetable_change_decided_once", "decided without a person"),
    ("timetable_change_has_reason", "no reason"),
    ("timetable_change_one_open", "a second one"),
    ("part_time_ends", "no last day"),
    ("part_time_half_days", "half-day 10, or none"),
    ("part_time_explained", "nobody agreed"),
    ("part_time_one_at_a_time", "twice"),
    ("slot_at_the_provider", "site of another provider"),
    ("agreed_price_plausible", "below zero"),
    ("agreed_price_once", "twice"),
]


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("timetable_change_not_approved_by_proposer", {"approved_by": "slt", "approved_at": NOW}),
        ("timetable_change_decided_once", {"approved_by": None, "approved_at": NOW}),
        ("timetable_change_decided_once", {"dropped_by": None, "dropped_at": NOW}),
        ("timetable_change_has_reason", {"reason": ""}),
    ],
)
def test_timetable_change_that_cannot_be_is_refused_by_the_database(
    running: Placement, cast: Cast, name: str, facts: dict[str, Any]
) -> None:
    change = propose(running, cast)
    values = {key: getattr(cast, value) if value == "slt" else value for key, value in facts.items()}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        TimetableChange.objects.filter(pk=change.pk).update(**values)


def test_second_open_change_is_refused_by_the_database(running: Placement, cast: Cast) -> None:
    change = propose(running, cast)
    change.pk = None
    with pytest.raises(IntegrityError, match="timetable_change_one_open"), transaction.atomic():
        change.save(force_insert=True)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("part_time_ends", {"period": DateRange(TODAY, None)}),
        ("part_time_half_days", {"slots": [10]}),
        ("part_time_half_days", {"slots": []}),
        ("part_time_explained", {"agreed_by": ""}),
    ],
)
def test_part_time_that_cannot_be_is_refused_by_the_database(
    cast: Cast, student: Student, name: str, facts: dict[str, Any]
) -> None:
    row = part(student, cast)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        PartTimeTimetable.objects.filter(pk=row.pk).update(**facts)


def test_part_time_twice_is_refused_by_the_database(cast: Cast, student: Student) -> None:
    row = part(student, cast)
    row.pk = None
    with pytest.raises(IntegrityError, match="part_time_one_at_a_time"), transaction.atomic():
        row.save(force_insert=True)


def test_half_day_and_price_that_cannot_be_are_refused_by_the_database(running: Placement, cast: Cast) -> None:
    other = make_provider("Elsewhere", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    slot = TimetableSlot.objects.filter(placement=running).first()
    assert slot is not None
    for facts in ({"site": other.sites.get()}, {"programme": other.programmes.get()}):
        with pytest.raises(IntegrityError, match="another provider"), transaction.atomic():
            TimetableSlot.objects.filter(pk=slot.pk).update(**facts)
    price = AgreedPrice.objects.get(placement_period__placement=running)
    with pytest.raises(IntegrityError, match="agreed_price_plausible"), transaction.atomic():
        AgreedPrice.objects.filter(pk=price.pk).update(rate=Decimal("-1"))
    price.pk = None
    with pytest.raises(IntegrityError, match="agreed_price_once"), transaction.atomic():
        price.save(force_insert=True)
