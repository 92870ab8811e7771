"""The sweep that records what is due. Each part stands alone: one that fails does not stop the others."""

from collections.abc import Callable
from datetime import datetime

from django.urls import reverse

from attendance.services import raise_contact_flags
from invictus_ap.queries import expiries
from notices.services import raise_notice_flags
from reviews.services import raise_review_flags
from trust.calendar import london_date
from trust.permissions import GRANTS, Permission
from trust.services import clear_leftovers, raise_flag, record_heartbeat, saving


def sweep_flags(*, now: datetime) -> dict[str, int]:
    """Raise what is due and clear what no longer is; how many flags each part raised.

    Running it twice, late, at the same time as another or after a missed night gives the same flags: what is due is
    computed from dates, and a flag has a unique key. Each part commits by itself and leaves its own heartbeat;
    afterwards the failures come together as an ``ExceptionGroup``, so that no failure passes unseen.
    """
    raised: dict[str, int] = {}
    problems: list[Exception] = []
    for part, sweep in _PARTS.items():
        try:
            with saving(by=None, job=f"flags.{part}"):
                raised[part] = sweep(now=now)
                record_heartbeat(job=f"flags.{part}", outcome=f"{raised[part]} raised", now=now)
        except Exception as problem:
            problems.append(problem)
    if problems:
        raise ExceptionGroup("Parts of the flag sweep failed.", problems)
    return raised


def raise_expiry_flags(*, now: datetime) -> int:
    """Flag agreements and checks of providers that end soon or have ended (P3.9, P3.12); how many are new."""
    roles = GRANTS[Permission.EDIT_PROVIDERS]
    today = london_date(now)
    due: dict[str, set[tuple[str, str]]] = {"agreement_ending": set(), "check_ending": set()}
    raised = 0
    for expiry in expiries(today):
        subject = f"provider:{expiry.provider_id}"
        period = f"{expiry.code[:13]}:{expiry.on.isoformat()}" if expiry.on else expiry.code
        due[expiry.kind].add((subject, period))
        raised += raise_flag(
            kind=expiry.kind,
            subject=subject,
            period=period,
            school_id=None,
            roles=roles,
            path=reverse("providers:provider-detail", args=[expiry.provider_id]),
            sentence=expiry.sentence[:240],
            urgent=expiry.on is None or expiry.on < today,
            now=now,
        )
    for kind, still_due in due.items():
        clear_leftovers(kind=kind, still_due=still_due, now=now)
    return raised


_PARTS: dict[str, Callable[..., int]] = {
    "notices": raise_notice_flags,
    "contacts": raise_contact_flags,
    "reviews": raise_review_flags,
    "expiries": raise_expiry_flags,
}
