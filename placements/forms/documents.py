"""Papers, answers to them, and qualifications."""

from collections.abc import Iterable
from typing import Any

from django import forms

from placements.codes import Answer, Party, ShareChannel
from trust.forms import DayField, lines


class MakeForm(forms.Form):
    """One button: make the next version."""


class ShareForm(forms.Form):
    """To whom a version was given."""

    shared_with = forms.CharField(
        label="Given to", max_length=120, help_text="The person and the provider: 'Sam Okafor, Riverside Skills'."
    )
    channel = forms.ChoiceField(label="How", choices=[("", "Choose one"), *ShareChannel.choices])
    shared_on = DayField(label="On")


class SignForm(forms.Form):
    """What one party said to the agreement."""

    party = forms.ChoiceField(label="Who answered", choices=Party.choices, widget=forms.RadioSelect)
    name = forms.CharField(label="Name", max_length=120)
    answer = forms.ChoiceField(label="Answer", choices=Answer.choices, widget=forms.RadioSelect)
    conduct_accepted = forms.BooleanField(
        label="Accepted the code of conduct and the Behaviour Policy",
        required=False,
        help_text="Asked of student and parents (policy 4.1).",
    )
    words = forms.CharField(
        label="What they said", required=False, widget=lines(), help_text="Needed for an objection, in their words."
    )
    signed_on = DayField(label="On")


class QualificationForm(forms.Form):
    """A qualification that the student works for."""

    title = forms.CharField(label="Qualification", max_length=160)
    level = forms.CharField(max_length=24, required=False, help_text="'Entry 3', 'Level 1'.")
    awarding_body = forms.CharField(label="Awarded by", max_length=80)
    entered_on = DayField(label="Entered for it on", required=False)
    achieved_on = DayField(label="Achieved on", required=False)
    grade = forms.CharField(max_length=24, required=False)


class QualificationAddForm(QualificationForm):
    """The same with the programme's own qualifications to choose from; what is chosen needs no typing."""

    proposed = forms.ChoiceField(
        label="Of the programme", required=False, help_text="Or name another one below, with who awards it."
    )
    field_order = ("proposed", "title", "level", "awarding_body", "entered_on", "achieved_on", "grade")

    def __init__(self, *args: Any, offered: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(row.pk): row for row in offered}
        fields: dict[str, Any] = self.fields
        for name in ("title", "awarding_body"):
            fields[name].required = False
            # Not 'optional': one of the two ways is needed.
            fields[name].needed_later = True
        if self.offered:
            fields["proposed"].choices = [("", "None of these"), *((pk, str(row)) for pk, row in self.offered.items())]
        else:
            del fields["proposed"]

    def clean(self) -> dict[str, Any]:
        """The chosen one's words in place of typed ones."""
        data: dict[str, Any] = super().clean() or {}
        chosen = self.offered.get(data.pop("proposed", "") or "")
        if chosen is not None:
            data |= {"title": chosen.title, "level": chosen.level, "awarding_body": chosen.awarding_body}
        else:
            for name, words in (("title", "Name the qualification."), ("awarding_body", "Name who awards it.")):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, words)
        return data


class RenewForm(forms.Form):
    """Which placements go on next year, and until when."""

    placements = forms.MultipleChoiceField(
        label="Placements",
        error_messages={
            "required": "Tick at least one placement.",
            "invalid_choice": "A ticked placement is not on this list any more: tick again.",
        },
        widget=forms.CheckboxSelectMultiple,
    )
    last = DayField(
        label="One last day for all",
        required=False,
        help_text="Empty: the last school day of next year at each school.",
    )

    def __init__(self, *args: Any, ids: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["placements"].choices = [(str(pk), str(pk)) for pk in ids]

    def clean_placements(self) -> list[int]:
        """The ids."""
        return [int(pk) for pk in self.cleaned_data["placements"]]
