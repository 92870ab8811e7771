"""Budgets: proposed, approved, changed with history; forecast; list and page."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from placements.lifecycle import BudgetStatus, Status
from placements.models import Budget, BudgetChange, Commitment
from placements.queries import amount_history, budget_forecast, budget_rows, taken_of
from placements.services import (
    approve_budget,
    approve_budget_change,
    drop_budget_change,
    propose_budget,
    propose_budget_change,
    propose_extension,
    record_invoice,
    reject_invoice,
)
from providers.models import Provider
from tests.factories.people import make_contact, make_student
from tests.factories.placements import make_budget, placement_at
from tests.fixtures import NOW, TODAY, Cast
from trust.calendar import LONDON
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import AcademicYear, School, Student, User
from trust.queries import calendar_of

pytestmark = pytest.mark.django_db

MONDAY, FRIDAY = date(2026, 11, 30), date(2026, 12, 18)
Login = Callable[[User], Client]


def at(day: date) -> datetime:
    return datetime.combine(day, time(10), tzinfo=LONDON)


def page(client: Client, name: str, pk: int | None = None, data: dict[str, Any] | None = None) -> Any:
    url = reverse(f"placements:{name}", args=[] if pk is None else [pk])
    return client.get(url) if data is None else client.post(url, data)


def propose(budget: Budget, amount: str, by: User) -> BudgetChange:
    return propose_budget_change(
        budget_id=budget.pk, new_amount=Decimal(amount), reason="More students.", by=by, now=NOW
    )


# --- amount -------------------------------------------------------------------------------------------------------


@pytest.mark.policy("P1.2")
def test_approve_budget_that_was_rewritten_since_it_was_read_is_refused(
    north: School, year: AcademicYear, cast: Cast
) -> None:
    facts = {"school_id": north.pk, "academic_year_id": year.pk, "by": cast.finance, "now": NOW}
    read = propose_budget(amount=Decimal(1000), **facts)
    propose_budget(amount=Decimal(9000), **facts)
    with pytest.raises(StaleRecord):
        approve_budget(budget_id=read.pk, version=read.version, by=cast.head, now=NOW)
    assert Budget.objects.get().status == BudgetStatus.PROPOSED
    approve_budget(budget_id=read.pk, version=read.version + 1, by=cast.head, now=NOW)
    assert Budget.objects.get().amount == Decimal(9000)


@pytest.mark.policy("P1.2")
def test_change_is_approved_by_another_person_and_kept_in_the_history(budget: Budget, cast: Cast) -> None:
    change = propose(budget, "45000.00", cast.head)
    assert Budget.objects.get().amount == Decimal("40000.00")
    with pytest.raises(RuleBroken, match="You proposed this yourself"):
        approve_budget_change(change_id=change.pk, by=cast.head, now=NOW)
    with pytest.raises(NotAllowed):
        approve_budget_change(change_id=change.pk, by=cast.finance, now=NOW)
    approve_budget_change(change_id=change.pk, by=cast.ceo, now=NOW)
    assert Budget.objects.get().amount == Decimal("45000.00")
    with pytest.raises(RuleBroken, match="decided already"):
        approve_budget_change(change_id=change.pk, by=cast.ceo, now=NOW)
    steps = [(step.title, step.detail, step.by) for step in amount_history(Budget.objects.get())]
    assert ("Change approved", "£40,000.00 to £45,000.00", cast.ceo) in steps
    assert ("Approved", "£40,000.00", cast.head) in steps
    assert ("Proposed", "£40,000.00", cast.finance) in steps


@pytest.mark.policy("P1.2")
def test_change_below_what_is_promised_is_refused_now_and_at_the_approval(
    budget: Budget, student: Student, north: School, provider: Provider, cast: Cast
) -> None:
    facts = {"provider": provider, "cast": cast, "now": NOW, "first": MONDAY, "last": FRIDAY}
    placement_at(Status.APPROVED, student=student, **facts)
    with pytest.raises(RuleBroken, match=r"£675\.00 is promised") as refused:
        propose(budget, "674.99", cast.finance)
    assert refused.value.field == "new_amount"
    change = propose(budget, "675.00", cast.finance)
    # Meanwhile more is promised.
    placement_at(Status.APPROVED, student=make_student(north, "Cole", "Kit"), **facts)
    with pytest.raises(RuleBroken, match=r"£1,350\.00 is promised"):
        approve_budget_change(change_id=change.pk, by=cast.head, now=NOW)
    assert Budget.objects.get().amount == Decimal("40000.00")


def test_change_is_refused_while_one_waits_and_for_an_unapproved_budget(
    budget: Budget, south: School, year: AcademicYear, cast: Cast
) -> None:
    waiting = make_budget(school=south, academic_year=year, amount=5, proposed_by=cast.finance, proposed_at=NOW)
    with pytest.raises(RuleBroken, match="not approved yet"):
        propose(waiting, "10.00", cast.finance)
    with pytest.raises(RuleBroken, match=r"£40,000\.00 already"):
        propose(budget, "40000.00", cast.finance)
    change = propose(budget, "41000.00", cast.finance)
    with pytest.raises(RuleBroken, match="waits for a decision already"):
        propose(budget, "42000.00", cast.lead)
    with pytest.raises(RuleBroken, match="Give the reason"):
        drop_budget_change(change_id=change.pk, reason=" ", by=cast.finance, now=NOW)
    with pytest.raises(NotAllowed):
        drop_budget_change(change_id=change.pk, reason="No.", by=cast.slt, now=NOW)
    drop_budget_change(change_id=change.pk, reason="No.", by=cast.finance, now=NOW)
    assert propose(budget, "42000.00", cast.lead).pk


# --- forecast -----------------------------------------------------------------------------------------------------


@pytest.mark.policy("P1.2")
def test_forecast_keeps_promised_waiting_and_extended_apart(
    budget: Budget, student: Student, north: School, provider: Provider, cast: Cast
) -> None:
    facts = {"provider": provider, "cast": cast, "now": at(MONDAY), "first": MONDAY, "last": FRIDAY}
    placement_at(Status.ACTIVE, student=student, **facts)
    provider.programmes.update(rate=Decimal("90.00"))
    later = {**facts, "first": date(2026, 12, 14)}
    placement_at(Status.PROPOSED, student=make_student(north, "Cole", "Kit"), **later)
    forecast = budget_forecast([budget], MONDAY)[budget.pk]
    assert forecast.promised == Decimal("675.00")
    # Five mornings at the new price; nothing is promised for them.
    assert forecast.waiting == Decimal("450.00")
    # Whole mornings from January to July at the price agreed, not at today's.
    mornings = forecast.extended / Decimal("45.00")
    assert mornings == len(calendar_of(north.pk).between(date(2026, 12, 19), date(2027, 7, 21)))
    assert forecast.total == forecast.promised + forecast.waiting + forecast.extended
    assert forecast.left == budget.amount - forecast.total


def test_forecast_counts_a_waiting_extension_once(
    budget: Budget, student: Student, provider: Provider, cast: Cast
) -> None:
    placement = placement_at(
        Status.ACTIVE, student=student, provider=provider, cast=cast, now=at(MONDAY), first=MONDAY, last=FRIDAY
    )
    alone = budget_forecast([budget], MONDAY)[budget.pk]
    assert alone.extended > 0
    assert alone.waiting == 0
    period = propose_extension(placement_id=placement.pk, last=date(2027, 7, 21), by=cast.slt, now=at(MONDAY))
    waiting = budget_forecast([budget], MONDAY)[budget.pk]
    assert (waiting.waiting, waiting.extended) == (period.cost, Decimal(0))
    # The same days at the same price, seen from two sides.
    assert waiting.waiting == alone.extended


@pytest.mark.parametrize("how_many", [1, 3])
def test_budget_rows_have_the_same_queries_for_any_number(
    how_many: int,
    budget: Budget,
    north: School,
    provider: Provider,
    cast: Cast,
    django_assert_num_queries: Any,
) -> None:
    for number in range(how_many):
        student = make_student(north, f"Runner{number}", "Kit")
        make_contact(student)
        placement_at(
            Status.ACTIVE, student=student, provider=provider, cast=cast, now=at(MONDAY), first=MONDAY, last=FRIDAY
        )
    for year in AcademicYear.objects.exclude(pk=budget.academic_year_id)[: how_many - 1]:
        make_budget(school=north, academic_year=year, amount=Decimal(1), proposed_by=cast.finance, proposed_at=NOW)
    budgets = list(Budget.objects.select_related("school", "academic_year"))
    cast.head.held()
    with django_assert_num_queries(12):
        budget_rows(budgets, cast.head, MONDAY)


# --- pages --------------------------------------------------------------------------------------------------------


def test_budget_list_is_scoped_and_shows_left_and_alert(
    budget: Budget, student: Student, provider: Provider, cast: Cast, login: Login
) -> None:
    placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=MONDAY, last=FRIDAY)
    html = page(login(cast.slt), "budget-list").content.decode()
    assert "£39,325.00" in html
    assert "1.7%" in html
    Commitment.objects.update(amount=Decimal("32000.00"))
    assert "80% or more used" in page(login(cast.finance), "budget-list").content.decode()
    Commitment.objects.update(amount=Decimal("40000.00"))
    assert "Used up" in page(login(cast.finance), "budget-list").content.decode()
    assert page(login(cast.slt2), "budget-list").context["rows"] == ()
    for person in (cast.att, cast.team, cast.trustee):
        assert page(login(person), "budget-list").status_code == 403
    assert page(Client(), "budget-list").status_code == 302
    assert page(login(cast.slt), "budget-list", data={}).status_code == 405


def test_budget_is_proposed_and_approved_through_the_pages(
    north: School, south: School, year: AcademicYear, cast: Cast, login: Login
) -> None:
    typed = {"school": north.pk, "academic_year": year.pk, "amount": "1200.50"}
    assert page(login(cast.slt), "budget-propose").status_code == 403
    assert page(login(cast.head), "budget-propose", data={**typed, "school": south.pk}).status_code == 422
    wrong = page(login(cast.finance), "budget-propose", data={**typed, "amount": "-1"})
    assert (wrong.status_code, 'value="-1"' in wrong.content.decode()) == (422, True)
    assert page(login(cast.finance), "budget-propose", data=typed).status_code == 302
    budget = Budget.objects.get()
    assert page(login(cast.slt), "budget-approve", budget.pk, {}).status_code == 403
    assert page(login(cast.head2), "budget-approve", budget.pk, {}).status_code == 404
    head = login(cast.head)
    form = page(head, "budget-approve", budget.pk)
    assert "£1,200.50" in form.content.decode()
    seen = form.context["form"]["version"].value()
    assert page(login(cast.finance), "budget-propose", data={**typed, "amount": "9000"}).status_code == 302
    stale = page(head, "budget-approve", budget.pk, {"version": seen})
    assert stale.status_code == 422
    assert "£9,000.00" in stale.content.decode()
    assert page(head, "budget-approve", budget.pk, {"version": seen + 1}).status_code == 302
    budget.refresh_from_db()
    assert (budget.status, budget.amount) == (BudgetStatus.APPROVED, Decimal("9000.00"))


def test_budget_is_changed_through_the_pages(budget: Budget, cast: Cast, login: Login) -> None:
    finance = login(cast.finance)
    assert page(finance, "budget-change", budget.pk, {"new_amount": "45000"}).status_code == 422
    done = page(finance, "budget-change", budget.pk, {"new_amount": "45000", "reason": "More.", "version": "1"})
    assert done.status_code == 302
    change = BudgetChange.objects.get()
    html = page(finance, "budget-detail", budget.pk).content.decode()
    assert "£45,000.00 instead of £40,000.00" in html
    own = page(login(cast.head), "budget-change-approve", change.pk)
    assert own.status_code == 200
    version = own.context["form"]["version"].value()
    assert page(login(cast.head), "budget-change-approve", change.pk, {"version": version}).status_code == 302
    assert Budget.objects.get().amount == Decimal(45000)


@pytest.mark.policy("P1.2")
def test_budget_page_shows_promised_released_and_billed_of_each_placement(
    budget: Budget, student: Student, provider: Provider, cast: Cast, login: Login
) -> None:
    placement = placement_at(
        Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=MONDAY, last=FRIDAY
    )
    line = {"placement_id": placement.pk, "first": MONDAY, "last": date(2026, 12, 4), "sessions": 5, "net": 225}
    facts = {"provider_id": provider.pk, "invoiced_on": TODAY, "vat": 0, "file": None, "by": cast.finance, "now": NOW}
    back = record_invoice(number="A1", lines=[line], **facts)
    reject_invoice(invoice_id=back.pk, reason="Wrong days.", by=cast.finance, now=NOW)
    record_invoice(number="A2", lines=[line], **facts)
    taken = taken_of(budget)
    assert [(row.placement_id, row.promised, row.billed, row.to_come) for row in taken] == [
        (placement.pk, Decimal("675.00"), Decimal("225.00"), Decimal("450.00"))
    ]
    html = page(login(cast.finance), "budget-detail", budget.pk).content.decode()
    assert "£450.00" in html
    # Finance sees the reference here, no student.
    assert "Ashdown" not in html
    assert page(login(cast.slt2), "budget-detail", budget.pk).status_code == 404
    assert page(login(cast.att), "budget-detail", budget.pk).status_code == 404
