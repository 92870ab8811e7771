"""From the start to the end of a placement."""

from typing import Any

from django.urls import reverse

from placements.forms import EndForm, ExtendForm, ExtensionDecideForm, ReasonForm
from placements.models import Placement, PlacementPeriod
from placements.queries import cost_of, gate_of, gates_shown, periods_of
from placements.services import (
    approve_extension,
    cancel_placement,
    complete_transfer,
    drop_extension,
    end_placement,
    pause_placement,
    propose_extension,
    resume_placement,
    start_placement,
    withdraw_placement,
)
from placements.views.placements import OfPlacement
from trust.calendar import london_date
from trust.permissions import Permission
from trust.templatetags.trust_ui import surname_first
from trust.web import ServiceAction, ServiceFormView

FORM_PAGE = "components/form_page.html"


class PlacementStart(OfPlacement, ServiceAction):
    """The student has begun."""

    permission = Permission.START_PLACEMENT
    done = "The placement has started."

    def act(self) -> Placement:
        return start_placement(placement_id=self.placement.pk, by=self.by, now=self.now)


class PlacementTransfer(OfPlacement, ServiceAction):
    """The student of a managed move goes on the roll of the receiving school."""

    permission = Permission.START_PLACEMENT
    done = "The transfer is complete: the student is on the roll of the receiving school."

    def act(self) -> Placement:
        return complete_transfer(placement_id=self.placement.pk, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        # The student may have left the person's schools with this step.
        return reverse("placements:placement-list")


class WithReason(OfPlacement, ServiceFormView):
    """A move that asks one thing: why."""

    form_class = ReasonForm
    template_name = FORM_PAGE
    heading: str
    button: str
    intro = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"{self.heading} {str(self.placement).lower()}"
        page = self.page_of(title, self.button, submit_tone="danger", intro=self.intro)
        return super().get_context_data(**page, **kwargs)


class PlacementPause(WithReason):
    """Suspend a placement at once for safety."""

    permission = Permission.SUSPEND_PLACEMENT
    heading = "Pause"
    button = "Pause the placement"
    intro = (
        "From tomorrow on nothing is expected at the provider. Tell the parents and the provider today. "
        "Do not type a disclosure here."
    )
    done = "The placement is paused. Make sure that everybody knows where the student is."

    def act(self, data: dict[str, Any]) -> Placement:
        return pause_placement(placement_id=self.placement.pk, reason=data["reason"], by=self.by, now=self.now)


class PlacementResume(WithReason):
    """Take a paused placement up again."""

    permission = Permission.SUSPEND_PLACEMENT
    heading = "Go on with"
    button = "Go on"
    intro = "The student is expected again on the same half-days."
    done = "The placement goes on."

    def act(self, data: dict[str, Any]) -> Placement:
        return resume_placement(placement_id=self.placement.pk, reason=data["reason"], by=self.by, now=self.now)


class PlacementWithdraw(WithReason):
    """Take back a proposal."""

    permission = Permission.PROPOSE_PLACEMENT
    heading = "Withdraw"
    button = "Withdraw the proposal"
    done = "The proposal is withdrawn."

    def act(self, data: dict[str, Any]) -> Placement:
        return withdraw_placement(placement_id=self.placement.pk, reason=data["reason"], by=self.by, now=self.now)


class PlacementCancel(WithReason):
    """Cancel an approved placement before its start."""

    permission = Permission.APPROVE_EARLY_END
    heading = "Cancel"
    button = "Cancel the placement"
    intro = "The half-days become free and the money goes back to the budget."
    done = "The placement is cancelled."

    def act(self, data: dict[str, Any]) -> Placement:
        return cancel_placement(placement_id=self.placement.pk, reason=data["reason"], by=self.by, now=self.now)


class PlacementExtend(OfPlacement, ServiceFormView):
    """Propose the next period."""

    permission = Permission.START_PLACEMENT
    form_class = ExtendForm
    template_name = FORM_PAGE
    done = "The extension is proposed. It needs an approval and a new full notice."

    def get_initial(self) -> dict[str, Any]:
        """A review that agreed the extension brings its last day along."""
        return {**super().get_initial(), "last": self.request.GET.get("last", "")[:10]}

    def act(self, data: dict[str, Any]) -> PlacementPeriod:
        return propose_extension(placement_id=self.placement.pk, last=data["last"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Extend {str(self.placement).lower()}", "Propose the extension")
        return super().get_context_data(**page, **kwargs)


class OfExtension(ServiceFormView):
    """What the pages of one proposed extension share."""

    period: PlacementPeriod

    def load(self) -> None:
        rows = PlacementPeriod.objects.visible_to(self.request.user).filter(number__gt=1)
        self.period = self.find(
            rows.select_related(
                "placement__student",
                "placement__school",
                "placement__referral",
                "placement__provider",
                "placement__programme",
                "placement__site",
                "proposed_by",
            )
        )
        self.placement = self.period.placement

    def get_success_url(self) -> str:
        return reverse("placements:placement-detail", args=[self.placement.pk])

    def page_of(self, title: str, submit_label: str) -> dict[str, Any]:
        """The context of a form page below the placement's page."""
        own = self.get_success_url()
        crumbs = [("Placements", reverse("placements:placement-list")), (str(self.placement), own)]
        lead = f"{surname_first(self.placement.student)}, at {self.placement.provider}"
        return {"title": title, "lead": lead, "submit_label": submit_label, "cancel_url": own, "crumbs": crumbs}


class ExtensionApprove(OfExtension):
    """Approve a proposed extension and its money."""

    permission = Permission.APPROVE_PLACEMENT
    form_class = ExtensionDecideForm
    template_name = "placements/extension_approve.html"
    done = "The extension is approved. Now it needs a new full notice."

    def load(self) -> None:
        super().load()
        self.cost = cost_of(self.placement, self.period)

    def get_form_kwargs(self) -> dict[str, Any]:
        may_overspend = self.may(Permission.APPROVE_OVER_BUDGET, self.placement)
        return {**super().get_form_kwargs(), "over_budget": self.cost.over_budget and may_overspend}

    def act(self, data: dict[str, Any]) -> PlacementPeriod:
        return approve_extension(
            period_id=self.period.pk,
            over_budget_reason=data.get("over_budget_reason", ""),
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        gates = gate_of(self.placement, london_date(self.now))
        return super().get_context_data(
            **self.page_of(f"Approve an extension of {str(self.placement).lower()}", "Approve the extension"),
            placement=self.placement,
            student=self.placement.student,
            shown=periods_of([self.period])[0],
            cost=self.cost,
            gates=gates_shown(gates),
            **kwargs,
        )


class ExtensionDrop(OfExtension):
    """Take back or decline a proposed extension."""

    permission = Permission.SEE_STUDENTS
    form_class = ReasonForm
    template_name = FORM_PAGE
    done = "The extension is dropped."

    def load(self) -> None:
        super().load()
        # Either side may: who proposes extensions, or who approves them.
        if not self.may(Permission.START_PLACEMENT, self.placement):
            self.find(PlacementPeriod.objects.visible_to(self.request.user), permission=Permission.APPROVE_PLACEMENT)

    def act(self, data: dict[str, Any]) -> None:
        drop_extension(period_id=self.period.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Drop an extension of {str(self.placement).lower()}", "Drop the extension")
        return super().get_context_data(**page, submit_tone="danger", **kwargs)


class PlacementEnd(OfPlacement, ServiceFormView):
    """End a placement, on the planned day or early."""

    permission = Permission.END_PLACEMENT
    form_class = EndForm
    template_name = FORM_PAGE
    done = "The placement has ended."

    def act(self, data: dict[str, Any]) -> Placement:
        return end_placement(placement_id=self.placement.pk, by=self.by, now=self.now, **data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"End {str(self.placement).lower()}", "End the placement", submit_tone="danger")
        intro = "An end before the planned day releases the money of the days that are not used."
        return super().get_context_data(**page, intro=intro, **kwargs)
