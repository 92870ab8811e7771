"""The letter as a PDF: tagged, with its own fonts, and nothing fetched from anywhere."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from notices.codes import RecipientKind
from notices.models import NoticeRecipient

_PROFESSIONAL = frozenset({RecipientKind.LA, RecipientKind.VIRTUAL_SCHOOL, RecipientKind.SOCIAL_WORKER})


class FontsOnly(URLFetcher):
    """Opens the font files of the settings and refuses every other address, whatever a name or text may hold."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """The font behind ``url``; ``ValueError`` for anything else."""
        for _, _, font in settings.PDF_FONTS:
            if url == Path(font).as_uri():
                return URLFetcherResponse(url, Path(font).read_bytes(), {"Content-Type": "font/woff2"})
        raise ValueError(f"A letter fetches nothing but its fonts, not {url[:40]}")


@lru_cache(maxsize=1)
def _print_sheet() -> tuple[CSS, FontConfiguration]:
    """The print stylesheet with its fonts, read once for each process: reading them takes longer than a letter."""
    fonts = [
        {"family": family, "weight": weight, "url": Path(file).as_uri()} for family, weight, file in settings.PDF_FONTS
    ]
    families = ", ".join(f'"{family}"' for family in dict.fromkeys(font["family"] for font in fonts))
    configuration = FontConfiguration()
    sheet = CSS(
        string=render_to_string("notices/letter.css", {"fonts": fonts, "families": families}),
        font_config=configuration,
        url_fetcher=FontsOnly(),
    )
    return sheet, configuration


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
    sheet, fonts = _print_sheet()
    content = HTML(string=html, url_fetcher=FontsOnly()).write_pdf(
        stylesheets=[sheet], font_config=fonts, pdf_variant="pdf/ua-1", pdf_tags=True
    )
    return bytes(content)
