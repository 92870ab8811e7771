"""The register of notices: filters, how each stands, the file, and how many were in time."""

import csv
import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notices.codes import Channel, Outcome
from notices.lifecycle import Status
from notices.models import DirectionNotice
from notices.queries import on_time_rows, register, register_rows
from notices.rules import OnTime
from notices.services import override_late, record_given, void_notice
from placements.models import PlacementPeriod
from tests.factories.notices import notice_at
from tests.factories.people import give, make_contact, make_student
from tests.factories.placements import make_budget, placement_at
from tests.fixtures import NOW, TODAY
from tests.notices.conftest import DEADLINE, START, at
from trust.models import AcademicYear, AccessLog
from trust.permissions import Role
from trust.resources.sheet import as_text

LIST = "notices:notice-list"
EXPORT = "notices:notice-export"
RATE = "notices:notice-on-time"


@pytest.fixture
def another(provider: Any, budget: Any, cast: Any) -> Any:
    """Makes one more period that needs a notice: of a new student with a name, at a school."""

    def make(name: str, school: Any, first: date = START, last: date = date(2027, 2, 5), **more: Any) -> Any:
        student = make_student(school, name)
        make_contact(student)
        placement = placement_at(
            "APPROVED", student=student, provider=provider, cast=cast, now=NOW, first=first, last=last, **more
        )
        return placement.periods.get()

    return make


@pytest.fixture
def south_budget(south: Any, year: Any, cast: Any) -> Any:
    return make_budget(
        school=south,
        academic_year=year,
        amount=90000,
        status="APPROVED",
        proposed_by=cast.finance,
        proposed_at=NOW,
        approved_by=cast.head2,
        approved_at=NOW,
    )


def hand_over(notice: DirectionNotice, cast: Any, when: Any) -> DirectionNotice:
    for recipient in notice.recipients.all():
        record_given(recipient_id=recipient.pk, channel=Channel.HAND, sent_at=when, proof="x", by=cast.slt, now=when)
    return DirectionNotice.objects.get(pk=notice.pk)


def late_notice(period: PlacementPeriod, cast: Any) -> DirectionNotice:
    """Authorised in time, handed over the day after the last day."""
    return hand_over(notice_at(Status.ISSUED, period, cast, at(2)), cast, at(4))


def names(page: str, *wanted: str) -> list[str]:
    return [name for name in wanted if f"{name}, Jo" in page]


def outcomes(user: Any, today: date = TODAY, **chosen: Any) -> dict[str, Outcome]:
    rows = register_rows(list(register(user, **chosen)), today)
    return {row.student.family_name: row.outcome for row in rows}


# --- how a notice stands ---


@pytest.mark.policy("P7.2")
def test_register_says_how_each_notice_stands(period: PlacementPeriod, another: Any, cast: Any, north: Any) -> None:
    notice_at(Status.GIVEN, period, cast, NOW)
    notice_at(Status.DRAFT, another("Bell", north), cast, NOW)
    late_notice(another("Cole", north), cast)
    overridden = late_notice(another("Dunn", north), cast)
    override_late(notice_id=overridden.pk, reason="Parents agreed.", by=cast.head, now=at(4))
    notice_at(Status.VOID, another("Eyre", north), cast, NOW)
    first = period.placement.student.family_name
    assert outcomes(cast.slt, DEADLINE) == {
        first: Outcome.IN_TIME,
        "Bell": Outcome.WAITING,
        "Cole": Outcome.LATE,
        "Dunn": Outcome.OVERRIDDEN,
    }
    assert outcomes(cast.slt, date(2026, 12, 4))["Bell"] == Outcome.NOT_GIVEN
    assert outcomes(cast.slt, status=Status.VOID) == {"Eyre": Outcome.VOID}
    assert len(outcomes(cast.slt, status="ALL")) == 5
    for outcome, who in (("IN_TIME", first), ("LATE", "Cole"), ("OVERRIDDEN", "Dunn"), ("WAITING", "Bell")):
        assert list(outcomes(cast.slt, outcome=outcome)) == [who], outcome


def test_register_shows_the_frozen_last_day_once_given(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.GIVEN, period, cast, NOW)
    DirectionNotice.objects.filter(pk=notice.pk).update(deadline_on=date(2026, 12, 1))
    assert [row.give_by for row in register_rows(list(register(cast.slt)), TODAY)] == [date(2026, 12, 1)]


# --- filters ---


def test_register_filters_by_route_kind_school_year_and_term(
    period: PlacementPeriod, another: Any, cast: Any, north: Any, south: Any, south_budget: Any
) -> None:
    notice_at(Status.DRAFT, period, cast, NOW)
    notice_at(Status.DRAFT, another("Bell", north, first=date(2027, 1, 5)), cast, NOW)
    notice_at(Status.DRAFT, another("Cole", south), cast, NOW)
    first = period.placement.student.family_name
    lead = cast.lead
    assert set(outcomes(lead)) == {first, "Bell", "Cole"}
    assert set(outcomes(lead, school_id=south.pk)) == {"Cole"}
    assert set(outcomes(lead, season="AUTUMN")) == {first, "Cole"}
    assert set(outcomes(lead, season="SPRING")) == {"Bell"}
    assert set(outcomes(lead, route=period.placement.route)) == {first, "Bell", "Cole"}
    assert outcomes(lead, route="MEDICAL") == {}
    assert outcomes(lead, kind="END") == {}
    assert outcomes(lead, year=AcademicYear.objects.get(label="2025/26")) == {}
    assert len(outcomes(lead, year=AcademicYear.objects.get(label="2026/27"))) == 3


def test_register_shows_only_the_own_schools(
    period: PlacementPeriod, another: Any, cast: Any, south: Any, south_budget: Any
) -> None:
    notice_at(Status.DRAFT, period, cast, NOW)
    notice_at(Status.DRAFT, another("Cole", south), cast, NOW)
    assert set(outcomes(cast.slt2)) == {"Cole"}
    assert set(outcomes(cast.slt)) == {period.placement.student.family_name}


def test_list_searches_a_name_by_post_and_keeps_it_out_of_the_address(
    client: Client, period: PlacementPeriod, another: Any, cast: Any, north: Any
) -> None:
    notice_at(Status.DRAFT, period, cast, NOW)
    notice_at(Status.DRAFT, another("Bell", north), cast, NOW)
    client.force_login(cast.team)
    answer = client.post(f"{reverse(LIST)}?kind=INITIAL&page=2", {"name": "bel"})
    assert answer.headers["Location"] == f"{reverse(LIST)}?kind=INITIAL"
    page = client.get(answer.headers["Location"]).content.decode()
    table = page[page.index("Notices, the latest first") :]
    assert names(table, "Bell", period.placement.student.family_name) == ["Bell"]
    assert "Download as Excel" not in page


def test_list_with_an_impossible_filter_is_a_page_all_the_same(
    client: Client, period: PlacementPeriod, cast: Any
) -> None:
    notice_at(Status.DRAFT, period, cast, NOW)
    client.force_login(cast.slt)
    answer = client.get(reverse(LIST), {"kind": "NOTHING", "school": "999999", "year": "x", "page": "abc"})
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()


def test_list_takes_as_many_queries_for_three_notices_as_for_one(
    client: Client, period: PlacementPeriod, another: Any, cast: Any, north: Any
) -> None:
    notice_at(Status.DRAFT, period, cast, NOW)
    client.force_login(cast.slt)
    client.get(reverse(LIST))
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(reverse(LIST))
    late_notice(another("Bell", north), cast)
    notice_at(Status.GIVEN, another("Cole", north), cast, NOW)
    with CaptureQueriesContext(connection) as three:
        assert client.get(reverse(LIST)).status_code == 200
    assert len(three) == len(one)


# --- the file ---


def taken(client: Client, kind: str, **query: str) -> Any:
    return client.get(reverse(EXPORT), {**query, "as": kind})


def test_export_holds_what_the_filters_show_and_notes_each_student(
    client: Client, period: PlacementPeriod, another: Any, cast: Any, north: Any
) -> None:
    notice_at(Status.GIVEN, period, cast, NOW)
    notice_at(Status.DRAFT, another("Bell", north), cast, NOW)
    client.force_login(cast.slt)
    answer = taken(client, "csv", status="GIVEN")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="notices-2026-11-16.csv"'
    assert "no-store" in answer.headers["Cache-Control"]
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    student = period.placement.student
    assert [line["Student"] for line in lines] == [f"{student.family_name}, {student.first_name}"]
    assert (lines[0]["Give by"], lines[0]["In time"], lines[0]["Status"]) == ("2026-12-03", "In time", "Given")
    logged = AccessLog.objects.filter(action="took the register of notices")
    assert [(one.student_id, one.user_id) for one in logged] == [(student.pk, cast.slt.pk)]


def test_export_as_workbook_writes_what_looks_like_a_formula_as_text(
    client: Client, period: PlacementPeriod, another: Any, cast: Any, north: Any
) -> None:
    notice = notice_at(Status.GIVEN, another("Bell", north), cast, NOW)
    DirectionNotice.objects.filter(pk=notice.pk).update(override_reason='=HYPERLINK("x")')
    client.force_login(cast.head)
    sheet = openpyxl.load_workbook(io.BytesIO(taken(client, "xlsx").content)).active
    cells = {sheet.cell(1, column).value: sheet.cell(2, column) for column in range(1, sheet.max_column + 1)}
    assert cells["Reason of an override"].data_type == "s"
    assert cells["Reason of an override"].value == '=HYPERLINK("x")'
    assert cells["Effective on"].value.date() == START
    line = next(csv.DictReader(io.StringIO(taken(client, "csv").content.decode("utf-8-sig"))))
    assert line["Reason of an override"] == '\'=HYPERLINK("x")'


@pytest.mark.parametrize("text", ["=1+1", "+44", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1"])
def test_csv_cell_that_would_act_gets_an_apostrophe(text: str) -> None:
    assert as_text(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [("O'Brien-Lee, Zoë", "O'Brien-Lee, Zoë"), (-3, "-3"), (None, ""), (START, "2026-12-07")],
)
def test_csv_cell_of_an_ordinary_value_stays(value: Any, cell: str) -> None:
    assert as_text(value) == cell


def test_export_without_the_permission_or_of_an_unknown_kind_is_refused(client: Client, cast: Any) -> None:
    client.force_login(cast.team)
    assert taken(client, "csv").status_code == 403
    client.force_login(cast.head)
    assert taken(client, "pdf").status_code == 404


def test_export_leaves_out_the_school_where_the_person_only_reads(
    client: Client, period: PlacementPeriod, another: Any, cast: Any, south: Any, south_budget: Any
) -> None:
    notice_at(Status.DRAFT, period, cast, NOW)
    notice_at(Status.DRAFT, another("Cole", south), cast, NOW)
    give(cast.slt2, Role.TEAM, period.placement.school)
    assert len(register(cast.slt2)) == 2
    client.force_login(cast.slt2)
    lines = list(csv.DictReader(io.StringIO(taken(client, "csv").content.decode("utf-8-sig"))))
    assert [line["Student"] for line in lines] == ["Cole, Jo"]


# --- the rate ---


@pytest.mark.policy("P7.2")
def test_on_time_counts_each_start_once_per_school_and_term(
    period: PlacementPeriod, another: Any, cast: Any, north: Any, south: Any, south_budget: Any, year: Any
) -> None:
    notice_at(Status.GIVEN, period, cast, NOW)
    late_notice(another("Bell", north), cast)
    overridden = late_notice(another("Cole", north), cast)
    override_late(notice_id=overridden.pk, reason="Parents agreed.", by=cast.head, now=at(4))
    another("Dunn", north)  # no notice at all
    notice_at(Status.DRAFT, another("Eyre", north, first=date(2027, 1, 18)), cast, NOW)
    notice_at(Status.DRAFT, another("Ford", south), cast, NOW)
    replaced = notice_at(Status.ISSUED, another("Gray", north), cast, NOW)
    void_notice(notice_id=replaced.pk, reason="The site moved.", by=cast.head, now=NOW)
    notice_at(Status.GIVEN, replaced.placement_period, cast, at(1))
    rows, total = on_time_rows(cast.lead, year, date(2026, 12, 4))
    found = {(row.school.short_name, row.season): row.rate for row in rows}
    autumn = OnTime(in_time=2, late=1, overridden=1, not_given=1)
    assert found == {
        ("North", "AUTUMN"): autumn,
        ("North", "SPRING"): OnTime(waiting=1),
        ("North", ""): OnTime(in_time=2, late=1, overridden=1, not_given=1, waiting=1),
        ("South", "AUTUMN"): OnTime(not_given=1),
        ("South", ""): OnTime(not_given=1),
    }
    assert total.counts == (2, 6)
    own, _ = on_time_rows(cast.slt2, year, date(2026, 12, 4))
    assert {row.school.short_name for row in own} == {"South"}
    assert on_time_rows(cast.team, year, date(2026, 12, 4)) == ([], OnTime())


def test_on_time_takes_as_many_queries_for_many_as_for_few(
    period: PlacementPeriod, another: Any, cast: Any, north: Any, year: Any
) -> None:
    another("Bell", north)
    notice_at(Status.DRAFT, period, cast, NOW)
    cast.lead.held()
    with CaptureQueriesContext(connection) as few:
        on_time_rows(cast.lead, year, TODAY)
    another("Cole", north)
    notice_at(Status.DRAFT, another("Dunn", north), cast, NOW)
    with CaptureQueriesContext(connection) as many:
        on_time_rows(cast.lead, year, TODAY)
    assert len(many) == len(few)


def test_rate_page_shows_numerator_and_denominator(client: Client, period: PlacementPeriod, cast: Any) -> None:
    notice_at(Status.GIVEN, period, cast, NOW)
    client.force_login(cast.head)
    page = client.get(reverse(RATE)).content.decode()
    assert "100.0% (1 of 1)" in page
    assert "Autumn" in page
    client.force_login(cast.team)
    assert client.get(reverse(RATE)).status_code == 403


def test_rate_page_of_a_year_without_notices_says_so(client: Client, year: Any, cast: Any) -> None:
    client.force_login(cast.head)
    assert "No notices in this year" in client.get(reverse(RATE)).content.decode()


def test_list_leads_to_the_wording_of_letters_and_the_placement_to_its_chain(
    client: Client, period: PlacementPeriod, cast: Any
) -> None:
    client.force_login(cast.slt)
    assert reverse("notices:template-list") in client.get(reverse("notices:notice-list")).content.decode()
    chain = reverse("notices:notice-chain", args=[period.placement_id])
    page = reverse("placements:placement-detail", args=[period.placement_id])
    assert chain in client.get(page).content.decode()
    client.force_login(cast.team)
    shown = client.get(page)
    assert shown.status_code == 200
    assert chain not in shown.content.decode()
