"""Forms about providers. They clean input; the services decide."""

import re
from typing import Any

from django import forms

from providers.codes import CheckKind
from providers.models import Programme, Provider, ProviderContact, Site
from trust.forms import ClockField, DayField, lines
from trust.models import School, User

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """A provider's own facts."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Provider
        fields = ["name", "kind", "school", "urn", "ukprn", "medical_tag", "subjects"]
        help_texts = {
            "school": "Only for the kind 'school of the trust'.",
            "urn": "Six digits, where the provider is registered as a school.",
            "ukprn": "Eight digits that start with 1, where it has one.",
            "medical_tag": "Only providers with one of these take students on the medical route (policy 2.2).",
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version if self.instance.pk else None
        self.fields["school"].queryset = School.objects.visible_to(user)  # type: ignore[attr-defined]


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """An address where students report, with its session times."""

    from_day = DayField(label="These times apply from")
    am_start = ClockField(label="Morning starts")
    am_end = ClockField(label="Morning ends")
    pm_start = ClockField(label="Afternoon starts")
    pm_end = ClockField(label="Afternoon ends", help_text="The break lies between morning and afternoon.")

    class Meta:
        model = Site
        fields = ["name", "kind", "address", "postcode", "phone", "report_to"]
        widgets = {"address": lines()}
        help_texts = {"report_to": "A direction notice names this person (policy 7.3)."}

    def clean_postcode(self) -> str:
        found = _POSTCODE.fullmatch(self.cleaned_data["postcode"].upper().replace(" ", ""))
        if found is None:
            raise forms.ValidationError("Give a whole postcode, for example ZZ1 4CC: it stands in the notice.")
        return " ".join(found.groups())

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if sum(letter.isdigit() for letter in phone) < 6:
            raise forms.ValidationError("Give a telephone number: it stands in the notice.")
        return phone

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        times = [data[name] for name in ("am_start", "am_end", "pm_start", "pm_end") if data.get(name) is not None]
        if len(times) == 4 and not times[0] < times[1] <= times[2] < times[3]:
            self.add_error("pm_end", "The times must follow one another through the day.")
        return data

    def site(self) -> dict[str, Any]:
        """The fields of the site."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def times(self) -> dict[str, Any]:
        """The first day and the session times."""
        return {name: self.cleaned_data[name] for name in ("from_day", "am_start", "am_end", "pm_start", "pm_end")}


class SiteClosureForm(forms.Form):
    """A day on which a site is closed."""

    day = DayField(label="Day")
    note = forms.CharField(max_length=120, required=False)


class ProgrammeForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is taught, at what price and for how many."""

    class Meta:
        model = Programme
        fields = [
            "name",
            "subjects",
            "qualifications",
            "key_stages",
            "maths_and_english",
            "unit",
            "rate",
            "capacity",
            "hours_per_session",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hours = self.fields["hours_per_session"]
        hours.label, hours.help_text = "Hours in a session", "A session is half a day."

    def clean_hours_per_session(self) -> Any:
        hours = self.cleaned_data["hours_per_session"]
        if not 0 < hours <= 12:
            raise forms.ValidationError("Give between a quarter of an hour and 12 hours.")
        return hours

    def clean_key_stages(self) -> str:
        stages = re.findall(r"[^\s,;]+", self.cleaned_data["key_stages"].upper())
        if not all(re.fullmatch(r"KS[1-5]", stage) for stage in stages):
            raise forms.ValidationError("Give key stages as KS3 KS4.")
        return " ".join(stages)

    def clean_capacity(self) -> Any:
        capacity = self.cleaned_data["capacity"]
        if capacity > 500:
            raise forms.ValidationError("Give at most 500 places.")
        return capacity


class ProviderContactForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person at the provider."""

    class Meta:
        model = ProviderContact
        fields = ["name", "role", "email", "phone"]
        help_texts = {"role": "For example 'attendance contact' or 'DSL'."}


class AgreementForm(forms.Form):
    """A signed service level agreement."""

    first = DayField(label="First day")
    last = DayField(label="Last day")
    signed_by = forms.CharField(max_length=120, label="Signed for the provider by")
    signed_on = DayField(label="Signed on")
    terms = forms.CharField(
        widget=lines(),
        required=False,
        max_length=4000,
        label="Charging terms",
        help_text="Notice period on early end, what is charged when a student is absent.",
    )


class CheckForm(forms.Form):
    """Something that was checked."""

    kind = forms.ChoiceField(choices=CheckKind.choices, label="What was checked")
    done_on = DayField(label="Done on")
    expires_on = DayField(
        label="Counts until",
        required=False,
        help_text="Staff checks and visits count for 12 months at most; insurance needs its own last day.",
    )
    note = forms.CharField(
        widget=lines(), required=False, max_length=2000, help_text="What was seen, and where the evidence is kept."
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        done, expires = data.get("done_on"), data.get("expires_on")
        if data.get("kind") == CheckKind.INSURANCE and not expires and "expires_on" not in self.errors:
            self.add_error("expires_on", "Give the last day of the insurance.")
        if done and expires and expires <= done:
            self.add_error("expires_on", "A check counts until a day after the one on which it was done.")
        return data


class ReasonForm(forms.Form):
    """Why a provider is approved, suspended or closed."""

    reason = forms.CharField(widget=lines(), max_length=2000)
