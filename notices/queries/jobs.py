"""What asks for somebody: notices at their next step, ends and changes nobody was told of, periods without decision.

The home page reads it for a person, the sweep for everybody; both from dates, so it is right also when no job ran.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from notices.codes import FULL_KINDS, NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries.endings import decisions, starts
from notices.queries.kinds import cancelled_at, clocks_on, withdrawn_day
from notices.queries.matter import RUNNING, Among, Eyes, Job, eyes_on, only
from notices.queries.worklist import awaiting_notice, step_of, waiting_periods, with_service
from notices.rules import (
    CHANGE_UNNOTICED,
    END_UNNOTICED,
    NOTICE_DUE,
    STATE_WORDS,
    STEP_WORDS,
    WITHDRAWAL_UNNOTICED,
    Step,
    deadline_day,
    ends_soon,
    first_roles,
)
from notices.rules.jobs import LOOK_BACK_DAYS
from placements.codes import EndingReason, PeriodKind
from placements.lifecycle import LIVE
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod, TimetableChange
from trust.calendar import ONE_DAY, date_words, last_day, london_date
from trust.errors import CalendarNotLoaded
from trust.models import Flag

# Nobody returns from these, so no notice of a return is asked for.
NO_RETURN = frozenset(
    {EndingReason.MOVED_SCHOOL, EndingReason.LEFT_TRUST, EndingReason.TRANSFERRED, EndingReason.LEAVER}
)


def jobs_of(today: date, among: Collection[int] | None = None) -> list[Job]:
    """Everything about notices that is flagged today, of these placements or of all; a constant number of queries."""
    eyes = eyes_on(today)
    return [
        *_full_notices(eyes, among),
        *(job for job in _others(eyes, among) if job.state != "coming"),
        *decisions(eyes, among),
        *starts(eyes, among),
    ]


def other_jobs(today: date, among: Among = None) -> list[Job]:
    """The notices of changes, ends and withdrawals that were not given yet, also those still to come."""
    return _others(eyes_on(today), among)


def decision_jobs(today: date, among: Among = None) -> list[Job]:
    """The periods that end soon, or have ended, without decision (P7.4)."""
    return decisions(eyes_on(today), among)


# --- full notices ---


def _full_notices(eyes: Eyes, among: Among) -> list[Job]:
    """Notices that must be given within two days, or should have been (P7.2); an extension's sooner (P7.4)."""
    found = []
    for one in waiting_periods(only(awaiting_notice(), "placement_id", among), eyes.today):
        extension = one.period.kind == PeriodKind.EXTENSION
        if one.state == "coming" and not (extension and _soon(eyes, one.school.pk, one.clock.start)):
            continue
        what = "notice of the extension" if extension else "direction notice"
        verb = f"{one.next_step} the {'new ' if one.again and one.step == Step.PREPARE else ''}{what}"
        by = "it was due by" if one.clock.late else "due by"
        sentence = (
            f"{verb} of placement {one.period.placement_id}: {by} {date_words(one.clock.give_by)} "
            f"for the start on {date_words(one.clock.start)}."
        )
        if one.step == Step.LATE:
            sentence = (
                f"The {what} of placement {one.period.placement_id} was given after {date_words(one.clock.give_by)}: "
                f"override the deadline with a reason, or move the start."
            )
        elif one.again:
            sentence += " An earlier one that people have is void."
        found.append(
            Job(
                kind=NOTICE_DUE,
                placement=one.period.placement,
                key=one.clock.start.isoformat(),
                due_on=one.clock.give_by,
                state=one.state,
                said=one.said,
                sentence=sentence,
                path=one.path,
                roles=first_roles(one.step),
                urgent=one.state in ("overdue", "due_today"),
                pressing_from=eyes.pressing(one.clock.give_by),
                notice=one.notice,
            )
        )
    return found


def _soon(eyes: Eyes, school_id: int, start: date) -> bool:
    try:
        return ends_soon(eyes.calendars[school_id], eyes.today, start - ONE_DAY, eyes.end_days)
    except CalendarNotLoaded:
        return False


# --- other kinds ---


class _Recent:
    """Which matters are still news: their day is not long past, or they were flagged while it was.

    Begun ones, with a notice on file, are shown until they are done.
    """

    def __init__(self, today: date) -> None:
        self.since = today - timedelta(days=LOOK_BACK_DAYS)
        kinds = (CHANGE_UNNOTICED, END_UNNOTICED, WITHDRAWAL_UNNOTICED)
        flags = Flag.objects.open().filter(kind__in=kinds)
        self.flagged = set(flags.values_list("kind", "subject", "period"))

    def shows(self, kind: str, placement_id: int, key: date, day: date) -> bool:
        """Whether the matter of this key, whose day is ``day``, is shown although no notice of it was begun."""
        return day >= self.since or (kind, f"placement:{placement_id}", key.isoformat()) in self.flagged

    def flagged_ids(self, kind: str) -> list[int]:
        """The placements with an open flag of the kind."""
        return [int(subject.partition(":")[2]) for one, subject, _ in self.flagged if one == kind]


def _others(eyes: Eyes, among: Among) -> list[Job]:
    recent = _Recent(eyes.today)
    found = [*_changes(eyes, among, recent), *_ends(eyes, among, recent), *_withdrawals(eyes, among, recent)]
    return sorted(found, key=lambda job: (job.due_on or date.max, job.placement.pk))


def _notices(kind: str, among: Among) -> dict[tuple[int, date], Any]:
    """The notices of a kind in force by period and the day from which they hold."""
    rows = DirectionNotice.objects.in_force().filter(kind=kind).select_related("placement_period")
    rows = only(rows.order_by("id"), "placement_period__placement_id", among)
    return {(one.placement_period_id, one.effective_on): one for one in with_service(rows)}


def _periods(among: Among, which: Any) -> Any:
    """The approved periods for which ``which`` is true, with placement, student and school."""
    rows = PlacementPeriod.objects.filter(which, approved_at__isnull=False)
    return only(rows, "placement_id", among).select_related("placement__student", "placement__school").order_by("id")


def _told() -> Any:
    """Whether the full notice of a period was given: here, or before the placement was brought in."""
    full = DirectionNotice.objects.filter(
        placement_period=OuterRef("pk"), kind__in=sorted(FULL_KINDS), status=Status.GIVEN
    )
    return Exists(full) | Q(notice_needed=True, notice_given_on__isnull=False)


def _job(
    eyes: Eyes,
    kind: str,
    period: PlacementPeriod,
    key: date,
    due_on: date,
    what: str,
    tail: str,
    notice: Any,
    prepare: str,
    step: Step | None = None,
) -> Job:
    """A notice of another kind at its next step. ``what`` is its name, ``tail`` the end of the sentence."""
    step = step or step_of(notice)
    late = eyes.today > due_on
    placement = period.placement
    path = (
        reverse("notices:notice-detail", args=[notice.pk])
        if notice
        else reverse(f"notices:{prepare}", args=[period.pk])
    )
    return Job(
        kind=kind,
        placement=placement,
        key=key.isoformat(),
        due_on=due_on,
        state=eyes.state(due_on),
        said=STATE_WORDS[step],
        sentence=(
            f"{STEP_WORDS[step]} the {what} of placement {placement.pk}: "
            f"{'it was due by' if late else 'due by'} {date_words(due_on)}{tail}."
        ),
        path=path,
        roles=first_roles(step),
        # On the last day it can still be done.
        urgent=eyes.today >= due_on,
        pressing_from=eyes.pressing(due_on),
        notice=notice,
        name=what,
        next_step=STEP_WORDS[step],
    )


def _changes(eyes: Eyes, among: Among, recent: _Recent) -> list[Job]:
    """Changes inside a period that nobody was told of: an approved other timetable, or a drafted notice (P7.3)."""
    kept = _notices(NoticeKind.VARIATION, among)
    changed: dict[int, set[date]] = {}
    rows = TimetableChange.objects.filter(approved_at__isnull=False, placement__status__in=sorted(LIVE))
    for placement_id, day in only(rows, "placement_id", among).values_list("placement_id", "from_day"):
        changed.setdefault(placement_id, set()).add(day)
    wanted: list[tuple[PlacementPeriod, date]] = []
    for period in _periods(among, _told()).filter(placement__status__in=sorted(LIVE)):
        first, upper = period.period.lower, period.period.upper
        days = {
            day
            for day in changed.get(period.placement_id, ())
            if first < day
            and (upper is None or day < upper)
            and recent.shows(CHANGE_UNNOTICED, period.placement_id, day, day)
        }
        days |= {day for period_id, day in kept if period_id == period.pk}
        wanted += [(period, day) for day in sorted(days) if not _given(kept.get((period.pk, day)))]
    found = []
    for (period, day), clock in zip(wanted, clocks_on(wanted, eyes.today), strict=True):
        notice = kept.get((period.pk, day))
        tail = f" for the change on {date_words(day)}"
        found.append(
            _job(
                eyes,
                CHANGE_UNNOTICED,
                period,
                day,
                clock.give_by,
                "notice of a change",
                tail,
                notice,
                "notice-vary",
            )
        )
    return found


def _given(notice: Any) -> bool:
    return notice is not None and notice.status == Status.GIVEN


def _ends(eyes: Eyes, among: Among, recent: _Recent) -> list[Job]:
    """Periods that ended, or whose end is prepared, without the notice of the end having been given (P7.4)."""
    old = recent.flagged_ids(END_UNNOTICED)
    kept: dict[int, Any] = {period_id: one for (period_id, _), one in _notices(NoticeKind.END, among).items()}
    told = DirectionNotice.objects.filter(
        placement_period__placement=OuterRef("placement"), kind=NoticeKind.END, status=Status.GIVEN
    )
    rows = _periods(among, _told()).filter(
        Q(placement__status=PlacementStatus.ENDED)
        & (Q(placement__ended_on__gte=recent.since) | Q(placement__in=old))
        & ~Exists(told)
        | Q(placement__status__in=RUNNING, pk__in=list(kept))
        | Q(placement__status=PlacementStatus.ENDED, pk__in=list(kept))
    )
    found = []
    for period in rows:
        placement, final = period.placement, last_day(period.period)
        notice = kept.get(period.pk)
        if final is None:
            continue
        if placement.status == PlacementStatus.ENDED and (
            placement.ending_reason in NO_RETURN
            or placement.ended_on is None
            or not period.period.lower <= placement.ended_on <= final
        ):
            continue
        if notice is None and not recent.shows(END_UNNOTICED, placement.pk, final, final):
            continue
        # What ended before a placement was brought in is history of another system.
        if notice is None and placement.brought_in and final < london_date(placement.proposed_at):
            continue
        # A draft follows the end; what went out names the day on which it was to be.
        other_day = notice is not None and notice.status != Status.DRAFT and notice.effective_on != final
        if _given(notice) and not other_day:
            continue
        step = Step.REPLACE if other_day else None
        found.append(
            _job(eyes, END_UNNOTICED, period, final, final, "notice of the end", "", notice, "notice-end", step)
        )
    return found


def _served(kinds: Collection[str]) -> QuerySet[DirectionNotice]:
    """The last notice of these kinds that somebody was given, void or not, of the period of the outer query."""
    return DirectionNotice.objects.filter(
        placement_period=OuterRef("pk"), kind__in=sorted(kinds), recipients__channel__gt=""
    ).order_by("-id")


def _withdrawals(eyes: Eyes, among: Among, recent: _Recent) -> list[Job]:
    """Placements that will not go ahead although people hold a notice, void or not: they must hear of it too."""
    kept: dict[int, Any] = {period_id: one for (period_id, _), one in _notices(NoticeKind.WITHDRAWAL, among).items()}
    over = Q(placement__status__in=[PlacementStatus.CANCELLED, PlacementStatus.ENDED])
    rows = _periods(among, Q(pk__in=list(kept)) | over & Exists(_served(FULL_KINDS))).annotate(
        held=Subquery(_served(FULL_KINDS).values("pk")[:1]),
        held_day=Subquery(_served(FULL_KINDS).values("effective_on")[:1]),
        undone=Subquery(_served({NoticeKind.WITHDRAWAL}).values("pk")[:1]),
    )
    periods = list(rows)
    cancelled = cancelled_at([period.placement_id for period in periods])
    found = []
    for period in periods:
        placement, notice = period.placement, kept.get(period.pk)
        if _given(notice):
            continue
        decided = withdrawn_day(placement, eyes.today, cancelled.get(placement.pk))
        if notice is None and not _to_withdraw(period, decided, recent):
            continue
        day = notice.effective_on if notice is not None else decided
        try:
            due_on = deadline_day(
                NoticeKind.WITHDRAWAL, day, eyes.calendars[placement.school_id], practical_days=eyes.practical_days
            )
        except CalendarNotLoaded:
            due_on = day
        job = _job(
            eyes,
            WITHDRAWAL_UNNOTICED,
            period,
            period.period.lower,
            due_on,
            "notice of withdrawal",
            f" (start named: {date_words(period.held_day or period.period.lower)})",
            notice,
            "notice-withdraw",
        )
        # As soon as practical: it waits from the first day on.
        found.append(replace(job, state="due", pressing_from=None) if job.state == "coming" else job)
    return found


def _to_withdraw(period: Any, decided: date, recent: _Recent) -> bool:
    """Whether people hold a notice of a period that will not be, and this is still news."""
    placement, first = period.placement, period.period.lower
    if placement.status == PlacementStatus.ENDED and (placement.ended_on is None or first <= placement.ended_on):
        return False
    if period.undone is not None and period.undone > period.held:
        return False
    return recent.shows(WITHDRAWAL_UNNOTICED, placement.pk, first, max(first, decided))
