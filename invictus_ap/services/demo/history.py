"""What happened while the placements ran: attendance before, marks, weekly contacts with gaps, reviews."""

from collections import defaultdict
from datetime import date, timedelta
from random import Random

from django.db.models import QuerySet

from attendance.codes import ContactMeans, ContactOutcome, ProviderReport
from attendance.models import HomeAttendance
from attendance.services import ContactLog, save_week
from invictus_ap.services.demo import words
from invictus_ap.services.demo.cases import Cases
from invictus_ap.services.demo.world import World
from placements.lifecycle import Status
from placements.models import Placement
from placements.queries import expected_of
from reviews.codes import ReviewOutcome, TargetResult
from reviews.models import Target
from reviews.queries import due_review
from reviews.services import hold_review
from trust.calendar import monday_of
from trust.errors import CalendarNotLoaded
from trust.permissions import Role

WEEKS_BEFORE = 12


def hold_reviews(world: World, cases: Cases) -> None:
    """Reviews as they fell due, every sixth running placement's left overdue; targets get better with time."""
    ends = {placement.pk: last for placement, last in cases.held_back}
    for number, placement in enumerate(_started().select_related("school")):
        if number % 6 == 5 and placement.pk not in ends:
            continue
        # A placement that is over was reviewed on its last day at the latest.
        until = min(ends.get(placement.pk, world.today - timedelta(days=1)), world.today)
        last_held: date | None = None
        for _ in range(6):
            due = due_review(placement, until, last_held)
            if due is None or due.on > until:
                break
            late = timedelta(days=6) if number % 7 == 3 else timedelta(0)
            held_on = min(due.on + late, until)
            if last_held is not None and held_on <= last_held:
                break
            _hold(world, placement, held_on)
            last_held = held_on
        if last_held is None and placement.pk in ends:
            # Ended before its first review was due: the last meeting is its review.
            _hold(world, placement, until)


def _hold(world: World, placement: Placement, held_on: date) -> None:
    rng = world.rng
    by = world.person(placement.school, Role.SLT)
    results = (TargetResult.MET, TargetResult.MET, TargetResult.PARTLY, TargetResult.NOT_MET)
    hold_review(
        placement_id=placement.pk,
        data={
            "held_on": held_on,
            "attendees": f"{by.full_name}, parent, student, provider",
            "maths": "Working on fractions and percentages, ahead of the last review.",
            "english": "Reads aloud now; writing is short but complete.",
            "student_view": "I like it there. I would like to do one more day.",
            "parent_view": "Mornings are easier at home.",
            "summary": rng.choice(words.SUMMARIES),
            "outcome": ReviewOutcome.CONTINUE,
        },
        results={
            target.pk: (rng.choice(results), "")
            for target in Target.objects.filter(placement=placement, closed_on__isnull=True)
        },
        actions=[
            {
                "what": "Ask the provider for the maths assessment",
                "owner": by.full_name,
                "due_on": held_on + timedelta(days=14),
            }
        ],
        by=by,
        now=world.at(held_on, 14),
    )


def _started() -> QuerySet[Placement]:
    """Placements at which a student was or is expected."""
    started: QuerySet[Placement] = Placement.objects.filter(
        status__in=[Status.ACTIVE, Status.PAUSED, Status.ENDED], started_at__isnull=False
    ).order_by("pk")
    return started


def make_marks(world: World) -> None:
    """Marks and contacts of every provider, week by week in one save each, and the weeks at school before.

    The attendance of each student wanders around a level of its own; some weeks have no return, some no contact.
    """
    placements = list(_started().select_related("school", "student"))
    _weeks_before(world, placements)
    first = min(placement.periods.get(number=1).period.lower for placement in placements)
    level = {placement.pk: world.rng.choice((0.97, 0.94, 0.9, 0.85, 0.72, 0.55)) for placement in placements}
    weeks: dict[tuple[int, date], dict[int, list[tuple[date, str]]]] = defaultdict(lambda: defaultdict(list))
    expected = expected_of(placements, first, world.today)
    providers = {placement.pk: placement.provider_id for placement in placements}
    for pk, sessions in expected.items():
        for day, session in sessions:
            weeks[providers[pk], monday_of(day)][pk].append((day, session))
    for (provider_id, monday), students in sorted(weeks.items(), key=lambda item: (item[0][1], item[0][0])):
        _save_week(world, provider_id, monday, students, level)


def _save_week(
    world: World, provider_id: int, monday: date, students: dict[int, list[tuple[date, str]]], level: dict[int, float]
) -> None:
    rng, this_week = world.rng, monday_of(world.today)
    recent = monday >= this_week - timedelta(weeks=2)
    marks = {
        (pk, day, session): _report(rng, level[pk])
        for pk, sessions in students.items()
        for day, session in sessions
        # Today's returns are still to come, and a few days of the last weeks were forgotten.
        if day < world.today and not (recent and rng.random() < 0.06)
    }
    if recent and rng.random() < 0.12:
        marks = {}
    last = max(day for sessions in students.values() for day, _ in sessions)
    contact = None
    outcomes = _outcomes(rng, list(students), recent=recent)
    contacted_on = last if monday < this_week else world.today
    late = monday < this_week - timedelta(weeks=1) and rng.random() < 0.05
    if late:
        contacted_on = monday + timedelta(days=7)
    if outcomes and (monday < this_week or rng.random() < 0.4):
        means = rng.choice((ContactMeans.PHONE, ContactMeans.PHONE, ContactMeans.EMAIL, ContactMeans.VISIT))
        contact = ContactLog(outcomes=outcomes, how=means, contacted_on=contacted_on)
    if not marks and contact is None:
        return
    save_week(
        provider_id=provider_id,
        monday=monday,
        marks=marks,
        seen={},
        by=world.officer,
        now=world.at(max(last, contacted_on), 15, 40),
        contact=contact,
    )


def _outcomes(rng: Random, students: list[int], *, recent: bool) -> dict[int, tuple[str, str]]:
    """What came of the week's contact for each student; none at all in a few weeks."""
    if rng.random() < (0.15 if recent else 0.02):
        return {}
    found: dict[int, tuple[str, str]] = {}
    for pk in students:
        dice = rng.random()
        if recent and dice < 0.05:
            continue
        tried = dice > (0.94 if recent else 0.99)
        outcome = ContactOutcome.TRIED if tried else ContactOutcome.SPOKEN
        found[pk] = (outcome, "Rang twice." if tried else rng.choice(words.CONTACT_NOTES))
    return found


def _report(rng: Random, level: float) -> str:
    dice = rng.random()
    if dice < 0.01:
        return ProviderReport.DID_NOT_RUN
    if dice < level - 0.04:
        return ProviderReport.PRESENT
    return ProviderReport.LATE if dice < level else ProviderReport.ABSENT


def _weeks_before(world: World, placements: list[Placement]) -> None:
    """Attendance at school in the weeks before each start, as the school's own system would deliver it.

    Written at once: typing or importing it has no service in this stage of the project.
    """
    rng = world.rng
    rows = []
    for placement in placements:
        calendar = world.calendar(placement.school)
        start = placement.periods.get(number=1).period.lower
        level = rng.choice((0.88, 0.74, 0.61, 0.5))
        monday = monday_of(start)
        for _ in range(WEEKS_BEFORE + 4):
            monday -= timedelta(weeks=1)
            try:
                possible = 2 * len(calendar.school_week(monday).days)
            except CalendarNotLoaded:
                break
            if not possible:
                continue
            attended = sum(rng.random() < level for _ in range(possible))
            rows.append(
                HomeAttendance(
                    student_id=placement.student_id,
                    school_id=placement.school_id,
                    week=monday,
                    possible=possible,
                    attended=attended,
                    unauthorised=(possible - attended) // 2,
                    source="imported",
                )
            )
    HomeAttendance.objects.bulk_create(rows)
