"""Alternative providers: who they are, where they teach, what they offer, what was checked."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import BigIntegerField, F, Func, Q, Value

from providers.codes import CheckKind, PriceUnit, ProviderKind, ProviderTag, SiteKind
from providers.lifecycle import Status
from trust.audit import track
from trust.models import School, StoredFile
from trust.permissions import Permission
from trust.scoping import TrustWideQuerySet


class ProviderQuerySet(TrustWideQuerySet):
    """Providers."""

    def approved(self) -> "ProviderQuerySet":
        """Providers that may take students."""
        return self.filter(status=Status.APPROVED)


@track()
class Provider(models.Model):
    """A place outside the home school where students are taught, another school of the trust included (P3.3)."""

    seen_with = Permission.SEE_PROVIDERS

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=24, choices=ProviderKind.choices)
    school = models.OneToOneField(
        School,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="as_provider",
        verbose_name="trust school",
    )
    urn = models.CharField("URN", max_length=6, blank=True)
    ukprn = models.CharField("UKPRN", max_length=8, blank=True)
    medical_tag = models.CharField(
        "specialist provision (P2.2)", max_length=24, choices=ProviderTag.choices, blank=True
    )
    subjects = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=24, choices=Status.choices, default=Status.PROSPECTIVE, editable=False)
    status_reason = models.TextField(blank=True, editable=False)
    status_at = models.DateTimeField(null=True, editable=False)
    status_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="provider_urn_shape",
                condition=Q(urn="") | Q(urn__regex=r"^[0-9]{6}$"),
                violation_error_message="A URN has six digits.",
            ),
            models.CheckConstraint(
                name="provider_ukprn_shape",
                condition=Q(ukprn="") | Q(ukprn__regex=r"^1[0-9]{7}$"),
                violation_error_message="A UKPRN has eight digits and starts with 1.",
            ),
            models.CheckConstraint(
                name="provider_trust_school_named",
                condition=Q(kind=ProviderKind.TRUST_SCHOOL, school__isnull=False)
                | (~Q(kind=ProviderKind.TRUST_SCHOOL) & Q(school__isnull=True)),
                violation_error_message="Name the school of the trust, and only for the kind 'trust school'.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@track()
class Site(models.Model):
    """An address of a provider at which students report."""

    seen_with = Permission.SEE_PROVIDERS

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="sites")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=24, choices=SiteKind.choices)
    address = models.TextField()
    postcode = models.CharField(max_length=8)
    phone = models.CharField(max_length=20)
    report_to = models.CharField("person to report to on the first day", max_length=120)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["provider_id", "name"]
        constraints = [models.UniqueConstraint(fields=["provider", "name"], name="site_name_once")]

    def __str__(self) -> str:
        return f"{self.name}, {self.postcode}"


@track()
class SiteTimes(models.Model):
    """Session times of a site from a day on; the notice states them (P7.3)."""

    seen_with = Permission.SEE_PROVIDERS

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="times")
    from_day = models.DateField()
    am_start = models.TimeField()
    am_end = models.TimeField()
    pm_start = models.TimeField()
    pm_end = models.TimeField()

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["site_id", "from_day"]
        constraints = [
            models.UniqueConstraint(fields=["site", "from_day"], name="site_times_once_a_day"),
            models.CheckConstraint(
                name="site_times_in_order",
                condition=Q(am_start__lt=F("am_end"), am_end__lte=F("pm_start"), pm_start__lt=F("pm_end")),
                violation_error_message="The times must follow one another through the day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site} from {self.from_day}"


@track()
class SiteClosure(models.Model):
    """Days on which a site is closed though the home school is open; nothing is expected there."""

    seen_with = Permission.SEE_PROVIDERS

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="closures")
    day = models.DateField()
    note = models.CharField(max_length=120, blank=True)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["site_id", "day"]
        constraints = [models.UniqueConstraint(fields=["site", "day"], name="site_closure_once")]

    def __str__(self) -> str:
        return f"{self.site} closed {self.day}"


@track()
class ProviderContact(models.Model):
    """A person at a provider: who teaches, who keeps attendance, who is the DSL there."""

    seen_with = Permission.SEE_PROVIDERS

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=60)
    email = models.EmailField("e-mail", blank=True)
    phone = models.CharField(max_length=20, blank=True)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["provider_id", "name"]

    def __str__(self) -> str:
        return f"{self.name}, {self.role}"


@track()
class Programme(models.Model):
    """What is taught, for whom, at what price and for how many at once."""

    seen_with = Permission.SEE_PROVIDERS

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="programmes")
    name = models.CharField(max_length=120)
    subjects = models.CharField(max_length=200, blank=True)
    qualifications = models.CharField(max_length=200, blank=True)
    key_stages = models.CharField(max_length=12, default="KS3 KS4")
    maths_and_english = models.BooleanField("teaches maths and English", default=False)
    unit = models.CharField("price per", max_length=24, choices=PriceUnit.choices)
    rate = models.DecimalField("price, £ net of VAT", max_digits=10, decimal_places=2)
    capacity = models.PositiveSmallIntegerField("places at once")
    hours_per_session = models.DecimalField(max_digits=4, decimal_places=2, default=3)

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
        ]

    def __str__(self) -> str:
        return self.name


@track()
class ServiceLevelAgreement(models.Model):
    """The agreement without which nobody is placed (P3.9). ``period`` is half-open in the database."""

    seen_with = Permission.SEE_PROVIDERS

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="agreements")
    period = DateRangeField()
    signed_by = models.CharField(max_length=120)
    signed_on = models.DateField()
    terms = models.TextField("charging terms", blank=True)
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

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["provider_id", "kind", "-done_on"]
        constraints = [
            models.CheckConstraint(
                name="check_expires_after_done",
                condition=Q(expires_on__isnull=True) | Q(expires_on__gt=F("done_on")),
                violation_error_message="A check expires after the day it was done.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.provider}"
