"""A referral moves only as its table says."""

from itertools import product

import pytest

from referrals.lifecycle import AMENDABLE, EDITABLE, MOVES, OPEN, REFERRAL, Status, check_move
from trust.errors import RuleBroken
from trust.permissions import GRANTS, Permission, Role


def test_referral_move_outside_the_table_is_refused() -> None:
    for old, new in product(Status, repeat=2):
        if (old, new) in MOVES:
            assert check_move(old, new) == MOVES[old, new]
        else:
            with pytest.raises(RuleBroken, match=r"^A referral that is"):
                check_move(old, new)


@pytest.mark.policy("P6.1")
@pytest.mark.parametrize(
    ("old", "new", "permission"),
    [
        (Status.DRAFT, Status.SUBMITTED, Permission.WRITE_REFERRAL),
        (Status.RETURNED, Status.SUBMITTED, Permission.WRITE_REFERRAL),
        (Status.SUBMITTED, Status.WITHDRAWN, Permission.WRITE_REFERRAL),
        (Status.SUBMITTED, Status.APPROVED, Permission.DECIDE_REFERRAL),
        (Status.SUBMITTED, Status.RETURNED, Permission.DECIDE_REFERRAL),
        (Status.SUBMITTED, Status.DECLINED, Permission.DECIDE_REFERRAL),
    ],
)
def test_referral_move_asks_permission(old: Status, new: Status, permission: Permission) -> None:
    assert check_move(old, new) == permission


def test_referral_void_alone_is_final() -> None:
    assert REFERRAL.final == {Status.VOID}
    assert set(REFERRAL.first) == {Status.DRAFT}


def test_referral_decided_for_it_is_never_undone_but_void() -> None:
    assert [new for old, new in MOVES if old == Status.APPROVED] == [Status.VOID]


def test_referral_is_void_by_its_writer_only_as_a_draft() -> None:
    asked = {old: permission for (old, new), permission in MOVES.items() if new == Status.VOID}
    assert [old for old, permission in asked.items() if permission == Permission.WRITE_REFERRAL] == [Status.DRAFT]
    assert set(asked) == set(Status) - {Status.VOID}


def test_referral_is_open_editable_or_amendable_apart() -> None:
    assert {Status.DRAFT, Status.RETURNED} == EDITABLE
    assert {Status.DRAFT, Status.RETURNED, Status.SUBMITTED} == OPEN
    assert not AMENDABLE & EDITABLE
    writer = {MOVES[old, new] for old, new in MOVES if old in EDITABLE and new != Status.VOID}
    assert writer == {Permission.WRITE_REFERRAL}


@pytest.mark.policy("P6.5")
def test_referral_is_never_decided_by_the_team_alone() -> None:
    assert Role.TEAM not in GRANTS[Permission.DECIDE_REFERRAL]
