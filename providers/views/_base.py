"""What the pages of one provider share."""

from typing import Any

from django.urls import reverse

from providers.models import Provider
from trust.permissions import Permission
from trust.web import FileOf, Guard

FORM_PAGE = "components/form_page.html"


class OfProvider(Guard):
    """A page about a provider, or about a record of one: set ``model`` for the latter.

    ``self.provider`` and ``self.record`` are found before anything else happens; ``anchor`` is the section of the
    provider's page to which the person returns.
    """

    model: Any = Provider
    anchor = ""
    provider: Provider
    record: Any

    def load(self) -> None:
        rows = self.model.objects.visible_to(self.request.user)
        self.record = self.find(rows if self.model is Provider else rows.select_related(*self.path()))
        self.provider = self.record
        for name in self.path():
            for step in name.split("__"):
                self.provider = getattr(self.provider, step)

    def path(self) -> tuple[str, ...]:
        """The way from the record to its provider."""
        if self.model is Provider:
            return ()
        return ("provider",) if any(f.name == "provider" for f in self.model._meta.fields) else ("site__provider",)

    def get_success_url(self) -> str:
        own = reverse("providers:provider-detail", args=[self.provider.pk])
        return f"{own}#{self.anchor}" if self.anchor else own

    def page_of(self, title: str, submit_label: str, **more: Any) -> dict[str, Any]:
        """The context of a form page below the provider's page."""
        own = reverse("providers:provider-detail", args=[self.provider.pk])
        crumbs = [("Providers", reverse("providers:provider-list")), (self.provider.name, own)]
        cancel = self.get_success_url()
        return {"title": title, "submit_label": submit_label, "cancel_url": cancel, "crumbs": crumbs, **more}


class ProviderFile(OfProvider, FileOf):
    """A file that belongs to a record of a provider, as a download."""

    permission = Permission.SEE_PROVIDERS
