"""Pages of placements and budgets."""

from placements.views.budgets import BudgetApprove, BudgetList, BudgetPropose
from placements.views.course import (
    ExtensionApprove,
    ExtensionDrop,
    PlacementCancel,
    PlacementEnd,
    PlacementExtend,
    PlacementPause,
    PlacementResume,
    PlacementStart,
    PlacementTransfer,
    PlacementWithdraw,
)
from placements.views.placements import PlacementDetail, PlacementList
from placements.views.proposal import (
    PlacementAccept,
    PlacementChange,
    PlacementDecide,
    PlacementHomeVisit,
    PlacementOverride,
    PlacementPropose,
)

__all__ = [
    "BudgetApprove",
    "BudgetList",
    "BudgetPropose",
    "ExtensionApprove",
    "ExtensionDrop",
    "PlacementAccept",
    "PlacementCancel",
    "PlacementChange",
    "PlacementDecide",
    "PlacementDetail",
    "PlacementEnd",
    "PlacementExtend",
    "PlacementHomeVisit",
    "PlacementList",
    "PlacementOverride",
    "PlacementPause",
    "PlacementPropose",
    "PlacementResume",
    "PlacementStart",
    "PlacementTransfer",
    "PlacementWithdraw",
]
