"""The home page by role, the chronology, the error pages, the demo log-in."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.urls import path, reverse
from django.utils import timezone

from invictus_ap import views
from invictus_ap.codes import DEMO_PEOPLE
from invictus_ap.services import sweep_flags
from invictus_ap.urls import urlpatterns as real_patterns
from placements.models import Budget, Placement
from tests.factories.notices import notice_at
from tests.factories.people import make_contact, make_student, make_user
from tests.factories.placements import placement_at, referral_at
from tests.fixtures import NOW, Cast
from trust.models import AccessLog, PolicyVersion, School, User
from trust.permissions import Role
from trust.services import record_policy_of_2019

Login = Callable[[User], Client]


def boom(request: Any) -> None:
    raise RuntimeError("broken on purpose")


def lost(request: Any) -> None:
    raise OperationalError("connection lost")


# The addresses of demo mode, and two views that fail.
urlpatterns = [
    *real_patterns,
    path("demo/log-in/", views.DemoLogin.as_view(), name="demo-login"),
    path("boom/", boom),
    path("lost/", lost),
]
handler500 = "invictus_ap.views.server_error"


def section(response: Any, key: str) -> Any:
    return next((one for one in response.context["work"].sections if one.key == key), None)


def test_home_tells_a_person_without_a_role_whom_to_ask(login: Login, db: None) -> None:
    page = login(make_user("Nemo Nobody")).get("/")
    assert "Ask your trust AP lead" in page.content.decode()
    assert page.context["work"].sections == ()


def test_home_shows_a_headteacher_what_waits_but_never_the_own_proposal(
    login: Login, student: Any, provider: Any, cast: Cast, budget: Budget, south: School
) -> None:
    placement = placement_at("PROPOSED", student=student, provider=provider, cast=cast, now=NOW)
    waiting = section(login(cast.head).get("/"), "decisions").rows
    assert [row.url for row in waiting] == [reverse("placements:placement-decide", args=[placement.pk])]
    assert str(student) in waiting[0].what
    assert waiting[0].school == "North"
    Placement.objects.update(proposed_by=cast.head)
    assert section(login(cast.head).get("/"), "decisions").rows == ()
    assert section(login(cast.head2).get("/"), "decisions").rows == ()


def test_home_hides_an_alternative_to_exclusion_from_who_may_not_decide_it(
    login: Login, student: Any, cast: Cast
) -> None:
    from tests.factories.placements import referral_data

    data = referral_data(exclusion_alternative=True)
    referral = referral_at("SUBMITTED", student=student, cast=cast, now=NOW, data=data)
    url = reverse("referrals:referral-detail", args=[referral.pk])
    assert [row.url for row in section(login(cast.head).get("/"), "decisions").rows] == [url]
    assert section(login(cast.deputy).get("/"), "decisions").rows == ()


@pytest.mark.policy("P7.2")
def test_home_shows_a_late_notice_without_any_job(
    login: Login, student: Any, provider: Any, cast: Cast, budget: Budget
) -> None:
    first = date(2026, 11, 17)
    placement = placement_at("APPROVED", student=student, provider=provider, cast=cast, now=NOW, first=first)
    notices = section(login(cast.slt).get("/"), "notices")
    assert [row.state for row in notices.rows] == ["overdue"]
    assert notices.rows[0].url == reverse("notices:notice-prepare", args=[placement.periods.get().pk])
    assert notices.checked is None


@pytest.mark.policy("P5.5")
def test_home_shows_missed_contacts_and_sessions_without_return_to_the_attendance_team(
    login: Login, active: Placement, cast: Cast
) -> None:
    page = login(cast.att).get("/")
    week = reverse("attendance:week", args=[active.provider_id, "2026-11-09"])
    assert week in [row.url for row in section(page, "contacts").rows]
    assert week in [row.url for row in section(page, "returns").rows]
    assert section(page, "decisions") is None


def test_home_shows_flags_to_the_roles_that_are_meant_at_their_school(
    login: Login, active: Placement, cast: Cast
) -> None:
    sweep_flags(now=NOW)
    flags = login(cast.att).get("/").context["work"].flags
    assert {flag.kind for flag in flags} == {"contact_missed"}
    assert login(cast.att2).get("/").context["work"].flags == ()
    assert login(cast.trustee).get("/").context["work"].flags == ()


def test_home_says_none_and_when_it_was_checked(login: Login, cast: Cast) -> None:
    assert "none, not checked yet" in login(cast.att).get("/").content.decode()
    sweep_flags(now=NOW.replace(hour=7, minute=0))
    assert "none, checked 07:00" in login(cast.att).get("/").content.decode()
    sweep_flags(now=NOW - timedelta(days=1))
    assert "none, checked yesterday 10:00" in login(cast.att).get("/").content.decode()


def test_home_filters_by_own_schools_only(
    login: Login, active: Placement, cast: Cast, south: School, north: School
) -> None:
    client = login(cast.lead)
    assert section(client.get("/", {"school": south.pk}), "contacts").rows == ()
    assert section(client.get("/", {"school": north.pk}), "contacts").rows != ()
    for wrong in ("99999999999999999999", "0", "-1", "x", "²"):
        assert client.get("/", {"school": wrong}).context["work"].school_id is None


@pytest.mark.policy("P9.1")
def test_home_of_lead_and_trustee_says_since_when_the_policy_is_overdue(login: Login, cast: Cast) -> None:
    record_policy_of_2019()
    record_policy_of_2019()
    assert PolicyVersion.objects.count() == 1
    for user in (cast.lead, cast.trustee):
        assert "overdue since December 2022" in login(user).get("/").content.decode()
    assert "overdue since" not in login(cast.att).get("/").content.decode()


def test_home_of_a_trustee_holds_no_student(login: Login, active: Placement, cast: Cast) -> None:
    sweep_flags(now=NOW)
    page = login(cast.trustee).get("/")
    words = page.content.decode()
    assert reverse("reviews:value") in words
    assert active.student.family_name not in words
    assert "/placements/" not in words
    assert page.context["work"].sections == ()


def test_home_has_the_same_number_of_queries_with_one_and_three_rows(
    login: Login, active: Placement, provider: Any, cast: Cast, north: School, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count() -> int:
        client = login(cast.lead)
        client.get("/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/").status_code == 200
        return len(captured)

    def more(name: str) -> None:
        student = make_student(north, name)
        make_contact(student)
        placement_at(
            "ACTIVE",
            student=student,
            provider=provider,
            cast=cast,
            now=NOW,
            first=date(2026, 11, 2),
            last=date(2026, 11, 20),
        )

    more("One")
    due = make_student(north, "Due")
    make_contact(due)
    placement_at("APPROVED", student=due, provider=provider, cast=cast, now=NOW, first=date(2026, 11, 18))
    sweep_flags(now=NOW)
    first = count()
    more("Two")
    more("Three")
    due = make_student(north, "Due Too")
    make_contact(due)
    placement_at("APPROVED", student=due, provider=provider, cast=cast, now=NOW, first=date(2026, 11, 18))
    sweep_flags(now=NOW)
    assert count() == first


@pytest.mark.policy("P6.3")
def test_chronology_joins_all_stages_and_is_logged(login: Login, active: Placement, cast: Cast) -> None:
    page = login(cast.head).get(reverse("placement-chronology", args=[active.pk]))
    titles = [entry.title for entry in page.context["entries"]]
    for title in ("Referral submitted", "Placement proposed", "Placement started"):
        assert title in titles
    assert any(title.endswith("given to everybody") for title in titles)
    moments = [timezone.localtime(e.at).date() if hasattr(e.at, "hour") else e.at for e in page.context["entries"]]
    assert moments == sorted(moments)
    assert AccessLog.objects.filter(user=cast.head, action="chronology", student_id=active.student_id).exists()
    words = page.content.decode()
    title = words[words.index("<title>") : words.index("</title>")]
    assert active.student.family_name not in title


def test_chronology_has_a_fixed_number_of_queries(
    login: Login, active: Placement, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    client = login(cast.head)
    client.get("/")
    with django_assert_max_num_queries(30):
        client.get(reverse("placement-chronology", args=[active.pk]))


def test_unknown_address_has_a_page_in_the_own_style(login: Login, cast: Cast) -> None:
    for client in (Client(), login(cast.head)):
        page = client.get("/nowhere/")
        assert page.status_code == 404
        assert "Page not found" in page.content.decode()


@pytest.mark.parametrize(("address", "status"), [("/boom/", 500), ("/lost/", 503)])
def test_failure_has_a_page_in_the_own_style(address: str, status: int, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    page = Client(raise_request_exception=False).get(address)
    assert page.status_code == status
    assert f"Error {status}" in page.content.decode()
    assert "Traceback" not in page.content.decode()


def test_lost_database_has_a_page_that_asks_no_database(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper

    def refuse(self: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = "a-session-that-must-be-looked-up"
    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", refuse)
    page = client.get("/")
    assert page.status_code == 503
    assert "Error 503" in page.content.decode()
    assert client.get("/health/").status_code == 503


def test_nul_byte_and_bad_query_are_refused(login: Login, cast: Cast) -> None:
    client = login(cast.head)
    assert client.get("/?school=%00").status_code == 400
    assert client.get("/%00").status_code in (400, 404)


def test_demo_log_in_logs_in_by_one_click_in_demo_mode(settings: Any, db: None) -> None:
    settings.ROOT_URLCONF = __name__
    settings.DEMO_LOGIN = True
    person = DEMO_PEOPLE[0]
    user = make_user(person.name, (Role(person.role), None))
    User.objects.filter(pk=user.pk).update(email=person.email)
    client = Client()
    words = client.get(reverse("account_login")).content.decode()
    assert person.email in words
    assert client.get("/demo/log-in/").status_code == 405
    assert client.post("/demo/log-in/", {"email": "somebody@else.example"}).status_code == 404
    assert client.post("/demo/log-in/", {"email": person.email}).status_code == 302
    assert client.get("/").context["user"].pk == user.pk


def test_demo_log_in_does_nothing_outside_demo_mode_even_at_its_address(settings: Any, db: None) -> None:
    settings.ROOT_URLCONF = __name__
    person = DEMO_PEOPLE[0]
    user = make_user(person.name, (Role(person.role), None))
    User.objects.filter(pk=user.pk).update(email=person.email)
    client = Client()
    assert client.post("/demo/log-in/", {"email": person.email}).status_code == 404
    assert person.email not in client.get(reverse("account_login")).content.decode()
    assert not client.get("/").context


@pytest.mark.parametrize(("mode", "there"), [("demo", True), ("test", False), ("production", False)])
def test_demo_log_in_has_an_address_in_demo_mode_only(mode: str, there: bool) -> None:
    script = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from django.urls import NoReverseMatch, reverse\n"
        "from django.test import RequestFactory\n"
        "try:\n    print('there', reverse('demo-login'), settings.DEMO_LOGIN)\n"
        "except NoReverseMatch:\n    print('missing', settings.DEMO_LOGIN)\n"
    )
    environment = {
        **os.environ,
        "INVICTUS_MODE": mode,
        "INVICTUS_DB_ROLE": "app",
        "DJANGO_SETTINGS_MODULE": "invictus_ap.settings",
        "DATABASE_URL": "postgres://app:x@localhost/x",
        "REDIS_URL": "redis://localhost:6379/0",
        "SECRET_KEY": "k" * 60,
        "ALLOWED_HOSTS": "ap.example.org",
        "READ_ENV_FILE": "off",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[0] == ("there" if there else "missing")
    assert done.stdout.split()[-1] == str(there)


def test_draft_notice_waits_for_the_headteacher(
    login: Login, student: Any, provider: Any, cast: Cast, budget: Budget
) -> None:
    placement = placement_at("APPROVED", student=student, provider=provider, cast=cast, now=NOW)
    notice = notice_at("DRAFT", placement.periods.get(), cast, NOW)
    rows = section(login(cast.head).get("/"), "decisions").rows
    assert [row.url for row in rows] == [reverse("notices:notice-detail", args=[notice.pk])]
