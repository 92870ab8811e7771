"""Placements, budgets, providers and notices move only as their tables say, and the page shows the tables."""

from io import StringIO
from itertools import product
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from notices import lifecycle as notices
from placements import lifecycle as placements
from placements.lifecycle import LIVE, Status
from providers import lifecycle as providers
from trust.errors import RuleBroken
from trust.lifecycle import Lifecycle
from trust.management.commands.lifecycle_docs import installed_lifecycles
from trust.permissions import Permission

ALL = [
    placements.PLACEMENT,
    placements.BUDGET,
    placements.OFFER,
    placements.INVOICE,
    providers.PROVIDER,
    notices.NOTICE,
]


@pytest.mark.parametrize("lifecycle", ALL, ids=lambda lifecycle: lifecycle.subject)
def test_move_outside_the_table_is_refused(lifecycle: Lifecycle) -> None:
    for old, new in product(lifecycle.statuses, repeat=2):
        if (old, new) in lifecycle.moves:
            assert lifecycle.check_move(old, new) == lifecycle.moves[old, new]
        else:
            with pytest.raises(RuleBroken, match=f"^{lifecycle.subject} that is"):
                lifecycle.check_move(old, new)


def test_second_click_is_told_that_it_was_done_already() -> None:
    with pytest.raises(RuleBroken, match=r"^A placement that is 'approved' needs no second step"):
        placements.check_move(Status.APPROVED, Status.APPROVED)


@pytest.mark.parametrize("lifecycle", ALL, ids=lambda lifecycle: lifecycle.subject)
def test_every_status_is_reached_and_left_or_final(lifecycle: Lifecycle) -> None:
    reached = set(lifecycle.first)
    while more := {new for old, new in lifecycle.moves if old in reached} - reached:
        reached |= more
    assert reached == set(lifecycle.statuses)
    assert all(not lifecycle.next_statuses(status) for status in lifecycle.final)


def test_placement_final_statuses() -> None:
    final = {Status.COMPLETED, Status.DECLINED, Status.WITHDRAWN, Status.CANCELLED}
    assert placements.PLACEMENT.final == final
    assert final.isdisjoint(LIVE)


def test_placement_live_statuses_begin_with_approval_or_reopening() -> None:
    assert {Status.APPROVED, Status.ACTIVE, Status.PAUSED} == LIVE
    into_live = {move for move in placements.MOVES if move[1] in LIVE and move[0] not in LIVE}
    assert into_live == {(Status.PROPOSED, Status.APPROVED), (Status.ENDED, Status.ACTIVE)}


@pytest.mark.policy("P7.1")
@pytest.mark.parametrize(
    ("old", "new", "permission"),
    [
        (Status.PROPOSED, Status.APPROVED, Permission.APPROVE_PLACEMENT),
        (Status.PROPOSED, Status.WITHDRAWN, Permission.PROPOSE_PLACEMENT),
        (Status.RETURNED, Status.PROPOSED, Permission.PROPOSE_PLACEMENT),
        (Status.APPROVED, Status.ACTIVE, Permission.START_PLACEMENT),
        (Status.APPROVED, Status.CANCELLED, Permission.APPROVE_EARLY_END),
        (Status.ACTIVE, Status.PAUSED, Permission.SUSPEND_PLACEMENT),
        (Status.ACTIVE, Status.ENDED, Permission.END_PLACEMENT),
        (Status.ENDED, Status.ACTIVE, Permission.APPROVE_EARLY_END),
    ],
)
def test_placement_move_asks_permission(old: Status, new: Status, permission: Permission) -> None:
    assert placements.check_move(old, new) == permission


def test_placement_cannot_start_unapproved() -> None:
    with pytest.raises(RuleBroken, match="'proposed' cannot become 'active'"):
        placements.check_move(Status.PROPOSED, Status.ACTIVE)


def test_budget_is_approved_once() -> None:
    assert placements.check_budget_move("PROPOSED", "APPROVED") == Permission.APPROVE_BUDGET
    with pytest.raises(RuleBroken):
        placements.check_budget_move("APPROVED", "PROPOSED")


def test_offer_is_taken_only_while_it_is_open() -> None:
    taken = {old for old, new in placements.OFFER_MOVES if new == placements.OfferStatus.TAKEN}
    assert taken == {placements.OfferStatus.OFFERED}
    assert placements.OFFER.final == {"REFUSED", "TAKEN", "DROPPED"}


def test_invoice_is_paid_once_and_only_when_settled() -> None:
    paid = {old for old, new in placements.INVOICE_MOVES if new == placements.InvoiceStatus.PAID}
    assert paid == {placements.InvoiceStatus.SETTLED}
    assert placements.INVOICE.final == {"PAID", "REJECTED"}


@pytest.mark.policy("P7.4")
def test_issued_notice_never_goes_back() -> None:
    frozen = notices.FROZEN
    assert {new for old, new in notices.MOVES if old in frozen} <= frozen
    assert notices.check_move("DRAFT", "AUTHORISED") == Permission.AUTHORISE_NOTICE


def test_unknown_status_is_not_a_move() -> None:
    with pytest.raises(ValueError, match="NOWHERE"):
        placements.check_move(Status.PROPOSED, "NOWHERE")


def test_docs_write_then_check(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "lifecycle.md"
    call_command("lifecycle_docs", path=page, stdout=StringIO())
    call_command("lifecycle_docs", check=True, path=page, stdout=StringIO())
    text = page.read_text(encoding="utf-8")
    assert "## Direction notice" in text
    assert "PROPOSED --> APPROVED: approve a placement and its money" in text
    assert "[*] --> DRAFT: write a referral" in text
    assert "| Proposed | Approved | Headteacher or Chief executive |" in text
    assert "ENDED --> ACTIVE: approve an early end" in text
    assert "CANCELLED --> [*]" in text


def test_docs_check_fails_when_the_page_differs(tmp_path: Path) -> None:
    page = tmp_path / "lifecycle.md"
    with pytest.raises(CommandError, match="differs from the code"):
        call_command("lifecycle_docs", check=True, path=page)
    page.write_text("old", encoding="utf-8")
    with pytest.raises(CommandError, match="differs from the code") as refusal:
        call_command("lifecycle_docs", check=True, path=page)
    assert refusal.value.returncode == 1
    assert page.read_text(encoding="utf-8") == "old"


def test_docs_find_every_lifecycle() -> None:
    subjects = [lifecycle.subject for lifecycle in installed_lifecycles()]
    assert sorted(subjects) == [
        "A budget",
        "A direction notice",
        "A placement",
        "A provider",
        "A referral",
        "A template",
        "An invoice",
        "An offer",
    ]
