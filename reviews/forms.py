"""Input of reviews and targets."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django import forms

from reviews.codes import ReviewOutcome, TargetKind, TargetResult
from reviews.models import Target

ACTION_ROWS = 3


class DayInput(forms.DateInput):
    """A day as the browser's own date control reads it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def _words(label: str, *, rows: int = 3, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=4000, widget=forms.Textarea(attrs={"rows": rows}), **more)


class TargetForm(forms.Form):
    """A target: what is measured, where the student stands now, and what is to be reached (P6.7)."""

    kind = forms.ChoiceField(label="Kind", choices=[("", "Choose"), *TargetKind.choices])
    measure = forms.CharField(
        label="What is measured", max_length=160, help_text="For example: sessions attended in a week."
    )
    baseline = forms.CharField(label="Where the student stands now", max_length=80)
    goal = forms.CharField(label="Goal", max_length=80)


class ReviewForm(forms.Form):
    """A review that was held, with a result and a note for each open target and rows for actions.

    ``clean`` adds ``results`` (target id to result and note) and ``actions`` (rows that say anything).
    """

    held_on = forms.DateField(label="Held on", widget=DayInput())
    attendees = _words(
        "Who came",
        rows=2,
        help_text="Headteacher or SLT, parents, student, provider; for a direction also a nominee of the board.",
    )
    maths = forms.CharField(label="Progress in maths", max_length=240)
    english = forms.CharField(label="Progress in English", max_length=240)
    student_view = _words("The student's view", required=False)
    parent_view = _words("The parents' view", required=False)
    summary = _words("What was found", rows=5)
    outcome = forms.ChoiceField(label="Outcome", choices=ReviewOutcome.choices, widget=forms.RadioSelect)
    extend_last = forms.DateField(
        label="Last day of the extension",
        widget=DayInput(),
        required=False,
        help_text="Only when the outcome is to extend. An extension needs approval and a new full notice.",
    )

    def __init__(self, *args: Any, targets: Sequence[Target], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.targets = targets
        self.fields["held_on"].widget.attrs["max"] = today.isoformat()
        self.fields["held_on"].initial = today
        for target in targets:
            self.fields[f"result_{target.pk}"] = forms.ChoiceField(
                label=f"Result: {target.measure}",
                choices=[("", "No result at this review"), *TargetResult.choices],
                required=False,
            )
            self.fields[f"note_{target.pk}"] = forms.CharField(
                label=f"Note: {target.measure}", max_length=240, required=False
            )
        for number in range(1, ACTION_ROWS + 1):
            self.fields[f"what_{number}"] = forms.CharField(
                label=f"Action {number}: what is to be done", max_length=240, required=False
            )
            self.fields[f"owner_{number}"] = forms.CharField(
                label=f"Action {number}: who does it", max_length=120, required=False
            )
            self.fields[f"due_{number}"] = forms.DateField(
                label=f"Action {number}: by when", widget=DayInput(), required=False
            )

    def target_rows(self) -> Iterator[tuple[Target, forms.BoundField, forms.BoundField]]:
        """Each open target with its two fields."""
        return ((target, self[f"result_{target.pk}"], self[f"note_{target.pk}"]) for target in self.targets)

    def action_rows(self) -> Iterator[tuple[int, forms.BoundField, forms.BoundField, forms.BoundField]]:
        """The number of each row for an action with its three fields."""
        return ((n, self[f"what_{n}"], self[f"owner_{n}"], self[f"due_{n}"]) for n in range(1, ACTION_ROWS + 1))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["results"] = {
            target.pk: (data.get(f"result_{target.pk}", ""), data.get(f"note_{target.pk}", ""))
            for target in self.targets
        }
        data["actions"] = [row for number in range(1, ACTION_ROWS + 1) if (row := self._action(number, data))]
        if data.get("outcome") == ReviewOutcome.EXTEND and "extend_last" in data and not data["extend_last"]:
            self.add_error("extend_last", "Give the last day of the extension.")
        return data

    def _action(self, number: int, data: dict[str, Any]) -> dict[str, Any] | None:
        names = (f"what_{number}", f"owner_{number}", f"due_{number}")
        if any(name in self.errors for name in names):
            return None
        what, owner, due_on = (data.get(name) for name in names)
        if not (what or owner or due_on):
            return None
        for name, value, words in zip(
            names,
            (what, owner, due_on),
            ("Say what is to be done.", "Say who does it.", "Say by when."),
            strict=True,
        ):
            if not value:
                self.add_error(name, words)
        held_on = data.get("held_on")
        if due_on and held_on and due_on < held_on:
            self.add_error(names[2], "An action cannot be due before the review was held.")
        return {"what": what, "owner": owner, "due_on": due_on}
