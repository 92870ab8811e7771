"""Files outside the web root, named by the hash of their content."""

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from trust.codes import DOCUMENT_TYPES, IMPORT_TYPES, FileKind
from trust.errors import RuleBroken
from trust.models import StoredFile
from trust.services.uploads import kind_of_content, safe_name


def _path(sha256: str) -> Path:
    return Path(settings.FILES_DIR) / sha256[:2] / sha256


def store_file(*, kind: str, content: bytes, content_type: str, by: Any, now: datetime, name: str = "") -> StoredFile:
    """Keep ``content`` on disk, then the row that claims it exists; the same bytes are kept once.

    For what the application made itself; what people send comes in by ``keep_upload``.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = _path(sha256)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Written beside and renamed: a crash leaves no half file under the final name.
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(path)
    return StoredFile.objects.create(
        kind=kind, sha256=sha256, size=len(content), content_type=content_type, name=name, stored_at=now, stored_by=by
    )


def keep_upload(*, kind: str, upload: Any, by: Any, now: datetime, field: str = "file") -> StoredFile:
    """Keep a file that somebody sent, after looking at its size and its content; the only door for uploads.

    ``upload`` is Django's uploaded file. Imports are CSV, text or XLSX, everything else PDF, PNG, JPEG, DOCX or XLSX.
    ``RuleBroken`` at ``field`` when it is too large, empty, not what its name says, or can act when opened.
    """
    allowed = IMPORT_TYPES if kind == FileKind.IMPORT else DOCUMENT_TYPES
    if upload.size > settings.MAX_UPLOAD_MB * 1024 * 1024:
        raise RuleBroken(
            f"The file is larger than {settings.MAX_UPLOAD_MB} MB.", field=field, help="Send a smaller one."
        )
    upload.seek(0)
    content = upload.read()
    try:
        suffix = kind_of_content(upload.name or "", content, allowed)
    except RuleBroken as error:
        # A table is never sent as PDF, which is the way out for documents.
        table = error.help and kind == FileKind.IMPORT
        way_out = "Save it as CSV or as an Excel workbook (.xlsx) without macros." if table else error.help
        raise RuleBroken(error.message, field=field, help=way_out) from error
    name = safe_name(upload.name or "", suffix)
    return store_file(kind=kind, content=content, content_type=allowed[suffix], by=by, now=now, name=name)


def file_bytes(stored: StoredFile) -> bytes:
    """The stored bytes after checking their hash. ``RuleBroken`` when the file is gone or was changed."""
    try:
        content = _path(stored.sha256).read_bytes()
    except FileNotFoundError:
        raise RuleBroken("The stored file is missing. Tell the trust AP lead: it must be restored.") from None
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        raise RuleBroken("The stored file was changed after it was kept, so it is not served. Tell the trust AP lead.")
    return content
