"""What a notice must say. Source: P7.3 and P7.4, SI 2010/1156."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import pairwise

from trust.errors import RuleBroken
from trust.rules import and_words


@dataclass(frozen=True)
class SessionTimes:
    """When a school day at the site begins and ends; with two sessions the gap between them is the break.

    `days` says for which days these times hold, empty for all. `one_session`: there is no second session.
    """

    am_start: time | None = None
    am_end: time | None = None
    pm_start: time | None = None
    pm_end: time | None = None
    one_session: bool = False
    days: str = ""

    @property
    def complete(self) -> bool:
        """Whether the times are all there and follow one another."""
        morning, afternoon = (self.am_start, self.am_end), (self.pm_start, self.pm_end)
        if self.one_session:
            # Exactly one pair, morning or afternoon, and nothing of the other one.
            used = afternoon if morning == (None, None) else morning
            other = morning if used is afternoon else afternoon
            return other == (None, None) and _rising(used)
        return _rising(morning + afternoon)


@dataclass(frozen=True)
class SiteAddress:
    """A place to attend: `days` says on which days ('Monday to Wednesday'), needed when there is more than
    one.
    """

    name: str
    street: str
    town: str
    postcode: str
    days: str = ""

    @property
    def complete(self) -> bool:
        """Whether somebody could find the place with nothing but the letter in hand."""
        return all(part.strip() for part in (self.name, self.street, self.town, self.postcode))


@dataclass(frozen=True)
class NoticeValues:
    """What a draft of a full notice says so far.

    `school_days` is the number stated; `school_days_computed` the calendar's; a difference needs
    `school_days_reason`. `exclusion_alternative` None means nobody has answered the question yet.
    """

    reasons: str = ""
    aims: tuple[str, ...] = ()
    measurable_aims: int = 0
    period_first: date | None = None
    period_last: date | None = None
    school_days: int | None = None
    school_days_computed: int | None = None
    school_days_reason: str = ""
    start_on: date | None = None
    start_time: time | None = None
    sites: tuple[SiteAddress, ...] = ()
    report_to: str = ""
    sessions: tuple[SessionTimes, ...] = ()
    exclusion_alternative: bool | None = None
    exclusion_statement: str = ""
    review_dates: tuple[date, ...] = ()
    review_right: str = ""
    legal_basis: str = ""


@dataclass(frozen=True)
class EndValues:
    """What a draft of the notice at the end of a period says so far."""

    outcome: str = ""
    return_on: date | None = None
    return_time: time | None = None
    return_place: str = ""
    return_person: str = ""


@dataclass(frozen=True)
class Particular:
    """Something a notice must say.

    `label` reads after 'Missing: ', `field` is the form's, `source` asks for it.
    """

    code: str
    label: str
    field: str
    source: str


_POLICY, _LAW, _BOTH = "P7.3", "SI 2010/1156", "P7.3 and SI 2010/1156"

PARTICULARS: tuple[Particular, ...] = (
    Particular("reasons", "the reasons for the referral", "reasons", _BOTH),
    Particular("aims", "the aims of the placement", "aims", _BOTH),
    Particular("measurable_aim", "at least one aim that can be measured", "aims", "P6.7"),
    Particular("period", "the first and last day of the period", "period", _BOTH),
    Particular("school_days", "the number of school days required", "school_days", _LAW),
    Particular("start_on", "the date the placement starts", "start_on", _BOTH),
    Particular("start_time", "the time the placement starts", "start_time", _BOTH),
    Particular("address", "the full address of each place to attend", "sites", _BOTH),
    Particular("site_days", "the days at each place", "sites", _POLICY),
    Particular("report_to", "the name of the person to report to on the first day", "report_to", _BOTH),
    Particular("session_times", "when the morning and afternoon sessions start and end", "sessions", _BOTH),
    Particular(
        "exclusion_statement",
        "the statement that this is an alternative to permanent exclusion",
        "exclusion_statement",
        "P5.2",
    ),
    Particular("review_dates", "the dates of the reviews", "review_dates", "P6.6 and SI 2010/1156"),
    Particular("review_right", "the right to ask for a review", "review_right", _LAW),
    Particular("legal_basis", "the legal basis", "legal_basis", "P7.1 and SI 2010/1156"),
)

END_PARTICULARS: tuple[Particular, ...] = (
    Particular("outcome", "the outcome of the period", "outcome", "P7.4"),
    Particular("return_on", "the date of return", "return_on", "P7.4"),
    Particular("return_time", "the time of return", "return_time", "P7.4"),
    Particular("return_place", "the place to return to", "return_place", "P7.4"),
    Particular("return_person", "the person to report to", "return_person", "P7.4"),
)

# A change is told with everything that holds from its day on.
CHANGES = Particular("changes", "what changes", "changes", _BOTH)

WITHDRAWAL_PARTICULARS: tuple[Particular, ...] = (
    Particular("reasons", "the reasons for the withdrawal", "reasons", "P7.2"),
)


def applicable_particulars(values: NoticeValues) -> tuple[Particular, ...]:
    """The particulars this notice must have: all, but the exclusion statement only where it is not ruled
    out.
    """
    skip = set()
    if values.exclusion_alternative is False:
        skip.add("exclusion_statement")
    if len(values.sites) < 2:
        skip.add("site_days")
    return tuple(one for one in PARTICULARS if one.code not in skip)


def missing_particulars(values: NoticeValues) -> list[Particular]:
    """What a full notice still lacks, in the order of the letter; it cannot be issued before the list is
    empty.

    Source: P7.3, P5.2, P6.6, P6.7 and SI 2010/1156; P7.4 asks the same of an extension.
    """
    present = _present(values)
    return [one for one in applicable_particulars(values) if not present[one.code]]


def missing_end_particulars(values: EndValues) -> list[Particular]:
    """What the notice at the end of a period still lacks. Source: P7.4."""
    present = {
        "outcome": bool(values.outcome.strip()),
        "return_on": values.return_on is not None,
        "return_time": values.return_time is not None,
        "return_place": bool(values.return_place.strip()),
        "return_person": bool(values.return_person.strip()),
    }
    return [one for one in END_PARTICULARS if not present[one.code]]


def missing_variation_particulars(changes: str, values: NoticeValues) -> list[Particular]:
    """What the notice of a change still lacks: the change itself, and every particular as it will be from its day.

    Source: P7.3 and SI 2010/1156.
    """
    return [*([] if changes.strip() else [CHANGES]), *missing_particulars(values)]


def missing_withdrawal_particulars(reasons: str) -> list[Particular]:
    """What the notice of a withdrawal still lacks. Source: P7.2."""
    return [] if reasons.strip() else list(WITHDRAWAL_PARTICULARS)


# A first review may follow a short period, also over a holiday, but belongs to it: six weeks, our own.
REVIEW_AFTER_DAYS = 42


def check_first_review(review: date | None, begins: date, last: date | None, *, what: str = "start") -> None:
    """The first review lies on or after the day that the notice tells of and within six weeks of the period's end.

    ``begins`` is the first day of the period or, of a change, its day, and ``what`` names it. Raises ``RuleBroken``.
    """
    if review is None:
        return
    if review < begins:
        raise RuleBroken(f"The first review cannot be before the {what}.", field="first_review_on")
    if last is not None and review > last + timedelta(days=REVIEW_AFTER_DAYS):
        raise RuleBroken(
            "The first review cannot be more than six weeks after the last day of the period.", field="first_review_on"
        )


def check_particulars(missing: Sequence[Particular]) -> None:
    """A notice cannot be issued without all particulars. Raises RuleBroken naming them. Source: P7.3."""
    if missing:
        raise RuleBroken(
            f"The notice still lacks {and_words([one.label for one in missing])}.",
            field=missing[0].field,
            help="Fill in what is missing, then issue the notice.",
        )


def _present(values: NoticeValues) -> dict[str, bool]:
    first, last = values.period_first, values.period_last
    number, computed = values.school_days, values.school_days_computed
    return {
        "reasons": bool(values.reasons.strip()),
        "aims": any(aim.strip() for aim in values.aims),
        "measurable_aim": values.measurable_aims > 0,
        "period": first is not None and last is not None and first <= last,
        "school_days": number is not None
        and number > 0
        and (number == computed or bool(values.school_days_reason.strip())),
        "start_on": values.start_on is not None,
        "start_time": values.start_time is not None,
        "address": bool(values.sites) and all(site.complete for site in values.sites),
        "site_days": all(site.days.strip() for site in values.sites),
        "report_to": bool(values.report_to.strip()),
        "session_times": bool(values.sessions) and all(times.complete for times in values.sessions),
        "exclusion_statement": values.exclusion_alternative is True and bool(values.exclusion_statement.strip()),
        "review_dates": bool(values.review_dates),
        "review_right": bool(values.review_right.strip()),
        "legal_basis": bool(values.legal_basis.strip()),
    }


def _rising(times: Sequence[time | None]) -> bool:
    """Whether all times are given, each pair with a start before its end, later pairs not before earlier
    ones.
    """
    known = [one for one in times if one is not None]
    if len(known) != len(times):
        return False
    pairs = list(zip(known[::2], known[1::2], strict=True))
    return all(start < end for start, end in pairs) and all(
        earlier[1] <= later[0] for earlier, later in pairwise(pairs)
    )
