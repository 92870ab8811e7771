"""Schools with the calendar of ``tests/factories/calendar.py``."""

from datetime import date, time, timedelta
from itertools import count

from tests.factories.calendar import INSET_DAYS, TERMS
from trust.calendar import academic_year_of
from trust.codes import NonSchoolDayKind
from trust.models import AcademicYear, NonSchoolDay, School, SchoolTimes, Term

_urns = count(145001)
ONE_DAY = timedelta(days=1)


def make_years() -> dict[str, AcademicYear]:
    """The three academic years of the test calendar by label; those that exist are used."""
    years = {}
    for label, terms in TERMS.items():
        span = academic_year_of(terms[0][1])
        years[label], _ = AcademicYear.objects.get_or_create(
            label=label, defaults={"first_day": span.first, "last_day": span.last}
        )
    return years


def make_school(name: str, *, calendar: bool = True) -> School:
    """A school with session times 08:50-12:10 and 13:00-15:10 and, unless told otherwise, three years of terms."""
    school = School.objects.create(
        name=f"{name} Academy",
        short_name=name,
        urn=str(next(_urns)),
        address=f"School Lane\n{name}",
        postcode="NB1 1AA",
        phone="01632 960001",
    )
    SchoolTimes.objects.create(
        school=school,
        from_day=date(2024, 9, 1),
        am_start=time(8, 50),
        am_end=time(12, 10),
        pm_start=time(13),
        pm_end=time(15, 10),
    )
    if calendar:
        give_calendar(school)
    return school


def give_calendar(school: School) -> None:
    """Terms and INSET days of all years of the test calendar."""
    years = make_years()
    Term.objects.bulk_create(
        Term(
            school=school,
            academic_year=years[label],
            season=season,
            first_day=first,
            break_first=before + ONE_DAY,
            break_last=after - ONE_DAY,
            last_day=last,
        )
        for label, terms in TERMS.items()
        for season, first, before, after, last in terms
    )
    NonSchoolDay.objects.bulk_create(
        NonSchoolDay(school=school, day=day, kind=NonSchoolDayKind.INSET) for day in sorted(INSET_DAYS)
    )
