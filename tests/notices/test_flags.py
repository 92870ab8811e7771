"""Flags of notices: raised by dates, once, and cleared by the deed."""

import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from notices.codes import Channel, NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries import due_notices
from notices.services import (
    authorise_notice,
    make_letters,
    prepare_notice,
    raise_notice_flags,
    record_given,
    save_notice,
    void_notice,
)
from placements.codes import Destination, EndingReason
from placements.lifecycle import Status as PlacementStatus
from placements.models import Placement, PlacementPeriod
from placements.services import (
    approve_extension,
    approve_timetable_change,
    cancel_placement,
    end_placement,
    propose_extension,
    propose_timetable_change,
    start_placement,
)
from tests.factories.notices import PROOF, give_notice, notice_at
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at
from tests.fixtures import NOW
from tests.notices.conftest import START, at
from trust.calendar import LONDON
from trust.codes import SettingCode
from trust.models import Flag, PolicySetting
from trust.permissions import Role

pytestmark = pytest.mark.django_db


def open_flags(kind: str) -> list[Flag]:
    return list(Flag.objects.open().filter(kind=kind))


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("now", "urgent", "added"),
    [
        (at(30, 23, 59, month=11), None, ()),
        (at(1), False, ()),
        # On the last day it is the Headteacher's too, and once that has passed the trust AP lead's.
        (at(3, 23), True, (Role.HEAD,)),
        (at(4), True, (Role.HEAD, Role.LEAD)),
        (at(8), True, (Role.HEAD, Role.LEAD)),
    ],
)
def test_notice_due_is_raised_two_days_before_the_deadline(
    period: PlacementPeriod, now: datetime, urgent: bool | None, added: tuple[Role, ...]
) -> None:
    raise_notice_flags(now=now)
    found = open_flags("notice_due")
    if urgent is None:
        assert not found
        return
    (flag,) = found
    assert flag.urgent is urgent
    assert set(flag.roles) == {Role.SLT, *added}
    assert flag.school_id == period.placement.school_id
    assert flag.path == f"/notices/period/{period.pk}/"
    assert "Thu 3 Dec 2026" in flag.sentence
    assert period.placement.student.family_name not in flag.sentence


def test_flag_leads_to_the_notice_once_there_is_one(period: PlacementPeriod, cast: Any) -> None:
    raise_notice_flags(now=at(1))
    notice = notice_at(Status.DRAFT, period, cast, at(1))
    raise_notice_flags(now=at(1, 10))
    (flag,) = open_flags("notice_due")
    assert flag.path == f"/notices/{notice.pk}/"


def test_sweep_twice_late_and_after_a_missed_night_gives_the_same_flags(period: PlacementPeriod) -> None:
    assert raise_notice_flags(now=at(1)) == 1
    assert raise_notice_flags(now=at(1, 9, 5)) == 0
    first = Flag.objects.values_list("pk", "kind", "subject", "period").get()
    # The night of 2 to 3 December was missed.
    assert raise_notice_flags(now=at(3, 4)) == 0
    assert Flag.objects.values_list("pk", "kind", "subject", "period").get() == first


def test_sweep_that_first_runs_late_gives_the_flag_it_missed(period: PlacementPeriod) -> None:
    raise_notice_flags(now=at(6))
    (flag,) = open_flags("notice_due")
    assert flag.period == START.isoformat()
    assert flag.urgent


def test_flag_of_a_cancelled_placement_is_cleared(period: PlacementPeriod, cast: Any) -> None:
    raise_notice_flags(now=at(2))
    cancel_placement(placement_id=period.placement_id, reason="The family moved", by=cast.head, now=at(2))
    raise_notice_flags(now=at(2, 10))
    assert not open_flags("notice_due")


def test_not_started_is_raised_the_day_after_the_start_and_cleared_by_starting(
    period: PlacementPeriod, cast: Any
) -> None:
    give_notice(period, cast, NOW)
    raise_notice_flags(now=at(7, 20))
    assert not open_flags("not_started")
    raise_notice_flags(now=at(8))
    (flag,) = open_flags("not_started")
    assert flag.path == f"/placements/{period.placement_id}/"
    start_placement(placement_id=period.placement_id, by=cast.slt, now=at(8, 10))
    raise_notice_flags(now=at(8, 11))
    assert not open_flags("not_started")


@pytest.mark.policy("P7.4")
def test_period_ended_without_decision_is_raised(student: Any, provider: Any, budget: Any, cast: Any) -> None:
    placement = placement_at(
        PlacementStatus.ACTIVE, student=student, provider=provider, cast=cast, now=NOW, last=date(2026, 12, 11)
    )
    raise_notice_flags(now=at(11, 20))
    assert not open_flags("period_ended")
    raise_notice_flags(now=at(12, 1))
    (flag,) = open_flags("period_ended")
    assert (flag.subject, flag.period) == (f"placement:{placement.pk}", "2026-12-11")


def test_sweep_uses_as_many_queries_for_three_periods_as_for_one(
    period: PlacementPeriod, provider: Any, cast: Any, north: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    raise_notice_flags(now=at(2))
    with django_assert_num_queries(count_of(at(2))):
        raise_notice_flags(now=at(2))
    one = count_of(at(2))
    for name in ("Adams", "Brown"):
        student = make_student(north, name)
        make_contact(student)
        placement_at(PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=START)
    raise_notice_flags(now=at(2))
    assert len(open_flags("notice_due")) == 3
    assert count_of(at(2)) == one


def count_of(now: datetime, among: list[int] | None = None) -> int:
    """How many queries one sweep makes."""
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        raise_notice_flags(now=now, among=among)
    return len(captured)


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_raise_each_flag_exactly_once(period: PlacementPeriod) -> None:
    barrier = threading.Barrier(4)
    failures: list[BaseException] = []

    def sweep() -> None:
        try:
            barrier.wait(10)
            raise_notice_flags(now=at(2))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert Flag.objects.filter(kind="notice_due").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_each_letter_exactly_once(period: PlacementPeriod, cast: Any) -> None:
    for name in ("Paul", "Olga"):
        make_contact(period.placement.student, name)
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    barrier = threading.Barrier(2)
    made: list[int] = []

    def work() -> None:
        try:
            barrier.wait(10)
            made.append(make_letters(now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(made) == 3
    assert DirectionNotice.objects.get(pk=notice.pk).status == Status.ISSUED
    assert notice.recipients.filter(letter__isnull=False).count() == 3


def test_due_notices_are_the_persons_own_schools(period: PlacementPeriod, cast: Any) -> None:
    today = date(2026, 12, 3)
    for who in ("slt", "head", "att", "team", "ceo", "lead"):
        (one,) = due_notices(getattr(cast, who), today)
        assert (one.state, one.next_step, one.path) == ("due_today", "Prepare", f"/notices/period/{period.pk}/")
    for who in ("slt2", "head2", "finance", "trustee", "dsl"):
        assert due_notices(getattr(cast, who), today) == []


@pytest.mark.parametrize(
    ("today", "state"),
    [(date(2026, 11, 30), "coming"), (date(2026, 12, 1), "due"), (date(2026, 12, 4), "overdue")],
)
def test_due_notices_say_how_pressing_it_is(period: PlacementPeriod, cast: Any, today: date, state: str) -> None:
    assert [one.state for one in due_notices(cast.slt, today)] == [state]


def test_given_notice_is_not_due(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    assert due_notices(cast.slt, NOW.date())
    record_given(
        recipient_id=notice.recipients.get().pk,
        channel=Channel.HAND,
        sent_at=NOW + timedelta(minutes=1),
        proof=PROOF,
        by=cast.slt,
        now=datetime(2026, 11, 16, 11, tzinfo=LONDON),
    )
    assert not due_notices(cast.slt, NOW.date())


# --- escalation ---


def roles_at(now: datetime) -> set[str]:
    """Whom the open flag about the notice is for after a sweep at ``now``."""
    raise_notice_flags(now=now)
    (flag,) = open_flags("notice_due")
    return set(flag.roles)


def test_flag_reaches_the_head_and_the_lead_by_the_hour(period: PlacementPeriod) -> None:
    assert roles_at(at(1, 9)) == {Role.SLT}
    assert roles_at(at(2, 8, 59)) == {Role.SLT}
    assert roles_at(at(2, 9)) == {Role.SLT, Role.HEAD}
    assert roles_at(at(3, 8, 59)) == {Role.SLT, Role.HEAD}
    assert roles_at(at(3, 9)) == {Role.SLT, Role.HEAD, Role.LEAD}
    assert Flag.objects.get(kind="notice_due").raised_at == at(1, 9)


def test_hours_of_escalation_are_those_in_force_that_day(period: PlacementPeriod, cast: Any) -> None:
    PolicySetting.objects.create(
        code=SettingCode.ESCALATE_HEAD_HOURS,
        value="2",
        from_day=date(2026, 12, 1),
        source="Board, 16 November 2026",
        proposed_by=cast.lead,
        proposed_at=NOW,
        approved_by=cast.ceo,
        approved_at=NOW,
    )
    assert roles_at(at(1, 9)) == {Role.SLT}
    assert roles_at(at(1, 11)) == {Role.SLT, Role.HEAD}


def test_head_hears_at_once_of_a_draft_and_stays_told_afterwards(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    assert roles_at(at(1, 9)) == {Role.SLT, Role.HEAD}
    authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(1, 10))
    # Giving it is for the pastoral SLT again, but whoever was told is not left out.
    assert roles_at(at(1, 11)) == {Role.SLT, Role.HEAD}


def test_flag_that_opens_again_is_raised_anew(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    assert roles_at(at(1, 9)) == {Role.SLT}
    Flag.objects.update(told=["slt"])
    record_given(
        recipient_id=notice.recipients.get().pk,
        channel=Channel.HAND,
        sent_at=at(1, 10),
        proof=PROOF,
        by=cast.slt,
        now=at(1, 10),
    )
    assert not open_flags("notice_due")
    # Made void, the matter is open again at once, not at the next sweep.
    void_notice(notice_id=notice.pk, reason="A wrong name.", by=cast.head, now=at(2, 8))
    (flag,) = open_flags("notice_due")
    assert (flag.raised_at, flag.told, flag.roles) == (at(2, 8), [], [Role.SLT])


def test_flag_stays_open_when_its_notice_is_made_void(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    assert roles_at(at(1, 9)) == {Role.SLT}
    Flag.objects.update(told=["slt"])
    void_notice(notice_id=notice.pk, reason="A wrong name.", by=cast.head, now=at(2, 8))
    (flag,) = open_flags("notice_due")
    assert (flag.raised_at, flag.told) == (at(1, 9), ["slt"])
    assert flag.sentence.startswith("Prepare the direction notice")
    assert flag.path == f"/notices/period/{period.pk}/"


def test_flag_of_an_end_that_is_called_off_is_cleared_with_its_notice(ending: Placement, cast: Any) -> None:
    notice = prepare_notice(period_id=ending.periods.get().pk, kind=NoticeKind.END, by=cast.slt, now=at(9))
    raise_notice_flags(now=at(9))
    assert open_flags("end_unnoticed")
    void_notice(notice_id=notice.pk, reason="It goes on.", by=cast.slt, now=at(9, 10))
    assert not open_flags("end_unnoticed")
    assert [flag.kind for flag in Flag.objects.open()] == ["period_ending"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "Prepare the direction notice"),
        (Status.DRAFT, "Complete and authorise the direction notice"),
        (Status.AUTHORISED, "Give the direction notice"),
        (Status.ISSUED, "Give the direction notice"),
    ],
)
def test_one_flag_says_the_next_step(period: PlacementPeriod, cast: Any, status: str | None, words: str) -> None:
    if status:
        notice_at(status, period, cast, NOW)
    raise_notice_flags(now=at(2))
    (flag,) = Flag.objects.open()
    assert flag.kind == "notice_due"
    assert flag.sentence.startswith(words)


@pytest.mark.policy("P7.2")
def test_notice_given_late_asks_the_head_for_a_decision(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    record_given(
        recipient_id=notice.recipients.get().pk,
        channel=Channel.HAND,
        sent_at=at(4),
        proof=PROOF,
        by=cast.slt,
        now=at(4),
    )
    raise_notice_flags(now=at(4, 10))
    (flag,) = Flag.objects.open()
    assert (flag.kind, flag.urgent) == ("notice_due", True)
    assert "was given after Thu 3 Dec 2026: override the deadline with a reason, or move the start" in flag.sentence
    assert {Role.SLT, Role.HEAD} <= set(flag.roles)
    (due,) = due_notices(cast.slt, date(2026, 12, 4))
    assert due.said == "given late"


# --- periods that end, extensions ---


@pytest.fixture
def ending(student: Any, provider: Any, budget: Any, cast: Any) -> Placement:
    """A running placement whose period ends on Fri 11 Dec 2026."""
    return placement_at(
        PlacementStatus.ACTIVE, student=student, provider=provider, cast=cast, now=NOW, last=date(2026, 12, 11)
    )


@pytest.mark.policy("P7.4")
def test_period_that_ends_within_ten_school_days_asks_for_a_decision(ending: Placement, cast: Any) -> None:
    raise_notice_flags(now=at(26, month=11))
    assert not open_flags("period_ending")
    raise_notice_flags(now=at(27, month=11))
    (flag,) = open_flags("period_ending")
    assert (flag.subject, flag.period, flag.roles) == (f"placement:{ending.pk}", "2026-12-11", [Role.SLT])
    # An extension would start on Mon 14 Dec, so its notice is due on Thu 10 Dec.
    assert "must be given by Thu 10 Dec 2026" in flag.sentence
    assert not flag.urgent


@pytest.mark.policy("P7.4")
def test_hours_of_an_ending_period_count_once_it_presses(ending: Placement, cast: Any) -> None:
    raise_notice_flags(now=at(27, month=11))
    # Days after it was raised, but the decision still has time.
    raise_notice_flags(now=at(7))
    (flag,) = open_flags("period_ending")
    assert flag.roles == [Role.SLT]
    raise_notice_flags(now=at(9, 0))
    (flag,) = open_flags("period_ending")
    assert set(flag.roles) == {Role.SLT, Role.HEAD}
    raise_notice_flags(now=at(11))
    (flag,) = open_flags("period_ending")
    assert set(flag.roles) == {Role.SLT, Role.HEAD, Role.LEAD}
    assert flag.urgent
    # The day after, the same matter has another flag, and only that one.
    raise_notice_flags(now=at(12))
    assert [flag.kind for flag in Flag.objects.open()] == ["period_ended"]


@pytest.mark.policy("P7.4")
def test_proposed_extension_or_prepared_end_is_a_decision(ending: Placement, cast: Any) -> None:
    raise_notice_flags(now=at(1))
    assert open_flags("period_ending")
    end = prepare_notice(period_id=ending.periods.get().pk, kind=NoticeKind.END, by=cast.slt, now=at(1))
    raise_notice_flags(now=at(1, 10))
    assert not open_flags("period_ending")
    void_notice(notice_id=end.pk, reason="It goes on.", by=cast.slt, now=at(1, 11))
    propose_extension(placement_id=ending.pk, last=date(2027, 2, 5), by=cast.slt, now=at(1, 11))
    raise_notice_flags(now=at(1, 12))
    assert not open_flags("period_ending")


@pytest.mark.policy("P7.4")
def test_extension_without_notice_is_flagged_before_the_two_days(ending: Placement, cast: Any) -> None:
    extension = propose_extension(placement_id=ending.pk, last=date(2027, 2, 5), by=cast.slt, now=at(1))
    raise_notice_flags(now=at(1))
    assert not Flag.objects.open().exists()
    approve_extension(period_id=extension.pk, over_budget_reason="", by=cast.head, now=at(1, 10))
    raise_notice_flags(now=at(1, 11))
    (flag,) = Flag.objects.open()
    assert (flag.kind, flag.period) == ("notice_due", "2026-12-14")
    assert flag.sentence.startswith("Prepare the notice of the extension")
    assert flag.roles == [Role.SLT]
    give_notice(PlacementPeriod.objects.get(pk=extension.pk), cast, at(2))
    assert not Flag.objects.open().exists()


# --- ends, changes and withdrawals nobody was told of ---


def end_of(placement: Placement, cast: Any, now: datetime, **changes: Any) -> None:
    values = {"reason": EndingReason.PLANNED, "destination": Destination.HOME_SCHOOL, "note": "", **changes}
    end_placement(placement_id=placement.pk, ended_on=date(2026, 12, 11), by=cast.slt, now=now, **values)


@pytest.mark.policy("P7.4")
def test_end_that_nobody_was_told_of_is_flagged_until_its_notice_is_given(ending: Placement, cast: Any) -> None:
    end_of(ending, cast, at(11, 15))
    raise_notice_flags(now=at(11, 16))
    (flag,) = Flag.objects.open()
    period = ending.periods.get()
    assert (flag.kind, flag.period, flag.path) == ("end_unnoticed", "2026-12-11", f"/notices/period/{period.pk}/end/")
    assert set(flag.roles) == {Role.SLT, Role.HEAD}
    notice = prepare_notice(period_id=period.pk, kind=NoticeKind.END, by=cast.slt, now=at(14))
    raise_notice_flags(now=at(14))
    (flag,) = Flag.objects.open()
    assert (flag.path, flag.urgent) == (f"/notices/{notice.pk}/", True)
    assert flag.sentence.startswith("Complete and authorise the notice of the end")
    save_notice(notice_id=notice.pk, data={"return_person": "Ms Reed"}, version=None, by=cast.slt, now=at(14))
    authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(14))
    make_letters(now=at(14))
    record_given(
        recipient_id=notice.recipients.get().pk,
        channel=Channel.HAND,
        sent_at=at(14, 10),
        proof=PROOF,
        by=cast.slt,
        now=at(14, 10),
    )
    # The deed clears it in its own transaction, and the sweep raises nothing again.
    assert not Flag.objects.open().exists()
    raise_notice_flags(now=at(15))
    assert not Flag.objects.open().exists()


def test_what_is_long_past_is_flagged_only_if_it_was_flagged_before(ending: Placement, cast: Any) -> None:
    end_of(ending, cast, at(11, 15))
    # Forty days after Fri 11 December is Wed 20 January.
    raise_notice_flags(now=at(21, month=1, year=2027))
    assert not Flag.objects.open().exists(), "no flood of what ended before the flags were in use"
    raise_notice_flags(now=at(20, month=1, year=2027))
    assert open_flags("end_unnoticed")
    raise_notice_flags(now=at(26, month=2, year=2027))
    assert open_flags("end_unnoticed"), "open until it is done"


def test_withdrawal_and_change_that_are_long_past_raise_no_flag(
    period: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notices.queries.jobs.cancelled_at", lambda ids: dict.fromkeys(ids, NOW))
    give_notice(period, cast, NOW)
    placement = period.placement
    change = propose_timetable_change(
        placement_id=placement.pk,
        from_day=date(2026, 12, 14),
        slots={0: (placement.site_id, placement.programme_id)},
        reason="College.",
        by=cast.slt,
        now=NOW,
    )
    approve_timetable_change(change_id=change.pk, over_budget_reason="", by=cast.head, now=NOW)
    late = at(25, month=1, year=2027)
    raise_notice_flags(now=late)
    assert not open_flags("change_unnoticed")
    raise_notice_flags(now=at(14))
    assert open_flags("change_unnoticed")
    Flag.objects.all().delete()
    cancel_placement(placement_id=placement.pk, reason="The family moved.", by=cast.head, now=NOW)
    raise_notice_flags(now=at(18, month=1, year=2027))
    assert not open_flags("withdrawal_unnoticed")
    raise_notice_flags(now=at(15, month=1, year=2027))
    assert open_flags("withdrawal_unnoticed")


@pytest.mark.parametrize(("before", "flagged"), [(False, True), (True, False)])
def test_end_of_what_was_brought_in_is_flagged_unless_it_ended_before(
    ending: Placement, cast: Any, before: bool, flagged: bool
) -> None:
    period = ending.periods.get()
    # As a placement that was brought in: its notice was given elsewhere.
    Placement.objects.filter(pk=ending.pk).update(brought_in=True, proposed_at=at(14) if before else NOW)
    only = period.notices.get()
    only.recipients.all().delete()
    only.delete()
    end_of(Placement.objects.get(pk=ending.pk), cast, at(11, 15))
    raise_notice_flags(now=at(15))
    assert bool(open_flags("end_unnoticed")) is flagged


@pytest.mark.parametrize("reason", [EndingReason.LEFT_TRUST, EndingReason.LEAVER])
def test_end_without_a_return_asks_for_no_notice(ending: Placement, cast: Any, reason: str) -> None:
    end_of(ending, cast, at(11, 15), reason=reason, destination=Destination.OTHER_SCHOOL)
    raise_notice_flags(now=at(14))
    assert not Flag.objects.open().exists()


def test_notice_of_the_end_that_names_another_day_is_to_be_replaced(ending: Placement, cast: Any) -> None:
    period = ending.periods.get()
    notice = prepare_notice(period_id=period.pk, kind=NoticeKind.END, by=cast.slt, now=at(1))
    save_notice(notice_id=notice.pk, data={"return_person": "Ms Reed"}, version=None, by=cast.slt, now=at(1))
    authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(1))
    end_placement(
        placement_id=ending.pk,
        ended_on=date(2026, 12, 4),
        reason=EndingReason.AIMS_MET,
        destination=Destination.HOME_SCHOOL,
        note="",
        by=cast.head,
        now=at(4),
    )
    raise_notice_flags(now=at(4, 10))
    (flag,) = Flag.objects.open()
    assert flag.kind == "end_unnoticed"
    assert flag.sentence.startswith("Make void and replace the notice of the end")


@pytest.mark.policy("P7.3")
def test_change_that_nobody_was_told_of_is_flagged(period: PlacementPeriod, cast: Any) -> None:
    give_notice(period, cast, NOW)
    placement = period.placement
    change = propose_timetable_change(
        placement_id=placement.pk,
        from_day=date(2027, 1, 11),
        slots={0: (placement.site_id, placement.programme_id)},
        reason="College.",
        by=cast.slt,
        now=NOW,
    )
    approve_timetable_change(change_id=change.pk, over_budget_reason="", by=cast.head, now=NOW)
    start_placement(placement_id=placement.pk, by=cast.slt, now=at(7))
    raise_notice_flags(now=at(4, month=1, year=2027))
    assert not Flag.objects.open().exists()
    raise_notice_flags(now=at(5, month=1, year=2027))
    (flag,) = Flag.objects.open()
    assert (flag.kind, flag.period) == ("change_unnoticed", "2027-01-11")
    assert "due by Thu 7 Jan 2027 for the change on Mon 11 Jan 2027" in flag.sentence
    assert flag.path == f"/notices/period/{period.pk}/vary/"


@pytest.mark.policy("P7.2")
def test_cancelled_placement_that_people_were_told_of_is_to_be_withdrawn(period: PlacementPeriod, cast: Any) -> None:
    give_notice(period, cast, NOW)
    cancel_placement(placement_id=period.placement_id, reason="The family moved.", by=cast.head, now=at(1))
    raise_notice_flags(now=at(1))
    (flag,) = Flag.objects.open()
    assert (flag.kind, flag.path) == ("withdrawal_unnoticed", f"/notices/period/{period.pk}/withdraw/")
    notice = prepare_notice(period_id=period.pk, kind=NoticeKind.WITHDRAWAL, reason="Moved.", by=cast.slt, now=at(1))
    authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(1))
    make_letters(now=at(1))
    record_given(
        recipient_id=notice.recipients.get().pk,
        channel=Channel.HAND,
        sent_at=at(1, 10),
        proof=PROOF,
        by=cast.slt,
        now=at(1, 10),
    )
    assert not Flag.objects.open().exists()
    raise_notice_flags(now=at(2))
    assert not Flag.objects.open().exists()


def test_withdrawal_is_due_two_school_days_after_the_cancelling(
    period: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_notice(period, cast, NOW)
    cancel_placement(placement_id=period.placement_id, reason="The family moved.", by=cast.head, now=NOW)
    monkeypatch.setattr("notices.queries.jobs.cancelled_at", lambda ids: dict.fromkeys(ids, at(26, month=11)))
    raise_notice_flags(now=at(30, month=11))
    (flag,) = open_flags("withdrawal_unnoticed")
    assert (flag.urgent, "due by Mon 30 Nov 2026" in flag.sentence) == (True, True)
    raise_notice_flags(now=at(1))
    (flag,) = open_flags("withdrawal_unnoticed")
    # The lead hears once the last day has passed, though nobody has drafted anything.
    assert Role.LEAD in flag.roles
    assert "it was due by Mon 30 Nov 2026" in flag.sentence


def test_cancelled_placement_of_which_nobody_was_told_asks_for_nothing(period: PlacementPeriod, cast: Any) -> None:
    notice_at(Status.ISSUED, period, cast, NOW)
    cancel_placement(placement_id=period.placement_id, reason="The family moved.", by=cast.head, now=at(1))
    raise_notice_flags(now=at(1))
    assert not Flag.objects.open().exists()


def test_sweep_over_a_part_leaves_the_flags_of_the_others(ending: Placement, cast: Any) -> None:
    raise_notice_flags(now=at(7))
    assert len(open_flags("period_ending")) == 1
    raise_notice_flags(now=at(7, 10), among=[ending.pk + 1000])
    assert len(open_flags("period_ending")) == 1
    raise_notice_flags(now=at(7, 10), among=[ending.pk])
    assert len(open_flags("period_ending")) == 1


def test_sweep_of_every_kind_uses_as_many_queries_for_three_as_for_one(
    ending: Placement, provider: Any, cast: Any, north: Any
) -> None:
    others = []
    for name in ("Adams", "Brown"):
        student = make_student(north, name)
        make_contact(student)
        others.append(
            placement_at(
                PlacementStatus.ACTIVE,
                student=student,
                provider=provider,
                cast=cast,
                now=NOW,
                last=date(2026, 12, 11),
            )
        )
    raise_notice_flags(now=at(7), among=[ending.pk])
    one = count_of(at(7), [ending.pk])
    ids = [ending.pk, *(placement.pk for placement in others)]
    raise_notice_flags(now=at(7), among=ids)
    assert count_of(at(7), ids) == one
    for placement in (ending, *others):
        end_of(placement, cast, at(11, 15))
    raise_notice_flags(now=at(11, 16), among=[ending.pk])
    one = count_of(at(11, 16), [ending.pk])
    raise_notice_flags(now=at(11, 16), among=ids)
    assert len(open_flags("end_unnoticed")) == 3
    assert count_of(at(11, 16), ids) == one
