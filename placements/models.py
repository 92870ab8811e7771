"""Placements: periods, expected half-days, money, and what was recorded before the start."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, IntegerRangeField
from django.db import models
from django.db.models import BigIntegerField, F, Func, Q, Value

from placements.codes import Destination, EndingReason, PeriodKind, Route
from placements.lifecycle import LIVE, BudgetStatus, Status
from providers.models import Programme, Provider, Site
from referrals.models import Referral
from trust.audit import track
from trust.models import AcademicYear, School, Student
from trust.permissions import Permission
from trust.scoping import GUEST_STATUSES, Scope, ScopedQuerySet

_LIVE = sorted(LIVE)


def _same(column: str) -> Func:
    """``column`` as a range of one value: plain GiST excludes equal ids without a contrib extension."""
    return Func(F(column), F(column), Value("[]"), function="int8range", output_field=BigIntegerField())


class PlacementQuerySet(ScopedQuerySet):
    """Placements."""

    def live(self) -> "PlacementQuerySet":
        """Approved, running or paused: their half-days are taken."""
        return self.filter(live=True)

    def running(self) -> "PlacementQuerySet":
        """Started and neither paused nor ended."""
        return self.filter(status=Status.ACTIVE)

    def awaiting_decision(self) -> "PlacementQuerySet":
        """Proposed and waiting for a headteacher or the chief executive."""
        return self.filter(status=Status.PROPOSED)


@track()
class Placement(models.Model):
    """A student at a provider. ``school`` commissions and pays and never changes; ``host_school`` takes a guest."""

    # The school that the student is at now reads the whole case; one that the student left sees what it commissioned.
    scope = Scope(
        home="school_id",
        host="host_school_id",
        # The host keeps what happened on its own site.
        host_when=("status", (*GUEST_STATUSES, Status.ENDED, Status.COMPLETED)),
        former="student__school_id",
    )

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="placements")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="placements")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="placements")
    host_school = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, blank=True, related_name="guest_placements"
    )
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="placements")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="placements")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="placements")
    route = models.CharField(max_length=24, choices=Route.choices)
    status = models.CharField(max_length=24, choices=Status.choices, default=Status.PROPOSED, editable=False)
    live = models.BooleanField(default=False, editable=False)
    start_time = models.TimeField("time of arrival on the first day")
    report_to = models.CharField("person to report to", max_length=120)
    full_time = models.BooleanField(default=False)
    maths_and_english_how = models.CharField("who teaches maths and English, and when", max_length=240, blank=True)
    consent_on = models.DateField("consent or views recorded on", null=True, blank=True)
    consent_how = models.CharField("how", max_length=120, blank=True)
    host_accepted_on = models.DateField(null=True, blank=True, editable=False)
    host_accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    dual_registered_on = models.DateField("dual registration from", null=True, blank=True)
    la_confirmed_on = models.DateField("local authority confirmed in writing on", null=True, blank=True)
    review_weeks = models.PositiveSmallIntegerField("school weeks between reviews", default=6)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ended_on = models.DateField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ending_reason = models.CharField(max_length=24, choices=EndingReason.choices, blank=True)
    ending_note = models.TextField(blank=True)
    destination = models.CharField(max_length=24, choices=Destination.choices, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-id"]
        indexes = [
            models.Index(fields=["school", "status"], name="placement_school_status"),
            models.Index(fields=["provider", "status"], name="placement_provider_status"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["id", "student", "live"], name="placement_student_live"),
            models.UniqueConstraint(fields=["id", "school"], name="placement_school"),
            models.UniqueConstraint(fields=["id", "host_school"], name="placement_host"),
            models.CheckConstraint(
                name="placement_live_follows_status",
                condition=Q(live=True, status__in=_LIVE) | (Q(live=False) & ~Q(status__in=_LIVE)),
            ),
            models.CheckConstraint(
                name="placement_not_decided_by_proposer",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                violation_error_message="Nobody approves a placement that they proposed.",
            ),
            models.CheckConstraint(
                name="placement_decision_pair",
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="placement_live_is_decided",
                condition=Q(live=False) | Q(decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="placement_start_pair",
                condition=Q(started_at__isnull=True, started_by__isnull=True)
                | Q(started_at__isnull=False, started_by__isnull=False),
            ),
            models.CheckConstraint(
                name="placement_running_is_started",
                condition=~Q(status__in=[Status.ACTIVE, Status.PAUSED]) | Q(started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="placement_ended_is_explained",
                condition=~Q(status=Status.ENDED)
                | (Q(ended_on__isnull=False, ended_by__isnull=False) & ~Q(ending_reason="") & ~Q(destination="")),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="start_needs_notice",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__status=Status.ACTIVE, old__status=Status.APPROVED),
                func="""
                IF EXISTS (
                    SELECT 1 FROM placements_placementperiod p
                    WHERE p.placement_id = NEW.id AND p.number = 1 AND p.notice_needed AND p.notice_given_on IS NULL
                ) THEN
                    RAISE EXCEPTION 'a placement cannot start before its direction notice was given'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'placement_start_needs_notice';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="school_never_changes",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__school_id__df=pgtrigger.F("old__school_id")),
                func="""
                RAISE EXCEPTION 'the commissioning school of a placement never changes'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'placement_school_never_changes';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Placement {self.pk}"


@track()
class PlacementPeriod(models.Model):
    """The initial period or an extension; notices, expected half-days and money hang on it.

    ``period`` is half-open in the database; people see an inclusive last day. Without an upper bound only for a
    managed move. ``notice_given_on`` is told by the notices app when every required recipient was given it.
    """

    scope = Scope(home="placement__school_id", host="placement__host_school_id", former="placement__student__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="periods")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=24, choices=PeriodKind.choices)
    period = DateRangeField()
    notice_needed = models.BooleanField()
    notice_given_on = models.DateField(null=True, editable=False)
    cost = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["placement", "number"], name="period_number_once"),
            models.UniqueConstraint(fields=["id", "placement"], name="period_placement"),
            ExclusionConstraint(
                name="periods_do_not_overlap",
                index_type="gist",
                expressions=[(_same("placement_id"), "&&"), ("period", "&&")],
                violation_error_message="The periods of a placement must follow one another.",
            ),
            models.CheckConstraint(
                name="period_has_first_day",
                condition=Q(period__isempty=False, period__lower_inf=False),
                violation_error_message="The last day must not be before the first.",
            ),
            models.CheckConstraint(
                name="period_approval_pair",
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="period_not_approved_by_proposer",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                violation_error_message="Nobody approves what they proposed.",
            ),
            models.CheckConstraint(name="period_cost_not_negative", condition=Q(cost__gte=0)),
            models.CheckConstraint(
                name="period_initial_is_first",
                condition=Q(number=1, kind=PeriodKind.INITIAL) | (Q(number__gt=1) & Q(kind=PeriodKind.EXTENSION)),
            ),
        ]

    def __str__(self) -> str:
        return f"Period {self.number} of placement {self.placement_id}"


@track()
class TimetableSlot(models.Model):
    """One expected half-day of a two-week pattern: 0-9 in week A, 10-19 in week B (weekday x 2, +1 for the afternoon).

    ``student_id`` and ``live`` follow the placement by a composite foreign key, so that the database itself refuses
    a student who would be expected in two places in one half-day. ``runs`` is the half-open stretch of days.
    """

    scope = Scope(home="placement__school_id", host="placement__host_school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="slots")
    placement_period = models.ForeignKey(PlacementPeriod, on_delete=models.PROTECT, related_name="slots")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    live = models.BooleanField(default=False, editable=False)
    slots = IntegerRangeField()
    runs = DateRangeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "runs", "slots"]
        indexes = [models.Index(fields=["placement", "placement_period"], name="slot_placement")]
        constraints = [
            ExclusionConstraint(
                name="student_in_one_place",
                index_type="gist",
                expressions=[(_same("student_id"), "&&"), ("slots", "&&"), ("runs", "&&")],
                condition=Q(live=True),
                violation_error_message="The student is already expected somewhere else in one of these half-days.",
            ),
            models.CheckConstraint(
                name="slot_within_two_weeks",
                condition=Q(slots__isempty=False, slots__startswith__gte=0, slots__endswith__lte=20),
            ),
            models.CheckConstraint(name="slot_runs", condition=Q(runs__isempty=False, runs__lower_inf=False)),
        ]

    def __str__(self) -> str:
        return f"Slot {self.slots} of placement {self.placement_id}"


@track()
class GateOverride(models.Model):
    """A failed gate let through by a headteacher or the chief executive, with the reason; trustees see the count."""

    scope = Scope(home="placement__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="overrides")
    code = models.CharField(max_length=32)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["placement", "code"], name="gate_override_once"),
            models.CheckConstraint(name="gate_override_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.code} of placement {self.placement_id}"


@track()
class HomeVisit(models.Model):
    """The visit without which nobody studies online at home (P3.4)."""

    scope = Scope(home="placement__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="home_visits")
    visited_on = models.DateField()
    visited_by = models.CharField(max_length=120)
    suitable = models.BooleanField()
    safeguarding = models.TextField("safeguarding arrangements")
    supervisor = models.CharField("supervising adult", max_length=120)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "-visited_on"]

    def __str__(self) -> str:
        return f"Home visit {self.visited_on}"


@track()
class Budget(models.Model):
    """The money of one school for one academic year, £ net of VAT (P1.2)."""

    scope = Scope(home="school_id", permission=Permission.SEE_MONEY)

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="budgets")
    academic_year = models.ForeignKey(AcademicYear, on_delete=models.PROTECT, related_name="budgets")
    amount = models.DecimalField("amount, £", max_digits=10, decimal_places=2)
    status = models.CharField(
        max_length=24, choices=BudgetStatus.choices, default=BudgetStatus.PROPOSED, editable=False
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-academic_year__first_day", "school__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "academic_year"],
                name="budget_once_a_year",
                violation_error_message="This school already has a budget for that year.",
            ),
            models.CheckConstraint(
                name="budget_not_negative",
                condition=Q(amount__gte=0),
                violation_error_message="A budget cannot be negative.",
            ),
            models.CheckConstraint(
                name="budget_not_approved_by_proposer",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                violation_error_message="Nobody approves a budget that they proposed.",
            ),
            models.CheckConstraint(
                name="budget_approved_pair",
                condition=Q(status=BudgetStatus.PROPOSED, approved_by__isnull=True, approved_at__isnull=True)
                | Q(status=BudgetStatus.APPROVED, approved_by__isnull=False, approved_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Budget {self.academic_year} of {self.school}"


@track()
class Commitment(models.Model):
    """Money of a budget promised to one period: drawn at approval, ``released`` at an early end.

    ``over_budget_reason`` is the chief executive's; without it the database refuses what does not fit.
    """

    scope = Scope(home="budget__school_id", permission=Permission.SEE_MONEY)

    placement_period = models.ForeignKey(PlacementPeriod, on_delete=models.PROTECT, related_name="commitments")
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="commitments")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    released = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    over_budget_reason = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["budget_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["placement_period", "budget"], name="commitment_once"),
            models.CheckConstraint(
                name="commitment_released_within", condition=Q(amount__gte=F("released"), released__gte=0)
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="never_overspent",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("allowed", "numeric"), ("taken", "numeric")],
                func="""
                SELECT amount INTO allowed FROM placements_budget
                    WHERE id = NEW.budget_id AND status = 'APPROVED' FOR UPDATE;
                IF allowed IS NULL THEN
                    RAISE EXCEPTION 'money is committed only against an approved budget'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'commitment_budget_approved';
                END IF;
                SELECT COALESCE(SUM(amount - released), 0) INTO taken FROM placements_commitment
                    WHERE budget_id = NEW.budget_id AND id IS DISTINCT FROM NEW.id;
                IF NEW.over_budget_reason = '' AND taken + NEW.amount - NEW.released > allowed
                    AND (TG_OP = 'INSERT' OR NEW.amount - NEW.released > OLD.amount - OLD.released) THEN
                    RAISE EXCEPTION 'the budget would be overspent'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'commitment_never_overspends';
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"£{self.amount} of budget {self.budget_id}"
