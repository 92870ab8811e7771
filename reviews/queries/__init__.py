"""Reads of ``reviews``: what is due, what a review is held with, value for money."""

from reviews.queries.due import (
    Due,
    DueRow,
    ReviewSheet,
    due_review,
    due_rows,
    placement_reviews,
    review_sheet,
    reviews_due,
)
from reviews.queries.matching import matches_of
from reviews.queries.value import ValueReport, value_report
from reviews.queries.value_lines import Line, Table

__all__ = [
    "Due",
    "DueRow",
    "Line",
    "ReviewSheet",
    "Table",
    "ValueReport",
    "due_review",
    "due_rows",
    "matches_of",
    "placement_reviews",
    "review_sheet",
    "reviews_due",
    "value_report",
]
