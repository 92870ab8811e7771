"""Programmes."""

from typing import Any

from providers.forms import ProgrammeForm
from providers.models import Programme
from providers.services import add_programme, change_programme
from providers.views._base import OfProvider
from trust.permissions import Permission
from trust.web import ServiceFormView


class _ProgrammePage(OfProvider, ServiceFormView):
    permission = Permission.EDIT_PROVIDERS
    template_name = "providers/programme_form.html"
    form_class = ProgrammeForm
    anchor = "programmes"

    def form_valid(self, form: Any) -> Any:
        self.facts, self.qualifications = form.facts(), form.qualifications()
        return super().form_valid(form)


class ProgrammeAdd(_ProgrammePage):
    """What is taught, at what price."""

    done = "The programme was added."

    def act(self, data: dict[str, Any]) -> Any:
        return add_programme(
            provider_id=self.provider.pk,
            data=self.facts,
            qualifications=self.qualifications,
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.page_of("Add a programme", "Add programme"), **kwargs)


class ProgrammeEdit(_ProgrammePage):
    """Correct a programme, its price from now on and its qualifications."""

    model = Programme
    done = "The programme was saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.record}

    def act(self, data: dict[str, Any]) -> Any:
        return change_programme(
            programme_id=self.kwargs["pk"],
            data=self.facts,
            qualifications=self.qualifications,
            version=data["version"] or 0,
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = (
            "A new price is for placements proposed from now on. Approved placements keep the price that was agreed."
        )
        return super().get_context_data(**self.page_of("Edit the programme", "Save", intro=words), **kwargs)
