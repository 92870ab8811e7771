"""By when a notice must be given, in dates and in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property

from notices.codes import FULL_KINDS, Channel, NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.rules import (
    FLAG_DAYS,
    CountedDay,
    Deadline,
    before_words,
    counted_days,
    deadline_day,
    earliest_lawful_start,
    end_of_day,
    last_send_day,
    notice_deadline,
    notice_flag,
    policy_deadline,
    reading_for,
    send_by_sentence,
    span_words,
    time_left,
)
from placements.models import PlacementPeriod
from trust.calendar import ONE_DAY, SchoolCalendar, date_words, london_date
from trust.codes import SettingCode
from trust.errors import CalendarNotLoaded
from trust.models import SchoolTimes
from trust.queries import calendars_of, settings_on

Settings = Mapping[SettingCode, str]

# As the calendar of the clock says it, shorter than the label of the channel.
_SENDS = ((Channel.POST, "post"), (Channel.EMAIL, "e-mail"), (Channel.HAND, "hand over"))


@dataclass(frozen=True)
class Clock:
    """The notice clock of one period as it stands at an instant, with the thresholds in force on that day.

    ``deadline`` is None when the school's calendar is not loaded; ``problem`` then says so and ``give_by`` is the
    policy's day. ``last_days`` are (channel label, last day to send). ``state``: 'due', 'overdue' or '' (given or not
    yet due). ``late`` is true when nothing was given and the last day has passed. ``practical_by`` is two school days
    (a setting) after the decision ('as soon as practical', P7.2). ``left`` is the time left in words, '' for a clock
    asked for a day only. ``reading`` is the value of ``Reading`` that holds for the route.
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
    practical_days: int = 2
    flag_days: int = FLAG_DAYS
    after_practical: bool = False
    problem: str = ""
    left: str = ""
    reading: str = ""
    today: date | None = None
    calendar: SchoolCalendar | None = field(default=None, repr=False, compare=False)

    @property
    def before(self) -> str:
        """What the last day is, counted from the start: '2 school days before'."""
        return before_words(self.deadline.which) if self.deadline else before_words("policy")

    @property
    def sentence(self) -> str:
        """'Give by 15:10 on Thu 3 Dec 2026 (2 school days before; 1 day and 3 hours left)'."""
        return f"{self.words} ({'; '.join(part for part in (self.before, self.left) if part)})"

    @cached_property
    def weeks(self) -> tuple[tuple[CountedDay | None, ...], ...]:
        """The days up to the start, week by week, which explain the count; empty without a calendar."""
        if self.deadline is None or self.calendar is None or self.today is None:
            return ()
        days = dict(self.last_days)
        sends = [(words, days[str(channel.label)]) for channel, words in _SENDS]
        return counted_days(self.calendar, self.deadline, sends, self.today)


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


def post_days_on(day: date) -> int:
    """After how many working days a letter posted on a day counts as given, by the threshold in force then."""
    return int(settings_on(day)[SettingCode.NOTICE_POST_DAYS])


def _split(when: date | datetime) -> tuple[date, datetime | None]:
    """The London day and the instant, which is None when only a day was asked for."""
    return (london_date(when), when) if isinstance(when, datetime) else (when, None)


def _left(now: datetime | None, give_by: date, pm_end: time | None) -> str:
    """The time left until school ends on the last day, in words; '' without an instant.

    After school on the last day itself the notice can still be handed over, so it has not passed yet.
    """
    if now is None:
        return ""
    ends = end_of_day(give_by, pm_end)
    if now >= ends and london_date(now) <= give_by:
        return f"school ended {span_words(now - ends)} ago; it can still be handed over today"
    return time_left(now, ends)


def _clock(
    period: PlacementPeriod,
    cal: SchoolCalendar,
    times: Sequence[SchoolTimes],
    when: date | datetime,
    settings: Settings,
) -> Clock:
    today, now = _split(when)
    start = period.period.lower
    # What changes inside a period comes as a copy of it that was never saved.
    event = "change" if period.pk < 0 else "start"
    given = period.notice_given_on is not None
    reading = reading_for(period.placement.route, settings[SettingCode.NOTICE_READING])
    post_days, flag_days = int(settings[SettingCode.NOTICE_POST_DAYS]), int(settings[SettingCode.NOTICE_FLAG_DAYS])
    practical_days = int(settings[SettingCode.NOTICE_PRACTICAL_DAYS])
    try:
        deadline = notice_deadline(cal, start, reading, event)
        open_that_day = cal.is_school_day(deadline.enforced)
        last_days = tuple(
            (str(channel.label), last_send_day(channel, deadline.enforced, cal, post_days)) for channel, _ in _SENDS
        )
        mail_on = _in_force(times, dict(last_days)[str(Channel.EMAIL.label)])
        send_by = send_by_sentence(
            cal, deadline.enforced, post_days=post_days, pm_end=mail_on.pm_end if mail_on else None
        )
    except CalendarNotLoaded as error:
        give_by = policy_deadline(start)
        return Clock(
            start=start,
            give_by=give_by,
            words=f"Give by {date_words(give_by)}",
            state=notice_flag(today, start, give_by, given, flag_days) or "",
            late=not given and today > give_by,
            problem=f"{error.message} {error.help}",
            left="" if given else _left(now, give_by, None),
            reading=reading,
            today=today,
            flag_days=flag_days,
        )
    try:
        earliest = earliest_lawful_start(cal, today, reading)
    except CalendarNotLoaded:
        earliest = None
    practical = None
    if period.approved_at is not None:
        try:
            practical = cal.add(london_date(period.approved_at), practical_days)
        except CalendarNotLoaded:
            practical = None
    in_force = _in_force(times, deadline.enforced)
    pm_end = in_force.pm_end if in_force and open_that_day else None
    at = f"{pm_end:%H:%M} on " if pm_end else ""
    return Clock(
        start=start,
        give_by=deadline.enforced,
        words=f"Give by {at}{date_words(deadline.enforced)}",
        state=notice_flag(today, start, deadline.enforced, given, flag_days) or "",
        late=not given and today > deadline.enforced,
        deadline=deadline,
        last_days=last_days,
        send_by=send_by,
        earliest_start=earliest,
        practical_by=practical,
        practical_days=practical_days,
        flag_days=flag_days,
        after_practical=not given and practical is not None and today > practical,
        left="" if given else _left(now, deadline.enforced, pm_end),
        reading=reading,
        today=today,
        calendar=cal,
    )


def clocks_of(periods: Sequence[PlacementPeriod], when: date | datetime) -> dict[int, Clock]:
    """The clocks of several periods by period id, in four queries whatever their number.

    ``when`` is a day or an aware instant; only an instant has a time left. A copy with a negative id stands for a
    change inside a period from its first day on, and its clock says so.
    """
    schools = sorted({period.placement.school_id for period in periods})
    if not schools:
        return {}
    calendars, times, settings = calendars_of(schools), _times_of(schools), settings_on(_split(when)[0])
    return {
        period.pk: _clock(
            period, calendars[period.placement.school_id], times[period.placement.school_id], when, settings
        )
        for period in periods
    }


def clock_of(period: PlacementPeriod, when: date | datetime) -> Clock:
    """The clock of one period: the deadline in words, the last day for each channel, the earliest lawful start."""
    return clocks_of([period], when)[period.pk]


def last_days_of(notices: Iterable[DirectionNotice], today: date) -> dict[int, date | None]:
    """The last day on which each notice can or could be given in time, by notice id; four queries at most.

    What was frozen when it was given stands; for the others the calendar and the thresholds of today count, by kind.
    None when the calendar is not loaded. The notices come with their period and placement.
    """
    rows = list(notices)
    counted = [one for one in rows if one.deadline_on is None]
    calendars = calendars_of(sorted({one.placement_period.placement.school_id for one in counted}))
    settings = settings_on(today) if counted else {}
    found: dict[int, date | None] = {one.pk: one.deadline_on for one in rows}
    for one in counted:
        placement = one.placement_period.placement
        period = one.placement_period.period
        day = period.lower if one.kind in FULL_KINDS else one.effective_on
        if one.kind == NoticeKind.END and one.status == Status.DRAFT and period.upper is not None:
            # A draft follows its period.
            day = period.upper - ONE_DAY
        try:
            found[one.pk] = deadline_day(
                one.kind,
                day,
                calendars[placement.school_id],
                reading=reading_for(placement.route, settings[SettingCode.NOTICE_READING]),
                practical_days=int(settings[SettingCode.NOTICE_PRACTICAL_DAYS]),
            )
        except CalendarNotLoaded:
            found[one.pk] = None
    return found
