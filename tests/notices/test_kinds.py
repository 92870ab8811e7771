"""Notices of an end, a change and a withdrawal: what they start from, what they need, by when, and what they change."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from notices import services
from notices.codes import Channel, NoticeKind
from notices.forms import NoticeForm
from notices.forms.kinds import KIND_FORMS, EndForm, VariationForm, WithdrawalForm, form_class_for
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries import (
    deadline_of,
    facts_for,
    give_by_of,
    letter_of,
    missing_of,
    no_longer_needed,
    offers_of,
    ticks_for_kind,
    told,
)
from notices.queries.kinds import cancelled_at, withdrawn_day
from notices.services.drafting import EDITABLE
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
from providers.models import Site, SiteTimes
from tests.factories.notices import PROOF, notice_at
from tests.factories.people import make_contact
from tests.factories.placements import placement_at
from tests.fixtures import NOW
from tests.notices.conftest import START, at
from trust.codes import Relationship
from trust.errors import NotAllowed, RuleBroken
from trust.models import Flag, User

pytestmark = pytest.mark.django_db

END = NoticeKind.END
VARIATION = NoticeKind.VARIATION
WITHDRAWAL = NoticeKind.WITHDRAWAL
CHANGE_DAY = date(2027, 1, 11)
ENDS = date(2026, 12, 11)


@pytest.fixture
def running(student: Any, provider: Any, budget: Any, cast: Any) -> PlacementPeriod:
    """The first period of a running direction, given its notice, from Mon 16 Nov to Fri 11 Dec 2026."""
    placement = placement_at(PlacementStatus.ACTIVE, student=student, provider=provider, cast=cast, now=NOW, last=ENDS)
    return placement.periods.get()


def ended(period: PlacementPeriod, cast: Any, **changes: Any) -> Placement:
    """The placement ended on its planned last day, back to the home school."""
    values = {
        "ended_on": ENDS,
        "reason": EndingReason.PLANNED,
        "destination": Destination.HOME_SCHOOL,
        "note": "",
        "report": "Attendance rose to 92 %.",
        "by": cast.slt,
        "now": at(11, 16),
        **changes,
    }
    return end_placement(placement_id=period.placement_id, **values)


def other_week(period: PlacementPeriod, cast: Any, day: date = CHANGE_DAY, site: Any = None) -> None:
    """Mondays and Tuesdays only from a day on, approved."""
    placement = period.placement
    slots = dict.fromkeys((0, 2, 10, 12), ((site or placement.site).pk, placement.programme_id))
    change = propose_timetable_change(
        placement_id=placement.pk, from_day=day, slots=slots, reason="College on other days.", by=cast.slt, now=NOW
    )
    approve_timetable_change(change_id=change.pk, over_budget_reason="", by=cast.head, now=NOW)


def served(notice: DirectionNotice, cast: Any, now: datetime, override: str = "") -> DirectionNotice:
    """Authorised by the head, made, and handed over to everybody at ``now``."""
    services.authorise_notice(notice_id=notice.pk, override_reason=override, by=cast.head, now=now)
    services.make_letters(now=now)
    for one in notice.recipients.order_by("id"):
        services.record_given(recipient_id=one.pk, channel=Channel.HAND, sent_at=now, proof=PROOF, by=cast.slt, now=now)
    return DirectionNotice.objects.get(pk=notice.pk)


def end_notice(period: PlacementPeriod, cast: Any, now: datetime) -> DirectionNotice:
    """A complete draft of the notice of the end."""
    notice = services.prepare_notice(period_id=period.pk, kind=END, by=cast.slt, now=now)
    return services.save_notice(
        notice_id=notice.pk, data={"return_person": "Ms Reed"}, version=notice.version, by=cast.slt, now=now
    )


# --- end ---


@pytest.mark.policy("P7.4")
def test_end_starts_from_the_end_the_report_and_the_home_school(running: PlacementPeriod, cast: Any) -> None:
    ended(running, cast)
    notice = services.prepare_notice(period_id=running.pk, kind=END, by=cast.slt, now=at(11, 17))
    assert notice.kind == END
    assert notice.effective_on == ENDS
    assert notice.outcome == "Planned end of the period.\nAttendance rose to 92 %."
    assert notice.return_on == date(2026, 12, 14)
    assert notice.return_time == time(8, 50)
    school = running.placement.school
    assert notice.return_place.startswith(f"{school.name}, ")
    assert notice.return_place.endswith(school.postcode)
    assert notice.return_person == "", "nobody is guessed"
    assert notice.follows.kind == NoticeKind.INITIAL


@pytest.mark.policy("P7.4")
@pytest.mark.parametrize("name", EDITABLE[END])
def test_end_is_not_authorised_without_each_of_its_five_particulars(
    running: PlacementPeriod, cast: Any, name: str
) -> None:
    ended(running, cast)
    notice = end_notice(running, cast, at(11, 17))
    empty = None if name in ("return_on", "return_time") else " "
    services.save_notice(notice_id=notice.pk, data={name: empty}, version=None, by=cast.slt, now=at(11, 17))
    kept = DirectionNotice.objects.get(pk=notice.pk)
    tick = next(one for one in ticks_for_kind(kept, facts_for(kept)) if one.code == name)
    assert not tick.present
    assert tick.path == f"/notices/{notice.pk}/change/#id_{name}"
    with pytest.raises(RuleBroken, match="still lacks") as refused:
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(11, 17))
    assert refused.value.field == name


@pytest.mark.policy("P7.4")
def test_end_given_by_the_last_day_is_in_time_and_leaves_the_period_alone(running: PlacementPeriod, cast: Any) -> None:
    before = running.notice_given_on
    notice = served(end_notice(running, cast, at(9)), cast, at(10))
    assert (notice.status, notice.in_time, notice.deadline_on) == (Status.GIVEN, True, ENDS)
    running.refresh_from_db()
    assert running.notice_given_on == before


@pytest.mark.policy("P7.4")
def test_end_given_late_needs_no_override_and_stays_on_file_as_late(running: PlacementPeriod, cast: Any) -> None:
    ended(running, cast)
    notice = served(end_notice(running, cast, at(14)), cast, at(14, 12))
    assert (notice.status, notice.in_time, notice.given_on) == (Status.GIVEN, False, date(2026, 12, 14))
    assert notice.override_by is None
    with pytest.raises(RuleBroken):
        services.override_late(notice_id=notice.pk, reason="Late.", by=cast.head, now=at(14, 13))


def test_end_follows_the_last_day_until_it_is_authorised(running: PlacementPeriod, cast: Any) -> None:
    notice = end_notice(running, cast, at(2))
    assert notice.effective_on == ENDS
    end_placement(
        placement_id=running.placement_id,
        ended_on=date(2026, 12, 4),
        reason=EndingReason.AIMS_MET,
        destination=Destination.HOME_SCHOOL,
        note="",
        by=cast.head,
        now=at(4, 15),
    )
    # Page, letter and last day say the new day before anybody saved the draft again.
    early, stale = date(2026, 12, 4), DirectionNotice.objects.get(pk=notice.pk)
    by = give_by_of(stale, early)
    assert by is not None
    assert by.day == early
    assert letter_of(stale, facts_for(stale), on=early)["effective"] == "Friday 4 December 2026"
    # Whoever authorises does not sign a day that nobody looked at.
    with pytest.raises(RuleBroken, match="The period now ends on Fri 4 Dec 2026"):
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(4, 16))
    assert DirectionNotice.objects.get(pk=notice.pk).effective_on == ENDS
    with pytest.raises(RuleBroken, match="after the last day of the period, Fri 4 Dec 2026"):
        services.save_notice(notice_id=notice.pk, data={"return_on": early}, version=None, by=cast.slt, now=at(4, 16))
    back = date(2026, 12, 7)
    services.save_notice(notice_id=notice.pk, data={"return_on": back}, version=None, by=cast.slt, now=at(4, 16))
    kept = DirectionNotice.objects.get(pk=notice.pk)
    assert (kept.effective_on, kept.return_on) == (early, back)
    services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(4, 16))
    assert DirectionNotice.objects.get(pk=notice.pk).frozen["effective"] == "Friday 4 December 2026"


def test_return_is_looked_at_again_when_an_end_is_authorised(running: PlacementPeriod, cast: Any) -> None:
    notice = end_notice(running, cast, at(9))
    DirectionNotice.objects.filter(pk=notice.pk).update(return_on=ENDS)
    with pytest.raises(RuleBroken, match="after the last day") as refused:
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(9))
    assert refused.value.field == "return_on"


def test_return_is_after_the_last_day(running: PlacementPeriod, cast: Any) -> None:
    notice = end_notice(running, cast, at(9))
    with pytest.raises(RuleBroken, match="after the last day") as refused:
        services.save_notice(notice_id=notice.pk, data={"return_on": ENDS}, version=None, by=cast.slt, now=at(9))
    assert refused.value.field == "return_on"


def test_end_elsewhere_guesses_no_place(running: PlacementPeriod, cast: Any) -> None:
    ended(running, cast, destination=Destination.OTHER_PROVIDER)
    notice = services.prepare_notice(period_id=running.pk, kind=END, by=cast.slt, now=at(11, 17))
    assert (notice.return_on, notice.return_place) == (None, "")


@pytest.mark.policy("P7.4")
def test_extended_period_gets_the_notice_of_the_extension_instead_of_an_end(
    running: PlacementPeriod, cast: Any
) -> None:
    end = end_notice(running, cast, at(1))
    extension = propose_extension(placement_id=running.placement_id, last=date(2027, 2, 5), by=cast.slt, now=at(1))
    approve_extension(period_id=extension.pk, over_budget_reason="", by=cast.head, now=at(1))
    with pytest.raises(RuleBroken, match="period before this one ends"):
        services.prepare_notice(period_id=extension.pk, by=cast.slt, now=at(1))
    with pytest.raises(RuleBroken, match="extended"):
        services.authorise_notice(notice_id=end.pk, override_reason="", by=cast.head, now=at(1))
    services.void_notice(notice_id=end.pk, reason="It goes on.", by=cast.slt, now=at(1))
    full = services.prepare_notice(period_id=extension.pk, by=cast.slt, now=at(1))
    assert full.kind == NoticeKind.EXTENSION
    assert full.follows.kind == NoticeKind.INITIAL


@pytest.mark.policy("P7.4")
def test_extension_is_not_authorised_beside_the_notice_of_an_end(running: PlacementPeriod, cast: Any) -> None:
    extension = propose_extension(placement_id=running.placement_id, last=date(2027, 2, 5), by=cast.slt, now=at(1))
    full = services.prepare_notice(period_id=extension.pk, by=cast.slt, now=at(1))
    end = end_notice(running, cast, at(1))
    services.authorise_notice(notice_id=end.pk, override_reason="", by=cast.head, now=at(1))
    approve_extension(period_id=extension.pk, over_budget_reason="", by=cast.head, now=at(1))
    with pytest.raises(RuleBroken, match="period before this one ends"):
        services.authorise_notice(notice_id=full.pk, override_reason="", by=cast.head, now=at(1))
    services.void_notice(notice_id=end.pk, reason="It goes on.", by=cast.head, now=at(1))
    services.authorise_notice(notice_id=full.pk, override_reason="", by=cast.head, now=at(1))
    with pytest.raises(RuleBroken, match="extended"):
        services.prepare_notice(period_id=running.pk, kind=END, by=cast.slt, now=at(1))


def test_end_of_what_has_not_begun_is_refused(period: PlacementPeriod, cast: Any) -> None:
    with pytest.raises(RuleBroken, match="running or has ended"):
        services.prepare_notice(period_id=period.pk, kind=END, by=cast.slt, now=NOW)


# --- variation ---


@pytest.fixture
def given(period: PlacementPeriod, cast: Any) -> PlacementPeriod:
    """The period from 7 December to 5 February with its notice given."""
    notice_at(Status.GIVEN, period, cast, NOW)
    return PlacementPeriod.objects.get(pk=period.pk)


@pytest.mark.policy("P7.3")
def test_variation_starts_from_the_approved_timetable_of_the_day(given: PlacementPeriod, cast: Any) -> None:
    other_week(given, cast)
    notice = services.prepare_notice(period_id=given.pk, kind=VARIATION, effective_on=CHANGE_DAY, by=cast.slt, now=NOW)
    assert notice.changes == (
        "From Monday 11 January 2027 the sessions are on Monday morning and Tuesday morning, instead of Monday "
        "morning, Tuesday morning, Wednesday morning, Thursday morning and Friday morning."
    )
    facts = facts_for(notice)
    assert facts.first == CHANGE_DAY
    # Mondays and Tuesdays from 11 January to 5 February.
    assert notice.days_required == facts.computed_days == 8
    assert notice.report_to == "Sam Okafor"
    assert notice.first_review_on == given.notices.get(kind=NoticeKind.INITIAL).first_review_on
    assert missing_of(notice, facts) == []


def test_variation_after_the_first_review_proposes_another_one(period: PlacementPeriod, cast: Any) -> None:
    notice_at(Status.GIVEN, period, cast, NOW, first_review_on=date(2026, 12, 18))
    notice = services.prepare_notice(period_id=period.pk, kind=VARIATION, effective_on=CHANGE_DAY, by=cast.slt, now=NOW)
    assert notice.first_review_on is not None
    assert notice.first_review_on >= CHANGE_DAY


def test_variation_names_another_place_with_its_address_and_person(
    given: PlacementPeriod, cast: Any, provider: Any
) -> None:
    yard = Site.objects.create(
        provider=provider,
        name="River Yard",
        kind="SATELLITE",
        address="1 Quay Street\nNorthbridge",
        postcode="NB9 9ZZ",
        phone="01234 555000",
        report_to="Ada Quay",
    )
    SiteTimes.objects.create(
        site=yard,
        from_day=date(2026, 9, 1),
        am_start=time(9),
        am_end=time(12),
        pm_start=time(13),
        pm_end=time(15),
    )
    other_week(given, cast, site=yard)
    notice = services.prepare_notice(period_id=given.pk, kind=VARIATION, effective_on=CHANGE_DAY, by=cast.slt, now=NOW)
    assert "the place is River Yard, 1 Quay Street, Northbridge, NB9 9ZZ, instead of" in notice.changes
    assert "The person to report to there is Ada Quay." in notice.changes
    assert notice.report_to == "Ada Quay"
    assert [place.site.pk for place in facts_for(notice).places] == [yard.pk]


@pytest.mark.policy("P7.2")
def test_variation_has_the_deadline_before_its_day(given: PlacementPeriod, cast: Any) -> None:
    other_week(given, cast)
    notice = services.prepare_notice(period_id=given.pk, kind=VARIATION, effective_on=CHANGE_DAY, by=cast.slt, now=NOW)
    assert deadline_of(notice, NOW.date()) == date(2027, 1, 7)
    with pytest.raises(RuleBroken, match="too late for the change on Mon 11 Jan 2027"):
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(8, month=1, year=2027))
    kept = served(notice, cast, at(8, month=1, year=2027), override="The family asked for it.")
    assert (kept.status, kept.in_time, kept.deadline_on) == (Status.GIVEN, False, date(2027, 1, 7))
    assert kept.override_reason == "The family asked for it."


def test_given_variation_leaves_the_verdict_of_the_full_notice(given: PlacementPeriod, cast: Any) -> None:
    before = given.notice_given_on
    other_week(given, cast)
    notice = services.prepare_notice(period_id=given.pk, kind=VARIATION, effective_on=CHANGE_DAY, by=cast.slt, now=NOW)
    kept = served(notice, cast, at(1))
    assert kept.in_time is True
    given.refresh_from_db()
    assert given.notice_given_on == before
    services.void_notice(notice_id=kept.pk, reason="Called off.", by=cast.head, now=at(2))
    given.refresh_from_db()
    assert given.notice_given_on == before


def test_first_review_fits_the_day_that_the_notice_tells_of(given: PlacementPeriod, cast: Any) -> None:
    notice = services.prepare_notice(period_id=given.pk, kind=VARIATION, effective_on=CHANGE_DAY, by=cast.slt, now=NOW)

    def save(review: date) -> None:
        data = {"first_review_on": review}
        services.save_notice(notice_id=notice.pk, data=data, version=None, by=cast.slt, now=NOW)

    with pytest.raises(RuleBroken, match="before the day of the change") as refused:
        save(date(2027, 1, 10))
    assert refused.value.field == "first_review_on"
    # The period ends on 5 February 2027.
    with pytest.raises(RuleBroken, match="six weeks after the last day"):
        save(date(2027, 3, 20))
    save(CHANGE_DAY)
    save(date(2027, 3, 19))


def test_variation_replaces_only_a_void_one_of_its_day(given: PlacementPeriod, cast: Any) -> None:
    def prepare(day: date) -> DirectionNotice:
        return services.prepare_notice(period_id=given.pk, kind=VARIATION, effective_on=day, by=cast.slt, now=NOW)

    full = given.notices.get()
    first = prepare(CHANGE_DAY)
    services.void_notice(notice_id=first.pk, reason="Called off.", by=cast.slt, now=NOW)
    assert prepare(date(2027, 1, 18)).follows_id == full.pk
    assert prepare(CHANGE_DAY).follows_id == first.pk


@pytest.mark.policy("P7.3")
def test_change_of_what_was_brought_in_is_told_although_no_notice_is_on_file(
    given: PlacementPeriod, cast: Any, login: Callable[[User], Client]
) -> None:
    # As a placement that was brought in: its notice was given elsewhere.
    Placement.objects.filter(pk=given.placement_id).update(brought_in=True)
    only = given.notices.get()
    only.recipients.all().delete()
    only.delete()
    other_week(given, cast)
    assert VARIATION in {offer.kind for offer in offers_of(given, NOW.date())}
    services.raise_notice_flags(now=at(6, month=1, year=2027))
    assert Flag.objects.open().get(kind="change_unnoticed").period == CHANGE_DAY.isoformat()
    notice = services.prepare_notice(period_id=given.pk, kind=VARIATION, effective_on=CHANGE_DAY, by=cast.slt, now=NOW)
    assert notice.follows_id is None
    assert notice.changes.startswith("From Monday 11 January 2027 the sessions are on")


def test_variation_of_a_period_without_a_given_notice_is_refused(period: PlacementPeriod, cast: Any) -> None:
    with pytest.raises(RuleBroken, match="was not given yet"):
        services.prepare_notice(period_id=period.pk, kind=VARIATION, effective_on=CHANGE_DAY, by=cast.slt, now=NOW)


@pytest.mark.parametrize("day", [START, date(2027, 2, 6), None])
def test_variation_needs_a_day_inside_the_period(given: PlacementPeriod, cast: Any, day: date | None) -> None:
    with pytest.raises(RuleBroken) as refused:
        services.prepare_notice(period_id=given.pk, kind=VARIATION, effective_on=day, by=cast.slt, now=NOW)
    assert refused.value.field == "effective_on"


def test_one_variation_for_each_day(given: PlacementPeriod, cast: Any) -> None:
    def prepare(day: date) -> DirectionNotice:
        return services.prepare_notice(period_id=given.pk, kind=VARIATION, effective_on=day, by=cast.slt, now=NOW)

    prepare(CHANGE_DAY)
    with pytest.raises(RuleBroken, match="already has a notice of this kind"):
        prepare(CHANGE_DAY)
    assert prepare(date(2027, 1, 18)).effective_on == date(2027, 1, 18)


# --- withdrawal ---


def withdrawal(period: PlacementPeriod, cast: Any, now: datetime) -> DirectionNotice:
    return services.prepare_notice(
        period_id=period.pk, kind=WITHDRAWAL, reason="The family has moved away.", by=cast.slt, now=now
    )


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize("cancelled", [True, False])
def test_withdrawal_leaves_the_earlier_notice_given_and_shown_as_withdrawn(
    given: PlacementPeriod, cast: Any, login: Callable[[User], Client], cancelled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cancelled:
        cancel_placement(placement_id=given.placement_id, reason="Moved.", by=cast.head, now=NOW)
        monkeypatch.setattr("notices.services.drafting.cancelled_at", lambda ids: dict.fromkeys(ids, at(1)))
    first = given.notices.get()
    notice = served(withdrawal(given, cast, at(1)), cast, at(2))
    assert (notice.status, notice.in_time, notice.deadline_on) == (Status.GIVEN, True, date(2026, 12, 3))
    assert notice.follows_id == first.pk
    first.refresh_from_db()
    assert first.status == Status.GIVEN
    assert not no_longer_needed(notice)
    page = login(cast.slt).get(reverse("notices:notice-detail", args=[first.pk])).content.decode()
    assert f"notice {notice.pk}" in page
    assert "ithdrawn by" in page


def test_withdrawal_counts_from_the_day_of_the_cancelling(
    given: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel_placement(placement_id=given.placement_id, reason="Moved.", by=cast.head, now=NOW)
    assert set(cancelled_at([given.placement_id])) == {given.placement_id}
    # Cancelled on Thu 26 November, drafted the week after.
    decided = at(26, month=11)
    monkeypatch.setattr("notices.services.drafting.cancelled_at", lambda ids: dict.fromkeys(ids, decided))
    notice = withdrawal(given, cast, at(1))
    assert notice.effective_on == date(2026, 11, 26)
    by = give_by_of(notice, at(1).date())
    assert by is not None
    assert (by.day, by.late) == (date(2026, 11, 30), True)


def test_day_of_a_withdrawal(given: PlacementPeriod) -> None:
    placement = given.placement
    today = date(2026, 12, 1)
    assert withdrawn_day(placement, today, None) == today
    placement.status = PlacementStatus.CANCELLED
    assert withdrawn_day(placement, today, at(26, month=11)) == date(2026, 11, 26)
    assert withdrawn_day(placement, today, at(5)) == today
    assert withdrawn_day(placement, today, at(1, month=11)) == NOW.date(), "not before it was approved"
    placement.status, placement.ended_on = PlacementStatus.ENDED, date(2026, 11, 30)
    assert withdrawn_day(placement, today, None) == date(2026, 11, 30)


@pytest.mark.policy("P7.2")
def test_holders_of_a_void_notice_are_told_when_the_placement_is_cancelled(
    given: PlacementPeriod, cast: Any, login: Callable[[User], Client]
) -> None:
    void = given.notices.get()
    services.move_start(
        placement_id=given.placement_id, first=date(2026, 12, 14), reason="Taxi.", by=cast.slt, now=at(1)
    )
    cancel_placement(placement_id=given.placement_id, reason="Moved.", by=cast.head, now=at(1, 10))
    services.raise_notice_flags(now=at(1, 11))
    flag = Flag.objects.open().get(kind="withdrawal_unnoticed")
    assert flag.sentence.endswith("(start named: Mon 7 Dec 2026).")
    page = login(cast.slt).get(flag.path).content.decode()
    assert "make the draft void" not in page
    assert f"notice {void.pk}" in page
    notice = withdrawal(PlacementPeriod.objects.get(pk=given.pk), cast, at(1, 12))
    assert notice.follows_id == void.pk
    notice = served(notice, cast, at(2))
    assert "from Monday 7 December 2026" in notice.frozen["texts"]["opening"][0]
    services.raise_notice_flags(now=at(3))
    assert not Flag.objects.open().filter(kind="withdrawal_unnoticed").exists()
    shown = login(cast.slt).get(reverse("notices:notice-detail", args=[void.pk])).content.decode()
    assert "Withdrawn by" in shown
    assert "must be told" not in shown


def test_new_notice_that_reached_people_is_withdrawn_and_not_the_void_one(given: PlacementPeriod, cast: Any) -> None:
    void = given.notices.get()
    services.move_start(
        placement_id=given.placement_id, first=date(2026, 12, 14), reason="Taxi.", by=cast.slt, now=at(1)
    )
    period = PlacementPeriod.objects.get(pk=given.pk)
    again = notice_at(Status.ISSUED, period, cast, at(1))
    # Its letters are made, but people still hold the void one.
    assert told(period, given=False) == void
    drafted = withdrawal(period, cast, at(1))
    for one in again.recipients.all():
        services.record_given(
            recipient_id=one.pk, channel=Channel.HAND, sent_at=at(2), proof=PROOF, by=cast.slt, now=at(2)
        )
    assert told(period, given=False) == again
    with pytest.raises(RuleBroken, match="People hold another notice by now"):
        services.authorise_notice(notice_id=drafted.pk, override_reason="", by=cast.head, now=at(2))


def test_withdrawal_of_an_extension_has_its_own_words(running: PlacementPeriod, cast: Any) -> None:
    extension = propose_extension(placement_id=running.placement_id, last=date(2027, 2, 5), by=cast.slt, now=at(1))
    approve_extension(period_id=extension.pk, over_budget_reason="", by=cast.head, now=at(1))
    period = PlacementPeriod.objects.get(pk=extension.pk)
    notice_at(Status.GIVEN, period, cast, at(1))
    notice = withdrawal(PlacementPeriod.objects.get(pk=period.pk), cast, at(1))
    texts = letter_of(notice, facts_for(notice), on=at(1).date())["texts"]
    assert texts["subject"] == ["Withdrawal of the extension of the direction to attend education off site"]
    assert "about the extension of " in texts["opening"][0]
    assert "is not extended from Monday 14 December 2026 on: it ends before that day." in texts["instead"][0]
    assert "does not start" not in texts["instead"][0]


def test_withdrawal_of_a_start_says_that_it_does_not_start(given: PlacementPeriod, cast: Any) -> None:
    notice = withdrawal(given, cast, at(1))
    texts = letter_of(notice, facts_for(notice), on=at(1).date())["texts"]
    assert texts["subject"] == ["Withdrawal of the direction to attend education off site"]
    assert "does not start at" in texts["instead"][0]
    assert "extended" not in texts["instead"][0] + texts["opening"][0]


def test_withdrawal_given_late_stays_on_file_as_late(given: PlacementPeriod, cast: Any) -> None:
    notice = served(withdrawal(given, cast, at(1)), cast, at(4))
    assert (notice.status, notice.in_time, notice.override_by) == (Status.GIVEN, False, None)


def test_withdrawal_needs_its_reasons(given: PlacementPeriod, cast: Any) -> None:
    notice = withdrawal(given, cast, NOW)
    services.save_notice(notice_id=notice.pk, data={"reasons": " "}, version=None, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="reasons for the withdrawal"):
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)


def test_withdrawn_placement_does_not_start(given: PlacementPeriod, cast: Any) -> None:
    served(withdrawal(given, cast, at(1)), cast, at(2))
    with pytest.raises(RuleBroken, match="was withdrawn"):
        start_placement(placement_id=given.placement_id, by=cast.slt, now=at(7))


def test_withdrawal_without_anything_issued_is_refused(period: PlacementPeriod, cast: Any) -> None:
    notice_at(Status.AUTHORISED, period, cast, NOW)
    with pytest.raises(RuleBroken, match="No notice of this period was issued"):
        withdrawal(period, cast, NOW)


def test_withdrawal_after_the_start_is_refused(running: PlacementPeriod, cast: Any) -> None:
    with pytest.raises(RuleBroken, match="already attends"):
        withdrawal(running, cast, NOW)


# --- all kinds ---


def of_kind(kind: str, given: PlacementPeriod, running: PlacementPeriod, cast: Any) -> DirectionNotice:
    """A complete draft of a kind."""
    if kind == END:
        return end_notice(running, cast, NOW)
    if kind == WITHDRAWAL:
        return withdrawal(given, cast, NOW)
    notice = services.prepare_notice(period_id=given.pk, kind=kind, effective_on=CHANGE_DAY, by=cast.slt, now=NOW)
    return services.save_notice(
        notice_id=notice.pk, data={"changes": "Another person."}, version=None, by=cast.slt, now=NOW
    )


@pytest.fixture
def both(period: PlacementPeriod, cast: Any, student: Any, provider: Any, north: Any) -> Any:
    """A given notice before its start, and a running placement of another student."""
    from tests.factories.people import make_student

    other = make_student(north, "Cole")
    make_contact(other)
    notice_at(Status.GIVEN, period, cast, NOW)
    placement = placement_at(PlacementStatus.ACTIVE, student=other, provider=provider, cast=cast, now=NOW, last=ENDS)
    return PlacementPeriod.objects.get(pk=period.pk), placement.periods.get()


@pytest.mark.policy("P7.1")
@pytest.mark.parametrize("kind", [END, VARIATION, WITHDRAWAL])
def test_every_kind_is_authorised_by_head_or_chief_only(both: Any, cast: Any, kind: str) -> None:
    notice = of_kind(kind, *both, cast)
    for who in ("slt", "team", "lead", "dsl", "head2"):
        with pytest.raises(NotAllowed, match="authorise"):
            services.authorise_notice(notice_id=notice.pk, override_reason="", by=getattr(cast, who), now=NOW)
    services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.ceo, now=NOW)


@pytest.mark.policy("P7.4")
@pytest.mark.parametrize("kind", [END, VARIATION, WITHDRAWAL])
def test_every_kind_is_never_edited_but_void_and_issued_again(both: Any, cast: Any, kind: str) -> None:
    notice = of_kind(kind, *both, cast)
    services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)
    services.make_letters(now=NOW)
    with pytest.raises(RuleBroken, match="never edited"):
        services.save_notice(notice_id=notice.pk, data={"reasons": "Other"}, version=None, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="already has a notice of this kind"):
        of_kind(kind, *both, cast)
    with pytest.raises(NotAllowed):
        services.void_notice(notice_id=notice.pk, reason="A wrong day.", by=cast.slt, now=NOW)
    services.void_notice(notice_id=notice.pk, reason="A wrong day.", by=cast.head, now=NOW)
    again = of_kind(kind, *both, cast)
    assert again.pk != notice.pk
    notice.refresh_from_db()
    assert (notice.status, notice.void_reason) == (Status.VOID, "A wrong day.")
    assert notice.recipients.get().letter is not None
    if kind != WITHDRAWAL:
        assert again.follows_id == notice.pk


@pytest.mark.parametrize("kind", [END, VARIATION, WITHDRAWAL])
def test_save_keeps_only_what_belongs_to_the_kind(both: Any, cast: Any, kind: str) -> None:
    notice = of_kind(kind, *both, cast)
    foreign = ({"outcome", "aims", "changes"} - set(EDITABLE[kind])).pop()
    services.save_notice(notice_id=notice.pk, data={foreign: "Smuggled"}, version=None, by=cast.slt, now=NOW)
    assert getattr(DirectionNotice.objects.get(pk=notice.pk), foreign) != "Smuggled"


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_form_of_each_kind_has_exactly_its_fields(kind: str) -> None:
    form = form_class_for(kind)(computed_days=5)
    assert set(form.fields) - {"version"} == set(EDITABLE[kind])
    assert set(KIND_FORMS) == set(NoticeKind)


def test_variation_form_asks_first_what_changes() -> None:
    assert next(iter(VariationForm().fields)) == "changes"
    assert issubclass(VariationForm, NoticeForm)
    assert EndForm().fields["return_person"].needed_later  # type: ignore[attr-defined]
    assert WithdrawalForm().fields["reasons"].needed_later  # type: ignore[attr-defined]


def test_parents_who_may_have_no_letter_are_kept_by_name(period: PlacementPeriod, cast: Any) -> None:
    student = period.placement.student
    make_contact(student, "Rex", relationship=Relationship.FATHER, letters_restricted=True, restriction_reason="Court")
    make_contact(
        student,
        "Aunt",
        relationship=Relationship.OTHER_FAMILY,
        parental_responsibility=False,
        has_care=False,
        letters_restricted=True,
        restriction_reason="Court",
    )
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    assert [(one["name"].split()[-2:], one["relationship"]) for one in notice.left_out] == [
        (["Rex", "Ashdown"], "Father")
    ]
    assert "Court" not in str(notice.left_out)


# --- pages ---


def test_pages_lead_from_the_placement_to_the_draft_of_each_kind(
    both: Any, cast: Any, login: Callable[[User], Client]
) -> None:
    given, running = both
    client = login(cast.slt)
    for period, expected in ((running, {END, VARIATION}), (given, {VARIATION, WITHDRAWAL})):
        assert {offer.kind for offer in offers_of(period, NOW.date())} == expected
        page = client.get(reverse("placements:placement-detail", args=[period.placement_id])).content.decode()
        for offer in offers_of(period, NOW.date()):
            assert offer.path in page
    data = {"reason": "The family moves.", "effective_on": "2026-12-01"}
    for name, period in (("notice-end", running), ("notice-vary", running), ("notice-withdraw", given)):
        address = reverse(f"notices:{name}", args=[period.pk])
        assert client.get(address).status_code == 200
        answer = client.post(address, data)
        assert answer.status_code == 302, answer.content.decode()
        form = client.get(answer.headers["Location"])
        assert form.status_code == 200
        assert "still missing" in form.content.decode() or name == "notice-withdraw"


def test_page_that_does_not_apply_says_why(period: PlacementPeriod, cast: Any, login: Callable[[User], Client]) -> None:
    client = login(cast.slt)
    for name, words in (
        ("notice-end", "running or has ended"),
        ("notice-vary", "not given yet"),
        ("notice-withdraw", "No notice of this period was issued"),
    ):
        address = reverse(f"notices:{name}", args=[period.pk])
        page = client.get(address).content.decode()
        assert words in page
        assert "Prepare the draft" not in page
        assert client.post(address, {"reason": "x", "effective_on": "2027-01-11"}).status_code == 422
    assert not DirectionNotice.objects.exists()


def test_existing_notice_of_an_end_is_opened_instead(
    running: PlacementPeriod, cast: Any, login: Callable[[User], Client]
) -> None:
    notice = end_notice(running, cast, NOW)
    answer = login(cast.slt).get(reverse("notices:notice-end", args=[running.pk]))
    assert answer.headers["Location"] == reverse("notices:notice-detail", args=[notice.pk])


@pytest.mark.parametrize("name", ["notice-end", "notice-vary", "notice-withdraw"])
def test_pages_of_kinds_are_for_the_own_school_and_the_role(
    running: PlacementPeriod, cast: Any, login: Callable[[User], Client], name: str
) -> None:
    address = reverse(f"notices:{name}", args=[running.pk])
    assert login(cast.slt2).get(address).status_code == 404
    assert login(cast.finance).get(address).status_code == 404
    for who in ("att", "dsl", "ceo"):
        assert login(getattr(cast, who)).get(address).status_code == 403
    assert login(cast.team).get(address).status_code == 200


def test_end_is_written_and_authorised_on_its_pages(
    running: PlacementPeriod, cast: Any, login: Callable[[User], Client]
) -> None:
    ended(running, cast)
    notice = services.prepare_notice(period_id=running.pk, kind=END, by=cast.slt, now=at(11, 17))
    change = reverse("notices:notice-change", args=[notice.pk])
    client = login(cast.slt)
    page = client.get(change).content.decode()
    assert "Give by Fri 11 Dec 2026: the last day of the period (P7.4)." in page
    answer = client.post(
        change,
        {
            "outcome": "Aims met.",
            "return_on": "2026-12-14",
            "return_time": "09:00",
            "return_place": "North",
            "return_person": "Ms Reed",
            "version": notice.version,
        },
    )
    assert answer.status_code == 302
    assert DirectionNotice.objects.get(pk=notice.pk).return_person == "Ms Reed"
    ask = reverse("notices:notice-authorise", args=[notice.pk])
    head = login(cast.head)
    assert "override_reason" not in head.get(ask).content.decode()
    assert head.post(ask, {"version": notice.version + 1}).status_code == 302
    assert DirectionNotice.objects.get(pk=notice.pk).status == Status.AUTHORISED


def test_void_notice_asks_nobody_to_give_it(both: Any, cast: Any, login: Callable[[User], Client]) -> None:
    given, running = both
    end = end_notice(running, cast, NOW)
    full = given.notices.get()
    for notice in (end, full):
        services.void_notice(notice_id=notice.pk, reason="A wrong name.", by=cast.head, now=NOW)
        page = login(cast.slt).get(reverse("notices:notice-detail", args=[notice.pk])).content.decode()
        assert "Void since" in page
        assert "Give by" not in page
        assert "Give it all the same" not in page


def test_complete_draft_says_what_it_waits_for(
    running: PlacementPeriod, cast: Any, login: Callable[[User], Client]
) -> None:
    extension = propose_extension(placement_id=running.placement_id, last=date(2027, 2, 5), by=cast.slt, now=at(1))
    notice = notice_at(Status.DRAFT, PlacementPeriod.objects.get(pk=extension.pk), cast, at(1))
    address = reverse("notices:notice-detail", args=[notice.pk])
    can = "can now authorise it"
    page = login(cast.slt).get(address).content.decode()
    assert "It can be authorised once the placement or its extension is approved." in page
    assert can not in page
    approve_extension(period_id=extension.pk, over_budget_reason="", by=cast.head, now=at(1))
    assert can in login(cast.slt).get(address).content.decode()


def test_late_clock_leads_to_the_later_start_and_not_to_a_new_proposal(
    period: PlacementPeriod, cast: Any, login: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    monkeypatch.setattr("trust.web.timezone.now", lambda: at(4))
    later = f'href="{reverse("placements:placement-later", args=[period.placement_id])}"'
    addresses = [reverse("notices:notice-detail", args=[notice.pk]), reverse("notices:notice-change", args=[notice.pk])]
    for address in addresses:
        page = login(cast.slt).get(address).content.decode()
        assert later in page
        assert "is proposed again" not in page


def test_by_when_is_said_for_kinds_without_the_clock(both: Any, cast: Any) -> None:
    given, running = both
    end = end_notice(running, cast, NOW)
    by = give_by_of(end, date(2026, 12, 12))
    assert by is not None
    assert (by.day, by.late) == (ENDS, True)
    assert give_by_of(given.notices.get(), NOW.date()) is None
