"""What each kind of notice states and asks for, where a kind applies, and by when it must be given."""

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.apps import apps
from django.db.models import Min
from django.urls import reverse
from psycopg2.extras import DateRange

from notices.codes import DEADLINE_KINDS, FULL_KINDS, NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries.clock import Clock, clock_of, clocks_of
from notices.queries.letter import NoticeFacts, Tick, facts_of, values_of
from notices.queries.letter import ticks_of as full_ticks
from notices.queries.places import places_of
from notices.rules import (
    CHANGES,
    END_PARTICULARS,
    WITHDRAWAL_PARTICULARS,
    EndValues,
    Particular,
    deadline_day,
    missing_end_particulars,
    missing_particulars,
    missing_variation_particulars,
    missing_withdrawal_particulars,
)
from placements.lifecycle import LIVE
from placements.lifecycle import Status as PlacementStatus
from placements.models import Placement, PlacementPeriod
from placements.queries import over_before, sessions_between, stretches_of
from providers.models import Programme
from trust.calendar import SchoolCalendar, date_words, last_day, london_date
from trust.codes import NATURAL_PARENTS, SettingCode
from trust.errors import CalendarNotLoaded, RuleBroken
from trust.queries import calendar_of, settings_on

# --- what a notice states ---


def facts_for(notice: DirectionNotice) -> NoticeFacts:
    """The facts that a notice states: of its period, and for a change as they will be from its day on."""
    facts = facts_of(notice.placement_period_id)
    return facts_from(facts, notice.effective_on) if notice.kind == NoticeKind.VARIATION else facts


def facts_from(facts: NoticeFacts, day: date) -> NoticeFacts:
    """The same period as it will be from ``day`` on: its half-days, places, programmes and the days still required."""
    timetable = timetable_on(facts.period, day)
    taught = {programme_id for _, programme_id in timetable.values()}
    computed, begins_at = None, facts.site.pk
    if facts.last is not None and timetable:
        try:
            stretches = stretches_of(facts.placement, facts.period)
            sessions = sessions_between(facts.placement, stretches, day, facts.last)
            open_ones = [row for row in sessions if not row.closed]
            computed = len({row.day for row in open_ones})
            begins_at = next((row.site_id for row in open_ones), begins_at)
        except CalendarNotLoaded:
            # The number stays open, and the notice lacks it.
            computed = None
    return replace(
        facts,
        first=day,
        places=places_of(timetable, day, begins_at),
        programmes=tuple(Programme.objects.filter(pk__in=taught).order_by("name").values_list("name", flat=True)),
        computed_days=computed,
    )


def timetable_on(period: PlacementPeriod, day: date) -> dict[int, tuple[int, int]]:
    """The half-days of a period in force on a day: 0 to 19 to (site id, programme id)."""
    return {
        slot: (row.site_id, row.programme_id)
        for row in period.slots.filter(runs__contains=day)
        for slot in range(row.slots.lower, row.slots.upper)
    }


def left_out_of(facts: NoticeFacts) -> list[dict[str, str]]:
    """The parents to whom no letter may go as the record stands: name and relationship, never the reason.

    Source: s.576 Education Act 1996 says who is a parent; the restriction is recorded by the school.
    """
    links = facts.placement.student.contact_links.filter(letters_restricted=True).select_related("contact")
    return [
        {
            "name": " ".join(
                part for part in (link.contact.title, link.contact.first_name, link.contact.family_name) if part
            ),
            "relationship": str(link.get_relationship_display()),
        }
        for link in links.order_by("id")
        if link.relationship in NATURAL_PARENTS or link.parental_responsibility or link.has_care
    ]


def applicable_of(notice: DirectionNotice) -> tuple[Particular, ...]:
    """The particulars of a kind that is no full notice; a change has those of a full notice beside its own."""
    if notice.kind == NoticeKind.END:
        return END_PARTICULARS
    return WITHDRAWAL_PARTICULARS if notice.kind == NoticeKind.WITHDRAWAL else (CHANGES,)


def missing_of(notice: DirectionNotice, facts: NoticeFacts) -> list[Particular]:
    """What the notice still lacks before it can be authorised, by its kind (P7.3, P7.4)."""
    match notice.kind:
        case NoticeKind.END:
            return missing_end_particulars(
                EndValues(
                    outcome=notice.outcome,
                    return_on=notice.return_on,
                    return_time=notice.return_time,
                    return_place=notice.return_place,
                    return_person=notice.return_person,
                )
            )
        case NoticeKind.WITHDRAWAL:
            return missing_withdrawal_particulars(notice.reasons)
        case NoticeKind.VARIATION:
            return missing_variation_particulars(notice.changes, values_of(notice, facts))
        case _:
            return missing_particulars(values_of(notice, facts))


def ticks_for_kind(notice: DirectionNotice, facts: NoticeFacts) -> tuple[Tick, ...]:
    """The particulars in the order of the letter, each with a link to the field or the page that holds it."""
    if notice.kind in FULL_KINDS:
        return full_ticks(notice, facts)
    missing = {one.code for one in missing_of(notice, facts)}
    change = reverse("notices:notice-change", args=[notice.pk])
    own = tuple(
        Tick(one.code, one.label, one.source, one.code not in missing, f"{change}#id_{one.field}")
        for one in applicable_of(notice)
    )
    return (*own, *full_ticks(notice, facts)) if notice.kind == NoticeKind.VARIATION else own


# --- by when ---


def day_of(notice: DirectionNotice) -> date:
    """The day from which a notice holds: a draft of the end follows the last day of its period as it stands now."""
    day: date = notice.effective_on
    if notice.kind != NoticeKind.END or notice.status != Status.DRAFT:
        return day
    return last_day(notice.placement_period.period) or day


def cancelled_at(placement_ids: Collection[int]) -> dict[int, datetime]:
    """When each placement was cancelled, by its history: aware instants; none for one that was not. One query."""
    events = apps.get_model("placements", "PlacementEvent")._base_manager.filter(
        pgh_obj_id__in=list(placement_ids), status=PlacementStatus.CANCELLED
    )
    return dict(events.values_list("pgh_obj_id").annotate(Min("pgh_created_at")))


def withdrawn_day(placement: Placement, today: date, at: datetime | None) -> date:
    """The day on which it was decided that a placement does not go ahead: cancelled (``at``), ended, or today."""
    if placement.status == PlacementStatus.ENDED and placement.ended_on is not None:
        ended: date = placement.ended_on
        return ended
    if placement.status != PlacementStatus.CANCELLED or at is None:
        return today
    day = min(today, london_date(at))
    # Nothing is cancelled before it was approved.
    return day if placement.decided_at is None else max(day, london_date(placement.decided_at))


def clocks_on(days: Sequence[tuple[PlacementPeriod, date]], today: date) -> list[Clock]:
    """The clock of something that changes on a day inside a period, in the same few queries for any number."""
    moved = []
    for number, (period, day) in enumerate(days):
        one = copy(period)
        # As if a period began on that day, without a notice of its own so far.
        one.pk, one.period = -number - 1, DateRange(day, period.period.upper, "[)")
        one.notice_given_on, one.approved_at = None, None
        moved.append(one)
    clocks = clocks_of(moved, today)
    return [clocks[one.pk] for one in moved]


def clock_for(notice: DirectionNotice, today: date) -> Clock:
    """The clock of a notice with the deadline of P7.2: of its period, or of the day from which something changes."""
    if notice.kind == NoticeKind.VARIATION:
        return clocks_on([(notice.placement_period, notice.effective_on)], today)[0]
    return clock_of(notice.placement_period, today)


def last_day_to_give(notice: DirectionNotice, today: date, cal: SchoolCalendar | None = None) -> date:
    """The last day on which a notice can be given in time, by its kind. Raises ``RuleBroken`` without a calendar."""
    if notice.kind in DEADLINE_KINDS:
        clock = clock_for(notice, today)
        if clock.deadline is None:
            raise RuleBroken(clock.problem)
        return clock.deadline.enforced
    try:
        return deadline_day(
            notice.kind,
            day_of(notice),
            cal or calendar_of(notice.placement_period.placement.school_id),
            practical_days=int(settings_on(today)[SettingCode.NOTICE_PRACTICAL_DAYS]),
        )
    except CalendarNotLoaded as error:
        raise RuleBroken(f"{error.message} {error.help}") from error


@dataclass(frozen=True)
class GiveBy:
    """By when a notice without the deadline of P7.2 is to be given, and why; ``late`` when that day has passed."""

    day: date | None
    words: str
    late: bool


def give_by_of(notice: DirectionNotice, today: date) -> GiveBy | None:
    """The words for the end of a period or a withdrawal; None for a kind that has the notice clock."""
    if notice.kind in DEADLINE_KINDS:
        return None
    try:
        day = last_day_to_give(notice, today)
    except RuleBroken as error:
        return GiveBy(None, error.message, False)
    if notice.kind == NoticeKind.END:
        why = "the last day of the period (P7.4)"
    else:
        why = f"as soon as practical after {date_words(notice.effective_on)}, when it was decided (P7.2)"
    return GiveBy(day, f"Give by {date_words(day)}: {why}.", notice.given_on is None and today > day)


# --- where a kind applies ---


def told(period: PlacementPeriod, *, given: bool = True) -> DirectionNotice | None:
    """The full notice of a period that everybody was given; with ``given`` False what a withdrawal withdraws.

    That is the one people hold, also when it is void by now and nothing later reached them; where nobody holds any, one
    whose letters are made.
    """
    full = period.notices.filter(kind__in=sorted(FULL_KINDS))
    found: DirectionNotice | None
    if given:
        found = full.filter(status=Status.GIVEN).first()
        return found
    held = full.filter(recipients__channel__gt="").order_by("-id").first()
    if held is not None and held.status == Status.VOID:
        undone = period.notices.filter(kind=NoticeKind.WITHDRAWAL, recipients__channel__gt="", pk__gt=held.pk)
        held = None if undone.exists() else held
    found = held or full.filter(status__in=[Status.ISSUED, Status.GIVEN]).first()
    return found


def begun(period: PlacementPeriod, today: date) -> bool:
    """Whether the student attends or attended on the ground of this period."""
    placement = period.placement
    if over_before(placement, period) or placement.started_at is None:
        return False
    first: date = period.period.lower
    return first <= today


def why_no_end(period: PlacementPeriod) -> str:
    """Why there is no notice of the end of this period, as a sentence; '' when there is one to give (P7.4)."""
    placement = period.placement
    if not period.notice_needed or period.period.upper is None:
        return "This period has no direction notice, so there is none of its end."
    if period.approved_at is None or over_before(placement, period):
        return "The notice of the end belongs to an approved period that was attended."
    if placement.status not in (PlacementStatus.ACTIVE, PlacementStatus.PAUSED, PlacementStatus.ENDED):
        return "The notice of the end belongs to a placement that is running or has ended."
    later = placement.periods.filter(number__gt=period.number, approved_at__isnull=False)
    if any(not over_before(placement, one) for one in later):
        return "This period is extended: the family gets the notice of the extension instead."
    return ""


def why_no_variation(period: PlacementPeriod, day: date | None = None) -> str:
    """Why no notice of a change can be prepared for this period (from ``day`` on), as a sentence; '' when it can."""
    placement = period.placement
    if not period.notice_needed or period.approved_at is None or placement.status not in LIVE:
        return "A notice of a change belongs to an approved or running period that has a notice."
    # Of a placement that was brought in the notice was given before, so it is not on file here.
    if told(period) is None and period.notice_given_on is None:
        return "The notice of this period was not given yet: what changes belongs in it."
    final = last_day(period.period)
    if day is not None and (day <= period.period.lower or (final is not None and day > final)):
        return f"Choose a day after {date_words(period.period.lower)}" + (
            f" and not after {date_words(final)}." if final else "."
        )
    return ""


def why_no_withdrawal(period: PlacementPeriod, today: date) -> str:
    """Why no notice can be withdrawn for this period, as a sentence; '' when one can."""
    if told(period, given=False) is None:
        return "No notice of this period was issued: make the draft void instead."
    if begun(period, today):
        return "The student already attends on the ground of this notice: end the placement instead."
    return ""


def end_moved(notice: DirectionNotice, facts: NoticeFacts) -> str:
    """What a draft of the end says wrongly since its period was moved or shortened, as a sentence; '' when nothing."""
    if notice.kind != NoticeKind.END or notice.frozen is not None or facts.last is None:
        return ""
    if notice.effective_on != facts.last:
        return f"The period now ends on {date_words(facts.last)}: open the draft, look at the return and save it again."
    if notice.return_on is not None and notice.return_on <= facts.last:
        return f"The return is after the last day of the period, {date_words(facts.last)}."
    return ""


def why_not_now(notice: DirectionNotice, facts: NoticeFacts, today: date) -> str:
    """Why a complete draft cannot be authorised as the placement stands, as a sentence; '' when it can."""
    if notice.kind in FULL_KINDS:
        if facts.placement.status not in LIVE or facts.period.approved_at is None:
            return "It can be authorised once the placement or its extension is approved."
        return why_ended(facts.period)
    day = notice.effective_on
    if notice.kind == NoticeKind.VARIATION:
        return why_no_variation(facts.period, day)
    return refusal_of_kind(facts.period, notice.kind, today) or end_moved(notice, facts)


def why_ended(period: PlacementPeriod) -> str:
    """Why a period can have no full notice: a notice says that one before it ends. '' when it can have one."""
    ends = DirectionNotice.objects.in_force().filter(
        kind=NoticeKind.END,
        placement_period__placement_id=period.placement_id,
        placement_period__number__lt=period.number,
    )
    return "A notice says that the period before this one ends: make it void first." if ends.exists() else ""


def refusal_of_kind(period: PlacementPeriod, kind: str, today: date) -> str:
    """Why no notice of this kind can be prepared for the period, as a sentence; '' when it can."""
    if kind == NoticeKind.END:
        return why_no_end(period)
    return why_no_variation(period) if kind == NoticeKind.VARIATION else why_no_withdrawal(period, today)


@dataclass(frozen=True)
class NamingStart:
    """The notices of a start: those that become void when it is moved, drafts that follow, recipients who were told."""

    void: tuple[DirectionNotice, ...]
    drafts: tuple[DirectionNotice, ...]
    told: tuple[NoticeRecipient, ...]


def notices_naming_start(placement: Placement) -> NamingStart:
    """What moving the start of a placement does to its notices, before it is done."""
    notices = list(
        DirectionNotice.objects.in_force()
        .filter(
            placement_period__placement=placement,
            placement_period__number=1,
            kind__in=[NoticeKind.INITIAL, NoticeKind.VARIATION],
        )
        .order_by("id")
    )
    follows = [one for one in notices if one.kind == NoticeKind.INITIAL and one.status == Status.DRAFT]
    void = [one for one in notices if one not in follows]
    told = NoticeRecipient.objects.filter(notice__in=void).exclude(channel="").order_by("id")
    return NamingStart(tuple(void), tuple(follows), tuple(told))


@dataclass(frozen=True)
class KindOffer:
    """A notice that may be prepared for a period, with its words and the page that does it."""

    kind: str
    label: str
    path: str


def offers_of(period: PlacementPeriod, today: date) -> tuple[KindOffer, ...]:
    """The notices of end, change and withdrawal that may be prepared for a period now; constant queries."""
    kept = set(period.notices.in_force().values_list("kind", flat=True))
    found = []
    if NoticeKind.END not in kept and not why_no_end(period):
        found.append(KindOffer(NoticeKind.END, "Notice of the end", reverse("notices:notice-end", args=[period.pk])))
    if not why_no_variation(period):
        path = reverse("notices:notice-vary", args=[period.pk])
        found.append(KindOffer(NoticeKind.VARIATION, "Notice of a change", path))
    if NoticeKind.WITHDRAWAL not in kept and not why_no_withdrawal(period, today):
        path = reverse("notices:notice-withdraw", args=[period.pk])
        found.append(KindOffer(NoticeKind.WITHDRAWAL, "Withdraw the notice", path))
    return tuple(found)


def offers_for(placement: Placement, today: date) -> tuple[tuple[PlacementPeriod, tuple[KindOffer, ...]], ...]:
    """``offers_of`` for each period of a placement that has any."""
    periods = placement.periods.select_related("placement__student", "placement__school").order_by("number")
    rows = [(period, offers_of(period, today)) for period in periods]
    return tuple((period, offers) for period, offers in rows if offers)


def withdrawn_by(notice: DirectionNotice) -> DirectionNotice | None:
    """The notice by which this one was withdrawn, as far as it went out; None when it stands."""
    found: DirectionNotice | None = (
        notice.followed_by.filter(kind=NoticeKind.WITHDRAWAL, status__in=[Status.ISSUED, Status.GIVEN])
        .order_by("id")
        .first()
    )
    return found
