"""A provider's own facts and its people."""

from typing import Any

from django import forms

from providers.models import Provider, ProviderContact
from trust.forms import lines
from trust.models import School, User


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """A provider's own facts."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Provider
        fields = ["name", "kind", "school", "urn", "ukprn", "medical_tag", "subjects"]
        help_texts = {
            "school": "Only for the kind 'school of the trust'.",
            "urn": "Six digits. Schools and registered alternative provision have one.",
            "ukprn": "Eight digits that start with 1. Every college has one.",
            "medical_tag": "Only providers with one of these take students on the medical route (policy 2.2).",
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version if self.instance.pk else None
        self.fields["school"].queryset = School.objects.visible_to(user)  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        """The fields of the provider."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class ProviderContactForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person at the provider."""

    class Meta:
        model = ProviderContact
        fields = ["name", "role", "job_title", "email", "phone"]
        labels = {"role": "For what"}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("email") and not data.get("phone") and "email" not in self.errors:
            self.add_error("phone", "Give a telephone number or an e-mail address.")
        return data


class ReasonForm(forms.Form):
    """Why a provider is approved, suspended or closed, or a check is taken back."""

    reason = forms.CharField(widget=lines(), max_length=2000)
