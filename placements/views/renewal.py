"""Going on after the summer: many extensions at once."""

from typing import Any

from django.http import HttpResponse

from placements.filters import RenewalFilter
from placements.forms import RenewForm
from placements.queries import renewable
from placements.services import Renewed, renew_placements
from trust.calendar import london_date
from trust.permissions import Permission
from trust.web import ServiceFormView


class PlacementRenew(ServiceFormView):
    """Tick the placements that go on next year; each result stands in one sentence."""

    permission = Permission.START_PLACEMENT
    form_class = RenewForm
    template_name = "placements/placement_renew.html"

    def load(self) -> None:
        self.filter = RenewalFilter(self.request.GET, user=self.by)
        self.rows = renewable(self.by, london_date(self.now), **self.filter.chosen())

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "ids": [row.placement.pk for row in self.rows]}

    def act(self, data: dict[str, Any]) -> tuple[Renewed, ...]:
        return renew_placements(placement_ids=data["placements"], last=data["last"], by=self.by, now=self.now)

    def form_valid(self, form: Any) -> HttpResponse:
        """The results stand on this page; sending it again proposes nothing twice."""
        results = {result.placement_id: result for result in self.act(form.cleaned_data)}
        shown = [(row, results[row.placement.pk]) for row in self.rows if row.placement.pk in results]
        proposed = sum(1 for _, result in shown if result.period is not None)
        return self.render_to_response(self.get_context_data(form=form, results=shown, proposed=proposed))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(rows=self.rows, filter=self.filter, **kwargs)
