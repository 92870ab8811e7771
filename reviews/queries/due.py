"""When reviews are due, and the facts with which one is held."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max, Prefetch

from attendance.queries import Figures, figures_of
from placements.models import Placement, PlacementPeriod
from placements.queries import in_use_from
from reviews.models import Review, Target
from reviews.rules import Because, ReviewDue, ReviewState, review_due, review_state
from trust.calendar import SchoolCalendar
from trust.errors import CalendarNotLoaded
from trust.permissions import GRANTS, Permission, Role
from trust.queries import calendar_of, calendars_of


@dataclass(frozen=True)
class Due:
    """The next review of a placement: the last day in time, the limit that set it, how it stands today."""

    on: date
    because: Because
    state: ReviewState


@dataclass(frozen=True)
class DueRow:
    """A running placement on the list of reviews; ``due`` is None when the academic year needs no more."""

    placement: Placement
    due: Due | None
    last_held: date | None


@dataclass(frozen=True)
class ReviewSheet:
    """What is known before a review is held: what is due, placement attendance and the open targets.

    ``last_held`` and ``since_review`` are None when no review was held yet.
    """

    start: date
    last_held: date | None
    due: Due | None
    since_start: Figures
    since_review: Figures | None
    targets: tuple[Target, ...]

    @property
    def start_rate(self) -> tuple[int, int]:
        """Attended, and sessions that ran and have a return, since the start."""
        return self.since_start.attended, self.since_start.returned

    @property
    def review_rate(self) -> tuple[int, int] | None:
        """The same since the last review."""
        return (self.since_review.attended, self.since_review.returned) if self.since_review else None


def reviews_due(placements: Iterable[Placement], today: date) -> dict[int, Due]:
    """The next review of each placement by its id, in four queries for any number.

    Without an entry: placements that need no further review in this academic year, and those whose school has no
    calendar for it.
    """
    rows = list(placements)
    starts = _starts(rows, today)
    held = _last_held(rows)
    calendars = calendars_of({row.school_id for row in rows})
    found = {}
    for row in rows:
        if row.pk not in starts:
            continue
        try:
            due = review_due(calendars[row.school_id], starts[row.pk], row.review_weeks, held.get(row.pk))
        except CalendarNotLoaded:
            # One school without a calendar must not hide the reviews of the others.
            continue
        if due is not None:
            found[row.pk] = Due(due.on, due.because, review_state(due.on, today))
    return found


def due_review(placement: Placement, today: date, last_held: date | None) -> ReviewDue | None:
    """The review due after ``last_held`` (None: no review yet). Raises ``CalendarNotLoaded``."""
    start = _starts([placement], today).get(placement.pk)
    cal: SchoolCalendar = calendar_of(placement.school_id)
    return None if start is None else review_due(cal, start, placement.review_weeks, last_held)


def due_rows(user: Any, today: date, state: str = "", school_id: int | None = None) -> list[DueRow]:
    """The running placements of the person's home schools with their next review, the earliest first.

    ``state`` keeps 'overdue', 'soon', 'later' or 'none'.
    """
    homes = {m.school_id for m in user.held() if Role(m.role) in GRANTS[Permission.SEE_STUDENTS]}
    running = Placement.objects.running().visible_to(user)
    if None not in homes:
        running = running.filter(school_id__in=homes)
    if school_id is not None:
        running = running.filter(school_id=school_id)
    placements = list(running.select_related("student", "school", "provider"))
    due = reviews_due(placements, today)
    held = _last_held(placements)
    rows = [DueRow(row, due.get(row.pk), held.get(row.pk)) for row in placements]
    if state:
        rows = [row for row in rows if _word(row.due) == state]
    return sorted(rows, key=lambda row: (row.due.on if row.due else date.max, row.placement.pk))


def _word(due: Due | None) -> str:
    if due is None:
        return "none"
    return {ReviewState.OVERDUE: "overdue", ReviewState.SOON: "soon", ReviewState.NOT_DUE: "later"}[due.state]


def review_sheet(placement: Placement, today: date) -> ReviewSheet:
    """What is shown while a review of ``placement`` is written, up to ``today``."""
    first = PlacementPeriod.objects.filter(placement=placement).earliest("number").period.lower
    last_held = _last_held([placement]).get(placement.pk)
    return ReviewSheet(
        start=first,
        last_held=last_held,
        due=reviews_due([placement], today).get(placement.pk),
        since_start=figures_of([placement.pk], first, today)[placement.pk],
        since_review=figures_of([placement.pk], last_held, today)[placement.pk] if last_held else None,
        targets=tuple(Target.objects.filter(placement=placement, closed_on__isnull=True)),
    )


def placement_reviews(placement: Placement, today: date) -> dict[str, Any]:
    """Targets with their results, reviews held and what is due, of one placement."""
    results = Prefetch("results")
    targets = list(Target.objects.filter(placement=placement).prefetch_related(results))
    return {
        "due": reviews_due([placement], today).get(placement.pk),
        "open_targets": [target for target in targets if target.closed_on is None],
        "closed_targets": [target for target in targets if target.closed_on is not None],
        "reviews": list(Review.objects.filter(placement=placement)),
    }


def _starts(placements: list[Placement], today: date) -> dict[int, date]:
    """The first day of the approved period in force on ``today``, or of the first one before any has begun."""
    rows = (
        PlacementPeriod.objects.filter(placement_id__in=[row.pk for row in placements], approved_at__isnull=False)
        .order_by("placement_id", "number")
        .values_list("placement_id", "period")
    )
    # Reviews of what was brought in are due from that day on; earlier ones are facts.
    in_use = {row.pk: in_use_from(row) for row in placements}
    starts: dict[int, date] = {}
    for placement_id, period in rows:
        if placement_id not in starts or period.lower <= today:
            starts[placement_id] = max(period.lower, in_use[placement_id] or period.lower)
    return starts


def _last_held(placements: list[Placement]) -> dict[int, date]:
    return dict(
        Review.objects.filter(placement_id__in=[row.pk for row in placements])
        .order_by()
        .values_list("placement_id")
        .annotate(last=Max("held_on"))
    )
