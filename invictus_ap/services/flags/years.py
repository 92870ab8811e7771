"""Flags about school years: budgets near their end or missing, calendars missing."""

from datetime import date, datetime

from django.urls import reverse

from placements.lifecycle import BudgetStatus
from placements.models import Budget
from placements.queries import budget_figures
from trust.calendar import academic_year_of, london_date
from trust.models import AcademicYear, School
from trust.permissions import GRANTS, Permission, Role
from trust.queries import years_loaded
from trust.services import DueFlag, clear_leftovers, raise_flags

BUDGET_NEAR, BUDGET_FULL, BUDGET_MISSING = "budget_near", "budget_full", "budget_missing"
CALENDAR_MISSING = "calendar_missing"
MONEY_ROLES = GRANTS[Permission.PROPOSE_BUDGET] | GRANTS[Permission.APPROVE_BUDGET]
CALENDAR_ROLES = GRANTS[Permission.EDIT_SETTINGS] | {Role.HEAD}

# From these months on, next year's calendar and next year's approved budget are missed (1 May, 1 July).
CALENDAR_FROM, BUDGET_FROM = 5, 7
NEXT_YEAR = 9


def raise_money_flags(*, now: datetime) -> int:
    """Flag approved budgets of this year of which 80 % or all is promised (P1.2), and schools without an approved
    budget for this year, or from 1 July for the next; how many are new.
    """
    today = london_date(now)
    budgets = list(
        Budget.objects.filter(
            status=BudgetStatus.APPROVED, academic_year__first_day__lte=today, academic_year__last_day__gte=today
        ).select_related("school", "academic_year")
    )
    figures = budget_figures(budgets)
    near: list[DueFlag] = []
    full: list[DueFlag] = []
    for budget in budgets:
        figure = figures[budget.pk]
        if not figure.alert:
            continue
        flag = DueFlag(
            subject=f"budget:{budget.pk}",
            period=budget.academic_year.label,
            school_id=budget.school_id,
            path=reverse("placements:budget-list"),
            sentence=f"{figure.percent} of the budget {budget.academic_year.label} of {budget.school} is promised."[
                :240
            ],
            urgent=figure.alert == "FULL",
        )
        (full if figure.alert == "FULL" else near).append(flag)
    raised = 0
    for kind, due in ((BUDGET_NEAR, near), (BUDGET_FULL, full), (BUDGET_MISSING, _without_budget(today))):
        raised += raise_flags(kind=kind, due=due, roles=MONEY_ROLES, now=now)
        clear_leftovers(kind=kind, still_due={(flag.subject, flag.period) for flag in due}, now=now)
    return raised


def _labels(today: date, month: int) -> list[str]:
    """The academic years that must be ready: this one, and from 1 ``month`` on the next one."""
    this = academic_year_of(today)
    if month <= today.month < NEXT_YEAR:
        return [this.label, academic_year_of(date(this.last.year, NEXT_YEAR, 1)).label]
    return [this.label]


def _without_budget(today: date) -> list[DueFlag]:
    labels = _labels(today, BUDGET_FROM)
    ready = set(
        Budget.objects.filter(status=BudgetStatus.APPROVED, academic_year__label__in=labels).values_list(
            "school_id", "academic_year__label"
        )
    )
    return [
        DueFlag(
            subject=f"school:{school.pk}",
            period=label,
            school_id=school.pk,
            path=reverse("placements:budget-list"),
            sentence=f"{school} has no approved budget for {label}: nothing can be approved in it.",
        )
        for school in School.objects.order_by("pk")
        for label in labels
        if (school.pk, label) not in ready
    ]


def raise_year_flags(*, now: datetime) -> int:
    """Flag schools without this year's calendar, or from 1 May on without next year's; how many are new.

    Without a calendar there is no deadline, no expected session and no extension into that year.
    """
    today = london_date(now)
    labels = _labels(today, CALENDAR_FROM)
    years = dict(AcademicYear.objects.filter(label__in=labels).values_list("label", "pk"))
    loaded = years_loaded()
    due = [
        DueFlag(
            subject=f"school:{school.pk}",
            period=label,
            school_id=school.pk,
            path=reverse("trust:school-detail", args=[school.pk]),
            sentence=f"{school} has no calendar for {label}: load its terms.",
        )
        for school in School.objects.order_by("pk")
        for label in labels
        if years.get(label) not in loaded.get(school.pk, frozenset())
    ]
    raised = raise_flags(kind=CALENDAR_MISSING, due=due, roles=CALENDAR_ROLES, now=now)
    clear_leftovers(kind=CALENDAR_MISSING, still_due={(flag.subject, flag.period) for flag in due}, now=now)
    return raised
