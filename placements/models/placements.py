"""The placement itself."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from placements.codes import Destination, EndingReason, Lunch, PaidBy, Route, TransportMode
from placements.lifecycle import FIRST, LIVE, MOVES, Status
from providers.models import Programme, Provider, Site
from referrals.models import Referral
from trust.audit import status_by_table, track
from trust.models import School, StoredFile, Student
from trust.scoping import GUEST_STATUSES, Scope, ScopedQuerySet

_LIVE = sorted(LIVE)


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
    host_refused_on = models.DateField(null=True, blank=True, editable=False)
    host_refusal = models.CharField("why the receiving school refused", max_length=240, blank=True, editable=False)
    review_weeks = models.PositiveSmallIntegerField("school weeks between reviews", default=6)
    transport_mode = models.CharField("transport", max_length=24, choices=TransportMode.choices, blank=True)
    transport_booked_by = models.CharField("who books it", max_length=120, blank=True)
    transport_paid_by = models.CharField("who pays for it", max_length=24, choices=PaidBy.choices, blank=True)
    transport_pick_up = models.CharField("pick-up place and time", max_length=160, blank=True)
    lunch = models.CharField(max_length=24, choices=Lunch.choices, blank=True)
    risk_assessed_on = models.DateField("individual risk assessment made on", null=True, blank=True)
    risk_assessed_by = models.CharField("by whom", max_length=120, blank=True)
    risk_summary = models.TextField("risks and what is done about them", blank=True)
    risk_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    medical = models.TextField("medical information", blank=True)
    emergency = models.TextField("what to do and whom to call in an emergency", blank=True)
    school_link = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    school_link_deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Running before the system was in use: earlier steps are facts, neither late nor overridden.
    brought_in = models.BooleanField(default=False, editable=False)
    brought_in_facts = models.TextField("earlier notices, approvals and reviews", blank=True)
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
    end_report = models.TextField("end report", blank=True)
    own_assessment = models.TextField("the student's own assessment", blank=True)
    return_plan = models.TextField("plan for the return", blank=True)
    reopened_reason = models.TextField(blank=True)
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
            status_by_table(FIRST, MOVES),
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
