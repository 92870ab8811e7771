"""Placements that ran before the system was in use."""

from typing import Any

from django import forms

from placements.codes import ROUTE_RULES, Route
from providers.models import Provider
from referrals.codes import Reason
from trust.forms import ClockField, DayField, lines

_HALF_DAYS = [
    (str(day * 2 + half), f"{name} {words}")
    for day, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri"))
    for half, words in enumerate(("morning", "afternoon"))
]
_FACTS = ("notice_given_on", "approved_on", "approved_by", "last_review_on", "words")


class BringInForm(forms.Form):
    """Where and since when, and what was decided before."""

    programme = forms.ModelChoiceField(label="Programme", queryset=Provider.objects.none(), empty_label="Choose one")
    site = forms.ModelChoiceField(label="Site", queryset=Provider.objects.none(), empty_label="Choose one")
    route = forms.ChoiceField(label="Route")
    first = DayField(label="First day", help_text="When it really began; it may lie in an earlier year.")
    last = DayField(label="Last day", help_text="As it was agreed, at latest the last school day of this year.")
    start_time = ClockField(label="Time of arrival")
    report_to = forms.CharField(label="Person to report to", max_length=120)
    slots = forms.MultipleChoiceField(
        label="Half-days of every week", choices=_HALF_DAYS, widget=forms.CheckboxSelectMultiple
    )
    review_weeks = forms.IntegerField(label="School weeks between reviews", min_value=1, max_value=12, initial=6)
    primary_reason = forms.ChoiceField(label="Main reason", choices=[("", "Choose one"), *Reason.choices])
    aims = forms.CharField(label="Aims", widget=lines(), help_text="As they were agreed, at least one measurable.")
    needs = forms.CharField(label="Needs and what the provider must know", widget=lines(), required=False)
    exclusion_alternative = forms.TypedChoiceField(
        label="Offered as an alternative to permanent exclusion?",
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    notice_given_on = DayField(
        label="Notice given on", required=False, help_text="Empty when no notice was given: that is kept as a fact."
    )
    approved_on = DayField(label="Approved on", required=False)
    approved_by = forms.CharField(label="Approved by", max_length=120, required=False)
    last_review_on = DayField(label="Last review held on", required=False)
    words = forms.CharField(
        label="Other facts", widget=lines(), required=False, help_text="Earlier extensions, who was told what."
    )

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        fields: dict[str, Any] = self.fields
        fields["programme"].queryset = provider.programmes.order_by("name")
        fields["site"].queryset = provider.sites.order_by("name")
        routes = [
            route
            for route in Route
            if ROUTE_RULES[route].end_required
            and ((kinds := ROUTE_RULES[route].provider_kinds) is None or provider.kind in kinds)
        ]
        fields["route"].choices = [("", "Choose one"), *((route.value, route.label) for route in routes)]

    def clean_slots(self) -> list[int]:
        """The chosen half-days in both weeks of the fortnight."""
        chosen = [int(slot) for slot in self.cleaned_data["slots"]]
        return sorted([*chosen, *(slot + 10 for slot in chosen)])

    def clean(self) -> dict[str, Any]:
        """The data of the service: ids instead of records, the earlier steps apart."""
        data: dict[str, Any] = super().clean() or {}
        data["provider_id"] = self.provider.pk
        for name in ("programme", "site"):
            if data.get(name) is not None:
                data[f"{name}_id"] = data[name].pk
        data["facts"] = {name: data.pop(name, None) for name in _FACTS}
        return data


class ConfirmForm(forms.Form):
    """Confirm what was brought in, or decline it with a reason."""

    decision = forms.ChoiceField(
        label="Decision", choices=[("CONFIRMED", "Confirm"), ("DECLINED", "Decline")], widget=forms.RadioSelect
    )
    reason = forms.CharField(label="Reason", widget=lines(), required=False, help_text="Needed to decline it.")
    over_budget_reason = forms.CharField(label="Reason for approving over budget", required=False, widget=lines(2))

    def __init__(self, *args: Any, over_budget: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not over_budget:
            del self.fields["over_budget_reason"]
