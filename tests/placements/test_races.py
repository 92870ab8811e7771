"""Approvals at the same moment, each in its own transaction: money, half-days and places are given once.

``RACE_ROUNDS`` sets how often each race is run: few by default, many under ``make race``.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection, connections

from placements.lifecycle import Status
from placements.models import Budget, Placement
from placements.queries import budget_left
from placements.services import decide_placement, propose_placement
from providers.models import Provider
from referrals.lifecycle import Status as ReferralStatus
from tests.factories.people import make_student
from tests.factories.placements import placement_at, placement_data, referral_at
from tests.factories.providers import make_provider
from tests.fixtures import NOW, Cast
from trust.errors import RuleBroken
from trust.models import School, Student

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
THREADS = (2, 8)
FIRST, LAST = date(2026, 11, 30), date(2026, 12, 18)
COST = Decimal("675.00")


def at_once(placements: list[Placement], cast: Cast) -> list[str]:
    """Approve all of them at the same moment; 'approved' or the sentence of the refusal for each."""
    barrier = Barrier(len(placements))

    def approve(placement: Placement) -> str:
        try:
            barrier.wait()
            decide_placement(
                placement_id=placement.pk,
                decision=Status.APPROVED,
                reason="",
                overrides={},
                over_budget_reason="",
                by=cast.head,
                now=NOW,
            )
        except RuleBroken as error:
            return error.message
        finally:
            connection.close()
        return "approved"

    cast.head.held()  # read once, so that the threads begin with the locks
    with ThreadPoolExecutor(len(placements)) as pool:
        outcomes = list(pool.map(approve, placements))
    connections.close_all()
    return outcomes


@pytest.fixture
def proposals(north: School, provider: Provider, cast: Cast) -> Callable[[int], list[Placement]]:
    """So many proposals of as many students at one provider."""

    def propose(number: int) -> list[Placement]:
        return [
            placement_at(
                Status.PROPOSED,
                student=make_student(north, f"Racer{index}", "Kit"),
                provider=provider,
                cast=cast,
                now=NOW,
                first=FIRST,
                last=LAST,
            )
            for index in range(number)
        ]

    return propose


@pytest.mark.policy("P1.2")
@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_approvals_at_once_never_overspend(
    threads: int, round_: int, proposals: Callable[[int], list[Placement]], budget: Budget, cast: Cast
) -> None:
    affordable = threads // 2
    budget.amount = COST * affordable + Decimal("100.00")
    budget.save()
    outcomes = at_once(proposals(threads), cast)
    assert outcomes.count("approved") == affordable
    assert all("£100.00 is left in the budget" in words for words in outcomes if words != "approved")
    assert budget_left(budget) == Decimal("100.00")


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_approvals_at_once_put_a_student_in_one_place(
    threads: int, round_: int, student: Student, budget: Budget, cast: Cast
) -> None:
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    placements = []
    for index in range(threads):
        provider = make_provider(f"Provider {index}", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
        data = placement_data(provider, FIRST, last=LAST)
        placements.append(propose_placement(referral_id=referral.pk, data=data, by=cast.slt, now=NOW))
    outcomes = at_once(placements, cast)
    assert sorted(outcomes, key=len) == ["approved"] + [
        "The student is already expected somewhere else in one of these half-days."
    ] * (threads - 1)
    assert Placement.objects.live().count() == 1
    assert budget_left(budget) == budget.amount - COST


@pytest.mark.policy("P6.2")
@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_approvals_at_once_give_the_last_place_once(
    threads: int,
    round_: int,
    proposals: Callable[[int], list[Placement]],
    provider: Provider,
    budget: Budget,
    cast: Cast,
) -> None:
    provider.programmes.update(capacity=1)
    outcomes = at_once(proposals(threads), cast)
    assert outcomes.count("approved") == 1
    assert all("no place left" in words for words in outcomes if words != "approved")
