"""Staff accounts and the roles they hold."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from trust.audit import track
from trust.calendar import london_date
from trust.permissions import SCHOOL_ONLY, TRUST_ONLY, Permission, Role, allows
from trust.scoping import TrustWideQuerySet


class UserManager(BaseUserManager["User"].from_queryset(TrustWideQuerySet)):  # type: ignore[misc]
    """Makes accounts with a folded e-mail address; there is no superuser because there is no Django admin."""

    def create_user(self, email: str, full_name: str, password: str | None = None, **extra: Any) -> "User":
        """An active account; ``password`` None makes one that cannot log in by password."""
        user = self.model(email=self.normalize_email(email).lower(), full_name=full_name, **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user


@track(exclude=["password", "last_login"])
class User(AbstractBaseUser):
    """A member of staff or a trustee. Deactivated when leaving, never deleted."""

    seen_with = Permission.SEE_STAFF

    email = models.EmailField("e-mail", unique=True)
    full_name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    digest = models.BooleanField("daily summary by e-mail", default=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        ordering = ["full_name", "id"]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.full_name

    def get_full_name(self) -> str:
        """The name as it stands on letters and in the history."""
        return self.full_name

    def held(self) -> tuple["Membership", ...]:
        """The memberships in force today (London), read once per request; none for a deactivated account."""
        cached: tuple[Membership, ...] | None = getattr(self, "_held", None)
        if cached is None:
            today = london_date(timezone.now())
            cached = tuple(self.memberships.in_force(today).select_related("school")) if self.is_active else ()
            self._held = cached
        return cached

    def allows(self, permission: Permission, *, home_id: int | None, host_id: int | None = None) -> bool:
        """True when one membership in force gives ``permission`` for a record of that home (or host) school."""
        return allows(self.held(), permission, home_id=home_id, host_id=host_id)


class MembershipQuerySet(TrustWideQuerySet):
    """Roles held."""

    def in_force(self, today: Any) -> "MembershipQuerySet":
        """Memberships that have begun and not ended on ``today``."""
        return self.filter(Q(until_day__isnull=True) | Q(until_day__gte=today), from_day__lte=today)


@track()
class Membership(models.Model):
    """One role of one person, at one school or for the whole trust, from a day on.

    ``acting`` marks a head named for dates in advance (P7.1); ``designated`` the one named pastoral SLT of a
    school (P6.5).
    """

    seen_with = Permission.SEE_STAFF

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=24, choices=Role.choices)
    school = models.ForeignKey(
        "trust.School", on_delete=models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    from_day = models.DateField()
    until_day = models.DateField(null=True, blank=True)
    acting = models.BooleanField(default=False)
    designated = models.BooleanField(default=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["user__full_name", "role", "id"]
        constraints = [
            models.CheckConstraint(
                name="membership_role_fits_school",
                condition=(~Q(role__in=sorted(SCHOOL_ONLY)) | Q(school__isnull=False))
                & (~Q(role__in=sorted(TRUST_ONLY)) | Q(school__isnull=True)),
                violation_error_message="Headteachers and pastoral teams belong to one school; the chief executive, "
                "the trust AP lead and finance to the whole trust.",
            ),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=sorted(Role.values))),
            models.CheckConstraint(
                name="membership_dates_in_order",
                condition=Q(until_day__isnull=True) | Q(until_day__gte=F("from_day")),
                violation_error_message="The last day must not be before the first.",
            ),
            models.CheckConstraint(
                name="membership_acting_has_end",
                condition=Q(acting=False) | (Q(role=Role.HEAD) & Q(until_day__isnull=False)),
                violation_error_message="An acting headteacher is named for dates: give the last day.",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "school"],
                condition=Q(until_day__isnull=True),
                nulls_distinct=False,
                name="membership_once",
                violation_error_message="This person already holds this role there.",
            ),
            models.UniqueConstraint(
                fields=["school"],
                condition=Q(designated=True, until_day__isnull=True),
                name="membership_one_designated_slt",
                violation_error_message="This school already has a designated pastoral SLT.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"
