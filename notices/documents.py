"""The letter as a PDF."""

from typing import Any

from django.template.loader import render_to_string

from notices.codes import RecipientKind
from notices.models import NoticeRecipient
from trust.documents import pdf_of

_PROFESSIONAL = frozenset({RecipientKind.LA, RecipientKind.VIRTUAL_SCHOOL, RecipientKind.SOCIAL_WORKER})


def salutation(name: str, kind: str) -> str:
    """'Dear Ms Mary Ashdown'; an office is addressed as a colleague."""
    return "Dear colleague" if kind in _PROFESSIONAL else f"Dear {name}"


def letter_pdf(letter: dict[str, Any], recipient: NoticeRecipient) -> bytes:
    """One recipient's letter from the frozen values, as tagged A4 PDF (PDF/UA-1)."""
    html = render_to_string(
        "notices/letter.html",
        {
            "letter": letter,
            "name": recipient.name,
            "address": [line.strip() for line in recipient.address.splitlines() if line.strip()],
            "salutation": salutation(recipient.name, recipient.kind),
        },
    )
    return pdf_of(html, "notices/letter.css")
