"""Forms about referrals. They clean input; the services decide."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms

from referrals.codes import Reason
from referrals.lifecycle import Status
from referrals.models import Referral
from trust.forms import DayField, lines


def _said(sentence: str, clause: str) -> HTML:
    """The guidance beside a section: a sentence and the clause of the policy behind it (P1.3)."""
    return HTML(f'<p class="quiet">{sentence} (Policy {clause})</p>')


class StartForm(forms.Form):
    """Begin a referral; the other sections are written afterwards, in any order."""

    primary_reason = forms.ChoiceField(
        label="Main reason", choices=[("", "Choose later"), *Reason.choices], required=False
    )


class ReferralForm(forms.ModelForm):  # type: ignore[type-arg]
    """The whole referral; every part may be left for later."""

    use_required_attribute = False
    # What a submission needs: not marked as optional, and yet an unfinished draft is saved.
    NEEDED = (
        "primary_reason",
        "in_house_options",
        "why_more_appropriate",
        "managed_move",
        "exclusion_alternative",
        "aims",
    )

    reasons = forms.MultipleChoiceField(
        label="Further reasons", choices=Reason.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    exclusion_alternative = forms.TypedChoiceField(
        label="Is this offered as an alternative to permanent exclusion?",
        choices=[("True", "Yes"), ("False", "No")],
        coerce=lambda value: value == "True",
        empty_value=None,
        widget=forms.RadioSelect,
        help_text="If it is, the family must be told so clearly, and the letter says it.",
    )
    family_invited_on = DayField(label="Family invited on", required=False)
    family_invited_again_on = DayField(label="Second invitation on", required=False)
    family_met_on = DayField(label="Meeting with the family held on", required=False)
    attendance_agreed_on = DayField(label="Family agreed to support attendance on", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Referral
        fields = [
            "nc_year_reason",
            "primary_reason",
            "reasons",
            "narrative",
            "in_house_options",
            "why_more_appropriate",
            "managed_move",
            "managed_move_note",
            "exclusion_alternative",
            "aims",
            "interests",
            "needs",
            "family_invited_on",
            "family_invited_again_on",
            "family_met_on",
            "explained_by",
            "explained_to",
            "family_said",
            "attendance_agreed_on",
        ]
        labels = {"primary_reason": "Main reason", "nc_year_reason": "Why this year, outside 7 to 11"}
        widgets = {
            "narrative": lines(4),
            "in_house_options": lines(4),
            "why_more_appropriate": lines(),
            "aims": lines(),
            "needs": lines(),
            "family_said": lines(),
        }
        help_texts = {
            "aims": "At least one that can be measured, for example 'attendance of 90 % by Easter'.",
            "needs": "Medical and emergency information, support, what helps and what does not.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if 7 <= self.instance.nc_year <= 11 and not self.instance.nc_year_reason:
            del self.fields["nc_year_reason"]
        for name in self.NEEDED:
            self.fields[name].required = True
        year = ["nc_year_reason"] if "nc_year_reason" in self.fields else []
        self.helper = FormHelper()
        self.helper.layout = Layout(
            Fieldset(
                "Reasons",
                _said("Several reasons may apply; one is the main one.", "P3.1"),
                *year,
                "primary_reason",
                "reasons",
                "narrative",
            ),
            Fieldset(
                "What was tried",
                _said("A referral needs provision that is more appropriate than what the trust can provide.", "P3.7"),
                "in_house_options",
                "why_more_appropriate",
            ),
            Fieldset(
                "Managed move",
                _said("A managed move may come first, with the parents' consent.", "P3.13"),
                "managed_move",
                "managed_move_note",
            ),
            Fieldset(
                "Alternative to permanent exclusion",
                _said("This must be clear to parents, so that they can make an informed decision.", "P5.2"),
                "exclusion_alternative",
            ),
            Fieldset(
                "Aims and needs",
                _said("Success is measured against the targets that grow out of the aims.", "P6.7"),
                "aims",
                "interests",
                "needs",
            ),
            Fieldset(
                "The family",
                _said("A meeting of everybody concerned, the reasons explained, attendance supported.", "P5.1 to P5.3"),
                "family_invited_on",
                "family_invited_again_on",
                "family_met_on",
                "explained_by",
                "explained_to",
                "family_said",
                "attendance_agreed_on",
            ),
            "version",
        )

    def full_clean(self) -> None:
        """Clean what is there: a draft may be saved with gaps."""
        for name in self.NEEDED:
            self.fields[name].required = False
        super().full_clean()
        for name in self.NEEDED:
            self.fields[name].required = True


class DecideForm(forms.Form):
    """Approve, return for changes or decline."""

    decision = forms.ChoiceField(
        label="Decision",
        choices=[
            (Status.APPROVED, "Approve"),
            (Status.RETURNED, "Return for changes"),
            (Status.DECLINED, "Decline"),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Reason", widget=lines(), required=False, help_text="Needed to return or decline it."
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label="Reason", widget=lines())
