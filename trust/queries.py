"""Reads of ``trust`` that more than one caller needs."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q

from trust.calendar import HalfTerm, SchoolCalendar, YearDays, bank_holidays
from trust.calendar import Term as TermDays
from trust.codes import SETTINGS, NonSchoolDayKind, SettingCode, SettingRule
from trust.models import AcademicYear, Enrolment, Membership, NonSchoolDay, PolicySetting, Term, User
from trust.permissions import Role
from trust.rules import fold_name, setting_words


def calendars_of(school_ids: Collection[int]) -> dict[int, SchoolCalendar]:
    """The school-day calendars of several schools in two queries. Years without three terms are not loaded."""
    terms: dict[int, dict[AcademicYear, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for term in Term.objects.filter(school_id__in=school_ids).select_related("academic_year").order_by("first_day"):
        terms[term.school_id][term.academic_year].append(term)
    closed: dict[int, dict[date, str]] = defaultdict(dict)
    free = NonSchoolDay.objects.filter(school_id__in=school_ids).values_list("school_id", "day", "kind", "note")
    for school_id, day, kind, note in free:
        word = str(NonSchoolDayKind(kind).label)
        closed[school_id][day] = f"{word}: {note}" if note else word
    one_day = timedelta(days=1)
    calendars = {}
    for school_id in school_ids:
        years = []
        for year, rows in terms[school_id].items():
            if len(rows) != 3:
                continue
            days = closed[school_id].keys() | bank_holidays(year.first_day, year.last_day).keys()
            reasons = sorted(closed[school_id].items())
            years.append(
                YearDays(
                    label=year.label,
                    first=year.first_day,
                    last=year.last_day,
                    terms=tuple(
                        TermDays(
                            season=row.season,
                            halves=(
                                HalfTerm(row.first_day, row.break_first - one_day),
                                HalfTerm(row.break_last + one_day, row.last_day),
                            ),
                        )
                        for row in rows
                    ),
                    closed=frozenset(day for day in days if year.first_day <= day <= year.last_day),
                    reasons=tuple((day, why) for day, why in reasons if year.first_day <= day <= year.last_day),
                )
            )
        calendars[school_id] = SchoolCalendar(years)
    return calendars


def calendar_of(school_id: int) -> SchoolCalendar:
    """The school-day calendar of one school."""
    return calendars_of([school_id])[school_id]


def rolls_of(student_ids: Collection[int]) -> dict[int, tuple[tuple[date, int], ...]]:
    """Since when each student is or was at which school, oldest first; one query."""
    rolls: dict[int, tuple[tuple[date, int], ...]] = {}
    rows = Enrolment.objects.filter(student_id__in=student_ids).order_by("student_id", "from_day")
    for student_id, from_day, school_id in rows.values_list("student_id", "from_day", "school_id"):
        rolls[student_id] = (*rolls.get(student_id, ()), (from_day, school_id))
    return rolls


def school_on(roll: Collection[tuple[date, int]], day: date, *, otherwise: int) -> int:
    """The school of a student on a day, by a roll of ``rolls_of``; before the first entry it is that entry's."""
    schools = [school_id for place, (from_day, school_id) in enumerate(roll) if from_day <= day or not place]
    return schools[-1] if schools else otherwise


def named(text: str, path: str = "sort_name") -> Q:
    """Students whose name fits what was typed; ``path`` leads to ``Student.sort_name``. Everything for no text.

    Fits the beginning of the family name or of the first name, 'Family, First' and 'First Family', without regard to
    accents and capitals.
    """
    family, comma, first = text.partition(",")
    if comma:
        return Q(**{f"{path}__startswith": f"{fold_name(family)}, {fold_name(first)}"})
    folded = fold_name(text)
    if not folded:
        return Q()
    fits = Q(**{f"{path}__startswith": folded}) | Q(**{f"{path}__contains": f", {folded}"})
    words = folded.split("-")
    for cut in range(1, len(words)):
        before, after = "-".join(words[:cut]), "-".join(words[cut:])
        fits |= Q(**{f"{path}__startswith": f"{before}, {after}"}) | Q(**{f"{path}__startswith": f"{after}, {before}"})
    return fits


@dataclass(frozen=True)
class DecidingPeople:
    """Who safeguards and decides at a school on a day, trust-wide DSLs included."""

    dsls: tuple[User, ...]
    heads: tuple[User, ...]
    acting_heads: tuple[User, ...]
    pastoral: tuple[User, ...]


def people_at(school_id: int, today: date) -> DecidingPeople:
    """The people behind the roles of one school today, in one query; the designated pastoral SLT stands first."""
    roles = (
        Membership.objects.in_force(today)
        .filter(Q(school_id=school_id) | Q(school__isnull=True), user__is_active=True)
        .filter(role__in=[Role.DSL, Role.HEAD, Role.SLT])
        .select_related("user")
        .order_by("-designated", "user__full_name", "id")
    )
    found: dict[str, list[User]] = defaultdict(list)
    for held in roles:
        found["acting" if held.acting else held.role].append(held.user)
    return DecidingPeople(
        dsls=tuple(found[Role.DSL]),
        heads=tuple(found[Role.HEAD]),
        acting_heads=tuple(found["acting"]),
        pastoral=tuple(found[Role.SLT]),
    )


@dataclass(frozen=True)
class CalendarPage:
    """One academic year of one school as people read it; ``days`` is None until its three terms are loaded."""

    year: AcademicYear
    terms: tuple[Term, ...]
    closed: tuple[NonSchoolDay, ...]
    holidays: tuple[tuple[date, str], ...]
    days: int | None


def calendar_pages(school_id: int) -> list[CalendarPage]:
    """All academic years of the trust with this school's terms and days without school, in five queries."""
    calendar = calendar_of(school_id)
    counted = {year.label: len(year.school_days) for year in calendar.years}
    terms = defaultdict(list)
    for term in Term.objects.filter(school_id=school_id).order_by("first_day"):
        terms[term.academic_year_id].append(term)
    closed = list(NonSchoolDay.objects.filter(school_id=school_id).order_by("day"))
    pages = []
    for year in AcademicYear.objects.order_by("first_day"):
        rows = tuple(terms[year.pk])
        pages.append(
            CalendarPage(
                year=year,
                terms=rows,
                closed=tuple(day for day in closed if year.first_day <= day.day <= year.last_day),
                holidays=tuple(
                    (day, name)
                    for day, name in bank_holidays(year.first_day, year.last_day).items()
                    if any(term.first_day <= day <= term.last_day for term in rows)
                ),
                days=counted.get(year.label),
            )
        )
    return pages


def years_loaded() -> dict[int, frozenset[int]]:
    """For each school the ids of the academic years of which all three terms are there."""
    rows = Term.objects.order_by().values("school_id", "academic_year_id").annotate(terms=Count("id")).filter(terms=3)
    found: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        found[row["school_id"]].add(row["academic_year_id"])
    return {school_id: frozenset(years) for school_id, years in found.items()}


def settings_on(day: date) -> Mapping[SettingCode, str]:
    """Every threshold as it stood or will stand on a day: the latest approved value, else the default; one query."""
    values = {code: rule.default for code, rule in SETTINGS.items()}
    approved = PolicySetting.objects.filter(approved_at__isnull=False, from_day__lte=day).order_by("from_day", "id")
    for code, value in approved.values_list("code", "value"):
        values[SettingCode(code)] = value
    return values


@dataclass(frozen=True)
class Threshold:
    """One threshold of policy or law as it stands on a day, with all that was ever proposed for it, newest first.

    ``words`` and ``default`` are values as people read them; the rows carry theirs as ``words``. ``since`` is the row
    that holds, None while the default does. ``waiting`` are the open proposals, ``coming`` what is approved for a later
    day.
    """

    code: SettingCode
    rule: SettingRule
    value: str
    words: str
    default: str
    source: str
    since: PolicySetting | None
    waiting: tuple[PolicySetting, ...]
    coming: tuple[PolicySetting, ...]
    history: tuple[PolicySetting, ...]


def thresholds(today: date) -> list[Threshold]:
    """Every threshold with what holds today, what waits and its whole history; one query."""
    people = ("proposed_by", "approved_by", "dropped_by")
    rows: dict[str, list[PolicySetting]] = defaultdict(list)
    row: Any
    for row in PolicySetting.objects.select_related(*people).order_by("code", "-from_day", "-id"):
        row.words = setting_words(row.code, row.value)
        rows[row.code].append(row)
    found = []
    for code, rule in SETTINGS.items():
        own = rows[code]
        approved = [row for row in own if row.approved_at is not None]
        since = next((row for row in approved if row.from_day <= today), None)
        value = since.value if since else rule.default
        found.append(
            Threshold(
                code=code,
                rule=rule,
                value=value,
                words=setting_words(code, value),
                default=setting_words(code, rule.default),
                source=since.source if since else rule.source,
                since=since,
                waiting=tuple(row for row in own if row.approved_at is None and row.dropped_at is None),
                coming=tuple(row for row in approved if row.from_day > today),
                history=tuple(own),
            )
        )
    return found
