"""A case from referral to destination as a list of dated facts, one query per source, whatever the number of cases."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.urls import reverse

from invictus_ap.queries.chronology import before, course
from invictus_ap.queries.chronology.entry import TOPICS, Entry, Reading, Source, days, days_covered, joined, name
from invictus_ap.queries.chronology.notices import decisions, notices
from placements.models import PartTimeTimetable, Placement
from referrals.models import Referral
from trust.calendar import date_words
from trust.models import Enrolment, Student, Suspension
from trust.permissions import Permission

__all__ = ["TOPICS", "Entry", "chronology", "days_covered", "student_timeline"]

_SOURCES: tuple[Source, ...] = (
    before.referrals,
    before.amendments,
    before.offers,
    before.proposals,
    before.overrides,
    before.visits,
    course.periods,
    course.timetables,
    course.pauses,
    course.suspended_providers,
    course.papers,
    course.qualifications,
    notices,
    decisions,
    course.marks,
    course.contacts,
    course.targets,
    course.reviews,
)

_PEOPLE = (
    "proposed_by",
    "decided_by",
    "started_by",
    "ended_by",
    "host_accepted_by",
    "provider",
    "programme",
    "student",
)


def chronology(placement: Placement, user: Any) -> tuple[Entry, ...]:
    """Everything recorded about one placement and its referral, oldest first, as far as ``user`` may read it.

    Who reads no narrative gets the facts without what was said and found.
    """
    whole = Placement.objects.select_related(*_PEOPLE).get(pk=placement.pk)
    reading = _reading(user, {whole.pk: whole}, {whole.referral_id: whole.school_id}, whole.student.school_id)
    return joined(reading, _SOURCES)


def student_timeline(student: Student, user: Any) -> tuple[Entry, ...]:
    """Everything recorded about a student over all referrals, placements and schools, oldest first.

    What ``user`` may see of each record decides, as on the page of the record itself: a host reads of its guests'
    days there, a former school of what it commissioned.
    """
    placements = {
        row.pk: row
        for row in Placement.objects.filter(student=student).visible_to(user).select_related(*_PEOPLE).order_by("pk")
    }
    referrals = dict(
        Referral.objects.filter(student=student).visible_to(user).order_by("pk").values_list("pk", "school_id")
    )
    reading = _reading(user, placements, referrals, student.school_id)

    def of_student(_: Reading) -> Iterator[Entry]:
        yield from _roll(student, user)
        yield from _suspensions(student, user)
        yield from _part_time(student, user)

    return joined(reading, (*_SOURCES, of_student))


def _reading(user: Any, placements: dict[int, Placement], referrals: dict[int, int], now_at: int) -> Reading:
    """What this person reads: at the school that commissioned, or at the one that has the student now."""

    def allowed(permission: Permission, school_id: int) -> bool:
        return bool(user.allows(permission, home_id=school_id) or user.allows(permission, home_id=now_at))

    def among(permission: Permission) -> frozenset[int]:
        return frozenset(pk for pk, row in placements.items() if allowed(permission, row.school_id))

    return Reading(
        placements=placements,
        referrals=tuple(referrals),
        own=among(Permission.SEE_STUDENTS),
        opened=frozenset(
            pk for pk, row in placements.items() if user.allows(Permission.SEE_STUDENTS, home_id=row.school_id)
        ),
        told=among(Permission.SEE_NARRATIVE),
        heard=frozenset(pk for pk, school_id in referrals.items() if allowed(Permission.SEE_NARRATIVE, school_id)),
        safety=among(Permission.SUSPEND_PLACEMENT),
    )


def _roll(student: Student, user: Any) -> Iterator[Entry]:
    rows = Enrolment.objects.filter(student=student).visible_to(user).select_related("school")
    for row in rows:
        yield Entry(row.from_day, f"On the roll of {row.school.name}", icon="building", topic="student")
        if row.until_day:
            yield Entry(row.until_day, f"Last day on the roll of {row.school.name}", icon="building", topic="student")


def _suspensions(student: Student, user: Any) -> Iterator[Entry]:
    for row in Suspension.objects.filter(student=student).visible_to(user):
        count = f"{row.sessions} {'session' if row.sessions == 1 else 'sessions'}"
        yield Entry(row.first_day, "Suspended", count, icon="slash-circle", topic="student")


def _part_time(student: Student, user: Any) -> Iterator[Entry]:
    rows = PartTimeTimetable.objects.filter(student=student).visible_to(user).select_related("recorded_by")
    url = reverse("trust:student-detail", args=[student.pk])
    for row in rows:
        told = user.allows(Permission.SEE_NARRATIVE, home_id=row.school_id)
        agreed = f"agreed by {row.agreed_by} on {date_words(row.agreed_on)}"
        detail = f"{days(row.period)}, {agreed}" + (f": {row.reason}" if told else "")
        by = name(row.recorded_by)
        yield Entry(row.recorded_at, "Part-time timetable", detail, by, "clock-history", url, "student")
        first: date = row.review_on
        yield Entry(first, "Part-time timetable to be reviewed", "", "", "clock-history", url, "student")
