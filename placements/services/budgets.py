"""Budgets: 'established in due time, approved by CEO/Headteacher' (P1.2)."""

from datetime import datetime
from decimal import Decimal

from placements.lifecycle import BUDGET_FIRST, BudgetStatus, check_budget_move
from placements.models import Budget
from placements.rules import check_not_same_person
from trust.errors import RuleBroken
from trust.models import AcademicYear, School, User
from trust.services import require, saving


def propose_budget(*, school_id: int, academic_year_id: int, amount: Decimal, by: User, now: datetime) -> Budget:
    """Propose the budget of a school for an academic year, £ net of VAT; a proposed one is replaced."""
    with saving(by=by, reason="Budget proposed"):
        require(by, BUDGET_FIRST[BudgetStatus.PROPOSED], home_id=school_id)
        School.objects.select_for_update(no_key=True).get(pk=school_id)
        AcademicYear.objects.get(pk=academic_year_id)
        budget: Budget | None = Budget.objects.filter(school_id=school_id, academic_year_id=academic_year_id).first()
        if budget is None:
            budget = Budget(school_id=school_id, academic_year_id=academic_year_id)
        elif budget.status != BudgetStatus.PROPOSED:
            raise RuleBroken("This school already has an approved budget for that year.", field="academic_year")
        budget.amount, budget.proposed_by, budget.proposed_at = amount, by, now
        budget.save()
    return budget


def approve_budget(*, budget_id: int, by: User, now: datetime) -> Budget:
    """Approve a proposed budget; never one's own proposal."""
    with saving(by=by, reason="Budget approved"):
        budget: Budget = Budget.objects.select_for_update().get(pk=budget_id)
        _move(budget, BudgetStatus.APPROVED, by)
        check_not_same_person(budget.proposed_by_id, by.pk)
        budget.approved_by, budget.approved_at = by, now
        budget.save()
    return budget


def _move(budget: Budget, new: BudgetStatus, by: User) -> None:
    """The only writer of a budget's ``status``."""
    require(by, check_budget_move(budget.status, new), home_id=budget.school_id)
    budget.status = new
