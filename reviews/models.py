"""Termly reviews, targets and their results."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from placements.models import Placement
from reviews.codes import ReviewOutcome, TargetKind
from reviews.codes import TargetResult as Result
from trust.audit import track
from trust.scoping import Scope, ScopedQuerySet


@track()
class Target(models.Model):
    """What a placement is to achieve: attendance, behaviour, a qualification (P6.7)."""

    scope = Scope(home="placement__school_id", former="placement__student__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="targets")
    kind = models.CharField(max_length=24, choices=TargetKind.choices)
    measure = models.CharField("what is measured", max_length=160)
    baseline = models.CharField(max_length=80)
    goal = models.CharField(max_length=80)
    set_on = models.DateField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_on = models.DateField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["placement_id", "id"]

    def __str__(self) -> str:
        return self.measure


@track()
class Review(models.Model):
    """A formal review that was held, with its outcome (P6.6). What is due is computed, not stored.

    ``due_on`` is the day by which this review had to be held, frozen when it was.
    """

    scope = Scope(home="placement__school_id", former="placement__student__school_id")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="reviews")
    due_on = models.DateField()
    held_on = models.DateField()
    attendees = models.TextField("who came")
    maths = models.CharField("maths", max_length=240)
    english = models.CharField("English", max_length=240)
    student_view = models.TextField("the student's view", blank=True)
    parent_view = models.TextField("the parents' view", blank=True)
    summary = models.TextField("what was found")
    outcome = models.CharField(max_length=24, choices=ReviewOutcome.choices)
    next_due_on = models.DateField("next review by", null=True, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-held_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["placement", "held_on"],
                name="review_once_a_day",
                violation_error_message="A review of this placement on that day is already recorded.",
            ),
            models.CheckConstraint(name="review_records_maths_and_english", condition=~Q(maths="") & ~Q(english="")),
        ]

    def __str__(self) -> str:
        return f"Review {self.held_on}"


@track()
class TargetResult(models.Model):
    """How far a target was met at a review."""

    scope = Scope(home="review__placement__school_id", former="review__placement__student__school_id")

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="results")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="results")
    result = models.CharField(max_length=24, choices=Result.choices)
    note = models.CharField(max_length=240, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["review_id", "target_id"]
        constraints = [models.UniqueConstraint(fields=["review", "target"], name="target_result_once")]

    def __str__(self) -> str:
        return f"{self.get_result_display()}"


@track()
class Action(models.Model):
    """Something somebody has to do after a review, by a day."""

    scope = Scope(home="review__placement__school_id", former="review__placement__student__school_id")

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="actions")
    what = models.CharField(max_length=240)
    owner = models.CharField(max_length=120)
    due_on = models.DateField()
    done_on = models.DateField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]

    def __str__(self) -> str:
        return self.what
