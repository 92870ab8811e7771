"""Budgets, what is promised from them, invoices."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from placements.lifecycle import (
    BUDGET_FIRST,
    BUDGET_MOVES,
    INVOICE_FIRST,
    INVOICE_MOVES,
    BudgetStatus,
    InvoiceStatus,
)
from placements.models._ranges import same
from placements.models.placements import Placement
from placements.models.timetable import PlacementPeriod
from providers.models import Provider
from trust.audit import status_by_table, track
from trust.models import AcademicYear, School, StoredFile
from trust.permissions import Permission
from trust.scoping import Scope, ScopedQuerySet


@track()
class Budget(models.Model):
    """The money of one school for one academic year, £ net of VAT (P1.2)."""

    scope = Scope(home="school_id", permission=Permission.SEE_MONEY)

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="budgets")
    academic_year = models.ForeignKey(AcademicYear, on_delete=models.PROTECT, related_name="budgets")
    amount = models.DecimalField("amount, £", max_digits=10, decimal_places=2)
    status = models.CharField(
        max_length=24, choices=BudgetStatus.choices, default=BudgetStatus.PROPOSED, editable=False
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-academic_year__first_day", "school__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "academic_year"],
                name="budget_once_a_year",
                violation_error_message="This school already has a budget for that year.",
            ),
            models.CheckConstraint(
                name="budget_not_negative",
                condition=Q(amount__gte=0),
                violation_error_message="A budget cannot be negative.",
            ),
            models.CheckConstraint(
                name="budget_not_approved_by_proposer",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                violation_error_message="Nobody approves a budget that they proposed.",
            ),
            models.CheckConstraint(
                name="budget_approved_pair",
                condition=Q(status=BudgetStatus.PROPOSED, approved_by__isnull=True, approved_at__isnull=True)
                | Q(status=BudgetStatus.APPROVED, approved_by__isnull=False, approved_at__isnull=False),
            ),
        ]

        triggers = [
            status_by_table(BUDGET_FIRST, BUDGET_MOVES),
            pgtrigger.Trigger(
                name="never_below_what_is_promised",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("amount"),
                condition=pgtrigger.Q(old__status=BudgetStatus.APPROVED, new__amount__lt=pgtrigger.F("old__amount")),
                func="""
                IF NEW.amount < (
                    SELECT COALESCE(SUM(amount - released), 0) FROM placements_commitment WHERE budget_id = NEW.id
                ) THEN
                    RAISE EXCEPTION 'a budget cannot be lower than what is promised'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_not_below_promised';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="changed_only_by_an_approved_change",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("amount"),
                condition=pgtrigger.Q(old__status=BudgetStatus.APPROVED, new__amount__df=pgtrigger.F("old__amount")),
                func="""
                IF NOT EXISTS (
                    SELECT 1 FROM placements_budgetchange
                    WHERE budget_id = NEW.id AND approved_at IS NOT NULL
                        AND old_amount = OLD.amount AND new_amount = NEW.amount
                ) THEN
                    RAISE EXCEPTION 'an approved budget is changed by an approved change only'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_changed_by_change';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Budget {self.academic_year} of {self.school}"


@track()
class BudgetChange(models.Model):
    """Another amount for an approved budget: proposed with a reason, approved by somebody else, or dropped (P1.2)."""

    scope = Scope(home="budget__school_id", permission=Permission.SEE_MONEY)

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="changes")
    old_amount = models.DecimalField(max_digits=10, decimal_places=2)
    new_amount = models.DecimalField("new amount, £", max_digits=10, decimal_places=2)
    reason = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    dropped_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    dropped_at = models.DateTimeField(null=True)
    dropped_reason = models.CharField(max_length=240, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["budget_id", "-proposed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["budget"],
                condition=Q(approved_at__isnull=True, dropped_at__isnull=True),
                name="budget_change_one_open",
                violation_error_message="A change of this budget waits for a decision already.",
            ),
            models.CheckConstraint(
                name="budget_change_changes",
                condition=Q(new_amount__gte=0) & ~Q(new_amount=F("old_amount")) & ~Q(reason=""),
                violation_error_message="Give another amount, not below zero, and the reason.",
            ),
            models.CheckConstraint(
                name="budget_change_not_approved_by_proposer",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                violation_error_message="Nobody approves a budget that they proposed.",
            ),
            models.CheckConstraint(
                name="budget_change_decided_once",
                condition=(
                    Q(approved_by__isnull=True, approved_at__isnull=True)
                    | Q(approved_by__isnull=False, approved_at__isnull=False)
                )
                & (
                    Q(dropped_by__isnull=True, dropped_at__isnull=True)
                    | Q(dropped_by__isnull=False, dropped_at__isnull=False)
                )
                & (Q(approved_at__isnull=True) | Q(dropped_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"Change of budget {self.budget_id} to £{self.new_amount}"


@track()
class Commitment(models.Model):
    """Money of a budget promised to one period: drawn at approval, ``released`` at an early end.

    ``over_budget_reason`` is the chief executive's; without it the database refuses what does not fit.
    """

    scope = Scope(home="budget__school_id", permission=Permission.SEE_MONEY)

    placement_period = models.ForeignKey(PlacementPeriod, on_delete=models.PROTECT, related_name="commitments")
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="commitments")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    released = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    over_budget_reason = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["budget_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["placement_period", "budget"], name="commitment_once"),
            models.CheckConstraint(
                name="commitment_released_within", condition=Q(amount__gte=F("released"), released__gte=0)
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="never_overspent",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("allowed", "numeric"), ("taken", "numeric")],
                func="""
                SELECT amount INTO allowed FROM placements_budget
                    WHERE id = NEW.budget_id AND status = 'APPROVED' FOR UPDATE;
                IF allowed IS NULL THEN
                    RAISE EXCEPTION 'money is committed only against an approved budget'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'commitment_budget_approved';
                END IF;
                SELECT COALESCE(SUM(amount - released), 0) INTO taken FROM placements_commitment
                    WHERE budget_id = NEW.budget_id AND id IS DISTINCT FROM NEW.id;
                IF NEW.over_budget_reason = '' AND taken + NEW.amount - NEW.released > allowed
                    AND (TG_OP = 'INSERT' OR NEW.amount - NEW.released > OLD.amount - OLD.released) THEN
                    RAISE EXCEPTION 'the budget would be overspent'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'commitment_never_overspends';
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"£{self.amount} of budget {self.budget_id}"


@track()
class Invoice(models.Model):
    """A provider's bill, recorded by finance. Amounts are £; ``net`` is the sum of the lines, VAT stands beside it."""

    # It may bill students of several schools: each sees the invoice, its own lines only.
    scope = Scope(home="lines__placement__school_id", permission=Permission.SEE_INVOICES)

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField("invoice number", max_length=40)
    invoiced_on = models.DateField("date of the invoice")
    net = models.DecimalField(max_digits=10, decimal_places=2)
    vat = models.DecimalField("VAT", max_digits=10, decimal_places=2, default=0)
    status = models.CharField(
        max_length=24, choices=InvoiceStatus.choices, default=InvoiceStatus.RECORDED, editable=False
    )
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    paid_on = models.DateField(null=True)
    paid_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    rejected_reason = models.CharField("why it was sent back", max_length=240, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-invoiced_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                "provider",
                Upper("number"),
                name="invoice_number_once",
                violation_error_message="This invoice of this provider is recorded already.",
            ),
            models.CheckConstraint(name="invoice_not_negative", condition=Q(net__gte=0, vat__gte=0)),
            models.CheckConstraint(
                name="invoice_paid_once_settled",
                condition=(~Q(status__in=[InvoiceStatus.SETTLED, InvoiceStatus.PAID]) | Q(settled_at__isnull=False))
                & (~Q(status=InvoiceStatus.PAID) | Q(paid_on__isnull=False, paid_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="invoice_rejection_has_reason",
                condition=~Q(status=InvoiceStatus.REJECTED) | ~Q(rejected_reason=""),
                violation_error_message="Say why the invoice is sent back.",
            ),
        ]
        triggers = [
            status_by_table(INVOICE_FIRST, INVOICE_MOVES),
            pgtrigger.Trigger(
                name="settled_when_every_line_is",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("status"),
                condition=pgtrigger.Q(new__status=InvoiceStatus.SETTLED),
                func="""
                IF NEW.net <> (SELECT COALESCE(SUM(net), 0) FROM placements_invoiceline WHERE invoice_id = NEW.id)
                    OR EXISTS (
                        SELECT 1 FROM placements_invoiceline WHERE invoice_id = NEW.id AND settled_at IS NULL
                    ) THEN
                    RAISE EXCEPTION 'every line is settled and their sum is the net amount, or the invoice is not'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_settled_by_lines';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Invoice {self.number}"


@track()
class InvoiceLine(models.Model):
    """One placement billed for a stretch of days, beside what was agreed and what took place.

    ``agreed_*`` and ``attended_sessions`` are frozen when the line is matched; ``live`` goes when the invoice is sent
    back, so that the same days can be billed again once and never twice.
    """

    scope = Scope(home="placement__school_id", permission=Permission.SEE_INVOICES)

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="invoice_lines")
    period = DateRangeField()
    sessions = models.PositiveSmallIntegerField("sessions billed")
    net = models.DecimalField("£ net of VAT", max_digits=10, decimal_places=2)
    agreed_sessions = models.PositiveSmallIntegerField(null=True)
    attended_sessions = models.PositiveSmallIntegerField(null=True)
    agreed_net = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    matched_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    settled_reason = models.CharField("why a difference was accepted", max_length=240, blank=True)
    live = models.BooleanField(default=True, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["invoice_id", "id"]
        constraints = [
            ExclusionConstraint(
                name="days_billed_once",
                index_type="gist",
                expressions=[(same("placement_id"), "&&"), ("period", "&&")],
                condition=Q(live=True),
                violation_error_message="Some of these days of this placement are billed on another line already.",
            ),
            models.CheckConstraint(
                name="invoice_line_days",
                condition=Q(period__isempty=False, period__lower_inf=False, period__upper_inf=False),
                violation_error_message="Give the first and the last day of the line.",
            ),
            models.CheckConstraint(name="invoice_line_not_negative", condition=Q(net__gte=0)),
            models.CheckConstraint(
                name="invoice_line_settled_pair",
                condition=Q(settled_by__isnull=True, settled_at__isnull=True)
                | Q(settled_by__isnull=False, settled_at__isnull=False, matched_at__isnull=False),
            ),
            models.CheckConstraint(
                name="invoice_difference_has_reason",
                condition=Q(settled_at__isnull=True) | Q(net=F("agreed_net")) | ~Q(settled_reason=""),
                violation_error_message="Say why the difference is accepted.",
            ),
        ]

    def __str__(self) -> str:
        return f"Line of invoice {self.invoice_id}"
