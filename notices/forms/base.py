"""The forms of a notice: particulars, authorising, giving, the filters of the list."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from notices.codes import Channel
from notices.lifecycle import Status
from notices.models import DirectionNotice
from trust.calendar import LONDON
from trust.models import School


class DateInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """The browser's own time picker."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class NoticeForm(forms.Form):
    """The particulars of a draft; all may still be empty, the letter cannot be authorised before they are there."""

    reasons = forms.CharField(
        label="Reasons for the direction",
        help_text="As the family will read them. They start from the referral.",
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
        max_length=4000,
    )
    aims = forms.CharField(
        label="Aims of the placement",
        help_text="One on each line.",
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        max_length=4000,
    )
    measurable_aim = forms.CharField(
        label="The aim that success is measured by",
        help_text="With a number, for example: attendance of at least 90%.",
        required=False,
        max_length=240,
    )
    start_time = forms.TimeField(label="Time of arrival on the first day", required=False, widget=TimeInput())
    report_to = forms.CharField(label="Person to report to on the first day", required=False, max_length=120)
    days_required = forms.IntegerField(
        label="School days required",
        help_text="Counted from the timetable and the calendar.",
        required=False,
        min_value=1,
        max_value=400,
    )
    days_reason = forms.CharField(
        label="Why the number differs from the one counted",
        help_text="Only when you change the number.",
        required=False,
        max_length=240,
    )
    sessions_note = forms.CharField(
        label="Days and times that differ",
        help_text="For example: no afternoon session on Wed 16 Dec.",
        required=False,
        max_length=240,
    )
    first_review_on = forms.DateField(label="First review on or before", required=False, widget=DateInput())
    version = forms.IntegerField(widget=forms.HiddenInput)

    NEEDED_LATER = ("reasons", "aims", "measurable_aim", "start_time", "report_to", "days_required", "first_review_on")

    def __init__(self, *args: Any, computed_days: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.NEEDED_LATER:
            # Not 'optional': a draft may be saved without it, but not authorised.
            self.fields[name].needed_later = True  # type: ignore[attr-defined]
        if computed_days is not None:
            self.fields["days_required"].help_text = f"Counted from the timetable and the calendar: {computed_days}."

    @classmethod
    def initial_of(cls, notice: DirectionNotice) -> dict[str, Any]:
        """The values of a draft for the empty form."""
        return {name: getattr(notice, name) for name in cls.base_fields}


class AuthoriseForm(forms.Form):
    """The reason that lets a late notice out; asked for only when it is late. ``version``: the draft that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    override_reason = forms.CharField(
        label="Why the notice goes out late",
        help_text="Counted in the trustees' report. Only a Headteacher or the chief executive can do this.",
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=2000,
    )

    def __init__(self, *args: Any, late: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if late:
            # Not 'optional': without it a late notice is not authorised.
            self.fields["override_reason"].needed_later = True  # type: ignore[attr-defined]
        else:
            del self.fields["override_reason"]


class ReasonForm(forms.Form):
    """A reason in words."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class GivenForm(forms.Form):
    """How and when one recipient was given the letter, and what proves it."""

    channel = forms.ChoiceField(label="How it was given", widget=forms.RadioSelect, choices=Channel.choices)
    sent_on = forms.DateField(label="Day it was handed over, sent or posted", widget=DateInput())
    sent_time = forms.TimeField(label="Time", help_text="An e-mail after the school day counts the next school day.")
    proof = forms.CharField(
        label="Proof",
        help_text="Who handed it over and to whom, the certificate of posting, the address it was sent to.",
        max_length=240,
    )

    def __init__(self, *args: Any, channels: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sent_time"].widget = TimeInput()
        self.fields["channel"].choices = [  # type: ignore[attr-defined]
            choice for choice in Channel.choices if choice[0] in channels
        ]

    @staticmethod
    def initial_at(now: datetime) -> dict[str, Any]:
        """Now in London, which is usually when it happened."""
        local = timezone.localtime(now, LONDON)
        return {"sent_on": local.date(), "sent_time": local.time().replace(second=0, microsecond=0)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("sent_on") and cleaned.get("sent_time"):
            try:
                at = datetime.combine(cleaned["sent_on"], cleaned["sent_time"], tzinfo=LONDON)
                at.timestamp()
            except (OverflowError, ValueError):
                self.add_error("sent_on", "Enter a day of this school year.")
            else:
                cleaned["sent_at"] = at
        return cleaned


class NoticeFilterForm(forms.Form):
    """Coded filters of the list, kept in the address."""

    status = forms.ChoiceField(label="Status", required=False)
    school = forms.ModelChoiceField(label="School", required=False, queryset=School.objects.none(), empty_label="All")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [("", "All in force"), *Status.choices]  # type: ignore[attr-defined]
        self.fields["school"].queryset = School.objects.visible_to(user)  # type: ignore[attr-defined]
