"""Imports from a school's management information system: kept, matched, checked by a job, applied whole or not at all.

A request only writes a row; the job claims it by a lease. Checking changes nothing. Applying locks the students of the
file, checks once more under the lock, and writes everything in one transaction, so that a killed worker leaves nothing.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import PurePath
from typing import Any

from django.db.models import Q

from attendance.resources import SESSION_COLUMNS, check_sessions, mapping_fault
from attendance.services import write_home_attendance
from placements.resources import PLACEMENT_COLUMNS, check_placements
from placements.services import bring_in_placements
from trust.calendar import london_date
from trust.codes import FileKind, ImportKind, ImportStatus
from trust.errors import DomainError, RuleBroken
from trust.models import ImportRun, School, User
from trust.permissions import Permission
from trust.resources import (
    CONTACT_COLUMNS,
    ROWS_MAX,
    STUDENT_COLUMNS,
    SUSPENSION_COLUMNS,
    Column,
    Fault,
    Found,
    Office,
    Table,
    cells_of,
    check_contacts,
    check_students,
    check_suspensions,
    read_headings,
    read_table,
)
from trust.rules import fold_name, tidy_upn
from trust.services import file_bytes, keep_upload, record_heartbeat, require, saving, store_file
from trust.services.imports import lock_students, write_contacts, write_students, write_suspensions

# Longer than a task may take: a run whose worker died is taken up again after it.
LEASE = timedelta(seconds=40)
ATTEMPTS = 5
# How many faults are kept word for word; all of them are counted.
KEPT = 500


@dataclass(frozen=True)
class Kind:
    """How files of one kind are matched, checked and written."""

    columns: tuple[Column, ...]
    check: Callable[[Table, Mapping[str, str], Office], Found]
    write: Callable[[Found, date], None]
    mapping_fault: Callable[[Mapping[str, str]], str] = lambda mapping: ""
    # Asked for beside the permission to import.
    permission: Permission = Permission.IMPORT_DATA
    # Where each row goes through a service of its own, which asks who brings it in.
    write_by: Callable[[Found, User, datetime], object] | None = None
    # What one transaction can write in the time of a job.
    rows_max: int = ROWS_MAX


KINDS: dict[str, Kind] = {
    ImportKind.STUDENTS: Kind(
        STUDENT_COLUMNS,
        check_students,
        lambda found, today: write_students(new=found.new, changed=found.changed, fields=found.fields, today=today),
        rows_max=25_000,
    ),
    ImportKind.CONTACTS: Kind(
        CONTACT_COLUMNS,
        check_contacts,
        lambda found, today: write_contacts(rows=[*found.new, *found.changed]),
        rows_max=25_000,
    ),
    ImportKind.SESSIONS: Kind(
        SESSION_COLUMNS,
        check_sessions,
        lambda found, today: write_home_attendance(new=found.new, changed=found.changed),
        mapping_fault,
    ),
    ImportKind.SUSPENSIONS: Kind(
        SUSPENSION_COLUMNS,
        check_suspensions,
        lambda found, today: write_suspensions(new=found.new, changed=found.changed),
    ),
    ImportKind.PLACEMENTS: Kind(
        PLACEMENT_COLUMNS,
        check_placements,
        lambda found, today: None,
        permission=Permission.PROPOSE_PLACEMENT,
        write_by=lambda found, by, now: bring_in_placements(rows=found.new, by=by, now=now),
    ),
}


def upload_import(*, kind: str, school_id: int | None, upload: Any, by: User, now: datetime) -> ImportRun:
    """Keep a file, read its headings and propose what each column is; ``school_id`` None is for the whole trust."""
    if kind not in KINDS:
        raise RuleBroken("Choose what the file holds.", field="kind")
    with saving(by=by, reason="File for import"):
        _require(by, school_id, kind)
        stored = keep_upload(kind=FileKind.IMPORT, upload=upload, by=by, now=now)
        headings = read_headings(PurePath(stored.name).suffix, file_bytes(stored))
        run: ImportRun = ImportRun.objects.create(
            kind=kind,
            school_id=school_id,
            file=stored,
            headings=list(headings),
            mapping=_proposed(kind, headings),
            uploaded_by=by,
            uploaded_at=now,
        )
    return run


def match_columns(*, run_id: int, mapping: Mapping[str, str], by: User, now: datetime) -> ImportRun:
    """Say which column is what and have the file checked; the next file with these headings proposes the same."""
    with saving(by=by, reason="Columns matched"):
        run = _locked(run_id, by)
        if run.status not in (ImportStatus.UPLOADED, ImportStatus.CHECKED, ImportStatus.FAILED):
            raise RuleBroken("This file is being read or was dealt with already.")
        wanted = {name: heading for name, heading in mapping.items() if heading}
        for column in KINDS[run.kind].columns:
            if column.required and column.name not in wanted:
                raise RuleBroken(f"Choose the column that holds '{column.label}'.", field=column.name)
        for name, heading in wanted.items():
            if heading not in run.headings:
                raise RuleBroken("The file has no such column.", field=name)
            if list(wanted.values()).count(heading) > 1:
                raise RuleBroken(f"'{heading}' is chosen twice.", field=name)
        if fault := KINDS[run.kind].mapping_fault(wanted):
            raise RuleBroken(fault)
        run.mapping = wanted
        _queue(run, ImportStatus.CHECKING)
    return run


def apply_import(*, run_id: int, by: User, now: datetime) -> ImportRun:
    """Have a file that was checked without a fault applied; whole or not at all."""
    with saving(by=by, reason="Import to be applied"):
        run = _locked(run_id, by)
        if run.status != ImportStatus.CHECKED:
            raise RuleBroken("Only a checked file that was not applied yet can be applied.")
        if run.found:
            raise RuleBroken("The file has faults: put them right and send it again. Nothing was written.")
        if not run.added and not run.changed:
            raise RuleBroken("The file holds nothing new, so there is nothing to apply.")
        run.applied_by = by
        _queue(run, ImportStatus.APPLYING)
    return run


def drop_import(*, run_id: int, by: User, now: datetime) -> ImportRun:
    """Leave a file that was not applied; it stays in the history."""
    with saving(by=by, reason="Import dropped"):
        run = _locked(run_id, by)
        if run.status in (ImportStatus.APPLYING, ImportStatus.APPLIED, ImportStatus.DROPPED):
            raise RuleBroken("This file was dealt with already.")
        run.status = ImportStatus.DROPPED
        run.locked_until = None
        run.save()
    return run


def work_imports(*, now: datetime, limit: int = 1) -> int:
    """Check or apply the files that wait, oldest first; how many were worked on. For the job."""
    done = 0
    while done < limit and (run := _claim(now)) is not None:
        done += 1
        try:
            if run.status == ImportStatus.CHECKING:
                _check(run, now)
            else:
                _apply(run, now)
        except DomainError as error:
            _fail(run, error.message)
    record_heartbeat(job="work_imports", now=now, outcome=f"{done} files")
    return done


def _claim(now: datetime) -> ImportRun | None:
    """The next file under a lease, counted; one that was begun too often is given up with a sentence."""
    with saving(by=None, job="work_imports"):
        waiting = ImportRun.objects.filter(status__in=[ImportStatus.CHECKING, ImportStatus.APPLYING])
        run: ImportRun | None = (
            waiting.filter(Q(locked_until__isnull=True) | Q(locked_until__lt=now))
            .select_for_update(skip_locked=True)
            .order_by("uploaded_at", "id")
            .first()
        )
        if run is None:
            return None
        if run.attempts >= ATTEMPTS:
            run.status, run.locked_until = ImportStatus.FAILED, None
            run.fault = "Reading the file broke off several times. Nothing was written. Tell the trust AP lead."
            run.save()
            return None
        run.attempts += 1
        run.locked_until = now + LEASE
        run.save()
    return run


def _check(run: ImportRun, now: datetime) -> None:
    table = _table(run)

    def tell(done: int) -> None:
        with saving(by=None, job="work_imports", reason="File being checked"):
            ImportRun.objects.filter(pk=run.pk, status=ImportStatus.CHECKING).update(
                rows_done=done, rows_total=len(table.rows)
            )

    tell(0)
    found = _found(run, table, _office(run, now, tell))
    with saving(by=None, job="work_imports", reason="File checked"):
        if _still(run, ImportStatus.CHECKING):
            _record(run, table, found, now)
            run.status = ImportStatus.CHECKED
            _release(run)


def _apply(run: ImportRun, now: datetime) -> None:
    with saving(by=run.applied_by, job="work_imports", reason=f"{run} applied"):
        if not _still(run, ImportStatus.APPLYING):
            return
        table = _table(run)
        lock_students({tidy_upn(cells["upn"]) for _, cells in cells_of(table, {"upn": run.mapping["upn"]})})
        # Whoever applies may have lost the role meanwhile.
        _require(run.applied_by, run.school_id, run.kind)
        found = _found(run, table, _office(run, now))
        _record(run, table, found, now)
        if found.faults:
            run.status, run.applied_by = ImportStatus.CHECKED, None
            run.fault = "Records changed since the file was checked, so it was not applied. Nothing was written."
        else:
            _write(run, found, now)
            run.status, run.applied_at = ImportStatus.APPLIED, now
        _release(run)


def _fail(run: ImportRun, sentence: str) -> None:
    with saving(by=None, job="work_imports", reason=sentence):
        if _still(run, ImportStatus(run.status)):
            run.refresh_from_db()
            run.status, run.fault, run.locked_until = ImportStatus.FAILED, sentence[:240], None
            run.save()


def _found(run: ImportRun, table: Table, office: Office) -> Found:
    found = KINDS[run.kind].check(table, run.mapping, office)
    found.faults += table.faults()
    return found


def _table(run: ImportRun) -> Table:
    table = read_table(PurePath(run.file.name).suffix, file_bytes(run.file))
    most = KINDS[run.kind].rows_max
    if len(table.rows) > most:
        raise RuleBroken(
            f"The file has {len(table.rows):,} rows; {most:,} can be applied at once. Send it in parts, by year group."
        )
    return table


def _office(run: ImportRun, now: datetime, tell: Callable[[int], None] = lambda done: None) -> Office:
    schools: dict[str, int] = {}
    for school in School.objects.all():
        schools.update(dict.fromkeys(map(fold_name, (school.name, school.short_name, school.urn)), school.pk))
    return Office(run.school_id, schools, london_date(now), tell)


def _record(run: ImportRun, table: Table, found: Found, now: datetime) -> None:
    places = {heading: place for place, heading in enumerate(table.headings)}
    faults = sorted(found.faults, key=lambda fault: (fault.row, places.get(fault.column, 0)))
    run.added, run.changed, run.unchanged = len(found.new), len(found.changed), found.unchanged
    run.found = len(faults)
    run.errors = [asdict(fault) for fault in faults[:KEPT]]
    run.error_file = None
    if len(faults) > KEPT:
        # What the history keeps stays small; the whole list is a file beside it.
        run.error_file = store_file(
            kind=FileKind.REPORT, content=_sheet_of(faults), content_type="text/csv", by=run.uploaded_by, now=now
        )
    run.fault = ""
    run.rows_done = run.rows_total = len(table.rows)


def faults_as_csv(*, run: ImportRun) -> bytes:
    """Every fault of a checked file as CSV with row, column and sentence, none of it a formula to a spreadsheet."""
    if run.error_file is not None:
        return file_bytes(run.error_file)
    return _sheet_of(Fault(**fault) for fault in run.errors)


def _sheet_of(faults: Iterable[Fault]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["Row", "Column", "What is wrong"])
    writer.writerows([fault.row, _plain(fault.column), _plain(fault.sentence)] for fault in faults)
    # With the mark that tells a spreadsheet it is UTF-8.
    return text.getvalue().encode("utf-8-sig")


def _plain(text: str) -> str:
    """A heading or a quoted cell may begin like a formula; a spreadsheet must not run it."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def _release(run: ImportRun) -> None:
    run.locked_until, run.attempts = None, 0
    run.save()


def _queue(run: ImportRun, status: ImportStatus) -> None:
    run.status, run.locked_until, run.attempts, run.rows_done, run.fault = status, None, 0, 0, ""
    run.save()


def _still(run: ImportRun, status: ImportStatus) -> bool:
    """Whether the run is still ours: nobody dropped it, and no second worker finished it after the lease."""
    return bool(ImportRun.objects.select_for_update().filter(pk=run.pk, status=status, attempts=run.attempts).exists())


def _locked(run_id: int, by: User) -> ImportRun:
    run: ImportRun = ImportRun.objects.select_for_update().get(pk=run_id)
    _require(by, run.school_id, run.kind)
    return run


def _write(run: ImportRun, found: Found, now: datetime) -> None:
    kind = KINDS[run.kind]
    if kind.write_by is None:
        kind.write(found, london_date(now))
    elif run.applied_by is not None:
        kind.write_by(found, run.applied_by, now)


def _require(by: Any, school_id: int | None, kind: str) -> None:
    """A file for the whole trust asks for a role of the whole trust."""
    for permission in (Permission.IMPORT_DATA, KINDS[kind].permission):
        require(by, permission, home_id=school_id if school_id is not None else 0)


def _proposed(kind: str, headings: tuple[str, ...]) -> dict[str, str]:
    """What was chosen for the last applied file of the same kind and headings, else what the headings say."""
    last = (
        ImportRun.objects.filter(kind=kind, headings=list(headings), status=ImportStatus.APPLIED)
        .order_by("-applied_at", "-id")
        .first()
    )
    if last is not None:
        return dict(last.mapping)
    plain = {" ".join(heading.casefold().replace("_", " ").split()): heading for heading in headings}
    mapping: dict[str, str] = {}
    for column in KINDS[kind].columns:
        for guess in (*column.headings, column.label.casefold(), column.name.replace("_", " ")):
            if guess in plain and plain[guess] not in mapping.values():
                mapping[column.name] = plain[guess]
                break
    return mapping
