"""Programmes with half-days, price and qualifications."""

import re
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from providers.models import Programme
from trust.codes import KeyStage
from trust.forms import DayField

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
HALF_DAYS = [(str(2 * day + half), f"{_DAYS[day]} {('AM', 'PM')[half]}") for day in range(5) for half in range(2)]
# The trust's schools teach years 7 to 13.
_STAGES = (KeyStage.KS3, KeyStage.KS4, KeyStage.KS5)
_LEVELS = ("Entry level", "Level 1", "Level 2", "Level 3", "Level 4")
_ROWS_SPARE, _ROWS_MAX = 3, 20
_QUALIFICATION = ("title", "level", "awarding_body", "number")
_NUMBER = re.compile(r"[0-9]{3}/[0-9]{4}/[0-9X]")


class ProgrammeForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is taught, at what price and for how many, on which half-days, leading to what."""

    key_stages = forms.MultipleChoiceField(
        label="Key stages", widget=forms.CheckboxSelectMultiple, error_messages={"required": "Tick a key stage."}
    )
    sessions_offered = forms.TypedMultipleChoiceField(
        label="Half-days on which it runs",
        choices=HALF_DAYS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one half-day on which the programme runs."},
    )
    offered_until = DayField(label="Offered until", required=False, help_text="Leave empty while there is no last day.")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Programme
        fields = [
            "name",
            "subjects",
            "interests",
            "key_stages",
            "maths_and_english",
            "sessions_offered",
            "offered_until",
            "unit",
            "rate",
            "capacity",
            "hours_per_session",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programme = self.instance
        hours = self.fields["hours_per_session"]
        hours.label, hours.help_text = "Hours in a session", "A session is half a day."
        known = programme.key_stages.split()
        choices = [(stage.value, stage.label) for stage in KeyStage if stage in _STAGES or stage in known]
        self.fields["key_stages"].choices = choices  # type: ignore[attr-defined]
        self.initial["key_stages"] = known
        self.initial["sessions_offered"] = [str(slot) for slot in programme.sessions_offered]
        self.initial["version"] = programme.version if programme.pk else None
        self._add_rows(list(programme.qualifications.all()) if programme.pk else [])

    def _add_rows(self, known: list[Any]) -> None:
        typed = sum(f"qualification_{n}_title" in self.data for n in range(_ROWS_MAX)) if self.is_bound else 0
        self.rows = min(max(len(known) + _ROWS_SPARE, typed), max(_ROWS_MAX, len(known)))
        for n in range(self.rows):
            words = f"qualification {n + 1}"
            self.fields |= {
                f"qualification_{n}_title": forms.CharField(max_length=160, required=False, label=f"Title of {words}"),
                f"qualification_{n}_level": forms.ChoiceField(
                    choices=[("", "Not stated"), *((level, level) for level in self._levels(known))],
                    required=False,
                    label=f"Level of {words}",
                ),
                f"qualification_{n}_awarding_body": forms.CharField(
                    max_length=80, required=False, label=f"Awarding body of {words}"
                ),
                f"qualification_{n}_number": forms.CharField(max_length=16, required=False, label=f"Number of {words}"),
            }
        for n, row in enumerate(known):
            for name in _QUALIFICATION:
                self.initial[f"qualification_{n}_{name}"] = getattr(row, name)

    @staticmethod
    def _levels(known: list[Any]) -> list[str]:
        return list(dict.fromkeys([*_LEVELS, *(row.level for row in known if row.level)]))

    def grid(self) -> list[tuple[str, list[Any]]]:
        """The check boxes of the half-days: for each weekday its morning and afternoon."""
        boxes = list(self["sessions_offered"])
        return [(day, boxes[2 * n : 2 * n + 2]) for n, day in enumerate(_DAYS)]

    def qualification_rows(self) -> list[tuple[int, list[BoundField]]]:
        """The four fields of each qualification, with its number."""
        return [(n + 1, [self[f"qualification_{n}_{name}"] for name in _QUALIFICATION]) for n in range(self.rows)]

    def plain_fields(self) -> list[BoundField]:
        """The fields before the half-days."""
        return [self[name] for name in ("name", "subjects", "interests", "key_stages", "maths_and_english")]

    def price_fields(self) -> list[BoundField]:
        """The fields after the half-days."""
        return [self[name] for name in ("offered_until", "unit", "rate", "capacity", "hours_per_session")]

    def clean_hours_per_session(self) -> Any:
        hours = self.cleaned_data["hours_per_session"]
        if not 0 < hours <= 12:
            raise forms.ValidationError("Give between a quarter of an hour and 12 hours.")
        return hours

    def clean_key_stages(self) -> str:
        """The stages as the record holds them: 'KS3 KS4'."""
        stages = " ".join(sorted(self.cleaned_data["key_stages"]))
        if len(stages) > 12:
            raise forms.ValidationError("Tick at most three key stages.")
        return stages

    def clean_capacity(self) -> Any:
        capacity = self.cleaned_data["capacity"]
        if capacity > 500:
            raise forms.ValidationError("Give at most 500 places.")
        return capacity

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        seen = set()
        for n in range(self.rows):
            row = {name: (data.get(f"qualification_{n}_{name}") or "").strip() for name in _QUALIFICATION}
            if not any(row.values()):
                continue
            for name, words in (("title", "the qualification"), ("awarding_body", "who awards it")):
                if not row[name]:
                    self.add_error(f"qualification_{n}_{name}", f"Name {words}.")
            if row["number"] and not _NUMBER.fullmatch(row["number"]):
                self.add_error(f"qualification_{n}_number", "A qualification number reads 603/1234/5.")
            key = (row["title"], row["awarding_body"])
            if key in seen:
                self.add_error(f"qualification_{n}_title", "This qualification is listed twice.")
            seen.add(key)
        return data

    def facts(self) -> dict[str, Any]:
        """The fields of the programme."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def qualifications(self) -> list[dict[str, str]]:
        """The rows that were filled in."""
        rows = [
            {name: self.cleaned_data[f"qualification_{n}_{name}"].strip() for name in _QUALIFICATION}
            for n in range(self.rows)
        ]
        return [row for row in rows if row["title"]]
