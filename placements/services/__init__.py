"""The doors of ``placements``: whoever changes a placement, its money or its half-days passes through one of these."""

from placements.services.brought_in import (
    bring_in_placement,
    bring_in_placements,
    confirm_brought_in,
    decline_brought_in,
    facts_words,
)
from placements.services.budgets import (
    approve_budget,
    approve_budget_change,
    drop_budget_change,
    propose_budget,
    propose_budget_change,
)
from placements.services.decision import approve_extension, decide_placement, override_gate
from placements.services.documents import (
    add_qualification,
    change_qualification,
    make_document,
    record_share,
    record_signing,
)
from placements.services.ending import cancel_placement, end_placement, record_end_report
from placements.services.guests import accept_guest, refuse_guest
from placements.services.invoices import (
    Imported,
    import_invoices,
    pay_invoice,
    record_invoice,
    record_match,
    reject_invoice,
    settle_invoice,
    settle_invoice_line,
    unsettle_invoice,
)
from placements.services.offers import answer_offer, drop_offer, record_offer_asked, record_offers_asked, take_offer
from placements.services.pausing import pause_placement, reopen_placement, resume_placement
from placements.services.proposal import change_proposal, propose_placement, withdraw_placement
from placements.services.renewal import Renewed, drop_extension, propose_extension, renew_placements
from placements.services.running import (
    complete_transfer,
    record_home_visit,
    record_notice_given,
    record_notice_void,
    start_placement,
)
from placements.services.suspended import (
    PROVIDER_SUSPENDED,
    go_on_at_suspended,
    raise_suspended_flags,
    suspend_with_students,
)
from placements.services.telling import DECISION_WAITING, tell_deciders
from placements.services.timetable import (
    approve_timetable_change,
    change_start,
    drop_timetable_change,
    propose_timetable_change,
)
from placements.services.week import end_part_time, record_part_time

__all__ = [
    "DECISION_WAITING",
    "PROVIDER_SUSPENDED",
    "Imported",
    "Renewed",
    "accept_guest",
    "add_qualification",
    "answer_offer",
    "approve_budget",
    "approve_budget_change",
    "approve_extension",
    "approve_timetable_change",
    "bring_in_placement",
    "bring_in_placements",
    "cancel_placement",
    "change_proposal",
    "change_qualification",
    "change_start",
    "complete_transfer",
    "confirm_brought_in",
    "decide_placement",
    "decline_brought_in",
    "drop_budget_change",
    "drop_extension",
    "drop_offer",
    "drop_timetable_change",
    "end_part_time",
    "end_placement",
    "facts_words",
    "go_on_at_suspended",
    "import_invoices",
    "make_document",
    "override_gate",
    "pause_placement",
    "pay_invoice",
    "propose_budget",
    "propose_budget_change",
    "propose_extension",
    "propose_placement",
    "propose_timetable_change",
    "raise_suspended_flags",
    "record_end_report",
    "record_home_visit",
    "record_invoice",
    "record_match",
    "record_notice_given",
    "record_notice_void",
    "record_offer_asked",
    "record_offers_asked",
    "record_part_time",
    "record_share",
    "record_signing",
    "refuse_guest",
    "reject_invoice",
    "renew_placements",
    "reopen_placement",
    "resume_placement",
    "settle_invoice",
    "settle_invoice_line",
    "start_placement",
    "suspend_with_students",
    "take_offer",
    "tell_deciders",
    "unsettle_invoice",
    "withdraw_placement",
]
