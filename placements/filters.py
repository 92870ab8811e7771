"""Coded filters of the list of placements; names are searched by post, never by address."""

from typing import Any

import django_filters
from django import forms

from placements.codes import Route
from placements.lifecycle import InvoiceStatus, Status
from placements.models import Invoice, Placement
from providers.models import Provider
from referrals.filters import select
from trust.filters import own_schools
from trust.models import School
from trust.permissions import Permission


def known_providers(request: Any) -> Any:
    """The providers that the person may see: choices of the filter by provider."""
    return Provider.objects.none() if request is None else Provider.objects.visible_to(request.user)


class PlacementFilter(django_filters.FilterSet):
    """Placements by status, provider, route and school."""

    status = django_filters.ChoiceFilter(
        label="Status", choices=Status.choices, empty_label="All statuses", widget=select()
    )
    provider = django_filters.ModelChoiceFilter(
        label="Provider", queryset=known_providers, empty_label="All providers", widget=select()
    )
    route = django_filters.ChoiceFilter(label="Route", choices=Route.choices, empty_label="All routes", widget=select())
    school = django_filters.ModelChoiceFilter(
        label="School", queryset=own_schools, empty_label="All schools", widget=select()
    )

    class Meta:
        model = Placement
        fields = ["status", "provider", "route", "school"]


class InvoiceFilter(django_filters.FilterSet):
    """Invoices by status and provider."""

    status = django_filters.ChoiceFilter(
        label="Status", choices=InvoiceStatus.choices, empty_label="All statuses", widget=select()
    )
    provider = django_filters.ModelChoiceFilter(
        label="Provider", queryset=known_providers, empty_label="All providers", widget=select()
    )

    class Meta:
        model = Invoice
        fields = ["status", "provider"]


class RenewalFilter(forms.Form):
    """Placements to be renewed, by school and provider."""

    school = forms.ModelChoiceField(School.objects.none(), required=False, empty_label="All schools")
    provider = forms.ModelChoiceField(Provider.objects.none(), required=False, empty_label="All providers")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["school"].queryset = School.objects.visible_to(user, Permission.START_PLACEMENT)
        fields["provider"].queryset = Provider.objects.visible_to(user)

    def chosen(self) -> dict[str, Any]:
        """The filters as the query takes them; what is not a choice counts as nothing chosen."""
        self.is_valid()
        school, provider = self.cleaned_data.get("school"), self.cleaned_data.get("provider")
        return {"school_id": school.pk if school else None, "provider_id": provider.pk if provider else None}
