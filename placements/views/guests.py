"""What the receiving school answers about a guest."""

from typing import Any

from django.core.exceptions import PermissionDenied

from placements.forms import AcceptForm, GuestRefusalForm
from placements.models import Placement
from placements.services import accept_guest, refuse_guest
from placements.views.placements import OfPlacement
from trust.permissions import Permission
from trust.web import ServiceFormView, refusal


class OfGuest(OfPlacement, ServiceFormView):
    """What both answers share: the Headteacher of a host school of the trust gives them; for a school outside the
    trust the home school records what it was sent.
    """

    permission = Permission.SEE_STUDENTS
    template_name = "components/form_page.html"

    def load(self) -> None:
        super().load()
        host = self.placement.host_school_id
        wanted = Permission.START_PLACEMENT if host is None else Permission.ANSWER_FOR_HOST
        if not self.by.allows(wanted, home_id=self.placement.school_id if host is None else host):
            raise PermissionDenied(refusal(wanted))


class PlacementAccept(OfGuest):
    """The receiving school accepts the student."""

    form_class = AcceptForm
    done = "The acceptance is recorded."

    def get_initial(self) -> dict[str, Any]:
        return {"dual_registered_on": self.placement.dual_registered_on}

    def act(self, data: dict[str, Any]) -> Placement:
        return accept_guest(
            placement_id=self.placement.pk,
            dual_registered_on=data["dual_registered_on"],
            by=self.by,
            now=self.now,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(f"Accept the student of {str(self.placement).lower()}", "Accept the student")
        intro = f"{self.placement.student} comes from {self.placement.school}."
        return super().get_context_data(**page, intro=intro, **kwargs)


class PlacementRefuse(OfGuest):
    """The receiving school refuses the student."""

    form_class = GuestRefusalForm
    done = "The refusal is recorded. The home school is told."

    def act(self, data: dict[str, Any]) -> Placement:
        return refuse_guest(placement_id=self.placement.pk, reason=data["reason"], by=self.by, now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"Refuse the student of {str(self.placement).lower()}"
        intro = (
            f"{self.placement.student} comes from {self.placement.school}. An acceptance given before is taken back."
        )
        page = self.page_of(title, "Refuse the student", intro=intro, submit_tone="danger")
        return super().get_context_data(**page, **kwargs)
