"""The whole week of a student: all ten half-days, wherever they are spent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from placements.codes import OtherHalfDays
from placements.models import PartTimeTimetable, Placement, TimetableChange, TimetableSlot
from placements.queries.pages import WeekShown, timetable_of
from placements.rules import SESSIONS, WEEKDAYS, half_day_of, pounds
from providers.models import Programme, Site
from trust.calendar import SchoolCalendar, date_words, from_range, monday_of, to_range
from trust.models import SchoolTimes, Student, User
from trust.queries import calendar_of


@dataclass(frozen=True)
class HalfDay:
    """One half-day: ``kind`` is 'PROVIDER', a code of ``OtherHalfDays`` or 'CLOSED'; ``words`` say where."""

    day: date
    session: str
    kind: str
    words: str
    minutes: int


@dataclass(frozen=True)
class WeekOfStudent:
    """The ten half-days of one week, by weekday, with the hours of education in them over all settings."""

    monday: date
    halves: tuple[HalfDay, ...]

    @property
    def hours(self) -> Decimal:
        """Hours in all settings together, to the hundredth."""
        return (Decimal(sum(half.minutes for half in self.halves)) / 60).quantize(Decimal("0.01"))

    @property
    def rows(self) -> tuple[tuple[str, tuple[HalfDay, ...]], ...]:
        """Morning and afternoon, each with its five half-days."""
        return tuple(
            (words, tuple(half for half in self.halves if half.session == name))
            for name, words in zip(SESSIONS, ("Morning", "Afternoon"), strict=True)
        )

    @property
    def weekdays(self) -> tuple[str, ...]:
        """The heads of the columns."""
        return WEEKDAYS

    def count(self, kind: str) -> int:
        """How many half-days are of one kind."""
        return sum(half.kind == kind for half in self.halves)

    @property
    def summary(self) -> str:
        """The ten half-days in one line."""
        parts = [
            (self.count("PROVIDER"), "at a provider"),
            (self.count(OtherHalfDays.HOME_SCHOOL), "at the home school"),
            (self.count(OtherHalfDays.NOT_IN_EDUCATION), "not in education"),
            (self.count("CLOSED"), "no school"),
        ]
        return ", ".join(f"{number} {words}" for number, words in parts if number)


def week_of(student: Student, on: date) -> WeekOfStudent:
    """The week that ``on`` lies in: approved placements in force each day, part-time timetable, else home school."""
    monday = monday_of(on)
    friday = monday + timedelta(days=4)
    cal = calendar_of(student.school_id)
    rows = [
        (from_range(row.runs), row)
        for row in TimetableSlot.objects.filter(
            student=student,
            live=True,
            placement_period__approved_at__isnull=False,
            runs__overlap=to_range(monday, friday),
        ).select_related("site__provider", "programme")
    ]
    part_time = [
        (from_range(row.period), row)
        for row in PartTimeTimetable.objects.filter(student=student, period__overlap=to_range(monday, friday))
    ]
    times = SchoolTimes.objects.filter(school_id=student.school_id, from_day__lte=monday).order_by("-from_day").first()
    days = [monday + timedelta(days=number) for number in range(5)]
    halves = tuple(_half(cal, day, session, rows, part_time, times) for day in days for session in SESSIONS)
    return WeekOfStudent(monday, halves)


def _half(
    cal: SchoolCalendar,
    day: date,
    session: str,
    rows: Iterable[tuple[tuple[date, date], TimetableSlot]],
    part_time: Iterable[tuple[tuple[date, date], PartTimeTimetable]],
    times: SchoolTimes | None,
) -> HalfDay:
    if not cal.is_school_day(day):
        return HalfDay(day, session, "CLOSED", "No school", 0)
    slot = half_day_of(cal, day, session)
    for (first, last), row in rows:
        if first <= day <= last and row.slots.lower <= slot < row.slots.upper:
            where = f"{row.site.provider.name}, {row.site.name}: {row.programme.name}"
            return HalfDay(day, session, "PROVIDER", where, int(row.programme.hours_per_session * 60))
    for (first, last), part in part_time:
        if first <= day <= last and slot % 10 in part.slots:
            words = f"Not in education, agreed by {part.agreed_by}, until {date_words(last)}"
            return HalfDay(day, session, OtherHalfDays.NOT_IN_EDUCATION, words, 0)
    minutes = _minutes(times, session) if times else 0
    return HalfDay(day, session, OtherHalfDays.HOME_SCHOOL, "Home school", minutes)


def _minutes(times: SchoolTimes, session: str) -> int:
    begins, ends = (times.am_start, times.am_end) if session == SESSIONS[0] else (times.pm_start, times.pm_end)
    length = datetime.combine(date.min, ends) - datetime.combine(date.min, begins)
    return length.seconds // 60


@dataclass(frozen=True)
class ChangeShown:
    """A change of the timetable as people read it."""

    change: TimetableChange
    timetable: tuple[WeekShown, ...]

    @property
    def waits(self) -> bool:
        """Whether it waits for a decision."""
        return self.change.approved_at is None and self.change.dropped_at is None

    @property
    def state(self) -> str:
        """Where it stands, in words."""
        if self.waits:
            return "waits for a decision"
        return "in force" if self.change.approved_at else f"dropped: {self.change.dropped_reason}"

    @property
    def sentence(self) -> str:
        """The change in one sentence for whoever decides it."""
        money = self.change.cost_change
        words = "no other cost" if not money else f"{pounds(abs(money))} {'more' if money > 0 else 'less'}"
        count = len(self.change.slots)
        return (
            f"From {date_words(self.change.from_day)}: {count} half-days in the fortnight, {words}. "
            f"Proposed by {self.change.proposed_by}: {self.change.reason}"
        )


def changes_of(placement: Placement, user: User) -> tuple[ChangeShown, ...]:
    """Every change of a placement's timetable that the person may see, newest first."""
    rows = TimetableChange.objects.visible_to(user).filter(placement=placement)
    sites = dict(Site.objects.filter(provider_id=placement.provider_id).values_list("pk", "name"))
    programmes = dict(Programme.objects.filter(provider_id=placement.provider_id).values_list("pk", "name"))
    return tuple(
        ChangeShown(
            change,
            timetable_of(
                {slot: f"{sites[site_id]}, {programmes[programme]}" for slot, site_id, programme in change.slots}
            ),
        )
        for change in rows.select_related("proposed_by", "approved_by", "dropped_by")
    )
