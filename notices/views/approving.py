"""Decisions of placements that also authorise the drafted notice."""

from typing import Any

from django.http import HttpRequest

from notices import services
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries import (
    clock_of,
)
from placements.models import PlacementPeriod
from placements.views.decision import ExtensionApprove, PlacementDecide


class WithNotice:
    """The page of a decision whose one act also authorises the drafted notice."""

    period: PlacementPeriod
    request: HttpRequest
    with_notice = True

    def clock(self) -> Any:
        """When the notice must be given at latest."""
        return clock_of(self.period, self.now)  # type: ignore[attr-defined]

    def get_form_kwargs(self) -> dict[str, Any]:
        """A late notice asks for its own reason."""
        return {**super().get_form_kwargs(), "with_notice": True, "late": self.clock().late}  # type: ignore[misc]

    def get_initial(self) -> dict[str, Any]:
        """The draft as it was read, beside the proposal."""
        notice = self.period.notices.filter(status=Status.DRAFT).first()
        return {**super().get_initial(), "notice_version": notice.version if notice else None}  # type: ignore[misc]

    def act(self, data: dict[str, Any]) -> DirectionNotice:
        """Both acts or neither."""
        return services.approve_and_authorise(
            period_id=self.period.pk,
            reason=data.get("reason", ""),
            overrides=data.get("overrides", {}),
            over_budget_reason=data.get("over_budget_reason", ""),
            late_reason=data.get("late_reason", ""),
            version=data.get("version"),
            notice_version=data["notice_version"],
            agreement=data.get("agreement"),
            by=self.request.user,
            now=self.now,  # type: ignore[attr-defined]
        )


class PlacementApproveWithNotice(WithNotice, PlacementDecide):
    """Approve a proposal and authorise its drafted notice in one act."""

    done = "The placement is approved and its notice authorised. The letters are being made."


class ExtensionApproveWithNotice(WithNotice, ExtensionApprove):
    """Approve an extension and authorise its drafted notice in one act."""

    done = "The extension is approved and its notice authorised. The letters are being made."
