"""The doors of ``placements``: whoever changes a placement, its money or its half-days passes through one of these."""

from placements.services.budgets import approve_budget, propose_budget
from placements.services.decision import approve_extension, decide_placement, override_gate
from placements.services.ending import cancel_placement, end_placement
from placements.services.proposal import change_proposal, propose_placement, withdraw_placement
from placements.services.running import (
    accept_guest,
    complete_transfer,
    drop_extension,
    pause_placement,
    propose_extension,
    record_home_visit,
    record_notice_given,
    record_notice_void,
    resume_placement,
    start_placement,
)

__all__ = [
    "accept_guest",
    "approve_budget",
    "approve_extension",
    "cancel_placement",
    "change_proposal",
    "complete_transfer",
    "decide_placement",
    "drop_extension",
    "end_placement",
    "override_gate",
    "pause_placement",
    "propose_budget",
    "propose_extension",
    "propose_placement",
    "record_home_visit",
    "record_notice_given",
    "record_notice_void",
    "resume_placement",
    "start_placement",
    "withdraw_placement",
]
