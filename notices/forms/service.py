"""Forms about giving a notice: what was handed over, what was posted, what became of an e-mail."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from notices.codes import Channel
from trust.calendar import LONDON
from trust.forms import ClockField, DayField, UploadField
from trust.models import School


def moment_of(form: forms.Form, cleaned: dict[str, Any], day: str, clock: str) -> datetime | None:
    """The instant of a day and a time in London, None while one is missing; a day out of reach is an error of it."""
    if not cleaned.get(day) or not cleaned.get(clock):
        return None
    try:
        at = datetime.combine(cleaned[day], cleaned[clock], tzinfo=LONDON)
        at.timestamp()
    except (OverflowError, ValueError):
        form.add_error(day, "Enter a day of this school year.")
        return None
    return at


class MomentForm(forms.Form):
    """A day and a time, cleaned into ``sent_at``; a service's refusal of ``sent_at`` is shown at the time."""

    sent_on = DayField(label="Day")
    sent_time = ClockField(label="Time")

    @staticmethod
    def initial_at(now: datetime) -> dict[str, Any]:
        """Now in London, which is usually when it happened."""
        local = timezone.localtime(now, LONDON)
        return {"sent_on": local.date(), "sent_time": local.time().replace(second=0, microsecond=0)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        at = moment_of(self, cleaned, "sent_on", "sent_time")
        if at is not None:
            cleaned["sent_at"] = at
        return cleaned


class GivenForm(MomentForm):
    """How and when one recipient was given the letter, and what proves it."""

    channel = forms.ChoiceField(label="How it was given", widget=forms.RadioSelect, choices=Channel.choices)
    proof = forms.CharField(
        label="Proof",
        help_text="Who handed it over and to whom, the certificate of posting, the address it was sent to.",
        max_length=240,
    )
    proof_upload = UploadField(label="File that proves it", required=False)

    field_order = ("channel", "sent_on", "sent_time", "proof", "proof_upload")

    def __init__(self, *args: Any, channels: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sent_on"].label = "Day it was handed over, sent or posted"
        self.fields["sent_time"].help_text = "An e-mail after the school day counts the next school day."
        self.fields["channel"].choices = [  # type: ignore[attr-defined]
            choice for choice in Channel.choices if choice[0] in channels
        ]


class PostedForm(MomentForm):
    """When a whole printing was posted, and what proves it."""

    proof = forms.CharField(
        label="Proof",
        help_text="Who posted it and where, the number of the certificate of posting.",
        max_length=240,
    )
    proof_upload = UploadField(label="Certificate of posting", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sent_on"].label = "Day it was posted, first class"


class CheckedForm(forms.Form):
    """What somebody found out about an e-mail of which nobody knows whether it left."""

    arrived = forms.ChoiceField(
        label="Did the e-mail arrive?",
        widget=forms.RadioSelect,
        choices=[("yes", "Yes, it arrived"), ("no", "No, or nobody can say")],
    )
    note = forms.CharField(
        label="How you know",
        help_text="Whom you asked and when, or what the log of the mail server says.",
        max_length=140,
    )
    sent_on = DayField(
        label="Day it arrived",
        required=False,
        help_text="Only when it arrived later than it was handed over. The later time counts.",
    )
    sent_time = ClockField(label="Time it arrived", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("sent_on")) != bool(cleaned.get("sent_time")):
            self.add_error("sent_time", "Give both the day and the time, or neither.")
        cleaned["sent_at"] = moment_of(self, cleaned, "sent_on", "sent_time")
        return cleaned


class LateForm(forms.Form):
    """The reason that lets a late notice count, and the parent's written agreement to the earlier start."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    agreement = UploadField(
        label="The parent’s written agreement to the earlier start",
        help_text="A signed letter or the e-mail as PDF. It is kept with the notice.",
        required=False,
    )


class PrintForm(forms.Form):
    """Which letters of one school are printed together; the choices are what waits there."""

    school = forms.ModelChoiceField(queryset=School.objects.none(), widget=forms.HiddenInput)
    recipients = forms.TypedMultipleChoiceField(
        label="Letters", coerce=int, error_messages={"required": "Tick at least one letter."}
    )

    def __init__(self, *args: Any, user: Any, waiting: Collection[int] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].queryset = School.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["recipients"].choices = [(one, str(one)) for one in waiting]  # type: ignore[attr-defined]
        self.fields["recipients"].error_messages["invalid_choice"] = (
            "One of these letters is on its way already. Look at what waits now, then choose again."
        )
