"""Proposing a placement and deciding it."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from placements.forms import (
    AcceptForm,
    DecideForm,
    HomeVisitForm,
    OverrideForm,
    ProposalForm,
    ProviderForm,
)
from placements.models import Placement
from placements.queries import actions_of, cost_of, gate_of, gates_shown, overridable, timetable_of, weekly_pattern
from placements.services import (
    accept_guest,
    change_proposal,
    decide_placement,
    override_gate,
    propose_placement,
    record_home_visit,
)
from placements.views.placements import OfPlacement
from providers.models import Provider
from referrals.models import Referral
from trust.calendar import from_range, london_date
from trust.permissions import Permission
from trust.web import ServiceFormView, refusal

FORM_PAGE = "components/form_page.html"


class ChoosesProvider(ServiceFormView):
    """The two steps of a proposal: ``?provider=`` picks the provider, then comes the form with its choices."""

    permission = Permission.PROPOSE_PLACEMENT
    form_class = ProposalForm
    template_name = "placements/placement_propose.html"
    school_id: int

    def chosen(self) -> Provider | None:
        """The provider of the address, None before or after a wrong choice."""
        if not hasattr(self, "_chosen"):
            self.first_step = ProviderForm(
                self.request.GET if "provider" in self.request.GET else None,
                user=self.by,
                school_id=self.school_id,
            )
            valid = self.first_step.is_bound and self.first_step.is_valid()
            self._chosen = self.first_step.cleaned_data["provider"] if valid else self.default_provider()
        return self._chosen

    def default_provider(self) -> Provider | None:
        """The provider without a choice."""
        return None

    def get_form(self, form_class: Any = None) -> forms.Form:
        return super().get_form(form_class) if self.chosen() else self.first_step

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "provider": self.chosen()}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.chosen() is None:
            return self.form_invalid(self.first_step)
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = self.chosen()
        return super().get_context_data(**{"provider": chosen, "first_step": self.first_step, **kwargs})


class PlacementPropose(ChoosesProvider):
    """Propose a placement under an approved referral."""

    done = "The placement is proposed. It waits for the Headteacher or the Chief executive."

    def load(self) -> None:
        self.referral = self.find(Referral.objects.visible_to(self.request.user).select_related("student", "school"))
        self.school_id = self.referral.school_id

    def get_initial(self) -> dict[str, Any]:
        chosen = self.chosen()
        site = chosen.sites.order_by("name").first() if chosen else None
        times = site.times.order_by("-from_day").first() if site else None
        programmes = list(chosen.programmes.all()[:2]) if chosen else []
        return {
            "programme": programmes[0] if len(programmes) == 1 else None,
            "site": site,
            "report_to": site.report_to if site else "",
            "start_time": times.am_start if times else None,
            "review_weeks": 6,
        }

    def act(self, data: dict[str, Any]) -> Placement:
        return propose_placement(referral_id=self.referral.pk, data=data, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("placements:placement-detail", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            referral=self.referral, student=self.referral.student, title="Propose a placement", **kwargs
        )


class PlacementChange(OfPlacement, ChoosesProvider):
    """Change a proposal that is not approved."""

    done = "The proposal is changed. It waits for the Headteacher or the Chief executive."

    def load(self) -> None:
        super().load()
        self.school_id = self.placement.school_id

    def default_provider(self) -> Provider:
        return self.placement.provider

    def get_initial(self) -> dict[str, Any]:
        placement = self.placement
        period = placement.periods.get(number=1)
        upper = period.period.upper
        same = self.chosen() == placement.provider
        return {
            "programme": placement.programme_id if same else None,
            "site": placement.site_id if same else None,
            "route": placement.route,
            "first": period.period.lower,
            "last": from_range(period.period)[1] if upper else None,
            "start_time": placement.start_time,
            "report_to": placement.report_to,
            "slots": sorted({str(slot % 10) for slot in weekly_pattern(placement)}),
            "full_time": placement.full_time,
            "maths_and_english_how": placement.maths_and_english_how,
            "consent_on": placement.consent_on,
            "consent_how": placement.consent_how,
            "dual_registered_on": placement.dual_registered_on,
            "la_confirmed_on": placement.la_confirmed_on,
            "review_weeks": placement.review_weeks,
            "version": placement.version,
        }

    def act(self, data: dict[str, Any]) -> Placement:
        return change_proposal(
            placement_id=self.placement.pk, data=data, version=data["version"], by=self.by, now=self.now
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"Change {str(self.placement).lower()}"
        return super().get_context_data(referral=self.placement.referral, title=title, **kwargs)


class PlacementDecide(OfPlacement, ServiceFormView):
    """One page for the decision: student, why, provider, timetable, money, gates, meeting."""

    permission = Permission.APPROVE_PLACEMENT
    form_class = DecideForm
    template_name = "placements/placement_decide.html"
    done = "Your decision is recorded."

    def load(self) -> None:
        super().load()
        self.today = london_date(self.now)
        self.gates = gate_of(self.placement, self.today)
        self.cost = cost_of(self.placement, self.placement.periods.get(number=1))

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

    def act(self, data: dict[str, Any]) -> Placement:
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
        placement = self.placement
        periods = list(placement.periods.visible_to(self.by))
        actions = actions_of(placement, periods, self.gates, self.by, self.today)
        upper = periods[0].period.upper
        return super().get_context_data(
            referral=placement.referral,
            first=periods[0].period.lower,
            last=from_range(periods[0].period)[1] if upper else None,
            cost=self.cost,
            gates=gates_shown(self.gates),
            timetable=timetable_of(weekly_pattern(placement)),
            may_decide=any(action.url_name == "placements:placement-decide" for action in actions),
            may_overspend=self.may(Permission.APPROVE_OVER_BUDGET, placement),
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


class PlacementAccept(OfPlacement, ServiceFormView):
    """The receiving school accepts the student."""

    permission = Permission.SEE_STUDENTS
    form_class = AcceptForm
    template_name = FORM_PAGE
    done = "The acceptance is recorded."

    def load(self) -> None:
        super().load()
        # The receiving school answers; for a school outside the trust the home school records what it was sent.
        host = self.placement.host_school_id
        wanted = Permission.START_PLACEMENT if host is None else Permission.ANSWER_FOR_HOST
        if not self.by.allows(wanted, home_id=self.placement.school_id if host is None else host):
            raise PermissionDenied(refusal(wanted))

    def get_initial(self) -> dict[str, Any]:
        return {"dual_registered_on": self.placement.dual_registered_on}

    def act(self, data: dict[str, Any]) -> Placement:
        return accept_guest(
            placement_id=self.placement.pk,
            dual_registered_on=data["dual_registered_on"],
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Accept the student of {str(self.placement).lower()}", "Accept the student")
        intro = f"{self.placement.student} comes from {self.placement.school}."
        return super().get_context_data(**page, intro=intro, **kwargs)


class PlacementHomeVisit(OfPlacement, ServiceFormView):
    """Record the visit to the home before online study there."""

    permission = Permission.PROPOSE_PLACEMENT
    form_class = HomeVisitForm
    template_name = FORM_PAGE
    done = "The visit is recorded."

    def act(self, data: dict[str, Any]) -> Any:
        return record_home_visit(placement_id=self.placement.pk, data=data, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Record a home visit for {str(self.placement).lower()}", "Record the visit")
        return super().get_context_data(**page, **kwargs)
