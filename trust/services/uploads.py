"""What a file is, by its content. A name or a type claimed by the sender is only compared with it.

A file that is kept is never run here, but somebody opens it: what can act on its own is refused with a sentence.
"""

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import puremagic

from trust.errors import RuleBroken

# What looking into a file may take apart at most, so that a small file cannot fill the memory.
_UNPACKED_MAX = 100 * 1024 * 1024
_PARTS_MAX = 5000
_PIXELS_MAX = 100_000_000

_NAME = "file"


def _refuse(message: str, help: str | None = None) -> RuleBroken:
    return RuleBroken(message, field=_NAME, help=help)


def safe_name(name: str, suffix: str) -> str:
    """The sender's name as it is kept: plain letters, one suffix that fits the content, at most 100 characters."""
    stem = re.split(r"[\\/]", name)[-1].rpartition(".")[0] or name
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    tidy = re.sub(r"[^A-Za-z0-9 _()-]+", "_", plain).strip(" _-")
    return f"{tidy[: 100 - len(suffix)] or 'file'}{suffix}"


def kind_of_content(name: str, content: bytes, allowed: Mapping[str, str]) -> str:
    """The suffix that the content proves, a key of ``allowed`` (suffix to content type).

    Raises ``RuleBroken`` with what is wrong: a suffix that is not taken, content that is something else than its
    name says, or content that can act on its own when it is opened (scripts, macros, attachments, archives in images).
    """
    if not content:
        raise _refuse("The file is empty.")
    suffix = f".{name.rpartition('.')[2].lower().strip()}" if "." in name else ""
    suffix = {".jpeg": ".jpg"}.get(suffix, suffix)
    if suffix not in allowed:
        raise _refuse(
            f"Files of this kind are not kept. Give a file that ends in {_or_words(list(allowed))}.",
            "Save an older document or a document with macros as PDF first." if suffix in _OLD else None,
        )
    _LOOKS[suffix](content)
    return suffix


_OLD = frozenset({".doc", ".xls", ".ppt", ".docm", ".xlsm", ".odt", ".ods", ".rtf", ".pptx", ".dotm", ".xlsb"})


def _or_words(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _magic(content: bytes) -> set[str]:
    """Every kind that the first and last bytes fit."""
    try:
        return {match.extension for match in puremagic.magic_string(content)}
    except (puremagic.PureError, ValueError):
        return set()


# --- PDF ----------------------------------------------------------------------------------------------------------

_ACTS = re.compile(rb"/(JavaScript|JS|Launch|RichMedia|EmbeddedFiles?|XFA|ImportData|SubmitForm)(?![A-Za-z0-9])")
_ACTS_RAW = re.compile(rb"/(JavaScript|Launch|RichMedia|EmbeddedFiles?)(?![A-Za-z0-9])")
_HEX_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_WEB = re.compile(rb"<(script|html|svg|iframe|\?php|!doctype)", re.IGNORECASE)


def _plain_names(data: bytes) -> bytes:
    """A name may be written with #4A for J; a marker is looked for in plain letters."""
    return _HEX_NAME.sub(lambda found: bytes([int(found.group(1), 16)]), data)


def _look_at_pdf(content: bytes) -> None:
    if not content.startswith(b"%PDF-") or ".pdf" not in _magic(content):
        raise _refuse("The file is called a PDF, but its content is not one.", "Save it as PDF again.")
    if b"%%EOF" not in content[-2048:]:
        raise _refuse("The PDF is not complete: its end is missing.", "Save it as PDF again.")
    if zipfile.is_zipfile(io.BytesIO(content)) or _WEB.search(content[:1024]) or _WEB.search(content[-1024:]):
        raise _refuse("The PDF holds a second file of another kind.", "Print it to a new PDF and send that.")
    outside, inside = _taken_apart(content)
    if re.search(rb"/Encrypt(?![A-Za-z0-9])", outside):
        raise _refuse("The PDF is protected, so its content cannot be checked.", "Save it without protection.")
    if _ACTS.search(outside) or _ACTS.search(inside) or _ACTS_RAW.search(content):
        raise _refuse(
            "The PDF holds a script, an action or another file, which would run when it is opened.",
            "Print it to a new PDF and send that.",
        )


def _taken_apart(content: bytes) -> tuple[bytes, bytes]:
    """What stands outside the streams of a PDF, and the unpacked object streams, which can hold objects too."""
    outside, inside, done, total = [], [], 0, 0
    for found in _STREAM.finditer(content):
        if found.start() < done:
            continue
        before = _plain_names(content[done : found.start()])
        outside.append(before)
        end = content.find(b"endstream", found.end())
        end = len(content) if end < 0 else end
        words = before[before.rfind(b" obj") + 1 :]
        if b"/ObjStm" in words:
            part = _inflated(words, content[found.end() : end], _UNPACKED_MAX - total)
            total += len(part)
            inside.append(_plain_names(part))
        done = end
    outside.append(_plain_names(content[done:]))
    return b"\n".join(outside), b"\n".join(inside)


def _inflated(words: bytes, packed: bytes, room: int) -> bytes:
    filters = re.findall(rb"/(\w+Decode)", words)
    if not filters:
        return packed
    unpack = zlib.decompressobj()
    try:
        if filters != [b"FlateDecode"]:
            raise zlib.error("packed in another way")
        part = unpack.decompress(packed, max(room, 1))
    except zlib.error:
        raise _refuse("A part of the PDF cannot be looked into.", "Print it to a new PDF and send that.") from None
    if unpack.unconsumed_tail:
        raise _refuse("The PDF unpacks to far more than its size, so it is not kept.")
    return part


# --- images -------------------------------------------------------------------------------------------------------


def _check_nothing_more(content: bytes) -> None:
    """An image that is an archive, a document or a web page as well."""
    if zipfile.is_zipfile(io.BytesIO(content)) or b"%PDF-" in content or _WEB.search(content):
        raise _refuse("The image holds a second file of another kind.", "Open it and save it again as an image.")


def _look_at_png(content: bytes) -> None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or ".png" not in _magic(content):
        raise _refuse("The file is called a PNG image, but its content is not one.")
    place, kind = 8, b""
    while kind != b"IEND":
        length = int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        if len(content) < place + 12 + length:
            raise _refuse("The image is not complete.", "Save it again.")
        if place == 8:
            width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
            if kind != b"IHDR" or not width * height or width * height > _PIXELS_MAX:
                raise _refuse("The image has no size or far too large a one.")
        place += 12 + length
    if place != len(content):
        raise _refuse("Something follows the end of the image.", "Open it and save it again as an image.")
    _check_nothing_more(content)


def _look_at_jpeg(content: bytes) -> None:
    if not content.startswith(b"\xff\xd8\xff") or not _magic(content) & {".jpg", ".jpeg", ".jfif"}:
        raise _refuse("The file is called a JPEG image, but its content is not one.")
    if b"\xff\xd9" not in content[2:]:
        raise _refuse("The image is not complete.", "Save it again.")
    _check_nothing_more(content)


# --- Word and Excel -----------------------------------------------------------------------------------------------

_BAD_PART = re.compile(r"vbaproject|vbadata|activex|oleobject|\.(bin|exe|dll|js|vbs|html?|svg|sh|bat|ps1|jar)$", re.I)
# Excel keeps printer settings in a .bin part; they are data.
_HARMLESS_BIN = re.compile(r"^xl/printersettings/[^/]+\.bin$", re.I)
_BAD_WORDS = re.compile(
    rb"macroEnabled|\bDDE(AUTO)?\b|<ddeLink|oleLink|/relationships/(attachedTemplate|oleObject|frame|control)\"", re.I
)


def _look_at_office(content: bytes, what: str, core: str, suffix: str) -> None:
    if not content.startswith(b"PK\x03\x04") or not _magic(content) & {suffix, ".zip"}:
        raise _refuse(f"The file is called {what}, but its content is not one.", "Save it again or as PDF.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_parts(archive, content, what, core)
            for part in archive.infolist():
                if part.filename.lower().endswith((".xml", ".rels")):
                    _check_words(archive.read(part), part.filename, what)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError):
        raise _refuse(
            f"This is called {what}, but it is damaged or packed in an unusual way.", "Save it again."
        ) from None


def _check_parts(archive: zipfile.ZipFile, content: bytes, what: str, core: str) -> None:
    parts = archive.infolist()
    names = [part.filename for part in parts]
    if len(parts) > _PARTS_MAX or sum(part.file_size for part in parts) > _UNPACKED_MAX:
        raise _refuse(f"This is called {what}, but it unpacks to far more than its size, so it is not kept.")
    if "[Content_Types].xml" not in names or core not in names:
        raise _refuse(f"The file is called {what}, but its content is not one.", "Save it again or as PDF.")
    if archive.comment or content[-22:-18] != b"PK\x05\x06":
        raise _refuse("Something follows the end of the document.", "Open it and save it again.")
    if len(set(names)) != len(names) or any(part.flag_bits & 1 for part in parts) or any(map(_leaves, names)):
        raise _refuse(f"This is called {what}, but it is damaged or protected.", "Save it again without protection.")
    if any(_BAD_PART.search(name) and not _HARMLESS_BIN.search(name) for name in names):
        raise _refuse("The document holds macros or another file.", "Save it as PDF and send that.")


def _leaves(name: str) -> bool:
    """A part with a name that leads out of the archive."""
    return name.startswith(("/", "\\")) or ".." in re.split(r"[\\/]", name) or ":" in name


def _check_words(text: bytes, name: str, what: str) -> None:
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = text.decode("utf-16", "replace").encode()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise _refuse(f"This is called {what}, but it holds instructions that no program writes.", "Save it as PDF.")
    found = _BAD_WORDS.search(text)
    # The letters DDE in somebody's text are no link: only in field codes and formulas are they one.
    if found and (not found.group().upper().startswith(b"DDE") or re.search(rb"<(w:instrText|w:fldSimple|f)\b", text)):
        raise _refuse("The document holds macros or links that run when it is opened.", "Save it as PDF and send that.")


def _look_at_docx(content: bytes) -> None:
    _look_at_office(content, "a Word document", "word/document.xml", ".docx")


def _look_at_xlsx(content: bytes) -> None:
    _look_at_office(content, "an Excel workbook", "xl/workbook.xml", ".xlsx")


# --- text, for imports ----------------------------------------------------------------------------------------------

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_STARTS = (
    b"%PDF",
    b"PK\x03\x04",
    b"\x7fELF",
    b"#!",
    b"{\\rtf",
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
)


def _look_at_text(content: bytes) -> None:
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:16]
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    if start.startswith(_STARTS) or _WEB.search(content) or (not wide and _CONTROL.search(content)):
        raise _refuse("The file is called a text file, but its content is not plain text.", "Export it again as CSV.")


_LOOKS: dict[str, Any] = {
    ".pdf": _look_at_pdf,
    ".png": _look_at_png,
    ".jpg": _look_at_jpeg,
    ".docx": _look_at_docx,
    ".xlsx": _look_at_xlsx,
    ".csv": _look_at_text,
    ".txt": _look_at_text,
}
