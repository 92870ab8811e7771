"""Coded filters of the list of providers."""

import django_filters

from providers.codes import ProviderKind
from providers.lifecycle import Status
from providers.models import Provider


class ProviderFilter(django_filters.FilterSet):
    """Providers by status and kind."""

    status = django_filters.ChoiceFilter(choices=Status.choices, label="Status", empty_label="All")
    kind = django_filters.ChoiceFilter(choices=ProviderKind.choices, label="Kind", empty_label="All")

    class Meta:
        model = Provider
        fields = ["status", "kind"]
