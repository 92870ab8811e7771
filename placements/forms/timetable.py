"""Another timetable from a day on, a later start, a part-time timetable."""

from collections.abc import Sequence
from typing import Any

from django import forms

from placements.forms.proposal import _HALF_DAYS, _WEEKDAYS
from trust.forms import DayField, lines


class TimetableForm(forms.Form):
    """From when, why, and where the student is in each half-day of week A and week B."""

    from_day = DayField(label="From", help_text="The first day of the new timetable.")
    reason = forms.CharField(label="Reason", widget=lines(2))

    def __init__(self, *args: Any, places: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for week in range(2):
            for number, (_, label) in enumerate(_HALF_DAYS):
                self.fields[f"slot_{week * 10 + number}"] = forms.ChoiceField(
                    label=f"Week {'AB'[week]} {label}", required=False, choices=[("", "not there"), *places]
                )

    def weeks(self) -> list[tuple[str, list[tuple[str, Any, Any]]]]:
        """Week A and week B, each as five weekdays with the field of the morning and of the afternoon."""
        return [
            (
                f"Week {'AB'[week]}",
                [
                    (name, self[f"slot_{week * 10 + 2 * day}"], self[f"slot_{week * 10 + 2 * day + 1}"])
                    for day, name in enumerate(_WEEKDAYS)
                ],
            )
            for week in range(2)
        ]

    def clean(self) -> dict[str, Any]:
        """The half-days as a timetable: each with its site and programme."""
        data: dict[str, Any] = super().clean() or {}
        chosen = {slot: data.get(f"slot_{slot}", "") for slot in range(20)}
        data["slots"] = {slot: tuple(map(int, place.split(":"))) for slot, place in chosen.items() if place}
        return data


class StartForm(forms.Form):
    """The later first day."""

    first = DayField(label="New first day", help_text="A later day on which the student is expected; the end stays.")
    reason = forms.CharField(label="Reason", widget=lines(2))


class PartTimeForm(forms.Form):
    """Half-days without education: which, until when, why, agreed by whom, reviewed when."""

    slots = forms.MultipleChoiceField(
        label="Half-days not in education", choices=_HALF_DAYS, widget=forms.CheckboxSelectMultiple
    )
    first = DayField(label="First day")
    last = DayField(label="Last day", help_text="A part-time timetable is short; it always has a last day.")
    reason = forms.CharField(label="Reason", widget=lines(2))
    agreed_by = forms.CharField(label="Parent who agreed", max_length=120)
    agreed_on = DayField(label="Agreed on")
    review_on = DayField(label="Review on")

    def clean_slots(self) -> list[int]:
        """Half-days 0 to 9."""
        return [int(slot) for slot in self.cleaned_data["slots"]]


class PartTimeEndForm(forms.Form):
    """Back in all sessions."""

    last = DayField(label="Last day of the part-time timetable")
