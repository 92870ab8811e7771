"""Decisions at the same moment, each in its own transaction: money, half-days and places are given once.

``RACE_ROUNDS`` sets how often each race is run: few by default, a hundred under ``make race``. A round is made by
copying the proposals of the first one, so that many rounds cost seconds.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pgtrigger
import pytest
from django.db import connection, connections, transaction

from placements.lifecycle import OfferStatus, Status
from placements.models import AgreedPrice, Budget, Commitment, Offer, Placement, TimetableSlot
from placements.queries import budget_left, period_cost
from placements.services import answer_offer, decide_placement, propose_placement, record_offer_asked
from providers.models import Provider
from referrals.lifecycle import Status as ReferralStatus
from tests.factories.people import make_student
from tests.factories.placements import offer_for, placement_at, placement_data, referral_at
from tests.factories.providers import make_provider
from tests.fixtures import NOW, TODAY, Cast
from trust.errors import DomainError, RuleBroken
from trust.models import School, Student

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
FIRST, LAST = date(2026, 11, 30), date(2026, 12, 18)
COST = Decimal("675.00")
OVERLAP = "The student is already expected somewhere else in one of these half-days."

Act = Callable[[Any, Cast], Any]


def decide(placement: Placement, cast: Cast) -> None:
    """The real approval."""
    decide_placement(
        placement_id=placement.pk,
        decision=Status.APPROVED,
        reason="",
        overrides={},
        over_budget_reason="",
        by=cast.head,
        now=NOW,
    )


def decide_naively(placement: Placement, cast: Cast) -> None:
    """What an approval looks like without locks and without the database's own check: read, compare, write."""
    with transaction.atomic(), pgtrigger.ignore("placements.Commitment:never_overspent"):
        period = placement.periods.get()
        budget = Budget.objects.get(school=placement.school_id)
        cost = sum(amount for _, amount in period_cost(placement, period))
        left = budget_left(budget)
        if cost > left:
            raise RuleBroken(f"£{left} is left in the budget")
        Commitment.objects.create(placement_period=period, budget=budget, amount=cost)
        placement.status, placement.live, placement.decided_by, placement.decided_at = "APPROVED", True, cast.head, NOW
        placement.save()


def at_once(rows: Sequence[Any], cast: Cast, act: Act = decide) -> list[str]:
    """Do it to all of them at the same moment: 'done' or the sentence of the refusal for each.

    Only a ``DomainError`` is a refusal; anything else, a deadlock too, ends the test.
    """
    barrier = Barrier(len(rows))

    def one(row: Any) -> str:
        try:
            barrier.wait()
            act(row, cast)
        except DomainError as error:
            return error.message
        finally:
            connection.close()
        return "done"

    cast.head.held()  # read once, so that the threads begin with the locks
    cast.slt.held()
    with ThreadPoolExecutor(len(rows)) as pool:
        outcomes = list(pool.map(one, rows))
    connections.close_all()
    return outcomes


def propose_again(first_ones: Sequence[Placement]) -> list[Placement]:
    """A fresh copy of the proposals with their offers, after everything of the round before is given back."""
    with pgtrigger.ignore("placements.Commitment:never_overspent"):
        for row in Commitment.objects.all():
            row.released = row.amount
            row.save(update_fields=["released"])
    Placement.objects.filter(live=True).update(status=Status.CANCELLED, live=False)
    Placement.objects.filter(status=Status.PROPOSED).update(status=Status.WITHDRAWN)
    Offer.objects.filter(status=OfferStatus.OFFERED).update(status=OfferStatus.DROPPED)
    fresh = []
    for original in first_ones:
        placement = copied(original, status=Status.PROPOSED, live=False, decided_by=None, decided_at=None)
        old = original.periods.get()
        period = copied(old, placement=placement, approved_by=None, approved_at=None)
        for model, changes in (
            (TimetableSlot, {"placement": placement, "placement_period": period, "live": False}),
            (AgreedPrice, {"placement_period": period}),
        ):
            model.objects.bulk_create(
                copied(row, save=False, **changes) for row in model.objects.filter(placement_period=old)
            )
        offer = Offer.objects.filter(referral=original.referral, programme=original.programme).first()
        asked = copied(offer, status=OfferStatus.ASKED, placement=None)
        asked.status = OfferStatus.OFFERED
        asked.save()
        fresh.append(placement)
    return fresh


def copied(row: Any, *, save: bool = True, **changes: Any) -> Any:
    """The row once more, with a new key."""
    new = copy(row)
    new.pk, new._state = None, copy(row._state)
    new._state.adding = True
    for name, value in changes.items():
        setattr(new, name, value)
    if save:
        new.save()
    return new


def rounds(first_ones: list[Placement]) -> Any:
    """The proposals of each round."""
    yield first_ones
    for _ in range(ROUNDS - 1):
        yield propose_again(first_ones)


@pytest.fixture
def proposals(north: School, provider: Provider, cast: Cast) -> Callable[[int], list[Placement]]:
    """So many proposals of as many students at one provider, each with a place offered."""
    provider.programmes.update(capacity=200)

    def propose(number: int) -> list[Placement]:
        placements = [
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
        for placement in placements:
            offer_for(placement, now=NOW)
        return placements

    return propose


def affordable(budget: Budget, number: int) -> int:
    """Set the budget so that half of the proposals and £100 fit."""
    fits = number // 2
    with pgtrigger.ignore("placements.Budget:changed_only_by_an_approved_change"):
        Budget.objects.filter(pk=budget.pk).update(amount=COST * fits + Decimal("100.00"))
    budget.refresh_from_db()
    return fits


def check_money_held(outcomes: list[str], budget: Budget, fits: int) -> None:
    """No overspend, and none lost that fitted."""
    assert budget_left(budget) == Decimal("100.00")
    assert outcomes.count("done") == fits
    assert all("£100.00 is left in the budget" in words for words in outcomes if words != "done")


@pytest.mark.policy("P1.2")
@pytest.mark.parametrize("threads", [32, 64])
def test_approvals_at_once_never_overspend(
    threads: int, proposals: Callable[[int], list[Placement]], budget: Budget, cast: Cast
) -> None:
    fits = affordable(budget, threads)
    for placements in rounds(proposals(threads)):
        check_money_held(at_once(placements, cast), budget, fits)


@pytest.mark.policy("P1.2")
def test_approvals_at_once_without_locks_do_overspend(
    proposals: Callable[[int], list[Placement]], budget: Budget, cast: Cast
) -> None:
    """The same race catches the naive version, so that it can tell right from wrong."""
    fits = affordable(budget, 32)
    outcomes = at_once(proposals(32), cast, decide_naively)
    with pytest.raises(AssertionError):
        check_money_held(outcomes, budget, fits)
    assert budget_left(budget) < 0
    assert outcomes.count("done") > fits


@pytest.mark.policy("P3.2")
def test_approvals_at_once_put_a_student_in_one_place(student: Student, budget: Budget, cast: Cast) -> None:
    threads = 32
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    placements = []
    for index in range(threads):
        provider = make_provider(f"Provider {index}", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
        data = placement_data(provider, FIRST, last=LAST)
        placements.append(propose_placement(referral_id=referral.pk, data=data, by=cast.slt, now=NOW))
        offer_for(placements[-1], now=NOW)
    for placements_of_round in rounds(placements):
        outcomes = at_once(placements_of_round, cast)
        assert sorted(outcomes, key=len) == ["done"] + [OVERLAP] * (threads - 1)
        assert Placement.objects.live().count() == 1
        assert budget_left(budget) == budget.amount - COST


@pytest.mark.policy("P6.2")
def test_answers_at_once_hold_the_last_place_once(
    north: School, provider: Provider, budget: Budget, cast: Cast
) -> None:
    provider.programmes.update(capacity=1)
    programme = provider.programmes.get()
    offers = []
    for index in range(8):
        referral = referral_at(
            ReferralStatus.APPROVED, student=make_student(north, f"Asker{index}", "Kit"), cast=cast, now=NOW
        )
        offers.append(
            record_offer_asked(
                referral_id=referral.pk,
                provider_id=provider.pk,
                programme_id=programme.pk,
                slots={0, 2},
                first=FIRST,
                last=LAST,
                by=cast.slt,
                now=NOW,
            )
        )

    def answer(offer: Offer, cast: Cast) -> None:
        answer_offer(
            offer_id=offer.pk,
            offered=True,
            until=TODAY + timedelta(days=14),
            why="",
            answered_by="Sam Okafor",
            answered_on=TODAY,
            admission_meeting_on=None,
            by=cast.slt,
            now=NOW,
        )

    outcomes = at_once(offers, cast, answer)
    assert outcomes.count("done") == 1
    assert Offer.objects.filter(status=OfferStatus.OFFERED).count() == 1
