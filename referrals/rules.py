"""What must be true of a referral while it is written, submitted, decided, amended and closed.

Values in, answers or ``RuleBroken`` out.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from referrals.codes import ManagedMoveConsent, ManagedMoveResult, Section, SectionState
from trust.errors import RuleBroken

# P2.1: key stages 3 and 4.
NC_YEARS = range(7, 12)

# Which fields of a referral stand in which section; the further reasons are rows of their own, named 'reasons'.
SECTION_FIELDS: Mapping[Section, tuple[str, ...]] = {
    Section.STUDENT: ("nc_year_reason",),
    Section.REASONS: ("primary_reason", "reasons", "narrative"),
    Section.TRIED: ("in_house_options", "why_more_appropriate", "aims"),
    Section.MANAGED_MOVE: ("managed_move", "managed_move_note", "managed_move_consent"),
    Section.EXCLUSION: ("exclusion_alternative",),
    Section.FAMILY: (
        "family_invited_on",
        "family_invited_again_on",
        "family_met_on",
        "family_came",
        "explained_by",
        "explained_to",
        "explained_what",
        "family_said",
        "attendance_agreed_on",
        "attendance_agreed_how",
    ),
    Section.INTERESTS: ("interests", "subjects", "qualifications"),
    Section.NEEDS: ("needs",),
    Section.MEDICAL: ("medical", "no_medical_needs"),
}


@dataclass(frozen=True)
class Missing:
    """One thing that a referral still lacks: its section, the field, a sentence, the clause behind it.

    ``to_submit`` False asks for it only before the section counts as finished: a referral may be submitted while the
    family meeting is still to come.
    """

    section: Section
    field: str
    sentence: str
    source: str
    to_submit: bool = True


_YEAR_REASON = Missing(Section.STUDENT, "nc_year_reason", "Give the reason for a year outside 7 to 11.", "P2.1")
_CONSENT = Missing(
    Section.MANAGED_MOVE,
    "managed_move_consent",
    "Say what the parents said to a managed move: it needs their consent.",
    "P3.13",
    to_submit=False,
)
_MEETING = Missing(
    Section.FAMILY,
    "family_met_on",
    "Give the day of the meeting with the family, or of two invitations.",
    "P5.1",
    to_submit=False,
)
_INTERESTS = Missing(
    Section.INTERESTS,
    "interests",
    "Give interests, subjects or qualifications: a provider is sought by them.",
    "P6.2",
    to_submit=False,
)
_MEDICAL = Missing(
    Section.MEDICAL,
    "medical",
    "Say what the provider must know, or tick 'no medical needs known'.",
    "P1.1",
    to_submit=False,
)
# What is asked of every referral, in the order of the sections.
_ALWAYS: tuple[Missing, ...] = (
    Missing(Section.REASONS, "primary_reason", "Choose the main reason.", "P3.1"),
    Missing(Section.REASONS, "narrative", "Say what is happening.", "P3.1", to_submit=False),
    Missing(
        Section.TRIED, "in_house_options", "Say which in-house options were considered and what came of them.", "P3.7"
    ),
    Missing(
        Section.TRIED,
        "why_more_appropriate",
        "Say why this is more appropriate than what the trust can provide.",
        "P3.7",
    ),
    Missing(Section.TRIED, "aims", "Give the aims, at least one of them measurable.", "P6.7"),
    Missing(Section.MANAGED_MOVE, "managed_move", "Say what came of considering a managed move.", "P3.13"),
    Missing(
        Section.EXCLUSION,
        "exclusion_alternative",
        "Say whether this is offered as an alternative to permanent exclusion.",
        "P5.2",
    ),
    Missing(Section.NEEDS, "needs", "Say what the provider must know, or that there is nothing.", "P1.1", False),
)
# What is asked once a meeting with the family was held (P5.1, P5.2).
_OF_MEETING: tuple[Missing, ...] = (
    Missing(Section.FAMILY, "family_came", "Say who came to the meeting.", "P5.1", to_submit=False),
    Missing(Section.FAMILY, "explained_by", "Name who explained the reasons.", "P5.2", to_submit=False),
    Missing(Section.FAMILY, "explained_to", "Name to whom the reasons were explained.", "P5.2", to_submit=False),
    Missing(Section.FAMILY, "family_said", "Say what the family said.", "P5.2", to_submit=False),
)
_ASKING_CONSENT = (ManagedMoveResult.PROPOSED, ManagedMoveResult.NO_CONSENT)


def asks_year_reason(nc_year: int) -> bool:
    """'Students at KS3 and KS4': another year warns and goes on with a reason (P2.1)."""
    return nc_year not in NC_YEARS


def _filled(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None


def is_answer(field: str, value: Any) -> bool:
    """True when a value says something: 'No' to a question does, a box that is not ticked does not."""
    return bool(value) if field in ("no_medical_needs", "reasons") else _filled(value)


def _lacking(values: Mapping[str, Any]) -> Iterator[Missing]:
    def lacks(field: str) -> bool:
        return not _filled(values.get(field))

    if asks_year_reason(values["nc_year"]) and lacks("nc_year_reason"):
        yield _YEAR_REASON
    yield from (item for item in _ALWAYS if lacks(item.field))
    result, consent = values.get("managed_move"), values.get("managed_move_consent")
    if result in _ASKING_CONSENT and (
        not consent or (result == ManagedMoveResult.PROPOSED and consent != ManagedMoveConsent.GIVEN)
    ):
        yield _CONSENT
    if values.get("family_met_on"):
        yield from (item for item in _OF_MEETING if lacks(item.field))
    elif not (values.get("family_invited_on") and values.get("family_invited_again_on")):
        yield _MEETING
    if all(lacks(field) for field in SECTION_FIELDS[Section.INTERESTS]):
        yield _INTERESTS
    if lacks("medical") and not values.get("no_medical_needs"):
        yield _MEDICAL


def missing_sections(values: Mapping[str, Any]) -> tuple[Missing, ...]:
    """What is missing before a referral can be submitted, in the order of the sections.

    'Alternative provision is offered to suitable students in a consistent way': everybody answers the same questions
    (P1.1). ``values`` are the fields of the referral by name; blank text and None count as missing, False does not.
    """
    return tuple(item for item in _lacking(values) if item.to_submit)


def missing_in(section: Section, values: Mapping[str, Any]) -> tuple[Missing, ...]:
    """What one section lacks before it can be called finished; more than a submission asks."""
    return tuple(item for item in _lacking(values) if item.section == section)


def section_states(values: Mapping[str, Any], rows: Mapping[str, str]) -> dict[Section, SectionState]:
    """How far each section is, in the order of the task list (P1.1).

    ``rows`` are the states its writers chose, by section. A section without a row is not started; one called done
    whose fields have a gap since is in progress.
    """
    states = {}
    for section in Section:
        said = SectionState(rows.get(section, SectionState.NOT_STARTED))
        gap = said == SectionState.DONE and missing_in(section, values)
        states[section] = SectionState.IN_PROGRESS if gap else said
    return states


def state_after_saving(
    section: Section, values: Mapping[str, Any], *, before: str | None, wanted: str | None, note: str
) -> tuple[SectionState, str]:
    """The state of a section after a save, with its note.

    ``wanted`` None (a save in the background) keeps what was said ``before``, only that a section with a gap is no
    longer done. A section is done when nothing is missing in it; 'cannot finish yet' says why.
    """
    missing = missing_in(section, values)
    if wanted is None:
        kept = SectionState(before or SectionState.IN_PROGRESS)
        return (SectionState.IN_PROGRESS, "") if kept == SectionState.DONE and missing else (kept, note)
    if wanted == SectionState.DONE and missing:
        raise RuleBroken(
            " ".join(item.sentence for item in missing),
            field=missing[0].field,
            help="Until then choose 'not yet' or 'cannot be finished yet'.",
        )
    if wanted == SectionState.CANNOT_FINISH and not note.strip():
        raise RuleBroken("Say why this section cannot be finished yet.", field="note")
    return SectionState(wanted), note.strip() if wanted == SectionState.CANNOT_FINISH else ""


def check_section(section: Section, values: Mapping[str, Any], today: date) -> None:
    """``RuleBroken`` at the field for answers of a section that cannot be true together."""
    if section == Section.FAMILY:
        check_happened(values, today)
    elif section == Section.MEDICAL and values.get("no_medical_needs") and _filled(values.get("medical")):
        raise RuleBroken(
            "Either say what the provider must know or tick 'no medical needs known', not both.",
            field="no_medical_needs",
        )
    elif section == Section.MANAGED_MOVE:
        result, consent = values.get("managed_move"), values.get("managed_move_consent")
        if result == ManagedMoveResult.NO_CONSENT and consent == ManagedMoveConsent.GIVEN:
            raise RuleBroken(
                "The parents cannot have given consent to a managed move that they did not consent to.",
                field="managed_move_consent",
            )


_HAPPENED = {
    "family_invited_on": "An invitation",
    "family_invited_again_on": "An invitation",
    "family_met_on": "A meeting that was held",
    "attendance_agreed_on": "An agreement",
}


def check_happened(values: Mapping[str, Any], today: date) -> None:
    """What has happened with the family lies on or before ``today``, and the second invitation after the first.

    Source: P5.1; two dated invitations count as a meeting to which the family did not come.
    """
    for field, what in _HAPPENED.items():
        if values.get(field) and values[field] > today:
            raise RuleBroken(f"{what} cannot lie in the future.", field=field)
    first, second = values.get("family_invited_on"), values.get("family_invited_again_on")
    if second and not first:
        raise RuleBroken("Give the day of the first invitation too.", field="family_invited_on")
    if first and second and second <= first:
        raise RuleBroken("The second invitation comes after the first.", field="family_invited_again_on")


def check_whole(values: Mapping[str, Any]) -> None:
    """``RuleBroken`` naming everything that a submitted referral must say (P1.1)."""
    if missing := missing_sections(values):
        raise RuleBroken(
            "This referral is not complete. " + " ".join(item.sentence for item in missing), field=missing[0].field
        )


def check_not_author(person_id: int, author_ids: Collection[int | None]) -> None:
    """Nobody decides a referral that they wrote on or submitted. Source: the trust's access page; P6.5."""
    if person_id in author_ids:
        raise RuleBroken("You wrote or submitted this referral: another person has to decide it.")


def check_reason_given(reason: str, what: str) -> None:
    """A refusal, a return, an amendment and a closing say why, so that others know what to do. Source: access page."""
    if not reason.strip():
        raise RuleBroken(f"Give the reason for {what}.", field="reason")


def check_not_decider(person_id: int, decider_id: int | None) -> None:
    """Who decided a referral does not change what was decided on. Source: access page ('never what they wrote')."""
    if person_id == decider_id:
        raise RuleBroken(
            "You decided this referral: somebody else who writes referrals puts its facts right.",
        )


def check_exclusion_amended(*, decided: bool, becomes: bool | None, decider_may: bool) -> None:
    """An approved referral becomes an alternative to permanent exclusion only when its decider may decide such.

    Source: P5.2, P7.1; otherwise an amendment would go round the Headteacher.
    """
    if decided and becomes and not decider_may:
        raise RuleBroken(
            "An alternative to permanent exclusion is decided by the Headteacher or the Chief executive, "
            "and this referral was approved by somebody else.",
            field="exclusion_alternative",
            help="Make it void and write a new one, so that it is decided by them.",
        )


def check_nothing_hangs_on_it(placements: int, offers: int) -> None:
    """A referral with a placement that is proposed or live, or with a place asked for, is not made void (P1.1)."""
    if placements:
        raise RuleBroken(
            "A placement under this referral is proposed or live.",
            help="Withdraw, cancel or end the placement first.",
        )
    if offers:
        raise RuleBroken(
            "A place is asked for or offered under this referral.", help="Give up the place at the provider first."
        )


def check_may_open_again(*, same_school: bool, other_open: bool) -> None:
    """A referral is taken up again at the school that wrote it, and only while no other is open (P1.1)."""
    if not same_school:
        raise RuleBroken("The student has changed school since this referral: the new school writes its own.")
    if other_open:
        raise RuleBroken("This student already has an open referral.", help="Go on with that one.")
