"""Flags, heartbeats, stored files, policy versions and the access log."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from trust.audit import track
from trust.codes import FileKind, ImportKind, ImportStatus
from trust.models.schools import School
from trust.permissions import Permission
from trust.scoping import Scope, ScopedQuerySet, TrustWideQuerySet


@track()
class StoredFile(models.Model):
    """A file kept outside the web root, named by its hash; whoever may see the record that holds it may read it."""

    seen_with = Permission.EDIT_SETTINGS

    kind = models.CharField(max_length=24, choices=FileKind.choices)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=100)
    name = models.CharField("name under which it was sent", max_length=120, blank=True)
    stored_at = models.DateTimeField()
    stored_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["-stored_at", "-id"]
        constraints = [
            models.CheckConstraint(name="stored_file_hash_shape", condition=Q(sha256__regex=r"^[0-9a-f]{64}$"))
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sha256[:12]}"


class FlagQuerySet(ScopedQuerySet):
    """What is due and shows up by itself."""

    def open(self) -> "FlagQuerySet":
        """Flags that have not cleared."""
        return self.filter(cleared_at__isnull=True)


@track()
class Flag(models.Model):
    """The record that something was due: raised once per kind, subject and period, cleared by the deed.

    ``subject`` is 'placement:7' or 'provider:3'; ``period`` the day or week it is about; ``path`` the address of the
    place to act; ``roles`` whom it is for.
    """

    scope = Scope(home="school_id")

    kind = models.CharField(max_length=24)
    subject = models.CharField(max_length=40)
    period = models.CharField(max_length=24)
    school = models.ForeignKey(School, on_delete=models.PROTECT, null=True, related_name="flags")
    roles = models.JSONField(default=list)
    path = models.CharField(max_length=200)
    sentence = models.CharField(max_length=240)
    urgent = models.BooleanField(default=False)
    raised_at = models.DateTimeField()
    told = models.JSONField(default=list)
    cleared_at = models.DateTimeField(null=True, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        ordering = ["-urgent", "raised_at", "id"]
        constraints = [models.UniqueConstraint(fields=["kind", "subject", "period"], name="flag_once")]
        indexes = [models.Index(fields=["school", "kind"], name="flag_open", condition=Q(cleared_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.period}"


class Heartbeat(models.Model):
    """When a job last ran to its end and what it found, so that a dead job is visible."""

    seen_with = Permission.SEE_STUDENTS

    job = models.CharField(max_length=60, unique=True)
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=200, blank=True)

    objects = TrustWideQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.job} {self.finished_at}"


@track()
class PolicyVersion(models.Model):
    """A version of the trust's alternative provision policy as the board approved it (P9.1)."""

    seen_with = Permission.SEE_VALUE

    title = models.CharField(max_length=120)
    approved_on = models.DateField()
    review_due_on = models.DateField()

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["-approved_on"]

    def __str__(self) -> str:
        return f"{self.title}, {self.approved_on}"


class AccessLog(models.Model):
    """Who opened a student's record or took a file, when. Append-only for the application's database role."""

    scope = Scope(home="school_id", permission=Permission.SEE_HISTORY)

    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(School, on_delete=models.PROTECT, null=True, related_name="+")
    student_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=40)
    path = models.CharField(max_length=200)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["student_id", "-at"], name="access_log_student")]

    def __str__(self) -> str:
        return f"{self.at} {self.action}"


@track()
class ImportRun(models.Model):
    """One file from a school's management information system: matched, checked, then applied whole or not at all.

    ``mapping`` is field to column heading. ``errors`` holds the first ones as {row, column, sentence}; ``found`` counts
    all of them and ``error_file`` lists them when they are more. A job claims the run by ``locked_until``, and
    ``rows_done`` says how far it got.
    """

    scope = Scope(home="school_id", permission=Permission.IMPORT_DATA)

    kind = models.CharField(max_length=24, choices=ImportKind.choices)
    school = models.ForeignKey(School, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=24, choices=ImportStatus.choices, default=ImportStatus.UPLOADED)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    headings = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=list)
    found = models.PositiveIntegerField("errors found", default=0)
    error_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    fault = models.CharField("why it failed", max_length=240, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="import_applied_without_errors",
                condition=~Q(status=ImportStatus.APPLIED) | Q(found=0, applied_at__isnull=False),
            ),
            models.CheckConstraint(
                name="import_applied_pair",
                condition=Q(applied_by__isnull=True, applied_at__isnull=True) | Q(applied_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Import {self.pk}"


class PostcodePoint(models.Model):
    """Where a postcode lies, from an open list that an administrator loads; for distances only."""

    seen_with = Permission.SEE_PROVIDERS

    postcode = models.CharField("postcode without blanks", max_length=7, primary_key=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=6)
    longitude = models.DecimalField(max_digits=9, decimal_places=6)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["postcode"]

    def __str__(self) -> str:
        return self.postcode
