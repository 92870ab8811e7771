"""What must be true of a referral before it is submitted and decided; values in, answers or ``RuleBroken`` out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trust.errors import RuleBroken

# P2.1: key stages 3 and 4.
NC_YEARS = range(7, 12)


@dataclass(frozen=True)
class Missing:
    """One thing that a referral still lacks: its section, the field of the form, a sentence, the clause behind it."""

    section: str
    field: str
    sentence: str
    source: str


_REQUIRED: tuple[Missing, ...] = (
    Missing("Reasons", "primary_reason", "Choose the main reason.", "P3.1"),
    Missing(
        "What was tried",
        "in_house_options",
        "Say which in-house options were considered and what came of them.",
        "P3.7",
    ),
    Missing(
        "What was tried",
        "why_more_appropriate",
        "Say why this is more appropriate than what the trust can provide.",
        "P3.7",
    ),
    Missing("Managed move", "managed_move", "Say what came of considering a managed move.", "P3.13"),
    Missing(
        "Alternative to exclusion",
        "exclusion_alternative",
        "Say whether this is offered as an alternative to permanent exclusion.",
        "P5.2",
    ),
    Missing("Aims", "aims", "Give the aims, at least one of them measurable.", "P6.7"),
)

_YEAR_REASON = Missing("Student", "nc_year_reason", "Give the reason for a year outside 7 to 11.", "P2.1")


def asks_year_reason(nc_year: int) -> bool:
    """'Students at KS3 and KS4': another year warns and goes on with a reason (P2.1)."""
    return nc_year not in NC_YEARS


def missing_sections(values: Mapping[str, Any]) -> tuple[Missing, ...]:
    """What is missing before a referral can be submitted, in the order of the form.

    'Alternative provision is offered to suitable students in a consistent way': everybody answers the same questions
    (P1.1). ``values`` are the fields of the referral by name; blank text and None count as missing, False does not.
    """
    missing = (
        [_YEAR_REASON] if asks_year_reason(values["nc_year"]) and not _filled(values.get("nc_year_reason")) else []
    )
    missing += [item for item in _REQUIRED if not _filled(values.get(item.field))]
    return tuple(missing)


def check_whole(values: Mapping[str, Any]) -> None:
    """``RuleBroken`` naming every missing section (P1.1)."""
    if missing := missing_sections(values):
        raise RuleBroken("This referral is not complete. " + " ".join(item.sentence for item in missing))


def check_not_author(person_id: int, author_ids: tuple[int | None, ...]) -> None:
    """Nobody decides a referral that they wrote or submitted. Source: the trust's access page; P6.5."""
    if person_id in author_ids:
        raise RuleBroken("You wrote or submitted this referral: another person has to decide it.")


def check_reason_given(reason: str, what: str) -> None:
    """A refusal, a return and a withdrawal say why, so that the writer knows what to do. Source: access page."""
    if not reason.strip():
        raise RuleBroken(f"Give the reason for {what}.", field="reason")


def _filled(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None
