"""The page of a student and its timeline: what each role and each school reads, in constant queries."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.models import HomeAttendance
from placements.lifecycle import Status
from placements.models import PartTimeTimetable, Placement
from placements.services import pause_placement
from providers.models import Provider
from referrals.services import void_referral
from tests.factories.people import make_contact
from tests.factories.placements import placement_at, referral_at
from tests.fixtures import NOW, Cast
from trust.calendar import to_range
from trust.models import AccessLog, School, Student, Suspension, User

Login = Callable[[User], Any]
TODAY = NOW.date()


def page(login: Login, user: User, student: Student, name: str = "trust:student-detail", **query: str) -> Any:
    return login(user).get(reverse(name, args=[student.pk]), query)


def words(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.fixture
def full(active: Placement, student: Student, cast: Cast, north: School) -> Student:
    """A student with everything: a void referral, suspensions, weeks at school, a part-time timetable, a placement."""
    void = referral_at("SUBMITTED", student=student, cast=cast, now=NOW)
    void_referral(referral_id=void.pk, reason="Written twice.", by=cast.head, now=NOW)
    Suspension.objects.create(student=student, school=north, first_day=date(2026, 10, 5), sessions=4)
    for week in range(4):
        HomeAttendance.objects.create(
            student=student,
            school=north,
            week=date(2026, 9, 28) - timedelta(weeks=week),
            possible=10,
            attended=7,
            unauthorised=2,
            codes=["Y5", *["/"] * 9],
        )
    PartTimeTimetable.objects.create(
        student=student,
        school=north,
        slots=[1, 3],
        period=to_range(TODAY - timedelta(days=10), TODAY + timedelta(days=10)),
        reason="Built up slowly after the panic attacks.",
        agreed_by="Mary Ashdown",
        agreed_on=TODAY - timedelta(days=12),
        review_on=TODAY + timedelta(days=5),
        recorded_by=cast.slt,
        recorded_at=NOW,
    )
    Student.objects.filter(pk=student.pk).update(ethnicity="White British", senco="Petra Senco")
    return student


def test_student_page_shows_every_stage(login: Login, full: Student, active: Placement, cast: Cast) -> None:
    html = words(page(login, cast.slt, full))
    for expected in (
        "White British",
        "Petra Senco",
        reverse("placements:placement-detail", args=[active.pk]),
        "Written twice.",
        "1 suspension, 4 sessions",
        "70.0",
        "2 half-days a week without education",
        "Built up slowly after the panic attacks.",
        "agreed to notices by e-mail",
        reverse("placements:offer-list", args=[active.referral_id]),
        reverse("student-timeline", args=[full.pk]),
        reverse("referrals:referral-start", args=[full.pk]),
    ):
        assert expected in html, expected
    assert "Y5" not in html
    assert AccessLog.objects.filter(user=cast.slt, student_id=full.pk, action="student opened").exists()


def test_attendance_team_reads_no_narrative(login: Login, full: Student, cast: Cast) -> None:
    for name in ("trust:student-detail", "student-timeline"):
        html = words(page(login, cast.att, full, name))
        for hidden in ("Built up slowly", "Written twice", "Discussed with the family", "They support it"):
            assert hidden not in html, hidden
    assert "They support it" in words(page(login, cast.team, full, "student-timeline"))


def test_home_attendance_under_twenty_sessions_is_not_comparable(
    login: Login, student: Student, north: School, cast: Cast
) -> None:
    HomeAttendance.objects.create(
        student=student, school=north, week=date(2026, 11, 2), possible=10, attended=9, source="imported"
    )
    assert "not comparable: 10 sessions on file" in words(page(login, cast.slt, student))


@pytest.mark.policy("P6.3")
def test_timeline_joins_all_stages_in_order_and_is_logged(login: Login, full: Student, cast: Cast) -> None:
    response = page(login, cast.head, full, "student-timeline")
    titles = [entry.title for entry in response.context["entries"]]
    for title in ("Place offered", "Placement started", "Suspended", "Part-time timetable", "On the roll of North"):
        assert any(one.startswith(title) for one in titles), (title, titles)
    assert any(title.endswith("given to everybody") for title in titles)
    assert AccessLog.objects.filter(user=cast.head, student_id=full.pk, action="timeline opened").exists()
    title = words(response).split("<title>")[1].split("</title>")[0]
    assert "Ashdown" not in title
    only = page(login, cast.head, full, "student-timeline", about="notice").context["entries"]
    assert only
    assert {entry.topic for entry in only} == {"notice"}
    assert page(login, cast.head, full, "student-timeline", about="x").context["entries"]


def test_host_reads_of_its_guest_what_happens_on_its_site_only(
    login: Login, full: Student, active: Placement, south: School, cast: Cast
) -> None:
    Placement.objects.filter(pk=active.pk).update(host_school=south)
    response = page(login, cast.slt2, full, "student-timeline")
    titles = [entry.title for entry in response.context["entries"]]
    assert "Placement started" in titles
    for title in titles:
        assert not title.startswith(("Referral", "Notice", "Suspended", "Place ", "Part-time")), title
    html = words(page(login, cast.slt2, full))
    assert "Suspensions" not in html
    assert reverse("referrals:referral-start", args=[full.pk]) not in html


def test_new_school_reads_the_whole_case_and_the_old_one_only_its_own_time(
    login: Login, full: Student, active: Placement, south: School, cast: Cast
) -> None:
    full.enrolments.update(until_day=TODAY - timedelta(days=1))
    full.enrolments.create(school=south, from_day=TODAY)
    Student.objects.filter(pk=full.pk).update(school=south)
    Suspension.objects.create(student=full, school=south, first_day=TODAY, sessions=2)
    new = page(login, cast.slt2, full, "student-timeline").context["entries"]
    assert [entry.title for entry in new].count("Suspended") == 2
    assert any(entry.title == "Placement started" for entry in new)
    assert any(entry.detail == "They support it." for entry in new)
    notices = [entry for entry in new if entry.topic == "notice"]
    assert notices
    assert {entry.url for entry in notices} == {""}
    old = page(login, cast.slt, full, "student-timeline").context["entries"]
    assert [entry.title for entry in old].count("Suspended") == 1
    assert not any("South" in entry.title for entry in old)


def test_pause_tells_where_the_student_is_and_the_attendance_team_not_why(
    login: Login, full: Student, active: Placement, cast: Cast
) -> None:
    pause_placement(
        placement_id=active.pk,
        reason="An allegation is looked into.",
        where_instead="Home school, room 4",
        parents_told_on=TODAY,
        parents_told_by="Dan Safeguard",
        by=cast.dsl,
        now=NOW,
    )
    assert "An allegation" in words(page(login, cast.dsl, full, "student-timeline"))
    html = words(page(login, cast.att, full, "student-timeline"))
    assert "Home school, room 4" in html
    assert "An allegation" not in html


@pytest.mark.parametrize("name", ["trust:student-detail", "student-timeline"])
def test_pages_have_the_same_number_of_queries_with_one_and_three_rows(
    name: str, login: Login, full: Student, active: Placement, provider: Provider, cast: Cast, north: School
) -> None:
    client = login(cast.slt)
    url = reverse(name, args=[full.pk])
    client.get(url)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    first = count()
    for number in range(2):
        Suspension.objects.create(student=full, school=north, first_day=date(2026, 9, 7 + number), sessions=2)
        make_contact(full, f"Aunt{number}")
        void = referral_at("SUBMITTED", student=full, cast=cast, now=NOW)
        void_referral(referral_id=void.pk, reason="Written twice.", by=cast.head, now=NOW)
        placement_at(
            Status.DECLINED, student=full, provider=provider, cast=cast, now=NOW, slots={1, 11}, first=date(2026, 12, 7)
        )
    assert count() == first


def test_home_school_is_never_empty(active: Placement) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE trust_student SET school_id = NULL WHERE id = %s", [active.student_id])
