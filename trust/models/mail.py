"""E-mails to be sent: each row is one message to one address, sent exactly once or visibly unknown."""

from django.db import models
from django.db.models import Q

from trust.audit import status_by_table, track
from trust.codes import MAIL_FIRST, MAIL_MOVES, MailKind, MailStatus
from trust.models.records import StoredFile
from trust.models.schools import School
from trust.permissions import Permission
from trust.scoping import TrustWideQuerySet


class MailQuerySet(TrustWideQuerySet):
    """Messages that wait, and messages nobody knows about."""

    def unknown(self) -> "MailQuerySet":
        """Handed to a mail server by a worker that then died or lost the line: check before sending again."""
        return self.filter(status=MailStatus.UNKNOWN)


@track()
class Mail(models.Model):
    """One message. ``key`` says what it is for ('digest:2026-11-24:user:3'), so that a second asking finds the first.

    A worker claims it (SENDING, ``locked_until``) in a transaction of its own before the mail server hears of it. What
    comes back decides: SENT, FAILED for good, TO_SEND again when the server surely did not take it, else UNKNOWN.
    """

    seen_with = Permission.SEE_STAFF

    key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=24, choices=MailKind.choices)
    status = models.CharField(max_length=24, choices=MailStatus.choices, default=MailStatus.TO_SEND, editable=False)
    school = models.ForeignKey(School, on_delete=models.PROTECT, null=True, related_name="+")
    to = models.EmailField()
    subject = models.CharField(max_length=120)
    body = models.TextField()
    attachments = models.ManyToManyField(StoredFile, related_name="+")
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=120, blank=True)
    error = models.CharField("why it did not go, or is not known to have gone", max_length=240, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["next_try_at"], name="mail_to_send", condition=Q(status=MailStatus.TO_SEND)),
            models.Index(fields=["locked_until"], name="mail_sending", condition=Q(status=MailStatus.SENDING)),
        ]
        constraints = [
            models.CheckConstraint(
                name="mail_sent_has_time",
                condition=Q(status=MailStatus.SENT, sent_at__isnull=False)
                | (~Q(status=MailStatus.SENT) & Q(sent_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="mail_sending_is_claimed",
                condition=~Q(status=MailStatus.SENDING) | Q(locked_until__isnull=False),
            ),
            models.CheckConstraint(
                name="mail_says_why",
                condition=~Q(status__in=[MailStatus.FAILED, MailStatus.UNKNOWN]) | ~Q(error=""),
            ),
        ]
        triggers = [status_by_table(MAIL_FIRST, MAIL_MOVES)]

    def __str__(self) -> str:
        return f"Mail {self.pk}"
