"""The forms of a notice: particulars, authorising, giving, the filters of the list."""

from typing import Any

from django import forms

from notices.models import DirectionNotice
from trust.forms import UploadField


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

    agreement = UploadField(
        label="The parent’s written agreement to the earlier start",
        help_text="A signed letter or the e-mail as PDF. It is kept with the notice.",
        required=False,
    )

    def __init__(self, *args: Any, late: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if late:
            # Not 'optional': without it a late notice is not authorised.
            self.fields["override_reason"].needed_later = True  # type: ignore[attr-defined]
        else:
            del self.fields["override_reason"]
            del self.fields["agreement"]


class ReasonForm(forms.Form):
    """A reason in words."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
