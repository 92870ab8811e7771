"""The outbox: e-mails are rows, sent by a worker exactly once or left visibly unknown."""

from trust.services.mail.outbox import NewMail, queue_mail, queue_mails, tell_once
from trust.services.mail.sending import mark_unknown, send_mails, settle_unknown

__all__ = [
    "NewMail",
    "mark_unknown",
    "queue_mail",
    "queue_mails",
    "send_mails",
    "settle_unknown",
    "tell_once",
]
