"""Deciding: the proposal, its failed questions, an extension."""

from collections.abc import Iterable
from typing import Any

from django import forms

from placements.lifecycle import Status
from placements.rules import GateResult
from trust.forms import UploadField, lines


class DecideForm(forms.Form):
    """Approve, return or decline; a reason for each failed question that may be overridden."""

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

    def __init__(
        self,
        *args: Any,
        overridable: Iterable[GateResult],
        over_budget: bool,
        with_notice: bool = False,
        late: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.codes = [result.code.value for result in overridable]
        for result in overridable:
            self.fields[f"override_{result.code.value}"] = forms.CharField(
                label=f"Override '{result.label}': reason",
                help_text=f"{result.why} Trustees see how often a gate is overridden.",
                required=False,
                widget=lines(2),
            )
        if over_budget:
            self.fields["over_budget_reason"] = forms.CharField(
                label="Reason for approving over budget", required=False, widget=lines(2)
            )
        if with_notice:
            # One act: there is nothing to choose.
            self.fields["decision"].required = False
            self.fields["decision"].widget = forms.HiddenInput()
            _ask_about_notice(self.fields, late)

    def clean(self) -> dict[str, Any]:
        """Reasons of overrides by code."""
        data: dict[str, Any] = super().clean() or {}
        data["overrides"] = {code: data.get(f"override_{code}", "") for code in self.codes}
        return data


class OverrideForm(forms.Form):
    """Let one failed question of the gate through."""

    code = forms.ChoiceField(label="Which question", widget=forms.RadioSelect)
    reason = forms.CharField(label="Reason", widget=lines(), help_text="Trustees see how often a gate is overridden.")

    def __init__(self, *args: Any, overridable: Iterable[GateResult], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["code"].choices = [(result.code.value, f"{result.label}: {result.why}") for result in overridable]


class ExtensionDecideForm(forms.Form):
    """Approve an extension; over budget with the chief executive's reason."""

    over_budget_reason = forms.CharField(label="Reason for approving over budget", required=False, widget=lines(2))

    def __init__(
        self, *args: Any, over_budget: bool, with_notice: bool = False, late: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if not over_budget:
            del self.fields["over_budget_reason"]
        if with_notice:
            _ask_about_notice(self.fields, late)


def _ask_about_notice(fields: dict[str, Any], late: bool) -> None:
    """The draft as it was read, and after the deadline why its notice goes out late."""
    fields["notice_version"] = forms.IntegerField(widget=forms.HiddenInput, required=False)
    if late:
        fields["late_reason"] = forms.CharField(
            label="Why the notice goes out after its deadline",
            help_text="Kept with the notice and counted for the trustees.",
            required=False,
            widget=lines(2),
        )
        fields["agreement"] = UploadField(
            label="The parent’s written agreement to the earlier start",
            help_text="A signed letter or the e-mail as PDF. It is kept with the notice.",
            required=False,
        )
