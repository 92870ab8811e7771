"""When reviews are due, what they record, and value for money with small numbers hidden."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews import rules
from reviews.codes import ReviewOutcome, TargetResult
from reviews.rules import Because, ReviewDue, ReviewState, Row, ShownTable
from tests.factories.calendar import england_calendar
from trust.errors import CalendarNotLoaded, RuleBroken

CAL = england_calendar()

# --- When --------------------------------------------------------------------------------------------------------


@pytest.mark.policy("P6.6")
@pytest.mark.parametrize(
    ("start", "weeks", "held", "due", "because"),
    [
        # Autumn 2026: 3 Sep - 23 Oct, 2 Nov - 18 Dec.
        ((2026, 9, 7), 12, None, (2026, 10, 23), Because.HALF_TERM),
        ((2026, 9, 7), 6, None, (2026, 10, 23), Because.HALF_TERM),
        ((2026, 9, 7), 5, None, (2026, 10, 16), Because.INTERVAL),
        ((2026, 11, 2), 8, None, (2026, 12, 18), Because.TERM),
        ((2026, 11, 2), 3, None, (2026, 11, 27), Because.INTERVAL),
        # Fri 9 Oct is the 11th, Mon 12 Oct the 10th school day from the end of the half-term.
        ((2026, 10, 9), 12, None, (2026, 10, 23), Because.HALF_TERM),
        ((2026, 10, 12), 12, None, (2026, 12, 18), Because.TERM),
        # Six school weeks from the week of 12 Oct: half-term does not count.
        ((2026, 10, 12), 6, None, (2026, 12, 4), Because.INTERVAL),
        ((2026, 12, 7), 12, None, (2027, 2, 12), Because.HALF_TERM),
        # The last ten school days of the year have no next half-term.
        ((2027, 7, 12), 12, None, (2027, 7, 21), Because.TERM),
        # A start in the half-term holiday belongs to the half-term after it.
        ((2026, 10, 28), 12, None, (2026, 12, 18), Because.TERM),
        # After a review the next half-term counts.
        ((2026, 9, 7), 12, (2026, 10, 20), (2026, 12, 18), Because.TERM),
        ((2026, 9, 7), 6, (2026, 10, 20), (2026, 12, 11), Because.INTERVAL),
        ((2026, 9, 7), 12, (2026, 12, 15), (2027, 2, 12), Because.HALF_TERM),
        # A review before this start belongs to an earlier period.
        ((2026, 11, 2), 8, (2026, 10, 20), (2026, 12, 18), Because.TERM),
    ],
)
def test_review_due(start, weeks, held, due, because) -> None:
    found = rules.review_due(CAL, dt.date(*start), weeks, dt.date(*held) if held else None)
    assert found == ReviewDue(dt.date(*due), because)


def test_review_due_is_the_last_school_day_when_the_half_term_ends_on_a_free_day() -> None:
    inset = england_calendar(closed=[dt.date(2026, 10, 23)])
    assert rules.review_due(inset, dt.date(2026, 9, 7), 12) == ReviewDue(dt.date(2026, 10, 22), Because.HALF_TERM)


def test_review_due_is_none_after_the_last_half_term_was_reviewed() -> None:
    assert rules.review_due(CAL, dt.date(2027, 4, 12), 6, dt.date(2027, 7, 1)) is None


def test_review_due_outside_loaded_years_raises() -> None:
    with pytest.raises(CalendarNotLoaded):
        rules.review_due(CAL, dt.date(2028, 9, 4))


@pytest.mark.policy("P6.6")
@given(start=st.dates(dt.date(2025, 9, 1), dt.date(2028, 7, 20)), weeks=st.integers(1, 20))
def test_review_due_is_a_day_after_the_start_within_two_half_terms(start: dt.date, weeks: int) -> None:
    due = rules.review_due(CAL, start, weeks)
    assert due is not None
    assert start <= due.on <= start + dt.timedelta(days=120)


@pytest.mark.parametrize(
    ("today", "state"),
    [
        ((2026, 12, 3), ReviewState.NOT_DUE),
        ((2026, 12, 4), ReviewState.SOON),
        ((2026, 12, 18), ReviewState.SOON),
        ((2026, 12, 19), ReviewState.OVERDUE),
    ],
)
def test_review_state(today: tuple[int, int, int], state: ReviewState) -> None:
    assert rules.review_state(dt.date(2026, 12, 18), dt.date(*today)) == state


# --- What --------------------------------------------------------------------------------------------------------

TODAY = dt.date(2026, 11, 24)
WHOLE = {
    "held_on": TODAY,
    "today": TODAY,
    "maths": "Working at grade 3",
    "english": "Working at grade 4",
    "target_results": ["", TargetResult.PARTLY],
    "outcome": ReviewOutcome.CONTINUE,
}


@pytest.mark.parametrize("outcome", [outcome for outcome in ReviewOutcome if outcome != ReviewOutcome.EXTEND])
def test_review_complete_is_accepted(outcome: str) -> None:
    rules.check_review(**{**WHOLE, "outcome": outcome})


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        pytest.param({"maths": " "}, "Record progress in maths.", marks=pytest.mark.policy("P3.5")),
        pytest.param({"english": ""}, "Record progress in English.", marks=pytest.mark.policy("P3.5")),
        pytest.param(
            {"target_results": ["", ""]},
            "Record the result of at least one target.",
            marks=pytest.mark.policy("P6.7"),
        ),
        ({"target_results": []}, "Record the result of at least one target."),
        ({"outcome": ""}, "Record the outcome."),
        (
            {"maths": "", "english": "", "outcome": ""},
            "Record progress in maths, progress in English and the outcome.",
        ),
        ({"held_on": TODAY + dt.timedelta(days=1)}, "A review cannot be recorded before it was held."),
        pytest.param(
            {"outcome": ReviewOutcome.EXTEND},
            "An extension needs the first and the last day of the new period.",
            marks=pytest.mark.policy("P7.4"),
        ),
        (
            {
                "outcome": ReviewOutcome.EXTEND,
                "extend_first": dt.date(2027, 1, 5),
                "extend_last": dt.date(2027, 1, 4),
            },
            "The last day of the extension is before its first day.",
        ),
    ],
)
def test_review_incomplete_is_refused(change, refusal: str) -> None:
    with pytest.raises(RuleBroken) as broken:
        rules.check_review(**{**WHOLE, **change})
    assert str(broken.value) == refusal


def test_review_that_extends_names_the_new_period() -> None:
    rules.check_review(
        **{**WHOLE, "outcome": ReviewOutcome.EXTEND},
        extend_first=dt.date(2027, 1, 5),
        extend_last=dt.date(2027, 2, 12),
    )


# --- Value for money ---------------------------------------------------------------------------------------------


@pytest.mark.policy("P8.1")
@pytest.mark.parametrize(
    ("cost", "attended", "expected"),
    [
        ("900.00", 20, Decimal("45.00")),
        ("100.00", 3, Decimal("33.33")),
        ("0.05", 2, Decimal("0.03")),
        ("100.00", 0, None),
        ("0.00", 5, Decimal("0.00")),
    ],
)
def test_cost_per_attended(cost: str, attended: int, expected: Decimal | None) -> None:
    assert rules.cost_per_attended(Decimal(cost), attended) == expected


@pytest.mark.policy("P6.7")
@pytest.mark.parametrize(
    ("before", "after", "possible", "expected"),
    [
        (Fraction(1, 2), Fraction(4, 5), 20, Fraction(3, 10)),
        (Fraction(4, 5), Fraction(1, 2), 50, Fraction(-3, 10)),
        (Fraction(1, 2), Fraction(4, 5), 19, None),
        (None, Fraction(4, 5), 50, None),
        (Fraction(1, 2), None, 50, None),
    ],
)
def test_change(before, after, possible: int, expected: Fraction | None) -> None:
    assert rules.change(before, after, possible) == expected


# --- Small numbers -----------------------------------------------------------------------------------------------


def table(**counts: int) -> ShownTable:
    return rules.suppress([Row(label, n, {"cost": Decimal(n * 10)}) for label, n in counts.items()])


@pytest.mark.policy("P8.1")
@pytest.mark.parametrize(
    ("counts", "shown", "total"),
    [
        ({"a": 5, "b": 9}, [("a", 5), ("b", 9)], 14),
        # Two small lines reach five together.
        ({"a": 9, "b": 3, "c": 4}, [("a", 9), ("Other", 7)], 16),
        # Of two equal large lines both fold in: choosing one by name would tell which is which.
        ({"a": 5, "b": 5, "c": 3}, [("Other", 13)], 13),
        # Three small lines with twelve students would each hold exactly four.
        ({"a": 9, "b": 4, "c": 4, "d": 4}, [("Other", 21)], 21),
        # One small line would be the total less the rest: the smallest other line goes with it.
        ({"a": 9, "b": 3, "c": 6}, [("a", 9), ("Other", 9)], 18),
        ({"a": 9, "b": 1, "c": 1}, [("Other", 11)], 11),
        # Five lines with five students would each hold exactly one.
        ({"a": 9, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}, [("Other", 14)], 14),
        ({"a": 1, "b": 1, "c": 1, "d": 2}, [("Other", None)], None),
        # Nothing left to fold into: everything is hidden.
        ({"a": 1, "b": 3}, [("Other", None)], None),
        ({"a": 4}, [("Other", None)], None),
        ({"a": 5}, [("a", 5)], 5),
        ({"a": 0, "b": 6}, [("a", 0), ("b", 6)], 6),
        ({}, [], 0),
    ],
)
def test_suppress(counts, shown, total) -> None:
    found = table(**counts)
    assert [(row.label, row.students) for row in found.rows] == shown
    assert found.total.students == total
    for row in (*found.rows, found.total):
        money = None if row.sums is None else row.sums.get("cost", Decimal(0))
        assert money == (None if row.students is None else row.students * 10)


@pytest.mark.policy("P8.1")
@given(st.lists(st.integers(0, 12), max_size=8))
def test_suppress_shows_no_small_cell_and_keeps_the_total(counts: list[int]) -> None:
    found = table(**{f"r{number}": n for number, n in enumerate(counts)})
    cells = [row.students for row in (*found.rows, found.total)]
    assert not [n for n in cells if n is not None and 0 < n < 5]
    assert all((row.students is None) == (row.sums is None) for row in (*found.rows, found.total))
    if found.total.students is not None:
        assert found.total.students == sum(counts) == sum(row.students or 0 for row in found.rows)
        # No line is hidden beside a shown total, so nothing is left to subtract.
        assert None not in [row.students for row in found.rows]


@pytest.mark.policy("P8.1")
@pytest.mark.parametrize("lines", [1, 2, 3, 4])
def test_suppress_leaves_every_folded_line_open(lines: int) -> None:
    """Someone who knows the method and which lines exist still cannot tell what a small line holds.

    Every table of up to four lines with 1 to 9 students: whoever sees one must hold two answers possible.
    """
    origins = defaultdict(list)
    for counts in product(range(1, 10), repeat=lines):
        found = rules.suppress(Row(str(number), n, {}) for number, n in enumerate(counts))
        seen = (*((row.label, row.students) for row in found.rows), found.total.students)
        origins[seen].append(counts)
    for seen, tables in origins.items():
        for number in range(lines):
            answers = {counts[number] for counts in tables}
            assert len(answers) > 1 or min(answers) >= 5, (seen, number)
