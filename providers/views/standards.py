"""Quality standards: the version in force, a new one, and the assessment of a provider."""

from itertools import groupby
from typing import Any

from django.http import Http404
from django.urls import reverse, reverse_lazy

from providers.codes import StandardPart
from providers.forms import StandardsPartForm, StandardsVersionForm
from providers.models import QualityStandard, StandardResult, StandardsVersion
from providers.queries import current_standards, part_summary, standard_lines
from providers.services import load_standards, record_standards
from providers.views._base import FORM_PAGE, OfProvider, ProviderFile
from trust.calendar import london_date
from trust.models import StoredFile
from trust.permissions import Permission
from trust.web import Page, ServiceFormView


class StandardsList(Page):
    """Every version with its standards by part."""

    permission = Permission.SEE_PROVIDERS
    template_name = "providers/standards.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        rows = QualityStandard.objects.visible_to(user).order_by("standards_version_id", "position")
        by_version: dict[int, list[Any]] = {}
        for standard in rows:
            by_version.setdefault(standard.standards_version_id, []).append(standard)
        versions = [
            (
                version,
                [
                    (StandardPart(part), list(group))
                    for part, group in groupby(
                        sorted(by_version.get(version.pk, []), key=lambda one: (one.part, one.position)),
                        lambda one: one.part,
                    )
                ],
            )
            for version in StandardsVersion.objects.visible_to(user).select_related("loaded_by")
        ]
        return super().get_context_data(
            versions=versions,
            current=current_standards(london_date(self.now)),
            today=london_date(self.now),
            may_load=self.holds(Permission.EDIT_PROVIDERS),
            **kwargs,
        )


class StandardsLoad(ServiceFormView):
    """A new version of the standards from a file."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = StandardsVersionForm
    success_url = reverse_lazy("providers:standards")
    done = "The new version was loaded. Providers are assessed against it from its first day."
    extra_context = {
        "title": "Load a new version of the quality standards",
        "intro": "What was found against the version before stays on record; every provider is assessed anew.",
        "submit_label": "Load version",
        "cancel_url": reverse_lazy("providers:standards"),
        "crumbs": [
            ("Providers", reverse_lazy("providers:provider-list")),
            ("Quality standards", reverse_lazy("providers:standards")),
        ],
    }

    def act(self, data: dict[str, Any]) -> Any:
        values = {name: value for name, value in data.items() if name != "file"}
        return load_standards(**values, upload=data["file"], by=self.by, now=self.now)


class ProviderStandards(OfProvider, Page):
    """How a provider stands against each standard of the version in force."""

    permission = Permission.SEE_PROVIDERS
    template_name = "providers/provider_standards.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = london_date(self.now)
        lines = standard_lines(self.provider, today)
        parts = {count.part: count for count in part_summary(lines, today)}
        return super().get_context_data(
            provider=self.provider,
            version=current_standards(today),
            parts=[(count, [line for line in lines if line.standard.part == part]) for part, count in parts.items()],
            may_check=self.may(Permission.RECORD_CHECK, self.provider),
            **kwargs,
        )


class StandardsAssess(OfProvider, ServiceFormView):
    """The standards of one part, assessed together."""

    permission = Permission.RECORD_CHECK
    template_name = FORM_PAGE
    form_class = StandardsPartForm
    done = "The assessment was saved."

    def load(self) -> None:
        super().load()
        if str(self.kwargs["part"]) not in StandardPart.values:
            raise Http404
        self.part = StandardPart(str(self.kwargs["part"]))
        self.lines = standard_lines(self.provider, london_date(self.now), self.part)
        if not self.lines:
            raise Http404

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "standards": self.lines}

    def get_initial(self) -> dict[str, Any]:
        return {"assessed_on": london_date(self.now)}

    def form_valid(self, form: Any) -> Any:
        self.results, self.seen = form.results(), form.seen()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Any:
        return record_standards(
            provider_id=self.provider.pk,
            results=self.results,
            assessed_on=data["assessed_on"],
            expires_on=data["expires_on"],
            seen=self.seen,
            upload=data["file"],
            by=self.by,
            now=self.now,
        )

    def get_success_url(self) -> str:
        return f"{reverse('providers:provider-standards', args=[self.provider.pk])}#part-{self.part.value}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "What is only partly met, not met or does not apply needs a note. Name no student."
        page = self.page_of(f"Assess {self.part.label}", "Save assessment", intro=words)
        page["crumbs"].append(("Quality standards", self.get_success_url().partition("#")[0]))
        return super().get_context_data(**page, **kwargs)


class StandardFile(ProviderFile):
    """The evidence of an assessed standard."""

    model = StandardResult

    def stored(self) -> StoredFile | None:
        found: StoredFile | None = self.record.evidence
        return found

    def name(self) -> str:
        return f"standards-{self.record.assessed_on}-{self.provider.name}"
