"""Other half-days from a day on, a later start, part time, and the whole week; the proposal's own timetable."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.services import save_week
from placements.lifecycle import Status
from placements.models import AgreedPrice, Budget, PartTimeTimetable, Placement, TimetableChange
from placements.queries import budget_left, expected_of, period_cost, timetable_in_force, week_of, weekly_pattern
from placements.rules import Price, Stretch, Terms, cost_lines
from placements.services import (
    approve_timetable_change,
    change_start,
    drop_timetable_change,
    end_part_time,
    propose_placement,
    propose_timetable_change,
    record_part_time,
)
from providers.codes import PriceUnit
from providers.models import Provider, SiteClosure
from referrals.lifecycle import Status as ReferralStatus
from tests.factories.calendar import england_calendar
from tests.factories.placements import MORNINGS, placement_at, placement_data, referral_at
from tests.factories.providers import make_programme, make_provider, make_site
from tests.fixtures import NOW, TODAY, Cast
from trust.errors import NotAllowed, RuleBroken
from trust.models import Student

pytestmark = pytest.mark.django_db
FROM = date(2026, 11, 30)


@pytest.fixture
def running(student: Student, provider: Provider, cast: Cast, budget: Budget) -> Placement:
    return placement_at(Status.ACTIVE, student=student, provider=provider, cast=cast, now=NOW)


def place(placement: Placement, slots: Any) -> dict[int, tuple[int, int]]:
    return dict.fromkeys(slots, (placement.site_id, placement.programme_id))


def propose(placement: Placement, cast: Cast, slots: Any = range(20), **changes: Any) -> TimetableChange:
    facts: dict[str, Any] = {"from_day": FROM, "reason": "More days.", "by": cast.slt, "now": NOW, **changes}
    return propose_timetable_change(placement_id=placement.pk, slots=place(placement, slots), **facts)


def test_change_keeps_what_lies_before_and_promises_the_difference(
    running: Placement, cast: Cast, budget: Budget
) -> None:
    period = running.periods.get()
    before, left = sum(a for _, a in period_cost(running, period)), budget_left(budget)
    change = propose(running, cast)
    assert weekly_pattern(running) == MORNINGS, "nothing is in force before the approval"
    approve_timetable_change(change_id=change.pk, over_budget_reason="", by=cast.head, now=NOW)
    running.refresh_from_db()
    after = sum(a for _, a in period_cost(running, period))
    assert (weekly_pattern(running, TODAY), weekly_pattern(running, FROM)) == (MORNINGS, frozenset(range(20)))
    assert after - before == change.cost_change > 0
    assert budget_left(budget) == left - change.cost_change
    days = expected_of([running], TODAY, FROM + timedelta(days=4))[running.pk]
    assert [session for session in days if session[0] == TODAY] == [(TODAY, "AM")]
    assert [session for session in days if session[0] == FROM] == [(FROM, "AM"), (FROM, "PM")]


def test_change_that_is_cheaper_gives_money_back(running: Placement, cast: Cast, budget: Budget) -> None:
    left = budget_left(budget)
    change = propose(running, cast, [0, 10])
    approve_timetable_change(change_id=change.pk, over_budget_reason="", by=cast.head, now=NOW)
    assert change.cost_change < 0
    assert budget_left(budget) == left - change.cost_change


def test_change_is_not_approved_by_its_proposer_nor_by_others(running: Placement, cast: Cast) -> None:
    change = propose(running, cast, by=cast.head)
    with pytest.raises(RuleBroken, match="propos"):
        approve_timetable_change(change_id=change.pk, over_budget_reason="", by=cast.head, now=NOW)
    for person in (cast.slt, cast.att, cast.head2):
        with pytest.raises(NotAllowed):
            approve_timetable_change(change_id=change.pk, over_budget_reason="", by=person, now=NOW)


def test_change_dropped_leaves_the_timetable(running: Placement, cast: Cast) -> None:
    change = propose(running, cast)
    with pytest.raises(RuleBroken, match="waits for a decision already"):
        propose(running, cast, [1])
    drop_timetable_change(change_id=change.pk, reason="Not wanted.", by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="decided already"):
        approve_timetable_change(change_id=change.pk, over_budget_reason="", by=cast.head, now=NOW)
    assert timetable_in_force(running, FROM) == place(running, MORNINGS)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"from_day": TODAY - timedelta(days=1)}, "has passed"),
        ({"from_day": date(2027, 6, 1)}, "no approved period"),
        ({"slots": []}, "at least one half-day"),
        ({"slots": MORNINGS}, "in force on that day already"),
        ({"reason": " "}, "reason"),
    ],
)
def test_change_that_cannot_be_is_refused(
    running: Placement, cast: Cast, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RuleBroken, match=sentence):
        propose(running, cast, **changes)


def test_change_over_marked_sessions_is_refused(running: Placement, cast: Cast) -> None:
    save_week(
        provider_id=running.provider_id,
        monday=TODAY,
        marks={(running.pk, TODAY, "AM"): "PRESENT"},
        seen={},
        by=cast.att,
        now=NOW,
    )
    with pytest.raises(RuleBroken, match="marked already"):
        propose(running, cast, from_day=TODAY)
    assert propose(running, cast, from_day=TODAY + timedelta(days=1)).pk


def test_change_at_another_provider_or_into_another_place_is_refused(
    running: Placement, cast: Cast, student: Student
) -> None:
    other = make_provider("Elsewhere", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    with pytest.raises(RuleBroken, match="another provider"):
        propose_timetable_change(
            placement_id=running.pk,
            from_day=FROM,
            slots={0: (other.sites.get().pk, other.programmes.get().pk)},
            reason="Nearer.",
            by=cast.slt,
            now=NOW,
        )
    referral = running.referral
    placement_at(
        Status.APPROVED,
        student=student,
        provider=other,
        cast=cast,
        now=NOW,
        referral=referral,
        first=date(2026, 12, 1),
        slots=[1, 3, 11, 13],
    )
    change = propose(running, cast)
    with pytest.raises(RuleBroken, match="already expected somewhere else"):
        approve_timetable_change(change_id=change.pk, over_budget_reason="", by=cast.head, now=NOW)


def test_two_sites_and_programmes_are_priced_and_closed_on_their_own(
    student: Student, provider: Provider, cast: Cast, budget: Budget
) -> None:
    yard = make_site(provider, "Yard")
    dear = make_programme(provider, "Welding", unit=PriceUnit.DAY, rate=Decimal("100.00"))
    main = (provider.sites.exclude(pk=yard.pk).get().pk, provider.programmes.exclude(pk=dear.pk).get().pk)
    first, last = date(2026, 11, 30), date(2026, 12, 11)
    SiteClosure.objects.create(site=yard, day=date(2026, 12, 8))
    data = placement_data(provider, first, last=last, site_id=main[0], programme_id=main[1])
    data["slots"] = {0: main, 10: main, 2: (yard.pk, dear.pk), 3: (yard.pk, dear.pk), 12: (yard.pk, dear.pk)}
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    placement = propose_placement(referral_id=referral.pk, data=data, by=cast.slt, now=NOW)
    period = placement.periods.get()
    # Two Mondays at £45 a session; one Tuesday at £100 a day, the other lies on the yard's closed day.
    assert period.cost == Decimal("190.00")
    assert AgreedPrice.objects.filter(placement_period=period).count() == 2
    dear.rate = Decimal("999.00")
    dear.save()
    assert dict(period_cost(placement, period)) == {"2026/27": Decimal("190.00")}


def test_start_is_moved_to_a_later_day_and_gives_money_back(
    student: Student, provider: Provider, cast: Cast, budget: Budget
) -> None:
    placement = placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW)
    period = placement.periods.get()
    first, left = period.period.lower, budget_left(budget)
    for day, sentence in ((first, "Choose a day after"), (first + timedelta(days=5), "")):
        if sentence:
            with pytest.raises(RuleBroken, match=sentence):
                change_start(placement_id=placement.pk, first=day, reason="Taxi.", by=cast.slt, now=NOW)
    moved = first + timedelta(days=7)
    change_start(placement_id=placement.pk, first=moved, reason="No taxi before.", by=cast.slt, now=NOW)
    period.refresh_from_db()
    assert period.period.lower == moved
    assert budget_left(budget) == left + 5 * Decimal("45.00")
    assert {row.runs.lower for row in placement.slots.all()} == {moved}


def test_start_that_a_notice_names_is_not_moved(running: Placement, cast: Cast, student: Student) -> None:
    with pytest.raises(RuleBroken, match="approved placement that has not started"):
        change_start(placement_id=running.pk, first=FROM, reason="Later.", by=cast.slt, now=NOW)


def part(student: Student, cast: Cast, **changes: Any) -> PartTimeTimetable:
    facts: dict[str, Any] = {
        "slots": [1, 3],
        "first": TODAY,
        "last": date(2026, 12, 18),
        "reason": "Return after illness.",
        "agreed_by": "Mary Ashdown",
        "agreed_on": TODAY,
        "review_on": date(2026, 12, 4),
        "by": cast.slt,
        "now": NOW,
        **changes,
    }
    return record_part_time(student_id=student.pk, **facts)


def test_week_accounts_for_all_ten_half_days(running: Placement, cast: Cast, student: Student) -> None:
    part(student, cast)
    week = week_of(student, TODAY)
    assert week.summary == "5 at a provider, 3 at the home school, 2 not in education"
    # Mornings at the provider are 3 hours; three afternoons at home from 13:00 to 15:10.
    assert week.hours == Decimal("21.50")
    assert len(week.halves) == 10
    closed = week_of(student, date(2026, 12, 24))
    assert closed.summary == "10 no school"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"slots": [0]}, "expected at a provider"),
        ({"slots": []}, "at least one"),
        ({"last": TODAY - timedelta(days=1)}, "before the first"),
        ({"review_on": date(2027, 1, 4)}, "between the first and the last"),
        ({"agreed_on": TODAY + timedelta(days=1)}, "not agreed yet"),
        ({"agreed_by": ""}, "Name the parent"),
        ({"reason": ""}, "reason"),
    ],
)
def test_part_time_that_cannot_be_is_refused(
    running: Placement, cast: Cast, student: Student, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RuleBroken, match=sentence):
        part(student, cast, **changes)


def test_placement_is_not_approved_onto_a_part_time_half_day(
    student: Student, provider: Provider, cast: Cast, budget: Budget
) -> None:
    row = part(student, cast, slots=[0, 1])
    with pytest.raises(RuleBroken, match="part-time timetable is recorded"):
        placement_at(Status.APPROVED, student=student, provider=provider, cast=cast, now=NOW)
    with pytest.raises(RuleBroken, match="Choose a day before"):
        end_part_time(timetable_id=row.pk, last=date(2026, 12, 18), by=cast.slt, now=NOW)
    end_part_time(timetable_id=row.pk, last=date(2026, 11, 20), by=cast.slt, now=NOW)
    row.refresh_from_db()
    assert (row.period.upper, row.review_on) == (date(2026, 11, 21), date(2026, 11, 20))


def test_pages_of_the_timetable(running: Placement, cast: Cast, student: Student, login: Any) -> None:
    page = login(cast.slt)
    shown = page.get(f"/placements/{running.pk}/week/").content.decode()
    assert "5 at a provider, 5 at the home school" in shown
    place_id = f"{running.site_id}:{running.programme_id}"
    typed = {"from_day_0": "30", "from_day_1": "11", "from_day_2": "2026", "from_day": "30/11/2026", "reason": "More."}
    sent = page.post(f"/placements/{running.pk}/timetable/", {**typed, "slot_0": place_id, "slot_11": place_id})
    assert sent.status_code == 302, sent.content.decode()[:3000]
    change = TimetableChange.objects.get()
    assert [row[0] for row in change.slots] == [0, 11]
    assert page.get(f"/placements/timetables/{change.pk}/approve/").status_code == 403
    assert login(cast.slt2).get(f"/placements/timetables/{change.pk}/drop/").status_code == 404
    head = login(cast.head)
    assert "30 Nov 2026: 2 half-days" in head.get(f"/placements/timetables/{change.pk}/approve/").content.decode()
    assert head.post(f"/placements/timetables/{change.pk}/approve/", {}).status_code == 302
    change.refresh_from_db()
    assert change.approved_by == cast.head
    assert "in force" in page.get(f"/placements/{running.pk}/week/").content.decode()


def test_proposal_is_worked_out_while_it_is_written(
    student: Student, provider: Provider, cast: Cast, budget: Budget, login: Any
) -> None:
    referral = referral_at(ReferralStatus.APPROVED, student=student, cast=cast, now=NOW)
    typed = {
        "programme": provider.programmes.get().pk,
        "site": provider.sites.get().pk,
        "route": "DIRECTION",
        "first": "30/11/2026",
        "last": "11/12/2026",
        "start_time": "09:00",
        "report_to": "Sam Okafor",
        "slots": ["0", "2"],
        "weeks_differ": "on",
        "slots_b": ["4"],
        "transport_mode": "TAXI",
        "transport_a_day": "10.00",
        "lunch": "PACKED",
        "medical": "Asthma.",
        "review_weeks": "6",
        "school_link": cast.slt.pk,
    }
    page, path = login(cast.slt), f"/placements/referral/{referral.pk}/propose/?provider={provider.pk}"
    shown = page.post(path, {**typed, "preview": "1"})
    assert shown.status_code == 200
    assert "3 sessions on 3 school days in 2 weeks" in shown.content.decode()
    assert "£165.00" in shown.content.decode()
    assert not Placement.objects.exists()
    short = page.post(path, {**typed, "preview": "1", "site": ""})
    assert (short.status_code, "Give programme, site" in short.content.decode()) == (200, True)
    sent = page.post(path, typed)
    assert sent.status_code == 302, sent.content.decode()[:4000]
    placement = Placement.objects.get()
    assert weekly_pattern(placement) == {0, 2, 14}
    assert (placement.transport_mode, placement.lunch, placement.medical) == ("TAXI", "PACKED", "Asthma.")
    assert (placement.school_link, placement.periods.get().cost) == (cast.slt, Decimal("165.00"))


SLOTS = st.sets(st.integers(0, 19), min_size=1)


@given(
    slots=SLOTS,
    cut=st.integers(0, 20),
    unit=st.sampled_from([PriceUnit.SESSION, PriceUnit.HOUR, PriceUnit.DAY, PriceUnit.WEEK]),
    rate=st.decimals(0, 500, places=2),
)
def test_timetable_changed_and_changed_back_costs_the_same(
    slots: set[int], cut: int, unit: PriceUnit, rate: Decimal
) -> None:
    cal = england_calendar()
    first, last = date(2026, 11, 2), date(2026, 12, 18)
    day = first + timedelta(days=cut * 2 + 1)
    timetable = dict.fromkeys(slots, (1, 1))
    prices = {1: Price(unit, rate, Decimal(3))}
    whole = [Stretch(first, last, timetable)]
    parts = [Stretch(first, day - timedelta(days=1), timetable), Stretch(day, last, timetable)]
    costs = [
        cost_lines(cal, stretches, prices, first, last, {}, None, begins=first, terms=Terms())
        for stretches in (whole, parts)
    ]
    assert costs[0] == costs[1]
