"""The register of notices: which there are, how each stands against its last day, and how many were in time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from notices.codes import DEADLINE_KINDS, FULL_KINDS, Outcome
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries.clock import clocks_of, last_days_of
from notices.queries.worklist import no_longer_needed
from notices.rules import OnTime, on_time, outcome_of
from placements.models import PlacementPeriod
from placements.queries import over_before
from trust.codes import Season
from trust.models import AcademicYear, School, Student, Term
from trust.permissions import Permission
from trust.queries import named

# What the filter by status knows beside the statuses themselves.
ALL_STATUSES = "ALL"
_WITH = ("placement_period__placement__student", "placement_period__placement__school")
_STUDENT = "placement_period__placement__student__sort_name"


@dataclass(frozen=True)
class RegisterRow:
    """One notice of the register.

    ``give_by`` is the frozen last day or the one of today's calendar, None when that is not loaded. ``over``: no
    longer needed, so its outcome counts nowhere.
    """

    notice: DirectionNotice
    student: Student
    school: School
    route: str
    give_by: date | None
    outcome: Outcome
    over: bool


def _outcome_filter(outcome: str) -> Q:
    """The notices that stand so; still waiting and not given by the last day are one, the calendar tells them apart."""
    given = Q(status=Status.GIVEN)
    open_late = Q(status=Status.ISSUED, any_late=True)
    match outcome:
        case Outcome.IN_TIME:
            return given & Q(in_time=True)
        case Outcome.OVERRIDDEN:
            return given & Q(in_time=False) & ~Q(override_reason="")
        case Outcome.LATE:
            return (given & Q(in_time=False, override_reason="")) | open_late
        case Outcome.WAITING:
            return Q(status__in=[Status.DRAFT, Status.AUTHORISED, Status.ISSUED]) & ~open_late
        case _:
            return Q()


def register(
    user: Any,
    name: str = "",
    *,
    school_id: int | None = None,
    route: str = "",
    kind: str = "",
    status: str = "",
    outcome: str = "",
    year: AcademicYear | None = None,
    season: str = "",
    permission: Permission | None = None,
) -> QuerySet[DirectionNotice]:
    """The notices that the person may see (with ``permission``) and that fit, newest first.

    Without ``status`` all in force; ``ALL_STATUSES`` with the void ones. A notice belongs to the academic year and term
    of its school in which it takes effect; holidays belong to the term before them.
    """
    late = NoticeRecipient.objects.filter(notice=OuterRef("pk"), in_time=False)
    found = DirectionNotice.objects.visible_to(user, permission).annotate(any_late=Exists(late))
    if not status:
        found = found.exclude(status=Status.VOID)
    elif status != ALL_STATUSES:
        found = found.filter(status=status)
    fits = {
        "placement_period__placement__school_id": school_id,
        "placement_period__placement__route": route,
        "kind": kind,
    }
    found = found.filter(named(name, _STUDENT), _outcome_filter(outcome), **{k: v for k, v in fits.items() if v})
    if year is not None:
        found = found.filter(effective_on__range=(year.first_day, year.last_day))
    if season:
        begun = Term.objects.filter(
            school=OuterRef("placement_period__placement__school"),
            first_day__lte=OuterRef("effective_on"),
            academic_year__first_day__lte=OuterRef("effective_on"),
            academic_year__last_day__gte=OuterRef("effective_on"),
        ).order_by("-first_day")
        found = found.annotate(season=Coalesce(Subquery(begun.values("season")[:1]), Value(str(Season.AUTUMN))))
        found = found.filter(season=season)
    rows: QuerySet[DirectionNotice] = found.select_related(*_WITH).order_by("-prepared_at", "-id")
    return rows


def _outcome(notice: Any, give_by: date | None, today: date) -> Outcome:
    return outcome_of(
        status=notice.status,
        in_time=notice.in_time,
        overridden=bool(notice.override_reason),
        any_late=notice.any_late,
        deadline=give_by,
        today=today,
    )


def register_rows(notices: Sequence[DirectionNotice], today: date) -> list[RegisterRow]:
    """The rows of notices read by ``register``; four queries at most, whatever their number."""
    days = last_days_of(notices, today)
    found = []
    for notice in notices:
        placement = notice.placement_period.placement
        found.append(
            RegisterRow(
                notice=notice,
                student=placement.student,
                school=placement.school,
                route=placement.get_route_display(),
                give_by=days[notice.pk],
                outcome=_outcome(notice, days[notice.pk], today),
                over=no_longer_needed(notice) and notice.status != Status.GIVEN,
            )
        )
    return found


# --- the rate ---


@dataclass(frozen=True)
class OnTimeRow:
    """One school in one term, or a school in the whole year (``season`` '')."""

    school: School
    season: str
    rate: OnTime

    @property
    def season_words(self) -> str:
        """'Autumn', '' for the whole year."""
        return str(Season(self.season).label) if self.season else ""


def _seasons(year: AcademicYear, school_ids: Sequence[int]) -> dict[int, list[tuple[date, str]]]:
    found: dict[int, list[tuple[date, str]]] = defaultdict(list)
    terms = Term.objects.filter(academic_year=year, school_id__in=school_ids).order_by("first_day")
    for school_id, first, season in terms.values_list("school_id", "first_day", "season"):
        found[school_id].append((first, season))
    return found


def _season_on(terms: Sequence[tuple[date, str]], day: date) -> str:
    """The term of a day, a holiday belongs to the one before it; the first one before all."""
    begun = [season for first, season in terms if first <= day]
    return begun[-1] if begun else str(Season.AUTUMN)


def _never_noticed(user: Any, year: AcademicYear, school_id: int | None) -> list[PlacementPeriod]:
    """Approved periods of the year that need a notice and have none, not even a draft."""
    noticed = DirectionNotice.objects.in_force().filter(placement_period=OuterRef("pk"), kind__in=sorted(FULL_KINDS))
    periods = PlacementPeriod.objects.visible_to(user, Permission.SEE_CHRONOLOGY).filter(
        ~Exists(noticed),
        notice_needed=True,
        notice_given_on__isnull=True,
        approved_at__isnull=False,
        period__startswith__range=(year.first_day, year.last_day),
    )
    if school_id is not None:
        periods = periods.filter(placement__school_id=school_id)
    rows = periods.select_related("placement__student", "placement__school").order_by("id")
    return [period for period in rows if not over_before(period.placement, period)]


def on_time_rows(
    user: Any, year: AcademicYear, today: date, *, school_id: int | None = None
) -> tuple[list[OnTimeRow], OnTime]:
    """How many notices with the deadline of P7.2 were in time, per school and term and altogether.

    Of the schools where the person may print a chronology. A void notice counts nowhere, the one that replaced it
    does; a period whose last day passed without any notice counts as not given. The number of queries is constant.
    """
    notices = register(user, year=year, school_id=school_id, permission=Permission.SEE_CHRONOLOGY)
    rows = register_rows(list(notices.filter(kind__in=sorted(DEADLINE_KINDS))), today)
    outcomes = [(row.school, row.notice.effective_on, row.outcome) for row in rows if not row.over]
    bare = _never_noticed(user, year, school_id)
    clocks = clocks_of(bare, today)
    outcomes += [
        (one.placement.school, one.period.lower, Outcome.NOT_GIVEN if clocks[one.pk].late else Outcome.WAITING)
        for one in bare
    ]
    schools = {school.pk: school for school, _, _ in outcomes}
    terms = _seasons(year, sorted(schools))
    grouped: dict[tuple[int, str], list[Outcome]] = defaultdict(list)
    for school, day, outcome in outcomes:
        for season in (_season_on(terms[school.pk], day), ""):
            grouped[school.pk, season].append(outcome)
    order = [*Season.values, ""]
    found = [
        OnTimeRow(schools[pk], season, on_time(grouped[pk, season]))
        for pk in sorted(schools, key=lambda one: (schools[one].name, one))
        for season in order
        if (pk, season) in grouped
    ]
    return found, on_time([outcome for _, _, outcome in outcomes])
