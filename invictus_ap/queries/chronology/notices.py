"""What parents were told in writing, when and how."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.urls import reverse

from invictus_ap.queries.chronology.entry import Entry, Reading, name
from notices.models import DirectionNotice, NoticeRecipient
from notices.rules import PERIOD_ENDED, PERIOD_ENDING
from trust.calendar import date_words
from trust.models import Flag


def entry(at: Any, title: str, detail: str = "", by: str = "", icon: str = "", url: str = "") -> Entry:
    """A fact about a notice."""
    return Entry(at, title, detail, by, icon, url, "notice")


def notices(reading: Reading) -> Iterator[Entry]:
    """Every notice from the draft to the last recipient (P7.2)."""
    found = {
        notice.pk: notice
        for notice in DirectionNotice.objects.filter(placement_period__placement_id__in=reading.own).select_related(
            "placement_period", "prepared_by", "authorised_by", "voided_by", "override_by"
        )
    }
    for notice in found.values():
        pk = notice.placement_period.placement_id
        url = reading.link(pk, reverse("notices:notice-detail", args=[notice.pk]))
        words = f"Notice {notice.pk} ({notice.get_kind_display().lower()})"
        yield entry(notice.prepared_at, f"{words} prepared", "", name(notice.prepared_by), "envelope-paper", url)
        if notice.authorised_at:
            yield entry(notice.authorised_at, f"{words} authorised", "", name(notice.authorised_by), "pen", url)
        if notice.issued_at:
            yield entry(notice.issued_at, f"{words} issued", "", "", "file-earmark-pdf", url)
        if notice.override_at:
            yield entry(
                notice.override_at,
                f"{words}: deadline overridden",
                reading.said(pk, notice.override_reason),
                name(notice.override_by),
                "exclamation-triangle",
                url,
            )
        if notice.given_on and notice.deadline_on:
            late = "in time" if notice.in_time else "late"
            detail = f"{late}, deadline {date_words(notice.deadline_on)}"
            yield entry(notice.given_on, f"{words} given to everybody", detail, "", "envelope-check", url)
        if notice.voided_at:
            yield entry(notice.voided_at, f"{words} void", notice.void_reason, name(notice.voided_by), "x-circle", url)
    served = NoticeRecipient.objects.filter(notice_id__in=found, sent_at__isnull=False).select_related("recorded_by")
    for recipient in served:
        if recipient.sent_at is None or recipient.deemed_given_on is None:
            continue
        yield entry(
            recipient.sent_at,
            f"Notice {recipient.notice_id} to {recipient.name}",
            f"{recipient.get_channel_display().lower()}, counts as given {date_words(recipient.deemed_given_on)}",
            name(recipient.recorded_by),
            "send-check",
        )


def decisions(reading: Reading) -> Iterator[Entry]:
    """Whether a period that was about to end was decided on time or only after it was over, by its flags (P7.4)."""
    subjects = {f"placement:{pk}": pk for pk in reading.own}
    matters: dict[tuple[str, str], list[Flag]] = {}
    for flag in Flag.objects.filter(kind__in=[PERIOD_ENDING, PERIOD_ENDED], subject__in=list(subjects)).order_by("id"):
        matters.setdefault((flag.subject, flag.period), []).append(flag)
    for (subject, day), flags in matters.items():
        cleared = [flag.cleared_at for flag in flags if flag.cleared_at is not None]
        if len(cleared) < len(flags):
            continue
        late = any(flag.kind == PERIOD_ENDED for flag in flags)
        when = "late: the period was over" if late else "on time"
        words = f"Extension or end decided for the period to {date_words(date.fromisoformat(day))}"
        yield entry(max(cleared), f"{words}{reading.where(subjects[subject])}", when, "", "flag")
