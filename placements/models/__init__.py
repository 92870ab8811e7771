"""Placements: periods, expected half-days, money, and what was recorded before the start."""

from placements.models.before import (
    DocumentShare,
    GateOverride,
    HomeVisit,
    Offer,
    Pause,
    PlacementDocument,
    PlacementQualification,
    Signing,
)
from placements.models.money import Budget, BudgetChange, Commitment, Invoice, InvoiceLine
from placements.models.placements import Placement, PlacementQuerySet
from placements.models.suspended import SuspensionAnswer
from placements.models.timetable import (
    AgreedPrice,
    PartTimeTimetable,
    PlacementPeriod,
    TimetableChange,
    TimetableSlot,
)

__all__ = [
    "AgreedPrice",
    "Budget",
    "BudgetChange",
    "Commitment",
    "DocumentShare",
    "GateOverride",
    "HomeVisit",
    "Invoice",
    "InvoiceLine",
    "Offer",
    "PartTimeTimetable",
    "Pause",
    "Placement",
    "PlacementDocument",
    "PlacementPeriod",
    "PlacementQualification",
    "PlacementQuerySet",
    "Signing",
    "SuspensionAnswer",
    "TimetableChange",
    "TimetableSlot",
]
