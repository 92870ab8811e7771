"""What may be chosen above the lists: coded values in the address, never a name."""

from typing import Any

from django import forms

from trust.models import School
from trust.permissions import Permission


class _BySchool(forms.Form):
    """One of the schools at which the person holds ``permission``."""

    permission = Permission.SEE_STUDENTS
    school = forms.ModelChoiceField(School.objects.none(), required=False, label="School", empty_label="All schools")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["school"]
        field.queryset = School.objects.visible_to(user, self.permission)


class ReviewFilter(_BySchool):
    """The list of reviews by state and school."""

    state = forms.ChoiceField(
        label="Review",
        required=False,
        choices=[
            ("", "All"),
            ("overdue", "Overdue"),
            ("soon", "Due within two weeks"),
            ("later", "Later"),
            ("none", "No further review this year"),
        ],
    )

    def chosen(self) -> dict[str, Any]:
        """The filters as the query takes them; what is not a choice counts as nothing chosen."""
        self.is_valid()
        school = self.cleaned_data.get("school")
        return {"state": self.cleaned_data.get("state", ""), "school_id": school.pk if school else None}


class ValueFilter(_BySchool):
    """Value for money of one school."""

    permission = Permission.SEE_VALUE

    def chosen(self) -> int | None:
        """The id of the school; None when none, or none of the choices, was chosen."""
        self.is_valid()
        school = self.cleaned_data.get("school")
        return school.pk if school else None
