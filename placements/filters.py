"""Coded filters of the list of placements; names are searched by post, never by address."""

from typing import Any

import django_filters

from placements.codes import Route
from placements.lifecycle import Status
from placements.models import Placement
from providers.models import Provider
from referrals.filters import select
from trust.filters import own_schools


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
