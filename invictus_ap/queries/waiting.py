"""What waits for somebody to look, answer or chase, and is not a decision."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.urls import reverse

from invictus_ap.queries.rows import Reader, Row
from notices.queries import letters_to_check
from placements.lifecycle import OfferStatus
from placements.models import PartTimeTimetable
from placements.queries import at_suspended_providers, offers_to_chase
from providers.lifecycle import Status as ProviderStatus
from providers.models import Check
from trust.calendar import date_words, last_day, london_date
from trust.codes import ImportStatus
from trust.models import ImportRun
from trust.permissions import Permission

# A part-time timetable is shown from this many days before its end.
ENDS_IN = 14
# A failed import stands on the home page for this long.
FAILED_FOR = timedelta(days=7)


def letters(reader: Reader) -> Iterator[Row]:
    """Letters whose e-mail failed or of which nobody knows whether it arrived (P7.2)."""
    for row in letters_to_check(reader.user):
        placement = row.recipient.notice.placement_period.placement
        if reader.school_id not in (None, placement.school_id):
            continue
        yield Row(
            placement.school.short_name,
            f"Letter about {placement.student}",
            f"e-mail {row.state.label.lower()}",
            None,
            "overdue" if row.unknown else "today",
            reverse("notices:notice-detail", args=[row.recipient.notice_id]),
        )


def at_suspended(reader: Reader) -> Iterator[Row]:
    """Open placements at suspended providers about which the school has not decided (P3.12)."""
    waits = at_suspended_providers()
    mine = Q(pk__in=waits.visible_to(reader.user, Permission.START_PLACEMENT).values("pk"))
    mine |= Q(pk__in=waits.visible_to(reader.user, Permission.SUSPEND_PLACEMENT).values("pk"))
    for row in reader.narrow(waits.filter(mine), "school_id").select_related("student", "school", "provider"):
        since = london_date(row.provider.status_at) if row.provider.status_at else None
        yield Row(
            row.school.short_name,
            f"{row.student} at {row.provider}",
            "pause it, end it, or say why it goes on",
            since,
            reader.state(since),
            reverse("placements:provider-students", args=[row.provider_id]),
        )


def offers(reader: Reader) -> Iterator[Row]:
    """Places asked for without an answer, and offered ones that lapse soon or have lapsed."""
    rows = offers_to_chase(reader.user, reader.today)
    rows = rows.select_related("referral__student", "referral__school", "provider")
    for offer in reader.narrow(rows, "referral__school_id"):
        if offer.status == OfferStatus.OFFERED and offer.offered_until is not None:
            word = "lapsed" if offer.offered_until < reader.today else "lapses"
            detail, due = f"the offer {word} on {date_words(offer.offered_until)}", offer.offered_until
        else:
            asked = london_date(offer.asked_at)
            detail, due = f"asked on {date_words(asked)}, no answer", None
        yield Row(
            offer.referral.school.short_name,
            f"{offer.referral.student} at {offer.provider}",
            detail,
            due,
            reader.state(due),
            reverse("placements:offer-list", args=[offer.referral_id]),
        )


def checks(reader: Reader) -> Iterator[Row]:
    """Checks that count only once the trust AP lead confirms them; never the own ones."""
    if reader.school_id is not None:
        return
    rows = Check.objects.filter(confirmed_by__isnull=True).exclude(provider__status=ProviderStatus.CLOSED)
    rows = rows.visible_to(reader.user, Permission.EDIT_PROVIDERS).exclude(recorded_by=reader.user)
    for check in rows.select_related("provider", "recorded_by"):
        yield Row(
            "Trust",
            f"{check.provider}: {str(check.get_kind_display()).lower()}",
            f"done {date_words(check.done_on)}, recorded by {check.recorded_by}",
            None,
            "today",
            f"{reverse('providers:provider-detail', args=[check.provider_id])}#checks",
        )


def part_time(reader: Reader) -> Iterator[Row]:
    """Part-time timetables whose review day has come, or which end within two weeks."""
    soon = reader.today + timedelta(days=ENDS_IN)
    rows = PartTimeTimetable.objects.filter(period__contains=reader.today)
    rows = rows.visible_to(reader.user, Permission.START_PLACEMENT).select_related("student", "school")
    for row in reader.narrow(rows, "school_id"):
        last = last_day(row.period)
        if row.review_on <= reader.today:
            detail, due = f"to be reviewed on {date_words(row.review_on)}", row.review_on
        elif last is not None and last <= soon:
            detail, due = f"ends on {date_words(last)}", last
        else:
            continue
        yield Row(
            row.school.short_name,
            str(row.student),
            detail,
            due,
            reader.state(due),
            f"{reverse('trust:student-detail', args=[row.student_id])}#part-time",
        )


def imports(reader: Reader) -> Iterator[Row]:
    """Files that failed lately, and those that were checked and wait to be applied or dropped."""
    rows = ImportRun.objects.filter(
        Q(status=ImportStatus.CHECKED) | Q(status=ImportStatus.FAILED, uploaded_at__date__gte=reader.today - FAILED_FOR)
    ).visible_to(reader.user)
    for run in reader.narrow(rows, "school_id").select_related("school", "uploaded_by"):
        failed = run.status == ImportStatus.FAILED
        errors = f"{run.found} {'error' if run.found == 1 else 'errors'}" if run.found else "no errors, not applied yet"
        yield Row(
            run.school.short_name if run.school else "Trust",
            f"{run.get_kind_display()}, {date_words(london_date(run.uploaded_at))}",
            (run.fault or "failed") if failed else errors,
            None,
            "overdue" if failed else "today",
            reverse("import-detail", args=[run.pk]),
        )
