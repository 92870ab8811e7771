"""The letter as a PDF, its translation, and the list of envelopes of a printing."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from fontTools.ttLib import TTFont

from notices.codes import Language, RecipientKind
from notices.models import NoticeRecipient, PrintBatch
from notices.rules.words import LABELS, filled, language_of, plain, printable, speaks_english
from trust.documents import pdf_of
from trust.errors import RuleBroken

# Line end, places to break and not to, direction, soft hyphen.
_NEVER_DRAWN = frozenset({0x0A, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0xAD})
_RUN = re.compile(r"\S{60}(?=\S)")
_PROFESSIONAL = frozenset({RecipientKind.LA, RecipientKind.VIRTUAL_SCHOOL, RecipientKind.SOCIAL_WORKER})


def salutation(name: str, kind: str, labels: Mapping[str, str] = LABELS) -> str:
    """'Dear Ms Mary Ashdown'; an office is addressed as a colleague."""
    return labels["dear_colleague"] if kind in _PROFESSIONAL else filled(labels["dear"], name=printable(name))


def address_lines(address: str) -> list[str]:
    """The lines of an address without the empty ones."""
    return [line.strip() for line in printable(address).splitlines() if line.strip()]


def help_line(letter: Mapping[str, Any], language: str) -> str:
    """What an English letter says to somebody who reads another language; '' to everybody else.

    That a translation goes with it, or whom to telephone for an interpreter.
    """
    if speaks_english(language):
        return ""
    known = language_of(language)
    name = known.label if known else printable(language).strip()
    if known and known.value in letter.get("translations", {}):
        return filled(letter["labels"]["translated"], language=name)
    return filled(letter["labels"]["interpreter"], language=name, phone=letter["school_phone"])


@cache
def _drawn() -> frozenset[int]:
    """Every character that one of the fonts of a letter can draw, and those that are never drawn."""
    drawn: dict[int, set[int]] = {}
    for _, weight, file in settings.PDF_FONTS:
        with TTFont(file, lazy=True) as font:
            drawn.setdefault(weight, set()).update(font.getBestCmap())
    # In every weight, so that a heading draws what a paragraph draws.
    return frozenset.intersection(*map(frozenset, drawn.values())) | _NEVER_DRAWN


def drawable(text: str) -> str:
    """``text`` with a sign of replacement for each character that no font of a letter has.

    Such a character would come out as an empty box, and its glyph makes all words of its font unreadable to a screen
    reader. Runs of letters longer than any word get places to break: without them one line takes the printer seconds.
    """
    known = _drawn()
    shown = "".join(char if ord(char) in known else "\ufffd" for char in text)
    return _RUN.sub(lambda match: f"{match.group()}\u200b", shown)


def _for_print(value: Any) -> Any:
    if isinstance(value, str):
        return drawable(value)
    if isinstance(value, dict):
        return {key: _for_print(one) for key, one in value.items()}
    return [_for_print(one) for one in value] if isinstance(value, list) else value


def letter_html(letter: Mapping[str, Any], recipient: NoticeRecipient) -> str:
    """The page that becomes one recipient's letter; ``letter`` is the frozen one or one of its translations."""
    words = _for_print(plain(letter))
    translated = words.get("language", Language.ENGLISH) != Language.ENGLISH
    return render_to_string(
        "notices/letter.html",
        {
            "letter": words,
            "name": _for_print(printable(recipient.name)),
            "address": _for_print(address_lines(recipient.address)),
            "salutation": _for_print(salutation(recipient.name, recipient.kind, words["labels"])),
            "help_line": "" if translated else _for_print(help_line(words, recipient.language)),
            "large": recipient.large_print,
            "title_tag": "h1",
            "heading_tag": "h2",
            "gap": "",
        },
    )


def letter_pdf(letter: Mapping[str, Any], recipient: NoticeRecipient) -> bytes:
    """One recipient's letter from the frozen values, as tagged A4 PDF (PDF/UA-1); in large print when wanted.

    Raises ``RuleBroken`` for a letter frozen before the words were kept with it.
    """
    if not letter.get("texts"):
        raise RuleBroken("This letter was authorised without its words: make it void and prepare it again.")
    return pdf_of(letter_html(letter, recipient), "notices/letter.css")


def translation_pdf(letter: Mapping[str, Any], recipient: NoticeRecipient) -> bytes | None:
    """The letter in the recipient's language, which goes with the English one; None when there is none to make."""
    language = None if speaks_english(recipient.language) else language_of(recipient.language)
    found = letter.get("translations", {}).get(language.value) if language else None
    return letter_pdf(found, recipient) if found else None


def envelope_list_pdf(batch: PrintBatch, recipients: Sequence[NoticeRecipient]) -> bytes:
    """The first page of a printing: its envelopes in order, with name, address and number of the notice."""
    html = render_to_string(
        "notices/batch_list.html",
        {
            "batch": batch,
            "envelopes": [
                {
                    "name": printable(one.name),
                    "lines": address_lines(one.address),
                    "notice": one.notice_id,
                    "translated": one.translation_id is not None,
                }
                for one in recipients
            ],
        },
    )
    return pdf_of(html, "notices/batch.css")


def sample_pdf(letter: Mapping[str, Any], *, name: str, address: Sequence[str], large: bool = False) -> bytes:
    """A letter to nobody, to look at a template; gaps stand where a real one would be refused."""
    recipient = NoticeRecipient(kind=RecipientKind.PARENT, name=name, address="\n".join(address), large_print=large)
    return letter_pdf(letter, recipient)
