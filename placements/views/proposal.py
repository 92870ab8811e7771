"""Proposing a placement and what is recorded before its approval."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from placements.forms import HomeVisitForm, ProposalForm, ProviderForm
from placements.models import Placement
from placements.queries import preview_of, school_links, timetable_in_force
from placements.services import (
    change_proposal,
    propose_placement,
    record_home_visit,
)
from placements.views.placements import OfPlacement
from providers.models import Provider
from referrals.models import Referral
from trust.calendar import from_range, london_date
from trust.models import Student
from trust.permissions import Permission
from trust.web import ServiceFormView

FORM_PAGE = "components/form_page.html"


# Fields of the form that stand under the same name on the placement.
_AS_STORED = (
    "transport_mode",
    "transport_booked_by",
    "transport_paid_by",
    "transport_pick_up",
    "lunch",
    "risk_assessed_on",
    "risk_assessed_by",
    "risk_summary",
    "medical",
    "emergency",
)


def _timetable_typed(timetable: Mapping[int, tuple[int, int]], main: tuple[int, int]) -> dict[str, Any]:
    """A stored timetable as the fields of the form show it."""
    weeks = [sorted(str(slot % 10) for slot in timetable if slot // 10 == week) for week in (0, 1)]
    others = {f"other_{slot}": f"{place[0]}:{place[1]}" for slot, place in timetable.items() if place != main}
    differ = any(timetable.get(slot) != timetable.get(slot + 10) for slot in range(10))
    return {"slots": weeks[0], "slots_b": weeks[1], "weeks_differ": differ, **others}


class ChoosesProvider(ServiceFormView):
    """The two steps of a proposal: ``?provider=`` picks the provider, then comes the form with its choices."""

    permission = Permission.PROPOSE_PLACEMENT
    form_class = ProposalForm
    template_name = "placements/placement_propose.html"
    school_id: int
    of_student: Student
    changed_id: int | None = None

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
        return {
            **super().get_form_kwargs(),
            "provider": self.chosen(),
            "links": school_links(self.school_id, london_date(self.now)),
            "free_meals": self.of_student.free_school_meals,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = self.chosen()
        if chosen is None:
            return self.form_invalid(self.first_step)
        if "preview" in request.POST:
            form = self.get_form()
            whole = form.is_valid()
            preview = None
            if whole:
                preview = preview_of(self.of_student, self.school_id, chosen, form.cleaned_data, self.changed_id)
            # Asked for while writing: what is missing is no fault yet.
            return self.render_to_response(self.get_context_data(form=form, preview=preview, asked=True))
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = self.chosen()
        return super().get_context_data(**{"provider": chosen, "first_step": self.first_step, **kwargs})


class PlacementPropose(ChoosesProvider):
    """Propose a placement under an approved referral."""

    done = "The placement is proposed. It waits for the Headteacher or the Chief executive."

    def load(self) -> None:
        self.referral = self.find(Referral.objects.visible_to(self.request.user).select_related("student", "school"))
        self.school_id, self.of_student = self.referral.school_id, self.referral.student

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
            "medical": self.referral.medical,
            "school_link": self.by.pk,
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
        self.school_id, self.of_student = self.placement.school_id, self.placement.student
        self.changed_id = self.placement.pk

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
            **_timetable_typed(timetable_in_force(placement), (placement.site_id, placement.programme_id)),
            **{name: getattr(placement, name) for name in _AS_STORED},
            "school_link": placement.school_link_id,
            "school_link_deputy": placement.school_link_deputy_id,
            "transport_a_day": period.transport_a_day or None,
            "one_off": period.one_off or None,
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
