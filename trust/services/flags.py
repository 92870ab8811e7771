"""Flags and heartbeats. A flag is the record; what is due is computed from dates, also when no job ran."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from trust.models import Flag, Heartbeat
from trust.permissions import Role


def raise_flag(
    *,
    kind: str,
    subject: str,
    period: str,
    school_id: int | None,
    roles: Iterable[Role],
    path: str,
    sentence: str,
    urgent: bool,
    now: datetime,
) -> bool:
    """Record that something is due, once per kind, subject and period; True when this call raised it.

    Two sweeps at once, or one after a kill, meet the unique key: the flag is there exactly once. A flag that had
    cleared opens again when the matter is due again.
    """
    flag, raised = Flag.objects.get_or_create(
        kind=kind,
        subject=subject,
        period=period,
        defaults={
            "school_id": school_id,
            "roles": sorted(roles),
            "path": path,
            "sentence": sentence,
            "urgent": urgent,
            "raised_at": now,
        },
    )
    if not raised and (flag.cleared_at is not None or flag.sentence != sentence or flag.urgent != urgent):
        flag.cleared_at, flag.sentence, flag.urgent, flag.path = None, sentence, urgent, path
        flag.save(update_fields=["cleared_at", "sentence", "urgent", "path"])
    return raised


@dataclass(frozen=True)
class DueFlag:
    """One matter that is due, for ``raise_flags``: subject and period name it, the rest is what people read.

    ``roles`` are those whom this one is for, where they are not those of all its kind.
    """

    subject: str
    period: str
    school_id: int | None
    path: str
    sentence: str
    urgent: bool = False
    roles: tuple[Role, ...] = ()


def raise_flags(*, kind: str, due: Sequence[DueFlag], roles: Iterable[Role], now: datetime) -> int:
    """``raise_flag`` for many at once, in the same few statements at any number; returns how many are new.

    Rows go in by (subject, period), so that two sweeps at once wait for each other and never lock crosswise. Flags
    that had cleared open again as raised now, and those whose words, urgency or roles changed are brought up to date;
    the roles of an open flag only grow: nobody who was told is left out again.
    """
    wanted = {(flag.subject, flag.period): flag for flag in due}
    named = sorted(roles)
    kept = Flag.objects.filter(kind=kind, subject__in={subject for subject, _ in wanted})
    existing = {(flag.subject, flag.period): flag for flag in kept}
    new = [
        Flag(
            kind=kind,
            subject=flag.subject,
            period=flag.period,
            school_id=flag.school_id,
            roles=sorted(flag.roles) or named,
            path=flag.path,
            sentence=flag.sentence,
            urgent=flag.urgent,
            raised_at=now,
        )
        for key, flag in sorted(wanted.items())
        if key not in existing
    ]
    Flag.objects.bulk_create(new, ignore_conflicts=True)
    stale = {existing[key].pk: flag for key, flag in wanted.items() if key in existing and _stale(existing[key], flag)}
    if stale:
        locked = list(Flag.objects.filter(pk__in=stale).select_for_update().order_by("pk"))
        for row in locked:
            flag = stale[row.pk]
            meant = set(flag.roles or named)
            if row.cleared_at is not None:
                row.raised_at, row.told, row.roles = now, [], sorted(meant)
            else:
                row.roles = sorted(meant | set(row.roles))
            row.cleared_at, row.sentence, row.urgent, row.path = None, flag.sentence, flag.urgent, flag.path
        fields = ["cleared_at", "raised_at", "told", "roles", "sentence", "urgent", "path"]
        Flag.objects.bulk_update(locked, fields, batch_size=500)
    return len(new)


def _stale(row: Flag, flag: DueFlag) -> bool:
    """Whether a flag on file differs from what is due now."""
    changed = (row.sentence, row.urgent) != (flag.sentence, flag.urgent)
    return row.cleared_at is not None or changed or not set(flag.roles) <= set(row.roles)


def clear_flags(*, kind: str, subject: str | Collection[str], period: str | None = None, now: datetime) -> int:
    """Clear the open flags of one subject or several (and period): called by the service that does the deed."""
    subjects = [subject] if isinstance(subject, str) else list(subject)
    flags = Flag.objects.open().filter(kind=kind, subject__in=subjects)
    if period is not None:
        flags = flags.filter(period=period)
    return flags.update(cleared_at=now)


def clear_leftovers(
    *, kind: str, still_due: Collection[tuple[str, str]], now: datetime, among: Collection[str] | None = None
) -> int:
    """Clear open flags of ``kind`` whose (subject, period) is no longer due: dates move, placements end.

    ``among`` names the subjects that were looked at, when a sweep went over a part of them only.
    """
    rows = Flag.objects.open().filter(kind=kind)
    if among is not None:
        rows = rows.filter(subject__in=among)
    keys = rows.values_list("pk", "subject", "period")
    gone = [pk for pk, subject, period in keys if (subject, period) not in still_due]
    return Flag.objects.filter(pk__in=gone).update(cleared_at=now) if gone else 0


def record_heartbeat(*, job: str, outcome: str, now: datetime) -> None:
    """Note that ``job`` ran to its end, so that 'none due' and 'nothing ran' look different."""
    Heartbeat.objects.update_or_create(job=job, defaults={"finished_at": now, "outcome": outcome})
