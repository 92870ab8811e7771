"""What the database itself refuses, whoever writes: each constraint of placements is attacked by direct SQL."""

from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from placements.lifecycle import Status
from placements.models import Budget, GateOverride, Placement
from placements.services import record_notice_given
from providers.models import Provider
from tests.factories.people import make_student
from tests.factories.placements import make_budget, placement_at
from tests.fixtures import NOW, Cast
from trust.models import School, Student

pytestmark = pytest.mark.django_db

PERIOD = (
    "INSERT INTO placements_placementperiod"
    " (placement_id, number, kind, period, notice_needed, cost, one_off, transport_a_day, proposed_by_id, proposed_at)"
    " SELECT placement_id, {number}, '{kind}', daterange('{first}', '{last}'), true, 0, 0, 0,"
    " proposed_by_id, proposed_at"
    " FROM placements_placementperiod WHERE id = %(period)s"
)
PLACEMENT = "UPDATE placements_placement SET {} WHERE id = %(approved)s"
PROPOSED = "UPDATE placements_placement SET {} WHERE id = %(proposed)s"
SLOT = "UPDATE placements_timetableslot SET {} WHERE id = %(slot)s"
ROW = "UPDATE placements_placementperiod SET {} WHERE id = %(period)s"
BUDGET = "UPDATE placements_budget SET {} WHERE id = %(budget)s"
SOUTH_BUDGET = "UPDATE placements_budget SET {} WHERE id = %(south_budget)s"
COMMITMENT = (
    "INSERT INTO placements_commitment (placement_period_id, budget_id, amount, released, over_budget_reason)"
    " VALUES (%({period})s, %({budget})s, {amount}, 0, '')"
)

ATTACKS = [
    ("placement_live_follows_status", PROPOSED.format("live = true")),
    ("placement_live_follows_status", PLACEMENT.format("live = false")),
    (
        "placement_not_decided_by_proposer",
        PROPOSED.format("decided_by_id = proposed_by_id, decided_at = now(), status = 'DECLINED'"),
    ),
    ("placement_decision_pair", PROPOSED.format("decided_at = now()")),
    ("placement_decision_pair", PROPOSED.format("decided_by_id = %(head)s")),
    ("placement_live_is_decided", PLACEMENT.format("decided_by_id = NULL, decided_at = NULL")),
    ("placement_start_pair", PLACEMENT.format("started_at = now()")),
    ("placement_running_is_started", PLACEMENT.format("status = 'ACTIVE'")),
    (
        "placement_start_needs_notice",
        ROW.format("notice_given_on = NULL")
        + "; "
        + PLACEMENT.format("status = 'ACTIVE', started_at = now(), started_by_id = %(head)s"),
    ),
    ("status_follows_its_table", PLACEMENT.format("status = 'ENDED', live = false")),
    (
        "placement_ended_is_explained",
        PLACEMENT.format("status = 'ACTIVE', started_at = now(), started_by_id = %(head)s")
        + "; "
        + PLACEMENT.format("status = 'ENDED', live = false, ended_on = '2026-12-01'"),
    ),
    ("placement_school_never_changes", PLACEMENT.format("school_id = %(south)s")),
    ("period_number_once", PERIOD.format(number=1, kind="INITIAL", first="2027-06-01", last="2027-06-08")),
    ("periods_do_not_overlap", PERIOD.format(number=2, kind="EXTENSION", first="2026-12-01", last="2027-06-08")),
    ("period_has_first_day", ROW.format("period = 'empty'")),
    ("period_has_first_day", ROW.format("period = daterange(NULL, '2027-01-01')")),
    ("period_approval_pair", ROW.format("approved_at = NULL")),
    ("period_not_approved_by_proposer", ROW.format("approved_by_id = proposed_by_id")),
    ("period_cost_not_negative", ROW.format("cost = -0.01")),
    ("period_initial_is_first", ROW.format("number = 2")),
    (
        "student_in_one_place",
        (
            "INSERT INTO placements_timetableslot (placement_id, placement_period_id, student_id, live, slots, runs,"
            " site_id, programme_id)"
            " SELECT placement_id, placement_period_id, student_id, live, int4range(0, 20), runs, site_id, programme_id"
            " FROM placements_timetableslot WHERE id = %(slot)s"
        ),
    ),
    ("slot_within_two_weeks", SLOT.format("slots = int4range(19, 21)")),
    ("slot_within_two_weeks", SLOT.format("slots = int4range(-1, 1)")),
    ("slot_within_two_weeks", SLOT.format("slots = 'empty'")),
    ("slot_runs", SLOT.format("runs = 'empty'")),
    ("slot_follows_placement", SLOT.format("live = false")),
    ("slot_follows_placement", SLOT.format("student_id = %(other_student)s")),
    ("slot_period_of_placement", SLOT.format("placement_period_id = %(other_period)s")),
    (
        "gate_override_once",
        (
            "INSERT INTO placements_gateoverride (placement_id, code, reason, by_id, at)"
            " SELECT placement_id, code, 'again', by_id, at FROM placements_gateoverride"
        ),
    ),
    ("gate_override_has_reason", "UPDATE placements_gateoverride SET reason = ''"),
    (
        "budget_once_a_year",
        (
            "INSERT INTO placements_budget (school_id, academic_year_id, amount, status, proposed_by_id, proposed_at,"
            " version)"
            " SELECT school_id, academic_year_id, 1, 'PROPOSED', proposed_by_id, proposed_at, 1"
            " FROM placements_budget WHERE id = %(budget)s"
        ),
    ),
    ("budget_not_negative", SOUTH_BUDGET.format("amount = -1")),
    ("budget_not_approved_by_proposer", BUDGET.format("approved_by_id = proposed_by_id")),
    ("budget_approved_pair", BUDGET.format("approved_at = NULL")),
    ("budget_approved_pair", SOUTH_BUDGET.format("status = 'APPROVED'")),
    ("commitment_once", COMMITMENT.format(period="period", budget="budget", amount=1)),
    ("commitment_released_within", "UPDATE placements_commitment SET released = amount + 1"),
    ("commitment_released_within", "UPDATE placements_commitment SET released = -1"),
    ("commitment_budget_approved", COMMITMENT.format(period="other_period", budget="south_budget", amount=1)),
    ("commitment_never_overspends", COMMITMENT.format(period="other_period", budget="budget", amount="39325.01")),
    ("commitment_never_overspends", "UPDATE placements_commitment SET amount = 40000.01"),
]
# Uniqueness that follows from the primary key and only serves composite foreign keys.
KEYS = {"placement_student_live", "placement_school", "placement_host", "period_placement"}


@pytest.fixture
def ids(
    student: Student,
    student2: Student,
    north: School,
    south: School,
    provider: Provider,
    cast: Cast,
    budget: Budget,
) -> dict[str, int]:
    """An approved placement whose notice was given, a proposed one of another student, an override, two budgets."""
    facts = {"provider": provider, "cast": cast, "now": NOW, "first": date(2026, 11, 30), "last": date(2026, 12, 18)}
    approved: Placement = placement_at(Status.APPROVED, student=student, **facts)
    proposed: Placement = placement_at(Status.PROPOSED, student=make_student(north, "Cole", "Kit"), **facts)
    period = approved.periods.get()
    record_notice_given(period_id=period.pk, given_on=date(2026, 11, 20), by=cast.slt, now=NOW)
    GateOverride.objects.create(placement=approved, code="VISIT", reason="Booked.", by=cast.head, at=NOW)
    south_budget = make_budget(
        school=south, academic_year=budget.academic_year, amount=Decimal(100), proposed_by=cast.finance, proposed_at=NOW
    )
    return {
        "approved": approved.pk,
        "proposed": proposed.pk,
        "period": period.pk,
        "other_period": proposed.periods.get().pk,
        "slot": approved.slots.get(slots=(0, 1)).pk,
        "other_student": student2.pk,
        "head": cast.head.pk,
        "south": south.pk,
        "budget": budget.pk,
        "south_budget": south_budget.pk,
    }


@pytest.mark.parametrize(("constraint", "sql"), ATTACKS)
@pytest.mark.policy("P3.2")
def test_direct_sql_is_refused_by_the_named_constraint(ids: dict[str, int], constraint: str, sql: str) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, ids)
    assert refused.value.__cause__.diag.constraint_name == constraint


def test_every_constraint_is_attacked() -> None:
    declared = {
        constraint.name
        for model in apps.get_app_config("placements").get_models()
        for constraint in model._meta.constraints
    }
    # Every file of attacks beside this one counts.
    here = Path(__file__).parent
    modules = [import_module(f"{__package__}.{path.stem}") for path in here.glob("test_models*.py")]
    modules.append(import_module(f"{__package__}.test_suspended"))
    attacked = {name for module in modules for name, _ in module.ATTACKS}
    assert declared - KEYS - attacked == set()


def test_half_days_follow_the_placement_by_themselves(ids: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE placements_placement SET status = 'CANCELLED', live = false WHERE id = %(approved)s", ids
        )
        cursor.execute("SELECT DISTINCT live FROM placements_timetableslot WHERE placement_id = %(approved)s", ids)
        assert cursor.fetchall() == [(False,)]


def test_two_students_share_a_half_day(ids: dict[str, int], north: School, provider: Provider, cast: Cast) -> None:
    other = placement_at(
        Status.APPROVED,
        student=make_student(north, "Dunn", "Max"),
        provider=provider,
        cast=cast,
        now=NOW,
        first=date(2026, 11, 30),
    )
    assert other.live
