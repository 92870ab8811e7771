"""What is due by a date: notices, starts, contacts, returns, reviews, agreements, budgets."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.urls import reverse

from attendance.queries import Unreturned, missed_contacts, unreturned
from invictus_ap.queries.rows import Reader, Row
from notices.queries import due_notices
from placements.lifecycle import LIVE, BudgetStatus, Status
from placements.models import Budget, Placement
from placements.queries import budget_figures
from providers.queries import expiring
from reviews.queries import reviews_due
from trust.calendar import date_words, last_day, monday_of
from trust.permissions import Permission

# How far ahead something counts as coming, in days.
AHEAD = 14


def notices_due(reader: Reader) -> Iterator[Row]:
    """Periods whose notice has not been given, with the enforced deadline (P7.2)."""
    for due in due_notices(reader.user, reader.today):
        if reader.school_id not in (None, due.school.pk):
            continue
        overdue = due.state == "overdue"
        yield Row(
            due.school.short_name,
            f"Notice for {due.student}",
            f"{due.next_step}: {due.clock.words}, start {date_words(due.clock.start)}",
            due.clock.give_by,
            "overdue" if overdue else reader.state(due.clock.give_by),
            due.path,
        )


def periods_to_confirm(reader: Reader) -> Iterator[Row]:
    """Approved placements whose first day has come, and running ones whose last period ends or has ended."""
    rows = Placement.objects.filter(status__in=LIVE).visible_to(reader.user, Permission.START_PLACEMENT)
    rows = reader.narrow(rows, "school_id").prefetch_related("periods").select_related("school", "student")
    for placement in rows:
        approved = [p for p in placement.periods.all() if p.approved_at is not None]
        url = reverse("placements:placement-detail", args=[placement.pk])
        if placement.status == Status.APPROVED:
            start = min((p.period.lower for p in approved), default=None)
            if start is not None and start <= reader.today:
                what = f"{placement.student}: confirm the start"
                yield Row(placement.school.short_name, what, "the first day has come", start, reader.state(start), url)
            continue
        ends = [last_day(p.period) for p in approved]
        end = max((day for day in ends if day is not None), default=None)
        if end is None or end > reader.today + timedelta(days=AHEAD):
            continue
        what = f"{placement.student}: extend, or end with a destination"
        yield Row(placement.school.short_name, what, "the period ends", end, reader.state(end), url)


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
