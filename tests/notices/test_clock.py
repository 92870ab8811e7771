"""The notice clock of a period with the thresholds in force: words, time left, the last day for each channel."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from notices.codes import Channel, NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries import clock_of, clocks_of, last_days_of, late_sentence
from notices.queries.kinds import clocks_on
from notices.rules import check_given_in_time, counted_days, notice_deadline
from notices.services import record_given
from placements.models import PlacementPeriod
from tests.factories.notices import notice_at
from tests.factories.people import make_student
from tests.factories.placements import placement_at
from tests.fixtures import NOW, TODAY
from tests.notices.conftest import DEADLINE, START, at
from trust.calendar import LONDON
from trust.codes import NonSchoolDayKind, SettingCode
from trust.errors import RuleBroken
from trust.models import NonSchoolDay
from trust.queries import calendar_of
from trust.services import approve_setting, propose_setting


def set_threshold(cast: Any, code: str, value: str, from_day: date = TODAY) -> None:
    """A threshold proposed by the lead and approved by the chief executive."""
    made = propose_setting(code=code, value=value, from_day=from_day, source="Board", by=cast.lead, now=NOW)
    approve_setting(setting_id=made.pk, by=cast.ceo, now=NOW)


# --- the words ---


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (at(2, 12, 10), "Give by 15:10 on Thu 3 Dec 2026 (2 school days before; 1 day and 3 hours left)"),
        (at(3, 15, 9), "Give by 15:10 on Thu 3 Dec 2026 (2 school days before; 1 minute left)"),
        (
            at(3, 17, 10),
            (
                "Give by 15:10 on Thu 3 Dec 2026 (2 school days before; school ended 2 hours ago; it can still be "
                "handed over today)"
            ),
        ),
        (at(4, 9, 10), "Give by 15:10 on Thu 3 Dec 2026 (2 school days before; passed 18 hours ago)"),
    ],
)
def test_clock_says_how_much_time_is_left(period: PlacementPeriod, now: datetime, sentence: str) -> None:
    clock = clock_of(period, now)
    assert clock.sentence == sentence
    assert clock.late == ("passed" in sentence)


def test_clock_asked_for_a_day_has_no_time_left(period: PlacementPeriod) -> None:
    clock = clock_of(period, TODAY)
    assert clock.left == ""
    assert clock.sentence == "Give by 15:10 on Thu 3 Dec 2026 (2 school days before)"


def test_clock_without_session_times_runs_to_the_end_of_the_day(period: PlacementPeriod) -> None:
    period.placement.school.times.all().delete()
    clock = clock_of(period, at(3, 22))
    assert clock.sentence == "Give by Thu 3 Dec 2026 (2 school days before; 2 hours left)"
    assert "before the end of the school day" in clock.send_by


def test_clock_across_the_night_when_the_clocks_go_forward_counts_real_hours(
    student: Any, provider: Any, budget: Any, cast: Any
) -> None:
    placement = placement_at(
        "APPROVED",
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        first=date(2027, 4, 14),
        last=date(2027, 5, 28),
    )
    # Give by Mon 12 Apr 2027 at 15:10; 27 March is still winter time.
    clock = clock_of(placement.periods.get(), datetime(2027, 3, 27, 15, 10, tzinfo=LONDON))
    assert clock.give_by == date(2027, 4, 12)
    assert clock.left == "15 days and 23 hours left"


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize("reading", ["school_days", "clear"])
@pytest.mark.parametrize("day", [date(2026, 12, 7), date(2026, 12, 9)])
def test_deadline_of_a_change_speaks_of_the_change(day: date, reading: str, period: PlacementPeriod) -> None:
    cal = calendar_of(period.placement.school_id)
    deadline = notice_deadline(cal, day, reading, "change")
    plain = notice_deadline(cal, day, reading)
    assert "start" not in deadline.sentence
    assert deadline.sentence.count("change") == plain.sentence.count("start") > 1
    with pytest.raises(RuleBroken) as refused:
        check_given_in_time(deadline, day, cal, reading)
    assert "too late for the change on" in refused.value.message
    assert refused.value.help.startswith("The earliest lawful day for the change is ")
    marks = [mark for week in counted_days(cal, deadline, [], TODAY) for one in week if one for mark in one.marks]
    assert "change" in marks
    assert "start" not in marks


@pytest.mark.policy("P7.2")
def test_clock_of_a_change_speaks_of_the_change_and_that_of_a_period_of_the_start(period: PlacementPeriod) -> None:
    clock = clocks_on([(period, date(2026, 12, 14))], NOW)[0]
    assert clock.deadline is not None
    assert "for the change on Mon 14 Dec 2026" in clock.deadline.sentence
    words = render_to_string("notices/_clock_calendar.html", {"clock": clock})
    assert "Day by day to the change on Mon 14 Dec 2026" in words
    assert "start" not in words.replace("is-start", "")
    of_start = clock_of(period, NOW)
    assert of_start.deadline is not None
    assert of_start.deadline.event == "start"


@pytest.mark.policy("P7.2")
def test_clock_says_the_last_day_for_each_channel_with_the_time(period: PlacementPeriod) -> None:
    assert clock_of(period, NOW).send_by == (
        "Post first class by Tue 1 Dec 2026, e-mail before 15:10 on Thu 3 Dec 2026, or hand over by Thu 3 Dec 2026."
    )


# --- thresholds by date ---


@pytest.mark.policy("P7.2")
def test_clock_follows_the_reading_from_its_day_on(period: PlacementPeriod, cast: Any) -> None:
    set_threshold(cast, SettingCode.NOTICE_READING, "clear", date(2026, 11, 25))
    assert clock_of(period, date(2026, 11, 24)).give_by == DEADLINE
    clock = clock_of(period, date(2026, 11, 25))
    assert clock.give_by == date(2026, 12, 2)
    assert clock.before == "2 clear school days before"
    assert clock.deadline is not None
    assert "third school day before the start" in clock.deadline.sentence
    assert clock.earliest_start == date(2026, 11, 30)


@pytest.mark.policy("P7.2")
def test_clock_of_a_later_post_day_asks_to_post_earlier_and_counts_it_later(period: PlacementPeriod, cast: Any) -> None:
    set_threshold(cast, SettingCode.NOTICE_POST_DAYS, "4")
    assert dict(clock_of(period, NOW).last_days)["First-class post"] == date(2026, 11, 27)
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    for recipient in notice.recipients.all():
        given = record_given(
            recipient_id=recipient.pk, channel=Channel.POST, sent_at=NOW, proof="Certificate", by=cast.slt, now=NOW
        )
        assert given.deemed_given_on == date(2026, 11, 20)


def test_clock_flags_and_practical_days_follow_their_thresholds(period: PlacementPeriod, cast: Any) -> None:
    assert clock_of(period, date(2026, 11, 28)).state == ""
    set_threshold(cast, SettingCode.NOTICE_FLAG_DAYS, "5")
    set_threshold(cast, SettingCode.NOTICE_PRACTICAL_DAYS, "4")
    clock = clock_of(period, date(2026, 11, 28))
    assert (clock.state, clock.flag_days) == ("due", 5)
    assert clock.practical_by == date(2026, 11, 20)


def test_reading_of_the_trust_does_not_touch_an_agreed_placement(period: PlacementPeriod, cast: Any) -> None:
    set_threshold(cast, SettingCode.NOTICE_READING, "clear")
    period.placement.route = "AGREED"
    assert clock_of(period, NOW).give_by == date(2026, 12, 5)


@pytest.mark.policy("P7.2")
def test_late_sentence_names_the_earliest_start_by_the_reading_in_force(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, at(2))
    for recipient in notice.recipients.all():
        record_given(
            recipient_id=recipient.pk, channel=Channel.HAND, sent_at=at(4), proof="x", by=cast.slt, now=at(4, 10)
        )
    notice = DirectionNotice.objects.get(pk=notice.pk)
    assert "earliest lawful start is Tue 8 Dec 2026" in late_sentence(notice, date(2026, 12, 4))
    set_threshold(cast, SettingCode.NOTICE_READING, "clear", date(2026, 12, 4))
    assert "earliest lawful start is Wed 9 Dec 2026" in late_sentence(notice, date(2026, 12, 4))


# --- many at once ---


def test_clocks_of_many_periods_take_as_many_queries_as_of_one(
    period: PlacementPeriod, north: Any, provider: Any, cast: Any, django_assert_num_queries: Any
) -> None:
    for name in ("Bell", "Cole", "Dunn"):
        placement_at("APPROVED", student=make_student(north, name), provider=provider, cast=cast, now=NOW)
    periods = list(PlacementPeriod.objects.select_related("placement"))
    assert len(periods) == 4
    with django_assert_num_queries(4):
        clocks_of(periods[:1], NOW)
    with django_assert_num_queries(4):
        clocks_of(periods, NOW)


@pytest.mark.policy("P7.2")
def test_last_days_of_notices_are_frozen_once_given(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    school = period.placement.school
    assert last_days_of([notice], TODAY) == {notice.pk: DEADLINE}
    NonSchoolDay.objects.create(school=school, day=date(2026, 12, 4), kind=NonSchoolDayKind.CLOSURE, note="Boiler")
    assert last_days_of([notice], TODAY) == {notice.pk: date(2026, 12, 2)}
    for recipient in notice.recipients.all():
        record_given(recipient_id=recipient.pk, channel=Channel.HAND, sent_at=NOW, proof="x", by=cast.slt, now=NOW)
    notice = DirectionNotice.objects.get(pk=notice.pk)
    school.non_school_days.filter(note="Boiler").delete()
    assert last_days_of([notice], TODAY) == {notice.pk: date(2026, 12, 2)}


def test_last_day_of_an_end_and_of_a_withdrawal_by_their_own_rules(period: PlacementPeriod, cast: Any) -> None:
    end = DirectionNotice(pk=1, placement_period=period, kind=NoticeKind.END, effective_on=date(2027, 2, 5))
    gone = DirectionNotice(pk=2, placement_period=period, kind=NoticeKind.WITHDRAWAL, effective_on=TODAY)
    assert last_days_of([end, gone], TODAY) == {1: date(2027, 2, 5), 2: TODAY + timedelta(days=2)}
    set_threshold(cast, SettingCode.NOTICE_PRACTICAL_DAYS, "5")
    assert last_days_of([gone], TODAY) == {2: date(2026, 11, 23)}
    period.placement.school.terms.all().delete()
    assert last_days_of([gone], TODAY) == {2: None}


# --- the calendar ---


def test_clock_calendar_names_closures_and_marks_the_last_days(period: PlacementPeriod) -> None:
    school = period.placement.school
    NonSchoolDay.objects.create(school=school, day=date(2026, 12, 4), kind=NonSchoolDayKind.CLOSURE, note="Boiler")
    days = {one.day: one for week in clock_of(period, NOW).weeks for one in week if one}
    assert days[date(2026, 12, 4)].words == "Closure: Boiler"
    assert days[date(2026, 12, 3)].words == "school day 1 before"
    assert days[date(2026, 12, 2)].marks[0] == "last day: enforced"
    assert days[START].marks == ("start",)


@pytest.mark.policy("P7.2")
def test_notice_page_shows_the_calendar_in_words(client: Client, period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    client.force_login(cast.slt)
    page = " ".join(client.get(reverse("notices:notice-detail", args=[notice.pk])).content.decode().split())
    assert "days and 5 hours left)" in page
    assert "<caption> Day by day to the start on Mon 7 Dec 2026." in page
    assert "last day: enforced" in page
    assert "school day 2 before" in page
    assert 'style="' not in page


@pytest.mark.policy("P7.2")
def test_notice_page_shows_the_frozen_last_day_once_given(client: Client, period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.GIVEN, period, cast, NOW)
    NonSchoolDay.objects.create(school=period.placement.school, day=date(2026, 12, 4), kind=NonSchoolDayKind.CLOSURE)
    client.force_login(cast.slt)
    page = " ".join(client.get(reverse("notices:notice-detail", args=[notice.pk])).content.decode().split())
    assert "Last day Thu 3 Dec 2026" in page
    assert "Give by 15:10" not in page


def test_clock_given_has_no_time_left(period: PlacementPeriod, cast: Any) -> None:
    notice_at(Status.GIVEN, period, cast, NOW)
    clock = clock_of(PlacementPeriod.objects.get(pk=period.pk), at(4))
    assert (clock.left, clock.late, clock.state) == ("", False, "")
