"""Direction notices: what the letter says, who must have it, how and when each was given it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from notices.codes import Channel, NoticeKind, RecipientKind
from notices.lifecycle import Status
from placements.models import PlacementPeriod
from trust.audit import track
from trust.models import ContactLink, StoredFile
from trust.scoping import Scope, ScopedQuerySet


class NoticeQuerySet(ScopedQuerySet):
    """Direction notices."""

    def in_force(self) -> "NoticeQuerySet":
        """Not void."""
        return self.exclude(status=Status.VOID)


@track()
class DirectionNotice(models.Model):
    """One notice for one period (P7.2 to P7.4). An issued one is never edited: it is made void and issued again.

    ``frozen`` holds every value the letter states, as text, from the moment of authorising. The verdict
    (``deadline_on``, ``in_time``) is frozen when the last required recipient was given it.
    """

    scope = Scope(
        home="placement_period__placement__school_id", former="placement_period__placement__student__school_id"
    )

    placement_period = models.ForeignKey(PlacementPeriod, on_delete=models.PROTECT, related_name="notices")
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="followed_by")
    kind = models.CharField(max_length=24, choices=NoticeKind.choices)
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
    return_plan = models.TextField("outcome and return (end of period)", blank=True)
    frozen = models.JSONField(null=True, editable=False)
    template_version = models.CharField(max_length=20, blank=True, editable=False)
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
                condition=~Q(status=Status.VOID),
                name="notice_one_in_force",
                violation_error_message="This period already has a notice of this kind: make it void first.",
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
                condition=~Q(status=Status.GIVEN, in_time=False)
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

    def __str__(self) -> str:
        return f"Notice {self.pk}"


@track()
class NoticeRecipient(models.Model):
    """One who must be given the notice, with name and address as they stood when it was authorised.

    *Given* is not *sent*: ``sent_at`` is when it left, ``deemed_given_on`` the day the law counts.
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
    letter = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(null=True)
    channel = models.CharField(max_length=24, choices=Channel.choices, blank=True)
    sent_at = models.DateTimeField(null=True)
    deemed_given_on = models.DateField(null=True)
    proof = models.CharField("proof: who handed it over, certificate of posting", max_length=240, blank=True)
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
                name="notice_email_needs_consent",
                condition=~Q(channel=Channel.EMAIL, kind=RecipientKind.PARENT) | Q(email_consent=True),
                violation_error_message="This parent has not agreed to notices by e-mail.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
