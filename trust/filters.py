"""Coded filters of the lists; names are searched by post, never by address."""

from typing import Any

import django_filters

from trust.models import School, Student


def own_schools(request: Any) -> Any:
    """The schools whose students the person sees: choices of a filter by school."""
    return School.objects.none() if request is None else School.objects.visible_to(request.user)


class StudentFilter(django_filters.FilterSet):
    """Students by home school and NC year."""

    school = django_filters.ModelChoiceFilter(queryset=own_schools, label="School", empty_label="All schools")
    nc_year = django_filters.ChoiceFilter(
        label="NC year", choices=[(year, str(year)) for year in range(15)], empty_label="All years"
    )

    class Meta:
        model = Student
        fields = ["school", "nc_year"]
