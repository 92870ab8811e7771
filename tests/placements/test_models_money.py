"""What the database itself refuses about budgets, promises and invoices, whoever writes."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from placements.lifecycle import Status
from placements.models import Budget, BudgetChange, Commitment, Invoice, InvoiceLine, Placement
from placements.rules import Agreed
from placements.services import (
    approve_budget_change,
    drop_budget_change,
    pay_invoice,
    propose_budget_change,
    record_invoice,
    record_match,
    reject_invoice,
    settle_invoice,
)
from providers.models import Provider
from tests.factories.people import make_student
from tests.factories.placements import make_budget, placement_at
from tests.fixtures import NOW, TODAY, Cast
from trust.models import School, Student

pytestmark = pytest.mark.django_db

BUDGET = "UPDATE placements_budget SET {} WHERE id = %(budget)s"
PROPOSED = "UPDATE placements_budget SET {} WHERE id = %(proposed)s"
CHANGE = "UPDATE placements_budgetchange SET {} WHERE id = %(change)s"
APPROVED_CHANGE = "UPDATE placements_budgetchange SET {} WHERE id = %(approved_change)s"
NEW_CHANGE = (
    "INSERT INTO placements_budgetchange (budget_id, old_amount, new_amount, reason, proposed_by_id, proposed_at,"
    " dropped_reason) SELECT budget_id, old_amount, new_amount, reason, proposed_by_id, proposed_at, ''"
    " FROM placements_budgetchange WHERE id = %(change)s"
)
COMMITMENT = (
    "INSERT INTO placements_commitment (placement_period_id, budget_id, amount, released, over_budget_reason)"
    " VALUES (%({period})s, %({budget})s, {amount}, 0, '')"
)
PROMISE = "UPDATE placements_commitment SET {} WHERE id = %(commitment)s"
INVOICE = "UPDATE placements_invoice SET {} WHERE id = %(invoice)s"
SETTLED = "UPDATE placements_invoice SET {} WHERE id = %(settled)s"
PAID = "UPDATE placements_invoice SET {} WHERE id = %(paid)s"
REJECTED = "UPDATE placements_invoice SET {} WHERE id = %(rejected)s"
LINE = "UPDATE placements_invoiceline SET {} WHERE id = %(line)s"
NEW_INVOICE = (
    "INSERT INTO placements_invoice (provider_id, number, invoiced_on, net, vat, status, recorded_by_id, recorded_at,"
    " rejected_reason, version) SELECT provider_id, {number}, invoiced_on, 0, 0, '{status}', recorded_by_id,"
    " recorded_at, '', 1 FROM placements_invoice WHERE id = %(invoice)s"
)
NEW_LINE = (
    "INSERT INTO placements_invoiceline (invoice_id, placement_id, period, sessions, net, settled_reason, live)"
    " SELECT %(invoice)s, placement_id, {period}, 1, {net}, '', true FROM placements_invoiceline WHERE id = %(line)s"
)

ATTACKS = [
    # Budgets
    (
        "budget_once_a_year",
        (
            "INSERT INTO placements_budget (school_id, academic_year_id, amount, status, proposed_by_id, proposed_at,"
            " version) SELECT school_id, academic_year_id, 1, 'PROPOSED', proposed_by_id, proposed_at, 1"
            " FROM placements_budget WHERE id = %(budget)s"
        ),
    ),
    ("budget_not_negative", PROPOSED.format("amount = -1")),
    ("budget_not_approved_by_proposer", BUDGET.format("approved_by_id = proposed_by_id")),
    ("budget_approved_pair", BUDGET.format("approved_at = NULL")),
    ("budget_approved_pair", PROPOSED.format("status = 'APPROVED'")),
    ("status_follows_its_table", BUDGET.format("status = 'PROPOSED', approved_at = NULL, approved_by_id = NULL")),
    ("budget_changed_by_change", BUDGET.format("amount = 50000")),
    ("budget_changed_by_change", BUDGET.format("amount = 39999")),
    (
        "budget_not_below_promised",
        CHANGE.format("new_amount = 674.99, approved_by_id = %(head)s, approved_at = now()")
        + "; "
        + BUDGET.format("amount = 674.99"),
    ),
    # Changes of an approved budget
    ("budget_change_one_open", NEW_CHANGE),
    ("budget_change_changes", CHANGE.format("new_amount = old_amount")),
    ("budget_change_changes", CHANGE.format("new_amount = -1")),
    ("budget_change_changes", CHANGE.format("reason = ''")),
    ("budget_change_not_approved_by_proposer", CHANGE.format("approved_by_id = proposed_by_id, approved_at = now()")),
    ("budget_change_decided_once", CHANGE.format("approved_at = now()")),
    ("budget_change_decided_once", CHANGE.format("dropped_by_id = %(head)s")),
    ("budget_change_decided_once", APPROVED_CHANGE.format("dropped_by_id = %(head)s, dropped_at = now()")),
    # Promises
    ("commitment_once", COMMITMENT.format(period="period", budget="budget", amount=1)),
    ("commitment_released_within", PROMISE.format("released = amount + 1")),
    ("commitment_released_within", PROMISE.format("released = -1")),
    ("commitment_budget_approved", COMMITMENT.format(period="other_period", budget="proposed", amount=1)),
    ("commitment_never_overspends", COMMITMENT.format(period="other_period", budget="budget", amount="39325.01")),
    ("commitment_never_overspends", PROMISE.format("amount = 40000.01")),
    # Invoices
    ("invoice_number_once", NEW_INVOICE.format(number="lower(number)", status="RECORDED")),
    ("invoice_not_negative", INVOICE.format("net = -1")),
    ("invoice_not_negative", INVOICE.format("vat = -0.01")),
    ("invoice_paid_once_settled", SETTLED.format("settled_at = NULL")),
    ("invoice_paid_once_settled", SETTLED.format("status = 'PAID'")),
    ("invoice_rejection_has_reason", REJECTED.format("rejected_reason = ''")),
    ("invoice_rejection_has_reason", INVOICE.format("status = 'REJECTED'")),
    ("invoice_settled_by_lines", INVOICE.format("status = 'SETTLED', settled_at = now()")),
    ("status_follows_its_table", INVOICE.format("status = 'PAID', paid_on = now(), paid_by_id = %(head)s")),
    ("status_follows_its_table", PAID.format("status = 'SETTLED'")),
    ("status_follows_its_table", REJECTED.format("status = 'RECORDED'")),
    ("status_follows_its_table", NEW_INVOICE.format(number="'X-9'", status="PAID")),
    # Lines
    ("days_billed_once", NEW_LINE.format(period="period", net=1)),
    ("days_billed_once", NEW_LINE.format(period="daterange(upper(period) - 1, upper(period) + 5)", net=1)),
    ("invoice_line_days", NEW_LINE.format(period="'empty'", net=1)),
    ("invoice_line_days", NEW_LINE.format(period="daterange('2027-05-01', NULL)", net=1)),
    ("invoice_line_not_negative", NEW_LINE.format(period="daterange('2027-05-01', '2027-05-08')", net=-1)),
    ("invoice_line_settled_pair", LINE.format("settled_at = now(), settled_reason = 'x'")),
    ("invoice_line_settled_pair", LINE.format("settled_by_id = %(head)s")),
    (
        "invoice_line_settled_pair",
        LINE.format("settled_by_id = %(head)s, settled_at = now(), matched_at = NULL, agreed_net = net"),
    ),
    ("invoice_difference_has_reason", LINE.format("settled_by_id = %(head)s, settled_at = now()")),
]


@pytest.fixture
def ids(
    student: Student, north: School, south: School, provider: Provider, cast: Cast, budget: Budget
) -> dict[str, int]:
    """A budget with a promise, an approved and an open change; invoices recorded, settled, paid and sent back."""
    facts = {"provider": provider, "cast": cast, "now": NOW, "first": date(2026, 11, 30), "last": date(2026, 12, 18)}
    approved: Placement = placement_at(Status.APPROVED, student=student, **facts)
    proposed: Placement = placement_at(Status.PROPOSED, student=make_student(north, "Cole", "Kit"), **facts)
    up = propose_budget_change(
        budget_id=budget.pk, new_amount=Decimal(45000), reason="More places.", by=cast.finance, now=NOW
    )
    approve_budget_change(change_id=up.pk, by=cast.head, now=NOW)
    down = propose_budget_change(
        budget_id=budget.pk, new_amount=Decimal(40000), reason="Fewer places.", by=cast.finance, now=NOW
    )
    approve_budget_change(change_id=down.pk, by=cast.head, now=NOW)
    dropped = propose_budget_change(
        budget_id=budget.pk, new_amount=Decimal(41000), reason="A try.", by=cast.finance, now=NOW
    )
    drop_budget_change(change_id=dropped.pk, reason="Not needed.", by=cast.finance, now=NOW)
    change = propose_budget_change(
        budget_id=budget.pk, new_amount=Decimal(39000), reason="Saving.", by=cast.finance, now=NOW
    )
    invoices = {}
    for number, name in enumerate(("invoice", "settled", "paid", "rejected")):
        day = date(2026, 11, 30 if number == 0 else number)
        invoice = record_invoice(
            provider_id=provider.pk,
            number=f"Inv-{number}",
            invoiced_on=TODAY,
            vat=Decimal(0),
            lines=[{"placement_id": approved.pk, "first": day, "last": day, "sessions": 1, "net": Decimal(45)}],
            file=None,
            by=cast.finance,
            now=NOW,
        )
        invoices[name] = invoice.pk
        line = invoice.lines.get()
        agreed = Agreed(1, 1, Decimal(40 if name == "invoice" else 45))
        record_match(invoice_id=invoice.pk, matches={line.pk: agreed}, by=cast.finance, now=NOW)
        if name in ("settled", "paid"):
            settle_invoice(invoice_id=invoice.pk, by=cast.finance, now=NOW)
        if name == "paid":
            pay_invoice(invoice_id=invoice.pk, paid_on=TODAY, by=cast.finance, now=NOW)
        if name == "rejected":
            reject_invoice(invoice_id=invoice.pk, reason="Not ours.", by=cast.finance, now=NOW)
    waiting = make_budget(
        school=south, academic_year=budget.academic_year, amount=Decimal(100), proposed_by=cast.finance, proposed_at=NOW
    )
    return {
        "budget": budget.pk,
        "proposed": waiting.pk,
        "change": change.pk,
        "approved_change": up.pk,
        "period": approved.periods.get().pk,
        "other_period": proposed.periods.get().pk,
        "commitment": Commitment.objects.get().pk,
        "head": cast.head.pk,
        "line": InvoiceLine.objects.get(invoice=invoices["invoice"]).pk,
        **invoices,
    }


@pytest.mark.parametrize(("constraint", "sql"), ATTACKS)
@pytest.mark.policy("P1.2")
def test_direct_sql_about_money_is_refused_by_the_named_constraint(
    ids: dict[str, int], constraint: str, sql: str
) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, ids)
    assert refused.value.__cause__.diag.constraint_name == constraint


def test_every_constraint_and_trigger_about_money_is_attacked() -> None:
    models = (Budget, BudgetChange, Commitment, Invoice, InvoiceLine)
    declared = {constraint.name for model in models for constraint in model._meta.constraints}
    raised = {
        part.split("'")[1]
        for model in models
        for trigger in model._meta.triggers
        for part in (getattr(trigger, "func", "") or "").split("CONSTRAINT = ")[1:]
    }
    assert {name for name, _ in ATTACKS} >= declared | raised


def test_days_of_an_invoice_sent_back_may_be_billed_again(ids: dict[str, int], cast: Cast, provider: Provider) -> None:
    old = InvoiceLine.objects.get(invoice=ids["rejected"])
    assert not old.live
    again = record_invoice(
        provider_id=provider.pk,
        number="Inv-9",
        invoiced_on=TODAY,
        vat=Decimal(0),
        lines=[
            {
                "placement_id": old.placement_id,
                "first": old.period.lower,
                "last": old.period.lower,
                "sessions": 1,
                "net": Decimal(45),
            }
        ],
        file=None,
        by=cast.finance,
        now=NOW,
    )
    assert again.lines.get().live
