"""Forms of the pages across all apps. They clean input; the services decide."""

from collections.abc import Iterable
from typing import Any

from django import forms

from trust.codes import ImportKind
from trust.forms import UploadField
from trust.models import School, User
from trust.permissions import Permission
from trust.resources import Column

_KINDS = (
    ImportKind.STUDENTS,
    ImportKind.CONTACTS,
    ImportKind.SESSIONS,
    ImportKind.SUSPENSIONS,
    ImportKind.PLACEMENTS,
)


class ImportUploadForm(forms.Form):
    """What the file holds, for which school, and the file."""

    kind = forms.ChoiceField(
        label="What the file holds",
        choices=[(kind.value, kind.label) for kind in _KINDS],
        widget=forms.RadioSelect,
    )
    school = forms.ModelChoiceField(label="School", queryset=School.objects.none(), required=False)
    file = UploadField(label="File", imports=True)

    def __init__(self, *args: Any, user: User, whole_trust: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["school"]
        field.queryset = School.objects.visible_to(user, Permission.IMPORT_DATA).order_by("name")
        field.empty_label = "All schools: the file names the school of each student" if whole_trust else None
        field.required = not whole_trust
        field.error_messages["required"] = "Choose the school."


class ImportMatchForm(forms.Form):
    """Which column is what: one choice for each thing that the file may hold."""

    def __init__(self, *args: Any, columns: Iterable[Column], headings: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in columns:
            self.fields[column.name] = forms.ChoiceField(
                label=column.label,
                required=False,
                help_text=column.help,
                choices=[("", "Choose a column" if column.required else "Not in the file")]
                + [(heading, heading) for heading in headings],
            )
            # Asked for by the service, which says what is missing.
            self.fields[column.name].needed_later = column.required  # type: ignore[attr-defined]
