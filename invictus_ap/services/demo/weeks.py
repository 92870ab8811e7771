"""Weeks that are not plain: another timetable that waits for a decision, a part-time timetable to be reviewed."""

from datetime import timedelta

from invictus_ap.services.demo.cases import Cases
from invictus_ap.services.demo.depth import running, school_of
from invictus_ap.services.demo.world import World
from placements.queries import timetable_in_force, weekly_pattern
from placements.services import propose_timetable_change, record_part_time
from trust.calendar import last_day
from trust.permissions import Role


def change_timetable(world: World, cases: Cases) -> None:
    """One day less at the provider from next week on, proposed and waiting for the Headteacher."""
    from_day = cases.coming(5)
    for placement in running(world, "lantern", "millwheel"):
        period = placement.periods.latest("number")
        ends = last_day(placement.periods.get(number=1).period)
        if period.number > 1 or ends is None or ends < from_day:
            continue
        timetable = timetable_in_force(placement)
        days = sorted({slot % 10 // 2 for slot in timetable})
        propose_timetable_change(
            placement_id=placement.pk,
            from_day=from_day,
            slots={slot: place for slot, place in timetable.items() if slot % 10 // 2 != days[-1]},
            reason="Back at school for one day a week, as agreed at the review.",
            by=world.person(school_of(world, placement.school_id), Role.SLT),
            now=world.at(world.today, 8),
        )
        return


def record_part_time_timetables(world: World) -> None:
    """A student who is nowhere on two half-days of the week: agreed, with an end, and to be reviewed now."""
    for placement in running(world, "quayside", "northmoor", "kite", "lantern"):
        taken = {slot % 10 for slot in weekly_pattern(placement)}
        free = [slot for slot in (9, 8, 1, 7) if slot not in taken]
        if len(free) < 2:
            continue
        begun = world.today - timedelta(days=24)
        record_part_time(
            student_id=placement.student_id,
            slots=free[:2],
            first=begun,
            last=world.today + timedelta(days=11),
            reason="Builds up to full days after a long absence; half-days are added every two weeks.",
            agreed_by="Mother",
            agreed_on=begun,
            review_on=world.today,
            by=world.person(school_of(world, placement.school_id), Role.SLT),
            now=world.at(begun, 9),
        )
        return
