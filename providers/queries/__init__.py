"""Reads of ``providers`` that join for more than one caller."""

from providers.queries.checks import (
    ApprovalState,
    CheckLine,
    approval_facts,
    approval_gaps,
    approval_state,
    check_lines,
    held,
    newest_checks,
)
from providers.queries.expiries import Expiring, expiring, provider_alerts
from providers.queries.history import Correction, StatusChange, corrections, status_history
from providers.queries.standards import StandardLine, current_standards, part_summary, standard_lines

__all__ = [
    "ApprovalState",
    "CheckLine",
    "Correction",
    "Expiring",
    "StandardLine",
    "StatusChange",
    "approval_facts",
    "approval_gaps",
    "approval_state",
    "check_lines",
    "corrections",
    "current_standards",
    "expiring",
    "held",
    "newest_checks",
    "part_summary",
    "provider_alerts",
    "standard_lines",
    "status_history",
]
