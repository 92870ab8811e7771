"""Agreements and checks."""

from typing import Any

from providers.forms import AgreementEditForm, AgreementForm, CheckForm, ReasonForm
from providers.lifecycle import Status
from providers.models import Check, ServiceLevelAgreement
from providers.services import (
    add_agreement,
    change_agreement,
    confirm_check,
    record_check,
    remove_check,
)
from providers.views._base import FORM_PAGE, OfProvider, ProviderFile
from trust.models import StoredFile
from trust.permissions import Permission
from trust.web import ServiceAction, ServiceFormView


class AgreementAdd(OfProvider, ServiceFormView):
    """A signed service level agreement."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = AgreementForm
    anchor = "agreements"
    done = "The agreement was recorded."

    def form_valid(self, form: Any) -> Any:
        self.agreed = form.agreed()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Any:
        return add_agreement(provider_id=self.provider.pk, **self.agreed, upload=data["file"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "Nobody is placed without an agreement that covers the whole placement (policy 3.9)."
        page = self.page_of("Record a service level agreement", "Record agreement", intro=words)
        return super().get_context_data(**page, **kwargs)


class AgreementEdit(OfProvider, ServiceFormView):
    """An agreement changed before anybody was placed under it, or corrected with a reason."""

    permission = Permission.EDIT_PROVIDERS
    template_name = FORM_PAGE
    form_class = AgreementEditForm
    model = ServiceLevelAgreement
    anchor = "agreements"
    done = "The agreement was saved."

    @property
    def correction(self) -> bool:
        """True when placements may rest on the agreement."""
        return self.provider.status != Status.PROSPECTIVE

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "agreement": self.record, "correction": self.correction}

    def form_valid(self, form: Any) -> Any:
        self.agreed = form.agreed()
        return super().form_valid(form)

    def act(self, data: dict[str, Any]) -> Any:
        return change_agreement(
            agreement_id=self.kwargs["pk"],
            data=self.agreed,
            reason=data.get("reason", ""),
            version=data["version"] or 0,
            upload=data["file"],
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "Placements may rest on this agreement, so a change is a correction and stands in the history."
        page = self.page_of("Correct the agreement" if self.correction else "Edit the agreement", "Save")
        return super().get_context_data(**page, intro=words if self.correction else "", **kwargs)


class AgreementFile(ProviderFile):
    """The signed agreement. It holds prices, so it is for those who see money."""

    permission = Permission.SEE_MONEY
    model = ServiceLevelAgreement

    def stored(self) -> StoredFile | None:
        found: StoredFile | None = self.record.signed_file
        return found

    def name(self) -> str:
        return f"agreement-{self.record.pk}-{self.provider.name}"


class CheckRecord(OfProvider, ServiceFormView):
    """Something that was checked."""

    permission = Permission.RECORD_CHECK
    template_name = FORM_PAGE
    form_class = CheckForm
    anchor = "checks"
    done = "The check was recorded. It counts once the trust AP lead has confirmed it."

    def get_initial(self) -> dict[str, Any]:
        return {"kind": self.request.GET.get("kind", "")}

    def act(self, data: dict[str, Any]) -> Any:
        values = {name: value for name, value in data.items() if name != "file"}
        return record_check(provider_id=self.provider.pk, **values, upload=data["file"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "A check counts once the trust AP lead has confirmed it; nobody confirms a check that they recorded."
        return super().get_context_data(**self.page_of("Record a check", "Record check", intro=words), **kwargs)


class CheckConfirm(OfProvider, ServiceAction):
    """The evidence was seen: the check counts."""

    permission = Permission.EDIT_PROVIDERS
    model = Check
    anchor = "checks"
    done = "The check was confirmed and counts from now on."

    def act(self) -> Any:
        return confirm_check(check_id=self.record.pk, by=self.by, now=self.now)


class CheckRemove(OfProvider, ServiceFormView):
    """Take back a check that was recorded by mistake."""

    permission = Permission.RECORD_CHECK
    template_name = FORM_PAGE
    form_class = ReasonForm
    model = Check
    anchor = "checks"
    done = "The check was taken back."

    def act(self, data: dict[str, Any]) -> Any:
        return remove_check(check_id=self.record.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = f"{self.record.get_kind_display()}, not confirmed. The history keeps it with your reason."
        page = self.page_of("Take back a check", "Take back", intro=words, submit_tone="danger")
        return super().get_context_data(**page, **kwargs)


class CheckFile(ProviderFile):
    """The evidence of a check."""

    model = Check

    def stored(self) -> StoredFile | None:
        found: StoredFile | None = self.record.evidence
        return found

    def name(self) -> str:
        return f"{self.record.get_kind_display()}-{self.record.done_on}-{self.provider.name}"
