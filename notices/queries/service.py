"""Where each letter stands, what has to be done for it next, and what waits to be printed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from notices.codes import Channel, NoticeKind, ServiceState
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient, PrintBatch
from notices.queries.clock import end_of_school_day, post_days_on
from notices.queries.letter import channels_of
from notices.queries.verdict import deadline_of
from notices.queries.worklist import no_longer_needed
from notices.rules import (
    BATCH_MOST,
    ServiceFacts,
    deemed_given_on,
    envelope_key,
    service_state,
)
from trust.calendar import london_date
from trust.codes import MailStatus
from trust.errors import CalendarNotLoaded, RuleBroken
from trust.models import School
from trust.permissions import Permission
from trust.queries import calendar_of

_WAITING = (ServiceState.TO_SEND, ServiceState.FAILED)
_NEXT = {
    ServiceState.MAKING: "The worker makes it within a minute.",
    ServiceState.TO_SEND: "Send it by e-mail, print it, or hand it over.",
    ServiceState.EMAIL_WAITING: "It is sent within a minute, or as soon as the mail server answers.",
    ServiceState.SENDING: "It is with the mail server now.",
    ServiceState.SENT: "It is recorded as given within a minute.",
    ServiceState.FAILED: "Send it again, print it, or hand it over.",
    ServiceState.UNKNOWN: "Find out whether it arrived, then say so. It is not sent again by itself.",
    ServiceState.PRINTING: "The printing is made within a minute.",
    ServiceState.PRINTED: "Post it, then record the posting of the whole printing.",
    ServiceState.GIVEN: "",
    ServiceState.STOPPED: "",
    ServiceState.RESTRICTED: "Do not send, post or hand over this letter. Make the notice void and issue it again.",
}
# A letter is made, and an e-mail that left is recorded, within a minute: after this long somebody has to look.
PATIENCE = timedelta(minutes=5)

_WITHDRAWALS = DirectionNotice.objects.filter(
    kind=NoticeKind.WITHDRAWAL, status__in=[Status.AUTHORISED, Status.ISSUED, Status.GIVEN]
)


def withdrawn(notice: DirectionNotice) -> bool:
    """Whether a withdrawal of this notice was authorised, so that none of its letters may leave any more."""
    return _WITHDRAWALS.filter(follows=notice).exists()


def _taken_back(recipient: NoticeRecipient) -> bool:
    found: bool | None = getattr(recipient, "withdrawn", None)
    return withdrawn(recipient.notice) if found is None else found


def restricted(recipient: NoticeRecipient) -> bool:
    """Whether no letter may go to this person any more, by the student's record as it stands now."""
    return recipient.contact_link is not None and recipient.contact_link.letters_restricted


def agrees_to_email(recipient: NoticeRecipient) -> bool:
    """Whether a parent agreed to notices by e-mail when it was authorised and still does; frozen value of an office."""
    link = recipient.contact_link
    return recipient.email_consent and (link is None or link.email_consent)


def why_no_mail(recipient: NoticeRecipient) -> str:
    """Why an e-mail that waits must not leave any more, as a sentence without the reason of a restriction; '' else."""
    notice = recipient.notice
    if notice.status == Status.VOID:
        return "The notice was made void before it left."
    if no_longer_needed(notice):
        return "The placement was over before it left, so the notice is no longer needed."
    if _taken_back(recipient):
        return "The notice was withdrawn before it left."
    if restricted(recipient):
        return "A restriction was recorded before it left: it must not be sent."
    if recipient.email_consent and not agrees_to_email(recipient):
        return "The agreement to notices by e-mail was withdrawn before it left."
    return ""


def state_of(recipient: NoticeRecipient) -> ServiceState:
    """Where the letter of this recipient stands now; reads its notice, placement, contact, e-mail and printing."""
    notice = recipient.notice
    batch = recipient.batch
    return service_state(
        ServiceFacts(
            issued=notice.status in (Status.ISSUED, Status.GIVEN) and recipient.letter_id is not None,
            stopped=notice.status == Status.VOID or no_longer_needed(notice) or _taken_back(recipient),
            given=bool(recipient.channel),
            restricted=restricted(recipient),
            mail=recipient.mail.status if recipient.mail else "",
            in_batch=batch is not None and batch.posted_at is None,
            batch_made=batch is not None and batch.file_id is not None,
        )
    )


def may_be_mailed(recipient: NoticeRecipient) -> bool:
    """Whether a letter may go to this recipient by e-mail: an address is known and, of a family, the consent stands."""
    stands = recipient.contact_link_id is None or agrees_to_email(recipient)
    return stands and bool(recipient.email) and Channel.EMAIL in channels_of(recipient)


def with_letters(recipients: QuerySet[NoticeRecipient]) -> QuerySet[NoticeRecipient]:
    """The recipients with everything that ``state_of`` reads, in one query."""
    return recipients.select_related(
        "letter",
        "translation",
        "proof_file",
        "recorded_by",
        "mail",
        "batch",
        "notice__placement_period__placement__student",
        "notice__placement_period__placement__school",
        "contact_link",
    ).annotate(withdrawn=Exists(_WITHDRAWALS.filter(follows=OuterRef("notice"))))


@dataclass(frozen=True)
class RecipientRow:
    """One recipient on the page of the notice.

    ``state`` with ``why`` (of a failure or an unknown), ``next_step`` in words, ``channels`` allowed as words,
    ``consent`` in words, ``verdict`` 'in time', 'late' or '' while not given, ``deadline`` the day that holds.
    ``address_lines`` are empty when none is recorded. ``stuck``: something that goes by itself did not.
    """

    recipient: NoticeRecipient
    state: ServiceState
    why: str
    next_step: str
    channels: tuple[str, ...]
    consent: str
    address_lines: tuple[str, ...]
    deadline: date | None
    verdict: str
    stuck: bool = False

    @property
    def mailable(self) -> bool:
        """Whether 'send by e-mail' is offered."""
        return self.state in _WAITING and may_be_mailed(self.recipient)

    @property
    def recordable(self) -> bool:
        """Whether handing over or posting can be recorded now."""
        if self.state == ServiceState.STOPPED:
            # A letter of a withdrawn notice may have been handed over before that.
            notice = self.recipient.notice
            return notice.status == Status.ISSUED and not no_longer_needed(notice)
        return self.state in (*_WAITING, ServiceState.PRINTING, ServiceState.PRINTED, ServiceState.RESTRICTED)

    @property
    def unknown(self) -> bool:
        """Whether somebody has to find out what became of the e-mail."""
        return self.state == ServiceState.UNKNOWN


def _consent(recipient: NoticeRecipient) -> str:
    if recipient.contact_link_id is None:
        return "not asked of an office" if recipient.email else ""
    if recipient.email_consent and not agrees_to_email(recipient):
        return "has taken back the agreement to notices by e-mail"
    return "agreed to notices by e-mail" if recipient.email_consent else "has not agreed to notices by e-mail"


def counts_as(notice: DirectionNotice, channel: str, at: datetime) -> tuple[date, date]:
    """The day on which a letter that leaves at ``at`` counts as given, and the enforced last day to give it (P7.2).

    By the thresholds in force on the day it leaves and the calendar as it stands now. ``RuleBroken`` when the calendar
    is not loaded or, for e-mail, the session times are not entered.
    """
    day = london_date(at)
    school_id = notice.placement_period.placement.school_id
    end = end_of_school_day(school_id, day)
    if end is None and channel == Channel.EMAIL:
        raise RuleBroken(
            "The school's session times are not entered, so it cannot be said when an e-mail counts.",
            field="channel",
            help="Ask the trust AP lead to enter them.",
        )
    try:
        given_on = deemed_given_on(channel, at, end or time.max, calendar_of(school_id), post_days_on(day))
    except CalendarNotLoaded as error:
        raise RuleBroken(error.message, field="channel", help=error.help) from error
    return given_on, deadline_of(notice, day)


def _why_not_recorded(recipient: NoticeRecipient, sent_at: datetime) -> str:
    """Why the giving of a letter that the mail server took long ago is not recorded."""
    said = "The mail server took this letter, but its giving could not be recorded so far."
    try:
        counts_as(recipient.notice, Channel.EMAIL, sent_at)
    except RuleBroken as error:
        return f"{said} {error.message} {error.help}".strip()
    return f"{said} Tell the trust AP lead."


def _why(recipient: NoticeRecipient, state: ServiceState, now: datetime | None) -> tuple[str, bool]:
    """What went wrong with this letter as a sentence, '' when nothing did; and whether it is stuck."""
    mail, ordered_at = recipient.mail, recipient.notice.authorised_at
    if mail and state in (ServiceState.FAILED, ServiceState.UNKNOWN):
        return mail.error, False
    if now is None:
        return "", False
    if state == ServiceState.MAKING and recipient.letter_id is None and ordered_at and now - ordered_at > PATIENCE:
        return "This letter could not be made so far. Tell the trust AP lead.", True
    if state == ServiceState.SENT and mail and mail.sent_at and now - mail.sent_at > PATIENCE:
        return _why_not_recorded(recipient, mail.sent_at), True
    return "", False


def _next_step(recipient: NoticeRecipient, state: ServiceState) -> str:
    notice = recipient.notice
    if notice.status == Status.VOID and state in (ServiceState.SENT, ServiceState.GIVEN):
        after = notice.voided_at and recipient.recorded_at and recipient.recorded_at >= notice.voided_at
        if state == ServiceState.SENT or after:
            return "The notice was made void while it left: tell this person."
    if state in _WAITING and not recipient.address.strip() and not may_be_mailed(recipient):
        return (
            "No address to post or e-mail it to is recorded for this person: download the letter, hand it over, "
            "then record that."
        )
    if state in _WAITING and not may_be_mailed(recipient):
        return "Print it, or hand it over."
    return _NEXT[state]


def _row(recipient: NoticeRecipient, deadline: date | None, now: datetime | None = None) -> RecipientRow:
    state = state_of(recipient)
    why, stuck = _why(recipient, state, now)
    labels = dict(Channel.choices)
    return RecipientRow(
        recipient=recipient,
        state=state,
        why=why,
        stuck=stuck,
        next_step="" if stuck else _next_step(recipient, state),
        channels=tuple(
            str(labels[channel])
            for channel in channels_of(recipient)
            if channel != Channel.EMAIL or may_be_mailed(recipient)
        ),
        consent=_consent(recipient),
        address_lines=tuple(line.strip() for line in recipient.address.splitlines() if line.strip()),
        deadline=recipient.deadline_on or deadline,
        verdict="" if recipient.in_time is None else "in time" if recipient.in_time else "late",
    )


def recipient_rows(notice: DirectionNotice, when: date | datetime) -> list[RecipientRow]:
    """The recipients of a notice as its page shows them, in the order of the letter.

    ``when`` is a day or an aware instant; only an instant tells what takes too long.
    """
    now = when if isinstance(when, datetime) else None
    try:
        deadline: date | None = deadline_of(notice, london_date(now) if now else when)
    except RuleBroken:
        deadline = None
    return [_row(one, deadline, now) for one in with_letters(notice.recipients.all()).order_by("id")]


@dataclass(frozen=True)
class IfGiven:
    """What would be recorded for one channel at one moment: the day it counts, and whether that is in time."""

    channel: str
    given_on: date | None
    in_time: bool | None
    problem: str = ""


def if_given(recipient: NoticeRecipient, at: datetime) -> list[IfGiven]:
    """For each channel open to the recipient: on which day the letter would count as given if it left at ``at``."""
    notice = recipient.notice
    school_id = notice.placement_period.placement.school_id
    labels = dict(Channel.choices)
    try:
        deadline: date | None = deadline_of(notice, london_date(at))
    except RuleBroken:
        deadline = None
    end = end_of_school_day(school_id, london_date(at))
    calendar, post_days = calendar_of(school_id), post_days_on(london_date(at))
    found = []
    for channel in channels_of(recipient):
        label = str(labels[channel])
        if channel == Channel.EMAIL and end is None:
            found.append(IfGiven(label, None, None, "the school's session times are not entered"))
            continue
        try:
            day = deemed_given_on(channel, at, end or time.max, calendar, post_days)
        except CalendarNotLoaded:
            found.append(IfGiven(label, None, None, "the school's calendar is not loaded"))
            continue
        found.append(IfGiven(label, day, None if deadline is None else day <= deadline))
    return found


# --- all letters of the schools one works for ---------------------------------------------------------------------


def _open_letters() -> QuerySet[NoticeRecipient]:
    """Letters that are made and whose giving is not recorded, of notices that hold."""
    return with_letters(NoticeRecipient.objects.filter(notice__status=Status.ISSUED, letter__isnull=False, channel=""))


@dataclass(frozen=True)
class SchoolLetters:
    """What waits to be printed for one school, in the order of the envelopes, and the printings not yet posted.

    ``lacking`` wait as well but have no postal address. ``most`` letters are in one printing at most.
    """

    school: School
    waiting: list[RecipientRow]
    lacking: list[RecipientRow]
    most: int = BATCH_MOST


def _in_envelope_order(recipients: Iterable[NoticeRecipient]) -> list[NoticeRecipient]:
    return sorted(recipients, key=lambda one: (*envelope_key(one.address, one.name), one.pk))


def print_lists(user: Any) -> list[SchoolLetters]:
    """What waits to be printed, per school where the person records giving; schools with nothing are left out."""
    mine = NoticeRecipient.objects.visible_to(user, Permission.RECORD_SERVICE)
    schools: dict[int, SchoolLetters] = {}
    waiting = [one for one in _open_letters().filter(pk__in=mine.values("pk")) if state_of(one) in _WAITING]
    for one in _in_envelope_order(waiting):
        school = one.notice.placement_period.placement.school
        found = schools.setdefault(school.pk, SchoolLetters(school, [], []))
        (found.waiting if one.address.strip() else found.lacking).append(_row(one, None))
    return sorted(schools.values(), key=lambda one: one.school.name)


def letters_to_check(user: Any, now: datetime | None = None) -> list[RecipientRow]:
    """Letters whose e-mail is unknown or failed, where the person records giving: unknown ones first.

    With ``now`` also those that the mail server took more than five minutes before and whose giving is not recorded.
    """
    mine = NoticeRecipient.objects.visible_to(user, Permission.RECORD_SERVICE)
    wanted = Q(mail__status=MailStatus.UNKNOWN) | Q(mail__status=MailStatus.FAILED, notice__status=Status.ISSUED)
    if now is not None:
        wanted |= Q(mail__status=MailStatus.SENT, mail__sent_at__lt=now - PATIENCE)
    found = with_letters(NoticeRecipient.objects.filter(wanted, pk__in=mine.values("pk"), channel="")).order_by(
        "-mail__status", "mail__created_at", "id"
    )
    rows = [_row(one, None, now) for one in found]
    return [row for row in rows if row.stuck or row.state in (ServiceState.UNKNOWN, ServiceState.FAILED)]


def batch_list(user: Any) -> QuerySet[PrintBatch]:
    """Printings of the schools where the person records giving, the newest first; not those that were emptied."""
    found: QuerySet[PrintBatch] = (
        PrintBatch.objects.visible_to(user, Permission.RECORD_SERVICE)
        .select_related("school", "asked_by", "posted_by", "file")
        .annotate(letters=Count("recipients"))
        .exclude(letters=0)
        .order_by("-asked_at", "-id")
    )
    return found


def envelopes_of(batch: PrintBatch) -> list[NoticeRecipient]:
    """The recipients of one printing in the order of the envelopes."""
    return _in_envelope_order(with_letters(batch.recipients.all()))


def to_print(batch: PrintBatch) -> list[NoticeRecipient]:
    """The letters of a printing that may go: not those given, restricted, or of a notice that does not hold."""
    return [one for one in envelopes_of(batch) if state_of(one) in IN_PRINT]


# Letters that a printing not yet posted sends; the others of it stay behind.
IN_PRINT = (ServiceState.PRINTING, ServiceState.PRINTED)


def batch_rows(batch: PrintBatch) -> list[RecipientRow]:
    """The letters of one printing with where each stands, in the order of the envelopes."""
    return [_row(one, None) for one in envelopes_of(batch)]
