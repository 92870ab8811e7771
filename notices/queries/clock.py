"""By when a notice must be given, in dates and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from notices.codes import Channel
from notices.rules import (
    Deadline,
    earliest_lawful_start,
    last_send_day,
    notice_deadline,
    notice_flag,
    policy_deadline,
    reading_for,
    send_by_sentence,
)
from placements.models import PlacementPeriod
from trust.calendar import SchoolCalendar, date_words, london_date
from trust.errors import CalendarNotLoaded
from trust.models import SchoolTimes
from trust.queries import calendars_of


@dataclass(frozen=True)
class Clock:
    """The notice clock of one period as it stands today.

    ``deadline`` is None when the school's calendar is not loaded; ``problem`` then says so and ``give_by`` is the
    policy's day. ``last_days`` are (channel label, last day to send). ``state``: 'due', 'overdue' or '' (given or not
    yet due). ``late`` is true when nothing was given and the last day has passed. ``practical_by`` is two school days
    after the decision ('as soon as practical', P7.2).
    """

    start: date
    give_by: date
    words: str
    state: str
    late: bool
    deadline: Deadline | None = None
    last_days: tuple[tuple[str, date], ...] = ()
    send_by: str = ""
    earliest_start: date | None = None
    practical_by: date | None = None
    after_practical: bool = False
    problem: str = ""


def _in_force(times: Sequence[SchoolTimes], day: date) -> SchoolTimes | None:
    begun = [one for one in times if one.from_day <= day]
    return max(begun, key=lambda one: one.from_day) if begun else None


def _times_of(school_ids: Sequence[int]) -> dict[int, list[SchoolTimes]]:
    found: dict[int, list[SchoolTimes]] = {school_id: [] for school_id in school_ids}
    for row in SchoolTimes.objects.filter(school_id__in=school_ids):
        found[row.school_id].append(row)
    return found


def end_of_school_day(school_id: int, day: date) -> time | None:
    """When the afternoon ends at a school on a day, None when its times were never entered."""
    times = _in_force(_times_of([school_id])[school_id], day)
    return times.pm_end if times else None


def _clock(period: PlacementPeriod, cal: SchoolCalendar, times: Sequence[SchoolTimes], today: date) -> Clock:
    start = period.period.lower
    given = period.notice_given_on is not None
    reading = reading_for(period.placement.route)
    try:
        deadline = notice_deadline(cal, start, reading)
        open_that_day = cal.is_school_day(deadline.enforced)
        last_days = tuple(
            (str(channel.label), last_send_day(channel, deadline.enforced, cal))
            for channel in (Channel.POST, Channel.EMAIL, Channel.HAND)
        )
        send_by = send_by_sentence(cal, deadline.enforced)
    except CalendarNotLoaded as error:
        give_by = policy_deadline(start)
        return Clock(
            start=start,
            give_by=give_by,
            words=f"Give by {date_words(give_by)}",
            state=notice_flag(today, start, give_by, given) or "",
            late=not given and today > give_by,
            problem=f"{error.message} {error.help}",
        )
    try:
        earliest = earliest_lawful_start(cal, today, reading)
    except CalendarNotLoaded:
        earliest = None
    practical = None
    if period.approved_at is not None:
        try:
            practical = cal.add(london_date(period.approved_at), 2)
        except CalendarNotLoaded:
            practical = None
    in_force = _in_force(times, deadline.enforced)
    at = f"{in_force.pm_end:%H:%M} on " if in_force and open_that_day else ""
    return Clock(
        start=start,
        give_by=deadline.enforced,
        words=f"Give by {at}{date_words(deadline.enforced)}",
        state=notice_flag(today, start, deadline.enforced, given) or "",
        late=not given and today > deadline.enforced,
        deadline=deadline,
        last_days=last_days,
        send_by=send_by,
        earliest_start=earliest,
        practical_by=practical,
        after_practical=not given and practical is not None and today > practical,
    )


def clocks_of(periods: Sequence[PlacementPeriod], today: date) -> dict[int, Clock]:
    """The clocks of several periods by period id, in three queries whatever their number."""
    schools = sorted({period.placement.school_id for period in periods})
    if not schools:
        return {}
    calendars, times = calendars_of(schools), _times_of(schools)
    return {
        period.pk: _clock(period, calendars[period.placement.school_id], times[period.placement.school_id], today)
        for period in periods
    }


def clock_of(period: PlacementPeriod, today: date) -> Clock:
    """The clock of one period: the deadline in words, the last day for each channel, the earliest lawful start."""
    return clocks_of([period], today)[period.pk]
