"""All notices of one placement bound into one PDF, with every stored letter as it was made."""

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from PIL import Image, ImageOps
from pypdf import PdfReader, PdfWriter

from notices.queries import ChainNotice, ChainPaper, chain_of
from notices.queries.chain import copy_of
from placements.models import Placement
from trust.calendar import london_date
from trust.documents import pdf_of
from trust.errors import RuleBroken
from trust.permissions import Permission
from trust.services import file_bytes, log_access, require

logger = logging.getLogger(__name__)

# A list of papers that grows by a page moves every paper once; more rounds mean a mistake.
_ROUNDS = 4
# A request binds no more than this; what goes beyond it is listed and downloaded by itself.
MOST_PAGES = 300
MOST_BYTES = 100 * 1024 * 1024
MOST_PIXELS = 40_000_000
# A4 at 150 dots an inch, with a margin of about 1 cm.
_A4, _DPI, _MARGIN = (1240, 1754), 150, 60

_APART = "Download it from the page of the notice."


@dataclass
class _Bound:
    """One paper in the binding: its number, its pages, and from which page on it stands; ``fault`` why it does not."""

    number: int
    paper: ChainPaper
    reader: PdfReader | None = None
    fault: str = ""
    page: int = 0

    @property
    def length(self) -> int:
        """How many pages it has in the binding."""
        return len(self.reader.pages) if self.reader else 0


@dataclass
class _Room:
    """How much the binding may still take."""

    pages: int
    size: int


def _page_with(content: bytes) -> bytes:
    """A picture on a page of its own, upright and whole. Raises ``ValueError`` for one with too many points."""
    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
        # Known from its first bytes, before any point is read.
        if image.width * image.height > MOST_PIXELS:
            raise ValueError("The picture has too many points.")
        room = (_A4[0] - 2 * _MARGIN, _A4[1] - 2 * _MARGIN)
        image.draft("RGB", (2 * room[0], 2 * room[1]))
        picture = ImageOps.exif_transpose(image).convert("RGBA")
    picture.thumbnail(room)
    sheet = Image.new("RGB", _A4, "white")
    sheet.paste(picture, ((_A4[0] - picture.width) // 2, _MARGIN), picture)
    out = io.BytesIO()
    sheet.save(out, "PDF", resolution=_DPI)
    return out.getvalue()


def _whole(content: bytes, most: int) -> PdfReader | None:
    """The paper written anew, so that a damaged one fails here and not amid the binding; None when it is too long."""
    reader = PdfReader(io.BytesIO(content))
    if len(reader.pages) > most:
        return None
    writer = PdfWriter()
    writer.append(reader, import_outline=False)
    out = io.BytesIO()
    writer.write(out)
    writer.close()
    again = PdfReader(out)
    if not again.pages:
        raise ValueError("The paper has no page.")
    return again


def _opened(number: int, paper: ChainPaper, room: _Room) -> _Bound:
    """The paper after checking its hash; one that is gone, changed, damaged or too long is listed with the reason."""
    if not paper.bindable:
        fault = f"Kept apart: it is neither a PDF nor a picture. {_APART}"
    elif room.pages < 1 or paper.file.size > room.size:
        fault = f"Kept apart: the binding is full. {_APART}"
    else:
        fault = ""
    try:
        # The hash is checked of what is kept apart too, as long as there is room to read at all.
        content = file_bytes(paper.file) if paper.file.size <= room.size else b""
    except RuleBroken as error:
        return _Bound(number, paper, fault=error.message)
    if fault:
        return _Bound(number, paper, fault=fault)
    try:
        reader = _whole(_page_with(content) if paper.picture else content, room.pages)
    except Exception as problem:
        # From outside comes any damage, and the libraries answer it with any error: one paper never costs the others.
        logger.warning("Stored file %s cannot be bound: %s", paper.file.pk, type(problem).__name__)
        what = "picture" if paper.picture else "PDF"
        return _Bound(number, paper, fault=f"Kept apart: the {what} cannot be bound, it may be damaged. {_APART}")
    if reader is None:
        return _Bound(number, paper, fault=f"Kept apart: with it the binding has over {MOST_PAGES} pages. {_APART}")
    room.pages -= len(reader.pages)
    room.size -= paper.file.size
    return _Bound(number, paper, reader)


def _cover(
    placement: Placement, chain: Sequence[ChainNotice], papers: Sequence[_Bound], copy_for: Any, by: Any, now: datetime
) -> Any:
    """The contents and the facts as a PDF, with the page on which each paper begins."""
    pages = 1
    for _ in range(_ROUNDS):
        at = pages + 1
        for paper in papers:
            paper.page = at
            at += paper.length
        html = render_to_string(
            "notices/chain.html",
            {
                "placement": placement,
                "chain": chain,
                "papers": papers,
                "copy_for": copy_for,
                "by": by,
                "now": now,
                "pages": at - 1,
                "cover": pages,
            },
        )
        reader = PdfReader(io.BytesIO(pdf_of(html, "notices/chain.css")))
        if len(reader.pages) == pages:
            return reader
        pages = len(reader.pages)
    raise RuntimeError("The list of papers does not settle on a number of pages.")


def bind_chain(*, placement_id: int, path: str, by: Any, now: datetime, recipient_id: int | None = None) -> bytes:
    """One PDF of all notices of a placement: contents, facts, then every stored letter and proof, byte for byte read.

    With ``recipient_id`` a copy for that person: only their own letters and proofs, of the others no name, no address
    and no paper; without it the whole for the school's own file. Each file's hash is checked before it is bound. The
    access log says which of the two was taken, with ``path``. Raises ``NotAllowed`` without the permission at the home
    school, ``RuleBroken`` when there is no notice or no such recipient.
    """
    placement = Placement.objects.select_related("student", "school", "provider").get(pk=placement_id)
    require(by, Permission.SEE_CHRONOLOGY, home_id=placement.school_id)
    chain: Sequence[ChainNotice] = chain_of(placement, london_date(now))
    if not chain:
        raise RuleBroken("There is no notice of this placement.")
    copy_for: Any = None
    if recipient_id is not None:
        copied = copy_of(chain, recipient_id)
        if copied is None:
            raise RuleBroken("No notice of this placement has this recipient.")
        chain = copied
        copy_for = next(one.recipient for each in chain for one in each.recipients if one.recipient.pk == recipient_id)
    room = _Room(MOST_PAGES, MOST_BYTES)
    papers = [
        _opened(number, paper, room)
        for number, paper in enumerate((one for each in chain for one in each.papers), start=1)
    ]
    cover = _cover(placement, chain, papers, copy_for, by, now)
    writer = PdfWriter()
    writer.append(cover, outline_item="Contents and facts", import_outline=False)
    for one in papers:
        if one.reader is not None:
            title = f"{one.number}. {one.paper.title}, notice {one.paper.notice_id}"
            writer.append(one.reader, outline_item=title, import_outline=False)
    writer.add_metadata({"/Title": f"Notices of placement {placement.pk}"})
    out = io.BytesIO()
    writer.write(out)
    writer.close()
    if copy_for is None:
        action = "took the chain of notices (whole)"
    else:
        action, path = "took the chain of notices (copy)", f"{path}?recipient={recipient_id}"
    log_access(by=by, student=placement.student, action=action, path=path, now=now)
    return out.getvalue()
