"""Schools and their calendars."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from trust.calendar import ONE_DAY, HalfTerm, SchoolCalendar, YearDays, academic_year_of, date_words, london_date
from trust.calendar import Term as TermDays
from trust.codes import NonSchoolDayKind, Season
from trust.errors import CalendarNotLoaded, RuleBroken
from trust.models import AcademicYear, NonSchoolDay, School, SchoolTimes, Term, User
from trust.permissions import Permission
from trust.queries import calendar_of
from trust.services.integrity import require, saving

_TIMES = ("am_start", "am_end", "pm_start", "pm_end")
_DATES = ("first_day", "break_first", "break_last", "last_day")


def add_school(*, data: Mapping[str, Any], by: User, now: datetime) -> School:
    """A new school with its session times from the first day of the running academic year.

    ``data``: name, short_name, urn, address, postcode, phone, am_start, am_end, pm_start, pm_end.
    """
    with saving(by=by, reason="school added"):
        require(by, Permission.EDIT_SETTINGS, home_id=None)
        school = School.objects.create(**{name: value for name, value in data.items() if name not in _TIMES})
        SchoolTimes.objects.create(
            school=school,
            from_day=academic_year_of(london_date(now)).first,
            **{name: data[name] for name in _TIMES},
        )
    return school


def add_year(*, start: int, by: User, now: datetime) -> AcademicYear:
    """The academic year that begins on 1 September of the calendar year ``start``."""
    with saving(by=by, reason="academic year added"):
        require(by, Permission.EDIT_SETTINGS, home_id=None)
        span = academic_year_of(date(start, 9, 1))
        if AcademicYear.objects.filter(label=span.label).exists():
            raise RuleBroken(f"The academic year {span.label} is there already.", field="start")
        return AcademicYear.objects.create(label=span.label, first_day=span.first, last_day=span.last)


def load_terms(
    *, school_id: int, academic_year_id: int, terms: Sequence[Mapping[str, Any]], by: User, now: datetime
) -> list[Term]:
    """The three terms of a school for one year; terms that are there already are replaced.

    Each term: season, first_day, break_first, break_last (first and last day of half-term), last_day. Refused when a
    term leaves the academic year, overlaps another or has its days out of order.
    """
    with saving(by=by, reason="terms loaded"):
        school = School.objects.select_for_update().get(pk=school_id)
        require(by, Permission.EDIT_SETTINGS, home_id=school.pk)
        year = AcademicYear.objects.get(pk=academic_year_id)
        _check_terms(year, terms)
        rows = []
        for term in terms:
            row, _ = Term.objects.update_or_create(
                school=school,
                academic_year=year,
                season=term["season"],
                defaults={name: term[name] for name in _DATES},
            )
            rows.append(row)
    return rows


def _check_terms(year: AcademicYear, terms: Sequence[Mapping[str, Any]]) -> None:
    if sorted(term["season"] for term in terms) != sorted(Season.values):
        raise RuleBroken(f"Give the autumn, spring and summer term of {year.label}.")
    for term in terms:
        if not term["first_day"] < term["break_first"] <= term["break_last"] < term["last_day"]:
            raise RuleBroken(
                f"First day, half-term and last day of the {term['season'].lower()} term must follow one another.",
                field=f"{term['season'].lower()}_first_day",
            )
    # Building the year's days asks the calendar's own rules: inside the year, no overlap.
    YearDays(
        year.label,
        year.first_day,
        year.last_day,
        tuple(
            TermDays(
                str(Season(term["season"]).label),
                (
                    HalfTerm(term["first_day"], term["break_first"] - ONE_DAY),
                    HalfTerm(term["break_last"] + ONE_DAY, term["last_day"]),
                ),
            )
            for term in sorted(terms, key=lambda term: Season.values.index(term["season"]))
        ),
        frozenset(),
    )


def copy_terms(*, from_school_id: int, to_school_id: int, academic_year_id: int, by: User, now: datetime) -> list[Term]:
    """Give a school the terms and INSET days that another school has in one year."""
    with saving(by=by, reason="terms copied"):
        require(by, Permission.EDIT_SETTINGS, home_id=to_school_id)
        year = AcademicYear.objects.get(pk=academic_year_id)
        pattern = list(Term.objects.filter(school_id=from_school_id, academic_year=year).values("season", *_DATES))
        if len(pattern) != len(Season):
            raise RuleBroken(
                f"That school has no terms of {year.label} to copy.",
                field="from_school",
                help="Choose another school, or enter the terms here.",
            )
        rows = load_terms(school_id=to_school_id, academic_year_id=year.pk, terms=pattern, by=by, now=now)
        here = set(NonSchoolDay.objects.filter(school_id=to_school_id).values_list("day", flat=True))
        NonSchoolDay.objects.bulk_create(
            NonSchoolDay(school_id=to_school_id, day=other.day, kind=other.kind, note=other.note)
            for other in NonSchoolDay.objects.filter(
                school_id=from_school_id,
                kind=NonSchoolDayKind.INSET,
                day__range=(year.first_day, year.last_day),
            )
            if other.day not in here
        )
    return rows


def record_non_school_day(*, school_id: int, day: date, kind: str, note: str, by: User, now: datetime) -> NonSchoolDay:
    """A day on which the school holds no session. Refused outside loaded years and on a day without school anyhow."""
    with saving(by=by, reason="day without school recorded"):
        require(by, Permission.EDIT_CALENDAR, home_id=school_id)
        School.objects.select_for_update().get(pk=school_id)
        if not _is_school_day(calendar_of(school_id), day):
            raise RuleBroken(f"{date_words(day)} is not a school day of this school already.", field="day")
        return NonSchoolDay.objects.create(school_id=school_id, day=day, kind=kind, note=note)


def _is_school_day(calendar: SchoolCalendar, day: date) -> bool:
    """``CalendarNotLoaded`` names the form's field."""
    try:
        return calendar.is_school_day(day)
    except CalendarNotLoaded as error:
        raise CalendarNotLoaded(error.year_label, field="day") from error


def remove_non_school_day(*, non_school_day_id: int, by: User, now: datetime) -> None:
    """Take back a day without school that was recorded by mistake; the history keeps it."""
    with saving(by=by, reason="day without school taken back"):
        row = NonSchoolDay.objects.select_for_update().get(pk=non_school_day_id)
        require(by, Permission.EDIT_CALENDAR, home_id=row.school_id)
        row.delete()
