"""What the tests of notices share: an approved placement whose period waits for its notice."""

from datetime import date, datetime
from typing import Any

import pytest

from placements.lifecycle import Status
from placements.models import PlacementPeriod
from tests.factories.placements import placement_at
from tests.fixtures import NOW
from trust.calendar import LONDON

# The start of the worked example in the policy register: give by Thu 3 Dec 2026.
START = date(2026, 12, 7)
DEADLINE = date(2026, 12, 3)


def at(day: int, hour: int = 9, minute: int = 0, *, month: int = 12, year: int = 2026) -> datetime:
    """An instant in London, of December 2026 when nothing else is said."""
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


@pytest.fixture
def period(student: Any, provider: Any, budget: Any, cast: Any) -> PlacementPeriod:
    """The first period of an approved direction from Monday 7 December 2026."""
    placement = placement_at(
        Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=START, last=date(2027, 2, 5)
    )
    return placement.periods.get()
