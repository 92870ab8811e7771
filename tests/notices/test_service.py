"""Letters by e-mail and by hand: where each stands, exactly once or visibly unknown, each with its own verdict."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from notices import services
from notices.codes import Channel, NoticeKind, RecipientKind, ServiceState
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries import if_given, late_sentence, letters_to_check, recipient_rows, verdict_of
from notices.rules import ServiceFacts, check_free, check_recordable, envelope_key, service_state
from placements.models import PlacementPeriod
from placements.services import cancel_placement
from tests.factories.notices import PROOF, notice_at
from tests.factories.people import make_contact
from tests.fixtures import NOW
from tests.notices.conftest import DEADLINE, at
from trust.codes import FileKind, MailStatus, NonSchoolDayKind, Relationship, SettingCode
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import ContactLink, Mail, User
from trust.services import (
    approve_setting,
    change_contact,
    file_bytes,
    propose_setting,
    record_non_school_day,
    store_file,
)

pytestmark = pytest.mark.django_db(transaction=False)

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def fresh(notice: DirectionNotice) -> DirectionNotice:
    return DirectionNotice.objects.get(pk=notice.pk)


def state(recipient: NoticeRecipient, now: Any = NOW) -> ServiceState:
    rows = recipient_rows(recipient.notice, now.date())
    return next(row.state for row in rows if row.recipient.pk == recipient.pk)


def set_mail(mail: Mail, status: str, **values: Any) -> None:
    """What the outbox does with an e-mail, without a mail server."""
    for step in (MailStatus.SENDING, status):
        if step == MailStatus.SENDING:
            Mail.objects.filter(pk=mail.pk).update(
                status=step, locked_until=NOW, attempts=1, message_id=f"<{mail.pk}@invictus.example>"
            )
        else:
            Mail.objects.filter(pk=mail.pk).update(status=step, **values)


@pytest.fixture
def issued(period: PlacementPeriod, cast: Any) -> DirectionNotice:
    """An issued notice for a mother who agreed to e-mail and a father who did not."""
    make_contact(period.placement.student, "Paul", relationship=Relationship.FATHER, email_consent=False)
    return notice_at(Status.ISSUED, period, cast, NOW)


@pytest.fixture
def mother(issued: DirectionNotice) -> NoticeRecipient:
    return issued.recipients.get(email_consent=True)


@pytest.fixture
def father(issued: DirectionNotice) -> NoticeRecipient:
    return issued.recipients.get(email_consent=False)


# --- the rule ---


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"issued": False}, ServiceState.MAKING),
        ({}, ServiceState.TO_SEND),
        ({"mail": MailStatus.TO_SEND}, ServiceState.EMAIL_WAITING),
        ({"mail": MailStatus.SENDING}, ServiceState.SENDING),
        ({"mail": MailStatus.SENT}, ServiceState.SENT),
        ({"mail": MailStatus.FAILED}, ServiceState.FAILED),
        ({"mail": MailStatus.UNKNOWN}, ServiceState.UNKNOWN),
        ({"mail": MailStatus.UNKNOWN, "stopped": True}, ServiceState.UNKNOWN),
        ({"mail": MailStatus.FAILED, "stopped": True}, ServiceState.STOPPED),
        ({"mail": MailStatus.FAILED, "in_batch": True}, ServiceState.PRINTING),
        ({"in_batch": True, "batch_made": True}, ServiceState.PRINTED),
        ({"given": True, "mail": MailStatus.SENT, "stopped": True}, ServiceState.GIVEN),
        ({"stopped": True}, ServiceState.STOPPED),
        ({"stopped": True, "mail": MailStatus.TO_SEND}, ServiceState.STOPPED),
        ({"stopped": True, "restricted": True}, ServiceState.STOPPED),
        ({"restricted": True}, ServiceState.RESTRICTED),
        ({"restricted": True, "mail": MailStatus.TO_SEND}, ServiceState.RESTRICTED),
        ({"restricted": True, "in_batch": True, "batch_made": True}, ServiceState.RESTRICTED),
        ({"restricted": True, "issued": False}, ServiceState.RESTRICTED),
        ({"restricted": True, "mail": MailStatus.SENT}, ServiceState.SENT),
        ({"restricted": True, "given": True}, ServiceState.GIVEN),
    ],
)
def test_state_of_a_letter_follows_the_strongest_fact(facts: dict[str, Any], wanted: ServiceState) -> None:
    assert service_state(ServiceFacts(**{"issued": True, "stopped": False, "given": False, **facts})) == wanted


def test_every_state_that_is_not_free_is_refused_with_a_sentence() -> None:
    for one in ServiceState:
        if one in (ServiceState.TO_SEND, ServiceState.FAILED):
            check_free(one)
            continue
        with pytest.raises(RuleBroken) as refused:
            check_free(one)
        assert refused.value.message.endswith(".")
    check_recordable(ServiceState.PRINTED)
    with pytest.raises(RuleBroken, match="check that first"):
        check_recordable(ServiceState.UNKNOWN)


def test_envelopes_go_by_postcode_then_name_and_those_without_come_last() -> None:
    rows = [("4 Row\nNB10 1AA", "Zoe"), ("No postcode", "Ann"), ("1 Row\nNB1 2CD", "Bea"), ("1 Row\nnb1 2cd", "ann")]
    assert [name for address, name in sorted(rows, key=lambda one: envelope_key(*one))] == ["ann", "Bea", "Zoe", "Ann"]


# --- by e-mail ---


@pytest.mark.policy("P7.2")
def test_letter_sent_by_email_is_given_on_the_day_the_server_took_it(
    issued: DirectionNotice, mother: NoticeRecipient, cast: Any
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.att, now=at(2, 15))
    assert (letter.status, letter.key, letter.to) == (MailStatus.TO_SEND, f"letter:{mother.pk}:1", mother.email)
    assert state(mother) == ServiceState.EMAIL_WAITING
    assert services.settle_letters(now=at(2, 15)) == 0
    # After the end of the school day: it counts on the next one.
    set_mail(letter, MailStatus.SENT, sent_at=at(2, 15, 11))
    assert state(mother) == ServiceState.SENT
    assert services.settle_letters(now=at(4, 9)) == 1
    mother.refresh_from_db()
    assert (mother.channel, mother.sent_at, mother.deemed_given_on) == (Channel.EMAIL, at(2, 15, 11), date(2026, 12, 3))
    assert (mother.deadline_on, mother.in_time) == (DEADLINE, True)
    assert mother.recorded_by == cast.att
    assert "accepted by the mail server at 15:11:00 on Wed 2 Dec 2026" in mother.proof
    assert f"<{letter.pk}@invictus.example>" in mother.proof
    assert state(mother) == ServiceState.GIVEN
    assert services.settle_letters(now=at(4, 10)) == 0


def test_email_names_no_student_and_carries_the_stored_letter(
    mother: NoticeRecipient, cast: Any, period: PlacementPeriod
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    student = period.placement.student
    assert letter.subject == f"A letter from {period.placement.school.name}"
    for words in (student.first_name, period.placement.provider.name, "placement", "notice", "direction"):
        assert words not in f"{letter.subject} {letter.body}"
    assert student.family_name not in letter.subject
    stored = letter.attachments.get()
    assert stored.pk == mother.letter_id
    assert file_bytes(stored).startswith(b"%PDF-")


def test_translation_goes_with_the_letter(mother: NoticeRecipient, cast: Any) -> None:
    translation = store_file(
        kind=FileKind.NOTICE_TRANSLATION, content=PDF, content_type="application/pdf", by=cast.head, now=NOW
    )
    NoticeRecipient.objects.filter(pk=mother.pk).update(translation=translation)
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    assert set(letter.attachments.all()) == {mother.letter, translation}


def test_translation_is_made_with_the_letter_once(
    period: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    monkeypatch.setattr("notices.services.letters.translation_pdf", lambda letter, recipient: PDF)
    assert services.make_letters(now=NOW) == 1
    assert services.make_letters(now=NOW) == 0
    one = notice.recipients.get()
    assert one.translation is not None
    assert one.translation.kind == FileKind.NOTICE_TRANSLATION
    assert file_bytes(one.translation) == PDF


@pytest.mark.policy("P7.2")
def test_email_without_consent_or_address_is_refused(
    mother: NoticeRecipient, father: NoticeRecipient, cast: Any
) -> None:
    with pytest.raises(RuleBroken, match="not agreed"):
        services.send_letter(recipient_id=father.pk, by=cast.slt, now=NOW)
    NoticeRecipient.objects.filter(pk=mother.pk).update(email="")
    with pytest.raises(RuleBroken, match="No e-mail address"):
        services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    assert not Mail.objects.filter(kind="LETTER").exists()


@pytest.mark.parametrize("who", ["dsl", "ceo", "slt2", "finance", "trustee"])
def test_sending_without_the_permission_is_refused(
    issued: DirectionNotice, mother: NoticeRecipient, cast: Any, who: str
) -> None:
    by = getattr(cast, who)
    with pytest.raises(NotAllowed):
        services.send_letter(recipient_id=mother.pk, by=by, now=NOW)
    with pytest.raises(NotAllowed):
        services.send_all(notice_id=issued.pk, by=by, now=NOW)
    assert not Mail.objects.filter(kind="LETTER").exists()


@pytest.mark.parametrize("status", [MailStatus.TO_SEND, MailStatus.SENDING, MailStatus.SENT, MailStatus.UNKNOWN])
def test_no_second_way_while_an_email_is_under_way_or_unknown(
    mother: NoticeRecipient, cast: Any, period: PlacementPeriod, status: str
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    if status == MailStatus.SENDING:
        Mail.objects.filter(pk=letter.pk).update(status=status, locked_until=NOW)
    elif status == MailStatus.SENT:
        set_mail(letter, status, sent_at=NOW)
    elif status == MailStatus.UNKNOWN:
        set_mail(letter, status, error="The worker died.")
    with pytest.raises(RuleBroken):
        services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken):
        services.record_given(
            recipient_id=mother.pk, channel=Channel.HAND, sent_at=NOW, proof=PROOF, by=cast.slt, now=NOW
        )
    with pytest.raises(RuleBroken):
        services.start_batch(school_id=period.placement.school_id, recipient_ids=[mother.pk], by=cast.slt, now=NOW)
    assert Mail.objects.filter(kind="LETTER").count() == 1


def test_failed_email_may_be_sent_again_as_a_new_one(mother: NoticeRecipient, cast: Any) -> None:
    first = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    set_mail(first, MailStatus.FAILED, error="The mail server refused the address.")
    assert state(mother) == ServiceState.FAILED
    assert [row.why for row in letters_to_check(cast.slt)] == ["The mail server refused the address."]
    second = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    assert (second.key, second.pk != first.pk) == (f"letter:{mother.pk}:2", True)
    assert state(mother) == ServiceState.EMAIL_WAITING


def test_send_all_sends_to_everybody_who_agreed_in_one_act(
    issued: DirectionNotice, mother: NoticeRecipient, father: NoticeRecipient, cast: Any
) -> None:
    mails = services.send_all(notice_id=issued.pk, by=cast.team, now=NOW)
    assert [one.to for one in mails] == [mother.email]
    assert state(father) == ServiceState.TO_SEND
    with pytest.raises(RuleBroken, match="Nobody waits"):
        services.send_all(notice_id=issued.pk, by=cast.team, now=NOW)


def test_sending_before_the_letters_are_made_is_refused(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    with pytest.raises(RuleBroken, match="once all letters"):
        services.send_letter(recipient_id=notice.recipients.get().pk, by=cast.slt, now=NOW)


def test_void_stops_a_waiting_email_but_not_one_being_sent(
    issued: DirectionNotice, mother: NoticeRecipient, cast: Any
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    services.void_notice(notice_id=issued.pk, reason="The start was moved", by=cast.head, now=NOW)
    letter.refresh_from_db()
    assert (letter.status, letter.error) == (MailStatus.FAILED, "The notice was made void before it left.")
    assert state(mother) == ServiceState.STOPPED


def test_void_lets_an_email_that_is_being_sent_finish(
    issued: DirectionNotice, mother: NoticeRecipient, cast: Any
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    Mail.objects.filter(pk=letter.pk).update(status=MailStatus.SENDING, locked_until=NOW)
    services.void_notice(notice_id=issued.pk, reason="The start was moved", by=cast.head, now=NOW)
    Mail.objects.filter(pk=letter.pk).update(status=MailStatus.SENT, sent_at=NOW)
    assert state(mother) == ServiceState.SENT
    # It arrived, so it is recorded; the notice stays void.
    assert services.settle_letters(now=NOW + timedelta(minutes=1)) == 1
    mother.refresh_from_db()
    assert (mother.channel, mother.recorded_by) == (Channel.EMAIL, cast.slt)
    kept = fresh(issued)
    assert (kept.status, kept.given_on) == (Status.VOID, None)
    assert kept.placement_period.notice_given_on is None
    assert next_step(mother) == "The notice was made void while it left: tell this person."


def test_giving_before_the_void_asks_nothing_of_the_person_who_has_it(
    issued: DirectionNotice, mother: NoticeRecipient, cast: Any
) -> None:
    services.record_given(recipient_id=mother.pk, channel=Channel.HAND, sent_at=NOW, proof=PROOF, by=cast.slt, now=NOW)
    services.void_notice(notice_id=issued.pk, reason="Moved", by=cast.head, now=NOW + timedelta(minutes=1))
    assert next_step(mother) == ""


def test_sweep_stops_an_email_that_a_void_left_behind(
    issued: DirectionNotice, mother: NoticeRecipient, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    monkeypatch.setattr("notices.services.drafting.drop_mails", lambda notice: 0)
    services.void_notice(notice_id=issued.pk, reason="The start was moved", by=cast.head, now=NOW)
    services.settle_letters(now=NOW)
    letter.refresh_from_db()
    assert letter.status == MailStatus.FAILED


def test_sent_letter_that_cannot_be_recorded_does_not_hold_up_the_others(
    issued: DirectionNotice, mother: NoticeRecipient, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    set_mail(letter, MailStatus.SENT, sent_at=NOW)
    issued.placement_period.placement.school.times.all().delete()
    assert services.settle_letters(now=NOW) == 0
    assert state(mother) == ServiceState.SENT


def test_giving_is_recorded_though_everybody_who_asked_or_authorised_has_left(
    period: PlacementPeriod, cast: Any
) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    mother = notice.recipients.get()
    letter = services.send_letter(recipient_id=mother.pk, by=cast.att, now=NOW)
    cast.att.memberships.all().delete()
    cast.head.memberships.all().delete()
    set_mail(letter, MailStatus.SENT, sent_at=NOW)
    assert services.settle_letters(now=NOW) == 1
    mother.refresh_from_db()
    assert mother.recorded_by == cast.att
    kept = fresh(notice)
    assert kept.status == Status.GIVEN
    assert kept.placement_period.notice_given_on == NOW.date()


# --- what must not be sent any more ---


def next_step(recipient: NoticeRecipient) -> str:
    rows = recipient_rows(fresh(recipient.notice), NOW.date())
    return next(row.next_step for row in rows if row.recipient.pk == recipient.pk)


def restrict(recipient: NoticeRecipient, by: Any) -> None:
    change_contact(
        link_id=recipient.contact_link_id or 0,
        contact={},
        link={"letters_restricted": True, "restriction_reason": "Court order of May"},
        by=by,
        now=NOW,
    )


@pytest.mark.policy("P7.2")
def test_restriction_recorded_after_authorising_stops_every_way_but_not_the_record(
    issued: DirectionNotice, mother: NoticeRecipient, cast: Any
) -> None:
    restrict(mother, cast.slt)
    school_id = issued.placement_period.placement.school_id
    refusals = []
    for act in (
        lambda: services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW),
        lambda: services.start_batch(school_id=school_id, recipient_ids=[mother.pk], by=cast.slt, now=NOW),
    ):
        with pytest.raises(RuleBroken, match="a restriction was recorded since") as refused:
            act()
        refusals.append(f"{refused.value.message} {refused.value.help}")
    with pytest.raises(RuleBroken, match="Nobody waits"):
        services.send_all(notice_id=issued.pk, by=cast.slt, now=NOW)
    row = next(one for one in recipient_rows(issued, NOW) if one.recipient.pk == mother.pk)
    assert (row.state, row.mailable, row.recordable) == (ServiceState.RESTRICTED, False, True)
    assert "Make the notice void and issue it again" in row.next_step
    assert "Court" not in f"{refusals} {row.why} {row.next_step} {row.state.label}"
    # A letter that somebody handed over before was handed over.
    kept = services.record_given(
        recipient_id=mother.pk, channel=Channel.HAND, sent_at=NOW, proof=PROOF, by=cast.slt, now=NOW
    )
    assert kept.channel == Channel.HAND


@pytest.mark.policy("P7.2")
def test_restriction_stops_an_email_that_waits(mother: NoticeRecipient, cast: Any) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    restrict(mother, cast.slt)
    assert state(mother) == ServiceState.RESTRICTED, "also before the sweep"
    assert services.stop_letters(now=NOW) == 1
    letter.refresh_from_db()
    assert letter.status == MailStatus.FAILED
    assert "must not be sent" in letter.error
    assert "Court" not in letter.error
    assert state(mother) == ServiceState.RESTRICTED
    assert services.stop_letters(now=NOW) == 0


@pytest.mark.policy("P7.2")
def test_agreement_taken_back_stops_email_but_not_post(mother: NoticeRecipient, cast: Any) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    link = {"email_consent": False}
    change_contact(link_id=mother.contact_link_id or 0, contact={}, link=link, by=cast.slt, now=NOW)
    assert services.settle_letters(now=NOW) == 0
    letter.refresh_from_db()
    assert (letter.status, "agreement" in letter.error) == (MailStatus.FAILED, True)
    assert state(mother) == ServiceState.FAILED
    with pytest.raises(RuleBroken, match="not agreed"):
        services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    row = next(one for one in recipient_rows(mother.notice, NOW) if one.recipient.pk == mother.pk)
    assert (row.mailable, row.consent) == (False, "has taken back the agreement to notices by e-mail")
    school_id = mother.notice.placement_period.placement.school_id
    batch = services.start_batch(school_id=school_id, recipient_ids=[mother.pk], by=cast.slt, now=NOW)
    assert services.make_batches(now=NOW) == 1
    services.record_posting(batch_id=batch.pk, posted_at=NOW, proof="Certificate", by=cast.slt, now=NOW)
    assert state(mother) == ServiceState.GIVEN


def test_cancelled_placement_stops_the_emails_of_its_notice(mother: NoticeRecipient, cast: Any) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    placement_id = mother.notice.placement_period.placement_id
    cancel_placement(placement_id=placement_id, reason="The family moved", by=cast.head, now=NOW)
    assert state(mother) == ServiceState.STOPPED
    services.settle_letters(now=NOW)
    letter.refresh_from_db()
    assert (letter.status, "no longer needed" in letter.error) == (MailStatus.FAILED, True)


def withdraw(notice: DirectionNotice, cast: Any) -> DirectionNotice:
    made = services.prepare_notice(
        period_id=notice.placement_period_id, kind=NoticeKind.WITHDRAWAL, reason="Moved.", by=cast.slt, now=NOW
    )
    services.authorise_notice(notice_id=made.pk, override_reason="", by=cast.head, now=NOW)
    return fresh(made)


def test_withdrawal_stops_the_emails_of_what_it_withdraws(
    issued: DirectionNotice, mother: NoticeRecipient, father: NoticeRecipient, cast: Any
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    made = withdraw(issued, cast)
    letter.refresh_from_db()
    assert (letter.status, letter.error) == (MailStatus.FAILED, "The notice was withdrawn before it left.")
    assert (state(mother), state(father)) == (ServiceState.STOPPED, ServiceState.STOPPED)
    with pytest.raises(RuleBroken, match="withdrawn"):
        services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    # Its own letters go, and what was handed over before is still recorded.
    services.make_letters(now=NOW)
    assert services.send_all(notice_id=made.pk, by=cast.slt, now=NOW)
    services.record_given(recipient_id=father.pk, channel=Channel.HAND, sent_at=NOW, proof=PROOF, by=cast.slt, now=NOW)
    assert services.stop_letters(now=NOW) == 0


def test_sweep_stops_an_email_queued_while_the_withdrawal_was_authorised(
    issued: DirectionNotice, mother: NoticeRecipient, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    monkeypatch.setattr("notices.services.drafting.drop_mails", lambda *args: 0)
    withdraw(issued, cast)
    assert state(mother) == ServiceState.STOPPED
    services.settle_letters(now=NOW)
    letter.refresh_from_db()
    assert letter.error == "The notice was withdrawn before it left."


# --- what goes by itself and did not ---


def test_email_of_which_the_day_could_not_be_told_is_not_sent(mother: NoticeRecipient, cast: Any) -> None:
    mother.notice.placement_period.placement.school.times.all().delete()
    with pytest.raises(RuleBroken, match="session times are not entered"):
        services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    assert not Mail.objects.filter(kind="LETTER").exists()


def test_sent_letter_not_recorded_for_minutes_is_listed_with_its_reason(mother: NoticeRecipient, cast: Any) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    set_mail(letter, MailStatus.SENT, sent_at=NOW)
    mother.notice.placement_period.placement.school.times.all().delete()
    services.settle_letters(now=NOW)
    assert letters_to_check(cast.slt, NOW + timedelta(minutes=4)) == []
    [row] = letters_to_check(cast.slt, NOW + timedelta(minutes=6))
    assert row.stuck
    assert "could not be recorded" in row.why
    assert "session times" in row.why


def test_letter_that_cannot_be_made_neither_counts_nor_stays_unsaid(
    period: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_contact(period.placement.student, "Paul", relationship=Relationship.FATHER)
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    first, second = notice.recipients.order_by("id")
    real = services.letters.letter_pdf

    def only_second(letter: Any, recipient: NoticeRecipient) -> bytes:
        if recipient.pk == first.pk:
            raise RuntimeError
        content: bytes = real(letter, recipient)
        return content

    monkeypatch.setattr("notices.services.letters.letter_pdf", only_second)
    assert services.make_letters(now=NOW, limit=1) == 1
    second.refresh_from_db()
    assert second.letter is not None
    rows = recipient_rows(notice, NOW + timedelta(minutes=4))
    assert [row.why for row in rows] == ["", ""]
    rows = recipient_rows(notice, NOW + timedelta(minutes=6))
    assert [row.why for row in rows] == ["This letter could not be made so far. Tell the trust AP lead.", ""]
    monkeypatch.setattr("notices.services.letters.SECONDS", 0.0)
    assert services.make_letters(now=NOW) == 0, "a run has an end"


def test_end_of_the_tasks_time_is_no_fault_of_a_letter(
    period: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice_at(Status.AUTHORISED, period, cast, NOW)

    def too_long(*args: Any) -> bytes:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr("notices.services.letters.letter_pdf", too_long)
    with pytest.raises(SoftTimeLimitExceeded):
        services.make_letters(now=NOW)


def test_record_that_fails_does_not_count_towards_the_limit(
    period: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_contact(period.placement.student, "Paul", relationship=Relationship.FATHER)
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    for letter in services.send_all(notice_id=notice.pk, by=cast.slt, now=NOW):
        set_mail(letter, MailStatus.SENT, sent_at=NOW)
    first, second = notice.recipients.order_by("id")
    real = services.sending.freeze_given

    def only_second(recipient: NoticeRecipient, **values: Any) -> None:
        if recipient.pk == first.pk:
            raise RuleBroken("The calendar is not loaded.")
        real(recipient, **values)

    monkeypatch.setattr("notices.services.sending.freeze_given", only_second)
    assert services.settle_letters(now=NOW, limit=1) == 1
    second.refresh_from_db()
    assert second.channel == Channel.EMAIL


# --- who has no address ---


@pytest.mark.policy("P7.2")
def test_student_of_18_gets_the_letter_at_home(period: PlacementPeriod, cast: Any) -> None:
    student = period.placement.student
    student.born_on = date(2008, 12, 1)
    student.save()
    away = make_contact(student, "Ann", relationship=Relationship.OTHER_FAMILY, has_care=False)
    away.contact.address = "1 Elsewhere"
    away.contact.save()
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    one = notice.recipients.get(kind=RecipientKind.STUDENT)
    assert (one.address, one.email) == ("4 Orchard Row\nNorthbridge\nNB1 2CD", "")
    assert next_step(one) == "Print it, or hand it over."


def test_home_with_a_restriction_is_no_address_for_the_student(period: PlacementPeriod, cast: Any) -> None:
    student = period.placement.student
    student.born_on = date(2008, 12, 1)
    student.save()
    ContactLink.objects.filter(student=student).update(letters_restricted=True, restriction_reason="Court")
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    one = notice.recipients.get()
    assert (one.kind, one.address) == (RecipientKind.STUDENT, "")
    assert "hand it over" in next_step(one)
    assert "No address" in next_step(one)


# --- unknown ---


@pytest.fixture
def unknown(mother: NoticeRecipient, cast: Any) -> NoticeRecipient:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    set_mail(letter, MailStatus.UNKNOWN, error="The worker died while it was being sent.")
    return NoticeRecipient.objects.get(pk=mother.pk)


def test_unknown_that_arrived_is_given_from_when_it_was_handed_over(unknown: NoticeRecipient, cast: Any) -> None:
    assert [row.unknown for row in letters_to_check(cast.slt)] == [True]
    kept = services.answer_unknown(
        recipient_id=unknown.pk, arrived=True, note="Ms Ashdown confirmed by telephone.", by=cast.att, now=at(2)
    )
    assert kept.channel == Channel.EMAIL
    assert kept.sent_at is not None
    assert kept.sent_at <= NOW
    assert "confirmed by telephone" in kept.proof
    assert state(unknown) == ServiceState.GIVEN
    with pytest.raises(StaleRecord):
        services.answer_unknown(recipient_id=unknown.pk, arrived=False, note="Twice", by=cast.att, now=at(2))


def test_unknown_that_arrived_later_counts_from_then(unknown: NoticeRecipient, cast: Any) -> None:
    with pytest.raises(RuleBroken, match="future"):
        services.answer_unknown(
            recipient_id=unknown.pk, arrived=True, note="x", arrived_at=at(3), by=cast.att, now=at(2)
        )
    assert state(unknown) == ServiceState.UNKNOWN, "a refused answer changes nothing"
    kept = services.answer_unknown(
        recipient_id=unknown.pk, arrived=True, note="Log of the server", arrived_at=at(2, 16), by=cast.att, now=at(4)
    )
    assert (kept.deemed_given_on, kept.in_time) == (date(2026, 12, 3), True)


def test_unknown_that_did_not_arrive_may_go_again(unknown: NoticeRecipient, cast: Any) -> None:
    with pytest.raises(NotAllowed):
        services.answer_unknown(recipient_id=unknown.pk, arrived=False, note="No", by=cast.dsl, now=NOW)
    with pytest.raises(RuleBroken, match="how you found out"):
        services.answer_unknown(recipient_id=unknown.pk, arrived=False, note=" ", by=cast.slt, now=NOW)
    services.answer_unknown(recipient_id=unknown.pk, arrived=False, note="She has nothing.", by=cast.slt, now=NOW)
    assert state(unknown) == ServiceState.FAILED
    assert services.send_letter(recipient_id=unknown.pk, by=cast.slt, now=NOW).key.endswith(":2")


def test_unknown_that_arrived_of_a_void_notice_is_recorded_and_said(
    unknown: NoticeRecipient, cast: Any, login: Callable[[User], Client]
) -> None:
    services.void_notice(notice_id=unknown.notice_id, reason="Moved", by=cast.head, now=NOW)
    check = reverse("notices:recipient-check", args=[unknown.pk])
    values = {"arrived": "yes", "note": "She has it", "sent_on": "2026-11-16", "sent_time": "10:00"}
    page = login(cast.slt).post(check, values, follow=True).content.decode()
    assert "the letter arrived, though its notice is void" in page
    unknown.refresh_from_db()
    assert unknown.channel == Channel.EMAIL
    assert fresh(unknown.notice).status == Status.VOID


# --- verdicts ---


@pytest.mark.policy("P7.2")
def test_thresholds_of_the_day_of_giving_count_however_late_it_is_recorded(father: NoticeRecipient, cast: Any) -> None:
    made = propose_setting(
        code=SettingCode.NOTICE_READING,
        value="clear",
        from_day=date(2026, 12, 4),
        source="Board",
        by=cast.lead,
        now=NOW,
    )
    approve_setting(setting_id=made.pk, by=cast.ceo, now=NOW)
    kept = services.record_given(
        recipient_id=father.pk, channel=Channel.HAND, sent_at=at(3), proof=PROOF, by=cast.slt, now=at(4)
    )
    assert (kept.deadline_on, kept.in_time) == (DEADLINE, True)


@pytest.mark.policy("P7.2")
def test_closure_entered_after_giving_never_changes_the_verdict(
    issued: DirectionNotice, mother: NoticeRecipient, father: NoticeRecipient, cast: Any
) -> None:
    values = {"channel": Channel.HAND, "sent_at": at(3), "proof": PROOF, "by": cast.slt, "now": at(3, 10)}
    services.record_given(recipient_id=mother.pk, **values)
    # Friday is closed later: the deadline of the calendar of today is a day earlier now.
    record_non_school_day(
        school_id=issued.placement_period.placement.school_id,
        day=date(2026, 12, 4),
        kind=NonSchoolDayKind.CLOSURE,
        note="Boiler",
        by=cast.head,
        now=at(3, 11),
    )
    mother.refresh_from_db()
    assert (mother.deadline_on, mother.in_time) == (DEADLINE, True)
    services.record_given(recipient_id=father.pk, **{**values, "now": at(3, 12)})
    father.refresh_from_db()
    assert (father.deadline_on, father.in_time) == (date(2026, 12, 2), False)
    kept = fresh(issued)
    assert kept.status == Status.ISSUED
    rows = {row.recipient.pk: row.verdict for row in recipient_rows(kept, date(2026, 12, 3))}
    assert rows == {mother.pk: "in time", father.pk: "late"}
    _, outcome = verdict_of(kept, date(2026, 12, 3))
    assert outcome.late == (father.name,)


@pytest.mark.policy("P7.2")
def test_one_of_two_parents_late_leaves_the_notice_not_given_and_names_that_one(
    issued: DirectionNotice, mother: NoticeRecipient, father: NoticeRecipient, cast: Any
) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=at(3))
    set_mail(letter, MailStatus.SENT, sent_at=at(3, 9, 1))
    services.record_given(
        recipient_id=father.pk, channel=Channel.POST, sent_at=at(2), proof="Certificate", by=cast.slt, now=at(3)
    )
    assert services.settle_letters(now=at(3, 9, 2)) == 1
    kept = fresh(issued)
    assert kept.status == Status.ISSUED
    sentence = late_sentence(kept, date(2026, 12, 3))
    assert father.name in sentence
    assert mother.name not in sentence


def test_preview_says_the_day_and_the_verdict_before_saving(father: NoticeRecipient) -> None:
    found = {one.channel: (one.given_on, one.in_time) for one in if_given(father, at(2, 16))}
    assert found == {
        "By hand": (date(2026, 12, 2), True),
        "First-class post": (date(2026, 12, 4), False),
    }


# --- files ---


def upload(content: bytes = PDF, name: str = "certificate.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/pdf")


def test_proof_file_is_kept_with_the_recipient(mother: NoticeRecipient, cast: Any) -> None:
    kept = services.record_given(
        recipient_id=mother.pk,
        channel=Channel.HAND,
        sent_at=NOW,
        proof=PROOF,
        proof_upload=upload(),
        by=cast.slt,
        now=NOW,
    )
    assert kept.proof_file is not None
    assert kept.proof_file.kind == FileKind.NOTICE_PROOF
    assert file_bytes(kept.proof_file) == PDF


def test_bad_proof_file_is_refused_and_nothing_recorded(mother: NoticeRecipient, cast: Any) -> None:
    with pytest.raises(RuleBroken) as refused:
        services.record_given(
            recipient_id=mother.pk,
            channel=Channel.HAND,
            sent_at=NOW,
            proof=PROOF,
            proof_upload=upload(b"MZ not a pdf"),
            by=cast.slt,
            now=NOW,
        )
    assert refused.value.field == "proof_upload"
    mother.refresh_from_db()
    assert mother.channel == ""


@pytest.mark.policy("P7.2")
def test_override_keeps_the_parents_agreement(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    services.record_given(
        recipient_id=notice.recipients.get().pk,
        channel=Channel.HAND,
        sent_at=at(4),
        proof=PROOF,
        by=cast.slt,
        now=at(4),
    )
    for who in ("slt", "lead", "dsl", "head2"):
        with pytest.raises(NotAllowed):
            services.override_late(
                notice_id=notice.pk, reason="Agreed", agreement=upload(), by=getattr(cast, who), now=at(4)
            )
    services.override_late(notice_id=notice.pk, reason="Agreed", agreement=upload(), by=cast.ceo, now=at(4))
    kept = fresh(notice)
    assert (kept.status, kept.in_time) == (Status.GIVEN, False)
    assert kept.parent_agreement is not None
    assert kept.parent_agreement.kind == FileKind.PARENT_AGREEMENT


def test_late_authorising_keeps_the_parents_agreement(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    services.authorise_notice(
        notice_id=notice.pk, override_reason="Urgent", agreement=upload(), by=cast.head, now=at(4)
    )
    assert fresh(notice).parent_agreement is not None


# --- the database itself ---


def test_database_refuses_a_given_without_its_verdict_or_proof(mother: NoticeRecipient, cast: Any) -> None:
    row = NoticeRecipient.objects.filter(pk=mother.pk)
    for broken in (
        {"channel": Channel.HAND},
        {"deemed_given_on": DEADLINE},
        {"in_time": True},
        {"recorded_by": cast.slt},
        {
            "channel": Channel.HAND,
            "sent_at": NOW,
            "deemed_given_on": date(2026, 12, 4),
            "deadline_on": DEADLINE,
            "in_time": True,
            "recorded_by": cast.slt,
        },
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**broken)


def test_database_refuses_an_email_without_consent(father: NoticeRecipient, cast: Any) -> None:
    with pytest.raises(IntegrityError, match="notice_email_needs_consent"), transaction.atomic():
        NoticeRecipient.objects.filter(pk=father.pk).update(
            channel=Channel.EMAIL,
            sent_at=NOW,
            deemed_given_on=date(2026, 11, 16),
            deadline_on=DEADLINE,
            in_time=True,
            recorded_by=cast.slt,
        )


def test_database_gives_one_email_to_one_recipient(mother: NoticeRecipient, father: NoticeRecipient, cast: Any) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        NoticeRecipient.objects.filter(pk=father.pk).update(mail=letter)


def test_database_never_sends_an_unknown_email_again(unknown: NoticeRecipient) -> None:
    for status in (MailStatus.TO_SEND, MailStatus.SENDING):
        with pytest.raises(IntegrityError), transaction.atomic():
            Mail.objects.filter(pk=unknown.mail_id).update(status=status)


def test_nothing_leaves_for_an_hour_and_is_given_once_later(mother: NoticeRecipient, cast: Any) -> None:
    letter = services.send_letter(recipient_id=mother.pk, by=cast.slt, now=NOW)
    Mail.objects.filter(pk=letter.pk).update(next_try_at=NOW + timedelta(hours=1))
    assert services.settle_letters(now=NOW + timedelta(minutes=59)) == 0
    assert state(mother) == ServiceState.EMAIL_WAITING
