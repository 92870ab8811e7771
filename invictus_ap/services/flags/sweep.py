"""Going over everything that can be due, in parts that each take a moment. One that fails does not stop the others."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from attendance.services import raise_contact_flags
from invictus_ap.services.flags.places import raise_expiry_flags
from invictus_ap.services.flags.waiting import raise_offer_flags, raise_part_time_flags
from invictus_ap.services.flags.years import raise_money_flags, raise_year_flags
from notices.services import raise_notice_flags
from placements.models import Placement
from placements.services import raise_suspended_flags
from reviews.services import raise_review_flags
from trust.services import record_heartbeat, saving

# How many placements one transaction goes over: about a second of work.
CHUNK = 1000


@dataclass(frozen=True)
class Place:
    """Where a sweep stands: in which part, after which placement, how many flags that part has raised so far."""

    part: str
    after: int = 0
    raised: int = 0


@dataclass
class Swept:
    """What a sweep did: flags raised by each part that it finished, failures, and where to go on (None: at the end)."""

    raised: dict[str, int] = field(default_factory=dict)
    problems: list[Exception] = field(default_factory=list)
    rest: Place | None = None


def sweep_flags(*, now: datetime) -> dict[str, int]:
    """Raise what is due and clear what no longer is, everything at once; how many flags each part raised.

    Running it twice, late, at the same time as another or after a missed night gives the same flags: what is due is
    computed from dates, and a flag has a unique key. Each part leaves its own heartbeat; afterwards the failures come
    together as an ``ExceptionGroup``, so that no failure passes unseen.
    """
    done = sweep_until(now=now)
    if done.problems:
        raise ExceptionGroup("Parts of the flag sweep failed.", done.problems)
    return done.raised


def sweep_until(*, now: datetime, start: Place | None = None, seconds: float | None = None) -> Swept:
    """The same from ``start`` on, for about ``seconds`` at most; ``rest`` says where the next call goes on.

    The parts about placements go over them by id, ``CHUNK`` at a time, one transaction each: a worker that is killed
    loses one of them, and the next one does it again.
    """
    swept = Swept()
    began = time.monotonic()
    parts = list(PARTS)
    first = parts.index(start.part) if start else 0
    for name in parts[first:]:
        place: Place | None = start if start and start.part == name else Place(name)
        while place is not None:
            if seconds is not None and time.monotonic() - began > seconds:
                swept.rest = place
                return swept
            try:
                place = _step(place, swept, now)
            except Exception as problem:
                swept.problems.append(problem)
                break
    return swept


def _step(place: Place, swept: Swept, now: datetime) -> Place | None:
    """One transaction of one part; where that part goes on, None when it is finished and has left its heartbeat."""
    name = place.part
    with saving(by=None, job=f"flags.{name}"):
        if name in _BY_PLACEMENT:
            ids = Placement.objects.filter(pk__gt=place.after).order_by("pk").values_list("pk", flat=True)
            chunk = list(ids[:CHUNK])
            raised = place.raised + PARTS[name](now=now, among=chunk)
            if len(chunk) == CHUNK:
                return Place(name, chunk[-1], raised)
        else:
            raised = PARTS[name](now=now)
        record_heartbeat(job=f"flags.{name}", outcome=f"{raised} raised", now=now)
        swept.raised[name] = raised
    return None


# In the order of urgency. Those of ``_BY_PLACEMENT`` also take ``among``, the placements to look at.
PARTS: dict[str, Callable[..., int]] = {
    "suspended": raise_suspended_flags,
    "notices": raise_notice_flags,
    "offers": raise_offer_flags,
    "part_time": raise_part_time_flags,
    "expiries": raise_expiry_flags,
    "money": raise_money_flags,
    "years": raise_year_flags,
    "reviews": raise_review_flags,
    "contacts": raise_contact_flags,
}
_BY_PLACEMENT = frozenset({"notices", "reviews", "contacts"})
