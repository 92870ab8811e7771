"""Rules about providers: how long a check counts, and what an approval asks for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from providers.codes import GATE_CHECKS, CheckKind, ProviderKind
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

    ``agreements`` are inclusive periods of service level agreements.
    """

    kind: str
    on: date
    sites: int
    programmes: int
    agreements: Collection[tuple[date, date]]
    checks: Mapping[str, CheckHeld]


def missing_for_approval(facts: ApprovalFacts) -> tuple[str, ...]:
    """What stands in the way of approval, as phrases; empty when nothing does.

    No student is placed without a service level agreement (P3.9) or at a provider whose staff checks, safeguarding
    policy and visit are not in order (P3.12); a trust school is covered by the standing agreement between the schools
    (P3.3).
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
        if state == CheckState.MISSING:
            missing.append(name)
        elif state == CheckState.EXPIRED:
            missing.append(f"{name} in date")
    return tuple(missing)


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
