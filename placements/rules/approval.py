"""What must be true when a placement is proposed, approved or ended: its period, its money, its two
people.
"""

import datetime as dt
from decimal import Decimal

from placements.codes import ROUTE_RULES, Route
from placements.rules.costing import pounds
from trust.calendar import SchoolCalendar, date_words
from trust.errors import RuleBroken
from trust.permissions import Permission


def check_not_same_person(proposer_id: int | None, approver_id: int | None) -> None:
    """Nobody approves what they proposed themselves. Source: the trust's access page; P7.1."""
    if proposer_id is not None and proposer_id == approver_id:
        raise RuleBroken("You proposed this yourself: another person has to approve it.")


def check_budget(left: Decimal, cost: Decimal, may_overspend: bool, reason: str) -> None:
    """The cost fits what is left of the budget; only the Chief executive may go over it, with a reason
    (P1.2).

    ``left`` and ``cost`` in pounds net of VAT; ``may_overspend`` says whether the person holds
    ``APPROVE_OVER_BUDGET``.
    """
    if cost <= left:
        return
    over = f"This costs {pounds(cost)} and {pounds(left)} is left in the budget: {pounds(cost - left)} too much."
    if not may_overspend:
        raise RuleBroken(f"{over} Only the Chief executive can approve over budget.")
    if not reason.strip():
        raise RuleBroken(f"{over} Give the reason for approving over budget.")


def check_period(cal: SchoolCalendar, first: dt.date, last: dt.date | None, route: str) -> None:
    """A period has an end, starts on a school day and stays inside one academic year.

    A managed move is permanent (P3.13): it has a start and no end. Every other route needs an end date (P7.3;
    SI 2010/1156), at latest the last school day of the academic year; going on in September is an extension
    with next year's calendar and budget. ``last`` is inclusive. Raises ``CalendarNotLoaded`` outside the
    loaded years.
    """
    if not ROUTE_RULES[Route(route)].end_required:
        if last is not None:
            raise RuleBroken("A managed move is permanent and has no end date; a trial is a direction.", field="last")
    elif last is None:
        raise RuleBroken("Give the last day of the placement.", field="last")
    elif last < first:
        raise RuleBroken("The last day is before the first day.", field="last")
    if not cal.is_school_day(first):
        raise RuleBroken(f"{date_words(first)} is not a school day: a placement starts on a school day.", field="first")
    if last is not None and last > (end := cal.last_school_day_of_year(first)):
        raise RuleBroken(
            f"A placement ends at latest on {date_words(end)}, the last school day of the academic year; "
            "going on in September is an extension.",
            field="last",
        )


def permission_to_end(ended_on: dt.date, planned_last: dt.date | None) -> Permission:
    """The permission that ending on ``ended_on`` asks: an end before the planned last day is an early end."""
    if planned_last is not None and ended_on < planned_last:
        return Permission.APPROVE_EARLY_END
    return Permission.END_PLACEMENT
