"""Placements that ran before the system was in use, from a list: found by the student's UPN, provider and first day."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import ValidationError
from import_export.fields import Field
from import_export.resources import Resource
from import_export.widgets import Widget

from placements.codes import ROUTE_RULES, Route
from placements.lifecycle import Status
from placements.models import Placement
from placements.rules import check_brought_in
from providers.lifecycle import Status as ProviderStatus
from providers.models import Provider
from referrals.codes import Reason
from referrals.models import Referral
from trust.calendar import SchoolCalendar
from trust.errors import CalendarNotLoaded, RuleBroken
from trust.models import Student
from trust.queries import calendars_of
from trust.resources import (
    CodeWidget,
    Column,
    DayWidget,
    Fault,
    Found,
    NumberWidget,
    Office,
    Table,
    TextWidget,
    YesNoWidget,
    cells_of,
    each_cell_once,
    faults_of,
    refusals_of,
    student_faults,
)
from trust.rules import fold_name, tidy_upn

PLACEMENT_COLUMNS = (
    Column("upn", "UPN of the student", True, ("upn", "unique pupil number", "pupil upn", "student upn")),
    Column("provider", "Provider", True, ("provider", "provider name", "alternative provider")),
    Column("programme", "Programme", False, ("programme", "course"), "Not needed when the provider has one."),
    Column("site", "Site", False, ("site", "address"), "Not needed when the provider has one."),
    Column("route", "Route", True, ("route", "ground", "legal basis")),
    Column("first", "First day", True, ("first day", "start date", "start", "from")),
    Column("last", "Last day", True, ("last day", "end date", "end", "to")),
    Column("half_days", "Half-days", True, ("half-days", "half days", "sessions", "timetable"), "Mon AM, Tue, Wed PM."),
    Column("start_time", "Time of arrival", True, ("time of arrival", "start time", "time")),
    Column("report_to", "Person to report to", True, ("report to", "person to report to", "contact")),
    Column("primary_reason", "Main reason", True, ("reason", "main reason", "primary reason")),
    Column("aims", "Aims", True, ("aims", "targets")),
    Column("needs", "Needs", False, ("needs",)),
    Column("exclusion_alternative", "Alternative to permanent exclusion", False, ("alternative to exclusion",)),
    Column("review_weeks", "School weeks between reviews", False, ("review weeks", "weeks between reviews")),
    Column("notice_given_on", "Notice given on", False, ("notice given", "notice given on", "notice date")),
    Column("approved_on", "Approved on", False, ("approved on", "approval date")),
    Column("approved_by", "Approved by", False, ("approved by",)),
    Column("last_review_on", "Last review held on", False, ("last review", "last review on")),
    Column("words", "Other facts", False, ("other facts", "notes")),
)
_FACTS = ("notice_given_on", "approved_on", "approved_by", "last_review_on", "words")
# Nothing is brought in again that stands here in one of these.
_GONE = (Status.DECLINED, Status.WITHDRAWN, Status.CANCELLED)
_DAYS = ("mon", "tue", "wed", "thu", "fri")
_HALF_DAY = re.compile(r"(?:(?:week )?([ab]) )?(mon|tue|wed|thu|fri)[a-z]*(?: (am|pm|morning|afternoon))?")


@dataclass(frozen=True)
class RunningRow:
    """One placement to be brought in: what the service takes."""

    student_id: int
    data: Mapping[str, Any]
    facts: Mapping[str, Any]


class _MaybeDay(DayWidget):
    """A day, or a blank cell."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:  # type: ignore[override]
        return super().clean(value, row, **kwargs) if str(value or "").strip() else None


class _Clock(Widget):  # type: ignore[misc]
    """A time of day, as 09:00."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> time:
        try:
            return datetime.strptime(str(value or "").strip()[:5], "%H:%M").time()  # noqa: DTZ007 (a clock has no zone)
        except ValueError:
            raise ValueError("Write the time as 09:00.") from None


class _HalfDays(Widget):  # type: ignore[misc]
    """Half-days as 'Mon AM, Tue, Wed PM'; a day without AM or PM is both, 'A Mon AM' is week A only."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[int]:
        found: set[int] = set()
        for part in re.split(r"[,;/\n]+", str(value or "").casefold()):
            text = " ".join(part.split())
            if not text:
                continue
            match = _HALF_DAY.fullmatch(text)
            if match is None:
                raise ValueError(f"'{text[:30]}' is not a half-day. Write 'Mon AM, Tue, Wed PM'.")
            week, day, half = match.groups()
            weeks = (0, 1) if week is None else ("ab".index(week),)
            halves = (0, 1) if half is None else (0 if half in ("am", "morning") else 1,)
            found |= {w * 10 + _DAYS.index(day) * 2 + h for w in weeks for h in halves}
        if not found:
            raise ValueError("This cell must not be blank.")
        return sorted(found)


class _Running(Resource):  # type: ignore[misc]
    """Cleans the cells of one row."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        ever = office.today - timedelta(days=10 * 365)
        day = DayWidget(first=ever, last=office.today + timedelta(days=400), too_late="This day lies too far ahead.")
        past = _MaybeDay(first=ever, last=office.today, too_late="This day lies ahead.")
        routes = {route: rules for route, rules in ROUTE_RULES.items() if rules.end_required}
        widgets = {
            "route": CodeWidget(
                {**{route.label: route for route in routes}, **{route.value: route for route in routes}}
            ),
            "first": day,
            "last": day,
            "half_days": _HalfDays(),
            "start_time": _Clock(),
            "report_to": TextWidget(120, required=True),
            "primary_reason": CodeWidget(
                {**{reason.label: reason for reason in Reason}, **{reason.value: reason for reason in Reason}}
            ),
            "aims": TextWidget(2000, required=True),
            "needs": TextWidget(2000),
            "exclusion_alternative": YesNoWidget(),
            "review_weeks": NumberWidget(1, 12, blank=6),
            "notice_given_on": past,
            "approved_on": past,
            "approved_by": TextWidget(120),
            "last_review_on": past,
            "words": TextWidget(2000),
        }
        self.fields = {name: Field(attribute=name, column_name=name, widget=widget) for name, widget in widgets.items()}


class _Places:
    """The providers that may be named, with their programmes and sites by folded name."""

    def __init__(self) -> None:
        rows = Provider.objects.exclude(status=ProviderStatus.CLOSED).prefetch_related("programmes", "sites")
        self.providers = {fold_name(row.name): row for row in rows}

    def find(self, number: int, cells: Mapping[str, str], mapping: Mapping[str, str]) -> tuple[Any, list[Fault]]:
        """(provider, programme id, site id) of a row, or why one of them is not known."""
        provider = self.providers.get(fold_name(cells["provider"]))
        if provider is None:
            return None, [Fault(number, mapping["provider"], "No provider of this name is here: add it first.")]
        chosen, faults = [], []
        for name, rows in (("programme", provider.programmes.all()), ("site", provider.sites.all())):
            named = fold_name(cells.get(name, ""))
            fitting = [row for row in rows if not named or fold_name(row.name) == named]
            if len(fitting) == 1:
                chosen.append(fitting[0].pk)
                continue
            words = (
                f"This provider has no {name} of this name." if named else f"Name the {name}: the provider has several."
            )
            faults.append(Fault(number, mapping.get(name, mapping["provider"]), words))
        return ((provider, *chosen) if not faults else None), faults


def check_placements(table: Table, mapping: Mapping[str, str], office: Office) -> Found:
    """What the rows would bring in, and every fault by row and column; writes nothing.

    A placement that stands here already (same student, provider and first day) is left as it is.
    """
    resource, places = _Running(office), _Places()
    rows = [(number, {**cells, "upn": tidy_upn(cells["upn"])}) for number, cells in cells_of(table, mapping)]
    students = {student.upn: student for student in Student.objects.filter(upn__in={cells["upn"] for _, cells in rows})}
    ids = [student.pk for student in students.values()]
    busy = set(Referral.objects.open().filter(student_id__in=ids).values_list("student_id", flat=True))
    known = {
        (placement.student_id, placement.provider_id, period.period.lower)
        for placement in Placement.objects.filter(student_id__in=ids)
        .exclude(status__in=_GONE)
        .prefetch_related("periods")
        for period in placement.periods.all()
        if period.number == 1
    }
    calendars = calendars_of(sorted({student.school_id for student in students.values()}))
    found = Found()
    first_seen: dict[int, int] = {}
    for number, cells in office.each(rows):
        student = students.get(cells["upn"])
        faults = faults_of(number, cells, mapping)
        faults += student_faults(number, cells["upn"], student, mapping, office)
        place, unknown = places.find(number, cells, mapping)
        faults += unknown
        clean = SimpleNamespace()
        try:
            resource.import_instance(clean, {**dict.fromkeys(resource.fields, ""), **cells})
        except ValidationError as error:
            faults += refusals_of(number, error, mapping)
        if not faults and student is not None:
            if (student.pk, place[0].pk, clean.first) in known:
                found.unchanged += 1
                continue
            faults += _rule_faults(number, clean, student, place[0], calendars[student.school_id], mapping, office)
            if student.pk in busy:
                faults.append(Fault(number, mapping["upn"], "This student has an open referral: decide it first."))
            if student.pk in first_seen:
                words = f"This student stands in row {first_seen[student.pk]} already: bring the other in afterwards."
                faults.append(Fault(number, mapping["upn"], words))
            first_seen.setdefault(student.pk, number)
        if faults or student is None:
            found.faults += each_cell_once(faults)
            continue
        found.new.append(_row(student.pk, place, clean))
    return found


def _rule_faults(
    number: int,
    clean: Any,
    student: Student,
    provider: Provider,
    cal: SchoolCalendar,
    mapping: Mapping[str, str],
    office: Office,
) -> list[Fault]:
    kinds = ROUTE_RULES[Route(clean.route)].provider_kinds
    if kinds is not None and provider.kind not in kinds:
        return [Fault(number, mapping["route"], "This provider is not of a kind that this route takes.")]
    if provider.school_id == student.school_id:
        return [Fault(number, mapping["provider"], "The student is on the roll of this school already.")]
    try:
        check_brought_in(cal, clean.first, clean.last, office.today, clean.route, clean.notice_given_on)
    except (RuleBroken, CalendarNotLoaded) as error:
        return [Fault(number, mapping.get(error.field or "last", mapping["last"]), error.message)]
    return []


def _row(student_id: int, place: tuple[Any, int, int], clean: Any) -> RunningRow:
    provider, programme_id, site_id = place
    facts = {name: getattr(clean, name) for name in _FACTS}
    data = {name: value for name, value in vars(clean).items() if name not in _FACTS}
    data |= {"provider_id": provider.pk, "programme_id": programme_id, "site_id": site_id}
    return RunningRow(student_id, {**data, "slots": data.pop("half_days")}, facts)
