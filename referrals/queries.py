"""Reads of ``referrals`` that more than one page needs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db.models import Q

from referrals.codes import Reason, Section, SectionState
from referrals.lifecycle import AMENDABLE, EDITABLE, OPEN, REFERRAL, Status
from referrals.models import Referral, ReferralQuerySet, ReferralSection
from referrals.rules import SECTION_FIELDS, Missing, asks_year_reason, missing_in, missing_sections, section_states
from trust.calendar import date_words
from trust.models import Membership, Student, User
from trust.permissions import GRANTS, Permission, Role
from trust.queries import named
from trust.scoping import GUEST_STATUSES

# Statuses of a placement that is not over: proposed, returned to its writer, or live.
UNFINISHED_PLACEMENT = (*GUEST_STATUSES, "RETURNED")
# Statuses of an offer that may still be answered or taken.
OPEN_OFFER = ("ASKED", "OFFERED")

_LABELS = {
    "primary_reason": "main reason",
    "reasons": "further reasons",
    "managed_move": "result",
    "managed_move_note": "note",
}
_FIELDS = {field.name: field for field in Referral._meta.concrete_fields}


# --- lists ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Before:
    """What a person should know before starting a referral of a student."""

    open_one: Referral | None
    earlier: tuple[Referral, ...]
    placements: tuple[Any, ...]
    year_unusual: bool


def listed(user: User, name: str) -> ReferralQuerySet:
    """The referrals that a person may see whose student's name fits ``name``, newest first."""
    rows: ReferralQuerySet = Referral.objects.visible_to(user)
    return rows.filter(named(name, "student__sort_name")).select_related("student", "school", "written_by")


def before_start(user: User, student: Student) -> Before:
    """Open and earlier referrals and open placements of the student, and whether the year asks for a reason (P2.1)."""
    referrals = tuple(Referral.objects.visible_to(user).filter(student=student))
    placements = student.placements.visible_to(user).filter(status__in=UNFINISHED_PLACEMENT)
    return Before(
        open_one=next((row for row in referrals if row.status in OPEN), None),
        earlier=tuple(row for row in referrals if row.status not in OPEN),
        placements=tuple(placements.select_related("provider")),
        year_unusual=asks_year_reason(student.nc_year),
    )


# --- what is written --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """One answer as people read it; '' when nothing is recorded."""

    field: str
    label: str
    words: str


@dataclass(frozen=True)
class SectionPage:
    """One section of a referral: how far it is, who saved it last, its answers and its gaps."""

    section: Section
    state: SectionState
    note: str
    saved_by: User | None
    saved_at: datetime | None
    version: int
    answers: tuple[Answer, ...]
    missing: tuple[Missing, ...]


def facts_of(referral: Referral) -> dict[str, Any]:
    """The fields of a referral by name."""
    return {field.name: getattr(referral, field.attname) for field in Referral._meta.concrete_fields}


def reasons_of(referral: Referral) -> list[str]:
    """The further reasons, beside the primary one, in the order in which they were given."""
    return list(referral.reasons.values_list("reason", flat=True))


def label_of(field: str) -> str:
    """What a field of a referral is called, as a heading."""
    words = _LABELS.get(field) or str(_FIELDS[field].verbose_name)
    return words[:1].upper() + words[1:]


def words_of(field: str, value: Any) -> str:
    """A value of a field as people read it; '' for nothing."""
    if field == "reasons":
        return "; ".join(Reason(reason).label for reason in value)
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return date_words(value)
    choices: dict[str, str] = dict(_FIELDS[field].flatchoices)
    return str(choices.get(str(value), value))


def section_version(row: ReferralSection | None) -> int:
    """The number that a form of this section carries to notice a later save: microseconds of the last save, 0 before.

    A section has a number of its own, so that several people write on different sections at once.
    """
    if row is None:
        return 0
    whole = int(row.saved_at.timestamp())
    return whole * 1_000_000 + row.saved_at.microsecond


def section_row(referral: Referral, section: Section) -> ReferralSection | None:
    """How far one section was said to be, None while nobody has saved it."""
    found: ReferralSection | None = referral.sections.filter(section=section).select_related("saved_by").first()
    return found


def sections_of(referral: Referral) -> tuple[SectionPage, ...]:
    """Every section in the order of the task list, in two queries."""
    rows = {row.section: row for row in referral.sections.select_related("saved_by")}
    facts = facts_of(referral)
    answers = {**facts, "reasons": reasons_of(referral)}
    states = section_states(facts, {section: row.state for section, row in rows.items()})
    year_asked = asks_year_reason(referral.nc_year) or bool(referral.nc_year_reason)
    pages = []
    for section, state in states.items():
        row = rows.get(section)
        hidden = {"nc_year_reason": not year_asked, "no_medical_needs": not referral.no_medical_needs}
        fields = [name for name in SECTION_FIELDS[section] if not hidden.get(name)]
        pages.append(
            SectionPage(
                section=section,
                state=state,
                note=row.note if row and state == SectionState.CANNOT_FINISH else "",
                saved_by=row.saved_by if row else None,
                saved_at=row.saved_at if row else None,
                version=section_version(row),
                answers=tuple(Answer(name, label_of(name), words_of(name, answers[name])) for name in fields),
                missing=missing_in(section, facts),
            )
        )
    return tuple(pages)


def missing_of(referral: Referral) -> tuple[Missing, ...]:
    """What the referral lacks before it can be submitted, in the order of the sections."""
    return missing_sections(facts_of(referral))


@dataclass(frozen=True)
class Amended:
    """A fact put right after submission: what stood there, what stands there since, why, by whom."""

    label: str
    old: str
    new: str
    reason: str
    by: User
    at: datetime


def amendments_of(referral: Referral) -> tuple[Amended, ...]:
    """Facts put right after submission, the newest first."""
    return tuple(
        Amended(label_of(row.field), row.old, row.new, row.reason, row.by, row.at)
        for row in referral.amendments.select_related("by")
    )


# --- who decides, and what happened -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """Who may decide a submitted referral, each with the role that gives it, and since when it waits."""

    people: tuple[tuple[User, str], ...]
    since: datetime


def writers_of(referral: Referral) -> frozenset[int]:
    """The ids of everybody who wrote on the referral or submitted it: none of them decides it (P6.5)."""
    ids = {referral.written_by_id, *referral.writers.values_list("user_id", flat=True)}
    return frozenset(ids | ({referral.submitted_by_id} if referral.submitted_by_id else set()))


def waits_for(referral: Referral, today: date) -> Waiting | None:
    """Who may decide the referral today, its own school's people first; None while it is not submitted.

    Nobody who wrote on it; for an alternative to permanent exclusion those who may decide such only (P5.2, P7.1).
    """
    if referral.status != Status.SUBMITTED or referral.submitted_at is None:
        return None
    roles = set(GRANTS[Permission.DECIDE_REFERRAL])
    if referral.exclusion_alternative:
        roles &= GRANTS[Permission.DECIDE_EXCLUSION_ALTERNATIVE]
    held = (
        Membership.objects.in_force(today)
        .filter(Q(school_id=referral.school_id) | Q(school__isnull=True), user__is_active=True, role__in=sorted(roles))
        .exclude(user_id__in=writers_of(referral))
        .select_related("user")
        .order_by("school_id", "-designated", "role", "user__full_name", "id")
    )
    people: dict[User, str] = {}
    for membership in held:
        role = Role(membership.role).label
        people.setdefault(membership.user, f"acting {role.lower()}" if membership.acting else role)
    return Waiting(people=tuple(people.items()), since=referral.submitted_at)


@dataclass(frozen=True)
class Step:
    """One move of a referral through its statuses, from the history; ``reason`` is narrative."""

    at: datetime
    status: Status
    by: User | None
    reason: str
    again: bool


def steps_of(referral: Referral) -> tuple[Step, ...]:
    """Every status the referral was in, the first one first; ``again`` marks one taken up again, in two queries."""
    events = apps.get_model("referrals", "ReferralEvent")._base_manager.filter(pgh_obj_id=referral.pk)
    names = ("status", "pgh_created_at", "written_at", "submitted_at", "decided_at")
    rows = events.order_by("pgh_id").values(*names, "pgh_context", "decision_reason", "closing_reason")
    moves = []
    before = None
    for row in rows:
        if row["status"] != before:
            moves.append((before, row))
            before = row["status"]
    actors = {row["pgh_context"].get("user") for _, row in moves if row["pgh_context"]}
    people = User.objects.in_bulk([pk for pk in actors if pk is not None])
    steps = []
    for before, row in moves:
        status = Status(row["status"])
        at, reason = row["pgh_created_at"], row["closing_reason"]
        if before is None:
            at, reason = row["written_at"], ""
        elif status == Status.SUBMITTED:
            at, reason = row["submitted_at"] or at, ""
        elif status in (Status.RETURNED, Status.APPROVED, Status.DECLINED):
            at, reason = row["decided_at"] or at, row["decision_reason"]
        actor = (row["pgh_context"] or {}).get("user")
        steps.append(Step(at, status, people.get(actor), reason, before is not None and status == Status.DRAFT))
    return tuple(steps)


_STEP_ICONS = {
    Status.DRAFT: "pencil",
    Status.SUBMITTED: "send",
    Status.WITHDRAWN: "slash-circle",
    Status.VOID: "slash-circle",
}


def timeline_of(steps: Collection[Step], *, narrative: bool) -> list[dict[str, Any]]:
    """The steps as a timeline shows them; reasons only for those who may read narrative."""
    return [
        {
            "at": step.at,
            "title": "Taken up again"
            if step.again
            else "Started"
            if step.status == Status.DRAFT
            else "Returned for changes"
            if step.status == Status.RETURNED
            else step.status.label,
            "detail": step.reason if narrative else "",
            "by": step.by,
            "icon": _STEP_ICONS.get(step.status, "check2-square"),
        }
        for step in steps
    ]


def decision_of(steps: Collection[Step]) -> Step | None:
    """The last word of whoever decides, None before the first."""
    decided = (Status.RETURNED, Status.APPROVED, Status.DECLINED)
    return next((step for step in reversed(tuple(steps)) if step.status in decided), None)


_VERBS = {
    Status.SUBMITTED: "submit",
    Status.WITHDRAWN: "withdraw",
    Status.DRAFT: "reopen",
    Status.VOID: "void",
}


def actions_of(referral: Referral, user: User) -> frozenset[str]:
    """What this person may do with this referral now.

    'edit', 'submit', 'decide', 'withdraw', 'reopen', 'void', 'amend'. The same tables as the services ask: lifecycle
    and permissions; deciding what one wrote on and amending what one decided are left out.
    """
    may: set[str] = set()
    for new in REFERRAL.next_statuses(referral.status):
        if user.allows(REFERRAL.check_move(referral.status, new), home_id=referral.school_id):
            may.add(_VERBS.get(new, "decide"))
    status = Status(referral.status)
    if user.allows(Permission.WRITE_REFERRAL, home_id=referral.school_id):
        if status in EDITABLE:
            may.add("edit")
        if status in AMENDABLE and referral.decided_by_id != user.pk:
            may.add("amend")
    needed = Permission.DECIDE_EXCLUSION_ALTERNATIVE
    if "decide" in may and (
        user.pk in writers_of(referral)
        or (referral.exclusion_alternative and not user.allows(needed, home_id=referral.school_id))
    ):
        may.discard("decide")
    return frozenset(may)


def void_permission(referral: Referral) -> Permission:
    """What making this referral void asks: its writer's permission while it is a draft, later the decider's."""
    return REFERRAL.moves.get((Status(referral.status), Status.VOID), Permission.DECIDE_REFERRAL)
