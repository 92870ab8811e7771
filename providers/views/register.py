"""The list of providers, one provider, its people, and its status."""

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.urls import reverse, reverse_lazy

from providers.codes import ASSESSED_KINDS, ProviderKind
from providers.filters import ProviderFilter
from providers.forms import ProviderContactForm, ProviderForm, ReasonForm
from providers.lifecycle import PROVIDER, Status
from providers.models import Provider, ProviderContact
from providers.queries import (
    approval_state,
    check_lines,
    corrections,
    current_standards,
    part_summary,
    provider_alerts,
    standard_lines,
    status_history,
)
from providers.services import (
    add_provider,
    add_provider_contact,
    approve_provider,
    change_provider,
    change_provider_contact,
    close_provider,
    remove_provider_contact,
)
from providers.views._base import FORM_PAGE, OfProvider
from trust.calendar import from_range, london_date
from trust.permissions import Permission
from trust.web import Page, ServiceAction, ServiceFormView


class ProviderList(Page):
    """All providers of the trust with what is missing or ends soon."""

    permission = Permission.SEE_PROVIDERS
    template_name = "providers/provider_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Provider.objects.visible_to(self.request.user).order_by("name")
        chosen = ProviderFilter(self.request.GET, queryset=rows, request=self.request)
        page = Paginator(chosen.qs, 25).get_page(self.request.GET.get("page"))
        alerts = provider_alerts(page.object_list, london_date(self.now))
        return super().get_context_data(
            page_obj=page,
            rows=[(provider, alerts[provider.pk]) for provider in page],
            filter=chosen,
            days=settings.EXPIRY_DAYS,
            may_edit=self.holds(Permission.EDIT_PROVIDERS),
            **kwargs,
        )


class ProviderDetail(OfProvider, Page):
    """One provider: checks, standards, agreements, programmes, sites, people, and how its status changed."""

    permission = Permission.SEE_PROVIDERS
    template_name = "providers/provider_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        provider, today = self.provider, london_date(self.now)
        user = self.request.user
        agreements = list(provider.agreements.visible_to(user).order_by("-period"))
        changed = corrections([row.pk for row in agreements])
        rows = [(row, *from_range(row.period), changed[row.pk]) for row in agreements]
        moves = PROVIDER.next_statuses(provider.status) if self.may(Permission.APPROVE_PROVIDER, provider) else ()
        open_ = provider.status != Status.CLOSED
        state = approval_state(provider, today)
        checks = check_lines(provider, today)
        standards = standard_lines(provider, today)
        programmes = provider.programmes.visible_to(user).prefetch_related("qualifications")
        return super().get_context_data(
            provider=provider,
            sites=provider.sites.visible_to(user).prefetch_related("times", "closures"),
            programmes=[(row, _half_days(row.sessions_offered)) for row in programmes],
            agreements=[row for row in rows if row[2] >= today],
            ended=[row for row in rows if row[2] < today],
            checks=checks,
            waiting=sum(len(line.waiting) for line in checks),
            own_check=any(line.needed and line.check and line.check.recorded_by_id == user.pk for line in checks),
            standards=current_standards(today),
            parts=part_summary(standards, today),
            assessed=provider.kind in ASSESSED_KINDS or any(line.result for line in standards),
            is_trust_school=provider.kind == ProviderKind.TRUST_SCHOOL,
            contacts=provider.contacts.visible_to(user).order_by("role", "name"),
            gaps=state.gaps if provider.status != Status.APPROVED else (),
            advice=state.advice if open_ and self.holds(Permission.RECORD_CHECK) else (),
            history=status_history(provider),
            today=today,
            may_edit=open_ and self.may(Permission.EDIT_PROVIDERS, provider),
            may_check=open_ and self.may(Permission.RECORD_CHECK, provider),
            may_approve=Status.APPROVED in moves,
            may_suspend=Status.SUSPENDED in moves,
            may_close=Status.CLOSED in moves,
            sees_money=self.holds(Permission.SEE_MONEY),
            sees_students=self.holds(Permission.SEE_STUDENTS),
            students_now=provider.placements.visible_to(user).filter(live=True).count(),
            **kwargs,
        )


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")


def _half_days(slots: list[int]) -> str:
    """The half-days in words: 'every day', or 'Mon, Tue AM, Thu PM'."""
    if len(set(slots)) == 10:
        return "every day"
    words = []
    for day, name in enumerate(_DAYS):
        halves = [half for half, slot in (("AM", 2 * day), ("PM", 2 * day + 1)) if slot in slots]
        words += [name] if len(halves) == 2 else [f"{name} {half}" for half in halves]
    return ", ".join(words)


class ProviderAdd(ServiceFormView):
    """A provider that may be approved one day."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = ProviderForm
    done = "The provider was added as prospective. Record its sites, programmes, agreement and checks next."
    extra_context = {
        "title": "Add a provider",
        "submit_label": "Add provider",
        "cancel_url": reverse_lazy("providers:provider-list"),
        "crumbs": [("Providers", reverse_lazy("providers:provider-list"))],
    }

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, data: dict[str, Any]) -> Any:
        facts = {name: value for name, value in data.items() if name != "version"}
        return add_provider(data=facts, by=self.by, now=self.now)

    def get_success_url(self) -> str:
        return reverse("providers:provider-detail", args=[self.result.pk])


class ProviderEdit(OfProvider, ServiceFormView):
    """The provider's own facts."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = ProviderForm
    done = "The provider was saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user, "instance": self.provider}

    def act(self, data: dict[str, Any]) -> Any:
        facts = {name: value for name, value in data.items() if name != "version"}
        version = data["version"] or 0
        return change_provider(provider_id=self.kwargs["pk"], data=facts, version=version, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Edit provider", "Save"), **kwargs)


class ProviderContactAdd(OfProvider, ServiceFormView):
    """A person at the provider."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = ProviderContactForm
    anchor = "people"
    done = "The person was added."

    def act(self, data: dict[str, Any]) -> Any:
        return add_provider_contact(provider_id=self.provider.pk, data=data, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Add a person at the provider", "Add person"), **kwargs)


class ProviderContactEdit(OfProvider, ServiceFormView):
    """Correct a person at the provider."""

    permission = Permission.EDIT_PROVIDERS
    template_name = "providers/contact_form.html"
    form_class = ProviderContactForm
    model = ProviderContact
    anchor = "people"
    done = "The person was saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.record}

    def act(self, data: dict[str, Any]) -> Any:
        return change_provider_contact(contact_id=self.kwargs["pk"], data=data, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **self.page_of("Edit a person at the provider", "Save", contact=self.record), **kwargs
        )


class ProviderContactRemove(OfProvider, ServiceAction):
    """Somebody has left the provider."""

    permission = Permission.EDIT_PROVIDERS
    model = ProviderContact
    anchor = "people"
    done = "The person was removed."

    def act(self) -> Any:
        return remove_provider_contact(contact_id=self.record.pk, by=self.by, now=self.now)


class ProviderApprove(OfProvider, ServiceFormView):
    """The provider may take students."""

    permission = Permission.APPROVE_PROVIDER
    template_name = "providers/provider_approve.html"
    form_class = ReasonForm
    done = "The provider was approved."

    def act(self, data: dict[str, Any]) -> Any:
        return approve_provider(provider_id=self.provider.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state = approval_state(self.provider, london_date(self.now))
        again = self.provider.status == Status.SUSPENDED
        page = self.page_of(
            "Lift the suspension" if again else "Approve the provider",
            "Approve again" if again else "Approve provider",
            intro="Say on what the approval rests.",
            gaps=state.gaps,
            advice=state.advice,
        )
        return super().get_context_data(**page, **kwargs)


class ProviderClose(OfProvider, ServiceFormView):
    """The provider is no longer used."""

    permission = Permission.APPROVE_PROVIDER
    template_name = FORM_PAGE
    form_class = ReasonForm
    done = "The provider was closed."

    def act(self, data: dict[str, Any]) -> Any:
        return close_provider(provider_id=self.provider.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "A closed provider cannot be opened again. Its record stays."
        page = self.page_of("Close the provider", "Close provider", intro=words, submit_tone="danger")
        return super().get_context_data(**page, **kwargs)
