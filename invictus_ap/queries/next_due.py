"""What comes next in one placement, whichever stage it belongs to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.urls import reverse

from notices.queries import awaiting_notice, other_jobs, waiting_periods
from placements.lifecycle import OfferStatus, Status
from placements.models import Offer, Placement, PlacementPeriod, TimetableChange
from placements.queries import at_suspended_providers
from reviews.queries import reviews_due
from trust.calendar import date_words, last_day, london_date
from trust.permissions import Permission

State = Literal["overdue", "today", "coming"]


@dataclass(frozen=True)
class Due:
    """One thing that comes next: what, by which day, how it stands today, and where to do it ('' for nowhere here)."""

    what: str
    on: date
    state: State
    url: str = ""


def next_due(placement: Placement, user: Any, today: date) -> tuple[Due, ...]:
    """What is due next of a placement, the earliest first; a number of queries that does not depend on it.

    Addresses only where this person may act there.
    """
    found = [due for source in (_suspended, _offer, _periods, _notices, _change, _review) for due in source(
        placement, user, today
    )]  # fmt: skip
    return tuple(sorted(found, key=lambda due: due.on))


def _due(what: str, on: date, today: date, url: str = "") -> Due:
    return Due(what, on, "today" if on == today else "overdue" if on < today else "coming", url)


def _suspended(placement: Placement, user: Any, today: date) -> Iterator[Due]:
    row = at_suspended_providers().filter(pk=placement.pk).select_related("provider").first()
    if row is not None and row.provider.status_at is not None:
        url = reverse("placements:provider-students", args=[placement.provider_id])
        yield _due(
            "Provider suspended: pause, end or say why it goes on", london_date(row.provider.status_at), today, url
        )


def _offer(placement: Placement, user: Any, today: date) -> Iterator[Due]:
    if placement.status != Status.PROPOSED:
        return
    offers = Offer.objects.filter(
        referral_id=placement.referral_id, provider_id=placement.provider_id, status=OfferStatus.OFFERED
    )
    may = user.allows(Permission.PROPOSE_PLACEMENT, home_id=placement.school_id)
    url = reverse("placements:offer-list", args=[placement.referral_id]) if may else ""
    for offer in offers:
        if offer.offered_until is not None:
            yield _due("The offered place lapses", offer.offered_until, today, url)


def _periods(placement: Placement, user: Any, today: date) -> Iterator[Due]:
    ranges = PlacementPeriod.objects.filter(placement=placement).order_by("number")
    periods = [row.period for row in ranges if row.approved_at is not None]
    if placement.status in (Status.PROPOSED, Status.APPROVED):
        first = min((row.period.lower for row in ranges), default=None)
        if first is not None and not placement.brought_in:
            word = "First day" if first > today else "First day: confirm the start"
            yield _due(word, first, today)
    elif placement.status in (Status.ACTIVE, Status.PAUSED):
        ends = [last_day(period) for period in periods]
        last = max((day for day in ends if day is not None), default=None)
        if last is not None:
            may = user.allows(Permission.START_PLACEMENT, home_id=placement.school_id)
            url = reverse("placements:placement-end", args=[placement.pk]) if may else ""
            yield _due(
                "Last approved day: extend, or end with a destination", last, today, url if last <= today else ""
            )


def _notices(placement: Placement, user: Any, today: date) -> Iterator[Due]:
    waits = waiting_periods(awaiting_notice().filter(placement=placement), today)
    may = user.allows(Permission.PREPARE_NOTICE, home_id=placement.school_id)
    for one in waits:
        what = f"{one.next_step} the notice for {date_words(one.clock.start)}"
        yield _due(what, one.clock.give_by, today, one.path if one.notice or may else "")
    for job in other_jobs(today, [placement.pk]):
        if job.due_on is not None:
            yield _due(f"{job.next_step} the {job.name}", job.due_on, today, job.path if job.notice or may else "")


def _change(placement: Placement, user: Any, today: date) -> Iterator[Due]:
    rows = TimetableChange.objects.filter(
        placement=placement, dropped_at__isnull=True, approved_at__isnull=True, from_day__gte=today
    )
    for row in rows:
        yield _due("Other timetable to be decided before", row.from_day, today)


def _review(placement: Placement, user: Any, today: date) -> Iterator[Due]:
    if placement.status not in (Status.ACTIVE, Status.PAUSED):
        return
    due = reviews_due([placement], today).get(placement.pk)
    if due is not None:
        may = user.allows(Permission.HOLD_REVIEW, home_id=placement.school_id)
        yield _due("Review", due.on, today, reverse("reviews:review-hold", args=[placement.pk]) if may else "")
