"""Referrals: why a student needs something else, what was tried, what the family said, what was decided."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from referrals.codes import ManagedMoveResult, Reason
from referrals.lifecycle import Status
from trust.audit import track
from trust.models import School, Student
from trust.scoping import Scope, ScopedQuerySet


class ReferralQuerySet(ScopedQuerySet):
    """Referrals."""

    def open(self) -> "ReferralQuerySet":
        """Not yet decided or withdrawn."""
        return self.filter(status__in=[Status.DRAFT, Status.SUBMITTED, Status.RETURNED])

    def awaiting_decision(self) -> "ReferralQuerySet":
        """Submitted and waiting for somebody to decide."""
        return self.filter(status=Status.SUBMITTED)


@track()
class Referral(models.Model):
    """One structured referral (P1.1), written over several days and decided once."""

    scope = Scope(home="school_id", former="student__school_id")

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="referrals")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="referrals")
    status = models.CharField(max_length=24, choices=Status.choices, default=Status.DRAFT, editable=False)
    nc_year = models.PositiveSmallIntegerField("NC year when referred")
    nc_year_reason = models.CharField("why, outside years 7 to 11", max_length=200, blank=True)
    primary_reason = models.CharField(max_length=24, choices=Reason.choices, blank=True)
    narrative = models.TextField("what is happening", blank=True)
    in_house_options = models.TextField("in-house options considered and their result", blank=True)
    why_more_appropriate = models.TextField("why this is more appropriate than what the trust can provide", blank=True)
    managed_move = models.CharField(
        "managed move considered", max_length=24, choices=ManagedMoveResult.choices, blank=True
    )
    managed_move_note = models.CharField(max_length=240, blank=True)
    exclusion_alternative = models.BooleanField(
        "offered as an alternative to permanent exclusion", null=True, blank=True
    )
    aims = models.TextField("aims, at least one measurable", blank=True)
    interests = models.CharField("interests, subjects and qualifications wanted", max_length=240, blank=True)
    needs = models.TextField("needs and what the provider must know", blank=True)
    family_invited_on = models.DateField("family invited on", null=True, blank=True)
    family_invited_again_on = models.DateField("second invitation on", null=True, blank=True)
    family_met_on = models.DateField("family meeting held on", null=True, blank=True)
    explained_by = models.CharField("who explained the reasons", max_length=120, blank=True)
    explained_to = models.CharField("to whom", max_length=120, blank=True)
    family_said = models.TextField("what the family said", blank=True)
    attendance_agreed_on = models.DateField("family agreed to support attendance on", null=True, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        ordering = ["-written_at", "-id"]
        indexes = [models.Index(fields=["school", "status", "-written_at"], name="referral_list")]
        constraints = [
            models.CheckConstraint(
                name="referral_not_decided_by_author",
                condition=Q(decided_by__isnull=True)
                | (~Q(decided_by=F("written_by")) & ~Q(decided_by=F("submitted_by"))),
                violation_error_message="Nobody decides a referral that they wrote or submitted.",
            ),
            models.CheckConstraint(
                name="referral_decision_pair",
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="referral_submission_pair",
                condition=Q(submitted_by__isnull=True, submitted_at__isnull=True)
                | Q(submitted_by__isnull=False, submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="referral_decided_has_decision",
                condition=~Q(status__in=[Status.APPROVED, Status.DECLINED]) | Q(decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="referral_declined_has_reason",
                condition=~Q(status__in=[Status.DECLINED, Status.RETURNED]) | ~Q(decision_reason=""),
            ),
            models.CheckConstraint(
                name="referral_submitted_is_whole",
                condition=Q(status__in=[Status.DRAFT, Status.RETURNED, Status.WITHDRAWN])
                | (
                    ~Q(primary_reason="")
                    & ~Q(in_house_options="")
                    & ~Q(why_more_appropriate="")
                    & ~Q(managed_move="")
                    & ~Q(aims="")
                    & Q(exclusion_alternative__isnull=False)
                ),
            ),
            models.UniqueConstraint(
                fields=["student"],
                condition=Q(status__in=[Status.DRAFT, Status.SUBMITTED, Status.RETURNED]),
                name="referral_one_open",
                violation_error_message="This student already has an open referral.",
            ),
        ]

    def __str__(self) -> str:
        return f"Referral {self.pk}"


@track()
class ReferralReason(models.Model):
    """One of the reasons of a referral (P3.1); the primary one is on the referral itself."""

    scope = Scope(home="referral__school_id")

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="reasons")
    reason = models.CharField(max_length=24, choices=Reason.choices)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["referral_id", "id"]
        constraints = [models.UniqueConstraint(fields=["referral", "reason"], name="referral_reason_once")]

    def __str__(self) -> str:
        return self.get_reason_display()
