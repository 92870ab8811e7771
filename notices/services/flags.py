"""Flags about notices and the dates they guard."""

from collections.abc import Collection
from datetime import datetime, time

from notices.queries import Job, jobs_of
from notices.rules import JOBS, escalated
from trust.calendar import LONDON, london_date
from trust.codes import SettingCode
from trust.models import Flag
from trust.permissions import Role
from trust.queries import settings_on
from trust.services import DueFlag, clear_leftovers, raise_flags, saving


def _subject(placement_id: int) -> str:
    return f"placement:{placement_id}"


def _since(job: Job, raised: dict[tuple[str, str, str], datetime], now: datetime) -> datetime:
    """The instant from which the hours of a matter count: when it was raised, but not before it pressed."""
    at = raised.get((job.kind, _subject(job.placement.pk), job.key), now)
    if job.pressing_from is None:
        return at
    return max(at, datetime.combine(job.pressing_from, time.min, tzinfo=LONDON))


def _due(
    job: Job, raised: dict[tuple[str, str, str], datetime], now: datetime, head_hours: int, lead_hours: int
) -> DueFlag:
    since = _since(job, raised, now)
    roles = escalated(job.roles, since, now, due_on=job.due_on, head_hours=head_hours, lead_hours=lead_hours)
    return DueFlag(
        subject=_subject(job.placement.pk),
        period=job.key,
        school_id=job.placement.school_id,
        path=job.path,
        sentence=job.sentence,
        urgent=job.urgent,
        roles=roles,
    )


def raise_notice_flags(*, now: datetime, among: Collection[int] | None = None) -> int:
    """Raise every flag about notices that is due now, for whom it is by now, and clear what no longer is.

    One matter has one flag (``notices.rules.JOBS``): its words, urgency and roles follow the next step, and the longer
    it is open the more people it is for. Depends on dates and on when a flag was raised, so running it twice, late or
    after a missed night gives the same flags; how many were new. The number of queries does not grow with the
    placements. ``among`` are the placements to look at, when the sweep goes over them in parts.
    """
    with saving(by=None, job="raise_notice_flags"):
        return flag_notices(now=now, among=among)


def flag_notices(*, now: datetime, among: Collection[int] | None = None) -> int:
    """``raise_notice_flags`` inside the transaction of an act, so that what the act opens is asked for at once."""
    today = london_date(now)
    jobs = jobs_of(today, among)
    values = settings_on(today)
    hours = int(values[SettingCode.ESCALATE_HEAD_HOURS]), int(values[SettingCode.ESCALATE_LEAD_HOURS])
    subjects = None if among is None else [_subject(pk) for pk in among]
    kept = Flag.objects.open().filter(kind__in=JOBS, subject__in={_subject(job.placement.pk) for job in jobs})
    raised = {(flag.kind, flag.subject, flag.period): flag.raised_at for flag in kept}
    new = 0
    for kind in JOBS:
        due = [_due(job, raised, now, *hours) for job in jobs if job.kind == kind]
        new += raise_flags(kind=kind, due=due, roles=(Role.SLT,), now=now)
        clear_leftovers(kind=kind, still_due={(one.subject, one.period) for one in due}, now=now, among=subjects)
    return new
