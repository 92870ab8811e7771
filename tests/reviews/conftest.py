"""Placements of the tests of reviews and value for money."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from placements.models import Placement
from providers.models import Provider
from tests.factories.attendance import started_placement
from tests.factories.people import make_student
from tests.fixtures import Cast
from trust.models import School


@pytest.fixture
def make(cast: Cast, north: School, provider: Provider) -> Callable[..., Placement]:
    """One more placement of a student of its own at north, by default running since Monday 5 October 2026."""

    def placement(**changes: Any) -> Placement:
        facts: dict[str, Any] = {"first": date(2026, 10, 5), "proposed_by": cast.slt, "decided_by": cast.head}
        return started_placement(make_student(north), provider, **{**facts, **changes})

    return placement


@pytest.fixture
def active(make: Callable[..., Placement]) -> Placement:
    """A placement at north that runs since 5 October 2026; its first review is overdue."""
    return make()
