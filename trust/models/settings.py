"""Thresholds of the policy and the law by date: what was in force on a day can be said years later."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from trust.audit import track
from trust.codes import SettingCode
from trust.permissions import Permission
from trust.scoping import TrustWideQuerySet


@track()
class PolicySetting(models.Model):
    """One value of one threshold from a day on, proposed by one person and approved by another.

    Without a row the default of ``trust.codes.SETTINGS`` holds. ``source`` is what the value rests on.
    """

    seen_with = Permission.SEE_SETTINGS

    code = models.CharField(max_length=40, choices=SettingCode.choices)
    value = models.CharField(max_length=40)
    from_day = models.DateField("in force from")
    source = models.CharField("what it rests on", max_length=240)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    dropped_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    dropped_at = models.DateTimeField(null=True)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["code", "-from_day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "from_day"],
                condition=Q(dropped_at__isnull=True),
                name="setting_once_a_day",
                violation_error_message="There is already a value for this setting from that day on.",
            ),
            models.CheckConstraint(
                name="setting_approved_pair",
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="setting_dropped_pair",
                condition=Q(dropped_by__isnull=True, dropped_at__isnull=True)
                | Q(dropped_by__isnull=False, dropped_at__isnull=False, approved_at__isnull=True),
            ),
            models.CheckConstraint(
                name="setting_approved_by_another",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                violation_error_message="Somebody else than the proposer approves a setting.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} from {self.from_day}"
