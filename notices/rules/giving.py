"""On which day a notice counts as given, and whether that was in time. Source: P7.2."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from notices.codes import Channel
from trust.calendar import ONE_DAY, SchoolCalendar, bank_holidays, date_words, london_date, london_time
from trust.rules import and_words


def deemed_given_on(channel: str, sent_at: datetime, end_of_school_day: time, cal: SchoolCalendar) -> date:
    """The day on which a notice counts as given; given is not sent.

    By hand: the same day. E-mail: the same day when sent before the end of a school day, else the next
    school day. First-class post: the second working day after posting (Monday to Friday, no bank holiday).
    `sent_at` is aware, `end_of_school_day` is London time. Raises ValueError for a naive instant,
    CalendarNotLoaded for e-mail outside the loaded years. The second working day is a setting read only
    second-hand (docs/law.md).
    """
    sent_on = london_date(sent_at)
    match Channel(channel):
        case Channel.HAND:
            return sent_on
        case Channel.EMAIL:
            before_end = london_time(sent_at).time() < end_of_school_day
            return sent_on if before_end and cal.is_school_day(sent_on) else cal.add(sent_on, 1)
        case Channel.POST:
            return _second_working_day_after(sent_on)


def last_send_day(channel: str, deadline: date, cal: SchoolCalendar) -> date:
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
            while not _is_working_day(day) or _second_working_day_after(day) > deadline:
                day -= ONE_DAY
            return day


def send_by_sentence(cal: SchoolCalendar, deadline: date) -> str:
    """The clock's words: the last day for each channel."""
    post, email = last_send_day(Channel.POST, deadline, cal), last_send_day(Channel.EMAIL, deadline, cal)
    return (
        f"Post first class by {date_words(post)}, e-mail before the end of the school day on "
        f"{date_words(email)}, or hand over by {date_words(deadline)}."
    )


def _is_working_day(day: date) -> bool:
    return day.weekday() < 5 and not bank_holidays(day, day)


def _second_working_day_after(day: date) -> date:
    left = 2
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
