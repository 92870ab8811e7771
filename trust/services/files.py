"""Files outside the web root, named by the hash of their content."""

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from trust.errors import RuleBroken
from trust.models import StoredFile


def _path(sha256: str) -> Path:
    return Path(settings.FILES_DIR) / sha256[:2] / sha256


def store_file(*, kind: str, content: bytes, content_type: str, by: Any, now: datetime) -> StoredFile:
    """Keep ``content`` on disk, then the row that claims it exists; the same bytes are kept once."""
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
        kind=kind, sha256=sha256, size=len(content), content_type=content_type, stored_at=now, stored_by=by
    )


def file_bytes(stored: StoredFile) -> bytes:
    """The stored bytes after checking their hash. ``RuleBroken`` when the file is gone or was changed."""
    try:
        content = _path(stored.sha256).read_bytes()
    except FileNotFoundError:
        raise RuleBroken("The stored file is missing. Tell the trust AP lead: it must be restored.") from None
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        raise RuleBroken("The stored file was changed after it was kept, so it is not served. Tell the trust AP lead.")
    return content
