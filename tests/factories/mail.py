"""A mail server of our own, on a free port, that keeps what it is given and refuses what it is told to."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Post:
    """What happens to messages. ``answers`` maps an address to what RCPT or DATA answers instead of taking it.

    An answer is a sentence as '550 no such user', or 'CUT' to close the line in the middle of the message, 'CUT AFTER'
    to close it when the message was taken, 'CUT BEFORE' when the recipient is named.
    """

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.rcpt: dict[str, str] = {}
        self.data: dict[str, str] = {}
        self.pause = 0.0
        self.lock = threading.Lock()

    @property
    def to(self) -> Counter[str]:
        """How many messages arrived for each address."""
        with self.lock:
            return Counter(str(message["To"]) for message in self.received)

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        answer = self.rcpt.get(address)
        if answer == "CUT":
            server.transport.close()
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        [address] = envelope.rcpt_tos
        answer = self.data.get(address, "")
        if self.pause:
            await asyncio.sleep(self.pause)
        if answer == "CUT":
            server.transport.close()
            return "250 OK"
        if answer and answer != "CUT AFTER":
            return answer
        with self.lock:
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        if answer == "CUT AFTER":
            server.transport.close()
        return "250 OK"


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def mail_server(post: Post, port: int) -> Iterator[Post]:
    """Run the server for a while."""
    controller = Controller(post, hostname="127.0.0.1", port=port, ready_timeout=10)
    controller.start()
    try:
        yield post
    finally:
        controller.stop(no_assert=True)


def mail_settings(port: int) -> dict[str, Any]:
    """The settings that lead to a server on this port."""
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
        "EMAIL_TIMEOUT": 3,
    }
