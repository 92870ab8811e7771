"""Going live: bringing in what runs already, and confirming it."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from placements.forms import BringInForm, ConfirmForm, ProviderForm
from placements.models import Placement
from placements.queries import cost_of, gate_of, gates_shown, periods_of, timetable_shown
from placements.services import bring_in_placement, confirm_brought_in, decline_brought_in
from placements.views.placements import OfPlacement
from providers.models import Provider
from trust.calendar import london_date
from trust.models import Student
from trust.permissions import Permission
from trust.templatetags.trust_ui import surname_first
from trust.web import ServiceFormView


class PlacementBringIn(ServiceFormView):
    """Record a placement that runs already: ``?provider=`` picks the provider, then come its facts."""

    permission = Permission.PROPOSE_PLACEMENT
    form_class = BringInForm
    template_name = "placements/placement_bring_in.html"
    done = "Brought in. It counts once the Headteacher or the Chief executive has confirmed it."

    def load(self) -> None:
        self.student = self.find(Student.objects.visible_to(self.request.user).select_related("school"))
        self.first_step = ProviderForm(
            self.request.GET if "provider" in self.request.GET else None,
            user=self.by,
            school_id=self.student.school_id,
        )
        valid = self.first_step.is_bound and self.first_step.is_valid()
        self.provider: Provider | None = self.first_step.cleaned_data["provider"] if valid else None

    def get_form(self, form_class: Any = None) -> forms.Form:
        return super().get_form(form_class) if self.provider else self.first_step

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "provider": self.provider}

    def get_initial(self) -> dict[str, Any]:
        site = self.provider.sites.order_by("name").first() if self.provider else None
        times = site.times.order_by("-from_day").first() if site else None
        return {
            "site": site,
            "report_to": site.report_to if site else "",
            "start_time": times.am_start if times else None,
            "review_weeks": 6,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.provider is None:
            return self.form_invalid(self.first_step)
        return super().post(request, *args, **kwargs)

    def act(self, data: dict[str, Any]) -> Placement:
        return bring_in_placement(student_id=self.student.pk, data=data, facts=data["facts"], by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("placements:placement-detail", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = reverse("trust:student-detail", args=[self.student.pk])
        return super().get_context_data(
            title="Bring in a placement that runs already",
            lead=surname_first(self.student),
            student=self.student,
            provider=self.provider,
            submit_label="Bring it in",
            cancel_url=own,
            crumbs=[("Students", reverse("trust:student-list")), ("Student", own)],
            **kwargs,
        )


class PlacementConfirm(OfPlacement, ServiceFormView):
    """Confirm a brought-in placement and its money, or decline it."""

    permission = Permission.APPROVE_PLACEMENT
    form_class = ConfirmForm
    template_name = "placements/placement_confirm.html"
    done = "Your decision is recorded."

    def load(self) -> None:
        super().load()
        self.period = self.placement.periods.get(number=1)
        self.cost = cost_of(self.placement, self.period)

    def get_form_kwargs(self) -> dict[str, Any]:
        may_overspend = self.may(Permission.APPROVE_OVER_BUDGET, self.placement)
        return {**super().get_form_kwargs(), "over_budget": self.cost.over_budget and may_overspend}

    def act(self, data: dict[str, Any]) -> Placement:
        if data["decision"] == "CONFIRMED":
            return confirm_brought_in(
                placement_id=self.placement.pk,
                over_budget_reason=data.get("over_budget_reason", ""),
                by=self.by,
                now=self.now,
            )
        return decline_brought_in(placement_id=self.placement.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        placement = self.placement
        page = self.page_of(f"Confirm {str(placement).lower()}", "Record the decision")
        return super().get_context_data(
            **page,
            shown=periods_of([self.period])[0],
            cost=self.cost,
            gates=gates_shown(gate_of(placement, london_date(self.now))),
            timetable=timetable_shown(placement),
            **kwargs,
        )
