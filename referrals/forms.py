"""Forms of referrals: one for each section, and those of the moves."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout
from django import forms

from referrals.codes import Reason, Section, SectionState
from referrals.lifecycle import Status
from referrals.models import Referral
from referrals.rules import SECTION_FIELDS, asks_year_reason
from trust.forms import DayField, lines

# The guidance on each section: a sentence and the clause of the policy behind it (P1.3).
GUIDANCE: dict[Section, tuple[str, str]] = {
    Section.STUDENT: (
        "Alternative provision is for years 7 to 11. Every contact with parental responsibility or care is told.",
        "P2.1",
    ),
    Section.REASONS: ("Several reasons may apply; one is the main one.", "P3.1"),
    Section.TRIED: (
        "The provision must be more appropriate than what the trust can provide; success is measured by the aims.",
        "P3.7 and P6.7",
    ),
    Section.MANAGED_MOVE: ("A managed move may come first, with the parents' consent.", "P3.13"),
    Section.EXCLUSION: ("This must be clear to parents, so that they can make an informed decision.", "P5.2"),
    Section.FAMILY: (
        "Meet everybody concerned, explain the reasons, agree on attendance. Two dated invitations count as a meeting.",
        "P5.1 to P5.3",
    ),
    Section.INTERESTS: ("Providers are sought in line with interests and skills.", "P6.2"),
    Section.NEEDS: ("The provider is told what it needs to know, and no more.", "P3.12"),
    Section.MEDICAL: ("Medical needs may ask for specialist provision.", "P2.2"),
}


class StartForm(forms.Form):
    """Begin a referral; the other sections are written afterwards, in any order."""

    primary_reason = forms.ChoiceField(
        label="Main reason", choices=[("", "Choose later"), *Reason.choices], required=False
    )


class AnswersForm(forms.ModelForm):  # type: ignore[type-arg]
    """Every question of a referral; the forms below keep those of one section. Every part may be left for later."""

    use_required_attribute = False
    # What a finished section says: not marked as optional, and yet an unfinished one is saved.
    NEEDED = (
        "nc_year_reason",
        "primary_reason",
        "narrative",
        "in_house_options",
        "why_more_appropriate",
        "aims",
        "managed_move",
        "exclusion_alternative",
        "needs",
    )
    # What a finished section says in some cases only: not marked as optional either.
    NEEDED_AT_TIMES = ("family_met_on", "family_came", "explained_by", "explained_to", "family_said", "medical")

    reasons = forms.MultipleChoiceField(
        label="Further reasons", choices=Reason.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    exclusion_alternative = forms.TypedChoiceField(
        label="Is this offered as an alternative to permanent exclusion?",
        choices=[("True", "Yes"), ("False", "No")],
        coerce=lambda value: value == "True",
        empty_value=None,
        required=False,
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
        fields = [name for names in SECTION_FIELDS.values() for name in names if name != "reasons"]
        labels = {"primary_reason": "Main reason", "nc_year_reason": "Why this year, outside 7 to 11"}
        widgets = {
            "narrative": lines(6),
            "in_house_options": lines(5),
            "why_more_appropriate": lines(4),
            "aims": lines(4),
            "needs": lines(5),
            "medical": lines(4),
            "explained_what": lines(),
            "family_said": lines(),
        }
        help_texts = {
            "aims": "At least one that can be measured, for example 'attendance of 90 % by Easter'. One in each line.",
            "needs": "Support, what helps and what does not, who may pick the student up.",
            "medical": "Conditions, medicine, what to do in an emergency.",
            "no_medical_needs": "Tick this after asking the family, instead of leaving the box empty.",
            "managed_move_note": "Which school, when, what came of it.",
            "managed_move_consent": "A managed move needs the parents' consent.",
            "interests": "Filled in from the student's record when the referral was started.",
        }

    def __init__(self, *args: Any, section: Section, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section
        own = set(SECTION_FIELDS[section])
        if not (asks_year_reason(self.instance.nc_year) or self.instance.nc_year_reason):
            own.discard("nc_year_reason")
        for names in SECTION_FIELDS.values():
            for name in names:
                if name not in own:
                    del self.fields[name]
        for name in own.intersection(self.NEEDED):
            self.fields[name].required = True
        for name in own.intersection(self.NEEDED_AT_TIMES):
            self.fields[name].needed_later = True  # type: ignore[attr-defined]
        self.answers = [name for name in SECTION_FIELDS[section] if name in own]
        sentence, clause = GUIDANCE[section]
        self.guidance = HTML(f'<p class="quiet">{sentence} (Policy {clause})</p>')

    def full_clean(self) -> None:
        """Clean what is there: a section may be saved with gaps."""
        needed = [field for name, field in self.fields.items() if name in self.NEEDED]
        for field in needed:
            field.required = False
        super().full_clean()
        for field in needed:
            field.required = True


class SectionForm(AnswersForm):
    """One section while the referral is written, and how far it is."""

    state = forms.ChoiceField(label="Is this section finished?", widget=forms.RadioSelect)
    note = forms.CharField(
        label="Why it cannot be finished yet",
        max_length=240,
        required=False,
        help_text="For example 'waiting for the report of the educational psychologist'.",
    )

    def __init__(self, *args: Any, section: Section, **kwargs: Any) -> None:
        super().__init__(*args, section=section, **kwargs)
        done = (
            "I have checked the student and the contacts: they are right"
            if section == Section.STUDENT
            else "I have finished this section"
        )
        choices = [
            (SectionState.IN_PROGRESS, "Not yet: I will come back to it"),
            (SectionState.DONE, done),
            (SectionState.CANNOT_FINISH, "It cannot be finished yet"),
        ]
        self.fields["note"].needed_later = True  # type: ignore[attr-defined]
        self.fields["state"].choices = choices  # type: ignore[attr-defined]
        self.helper = FormHelper()
        self.helper.layout = Layout(self.guidance, *self.answers, "state", "note", "version")

    def clean_state(self) -> str:
        """The code itself."""
        return str(self.cleaned_data["state"])


class AmendForm(AnswersForm):
    """One section after submission: what is changed is kept beside what stood there, with the reason."""

    reason = forms.CharField(
        label="Why this is changed", widget=lines(), help_text="It stands in the referral beside the old words."
    )

    def __init__(self, *args: Any, section: Section, **kwargs: Any) -> None:
        super().__init__(*args, section=section, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(self.guidance, *self.answers, "reason", "version")


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
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label="Reason", widget=lines())
