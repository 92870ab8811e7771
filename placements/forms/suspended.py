"""Forms about placements at a suspended provider."""

from collections.abc import Iterable
from typing import Any

from django import forms

from placements.codes import Wish
from placements.models import Placement
from trust.forms import lines
from trust.templatetags.trust_ui import surname_first


class SuspendForm(forms.Form):
    """Why the provider is suspended, and for each open placement what its school is asked to do."""

    reason = forms.CharField(label="Reason", widget=lines())

    def __init__(self, *args: Any, placements: Iterable[Placement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for placement in placements:
            self.fields[f"wish_{placement.pk}"] = forms.ChoiceField(
                label=f"{surname_first(placement.student)}, Year {placement.student.nc_year}, {placement.school}",
                choices=Wish.choices,
                initial=Wish.PAUSE,
                widget=forms.RadioSelect,
                help_text=f"Placement {placement.pk}, {placement.get_status_display().lower()}. The school decides.",
            )

    def wishes(self) -> dict[int, str]:
        """What was chosen, by placement."""
        chosen = {name.removeprefix("wish_"): value for name, value in self.cleaned_data.items() if name != "reason"}
        return {int(pk): value for pk, value in chosen.items()}
