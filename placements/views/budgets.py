"""Budgets of the schools."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.urls import reverse

from placements.forms import BudgetApproveForm, BudgetChangeForm, BudgetForm, ReasonForm
from placements.models import Budget, BudgetChange
from placements.queries import amount_history, bought_for, budget_list, budget_rows, taken_of
from placements.services import (
    approve_budget,
    approve_budget_change,
    drop_budget_change,
    propose_budget,
    propose_budget_change,
)
from trust.calendar import london_date
from trust.permissions import Permission
from trust.web import Guard, Page, ServiceFormView, refusal

FORM_PAGE = "components/form_page.html"


class BudgetList(Page):
    """Budgets with what is promised, left and forecast, newest year first."""

    http_method_names = ["get", "head", "options"]
    permission = Permission.SEE_MONEY
    template_name = "placements/budget_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(budget_list(self.by), 25).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            page_obj=page,
            rows=budget_rows(page.object_list, self.by, london_date(self.now)),
            may_propose=self.holds(Permission.PROPOSE_BUDGET),
            **kwargs,
        )


class BudgetPropose(ServiceFormView):
    """Propose the budget of a school for an academic year."""

    permission = Permission.PROPOSE_BUDGET
    form_class = BudgetForm
    template_name = FORM_PAGE
    done = "The budget is proposed. Another person approves it."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.by}

    def act(self, data: dict[str, Any]) -> Budget:
        return propose_budget(
            school_id=data["school"].pk,
            academic_year_id=data["academic_year"].pk,
            amount=data["amount"],
            by=self.by,
            now=self.now,
        )

    def get_success_url(self) -> str:
        return reverse("placements:budget-detail", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = reverse("placements:budget-list")
        return super().get_context_data(
            title="Propose a budget",
            submit_label="Propose the budget",
            cancel_url=own,
            crumbs=[("Budgets", own)],
            intro="Net of VAT. A budget that is proposed and not approved yet is replaced.",
            **kwargs,
        )


class OfBudget(Guard):
    """What the pages of one budget share: ``self.budget``."""

    budget: Budget

    def load(self) -> None:
        self.budget = self.find(budget_list(self.by))

    def get_success_url(self) -> str:
        """The page of the budget."""
        return reverse("placements:budget-detail", args=[self.budget.pk])

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the budget's page."""
        own = reverse("placements:budget-detail", args=[self.budget.pk])
        crumbs = [("Budgets", reverse("placements:budget-list")), (str(self.budget), own)]
        return {
            "title": title,
            "lead": str(self.budget),
            "submit_label": submit_label,
            "cancel_url": own,
            "crumbs": crumbs,
            **more,
        }

    def row(self) -> Any:
        """The budget with its figures and what the person may do."""
        return budget_rows([self.budget], self.by, london_date(self.now))[0]


class BudgetDetail(OfBudget, Page):
    """One budget: figures, forecast, how the amount came about, what each placement takes and was billed."""

    http_method_names = ["get", "head", "options"]
    permission = Permission.SEE_MONEY
    template_name = "placements/budget_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            row=self.row(),
            history=amount_history(self.budget),
            taken=taken_of(self.budget),
            bought=bought_for(self.budget, london_date(self.now)),
            sees_students=self.may(Permission.SEE_STUDENTS, self.budget),
            **kwargs,
        )


class BudgetApprove(OfBudget, ServiceFormView):
    """Approve a proposed budget as it was read."""

    permission = Permission.APPROVE_BUDGET
    form_class = BudgetApproveForm
    template_name = "placements/budget_approve.html"
    done = "The budget is approved."

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.budget.version}

    def act(self, data: dict[str, Any]) -> Budget:
        return approve_budget(budget_id=self.budget.pk, version=data["version"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of("Approve the budget", "Approve the budget")
        return super().get_context_data(**page, row=self.row(), change=None, **kwargs)


class BudgetChangePropose(OfBudget, ServiceFormView):
    """Propose another amount for an approved budget."""

    permission = Permission.PROPOSE_BUDGET
    form_class = BudgetChangeForm
    template_name = FORM_PAGE
    done = "The change is proposed. Another person approves it."

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.budget.version}

    def act(self, data: dict[str, Any]) -> BudgetChange:
        return propose_budget_change(budget_id=self.budget.pk, by=self.by, now=self.now, **data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        intro = "Net of VAT, and never below what is promised already. The amount changes when somebody else approves."
        page = self.page_of("Change the amount", "Propose the change", intro=intro)
        return super().get_context_data(**page, **kwargs)


class OfChange(OfBudget):
    """What the pages of one proposed change share: ``self.change`` and its budget."""

    change: BudgetChange

    def load(self) -> None:
        rows = BudgetChange.objects.visible_to(self.request.user)
        self.change = self.find(rows.select_related("budget", "proposed_by"))
        self.budget = self.find(budget_list(self.by), self.change.budget_id)


class BudgetChangeApprove(OfChange, ServiceFormView):
    """Approve a change of a budget as it was read."""

    permission = Permission.APPROVE_BUDGET
    form_class = BudgetApproveForm
    template_name = "placements/budget_approve.html"
    done = "The change is approved: the budget has the new amount."

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.budget.version}

    def act(self, data: dict[str, Any]) -> Budget:
        return approve_budget_change(change_id=self.change.pk, version=data["version"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of("Approve the change", "Approve the change")
        return super().get_context_data(**page, row=self.row(), change=self.change, **kwargs)


class BudgetChangeDrop(OfChange, ServiceFormView):
    """Take back or decline a proposed change."""

    permission = Permission.SEE_MONEY
    form_class = ReasonForm
    template_name = FORM_PAGE
    done = "The change is dropped; the amount stays."

    def load(self) -> None:
        super().load()
        # Either side may: who proposes budgets, or who approves them.
        if not any(self.may(wanted, self.budget) for wanted in (Permission.PROPOSE_BUDGET, Permission.APPROVE_BUDGET)):
            raise PermissionDenied(refusal(Permission.APPROVE_BUDGET))

    def act(self, data: dict[str, Any]) -> BudgetChange:
        return drop_budget_change(change_id=self.change.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of("Drop the change", "Drop the change", submit_tone="danger")
        return super().get_context_data(**page, **kwargs)
