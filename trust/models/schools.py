"""Schools and the dates on which they are open."""

from django.db import models
from django.db.models import F, Q

from trust.audit import track
from trust.codes import NonSchoolDayKind, Season
from trust.permissions import Permission
from trust.scoping import Scope, ScopedQuerySet, TrustWideQuerySet


@track()
class School(models.Model):
    """A school of the trust: the home school of its students and sometimes the host of another's."""

    scope = Scope(home="id")

    name = models.CharField(max_length=120, unique=True)
    short_name = models.CharField(max_length=24, unique=True)
    urn = models.CharField("URN", max_length=6, unique=True)
    address = models.TextField(help_text="As it stands on a letter, one line each.")
    postcode = models.CharField(max_length=8)
    phone = models.CharField(max_length=20)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="school_urn_six_digits",
                condition=Q(urn__regex=r"^[0-9]{6}$"),
                violation_error_message="A URN has six digits.",
            )
        ]

    def __str__(self) -> str:
        return self.name


@track()
class SchoolTimes(models.Model):
    """The session times of a school from a day on; the end of the afternoon decides when an e-mail counts."""

    scope = Scope(home="school_id")

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="times")
    from_day = models.DateField()
    am_start = models.TimeField()
    am_end = models.TimeField()
    pm_start = models.TimeField()
    pm_end = models.TimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["school_id", "from_day"]
        constraints = [
            models.UniqueConstraint(fields=["school", "from_day"], name="school_times_once_a_day"),
            models.CheckConstraint(
                name="school_times_in_order",
                condition=Q(am_start__lt=F("am_end"), am_end__lte=F("pm_start"), pm_start__lt=F("pm_end")),
                violation_error_message="The times must follow one another through the day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} from {self.from_day}"


@track()
class AcademicYear(models.Model):
    """One academic year of the trust, 1 September to 31 August."""

    seen_with = Permission.SEE_PROVIDERS

    label = models.CharField(max_length=7, unique=True)
    first_day = models.DateField(unique=True)
    last_day = models.DateField(unique=True)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["first_day"]
        constraints = [models.CheckConstraint(name="academic_year_in_order", condition=Q(last_day__gt=F("first_day")))]

    def __str__(self) -> str:
        return self.label


@track()
class Term(models.Model):
    """A term of one school with its half-term break."""

    scope = Scope(home="school_id")

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="terms")
    academic_year = models.ForeignKey(AcademicYear, on_delete=models.PROTECT, related_name="terms")
    season = models.CharField(max_length=24, choices=Season.choices)
    first_day = models.DateField()
    break_first = models.DateField("first day of half-term")
    break_last = models.DateField("last day of half-term")
    last_day = models.DateField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["school_id", "first_day"]
        constraints = [
            models.UniqueConstraint(fields=["school", "academic_year", "season"], name="term_once_a_year"),
            models.CheckConstraint(
                name="term_in_order",
                condition=Q(
                    first_day__lt=F("break_first"),
                    break_first__lte=F("break_last"),
                    break_last__lt=F("last_day"),
                ),
                violation_error_message="First day, half-term and last day must follow one another.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_season_display()} {self.academic_year} at {self.school}"


@track()
class NonSchoolDay(models.Model):
    """A day in term time on which a school holds no session: INSET, closure. Bank holidays are computed."""

    scope = Scope(home="school_id")

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="non_school_days")
    day = models.DateField()
    kind = models.CharField(max_length=24, choices=NonSchoolDayKind.choices)
    note = models.CharField(max_length=120, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["school_id", "day"]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "day"],
                name="non_school_day_once",
                violation_error_message="This day is already recorded for this school.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.day} at {self.school}"
