"""What was agreed with a provider and what was checked about it."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import BigIntegerField, F, Func, Q, Value

from providers.codes import (
    CheckKind,
    StandardOutcome,
    StandardPart,
)
from providers.models.places import Provider
from trust.audit import track
from trust.models import StoredFile
from trust.permissions import Permission
from trust.scoping import TrustWideQuerySet


@track()
class ServiceLevelAgreement(models.Model):
    """The agreement without which nobody is placed (P3.9). ``period`` is half-open in the database."""

    seen_with = Permission.SEE_PROVIDERS

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="agreements")
    period = DateRangeField()
    signed_by = models.CharField(max_length=120)
    signed_on = models.DateField()
    terms = models.TextField("charging terms in words", blank=True)
    notice_days = models.PositiveSmallIntegerField("school days charged after an early end", default=0)
    charged_when_absent = models.BooleanField("a session missed by the student is charged", default=True)
    charged_when_closed = models.BooleanField("a session on a day the provider is closed is charged", default=False)
    places_bought = models.PositiveSmallIntegerField("places bought in advance", default=0)
    vat_percent = models.DecimalField("VAT, %", max_digits=4, decimal_places=2, default=0)
    safeguarding_version = models.CharField("safeguarding policy accepted (version)", max_length=60, blank=True)
    code_of_conduct_on = models.DateField("code of conduct received on", null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    signed_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["provider_id", "-period"]
        constraints = [
            ExclusionConstraint(
                name="sla_periods_do_not_overlap",
                index_type="gist",
                expressions=[
                    (
                        Func(
                            F("provider_id"),
                            F("provider_id"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerField(),
                        ),
                        "&&",
                    ),
                    ("period", "&&"),
                ],
                violation_error_message="This provider already has an agreement in that period.",
            ),
            models.CheckConstraint(
                name="sla_period_bounded",
                condition=Q(period__isempty=False, period__lower_inf=False, period__upper_inf=False),
                violation_error_message="Give the first and the last day of the agreement.",
            ),
            models.CheckConstraint(
                name="sla_vat_is_a_rate",
                condition=Q(vat_percent__gte=0, vat_percent__lte=50),
                violation_error_message="VAT is a rate between 0 and 50 %.",
            ),
        ]

    def __str__(self) -> str:
        return f"Agreement with {self.provider}"


@track()
class Check(models.Model):
    """Something checked about a provider, with its date, expiry and who recorded it; confirmed by the trust lead."""

    seen_with = Permission.SEE_PROVIDERS

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="checks")
    kind = models.CharField(max_length=24, choices=CheckKind.choices)
    done_on = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    evidence = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["provider_id", "kind", "-done_on"]
        constraints = [
            models.CheckConstraint(
                name="check_confirmed_by_another",
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | (Q(confirmed_by__isnull=False, confirmed_at__isnull=False) & ~Q(confirmed_by=F("recorded_by"))),
                violation_error_message="Nobody confirms a check that they recorded.",
            ),
            models.CheckConstraint(
                name="check_expires_after_done",
                condition=Q(expires_on__isnull=True) | Q(expires_on__gt=F("done_on")),
                violation_error_message="A check expires after the day it was done.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.provider}"


@track()
class StandardsVersion(models.Model):
    """A version of the quality standards, held as data so that a new one is loaded and not programmed."""

    seen_with = Permission.SEE_PROVIDERS

    label = models.CharField(max_length=60, unique=True)
    source = models.CharField(max_length=240)
    in_force_from = models.DateField(unique=True)
    loaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    loaded_at = models.DateTimeField()

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["-in_force_from"]

    def __str__(self) -> str:
        return self.label


@track()
class QualityStandard(models.Model):
    """One standard of a version."""

    seen_with = Permission.SEE_PROVIDERS

    standards_version = models.ForeignKey(StandardsVersion, on_delete=models.PROTECT, related_name="standards")
    part = models.CharField(max_length=1, choices=StandardPart.choices)
    code = models.CharField(max_length=12)
    text = models.TextField()
    position = models.PositiveSmallIntegerField()

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["standards_version_id", "position"]
        constraints = [models.UniqueConstraint(fields=["standards_version", "code"], name="standard_code_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.text[:60]}"


@track()
class StandardResult(models.Model):
    """What was found of one standard at one provider, with evidence and the day until which it counts."""

    seen_with = Permission.SEE_PROVIDERS

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="standard_results")
    standard = models.ForeignKey(QualityStandard, on_delete=models.PROTECT, related_name="results")
    outcome = models.CharField(max_length=24, choices=StandardOutcome.choices)
    note = models.TextField(blank=True)
    evidence = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    assessed_on = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["provider_id", "standard_id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "standard"], name="standard_result_once"),
            models.CheckConstraint(
                name="standard_result_explained",
                condition=Q(outcome=StandardOutcome.MET) | ~Q(note=""),
                violation_error_message="Say what is missing, or why the standard does not apply.",
            ),
            models.CheckConstraint(
                name="standard_result_expires_after",
                condition=Q(expires_on__isnull=True) | Q(expires_on__gt=F("assessed_on")),
                violation_error_message="A result expires after the day of the assessment.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.standard_id} at {self.provider_id}"
