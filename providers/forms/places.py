"""Sites, their session times and the days on which they are closed."""

import re
from typing import Any

from django import forms

from providers.models import Site
from trust.forms import ClockField, DayField, lines

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")
_TIMES = ("am_start", "am_end", "pm_start", "pm_end")


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
        times = [data[name] for name in _TIMES if data.get(name) is not None]
        if len(times) == 4 and not times[0] < times[1] <= times[2] < times[3]:
            self.add_error("pm_end", "The times must follow one another through the day.")
        return data

    def site(self) -> dict[str, Any]:
        """The fields of the site."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def times(self) -> dict[str, Any] | None:
        """The first day and the session times; None when no new ones were typed."""
        given = {name: self.cleaned_data[name] for name in ("from_day", *_TIMES)}
        return given if given["from_day"] else None


class SiteEditForm(SiteForm):
    """A site that is there: its facts, new session times from a day on, and until when it is used."""

    closed_on = DayField(
        label="Not used from",
        required=False,
        help_text="Leave empty while the site is in use. Nothing is expected there from that day on.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    field_order = ["name", "kind", "address", "postcode", "phone", "report_to", "closed_on"]

    class Meta(SiteForm.Meta):
        fields = [*SiteForm.Meta.fields, "closed_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version
        for name in ("from_day", *_TIMES):
            self.fields[name].required = False
        self.fields["from_day"].label = "New times apply from"
        self.fields["from_day"].help_text = "Leave all five empty to keep the session times as they are."

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        names = ("from_day", *_TIMES)
        if any(data.get(name) is not None for name in names):
            for name in names:
                if data.get(name) is None and name not in self.errors:
                    self.add_error(name, "New session times need the first day and all four times.")
        return data


class SiteClosureForm(forms.Form):
    """A day, or a stretch of days, on which a site is closed."""

    day = DayField(label="Day, or first day")
    until = DayField(label="Last day", required=False, help_text="For several days: the weekdays between are recorded.")
    note = forms.CharField(max_length=120, required=False)
