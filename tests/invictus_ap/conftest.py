from datetime import date

import pytest

from placements.models import Budget, Placement
from providers.models import Provider
from tests.factories.placements import placement_at
from tests.fixtures import NOW, Cast
from trust.models import Student


@pytest.fixture
def active(student: Student, provider: Provider, cast: Cast, budget: Budget) -> Placement:
    """A placement of ``student`` that runs since Monday 2 November until the end of the term."""
    return placement_at(
        "ACTIVE",
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        first=date(2026, 11, 2),
        last=date(2026, 12, 18),
    )
