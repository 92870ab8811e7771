"""What waits for the decision of one person; never what that person wrote or proposed."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse

from invictus_ap.queries.rows import Reader, Row
from notices.codes import FULL_KINDS, NoticeKind
from notices.lifecycle import Status as NoticeStatus
from notices.models import DirectionNotice
from notices.queries import clocks_of, clocks_on
from placements.codes import PeriodKind
from placements.lifecycle import BudgetStatus
from placements.lifecycle import Status as PlacementStatus
from placements.models import Budget, BudgetChange, Placement, PlacementPeriod, TimetableChange
from referrals.models import Referral
from trust.calendar import date_words, london_date
from trust.permissions import GRANTS, Permission, Role


def waiting(reader: Reader) -> Iterator[Row]:
    """Referrals, placements, guests, extensions, other timetables, notices and budgets (P1.2, P7.1)."""
    yield from _referrals(reader)
    yield from _placements(reader)
    yield from _guests(reader)
    yield from _extensions(reader)
    yield from _timetables(reader)
    yield from _notices(reader)
    yield from _budgets(reader)
    yield from _budget_changes(reader)


def _since(at: Any) -> str:
    return f"waiting since {date_words(london_date(at))}"


def _planned(start: date) -> str:
    return f", planned start {date_words(start)}"


def _referrals(reader: Reader) -> Iterator[Row]:
    user = reader.user
    mine = Q(written_by=user) | Q(submitted_by=user)
    rows = Referral.objects.awaiting_decision().visible_to(user, Permission.DECIDE_REFERRAL).exclude(mine)
    rows = rows.exclude(writers__user=user)
    for referral in reader.narrow(rows, "school_id").select_related("school", "student"):
        needed = Permission.DECIDE_EXCLUSION_ALTERNATIVE
        if referral.exclusion_alternative and not user.allows(needed, home_id=referral.school_id):
            continue
        yield Row(
            referral.school.short_name,
            f"Referral of {referral.student}",
            _since(referral.submitted_at),
            None,
            "today",
            reverse("referrals:referral-detail", args=[referral.pk]),
        )


def _placements(reader: Reader) -> Iterator[Row]:
    rows = Placement.objects.awaiting_decision().visible_to(reader.user, Permission.APPROVE_PLACEMENT)
    rows = rows.exclude(proposed_by=reader.user).prefetch_related("periods")
    for placement in reader.narrow(rows, "school_id").select_related("school", "student", "provider"):
        start = min((period.period.lower for period in placement.periods.all()), default=None)
        yield Row(
            placement.school.short_name,
            f"{'Brought in' if placement.brought_in else 'Placement'}: {placement.student} at {placement.provider}",
            _since(placement.proposed_at) + ("" if placement.brought_in or not start else _planned(start)),
            None if placement.brought_in else start,
            "today" if placement.brought_in else reader.state(start),
            reverse(f"placements:placement-{'confirm' if placement.brought_in else 'decide'}", args=[placement.pk]),
        )


def _guests(reader: Reader) -> Iterator[Row]:
    hosts = [m.school_id for m in reader.user.held() if Role(m.role) in GRANTS[Permission.ANSWER_FOR_HOST]]
    rows = Placement.objects.awaiting_decision().filter(host_school_id__in=hosts, host_accepted_on__isnull=True)
    rows = rows.filter(host_refused_on__isnull=True)
    for placement in reader.narrow(rows, "host_school_id").select_related("host_school", "student", "school"):
        yield Row(
            placement.host_school.short_name,
            f"Guest from {placement.school.short_name}: {placement.student}",
            f"{_since(placement.proposed_at)}; accept or refuse",
            None,
            "today",
            reverse("placements:placement-detail", args=[placement.pk]),
        )


def _extensions(reader: Reader) -> Iterator[Row]:
    rows = PlacementPeriod.objects.filter(
        kind=PeriodKind.EXTENSION,
        approved_at__isnull=True,
        placement__status__in=[PlacementStatus.ACTIVE, PlacementStatus.PAUSED],
    ).visible_to(reader.user, Permission.APPROVE_PLACEMENT)
    rows = reader.narrow(rows.exclude(proposed_by=reader.user), "placement__school_id")
    for period in rows.select_related("placement__school", "placement__student", "placement__provider"):
        placement, start = period.placement, period.period.lower
        yield Row(
            placement.school.short_name,
            f"Extension of {placement.student} at {placement.provider}",
            f"{_since(period.proposed_at)}, from {date_words(start)}",
            start,
            reader.state(start),
            reverse("placements:placement-detail", args=[placement.pk]),
        )


def _timetables(reader: Reader) -> Iterator[Row]:
    rows = TimetableChange.objects.filter(approved_at__isnull=True, dropped_at__isnull=True)
    rows = rows.visible_to(reader.user, Permission.APPROVE_PLACEMENT).exclude(proposed_by=reader.user)
    rows = reader.narrow(rows, "placement__school_id")
    for change in rows.select_related("placement__school", "placement__student", "placement__provider"):
        placement = change.placement
        yield Row(
            placement.school.short_name,
            f"Other timetable of {placement.student} at {placement.provider}",
            f"{_since(change.proposed_at)}, from {date_words(change.from_day)}",
            change.from_day,
            reader.state(change.from_day),
            reverse("placements:timetable-approve", args=[change.pk]),
        )


_OF_FULL = ("reasons", "aims", "measurable_aim", "report_to", "start_time", "days_required", "first_review_on")
_ASKED: dict[str, tuple[str, ...]] = {
    NoticeKind.END: ("outcome", "return_on", "return_time", "return_place", "return_person"),
    NoticeKind.VARIATION: (*_OF_FULL, "changes"),
    NoticeKind.WITHDRAWAL: ("reasons",),
}


def _written(notice: DirectionNotice) -> bool:
    """Whether the writer has filled in what the notice itself asks for; what lies elsewhere the notice's page says."""
    return all(getattr(notice, name) not in ("", None) for name in _ASKED.get(notice.kind, _OF_FULL))


def _notices(reader: Reader) -> Iterator[Row]:
    # One drafted before the decision is authorised with it.
    rows = DirectionNotice.objects.filter(status=NoticeStatus.DRAFT, placement_period__approved_at__isnull=False)
    rows = rows.visible_to(reader.user, Permission.AUTHORISE_NOTICE)
    rows = reader.narrow(rows, "placement_period__placement__school_id")
    rows = rows.select_related("placement_period__placement__school", "placement_period__placement__student")
    # What its writer has not filled in yet waits with the writer, among the notices due.
    drafts = [notice for notice in rows if _written(notice)]
    full = clocks_of([one.placement_period for one in drafts if one.kind in FULL_KINDS], reader.today)
    changes = [one for one in drafts if one.kind == NoticeKind.VARIATION]
    changed = clocks_on([(one.placement_period, one.effective_on) for one in changes], reader.today)
    by_day = {one.pk: clock.give_by for one, clock in zip(changes, changed, strict=True)}
    for notice in drafts:
        placement = notice.placement_period.placement
        if notice.kind in FULL_KINDS:
            clock = full[notice.placement_period_id]
            day, about = clock.give_by, f"for the start on {date_words(clock.start)}"
        elif notice.kind == NoticeKind.WITHDRAWAL:
            # As soon as practical.
            day, about = notice.effective_on, "withdrawal"
        else:
            day = by_day.get(notice.pk, notice.effective_on)
            about = f"{notice.get_kind_display().lower()}, {date_words(notice.effective_on)}"
        yield Row(
            placement.school.short_name,
            f"Notice about {placement.student} to authorise",
            f"prepared {date_words(london_date(notice.prepared_at))}, {about}",
            day,
            reader.state(day),
            reverse("notices:notice-detail", args=[notice.pk]),
        )


def _budgets(reader: Reader) -> Iterator[Row]:
    rows = Budget.objects.filter(status=BudgetStatus.PROPOSED).visible_to(reader.user, Permission.APPROVE_BUDGET)
    rows = reader.narrow(rows.exclude(proposed_by=reader.user), "school_id")
    for budget in rows.select_related("school", "academic_year"):
        first = budget.academic_year.first_day
        yield Row(
            budget.school.short_name,
            f"Budget {budget.academic_year.label}",
            _since(budget.proposed_at),
            first,
            reader.state(first),
            reverse("placements:budget-list"),
        )


def _budget_changes(reader: Reader) -> Iterator[Row]:
    rows = BudgetChange.objects.filter(approved_at__isnull=True, dropped_at__isnull=True)
    rows = rows.visible_to(reader.user, Permission.APPROVE_BUDGET).exclude(proposed_by=reader.user)
    for change in reader.narrow(rows, "budget__school_id").select_related("budget__school", "budget__academic_year"):
        yield Row(
            change.budget.school.short_name,
            f"Change of the budget {change.budget.academic_year.label}",
            _since(change.proposed_at),
            None,
            "today",
            reverse("placements:budget-detail", args=[change.budget_id]),
        )
