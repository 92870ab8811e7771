"""From the start to the end of a placement."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from placements.forms import EndForm, EndReportLaterForm, ExtendForm, PauseForm, ReasonForm, ReopenForm
from placements.models import Placement, PlacementPeriod
from placements.queries import end_figures
from placements.services import (
    cancel_placement,
    complete_transfer,
    drop_extension,
    end_placement,
    pause_placement,
    propose_extension,
    record_end_report,
    reopen_placement,
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

    form_class: Any = ReasonForm
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
    form_class = PauseForm
    heading = "Pause"
    button = "Pause the placement"
    intro = (
        "From tomorrow on nothing is expected at the provider. Tell the parents first, then the provider. "
        "At immediate risk call 999. Do not type a disclosure here."
    )
    done = "The placement is paused. Make sure that everybody knows where the student is."

    def act(self, data: dict[str, Any]) -> Placement:
        return pause_placement(placement_id=self.placement.pk, by=self.by, now=self.now, **data)

    def get_initial(self) -> dict[str, Any]:
        return {"parents_told_on": london_date(self.now)}


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


class PlacementReopen(WithReason):
    """Go on with a placement that was ended by mistake."""

    permission = Permission.APPROVE_EARLY_END
    form_class = ReopenForm
    heading = "Open again"
    button = "Open the placement again"
    intro = (
        "Only for an end recorded by mistake: the placement goes on as if it had not ended. The gates are asked again, "
        "the money is promised once more and the half-days are taken again."
    )
    done = "The placement goes on."

    def get_form_kwargs(self) -> dict[str, Any]:
        may_overspend = self.may(Permission.APPROVE_OVER_BUDGET, self.placement)
        return {**super().get_form_kwargs(), "may_overspend": may_overspend}

    def act(self, data: dict[str, Any]) -> Placement:
        return reopen_placement(
            placement_id=self.placement.pk,
            reason=data["reason"],
            over_budget_reason=data.get("over_budget_reason", ""),
            by=self.by,
            now=self.now,
        )


class PlacementEndReport(OfPlacement, ServiceFormView):
    """Write or complete what is said at the end."""

    permission = Permission.END_PLACEMENT
    form_class = EndReportLaterForm
    template_name = FORM_PAGE
    done = "The end report is saved."

    def get_initial(self) -> dict[str, Any]:
        placement = self.placement
        return {
            "report": placement.end_report,
            "own_assessment": placement.own_assessment,
            "return_plan": placement.return_plan,
            "version": placement.version,
        }

    def act(self, data: dict[str, Any]) -> Placement:
        return record_end_report(placement_id=self.placement.pk, by=self.by, now=self.now, **data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"End report of {str(self.placement).lower()}", "Save the report")
        return super().get_context_data(**page, **kwargs)


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
    """End a placement, on the planned day or early; what that charges and releases is shown before it happens."""

    permission = Permission.END_PLACEMENT
    form_class = EndForm
    template_name = "placements/placement_end.html"
    done = "The placement has ended."

    def get_initial(self) -> dict[str, Any]:
        """Today, and what an end that was taken back had said."""
        placement = self.placement
        return {
            "ended_on": london_date(self.now),
            "report": placement.end_report,
            "own_assessment": placement.own_assessment,
            "return_plan": placement.return_plan,
        }

    def form_valid(self, form: Any) -> HttpResponse:
        """The money of the day that was typed is seen before anything is written: else it is shown first."""
        day: date = form.cleaned_data["ended_on"]
        # ``seen`` is the day whose money stood beside the form.
        if "look" in self.request.POST or self.request.POST.get("seen", day.isoformat()) != day.isoformat():
            return self.render_to_response(self.get_context_data(form=form, day=day, looked=True))
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Placement:
        return end_placement(placement_id=self.placement.pk, by=self.by, now=self.now, **data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"End {str(self.placement).lower()}", "End the placement", submit_tone="danger")
        day = kwargs.pop("day", None) or self._day(kwargs.get("form"))
        sees = self.may(Permission.SEE_MONEY, self.placement) and day is not None and self.placement.live
        figures = end_figures(self.placement, day) if sees and day is not None else None
        return super().get_context_data(**page, figures=figures, seen=day, **kwargs)

    def _day(self, form: Any) -> date | None:
        """The day on the form, today on a fresh one."""
        if form is None or not form.is_bound:
            return london_date(self.now)
        return getattr(form, "cleaned_data", {}).get("ended_on")
