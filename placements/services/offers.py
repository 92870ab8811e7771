"""Places asked for, offered, refused, taken: no approval without an offer, and an open offer holds its place."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from placements.lifecycle import OFFER, OFFER_FIRST, OfferStatus
from placements.models import Offer, Placement, TimetableSlot
from placements.queries import open_offer, places_left
from placements.rules import every_week, half_days_words
from placements.services._moves import say_why
from providers.lifecycle import Status as ProviderStatus
from providers.models import Programme
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from trust.calendar import date_words, london_date
from trust.errors import RuleBroken
from trust.models import Student, User
from trust.services import check_version, clear_flags, require, saving

# A place may be asked for while the referral still waits for its decision, so that no week is lost.
ASKABLE = (ReferralStatus.SUBMITTED, ReferralStatus.APPROVED)


def record_offer_asked(
    *,
    referral_id: int,
    provider_id: int,
    programme_id: int,
    slots: Iterable[int],
    first: date,
    last: date | None,
    by: User,
    now: datetime,
) -> Offer:
    """A place in one programme was asked for; ``slots`` are half-days of a week, 0 to 9, both days inclusive."""
    if not Programme.objects.filter(pk=programme_id, provider_id=provider_id).exists():
        raise RuleBroken("This programme belongs to another provider.", field="programmes")
    offers = record_offers_asked(
        referral_id=referral_id, programme_ids=[programme_id], slots=slots, first=first, last=last, by=by, now=now
    )
    return offers[0]


def record_offers_asked(
    *,
    referral_id: int,
    programme_ids: Collection[int],
    slots: Iterable[int],
    first: date,
    last: date | None,
    by: User,
    now: datetime,
) -> tuple[Offer, ...]:
    """Places were asked for in several programmes at once, all or none; an offer that lapsed there is dropped.

    ``RuleBroken`` without a programme or half-day, for days gone by, a provider that is not approved, a referral that
    is neither submitted nor approved, and a programme that was asked already.
    """
    wanted = sorted(set(slots))
    if not programme_ids:
        raise RuleBroken("Tick at least one programme.", field="programmes")
    if not wanted or any(slot not in range(10) for slot in wanted):
        raise RuleBroken("Choose at least one half-day of the week.", field="slots")
    if last is not None and last < first:
        raise RuleBroken("The last day must not be before the first.", field="last")
    if first < london_date(now):
        raise RuleBroken(f"The first day, {date_words(first)}, has passed.", field="first")
    with saving(by=by, reason="Place asked for"):
        referral = _referral(referral_id)
        require(by, OFFER_FIRST[OfferStatus.ASKED], home_id=referral.school_id)
        if referral.status not in ASKABLE:
            raise RuleBroken("A place is asked for under a submitted or approved referral.")
        programmes = Programme.objects.filter(pk__in=programme_ids).select_related("provider").order_by("pk")
        return tuple(_ask(referral, programme, wanted, first, last, by, now) for programme in programmes.order_by("pk"))


def _ask(
    referral: Referral,
    programme: Programme,
    slots: list[int],
    first: date,
    last: date | None,
    by: User,
    now: datetime,
) -> Offer:
    provider = programme.provider
    if provider.status != ProviderStatus.APPROVED:
        raise RuleBroken(
            f"{provider} is {ProviderStatus(provider.status).label.lower()}, not approved.", field="programmes"
        )
    if provider.school_id is not None and provider.school_id == referral.school_id:
        raise RuleBroken("The student is on the roll of this school already.", field="programmes")
    open_ones = Offer.objects.filter(
        referral=referral, programme=programme, status__in=[OfferStatus.ASKED, OfferStatus.OFFERED]
    )
    for offer in open_ones:
        until = offer.offered_until
        if offer.status != OfferStatus.OFFERED or until is None or until >= london_date(now):
            raise RuleBroken(f"A place in {programme} at {provider} has been asked for already.", field="programmes")
        _move(offer, OfferStatus.DROPPED, by)
        offer.note = f"Lapsed on {date_words(until)}, asked again."
        offer.save()
    return Offer.objects.create(
        referral=referral,
        provider=provider,
        programme=programme,
        wanted_slots=slots,
        wanted_first=first,
        wanted_last=last,
        asked_by=by,
        asked_at=now,
    )


def answer_offer(
    *,
    offer_id: int,
    offered: bool,
    until: date | None,
    why: str,
    answered_by: str,
    answered_on: date,
    admission_meeting_on: date | None,
    by: User,
    now: datetime,
    note: str = "",
    version: int | None = None,
) -> Offer:
    """The provider answered: a place is offered ``until`` that day, inclusive, or refused, and ``why``.

    An offered place is held on its half-days from now on, so it must be there: two answers at once never hold the last
    one twice. An open or lapsed offer may be answered again, with another day or a refusal.
    """
    today = london_date(now)
    if not answered_by.strip():
        raise RuleBroken("Who answered at the provider?", field="answered_by")
    if answered_on > today:
        raise RuleBroken("The answer has not come yet.", field="answered_on")
    if offered and (until is None or until < today):
        raise RuleBroken("Until when is the place offered? Give today or a later day.", field="until")
    with saving(by=by, reason="Offer answered"):
        offer = _locked(offer_id)
        require(by, OFFER_FIRST[OfferStatus.ASKED], home_id=offer.referral.school_id)
        check_version(offer, version)
        if answered_on < london_date(offer.asked_at):
            raise RuleBroken(
                f"The place was asked for on {date_words(london_date(offer.asked_at))}.", field="answered_on"
            )
        if offered:
            _hold(offer, today)
            if offer.status != OfferStatus.OFFERED:
                _move(offer, OfferStatus.OFFERED, by)
            offer.offered_until = until
        else:
            if not why.strip():
                raise RuleBroken("Why was the place refused?", field="why")
            _move(offer, OfferStatus.REFUSED, by)
            offer.refused_why = why.strip()
        offer.answered_by, offer.answered_on, offer.recorded_by = answered_by.strip(), answered_on, by
        offer.admission_meeting_on, offer.note = admission_meeting_on, note.strip()
        offer.version += 1
        offer.save()
        clear_flags(kind="offer_lapsing", subject=f"offer:{offer.pk}", now=now)
    return offer


def drop_offer(*, offer_id: int, reason: str, by: User, now: datetime) -> Offer:
    """The place is not wanted any more: nothing is held from now on; the reason stays with it."""
    why = say_why(reason, "dropping it")
    with saving(by=by, reason=why):
        offer = _locked(offer_id)
        _move(offer, OfferStatus.DROPPED, by)
        offer.note, offer.version = why[:240], offer.version + 1
        offer.save()
        clear_flags(kind="offer_lapsing", subject=f"offer:{offer.pk}", now=now)
    return offer


def take_offer(placement: Placement, by: User, now: datetime) -> None:
    """The approval takes the open offer that the placement stands on; called inside the transaction of the decision.

    The gate has asked whether there has to be one. Offers of the same provider for the placement's other programmes
    are closed with it, because the placement holds those half-days itself.
    """
    halves = TimetableSlot.objects.filter(placement=placement)
    programmes = {placement.programme_id, *halves.values_list("programme_id", flat=True)}
    offers = Offer.objects.select_for_update().filter(
        open_offer(london_date(now)), referral_id=placement.referral_id, programme_id__in=programmes
    )
    rows = sorted(offers.order_by("id"), key=lambda row: row.programme_id != placement.programme_id)
    for number, offer in enumerate(rows):
        if number == 0:
            _move(offer, OfferStatus.TAKEN, by)
            offer.placement = placement
        else:
            _move(offer, OfferStatus.DROPPED, by)
            offer.note = "Taken up together with the other programme."
        offer.version += 1
        offer.save()
        clear_flags(kind="offer_lapsing", subject=f"offer:{offer.pk}", now=now)


def _referral(referral_id: int) -> Referral:
    """The referral under lock; student before referral, as in every door of ``placements``."""
    student_id = Referral.objects.values_list("student_id", flat=True).get(pk=referral_id)
    Student.objects.select_for_update(no_key=True).get(pk=student_id)
    referral: Referral = Referral.objects.select_for_update(of=("self",), no_key=True).get(pk=referral_id)
    return referral


def _locked(offer_id: int) -> Offer:
    """The offer under lock: student, referral, programme (its places), then the offer, one order for all."""
    referral_id, programme_id = Offer.objects.values_list("referral_id", "programme_id").get(pk=offer_id)
    _referral(referral_id)
    Programme.objects.select_for_update(no_key=True).get(pk=programme_id)
    offer: Offer = (
        Offer.objects.select_for_update(of=("self",))
        .select_related("referral", "programme", "provider")
        .get(pk=offer_id)
    )
    return offer


def _hold(offer: Offer, today: date) -> None:
    """``RuleBroken`` when no place is left to be held on one of the half-days."""
    full = [
        slot
        for slot in offer.wanted_slots
        if places_left(
            offer.programme,
            every_week([slot]),
            offer.wanted_first,
            offer.wanted_last,
            today=today,
            without=offer.referral,
        )
        < 1
    ]
    if full:
        raise RuleBroken(
            f"All places of {offer.programme} are taken or held on {half_days_words(full)}.",
            field="until",
            help="If the provider has more, the trust AP lead changes the number of places first.",
        )


def _move(offer: Offer, new: OfferStatus, by: User) -> None:
    """The only writer of an offer's ``status``."""
    require(by, OFFER.check_move(offer.status, new), home_id=offer.referral.school_id)
    offer.status = new
