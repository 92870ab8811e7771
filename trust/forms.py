"""Forms about schools, students and staff. They clean input; the services decide."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator

from trust.calendar import date_words
from trust.codes import (
    DOCUMENT_TYPES,
    IMPORT_TYPES,
    SETTINGS,
    NonSchoolDayKind,
    Relationship,
    Season,
    SettingCode,
)
from trust.errors import RuleBroken
from trust.models import AcademicYear, Contact, ContactLink, Membership, School, Student, User
from trust.permissions import CONFIRMED_ROLES, Permission, Role
from trust.rules import check_upn, tidy_upn


class DayField(forms.DateField):
    """A day picked in the browser's own control, within the years that records can be about."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, *, earliest: date = date(2000, 1, 1), latest: date = date(2099, 12, 31), **kwargs: Any) -> None:
        words = f"Give a day from {date_words(earliest)} to {date_words(latest)}."
        super().__init__(
            input_formats=["%Y-%m-%d", "%d/%m/%Y"],
            validators=[MinValueValidator(earliest, words), MaxValueValidator(latest, words)],
            error_messages={"invalid": "Give the day as day, month and year."},
            **kwargs,
        )


class ClockField(forms.TimeField):
    """A time of day, hours and minutes."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(error_messages={"invalid": "Give the time as 09:00."}, **kwargs)


class UploadField(forms.FileField):
    """A file to be kept; the service looks at its content (``keep_upload``). Needs a multipart form.

    ``imports``: a file that is read as an export of another system, not kept as a document.
    """

    def __init__(self, *, imports: bool = False, **kwargs: Any) -> None:
        self.types = IMPORT_TYPES if imports else DOCUMENT_TYPES
        words = "CSV or Excel (.xlsx)" if imports else "PDF, Word (.docx), Excel (.xlsx), PNG or JPEG"
        accept = ",".join([*self.types, *([".jpeg"] if ".jpg" in self.types else [])])
        kwargs.setdefault("help_text", f"{words}, at most {settings.MAX_UPLOAD_MB} MB.")
        super().__init__(
            widget=forms.FileInput(attrs={"accept": accept}),
            allow_empty_file=True,  # the service says it in a sentence
            error_messages={"required": "Choose a file.", "invalid": "Choose a file.", "missing": "Choose a file."},
            **kwargs,
        )


def lines(rows: int = 3) -> forms.Textarea:
    """A text box of a few lines."""
    return forms.Textarea(attrs={"rows": rows})


# --- schools and calendar ---------------------------------------------------------------------------------------


class SchoolForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new school and its session times."""

    am_start = ClockField(label="Morning starts")
    am_end = ClockField(label="Morning ends")
    pm_start = ClockField(label="Afternoon starts")
    pm_end = ClockField(
        label="Afternoon ends", help_text="An e-mail that arrives later counts as given on the next school day."
    )

    class Meta:
        model = School
        fields = ["name", "short_name", "urn", "address", "postcode", "phone"]
        widgets = {"address": lines()}
        help_texts = {"short_name": "As lists show it."}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        times = [data[name] for name in ("am_start", "am_end", "pm_start", "pm_end") if data.get(name) is not None]
        if len(times) == 4 and not times[0] < times[1] <= times[2] < times[3]:
            self.add_error("pm_end", "The times must follow one another through the day.")
        return data


class YearForm(forms.Form):
    """An academic year to be added."""

    start = forms.IntegerField(
        label="Calendar year of its 1 September",
        min_value=2000,
        max_value=2099,
        help_text="2028 adds the academic year 2028/29.",
    )


class TermsForm(forms.Form):
    """The three terms of one school in one academic year."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for season in Season:
            word = season.label.lower()
            for name, label in (
                ("first_day", f"First day of the {word} term"),
                ("break_first", f"First day of the {word} half-term"),
                ("break_last", f"Last day of the {word} half-term"),
                ("last_day", f"Last day of the {word} term"),
            ):
                self.fields[f"{season.lower()}_{name}"] = DayField(label=label)

    def terms(self) -> list[dict[str, Any]]:
        """The cleaned days, one dictionary per term."""
        return [
            {
                "season": season.value,
                **{
                    name: self.cleaned_data[f"{season.lower()}_{name}"]
                    for name in ("first_day", "break_first", "break_last", "last_day")
                },
            }
            for season in Season
        ]


class CopyTermsForm(forms.Form):
    """From which school to copy one year's terms and INSET days."""

    from_school = forms.ModelChoiceField(School.objects.none(), label="School to copy from")
    academic_year = forms.ModelChoiceField(AcademicYear.objects.none(), label="Academic year")

    def __init__(self, *args: Any, user: User, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schools = School.objects.visible_to(user).exclude(pk=school.pk)
        self.fields["from_school"].queryset = schools  # type: ignore[attr-defined]
        self.fields["academic_year"].queryset = AcademicYear.objects.visible_to(user)  # type: ignore[attr-defined]


class NonSchoolDayForm(forms.Form):
    """A day on which the school holds no session."""

    day = DayField(label="Day")
    kind = forms.ChoiceField(choices=NonSchoolDayKind.choices, label="Why")
    note = forms.CharField(max_length=120, required=False, label="Note")


# --- students ---------------------------------------------------------------------------------------------------


class StudentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A student's facts. The school is chosen for a new student and fixed afterwards."""

    born_on = DayField(label="Date of birth", earliest=date(1990, 1, 1))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Student
        fields = [
            "school",
            "family_name",
            "first_name",
            "preferred_name",
            "upn",
            "born_on",
            "sex",
            "nc_year",
            "free_school_meals",
            "pupil_premium",
            "sen_status",
            "ehc_authority",
            "ehc_email",
            "looked_after",
            "virtual_school",
            "social_worker",
            "interests",
        ]
        widgets = {"interests": lines(2)}
        help_texts = {"ehc_authority": "Needed with an EHC plan: it receives every direction notice."}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version if self.instance.pk else None
        if self.instance.pk:
            del self.fields["school"]
        else:
            schools = School.objects.visible_to(user, Permission.EDIT_STUDENTS)
            self.fields["school"].queryset = schools  # type: ignore[attr-defined]
        self.fields["nc_year"].validators = [
            MinValueValidator(0, "NC years run from 0 to 14."),
            MaxValueValidator(14, "NC years run from 0 to 14."),
        ]

    def clean_upn(self) -> str:
        """The UPN without blanks, with the right check letter."""
        upn = tidy_upn(self.cleaned_data["upn"])
        try:
            check_upn(upn)
        except RuleBroken as error:
            raise forms.ValidationError(error.message) from error
        return upn

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("sen_status") == "E" and not data.get("ehc_authority"):
            self.add_error("ehc_authority", "Name the local authority that maintains the EHC plan.")
        if data.get("looked_after"):
            for name, words in (("virtual_school", "virtual school head"), ("social_worker", "social worker")):
                if not data.get(name):
                    self.add_error(name, f"Name the {words} of a looked-after student.")
        return data


_PERSON = ["title", "first_name", "family_name", "address", "postcode", "email", "phone", "language", "large_print"]
_LINK = ["relationship", "parental_responsibility", "has_care", "email_consent"]
_RESTRICTION = ["letters_restricted", "restriction_reason"]


class ContactForm(forms.Form):
    """A contact and what they are to one student.

    ``show_restriction`` is False for people who may not see that a contact is restricted: they neither see nor change
    it. The reason is asked for and never shown back here.
    """

    known = forms.ModelChoiceField(
        Contact.objects.none(),
        required=False,
        label="Somebody already known through a brother or sister",
        help_text="Then the person's own facts below are not needed.",
    )
    title = forms.CharField(max_length=20, required=False)
    first_name = forms.CharField(max_length=80, required=False, label="First name")
    family_name = forms.CharField(max_length=80, required=False, label="Family name")
    address = forms.CharField(
        widget=lines(), required=False, max_length=500, help_text="As it stands on a letter, one line each."
    )
    postcode = forms.CharField(max_length=8, required=False)
    email = forms.EmailField(required=False, label="E-mail")
    phone = forms.CharField(max_length=30, required=False)
    language = forms.CharField(max_length=60, required=False, label="Language, if not English")
    large_print = forms.BooleanField(required=False)
    relationship = forms.ChoiceField(choices=Relationship.choices)
    parental_responsibility = forms.BooleanField(required=False, label="Has parental responsibility")
    has_care = forms.BooleanField(required=False, label="Has care of the student")
    email_consent = forms.BooleanField(required=False, label="Agreed to notices by e-mail")
    letters_restricted = forms.BooleanField(required=False, label="Must not be sent letters")
    restriction_reason = forms.CharField(
        widget=lines(2),
        required=False,
        max_length=1000,
        label="Reason of the restriction",
        help_text="Only the DSL and the headteacher can read it afterwards. Empty keeps the reason that is recorded.",
    )

    def __init__(
        self,
        *args: Any,
        user: User,
        student: Student,
        link: ContactLink | None = None,
        show_restriction: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if link is not None:
            self.initial.update({name: getattr(link.contact, name) for name in _PERSON})
            self.initial.update({name: getattr(link, name) for name in [*_LINK, "letters_restricted"]})
            del self.fields["known"]
        else:
            relatives = Contact.objects.visible_to(user).filter(family_name__iexact=student.family_name)
            self.fields["known"].queryset = (  # type: ignore[attr-defined]
                relatives.exclude(links__student=student).distinct()
            )
        self.link = link
        if not show_restriction:
            for name in _RESTRICTION:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("known"):
            for name, words in (("first_name", "first name"), ("family_name", "family name")):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, f"Give the person's {words}.")
            if data.get("email_consent") and not data.get("email") and "email" not in self.errors:
                self.add_error("email", "Agreement to notices by e-mail needs an e-mail address.")
        recorded = self.link is not None and self.link.letters_restricted
        if data.get("letters_restricted") and not data.get("restriction_reason") and not recorded:
            self.add_error("restriction_reason", "Say why this person must not be sent letters.")
        return data

    def person(self) -> dict[str, Any]:
        """The fields of the person, or the id of the one that is known already."""
        known = self.cleaned_data.get("known")
        return {"id": known.pk} if known else {name: self.cleaned_data[name] for name in _PERSON}

    def tie(self) -> dict[str, Any]:
        """What the person is to the student."""
        return {name: self.cleaned_data[name] for name in [*_LINK, *_RESTRICTION] if name in self.cleaned_data}


# --- staff ------------------------------------------------------------------------------------------------------


class StaffForm(forms.Form):
    """A new account."""

    full_name = forms.CharField(max_length=120, label="Full name", help_text="As it stands on letters.")
    email = forms.EmailField(
        max_length=254, label="E-mail", help_text="They set their password by 'forgotten password'."
    )


class RoleForm(forms.Form):
    """A role to be given; the choices are those that the acting person gives."""

    role = forms.ChoiceField(choices=())
    school = forms.ModelChoiceField(
        School.objects.none(), required=False, help_text="Empty: for the whole trust.", empty_label="Whole trust"
    )
    from_day = DayField(label="From")
    until_day = DayField(label="Last day", required=False, help_text="Empty: until further notice.")
    designated = forms.BooleanField(
        required=False, label="Designated pastoral SLT of the school", help_text="One per school (policy 6.5)."
    )

    def __init__(self, *args: Any, confirms: bool, edits: bool, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role.value, role.label) for role in Role if (confirms if role in CONFIRMED_ROLES else edits)
        ]
        self.fields["school"].queryset = School.objects.visible_to(user)  # type: ignore[attr-defined]


class EndRoleForm(forms.Form):
    """The last day of a role."""

    last_day = DayField(label="Last day on which the role is held")


class DigestForm(forms.Form):
    """Whether a person wants the daily summary."""

    digest = forms.BooleanField(required=False, label="Send me the daily summary by e-mail")


class SettingForm(forms.Form):
    """A value that somebody proposes for one threshold; a word is chosen, a number typed."""

    value = forms.CharField(max_length=40, label="Value")
    from_day = DayField(label="In force from", help_text="Today or a later day. What held before stays on record.")
    source = forms.CharField(
        max_length=240, label="What it rests on", help_text="The act, the guidance or the decision, with its date."
    )

    def __init__(self, *args: Any, code: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = SETTINGS[SettingCode(code)]
        if rule.choices:
            self.fields["value"] = forms.ChoiceField(label="Value", choices=rule.choices)
        else:
            self.fields["value"] = forms.IntegerField(
                label=f"Value in {rule.unit}", help_text=f"A whole number from {rule.least} to {rule.most}."
            )

    def clean_value(self) -> str:
        """As text, which is how every threshold is kept."""
        return str(self.cleaned_data["value"])


class ActingHeadForm(forms.Form):
    """Who acts as headteacher of one school, and on which days."""

    person = forms.ModelChoiceField(User.objects.none(), help_text="Somebody who holds a role at this school.")
    from_day = DayField(label="First day")
    until_day = DayField(label="Last day")

    def __init__(self, *args: Any, school: School, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = Membership.objects.visible_to(user, Permission.NAME_ACTING_HEAD).filter(school=school)
        people = User.objects.visible_to(user, Permission.NAME_ACTING_HEAD).filter(is_active=True)
        self.fields["person"].queryset = (  # type: ignore[attr-defined]
            people.filter(pk__in=here.values("user")).exclude(pk=user.pk)
        )
