"""What must be true of reviews and of the figures of value for money; pure functions, the clock is an
argument.
"""

from reviews.rules.schedule import (
    Because,
    ReviewDue,
    ReviewState,
    check_actions,
    check_review,
    review_due,
    review_state,
)
from reviews.rules.value import (
    OTHER,
    Row,
    ShownRow,
    ShownTable,
    change,
    cost_per_attended,
    rolling_year,
    suppress,
)

__all__ = [
    "OTHER",
    "Because",
    "ReviewDue",
    "ReviewState",
    "Row",
    "ShownRow",
    "ShownTable",
    "change",
    "check_actions",
    "check_review",
    "cost_per_attended",
    "review_due",
    "review_state",
    "rolling_year",
    "suppress",
]
