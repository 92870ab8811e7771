"""Reads of notices that more than one caller needs: the clock, the words of the letter, what is due."""

from notices.queries.clock import Clock, clock_of, clocks_of, end_of_school_day
from notices.queries.letter import (
    NoticeFacts,
    Tick,
    channels_of,
    facts_of,
    letter_of,
    recipients_of,
    suggested_values,
    ticks_of,
    values_of,
)
from notices.queries.verdict import deadline_of, late_sentence, verdict_of
from notices.queries.worklist import (
    DueNotice,
    awaiting_notice,
    due_notices,
    no_longer_needed,
    notice_list,
    waiting_periods,
)

__all__ = [
    "Clock",
    "DueNotice",
    "NoticeFacts",
    "Tick",
    "awaiting_notice",
    "channels_of",
    "clock_of",
    "clocks_of",
    "deadline_of",
    "due_notices",
    "end_of_school_day",
    "facts_of",
    "late_sentence",
    "letter_of",
    "no_longer_needed",
    "notice_list",
    "recipients_of",
    "suggested_values",
    "ticks_of",
    "values_of",
    "verdict_of",
    "waiting_periods",
]
