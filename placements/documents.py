"""The provider pack and the placement agreement as PDF."""

from typing import Any

from django.template.loader import render_to_string

from trust.documents import pdf_of


def paper_pdf(content: dict[str, Any], *, number: int, made_on: str) -> bytes:
    """One version of a paper from its frozen words, as tagged A4 PDF (PDF/UA-1); its title names no student."""
    html = render_to_string("placements/paper.html", {"paper": content, "number": number, "made_on": made_on})
    return pdf_of(html, "placements/paper.css")
