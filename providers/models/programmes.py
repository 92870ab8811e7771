"""What a provider offers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from providers.codes import (
    PriceUnit,
)
from providers.models.places import Provider
from trust.audit import track
from trust.permissions import Permission
from trust.scoping import TrustWideQuerySet


def every_half_day() -> list[int]:
    """The ten half-days of a week: weekday x 2, +1 for the afternoon."""
    return list(range(10))


@track()
class Programme(models.Model):
    """What is taught, for whom, at what price and for how many at once."""

    seen_with = Permission.SEE_PROVIDERS

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="programmes")
    name = models.CharField(max_length=120)
    subjects = models.CharField(max_length=200, blank=True)
    interests = models.CharField("interests it suits", max_length=200, blank=True)
    key_stages = models.CharField(max_length=12, default="KS3 KS4")
    sessions_offered = ArrayField(
        models.PositiveSmallIntegerField(), default=every_half_day, help_text="Half-days of a week, 0 to 9."
    )
    offered_until = models.DateField("offered until", null=True, blank=True)
    maths_and_english = models.BooleanField("teaches maths and English", default=False)
    unit = models.CharField("price per", max_length=24, choices=PriceUnit.choices)
    rate = models.DecimalField("price, £ net of VAT", max_digits=10, decimal_places=2)
    capacity = models.PositiveSmallIntegerField("places at once")
    hours_per_session = models.DecimalField(max_digits=4, decimal_places=2, default=3)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["provider_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="programme_name_once"),
            models.CheckConstraint(
                name="programme_rate_not_negative",
                condition=Q(rate__gte=0),
                violation_error_message="A price cannot be negative.",
            ),
            models.CheckConstraint(name="programme_hours_positive", condition=Q(hours_per_session__gt=0)),
            models.CheckConstraint(
                name="programme_half_days_of_a_week",
                condition=Q(sessions_offered__contained_by=list(range(10))),
            ),
        ]

    def __str__(self) -> str:
        return self.name


@track()
class ProgrammeQualification(models.Model):
    """A nationally recognised qualification that a programme leads to (P3.6)."""

    seen_with = Permission.SEE_PROVIDERS

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="qualifications")
    title = models.CharField(max_length=160)
    level = models.CharField(max_length=24, blank=True)
    awarding_body = models.CharField(max_length=80)
    number = models.CharField("qualification number", max_length=16, blank=True)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["programme_id", "title"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "title", "awarding_body"],
                name="qualification_once",
                violation_error_message="This programme already has that qualification.",
            ),
            models.CheckConstraint(
                name="qualification_names_awarding_body",
                condition=~Q(awarding_body="") & ~Q(title=""),
                violation_error_message="Name the qualification and who awards it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.awarding_body})"
