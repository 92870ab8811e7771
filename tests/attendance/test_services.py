"""Saving a week: whole or not at all, permitted, expected, and never over somebody else's change."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from attendance.codes import ContactMeans, ContactOutcome, ProviderReport
from attendance.models import ProviderCall, SessionMark, WeeklyContact
from attendance.queries import stamp_of, stamp_of_contact
from attendance.services import CellsChanged, ContactLog, log_contact, raise_contact_flags, save_week
from placements.codes import Route
from placements.lifecycle import Status
from placements.models import Placement
from providers.codes import ProviderKind
from tests.factories.attendance import make_mark, many_placements, started_placement
from tests.factories.placements import placement_at
from tests.factories.providers import make_provider
from tests.fixtures import NOW, TODAY
from trust.errors import NotAllowed, RuleBroken
from trust.models import Flag, NonSchoolDay

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 9)
FRIDAY = date(2026, 11, 13)


def save(placement: Placement, marks: dict[tuple[date, str], str], by: Any, **more: Any) -> None:
    seen = {(placement.pk, *key): stamp for key, stamp in more.pop("seen", {}).items()}
    save_week(
        **{
            "provider_id": placement.provider_id,
            "monday": MONDAY,
            "marks": {(placement.pk, *key): report for key, report in marks.items()},
            "seen": seen,
            "by": by,
            "now": NOW,
            **more,
        }
    )


@pytest.mark.policy("P3.11")
def test_save_week_keeps_report_and_proposed_code(placement, cast):
    week = [MONDAY + timedelta(days=n) for n in range(5)]
    save(placement, {(day, "AM"): letter for day, letter in zip(week, "PLANP", strict=True)}, cast.att)
    rows = SessionMark.objects.order_by("day").values_list("report", "code", "version", "marked_by", "school_id")
    assert [row[:3] for row in rows] == [
        ("PRESENT", "B", 1),
        ("LATE", "B", 1),
        ("ABSENT", "N", 1),
        ("DID_NOT_RUN", "", 1),
        ("PRESENT", "B", 1),
    ]
    assert {row[3:] for row in rows} == {(cast.att.pk, placement.school_id)}


@pytest.mark.parametrize(
    ("route", "kind", "dual", "code"),
    [
        (Route.LA_ARRANGED, ProviderKind.REGISTERED_AP, None, "K"),
        (Route.DIRECTION, ProviderKind.OTHER_SCHOOL, date(2026, 9, 1), "D"),
        (Route.DIRECTION, ProviderKind.OTHER_SCHOOL, date(2026, 11, 30), "B"),
        (Route.HOME_ONLINE, ProviderKind.ONLINE, None, "I"),
    ],
)
def test_save_week_proposes_code_by_route_and_provider(student, cast, route, kind, dual, code):
    place = make_provider("Elsewhere", kind=kind, checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    placement = started_placement(
        student, place, proposed_by=cast.slt, decided_by=cast.head, route=route, dual_registered_on=dual
    )
    save(placement, {(MONDAY, "AM"): "P"}, cast.att)
    assert SessionMark.objects.get().code == code


@pytest.mark.parametrize("report", ["P", ProviderReport.PRESENT])
def test_save_week_takes_letters_and_reports(placement, cast, report):
    save(placement, {(MONDAY, "AM"): report}, cast.att)
    assert SessionMark.objects.get().report == "PRESENT"


def test_save_week_future_day_is_refused(placement, cast):
    with pytest.raises(RuleBroken, match="has not come yet"):
        save(placement, {(TODAY + timedelta(days=1), "AM"): "P"}, cast.att, monday=TODAY)
    assert not SessionMark.objects.exists()


@pytest.mark.parametrize(
    ("key", "monday"),
    [((MONDAY, "PM"), MONDAY), ((date(2026, 10, 28), "AM"), date(2026, 10, 26)), ((date(2026, 11, 14), "AM"), MONDAY)],
)
def test_save_week_unexpected_session_is_refused(placement, cast, key, monday):
    with pytest.raises(RuleBroken, match="Nobody is expected"):
        save(placement, {key: "P"}, cast.att, monday=monday)


def test_save_week_closed_school_expects_nobody(placement, cast):
    NonSchoolDay.objects.create(school=placement.school, day=MONDAY, kind="CLOSURE")
    with pytest.raises(RuleBroken, match="Nobody is expected"):
        save(placement, {(MONDAY, "AM"): "P"}, cast.att)


def test_save_week_is_whole_or_not_at_all(placement, cast):
    contact = ContactLog({placement.pk: (ContactOutcome.SPOKEN, "")}, ContactMeans.PHONE, date(2027, 1, 1))
    with pytest.raises(RuleBroken, match="before it was made"):
        save(placement, {(MONDAY, "AM"): "P"}, cast.att, contact=contact)
    assert not SessionMark.objects.exists()
    assert not WeeklyContact.objects.exists()
    with pytest.raises(RuleBroken, match="Nobody is expected"):
        save(placement, {(MONDAY, "AM"): "P", (MONDAY, "PM"): "P"}, cast.att)
    assert not SessionMark.objects.exists()


@pytest.mark.parametrize("monday", [date(2026, 11, 10), date(2026, 11, 15)])
def test_save_week_not_a_monday_is_refused(placement, cast, monday):
    with pytest.raises(RuleBroken, match="not a Monday"):
        save(placement, {(FRIDAY, "AM"): "P"}, cast.att, monday=monday)


def test_save_week_day_of_another_week_is_refused(placement, cast):
    with pytest.raises(RuleBroken, match="does not lie in the week"):
        save(placement, {(date(2026, 11, 2), "AM"): "P"}, cast.att)


def test_save_week_unknown_letter_is_refused(placement, cast):
    with pytest.raises(RuleBroken, match="P, L, A or N"):
        save(placement, {(MONDAY, "AM"): "X"}, cast.att)


@pytest.mark.parametrize("who", ["att2", "slt2", "ceo", "finance", "trustee"])
def test_save_week_without_permission_is_refused(placement, cast, who):
    with pytest.raises(NotAllowed):
        save(placement, {(MONDAY, "AM"): "P"}, getattr(cast, who))
    assert not SessionMark.objects.exists()


@pytest.mark.parametrize("who", ["att", "team", "slt", "dsl", "head", "lead"])
def test_save_week_with_permission_is_saved(placement, cast, who):
    save(placement, {(MONDAY, "AM"): "P"}, getattr(cast, who))
    assert SessionMark.objects.get().marked_by == getattr(cast, who)


def test_save_week_one_foreign_student_among_own_saves_nothing(placement, placement2, cast):
    marks = {(placement.pk, MONDAY, "AM"): "P", (placement2.pk, MONDAY, "AM"): "P"}
    with pytest.raises(NotAllowed):
        save_week(provider_id=placement.provider_id, monday=MONDAY, marks=marks, seen={}, by=cast.att, now=NOW)
    assert not SessionMark.objects.exists()


def test_save_week_host_marks_its_guest(student, south, cast):
    host = make_provider(
        "South at work",
        kind=ProviderKind.TRUST_SCHOOL,
        school=south,
        checked_by=cast.slt,
        approved_by=cast.lead,
        now=NOW,
    )
    placement = started_placement(
        student, host, proposed_by=cast.slt, decided_by=cast.head, host_school=south, route=Route.IN_TRUST
    )
    save(placement, {(MONDAY, "AM"): "P"}, cast.att2)
    assert SessionMark.objects.get().host_school_id == south.pk


def test_save_week_wrong_provider_is_refused(placement, cast):
    other = make_provider("Other place", checked_by=cast.slt, approved_by=cast.lead, now=NOW)
    with pytest.raises(RuleBroken, match="not placed at this provider"):
        save(placement, {(MONDAY, "AM"): "P"}, cast.att, provider_id=other.pk)


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.APPROVED])
def test_save_week_before_the_start_is_refused(student, provider, cast, budget, status):
    placement = placement_at(status, student=student, provider=provider, cast=cast, now=NOW, first=MONDAY)
    with pytest.raises(RuleBroken, match="has not started"):
        save(placement, {(MONDAY, "AM"): "P"}, cast.att)


def test_save_week_changed_by_somebody_else_is_refused_and_names_the_cell(placement, cast):
    save(placement, {(MONDAY, "AM"): "A", (FRIDAY, "AM"): "P"}, cast.team)
    with pytest.raises(CellsChanged) as refused:
        save(placement, {(MONDAY, "AM"): "P", (date(2026, 11, 10), "AM"): "P"}, cast.att)
    assert refused.value.cells == ((placement.pk, MONDAY, "AM"),)
    assert SessionMark.objects.count() == 2
    assert SessionMark.objects.get(day=MONDAY).report == ProviderReport.ABSENT


def test_save_week_with_current_stamp_corrects_and_counts_up(placement, cast):
    save(placement, {(MONDAY, "AM"): "A"}, cast.team)
    seen = {(MONDAY, "AM"): stamp_of(SessionMark.objects.get())}
    save(placement, {(MONDAY, "AM"): "L"}, cast.att, seen=seen)
    mark = SessionMark.objects.get()
    assert (mark.report, mark.code, mark.version, mark.marked_by) == ("LATE", "B", 2, cast.att)
    with pytest.raises(CellsChanged):
        save(placement, {(MONDAY, "AM"): "P"}, cast.team, seen=seen)


def test_save_week_correction_keeps_the_original_in_the_history(placement, cast):
    save(placement, {(MONDAY, "AM"): "A"}, cast.team)
    save(placement, {(MONDAY, "AM"): "L"}, cast.att, seen={(MONDAY, "AM"): stamp_of(SessionMark.objects.get())})
    events = apps.get_model("attendance", "SessionMarkEvent").objects.order_by("pgh_id")
    assert [(event.pgh_label, event.report) for event in events] == [("insert", "ABSENT"), ("update", "LATE")]
    assert [event.pgh_context["user"] for event in events] == [cast.team.pk, cast.att.pk]


def test_save_week_correction_needs_confirming_again(placement, cast):
    mark = make_mark(placement, MONDAY, by=cast.att, code="B", confirmed_by=cast.att, confirmed_at=NOW)
    save(placement, {(MONDAY, "AM"): "A"}, cast.att, seen={(MONDAY, "AM"): stamp_of(mark)})
    mark.refresh_from_db()
    assert (mark.confirmed_by, mark.confirmed_at, mark.code) == (None, None, "N")


def test_save_week_same_report_from_two_people_is_no_conflict(placement, cast):
    save(placement, {(MONDAY, "AM"): "P"}, cast.team)
    save(placement, {(MONDAY, "AM"): "P"}, cast.att)
    mark = SessionMark.objects.get()
    assert (mark.version, mark.marked_by) == (1, cast.team)


def test_save_week_empty_takes_the_mark_back(placement, cast):
    save(placement, {(MONDAY, "AM"): "P"}, cast.att)
    save(placement, {(MONDAY, "AM"): ""}, cast.att, seen={(MONDAY, "AM"): stamp_of(SessionMark.objects.get())})
    assert not SessionMark.objects.exists()
    labels = apps.get_model("attendance", "SessionMarkEvent").objects.order_by("pgh_id").values_list("pgh_label")
    assert [label for (label,) in labels] == ["insert", "delete"]


def test_save_week_taken_back_and_made_again_is_seen_as_a_change(placement, cast):
    save(placement, {(MONDAY, "AM"): "P"}, cast.att)
    opened = {(MONDAY, "AM"): stamp_of(SessionMark.objects.get())}
    save(placement, {(MONDAY, "AM"): ""}, cast.team, seen=opened)
    save(placement, {(MONDAY, "AM"): "A"}, cast.team)
    with pytest.raises(CellsChanged):
        save(placement, {(MONDAY, "AM"): "L"}, cast.att, seen=opened)


def test_save_week_uses_the_same_number_of_queries_at_any_size(provider, north, cast):
    def counted(placements: list[Placement]) -> int:
        marks = {(row.pk, MONDAY + timedelta(days=n), "AM"): "P" for row in placements for n in range(5)}
        contact = ContactLog({row.pk: (ContactOutcome.SPOKEN, "") for row in placements}, ContactMeans.PHONE, FRIDAY)
        with CaptureQueriesContext(connection) as queries:
            save_week(
                provider_id=provider.pk,
                monday=MONDAY,
                marks=marks,
                seen={},
                by=cast.att,
                now=NOW,
                contact=contact,
            )
        return len(queries)

    cast.att.held()
    one = counted(many_placements(1, north, provider, proposed_by=cast.slt, decided_by=cast.head))
    many = counted(many_placements(25, north, provider, proposed_by=cast.slt, decided_by=cast.head))
    assert one == many
    assert SessionMark.objects.count() == 26 * 5
    assert WeeklyContact.objects.count() == 26


@pytest.mark.policy("P5.5")
@pytest.mark.parametrize(("on", "late"), [(MONDAY, False), (FRIDAY, False), (date(2026, 11, 14), True), (TODAY, True)])
def test_log_contact_after_the_last_school_day_is_late(placement, cast, on, late):
    log_contact(
        provider_id=placement.provider_id,
        monday=MONDAY,
        how=ContactMeans.PHONE,
        contacted_on=on,
        outcomes={placement.pk: (ContactOutcome.SPOKEN, "Going well.")},
        by=cast.att,
        now=NOW,
    )
    contact = WeeklyContact.objects.get()
    assert (contact.late, contact.contacted_on, contact.note) == (late, on, "Going well.")
    assert contact.call is not None
    assert contact.call.how == ContactMeans.PHONE


def test_log_contact_last_school_day_is_the_homes_own(placement, cast):
    NonSchoolDay.objects.create(school=placement.school, day=FRIDAY, kind="CLOSURE")
    log(placement, cast.att, on=FRIDAY)
    assert WeeklyContact.objects.get().late


def log(placement: Placement, by: Any, outcome: str = ContactOutcome.SPOKEN, note: str = "", **more: Any) -> None:
    log_contact(
        **{
            "provider_id": placement.provider_id,
            "monday": MONDAY,
            "how": ContactMeans.PHONE,
            "contacted_on": more.pop("on", FRIDAY),
            "outcomes": {placement.pk: (outcome, note)},
            "by": by,
            "now": NOW,
            **more,
        }
    )


def test_log_contact_one_call_covers_several_students(north, provider, cast):
    rows = many_placements(3, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    log(rows[0], cast.att, outcomes={row.pk: (ContactOutcome.SPOKEN, "") for row in rows})
    assert ProviderCall.objects.count() == 1
    assert WeeklyContact.objects.filter(call=ProviderCall.objects.get()).count() == 3


def test_log_contact_not_due_needs_a_reason_and_makes_no_call(placement, cast):
    with pytest.raises(RuleBroken, match="why no contact was due"):
        log(placement, cast.att, ContactOutcome.NOT_DUE, "  ")
    log(placement, cast.att, ContactOutcome.NOT_DUE, "On a residential.", how="", contacted_on=None)
    assert WeeklyContact.objects.get().call is None
    assert not ProviderCall.objects.exists()


@pytest.mark.parametrize(
    ("more", "words", "field"),
    [
        ({"how": ""}, "how the provider", "how"),
        ({"how": "PIGEON"}, "how the provider", "how"),
        ({"contacted_on": None}, "the day of the contact", "contacted_on"),
        ({"contacted_on": date(2026, 11, 17)}, "before it was made", "contacted_on"),
        ({"contacted_on": date(2026, 11, 8)}, "does not count for this week", "contacted_on"),
    ],
)
def test_log_contact_incomplete_is_refused_beside_its_field(placement, cast, more, words, field):
    with pytest.raises(RuleBroken, match=words) as refused:
        log(placement, cast.att, **more)
    assert refused.value.field == field
    assert not WeeklyContact.objects.exists()


def test_log_contact_unknown_outcome_is_refused(placement, cast):
    with pytest.raises(RuleBroken, match="what came of the contact"):
        log(placement, cast.att, "WAVED")


def test_log_contact_of_another_school_is_refused(placement, cast):
    with pytest.raises(NotAllowed):
        log(placement, cast.att2)


def test_log_contact_changed_by_somebody_else_is_refused(placement, cast):
    log(placement, cast.team, ContactOutcome.TRIED)
    seen = stamp_of_contact(WeeklyContact.objects.get())
    mine = ContactLog({placement.pk: (ContactOutcome.SPOKEN, "")}, ContactMeans.PHONE, FRIDAY, {placement.pk: 0})
    with pytest.raises(CellsChanged) as refused:
        save(placement, {(MONDAY, "AM"): "P"}, cast.att, contact=mine)
    assert refused.value.contacts == (placement.pk,)
    assert not SessionMark.objects.exists()
    mine = ContactLog({placement.pk: (ContactOutcome.SPOKEN, "")}, ContactMeans.PHONE, FRIDAY, {placement.pk: seen})
    save(placement, {}, cast.att, contact=mine)
    assert WeeklyContact.objects.get().outcome == ContactOutcome.SPOKEN


@pytest.mark.parametrize(
    ("outcome", "note", "is_open"),
    [(ContactOutcome.SPOKEN, "", False), (ContactOutcome.NOT_DUE, "Ill.", False), (ContactOutcome.TRIED, "", True)],
)
def test_log_contact_clears_only_the_flag_of_its_week(placement, cast, outcome, note, is_open):
    raise_contact_flags(now=NOW)
    assert Flag.objects.open().count() == 2
    log(placement, cast.att, outcome, note, on=TODAY)
    open_weeks = {flag.period for flag in Flag.objects.open()}
    assert open_weeks == ({"2026-11-02", "2026-11-09"} if is_open else {"2026-11-02"})


@pytest.mark.django_db(transaction=True)
def test_save_week_two_at_once_one_is_refused_and_nothing_is_mixed(placement, cast):
    """Both opened an empty week; the second is told, whichever comes second."""
    week = [MONDAY + timedelta(days=n) for n in range(5)]
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def work(letter: str, by: Any) -> None:
        try:
            start.wait(timeout=10)
            save(placement, {(day, "AM"): letter for day in week}, by)
            outcomes.append(letter)
        except CellsChanged:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=pair) for pair in (("P", cast.att), ("A", cast.team))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(outcomes) == 2
    assert outcomes.count("refused") == 1
    assert len({mark.report for mark in SessionMark.objects.all()}) == 1
    assert SessionMark.objects.count() == 5


def test_save_week_of_a_placement_that_walked_the_whole_journey(student, provider, budget, cast):
    placement = placement_at(Status.ACTIVE, student=student, provider=provider, cast=cast, now=NOW)
    contact = ContactLog({placement.pk: (ContactOutcome.SPOKEN, "")}, ContactMeans.VISIT, TODAY)
    save(placement, {(TODAY, "AM"): "P"}, cast.att, monday=TODAY, contact=contact)
    assert SessionMark.objects.get().code == "B"
    assert raise_contact_flags(now=NOW + timedelta(weeks=1)) == 0
    assert raise_contact_flags(now=NOW + timedelta(weeks=2)) == 1
