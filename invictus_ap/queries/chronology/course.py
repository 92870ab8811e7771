"""What happens while a placement runs: periods, other timetables, pauses, papers, marks, contacts, reviews."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.urls import reverse

from attendance.codes import ProviderReport
from attendance.models import SessionMark, WeeklyContact
from invictus_ap.queries.chronology.entry import Entry, Reading, days, name
from placements.models import (
    DocumentShare,
    Pause,
    PlacementDocument,
    PlacementPeriod,
    PlacementQualification,
    Signing,
    SuspensionAnswer,
    TimetableChange,
)
from reviews.models import Action, Review, Target
from trust.calendar import date_words


def periods(reading: Reading) -> Iterator[Entry]:
    """Extensions proposed, periods approved (P7.4)."""
    rows = PlacementPeriod.objects.filter(placement_id__in=reading.placements)
    for row in rows.select_related("proposed_by", "approved_by"):
        where, url = reading.where(row.placement_id), reverse("placements:placement-detail", args=[row.placement_id])
        if row.number > 1:
            yield Entry(
                row.proposed_at,
                f"Extension proposed{where}",
                days(row.period),
                name(row.proposed_by),
                "arrow-right-circle",
                url,
            )
        if row.approved_at:
            title = f"{row.get_kind_display()} approved{where}"
            yield Entry(row.approved_at, title, days(row.period), name(row.approved_by), "check2-square", url)


def timetables(reading: Reading) -> Iterator[Entry]:
    """Other half-days from a day on."""
    rows = TimetableChange.objects.filter(placement_id__in=reading.placements)
    for row in rows.select_related("proposed_by", "approved_by", "dropped_by"):
        where, url = reading.where(row.placement_id), reverse("placements:placement-detail", args=[row.placement_id])
        detail = f"from {date_words(row.from_day)}"
        said = reading.said(row.placement_id, row.reason)
        whole = f"{detail}: {said}" if said else detail
        icon = "calendar-week"
        yield Entry(row.proposed_at, f"Other timetable proposed{where}", whole, name(row.proposed_by), icon, url)
        if row.approved_at:
            yield Entry(row.approved_at, f"Other timetable approved{where}", detail, name(row.approved_by), icon, url)
        if row.dropped_at:
            yield Entry(row.dropped_at, f"Other timetable dropped{where}", detail, name(row.dropped_by), icon, url)


def pauses(reading: Reading) -> Iterator[Entry]:
    """Paused for safety: where the student is meanwhile, and for those who may pause why (P3.12)."""
    for row in Pause.objects.filter(placement_id__in=reading.own).select_related("recorded_by"):
        where = reading.where(row.placement_id)
        told = f"Parents told on {date_words(row.parents_told_on)} by {row.parents_told_by}."
        why = f" {row.reason}" if row.placement_id in reading.safety else ""
        detail = f"Meanwhile: {row.where_instead}. {told}{why}"
        yield Entry(row.recorded_at, f"Paused for safety{where}", detail, name(row.recorded_by), "pause-circle")
        if row.until_day:
            yield Entry(row.until_day, f"Pause over{where}", "its last day", "", "play-circle")


def suspended_providers(reading: Reading) -> Iterator[Entry]:
    """The provider was suspended: what the trust asked for, and why the placement goes on."""
    rows = SuspensionAnswer.objects.filter(placement_id__in=reading.own)
    for row in rows.select_related("wished_by", "decided_by"):
        where = reading.where(row.placement_id)
        asked = f"The trust asks: {row.get_wish_display().lower()}." if row.wish else ""
        yield Entry(row.suspended_at, f"Provider suspended{where}", asked, name(row.wished_by), "sign-stop")
        if row.decided_at:
            said = reading.said(row.placement_id, row.goes_on_reason)
            title = f"Goes on at the suspended provider{where}"
            yield Entry(row.decided_at, title, said, name(row.decided_by), "eye")


def papers(reading: Reading) -> Iterator[Entry]:
    """Provider packs and agreements: made, given to somebody, signed or objected to (P4.1, P5.3)."""
    made = {
        row.pk: row
        for row in PlacementDocument.objects.filter(placement_id__in=reading.own)
        .defer("content")
        .select_related("made_by")
    }
    for row in made.values():
        url = reverse("placements:placement-detail", args=[row.placement_id])
        title = f"{row.get_kind_display()} {row.number} made{reading.where(row.placement_id)}"
        yield Entry(row.made_at, title, "", name(row.made_by), "file-earmark-pdf", url, "papers")
    for share in DocumentShare.objects.filter(document_id__in=made).select_related("recorded_by"):
        row = made[share.document_id]
        title = f"{row.get_kind_display()} {row.number} to {share.shared_with}"
        how = str(share.get_channel_display()).lower()
        yield Entry(share.shared_on, title, how, name(share.recorded_by), "send-check", topic="papers")
    for signing in Signing.objects.filter(document_id__in=made).select_related("recorded_by"):
        row = made[signing.document_id]
        title = f"Agreement {row.number}: {signing.name} {str(signing.get_answer_display()).lower()}"
        said = reading.said(row.placement_id, signing.words)
        yield Entry(signing.signed_on, title, said, name(signing.recorded_by), "pen", topic="papers")


def qualifications(reading: Reading) -> Iterator[Entry]:
    """Qualifications entered for and achieved (P3.6)."""
    for row in PlacementQualification.objects.filter(placement_id__in=reading.placements):
        what = f"{row.title}, {row.awarding_body}"
        if row.entered_on:
            yield Entry(row.entered_on, "Entered for a qualification", what, "", "mortarboard")
        if row.achieved_on:
            detail = f"{what}, {row.grade}" if row.grade else what
            yield Entry(row.achieved_on, "Qualification achieved", detail, "", "award")


def marks(reading: Reading) -> Iterator[Entry]:
    """Absences only, one line a day: a chronology is not a register."""
    absences = SessionMark.objects.filter(placement_id__in=reading.placements, report=ProviderReport.ABSENT)
    found: dict[tuple[date, int], list[str]] = {}
    for mark in absences.order_by("day", "session"):
        found.setdefault((mark.day, mark.placement_id), []).append(mark.get_session_display().lower())
    for (day, pk), sessions in found.items():
        title = f"Absent{reading.where(pk)}"
        yield Entry(day, title, " and ".join(sessions), icon="calendar-x", topic="attendance")


def contacts(reading: Reading) -> Iterator[Entry]:
    """The weekly contact with the provider (P5.5)."""
    for row in WeeklyContact.objects.filter(placement_id__in=reading.placements).select_related("logged_by"):
        late = ", late" if row.late else ""
        yield Entry(
            row.contacted_on,
            f"Weekly contact: {row.get_outcome_display().lower()}{late}{reading.where(row.placement_id)}",
            reading.said(row.placement_id, row.note),
            name(row.logged_by),
            "telephone",
            topic="attendance",
        )


def targets(reading: Reading) -> Iterator[Entry]:
    """Targets set (P6.7)."""
    for row in Target.objects.filter(placement_id__in=reading.own).select_related("set_by"):
        detail = reading.said(row.placement_id, f"{row.measure}: from {row.baseline} to {row.goal}")
        title = f"{row.get_kind_display()} target set{reading.where(row.placement_id)}"
        yield Entry(row.set_on, title, detail, name(row.set_by), "bullseye", topic="review")


def reviews(reading: Reading) -> Iterator[Entry]:
    """Reviews held, with summary and actions (P6.6)."""
    held = {row.pk: row for row in Review.objects.filter(placement_id__in=reading.own).select_related("recorded_by")}
    actions: dict[int, list[str]] = {}
    for action in Action.objects.filter(review_id__in=held):
        actions.setdefault(action.review_id, []).append(f"{action.what} ({action.owner}, {date_words(action.due_on)})")
    for row in held.values():
        late = f", due {date_words(row.due_on)}" if row.held_on > row.due_on else ""
        told = row.placement_id in reading.told
        parts: Iterable[str] = [row.summary, *actions.get(row.pk, [])] if told else []
        yield Entry(
            row.held_on,
            f"Review: {row.get_outcome_display().lower()}{late}{reading.where(row.placement_id)}",
            " · ".join(part for part in parts if part),
            name(row.recorded_by),
            "clipboard-check",
            reading.link(row.placement_id, reverse("reviews:review-detail", args=[row.pk])) if told else "",
            "review",
        )
