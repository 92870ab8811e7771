"""Reads that join all stages: the worklist of the home page, what ends soon, the chronology of a placement."""

from invictus_ap.queries.chronology import TOPICS, Entry, chronology, student_timeline
from invictus_ap.queries.demo import demo_account
from invictus_ap.queries.flags import FlagShown
from invictus_ap.queries.home import Section, Worklist, worklist
from invictus_ap.queries.next_due import Due, next_due
from invictus_ap.queries.rows import Row
from invictus_ap.queries.student import StudentCase, student_case

__all__ = [
    "TOPICS",
    "Due",
    "Entry",
    "FlagShown",
    "Row",
    "Section",
    "StudentCase",
    "Worklist",
    "chronology",
    "demo_account",
    "next_due",
    "student_case",
    "student_timeline",
    "worklist",
]
