"""A student's page: what every stage knows about one student, as far as the person who reads may see it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from attendance.models import HomeAttendance
from placements.models import Offer, PartTimeTimetable, Placement
from placements.queries import PeriodShown, WeekOfStudent, periods_of, week_of
from referrals.models import Referral
from trust.calendar import last_day
from trust.errors import CalendarNotLoaded
from trust.models import ContactLink, Student, Suspension
from trust.permissions import Permission

# How many weeks of home attendance the page shows.
WEEKS_SHOWN = 12
# Under this number of sessions a percentage is 'not comparable' (domain page, 'Two figures, never mixed').
COMPARABLE = 20


@dataclass(frozen=True)
class HomeWeeks:
    """Attendance at the home school by week, newest first, with the sums of the weeks shown."""

    weeks: Sequence[HomeAttendance] = ()
    attended: int = 0
    possible: int = 0
    unauthorised: int = 0

    @property
    def rate(self) -> tuple[int, int]:
        """Attended and possible, as the filter ``percent`` takes it."""
        return self.attended, self.possible

    @property
    def comparable(self) -> bool:
        """Whether there are enough sessions to compare with."""
        return self.possible >= COMPARABLE


@dataclass(frozen=True)
class PartTimeShown:
    """A part-time timetable with inclusive days; ``state`` is 'now', 'coming' or 'over'."""

    row: PartTimeTimetable
    first: date
    last: date
    state: str
    review_due: bool


@dataclass(frozen=True)
class StudentCase:
    """Everything of the stages on the page of a student; placements come with their periods."""

    links: Sequence[ContactLink]
    referrals: Sequence[Referral]
    offers: Sequence[Offer]
    placements: Sequence[tuple[Placement, tuple[PeriodShown, ...]]]
    part_time: Sequence[PartTimeShown]
    suspensions: Sequence[Suspension]
    suspended_sessions: int
    home: HomeWeeks
    week: WeekOfStudent | None


def student_case(student: Student, user: Any, today: date) -> StudentCase:
    """The case of ``student`` as ``user`` may see it, in a number of queries that does not grow with the rows."""
    placements = list(
        Placement.objects.filter(student=student)
        .visible_to(user)
        .select_related("provider", "programme", "school", "host_school")
        .prefetch_related("periods")
    )
    offers = Offer.objects.filter(referral__student=student).visible_to(user).select_related("provider", "programme")
    suspensions = list(Suspension.objects.filter(student=student).visible_to(user).select_related("school"))
    links = ContactLink.objects.filter(student=student).visible_to(user).select_related("contact")
    return StudentCase(
        links=list(links.order_by("-parental_responsibility", "id")),
        referrals=list(Referral.objects.filter(student=student).visible_to(user).select_related("school")),
        offers=list(offers),
        placements=[(row, periods_of(row.periods.all())) for row in placements],
        part_time=_part_time(student, user, today),
        suspensions=suspensions,
        suspended_sessions=sum(row.sessions for row in suspensions),
        home=_home(student, user),
        week=_week(student, user, today),
    )


def _week(student: Student, user: Any, today: date) -> WeekOfStudent | None:
    """This week in all settings, next week from Saturday on; for the student's own school, None without calendar."""
    if not user.allows(Permission.SEE_STUDENTS, home_id=student.school_id):
        return None
    with suppress(CalendarNotLoaded):
        return week_of(student, today if today.weekday() < 5 else today + timedelta(days=2))
    return None


def _part_time(student: Student, user: Any, today: date) -> list[PartTimeShown]:
    found = []
    for row in PartTimeTimetable.objects.filter(student=student).visible_to(user).select_related("school"):
        first, last = row.period.lower, last_day(row.period)
        # The database holds both ends.
        assert last is not None  # noqa: S101
        state = "coming" if first > today else "over" if last < today else "now"
        found.append(PartTimeShown(row, first, last, state, state == "now" and row.review_on <= today))
    return found


def _home(student: Student, user: Any) -> HomeWeeks:
    rows = HomeAttendance.objects.filter(student=student).visible_to(user).order_by("-week")
    weeks = list(rows.defer("codes")[:WEEKS_SHOWN])
    return HomeWeeks(
        weeks,
        sum(week.attended for week in weeks),
        sum(week.possible for week in weeks),
        sum(week.unauthorised for week in weeks),
    )
