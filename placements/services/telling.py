"""A decision that waits with a start near is told by e-mail at once: each decider once, without a student in it."""

from datetime import date, datetime

from django.urls import reverse

from placements.lifecycle import Status
from placements.models import PlacementPeriod
from placements.queries import deciders_of
from placements.queries.decision import school_days_left
from trust.calendar import date_words, london_date
from trust.models import Flag, User
from trust.permissions import Role
from trust.queries import calendars_of
from trust.services import DueFlag, clear_leftovers, raise_flags, saving, tell_once

DECISION_WAITING = "decision_waiting"
# School days to the start within which nobody waits for the digest (interface page).
AT_ONCE_WITHIN = 5
SUBJECT = "A decision waits for you"
SENTENCE = "A proposal of alternative provision waits for your decision and is to start soon."


def tell_deciders(*, now: datetime) -> int:
    """Raise a flag for each decision that waits with a start within five school days, and tell its deciders.

    Each person is written to once for each proposal; the flag keeps whom it told and when. Returns how many e-mails
    were put into the outbox, which sends each once and tries again while the mail server is down.
    """
    due = _due(london_date(now))
    with saving(by=None, job="tell_deciders"):
        flags = [flag for flag, _ in due]
        raise_flags(kind=DECISION_WAITING, due=flags, roles=(Role.HEAD, Role.CEO), now=now)
        clear_leftovers(kind=DECISION_WAITING, still_due={(flag.subject, flag.period) for flag in flags}, now=now)
        deciders = {(flag.subject, flag.period): users for flag, users in due}
        raised = Flag.objects.open().filter(kind=DECISION_WAITING).values_list("pk", "subject", "period")
        whom = {pk: deciders.get((subject, period), ()) for pk, subject, period in raised}
        return tell_once(whom=whom, words=lambda flag: (SUBJECT, SENTENCE), now=now)


def _due(today: date) -> list[tuple[DueFlag, tuple[User, ...]]]:
    """What waits and whom to tell."""
    periods = list(
        PlacementPeriod.objects.filter(approved_at__isnull=True, period__startswith__gte=today)
        .filter(placement__status__in=[Status.PROPOSED, Status.ACTIVE])
        .select_related("placement")
        .order_by("pk")
    )
    calendars = calendars_of(sorted({period.placement.school_id for period in periods}))
    found = []
    for period in periods:
        placement, first = period.placement, period.period.lower
        extension = period.number > 1
        if extension != (placement.status == Status.ACTIVE):
            continue
        left = school_days_left(calendars[placement.school_id], today, first)
        if left is None or left > AT_ONCE_WITHIN:
            continue
        proposers = {period.proposed_by_id} if extension else {period.proposed_by_id, placement.proposed_by_id}
        path = (
            reverse("placements:extension-approve", args=[period.pk])
            if extension
            else reverse("placements:placement-decide", args=[placement.pk])
        )
        proposed_at = period.proposed_at if extension else placement.proposed_at
        flag = DueFlag(
            subject=f"period:{period.pk}",
            # A proposal that was returned and proposed again waits anew.
            period=proposed_at.strftime("%Y-%m-%dT%H:%M:%S"),
            school_id=placement.school_id,
            path=path,
            sentence=(
                f"{'An extension of placement' if extension else 'Placement'} {placement.pk} waits for a decision; "
                f"it is to start on {date_words(first)}."
            ),
            urgent=True,
        )
        found.append((flag, deciders_of(placement.school_id, today, proposers)))
    return found
