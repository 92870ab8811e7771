"""Rules about providers: how long a check counts, and what an approval asks for."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from providers.codes import (
    ASSESSED_KINDS,
    GATE_CHECKS,
    UKPRN_KINDS,
    URN_KINDS,
    CheckKind,
    ContactRole,
    ProviderKind,
    StandardOutcome,
    StandardPart,
)
from providers.lifecycle import Status
from trust.calendar import date_words
from trust.errors import NotAllowed, RuleBroken
from trust.rules import and_words

# Checks that count for twelve months at most (P3.12).
_YEARLY = frozenset({CheckKind.STAFF_CHECKS, CheckKind.VISIT})


@dataclass(frozen=True)
class CheckHeld:
    """The newest check of one kind; ``expires_on`` is the last day on which it counts, None when it states none."""

    done_on: date
    expires_on: date | None
    recorded_by: int


class CheckState(StrEnum):
    """How a check stands on a day."""

    MISSING = "missing"
    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"


def counts_until(kind: str, done_on: date, expires_on: date | None) -> date | None:
    """The last day on which a check counts; None without a limit.

    Staff checks and visits count for 12 months, less when they state an earlier last day; insurance counts to its
    stated last day, so without one it has ended on the day it was done. P3.9, P3.12.
    """
    days = [expires_on] if expires_on else []
    if kind in _YEARLY:
        days.append(_year_after(done_on))
    if kind == CheckKind.INSURANCE and not days:
        days.append(done_on)
    return min(days, default=None)


def _year_after(day: date) -> date:
    """The same day next year; 28 February for 29 February."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28)
    return day.replace(year=min(day.year + 1, date.max.year))


def check_state(kind: str, held: CheckHeld | None, today: date, *, soon: int = 30) -> CheckState:
    """How the newest check of a kind stands today; expiring when it counts for ``soon`` more days at most."""
    if held is None or held.done_on > today:
        return CheckState.MISSING
    until = counts_until(kind, held.done_on, held.expires_on)
    if until is None or until - today > timedelta(days=soon):
        return CheckState.VALID
    return CheckState.EXPIRED if until < today else CheckState.EXPIRING


def checks_needed(kind: str) -> tuple[CheckKind, ...]:
    """The checks without which a provider of this kind is not approved.

    A school of the trust needs none: its staff checks and insurance are the trust's (P3.3). An online provider needs
    accreditation as well (P3.4). All others the full set (P3.9, P3.12).
    """
    if kind == ProviderKind.TRUST_SCHOOL:
        return ()
    return (*GATE_CHECKS, CheckKind.ACCREDITATION) if kind == ProviderKind.ONLINE else GATE_CHECKS


@dataclass(frozen=True)
class ApprovalFacts:
    """What the approval of a provider asks about, on the day ``on``.

    ``agreements`` are inclusive periods of service level agreements; ``checks`` the confirmed ones, ``unconfirmed`` the
    kinds of those that wait. The rest is only advised: roles of the people known, the newest agreement's papers, and
    how many quality standards were not assessed (None: no version is loaded).
    """

    kind: str
    on: date
    sites: int
    programmes: int
    agreements: Collection[tuple[date, date]]
    checks: Mapping[str, CheckHeld]
    unconfirmed: Collection[str] = ()
    roles: Collection[str] = ()
    signed_file: bool = True
    code_of_conduct: bool = True
    safeguarding_version: bool = True
    not_assessed: int | None = 0


def missing_for_approval(facts: ApprovalFacts) -> tuple[str, ...]:
    """What stands in the way of approval, as phrases; empty when nothing does.

    No student is placed without a service level agreement (P3.9) or at a provider whose staff checks, safeguarding
    policy and visit are not in order (P3.12); a trust school is covered by the standing agreement between the schools
    (P3.3). A check counts once the trust AP lead confirmed it (access page).
    """
    missing = []
    if not facts.sites:
        missing.append("a site")
    if not facts.programmes:
        missing.append("a programme")
    if facts.kind != ProviderKind.TRUST_SCHOOL and not any(last >= facts.on for _, last in facts.agreements):
        missing.append("a service level agreement that has not ended")
    for kind in checks_needed(facts.kind):
        state = check_state(kind, facts.checks.get(kind), facts.on)
        name = f"{kind.label[0].lower()}{kind.label[1:]}"
        if state in (CheckState.MISSING, CheckState.EXPIRED) and kind in facts.unconfirmed:
            missing.append(f"{name} (recorded, waits for confirmation)")
        elif state == CheckState.MISSING:
            missing.append(name)
        elif state == CheckState.EXPIRED:
            missing.append(f"{name} in date")
    return tuple(missing)


def advised_for_approval(facts: ApprovalFacts) -> tuple[str, ...]:
    """What a careful approval has too, as phrases; none of it holds the approval up. P3.9, P3.11, P3.12, P4.1."""
    if facts.kind == ProviderKind.TRUST_SCHOOL:
        return ()
    advised = []
    for role, words in ((ContactRole.DSL, "safeguarding lead"), (ContactRole.ATTENDANCE, "attendance contact")):
        if role not in facts.roles:
            advised.append(f"the provider's {words}")
    if check_state(CheckKind.DATA_SHARING, facts.checks.get(CheckKind.DATA_SHARING), facts.on) in (
        CheckState.MISSING,
        CheckState.EXPIRED,
    ):
        advised.append("a data sharing agreement in date")
    if not facts.signed_file:
        advised.append("the signed agreement as a file")
    if not facts.safeguarding_version:
        advised.append("the version of the safeguarding policy that was accepted")
    if not facts.code_of_conduct:
        advised.append("the provider's code of conduct")
    if facts.kind in ASSESSED_KINDS and facts.not_assessed:
        are = "quality standard is" if facts.not_assessed == 1 else "quality standards are"
        advised.append(f"an assessment of all quality standards ({facts.not_assessed} {are} open)")
    return tuple(advised)


def check_approval(facts: ApprovalFacts) -> None:
    """Raise ``RuleBroken`` that names everything an approval still lacks."""
    missing = missing_for_approval(facts)
    if missing:
        raise RuleBroken(f"The provider cannot be approved yet. Missing: {and_words(missing)}.")


def check_approver(approver_id: int, recorder_ids: Iterable[int]) -> None:
    """Nobody approves a provider of which they recorded one of the checks that count (access page).

    Raises ``NotAllowed``.
    """
    if approver_id in set(recorder_ids):
        raise NotAllowed(
            "You recorded one of this provider's checks, so somebody else approves it: "
            "another trust AP lead or the chief executive."
        )


def check_done_on(done_on: date, today: date) -> None:
    """A check is recorded when it has been done. Raises ``RuleBroken``."""
    if done_on > today:
        raise RuleBroken(
            f"A check is recorded once it was done; {date_words(done_on)} is in the future.", field="done_on"
        )


def check_confirmer(confirmer_id: int, recorder_id: int) -> None:
    """Nobody confirms a check that they recorded (access page). Raises ``NotAllowed``."""
    if confirmer_id == recorder_id:
        raise NotAllowed("You recorded this check, so another trust AP lead confirms it.")


def check_registration(kind: str, urn: str, ukprn: str) -> None:
    """A registered provider is recorded under its number, by which register and census know it.

    Schools and registered alternative provision have a URN, colleges a UKPRN (domain page, 'Providers'). Raises
    ``RuleBroken`` at the field.
    """
    if kind in URN_KINDS and not urn:
        raise RuleBroken("Give the URN: a provider of this kind is registered under one.", field="urn")
    if kind in UKPRN_KINDS and not ukprn:
        raise RuleBroken("Give the UKPRN: a college is registered under one.", field="ukprn")
    if kind == ProviderKind.UNREGISTERED and urn:
        raise RuleBroken("A provider with a URN is registered: choose that kind, or leave the URN empty.", field="urn")


def correction_needs_reason(provider_status: str) -> bool:
    """An agreement is changed freely while nobody can be placed under it, later only as a correction with a reason.

    P3.9: placements rest on the agreement, from the provider's approval on.
    """
    return provider_status != Status.PROSPECTIVE


@dataclass(frozen=True)
class StandardRow:
    """One standard of a version to be loaded."""

    part: StandardPart
    code: str
    text: str


STANDARD_COLUMNS = ("part", "code", "text")
_STANDARDS_MAX = 300


def read_standards(content: bytes) -> tuple[StandardRow, ...]:
    """The standards in a CSV file with the columns part (1 to 4), code and text, in the order of the file.

    Raises ``RuleBroken`` that names the first wrong row and column; row 1 holds the headings.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RuleBroken("The file is not in UTF-8: save it as 'CSV UTF-8'.", field="file") from None
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise RuleBroken(f"The file is not a proper CSV file: {error}.", field="file") from None
    headings = [cell.strip().lower() for cell in rows[0]] if rows else []
    if sorted(headings) != sorted(STANDARD_COLUMNS):
        raise RuleBroken("Row 1 must hold exactly the headings part, code and text.", field="file")
    found: list[StandardRow] = []
    seen: set[str] = set()
    for number, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row):
            found.append(_standard(number, dict(zip(headings, [cell.strip() for cell in row], strict=False)), seen))
    if not found:
        raise RuleBroken("The file holds no standard.", field="file")
    if len(found) > _STANDARDS_MAX:
        raise RuleBroken(f"The file holds {len(found)} standards; {_STANDARDS_MAX} are the most.", field="file")
    return tuple(found)


def _standard(number: int, cells: Mapping[str, str], seen: set[str]) -> StandardRow:
    part, code, text = (cells.get(name, "") for name in STANDARD_COLUMNS)
    if part not in StandardPart.values:
        raise RuleBroken(f"Row {number}, column part: give 1, 2, 3 or 4, not '{part[:20]}'.", field="file")
    if not code or len(code) > 12:
        raise RuleBroken(f"Row {number}, column code: give a code of 1 to 12 characters.", field="file")
    if code in seen:
        raise RuleBroken(f"Row {number}, column code: '{code}' is there already.", field="file")
    if not text or len(text) > 2000:
        raise RuleBroken(f"Row {number}, column text: give a text of 1 to 2,000 characters.", field="file")
    for name, value in (("code", code), ("text", text)):
        if value[0] in "=+-@":
            raise RuleBroken(f"Row {number}, column {name}: a formula is not taken.", field="file")
    seen.add(code)
    return StandardRow(StandardPart(part), code, text)


@dataclass(frozen=True)
class PartCount:
    """How the standards of one part stand; ``until`` is the earliest day on which a result ends."""

    part: StandardPart
    total: int
    outcomes: Mapping[StandardOutcome, int]
    until: date | None
    over: int

    @property
    def open(self) -> int:
        """How many were not assessed."""
        return self.total - sum(self.outcomes.values())


def part_counts(standards: Iterable[tuple[str, str | None, date | None]], today: date) -> tuple[PartCount, ...]:
    """Count (part, outcome or None, last day or None) by part; results whose last day has passed are also ``over``."""
    rows = list(standards)
    counts = []
    for part in StandardPart:
        mine = [(outcome, until) for each, outcome, until in rows if each == part]
        if mine:
            days = [until for _, until in mine if until is not None]
            outcomes = {key: sum(outcome == key for outcome, _ in mine) for key in StandardOutcome}
            over = sum(day < today for day in days)
            counts.append(PartCount(part, len(mine), outcomes, min(days, default=None), over))
    return tuple(counts)


def check_outcome(outcome: str, note: str, field: str) -> None:
    """A standard that is not fully met, or does not apply, is explained. Raises ``RuleBroken`` at ``field``."""
    if outcome != StandardOutcome.MET and not note.strip():
        raise RuleBroken("Say what is missing, or why the standard does not apply.", field=field)
