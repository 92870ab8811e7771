from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notices.codes import Channel, Outcome, Reading, RecipientKind
from notices.rules import (
    END_PARTICULARS,
    PARTICULARS,
    ContactFacts,
    CountedDay,
    EndValues,
    Given,
    NoticeValues,
    Recipient,
    RecipientFacts,
    SessionTimes,
    SiteAddress,
    applicable_particulars,
    before_words,
    check_given_in_time,
    check_particulars,
    check_recipients,
    clear_deadline,
    counted_days,
    deemed_given_on,
    earliest_lawful_start,
    end_of_day,
    last_send_day,
    missing_end_particulars,
    missing_particulars,
    notice_deadline,
    notice_flag,
    on_time,
    outcome_of,
    policy_deadline,
    required_recipients,
    school_day_deadline,
    send_by_sentence,
    time_left,
    verdict,
)
from tests.factories.calendar import england_calendar
from trust.calendar import LONDON, HalfTerm, SchoolCalendar, Term, YearDays, bank_holidays
from trust.errors import CalendarNotLoaded, RuleBroken

CAL = england_calendar()
END_OF_DAY = time(15, 10)
STARTS = st.dates(date(2025, 11, 1), date(2028, 6, 1))
SENT = st.datetimes(datetime(2025, 10, 1), datetime(2028, 6, 1), timezones=st.sampled_from([UTC, LONDON]))  # noqa: DTZ001
READINGS = st.sampled_from(Reading.values)
CHANNELS = st.sampled_from(Channel.values)
exact = settings(deadline=None, derandomize=True)

# Christmas holiday Sat 19 Dec 2026 to Sun 3 Jan 2027, INSET Mon 4 Jan 2027: start, policy, school days, clear.
WORKED = [
    (date(2026, 12, 7), date(2026, 12, 5), date(2026, 12, 3), date(2026, 12, 2)),
    (date(2026, 12, 9), date(2026, 12, 7), date(2026, 12, 7), date(2026, 12, 4)),
    (date(2026, 12, 10), date(2026, 12, 8), date(2026, 12, 8), date(2026, 12, 7)),
    (date(2027, 1, 5), date(2027, 1, 3), date(2026, 12, 17), date(2026, 12, 16)),
]


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(("start", "policy", "school_days", "clear"), WORKED)
def test_deadline_of_each_worked_start(start, policy, school_days, clear):
    assert policy_deadline(start) == policy
    assert school_day_deadline(CAL, start) == school_days
    assert clear_deadline(CAL, start) == clear
    deadline = notice_deadline(CAL, start)
    assert (deadline.start, deadline.policy, deadline.school_days, deadline.clear) == (
        start,
        policy,
        school_days,
        clear,
    )


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("start", "reading", "enforced", "which"),
    [
        (date(2026, 12, 7), "school_days", date(2026, 12, 3), "school_days"),
        (date(2026, 12, 7), "clear", date(2026, 12, 2), "clear"),
        (date(2026, 12, 7), "policy", date(2026, 12, 5), "policy"),
        (date(2026, 12, 9), "school_days", date(2026, 12, 7), "both"),
        (date(2026, 12, 9), "clear", date(2026, 12, 4), "clear"),
        (date(2026, 12, 10), "school_days", date(2026, 12, 8), "both"),
        (date(2027, 1, 5), "school_days", date(2026, 12, 17), "school_days"),
        (date(2027, 1, 5), "policy", date(2027, 1, 3), "policy"),
    ],
)
def test_enforced_deadline_is_the_stricter_and_says_which(start, reading, enforced, which):
    deadline = notice_deadline(CAL, start, reading)
    assert (deadline.enforced, deadline.which) == (enforced, which)


def test_deadline_sentence_names_both_dates():
    assert notice_deadline(CAL, date(2026, 12, 7)).sentence == (
        "Give the notice by Thu 3 Dec 2026 for the start on Mon 7 Dec 2026. This is the second school day before "
        "the start; the policy's two calendar days alone would be Sat 5 Dec 2026."
    )
    assert "end on the same day" in notice_deadline(CAL, date(2026, 12, 9)).sentence
    assert "third school day" in notice_deadline(CAL, date(2026, 12, 9), "clear").sentence
    assert "The policy asks for two calendar days" in notice_deadline(CAL, date(2026, 12, 9), "policy").sentence


def test_deadline_outside_the_loaded_years_is_refused():
    for start in (date(2029, 1, 8), date(1, 1, 1), date.max):
        with pytest.raises(CalendarNotLoaded):
            notice_deadline(CAL, start)


@pytest.mark.policy("P7.2")
@exact
@given(STARTS)
def test_deadline_leaves_exactly_two_or_three_school_days(start):
    deadline = notice_deadline(CAL, start)
    day_before = start - timedelta(1)
    assert CAL.count(deadline.school_days, day_before) == 2
    assert CAL.count(deadline.clear, day_before) == 3
    assert CAL.is_school_day(deadline.school_days)
    assert CAL.is_school_day(deadline.clear)


@pytest.mark.policy("P7.2")
@exact
@given(STARTS, READINGS)
def test_enforced_deadline_is_never_later_than_the_policy(start, reading):
    deadline = notice_deadline(CAL, start, reading)
    assert deadline.enforced <= deadline.policy == start - timedelta(2)
    assert deadline.clear < deadline.school_days <= deadline.policy


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("given_on", "reading", "expected"),
    [
        (date(2026, 12, 3), "school_days", date(2026, 12, 7)),
        (date(2026, 12, 4), "school_days", date(2026, 12, 8)),
        (date(2026, 12, 3), "clear", date(2026, 12, 8)),
        (date(2026, 12, 5), "policy", date(2026, 12, 7)),
        (date(2026, 12, 17), "school_days", date(2027, 1, 5)),
        (date(2026, 12, 18), "school_days", date(2027, 1, 6)),
        (date(2026, 12, 24), "school_days", date(2027, 1, 7)),
    ],
)
def test_earliest_lawful_start_after_a_day(given_on, reading, expected):
    assert earliest_lawful_start(CAL, given_on, reading) == expected


@exact
@given(STARTS, READINGS)
def test_earliest_lawful_start_is_lawful_and_the_one_before_is_not(given_on, reading):
    start = earliest_lawful_start(CAL, given_on, reading)
    assert CAL.is_school_day(start)
    assert notice_deadline(CAL, start, reading).enforced >= given_on
    assert notice_deadline(CAL, CAL.school_days_before(start, 1), reading).enforced < given_on


@pytest.mark.policy("P7.2")
def test_late_notice_is_refused_with_the_earliest_lawful_start():
    deadline = notice_deadline(CAL, date(2026, 12, 7))
    check_given_in_time(deadline, date(2026, 12, 3), CAL)
    with pytest.raises(RuleBroken, match="the last day was Thu 3 Dec 2026") as refused:
        check_given_in_time(deadline, date(2026, 12, 4), CAL)
    assert "The earliest lawful start is Tue 8 Dec 2026." in refused.value.help


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("channel", "sent_at", "expected"),
    [
        ("HAND", _at(date(2026, 12, 3), 18), date(2026, 12, 3)),
        ("HAND", _at(date(2026, 12, 5), 10), date(2026, 12, 5)),
        ("EMAIL", _at(date(2026, 12, 3), 15, 9), date(2026, 12, 3)),
        ("EMAIL", _at(date(2026, 12, 3), 15, 10), date(2026, 12, 4)),
        ("EMAIL", _at(date(2026, 12, 4), 16), date(2026, 12, 7)),
        ("EMAIL", _at(date(2026, 12, 5), 9), date(2026, 12, 7)),
        ("EMAIL", _at(date(2026, 12, 18), 16), date(2027, 1, 5)),
        ("EMAIL", _at(date(2027, 1, 4), 9), date(2027, 1, 5)),
        ("EMAIL", datetime(2026, 6, 9, 14, 30, tzinfo=UTC), date(2026, 6, 10)),  # 15:30 in London
        ("POST", _at(date(2026, 12, 1), 17), date(2026, 12, 3)),
        ("POST", _at(date(2026, 12, 3), 17), date(2026, 12, 7)),
        ("POST", _at(date(2026, 12, 5), 9), date(2026, 12, 8)),
        ("POST", _at(date(2026, 12, 23), 9), date(2026, 12, 29)),  # Christmas and Boxing Day's substitute
        ("HAND", datetime(2026, 7, 1, 23, 30, tzinfo=UTC), date(2026, 7, 2)),  # past midnight in London
    ],
)
def test_deemed_given_by_channel(channel, sent_at, expected):
    assert deemed_given_on(channel, sent_at, END_OF_DAY, CAL) == expected


@pytest.mark.parametrize("channel", Channel.values)
def test_deemed_given_at_a_naive_instant_is_a_mistake(channel):
    with pytest.raises(ValueError, match="time zone"):
        deemed_given_on(channel, datetime(2026, 12, 3, 9), END_OF_DAY, CAL)  # noqa: DTZ001


@exact
@given(CHANNELS, SENT)
def test_deemed_given_is_never_before_sent(channel, sent_at):
    assert deemed_given_on(channel, sent_at, END_OF_DAY, CAL) >= sent_at.astimezone(LONDON).date()


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("channel", "deadline", "expected"),
    [
        ("HAND", date(2026, 12, 3), date(2026, 12, 3)),
        ("EMAIL", date(2026, 12, 3), date(2026, 12, 3)),
        ("POST", date(2026, 12, 3), date(2026, 12, 1)),
        ("POST", date(2026, 12, 8), date(2026, 12, 4)),
        ("POST", date(2026, 12, 5), date(2026, 12, 2)),
        ("EMAIL", date(2026, 12, 5), date(2026, 12, 4)),
        ("EMAIL", date(2027, 1, 3), date(2026, 12, 18)),
        ("POST", date(2026, 12, 29), date(2026, 12, 23)),
    ],
)
def test_last_send_day_by_channel(channel, deadline, expected):
    assert last_send_day(channel, deadline, CAL) == expected


@exact
@given(CHANNELS, STARTS)
def test_sending_on_the_last_day_is_in_time_and_on_the_next_school_day_is_not(channel, deadline):
    last = last_send_day(channel, deadline, CAL)
    assert deemed_given_on(channel, _at(last, 9), END_OF_DAY, CAL) <= deadline
    later = max(CAL.add(last, 1), deadline + timedelta(1))
    assert deemed_given_on(channel, _at(later, 9), END_OF_DAY, CAL) > deadline


def test_send_by_sentence_gives_a_day_per_channel():
    assert send_by_sentence(CAL, date(2026, 12, 3)) == (
        "Post first class by Tue 1 Dec 2026, e-mail before the end of the school day on Thu 3 Dec 2026, "
        "or hand over by Thu 3 Dec 2026."
    )


@pytest.mark.policy("P7.2")
def test_verdict_in_time_only_when_everybody_was():
    by = date(2026, 12, 3)
    assert verdict(by, [Given("Ann", by), Given("Bob", date(2026, 12, 1))]).in_time is True
    late = verdict(by, [Given("Ann", by), Given("Bob", date(2026, 12, 4)), Given("LA", None)])
    assert (late.in_time, late.late, late.waiting) == (False, ("Bob",), ("LA",))
    assert late.sentence == "Given after Thu 3 Dec 2026 to Bob. Not yet given to LA."


def test_verdict_without_recipients_is_not_in_time():
    assert verdict(date(2026, 12, 3), []).in_time is False


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("today", "given_already", "expected"),
    [
        (date(2026, 11, 30), False, None),
        (date(2026, 12, 1), False, "due"),
        (date(2026, 12, 3), False, "due"),
        (date(2026, 12, 4), False, "overdue"),
        (date(2026, 12, 7), False, "overdue"),
        (date(2026, 12, 20), False, "overdue"),
        (date(2026, 12, 4), True, None),
    ],
)
def test_notice_flag_day_by_day_before_mon_7_dec(today, given_already, expected):
    assert notice_flag(today, date(2026, 12, 7), date(2026, 12, 3), given_already) == expected


@pytest.mark.policy("P7.2")
def test_notice_flag_less_than_two_days_before_the_start_is_overdue():
    # A deadline that has not passed does not help when the start is tomorrow.
    assert notice_flag(date(2026, 12, 6), date(2026, 12, 7), date(2026, 12, 6), False) == "overdue"
    assert notice_flag(date(2026, 12, 5), date(2026, 12, 7), date(2026, 12, 5), False) == "due"


@exact
@given(STARTS, READINGS)
def test_notice_flag_over_time_goes_from_nothing_to_due_to_overdue(start, reading):
    deadline = notice_deadline(CAL, start, reading).enforced
    days = [start + timedelta(n) for n in range(-60, 10)]
    flags = [notice_flag(day, start, deadline, False) for day in days]
    assert flags == sorted(flags, key=[None, "due", "overdue"].index)
    assert flags.count("due") == 3


ANN = ContactFacts(1, "Ann", natural_parent=True, parental_responsibility=True, has_care=True)
BOB = ContactFacts(2, "Bob", natural_parent=True, parental_responsibility=False, has_care=False)
CARER = ContactFacts(3, "Cara", natural_parent=False, parental_responsibility=False, has_care=True)
COUNCIL = ContactFacts(4, "Dee", natural_parent=False, parental_responsibility=True, has_care=False)
AUNT = ContactFacts(5, "Eve", natural_parent=False, parental_responsibility=False, has_care=False)
FACTS = RecipientFacts((ANN, BOB, CARER, COUNCIL, AUNT), "Fay", date(2011, 3, 1), date(2026, 12, 7))


def _kinds_and_names(facts: RecipientFacts) -> list[tuple[str, str]]:
    return [(one.kind.value, one.name) for one in required_recipients(facts)]


@pytest.mark.policy("P7.2")
def test_recipients_are_every_parent_of_section_576():
    assert _kinds_and_names(FACTS) == [(RecipientKind.PARENT, name) for name in ("Ann", "Bob", "Cara", "Dee")]
    assert [one.contact_id for one in required_recipients(FACTS)] == [1, 2, 3, 4]


def test_recipients_leave_out_a_restricted_parent():
    facts = replace(FACTS, contacts=(ANN, replace(BOB, restricted=True)))
    assert _kinds_and_names(facts) == [("PARENT", "Ann")]


@pytest.mark.parametrize(
    ("dob", "kinds"), [(date(2008, 12, 7), ["PARENT", "STUDENT"]), (date(2008, 12, 8), ["PARENT"])]
)
def test_recipients_include_the_student_from_18(dob, kinds):
    facts = replace(FACTS, contacts=(ANN,), date_of_birth=dob)
    assert [one.kind.value for one in required_recipients(facts)] == kinds


def test_recipients_with_ehc_plan_and_looked_after():
    facts = replace(
        FACTS,
        contacts=(ANN,),
        ehc_plan=True,
        la_name="Northshire",
        looked_after=True,
        virtual_school_name="Gil",
        social_worker_name="Hal",
    )
    assert _kinds_and_names(facts) == [
        ("PARENT", "Ann"),
        ("LA", "Northshire"),
        ("VIRTUAL_SCHOOL", "Gil"),
        ("SOCIAL_WORKER", "Hal"),
    ]
    assert _kinds_and_names(replace(facts, ehc_plan=False, looked_after=False)) == [("PARENT", "Ann")]


def test_recipients_none_or_unnamed_are_refused():
    with pytest.raises(RuleBroken, match="No parent or carer"):
        check_recipients([])
    with pytest.raises(RuleBroken, match="local authority and social worker, whose name"):
        check_recipients([Recipient(RecipientKind.LA, " "), Recipient(RecipientKind.SOCIAL_WORKER, "")])
    check_recipients(required_recipients(FACTS))


FULL = NoticeValues(
    reasons="Suspended twice this term.",
    aims=("Attend nine of ten sessions.",),
    measurable_aims=1,
    period_first=date(2026, 12, 7),
    period_last=date(2027, 1, 15),
    school_days=19,
    school_days_computed=19,
    start_on=date(2026, 12, 7),
    start_time=time(9, 0),
    sites=(SiteAddress("Mill House", "1 Mill Lane", "Northam", "NN1 1NN"),),
    report_to="Ida Jay",
    sessions=(SessionTimes(time(9), time(12), time(13), time(15)),),
    exclusion_alternative=True,
    exclusion_statement="This is an alternative to permanent exclusion.",
    review_dates=(date(2026, 12, 18),),
    review_right="You may ask for a review in writing.",
    legal_basis="SI 2010/1156.",
)


def _missing(**changes: object) -> list[str]:
    return [one.code for one in missing_particulars(replace(FULL, **changes))]


@pytest.mark.policy("P7.3")
def test_particulars_complete_notice_lacks_nothing():
    assert missing_particulars(FULL) == []
    check_particulars([])


@pytest.mark.policy("P7.3")
def test_particulars_empty_notice_lacks_everything():
    assert [one.code for one in missing_particulars(NoticeValues())] == [
        one.code for one in PARTICULARS if one.code != "site_days"
    ]
    assert missing_end_particulars(EndValues()) == list(END_PARTICULARS)


SITE = FULL.sites[0]
TIMES = FULL.sessions[0]


@pytest.mark.policy("P7.3")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reasons": "  "}, "reasons"),
        ({"aims": (" ",)}, "aims"),
        ({"measurable_aims": 0}, "measurable_aim"),
        ({"period_last": None}, "period"),
        ({"period_first": None}, "period"),
        ({"period_last": date(2026, 12, 1)}, "period"),
        ({"school_days": None}, "school_days"),
        ({"school_days": 0, "school_days_computed": 0}, "school_days"),
        ({"school_days": 18}, "school_days"),
        ({"start_on": None}, "start_on"),
        ({"start_time": None}, "start_time"),
        ({"sites": ()}, "address"),
        ({"sites": (replace(SITE, street=""),)}, "address"),
        ({"sites": (replace(SITE, town=""),)}, "address"),
        ({"sites": (replace(SITE, postcode=" "),)}, "address"),
        ({"sites": (replace(SITE, days="Mon"), replace(SITE, days=""))}, "site_days"),
        ({"report_to": ""}, "report_to"),
        ({"sessions": ()}, "session_times"),
        ({"sessions": (TIMES, replace(TIMES, pm_end=None))}, "session_times"),
        ({"exclusion_statement": ""}, "exclusion_statement"),
        ({"exclusion_alternative": None}, "exclusion_statement"),
        ({"review_dates": ()}, "review_dates"),
        ({"review_right": ""}, "review_right"),
        ({"legal_basis": ""}, "legal_basis"),
    ],
)
def test_particulars_each_missing_one_is_named(changes, code):
    assert _missing(**changes) == [code]


@pytest.mark.policy("P7.3")
@pytest.mark.parametrize(
    "changes",
    [
        {"school_days": 18, "school_days_reason": "One day for an exam at school."},
        {"sites": (replace(SITE, days="Mon"), replace(SITE, days="Tue"))},
        {"sessions": (SessionTimes(time(9), time(12), one_session=True),)},
        {"sessions": (SessionTimes(pm_start=time(13), pm_end=time(15), one_session=True),)},
        {"exclusion_alternative": False, "exclusion_statement": ""},
    ],
)
def test_particulars_lawful_variants_lack_nothing(changes):
    assert _missing(**changes) == []


@pytest.mark.parametrize(
    "times",
    [
        SessionTimes(),
        SessionTimes(one_session=True),
        SessionTimes(time(9), time(12)),
        SessionTimes(time(9), None, one_session=True),
        SessionTimes(time(9), time(12), time(13), time(15), one_session=True),
        SessionTimes(time(12), time(9), time(13), time(15)),
        SessionTimes(time(9), time(13, 30), time(13), time(15)),
        SessionTimes(time(9), time(9), one_session=True),
    ],
)
def test_session_times_incomplete_or_out_of_order(times):
    assert times.complete is False


@pytest.mark.policy("P5.2")
def test_exclusion_statement_applies_unless_ruled_out():
    def applies(answer: bool | None) -> bool:
        codes = [one.code for one in applicable_particulars(replace(FULL, exclusion_alternative=answer))]
        return "exclusion_statement" in codes

    assert (applies(True), applies(None), applies(False)) == (True, True, False)


@pytest.mark.policy("P7.3")
def test_notice_with_missing_particulars_cannot_be_issued():
    with pytest.raises(RuleBroken, match="still lacks the reasons for the referral and the legal basis") as refused:
        check_particulars(missing_particulars(replace(FULL, reasons="", legal_basis="")))
    assert refused.value.field == "reasons"


@pytest.mark.policy("P7.4")
def test_end_notice_names_each_missing_particular():
    values = EndValues("Aims met.", date(2027, 1, 18), time(8, 40), "Main reception", "Kit Lee")
    assert missing_end_particulars(values) == []
    for one in END_PARTICULARS:
        empty = "" if isinstance(getattr(values, one.code), str) else None
        assert missing_end_particulars(replace(values, **{one.code: empty})) == [one]


# --- the words of the clock ---


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("now", "until", "words"),
    [
        # Until 15:00 on Thu 3 Dec 2026.
        (_at(date(2026, 12, 2), 12), _at(date(2026, 12, 3), 15), "1 day and 3 hours left"),
        (_at(date(2026, 12, 2), 15), _at(date(2026, 12, 3), 15), "1 day left"),
        (_at(date(2026, 12, 2), 14, 30), _at(date(2026, 12, 3), 15), "1 day left"),
        (_at(date(2026, 11, 26), 15), _at(date(2026, 12, 3), 15), "7 days left"),
        (_at(date(2026, 12, 3), 12, 59), _at(date(2026, 12, 3), 15), "2 hours and 1 minute left"),
        (_at(date(2026, 12, 3), 13), _at(date(2026, 12, 3), 15), "2 hours left"),
        (_at(date(2026, 12, 3), 14, 35), _at(date(2026, 12, 3), 15), "25 minutes left"),
        (_at(date(2026, 12, 3), 14, 59), _at(date(2026, 12, 3), 15), "1 minute left"),
        (_utc(2026, 12, 3, 14, 59, 30), _at(date(2026, 12, 3), 15), "less than a minute left"),
        (_at(date(2026, 12, 3), 15), _at(date(2026, 12, 3), 15), "passed less than a minute ago"),
        (_at(date(2026, 12, 3), 17), _at(date(2026, 12, 3), 15), "passed 2 hours ago"),
        (_at(date(2026, 12, 5), 16, 5), _at(date(2026, 12, 3), 15), "passed 2 days and 1 hour ago"),
        # The night of 28 March 2027 has no hour from one to two, that of 25 October 2026 has it twice.
        (_at(date(2027, 3, 27), 15), _at(date(2027, 3, 28), 15), "23 hours left"),
        (_at(date(2026, 10, 24), 15), _at(date(2026, 10, 25), 15), "1 day and 1 hour left"),
        (_utc(2026, 10, 25, 0, 30), _utc(2026, 10, 25, 1, 30), "1 hour left"),
        # The same instants asked for on another clock give the same words.
        (_utc(2026, 7, 1, 13), _at(date(2026, 7, 1), 15), "1 hour left"),
    ],
)
def test_time_left_in_words(now, until, words):
    assert time_left(now, until) == words


@exact
@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.sampled_from([UTC, LONDON])),  # noqa: DTZ001
    st.timedeltas(timedelta(minutes=-90 * 24 * 60), timedelta(minutes=90 * 24 * 60)),
)
def test_time_left_is_never_more_than_there_is_and_at_most_a_part_less(now, span):
    until = now.astimezone(UTC) + span
    words = time_left(now, until)
    assert words.endswith(" left") == (span > timedelta())
    parts = dict.fromkeys(("day", "hour", "minute"), 0)
    if "less than" not in words:
        for part in words.removesuffix(" left").removeprefix("passed ").removesuffix(" ago").split(" and "):
            number, unit = part.split()
            parts[unit.removesuffix("s")] = int(number)
    said = timedelta(days=parts["day"], hours=parts["hour"], minutes=parts["minute"])
    size = timedelta(hours=1) if parts["day"] else timedelta(minutes=1)
    assert timedelta() <= abs(span) - said < size


def test_time_left_between_naive_instants_is_a_mistake():
    for now, until in ((datetime(2026, 12, 3), _utc(2026, 12, 3)), (_utc(2026, 12, 3), datetime(2026, 12, 3))):  # noqa: DTZ001
        with pytest.raises(ValueError, match="time zone"):
            time_left(now, until)


def test_end_of_day_is_the_end_of_school_or_of_the_day_in_london():
    assert end_of_day(date(2026, 12, 3), time(15, 10)) == _at(date(2026, 12, 3), 15, 10)
    assert end_of_day(date(2026, 7, 3), time(15, 10)) == _utc(2026, 7, 3, 14, 10)
    assert end_of_day(date(2026, 12, 3), None) == _at(date(2026, 12, 4), 0)
    assert end_of_day(date(2026, 10, 25), None) == _utc(2026, 10, 26)


def test_before_words_of_each_reading():
    def words(start, reading):
        return before_words(notice_deadline(CAL, start, reading).which)

    assert words(date(2026, 12, 7), "school_days") == "2 school days before"
    assert words(date(2026, 12, 7), "clear") == "2 clear school days before"
    assert words(date(2026, 12, 7), "policy") == "2 days before"
    assert words(date(2026, 12, 9), "school_days") == "2 school days before"


# --- the calendar of the clock ---


def _pictured(start, reading="school_days", today=date(2026, 11, 30), cal=CAL):
    deadline = notice_deadline(cal, start, reading)
    sends = [("post", last_send_day("POST", deadline.enforced, cal)), ("hand over", deadline.enforced)]
    return counted_days(cal, deadline, sends, today)


def test_counted_days_over_christmas_name_every_day():
    closed = {date(2026, 12, 16)}
    weeks = _pictured(date(2027, 1, 5), cal=england_calendar(closed), today=date(2026, 12, 14))
    days = {one.day: one for week in weeks for one in week if one}
    assert min(days) == date(2026, 12, 13)
    assert max(days) == date(2027, 1, 5)
    assert days[date(2027, 1, 5)].marks == ("start",)
    assert (days[date(2027, 1, 5)].before, days[date(2027, 1, 5)].words) == (None, "school day")
    assert days[date(2027, 1, 4)].words == "closed"
    assert days[date(2027, 1, 3)].words == "weekend"
    assert days[date(2027, 1, 3)].marks == ("last day: policy",)
    assert days[date(2027, 1, 1)].words == "bank holiday: New Year's Day"
    assert days[date(2026, 12, 23)].words == "holiday"
    assert days[date(2026, 12, 18)].words == "school day 1 before"
    assert days[date(2026, 12, 17)].words == "school day 2 before"
    assert days[date(2026, 12, 17)].marks == ("last day: enforced", "last day: school days", "last day: hand over")
    assert days[date(2026, 12, 16)].words == "closed"
    assert days[date(2026, 12, 15)].marks == ("last day: clear school days", "last day: post")
    assert days[date(2026, 12, 14)].marks == ("today",)
    assert [one.day for one in days.values() if one.enforced] == [date(2026, 12, 17)]


def test_counted_days_are_whole_weeks_and_none_outside_what_is_loaded():
    weeks = _pictured(date(2026, 12, 9))
    assert all(len(week) == 7 for week in weeks)
    assert [one is None for one in weeks[-1]] == [False, False, False, True, True, True, True]
    first = counted_days(CAL, notice_deadline(CAL, date(2025, 9, 5)), [], date(2026, 1, 1))
    assert first[0][0] == CountedDay(date(2025, 9, 1), None, "closed", ())


# --- any calendar ---


@st.composite
def calendars(draw):
    """A school's year with random terms, half-terms, INSET days and closures."""
    first = date(2026, 9, 1) + timedelta(draw(st.integers(0, 10)))
    terms = []
    for season in ("AUTUMN", "SPRING", "SUMMER"):
        halves = []
        for _ in range(2):
            last = first + timedelta(draw(st.integers(20, 50)))
            halves.append(HalfTerm(first, last))
            first = last + timedelta(draw(st.integers(1, 12)))
        terms.append(Term(season, (halves[0], halves[1])))
        first += timedelta(draw(st.integers(0, 8)))
    days = [term.first + timedelta(n) for term in terms for n in range((term.last - term.first).days)]
    closed = draw(st.sets(st.sampled_from(days), max_size=25))
    year = YearDays("2026/27", date(2026, 9, 1), date(2027, 8, 31), tuple(terms), frozenset(closed))
    return SchoolCalendar([year])


@st.composite
def starts(draw):
    """A random calendar and a school day of it, far enough from its edges to be counted."""
    cal = draw(calendars())
    days = cal.years[0].school_days
    return cal, draw(st.sampled_from(days[8:-8]))


many = settings(deadline=None, derandomize=True, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.policy("P7.2")
@many
@given(starts(), READINGS)
def test_deadline_on_any_calendar_leaves_the_school_days_of_its_reading(where, reading):
    cal, start = where
    deadline = notice_deadline(cal, start, reading)
    day_before = start - timedelta(1)
    assert deadline.enforced <= deadline.policy
    left = cal.count(deadline.enforced, day_before)
    if reading == "policy":
        assert deadline.enforced == deadline.policy
        return
    wanted = 2 if reading == "school_days" else 3
    assert left >= wanted
    if deadline.which in ("school_days", "clear"):
        assert left == wanted
        assert cal.is_school_day(deadline.enforced)


@pytest.mark.policy("P7.2")
@many
@given(starts(), READINGS)
def test_deadline_on_any_calendar_never_moves_back_when_the_start_moves_on(where, reading):
    cal, start = where
    assert notice_deadline(cal, start + timedelta(1), reading).enforced >= notice_deadline(cal, start, reading).enforced


@pytest.mark.policy("P7.2")
@many
@given(starts(), CHANNELS, st.sampled_from([2, 3, 4, 5]))
def test_last_send_day_on_any_calendar_is_in_time_and_later_is_not(where, channel, post_days):
    cal, start = where
    deadline = notice_deadline(cal, start).enforced
    last = last_send_day(channel, deadline, cal, post_days)
    assert deemed_given_on(channel, _at(last, 9), END_OF_DAY, cal, post_days) <= deadline
    for later in range(1, 6):
        sent = last + timedelta(later)
        # Post put in the box at a weekend is collected with Monday's at the earliest: never offered as the last day.
        if channel != "POST" or (sent.weekday() < 5 and not bank_holidays(sent, sent)):
            assert deemed_given_on(channel, _at(sent, 9), END_OF_DAY, cal, post_days) > deadline


@pytest.mark.policy("P7.2")
@many
@given(starts(), READINGS)
def test_earliest_lawful_start_on_any_calendar_is_the_first_one(where, reading):
    cal, given_on = where
    try:
        earliest = earliest_lawful_start(cal, given_on, reading)
    except CalendarNotLoaded:
        # Only when the year ends before a start could be lawful.
        assert cal.count(given_on, cal.years[0].school_days[-1]) <= 4
        return
    lawful = [day for day in cal.between(given_on, earliest) if notice_deadline(cal, day, reading).enforced >= given_on]
    assert lawful == [earliest]


@pytest.mark.policy("P7.2")
@many
@given(starts(), st.integers(2, 5), st.integers(2, 5))
def test_stricter_threshold_on_any_calendar_never_gives_a_later_day(where, fewer, more):
    cal, start = where
    fewer, more = sorted((fewer, more))
    law, careful = notice_deadline(cal, start), notice_deadline(cal, start, "clear")
    assert careful.enforced <= law.enforced <= notice_deadline(cal, start, "policy").enforced
    assert last_send_day("POST", law.enforced, cal, more) <= last_send_day("POST", law.enforced, cal, fewer)
    posted = _at(law.enforced, 9)
    assert deemed_given_on("POST", posted, END_OF_DAY, cal, fewer) <= deemed_given_on(
        "POST", posted, END_OF_DAY, cal, more
    )


@pytest.mark.policy("P7.2")
@many
@given(starts(), st.integers(2, 14), st.integers(2, 14))
def test_notice_flag_with_more_days_is_never_raised_later(where, fewer, more):
    cal, start = where
    fewer, more = sorted((fewer, more))
    deadline = notice_deadline(cal, start).enforced
    for back in range(20):
        today = start - timedelta(back)
        if notice_flag(today, start, deadline, False, fewer):
            assert notice_flag(today, start, deadline, False, more)


@many
@given(starts(), READINGS)
def test_counted_days_on_any_calendar_count_back_one_by_one(where, reading):
    cal, start = where
    deadline = notice_deadline(cal, start, reading)
    days = [one for week in counted_days(cal, deadline, [], start) for one in week if one]
    assert [one.day for one in days] == [days[0].day + timedelta(n) for n in range(len(days))]
    counted = [one.before for one in days if one.before is not None]
    assert counted == list(range(len(counted), 0, -1))
    assert all(bool(one.why) != cal.is_school_day(one.day) for one in days)
    by_day = {one.day: one for one in days}
    assert by_day[deadline.school_days].before == 2
    assert by_day[deadline.clear].before == 3
    assert by_day[deadline.enforced].enforced
    assert days[-1].start


GIVENS = st.lists(
    st.builds(Given, st.sampled_from(["Ann", "Bob", "LA"]), st.none() | st.dates(date(2026, 12, 1), date(2026, 12, 8))),
    max_size=4,
)


@pytest.mark.policy("P7.2")
@exact
@given(GIVENS, st.dates(date(2026, 12, 1), date(2026, 12, 8)), st.integers(0, 3))
def test_verdict_only_gets_better_with_a_later_deadline_and_worse_with_one_more_recipient(givens, deadline, more):
    now, later = verdict(deadline, givens), verdict(deadline + timedelta(more), givens)
    assert set(later.late) <= set(now.late)
    assert later.waiting == now.waiting
    assert not now.in_time or later.in_time
    with_one = verdict(deadline, [*givens, Given("Eve", None)])
    assert not with_one.in_time


# --- the rate ---


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"status": "GIVEN", "in_time": True}, "IN_TIME"),
        ({"status": "GIVEN", "in_time": False, "overridden": True}, "OVERRIDDEN"),
        ({"status": "GIVEN", "in_time": False}, "LATE"),
        # An override given before it went out does not make an in-time notice late.
        ({"status": "GIVEN", "in_time": True, "overridden": True}, "IN_TIME"),
        ({"status": "ISSUED", "any_late": True}, "LATE"),
        ({"status": "ISSUED", "today": date(2026, 12, 4)}, "NOT_GIVEN"),
        ({"status": "ISSUED"}, "WAITING"),
        ({"status": "DRAFT", "today": date(2026, 12, 4)}, "NOT_GIVEN"),
        ({"status": "DRAFT", "today": date(2026, 12, 4), "deadline": None}, "WAITING"),
        ({"status": "VOID", "in_time": True}, "VOID"),
    ],
)
def test_outcome_of_a_notice(changes, outcome):
    facts = {
        "in_time": None,
        "overridden": False,
        "any_late": False,
        "deadline": date(2026, 12, 3),
        "today": date(2026, 12, 3),
    }
    assert outcome_of(**{**facts, **changes}) == outcome


@pytest.mark.policy("P7.2")
@exact
@given(st.lists(st.sampled_from(Outcome)))
def test_on_time_counts_each_outcome_once(outcomes):
    rate = on_time(outcomes)
    assert rate.numerator == outcomes.count(Outcome.IN_TIME)
    assert rate.denominator == len(outcomes) - outcomes.count(Outcome.WAITING) - outcomes.count(Outcome.VOID)
    assert (rate.late, rate.overridden, rate.not_given) == (
        outcomes.count(Outcome.LATE),
        outcomes.count(Outcome.OVERRIDDEN),
        outcomes.count(Outcome.NOT_GIVEN),
    )
