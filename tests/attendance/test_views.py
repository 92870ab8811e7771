"""The pages of attendance: who reaches them, what they refuse, and that nothing typed is lost."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.codes import ContactOutcome, ProviderReport
from attendance.models import SessionMark, WeeklyContact
from attendance.queries import stamp_of, stamp_of_contact
from placements.models import Placement
from tests.factories.attendance import make_mark, many_placements
from tests.fixtures import TODAY

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 9)
WEEK = [MONDAY + timedelta(days=n) for n in range(5)]


def url(placement: Placement, monday: date = MONDAY) -> str:
    return reverse("attendance:week", args=[placement.provider_id, monday.isoformat()])


def cell(placement: Placement, day: date = MONDAY, session: str = "AM") -> str:
    return f"{placement.pk}-{day.isoformat()}-{session}"


def posted(response: Any) -> dict[str, str]:
    """What a browser would send back of a page without changing anything."""
    data = {}
    form = response.context["form"]
    for line in form.lines():
        for entry in line.cells:
            if entry.cell.open:
                data[f"m-{entry.cell.name}"], data[f"v-{entry.cell.name}"] = entry.value, entry.seen
        for field in (line.outcome, line.note):
            data[field.name] = field.value() or ""
        data[f"w-{line.row.placement.pk}"] = line.seen
    data["how"], data["contacted_on"] = form["how"].value() or "", str(form["contacted_on"].value() or "")
    return data


@pytest.mark.parametrize("who", ["att", "team", "slt", "dsl", "head", "lead"])
def test_pages_open_for_those_who_mark(placement, cast, login, who):
    client = login(getattr(cast, who))
    index = client.get(reverse("attendance:week-index"))
    assert index.status_code == 200
    assert placement.provider.name in index.content.decode()
    page = client.get(url(placement))
    assert page.status_code == 200
    assert "Ashdown, Jo" in page.content.decode()


@pytest.mark.parametrize(("who", "status"), [("ceo", 403), ("finance", 403), ("trustee", 404)])
def test_week_for_those_who_do_not_mark(placement, cast, login, who, status):
    client = login(getattr(cast, who))
    response = client.get(url(placement))
    assert response.status_code == status
    assert client.post(url(placement), {}).status_code == status
    assert client.get(reverse("attendance:week-index")).status_code == 403
    assert "Ashdown" not in response.content.decode()


def test_week_refusal_says_who_can(placement, cast, login):
    assert "Attendance team" in login(cast.finance).get(url(placement)).content.decode()


def test_week_of_another_schools_students_is_empty(placement, cast, login):
    client = login(cast.att2)
    page = client.get(url(placement))
    assert page.status_code == 200
    assert "Ashdown" not in page.content.decode()
    assert "Nobody is expected here in this week" in page.content.decode()
    assert placement.provider.name not in client.get(reverse("attendance:week-index")).content.decode()


def test_pages_ask_for_log_in(placement, client):
    for address in (url(placement), reverse("attendance:week-index")):
        response = client.get(address)
        assert response.status_code == 302
        assert "/accounts/login/" in response["Location"]


@pytest.mark.parametrize(
    "monday",
    ["2026-11-10", "0001-01-01", "9999-12-27", "2026-13-40", "20261109", "2026-W46-1", "x", "2026-02-30"],
)
def test_week_not_a_monday_of_this_century_is_404(placement, cast, login, monday):
    assert login(cast.att).get(f"/attendance/provider/{placement.provider_id}/{monday}/").status_code == 404


@pytest.mark.parametrize("pk", [0, 999_999, 10**30])
def test_week_of_no_provider_is_404(cast, login, pk):
    assert login(cast.att).get(f"/attendance/provider/{pk}/2026-11-09/").status_code == 404


@pytest.mark.parametrize("week", ["", "x", "0001-01-01", "2026-99-99", "2026-11-11"])
def test_index_of_any_week_word_opens(placement, cast, login, week):
    response = login(cast.att).get(f"/attendance/?week={week}")
    assert response.status_code == 200
    assert response.context["monday"] == (MONDAY if week == "2026-11-11" else TODAY)


def test_index_leads_to_the_weeks_before_and_after(placement, cast, login):
    page = login(cast.att).get("/attendance/?week=2026-11-09").content.decode()
    assert "?week=2026-11-02" in page
    assert "?week=2026-11-16" in page
    assert url(placement) in page


def test_week_without_calendar_says_so(placement, cast, login):
    placement.school.terms.all().delete()
    for address in (url(placement), "/attendance/?week=2026-11-09"):
        response = login(cast.att).get(address)
        assert response.status_code == 200
        assert "has not been loaded" in response.content.decode()
    assert login(cast.att).post(url(placement), {}).status_code == 422


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_wrong_verb_is_405(placement, cast, login, method):
    client = login(cast.att)
    assert getattr(client, method)(url(placement)).status_code == 405
    assert getattr(client, method)(reverse("attendance:week-index")).status_code == 405
    assert client.post(reverse("attendance:week-index")).status_code == 405


def test_week_shows_each_kind_of_cell(placement, cast, login):
    make_mark(placement, MONDAY, report=ProviderReport.LATE, by=cast.att)
    page = login(cast.att).get(url(placement)).content.decode()
    assert page.count("not expected") == 5
    assert page.count('name="m-') == 5
    assert page.count("no-return") == 4
    assert "100.0% (1 of 1)" in page
    now = login(cast.att).get(url(placement, TODAY)).content.decode()
    assert now.count('name="m-') == 1
    assert now.count("to come</span>") == 4


def test_week_saves_marks_and_contact_in_one_post(placement, cast, login):
    client = login(cast.att)
    data = posted(client.get(url(placement)))
    for day, letter in zip(WEEK, ["P", "l", " A ", "N", ""], strict=True):
        data[f"m-{cell(placement, day)}"] = letter
    data |= {"how": "PHONE", "contacted_on": "2026-11-13"}
    data |= {f"c-{placement.pk}": "SPOKEN", f"n-{placement.pk}": "Settling in."}
    response = client.post(url(placement), data)
    assert response.status_code == 302
    assert list(SessionMark.objects.order_by("day").values_list("report", flat=True)) == [
        "PRESENT",
        "LATE",
        "ABSENT",
        "DID_NOT_RUN",
    ]
    contact = WeeklyContact.objects.get()
    assert (contact.outcome, contact.note, contact.late) == ("SPOKEN", "Settling in.", False)
    assert "The week is saved." in client.get(response["Location"]).content.decode()


def test_week_saved_again_unchanged_changes_nothing(placement, cast, login):
    client = login(cast.att)
    make_mark(placement, MONDAY, by=cast.team)
    assert client.post(url(placement), posted(client.get(url(placement)))).status_code == 302
    mark = SessionMark.objects.get()
    assert (mark.version, mark.marked_by) == (1, cast.team)
    assert not WeeklyContact.objects.exists()


def test_week_wrong_letter_keeps_everything_typed(placement, cast, login):
    client = login(cast.att)
    data = posted(client.get(url(placement)))
    data |= {f"m-{cell(placement)}": "X", f"m-{cell(placement, WEEK[1])}": "A", f"n-{placement.pk}": "Half a word"}
    data[f"c-{placement.pk}"] = "SPOKEN"
    response = client.post(url(placement), data)
    page = response.content.decode()
    assert response.status_code == 422
    assert f'href="#id_m-{cell(placement)}"' in page
    assert "Type P, L, A or N" in page
    again = posted(response)
    assert again[f"m-{cell(placement)}"] == "X"
    assert again[f"m-{cell(placement, WEEK[1])}"] == "A"
    assert again[f"n-{placement.pk}"] == "Half a word"
    assert not SessionMark.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"c": "SPOKEN"}, "Say how the provider was contacted."),
        ({"c": "SPOKEN", "how": "PHONE", "contacted_on": ""}, "Give the day of the contact."),
        ({"c": "SPOKEN", "how": "PHONE", "contacted_on": "2026-11-17"}, "before it was made"),
        ({"c": "SPOKEN", "how": "PHONE", "contacted_on": "2026-11-08"}, "does not count for this week"),
        ({"c": "SPOKEN", "how": "PHONE", "contacted_on": "0001-01-01"}, "does not count for this week"),
        ({"c": "SPOKEN", "how": "PHONE", "contacted_on": "soon"}, "Enter a valid date"),
        ({"c": "SPOKEN", "how": "OWL"}, "Select a valid choice"),
        ({"c": "NOT_DUE"}, "Say why no contact was due."),
        ({"c": "", "n": "Words only"}, "Say what came of the contact."),
        ({"c": "WAVED"}, "Select a valid choice"),
        ({"c": "SPOKEN", "how": "PHONE", "n": "x" * 1001}, "at most 1000 characters"),
    ],
)
def test_week_incomplete_contact_is_refused_and_no_mark_saved(placement, cast, login, change, words):
    client = login(cast.att)
    data = posted(client.get(url(placement))) | {f"m-{cell(placement)}": "P"}
    data |= {f"{key}-{placement.pk}" if len(key) == 1 else key: value for key, value in change.items()}
    response = client.post(url(placement), data)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not SessionMark.objects.exists()
    assert posted(response)[f"m-{cell(placement)}"] == "P"


@pytest.mark.parametrize("letter", ["<b>", "PP", "P" * 5000])
def test_week_strange_letters_are_refused(placement, cast, login, letter):
    client = login(cast.att)
    data = posted(client.get(url(placement))) | {f"m-{cell(placement)}": letter}
    assert client.post(url(placement), data).status_code == 422


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 40, "1P1"])
def test_week_strange_version_never_overwrites(placement, cast, login, seen):
    make_mark(placement, MONDAY, report=ProviderReport.ABSENT, by=cast.team)
    client = login(cast.att)
    data = posted(client.get(url(placement))) | {f"m-{cell(placement)}": "P", f"v-{cell(placement)}": seen}
    assert client.post(url(placement), data).status_code == 422
    assert SessionMark.objects.get().report == ProviderReport.ABSENT


@pytest.mark.parametrize("name", ["m", "v", "n", "other"])
def test_week_nul_byte_is_a_bad_request_and_saves_nothing(placement, cast, login, name):
    client = login(cast.att)
    names = {"m": f"m-{cell(placement)}", "v": f"v-{cell(placement)}", "n": f"n-{placement.pk}"}
    data = posted(client.get(url(placement))) | {f"m-{cell(placement, WEEK[1])}": "P", names.get(name, "m-\0"): "\0"}
    assert client.post(url(placement), data).status_code == 400
    assert not SessionMark.objects.exists()


def test_week_sessions_to_come_are_refused_in_words(placement, cast, login):
    client = login(cast.att)
    data = posted(client.get(url(placement, TODAY))) | {f"m-{cell(placement, TODAY + timedelta(days=1))}": "P"}
    response = client.post(url(placement, TODAY), data)
    assert response.status_code == 422
    assert "Sessions to come cannot be marked" in response.content.decode()
    assert not SessionMark.objects.exists()


def test_week_other_schools_student_or_unexpected_cell_is_refused(placement, placement2, cast, login):
    client = login(cast.att)
    for name in (cell(placement2), cell(placement, MONDAY, "PM"), "1-x"):
        data = posted(client.get(url(placement))) | {f"m-{name}": "P"}
        response = client.post(url(placement), data)
        assert response.status_code == 422
        assert "not expected of a student of yours" in response.content.decode()
    assert not SessionMark.objects.exists()


def test_week_all_as_planned_fills_only_empty_expected_cells_and_saves_nothing(placement, cast, login):
    make_mark(placement, MONDAY, report=ProviderReport.ABSENT, by=cast.att)
    client = login(cast.att)
    data = posted(client.get(url(placement))) | {f"m-{cell(placement, WEEK[1])}": "L", "planned": "1"}
    response = client.post(url(placement), data)
    assert response.status_code == 200
    assert "Nothing is saved yet" in response.content.decode()
    filled = posted(response)
    assert [filled[f"m-{cell(placement, day)}"] for day in WEEK] == ["A", "L", "P", "P", "P"]
    assert SessionMark.objects.count() == 1
    assert client.post(url(placement), filled).status_code == 302
    assert [mark.report for mark in SessionMark.objects.order_by("day")] == [
        "ABSENT",
        "LATE",
        "PRESENT",
        "PRESENT",
        "PRESENT",
    ]


def test_week_all_as_planned_stops_today(placement, cast, login):
    client = login(cast.att)
    filled = posted(client.post(url(placement, TODAY), posted(client.get(url(placement, TODAY))) | {"planned": "1"}))
    assert {name: value for name, value in filled.items() if name.startswith("m-")} == {
        f"m-{cell(placement, TODAY)}": "P"
    }


def test_week_changed_meanwhile_says_who_and_keeps_what_was_typed(placement, cast, login):
    client = login(cast.att)
    data = posted(client.get(url(placement)))
    make_mark(placement, MONDAY, report=ProviderReport.ABSENT, by=cast.team)
    make_mark(placement, WEEK[4], report=ProviderReport.LATE, by=cast.team)
    data |= {f"m-{cell(placement)}": "P", f"m-{cell(placement, WEEK[1])}": "L", f"n-{placement.pk}": "Kept"}
    data |= {f"c-{placement.pk}": "SPOKEN", "how": "PHONE"}
    response = client.post(url(placement), data)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Tom Pastoral made it Absent at 09:30" in page
    assert SessionMark.objects.count() == 2
    assert not WeeklyContact.objects.exists()
    again = posted(response)
    assert [again[f"m-{cell(placement, day)}"] for day in WEEK] == ["P", "L", "", "", "L"]
    assert again[f"n-{placement.pk}"] == "Kept"
    assert client.post(url(placement), again).status_code == 302
    assert [mark.report for mark in SessionMark.objects.order_by("day")] == ["PRESENT", "LATE", "LATE"]
    assert SessionMark.objects.get(day=WEEK[4]).marked_by == cast.team


def test_week_two_people_on_different_students_do_not_meet(provider, north, cast, login):
    one, two = many_placements(2, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    client = login(cast.att)
    data = posted(client.get(url(one)))
    make_mark(two, MONDAY, report=ProviderReport.ABSENT, by=cast.team)
    assert client.post(url(one), data | {f"m-{cell(one)}": "P"}).status_code == 302
    assert {(mark.placement, mark.report) for mark in SessionMark.objects.all()} == {(one, "PRESENT"), (two, "ABSENT")}


def test_week_taken_back_meanwhile_says_so(placement, cast, login):
    mark = make_mark(placement, MONDAY, report=ProviderReport.ABSENT, by=cast.team)
    client = login(cast.att)
    data = posted(client.get(url(placement)))
    mark.delete()
    response = client.post(url(placement), data | {f"m-{cell(placement)}": "P"})
    assert response.status_code == 422
    assert "took the mark back" in response.content.decode()


def test_week_contact_logged_meanwhile_says_who(placement, cast, login):
    client = login(cast.att)
    data = posted(client.get(url(placement)))
    other = login(cast.team)
    theirs = data | {f"c-{placement.pk}": "TRIED", "how": "EMAIL"}
    assert other.post(url(placement), theirs).status_code == 302
    mine = data | {f"c-{placement.pk}": "SPOKEN", "how": "PHONE"}
    response = client.post(url(placement), mine)
    assert response.status_code == 422
    assert "Tom Pastoral logged" in response.content.decode()
    assert client.post(url(placement), posted(response)).status_code == 302
    assert WeeklyContact.objects.get().outcome == ContactOutcome.SPOKEN


def test_week_corrects_a_mark_and_takes_one_back(placement, cast, login):
    make_mark(placement, MONDAY, report=ProviderReport.ABSENT, by=cast.team)
    make_mark(placement, WEEK[1], by=cast.team)
    client = login(cast.att)
    data = posted(client.get(url(placement)))
    data |= {f"m-{cell(placement)}": "L", f"m-{cell(placement, WEEK[1])}": ""}
    assert client.post(url(placement), data).status_code == 302
    mark = SessionMark.objects.get()
    assert (mark.day, mark.report, mark.version) == (MONDAY, "LATE", 2)


def test_stamps_of_nothing_are_zero():
    assert (stamp_of(None), stamp_of_contact(None)) == (0, 0)


@pytest.mark.parametrize("number", [1, 25])
def test_week_page_reads_twelve_times_at_any_number_of_students(provider, north, cast, login, number):
    rows = many_placements(number, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    for row in rows:
        make_mark(row, MONDAY, by=cast.att)
    client = login(cast.att)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url(rows[0]))
    assert page.content.decode().count('name="c-') == number
    reads = [query["sql"][:90] for query in queries if query["sql"].startswith("SELECT")]
    assert len(reads) == 12, "\n".join(reads)


def test_week_save_takes_the_same_number_of_queries_at_any_size(provider, north, cast, login):
    def counted(rows: list[Placement]) -> int:
        client = login(cast.att)
        data = posted(client.get(url(rows[0]))) | {"how": "PHONE"}
        for row in rows:
            data |= {f"m-{cell(row, day)}": "P" for day in WEEK} | {f"c-{row.pk}": "SPOKEN"}
        with CaptureQueriesContext(connection) as queries:
            assert client.post(url(rows[0]), data).status_code == 302
        return len(queries)

    one = many_placements(1, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    first = counted(one)
    more = many_placements(24, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    assert counted(more) == first
    assert SessionMark.objects.count() == 125


def test_index_takes_the_same_number_of_queries_with_one_and_three_rows(provider, north, cast, login):
    client = login(cast.att)

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/attendance/").status_code == 200
        return len(queries)

    many_placements(1, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    one = counted()
    many_placements(2, north, provider, proposed_by=cast.slt, decided_by=cast.head)
    assert counted() == one


def test_week_has_no_student_in_address_and_title(placement, cast, login):
    page = login(cast.att).get(url(placement)).content.decode()
    title = page[page.index("<title>") : page.index("</title>")]
    assert "Ashdown" not in title + url(placement)


def test_week_has_no_inline_script_or_style(placement, cast, login):
    page = login(cast.att).get(url(placement)).content.decode()
    assert " style=" not in page
    assert "onclick" not in page
    assert page.count("<script") == page.count("<script src") == page.count("</script>")
