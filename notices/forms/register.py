"""Coded filters of the register of notices; names are searched by post, never by address."""

from typing import Any

from django import forms

from notices.codes import NoticeKind, Outcome
from notices.lifecycle import Status
from notices.queries.register import ALL_STATUSES
from placements.codes import ROUTE_RULES, NoticeRule, Route
from trust.codes import Season
from trust.models import AcademicYear, School
from trust.permissions import Permission

_ROUTES = [(route.value, route.label) for route in Route if ROUTE_RULES[route].notice != NoticeRule.NONE]
_OUTCOMES = [(one.value, one.label) for one in (Outcome.IN_TIME, Outcome.LATE, Outcome.OVERRIDDEN)]


class RegisterFilterForm(forms.Form):
    """Notices by school, route, kind, status, how they stand, academic year and term; what is no choice is ignored."""

    school = forms.ModelChoiceField(School.objects.none(), required=False, empty_label="All schools")
    route = forms.ChoiceField(required=False, choices=[("", "All routes"), *_ROUTES])
    kind = forms.ChoiceField(required=False, choices=[("", "All kinds"), *NoticeKind.choices])
    status = forms.ChoiceField(
        required=False, choices=[("", "All in force"), *Status.choices, (ALL_STATUSES, "All, with void ones")]
    )
    outcome = forms.ChoiceField(
        label="In time",
        required=False,
        choices=[("", "All"), *_OUTCOMES, (Outcome.WAITING.value, "Not yet given to everybody")],
    )
    year = forms.ModelChoiceField(
        AcademicYear.objects.none(), label="Academic year", required=False, empty_label="All years"
    )
    season = forms.ChoiceField(label="Term", required=False, choices=[("", "All terms"), *Season.choices])

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["school"].queryset = School.objects.visible_to(user).order_by("name")
        fields["year"].queryset = AcademicYear.objects.visible_to(user).order_by("-first_day")

    def chosen(self) -> dict[str, Any]:
        """The filters as the query takes them."""
        self.is_valid()
        data = getattr(self, "cleaned_data", {})
        school = data.get("school")
        names = ("route", "kind", "status", "outcome", "season")
        return {
            "school_id": school.pk if school else None,
            "year": data.get("year"),
            **{name: data.get(name, "") for name in names},
        }


class OnTimeForm(forms.Form):
    """The academic year and the school that the rate is about."""

    year = forms.ModelChoiceField(AcademicYear.objects.none(), label="Academic year", required=False, empty_label=None)
    school = forms.ModelChoiceField(School.objects.none(), required=False, empty_label="All schools")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["year"].queryset = AcademicYear.objects.visible_to(user).order_by("-first_day")
        fields["school"].queryset = School.objects.visible_to(user, Permission.SEE_CHRONOLOGY).order_by("name")
