"""Students and the people who care for them."""

from django.db import models
from django.db.models import F, Q

from trust.audit import track
from trust.codes import Relationship, SenStatus, Sex
from trust.models.schools import School
from trust.permissions import Permission
from trust.scoping import GUEST_STATUSES, Scope, ScopedQuerySet


@track()
class Student(models.Model):
    """A student on the roll of a school of the trust. ``sort_name`` is folded and accent-free for searching."""

    scope = Scope(
        home="school_id",
        host="placements__host_school_id",
        host_when=("placements__status", GUEST_STATUSES),
        former="enrolments__school_id",
    )

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="students", verbose_name="home school")
    upn = models.CharField("UPN", max_length=13, unique=True)
    first_name = models.CharField("legal first names", max_length=80)
    family_name = models.CharField("legal family name", max_length=80)
    preferred_name = models.CharField("preferred first name", max_length=80, blank=True)
    sort_name = models.CharField(max_length=170, editable=False)
    born_on = models.DateField("date of birth")
    sex = models.CharField(max_length=1, choices=Sex.choices)
    nc_year = models.PositiveSmallIntegerField("NC year")
    free_school_meals = models.BooleanField(default=False)
    pupil_premium = models.BooleanField(default=False)
    sen_status = models.CharField("SEN status", max_length=1, choices=SenStatus.choices, default=SenStatus.NONE)
    ehc_authority = models.CharField("local authority of the EHC plan", max_length=80, blank=True)
    ehc_email = models.EmailField("e-mail of that authority", blank=True)
    looked_after = models.BooleanField("looked after by a local authority", default=False)
    virtual_school = models.CharField("virtual school head", max_length=120, blank=True)
    social_worker = models.CharField(max_length=120, blank=True)
    interests = models.TextField(blank=True)
    ethnicity = models.CharField(max_length=60, blank=True)
    senco = models.CharField("SENCO", max_length=120, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["sort_name", "id"]
        indexes = [
            models.Index(fields=["school", "sort_name"], name="student_school_name"),
            models.Index(fields=["sort_name"], name="student_name_prefix", opclasses=["text_pattern_ops"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="student_upn_shape",
                condition=Q(upn__regex=r"^[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]$"),
                violation_error_message="A UPN is a letter, eleven digits and a digit or letter.",
            ),
            models.CheckConstraint(
                name="student_ehc_plan_names_authority",
                condition=~Q(sen_status=SenStatus.EHC_PLAN) | ~Q(ehc_authority=""),
                violation_error_message="Name the local authority that maintains the EHC plan.",
            ),
            models.CheckConstraint(
                name="student_looked_after_names_virtual_school",
                condition=Q(looked_after=False) | (~Q(virtual_school="") & ~Q(social_worker="")),
                violation_error_message="Name the virtual school head and the social worker of a looked-after student.",
            ),
            models.CheckConstraint(name="student_nc_year_plausible", condition=Q(nc_year__gte=0, nc_year__lte=14)),
        ]

    def __str__(self) -> str:
        return f"{self.family_name}, {self.preferred_name or self.first_name}"


@track()
class Enrolment(models.Model):
    """A stretch of time on the roll of a school; a closed one keeps the case readable for the former school."""

    scope = Scope(home="school_id")

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="enrolments")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="enrolments")
    from_day = models.DateField()
    until_day = models.DateField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["student_id", "from_day"]
        constraints = [
            models.UniqueConstraint(fields=["student"], condition=Q(until_day__isnull=True), name="enrolment_one_open"),
            models.CheckConstraint(
                name="enrolment_in_order",
                condition=Q(until_day__isnull=True) | Q(until_day__gte=F("from_day")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student} at {self.school} from {self.from_day}"


@track()
class Contact(models.Model):
    """One person who may stand behind several students; what differs per student is on the link."""

    scope = Scope(
        home="links__student__school_id",
        permission=Permission.SEE_STUDENTS,
    )

    title = models.CharField(max_length=20, blank=True)
    first_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    address = models.TextField(blank=True)
    postcode = models.CharField(max_length=8, blank=True)
    email = models.EmailField("e-mail", blank=True)
    phone = models.CharField(max_length=30, blank=True)
    language = models.CharField("language, if not English", max_length=60, blank=True)
    large_print = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "first_name", "id"]

    def __str__(self) -> str:
        return f"{self.family_name}, {self.first_name}"


@track()
class ContactLink(models.Model):
    """What a contact is to one student: care, parental responsibility, consent, restriction (s.576 Education Act)."""

    scope = Scope(
        home="student__school_id",
        host="student__placements__host_school_id",
        host_when=("student__placements__status", GUEST_STATUSES),
    )

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="contact_links")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="links")
    relationship = models.CharField(max_length=24, choices=Relationship.choices)
    parental_responsibility = models.BooleanField(default=False)
    has_care = models.BooleanField("has care of the student", default=False)
    email_consent = models.BooleanField("agreed to notices by e-mail", default=False)
    letters_restricted = models.BooleanField("must not be sent letters", default=False)
    restriction_reason = models.TextField("reason of the restriction (DSL and headteacher)", blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["student_id", "-parental_responsibility", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["student", "contact"],
                name="contact_link_once",
                violation_error_message="This person is already a contact of this student.",
            ),
            models.CheckConstraint(
                name="contact_restriction_has_reason",
                condition=Q(letters_restricted=False) | ~Q(restriction_reason=""),
                violation_error_message="Say why this person must not be sent letters.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact} for {self.student}"


@track()
class Suspension(models.Model):
    """A suspension of a student, typed or imported, for triggers and the day-6 duty."""

    scope = Scope(home="school_id", former="student__school_id")

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="suspensions")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="suspensions")
    first_day = models.DateField()
    sessions = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=12, default="typed")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-first_day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["student", "first_day"], name="suspension_once_a_day"),
            models.CheckConstraint(name="suspension_has_sessions", condition=Q(sessions__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.student} suspended from {self.first_day}"
