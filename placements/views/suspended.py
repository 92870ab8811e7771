"""The students at a provider, and what happens with them when it is suspended."""

from typing import Any

from django.urls import reverse

from placements.forms import ReasonForm, SuspendForm
from placements.queries import by_school, open_at, places_bought, stays_at
from placements.services import go_on_at_suspended, suspend_with_students
from placements.views.placements import OfPlacement
from providers.lifecycle import Status as ProviderStatus
from providers.models import Provider
from trust.calendar import london_date
from trust.permissions import Permission
from trust.templatetags.trust_ui import surname_first
from trust.web import Guard, Page, ServiceFormView


class AtProvider(Guard):
    """What the pages about the students of one provider share."""

    provider: Provider

    def load(self) -> None:
        self.provider = self.find(Provider.objects.visible_to(self.request.user))

    def get_success_url(self) -> str:
        return reverse("placements:provider-students", args=[self.provider.pk])


class ProviderStudents(AtProvider, Page):
    """The open placements at one provider that the person may see; at a suspended one with what was decided."""

    permission = Permission.SEE_STUDENTS
    template_name = "placements/provider_students.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        stays = stays_at(self.provider, self.by)
        return super().get_context_data(
            provider=self.provider,
            suspended=self.provider.status in (ProviderStatus.SUSPENDED, ProviderStatus.CLOSED),
            stays=stays,
            undecided=sum(stay.undecided for stay in stays),
            schools=by_school(stays),
            bought=places_bought([self.provider.pk], london_date(self.now)).get(self.provider.pk),
            **kwargs,
        )


class ProviderSuspend(AtProvider, ServiceFormView):
    """No new placements, and for each open one a question to its school."""

    permission = Permission.APPROVE_PROVIDER
    template_name = "placements/provider_suspend.html"
    form_class = SuspendForm
    done = "The provider was suspended, and the schools were asked to decide about every open placement."

    def get_form_kwargs(self) -> dict[str, Any]:
        rows = open_at(self.provider).visible_to(self.request.user).select_related("student", "school")
        return {**super().get_form_kwargs(), "placements": rows}

    def form_valid(self, form: Any) -> Any:
        self.wishes = form.wishes()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Any:
        return suspend_with_students(
            provider_id=self.provider.pk, reason=data["reason"], wishes=self.wishes, by=self.by, now=self.now
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = reverse("providers:provider-detail", args=[self.provider.pk])
        return super().get_context_data(
            title="Suspend the provider",
            provider=self.provider,
            submit_label="Suspend provider",
            submit_tone="danger",
            cancel_url=own,
            crumbs=[("Providers", reverse("providers:provider-list")), (self.provider.name, own)],
            **kwargs,
        )


class PlacementGoOn(OfPlacement, ServiceFormView):
    """The school lets a placement go on although its provider is suspended."""

    permission = Permission.APPROVE_PLACEMENT
    template_name = "components/form_page.html"
    form_class = ReasonForm
    done = "Recorded: the placement goes on, with your reason."

    def act(self, data: dict[str, Any]) -> Any:
        return go_on_at_suspended(placement_id=self.placement.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = (
            f"{self.placement.provider} is suspended. Say why {surname_first(self.placement.student)} goes on there, "
            "and who watches what. The reason stays in the record."
        )
        page = self.page_of("Let the placement go on", "The placement goes on", intro=words, submit_tone="danger")
        return super().get_context_data(**page, **kwargs)
