"""Looking for a provider, asking for places, recording the answers."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from placements.codes import ROUTE_RULES, Route
from placements.queries import Wanted
from providers.models import Programme
from trust.forms import DayField, lines
from trust.models import User

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
_HALF_DAYS = [
    (str(day * 2 + session), f"{name} {half}")
    for day, name in enumerate(_WEEKDAYS)
    for session, half in enumerate(("morning", "afternoon"))
]


class FinderForm(forms.Form):
    """What is looked for; it stays in the address, so it holds nothing about a student."""

    slots = forms.MultipleChoiceField(
        label="Half-days wanted each week",
        choices=_HALF_DAYS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one half-day."},
    )
    route = forms.ChoiceField(label="Route", choices=Route.choices)
    first = DayField(label="First day")
    last = DayField(label="Last day", required=False, help_text="None for a managed move.")
    subject = forms.CharField(label="Subject", max_length=60, required=False)
    interest = forms.CharField(label="Interest", max_length=60, required=False)
    qualification = forms.CharField(label="Qualification", max_length=60, required=False)
    key_stage = forms.ChoiceField(
        label="Key stage", choices=[("", "Any"), ("KS3", "Key stage 3"), ("KS4", "Key stage 4")], required=False
    )
    cost_up_to = forms.DecimalField(
        label="Estimated cost up to, £",
        min_value=Decimal(0),
        max_digits=8,
        decimal_places=2,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    only_free = forms.BooleanField(label="Only with a place left", required=False)

    def week_grid(self) -> list[tuple[str, list[Any]]]:
        """The ten checkboxes as five weekdays of two half-days each."""
        boxes = list(self["slots"])
        return [(name, boxes[2 * day : 2 * day + 2]) for day, name in enumerate(_WEEKDAYS)]

    def fields_beside(self) -> list[Any]:
        """The fields of one line each, in their order."""
        return [self[name] for name in self.fields if name not in ("slots", "only_free")]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        first, last, route = data.get("first"), data.get("last"), data.get("route")
        if route and not ROUTE_RULES[Route(route)].end_required:
            data["last"] = None
        elif last is None and "last" not in self.errors:
            self.add_error("last", "Give the last day.")
        elif first is not None and last is not None and last < first:
            self.add_error("last", "The last day must not be before the first.")
        return data

    def wanted(self) -> Wanted | None:
        """What was filled in, None while it cannot be looked for."""
        if not self.is_valid():
            return None
        data = dict(self.cleaned_data)
        data["slots"] = tuple(sorted(int(slot) for slot in data["slots"]))
        return Wanted(**data)


class AskForm(forms.Form):
    """The programmes in which a place is asked for, ticked in the list."""

    programmes = forms.ModelMultipleChoiceField(
        label="Programmes",
        queryset=Programme.objects.none(),
        error_messages={"required": "Tick at least one programme.", "invalid_choice": "Choose from the list."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programmes"].queryset = Programme.objects.visible_to(user)  # type: ignore[attr-defined]


class OfferAnswerForm(forms.Form):
    """What the provider answered."""

    offered = forms.TypedChoiceField(
        label="Answer",
        choices=[("yes", "A place is offered"), ("no", "Refused")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    until = DayField(
        label="Offered until", required=False, help_text="The place is held to the end of this day; then it lapses."
    )
    why = forms.CharField(label="Why refused", max_length=240, required=False, widget=lines(2))
    answered_by = forms.CharField(label="Who answered at the provider", max_length=120)
    answered_on = DayField(label="Answered on")
    admission_meeting_on = DayField(label="Admission meeting on", required=False)
    note = forms.CharField(
        label="Note", max_length=240, required=False, help_text="Nothing about the student's health or safety."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        until: date | None = data.get("until")
        if data.get("offered") is True and until is None and "until" not in self.errors:
            self.add_error("until", "Until when is the place offered?")
        if data.get("offered") is False and not data.get("why"):
            self.add_error("why", "Why was the place refused?")
        return data


class GuestRefusalForm(forms.Form):
    """Why the receiving school does not take the student."""

    reason = forms.CharField(
        label="Reason", max_length=240, widget=lines(), help_text="The home school and whoever decides read it."
    )
