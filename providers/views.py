"""Providers: the list, one provider, and what is recorded about it."""

from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse, reverse_lazy

from providers.filters import ProviderFilter
from providers.forms import (
    AgreementForm,
    CheckForm,
    ProgrammeForm,
    ProviderContactForm,
    ProviderForm,
    ReasonForm,
    SiteClosureForm,
    SiteForm,
)
from providers.lifecycle import PROVIDER, Status
from providers.models import Provider, Site
from providers.queries import approval_gaps, check_lines, provider_alerts, status_history
from providers.services import (
    add_agreement,
    add_programme,
    add_provider,
    add_provider_contact,
    add_site,
    approve_provider,
    change_provider,
    close_provider,
    close_site_on,
    record_check,
    suspend_provider,
)
from trust.calendar import from_range, london_date
from trust.permissions import Permission
from trust.web import Guard, Page, ServiceFormView

FORM_PAGE = "components/form_page.html"


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
            may_edit=self.holds(Permission.EDIT_PROVIDERS),
            **kwargs,
        )


class OfProvider(Guard):
    """What the pages of one provider share: ``self.provider``, found before anything else."""

    provider: Provider

    def load(self) -> None:
        self.provider = self.find(Provider.objects.visible_to(self.request.user).select_related("school", "status_by"))

    def get_success_url(self) -> str:
        return reverse("providers:provider-detail", args=[self.provider.pk])

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the provider's page."""
        own = reverse("providers:provider-detail", args=[self.provider.pk])
        crumbs = [("Providers", reverse("providers:provider-list")), (self.provider.name, own)]
        return {"title": title, "submit_label": submit_label, "cancel_url": own, "crumbs": crumbs, **more}


class ProviderDetail(OfProvider, Page):
    """One provider: sites, programmes, agreements, checks, people, and how its status changed."""

    permission = Permission.SEE_PROVIDERS
    template_name = "providers/provider_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        provider, today = self.provider, london_date(self.now)
        user = self.request.user
        agreements = [
            (row, *from_range(row.period)) for row in provider.agreements.visible_to(user).order_by("-period")
        ]
        moves = PROVIDER.next_statuses(provider.status) if self.may(Permission.APPROVE_PROVIDER, provider) else ()
        open_ = provider.status != Status.CLOSED
        checks = check_lines(provider, today)
        return super().get_context_data(
            provider=provider,
            sites=provider.sites.visible_to(user).prefetch_related("times", "closures"),
            programmes=provider.programmes.visible_to(user),
            agreements=agreements,
            checks=checks,
            own_check=any(line.needed and line.check and line.check.recorded_by_id == user.pk for line in checks),
            contacts=provider.contacts.visible_to(user),
            gaps=approval_gaps(provider, today) if provider.status != Status.APPROVED else (),
            history=status_history(provider),
            today=today,
            may_edit=open_ and self.may(Permission.EDIT_PROVIDERS, provider),
            may_check=open_ and self.may(Permission.RECORD_CHECK, provider),
            may_approve=Status.APPROVED in moves,
            may_suspend=Status.SUSPENDED in moves,
            may_close=Status.CLOSED in moves,
            sees_money=self.holds(Permission.SEE_MONEY),
            **kwargs,
        )


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


class SiteAdd(OfProvider, ServiceFormView):
    """An address where students report."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = SiteForm
    done = "The site was added."

    def form_valid(self, form: Any) -> Any:
        self.site, self.times = form.site(), form.times()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Any:
        return add_site(provider_id=self.provider.pk, data=self.site, times=self.times, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Add a site", "Add site"), **kwargs)


class SiteCloseDay(OfProvider, ServiceFormView):
    """A day on which nothing is expected at a site."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = SiteClosureForm
    done = "The day was recorded: nothing is expected at this site on it."

    def load(self) -> None:
        self.site = self.find(Site.objects.visible_to(self.request.user).select_related("provider"))
        self.provider = self.site.provider

    def act(self, data: dict[str, Any]) -> Any:
        return close_site_on(site_id=self.site.pk, day=data["day"], note=data["note"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of("Record a day on which the site is closed", "Record day", intro=str(self.site))
        return super().get_context_data(**page, **kwargs)


class ProgrammeAdd(OfProvider, ServiceFormView):
    """What is taught, at what price."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = ProgrammeForm
    done = "The programme was added."

    def act(self, data: dict[str, Any]) -> Any:
        return add_programme(provider_id=self.provider.pk, data=data, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Add a programme", "Add programme"), **kwargs)


class ProviderContactAdd(OfProvider, ServiceFormView):
    """A person at the provider."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = ProviderContactForm
    done = "The person was added."

    def act(self, data: dict[str, Any]) -> Any:
        return add_provider_contact(provider_id=self.provider.pk, data=data, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Add a person at the provider", "Add person"), **kwargs)


class AgreementAdd(OfProvider, ServiceFormView):
    """A signed service level agreement."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = AgreementForm
    done = "The agreement was recorded."

    def act(self, data: dict[str, Any]) -> Any:
        return add_agreement(provider_id=self.provider.pk, **data, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "Nobody is placed without an agreement that covers the whole placement (policy 3.9)."
        return super().get_context_data(
            **self.page_of("Record a service level agreement", "Record agreement", intro=words), **kwargs
        )


class CheckRecord(OfProvider, ServiceFormView):
    """Something that was checked."""

    permission = Permission.RECORD_CHECK
    template_name = FORM_PAGE
    form_class = CheckForm
    done = "The check was recorded."

    def act(self, data: dict[str, Any]) -> Any:
        return record_check(provider_id=self.provider.pk, **data, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "Whoever records a check does not approve the provider: the two are done by different people."
        return super().get_context_data(**self.page_of("Record a check", "Record check", intro=words), **kwargs)


class ProviderApprove(OfProvider, ServiceFormView):
    """The provider may take students."""

    permission = Permission.APPROVE_PROVIDER
    template_name = FORM_PAGE
    form_class = ReasonForm
    done = "The provider was approved."

    def act(self, data: dict[str, Any]) -> Any:
        return approve_provider(provider_id=self.provider.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "Say on what the approval rests. It needs a site, a programme, an agreement and all checks in date."
        return super().get_context_data(
            **self.page_of("Approve the provider", "Approve provider", intro=words), **kwargs
        )


class ProviderSuspend(OfProvider, ServiceFormView):
    """No new placements."""

    permission = Permission.APPROVE_PROVIDER
    template_name = FORM_PAGE
    form_class = ReasonForm
    done = "The provider was suspended: no new placement is approved or started there."

    def act(self, data: dict[str, Any]) -> Any:
        return suspend_provider(provider_id=self.provider.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "No new placement is approved or started there. Running placements stay: decide about each of them."
        page = self.page_of("Suspend the provider", "Suspend provider", intro=words, submit_tone="danger")
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
