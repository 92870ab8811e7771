"""Session marks and weekly contact with providers."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from attendance.codes import ContactMeans, ContactOutcome, ProviderReport
from placements.models import Placement
from providers.models import Provider
from trust.audit import track
from trust.codes import Session
from trust.models import School, Student
from trust.permissions import Permission
from trust.scoping import Scope, ScopedQuerySet, TrustWideQuerySet


@track()
class SessionMark(models.Model):
    """What the provider reported for one expected half-day, and the register code proposed from it (P3.11).

    ``school_id`` is the commissioning school and ``host_school_id`` the host, both held right by composite foreign
    keys. No row means *no return yet*, which is not *absent*.
    """

    scope = Scope(home="school_id", host="host_school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="marks")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    host_school = models.ForeignKey(School, on_delete=models.PROTECT, null=True, related_name="+")
    day = models.DateField()
    session = models.CharField(max_length=2, choices=Session.choices)
    report = models.CharField(max_length=24, choices=ProviderReport.choices)
    code = models.CharField(max_length=2, blank=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["day", "session", "placement_id"]
        indexes = [models.Index(fields=["school", "day"], name="mark_school_day")]
        constraints = [
            models.UniqueConstraint(fields=["placement", "day", "session"], name="mark_once"),
            models.CheckConstraint(name="mark_report_known", condition=Q(report__in=sorted(ProviderReport.values))),
            models.CheckConstraint(name="mark_session_known", condition=Q(session__in=sorted(Session.values))),
            models.CheckConstraint(
                name="mark_did_not_run_is_never_b",
                condition=~Q(report=ProviderReport.DID_NOT_RUN) | ~Q(code__in=["B", "D", "K", "/", "\\", "L"]),
                violation_error_message="The provider was closed: say where the student was instead.",
            ),
            models.CheckConstraint(
                name="mark_confirmed_pair",
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.session} of placement {self.placement_id}"


@track()
class ProviderCall(models.Model):
    """One contact with a provider that may cover several students. It holds no free text: words are per student."""

    seen_with = Permission.SEE_PROVIDERS

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="calls")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=24, choices=ContactMeans.choices)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"Call {self.pk}"


@track()
class WeeklyContact(models.Model):
    """The weekly contact about one placement in one school week (P5.5); ``week`` is its Monday.

    Only *spoken* and *not due* (with a reason) satisfy the duty; *tried, no answer* does not.
    """

    scope = Scope(home="school_id", host="placement__host_school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="contacts")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    week = models.DateField()
    call = models.ForeignKey(ProviderCall, on_delete=models.PROTECT, null=True, related_name="contacts")
    outcome = models.CharField(max_length=24, choices=ContactOutcome.choices)
    note = models.TextField(blank=True)
    contacted_on = models.DateField()
    late = models.BooleanField(default=False)
    logged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    logged_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-week", "placement_id"]
        indexes = [models.Index(fields=["school", "week"], name="contact_school_week")]
        constraints = [
            models.UniqueConstraint(fields=["placement", "week"], name="contact_once_a_week"),
            models.CheckConstraint(name="contact_week_is_monday", condition=Q(week__iso_week_day=1)),
            models.CheckConstraint(
                name="contact_not_due_has_reason",
                condition=~Q(outcome=ContactOutcome.NOT_DUE) | ~Q(note=""),
                violation_error_message="Say why no contact was due.",
            ),
        ]

    def __str__(self) -> str:
        return f"Contact in the week of {self.week}"


@track()
class HomeAttendance(models.Model):
    """Attendance at the home school in one school week, typed or imported: the baseline before a placement."""

    scope = Scope(home="school_id", former="student__school_id")

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="home_attendance")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    week = models.DateField()
    possible = models.PositiveSmallIntegerField()
    attended = models.PositiveSmallIntegerField()
    unauthorised = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(max_length=12, default="typed")
    # The ten half-days by register code, '' where none is known; empty when only the sums were given.
    codes = ArrayField(models.CharField(max_length=2, blank=True), size=10, default=list, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["student_id", "week"]
        constraints = [
            models.UniqueConstraint(fields=["student", "week"], name="home_attendance_once"),
            models.CheckConstraint(
                name="home_attendance_adds_up",
                condition=Q(possible__gte=F("attended") + F("unauthorised"), possible__lte=10),
                violation_error_message="Attended and unauthorised sessions cannot be more than the possible ones.",
            ),
            models.CheckConstraint(name="home_attendance_week_is_monday", condition=Q(week__iso_week_day=1)),
        ]

    def __str__(self) -> str:
        return f"Home attendance in the week of {self.week}"
