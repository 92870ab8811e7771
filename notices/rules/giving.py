"""On which day a notice counts as given, and whether that was in time. Source: P7.2."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from notices.codes import Channel, Outcome
from notices.lifecycle import Status
from trust.calendar import ONE_DAY, SchoolCalendar, bank_holidays, date_words, london_date, london_time
from trust.rules import and_words

# Working days after posting; the trust's setting NOTICE_POST_DAYS takes its place when it is another.
POST_DAYS = 2


def deemed_given_on(
    channel: str, sent_at: datetime, end_of_school_day: time, cal: SchoolCalendar, post_days: int = POST_DAYS
) -> date:
    """The day on which a notice counts as given; given is not sent.

    By hand: the same day. E-mail: the same day when sent before the end of a school day, else the next
    school day. First-class post: the second working day after posting (Monday to Friday, no bank holiday), or
    the one that `post_days` says. `sent_at` is aware, `end_of_school_day` is London time. Raises ValueError for
    a naive instant, CalendarNotLoaded for e-mail outside the loaded years. The second working day is a setting
    read only second-hand (docs/law.md).
    """
    sent_on = london_date(sent_at)
    match Channel(channel):
        case Channel.HAND:
            return sent_on
        case Channel.EMAIL:
            before_end = london_time(sent_at).time() < end_of_school_day
            return sent_on if before_end and cal.is_school_day(sent_on) else cal.add(sent_on, 1)
        case Channel.POST:
            return _working_day_after(sent_on, post_days)


def last_send_day(channel: str, deadline: date, cal: SchoolCalendar, post_days: int = POST_DAYS) -> date:
    """The last day on which sending by this channel still counts as given by the deadline.

    For e-mail that is before the end of the school day, for post a day on which post is collected.
    Raises CalendarNotLoaded for e-mail outside the loaded years.
    """
    match Channel(channel):
        case Channel.HAND:
            return deadline
        case Channel.EMAIL:
            return deadline if cal.is_school_day(deadline) else cal.school_days_before(deadline, 1)
        case Channel.POST:
            day = deadline
            while not _is_working_day(day) or _working_day_after(day, post_days) > deadline:
                day -= ONE_DAY
            return day


def send_by_sentence(
    cal: SchoolCalendar, deadline: date, *, post_days: int = POST_DAYS, pm_end: time | None = None
) -> str:
    """The clock's words: the last day for each channel; `pm_end` is when that day's school ends, if it is known.

    Raises CalendarNotLoaded.
    """
    post, email = last_send_day(Channel.POST, deadline, cal, post_days), last_send_day(Channel.EMAIL, deadline, cal)
    before = f"{pm_end:%H:%M}" if pm_end else "the end of the school day"
    return (
        f"Post first class by {date_words(post)}, e-mail before {before} on "
        f"{date_words(email)}, or hand over by {date_words(deadline)}."
    )


def _is_working_day(day: date) -> bool:
    return day.weekday() < 5 and not bank_holidays(day, day)


def _working_day_after(day: date, count: int) -> date:
    left = count
    while left:
        day += ONE_DAY
        left -= _is_working_day(day)
    return day


@dataclass(frozen=True)
class Given:
    """A required recipient and the day the notice counts as given to them, None while it was not given.

    ``in_time`` is the verdict frozen when given; None asks for the comparison with the deadline.
    """

    name: str
    given_on: date | None
    in_time: bool | None = None

    def late(self, deadline: date) -> bool:
        """Whether it was given too late."""
        if self.given_on is None:
            return False
        return self.given_on > deadline if self.in_time is None else not self.in_time


@dataclass(frozen=True)
class Verdict:
    """Whether a notice was in time. `late` and `waiting` name the recipients given it late, or not at all."""

    in_time: bool
    late: tuple[str, ...]
    waiting: tuple[str, ...]
    sentence: str


def verdict(deadline: date, givens: Sequence[Given]) -> Verdict:
    """A notice is in time only when every required recipient was given it by the deadline. Source: P7.2.

    `givens` are all required recipients; without any nobody was told, so it is not in time.
    """
    late = tuple(given.name for given in givens if given.late(deadline))
    waiting = tuple(given.name for given in givens if given.given_on is None)
    if not givens:
        return Verdict(False, (), (), "No recipient is recorded, so the notice was given to nobody.")
    if not late and not waiting:
        return Verdict(True, (), (), f"Given in time to everybody, by {date_words(deadline)}.")
    parts = []
    if late:
        parts.append(f"Given after {date_words(deadline)} to {and_words(late)}.")
    if waiting:
        parts.append(f"Not yet given to {and_words(waiting)}.")
    return Verdict(False, late, waiting, " ".join(parts))


# --- the rate ---


@dataclass(frozen=True)
class OnTime:
    """How many notices were given in time, late, late with an override, or not although their day had passed.

    ``waiting`` still had time and count nowhere. The rate is ``numerator`` of ``denominator``, exact.
    """

    in_time: int = 0
    late: int = 0
    overridden: int = 0
    not_given: int = 0
    waiting: int = 0

    @property
    def numerator(self) -> int:
        """Given in time to everybody."""
        return self.in_time

    @property
    def denominator(self) -> int:
        """All that were given, or whose last day has passed."""
        return self.in_time + self.late + self.overridden + self.not_given

    @property
    def counts(self) -> tuple[int, int]:
        """Numerator and denominator as they were counted, never reduced."""
        return self.numerator, self.denominator


def on_time(outcomes: Iterable[str]) -> OnTime:
    """Count the outcomes of notices, each a value of ``Outcome``; void ones count nowhere. Source: P7.2.

    A notice is in time only when every recipient was given it in time, so there is no part of one.
    """
    counts = dict.fromkeys(Outcome, 0)
    for outcome in outcomes:
        counts[Outcome(outcome)] += 1
    return OnTime(
        in_time=counts[Outcome.IN_TIME],
        late=counts[Outcome.LATE],
        overridden=counts[Outcome.OVERRIDDEN],
        not_given=counts[Outcome.NOT_GIVEN],
        waiting=counts[Outcome.WAITING],
    )


def outcome_of(
    *, status: str, in_time: bool | None, overridden: bool, any_late: bool, deadline: date | None, today: date
) -> Outcome:
    """How one notice stands against its deadline.

    ``in_time`` is the frozen verdict of a given one, ``any_late`` whether somebody has it too late already; then it
    can no longer be in time. ``deadline`` None (no calendar) never makes it not given.
    """
    if status == Status.VOID:
        return Outcome.VOID
    if status == Status.GIVEN:
        if in_time:
            return Outcome.IN_TIME
        return Outcome.OVERRIDDEN if overridden else Outcome.LATE
    if any_late:
        return Outcome.LATE
    return Outcome.NOT_GIVEN if deadline is not None and today > deadline else Outcome.WAITING
