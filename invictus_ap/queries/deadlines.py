"""What is due by a date: notices, starts, contacts, returns, reviews, agreements, budgets."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse

from attendance.queries import Unreturned, missed_contacts, unreturned
from invictus_ap.queries.rows import Reader, Row
from notices.queries import decision_jobs, due_notices, other_jobs
from notices.rules import Step
from placements.lifecycle import BudgetStatus, Status
from placements.models import Budget, Placement
from placements.queries import budget_figures
from providers.queries import expiring
from reviews.queries import reviews_due
from trust.calendar import date_words, monday_of
from trust.permissions import Permission

# How far ahead something counts as coming, in days.
AHEAD = 14


def notices_due(reader: Reader) -> Iterator[Row]:
    """Notices that were not given, each with its step in words and its last day (P7.2, P7.4)."""
    for due in due_notices(reader.user, reader.today):
        if reader.school_id not in (None, due.school.pk):
            continue
        overdue = due.state == "overdue"
        late = "late, " if due.clock.late and due.step != Step.LATE else ""
        yield Row(
            due.school.short_name,
            f"Notice for {due.student}",
            f"{late}{due.said}: {due.clock.words}, start {date_words(due.clock.start)}",
            due.clock.give_by,
            "overdue" if overdue else reader.state(due.clock.give_by),
            due.path,
        )
    for job in other_jobs(reader.today, _placements_of(reader)):
        overdue = job.state == "overdue"
        yield Row(
            job.school.short_name,
            f"{job.name.capitalize()} for {job.student}",
            f"{'late, ' if overdue else ''}{job.said}: give by {date_words(job.due_on)}" if job.due_on else job.said,
            job.due_on,
            "overdue" if overdue else reader.state(job.due_on),
            job.path,
        )


def _placements_of(reader: Reader) -> Any:
    """The placements whose notices the person gives or authorises, as a look-up; guests belong to their home school."""
    rows = Placement.objects.all()
    mine = Q(pk__in=rows.visible_to(reader.user, Permission.RECORD_SERVICE).values("pk")) | Q(
        pk__in=rows.visible_to(reader.user, Permission.AUTHORISE_NOTICE).values("pk")
    )
    return reader.narrow(rows.filter(mine), "school_id").values("pk")


def starts_to_confirm(reader: Reader) -> Iterator[Row]:
    """Approved placements whose first day has come."""
    rows = Placement.objects.filter(status=Status.APPROVED).visible_to(reader.user, Permission.START_PLACEMENT)
    rows = reader.narrow(rows, "school_id").prefetch_related("periods").select_related("school", "student")
    for placement in rows:
        starts = [period.period.lower for period in placement.periods.all() if period.approved_at is not None]
        start = min(starts, default=None)
        if start is not None and start <= reader.today:
            url = reverse("placements:placement-detail", args=[placement.pk])
            what = f"{placement.student}: confirm the start"
            yield Row(placement.school.short_name, what, "the first day has come", start, reader.state(start), url)


def ending_undecided(reader: Reader) -> Iterator[Row]:
    """Running placements whose last period ends within some school days, or is over, without a decision (P7.4)."""
    rows = Placement.objects.all().visible_to(reader.user, Permission.START_PLACEMENT)
    for job in decision_jobs(reader.today, reader.narrow(rows, "school_id").values("pk")):
        yield Row(
            job.school.short_name,
            f"{job.student}: extend, or end with a destination",
            job.said,
            job.due_on,
            "overdue" if job.state == "overdue" else reader.state(job.due_on),
            job.path,
        )


def contacts_missed(reader: Reader) -> Iterator[Row]:
    """Weeks whose contact with the provider is missed (P5.5)."""
    for missed in missed_contacts(reader.user, reader.today):
        if reader.school_id is not None and missed.placement.school_id != reader.school_id:
            continue
        placement, monday = missed.placement, missed.monday
        yield Row(
            placement.school.short_name,
            f"{placement.student} at {placement.provider}",
            f"no contact in the week of {date_words(monday)}",
            monday + timedelta(days=4),
            "overdue",
            reverse("attendance:week", args=[placement.provider_id, monday.isoformat()]),
        )


def without_return(reader: Reader) -> Iterator[Row]:
    """Expected sessions up to today without a mark, per provider and week; no return is not absent (P3.11)."""
    groups: dict[tuple[int, date], list[Unreturned]] = {}
    for entry in unreturned(reader.user, reader.today):
        if reader.school_id not in (None, entry.placement.school_id):
            continue
        groups.setdefault((entry.placement.provider_id, monday_of(entry.day)), []).append(entry)
    for (provider_id, monday), entries in groups.items():
        oldest = min(entry.day for entry in entries)
        count = len(entries)
        yield Row(
            ", ".join(sorted({entry.placement.school.short_name for entry in entries})),
            entries[0].placement.provider.name,
            f"{count} {'session' if count == 1 else 'sessions'} in the week of {date_words(monday)}",
            oldest,
            reader.state(oldest),
            reverse("attendance:week", args=[provider_id, monday.isoformat()]),
        )


def reviews(reader: Reader) -> Iterator[Row]:
    """Reviews overdue, or due within two weeks (P6.6)."""
    rows = Placement.objects.running().visible_to(reader.user, Permission.HOLD_REVIEW)
    placements = {p.pk: p for p in reader.narrow(rows, "school_id").select_related("school", "student", "provider")}
    for pk, due in reviews_due(placements.values(), reader.today).items():
        if due.on > reader.today + timedelta(days=AHEAD):
            continue
        placement = placements[pk]
        yield Row(
            placement.school.short_name,
            f"{placement.student} at {placement.provider}",
            f"due {date_words(due.on)}",
            due.on,
            reader.state(due.on),
            reverse("reviews:review-hold", args=[pk]),
        )


def ending(reader: Reader) -> Iterator[Row]:
    """Agreements and checks of approved providers that end soon or have ended (P3.9, P3.12)."""
    if reader.school_id is not None:
        return
    for row in expiring(reader.today):
        yield Row(
            "Trust",
            row.provider.name,
            f"{row.what}: {'ended on' if row.is_over else 'counts to'} {date_words(row.last)}",
            row.last,
            reader.state(row.last),
            reverse("providers:provider-detail", args=[row.provider.pk]),
        )


def budgets_near_limit(reader: Reader) -> Iterator[Row]:
    """Approved budgets of this school year of which 80 % or more is committed (P1.2)."""
    rows = Budget.objects.filter(
        status=BudgetStatus.APPROVED,
        academic_year__first_day__lte=reader.today,
        academic_year__last_day__gte=reader.today,
    ).visible_to(reader.user)
    budgets = list(reader.narrow(rows, "school_id").select_related("school", "academic_year"))
    figures = budget_figures(budgets)
    for budget in budgets:
        figure = figures[budget.pk]
        if not figure.alert:
            continue
        part = (
            f"{float(figure.used * 100):.0f} % committed" if figure.used is not None else "committed without a budget"
        )
        yield Row(
            budget.school.short_name,
            f"Budget {budget.academic_year.label}",
            part,
            None,
            "overdue" if figure.alert == "FULL" else "today",
            reverse("placements:budget-list"),
        )
