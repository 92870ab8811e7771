"""Referrals: why a student needs something else, what was tried, what the family said, what was decided."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from referrals.codes import ManagedMoveConsent, ManagedMoveResult, Reason, Section, SectionState
from referrals.lifecycle import FIRST, MOVES, Status
from trust.audit import status_by_table, track
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
    managed_move_consent = models.CharField(
        "parents' consent to a managed move", max_length=24, choices=ManagedMoveConsent.choices, blank=True
    )
    exclusion_alternative = models.BooleanField(
        "offered as an alternative to permanent exclusion", null=True, blank=True
    )
    aims = models.TextField("aims, at least one measurable", blank=True)
    interests = models.CharField("interests", max_length=240, blank=True)
    subjects = models.CharField("subjects wanted", max_length=240, blank=True)
    qualifications = models.CharField("qualifications wanted", max_length=240, blank=True)
    medical = models.TextField("medical information that the provider must know", blank=True)
    no_medical_needs = models.BooleanField("no medical needs known", default=False)
    needs = models.TextField("needs and what the provider must know", blank=True)
    family_invited_on = models.DateField("family invited on", null=True, blank=True)
    family_invited_again_on = models.DateField("second invitation on", null=True, blank=True)
    family_met_on = models.DateField("family meeting held on", null=True, blank=True)
    family_came = models.CharField("who came", max_length=240, blank=True)
    explained_what = models.TextField("what was explained", blank=True)
    explained_by = models.CharField("who explained the reasons", max_length=120, blank=True)
    explained_to = models.CharField("to whom", max_length=120, blank=True)
    family_said = models.TextField("what the family said", blank=True)
    attendance_agreed_on = models.DateField("family agreed to support attendance on", null=True, blank=True)
    attendance_agreed_how = models.CharField("how they agreed", max_length=120, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    closing_reason = models.TextField("why withdrawn, reopened or void", blank=True)
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
                condition=Q(status__in=[Status.DRAFT, Status.RETURNED, Status.WITHDRAWN, Status.VOID])
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
            models.CheckConstraint(
                name="referral_void_has_reason", condition=~Q(status=Status.VOID) | ~Q(closing_reason="")
            ),
        ]
        triggers = [
            status_by_table(FIRST, MOVES),
            pgtrigger.Trigger(
                name="not_decided_by_a_writer",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("decided_by_id"),
                condition=pgtrigger.Q(new__decided_by__isnull=False),
                func="""
                IF EXISTS (
                    SELECT 1 FROM referrals_referralwriter w
                    WHERE w.referral_id = NEW.id AND w.user_id = NEW.decided_by_id
                ) THEN
                    RAISE EXCEPTION 'nobody decides a referral that they wrote'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_not_decided_by_author';
                END IF;
                RETURN NEW;
                """,
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


@track()
class ReferralWriter(models.Model):
    """Somebody who wrote on a referral; none of them decides it."""

    scope = Scope(home="referral__school_id", former="referral__student__school_id")

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="writers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    first_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["referral_id", "first_at", "id"]
        constraints = [models.UniqueConstraint(fields=["referral", "user"], name="referral_writer_once")]

    def __str__(self) -> str:
        return f"{self.user} on referral {self.referral_id}"


@track()
class ReferralSection(models.Model):
    """How far one section of a referral is, as its writers said; a section without a row is not started."""

    scope = Scope(home="referral__school_id", former="referral__student__school_id")

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="sections")
    section = models.CharField(max_length=24, choices=Section.choices)
    state = models.CharField(max_length=24, choices=SectionState.choices)
    note = models.CharField("why it cannot be finished yet", max_length=240, blank=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["referral_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["referral", "section"], name="referral_section_once"),
            models.CheckConstraint(
                name="referral_section_says_why",
                condition=~Q(state=SectionState.CANNOT_FINISH) | ~Q(note=""),
                violation_error_message="Say why this section cannot be finished yet.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_section_display()} of referral {self.referral_id}"


@track()
class ReferralAmendment(models.Model):
    """A fact of a submitted or decided referral put right, with what stood there before and why."""

    scope = Scope(home="referral__school_id", former="referral__student__school_id")

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="amendments")
    field = models.CharField(max_length=40)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["referral_id", "-at", "-id"]
        constraints = [
            models.CheckConstraint(name="referral_amendment_changes", condition=~Q(old=F("new")) & ~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"{self.field} of referral {self.referral_id}"
