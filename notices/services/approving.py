"""Approving a period and authorising its prepared notice in one act: both happen or neither."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notices.codes import FULL_KINDS
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.services.drafting import authorise_notice
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod
from placements.services import approve_extension, decide_placement
from trust.errors import RuleBroken
from trust.services import saving


def approve_and_authorise(
    *,
    period_id: int,
    reason: str,
    overrides: Mapping[str, str],
    over_budget_reason: str,
    late_reason: str,
    version: int | None,
    notice_version: int | None,
    agreement: Any = None,
    by: Any,
    now: datetime,
) -> DirectionNotice:
    """Approve a proposal (or an extension) and authorise the notice that is drafted for it, in one transaction.

    Everything that either act refuses is refused here, and then nothing is kept. ``late_reason`` says why a notice goes
    out after its deadline, ``agreement`` is the parent's written agreement to that as an uploaded file; ``version`` and
    ``notice_version`` are those of the proposal and of the draft as they were read. Source: P7.1, P7.2, P7.3.
    """
    with saving(by=by, reason=reason or "Placement approved and notice authorised"):
        period = PlacementPeriod.objects.only("number", "placement_id").get(pk=period_id)
        if period.number == 1:
            decide_placement(
                placement_id=period.placement_id,
                decision=PlacementStatus.APPROVED,
                reason=reason,
                overrides=overrides,
                over_budget_reason=over_budget_reason,
                version=version,
                by=by,
                now=now,
            )
        else:
            approve_extension(period_id=period_id, over_budget_reason=over_budget_reason, by=by, now=now)
        drafts = DirectionNotice.objects.filter(placement_period_id=period_id, status=Status.DRAFT)
        notice = drafts.filter(kind__in=sorted(FULL_KINDS)).first()
        if notice is None:
            raise RuleBroken("There is no drafted notice for this period any more: approve it alone, then prepare one.")
        return authorise_notice(
            notice_id=notice.pk,
            override_reason=late_reason,
            agreement=agreement,
            version=notice_version,
            by=by,
            now=now,
        )
