"""Who a provider is, where it teaches, whom to turn to."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from providers.codes import (
    ContactRole,
    ProviderKind,
    ProviderTag,
    SiteKind,
)
from providers.lifecycle import FIRST, MOVES, Status
from trust.audit import status_by_table, track
from trust.models import School
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
        triggers = [status_by_table(FIRST, MOVES)]

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
    closed_on = models.DateField("not used from", null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["provider_id", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "name"],
                name="site_name_once",
                violation_error_message="This provider already has a site of that name.",
            )
        ]

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
    role = models.CharField(max_length=60, choices=ContactRole.choices, default=ContactRole.OTHER)
    job_title = models.CharField(max_length=60, blank=True)
    email = models.EmailField("e-mail", blank=True)
    phone = models.CharField(max_length=20, blank=True)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["provider_id", "name"]

    def __str__(self) -> str:
        return f"{self.name}, {self.job_title or self.get_role_display()}"
