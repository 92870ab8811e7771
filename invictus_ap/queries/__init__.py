"""Reads that join all stages: the worklist of the home page, what ends soon, the chronology of a placement."""

from invictus_ap.queries.chronology import Entry, chronology
from invictus_ap.queries.demo import demo_account
from invictus_ap.queries.expiries import Expiry, expiries
from invictus_ap.queries.home import Section, Worklist, worklist
from invictus_ap.queries.rows import Row

__all__ = ["Entry", "Expiry", "Row", "Section", "Worklist", "chronology", "demo_account", "expiries", "worklist"]
