"""What the parts of the demo share: the day, the dice, the people, the calendars."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from random import Random

from providers.models import Programme, Provider, Site
from trust.calendar import LONDON, SchoolCalendar, academic_year_of
from trust.models import AcademicYear, School, Student, User
from trust.permissions import Role


@dataclass
class Place:
    """A provider with the site and programme that its placements use, and the half-days a student goes there."""

    provider: Provider
    site: Site
    programme: Programme
    slots: tuple[int, ...]


@dataclass
class World:
    """Everything made so far. ``now`` is the real instant of loading, ``today`` its day in London."""

    rng: Random
    now: datetime
    today: date
    trust_staff: dict[Role, User] = field(default_factory=dict)
    staff: dict[tuple[int, Role], User] = field(default_factory=dict)
    years: dict[str, AcademicYear] = field(default_factory=dict)
    schools: list[School] = field(default_factory=list)
    students: dict[int, list[Student]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    calendars: dict[int, SchoolCalendar] = field(default_factory=dict)

    @property
    def lead(self) -> User:
        """The trust AP lead."""
        return self.trust_staff[Role.LEAD]

    @property
    def ceo(self) -> User:
        """The chief executive."""
        return self.trust_staff[Role.CEO]

    @property
    def finance(self) -> User:
        """Finance of the trust."""
        return self.trust_staff[Role.FIN]

    @property
    def officer(self) -> User:
        """The attendance officer of the whole trust."""
        return self.trust_staff[Role.ATT]

    def at(self, day: date, hour: int = 10, minute: int = 0) -> datetime:
        """An instant of ``day`` in London, never after the instant of loading."""
        return min(datetime.combine(day, time(hour, minute), tzinfo=LONDON), self.now)

    def person(self, school: School, role: Role) -> User:
        """The member of staff who holds ``role`` at ``school``."""
        return self.staff[school.pk, role]

    def calendar(self, school: School) -> SchoolCalendar:
        """The school's calendar as loaded."""
        return self.calendars[school.pk]

    def days_behind(self, school: School) -> tuple[date, ...]:
        """School days up to yesterday of the academic year that is running, or of the one before if it has none yet."""
        calendar = self.calendar(school)
        year = academic_year_of(self.today)
        days = tuple(day for day in calendar.between(year.first, year.last) if day < self.today)
        if days:
            return days
        before = academic_year_of(date(year.first.year, 8, 31))
        return calendar.between(before.first, before.last)
