"""Pages of referrals."""

from referrals.views.deciding import ReferralDecide, ReferralReopen, ReferralVoid, ReferralWithdraw
from referrals.views.lists import ReferralList, ReferralStart
from referrals.views.writing import ReferralAmend, ReferralCheck, ReferralDetail, ReferralSectionEdit

__all__ = [
    "ReferralAmend",
    "ReferralCheck",
    "ReferralDecide",
    "ReferralDetail",
    "ReferralList",
    "ReferralReopen",
    "ReferralSectionEdit",
    "ReferralStart",
    "ReferralVoid",
    "ReferralWithdraw",
]
