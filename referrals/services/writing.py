"""Write a referral, section by section or at once, and submit it."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from referrals.codes import Section, SectionState
from referrals.lifecycle import EDITABLE, FIRST, Status
from referrals.models import Referral, ReferralSection
from referrals.queries import facts_of, reasons_of, section_row, section_version
from referrals.rules import SECTION_FIELDS, check_section, check_whole, is_answer, missing_in, state_after_saving
from referrals.services._rows import fill, keep, locked, move, note_writer, set_reasons
from trust.calendar import london_date
from trust.errors import RuleBroken
from trust.models import Student, User
from trust.permissions import Permission
from trust.services import check_version, require, saving


def start_referral(*, student_id: int, data: Mapping[str, Any], by: User, now: datetime) -> Referral:
    """Begin a referral of a student of the own school as a draft; ``data`` may hold any of the writable fields.

    ``data["reasons"]`` are further reasons beside the primary one; interests are the student's own unless given.
    Refused while the student has an open referral.
    """
    with saving(by=by, reason="Referral started"):
        student = Student.objects.select_for_update(no_key=True).get(pk=student_id)
        require(by, FIRST[Status.DRAFT], home_id=student.school_id)
        if Referral.objects.open().filter(student=student).exists():
            raise RuleBroken("This student already has an open referral.", help="Go on with that one.")
        referral = Referral(
            student=student,
            school_id=student.school_id,
            nc_year=student.nc_year,
            interests=" ".join(student.interests.split())[:240],
            written_by=by,
            written_at=now,
        )
        touched = [
            section for section in Section if any(is_answer(name, data.get(name)) for name in SECTION_FIELDS[section])
        ]
        fill(referral, data, touched)
        _check(referral, touched, london_date(now))
        referral.save()
        set_reasons(referral, data.get("reasons", ()))
        note_writer(referral, by, now)
        _mark(referral, touched, by, now)
    return referral


def save_section(
    *,
    referral_id: int,
    section: str,
    data: Mapping[str, Any],
    state: str | None,
    note: str,
    version: int | None,
    by: User,
    now: datetime,
) -> ReferralSection:
    """Keep what is written in one section and how far it is; fields of other sections in ``data`` are left alone.

    ``state`` is a ``SectionState``; None is a save in the background that keeps what was said before. 'Done' is refused
    with what is missing, 'cannot finish' without a ``note``. ``version`` is the section's own number
    (``queries.section_version``): ``StaleRecord`` when somebody saved this section since, while others may write on
    other sections. Nothing is written when nothing changed.
    """
    part = Section(section)
    with saving(by=by, reason="Referral saved"):
        referral = locked(referral_id)
        require(by, Permission.WRITE_REFERRAL, home_id=referral.school_id)
        _check_editable(referral)
        row = section_row(referral, part)
        # A section has a number of its own: several people write on different sections at once.
        check_version(SimpleNamespace(version=section_version(row)), version)
        changed = fill(referral, data, [part])
        _check(referral, [part], london_date(now))
        other = part == Section.REASONS and set_reasons(referral, data.get("reasons", reasons_of(referral)))
        said, why = state_after_saving(
            part,
            facts_of(referral),
            before=row.state if row else None,
            wanted=state,
            note=row.note if state is None and row else note,
        )
        if row and not changed and not other and (row.state, row.note) == (said, why):
            return row
        keep(referral, *changed)
        note_writer(referral, by, now)
        return _set(referral, part, said, why, by, now)


def save_referral(
    *,
    referral_id: int,
    data: Mapping[str, Any],
    reasons: Collection[str] | None,
    version: int | None,
    by: User,
    now: datetime,
) -> Referral:
    """Keep several sections at once; parts may be empty. Only a draft or a returned referral is written on.

    ``reasons`` None leaves the further reasons as they are. ``StaleRecord`` when anybody saved any part since
    ``version``, the referral's own. A section that is whole afterwards is done, another one in progress.
    """
    with saving(by=by, reason="Referral saved"):
        referral = locked(referral_id)
        require(by, Permission.WRITE_REFERRAL, home_id=referral.school_id)
        _check_editable(referral)
        check_version(referral, version)
        touched = [section for section in Section if any(name in data for name in SECTION_FIELDS[section])]
        changed = fill(referral, data, touched)
        _check(referral, touched, london_date(now))
        keep(referral, *changed)
        set_reasons(referral, reasons_of(referral) if reasons is None else reasons)
        note_writer(referral, by, now)
        _mark(referral, touched, by, now)
    return referral


def submit_referral(*, referral_id: int, by: User, now: datetime) -> Referral:
    """Hand a complete referral to whoever decides it; ``RuleBroken`` names what is missing (P1.1)."""
    with saving(by=by, reason="Referral submitted"):
        referral = locked(referral_id)
        move(referral, Status.SUBMITTED, by)
        check_whole(facts_of(referral))
        referral.submitted_by, referral.submitted_at = by, now
        # What was said when it was returned stays in the history; now it waits for a new decision.
        referral.decided_by, referral.decided_at, referral.decision_reason = None, None, ""
        decision = ("decided_by", "decided_at", "decision_reason")
        keep(referral, "status", "submitted_by", "submitted_at", *decision)
        note_writer(referral, by, now)
    return referral


def _check_editable(referral: Referral) -> None:
    status = Status(referral.status)
    if status not in EDITABLE:
        raise RuleBroken(
            f"This referral is {status.label.lower()} and is no longer written on.",
            help="Whoever decides it can return it for changes; a single fact is put right by an amendment."
            if status == Status.SUBMITTED
            else None,
        )


def _check(referral: Referral, sections: Collection[Section], today: date) -> None:
    facts = facts_of(referral)
    for section in sections:
        check_section(section, facts, today)


def _mark(referral: Referral, sections: Collection[Section], by: User, now: datetime) -> None:
    """Sections written without saying how far they are: done when nothing is missing."""
    facts = facts_of(referral)
    for section in sections:
        gap = missing_in(section, facts)
        _set(referral, section, SectionState.IN_PROGRESS if gap else SectionState.DONE, "", by, now)


def _set(
    referral: Referral, section: Section, state: SectionState, note: str, by: User, now: datetime
) -> ReferralSection:
    row, _ = ReferralSection.objects.update_or_create(
        referral=referral, section=section, defaults={"state": state, "note": note, "saved_by": by, "saved_at": now}
    )
    return row
