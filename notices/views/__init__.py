"""Pages of direction notices."""

from notices.views.approving import ExtensionApproveWithNotice, PlacementApproveWithNotice
from notices.views.notice import (
    NoticeAuthorise,
    NoticeChange,
    NoticeDetail,
    NoticeOverride,
    NoticePrepare,
    NoticeVoid,
)
from notices.views.register import NoticeList
from notices.views.service import RecipientGiven, RecipientLetter

__all__ = [
    "ExtensionApproveWithNotice",
    "NoticeAuthorise",
    "NoticeChange",
    "NoticeDetail",
    "NoticeList",
    "NoticeOverride",
    "NoticePrepare",
    "NoticeVoid",
    "PlacementApproveWithNotice",
    "RecipientGiven",
    "RecipientLetter",
]
