"""Deciding: a proposal, its failed questions, an extension."""

from typing import Any

from placements.forms import DecideForm, ExtensionDecideForm, OverrideForm
from placements.models import Offer
from placements.queries import (
    acted_as_head,
    actions_of,
    cost_of,
    gate_of,
    gates_shown,
    objections_of,
    offers_shown,
    overridable,
    periods_of,
    prepared_notice,
    timetable_shown,
    waiting_of,
)
from placements.services import approve_extension, decide_placement, override_gate
from placements.views.course import OfExtension
from placements.views.placements import OfPlacement
from trust.calendar import last_day, london_date
from trust.permissions import Permission
from trust.web import ServiceFormView

FORM_PAGE = "components/form_page.html"


class PlacementDecide(OfPlacement, ServiceFormView):
    """One page for the decision: student, why, provider, timetable, money, gates, meeting, for whom it waits."""

    permission = Permission.APPROVE_PLACEMENT
    form_class = DecideForm
    template_name = "placements/placement_decide.html"
    done = "Your decision is recorded."
    # The notices app adds a page that authorises the drafted notice with the approval.
    with_notice = False

    def load(self) -> None:
        super().load()
        self.today = london_date(self.now)
        self.period = self.placement.periods.get(number=1)
        self.gates = gate_of(self.placement, self.today)
        self.cost = cost_of(self.placement, self.period)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.placement.version}

    def get_form_kwargs(self) -> dict[str, Any]:
        may_override = self.may(Permission.OVERRIDE, self.placement)
        may_overspend = self.may(Permission.APPROVE_OVER_BUDGET, self.placement)
        return {
            **super().get_form_kwargs(),
            "overridable": overridable(self.gates) if may_override else (),
            "over_budget": self.cost.over_budget and may_overspend,
        }

    def act(self, data: dict[str, Any]) -> Any:
        return decide_placement(
            placement_id=self.placement.pk,
            decision=data["decision"],
            reason=data["reason"],
            overrides=data["overrides"],
            over_budget_reason=data.get("over_budget_reason", ""),
            version=data["version"],
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        placement, period = self.placement, self.period
        actions = actions_of(placement, [period], self.gates, self.by, self.today)
        decided_by, decided_at = placement.decided_by, placement.decided_at
        return super().get_context_data(
            referral=placement.referral,
            first=period.period.lower,
            last=last_day(period.period),
            cost=self.cost,
            gates=gates_shown(self.gates),
            timetable=timetable_shown(placement),
            may_decide=any(action.url_name == "placements:placement-decide" for action in actions),
            may_overspend=self.may(Permission.APPROVE_OVER_BUDGET, placement),
            waiting=waiting_of(placement, period, self.today),
            decided_acting=decided_by is not None
            and decided_at is not None
            and acted_as_head(decided_by, placement.school_id, london_date(decided_at)),
            offers=offers_shown(
                Offer.objects.visible_to(self.by).filter(referral=placement.referral), self.by, self.today
            ),
            objections=objections_of(placement),
            prices=period.prices.visible_to(self.by).select_related("programme"),
            notice=prepared_notice(period),
            with_notice=self.with_notice,
            **kwargs,
        )


class PlacementOverride(OfPlacement, ServiceFormView):
    """Let one failed question of the gate through before a start or an extension."""

    permission = Permission.OVERRIDE
    form_class = OverrideForm
    template_name = FORM_PAGE
    done = "The override is recorded with your reason."

    def get_form_kwargs(self) -> dict[str, Any]:
        gates = gate_of(self.placement, london_date(self.now))
        return {**super().get_form_kwargs(), "overridable": overridable(gates)}

    def act(self, data: dict[str, Any]) -> Any:
        return override_gate(
            placement_id=self.placement.pk, code=data["code"], reason=data["reason"], by=self.by, now=self.now
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Override a gate of {str(self.placement).lower()}", "Override", submit_tone="danger")
        return super().get_context_data(**page, **kwargs)


class ExtensionApprove(OfExtension):
    """Approve a proposed extension and its money."""

    permission = Permission.APPROVE_PLACEMENT
    form_class = ExtensionDecideForm
    template_name = "placements/extension_approve.html"
    done = "The extension is approved. Now it needs a new full notice."
    with_notice = False

    def load(self) -> None:
        super().load()
        self.cost = cost_of(self.placement, self.period)

    def get_form_kwargs(self) -> dict[str, Any]:
        may_overspend = self.may(Permission.APPROVE_OVER_BUDGET, self.placement)
        return {**super().get_form_kwargs(), "over_budget": self.cost.over_budget and may_overspend}

    def act(self, data: dict[str, Any]) -> Any:
        return approve_extension(
            period_id=self.period.pk,
            over_budget_reason=data.get("over_budget_reason", ""),
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = london_date(self.now)
        gates = gate_of(self.placement, today)
        return super().get_context_data(
            **self.page_of(f"Approve an extension of {str(self.placement).lower()}", "Approve the extension"),
            placement=self.placement,
            student=self.placement.student,
            shown=periods_of([self.period])[0],
            cost=self.cost,
            gates=gates_shown(gates),
            waiting=waiting_of(self.placement, self.period, today),
            notice=prepared_notice(self.period),
            with_notice=self.with_notice,
            **kwargs,
        )
