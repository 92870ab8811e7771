"""Budgets: 'established in due time, approved by CEO/Headteacher' and 'managed effectively' (P1.2)."""

from datetime import datetime
from decimal import Decimal

from placements.lifecycle import BUDGET_FIRST, BudgetStatus, check_budget_move
from placements.models import Budget, BudgetChange
from placements.queries import budget_figures
from placements.rules import check_not_same_person, pounds
from placements.services._moves import say_why
from trust.errors import RuleBroken
from trust.models import AcademicYear, School, User
from trust.permissions import Permission
from trust.services import check_version, clear_flags, require, saving


def propose_budget(*, school_id: int, academic_year_id: int, amount: Decimal, by: User, now: datetime) -> Budget:
    """Propose the budget of a school for an academic year, £ net of VAT; a proposed one is replaced."""
    with saving(by=by, reason="Budget proposed"):
        require(by, BUDGET_FIRST[BudgetStatus.PROPOSED], home_id=school_id)
        School.objects.select_for_update(no_key=True).get(pk=school_id)
        AcademicYear.objects.get(pk=academic_year_id)
        budget: Budget | None = (
            Budget.objects.select_for_update().filter(school_id=school_id, academic_year_id=academic_year_id).first()
        )
        if budget is None:
            budget = Budget(school_id=school_id, academic_year_id=academic_year_id)
        elif budget.status != BudgetStatus.PROPOSED:
            raise RuleBroken(
                "This school already has an approved budget for that year.",
                field="academic_year",
                help="Propose a change of its amount on the page of the budget.",
            )
        else:
            budget.version += 1
        budget.amount, budget.proposed_by, budget.proposed_at = amount, by, now
        budget.save()
    return budget


def approve_budget(*, budget_id: int, by: User, now: datetime, version: int | None = None) -> Budget:
    """Approve a proposed budget; never one's own proposal.

    ``version`` is that of the budget as it was read: nobody approves an amount that was changed meanwhile.
    """
    with saving(by=by, reason="Budget approved"):
        budget: Budget = Budget.objects.select_for_update().get(pk=budget_id)
        _move(budget, BudgetStatus.APPROVED, by)
        check_version(budget, version)
        check_not_same_person(budget.proposed_by_id, by.pk)
        budget.approved_by, budget.approved_at = by, now
        budget.version += 1
        budget.save()
        clear_flags(kind="budget_missing", subject=f"school:{budget.school_id}", now=now)
    return budget


def propose_budget_change(
    *, budget_id: int, new_amount: Decimal, reason: str, by: User, now: datetime, version: int | None = None
) -> BudgetChange:
    """Propose another amount for an approved budget, with a reason; never below what is promised from it."""
    why = say_why(reason, "the change")
    with saving(by=by, reason=why):
        budget = _locked(budget_id)
        require(by, Permission.PROPOSE_BUDGET, home_id=budget.school_id)
        check_version(budget, version)
        if budget.status != BudgetStatus.APPROVED:
            raise RuleBroken("This budget is not approved yet: propose it anew with another amount.")
        if new_amount == budget.amount:
            raise RuleBroken(f"The budget is {pounds(budget.amount)} already.", field="new_amount")
        if budget.changes.filter(approved_at__isnull=True, dropped_at__isnull=True).exists():
            raise RuleBroken("A change of this budget waits for a decision already.")
        _check_covers(budget, new_amount)
        change: BudgetChange = BudgetChange.objects.create(
            budget=budget,
            old_amount=budget.amount,
            new_amount=new_amount,
            reason=why,
            proposed_by=by,
            proposed_at=now,
        )
    return change


def approve_budget_change(*, change_id: int, by: User, now: datetime, version: int | None = None) -> Budget:
    """Approve a proposed change: the budget has the new amount from now on. Never one's own proposal.

    ``version`` is that of the budget as it was read. What was promised meanwhile is asked again under the lock.
    """
    with saving(by=by, reason="Change of budget approved"):
        budget = _locked(BudgetChange.objects.values_list("budget_id", flat=True).get(pk=change_id))
        change = BudgetChange.objects.select_for_update().get(pk=change_id)
        require(by, Permission.APPROVE_BUDGET, home_id=budget.school_id)
        _check_open(change)
        check_version(budget, version)
        check_not_same_person(change.proposed_by_id, by.pk)
        _check_covers(budget, change.new_amount)
        change.approved_by, change.approved_at = by, now
        change.save()
        # The database asks for the approved change when the amount moves.
        budget.amount = change.new_amount
        budget.version += 1
        budget.save()
    return budget


def drop_budget_change(*, change_id: int, reason: str, by: User, now: datetime) -> BudgetChange:
    """Take back or decline a proposed change, with a reason: who proposes or who approves budgets there may."""
    why = say_why(reason, "dropping the change")
    with saving(by=by, reason=why):
        budget = _locked(BudgetChange.objects.values_list("budget_id", flat=True).get(pk=change_id))
        change: BudgetChange = BudgetChange.objects.select_for_update().get(pk=change_id)
        if not by.allows(Permission.PROPOSE_BUDGET, home_id=budget.school_id):
            require(by, Permission.APPROVE_BUDGET, home_id=budget.school_id)
        _check_open(change)
        change.dropped_by, change.dropped_at, change.dropped_reason = by, now, why[:240]
        change.save()
    return change


def _check_covers(budget: Budget, amount: Decimal) -> None:
    promised = budget_figures([budget])[budget.pk].committed
    if amount < promised and amount < budget.amount:
        raise RuleBroken(
            f"{pounds(promised)} is promised from this budget: it cannot be lower than that.", field="new_amount"
        )


def _check_open(change: BudgetChange) -> None:
    if change.approved_at is not None or change.dropped_at is not None:
        raise RuleBroken("This change was decided already: load the page again.")


def _locked(budget_id: int) -> Budget:
    budget: Budget = Budget.objects.select_for_update(of=("self",)).get(pk=budget_id)
    return budget


def _move(budget: Budget, new: BudgetStatus, by: User) -> None:
    """The only writer of a budget's ``status``."""
    require(by, check_budget_move(budget.status, new), home_id=budget.school_id)
    budget.status = new
