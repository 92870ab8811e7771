"""The doors of ``referrals``: write, submit, decide, amend, withdraw, take up again and make void."""

from referrals.services.amending import amend_referral
from referrals.services.brought_in import (
    bring_in_referral,
    close_brought_in_referral,
    confirm_brought_in_referral,
)
from referrals.services.deciding import decide_referral, reopen_referral, void_referral, withdraw_referral
from referrals.services.writing import save_referral, save_section, start_referral, submit_referral

__all__ = [
    "amend_referral",
    "bring_in_referral",
    "close_brought_in_referral",
    "confirm_brought_in_referral",
    "decide_referral",
    "reopen_referral",
    "save_referral",
    "save_section",
    "start_referral",
    "submit_referral",
    "void_referral",
    "withdraw_referral",
]
