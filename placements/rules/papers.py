"""What the provider pack and the placement agreement ask for."""

import datetime as dt

from placements.codes import Answer, DocumentKind, Party
from trust.calendar import SchoolCalendar
from trust.errors import RuleBroken

# The two whose acceptance of the code of conduct is asked for (P4.1).
ACCEPTING = frozenset({Party.STUDENT, Party.PARENT})

ATTENDANCE_DUTY = (
    "Tell the school of every half-day, on the same day: present, late or absent.",
    "When the student has not arrived at the start of a session, telephone the school and the parents at once.",
    "Do not record a reason that nobody gave you, and never a day on which you were closed as an absence.",
)
CONDUCT = (
    "The provider's code of conduct and the school's Behaviour Policy hold on every day of the placement.",
    "A serious or repeated breach can end the placement. The provider tells the school on the same day.",
)
ATTENDANCE_SUPPORT = (
    "Attendance at the placement is compulsory, and an absence has the same consequences as one from school.",
    "The parents make sure that the student attends every session.",
    "On a day on which that is impossible they telephone the school before the first session.",
)
SAFEGUARDING = (
    "At immediate risk call 999 first.",
    "Tell the Designated Safeguarding Lead of the school of every concern at once, by telephone.",
    "Put no details of a concern into an e-mail.",
)


def check_signing(kind: str, party: str, answer: str, words: str, conduct_accepted: bool) -> None:
    """What a party can say to a placement agreement. Source: P4.1, P5.3.

    Only an agreement is signed. Student and parents who agree accept the code of conduct and the Behaviour Policy with
    it; whoever objects is recorded in their own words.
    """
    if kind != DocumentKind.AGREEMENT:
        raise RuleBroken("Only a placement agreement is signed.")
    if answer == Answer.OBJECTED and not words.strip():
        raise RuleBroken("Record what they objected to, in their words.", field="words")
    if answer == Answer.AGREED and party in ACCEPTING and not conduct_accepted:
        raise RuleBroken(
            "Who agrees accepts the code of conduct and the Behaviour Policy with it: record an objection instead.",
            field="conduct_accepted",
        )


def review_days(cal: SchoolCalendar, first: dt.date, last: dt.date, weeks: int) -> tuple[dt.date, ...]:
    """The last school day of every ``weeks``-th school week after the one of ``first``, up to ``last`` (P6.6).

    Raises ``CalendarNotLoaded`` outside the loaded years.
    """
    following = cal.weeks(first, last)[1:]
    return tuple(week.days[-1] for week in following[weeks - 1 :: weeks] if week.days[-1] <= last)
