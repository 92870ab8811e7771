"""The line to the mail server, and what its answers mean for an e-mail."""

import smtplib
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import smtp

from trust.codes import MailStatus
from trust.rules import mail_status_after, words_of_server

UNREACHABLE = "The mail server could not be reached; it is tried again."
LOST = "The line to the mail server was lost while it took the message: check before sending again."


class _Watched(smtplib.SMTP):
    """A line to a mail server that knows whether it has begun to hand over a message."""

    began = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.began = True
        return super().data(msg)


class _WatchedSSL(_Watched, smtplib.SMTP_SSL):
    """The same on an encrypted line."""


class _Backend(smtp.EmailBackend):
    """Django's way to a mail server, on watched lines."""

    @property
    def connection_class(self) -> type[_Watched]:
        return _WatchedSSL if self.use_ssl else _Watched


class Line:
    """The connection of one run: opened before anything is claimed, and anew after whatever went wrong on it."""

    def __init__(self) -> None:
        plain = settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"
        self._backend: Any = _Backend() if plain else get_connection()

    def open(self) -> None:
        """Raises OSError when the server cannot be reached or refuses the greeting or the log-in."""
        self._backend.open()

    def began(self) -> bool:
        """Whether the server may have the message that was handed over last. True where nothing says so."""
        if not isinstance(self._backend, _Backend):
            return True
        line = self._backend.connection
        return isinstance(line, _Watched) and line.began

    def send(self, message: EmailMessage) -> bool:
        """Hand one message over; True when the server took it."""
        line = getattr(self._backend, "connection", None)
        if isinstance(line, _Watched):
            line.began = False
        return bool(self._backend.send_messages([message]))

    def close(self) -> None:
        """Take leave; a server that does not answer to it changes nothing."""
        with suppress(OSError):
            self._backend.close()


@dataclass(frozen=True)
class Verdict:
    """Where an e-mail stands after a try, and why when it did not go."""

    status: MailStatus
    error: str = ""


def verdict_on(problem: Exception, *, began: bool, to: str) -> Verdict:
    """What becomes of an e-mail whose handing over ended in ``problem``."""
    code, reply = _answer(problem, to)
    status = mail_status_after(code, began=began)
    if code is not None and status != MailStatus.UNKNOWN:
        return Verdict(status, words_of_server(code, reply, to=to))
    return Verdict(status, LOST if status == MailStatus.UNKNOWN else UNREACHABLE)


def _answer(problem: Exception, to: str) -> tuple[int | None, str]:
    """The server's answer inside an error of ``smtplib``; None when it gave none about this message."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(problem.recipients.values()))
        return code, _text(reply)
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return 553, "it cannot send to an address with such letters"
    # The greeting is about the line, not about the message.
    if isinstance(problem, smtplib.SMTPResponseException) and not isinstance(problem, smtplib.SMTPHeloError):
        return problem.smtp_code, _text(problem.smtp_error)
    return None, ""


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
