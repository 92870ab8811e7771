"""What happened before a placement: referrals, places asked for, the proposal and its decision."""

from collections.abc import Iterator

from django.urls import reverse

from invictus_ap.queries.chronology.entry import Entry, Reading, name
from placements.lifecycle import OfferStatus
from placements.models import GateOverride, HomeVisit, Offer
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral, ReferralAmendment
from trust.calendar import date_words


def referrals(reading: Reading) -> Iterator[Entry]:
    """Each referral from the first word to the decision."""
    people = ("written_by", "submitted_by", "decided_by")
    for row in Referral.objects.select_related(*people).filter(pk__in=reading.referrals):
        heard = row.pk in reading.heard
        url = reverse("referrals:referral-detail", args=[row.pk])
        word = f"Referral {row.pk}" if len(reading.referrals) > 1 else "Referral"

        def entry(at: object, title: str, detail: str = "", by: str = "", icon: str = "", url: str = url) -> Entry:
            return Entry(at, title, detail, by, icon, url, "referral")  # type: ignore[arg-type]

        yield entry(row.written_at, f"{word} begun", "", name(row.written_by), "file-earmark-text")
        if row.family_invited_on:
            yield entry(row.family_invited_on, "Family invited", icon="envelope")
        if row.family_invited_again_on:
            yield entry(row.family_invited_again_on, "Family invited again", icon="envelope")
        if row.family_met_on:
            said = row.family_said if heard else ""
            yield entry(row.family_met_on, "Set-up meeting with the family", said, row.explained_by, "people")
        if row.submitted_at:
            reason = str(row.get_primary_reason_display())
            yield entry(row.submitted_at, f"{word} submitted", reason, name(row.submitted_by), "send")
        if row.decided_at and row.status not in (ReferralStatus.SUBMITTED, ReferralStatus.DRAFT):
            decided = row.status
            if decided in (ReferralStatus.WITHDRAWN, ReferralStatus.VOID):
                decided = ReferralStatus.APPROVED if reading.placements else decided
            words = ReferralStatus(decided).label.lower()
            said = row.decision_reason if heard else ""
            yield entry(row.decided_at, f"{word}: {words}", said, name(row.decided_by), "check2-square")


def amendments(reading: Reading) -> Iterator[Entry]:
    """Facts of a referral put right after it was submitted."""
    for row in ReferralAmendment.objects.filter(referral_id__in=reading.referrals).select_related("by"):
        said = row.reason if row.referral_id in reading.heard else ""
        url = reverse("referrals:referral-detail", args=[row.referral_id])
        yield Entry(row.at, f"Referral {row.referral_id} amended", said, name(row.by), "pencil", url, "referral")


def offers(reading: Reading) -> Iterator[Entry]:
    """Places asked for and what the providers answered (P3.2)."""
    rows = Offer.objects.filter(referral_id__in=reading.referrals).select_related("provider", "programme", "asked_by")
    for row in rows:
        what = f"{row.programme.name} at {row.provider.name}"
        url = reverse("referrals:referral-detail", args=[row.referral_id])
        yield Entry(row.asked_at, "Place asked for", what, name(row.asked_by), "question-circle", url, "referral")
        if row.admission_meeting_on:
            yield Entry(row.admission_meeting_on, "Admission meeting", what, "", "people", url, "referral")
        if row.answered_on is None:
            continue
        if row.status == OfferStatus.REFUSED:
            said = f": {row.refused_why}" if row.referral_id in reading.heard else ""
            title, detail, icon = "Place refused", f"{what}{said}", "x-circle"
        else:
            until = f", open until {date_words(row.offered_until)}" if row.offered_until else ""
            title, detail, icon = "Place offered", f"{what}{until}", "hand-thumbs-up"
        yield Entry(row.answered_on, title, detail, row.answered_by, icon, url, "referral")


def proposals(reading: Reading) -> Iterator[Entry]:
    """Each placement proposed, accepted by the host, decided, started, ended, opened again."""
    for row in reading.placements.values():
        url = reverse("placements:placement-detail", args=[row.pk])
        where = reading.where(row.pk)
        what = f"{row.programme} at {row.provider}; {row.get_route_display().lower()}"
        brought = "Placement brought in" if row.brought_in else "Placement proposed"
        yield Entry(row.proposed_at, brought, what, name(row.proposed_by), "signpost-split", url)
        if row.host_accepted_on:
            by = name(row.host_accepted_by)
            yield Entry(row.host_accepted_on, f"Accepted by the receiving school{where}", "", by, "building", url)
        if row.host_refused_on:
            yield Entry(
                row.host_refused_on,
                f"Refused by the receiving school{where}",
                reading.said(row.pk, row.host_refusal),
                "",
                "x-circle",
                url,
            )
        if row.decided_at:
            # Started, approved or ended placements were approved; the others say themselves what was decided.
            approved = row.live or row.started_at is not None
            word = "approved" if approved else row.get_status_display().lower()
            said = reading.said(row.pk, row.decision_reason)
            yield Entry(row.decided_at, f"Placement {word}{where}", said, name(row.decided_by), "check2-square", url)
        if row.started_at:
            yield Entry(row.started_at, f"Placement started{where}", "", name(row.started_by), "play-circle", url)
        if row.ended_on:
            why = f"{row.get_ending_reason_display()}. Next: {row.get_destination_display()}."
            note = reading.said(row.pk, row.ending_note)
            detail = f"{why} {note}".strip()
            yield Entry(row.ended_on, f"Placement ended{where}", detail, name(row.ended_by), "stop-circle", url)


def overrides(reading: Reading) -> Iterator[Entry]:
    """Gates let through, with the reason."""
    for row in GateOverride.objects.filter(placement_id__in=reading.own).select_related("by"):
        code = row.code.replace("_", " ").lower()
        title = f"Gate overridden: {code}{reading.where(row.placement_id)}"
        yield Entry(row.at, title, reading.said(row.placement_id, row.reason), name(row.by), "exclamation-triangle", "")


def visits(reading: Reading) -> Iterator[Entry]:
    """Visits to a home before online study there (P3.4)."""
    for row in HomeVisit.objects.filter(placement_id__in=reading.own):
        found = "suitable" if row.suitable else "not suitable"
        yield Entry(
            row.visited_on, f"Home visit: {found}{reading.where(row.placement_id)}", "", row.visited_by, "house-check"
        )
