"""The wording of a letter in a form: one field for each section, one for each fixed word of another language."""

from typing import Any

from django import forms

from notices.codes import Language, NoticeKind
from notices.models import NoticeTemplate
from notices.queries.templates import needed_labels, routes_with_letters
from notices.rules.templates import check_text, sections_of
from notices.rules.words import LABEL_MOST, LABELS, label_faults


class TemplateKeyForm(forms.Form):
    """Which letter: for which route, of which kind, in which language."""

    route = forms.ChoiceField(label="Route", choices=[(route.value, route.label) for route in routes_with_letters()])
    kind = forms.ChoiceField(label="Kind of notice", choices=NoticeKind.choices)
    language = forms.ChoiceField(
        label="Language",
        choices=Language.choices,
        help_text="The letter in English is the notice; one in another language goes with it.",
    )


class TemplateForm(forms.Form):
    """The words of one version. A fault is named by line and column beside its section, and nothing typed is lost."""

    note = forms.CharField(
        label="What changed, and why",
        help_text="Kept with the version; needed before it is put in force.",
        required=False,
        max_length=240,
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, template: NoticeTemplate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.template = template
        own: dict[str, forms.Field] = {}
        language = {} if template.language == Language.ENGLISH else {"lang": template.language, "dir": "auto"}
        for section in sections_of(template.kind):
            own[f"text_{section.name}"] = forms.CharField(
                label=section.label,
                required=False,
                # Blanks stay, so that a place that is named is the place that was typed.
                strip=False,
                widget=forms.Textarea(attrs={"rows": 1 if section.line else 5, "spellcheck": "true", **language}),
            )
        if template.language != Language.ENGLISH:
            for name in needed_labels():
                own[f"label_{name}"] = forms.CharField(
                    label=f"“{LABELS[name]}”",
                    required=False,
                    max_length=LABEL_MOST,
                    widget=forms.Textarea(attrs={"rows": 2 if len(LABELS[name]) > 60 else 1, **language}),
                )
        for field in (*own.values(), self.fields["note"]):
            # Not 'optional': a draft may lack it, but a version in force may not.
            field.needed_later = True  # type: ignore[attr-defined]
        self.fields = {**own, **self.fields}

    @property
    def text_names(self) -> list[str]:
        """The fields of the sections."""
        return [name for name in self.fields if name.startswith("text_")]

    @property
    def label_names(self) -> list[str]:
        """The fields of the fixed words."""
        return [name for name in self.fields if name.startswith("label_")]

    @staticmethod
    def initial_of(template: NoticeTemplate) -> dict[str, Any]:
        """The words of a version for the empty form."""
        return {
            "note": template.note,
            "version": template.version,
            **{f"text_{name}": text for name, text in template.texts.items()},
            **{f"label_{name}": text for name, text in template.labels.items()},
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for section in sections_of(self.template.kind):
            name = f"text_{section.name}"
            if name not in cleaned:
                continue
            cleaned[name] = cleaned[name].replace("\r\n", "\n").replace("\r", "\n")
            for fault in check_text(cleaned[name], self.template.kind, most=section.most):
                self.add_error(name, str(fault))
        for name in self.label_names:
            text = cleaned.get(name)
            if text:
                for words in label_faults(name.removeprefix("label_"), text):
                    self.add_error(name, words)
        return cleaned

    def values(self) -> dict[str, Any]:
        """The cleaned words as ``save_template`` takes them."""
        data = self.cleaned_data
        return {
            "texts": {name.removeprefix("text_"): data[name] for name in self.text_names},
            "labels": {name.removeprefix("label_"): data[name] for name in self.label_names},
            "note": data["note"],
            "version": data["version"],
        }


class VersionForm(forms.Form):
    """A question whose answer is a button; ``version`` is that of the record as it was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
