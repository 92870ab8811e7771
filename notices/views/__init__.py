"""Pages of direction notices."""

from notices.views.approving import ExtensionApproveWithNotice, PlacementApproveWithNotice
from notices.views.chain import NoticeChain, NoticeChainFile
from notices.views.kinds import EndPrepare, StartMove, VariationPrepare, WithdrawalPrepare
from notices.views.notice import (
    NoticeAuthorise,
    NoticeChange,
    NoticeDetail,
    NoticeOverride,
    NoticePrepare,
    NoticeVoid,
)
from notices.views.posting import (
    BatchAgain,
    BatchDetail,
    BatchFile,
    BatchPosted,
    BatchRelease,
    LetterList,
)
from notices.views.preview import NoticePreview
from notices.views.register import NoticeExport, NoticeList, OnTimeRate
from notices.views.service import (
    NoticeAgreement,
    NoticeSend,
    RecipientCheck,
    RecipientGiven,
    RecipientLetter,
    RecipientProof,
    RecipientSend,
    RecipientTranslation,
)
from notices.views.templates import (
    TemplateBuiltIn,
    TemplateChange,
    TemplateDetail,
    TemplateDrop,
    TemplateForce,
    TemplateList,
    TemplateNew,
    TemplateTry,
    TemplateTryPdf,
)

__all__ = [
    "BatchAgain",
    "BatchDetail",
    "BatchFile",
    "BatchPosted",
    "BatchRelease",
    "EndPrepare",
    "ExtensionApproveWithNotice",
    "LetterList",
    "NoticeAgreement",
    "NoticeAuthorise",
    "NoticeChain",
    "NoticeChainFile",
    "NoticeChange",
    "NoticeDetail",
    "NoticeExport",
    "NoticeList",
    "NoticeOverride",
    "NoticePrepare",
    "NoticePreview",
    "NoticeSend",
    "NoticeVoid",
    "OnTimeRate",
    "PlacementApproveWithNotice",
    "RecipientCheck",
    "RecipientGiven",
    "RecipientLetter",
    "RecipientProof",
    "RecipientSend",
    "RecipientTranslation",
    "StartMove",
    "TemplateBuiltIn",
    "TemplateChange",
    "TemplateDetail",
    "TemplateDrop",
    "TemplateForce",
    "TemplateList",
    "TemplateNew",
    "TemplateTry",
    "TemplateTryPdf",
    "VariationPrepare",
    "WithdrawalPrepare",
]
