"""One placement from referral to destination as a list of dated facts, one query per source."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.urls import reverse

from attendance.codes import ProviderReport
from attendance.models import SessionMark, WeeklyContact
from notices.models import DirectionNotice, NoticeRecipient
from placements.models import GateOverride, HomeVisit, Placement, PlacementPeriod
from referrals.models import Referral
from reviews.models import Action, Review, Target
from trust.calendar import LONDON, date_words, last_day, london_date


@dataclass(frozen=True)
class Entry:
    """One dated fact; ``at`` is a day or an aware instant, ``by`` the person who recorded it."""

    at: date | datetime
    title: str
    detail: str = ""
    by: str = ""
    icon: str = ""
    url: str = ""


def chronology(placement: Placement, *, narrative: bool) -> tuple[Entry, ...]:
    """Everything recorded about a placement, oldest first.

    ``narrative`` False leaves out what was said and found: the referral's words, review and meeting notes.
    """
    sources = (_referral, _placement, _periods, _overrides, _visits, _notices, _marks, _contacts, _targets, _reviews)
    entries = [entry for source in sources for entry in source(placement, narrative)]
    return tuple(sorted(entries, key=lambda entry: _instant(entry.at)))


def _instant(at: date | datetime) -> datetime:
    """A day without a time stands at its noon, between what was written before and after it."""
    return at if isinstance(at, datetime) else datetime.combine(at, time(12), tzinfo=LONDON)


def _said(narrative: bool, words: str) -> str:
    return words if narrative else ""


def _name(person: Any) -> str:
    return person.full_name if person is not None else ""


def _referral(placement: Placement, narrative: bool) -> Iterator[Entry]:
    people = ("written_by", "submitted_by", "decided_by")
    referral = Referral.objects.select_related(*people).get(pk=placement.referral_id)
    url = reverse("referrals:referral-detail", args=[referral.pk])
    yield Entry(referral.written_at, "Referral begun", "", _name(referral.written_by), "file-earmark-text", url)
    if referral.family_invited_on:
        yield Entry(referral.family_invited_on, "Family invited", icon="envelope")
    if referral.family_invited_again_on:
        yield Entry(referral.family_invited_again_on, "Family invited again", icon="envelope")
    if referral.family_met_on:
        yield Entry(
            referral.family_met_on,
            "Set-up meeting with the family",
            _said(narrative, referral.family_said),
            referral.explained_by,
            "people",
        )
    if referral.submitted_at:
        yield Entry(
            referral.submitted_at,
            "Referral submitted",
            referral.get_primary_reason_display(),
            _name(referral.submitted_by),
            "send",
            url,
        )
    if referral.decided_at:
        yield Entry(
            referral.decided_at,
            f"Referral: {referral.get_status_display().lower()}",
            _said(narrative, referral.decision_reason),
            _name(referral.decided_by),
            "check2-square",
            url,
        )


def _placement(placement: Placement, narrative: bool) -> Iterator[Entry]:
    people = ("proposed_by", "decided_by", "started_by", "ended_by", "host_accepted_by", "provider", "programme")
    whole = Placement.objects.select_related(*people).get(pk=placement.pk)
    where = f"{whole.programme} at {whole.provider}; {whole.get_route_display().lower()}"
    yield Entry(whole.proposed_at, "Placement proposed", where, _name(whole.proposed_by), "signpost-split")
    if whole.host_accepted_on:
        yield Entry(
            whole.host_accepted_on, "Accepted by the host school", "", _name(whole.host_accepted_by), "building"
        )
    if whole.decided_at:
        decided = "Placement decided" if whole.status != "APPROVED" else "Placement approved"
        yield Entry(
            whole.decided_at, decided, _said(narrative, whole.decision_reason), _name(whole.decided_by), "check2-square"
        )
    if whole.started_at:
        yield Entry(whole.started_at, "Placement started", "", _name(whole.started_by), "play-circle")
    if whole.ended_on:
        why = f"{whole.get_ending_reason_display()}. Next: {whole.get_destination_display()}."
        note = _said(narrative, whole.ending_note)
        yield Entry(whole.ended_on, "Placement ended", f"{why} {note}".strip(), _name(whole.ended_by), "stop-circle")


def _periods(placement: Placement, narrative: bool) -> Iterator[Entry]:
    periods = PlacementPeriod.objects.filter(placement=placement).select_related("proposed_by", "approved_by")
    for period in periods:
        last = last_day(period.period)
        dates = f"{date_words(period.period.lower)} to {date_words(last)}" if last else date_words(period.period.lower)
        if period.number > 1:
            yield Entry(
                period.proposed_at, "Extension proposed", dates, _name(period.proposed_by), "arrow-right-circle"
            )
        if period.approved_at:
            title = f"{period.get_kind_display()} approved"
            yield Entry(period.approved_at, title, dates, _name(period.approved_by), "check2-square")


def _overrides(placement: Placement, narrative: bool) -> Iterator[Entry]:
    for override in GateOverride.objects.filter(placement=placement).select_related("by"):
        code = override.code.replace("_", " ").lower()
        yield Entry(
            override.at, f"Gate overridden: {code}", override.reason, _name(override.by), "exclamation-triangle"
        )


def _visits(placement: Placement, narrative: bool) -> Iterator[Entry]:
    for visit in HomeVisit.objects.filter(placement=placement):
        found = "suitable" if visit.suitable else "not suitable"
        yield Entry(visit.visited_on, f"Home visit: {found}", "", visit.visited_by, "house-check")


def _notices(placement: Placement, narrative: bool) -> Iterator[Entry]:
    notices = {
        notice.pk: notice
        for notice in DirectionNotice.objects.filter(placement_period__placement=placement).select_related(
            "prepared_by", "authorised_by", "voided_by", "override_by"
        )
    }
    for notice in notices.values():
        url = reverse("notices:notice-detail", args=[notice.pk])
        words = f"Notice {notice.pk} ({notice.get_kind_display().lower()})"
        yield Entry(notice.prepared_at, f"{words} prepared", "", _name(notice.prepared_by), "envelope-paper", url)
        if notice.authorised_at:
            yield Entry(notice.authorised_at, f"{words} authorised", "", _name(notice.authorised_by), "pen", url)
        if notice.issued_at:
            yield Entry(notice.issued_at, f"{words} issued", "", "", "file-earmark-pdf", url)
        if notice.override_at:
            yield Entry(
                notice.override_at,
                f"{words}: deadline overridden",
                notice.override_reason,
                _name(notice.override_by),
                "exclamation-triangle",
                url,
            )
        if notice.given_on and notice.deadline_on:
            late = "in time" if notice.in_time else "late"
            detail = f"{late}, deadline {date_words(notice.deadline_on)}"
            yield Entry(notice.given_on, f"{words} given to everybody", detail, "", "envelope-check", url)
        if notice.voided_at:
            yield Entry(notice.voided_at, f"{words} void", notice.void_reason, _name(notice.voided_by), "x-circle", url)
    served = NoticeRecipient.objects.filter(notice_id__in=notices, sent_at__isnull=False).select_related("recorded_by")
    for recipient in served:
        if recipient.sent_at is None or recipient.deemed_given_on is None:
            continue
        yield Entry(
            recipient.sent_at,
            f"Notice {recipient.notice_id} to {recipient.name}",
            f"{recipient.get_channel_display().lower()}, counts as given {date_words(recipient.deemed_given_on)}",
            _name(recipient.recorded_by),
            "send-check",
        )


def _marks(placement: Placement, narrative: bool) -> Iterator[Entry]:
    """Absences only, one line a day: a chronology is not a register."""
    absences = SessionMark.objects.filter(placement=placement, report=ProviderReport.ABSENT).order_by("day", "session")
    days: dict[date, list[str]] = {}
    for mark in absences:
        days.setdefault(mark.day, []).append(mark.get_session_display().lower())
    for day, sessions in days.items():
        yield Entry(day, "Absent", " and ".join(sessions), icon="calendar-x")


def _contacts(placement: Placement, narrative: bool) -> Iterator[Entry]:
    for contact in WeeklyContact.objects.filter(placement=placement).select_related("logged_by"):
        late = ", late" if contact.late else ""
        yield Entry(
            contact.contacted_on,
            f"Weekly contact: {contact.get_outcome_display().lower()}{late}",
            _said(narrative, contact.note),
            _name(contact.logged_by),
            "telephone",
        )


def _targets(placement: Placement, narrative: bool) -> Iterator[Entry]:
    for target in Target.objects.filter(placement=placement).select_related("set_by"):
        detail = f"{target.measure}: from {target.baseline} to {target.goal}"
        yield Entry(target.set_on, f"{target.get_kind_display()} target set", detail, _name(target.set_by), "bullseye")


def _reviews(placement: Placement, narrative: bool) -> Iterator[Entry]:
    reviews: dict[int, Review] = {
        review.pk: review for review in Review.objects.filter(placement=placement).select_related("recorded_by")
    }
    actions: dict[int, list[str]] = {}
    for action in Action.objects.filter(review_id__in=reviews):
        actions.setdefault(action.review_id, []).append(f"{action.what} ({action.owner}, {date_words(action.due_on)})")
    for review in reviews.values():
        late = f", due {date_words(review.due_on)}" if review.held_on > review.due_on else ""
        parts: Iterable[str] = [review.summary, *actions.get(review.pk, [])] if narrative else []
        yield Entry(
            review.held_on,
            f"Review: {review.get_outcome_display().lower()}{late}",
            " · ".join(part for part in parts if part),
            _name(review.recorded_by),
            "clipboard-check",
        )


def days_covered(entries: Iterable[Entry]) -> tuple[date, date] | None:
    """The first and the last day of the entries, None when there are none."""
    days = [london_date(_instant(entry.at)) for entry in entries]
    return (min(days), max(days)) if days else None
