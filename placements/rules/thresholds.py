"""The numbers of the gate: each with its source and the day from which it holds; a new one is a new row, never an edit.

A trust may hold itself to something stricter by a row of its own; nothing here is weaker than its source.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """A number with where it comes from; it holds from the day ``since`` until a later row begins."""

    value: int
    since: dt.date
    source: str


_GUIDANCE = "Education Act 1996 s.463; DfE guidance on unregistered provision"

# Hours a week: above them provision counts as full-time, which only a registered school may give.
UNREGISTERED_HOURS = (Threshold(18, dt.date(2019, 12, 1), _GUIDANCE),)
# Students: from so many of ours full-time a provider has to register as a school, whoever they are.
UNREGISTERED_STUDENTS = (Threshold(5, dt.date(2019, 12, 1), "Education Act 1996 s.463"),)
# Sessions a week: above them the page warns.
UNREGISTERED_SESSIONS = (Threshold(4, dt.date(2019, 12, 1), _GUIDANCE),)
# School days before a half-term: a visit to the home made since then counts for the whole of that half-term.
HOME_VISIT_AHEAD_DAYS = (Threshold(10, dt.date(2019, 12, 1), "P3.4; the trust's reading of 'renewed each half-term'"),)
# Calendar days that a visit to the home counts where no half-term is known: seven weeks, the longest usual one.
HOME_VISIT_DAYS = (Threshold(49, dt.date(2019, 12, 1), "P3.4; the trust's reading of 'renewed each half-term'"),)


def in_force(rows: Sequence[Threshold], on: dt.date) -> Threshold:
    """The row that holds on ``on``: the newest that has begun; the first one for earlier days."""
    begun = [row for row in rows if row.since <= on]
    return max(begun, key=lambda row: row.since) if begun else rows[0]
