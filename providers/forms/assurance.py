"""Agreements, checks and quality standards."""

import json
from datetime import datetime
from typing import Any

from django import forms

from providers.codes import CheckKind, StandardOutcome
from providers.models import ServiceLevelAgreement
from trust.calendar import from_range
from trust.forms import DayField, UploadField, lines

_AGREED = (
    "signed_by",
    "signed_on",
    "terms",
    "notice_days",
    "charged_when_absent",
    "charged_when_closed",
    "places_bought",
    "vat_percent",
    "safeguarding_version",
    "code_of_conduct_on",
)


class AgreementForm(forms.Form):
    """A signed service level agreement."""

    first = DayField(label="First day")
    last = DayField(label="Last day")
    signed_by = forms.CharField(max_length=120, label="Signed for the provider by")
    signed_on = DayField(label="Signed on")
    notice_days = forms.IntegerField(
        min_value=0,
        max_value=190,
        initial=0,
        label="School days charged after an early end",
        help_text="The notice period. 0: nothing is charged after the last day.",
    )
    charged_when_absent = forms.BooleanField(required=False, initial=True, label="Charged when the student is absent")
    charged_when_closed = forms.BooleanField(required=False, label="Charged when the provider is closed")
    places_bought = forms.IntegerField(
        min_value=0,
        max_value=500,
        initial=0,
        label="Places bought in advance",
        help_text="0: places are paid as they are used.",
    )
    vat_percent = forms.DecimalField(
        min_value=0, max_value=50, max_digits=4, decimal_places=2, initial=0, label="VAT, %"
    )
    terms = forms.CharField(
        widget=lines(), required=False, max_length=4000, label="Charging terms in the provider's words"
    )
    safeguarding_version = forms.CharField(
        max_length=60,
        required=False,
        label="Safeguarding policy accepted (version)",
        help_text="For example 'September 2026' (policy 3.12).",
    )
    code_of_conduct_on = DayField(label="Code of conduct received on", required=False, help_text="Policy 4.1.")
    file = UploadField(label="Signed agreement", required=False)

    def agreed(self) -> dict[str, Any]:
        """Everything but the file."""
        return {name: self.cleaned_data[name] for name in ("first", "last", *_AGREED)}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("first") and data.get("last") and data["last"] < data["first"]:
            self.add_error("last", "The last day lies before the first.")
        return data


class AgreementEditForm(AgreementForm):
    """An agreement that is there; with ``correction`` a reason is asked for."""

    reason = forms.CharField(widget=lines(2), max_length=500, label="Why it is corrected")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, agreement: ServiceLevelAgreement, correction: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, last = from_range(agreement.period)
        self.initial.update({name: getattr(agreement, name) for name in _AGREED})
        self.initial.update(first=first, last=last, version=agreement.version)
        if not correction:
            del self.fields["reason"]
        if agreement.signed_file_id:
            self.fields["file"].label = "Another signed file"
            words = "Leave empty to keep the file that is there."
            self.fields["file"].help_text = f"{words} {self.fields['file'].help_text}"


class CheckForm(forms.Form):
    """Something that was checked."""

    # Quality standards are assessed one by one on their own page.
    kind = forms.ChoiceField(
        choices=[(kind.value, kind.label) for kind in CheckKind if kind != CheckKind.QUALITY],
        label="What was checked",
    )
    done_on = DayField(label="Done on")
    expires_on = DayField(
        label="Counts until",
        required=False,
        help_text="Staff checks and visits count for 12 months at most; insurance needs its own last day.",
    )
    note = forms.CharField(
        widget=lines(), required=False, max_length=2000, help_text="What was seen. No student is named here."
    )
    file = UploadField(label="Evidence", required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        done, expires = data.get("done_on"), data.get("expires_on")
        if data.get("kind") == CheckKind.INSURANCE and not expires and "expires_on" not in self.errors:
            self.add_error("expires_on", "Give the last day of the insurance.")
        if done and expires and expires <= done:
            self.add_error("expires_on", "A check counts until a day after the one on which it was done.")
        return data


class StandardsVersionForm(forms.Form):
    """A new version of the quality standards."""

    label = forms.CharField(max_length=60, label="Name of the version", help_text="For example 'DfE 2026'.")
    source = forms.CharField(max_length=240, label="Where the text comes from")
    in_force_from = DayField(label="In force from")
    file = UploadField(
        imports=True,
        label="CSV file",
        help_text="Headings part, code and text; part is 1 to 4, one standard in a row, saved as 'CSV UTF-8'.",
    )


class StandardsPartForm(forms.Form):
    """What was found of each standard of one part; ``standards`` are the lines of the query."""

    assessed_on = DayField(label="Assessed on")
    expires_on = DayField(label="Counts until", required=False)
    file = UploadField(label="Evidence", required=False)
    again = forms.BooleanField(
        required=False,
        label="I looked at the whole part again: outcomes that I did not change count from this day too",
    )
    # When each result on the form had been recorded, so that nobody's newer one is overwritten.
    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4000)

    def __init__(self, *args: Any, standards: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ids = [line.standard.pk for line in standards]
        recorded = {}
        for line in standards:
            standard, result = line.standard, line.result
            self.fields[f"outcome_{standard.pk}"] = forms.ChoiceField(
                choices=StandardOutcome.choices,
                required=False,
                widget=forms.RadioSelect,
                label=f"{standard.code} {standard.text}",
            )
            self.fields[f"note_{standard.pk}"] = forms.CharField(
                widget=lines(2), required=False, max_length=2000, label=f"Note on {standard.code}"
            )
            if result is not None:
                self.initial[f"outcome_{standard.pk}"] = result.outcome
                self.initial[f"note_{standard.pk}"] = result.note
                recorded[standard.pk] = result.recorded_at.isoformat()
        self.initial["version"] = json.dumps(recorded)

    def results(self) -> dict[int, tuple[str, str]]:
        """Outcome and note of each standard that was changed, or of all with an outcome when looked at again."""
        again = self.cleaned_data["again"]
        found = {}
        for pk in self.ids:
            outcome, note = self.cleaned_data[f"outcome_{pk}"], self.cleaned_data[f"note_{pk}"]
            changed = {f"outcome_{pk}", f"note_{pk}"} & set(self.changed_data)
            if outcome and (again or changed):
                found[pk] = (outcome, note)
        return found

    def seen(self) -> dict[int, datetime | None]:
        """When the results that the person saw had been recorded; empty for anything unreadable."""
        try:
            typed = json.loads(self.cleaned_data["version"] or "{}")
            return {int(pk): datetime.fromisoformat(value) for pk, value in typed.items()}
        except (ValueError, AttributeError, TypeError):
            return {}
