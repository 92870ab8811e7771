"""A notice from its first draft until it is authorised, and making one void."""

from datetime import date, datetime
from typing import Any

from notices.codes import DEADLINE_KINDS, FULL_KINDS, NoticeKind, RecipientKind
from notices.lifecycle import FIRST, Status, check_move
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries import (
    NoticeFacts,
    change_values,
    changes_on,
    clock_for,
    end_values,
    facts_for,
    facts_of,
    left_out_of,
    letter_of,
    missing_of,
    recipients_of,
    suggested_values,
    template_version_of,
    told,
    why_no_end,
    why_no_variation,
    why_no_withdrawal,
)
from notices.queries.kinds import cancelled_at, day_of, end_moved, why_ended, withdrawn_day
from notices.rules import (
    check_given_in_time,
    check_particulars,
    check_recipients,
)
from notices.rules.particulars import check_first_review
from notices.services.flags import flag_notices
from notices.services.giving import keep_agreement
from notices.services.moves import locked, move, school_id_of
from notices.services.sending import WITHDRAWN_WORDS, drop_mails
from placements.codes import PeriodKind
from placements.lifecycle import LIVE
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod
from placements.services import record_notice_void
from trust.calendar import date_words, last_day, london_date
from trust.errors import RuleBroken
from trust.models import Contact, Student
from trust.permissions import Permission
from trust.services import check_version, require, saving

_FULL = (
    "reasons",
    "aims",
    "measurable_aim",
    "report_to",
    "start_time",
    "sessions_note",
    "first_review_on",
    "days_required",
    "days_reason",
)
# What a draft of each kind may be given; the day from which it holds is never typed into it.
EDITABLE: dict[str, tuple[str, ...]] = {
    NoticeKind.INITIAL: _FULL,
    NoticeKind.EXTENSION: _FULL,
    NoticeKind.END: ("outcome", "return_on", "return_time", "return_place", "return_person"),
    NoticeKind.VARIATION: (*_FULL, "changes"),
    NoticeKind.WITHDRAWAL: ("reasons",),
}
_KINDS = {PeriodKind.INITIAL: NoticeKind.INITIAL, PeriodKind.EXTENSION: NoticeKind.EXTENSION}
# What a full notice takes over from the one it follows.
_KEPT = ("reasons", "aims", "measurable_aim", "report_to", "start_time", "sessions_note")


def _earlier(period: PlacementPeriod, kind: str, day: date) -> DirectionNotice | None:
    """The notice this one follows: the void one it replaces, else the last in force of the period, else of an earlier.

    The chain of a placement is read by it, so a withdrawal follows the full notice that it withdraws, and a change
    replaces only a void one of the same ``day``.
    """
    notices = DirectionNotice.objects.filter(placement_period__placement_id=period.placement_id)
    if kind == NoticeKind.WITHDRAWAL:
        return told(period, given=False)
    void = notices.filter(placement_period=period, kind=kind, status=Status.VOID)
    if kind == NoticeKind.VARIATION:
        void = void.filter(effective_on=day)
    found: DirectionNotice | None = void.order_by("-id").first()
    if found is None and kind not in FULL_KINDS:
        holds = notices.in_force().filter(placement_period=period, kind__in=sorted(DEADLINE_KINDS))
        found = holds.exclude(status=Status.DRAFT).order_by("-id").first()
    if found is None:
        earlier = notices.in_force().filter(placement_period__number__lt=period.number)
        found = earlier.order_by("-placement_period__number", "-id").first()
    return found


def _check_kind(period: PlacementPeriod, kind: str, day: date, now: datetime) -> None:
    """Whether a notice of this kind may be prepared for the period. Raises ``RuleBroken``."""
    placement = period.placement
    if kind in FULL_KINDS:
        if not period.notice_needed:
            raise RuleBroken("This route asks for no direction notice.")
        # Also before the decision, so that whoever approves can authorise it in one act.
        if placement.status not in LIVE | {PlacementStatus.PROPOSED}:
            raise RuleBroken("A notice is prepared for a placement that is proposed, approved or running.")
        if kind != _KINDS[PeriodKind(period.kind)]:
            raise RuleBroken("The first period has the notice of the start, a later one that of the extension.")
        why = why_ended(period)
    elif kind == NoticeKind.END:
        why = why_no_end(period)
    elif kind == NoticeKind.VARIATION:
        why = why_no_variation(period, day)
    else:
        why = why_no_withdrawal(period, london_date(now))
    if why:
        raise RuleBroken(why, field="effective_on" if why.startswith("Choose a day") else None)


def prepare_notice(
    *,
    period_id: int,
    by: Any,
    now: datetime,
    kind: str | None = None,
    effective_on: date | None = None,
    reason: str = "",
) -> DirectionNotice:
    """A draft for a period, with what is known filled in (P7.2, P7.4).

    Without ``kind`` the full notice that the period must have: with the referral's text, or an extension's with the
    last notice's. END: with why it ended, the report and the return to the home school; VARIATION: with what the
    approved timetable changes on ``effective_on``, and everything as it will be from that day; WITHDRAWAL: with
    ``reason``, as of the day on which that was decided. Raises ``RuleBroken`` when the kind does not apply, or one is
    in force already.
    """
    with saving(by=by):
        # Notices before the period, in the order of every other door: the new one is to point at one of them.
        placement_id = PlacementPeriod.objects.values_list("placement_id", flat=True).get(pk=period_id)
        of_placement = DirectionNotice.objects.filter(placement_period__placement_id=placement_id)
        list(of_placement.select_for_update(of=("self",)).order_by("id").only("pk"))
        period = (
            PlacementPeriod.objects.select_for_update(of=("self",))
            .select_related("placement__student", "placement__school")
            .get(pk=period_id)
        )
        require(by, FIRST[Status.DRAFT], home_id=period.placement.school_id)
        wanted = NoticeKind(kind) if kind else _KINDS[PeriodKind(period.kind)]
        if wanted == NoticeKind.VARIATION and effective_on is None:
            raise RuleBroken("Say from which day it changes.", field="effective_on")
        today = london_date(now)
        day = effective_on if wanted == NoticeKind.VARIATION and effective_on else _effective_on(wanted, period, today)
        kept = period.notices.in_force().filter(kind=wanted)
        if wanted == NoticeKind.VARIATION:
            kept = kept.filter(effective_on=day)
        if kept.exists():
            raise RuleBroken(
                "This period already has a notice of this kind: make it void first if it must be replaced."
            )
        _check_kind(period, wanted, day, now)
        follows = _earlier(period, wanted, day)
        return DirectionNotice.objects.create(
            placement_period=period,
            follows=follows,
            kind=wanted,
            effective_on=day,
            prepared_by=by,
            prepared_at=now,
            **_values(wanted, period, day, follows, reason),
        )


def _effective_on(kind: str, period: PlacementPeriod, today: date) -> date:
    """The day from which a notice holds: the first of the period, its last, or when the withdrawal was decided."""
    if kind == NoticeKind.END and period.period.upper is not None:
        return date.fromordinal(period.period.upper.toordinal() - 1)
    if kind == NoticeKind.WITHDRAWAL:
        at = cancelled_at([period.placement_id]).get(period.placement_id)
        return withdrawn_day(period.placement, today, at)
    first: date = period.period.lower
    return first


def _values(
    kind: str, period: PlacementPeriod, day: date, follows: DirectionNotice | None, reason: str
) -> dict[str, Any]:
    """What a new draft starts from."""
    if kind == NoticeKind.END:
        return end_values(facts_of(period.pk))
    if kind == NoticeKind.WITHDRAWAL:
        return {"reasons": reason.strip()}
    if kind == NoticeKind.VARIATION:
        values = change_values(period.pk, day)
        # The time of arrival on the day of the change is asked anew, and who meets the student, when the place is new.
        again: tuple[str, ...] = ("reasons", "aims", "measurable_aim", "first_review_on")
        if not any("place is" in line for line in changes_on(period, day)):
            again = (*again, "report_to", "start_time")
    else:
        values = suggested_values(facts_of(period.pk))
        same_period = follows is not None and follows.placement_period_id == period.pk
        again = (*_KEPT, "first_review_on") if same_period else _KEPT
    if follows is not None:
        kept = {name: getattr(follows, name) for name in again}
        review = kept.get("first_review_on")
        if review is not None and review < day:
            # It was held, or lies before what the letter tells now: the one proposed for the new day stands.
            del kept["first_review_on"]
        values |= {name: value for name, value in kept.items() if value}
    return values


def save_notice(
    *, notice_id: int, data: dict[str, Any], version: int | None, by: Any, now: datetime
) -> DirectionNotice:
    """Keep the particulars of a draft; ``data`` holds any of ``EDITABLE`` of its kind, whole or not.

    Raises ``StaleRecord`` when somebody saved it in between and ``RuleBroken`` once it is authorised.
    """
    with saving(by=by):
        notice = locked(notice_id)
        require(by, Permission.PREPARE_NOTICE, home_id=school_id_of(notice))
        if notice.status != Status.DRAFT:
            raise RuleBroken(
                "An authorised notice is never edited.", help="Make it void with a reason, then prepare a new one."
            )
        check_version(notice, version)
        notice.effective_on = day_of(notice)
        period = notice.placement_period.period
        changed = notice.kind == NoticeKind.VARIATION
        check_first_review(
            data.get("first_review_on"),
            notice.effective_on if changed else period.lower,
            last_day(period),
            what="day of the change" if changed else "start",
        )
        back = data.get("return_on")
        if back is not None and back <= notice.effective_on:
            raise RuleBroken(
                f"The return is after the last day of the period, {date_words(notice.effective_on)}.", field="return_on"
            )
        for name in EDITABLE[notice.kind]:
            if name in data:
                setattr(notice, name, data[name])
        notice.version += 1
        notice.save()
        return notice


def _check_may_authorise(notice: DirectionNotice, facts: NoticeFacts, now: datetime) -> None:
    """Whether the placement still stands as the notice says. Raises ``RuleBroken``."""
    period = facts.period
    if notice.kind in FULL_KINDS:
        if facts.placement.status not in LIVE or period.approved_at is None:
            raise RuleBroken("The placement or its extension is not approved, so its notice cannot be authorised.")
        if why := why_ended(period):
            raise RuleBroken(why)
        return
    _check_kind(period, notice.kind, notice.effective_on, now)
    if notice.kind == NoticeKind.WITHDRAWAL and told(period, given=False) != notice.follows:
        raise RuleBroken(
            "People hold another notice by now: make this draft void and prepare the withdrawal of that one."
        )
    if why := end_moved(notice, facts):
        raise RuleBroken(why, field="return_on", help="What it says of the return was written for another last day.")


def _check_deadline(notice: DirectionNotice, facts: NoticeFacts, override_reason: str, by: Any, now: datetime) -> None:
    """Ask for the reason of a notice that goes out after its last day. Raises ``RuleBroken`` without one (P7.2)."""
    today = london_date(now)
    clock = clock_for(notice, today)
    deadline = clock.deadline
    if deadline is None:
        # Says which year's calendar is missing.
        facts.calendar.school_days_before(facts.first, 3)
    elif today > deadline.enforced:
        if not override_reason.strip():
            check_given_in_time(deadline, today, facts.calendar, clock.reading)
        require(by, Permission.OVERRIDE, home_id=school_id_of(notice))
        notice.override_reason, notice.override_by, notice.override_at = override_reason.strip(), by, now


def authorise_notice(
    *,
    notice_id: int,
    override_reason: str,
    by: Any,
    now: datetime,
    version: int | None = None,
    agreement: Any = None,
) -> DirectionNotice:
    """Freeze what the letter says and who must have it; the worker then makes the letters.

    Raises ``RuleBroken`` while a particular or a recipient is missing (P7.3), and after the deadline with the earliest
    lawful start, unless ``override_reason`` says why it goes out late (Headteacher or chief executive only). The end of
    a period and a withdrawal have no such deadline: late, they stay on file as late. ``version`` is that of the draft
    as it was read: ``StaleRecord`` when somebody wrote on it since. ``agreement`` is the parent's written agreement to
    the earlier start, an uploaded file kept with the reason of a late one.
    """
    today = london_date(now)
    with saving(by=by, reason=override_reason):
        notice = locked(notice_id)
        move(notice, Status.AUTHORISED, by)
        check_version(notice, version)
        facts = facts_for(notice)
        _check_may_authorise(notice, facts, now)
        check_particulars(missing_of(notice, facts))
        recipients = recipients_of(facts)
        check_recipients([one for one, _ in recipients])
        if notice.kind in DEADLINE_KINDS:
            _check_deadline(notice, facts, override_reason, by, now)
        if notice.override_reason:
            notice.parent_agreement = keep_agreement(agreement, by, now)
        if notice.kind in FULL_KINDS:
            # A draft follows its period when that is moved; that of an end is looked at again before.
            notice.effective_on = _effective_on(notice.kind, facts.period, today)
        notice.frozen = letter_of(notice, facts, signer=by, on=today)
        notice.left_out = left_out_of(facts)
        notice.template_version = template_version_of(notice.frozen)
        notice.authorised_by, notice.authorised_at = by, now
        notice.version += 1
        notice.save()
        if notice.kind == NoticeKind.WITHDRAWAL and notice.follows is not None:
            drop_mails(notice.follows, WITHDRAWN_WORDS)
        student = facts.placement.student
        for one, link in recipients:
            contact = link.contact if link else None
            home = contact or (home_of(student) if one.kind == RecipientKind.STUDENT else None)
            NoticeRecipient.objects.create(
                notice=notice,
                kind=one.kind,
                contact_link=link,
                name=one.name,
                address="\n".join(part for part in (home.address, home.postcode) if part) if home else "",
                email=contact.email if contact else student.ehc_email if one.kind == RecipientKind.LA else "",
                email_consent=bool(link and link.email_consent),
                language=contact.language if contact else "",
                large_print=bool(contact and contact.large_print),
            )
        return notice


def home_of(student: Student) -> Contact | None:
    """The contact at whose address a student of 18 gets letters: one with care to whom letters may go; None without."""
    links = student.contact_links.filter(has_care=True, letters_restricted=False).exclude(contact__address="")
    link = links.select_related("contact").order_by("id").first()
    return link.contact if link else None


def make_void(
    notice: DirectionNotice, reason: str, by: Any, now: datetime, *, instead: Permission | None = None
) -> None:
    """Make a locked notice void inside the caller's transaction and tell the placement; its flag is the caller's.

    ``instead`` is the permission of an act that has this as its consequence.
    """
    was_given = notice.status == Status.GIVEN
    move(notice, Status.VOID, by, instead=instead)
    notice.void_reason, notice.voided_by, notice.voided_at = reason.strip(), by, now
    notice.version += 1
    notice.save()
    if was_given and notice.kind in FULL_KINDS:
        record_notice_void(period_id=notice.placement_period_id, by=by, now=now, instead=instead)
    drop_mails(notice)


def void_notice(*, notice_id: int, reason: str, by: Any, now: datetime) -> DirectionNotice:
    """Make a notice void with a reason; it stays on file and a new one may be prepared (P7.4: never edited).

    The flag of a matter that is still open stays, with the next step. Raises ``RuleBroken`` without a reason, and for a
    given full notice once its period has begun and the placement runs.
    """
    with saving(by=by, reason=reason):
        notice = locked(notice_id)
        require(by, check_move(notice.status, Status.VOID), home_id=school_id_of(notice))
        if not reason.strip():
            raise RuleBroken("Say why the notice is made void.", field="reason")
        period = notice.placement_period
        begun = period.placement.started_at is not None and period.period.lower <= london_date(now)
        if notice.status == Status.GIVEN and notice.kind in FULL_KINDS and begun:
            raise RuleBroken("The student already attends on the ground of this notice, so it stays in force.")
        make_void(notice, reason, by, now)
        flag_notices(now=now, among=[period.placement_id])
        return notice
