"""Pages that belong to no single stage."""

from invictus_ap.views.frame import DemoLogin, Home, health, server_error
from invictus_ap.views.imports import (
    ImportApply,
    ImportDetail,
    ImportDrop,
    ImportFaults,
    ImportList,
    ImportMatch,
    ImportUpload,
)
from invictus_ap.views.records import PlacementChronology, PlacementPage, StudentDetail, StudentTimeline

__all__ = [
    "DemoLogin",
    "Home",
    "ImportApply",
    "ImportDetail",
    "ImportDrop",
    "ImportFaults",
    "ImportList",
    "ImportMatch",
    "ImportUpload",
    "PlacementChronology",
    "PlacementPage",
    "StudentDetail",
    "StudentTimeline",
    "health",
    "server_error",
]
