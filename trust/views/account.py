"""What a person chooses about their own account."""

from typing import Any

from django.urls import reverse_lazy

from trust.forms import DigestForm
from trust.permissions import Permission
from trust.services import choose_digest
from trust.web import ServiceFormView


class DigestChoose(ServiceFormView):
    """Whether the daily summary comes by e-mail: everybody's own choice."""

    permission = Permission.SEE_STAFF
    template_name = "trust/digest_choose.html"
    form_class = DigestForm
    success_url = reverse_lazy("trust:digest-choose")
    done = "Your choice was saved."
    extra_context = {"title": "Daily summary by e-mail", "cancel_url": reverse_lazy("home")}

    def holds(self, permission: Permission) -> bool:
        """True for everybody who is logged in: the page is about the own account and nobody else's."""
        return True

    def get_initial(self) -> dict[str, Any]:
        return {"digest": self.by.digest}

    def act(self, data: dict[str, Any]) -> Any:
        return choose_digest(wanted=data["digest"], by=self.by, now=self.now)
