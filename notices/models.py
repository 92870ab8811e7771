"""Direction notices: what the letter says, who must have it, how and when each was given it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from notices.codes import DEADLINE_KINDS, Channel, Language, NoticeKind, RecipientKind
from notices.lifecycle import FIRST, MOVES, TEMPLATE_FIRST, TEMPLATE_MOVES, Status, TemplateStatus
from placements.codes import Route
from placements.models import PlacementPeriod
from trust.audit import status_by_table, track
from trust.models import ContactLink, Mail, School, StoredFile
from trust.permissions import Permission
from trust.scoping import Scope, ScopedQuerySet, TrustWideQuerySet


@track()
class NoticeTemplate(models.Model):
    """One version of the wording of a letter for a route, a kind and a language; an issued letter keeps its own words.

    ``texts`` holds the standard paragraphs by the names of ``notices.rules.SECTIONS``, ``labels`` the fixed words of
    the tables in another language. Where no version is in force, the built-in English wording holds.
    """

    seen_with = Permission.SEE_STUDENTS

    route = models.CharField(max_length=24, choices=Route.choices)
    kind = models.CharField(max_length=24, choices=NoticeKind.choices)
    language = models.CharField(max_length=8, choices=Language.choices, default=Language.ENGLISH)
    number = models.PositiveIntegerField("version")
    status = models.CharField(
        max_length=24, choices=TemplateStatus.choices, default=TemplateStatus.DRAFT, editable=False
    )
    texts = models.JSONField(default=dict)
    labels = models.JSONField(default=dict)
    note = models.CharField("what changed, and why", max_length=240, blank=True)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    edited_at = models.DateTimeField()
    in_force_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    in_force_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField("times saved", default=1, editable=False)

    objects = TrustWideQuerySet.as_manager()

    class Meta:
        ordering = ["route", "kind", "language", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["route", "kind", "language", "number"], name="template_number_once"),
            models.UniqueConstraint(
                fields=["route", "kind", "language"],
                condition=Q(status=TemplateStatus.IN_FORCE),
                name="template_one_in_force",
                violation_error_message="Another version is in force: it is retired when this one comes into force.",
            ),
            models.UniqueConstraint(
                fields=["route", "kind", "language"],
                condition=Q(status=TemplateStatus.DRAFT),
                name="template_one_draft",
                violation_error_message="There is already a draft: go on with it or drop it.",
            ),
            models.CheckConstraint(
                name="template_in_force_pair",
                condition=Q(status__in=[TemplateStatus.DRAFT, TemplateStatus.DROPPED], in_force_at__isnull=True)
                | Q(
                    status__in=[TemplateStatus.IN_FORCE, TemplateStatus.RETIRED],
                    in_force_at__isnull=False,
                    in_force_by__isnull=False,
                ),
            ),
        ]
        triggers = [status_by_table(TEMPLATE_FIRST, TEMPLATE_MOVES)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_route_display()}, version {self.number}"


class NoticeQuerySet(ScopedQuerySet):
    """Direction notices."""

    def in_force(self) -> "NoticeQuerySet":
        """Not void."""
        return self.exclude(status=Status.VOID)


@track()
class DirectionNotice(models.Model):
    """One notice for one period (P7.2 to P7.4). An issued one is never edited: it is made void and issued again.

    ``effective_on`` is the day from which it holds: the first day of the period, of the change, of the return, or the
    day of the withdrawal. ``frozen`` holds every value the letter states, as text, from the moment of authorising;
    ``left_out`` the people to whom no letter may go. Each recipient keeps an own verdict, frozen when given; the
    notice's (``deadline_on``, ``in_time``) is frozen with the last of them.
    """

    scope = Scope(
        home="placement_period__placement__school_id", former="placement_period__placement__student__school_id"
    )

    placement_period = models.ForeignKey(PlacementPeriod, on_delete=models.PROTECT, related_name="notices")
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="followed_by")
    kind = models.CharField(max_length=24, choices=NoticeKind.choices)
    effective_on = models.DateField("holds from")
    status = models.CharField(max_length=24, choices=Status.choices, default=Status.DRAFT, editable=False)
    reasons = models.TextField("reasons for the direction", blank=True)
    aims = models.TextField("aims of the placement", blank=True)
    measurable_aim = models.CharField("at least one measurable aim", max_length=240, blank=True)
    report_to = models.CharField("person to report to", max_length=120, blank=True)
    start_time = models.TimeField("time of arrival", null=True, blank=True)
    sessions_note = models.CharField("days and times that differ", max_length=240, blank=True)
    first_review_on = models.DateField("first review on", null=True, blank=True)
    days_required = models.PositiveSmallIntegerField("school days required", null=True, blank=True)
    days_reason = models.CharField("why the number was corrected", max_length=240, blank=True)
    outcome = models.TextField("outcome of the period", blank=True)
    return_on = models.DateField("date of return", null=True, blank=True)
    return_time = models.TimeField("time of return", null=True, blank=True)
    return_place = models.CharField("place to return to", max_length=240, blank=True)
    return_person = models.CharField("person to report to on return", max_length=120, blank=True)
    changes = models.TextField("what changes", blank=True)
    frozen = models.JSONField(null=True, editable=False)
    left_out = models.JSONField(default=list, editable=False)
    template_version = models.CharField(max_length=60, blank=True, editable=False)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    authorised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    authorised_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(null=True)
    deadline_on = models.DateField(null=True, editable=False)
    given_on = models.DateField(null=True, editable=False)
    in_time = models.BooleanField(null=True, editable=False)
    override_reason = models.TextField(blank=True)
    override_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    override_at = models.DateTimeField(null=True)
    parent_agreement = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    void_reason = models.TextField(blank=True)
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-prepared_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["placement_period", "kind"],
                condition=~Q(status=Status.VOID) & ~Q(kind=NoticeKind.VARIATION),
                name="notice_one_in_force",
                violation_error_message="This period already has a notice of this kind: make it void first.",
            ),
            models.UniqueConstraint(
                fields=["placement_period", "effective_on"],
                condition=~Q(status=Status.VOID) & Q(kind=NoticeKind.VARIATION),
                name="notice_one_variation_a_day",
                violation_error_message="There is already a notice of a change from that day: make it void first.",
            ),
            models.CheckConstraint(
                name="notice_authorised_pair",
                condition=Q(authorised_by__isnull=True, authorised_at__isnull=True)
                | Q(authorised_by__isnull=False, authorised_at__isnull=False),
            ),
            models.CheckConstraint(
                name="notice_authorised_before_issue",
                condition=~Q(status__in=[Status.AUTHORISED, Status.ISSUED, Status.GIVEN])
                | Q(authorised_at__isnull=False, frozen__isnull=False),
            ),
            models.CheckConstraint(
                name="notice_issued_has_time",
                condition=~Q(status__in=[Status.ISSUED, Status.GIVEN]) | Q(issued_at__isnull=False),
            ),
            models.CheckConstraint(
                name="notice_given_has_verdict",
                condition=~Q(status=Status.GIVEN)
                | Q(given_on__isnull=False, deadline_on__isnull=False, in_time__isnull=False),
            ),
            models.CheckConstraint(
                name="notice_late_has_override",
                condition=~Q(status=Status.GIVEN, in_time=False, kind__in=sorted(DEADLINE_KINDS))
                | (~Q(override_reason="") & Q(override_by__isnull=False, override_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="notice_void_has_reason",
                condition=~Q(status=Status.VOID) | (~Q(void_reason="") & Q(voided_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="notice_follows_another", condition=Q(follows__isnull=True) | ~Q(follows=F("id"))
            ),
        ]
        triggers = [status_by_table(FIRST, MOVES)]

    def __str__(self) -> str:
        return f"Notice {self.pk}"


@track()
class PrintBatch(models.Model):
    """Letters of one school printed together: one PDF in the order of the envelopes, posted on one day.

    A job makes the file (``locked_until`` claims it); ``posted_at`` records the posting of all of them at once.
    """

    scope = Scope(home="school_id")

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    pages = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField("why it could not be made", max_length=240, blank=True)
    posted_at = models.DateTimeField(null=True)
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="batch_made_pair",
                condition=Q(file__isnull=True, made_at__isnull=True) | Q(file__isnull=False, made_at__isnull=False),
            ),
            models.CheckConstraint(
                name="batch_posted_after_made",
                condition=Q(posted_at__isnull=True, posted_by__isnull=True)
                | Q(posted_at__isnull=False, posted_by__isnull=False, file__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Printing {self.pk}"


@track()
class NoticeRecipient(models.Model):
    """One who must be given the notice, with name and address as they stood when it was authorised.

    *Given* is not *sent*: ``sent_at`` is when it left, ``deemed_given_on`` the day the law counts, ``in_time`` whether
    that was by ``deadline_on`` as the calendar stood then. ``mail`` is the latest e-mail with this letter, ``batch``
    the printing it is in, ``translation`` the letter in the recipient's language, which goes with it.
    """

    scope = Scope(
        home="notice__placement_period__placement__school_id",
        former="notice__placement_period__placement__student__school_id",
    )

    notice = models.ForeignKey(DirectionNotice, on_delete=models.PROTECT, related_name="recipients")
    kind = models.CharField(max_length=24, choices=RecipientKind.choices)
    contact_link = models.ForeignKey(ContactLink, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=200)
    address = models.TextField(blank=True)
    email = models.EmailField(blank=True)
    email_consent = models.BooleanField(default=False)
    language = models.CharField("language, if not English", max_length=60, blank=True)
    large_print = models.BooleanField(default=False)
    letter = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    translation = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(null=True)
    mail = models.OneToOneField(Mail, on_delete=models.PROTECT, null=True, related_name="recipient")
    batch = models.ForeignKey(PrintBatch, on_delete=models.PROTECT, null=True, related_name="recipients")
    channel = models.CharField(max_length=24, choices=Channel.choices, blank=True)
    sent_at = models.DateTimeField(null=True)
    deemed_given_on = models.DateField(null=True)
    deadline_on = models.DateField(null=True)
    in_time = models.BooleanField(null=True)
    proof = models.CharField("proof: who handed it over, certificate of posting", max_length=240, blank=True)
    proof_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["notice_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "contact_link"], name="notice_recipient_once"),
            models.CheckConstraint(
                name="notice_service_whole",
                condition=Q(channel="", sent_at__isnull=True, deemed_given_on__isnull=True, recorded_by__isnull=True)
                | (
                    ~Q(channel="")
                    & Q(
                        sent_at__isnull=False,
                        deemed_given_on__isnull=False,
                        recorded_by__isnull=False,
                        letter__isnull=False,
                    )
                ),
            ),
            models.CheckConstraint(
                name="notice_recipient_verdict_frozen",
                condition=Q(deemed_given_on__isnull=True, deadline_on__isnull=True, in_time__isnull=True)
                # Each said to be there: a comparison with nothing is not false, so a check lets it pass.
                | Q(
                    Q(in_time=True, deemed_given_on__lte=F("deadline_on"))
                    | Q(in_time=False, deemed_given_on__gt=F("deadline_on")),
                    in_time__isnull=False,
                    deemed_given_on__isnull=False,
                    deadline_on__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="notice_email_needs_consent",
                condition=~Q(channel=Channel.EMAIL, kind=RecipientKind.PARENT) | Q(email_consent=True),
                violation_error_message="This parent has not agreed to notices by e-mail.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
