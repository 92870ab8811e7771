"""What the database itself refuses about offers, whoever writes."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from placements.lifecycle import Status
from placements.models import Budget, Offer
from placements.services import answer_offer, record_offer_asked
from providers.models import Provider
from referrals.lifecycle import Status as ReferralStatus
from tests.factories.people import make_student
from tests.factories.placements import placement_at, referral_at
from tests.factories.providers import make_programme
from tests.fixtures import NOW, TODAY, Cast
from trust.models import School, Student

pytestmark = pytest.mark.django_db

INSERT = (
    "INSERT INTO placements_offer (referral_id, provider_id, programme_id, wanted_slots, wanted_first, asked_by_id,"
    " asked_at, status, answered_by, refused_why, note, version, offered_until, answered_on)"
    " SELECT referral_id, provider_id, programme_id, wanted_slots, wanted_first, asked_by_id,"
    " asked_at, '{status}', '', '', '', 1, '2026-12-01', '2026-11-16' FROM placements_offer WHERE id = %(asked)s"
)
ASKED = "UPDATE placements_offer SET {} WHERE id = %(asked)s"
OFFERED = "UPDATE placements_offer SET {} WHERE id = %(offered)s"
TAKEN = "UPDATE placements_offer SET {} WHERE id = %(taken)s"

ATTACKS = [
    ("offer_one_open", INSERT.format(status="ASKED")),
    ("offer_names_its_last_day", OFFERED.format("offered_until = NULL")),
    ("offer_names_its_last_day", OFFERED.format("answered_on = NULL")),
    ("offer_names_its_last_day", ASKED.format("status = 'OFFERED'")),
    ("offer_refusal_has_reason", ASKED.format("status = 'REFUSED'")),
    ("offer_taken_by_placement", OFFERED.format("status = 'TAKEN'")),
    ("offer_taken_by_placement", OFFERED.format("placement_id = %(placement)s")),
    ("offer_half_days", ASKED.format("wanted_slots = '{10}'")),
    ("offer_half_days", ASKED.format("wanted_slots = '{}'")),
    ("offer_wanted_in_order", ASKED.format("wanted_last = wanted_first - 1")),
    # An offer begins as asked for and follows its table of moves.
    ("status_follows_its_table", INSERT.format(status="OFFERED")),
    ("status_follows_its_table", ASKED.format("status = 'TAKEN', placement_id = %(other)s")),
    ("status_follows_its_table", TAKEN.format("status = 'OFFERED', placement_id = NULL")),
    ("status_follows_its_table", TAKEN.format("status = 'DROPPED', placement_id = NULL")),
]


@pytest.fixture
def ids(student: Student, north: School, provider: Provider, budget: Budget, cast: Cast) -> dict[str, int]:
    """An offer that was asked for, one that is open, one that an approved placement took."""
    approved = placement_at(
        Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=date(2026, 11, 30)
    )
    other = placement_at(
        Status.PROPOSED,
        student=make_student(north, "Dunn", "Max"),
        provider=provider,
        cast=cast,
        now=NOW,
        first=date(2026, 11, 30),
    )
    referral = referral_at(ReferralStatus.APPROVED, student=make_student(north, "Cole", "Kit"), cast=cast, now=NOW)
    programmes = [provider.programmes.get(), make_programme(provider, "Second")]
    asked, offered = (
        record_offer_asked(
            referral_id=referral.pk,
            provider_id=provider.pk,
            programme_id=programme.pk,
            slots=[0],
            first=date(2026, 11, 30),
            last=date(2026, 12, 18),
            by=cast.slt,
            now=NOW,
        )
        for programme in programmes
    )
    answer_offer(
        offer_id=offered.pk,
        offered=True,
        until=date(2026, 12, 1),
        why="",
        answered_by="Sam Okafor",
        answered_on=TODAY,
        admission_meeting_on=None,
        by=cast.slt,
        now=NOW,
    )
    return {
        "asked": asked.pk,
        "offered": offered.pk,
        "taken": Offer.objects.get(placement=approved).pk,
        "placement": approved.pk,
        "other": other.pk,
    }


@pytest.mark.parametrize(("constraint", "sql"), ATTACKS)
@pytest.mark.policy("P3.9")
def test_direct_sql_is_refused_by_the_named_constraint(ids: dict[str, int], constraint: str, sql: str) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, ids)
    assert refused.value.__cause__.diag.constraint_name == constraint
