"""The doors of ``notices``: every change of a notice passes through one of these."""

from notices.services.approving import approve_and_authorise
from notices.services.chain import bind_chain
from notices.services.drafting import authorise_notice, prepare_notice, save_notice, void_notice
from notices.services.flags import raise_notice_flags
from notices.services.giving import override_late, record_given
from notices.services.letters import make_letters
from notices.services.moving import move_start
from notices.services.posting import make_batch_again, make_batches, record_posting, release_letters, start_batch
from notices.services.sending import answer_unknown, send_all, send_letter, settle_letters, stop_letters

__all__ = [
    "answer_unknown",
    "approve_and_authorise",
    "authorise_notice",
    "bind_chain",
    "make_batch_again",
    "make_batches",
    "make_letters",
    "move_start",
    "override_late",
    "prepare_notice",
    "raise_notice_flags",
    "record_given",
    "record_posting",
    "release_letters",
    "save_notice",
    "send_all",
    "send_letter",
    "settle_letters",
    "start_batch",
    "stop_letters",
    "void_notice",
]
