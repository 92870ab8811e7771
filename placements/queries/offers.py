"""What the pages of offers show."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from placements.lifecycle import OfferStatus
from placements.models import Offer
from placements.rules import half_days_words
from trust.models import User
from trust.permissions import Permission

# Calendar days: an unanswered question is chased after a week, an offer is watched in its last week.
CHASE_AFTER_DAYS = 7
LAPSES_WITHIN_DAYS = 7


@dataclass(frozen=True)
class OfferShown:
    """An offer as people read it: its state in a word and a sentence, and whether this person may act on it."""

    offer: Offer
    status: str
    words: str
    half_days: str
    may_act: bool


def offers_shown(offers: QuerySet[Offer], user: User, today: date) -> tuple[OfferShown, ...]:
    """Offers with their state on ``today``; one query."""
    return tuple(
        OfferShown(
            offer=offer,
            status="LAPSED" if _lapsed(offer, today) else offer.status,
            words="Lapsed" if _lapsed(offer, today) else OfferStatus(offer.status).label,
            half_days=half_days_words(offer.wanted_slots),
            may_act=offer.status in (OfferStatus.ASKED, OfferStatus.OFFERED)
            and user.allows(Permission.PROPOSE_PLACEMENT, home_id=offer.referral.school_id),
        )
        for offer in offers.select_related("referral__student", "referral__school", "provider", "programme", "asked_by")
    )


def offers_to_chase(user: User, today: date) -> QuerySet[Offer]:
    """Open questions and offers that somebody has to look at, of the schools of ``user``, the most urgent first.

    Asked a week ago or more without an answer; or offered and lapsing within a week or lapsed already.
    """
    asked = Q(status=OfferStatus.ASKED, asked_at__date__lte=today - timedelta(days=CHASE_AFTER_DAYS))
    lapsing = Q(status=OfferStatus.OFFERED, offered_until__lte=today + timedelta(days=LAPSES_WITHIN_DAYS))
    rows: QuerySet[Offer] = Offer.objects.visible_to(user, Permission.PROPOSE_PLACEMENT)
    return rows.filter(asked | lapsing).order_by("offered_until", "asked_at", "id")


def offers_lapsing(today: date, *, days: int = LAPSES_WITHIN_DAYS) -> QuerySet[Offer]:
    """All offers of the trust that lapse within ``days`` or have lapsed and are not answered again, for the sweep."""
    return (
        Offer.objects.filter(status=OfferStatus.OFFERED, offered_until__lte=today + timedelta(days=days))
        .select_related("referral", "provider", "programme")
        .order_by("offered_until", "id")
    )


def _lapsed(offer: Offer, today: date) -> bool:
    return bool(offer.status == OfferStatus.OFFERED and offer.offered_until and offer.offered_until < today)
