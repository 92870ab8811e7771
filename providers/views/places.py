"""Sites and the days on which they are closed."""

from typing import Any

from providers.forms import SiteClosureForm, SiteEditForm, SiteForm
from providers.models import Site, SiteClosure
from providers.services import add_site, change_site, close_site_on, remove_site_closure
from providers.views._base import FORM_PAGE, OfProvider
from trust.permissions import Permission
from trust.web import ServiceAction, ServiceFormView


class SiteAdd(OfProvider, ServiceFormView):
    """An address where students report."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = SiteForm
    anchor = "sites"
    done = "The site was added."

    def form_valid(self, form: Any) -> Any:
        self.site, self.times = form.site(), form.times()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Any:
        return add_site(provider_id=self.provider.pk, data=self.site, times=self.times, by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Add a site", "Add site"), **kwargs)


class SiteEdit(OfProvider, ServiceFormView):
    """A site's facts, new session times, and the end of its use."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = SiteEditForm
    model = Site
    anchor = "sites"
    done = "The site was saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.record}

    def form_valid(self, form: Any) -> Any:
        self.site, self.times = form.site(), form.times()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Any:
        version = data["version"] or 0
        return change_site(
            site_id=self.kwargs["pk"], data=self.site, times=self.times, version=version, by=self.by, now=self.now
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Edit the site", "Save"), **kwargs)


class SiteCloseDay(OfProvider, ServiceFormView):
    """Days on which nothing is expected at a site."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = SiteClosureForm
    model = Site
    anchor = "sites"
    done = "Recorded: nothing is expected at this site then."

    def act(self, data: dict[str, Any]) -> Any:
        return close_site_on(
            site_id=self.record.pk,
            day=data["day"],
            until=data["until"],
            note=data["note"],
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of("Record when the site is closed", "Record", intro=str(self.record))
        return super().get_context_data(**page, **kwargs)


class SiteClosureRemove(OfProvider, ServiceAction):
    """The site is open on that day after all."""

    permission = Permission.EDIT_PROVIDERS
    model = SiteClosure
    anchor = "sites"
    done = "The closed day was removed: the site is open then."

    def act(self) -> Any:
        return remove_site_closure(closure_id=self.record.pk, by=self.by, now=self.now)
