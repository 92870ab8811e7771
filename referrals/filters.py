"""Coded filters of the list of referrals; names are searched by post, never by address."""

import django_filters
from django import forms

from referrals.lifecycle import Status
from referrals.models import Referral
from trust.filters import own_schools


def select() -> forms.Select:
    """A drop-down as the filter bar shows it."""
    return forms.Select(attrs={"class": "form-select"})


class ReferralFilter(django_filters.FilterSet):
    """Referrals by status and school."""

    status = django_filters.ChoiceFilter(
        label="Status", choices=Status.choices, empty_label="All statuses", widget=select()
    )
    school = django_filters.ModelChoiceFilter(
        label="School", queryset=own_schools, empty_label="All schools", widget=select()
    )

    class Meta:
        model = Referral
        fields = ["status", "school"]
