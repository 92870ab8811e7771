"""Papers as PDF: tagged, with our own fonts, and nothing fetched from anywhere."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse


class FontsOnly(URLFetcher):
    """Opens the font files of the settings and refuses every other address, whatever a name or text may hold."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """The font behind ``url``; ``ValueError`` for anything else."""
        for _, _, font in settings.PDF_FONTS:
            if url == Path(font).as_uri():
                return URLFetcherResponse(url, Path(font).read_bytes(), {"Content-Type": "font/woff2"})
        raise ValueError(f"A letter fetches nothing but its fonts, not {url[:40]}")


@cache
def print_sheet(template: str) -> tuple[CSS, FontConfiguration]:
    """A print stylesheet with its fonts, read once for each process: reading them takes longer than a letter.

    The template gets ``fonts`` (family, weight, url) and ``families``, the list of them for a ``font`` rule.
    """
    fonts = [
        {"family": family, "weight": weight, "url": Path(file).as_uri()} for family, weight, file in settings.PDF_FONTS
    ]
    families = ", ".join(f'"{family}"' for family in dict.fromkeys(font["family"] for font in fonts))
    configuration = FontConfiguration()
    sheet = CSS(
        string=render_to_string(template, {"fonts": fonts, "families": families}),
        font_config=configuration,
        url_fetcher=FontsOnly(),
    )
    return sheet, configuration


@contextmanager
def _not_collecting() -> Iterator[None]:
    """Without the garbage collector: a paper makes many objects and no cycles worth a look; it costs a seventh."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def pdf_of(html: str, stylesheet: str) -> bytes:
    """``html`` as tagged A4 PDF (PDF/UA-1); ``stylesheet`` is the template of its print sheet."""
    sheet, fonts = print_sheet(stylesheet)
    with _not_collecting():
        content = HTML(string=html, url_fetcher=FontsOnly()).write_pdf(
            stylesheets=[sheet], font_config=fonts, pdf_variant="pdf/ua-1", pdf_tags=True
        )
    return bytes(content)
