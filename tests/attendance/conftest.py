"""What the tests of attendance share."""

import pytest

from placements.models import Placement
from providers.models import Provider
from tests.factories.attendance import started_placement
from tests.fixtures import Cast
from trust.models import Student


@pytest.fixture
def placement(student: Student, provider: Provider, cast: Cast) -> Placement:
    """A student of north who has been at the provider every weekday morning since Monday 2 November 2026."""
    return started_placement(student, provider, proposed_by=cast.slt, decided_by=cast.head)


@pytest.fixture
def placement2(student2: Student, provider: Provider, cast: Cast) -> Placement:
    """The same for a student of south, at the same provider."""
    return started_placement(student2, provider, proposed_by=cast.slt2, decided_by=cast.head2)
