"""How many places of a programme are free, by half-day."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Q

from placements.lifecycle import OfferStatus, Status
from placements.models import Offer, Placement, PlacementPeriod, TimetableSlot
from placements.rules import Taken, every_week, left_by_half_day
from providers.models import Programme
from referrals.models import Referral
from trust.calendar import last_day


def places_left(
    programme: Programme,
    slots: Collection[int],
    first: date,
    last: date | None,
    *,
    today: date,
    without: Placement | Referral | None = None,
) -> int:
    """The places free on the fullest of the half-days ``slots`` (0 to 19) from ``first`` to ``last``, both inclusive.

    Live placements hold theirs on the half-days they run, a paused one to the end of its period; an open offer holds
    the half-days it was asked for until it lapses. ``without``: the student of this placement or referral is not
    counted. Three queries. Without half-days the capacity itself. Source: P6.2.
    """
    taken = places_taken([programme.pk], today, without=without)[programme.pk]
    left = left_by_half_day(programme.capacity, taken, slots, first, last)
    return min(left.values(), default=programme.capacity)


def places_taken(
    programme_ids: Iterable[int], today: date, *, without: Placement | Referral | None = None
) -> dict[int, list[Taken]]:
    """The half-days taken in each programme, in three queries for any number of programmes."""
    wanted = list(programme_ids)
    found: dict[int, list[Taken]] = {pk: [] for pk in wanted}
    slots = TimetableSlot.objects.filter(
        programme_id__in=wanted, live=True, placement_period__approved_at__isnull=False
    )
    if isinstance(without, Placement):
        slots = slots.exclude(placement_id=without.pk)
    rows = list(slots.select_related("placement").only("placement__status", "programme_id", "slots", "runs"))
    held_to = _held_to(rows)
    for row in rows:
        for slot in range(row.slots.lower, row.slots.upper):
            found[row.programme_id].append(Taken(slot, row.runs.lower, held_to[row.pk]))
    offers = Offer.objects.filter(programme_id__in=wanted).filter(open_offer(today))
    if without is not None:
        offers = offers.exclude(referral__student_id=without.student_id)
    for programme_id, half_days, begins, ends in offers.values_list(
        "programme_id", "wanted_slots", "wanted_first", "wanted_last"
    ):
        found[programme_id] += [Taken(slot, begins, ends or date.max) for slot in every_week(half_days)]
    return found


def open_offer(today: date) -> Q:
    """Offers that hold a place on ``today``: offered and not lapsed."""
    return Q(status=OfferStatus.OFFERED, offered_until__gte=today)


def _held_to(rows: Collection[TimetableSlot]) -> dict[int, date]:
    """The last day on which each half-day holds its place, by the id of its row.

    A pause stops the half-days, not the place: what ran last is held to the end of the approved period.
    """
    ends = {row.pk: last_day(row.runs) or date.max for row in rows}
    paused: dict[int, list[TimetableSlot]] = defaultdict(list)
    for row in rows:
        if row.placement.status == Status.PAUSED:
            paused[row.placement_id].append(row)
    planned: dict[int, date] = defaultdict(lambda: date.min)
    periods = PlacementPeriod.objects.filter(placement_id__in=list(paused), approved_at__isnull=False)
    for placement_id, period in periods.values_list("placement_id", "period"):
        planned[placement_id] = max(planned[placement_id], last_day(period) or date.max)
    for placement_id, halves in paused.items():
        newest = max(ends[row.pk] for row in halves)
        for row in halves:
            if ends[row.pk] == newest:
                ends[row.pk] = max(newest, planned[placement_id])
    return ends
