"""How long a check counts and what an approval asks for: tables of dates, no database."""

from datetime import date, timedelta

import pytest

from providers.codes import GATE_CHECKS, CheckKind, ProviderKind
from providers.rules import (
    ApprovalFacts,
    CheckHeld,
    CheckState,
    check_approval,
    check_approver,
    check_done_on,
    check_state,
    checks_needed,
    counts_until,
    missing_for_approval,
)
from trust.errors import NotAllowed, RuleBroken

TODAY = date(2026, 11, 16)


@pytest.mark.policy("P3.12")
@pytest.mark.parametrize(
    ("kind", "done_on", "expires_on", "until"),
    [
        (CheckKind.STAFF_CHECKS, date(2026, 1, 10), None, date(2027, 1, 10)),
        (CheckKind.STAFF_CHECKS, date(2026, 1, 10), date(2026, 6, 30), date(2026, 6, 30)),
        (CheckKind.STAFF_CHECKS, date(2026, 1, 10), date(2028, 1, 10), date(2027, 1, 10)),
        (CheckKind.VISIT, date(2024, 2, 29), None, date(2025, 2, 28)),
        (CheckKind.VISIT, date(9999, 12, 31), None, date(9999, 12, 31)),
        (CheckKind.INSURANCE, date(2026, 1, 10), date(2028, 1, 10), date(2028, 1, 10)),
        (CheckKind.INSURANCE, date(2026, 1, 10), None, date(2026, 1, 10)),
        (CheckKind.SAFEGUARDING_POLICY, date(2020, 1, 10), None, None),
        (CheckKind.QUALITY, date(2020, 1, 10), date(2026, 1, 1), date(2026, 1, 1)),
    ],
)
def test_counts_until(kind, done_on, expires_on, until):
    assert counts_until(kind, done_on, expires_on) == until


@pytest.mark.parametrize(
    ("last", "state"),
    [
        (TODAY - timedelta(days=1), CheckState.EXPIRED),
        (TODAY, CheckState.EXPIRING),
        (TODAY + timedelta(days=30), CheckState.EXPIRING),
        (TODAY + timedelta(days=31), CheckState.VALID),
    ],
)
def test_check_state_by_its_last_day(last, state):
    held = CheckHeld(date(2026, 1, 1), last, recorded_by=1)
    assert check_state(CheckKind.INSURANCE, held, TODAY) == state


def test_check_state_without_a_check_or_with_one_of_tomorrow_is_missing():
    assert check_state(CheckKind.VISIT, None, TODAY) == CheckState.MISSING
    tomorrow = CheckHeld(TODAY + timedelta(days=1), None, recorded_by=1)
    assert check_state(CheckKind.VISIT, tomorrow, TODAY) == CheckState.MISSING


def test_check_state_without_limit_is_valid():
    assert check_state(CheckKind.SAFEGUARDING_POLICY, CheckHeld(date(2020, 1, 1), None, 1), TODAY) == CheckState.VALID


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        (ProviderKind.TRUST_SCHOOL, ()),
        (ProviderKind.OTHER_SCHOOL, GATE_CHECKS),
        (ProviderKind.UNREGISTERED, GATE_CHECKS),
        (ProviderKind.TUITION, GATE_CHECKS),
        (ProviderKind.ONLINE, (*GATE_CHECKS, CheckKind.ACCREDITATION)),
    ],
)
def test_checks_needed_by_kind(kind, needed):
    assert checks_needed(kind) == needed


def full(**changes):
    """A provider that lacks nothing."""
    held = CheckHeld(date(2026, 9, 1), date(2027, 8, 31), recorded_by=7)
    facts = {
        "kind": ProviderKind.REGISTERED_AP,
        "on": TODAY,
        "sites": 1,
        "programmes": 1,
        "agreements": [(date(2026, 9, 1), date(2027, 8, 31))],
        "checks": dict.fromkeys(GATE_CHECKS, held),
    }
    return ApprovalFacts(**{**facts, **changes})


def without(kind):
    """All checks but one."""
    return {key: held for key, held in full().checks.items() if key != kind}


@pytest.mark.policy("P3.9")
@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ()),
        ({"sites": 0}, ("a site",)),
        ({"programmes": 0}, ("a programme",)),
        ({"agreements": []}, ("a service level agreement that has not ended",)),
        (
            {"agreements": [(date(2025, 9, 1), TODAY - timedelta(days=1))]},
            ("a service level agreement that has not ended",),
        ),
        ({"agreements": [(date(2025, 9, 1), TODAY)]}, ()),
        ({"checks": without(CheckKind.INSURANCE)}, ("insurance",)),
        (
            {"checks": {**full().checks, CheckKind.VISIT: CheckHeld(date(2025, 11, 15), None, 7)}},
            ("visit in date",),
        ),
        ({"kind": ProviderKind.TRUST_SCHOOL, "agreements": [], "checks": {}}, ()),
        ({"kind": ProviderKind.TRUST_SCHOOL, "sites": 0, "agreements": [], "checks": {}}, ("a site",)),
        ({"kind": ProviderKind.ONLINE}, ("accreditation or approval of online teaching",)),
    ],
)
def test_missing_for_approval(changes, missing):
    assert missing_for_approval(full(**changes)) == missing


def test_check_approval_names_everything_at_once():
    with pytest.raises(RuleBroken, match="Missing: a site, a programme and insurance"):
        check_approval(full(sites=0, programmes=0, checks=without(CheckKind.INSURANCE)))


def test_check_approver_who_recorded_is_refused():
    check_approver(1, [2, 3])
    with pytest.raises(NotAllowed, match="somebody else approves"):
        check_approver(2, [2, 3])


def test_check_done_in_the_future_is_refused():
    check_done_on(TODAY, TODAY)
    with pytest.raises(RuleBroken, match="Tue 17 Nov 2026 is in the future"):
        check_done_on(TODAY + timedelta(days=1), TODAY)
