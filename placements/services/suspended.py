"""A provider is suspended while students are there: each school decides about each of its placements."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.urls import reverse

from placements.codes import Wish
from placements.lifecycle import LIVE, Status
from placements.models import Placement, SuspensionAnswer
from placements.queries import at_suspended_providers
from placements.services._moves import locked, say_why
from providers.lifecycle import Status as ProviderStatus
from providers.models import Provider
from providers.services import suspend_provider
from trust.errors import RuleBroken
from trust.models import User
from trust.permissions import Permission, Role
from trust.services import DueFlag, clear_flags, clear_leftovers, raise_flags, require, saving

PROVIDER_SUSPENDED = "provider_suspended"
# Those who decide about the placement at its school, and those who prepare the decision.
SUSPENDED_ROLES = (Role.SLT, Role.HEAD, Role.DSL)


def suspend_with_students(
    *, provider_id: int, reason: str, wishes: Mapping[int, str], by: User, now: datetime
) -> Provider:
    """Suspend a provider, and ask the schools to decide about every open placement there (P3.12).

    ``wishes`` maps a placement to what the trust asks for (``Wish``); one that is missing, approved meanwhile for
    instance, is asked to pause: stopping for safety waits for nobody. The trust does not pause or end anything itself.
    Each school is flagged at once.
    """
    if any(wish not in Wish.values for wish in wishes.values()):
        raise RuleBroken("Choose what the schools are asked to do about each placement.")
    with saving(by=by, reason=reason):
        provider = suspend_provider(provider_id=provider_id, reason=reason, by=by, now=now)
        rows = Placement.objects.filter(provider=provider, status__in=sorted(LIVE)).select_for_update().order_by("pk")
        for placement in rows:
            SuspensionAnswer.objects.create(
                placement=placement,
                suspended_at=now,
                wish=wishes.get(placement.pk, Wish.PAUSE),
                wished_by=by,
            )
        due = [_flag(row, provider, now) for row in at_suspended_providers(provider_id=provider.pk)]
        raise_flags(kind=PROVIDER_SUSPENDED, due=due, roles=SUSPENDED_ROLES, now=now)
    return provider


def raise_suspended_flags(*, now: datetime) -> int:
    """Flag every open placement at a suspended or closed provider about which its school has not decided (P3.12).

    Also what was approved or resumed there meanwhile; what was decided clears. How many flags are new.
    """
    with saving(by=None, job=PROVIDER_SUSPENDED):
        due = [_flag(row, row.provider, now) for row in at_suspended_providers().select_related("provider")]
        raised = raise_flags(kind=PROVIDER_SUSPENDED, due=due, roles=SUSPENDED_ROLES, now=now)
        still_due = {(flag.subject, flag.period) for flag in due}
        clear_leftovers(kind=PROVIDER_SUSPENDED, still_due=still_due, now=now)
    return raised


def _flag(placement: Placement, provider: Provider, now: datetime) -> DueFlag:
    at = provider.status_at or now
    return DueFlag(
        subject=f"placement:{placement.pk}",
        period=f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        school_id=placement.school_id,
        path=reverse("placements:provider-students", args=[provider.pk]),
        sentence=(
            f"{provider.name} is {provider.get_status_display().lower()}: decide about placement {placement.pk}: "
            "pause it, end it, or say why it goes on."
        )[:240],
        urgent=True,
    )


def go_on_at_suspended(*, placement_id: int, reason: str, by: User, now: datetime) -> SuspensionAnswer:
    """The Headteacher or the chief executive lets a placement go on at a suspended provider, and says why (P3.12).

    Counts for the suspension in force only: the next one asks again. Said once; a later view is told by pausing.
    """
    why = say_why(reason, "letting the placement go on")
    with saving(by=by, reason=why):
        placement = locked(placement_id)
        require(by, Permission.APPROVE_PLACEMENT, home_id=placement.school_id)
        provider = Provider.objects.get(pk=placement.provider_id)
        if provider.status != ProviderStatus.SUSPENDED or provider.status_at is None:
            raise RuleBroken("The provider is not suspended.")
        if placement.status not in (Status.APPROVED, Status.ACTIVE):
            raise RuleBroken("Only a placement that is approved or runs goes on.")
        answer, _ = SuspensionAnswer.objects.get_or_create(placement=placement, suspended_at=provider.status_at)
        if answer.decided_at is not None:
            raise RuleBroken("It was decided already that this placement goes on.")
        answer.goes_on_reason, answer.decided_by, answer.decided_at = why, by, now
        answer.save()
        clear_flags(kind=PROVIDER_SUSPENDED, subject=f"placement:{placement.pk}", now=now)
    found: SuspensionAnswer = answer
    return found
