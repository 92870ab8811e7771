"""Flags about what waits for an answer or a look: places asked for and offered, part-time timetables."""

from contextlib import suppress
from datetime import date, datetime, timedelta

from django.urls import reverse

from placements.lifecycle import OfferStatus
from placements.models import Offer, PartTimeTimetable
from placements.queries import offers_lapsing
from trust.calendar import SchoolCalendar, date_words, last_day, london_date
from trust.errors import CalendarNotLoaded
from trust.permissions import Role
from trust.queries import calendars_of
from trust.services import DueFlag, clear_leftovers, raise_flags

OFFER_LAPSING, OFFER_UNANSWERED = "offer_lapsing", "offer_unanswered"
PART_TIME_REVIEW, PART_TIME_ENDING = "part_time_review", "part_time_ending"
PROPOSERS = (Role.TEAM, Role.SLT)
OVERSEERS = (Role.SLT, Role.HEAD)

# Days before its last day an offer is flagged; school days after which a provider is asked again; days before its end
# a part-time timetable is flagged.
LAPSES_IN, ANSWER_IN, ENDS_IN = 3, 5, 7


def raise_offer_flags(*, now: datetime) -> int:
    """Flag offered places that lapse within three days or have lapsed, and questions without answer for five school
    days; how many are new.
    """
    today = london_date(now)
    lapsing = [
        DueFlag(
            subject=f"offer:{offer.pk}",
            period=offer.offered_until.isoformat(),
            school_id=offer.referral.school_id,
            path=reverse("placements:offer-list", args=[offer.referral_id]),
            sentence=(
                f"{offer.provider.name}: the place offered under referral {offer.referral_id} "
                f"{'lapsed' if offer.offered_until < today else 'lapses'} on {date_words(offer.offered_until)}."
            )[:240],
            urgent=offer.offered_until <= today,
        )
        for offer in offers_lapsing(today, days=LAPSES_IN)
        if offer.offered_until is not None
    ]
    return _raise(OFFER_LAPSING, lapsing, PROPOSERS, now) + _raise(OFFER_UNANSWERED, _unanswered(today), PROPOSERS, now)


def _unanswered(today: date) -> list[DueFlag]:
    rows = list(
        Offer.objects.filter(status=OfferStatus.ASKED, asked_at__date__lt=today).select_related("referral", "provider")
    )
    calendars = calendars_of(sorted({row.referral.school_id for row in rows}))
    found = []
    for row in rows:
        asked = london_date(row.asked_at)
        if _waited(calendars[row.referral.school_id], asked, today) < ANSWER_IN:
            continue
        found.append(
            DueFlag(
                subject=f"offer:{row.pk}",
                period=asked.isoformat(),
                school_id=row.referral.school_id,
                path=reverse("placements:offer-list", args=[row.referral_id]),
                sentence=(
                    f"{row.provider.name} was asked for a place under referral {row.referral_id} on "
                    f"{date_words(asked)} and has not answered: ask again."
                )[:240],
            )
        )
    return found


def _waited(calendar: SchoolCalendar, asked: date, today: date) -> int:
    """School days since the question; 0 where the calendar does not say."""
    with suppress(CalendarNotLoaded):
        return calendar.count(asked + timedelta(days=1), today)
    return 0


def raise_part_time_flags(*, now: datetime) -> int:
    """Flag part-time timetables whose review day has come, and those that end within a week; how many are new.

    A part-time timetable is an exception with an end: who oversees it looks again in time.
    """
    today = london_date(now)
    running = PartTimeTimetable.objects.filter(period__contains=today)
    reviews, ends = [], []
    for row in running:
        last = last_day(row.period)
        path = f"{reverse('trust:student-detail', args=[row.student_id])}#part-time"
        subject = f"part_time:{row.pk}"
        if row.review_on <= today:
            words = (
                f"A part-time timetable was to be reviewed on {date_words(row.review_on)}: end it or agree a new one."
            )
            reviews.append(DueFlag(subject, row.review_on.isoformat(), row.school_id, path, words))
        if last is not None and last <= today + timedelta(days=ENDS_IN):
            words = f"A part-time timetable ends on {date_words(last)}: where is the student from the next day on?"
            ends.append(DueFlag(subject, last.isoformat(), row.school_id, path, words, urgent=last == today))
    return _raise(PART_TIME_REVIEW, reviews, OVERSEERS, now) + _raise(PART_TIME_ENDING, ends, OVERSEERS, now)


def _raise(kind: str, due: list[DueFlag], roles: tuple[Role, ...], now: datetime) -> int:
    raised = raise_flags(kind=kind, due=due, roles=roles, now=now)
    clear_leftovers(kind=kind, still_due={(flag.subject, flag.period) for flag in due}, now=now)
    return raised
