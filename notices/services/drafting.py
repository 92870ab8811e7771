"""A notice from its first draft until it is authorised, and making one void."""

from datetime import datetime
from typing import Any

from notices.codes import NoticeKind, RecipientKind
from notices.lifecycle import FIRST, Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries import clock_of, facts_of, letter_of, recipients_of, suggested_values, values_of
from notices.rules import (
    TEMPLATE_VERSION,
    check_given_in_time,
    check_particulars,
    check_recipients,
    missing_particulars,
    reading_for,
)
from notices.services.moves import locked, move, school_id_of
from placements.codes import PeriodKind
from placements.lifecycle import LIVE
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod
from placements.services import record_notice_void
from trust.calendar import london_date
from trust.errors import RuleBroken
from trust.permissions import Permission
from trust.services import check_version, clear_flags, require, saving

EDITABLE = (
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
_KINDS = {PeriodKind.INITIAL: NoticeKind.INITIAL, PeriodKind.EXTENSION: NoticeKind.EXTENSION}


def _earlier(period: PlacementPeriod) -> DirectionNotice | None:
    """The notice this one follows: the void one it replaces, else the last one in force of an earlier period."""
    notices = DirectionNotice.objects.filter(placement_period__placement_id=period.placement_id)
    found: DirectionNotice | None = notices.filter(placement_period=period, status=Status.VOID).order_by("-id").first()
    if found is None:
        earlier = notices.in_force().filter(placement_period__number__lt=period.number)
        found = earlier.order_by("-placement_period__number", "-id").first()
    return found


def prepare_notice(*, period_id: int, by: Any, now: datetime) -> DirectionNotice:
    """A draft for a proposed or approved period, with the referral's text, or an extension's with the last notice's.

    Raises ``RuleBroken`` when the period needs no notice, the placement is over, or a notice is in force (P7.2, P7.4).
    """
    with saving(by=by):
        period = PlacementPeriod.objects.select_for_update(of=("self",)).select_related("placement").get(pk=period_id)
        require(by, FIRST[Status.DRAFT], home_id=period.placement.school_id)
        if not period.notice_needed:
            raise RuleBroken("This route asks for no direction notice.")
        # Also before the decision, so that whoever approves can authorise it in one act.
        if period.placement.status not in LIVE | {PlacementStatus.PROPOSED}:
            raise RuleBroken("A notice is prepared for a placement that is proposed, approved or running.")
        if period.notices.in_force().exists():
            raise RuleBroken("This period already has a notice: make it void first if it must be replaced.")
        facts = facts_of(period_id)
        values = suggested_values(facts)
        follows = _earlier(period)
        if follows is not None:
            same_period = follows.placement_period_id == period.pk
            kept = ("reasons", "aims", "measurable_aim", "report_to", "start_time", "sessions_note")
            again = (*kept, "first_review_on") if same_period else kept
            values |= {name: getattr(follows, name) for name in again if getattr(follows, name)}
        return DirectionNotice.objects.create(
            placement_period=period,
            follows=follows,
            kind=_KINDS[PeriodKind(period.kind)],
            effective_on=period.period.lower,
            prepared_by=by,
            prepared_at=now,
            **values,
        )


def save_notice(
    *, notice_id: int, data: dict[str, Any], version: int | None, by: Any, now: datetime
) -> DirectionNotice:
    """Keep the particulars of a draft; ``data`` holds any of ``EDITABLE``, whole or not.

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
        review = data.get("first_review_on")
        if review is not None and review < notice.placement_period.period.lower:
            raise RuleBroken("The first review cannot be before the start.", field="first_review_on")
        for name in EDITABLE:
            if name in data:
                setattr(notice, name, data[name])
        notice.version += 1
        notice.save()
        return notice


def authorise_notice(
    *, notice_id: int, override_reason: str, by: Any, now: datetime, version: int | None = None
) -> DirectionNotice:
    """Freeze what the letter says and who must have it; the worker then makes the letters.

    Raises ``RuleBroken`` while a particular or a recipient is missing (P7.3), and after the deadline with the earliest
    lawful start, unless ``override_reason`` says why it goes out late (Headteacher or chief executive only).
    ``version`` is that of the draft as it was read: ``StaleRecord`` when somebody wrote on it since.
    """
    today = london_date(now)
    with saving(by=by, reason=override_reason):
        notice = locked(notice_id)
        move(notice, Status.AUTHORISED, by)
        check_version(notice, version)
        facts = facts_of(notice.placement_period_id)
        if facts.placement.status not in LIVE or facts.period.approved_at is None:
            raise RuleBroken("The placement or its extension is not approved, so its notice cannot be authorised.")
        check_particulars(missing_particulars(values_of(notice, facts)))
        recipients = recipients_of(facts)
        check_recipients([one for one, _ in recipients])
        deadline = clock_of(facts.period, today).deadline
        reading = reading_for(facts.placement.route)
        if deadline is None:
            # Says which year's calendar is missing.
            facts.calendar.school_days_before(facts.first, 3)
        elif today > deadline.enforced:
            if override_reason.strip():
                require(by, Permission.OVERRIDE, home_id=school_id_of(notice))
                notice.override_reason, notice.override_by, notice.override_at = override_reason.strip(), by, now
            else:
                check_given_in_time(deadline, today, facts.calendar, reading)
        notice.effective_on = facts.first
        notice.frozen = letter_of(notice, facts, signer=by, on=today)
        notice.template_version = TEMPLATE_VERSION
        notice.authorised_by, notice.authorised_at = by, now
        notice.version += 1
        notice.save()
        student = facts.placement.student
        for one, link in recipients:
            contact = link.contact if link else None
            NoticeRecipient.objects.create(
                notice=notice,
                kind=one.kind,
                contact_link=link,
                name=one.name,
                address="\n".join(part for part in (contact.address, contact.postcode) if part) if contact else "",
                email=contact.email if contact else student.ehc_email if one.kind == RecipientKind.LA else "",
                email_consent=bool(link and link.email_consent),
                language=contact.language if contact else "",
                large_print=bool(contact and contact.large_print),
            )
        return notice


def void_notice(*, notice_id: int, reason: str, by: Any, now: datetime) -> DirectionNotice:
    """Make a notice void with a reason; it stays on file and a new one may be prepared (P7.4: never edited).

    Raises ``RuleBroken`` without a reason, and for a given notice once its period has begun and the placement runs.
    """
    with saving(by=by, reason=reason):
        notice = locked(notice_id)
        was_given = notice.status == Status.GIVEN
        move(notice, Status.VOID, by)
        if not reason.strip():
            raise RuleBroken("Say why the notice is made void.", field="reason")
        period = notice.placement_period
        if was_given and period.placement.started_at is not None and period.period.lower <= london_date(now):
            raise RuleBroken("The student already attends on the ground of this notice, so it stays in force.")
        notice.void_reason, notice.voided_by, notice.voided_at = reason.strip(), by, now
        notice.version += 1
        notice.save()
        if was_given:
            record_notice_void(period_id=period.pk, by=by, now=now)
        clear_flags(
            kind="notice_due", subject=f"placement:{period.placement_id}", period=str(period.period.lower), now=now
        )
        return notice
