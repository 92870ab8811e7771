"""What is told at once, and the daily summary: each person once, nothing about a student, in constant queries."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outbox
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invictus_ap import embedded
from invictus_ap.services import send_digests, tell_urgent
from invictus_ap.services.telling import KIND_WORDS
from notices.rules import JOBS
from tests.factories.people import give, make_user
from tests.fixtures import NOW, TODAY, Cast
from trust.calendar import LONDON
from trust.codes import MailKind, MailStatus
from trust.models import Flag, Heartbeat, Mail, Membership, School, User
from trust.permissions import Role
from trust.services import DueFlag, clear_flags, raise_flag, raise_flags, send_mails

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
# Monday 16 November at half past seven.
EARLY = datetime(2026, 11, 16, 7, 30, tzinfo=LONDON)


def raised(number: int = 7, *, school: School | None, roles: tuple[Role, ...] = (Role.SLT,), **more: Any) -> Flag:
    facts: dict[str, Any] = {"kind": "notice_due", "urgent": True, "period": "2026-12-07", **more}
    raise_flag(
        subject=f"placement:{number}",
        school_id=school.pk if school else None,
        roles=roles,
        path=f"/placements/{number}/",
        sentence="The notice of Ashdown, Jo is late.",
        now=NOW,
        **facts,
    )
    return Flag.objects.get(kind=facts["kind"], subject=f"placement:{number}", period=facts["period"])


def told(flag: Flag) -> list[int]:
    flag.refresh_from_db()
    return [one["user"] for one in flag.told]


def addresses() -> list[str]:
    return sorted(Mail.objects.values_list("to", flat=True))


# --- at once ------------------------------------------------------------------------------------------------------


@pytest.mark.policy("P7.2")
def test_urgent_notice_is_told_at_once_to_those_it_is_for(cast: Cast, north: School, settings: Any) -> None:
    settings.SITE_URL = "https://ap.example.org"
    flag = raised(school=north)
    assert [tell_urgent(now=NOW + turn * MINUTE) for turn in range(3)] == [2, 0, 0]
    assert addresses() == sorted([cast.slt.email, cast.deputy.email])
    flag.refresh_from_db()
    assert flag.told == [{"user": user.pk, "at": NOW.isoformat()} for user in (cast.slt, cast.deputy)]
    mail = Mail.objects.get(to=cast.slt.email)
    assert mail.key == f"urgent:notice_due:placement:7:2026-12-07:{cast.slt.pk}"
    assert (mail.kind, mail.school) == (MailKind.URGENT, north)
    assert "https://ap.example.org/placements/7/" in mail.body
    assert "A direction notice is late or about to be late." in mail.body
    for leak in ("Ashdown", "Jo"):
        assert leak not in mail.subject + mail.body
    assert send_mails(now=NOW) == 2
    assert len(outbox.outbox) == 2


@pytest.mark.policy("P7.2")
def test_escalation_tells_the_new_ones_once_and_the_old_ones_not_again(cast: Cast, north: School) -> None:
    flag = raised(school=north)
    tell_urgent(now=NOW)
    later = NOW + timedelta(days=1)
    Flag.objects.filter(pk=flag.pk).update(roles=[Role.SLT, Role.HEAD])
    assert [tell_urgent(now=later + turn * MINUTE) for turn in range(2)] == [1, 0]
    Flag.objects.filter(pk=flag.pk).update(roles=[Role.SLT, Role.HEAD, Role.LEAD])
    assert tell_urgent(now=later + timedelta(days=1)) == 1
    assert told(flag) == [cast.slt.pk, cast.deputy.pk, cast.head.pk, cast.lead.pk]
    assert len(addresses()) == len(set(addresses())) == 4


def test_nobody_else_is_told(cast: Cast, north: School, south: School) -> None:
    raised(1, school=north, urgent=False)
    raised(2, school=north, kind="contact_missed")
    raised(3, school=north, kind="decision_waiting")
    cleared = raised(4, school=north)
    clear_flags(kind=cleared.kind, subject=cleared.subject, now=NOW)
    assert tell_urgent(now=NOW) == 0
    left = make_user("Lena Left", (Role.SLT, south))
    Membership.objects.filter(user=left).update(until_day=TODAY - timedelta(days=1))
    coming = make_user("Cora Coming")
    give(coming, Role.SLT, south, from_day=TODAY + timedelta(days=1))
    make_user("Dora Dormant", (Role.SLT, south), is_active=False)
    whole = make_user("Wilma Whole", (Role.SLT, None))
    raised(5, school=south)
    assert tell_urgent(now=NOW) == 2
    assert addresses() == sorted([cast.slt2.email, whole.email])


def test_flag_of_no_school_is_told_to_those_of_the_whole_trust(cast: Cast) -> None:
    raised(school=None, roles=(Role.LEAD, Role.SLT))
    assert tell_urgent(now=NOW) == 1
    assert addresses() == [cast.lead.email]


def test_person_with_two_roles_is_told_once(cast: Cast, north: School) -> None:
    give(cast.head, Role.SLT, north)
    raised(school=north, roles=(Role.SLT, Role.HEAD))
    tell_urgent(now=NOW)
    assert addresses().count(cast.head.email) == 1


def test_flag_that_cleared_and_opened_again_tells_nobody_twice(cast: Cast, north: School) -> None:
    flag = raised(school=north)
    tell_urgent(now=NOW)
    flag.refresh_from_db()
    first_told = flag.told[0]["at"]
    clear_flags(kind=flag.kind, subject=flag.subject, now=NOW)
    again = DueFlag(flag.subject, flag.period, north.pk, flag.path, flag.sentence, urgent=True)
    raise_flags(kind=flag.kind, due=[again], roles=[Role.SLT], now=NOW)
    assert Flag.objects.open().count() == 1
    assert [tell_urgent(now=NOW + MINUTE * turn) for turn in (1, 2)] == [0, 0]
    assert Mail.objects.count() == 2
    flag.refresh_from_db()
    assert flag.told == [{"user": user.pk, "at": first_told} for user in (cast.slt, cast.deputy)]


def test_mail_and_note_stand_or_fall_together(cast: Cast, north: School, monkeypatch: pytest.MonkeyPatch) -> None:
    flag = raised(school=north)

    def fail(**kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("trust.services.mail.outbox.queue_mails", fail)
    with pytest.raises(RuntimeError):
        tell_urgent(now=NOW)
    monkeypatch.undo()
    assert told(flag) == []
    assert tell_urgent(now=NOW) == 2


def test_telling_takes_the_same_queries_for_many(cast: Cast, north: School, south: School) -> None:
    raised(1, school=north)
    with CaptureQueriesContext(
        connection,
    ) as few:
        tell_urgent(now=NOW)
    for number in range(2, 40):
        raised(number, school=south if number % 2 else north)
    with CaptureQueriesContext(connection) as many:
        assert tell_urgent(now=NOW + MINUTE) == 19 * 2 + 19
    assert len(many) <= len(few)
    with CaptureQueriesContext(connection) as nothing_new:
        tell_urgent(now=NOW + 2 * MINUTE)
    assert len(nothing_new) < len(few)


# --- the daily summary --------------------------------------------------------------------------------------------


def digest_of(user: User) -> Mail:
    return Mail.objects.get(kind=MailKind.DIGEST, to=user.email)


def test_summary_counts_by_kind_without_a_student(cast: Cast, north: School, south: School, settings: Any) -> None:
    settings.SITE_URL = "https://ap.example.org"
    give(cast.slt, Role.ATT, north)
    both = (Role.SLT, Role.ATT)
    raised(1, school=north, roles=both)
    raised(2, school=north, roles=both, urgent=False)
    raised(3, school=north, kind="contact_missed", urgent=False)
    raised(4, school=south)
    raised(5, school=north, kind="brand_new", urgent=False)
    raised(6, school=north, kind="brand_newer", urgent=False)
    raised(7, school=north, roles=(Role.HEAD,))
    send_digests(now=EARLY)
    mail = digest_of(cast.slt)
    assert mail.key == f"digest:2026-11-16:{cast.slt.pk}"
    assert mail.subject == "What waits for you on Mon 16 Nov 2026"
    assert [line for line in mail.body.splitlines() if line.startswith("- ")] == [
        "- 2 direction notices that are due (1 urgent)",
        "- 2 other matters",
        "- 1 weekly contact that was missed",
    ]
    assert "https://ap.example.org/\n" in mail.body
    assert f"https://ap.example.org{reverse('trust:digest-choose')}" in mail.body
    for leak in ("Ashdown", "Jo", "placement:"):
        assert leak not in mail.subject + mail.body
    assert "- 1 direction notice that is due (1 urgent)" in digest_of(cast.slt2).body
    assert not Mail.objects.filter(to=cast.trustee.email).exists()


@pytest.mark.parametrize(
    ("when", "sent"),
    [
        (datetime(2026, 11, 16, 7, 29, tzinfo=LONDON), 0),
        (datetime(2026, 11, 16, 7, 30, tzinfo=LONDON), 3),
        (datetime(2026, 11, 16, 17, 59, tzinfo=LONDON), 3),
        (datetime(2026, 11, 16, 18, 0, tzinfo=LONDON), 0),
        (datetime(2026, 11, 14, 9, 0, tzinfo=LONDON), 0),  # a Saturday
        (datetime(2026, 11, 15, 9, 0, tzinfo=LONDON), 0),
        (datetime(2026, 11, 20, 9, 0, tzinfo=LONDON), 3),
        # In summer London is an hour ahead of UTC.
        (datetime.fromisoformat("2027-06-14T06:29:00+00:00"), 0),
        (datetime.fromisoformat("2027-06-14T06:30:00+00:00"), 3),
    ],
)
def test_summary_has_its_hour(cast: Cast, north: School, when: datetime, sent: int) -> None:
    raised(school=north, roles=(Role.SLT, Role.HEAD))
    assert send_digests(now=when) == sent
    assert Mail.objects.count() == sent


def test_summary_comes_once_a_day_whatever_opens_later(cast: Cast, north: School) -> None:
    raised(1, school=north)
    assert send_digests(now=EARLY) == 2
    raised(2, school=north, roles=(Role.HEAD,))
    assert [send_digests(now=EARLY + turn * 5 * MINUTE) for turn in range(1, 60)] == [0] * 59
    assert send_digests(now=EARLY + timedelta(days=1)) == 3
    assert Mail.objects.filter(to=cast.slt.email).count() == 2


def test_two_workers_at_once_make_one_summary(cast: Cast, north: School) -> None:
    raised(school=north)
    send_digests(now=EARLY)
    # What the other one sees that began before the first had ended.
    Heartbeat.objects.filter(job="send_digests").delete()
    send_digests(now=EARLY + MINUTE)
    assert Mail.objects.count() == 2


def test_nobody_gets_a_summary_of_nothing_or_unwanted(cast: Cast, north: School) -> None:
    assert send_digests(now=EARLY) == 0
    raised(school=north)
    User.objects.filter(pk=cast.slt.pk).update(digest=False)
    User.objects.filter(pk=cast.deputy.pk).update(is_active=False)
    assert send_digests(now=EARLY + timedelta(days=1)) == 0


def test_summaries_take_the_same_queries_for_many(cast: Cast, north: School) -> None:
    raised(1, school=north)
    with CaptureQueriesContext(connection) as few:
        assert send_digests(now=EARLY) == 2
    for number in range(2, 30):
        raised(number, school=north, kind=f"kind_{number}")
        make_user(f"Person {number}", (Role.SLT, north))
    with CaptureQueriesContext(connection) as many:
        assert send_digests(now=EARLY + timedelta(days=1)) == 30
    assert len(many) <= len(few)


def test_each_kind_of_flag_has_words() -> None:
    """The kinds stand in the services as constants or as words where they are raised."""
    root = Path(embedded.BASE_DIR)
    source = "\n".join(
        path.read_text()
        for app in ("attendance", "invictus_ap", "notices", "placements", "reviews")
        for path in (root / app).glob("services*/**/*.py")
        if "demo" not in path.parts and path.name != "telling.py"
    ) + "\n".join((root / app / "services.py").read_text() for app in ("attendance", "reviews"))
    kinds = set(JOBS) | set(re.findall(r'_raise\("([a-z_]+)"', source)) | set(re.findall(r'\bkind="([a-z_]+)"', source))
    for names, words in re.findall(r"^([A-Z_, ]+) = ((?:\"[a-z_]+\"(?:, )?)+)$", source, re.MULTILINE):
        kinds |= {word for word in re.findall(r'"([a-z_]+)"', words) if "_" in word and "JOB" not in names}
    assert {"notice_due", "review_due", "offer_lapsing", "guest_refused"} <= kinds
    assert kinds - set(KIND_WORDS) == set()


# --- choosing it --------------------------------------------------------------------------------------------------


def test_person_chooses_for_the_own_account_only(cast: Cast, login: Callable[[User], Client]) -> None:
    address = reverse("trust:digest-choose")
    browser = login(cast.slt)
    page = browser.get(address).content.decode()
    assert re.search(r'<input[^>]*name="digest"[^>]*checked', page)
    assert browser.post(address, {}).status_code == 302
    cast.slt.refresh_from_db()
    cast.deputy.refresh_from_db()
    assert (cast.slt.digest, cast.deputy.digest) == (False, True)
    assert not re.search(r'<input[^>]*name="digest"[^>]*checked', browser.get(address).content.decode())
    browser.post(address, {"digest": "on"})
    cast.slt.refresh_from_db()
    assert cast.slt.digest
    events = User.events.rel.related_model.objects.filter(pgh_obj_id=cast.slt.pk, pgh_label="update")  # type: ignore[attr-defined]
    said = [
        (event.digest, event.pgh_context["user"], event.pgh_context["reason"]) for event in events.order_by("pgh_id")
    ]
    assert said == [(False, cast.slt.pk, "daily summary chosen"), (True, cast.slt.pk, "daily summary chosen")]


def test_everybody_reaches_the_choice_from_the_menu_and_nobody_without_a_log_in(
    cast: Cast, login: Callable[[User], Client]
) -> None:
    address = reverse("trust:digest-choose")
    for user in (cast.trustee, cast.att, make_user("Nora Noroles")):
        browser = login(user)
        assert f'href="{address}"' in browser.get(reverse("home")).content.decode()
        assert browser.get(address).status_code == 200
    for answer in (Client().get(address), Client().post(address, {"digest": "on"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.slt)
    assert strict.post(address, {}).status_code == 403


def test_staff_page_shows_e_mails_to_staff_that_did_not_go(
    cast: Cast, north: School, login: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = reverse("trust:staff-list")
    words = "E-mails to staff that did not go"
    assert words not in login(cast.lead).get(staff).content.decode()
    raised(school=north)
    tell_urgent(now=NOW)
    Mail.objects.filter(to=cast.slt.email).update(status=MailStatus.FAILED, error="The mail server answered 550: no")
    page = login(cast.lead).get(staff).content.decode()
    assert words in page
    assert "The mail server answered 550: no" in page
    Mail.objects.filter(to=cast.slt.email).update(created_at=NOW - timedelta(days=15))
    assert words not in login(cast.lead).get(staff).content.decode()


def test_beat_ticks_what_sends(settings: Any) -> None:
    from invictus_ap.celery import app

    app.loader.import_default_modules()
    for name, seconds in (("send-mails", 10.0), ("tell-urgent", 60.0)):
        entry = settings.CELERY_BEAT_SCHEDULE[name]
        assert entry["schedule"] == seconds
        assert entry["options"]["expires"] < seconds
    for name in ("send-mails", "tell-urgent", "send-digests"):
        assert settings.CELERY_BEAT_SCHEDULE[name]["task"] in app.tasks


def test_tasks_do_what_they_say(cast: Cast, north: School) -> None:
    from invictus_ap import tasks
    from notices.tasks import stop_and_send as send

    raised(school=north)
    assert tasks.tell_urgent() == 2
    assert tasks.send_digests() == 2
    lost = Mail.objects.filter(kind=MailKind.URGENT).first()
    assert lost is not None
    Mail.objects.filter(pk=lost.pk).update(status=MailStatus.SENDING, locked_until=NOW - MINUTE)
    assert send() == 3
    lost.refresh_from_db()
    assert lost.status == MailStatus.UNKNOWN
