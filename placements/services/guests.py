"""What the receiving school says about a guest: its Headteacher accepts or refuses in the system."""

from datetime import date, datetime

from django.urls import reverse

from placements.lifecycle import Status
from placements.models import Placement
from placements.services._moves import locked, save, say_why
from trust.calendar import london_date
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import GRANTS, Permission
from trust.services import clear_flags, raise_flag, require, saving


def accept_guest(*, placement_id: int, dual_registered_on: date | None, by: User, now: datetime) -> Placement:
    """The receiving school takes the student (P3.3, P3.13): its Headteacher says so for a school of the trust.

    For a school outside the trust the home school records the acceptance that it was sent. ``dual_registered_on`` is
    the day from which code D may be used; a managed move has none. An earlier refusal no longer counts.
    """
    with saving(by=by, reason="Receiving school accepted"):
        placement = _answering(placement_id, by)
        placement.host_accepted_on, placement.host_accepted_by = london_date(now), by
        placement.host_refused_on, placement.host_refusal = None, ""
        if dual_registered_on is not None:
            placement.dual_registered_on = dual_registered_on
        save(placement)
        clear_flags(kind="guest_refused", subject=f"placement:{placement.pk}", now=now)
    return placement


def refuse_guest(*, placement_id: int, reason: str, by: User, now: datetime) -> Placement:
    """The receiving school does not take the student: the gate fails with these words, the home school is flagged."""
    why = say_why(reason, "refusing the student")
    if len(why) > 240:
        raise RuleBroken("Say it in at most 240 characters.", field="reason")
    with saving(by=by, reason="Receiving school refused"):
        placement = _answering(placement_id, by)
        placement.host_refused_on, placement.host_refusal = london_date(now), why
        placement.host_accepted_on, placement.host_accepted_by = None, None
        save(placement)
        raise_flag(
            kind="guest_refused",
            subject=f"placement:{placement.pk}",
            period=placement.host_refused_on.isoformat(),
            school_id=placement.school_id,
            roles=GRANTS[Permission.PROPOSE_PLACEMENT],
            path=reverse("placements:placement-detail", args=[placement.pk]),
            sentence="The receiving school refused a student: change or withdraw the proposal.",
            urgent=False,
            now=now,
        )
    return placement


def _answering(placement_id: int, by: User) -> Placement:
    """The placement under lock, after asking whether this person answers for the receiving school now."""
    placement = locked(placement_id)
    if placement.host_school_id is not None:
        require(by, Permission.ANSWER_FOR_HOST, home_id=placement.host_school_id)
    else:
        require(by, Permission.START_PLACEMENT, home_id=placement.school_id)
    if placement.status not in (Status.PROPOSED, Status.RETURNED, Status.APPROVED):
        raise RuleBroken("Only a placement that has not started waits for an answer.")
    return placement
