"""Who must be given a notice. Source: s.576 Education Act 1996 and SI 2010/1156."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from notices.codes import RecipientKind
from trust.errors import RuleBroken
from trust.rules import age_on, and_words


@dataclass(frozen=True)
class ContactFacts:
    """What a link between a contact and the student says. `restricted`: no letters may go to this person."""

    contact_id: int
    name: str
    natural_parent: bool
    parental_responsibility: bool
    has_care: bool
    restricted: bool = False


@dataclass(frozen=True)
class RecipientFacts:
    """Everything that decides who must receive a notice. Names may be empty when they were never recorded.

    `on` is the first day of the period the notice is for; the student's age is taken on that day.
    """

    contacts: tuple[ContactFacts, ...]
    student_name: str
    date_of_birth: date
    on: date
    ehc_plan: bool = False
    la_name: str = ""
    looked_after: bool = False
    virtual_school_name: str = ""
    social_worker_name: str = ""


@dataclass(frozen=True)
class Recipient:
    """Somebody who must receive the notice. `name` is empty when the record does not say who it is."""

    kind: RecipientKind
    name: str
    contact_id: int | None = None


def is_parent(contact: ContactFacts) -> bool:
    """A natural parent, anyone with parental responsibility, anyone with care.

    Source: s.576 Education Act 1996.
    """
    return contact.natural_parent or contact.parental_responsibility or contact.has_care


def required_recipients(facts: RecipientFacts) -> tuple[Recipient, ...]:
    """Who must be given the notice, in the order of the letter.

    Every parent in the sense of s.576 Education Act 1996 unless restricted; the student if 18; the local
    authority when there is an EHC plan; virtual school head and social worker when looked after. Source:
    P7.2, SI 2010/1156.
    """
    found = [
        Recipient(RecipientKind.PARENT, contact.name, contact.contact_id)
        for contact in facts.contacts
        if is_parent(contact) and not contact.restricted
    ]
    if age_on(facts.date_of_birth, facts.on) >= 18:
        found.append(Recipient(RecipientKind.STUDENT, facts.student_name))
    if facts.ehc_plan:
        found.append(Recipient(RecipientKind.LA, facts.la_name))
    if facts.looked_after:
        found.append(Recipient(RecipientKind.VIRTUAL_SCHOOL, facts.virtual_school_name))
        found.append(Recipient(RecipientKind.SOCIAL_WORKER, facts.social_worker_name))
    return tuple(found)


def check_recipients(recipients: Sequence[Recipient]) -> None:
    """A notice cannot be issued to nobody, nor to somebody whose name is not recorded. Raises RuleBroken.

    P7.2.
    """
    if not recipients:
        raise RuleBroken(
            "No parent or carer is recorded to whom letters may be sent.",
            field="recipients",
            help="Record the parents and carers with their care and parental responsibility.",
        )
    unnamed = tuple(RecipientKind(one.kind).label.lower() for one in recipients if not one.name.strip())
    if unnamed:
        raise RuleBroken(
            f"The notice must also go to the {and_words(unnamed)}, whose name is not recorded.",
            field="recipients",
            help="Record the name on the student's page.",
        )
