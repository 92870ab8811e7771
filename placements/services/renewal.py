"""The next period of a placement: proposed for one, or for many that go on after the summer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import ProtectedError

from placements.codes import ROUTE_RULES, NoticeRule, PeriodKind, Route
from placements.lifecycle import Status
from placements.models import Placement, PlacementPeriod
from placements.queries import planned_cost, planned_sessions, timetable_in_force
from placements.rules import check_first_day, check_period
from placements.services._moves import agree_prices, locked, save, say_why
from trust.calendar import SchoolCalendar, date_words, last_day, london_date, to_range
from trust.errors import DomainError, NotAllowed, RuleBroken
from trust.models import User
from trust.permissions import Permission
from trust.queries import calendar_of
from trust.services import require, saving


@dataclass(frozen=True)
class Renewed:
    """What came of renewing one placement: a sentence, and the extension when one was proposed."""

    placement_id: int
    sentence: str
    period: PlacementPeriod | None = None


def propose_extension(*, placement_id: int, last: date | None, by: User, now: datetime) -> PlacementPeriod:
    """Propose the next period, from the next day with a session after the last one to ``last``, inclusive (P7.4).

    ``last`` None is the last school day of the academic year in which it begins.
    """
    with saving(by=by, reason="Extension proposed"):
        placement = locked(placement_id)
        # Whoever starts and ends a placement proposes to extend it (access page).
        require(by, Permission.START_PLACEMENT, home_id=placement.school_id)
        if placement.status != Status.ACTIVE:
            raise RuleBroken("Only a running placement is extended.")
        newest = placement.periods.latest("number")
        if newest.approved_at is None:
            raise RuleBroken("An extension is proposed already and waits for a decision.")
        ends = last_day(newest.period)
        if ends is None:
            raise RuleBroken("A managed move has no end and no extension.")
        cal = calendar_of(placement.school_id)
        timetable = timetable_in_force(placement)
        first = _first_day(placement, cal, ends, last)
        if first < london_date(now):
            raise RuleBroken(
                f"The period ended on {date_words(ends)}: end the placement and propose a new one.", field="last"
            )
        final = cal.last_school_day_of_year(first) if last is None else last
        check_period(cal, first, final, placement.route)
        check_first_day(first, planned_sessions(placement, first, final, timetable))
        period = PlacementPeriod(
            placement=placement,
            number=newest.number + 1,
            kind=PeriodKind.EXTENSION,
            period=to_range(first, final),
            notice_needed=ROUTE_RULES[Route(placement.route)].notice != NoticeRule.NONE,
            transport_a_day=newest.transport_a_day,
            proposed_by=by,
            proposed_at=now,
        )
        lines = planned_cost(placement, first, final, timetable, transport_a_day=newest.transport_a_day)
        period.cost = sum(amount for _, amount in lines)
        period.save()
        agree_prices(period, {programme_id for _, programme_id in timetable.values()})
        save(placement)
    return period


def _first_day(placement: Placement, cal: SchoolCalendar, ends: date, last: date | None) -> date:
    """The first day after ``ends`` on which somebody is expected: a notice names a day with a session (P7.3).

    The next school day when there is none up to ``last``, so that the refusal names a day.
    """
    following = cal.add(ends, 1)
    until = cal.last_school_day_of_year(following) if last is None else last
    timetable = timetable_in_force(placement)
    sessions = planned_sessions(placement, following, until, timetable) if until >= following else ()
    return min((day for day, _ in sessions), default=following)


def renew_placements(
    *, placement_ids: Iterable[int], last: date | None, by: User, now: datetime
) -> tuple[Renewed, ...]:
    """Propose to go on next year with each of these placements, one transaction each: some may be refused.

    ``last`` None is the last school day of next year at each school. Every one needs next year's calendar, and for
    its approval next year's budget and agreement, like any extension.
    """
    found = []
    for placement_id in placement_ids:
        try:
            period = propose_extension(placement_id=placement_id, last=last, by=by, now=now)
        except NotAllowed:
            raise
        except DomainError as error:
            found.append(Renewed(placement_id, f"{error.message} {error.help}" if error.help else error.message))
        else:
            final = last_day(period.period)
            words = f"Proposed from {date_words(period.period.lower)}"
            found.append(Renewed(placement_id, f"{words} to {date_words(final)}." if final else f"{words}.", period))
    return tuple(found)


def drop_extension(*, period_id: int, reason: str, by: User, now: datetime) -> None:
    """Take back or decline a proposed extension: the proposer's side or who approves may; it stays in the history."""
    why = say_why(reason, "dropping the extension")
    with saving(by=by, reason=why):
        placement = locked(PlacementPeriod.objects.values_list("placement_id", flat=True).get(pk=period_id))
        if not by.allows(Permission.START_PLACEMENT, home_id=placement.school_id):
            require(by, Permission.APPROVE_PLACEMENT, home_id=placement.school_id)
        period = placement.periods.get(pk=period_id)
        if period.number == 1 or period.approved_at is not None:
            raise RuleBroken("Only a proposed extension is dropped.")
        try:
            period.delete()
        except ProtectedError:
            raise RuleBroken("A notice was prepared for this extension: it can only be approved or left.") from None
        save(placement)
