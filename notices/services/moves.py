"""The one place where the status of a notice changes."""

from datetime import datetime
from typing import Any

from notices.lifecycle import Status, check_move
from notices.models import DirectionNotice
from notices.queries import no_longer_needed
from notices.rules import job_key
from trust.errors import RuleBroken
from trust.permissions import Permission
from trust.services import clear_flags, require


def school_id_of(notice: DirectionNotice) -> int:
    """The home school that the notice belongs to."""
    school_id: int = notice.placement_period.placement.school_id
    return school_id


def move(notice: DirectionNotice, new: Status, by: Any, *, instead: Permission | None = None) -> None:
    """Set the status if the table of moves knows the step and ``by`` may take it; does not save.

    ``by`` None is the worker, which acts for the person who authorised. ``instead`` is the permission that allows the
    step in place of the table's own: an override lets the chief executive finish what the school recorded.
    """
    wanted = check_move(notice.status, new)
    if by is not None:
        require(by, instead or wanted, home_id=school_id_of(notice))
    notice.status = new


def check_needed(notice: DirectionNotice) -> None:
    """``RuleBroken`` when the placement was cancelled, or over before the period of this notice began.

    Of the end and of a withdrawal people are told all the same.
    """
    if no_longer_needed(notice):
        raise RuleBroken(
            "The placement was over before this period or this change began, so the notice is no longer needed: "
            "make it void."
        )


def clear_job(notice: DirectionNotice, now: datetime) -> None:
    """Clear the flag of the matter that this notice settles; called by the deed in its own transaction."""
    period = notice.placement_period
    kind, day = job_key(notice.kind, period.period.lower, notice.effective_on)
    clear_flags(kind=kind, subject=f"placement:{period.placement_id}", period=day, now=now)


def locked(notice_id: int) -> DirectionNotice:
    """The notice under lock with its period and placement. Raises ``DirectionNotice.DoesNotExist``."""
    notice: DirectionNotice = (
        DirectionNotice.objects.select_for_update(of=("self",))
        .select_related("placement_period__placement", "authorised_by")
        .get(pk=notice_id)
    )
    return notice
