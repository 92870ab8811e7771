"""Started placements in numbers and their marks, written directly: walking the services for 25 students takes long."""

from collections.abc import Collection
from datetime import date, datetime, time
from typing import Any

import pgtrigger
from psycopg2.extras import NumericRange

from attendance.codes import ProviderReport
from attendance.models import SessionMark
from placements.codes import Destination, EndingReason, PeriodKind, Route
from placements.lifecycle import LIVE, Status
from placements.models import Placement, PlacementPeriod, TimetableSlot
from providers.models import Provider
from referrals.lifecycle import Status as ReferralStatus
from referrals.models import Referral
from tests.factories.people import make_student
from tests.factories.placements import MORNINGS, referral_data
from trust.calendar import LONDON, to_range
from trust.models import School, Student, User

FIRST, LAST = date(2026, 11, 2), date(2026, 12, 18)

# What is written directly begins where the services would have led it.
_WRITTEN_DIRECTLY = pgtrigger.ignore("referrals.Referral:status_by_table", "placements.Placement:status_by_table")


@_WRITTEN_DIRECTLY
def started_placement(
    student: Student,
    provider: Provider,
    *,
    proposed_by: User,
    decided_by: User,
    first: date = FIRST,
    last: date = LAST,
    slots: Collection[int] = MORNINGS,
    status: Status = Status.ACTIVE,
    ended_on: date | None = None,
    **extra: Any,
) -> Placement:
    """A placement that started on its first day, every weekday morning unless told otherwise."""
    at = datetime.combine(first, time(9), tzinfo=LONDON)
    referral = Referral.objects.create(
        student=student,
        school=student.school,
        nc_year=student.nc_year,
        status=ReferralStatus.APPROVED,
        **referral_data(),
        written_by=proposed_by,
        written_at=at,
        submitted_by=proposed_by,
        submitted_at=at,
        decided_by=decided_by,
        decided_at=at,
        decision_reason="Read.",
    )
    ended: dict[str, Any] = {}
    if status == Status.ENDED:
        ended = {
            "ended_on": ended_on or last,
            "ended_by": decided_by,
            "ending_reason": EndingReason.PLANNED,
            "destination": Destination.HOME_SCHOOL,
        }
    live = status in LIVE
    placement = Placement.objects.create(
        referral=referral,
        student=student,
        school=student.school,
        provider=provider,
        programme=provider.programmes.order_by("id")[0],
        site=provider.sites.order_by("id")[0],
        status=status,
        live=live,
        start_time=time(9),
        report_to="Sam Okafor",
        proposed_by=proposed_by,
        proposed_at=at,
        decided_by=decided_by,
        decided_at=at,
        started_at=at,
        started_by=proposed_by,
        **{"route": Route.DIRECTION, **ended, **extra},
    )
    period = PlacementPeriod.objects.create(
        placement=placement,
        number=1,
        kind=PeriodKind.INITIAL,
        period=to_range(first, last),
        notice_needed=True,
        notice_given_on=first,
        proposed_by=proposed_by,
        proposed_at=at,
        approved_by=decided_by,
        approved_at=at,
    )
    TimetableSlot.objects.bulk_create(
        TimetableSlot(
            placement=placement,
            placement_period=period,
            student=student,
            site_id=placement.site_id,
            programme_id=placement.programme_id,
            live=live,
            slots=NumericRange(slot, slot + 1),
            runs=to_range(first, last),
        )
        for slot in sorted(slots)
    )
    return placement


def many_placements(
    number: int, school: School, provider: Provider, *, proposed_by: User, decided_by: User, **extra: Any
) -> list[Placement]:
    """That many students of ``school`` who started at ``provider``."""
    return [
        started_placement(
            make_student(school, f"Student{n:03d}", "Kit"),
            provider,
            proposed_by=proposed_by,
            decided_by=decided_by,
            **extra,
        )
        for n in range(number)
    ]


def make_mark(
    placement: Placement,
    day: date,
    session: str = "AM",
    report: str = ProviderReport.PRESENT,
    *,
    by: User,
    **extra: Any,
) -> SessionMark:
    """One mark as the service writes it, without asking anything."""
    facts: dict[str, Any] = {
        "school_id": placement.school_id,
        "host_school_id": placement.host_school_id,
        "marked_at": datetime.combine(day, time(9, 30), tzinfo=LONDON),
        "marked_by": by,
        **extra,
    }
    return SessionMark.objects.create(placement=placement, day=day, session=session, report=report, **facts)
