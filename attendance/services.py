"""The doors of attendance: a week of marks and contacts in one save, and the sweep for missed contacts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.urls import reverse

from attendance.codes import REPORT_LETTERS, ContactMeans, ContactOutcome, ProviderReport
from attendance.models import HomeAttendance, ProviderCall, SessionMark, WeeklyContact
from attendance.queries import overdue_contacts, stamp_of, stamp_of_contact
from attendance.queries.contacts import STARTED
from attendance.rules import propose_code
from placements.models import Placement
from placements.queries import expected_of
from trust.calendar import LONDON, date_words, london_date
from trust.errors import RuleBroken, StaleRecord
from trust.models import User
from trust.permissions import Permission, Role
from trust.queries import calendars_of
from trust.services import DueFlag, clear_flags, clear_leftovers, raise_flags, require, saving

CellKey = tuple[int, date, str]

CONTACT_MISSED = "contact_missed"
# Those who make the weekly contact; the others who may log it find it on the attendance page.
CONTACT_ROLES = (Role.ATT, Role.SLT, Role.TEAM)

_REPORTS: dict[str, ProviderReport] = {
    **{report.value: report for report in ProviderReport},
    **{letter: report for report, letter in REPORT_LETTERS.items()},
}


class CellsChanged(StaleRecord):
    """Somebody else changed some of the same cells or contacts after the page was opened; nothing was saved.

    ``cells`` and ``contacts`` (placement ids) name them; the page shows who changed what.
    """

    def __init__(self, cells: Collection[CellKey], contacts: Collection[int]) -> None:
        super().__init__(
            "Somebody else changed this week after you opened it. Nothing was saved, and nothing you typed is lost.",
            help="Compare what is shown below, then save again.",
        )
        self.cells = tuple(cells)
        self.contacts = tuple(contacts)


@dataclass(frozen=True)
class ContactLog:
    """The weekly contact as it was typed: one way and day for all, per placement (outcome, words).

    ``seen`` are the stamps of the contacts on the page when it was opened; a placement without one is not compared.
    """

    outcomes: Mapping[int, tuple[str, str]]
    how: str = ""
    contacted_on: date | None = None
    seen: Mapping[int, int] = field(default_factory=dict)


def save_week(
    *,
    provider_id: int,
    monday: date,
    marks: Mapping[CellKey, str],
    seen: Mapping[CellKey, int],
    by: User,
    now: datetime,
    contact: ContactLog | None = None,
) -> None:
    """Save changed cells of a provider's week, and the weekly contact with them: all or nothing.

    ``marks`` maps (placement id, day, 'AM' | 'PM') to a report or its letter, '' takes a mark back to 'no return yet'.
    ``seen`` are the stamps (``queries.stamp_of``) under which the cells were opened; a missing one means 'no mark'.
    The register code is proposed from the report (P3.11). Raises ``CellsChanged`` when somebody else was quicker,
    ``RuleBroken`` for a day to come and for a session at which nobody is expected. The number of statements does not
    depend on the number of students.
    """
    _check_monday(monday)
    _check_days(marks, monday, london_date(now))
    wanted = {key[0] for key in marks} | set(contact.outcomes if contact else ())
    if not wanted:
        return
    with saving(by=by):
        placements = _lock(provider_id, wanted, by)
        kept_marks = _kept_marks(placements, monday)
        kept_contacts = {
            row.placement_id: row for row in WeeklyContact.objects.filter(placement__in=placements, week=monday)
        }
        _check_unchanged(marks, seen, kept_marks, contact, kept_contacts)
        expected = expected_of(placements.values(), monday, monday + timedelta(days=6))
        _write_marks(marks, placements, kept_marks, expected, by, now)
        if contact and contact.outcomes:
            _write_contacts(contact, provider_id, monday, placements, expected, by, now)


def log_contact(
    *,
    provider_id: int,
    monday: date,
    how: str,
    contacted_on: date,
    outcomes: Mapping[int, tuple[str, str]],
    by: User,
    now: datetime,
) -> None:
    """Log one contact with a provider about several students in the week of ``monday`` (P5.5).

    ``outcomes`` maps a placement id to (outcome, words). *Spoken* and *not due* (with its reason) clear the flag.
    """
    log = ContactLog(outcomes=outcomes, how=how, contacted_on=contacted_on)
    save_week(provider_id=provider_id, monday=monday, marks={}, seen={}, by=by, now=now, contact=log)


def raise_contact_flags(*, now: datetime, among: Collection[int] | None = None) -> int:
    """Flag every weekly contact that is overdue and clear flags that are no longer due; returns how many are new.

    Overdue from the day after the last school day of the week (P5.5). Whatever is missing today is flagged, however
    long the job did not run; twice, late or two at once give the same flags. ``among`` are the placements to look at,
    when the sweep goes over them in parts.
    """
    today = london_date(now)
    raised = 0
    still_due: set[tuple[str, str]] = set()
    with saving(by=None, job=CONTACT_MISSED):
        for batch in overdue_contacts(today, among):
            due = [
                DueFlag(
                    subject=_subject(missed.placement.pk),
                    period=missed.monday.isoformat(),
                    school_id=missed.placement.school_id,
                    path=reverse("attendance:week", args=[missed.placement.provider_id, missed.monday.isoformat()]),
                    sentence=f"No contact with {missed.placement.provider.name} about placement {missed.placement.pk} "
                    f"in the week of {date_words(missed.monday)}.",
                )
                for missed in batch
            ]
            raised += raise_flags(kind=CONTACT_MISSED, due=due, roles=CONTACT_ROLES, now=now)
            still_due.update((flag.subject, flag.period) for flag in due)
        subjects = None if among is None else [_subject(pk) for pk in among]
        clear_leftovers(kind=CONTACT_MISSED, still_due=still_due, now=now, among=subjects)
    return raised


def _subject(placement_id: int) -> str:
    return f"placement:{placement_id}"


def _check_monday(monday: date) -> None:
    if monday.weekday():
        raise RuleBroken(f"{date_words(monday)} is not a Monday: a week is named by its Monday.")


def _check_days(marks: Mapping[CellKey, str], monday: date, today: date) -> None:
    for (_, day, session), report in marks.items():
        if not monday <= day <= monday + timedelta(days=6):
            raise RuleBroken(f"{date_words(day)} does not lie in the week of {date_words(monday)}.")
        if day > today:
            raise RuleBroken(
                f"{date_words(day)} {session} has not come yet: sessions to come cannot be marked.",
                help="Mark it on the day.",
            )
        if report and report not in _REPORTS:
            raise RuleBroken(f"{date_words(day)} {session}: type P, L, A or N, or nothing for no return yet.")


def _lock(provider_id: int, ids: Collection[int], by: User) -> dict[int, Placement]:
    """The placements, locked in the order of their ids, so that two saves wait for each other; each one permitted."""
    rows = (
        Placement.objects.select_for_update(no_key=True, of=("self",))
        .select_related("provider")
        .filter(pk__in=ids, provider_id=provider_id)
        .order_by("pk")
    )
    placements = {row.pk: row for row in rows}
    for row in placements.values():
        require(by, Permission.MARK_SESSIONS, home_id=row.school_id, host_id=row.host_school_id)
    if len(placements) != len(set(ids)):
        raise RuleBroken("One of these students is not placed at this provider.", help="Open the week again.")
    for row in placements.values():
        if row.status not in STARTED or row.started_at is None:
            raise RuleBroken(f"Placement {row.pk} has not started, so nothing can be marked for it.")
    return placements


def _kept_marks(placements: Mapping[int, Placement], monday: date) -> dict[CellKey, SessionMark]:
    rows = SessionMark.objects.filter(placement__in=placements, day__range=(monday, monday + timedelta(days=6)))
    return {(row.placement_id, row.day, row.session): row for row in rows}


def _check_unchanged(
    marks: Mapping[CellKey, str],
    seen: Mapping[CellKey, int],
    kept_marks: Mapping[CellKey, SessionMark],
    contact: ContactLog | None,
    kept_contacts: Mapping[int, WeeklyContact],
) -> None:
    cells = [
        key
        for key, report in marks.items()
        # Two people who typed the same agree.
        if stamp_of(kept_marks.get(key)) != seen.get(key, 0) and _report_of(kept_marks.get(key)) != _REPORTS.get(report)
    ]
    contacts = [
        pk
        for pk, (outcome, note) in (contact.outcomes.items() if contact else ())
        if contact
        and pk in contact.seen
        and stamp_of_contact(kept_contacts.get(pk)) != contact.seen[pk]
        and (kept_contacts[pk].outcome, kept_contacts[pk].note) != (outcome, note.strip())
    ]
    if cells or contacts:
        raise CellsChanged(cells, contacts)


def _report_of(mark: SessionMark | None) -> ProviderReport | None:
    return ProviderReport(mark.report) if mark else None


def _write_marks(
    marks: Mapping[CellKey, str],
    placements: Mapping[int, Placement],
    kept: Mapping[CellKey, SessionMark],
    expected: Mapping[int, Collection[tuple[date, str]]],
    by: User,
    now: datetime,
) -> None:
    rows: list[SessionMark] = []
    taken_back: list[int] = []
    for key, letter in sorted(marks.items()):
        placement_id, day, session = key
        before, report = kept.get(key), _REPORTS.get(letter)
        if report == _report_of(before):
            continue
        if report is None:
            taken_back += [before.pk] if before else []
            continue
        if (day, session) not in expected[placement_id]:
            raise RuleBroken(
                f"Nobody is expected on {date_words(day)} {session} for placement {placement_id}, so it is not marked.",
                help="If the student does attend then, the timetable of the placement must be changed.",
            )
        placement = placements[placement_id]
        registered = placement.dual_registered_on is not None and placement.dual_registered_on <= day
        proposal = propose_code(report, placement.route, placement.provider.kind, dual_registered=registered)
        rows.append(
            SessionMark(
                placement_id=placement_id,
                school_id=placement.school_id,
                host_school_id=placement.host_school_id,
                day=day,
                session=session,
                report=report,
                code=proposal.code or "",
                marked_by=by,
                marked_at=now,
                version=before.version + 1 if before else 1,
            )
        )
    if taken_back:
        SessionMark.objects.filter(pk__in=taken_back).delete()
    if rows:
        # One statement; the placements are locked, so no version can have moved since it was read.
        SessionMark.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["placement", "day", "session"],
            update_fields=[
                "report",
                "code",
                "confirmed_by",
                "confirmed_at",
                "marked_by",
                "marked_at",
                "version",
            ],
        )


def _write_contacts(
    log: ContactLog,
    provider_id: int,
    monday: date,
    placements: Mapping[int, Placement],
    expected: Mapping[int, Collection[tuple[date, str]]],
    by: User,
    now: datetime,
) -> None:
    today = london_date(now)
    _check_contact(log, monday, today)
    made = any(outcome != ContactOutcome.NOT_DUE for outcome, _ in log.outcomes.values())
    call = None
    if made and log.contacted_on:
        noon = datetime.combine(log.contacted_on, time(12), tzinfo=LONDON)
        call = ProviderCall.objects.create(
            provider_id=provider_id, made_at=now if log.contacted_on == today else noon, made_by=by, how=log.how
        )
    calendars = calendars_of({row.school_id for row in placements.values()})
    rows = []
    for pk, (outcome, note) in sorted(log.outcomes.items()):
        called = outcome != ContactOutcome.NOT_DUE
        on = log.contacted_on if called and log.contacted_on else today
        days = [day for day, _ in expected[pk]]
        last = calendars[placements[pk].school_id].school_week(days[0]).last if days else None
        rows.append(
            WeeklyContact(
                placement_id=pk,
                school_id=placements[pk].school_id,
                week=monday,
                call=call if called else None,
                outcome=outcome,
                note=note.strip(),
                contacted_on=on,
                late=called and last is not None and on > last,
                logged_by=by,
                logged_at=now,
            )
        )
    WeeklyContact.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["placement", "week"],
        update_fields=["call", "outcome", "note", "contacted_on", "late", "logged_by", "logged_at"],
    )
    done = [_subject(row.placement_id) for row in rows if row.outcome != ContactOutcome.TRIED]
    if done:
        clear_flags(kind=CONTACT_MISSED, subject=done, period=monday.isoformat(), now=now)


def _check_contact(log: ContactLog, monday: date, today: date) -> None:
    for outcome, note in log.outcomes.values():
        if outcome not in ContactOutcome.values:
            raise RuleBroken("Say what came of the contact: spoken, tried, or not due.")
        if outcome == ContactOutcome.NOT_DUE and not note.strip():
            raise RuleBroken("Say why no contact was due.")
    if all(outcome == ContactOutcome.NOT_DUE for outcome, _ in log.outcomes.values()):
        return
    if log.how not in ContactMeans.values:
        raise RuleBroken("Say how the provider was contacted.", field="how")
    if log.contacted_on is None:
        raise RuleBroken("Give the day of the contact.", field="contacted_on")
    if log.contacted_on > today:
        raise RuleBroken("A contact cannot be logged before it was made.", field="contacted_on")
    if log.contacted_on < monday:
        raise RuleBroken(
            f"A contact before {date_words(monday)} does not count for this week.",
            field="contacted_on",
            help="Log it in its own week.",
        )


def write_home_attendance(*, new: list[HomeAttendance], changed: list[HomeAttendance]) -> None:
    """Weeks at the home school as a checked import found them, each once for its student; nothing is deleted."""
    HomeAttendance.objects.bulk_create(new, batch_size=1000)
    if changed:
        HomeAttendance.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["possible", "attended", "unauthorised", "source", "codes"],
            batch_size=1000,
        )
