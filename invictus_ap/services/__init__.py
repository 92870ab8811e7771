"""What the project does across all apps: the sweep that raises flags, imports, and the demo trust."""

from invictus_ap.services.demo import load_demo
from invictus_ap.services.flags import Place, sweep_flags, sweep_until
from invictus_ap.services.imports import (
    KINDS,
    apply_import,
    drop_import,
    faults_as_csv,
    match_columns,
    upload_import,
    work_imports,
)
from invictus_ap.services.telling import send_digests, tell_urgent

__all__ = [
    "KINDS",
    "Place",
    "apply_import",
    "drop_import",
    "faults_as_csv",
    "load_demo",
    "match_columns",
    "send_digests",
    "sweep_flags",
    "sweep_until",
    "tell_urgent",
    "upload_import",
    "work_imports",
]
