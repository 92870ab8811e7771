"""What the pages of placements show and offer."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from placements.codes import Route
from placements.lifecycle import PLACEMENT, Status
from placements.models import Placement, PlacementPeriod, PlacementQuerySet, TimetableChange
from placements.queries.course import over_before
from placements.queries.sessions import timetable_in_force
from placements.rules import GateOutcome, GateResult
from providers.codes import ProviderKind
from providers.models import Programme, Site
from trust.calendar import last_day
from trust.models import User
from trust.permissions import Permission
from trust.queries import named

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")


@dataclass(frozen=True)
class Action:
    """One thing that this person may do with this placement now; ``post`` is a button, else a page of its own."""

    url_name: str
    label: str
    pk: int
    post: bool = False
    tone: str = "secondary"


@dataclass(frozen=True)
class WeekShown:
    """A week of the timetable: its name and for each session of the day the five weekdays, True when expected.

    With more than one site or programme a half-day holds the letter of its place, and ``places`` are letter and words.
    """

    name: str
    rows: tuple[tuple[str, tuple[bool | str, ...]], ...]
    places: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PeriodShown:
    """A period as people read it, both days inclusive."""

    period: PlacementPeriod
    first: date
    last: date | None
    notice: str


@dataclass(frozen=True)
class GatesShown:
    """The answers of the gate as the list of gates takes them: what needs a look, and what passed."""

    open: tuple[tuple[str, str, str, str], ...]
    passed: tuple[tuple[str, str, str, str], ...]


def listed(user: User, name: str) -> PlacementQuerySet:
    """The placements that a person may see whose student's name fits ``name``, newest first."""
    rows: PlacementQuerySet = Placement.objects.visible_to(user)
    return (
        rows.filter(named(name, "student__sort_name"))
        .select_related("student", "school", "host_school", "provider", "programme")
        .prefetch_related("periods")
    )


def timetable_of(pattern: Collection[int] | Mapping[int, str]) -> tuple[WeekShown, ...]:
    """The fortnight as one week when both are alike, else as week A and week B; nothing without half-days.

    ``pattern`` may map each half-day, 0 to 19, to the words of its place.
    """
    named = dict(pattern) if isinstance(pattern, Mapping) else dict.fromkeys(pattern, "")
    letters = {place: chr(ord("A") + n) for n, place in enumerate(sorted(set(named.values())))}
    several = len(letters) > 1
    places = tuple((letter, place) for place, letter in letters.items()) if several else ()
    weeks = [
        {slot % 10: letters[place] if several else True for slot, place in named.items() if slot // 10 == week}
        for week in (0, 1)
    ]
    if not any(weeks):
        return ()
    if weeks[0] == weeks[1]:
        return (_week("Every week", weeks[0], places),)
    return (_week("Week A", weeks[0], places), _week("Week B", weeks[1], places))


def timetable_shown(placement: Placement, on: date | None = None) -> tuple[WeekShown, ...]:
    """The timetable in force on ``on`` (None: the newest) as people read it, with sites and programmes; two queries."""
    timetable = timetable_in_force(placement, on)
    sites = dict(Site.objects.filter(provider_id=placement.provider_id).values_list("pk", "name"))
    programmes = dict(Programme.objects.filter(provider_id=placement.provider_id).values_list("pk", "name"))
    return timetable_of(
        {slot: f"{sites[site]}, {programmes[programme]}" for slot, (site, programme) in timetable.items()}
    )


def _week(name: str, slots: Mapping[int, bool | str], places: tuple[tuple[str, str], ...]) -> WeekShown:
    return WeekShown(
        name,
        tuple(
            (label, tuple(slots.get(day * 2 + session, False) for day in range(5)))
            for session, label in enumerate(("AM", "PM"))
        ),
        places,
    )


def gates_shown(gates: Iterable[GateResult]) -> GatesShown:
    """Failed, overridden and warning answers, in this order, apart from those that passed."""
    rows = [(gate.label, gate.outcome.value, gate.why, gate.source) for gate in gates]
    order = [GateOutcome.FAILED, GateOutcome.OVERRIDDEN, GateOutcome.WARNING]
    return GatesShown(
        open=tuple(row for outcome in order for row in rows if row[1] == outcome),
        passed=tuple(row for row in rows if row[1] == GateOutcome.PASSED),
    )


def periods_of(periods: Iterable[PlacementPeriod]) -> tuple[PeriodShown, ...]:
    """Periods with inclusive days and the state of their notice in words."""
    shown = []
    for period in periods:
        if period.placement.brought_in and period.number == 1:
            # Given before the system was in use, or nobody knows of one: a fact, neither late nor missing.
            notice = "given before it was brought in," if period.notice_given_on else "none known when brought in"
        elif not period.notice_needed:
            notice = "not needed"
        elif period.notice_given_on is not None:
            notice = "given"
        elif over_before(period.placement, period):
            notice = "not needed any more"
        elif period.placement.status == Status.ENDED:
            notice = "was never given"
        else:
            notice = "needed, not given yet"
        shown.append(PeriodShown(period, period.period.lower, last_day(period.period), notice))
    return tuple(shown)


def actions_of(
    placement: Placement,
    periods: Collection[PlacementPeriod],
    gates: Iterable[GateResult],
    user: User,
    today: date,
    change: TimetableChange | None = None,
) -> tuple[Action, ...]:
    """What this person may do now, the main thing first: only what lifecycle, permission and the day allow.

    ``change`` is another timetable that waits for a decision.
    """
    home = placement.school_id

    def may(permission: Permission) -> bool:
        return user.allows(permission, home_id=home)

    def can(new: Status) -> bool:
        return new in PLACEMENT.next_statuses(placement.status) and may(PLACEMENT.check_move(placement.status, new))

    def link(name: str, label: str, tone: str = "secondary") -> Action:
        return Action(f"placements:placement-{name}", label, placement.pk, tone=tone)

    def button(name: str, label: str) -> Action:
        return Action(f"placements:placement-{name}", label, placement.pk, post=True, tone="primary")

    initial, newest = min(periods, key=_number), max(periods, key=_number)
    own = user.pk in (placement.proposed_by_id, initial.proposed_by_id)
    begun = initial.period.lower <= today
    waits = newest.approved_at is None and newest.number > 1 and placement.status == Status.ACTIVE
    actions: list[Action] = []
    if can(Status.APPROVED) and not own:
        if placement.brought_in:
            actions.append(link("confirm", "Confirm what was brought in", "primary"))
        else:
            actions.append(link("decide", "Decide", "primary"))
    changes = placement.status in (Status.PROPOSED, Status.RETURNED) and not placement.brought_in
    if changes and may(Permission.PROPOSE_PLACEMENT):
        actions.append(link("change", "Change the proposal"))
    if _waits_for_host(placement, user):
        actions.append(link("accept", "Accept the student"))
        if placement.host_refused_on is None:
            actions.append(link("refuse", "Refuse the student"))
    if placement.route == Route.MANAGED_MOVE:
        if can(Status.COMPLETED) and begun:
            actions.append(button("transfer", "Complete the transfer"))
    elif can(Status.ACTIVE) and placement.status == Status.APPROVED and begun:
        ready = initial.notice_given_on is not None or not initial.notice_needed
        if ready:
            actions.append(button("start", "Start the placement"))
    if waits and may(Permission.APPROVE_PLACEMENT) and newest.proposed_by_id != user.pk:
        actions.append(Action("placements:extension-approve", "Decide the extension", newest.pk, tone="primary"))
    if waits and (may(Permission.START_PLACEMENT) or may(Permission.APPROVE_PLACEMENT)):
        actions.append(Action("placements:extension-drop", "Drop the extension", newest.pk))
    if change is not None and may(Permission.APPROVE_PLACEMENT) and change.proposed_by_id != user.pk:
        actions.append(Action("placements:timetable-approve", "Decide the timetable", change.pk, tone="primary"))
    timetabled = placement.route != Route.MANAGED_MOVE and placement.status in (Status.APPROVED, Status.ACTIVE)
    if change is None and timetabled and may(Permission.START_PLACEMENT):
        actions.append(Action("placements:timetable-change", "Change the timetable", placement.pk))
    if placement.status == Status.APPROVED and timetabled and may(Permission.START_PLACEMENT):
        actions.append(link("later", "Start later"))
    if placement.status == Status.ACTIVE and not waits and may(Permission.START_PLACEMENT):
        actions.append(link("extend", "Propose an extension"))
    if can(Status.ENDED):
        actions.append(link("end", "End the placement"))
    if can(Status.PAUSED):
        actions.append(link("pause", "Pause for safety"))
    planned = newest.planned_last or last_day(newest.period)
    if placement.status == Status.ENDED and can(Status.ACTIVE) and planned is not None and today <= planned:
        actions.append(link("reopen", "Open again"))
    if placement.status == Status.ENDED and may(Permission.END_PLACEMENT):
        actions.append(link("end-report", "Write the end report"))
    if placement.status == Status.PAUSED and can(Status.ACTIVE):
        actions.append(link("resume", "Go on after the pause"))
    at_home = placement.route == Route.HOME_ONLINE and placement.status not in PLACEMENT.final
    if at_home and may(Permission.PROPOSE_PLACEMENT):
        actions.append(link("home-visit", "Record a home visit"))
    overridable = any(gate.outcome == GateOutcome.FAILED and gate.overridable for gate in gates)
    if overridable and may(Permission.OVERRIDE) and placement.status in (Status.APPROVED, Status.ACTIVE):
        actions.append(link("override", "Override a gate"))
    if can(Status.WITHDRAWN):
        actions.append(link("withdraw", "Withdraw the proposal"))
    if can(Status.CANCELLED):
        actions.append(link("cancel", "Cancel the placement"))
    return tuple(actions)


def _number(period: PlacementPeriod) -> int:
    return period.number


def _waits_for_host(placement: Placement, user: User) -> bool:
    """Whether a receiving school still has to accept, and this person is the one to say so."""
    if placement.host_accepted_on is not None or placement.status not in (
        Status.PROPOSED,
        Status.RETURNED,
        Status.APPROVED,
    ):
        return False
    if placement.host_school_id is not None:
        return user.allows(Permission.ANSWER_FOR_HOST, home_id=placement.host_school_id)
    outside = placement.route == Route.MANAGED_MOVE and placement.provider.kind == ProviderKind.OTHER_SCHOOL
    return outside and user.allows(Permission.START_PLACEMENT, home_id=placement.school_id)
