"""The fixed sentences of a notice, which reading holds for a route, and how a letter may go out."""

from collections.abc import Collection
from datetime import date

from notices.codes import Channel, Reading, RecipientKind
from placements.codes import ROUTE_RULES, NoticeRule, Route
from trust.calendar import SchoolCalendar
from trust.errors import RuleBroken

# Changed whenever the words of the letter change; kept with each notice.
TEMPLATE_VERSION = "2026-11"

LATE_START_DAYS = 10

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

EXCLUSION_STATEMENT = (
    "This placement is offered as an alternative to permanent exclusion. It is not an exclusion, and {student} "
    "stays on the roll of this school."
)

REVIEW_RIGHT = (
    "You may ask the school in writing for a review of the placement at any time. We will then hold it as soon as we "
    "can, unless one was held in the ten weeks before your request. Where a student has an education, health and care "
    "plan, the local authority may ask in the same way."
)

_DIRECTION_BASIS = (
    "The Trust gives this direction under the general powers of its Articles of Association. The power is delegated to "
    "the Chief Executive and to the Headteachers of the Trust’s schools (Alternative Provision Policy, section 7). The "
    "Trust follows the Education (Educational Provision for Improving Behaviour) Regulations 2010 (SI 2010/1156), as "
    "amended."
)
_AGREED_BASIS = (
    "The Trust arranges this placement under the general powers of its Articles of Association and gives you this "
    "notice under section 7 of its Alternative Provision Policy."
)


def letter_date(day: date) -> str:
    """The day as a letter writes it: 'Monday 7 December 2026'."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def weekday_name(weekday: int) -> str:
    """'Monday' for 0."""
    return _DAYS[weekday]


def is_direction(route: str) -> bool:
    """Whether the route is a direction in the sense of section 7, not an agreed placement."""
    return ROUTE_RULES[Route(route)].notice == NoticeRule.FULL


def reading_for(route: str, setting: str = Reading.SCHOOL_DAYS) -> Reading:
    """How 'two days before' is read for a route: for a direction as the trust's setting says, else calendar days.

    ``setting`` is the value of NOTICE_READING. Source: P7.2 and SI 2010/1156, which binds directions only.
    """
    return Reading(setting) if is_direction(route) else Reading.POLICY


def ground_words(*, direction: bool) -> str:
    """The sentence that says on what ground a full notice is given. Source: P7.1 and SI 2010/1156."""
    return _DIRECTION_BASIS if direction else _AGREED_BASIS


def legal_basis(route: str) -> str:
    """``ground_words`` for a route."""
    return ground_words(direction=is_direction(route))


def first_review_suggestion(cal: SchoolCalendar, first: date, last: date, weeks: int) -> date | None:
    """A day to propose for the first review, which the writer may change; None outside the loaded half-terms.

    The end of the half-term (of the next one after a start in its last 10 school days), no later than ``weeks``
    school weeks after the start nor than the last day of the period. Source: P6.6.
    """
    days = cal.between(first, last)
    half = cal.half_term_of(first)
    if half is None or not days:
        return None
    if cal.count(first, min(half.last, last)) <= LATE_START_DAYS and half.last < days[-1]:
        half = cal.half_term_of(cal.add(half.last, 1)) or half
    week_ends = [week.last for week in cal.weeks(first, last) if week.last is not None]
    by_interval = week_ends[min(weeks, len(week_ends)) - 1] if weeks > 0 else days[-1]
    in_half = [day for day in days if day <= half.last]
    return min(in_half[-1], by_interval, days[-1])


def check_channel(channel: str, *, kind: str, email_consent: bool, has_email: bool, has_address: bool) -> None:
    """A parent gets a notice by e-mail only after agreeing to it, and nobody gets a letter without an address.

    Source: P7.2 as the trust reads it (notice in writing; e-mail by consent).
    """
    if channel == Channel.EMAIL and kind in {RecipientKind.PARENT, RecipientKind.STUDENT} and not email_consent:
        raise RuleBroken(
            "This person has not agreed to notices by e-mail.",
            field="channel",
            help="Hand the letter over or post it, or record the agreement on the student's page and issue anew.",
        )
    if channel == Channel.EMAIL and kind == RecipientKind.PARENT and not has_email:
        raise RuleBroken("No e-mail address is recorded for this person.", field="channel")
    if channel == Channel.POST and kind == RecipientKind.PARENT and not has_address:
        raise RuleBroken("No postal address is recorded for this person, so nothing can be posted.", field="channel")


def allowed_channels(*, kind: str, email_consent: bool, has_email: bool, has_address: bool) -> Collection[Channel]:
    """The channels that ``check_channel`` lets through, for the choices of a form."""
    allowed = []
    for channel in Channel:
        try:
            check_channel(channel, kind=kind, email_consent=email_consent, has_email=has_email, has_address=has_address)
        except RuleBroken:
            continue
        allowed.append(channel)
    return tuple(allowed)
