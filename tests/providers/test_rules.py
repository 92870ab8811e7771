"""How long a check counts and what an approval asks for: tables of dates, no database."""

from datetime import date, timedelta

import pytest

from providers.codes import GATE_CHECKS, CheckKind, ContactRole, ProviderKind, StandardOutcome, StandardPart
from providers.rules import (
    ApprovalFacts,
    CheckHeld,
    CheckState,
    StandardRow,
    advised_for_approval,
    check_approval,
    check_approver,
    check_confirmer,
    check_done_on,
    check_outcome,
    check_registration,
    check_state,
    checks_needed,
    correction_needs_reason,
    counts_until,
    missing_for_approval,
    part_counts,
    read_standards,
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
        (
            {"checks": without(CheckKind.VISIT), "unconfirmed": {CheckKind.VISIT}},
            ("visit (recorded, waits for confirmation)",),
        ),
        ({"unconfirmed": {CheckKind.VISIT}}, ()),
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


@pytest.mark.parametrize(
    ("kind", "urn", "ukprn", "field"),
    [
        (ProviderKind.TRUST_SCHOOL, "", "", "urn"),
        (ProviderKind.OTHER_SCHOOL, "", "10000001", "urn"),
        (ProviderKind.REGISTERED_AP, "", "", "urn"),
        (ProviderKind.FE_COLLEGE, "", "", "ukprn"),
        (ProviderKind.FE_COLLEGE, "146001", "", "ukprn"),
        (ProviderKind.UNREGISTERED, "146001", "", "urn"),
    ],
)
def test_registered_provider_without_its_number_is_refused(kind, urn, ukprn, field):
    with pytest.raises(RuleBroken) as refused:
        check_registration(kind, urn, ukprn)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("kind", "urn", "ukprn"),
    [
        (ProviderKind.REGISTERED_AP, "146001", ""),
        (ProviderKind.FE_COLLEGE, "", "10000001"),
        (ProviderKind.UNREGISTERED, "", ""),
        (ProviderKind.UNREGISTERED, "", "10000001"),
        (ProviderKind.ONLINE, "146001", ""),
        (ProviderKind.TUITION, "", ""),
    ],
)
def test_registration_that_fits_the_kind_is_accepted(kind, urn, ukprn):
    check_registration(kind, urn, ukprn)


def test_check_confirmer_who_recorded_is_refused():
    check_confirmer(1, 2)
    with pytest.raises(NotAllowed, match="another trust AP lead confirms"):
        check_confirmer(2, 2)


@pytest.mark.policy("P3.9")
@pytest.mark.parametrize(
    ("status", "needs"), [("PROSPECTIVE", False), ("APPROVED", True), ("SUSPENDED", True), ("CLOSED", True)]
)
def test_correction_of_an_agreement_needs_a_reason_once_students_may_be_placed(status, needs):
    assert correction_needs_reason(status) is needs


BOTH = frozenset({ContactRole.DSL, ContactRole.ATTENDANCE})
SHARING = {**full().checks, CheckKind.DATA_SHARING: CheckHeld(date(2026, 9, 1), date(2027, 8, 31), 7)}


@pytest.mark.parametrize(
    ("changes", "advised"),
    [
        ({}, ()),
        ({"roles": {ContactRole.DSL}}, ("the provider's attendance contact",)),
        ({"roles": {ContactRole.ATTENDANCE}}, ("the provider's safeguarding lead",)),
        ({"checks": full().checks}, ("a data sharing agreement in date",)),
        ({"signed_file": False}, ("the signed agreement as a file",)),
        ({"safeguarding_version": False}, ("the version of the safeguarding policy that was accepted",)),
        ({"code_of_conduct": False}, ("the provider's code of conduct",)),
        ({"not_assessed": 3}, ()),
        (
            {"kind": ProviderKind.UNREGISTERED, "not_assessed": 3},
            ("an assessment of all quality standards (3 quality standards are open)",),
        ),
        ({"kind": ProviderKind.UNREGISTERED, "not_assessed": None}, ()),
        ({"kind": ProviderKind.TRUST_SCHOOL, "roles": (), "checks": {}}, ()),
    ],
)
def test_advised_for_approval_never_holds_it_up(changes, advised):
    facts = full(**{"roles": BOTH, "checks": SHARING, **changes})
    assert advised_for_approval(facts) == advised
    assert missing_for_approval(facts) == ()


def test_read_standards_in_any_order_of_columns_keeps_the_order_of_rows():
    content = '\ufeffCode,Part,Text\r\n4.1,4,Teaching is planned.\r\n,,\r\n1.1,1,"Checked, and kept."\r\n'.encode()
    assert read_standards(content) == (
        StandardRow(StandardPart.EDUCATION, "4.1", "Teaching is planned."),
        StandardRow(StandardPart.SAFEGUARDING, "1.1", "Checked, and kept."),
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Row 1 must hold"),
        (b"part,code\n1,1.1\n", "Row 1 must hold"),
        (b"part,code,text\n", "no standard"),
        (b"part,code,text\n5,5.1,Five\n", "Row 2, column part: give 1, 2, 3 or 4, not '5'"),
        (b"part,code,text\n1,1.1,One\n1,1.1,Two\n", "Row 3, column code: '1.1' is there already"),
        (b"part,code,text\n1,,One\n", "Row 2, column code"),
        (b"part,code,text\n1,1234567890123,One\n", "Row 2, column code"),
        (b"part,code,text\n1,1.1\n", "Row 2, column text"),
        (b"part,code,text\n1,1.1,=HYPERLINK(1)\n", "Row 2, column text: a formula"),
        (b"part,code,text\n1,1.1," + b"x" * 2001 + b"\n", "Row 2, column text"),
        ("part,code,text\n1,1.1,Caf\u00e9\n".encode("cp1252"), "not in UTF-8"),
        (b'part,code,text\n1,1.1,"open\n', "not a proper CSV"),
        (b"part,code,text\n" + b"".join(b"1,%d,x\n" % n for n in range(301)), "301 standards; 300"),
    ],
)
def test_read_standards_that_are_wrong_names_row_and_column(content, words):
    with pytest.raises(RuleBroken) as refused:
        read_standards(content)
    assert words in refused.value.message
    assert refused.value.field == "file"


def test_part_counts_by_outcome_with_the_first_day_on_which_one_ends():
    rows = [
        ("1", "MET", date(2027, 1, 1)),
        ("1", "MET", TODAY - timedelta(days=1)),
        ("1", "NOT_MET", None),
        ("1", None, None),
        ("4", "NOT_APPLICABLE", None),
    ]
    first, last = part_counts(rows, TODAY)
    assert (first.part, first.total, first.open, first.over) == ("1", 4, 1, 1)
    assert first.until == TODAY - timedelta(days=1)
    assert first.outcomes == {
        StandardOutcome.MET: 2,
        StandardOutcome.PARTLY: 0,
        StandardOutcome.NOT_MET: 1,
        StandardOutcome.NOT_APPLICABLE: 0,
    }
    assert (last.part, last.total, last.open, last.until, last.over) == ("4", 1, 0, None, 0)


@pytest.mark.parametrize("outcome", ["PARTLY", "NOT_MET", "NOT_APPLICABLE"])
def test_outcome_that_is_not_met_without_a_note_is_refused(outcome):
    check_outcome("MET", "", "note_1")
    check_outcome(outcome, "why", "note_1")
    with pytest.raises(RuleBroken) as refused:
        check_outcome(outcome, "  ", "note_1")
    assert refused.value.field == "note_1"
