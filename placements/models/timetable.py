"""Periods, the half-days in which a student is expected, their prices, and the rest of the week."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, IntegerRangeField
from django.db import models
from django.db.models import F, Q

from placements.codes import PeriodKind
from placements.models._ranges import same
from placements.models.placements import Placement
from providers.codes import PriceUnit
from providers.models import Programme, Site
from trust.audit import track
from trust.models import School, Student
from trust.permissions import Permission
from trust.scoping import Scope, ScopedQuerySet


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
    # The last day that was approved, kept when an early end shortens ``period``.
    planned_last = models.DateField(null=True, editable=False)
    one_off = models.DecimalField("one-off costs, £ net of VAT", max_digits=8, decimal_places=2, default=0)
    transport_a_day = models.DecimalField(
        "transport paid by the school, £ a day", max_digits=6, decimal_places=2, default=0
    )
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
                expressions=[(same("placement_id"), "&&"), ("period", "&&")],
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
            models.CheckConstraint(
                name="period_cost_not_negative", condition=Q(cost__gte=0, one_off__gte=0, transport_a_day__gte=0)
            ),
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
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
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
                expressions=[(same("student_id"), "&&"), ("slots", "&&"), ("runs", "&&")],
                condition=Q(live=True),
                violation_error_message="The student is already expected somewhere else in one of these half-days.",
            ),
            models.CheckConstraint(
                name="slot_within_two_weeks",
                condition=Q(slots__isempty=False, slots__startswith__gte=0, slots__endswith__lte=20),
            ),
            models.CheckConstraint(name="slot_runs", condition=Q(runs__isempty=False, runs__lower_inf=False)),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="site_and_programme_of_provider",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("site_id", "programme_id", "placement_id"),
                func="""
                IF NOT EXISTS (
                    SELECT 1 FROM placements_placement p
                    JOIN providers_site s ON s.provider_id = p.provider_id
                    JOIN providers_programme g ON g.provider_id = p.provider_id
                    WHERE p.id = NEW.placement_id AND s.id = NEW.site_id AND g.id = NEW.programme_id
                ) THEN
                    RAISE EXCEPTION 'site and programme belong to another provider'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_at_the_provider';
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"Slot {self.slots} of placement {self.placement_id}"


@track()
class AgreedPrice(models.Model):
    """The price of a programme as agreed for one period: a later change of the price list changes no promise."""

    scope = Scope(home="placement_period__placement__school_id", permission=Permission.SEE_MONEY)

    placement_period = models.ForeignKey(PlacementPeriod, on_delete=models.CASCADE, related_name="prices")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    unit = models.CharField(max_length=24, choices=PriceUnit.choices)
    rate = models.DecimalField("£ net of VAT", max_digits=10, decimal_places=2)
    hours_per_session = models.DecimalField(max_digits=4, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_period_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["placement_period", "programme"], name="agreed_price_once"),
            models.CheckConstraint(name="agreed_price_plausible", condition=Q(rate__gte=0, hours_per_session__gt=0)),
        ]

    def __str__(self) -> str:
        return f"£{self.rate} per {self.get_unit_display().lower()}"


@track()
class TimetableChange(models.Model):
    """Other half-days from a day on: proposed, then approved by somebody else, or dropped.

    ``slots`` lists [half-day 0-19, site id, programme id]. ``cost_change`` is what it adds to the period's cost, below
    zero when it makes the period cheaper.
    """

    scope = Scope(home="placement__school_id", former="placement__student__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="timetable_changes")
    from_day = models.DateField()
    slots = models.JSONField()
    reason = models.TextField()
    cost_change = models.DecimalField(max_digits=10, decimal_places=2)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)
    dropped_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    dropped_reason = models.CharField(max_length=240, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "-from_day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["placement"],
                condition=Q(approved_at__isnull=True, dropped_at__isnull=True),
                name="timetable_change_one_open",
                violation_error_message="A change of the timetable waits for a decision already.",
            ),
            models.CheckConstraint(name="timetable_change_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="timetable_change_not_approved_by_proposer",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                violation_error_message="Nobody approves what they proposed.",
            ),
            models.CheckConstraint(
                name="timetable_change_decided_once",
                condition=(Q(approved_at__isnull=True, approved_by__isnull=True) | Q(approved_by__isnull=False))
                & (Q(dropped_at__isnull=True, dropped_by__isnull=True) | Q(dropped_by__isnull=False))
                & (Q(approved_at__isnull=True) | Q(dropped_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"Timetable of placement {self.placement_id} from {self.from_day}"


@track()
class PartTimeTimetable(models.Model):
    """Half-days of a student's week without education, which no placement takes: why, agreed by whom, until when.

    What is neither here nor in a placement's half-days is spent at the home school. ``slots`` are half-days 0 to 9.
    """

    scope = Scope(home="school_id", former="student__school_id")

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="part_time_timetables")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    slots = ArrayField(models.PositiveSmallIntegerField())
    period = DateRangeField()
    reason = models.TextField()
    agreed_by = models.CharField("parent who agreed", max_length=120)
    agreed_on = models.DateField()
    review_on = models.DateField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["student_id", "-period"]
        constraints = [
            ExclusionConstraint(
                name="part_time_one_at_a_time",
                index_type="gist",
                expressions=[(same("student_id"), "&&"), ("period", "&&")],
                violation_error_message="A part-time timetable is recorded for these days already.",
            ),
            models.CheckConstraint(
                name="part_time_ends",
                condition=Q(period__isempty=False, period__lower_inf=False, period__upper_inf=False),
                violation_error_message="A part-time timetable needs a last day.",
            ),
            models.CheckConstraint(
                name="part_time_half_days", condition=Q(slots__contained_by=list(range(10)), slots__len__gte=1)
            ),
            models.CheckConstraint(name="part_time_explained", condition=~Q(reason="") & ~Q(agreed_by="")),
        ]

    def __str__(self) -> str:
        return f"Part-time timetable of student {self.student_id}"
