"""Fixtures for all tests: the cast of people and a fixed today."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from placements.lifecycle import BudgetStatus
from placements.models import Budget
from providers.models import Provider
from tests.factories.people import make_contact, make_student, make_user
from tests.factories.placements import make_budget
from tests.factories.providers import make_provider
from tests.factories.schools import make_school, make_years
from trust.calendar import LONDON
from trust.models import AcademicYear, School, Student, User
from trust.permissions import Role

TODAY = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 10, 0, tzinfo=LONDON)


@dataclass(frozen=True)
class Cast:
    """The people of the tests: the trust's, those at ``north``, and with a 2 those at ``south``."""

    lead: User
    ceo: User
    finance: User
    trustee: User
    head: User
    slt: User
    deputy: User
    att: User
    dsl: User
    team: User
    head2: User
    slt2: User
    att2: User
    dsl2: User


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    """Every test runs on Monday 16 November 2026 from 10:00 London time on."""
    # Given in UTC: with a named zone time-machine would also move the zone of the whole process.
    with time_machine.travel(NOW.astimezone(UTC), tick=True):
        yield


@pytest.fixture
def year(db: None) -> AcademicYear:
    """The academic year 2026/27; the one before and the one after exist too."""
    return make_years()["2026/27"]


@pytest.fixture
def north(year: AcademicYear) -> School:
    """A school with three years of calendar."""
    return make_school("North")


@pytest.fixture
def south(year: AcademicYear) -> School:
    """Another school of the trust."""
    return make_school("South")


def make_cast(north: School, south: School) -> Cast:
    """One person for each role; ``deputy`` is the second pastoral SLT at north."""
    return Cast(
        lead=make_user("Laura Lead", (Role.LEAD, None)),
        ceo=make_user("Carl Chief", (Role.CEO, None)),
        finance=make_user("Fiona Finance", (Role.FIN, None)),
        trustee=make_user("Tara Trustee", (Role.TRU, None)),
        head=make_user("Harriet Head", (Role.HEAD, north)),
        slt=make_user("Simon Senior", (Role.SLT, north)),
        deputy=make_user("Devi Deputy", (Role.SLT, north)),
        att=make_user("Amy Attendance", (Role.ATT, north)),
        dsl=make_user("Dan Safeguard", (Role.DSL, north)),
        team=make_user("Tom Pastoral", (Role.TEAM, north)),
        head2=make_user("Hugo Head", (Role.HEAD, south)),
        slt2=make_user("Sara Senior", (Role.SLT, south)),
        att2=make_user("Alan Attendance", (Role.ATT, south)),
        dsl2=make_user("Dora Safeguard", (Role.DSL, south)),
    )


@pytest.fixture
def cast(north: School, south: School) -> Cast:
    """One person for each role."""
    return make_cast(north, south)


@pytest.fixture
def student(north: School) -> Student:
    """A Year 9 student at north whose mother has responsibility and care and agreed to e-mail."""
    student = make_student(north, "Ashdown", "Jo")
    make_contact(student, "Mary")
    return student


@pytest.fixture
def student2(south: School) -> Student:
    """A Year 10 student at south with the same kind of contact."""
    student = make_student(south, "Birch", "Sam", nc_year=10, born_on=date(2012, 1, 9))
    make_contact(student, "Beth")
    return student


@pytest.fixture
def provider(cast: Cast) -> Provider:
    """An approved provider with everything the gate asks for in 2026/27."""
    return make_provider(checked_by=cast.slt, approved_by=cast.lead, now=NOW)


@pytest.fixture
def budget(north: School, year: AcademicYear, cast: Cast) -> Budget:
    """Forty thousand pounds for north in 2026/27, proposed by finance and approved by the headteacher."""
    return make_budget(
        school=north,
        academic_year=year,
        amount=Decimal("40000.00"),
        status=BudgetStatus.APPROVED,
        proposed_by=cast.finance,
        proposed_at=NOW,
        approved_by=cast.head,
        approved_at=NOW,
    )


@pytest.fixture
def login(db: None) -> Callable[[User], Client]:
    """A browser in which a given person is logged in."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return log_in
