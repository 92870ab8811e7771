"""A referral moves only as its table says."""

from itertools import product

import pytest

from referrals.lifecycle import EDITABLE, MOVES, REFERRAL, Status, check_move
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


def test_referral_decided_is_final() -> None:
    assert REFERRAL.final == {Status.APPROVED, Status.DECLINED, Status.WITHDRAWN}
    assert set(REFERRAL.first) == {Status.DRAFT}


def test_referral_is_editable_only_with_its_writer() -> None:
    assert {Status.DRAFT, Status.RETURNED} == EDITABLE
    assert all(MOVES[old, new] == Permission.WRITE_REFERRAL for old, new in MOVES if old in EDITABLE)


@pytest.mark.policy("P6.5")
def test_referral_is_never_decided_by_the_team_alone() -> None:
    assert Role.TEAM not in GRANTS[Permission.DECIDE_REFERRAL]
