"""E-mails to staff about what is due: at once where a day's wait may be too long, else a daily summary by choice.

Neither says anything about a student: what kind of matter, how many, and a link that leads on after the log-in.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.conf import settings
from django.urls import reverse

from notices.rules import CHANGE_UNNOTICED, END_UNNOTICED, NOTICE_DUE, WITHDRAWAL_UNNOTICED
from trust.calendar import LONDON, date_words, london_time
from trust.codes import MailKind
from trust.models import Flag, Heartbeat, Membership, User
from trust.permissions import Role
from trust.services import NewMail, queue_mails, record_heartbeat, saving, tell_once

# The kinds of flags that are told at once when they are urgent, with what is said (interface page, 'E-mail').
# A decision that waits is told by ``placements``, which knows who may not decide their own proposal.
AT_ONCE: dict[str, str] = {
    NOTICE_DUE: "A direction notice is late or about to be late.",
    CHANGE_UNNOTICED: "The notice of a change to a placement is late or about to be late.",
    END_UNNOTICED: "The notice of the end of a placement is late or about to be late.",
    WITHDRAWAL_UNNOTICED: "The notice that a direction is withdrawn is late or about to be late.",
}

DIGEST_JOB = "send_digests"
DIGEST_FROM, DIGEST_UNTIL = time(7, 30), time(18, 0)

# What a flag is about, one and many; whatever is not among them counts as an other matter.
KIND_WORDS: dict[str, tuple[str, str]] = {
    "agreement_ending": ("agreement with a provider that ends soon", "agreements with providers that end soon"),
    "budget_full": ("budget that is promised in full", "budgets that are promised in full"),
    "budget_missing": ("budget that is missing", "budgets that are missing"),
    "budget_near": ("budget that is nearly promised", "budgets that are nearly promised"),
    "calendar_missing": ("school calendar that is missing", "school calendars that are missing"),
    "change_unnoticed": ("change without notice", "changes without notice"),
    "check_ending": ("check of a provider that ends soon", "checks of providers that end soon"),
    "contact_missed": ("weekly contact that was missed", "weekly contacts that were missed"),
    "decision_waiting": ("decision that waits with a start near", "decisions that wait with a start near"),
    "end_unnoticed": ("end of a placement without notice", "ends of placements without notice"),
    "guest_refused": ("refused guest placement", "refused guest placements"),
    "not_started": ("start that is not confirmed", "starts that are not confirmed"),
    "notice_due": ("direction notice that is due", "direction notices that are due"),
    "offer_lapsing": ("offered place that lapses", "offered places that lapse"),
    "offer_unanswered": ("question to a provider without answer", "questions to providers without answer"),
    "part_time_ending": ("part-time timetable that ends soon", "part-time timetables that end soon"),
    "part_time_review": ("part-time timetable to be reviewed", "part-time timetables to be reviewed"),
    "period_ending": ("placement period that ends soon", "placement periods that end soon"),
    "period_ended": ("placement period that ended without decision", "placement periods that ended without decision"),
    "provider_expiry": ("provider whose papers end soon", "providers whose papers end soon"),
    "provider_suspended": ("placement at a suspended provider", "placements at a suspended provider"),
    "review_due": ("review that is due", "reviews that are due"),
    "withdrawal_unnoticed": ("withdrawal without notice", "withdrawals without notice"),
}
OTHER = ("other matter", "other matters")


def tell_urgent(*, now: datetime) -> int:
    """Queue an e-mail about each urgent flag that is told at once to everybody it is for; how many are new.

    Each person is told once of each flag. Roles that come to a flag later, by escalation, are told then; who was told
    before is not told again.
    """
    with saving(by=None, job="tell_urgent"):
        flags = list(Flag.objects.open().filter(urgent=True, kind__in=AT_ONCE))
        holders = _holders({role for flag in flags for role in flag.roles}, london_time(now).date()) if flags else []
        whom = {flag.pk: _meant(flag, holders) for flag in flags}
        told = tell_once(whom=whom, words=lambda flag: ("A notice needs you", AT_ONCE[flag.kind]), now=now)
        record_heartbeat(job="tell_urgent", outcome=f"{told} told", now=now)
    return told


def _holders(roles: Collection[str], today: date) -> list[Membership]:
    """Who holds one of the roles today with an account in use."""
    held = Membership.objects.in_force(today).filter(role__in=roles, user__is_active=True)
    return list(held.select_related("user").order_by("user_id", "pk"))


def _meant(flag: Flag, holders: Iterable[Membership]) -> set[User]:
    """Those among the holders for whom the flag is: at its own school or for the whole trust, as on the home page."""
    return {held.user for held in holders if held.role in flag.roles and held.school_id in (None, flag.school_id)}


# --- the daily summary --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Group:
    """Open flags that are alike for a summary."""

    kind: str
    school_id: int | None
    roles: frozenset[str]
    urgent: bool


def send_digests(*, now: datetime) -> int:
    """Queue today's summaries, once a weekday from 07:30 London time on; how many were queued.

    To everybody with an account in use who wants it and for whom a flag is open. A worker that was down at 07:30 makes
    up for it until 18:00. Running it again the same day does nothing.
    """
    local = london_time(now)
    today = local.date()
    if today.weekday() > 4 or not DIGEST_FROM <= local.time() < DIGEST_UNTIL:
        return 0
    due_at = datetime.combine(today, DIGEST_FROM, LONDON)
    if Heartbeat.objects.filter(job=DIGEST_JOB, finished_at__gte=due_at).exists():
        return 0
    with saving(by=None, job=DIGEST_JOB):
        groups = _open_groups()
        mails = [
            _digest(held[0].user, counts, today)
            for held in _readers(today)
            if (counts := _counts(held, groups)).total() > 0
        ]
        queue_mails(mails=mails, now=now)
        record_heartbeat(job=DIGEST_JOB, outcome=f"{len(mails)} queued", now=now)
    return len(mails)


def _open_groups() -> Counter[_Group]:
    rows = Flag.objects.open().order_by().values_list("kind", "school_id", "roles", "urgent")
    return Counter(_Group(kind, school_id, frozenset(roles), urgent) for kind, school_id, roles, urgent in rows)


def _readers(today: date) -> list[list[Membership]]:
    """The memberships of each person who wants the summary; trustees see figures only and have no flags."""
    roles = [role for role in Role if role != Role.TRU]
    held: defaultdict[int, list[Membership]] = defaultdict(list)
    for one in _holders(roles, today):
        if one.user.digest:
            held[one.user_id].append(one)
    return list(held.values())


def _counts(held: Collection[Membership], groups: Counter[_Group]) -> Counter[tuple[str, bool]]:
    """How many flags of each kind, urgent or not, are for a person; each once, whatever roles it reaches them by."""
    found: Counter[tuple[str, bool]] = Counter()
    for group, number in groups.items():
        if any(one.role in group.roles and one.school_id in (None, group.school_id) for one in held):
            found[group.kind, group.urgent] += number
    return found


def _digest(user: User, counts: Counter[tuple[str, bool]], today: date) -> NewMail:
    lines: list[str] = []
    words: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for (kind, urgent), number in counts.items():
        total = words[KIND_WORDS.get(kind, OTHER)]
        total[0] += number
        total[1] += number if urgent else 0
    for (one, many), (number, urgent_number) in sorted(words.items(), key=lambda item: (-item[1][1], item[0])):
        urgent_words = f" ({urgent_number} urgent)" if urgent_number else ""
        lines.append(f"- {number} {one if number == 1 else many}{urgent_words}")
    body = "\n".join(
        [
            f"{user},",
            "",
            f"on {date_words(today)} this waits for you:",
            "",
            *lines,
            "",
            f"{settings.SITE_URL}{reverse('home')}",
            "",
            "This summary comes on weekdays when something waits. Here you choose whether you get it:",
            f"{settings.SITE_URL}{reverse('trust:digest-choose')}",
            "",
        ]
    )
    return NewMail(
        key=f"digest:{today.isoformat()}:{user.pk}",
        kind=MailKind.DIGEST,
        to=user.email,
        subject=f"What waits for you on {date_words(today)}",
        body=body,
    )
