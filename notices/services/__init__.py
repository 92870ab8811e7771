"""The doors of ``notices``: every change of a notice passes through one of these."""

from notices.services.drafting import authorise_notice, prepare_notice, save_notice, void_notice
from notices.services.flags import raise_notice_flags
from notices.services.giving import override_late, record_given
from notices.services.letters import letter_bytes, make_letters

__all__ = [
    "authorise_notice",
    "letter_bytes",
    "make_letters",
    "override_late",
    "prepare_notice",
    "raise_notice_flags",
    "record_given",
    "save_notice",
    "void_notice",
]
