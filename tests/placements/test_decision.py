"""Deciding: on one page, by link from an e-mail, with the notice in one act; for whom it waits and who is told."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from notices.lifecycle import Status as NoticeStatus
from notices.models import DirectionNotice
from notices.services import approve_and_authorise, authorise_notice, prepare_notice, save_notice
from placements.codes import Answer, DocumentKind, Party
from placements.lifecycle import Status
from placements.models import Budget, Commitment, Placement, PlacementDocument, Signing
from placements.queries import acted_as_head, deciders_of, waiting_of
from placements.services import propose_extension, tell_deciders
from providers.models import Provider
from tests.factories.people import give, make_student, make_user
from tests.factories.placements import offer_for, placement_at
from tests.fixtures import NOW, TODAY, Cast
from trust.codes import FileKind, MailKind, MailStatus
from trust.errors import RuleBroken, StaleRecord
from trust.models import Flag, Mail, Membership, School, Student, User
from trust.permissions import Role
from trust.services import send_mails, store_file

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]


@pytest.fixture
def proposed(student: Student, provider: Provider, budget: Budget, cast: Cast) -> Placement:
    """A proposal with its offer, from Monday 30 November."""
    placement = placement_at(
        Status.PROPOSED,
        student=student,
        provider=provider,
        cast=cast,
        now=NOW,
        first=date(2026, 11, 30),
        last=date(2026, 12, 18),
    )
    offer_for(placement, now=NOW)
    return placement


def drafted(placement: Placement, cast: Cast, *, whole: bool = True) -> DirectionNotice:
    """The draft of the notice, complete or without its measurable aim."""
    notice = prepare_notice(period_id=placement.periods.latest("number").pk, by=cast.slt, now=NOW)
    data = {"measurable_aim": "Attendance of 90 % by Easter." if whole else ""}
    return save_notice(notice_id=notice.pk, data=data, version=None, by=cast.slt, now=NOW)


def acts(placement: Placement, cast: Cast, **changes: Any) -> DirectionNotice:
    facts: dict[str, Any] = {
        "period_id": placement.periods.latest("number").pk,
        "reason": "",
        "overrides": {},
        "over_budget_reason": "",
        "late_reason": "",
        "version": None,
        "notice_version": None,
        "by": cast.head,
        "now": NOW,
    }
    return approve_and_authorise(**{**facts, **changes})


# --- the page -----------------------------------------------------------------------------------------------------


@pytest.mark.policy("P7.1")
def test_decision_page_shows_everything_in_one_screen(proposed: Placement, cast: Cast, login: Login) -> None:
    document = PlacementDocument.objects.create(
        placement=proposed,
        kind=DocumentKind.AGREEMENT,
        number=1,
        file=store_file(kind=FileKind.AGREEMENT, content=b"x", content_type="application/pdf", by=cast.slt, now=NOW),
        made_by=cast.slt,
        made_at=NOW,
    )
    Signing.objects.create(
        document=document,
        party=Party.PARENT,
        name="Mary Ashdown",
        answer=Answer.OBJECTED,
        words="Too far from home.",
        signed_on=TODAY,
        recorded_by=cast.slt,
        recorded_at=NOW,
    )
    html = login(cast.head).get(reverse("placements:placement-decide", args=[proposed.pk])).content.decode()
    for words in (
        "Ashdown, Jo",
        "A small setting with practical work.",
        "Millyard Education",
        "£675.00",
        "£39,325.00",
        "held on Mon 14 Sep 2026",
        "They support it.",
        "Too far from home.",
        "Place offered",
        "Waits for Harriet Head since Mon 16 Nov 2026",
        "Return for changes",
    ):
        assert words in html, words


@pytest.mark.policy("P7.1")
def test_own_proposal_is_refused_in_plain_words(
    student: Student, provider: Provider, budget: Budget, cast: Cast, login: Login
) -> None:
    give(cast.slt, Role.HEAD, student.school)
    placement = placement_at(Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW)
    url = reverse("placements:placement-decide", args=[placement.pk])
    client = login(cast.slt)
    assert "You proposed this yourself" in client.get(url).content.decode()
    refused = client.post(url, {"decision": "APPROVED", "reason": "", "version": placement.version})
    assert refused.status_code == 422
    assert "You proposed this yourself: another person has to approve it." in refused.content.decode()


def test_link_from_an_email_leads_through_the_log_in_back_to_the_decision(proposed: Placement, cast: Cast) -> None:
    url = reverse("placements:placement-decide", args=[proposed.pk])
    stranger = Client()
    to_log_in = stranger.get(url)
    assert to_log_in.headers["Location"] == f"{reverse('account_login')}?next={url}"
    cast.head.set_password("correct horse battery staple")
    cast.head.save()
    back = stranger.post(
        to_log_in.headers["Location"], {"login": cast.head.email, "password": "correct horse battery staple"}
    )
    assert back.headers["Location"] == url


# --- for whom it waits --------------------------------------------------------------------------------------------


@pytest.mark.policy("P7.1")
def test_decision_waits_for_the_head_an_acting_head_or_the_chief_executive(
    proposed: Placement, north: School, cast: Cast
) -> None:
    period = proposed.periods.get()
    assert waiting_of(proposed, period, TODAY).names == "Harriet Head"
    deputy = make_user("Dana Deputy")
    Membership.objects.create(
        user=deputy, role=Role.HEAD, school=north, acting=True, from_day=TODAY, until_day=TODAY + timedelta(days=3)
    )
    assert waiting_of(proposed, period, TODAY).names == "Harriet Head or Dana Deputy (acting Headteacher)"
    # Whoever proposed it is not waited for; with nobody left it goes to the chief executive.
    assert deciders_of(north.pk, TODAY, {cast.head.pk}) == (deputy,)
    assert deciders_of(north.pk, TODAY, {cast.head.pk, deputy.pk}) == (cast.ceo,)
    assert deciders_of(north.pk, TODAY + timedelta(days=4), {cast.head.pk}) == (cast.ceo,)


@pytest.mark.policy("P7.1")
def test_record_shows_that_an_acting_head_decided(proposed: Placement, north: School, cast: Cast, login: Login) -> None:
    deputy = make_user("Dana Deputy")
    Membership.objects.create(
        user=deputy, role=Role.HEAD, school=north, acting=True, from_day=TODAY, until_day=TODAY + timedelta(days=3)
    )
    url = reverse("placements:placement-decide", args=[proposed.pk])
    client = login(deputy)
    assert client.post(url, {"decision": "APPROVED", "reason": "", "version": proposed.version}).status_code == 302
    assert "Decided by Dana Deputy\n      as acting Headteacher" in client.get(url).content.decode()
    assert acted_as_head(deputy, north.pk, TODAY)
    assert not acted_as_head(deputy, north.pk, TODAY + timedelta(days=4))
    assert not acted_as_head(cast.head, north.pk, TODAY)


# --- the notice in one act ----------------------------------------------------------------------------------------


@pytest.mark.policy("P7.1")
def test_approve_and_authorise_is_one_act(proposed: Placement, cast: Cast) -> None:
    notice = drafted(proposed, cast)
    with pytest.raises(RuleBroken, match="not approved, so its notice"):
        authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)
    acts(proposed, cast)
    proposed.refresh_from_db()
    notice.refresh_from_db()
    assert (proposed.status, notice.status) == (Status.APPROVED, NoticeStatus.AUTHORISED)
    assert notice.authorised_by == proposed.decided_by == cast.head
    assert Commitment.objects.get().amount == Decimal("675.00")


@pytest.mark.policy("P7.3")
def test_approve_and_authorise_keeps_nothing_when_the_notice_is_incomplete(proposed: Placement, cast: Cast) -> None:
    notice = drafted(proposed, cast, whole=False)
    with pytest.raises(RuleBroken, match="measured"):
        acts(proposed, cast)
    proposed.refresh_from_db()
    notice.refresh_from_db()
    assert (proposed.status, notice.status) == (Status.PROPOSED, NoticeStatus.DRAFT)
    assert not Commitment.objects.exists()


def test_approve_and_authorise_of_what_was_changed_meanwhile_is_refused(proposed: Placement, cast: Cast) -> None:
    notice = drafted(proposed, cast)
    for stale in ({"version": proposed.version - 1}, {"notice_version": notice.version - 1}):
        with pytest.raises(StaleRecord):
            acts(proposed, cast, **stale)
    assert not Commitment.objects.exists()


@pytest.mark.policy("P7.1")
def test_approve_and_authorise_through_the_pages(proposed: Placement, cast: Cast, login: Login) -> None:
    head = login(cast.head)
    plain = reverse("placements:placement-decide", args=[proposed.pk])
    combined = reverse("notices:placement-approve", args=[proposed.pk])
    assert combined not in head.get(plain).content.decode()
    notice = drafted(proposed, cast)
    assert combined in head.get(plain).content.decode()
    form = head.get(combined)
    assert "Approve and authorise the notice" in form.content.decode()
    sent = {name: form.context["form"][name].value() for name in ("version", "notice_version")}
    assert login(cast.slt).post(combined, sent).status_code == 403
    assert login(cast.head2).post(combined, sent).status_code == 404
    assert head.post(combined, {**sent, "reason": ""}).status_code == 302
    notice.refresh_from_db()
    assert notice.status == NoticeStatus.AUTHORISED


@pytest.mark.policy("P7.4")
def test_extension_and_its_notice_in_one_act(
    student: Student, provider: Provider, budget: Budget, cast: Cast, login: Login
) -> None:
    placement = placement_at(
        Status.ACTIVE, student=student, provider=provider, cast=cast, now=NOW, last=date(2026, 12, 4)
    )
    period = propose_extension(placement_id=placement.pk, last=date(2026, 12, 18), by=cast.slt, now=NOW)
    notice = drafted(placement, cast)
    head = login(cast.head)
    combined = reverse("notices:extension-approve", args=[period.pk])
    assert combined in head.get(reverse("placements:extension-approve", args=[period.pk])).content.decode()
    form = head.get(combined).context["form"]
    assert head.post(combined, {"notice_version": form["notice_version"].value()}).status_code == 302
    period.refresh_from_db()
    notice.refresh_from_db()
    assert period.approved_by == cast.head
    assert (notice.status, notice.kind) == (NoticeStatus.AUTHORISED, "EXTENSION")


# --- the e-mail ---------------------------------------------------------------------------------------------------


@pytest.fixture
def soon(student: Student, provider: Provider, budget: Budget, cast: Cast) -> Placement:
    """A proposal that is to start on Monday 23 November, five school days from today."""
    return placement_at(
        Status.PROPOSED, student=student, provider=provider, cast=cast, now=NOW, first=date(2026, 11, 23)
    )


@pytest.mark.policy("P7.1")
def test_decider_is_told_once_without_a_student_in_the_mail(soon: Placement, cast: Cast, settings: Any) -> None:
    settings.SITE_URL = "https://ap.example.org"
    assert [tell_deciders(now=NOW) for _ in range(3)] == [1, 0, 0]
    assert [send_mails(now=NOW + timedelta(seconds=10 * turn)) for turn in range(3)] == [1, 0, 0]
    [letter] = mail.outbox
    assert letter.to == [cast.head.email]
    assert f"https://ap.example.org{reverse('placements:placement-decide', args=[soon.pk])}" in letter.body
    for leak in ("Ashdown", "Jo", soon.student.upn, "Millyard"):
        assert leak not in letter.subject + letter.body
    flag = Flag.objects.get(kind="decision_waiting")
    assert flag.told == [{"user": cast.head.pk, "at": NOW.isoformat()}]


def test_decider_is_not_told_of_what_starts_later_or_was_decided(
    soon: Placement, north: School, provider: Provider, cast: Cast
) -> None:
    later = placement_at(
        Status.PROPOSED,
        student=make_student(north, "Cole", "Kit"),
        provider=provider,
        cast=cast,
        now=NOW,
        first=date(2026, 11, 24),
    )
    assert tell_deciders(now=NOW) == 1
    assert Flag.objects.filter(kind="decision_waiting").count() == 1
    Placement.objects.filter(pk=soon.pk).update(
        status=Status.DECLINED, decided_by=cast.head, decided_at=NOW, decision_reason="No."
    )
    assert tell_deciders(now=NOW + timedelta(minutes=1)) == 0
    assert not Flag.objects.open().filter(kind="decision_waiting").exists()
    # A day later the other one is five school days away.
    assert tell_deciders(now=NOW + timedelta(days=1)) == 1
    assert later.pk


def test_each_decider_is_told_once_and_again_when_proposed_anew(
    soon: Placement, north: School, provider: Provider, cast: Cast
) -> None:
    acting = make_user("Ada Acting")
    Membership.objects.create(
        user=acting, role=Role.HEAD, school=north, acting=True, from_day=TODAY, until_day=date(2026, 12, 1)
    )
    assert tell_deciders(now=NOW) == 2
    # Proposed again after it was returned, it waits anew.
    Placement.objects.filter(pk=soon.pk).update(proposed_at=NOW + timedelta(minutes=1))
    assert tell_deciders(now=NOW + timedelta(minutes=2)) == 2
    keys = Mail.objects.values_list("key", flat=True)
    assert len(set(keys)) == 4
    assert {mail.to for mail in Mail.objects.all()} == {cast.head.email, acting.email}
    assert {mail.kind for mail in Mail.objects.all()} == {MailKind.URGENT}


def test_mail_server_that_is_down_is_tried_again(soon: Placement, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any) -> None:
        raise ConnectionRefusedError

    assert tell_deciders(now=NOW) == 1
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.open", refuse)
    assert send_mails(now=NOW) == 0
    assert Mail.objects.get().status == MailStatus.TO_SEND
    monkeypatch.undo()
    assert tell_deciders(now=NOW + timedelta(minutes=1)) == 0
    assert send_mails(now=NOW + timedelta(minutes=2)) == 1
    assert [letter.to for letter in mail.outbox] == [[cast.head.email]]
