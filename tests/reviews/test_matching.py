"""An invoice meets the agreement and the providers' returns."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from attendance.codes import ProviderReport
from attendance.models import SessionMark
from placements.lifecycle import Status
from placements.models import Budget, Invoice, Placement
from placements.services import record_invoice
from providers.models import Provider
from reviews.services import match_invoice
from tests.factories.placements import placement_at
from tests.fixtures import NOW, TODAY, Cast
from trust.errors import NotAllowed
from trust.models import Student

pytestmark = pytest.mark.django_db

MONDAY, FRIDAY = date(2026, 11, 30), date(2026, 12, 4)


@pytest.fixture
def placement(student: Student, provider: Provider, budget: Budget, cast: Cast) -> Placement:
    """Mornings of three weeks at £45."""
    return placement_at(
        Status.APPROVED,
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        first=MONDAY,
        last=date(2026, 12, 18),
    )


@pytest.fixture
def week(placement: Placement, cast: Cast) -> None:
    """Present on Monday, late on Tuesday, absent on Wednesday, did not run on Thursday, no return for Friday."""
    reports = (ProviderReport.PRESENT, ProviderReport.LATE, ProviderReport.ABSENT, ProviderReport.DID_NOT_RUN)
    for number, report in enumerate(reports):
        SessionMark.objects.create(
            placement=placement,
            school=placement.school,
            day=MONDAY + timedelta(days=number),
            session="AM",
            report=report,
            marked_by=cast.att,
            marked_at=NOW,
        )


def bill(placement: Placement, cast: Cast, sessions: int, net: str) -> Invoice:
    return record_invoice(
        provider_id=placement.provider_id,
        number="M-1",
        invoiced_on=TODAY,
        vat=Decimal(0),
        lines=[
            {
                "placement_id": placement.pk,
                "first": MONDAY,
                "last": FRIDAY,
                "sessions": sessions,
                "net": Decimal(net),
            }
        ],
        file=None,
        by=cast.finance,
        now=NOW,
    )


@pytest.mark.policy("P1.2")
@pytest.mark.parametrize(
    ("absent", "closed", "sessions", "net"),
    [(True, False, 4, "180.00"), (True, True, 5, "225.00"), (False, True, 3, "135.00"), (False, False, 2, "90.00")],
)
def test_match_by_charging_terms(
    placement: Placement,
    week: None,
    provider: Provider,
    cast: Cast,
    absent: bool,
    closed: bool,
    sessions: int,
    net: str,
) -> None:
    provider.agreements.update(charged_when_absent=absent, charged_when_closed=closed)
    invoice = bill(placement, cast, sessions, net)
    match_invoice(invoice_id=invoice.pk, by=cast.finance, now=NOW)
    line = invoice.lines.get()
    assert (line.agreed_sessions, line.attended_sessions, line.agreed_net) == (sessions, 2, Decimal(net))
    assert line.settled_at is not None


@pytest.mark.policy("P1.2")
def test_match_leaves_a_difference_open(placement: Placement, week: None, provider: Provider, cast: Cast) -> None:
    provider.agreements.update(charged_when_absent=False)
    invoice = bill(placement, cast, 5, "225.00")
    match_invoice(invoice_id=invoice.pk, by=cast.finance, now=NOW)
    line = invoice.lines.get()
    assert (line.agreed_sessions, line.agreed_net, line.settled_at) == (2, Decimal("90.00"), None)


def test_match_is_finance_only(placement: Placement, cast: Cast) -> None:
    invoice = bill(placement, cast, 5, "225.00")
    people: list[Any] = [cast.head, cast.ceo, cast.lead, cast.slt]
    for person in people:
        with pytest.raises(NotAllowed):
            match_invoice(invoice_id=invoice.pk, by=person, now=NOW)
