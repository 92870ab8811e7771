"""The whole demo, in the order in which it would have happened."""

from datetime import datetime
from random import Random

from invictus_ap.services.demo.cases import Cases, make_cases
from invictus_ap.services.demo.depth import (
    bring_in,
    change_budget,
    import_suspensions,
    make_invoices,
    make_papers,
    make_referrals,
    reopen_one,
    suspend_provider_with_students,
)
from invictus_ap.services.demo.history import hold_reviews, make_marks
from invictus_ap.services.demo.letters import ask_for_setting, end_notices, make_wording, send_and_print
from invictus_ap.services.demo.money import make_budgets, settle_budgets
from invictus_ap.services.demo.people import make_people
from invictus_ap.services.demo.places import make_places
from invictus_ap.services.demo.postcodes import make_postcodes
from invictus_ap.services.demo.weeks import change_timetable, record_part_time_timetables
from invictus_ap.services.demo.world import World
from invictus_ap.services.flags import sweep_flags
from trust.calendar import london_date
from trust.errors import RuleBroken
from trust.models import School
from trust.services import saving

SEED = 20191202


def load_demo(*, now: datetime) -> World:
    """Fill an empty database with the demo trust around ``now``; the same instant gives the same trust.

    Raises ``RuleBroken`` when there is a school already, so that real records are never mixed with invented ones.
    """
    if School.objects.exists():
        raise RuleBroken("There are schools in this database already: the demo is loaded into an empty one only.")
    world = World(rng=Random(SEED), now=now, today=london_date(now))  # noqa: S311 - dice, not secrets
    with saving(by=None, job="load_demo"):
        make_people(world)
        make_places(world)
        make_postcodes()
        make_budgets(world)
        make_wording(world)
        cases = Cases(world)
        # First, so that these are at the school whose people one can be in the demo.
        make_referrals(world, cases)
        bring_in(world, cases)
        waiting = make_cases(cases)
        hold_reviews(world, cases)
        cases.end_held_back()
        make_marks(world)
        cases.extensions()
        reopen_one(world)
        change_timetable(world, cases)
        record_part_time_timetables(world)
        make_papers(world)
        make_invoices(world)
        settle_budgets(world, waiting)
        change_budget(world)
        import_suspensions(world)
        suspend_provider_with_students(world)
        end_notices(world)
        send_and_print(world)
        ask_for_setting(world)
    sweep_flags(now=now)
    return world
