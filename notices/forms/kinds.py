"""The particulars of a notice by its kind: a form for each, and the questions before one is prepared."""

from typing import Any

from django import forms

from notices.codes import NoticeKind
from notices.forms.base import DateInput, NoticeForm, TimeInput
from notices.models import DirectionNotice


def _say_needed(form: forms.Form, names: tuple[str, ...]) -> None:
    """Mark fields that a draft may lack, but no authorised notice."""
    for name in names:
        form.fields[name].needed_later = True  # type: ignore[attr-defined]


class EndForm(forms.Form):
    """What the notice at the end of a period says (P7.4)."""

    outcome = forms.CharField(
        label="Outcome of the period",
        help_text="What was reached, and why the placement ends. As the family will read it.",
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
        max_length=4000,
    )
    return_on = forms.DateField(
        label="Date of return", help_text="The next school day after the end.", required=False, widget=DateInput()
    )
    return_time = forms.TimeField(label="Time of return", required=False, widget=TimeInput())
    return_place = forms.CharField(
        label="Place to return to",
        help_text="With the full address. Where the student goes on elsewhere: that place.",
        required=False,
        max_length=240,
    )
    return_person = forms.CharField(label="Person to report to", required=False, max_length=120)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, computed_days: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_needed(self, ("outcome", "return_on", "return_time", "return_place", "return_person"))

    @classmethod
    def initial_of(cls, notice: DirectionNotice) -> dict[str, Any]:
        """The values of a draft for the empty form."""
        return {name: getattr(notice, name) for name in cls.base_fields}


class VariationForm(NoticeForm):
    """What changes, and every particular as it will be from that day (P7.3)."""

    changes = forms.CharField(
        label="What changes",
        help_text="Days, times, place or person, with what held before. As the family will read it.",
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        max_length=4000,
    )
    field_order = ("changes",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_needed(self, ("changes",))
        self.fields["start_time"].label = "Time of arrival on the day of the change"
        self.fields["report_to"].label = "Person to report to on that day"
        self.fields["days_required"].label = "School days required from that day"


class WithdrawalForm(forms.Form):
    """Why a placement that was told of will not go ahead."""

    reasons = forms.CharField(
        label="Reasons for the withdrawal",
        help_text="As the family will read them.",
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
        max_length=4000,
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, computed_days: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_needed(self, ("reasons",))

    @classmethod
    def initial_of(cls, notice: DirectionNotice) -> dict[str, Any]:
        """The values of a draft for the empty form."""
        return {name: getattr(notice, name) for name in cls.base_fields}


KIND_FORMS: dict[str, type[Any]] = {
    NoticeKind.INITIAL: NoticeForm,
    NoticeKind.EXTENSION: NoticeForm,
    NoticeKind.END: EndForm,
    NoticeKind.VARIATION: VariationForm,
    NoticeKind.WITHDRAWAL: WithdrawalForm,
}


def form_class_for(kind: str) -> type[Any]:
    """The form of the particulars of a notice of this kind."""
    return KIND_FORMS[NoticeKind(kind)]


class ChangeDayForm(forms.Form):
    """From which day something changes."""

    effective_on = forms.DateField(
        label="Day from which it changes",
        help_text="The notice must be given before it, like that of a new placement.",
        widget=DateInput(),
    )


class WithdrawForm(forms.Form):
    """Why a notice is withdrawn; the letter starts from it."""

    reason = forms.CharField(
        label="Reasons for the withdrawal",
        help_text="The letter starts from these words; you can change them before it is authorised.",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
    )
