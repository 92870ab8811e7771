"""Budgets of the schools."""

from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse

from placements.forms import BudgetForm
from placements.models import Budget
from placements.queries import budgets_shown
from placements.services import approve_budget, propose_budget
from trust.permissions import Permission
from trust.web import Page, ServiceAction, ServiceFormView


class BudgetList(Page):
    """Budgets with what is committed and left, newest year first."""

    http_method_names = ["get", "head", "options"]
    permission = Permission.SEE_MONEY
    template_name = "placements/budget_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        budgets = Budget.objects.visible_to(self.by).select_related("school", "academic_year", "proposed_by")
        page = Paginator(budgets, 25).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            page_obj=page,
            rows=budgets_shown(page.object_list, self.by),
            may_propose=self.holds(Permission.PROPOSE_BUDGET),
            **kwargs,
        )


class BudgetPropose(ServiceFormView):
    """Propose the budget of a school for an academic year."""

    permission = Permission.PROPOSE_BUDGET
    form_class = BudgetForm
    template_name = "components/form_page.html"
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
        return reverse("placements:budget-list")

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


class BudgetApprove(ServiceAction):
    """Approve a proposed budget."""

    permission = Permission.APPROVE_BUDGET
    done = "The budget is approved."

    def load(self) -> None:
        self.budget = self.find(Budget.objects.visible_to(self.request.user))

    def act(self) -> Budget:
        return approve_budget(budget_id=self.budget.pk, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("placements:budget-list")
