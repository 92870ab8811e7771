"""The doors of ``notices``: every change of a notice passes through one of these."""

from notices.services.approving import approve_and_authorise
from notices.services.drafting import authorise_notice, prepare_notice, save_notice, void_notice
from notices.services.flags import raise_notice_flags
from notices.services.giving import override_late, record_given
from notices.services.letters import make_letters

__all__ = [
    "approve_and_authorise",
    "authorise_notice",
    "make_letters",
    "override_late",
    "prepare_notice",
    "raise_notice_flags",
    "record_given",
    "save_notice",
    "void_notice",
]
