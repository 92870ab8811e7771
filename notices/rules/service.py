"""Where a letter stands on its way to one recipient, and in which order envelopes are made up. Source: P7.2."""

import re
from dataclasses import dataclass

from notices.codes import ServiceState
from trust.codes import MailStatus
from trust.errors import RuleBroken

# Letters of one printing at most, so that a worker joins them in one short task.
BATCH_MOST = 60

# An e-mail that left, or may have: no restriction takes it back.
_LEFT = {
    MailStatus.SENDING: ServiceState.SENDING,
    MailStatus.SENT: ServiceState.SENT,
    MailStatus.UNKNOWN: ServiceState.UNKNOWN,
}
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$")


@dataclass(frozen=True)
class ServiceFacts:
    """What decides where a letter stands.

    ``issued``: the notice is issued or given, so that all its letters are there. ``stopped``: it is void, withdrawn or
    no longer needed. ``restricted``: no letter may go to this person any more. ``mail`` is the status of the latest
    e-mail or ''; ``in_batch`` a printing not taken back, ``batch_made`` that its file is there.
    """

    issued: bool
    stopped: bool
    given: bool
    restricted: bool = False
    mail: str = ""
    in_batch: bool = False
    batch_made: bool = False


def service_state(facts: ServiceFacts) -> ServiceState:
    """Where the letter stands; the strongest fact speaks: given, then what may have left, what must not, what waits."""
    if facts.given:
        return ServiceState.GIVEN
    if facts.mail in _LEFT:
        return _LEFT[MailStatus(facts.mail)]
    if facts.stopped:
        return ServiceState.STOPPED
    if facts.restricted:
        return ServiceState.RESTRICTED
    if not facts.issued:
        return ServiceState.MAKING
    if facts.mail == MailStatus.TO_SEND:
        return ServiceState.EMAIL_WAITING
    if facts.in_batch:
        return ServiceState.PRINTED if facts.batch_made else ServiceState.PRINTING
    return ServiceState.FAILED if facts.mail == MailStatus.FAILED else ServiceState.TO_SEND


def check_free(state: ServiceState) -> None:
    """A letter leaves by one way at a time: ``RuleBroken`` unless it waits to be sent or its e-mail failed.

    Source: our own, so that nobody has two letters and no unknown one is sent again unseen.
    """
    if state in (ServiceState.TO_SEND, ServiceState.FAILED):
        return
    raise RuleBroken(
        {
            ServiceState.GIVEN: "It is already recorded how this person was given the notice.",
            ServiceState.MAKING: "The letters of this notice are still being made.",
            ServiceState.STOPPED: "The notice is void, withdrawn or no longer needed, so its letter is not sent.",
            ServiceState.RESTRICTED: "This letter must not be sent: a restriction was recorded since. Make the notice "
            "void and issue it again.",
            ServiceState.EMAIL_WAITING: "An e-mail to this person waits to be sent.",
            ServiceState.SENDING: "An e-mail to this person is being sent.",
            ServiceState.SENT: "An e-mail to this person was sent; it is recorded within a minute.",
            ServiceState.UNKNOWN: "It is not known whether the e-mail to this person left: check that first.",
            ServiceState.PRINTING: "The letter is in a printing: take it out first.",
            ServiceState.PRINTED: "The letter is in a printing: take it out first.",
        }[state]
    )


# Not free to be sent, but somebody may have handed it over or posted it.
_RECORDED = (ServiceState.PRINTING, ServiceState.PRINTED, ServiceState.RESTRICTED, ServiceState.STOPPED)


def check_recordable(state: ServiceState) -> None:
    """Giving is recorded while no e-mail is under way: ``RuleBroken`` else. A printed letter may be handed over.

    What happened is recorded also of a letter that must not be sent any more; whether the notice itself still takes
    records the caller has asked.
    """
    if state not in _RECORDED:
        check_free(state)


def check_printable(address: str) -> None:
    """A letter is printed for an envelope, so it needs an address. Raises RuleBroken."""
    if not address.strip():
        raise RuleBroken("No postal address is recorded for this person, so the letter cannot be posted.")


def envelope_key(address: str, name: str) -> tuple[str, str]:
    """The order of the envelopes: by postcode, then by name; addresses that do not end in a postcode come last."""
    last_line = (address.strip().splitlines() or [""])[-1].strip().upper()
    found = _POSTCODE.search(last_line)
    # Four places for the first half: 'NB1 2CD' stands before 'NB10 1AA'.
    postcode = found.group().replace(" ", "") if found else ""
    return (f"0{postcode[:-3]:<4}{postcode[-3:]}" if postcode else "1", name.casefold())
