"""From the acceptance to the end."""

from typing import Any

from django import forms

from placements.codes import Destination, EndingReason
from trust.forms import DayField, lines


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label="Reason", widget=lines())


class PauseForm(ReasonForm):
    """Why, where the student is meanwhile, and that the parents know."""

    where_instead = forms.CharField(
        label="Where the student is meanwhile", max_length=240, help_text="Nobody is left without a place to be."
    )
    parents_told_on = DayField(label="Parents told on")
    parents_told_by = forms.CharField(label="Told by", max_length=120)
    field_order = ("where_instead", "parents_told_on", "parents_told_by", "reason")


class ReopenForm(ReasonForm):
    """Why it goes on; over budget with the chief executive's reason."""

    over_budget_reason = forms.CharField(label="Reason for approving over budget", required=False, widget=lines(2))

    def __init__(self, *args: Any, may_overspend: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_overspend:
            del self.fields["over_budget_reason"]


class EndReportForm(forms.Form):
    """What is written at the end."""

    report = forms.CharField(
        label="End report",
        required=False,
        widget=lines(5),
        help_text="What was reached in learning, attendance and behaviour, and what comes next.",
    )
    own_assessment = forms.CharField(label="The student's own assessment", required=False, widget=lines(4))
    return_plan = forms.CharField(
        label="Plan for the return",
        required=False,
        widget=lines(4),
        help_text="Who meets the student, on which timetable, with which support, and when it is looked at again.",
    )


class EndReportLaterForm(EndReportForm):
    """The same after the end."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class AcceptForm(forms.Form):
    """The receiving school takes the student."""

    dual_registered_on = DayField(
        label="Dual registration from",
        required=False,
        help_text="At latest the first day; leave it empty for a managed move.",
    )


class HomeVisitForm(forms.Form):
    """The visit before online study at home."""

    visited_on = DayField(label="Visited on")
    visited_by = forms.CharField(label="Visited by", max_length=120)
    suitable = forms.TypedChoiceField(
        label="Is the home suitable?",
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    safeguarding = forms.CharField(
        label="Safeguarding arrangements",
        widget=lines(),
        help_text="Rules for live lessons, who is in the house. Never the text of a disclosure.",
    )
    supervisor = forms.CharField(label="Supervising adult", max_length=120)


class ExtendForm(forms.Form):
    """Until when."""

    last = DayField(
        label="New last day", help_text="The new period starts on the next day with a session after the last one."
    )


class EndForm(EndReportForm):
    """Why and when it ended, and where the student goes next."""

    ended_on = DayField(
        label="Last day", help_text="A day before the planned end asks the Headteacher's approval of an early end."
    )
    reason = forms.ChoiceField(label="Why it ended", choices=[("", "Choose one"), *EndingReason.choices])
    destination = forms.ChoiceField(
        label="Where the student goes next", choices=[("", "Choose one"), *Destination.choices]
    )
    note = forms.CharField(label="Note", required=False, widget=lines())
    field_order = ("ended_on", "reason", "destination", "note", "report", "own_assessment", "return_plan")
