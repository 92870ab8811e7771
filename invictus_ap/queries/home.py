"""The worklist of the home page, computed from dates when it is read, also when no job ran."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from invictus_ap.queries import deadlines, decisions, waiting
from invictus_ap.queries.flags import FlagShown, flags_of
from invictus_ap.queries.rows import Reader, Row
from trust.calendar import date_words, london_date, london_time
from trust.models import Heartbeat, PolicyVersion, School
from trust.permissions import GRANTS, Permission, Role


@dataclass(frozen=True)
class Section:
    """One list of the home page with its number tile; ``checked`` says when the job behind it last ran."""

    key: str
    title: str
    icon: str
    rows: tuple[Row, ...]
    checked: str | None

    @property
    def overdue(self) -> int:
        """Rows whose day has passed."""
        return sum(row.state == "overdue" for row in self.rows)

    @property
    def due_today(self) -> int:
        """Rows of today."""
        return sum(row.state == "today" for row in self.rows)

    @property
    def coming(self) -> int:
        """Rows still to come."""
        return sum(row.state == "coming" for row in self.rows)


@dataclass(frozen=True)
class Worklist:
    """What waits for one person: sections, raised flags, the schools to filter by, the policy's review (P9.1)."""

    sections: tuple[Section, ...] = ()
    flags: tuple[FlagShown, ...] = ()
    schools: tuple[School, ...] = ()
    school_id: int | None = None
    policy: PolicyVersion | None = None
    policy_overdue: bool = False
    sees_value: bool = False
    has_role: bool = False
    roles: tuple[str, ...] = field(default_factory=tuple)


# Key, title, icon, the permissions of which one shows the section, the job that records the same, the read.
_SECTIONS: tuple[tuple[str, str, str, tuple[Permission, ...], str, Callable[[Reader], Iterable[Row]]], ...] = (
    (
        "decisions",
        "Decisions waiting for me",
        "check2-square",
        (
            Permission.DECIDE_REFERRAL,
            Permission.APPROVE_PLACEMENT,
            Permission.APPROVE_BUDGET,
            Permission.ANSWER_FOR_HOST,
            Permission.AUTHORISE_NOTICE,
        ),
        "flags.notices",
        decisions.waiting,
    ),
    (
        "notices",
        "Notices due",
        "envelope-paper",
        (Permission.RECORD_SERVICE, Permission.AUTHORISE_NOTICE),
        "flags.notices",
        deadlines.notices_due,
    ),
    (
        "letters",
        "Letters to check",
        "envelope-exclamation",
        (Permission.RECORD_SERVICE,),
        "send_mails",
        waiting.letters,
    ),
    (
        "suspended",
        "Placements at suspended providers",
        "sign-stop",
        (Permission.START_PLACEMENT, Permission.SUSPEND_PLACEMENT),
        "flags.suspended",
        waiting.at_suspended,
    ),
    (
        "offers",
        "Places asked for, to chase",
        "question-circle",
        (Permission.PROPOSE_PLACEMENT,),
        "flags.offers",
        waiting.offers,
    ),
    (
        "periods",
        "Starts to confirm",
        "signpost-split",
        (Permission.START_PLACEMENT,),
        "flags.notices",
        deadlines.starts_to_confirm,
    ),
    (
        "endings",
        "Periods ending without decision",
        "calendar2-range",
        (Permission.START_PLACEMENT,),
        "flags.notices",
        deadlines.ending_undecided,
    ),
    (
        "contacts",
        "Weekly contacts missed",
        "telephone",
        (Permission.MARK_SESSIONS,),
        "flags.contacts",
        deadlines.contacts_missed,
    ),
    (
        "returns",
        "Sessions without a return",
        "calendar-x",
        (Permission.MARK_SESSIONS,),
        "flags.contacts",
        deadlines.without_return,
    ),
    ("reviews", "Reviews due", "clipboard-check", (Permission.HOLD_REVIEW,), "flags.reviews", deadlines.reviews),
    (
        "expiries",
        "Agreements and checks ending",
        "hourglass-split",
        (Permission.EDIT_PROVIDERS, Permission.RECORD_CHECK),
        "flags.expiries",
        deadlines.ending,
    ),
    (
        "checks",
        "Checks to confirm",
        "clipboard2-check",
        (Permission.EDIT_PROVIDERS,),
        "flags.expiries",
        waiting.checks,
    ),
    (
        "part_time",
        "Part-time timetables to review",
        "clock-history",
        (Permission.START_PLACEMENT,),
        "flags.part_time",
        waiting.part_time,
    ),
    (
        "budgets",
        "Budgets at 80 % and more",
        "wallet2",
        (Permission.PROPOSE_BUDGET, Permission.APPROVE_BUDGET),
        "flags.money",
        deadlines.budgets_near_limit,
    ),
    (
        "imports",
        "Imports to look at",
        "file-earmark-arrow-up",
        (Permission.IMPORT_DATA,),
        "work_imports",
        waiting.imports,
    ),
)


def worklist(user: Any, *, now: datetime, school_id: int | None = None) -> Worklist:
    """Everything that waits for ``user``, in a number of queries that does not grow with the rows.

    ``school_id`` narrows it to one of the person's schools; another school's id is ignored.
    """
    today = london_date(now)
    held = user.held()
    roles = {Role(membership.role) for membership in held}
    schools = _schools(held)
    chosen = school_id if any(school.pk == school_id for school in schools) else None
    reader = Reader(user=user, today=today, school_id=chosen)
    beats = {beat.job: _when(beat.finished_at, today) for beat in Heartbeat.objects.visible_to(user)}
    sections = tuple(
        Section(key, title, icon, tuple(sorted(read(reader), key=Row.order)), beats.get(job))
        for key, title, icon, permissions, job, read in _SECTIONS
        if any(roles & GRANTS[permission] for permission in permissions)
    )
    sees_value = bool(roles & GRANTS[Permission.SEE_VALUE])
    policy = (
        PolicyVersion.objects.visible_to(user).order_by("-approved_on").first()
        if roles & {Role.LEAD, Role.CEO, Role.TRU}
        else None
    )
    return Worklist(
        sections=sections,
        flags=flags_of(user, chosen),
        schools=schools,
        school_id=chosen,
        policy=policy,
        policy_overdue=policy is not None and policy.review_due_on < today,
        sees_value=sees_value,
        has_role=bool(held),
        roles=tuple(sorted({f"{Role(m.role).label}, {m.school.name if m.school else 'the trust'}" for m in held})),
    )


def _schools(held: Iterable[Any]) -> tuple[School, ...]:
    """The schools to filter by: all for a role of the trust that sees students, else the person's own."""
    seeing = [m for m in held if Role(m.role) in GRANTS[Permission.SEE_STUDENTS]]
    if any(m.school_id is None for m in seeing):
        return tuple(School.objects.order_by("name"))
    return tuple(sorted({m.school for m in seeing}, key=lambda school: school.name))


def _when(at: datetime, today: date) -> str:
    local = london_time(at)
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return clock
    if local.date() == today - timedelta(days=1):
        return f"yesterday {clock}"
    return f"{date_words(local.date())}, {clock}"
