"""The rules of what is to be done about notices: deadlines by kind, steps, escalation; no database."""

from datetime import date, datetime, timedelta

import pytest

from notices.codes import NoticeKind, Reading
from notices.lifecycle import Status
from notices.rules import (
    CHANGES,
    END_PARTICULARS,
    EndValues,
    NoticeValues,
    Step,
    deadline_day,
    decide_by,
    ends_soon,
    escalated,
    first_roles,
    job_key,
    job_state,
    missing_end_particulars,
    missing_particulars,
    missing_variation_particulars,
    missing_withdrawal_particulars,
    next_step,
)
from tests.factories.calendar import england_calendar
from trust.calendar import LONDON, SchoolCalendar
from trust.errors import CalendarNotLoaded
from trust.permissions import Role

THU = date(2026, 12, 3)
MON = date(2026, 12, 7)


@pytest.fixture
def cal() -> SchoolCalendar:
    return england_calendar()


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=LONDON)


@pytest.mark.policy("P7.2")
@pytest.mark.policy("P7.4")
@pytest.mark.parametrize(
    ("kind", "effective_on", "expected"),
    [
        (NoticeKind.INITIAL, MON, THU),
        (NoticeKind.EXTENSION, MON, THU),
        # A change has the deadline of a start, before the day of the change.
        (NoticeKind.VARIATION, MON, THU),
        (NoticeKind.VARIATION, date(2027, 1, 5), date(2026, 12, 17)),
        # The end is told by the last day of the period, a school day or not.
        (NoticeKind.END, date(2026, 12, 18), date(2026, 12, 18)),
        (NoticeKind.END, date(2026, 12, 19), date(2026, 12, 19)),
        # A withdrawal as soon as practical: two school days after it was decided.
        (NoticeKind.WITHDRAWAL, THU, date(2026, 12, 7)),
        (NoticeKind.WITHDRAWAL, date(2026, 12, 18), date(2027, 1, 6)),
    ],
)
def test_deadline_day_by_kind(cal: SchoolCalendar, kind: str, effective_on: date, expected: date) -> None:
    assert deadline_day(kind, effective_on, cal) == expected


def test_deadline_day_follows_the_settings(cal: SchoolCalendar) -> None:
    assert deadline_day(NoticeKind.VARIATION, MON, cal, reading=Reading.CLEAR) == date(2026, 12, 2)
    assert deadline_day(NoticeKind.WITHDRAWAL, THU, cal, practical_days=1) == date(2026, 12, 4)


def test_deadline_day_outside_the_loaded_years_is_refused(cal: SchoolCalendar) -> None:
    for kind in (NoticeKind.VARIATION, NoticeKind.WITHDRAWAL):
        with pytest.raises(CalendarNotLoaded):
            deadline_day(kind, date(2040, 1, 9), cal)
    assert deadline_day(NoticeKind.END, date(2040, 1, 9), cal) == date(2040, 1, 9)


@pytest.mark.parametrize(
    ("status", "waiting", "late", "expected"),
    [
        (None, 0, 0, Step.PREPARE),
        (Status.VOID, 2, 0, Step.PREPARE),
        (Status.DRAFT, 0, 0, Step.AUTHORISE),
        (Status.AUTHORISED, 2, 0, Step.MAKE),
        (Status.ISSUED, 2, 0, Step.GIVE),
        # Somebody was late, but somebody else still waits: giving comes first.
        (Status.ISSUED, 1, 1, Step.GIVE),
        (Status.ISSUED, 0, 1, Step.LATE),
    ],
)
def test_next_step_of_a_notice(status: str | None, waiting: int, late: int, expected: Step) -> None:
    assert next_step(status, waiting=waiting, late=late) == expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 11, 30), "coming"),
        (date(2026, 12, 1), "due"),
        (date(2026, 12, 2), "due"),
        (THU, "due_today"),
        (date(2026, 12, 4), "overdue"),
    ],
)
def test_job_state_by_day(today: date, expected: str) -> None:
    assert job_state(today, THU, 2) == expected


@pytest.mark.policy("P7.4")
@pytest.mark.parametrize(
    ("today", "last", "expected"),
    [
        # Ten school days after Fri 4 Dec up to Fri 18 Dec, eleven after Thu 3 Dec.
        (date(2026, 12, 4), date(2026, 12, 18), True),
        (date(2026, 12, 3), date(2026, 12, 18), False),
        # The holiday does not count: ten school days after Mon 14 Dec end on Tue 12 Jan.
        (date(2026, 12, 14), date(2027, 1, 12), True),
        (date(2026, 12, 11), date(2027, 1, 12), False),
        (date(2026, 12, 18), date(2026, 12, 18), True),
        (date(2026, 12, 19), date(2026, 12, 18), False),
    ],
)
def test_period_ends_soon_in_school_days(cal: SchoolCalendar, today: date, last: date, expected: bool) -> None:
    assert ends_soon(cal, today, last, 10) is expected


@pytest.mark.policy("P7.4")
@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (date(2026, 12, 4), THU),
        # The extension would start on Tue 5 Jan, so its notice is due before the holiday.
        (date(2026, 12, 18), date(2026, 12, 17)),
    ],
)
def test_decision_is_due_while_an_extension_can_still_be_told(cal: SchoolCalendar, last: date, expected: date) -> None:
    assert decide_by(cal, last) == expected


SLT, HEAD, LEAD = Role.SLT, Role.HEAD, Role.LEAD


@pytest.mark.parametrize(
    ("hours", "due_on", "expected"),
    [
        (0, None, {SLT}),
        (23, None, {SLT}),
        (24, None, {SLT, HEAD}),
        (47, None, {SLT, HEAD}),
        (48, None, {SLT, HEAD, LEAD}),
        # By the day, before any hours have gone by.
        (1, date(2026, 12, 2), {SLT}),
        (1, date(2026, 12, 1), {SLT, HEAD}),
        (1, date(2026, 11, 30), {SLT, HEAD, LEAD}),
    ],
)
def test_escalation_by_hours_and_by_day(hours: int, due_on: date | None, expected: set[Role]) -> None:
    since = at(1, 8)
    now = since + timedelta(hours=hours)
    found = escalated((SLT,), since, now, due_on=due_on, head_hours=24, lead_hours=48)
    assert set(found) == expected
    assert len(found) == len(expected)


def test_escalation_never_takes_anybody_away_and_grows_with_time() -> None:
    before: set[Role] = set()
    for hours in range(0, 96, 6):
        now = at(1) + timedelta(hours=hours)
        found = set(escalated((SLT, HEAD), at(1), now, due_on=THU, head_hours=24, lead_hours=48))
        assert found >= before | {SLT, HEAD}
        before = found
    assert before == {SLT, HEAD, LEAD}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step.PREPARE, (SLT,)),
        (Step.AUTHORISE, (SLT, HEAD)),
        (Step.GIVE, (SLT,)),
        (Step.LATE, (SLT, HEAD)),
        (Step.REPLACE, (SLT, HEAD)),
    ],
)
def test_head_hears_at_once_of_what_only_a_head_can_do(step: Step, expected: tuple[Role, ...]) -> None:
    assert first_roles(step) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (NoticeKind.INITIAL, ("notice_due", "2026-12-07")),
        (NoticeKind.EXTENSION, ("notice_due", "2026-12-07")),
        (NoticeKind.VARIATION, ("change_unnoticed", "2027-01-11")),
        (NoticeKind.END, ("end_unnoticed", "2027-01-11")),
        (NoticeKind.WITHDRAWAL, ("withdrawal_unnoticed", "2026-12-07")),
    ],
)
def test_one_matter_has_one_flag(kind: str, expected: tuple[str, str]) -> None:
    assert job_key(kind, MON, date(2027, 1, 11)) == expected


@pytest.mark.policy("P7.4")
@pytest.mark.parametrize("code", [one.code for one in END_PARTICULARS])
def test_notice_of_the_end_lacks_each_of_its_five_particulars(code: str) -> None:
    whole = {
        "outcome": "Aims met.",
        "return_on": date(2026, 12, 14),
        "return_time": at(1).time(),
        "return_place": "North School, NB1 1AA",
        "return_person": "Ms Reed",
    }
    assert missing_end_particulars(EndValues(**whole)) == []
    without = EndValues(**{name: value for name, value in whole.items() if name != code})
    assert [one.code for one in missing_end_particulars(without)] == [code]


@pytest.mark.policy("P7.3")
def test_notice_of_a_change_needs_the_change_and_all_particulars() -> None:
    values = NoticeValues()
    lacking = missing_particulars(values)
    assert missing_variation_particulars("The place.", values) == lacking
    assert missing_variation_particulars(" ", values) == [CHANGES, *lacking]


def test_withdrawal_needs_its_reasons() -> None:
    assert [one.code for one in missing_withdrawal_particulars(" \n")] == ["reasons"]
    assert missing_withdrawal_particulars("The family has moved.") == []
