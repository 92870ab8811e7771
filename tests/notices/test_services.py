"""A notice from draft to given: what is asked, what is refused, what is frozen."""

from datetime import date, time
from typing import Any

import pytest

from notices import services
from notices.codes import Channel, NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.queries import clock_of, facts_of, late_sentence, ticks_of
from notices.tasks import make_letters
from placements.lifecycle import Status as PlacementStatus
from placements.models import PlacementPeriod
from placements.services import approve_extension, propose_extension
from tests.factories.notices import PROOF, give_notice, notice_at
from tests.factories.people import make_contact
from tests.factories.placements import placement_at
from tests.fixtures import NOW
from tests.notices.conftest import DEADLINE, START, at
from trust.codes import Relationship, SenStatus
from trust.errors import NotAllowed, RuleBroken, StaleRecord
from trust.models import Flag
from trust.services import file_bytes

pytestmark = pytest.mark.django_db


def fresh(notice: DirectionNotice) -> DirectionNotice:
    return DirectionNotice.objects.get(pk=notice.pk)


# --- prepare ---


def test_prepare_starts_from_referral_and_placement(period: PlacementPeriod, cast: Any) -> None:
    notice = services.prepare_notice(period_id=period.pk, by=cast.slt, now=NOW)
    assert notice.status == Status.DRAFT
    assert notice.kind == NoticeKind.INITIAL
    assert "Not attending regularly" in notice.reasons
    assert "A small setting with practical work." in notice.reasons
    assert "61 %" not in notice.reasons, "the narrative of the referral is not for the letter"
    assert notice.aims == "Attendance of 90 % by Easter; English at grade 4."
    assert notice.report_to == "Sam Okafor"
    assert notice.start_time == time(9)
    assert notice.days_required == 34
    assert notice.first_review_on is not None
    assert START <= notice.first_review_on <= date(2027, 2, 5)


def test_prepare_twice_is_refused(period: PlacementPeriod, cast: Any) -> None:
    services.prepare_notice(period_id=period.pk, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="already has a notice"):
        services.prepare_notice(period_id=period.pk, by=cast.slt, now=NOW)


def test_notice_of_a_proposal_is_prepared_but_not_authorised_before_the_approval(
    student: Any, provider: Any, budget: Any, cast: Any
) -> None:
    placement = placement_at(PlacementStatus.PROPOSED, student=student, provider=provider, cast=cast, now=NOW)
    notice = notice_at(Status.DRAFT, placement.periods.get(), cast, NOW)
    with pytest.raises(RuleBroken, match="approved"):
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)
    notice.refresh_from_db()
    assert notice.status == Status.DRAFT


@pytest.mark.parametrize("who", ["att", "dsl", "ceo", "slt2", "finance", "trustee"])
def test_prepare_without_the_permission_is_refused(period: PlacementPeriod, cast: Any, who: str) -> None:
    with pytest.raises(NotAllowed, match="prepare a notice"):
        services.prepare_notice(period_id=period.pk, by=getattr(cast, who), now=NOW)
    assert not DirectionNotice.objects.exists()


# --- save ---


def test_save_refuses_an_older_version_and_keeps_what_stands(period: PlacementPeriod, cast: Any) -> None:
    notice = services.prepare_notice(period_id=period.pk, by=cast.slt, now=NOW)
    services.save_notice(notice_id=notice.pk, data={"aims": "First"}, version=notice.version, by=cast.slt, now=NOW)
    with pytest.raises(StaleRecord):
        services.save_notice(
            notice_id=notice.pk, data={"aims": "Second"}, version=notice.version, by=cast.team, now=NOW
        )
    assert fresh(notice).aims == "First"


def test_save_refuses_a_review_before_the_start(period: PlacementPeriod, cast: Any) -> None:
    notice = services.prepare_notice(period_id=period.pk, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match="before the start"):
        services.save_notice(
            notice_id=notice.pk, data={"first_review_on": date(2026, 12, 6)}, version=None, by=cast.slt, now=NOW
        )


@pytest.mark.policy("P7.4")
def test_authorised_notice_is_never_edited(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    with pytest.raises(RuleBroken, match="never edited"):
        services.save_notice(notice_id=notice.pk, data={"aims": "Other"}, version=None, by=cast.slt, now=NOW)


# --- authorise ---


@pytest.mark.policy("P7.3")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reasons": ""}, "the reasons"),
        ({"aims": ""}, "the aims"),
        ({"measurable_aim": " "}, "aim that can be measured"),
        ({"report_to": ""}, "person to report to"),
        ({"start_time": None}, "the time the placement starts"),
        ({"days_required": None}, "number of school days"),
        ({"days_required": 30}, "number of school days"),
        ({"first_review_on": None}, "dates of the reviews"),
    ],
)
def test_authorise_with_a_particular_missing_is_refused(
    period: PlacementPeriod, cast: Any, change: dict[str, Any], words: str
) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    services.save_notice(notice_id=notice.pk, data=change, version=None, by=cast.slt, now=NOW)
    with pytest.raises(RuleBroken, match=words):
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)
    assert fresh(notice).status == Status.DRAFT
    assert not notice.recipients.exists()


@pytest.mark.policy("P7.3")
def test_authorise_without_the_times_of_the_site_is_refused(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    period.placement.site.times.all().delete()
    with pytest.raises(RuleBroken, match="morning and afternoon sessions"):
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)
    tick = next(one for one in ticks_of(fresh(notice), facts_of(period.pk)) if one.code == "session_times")
    assert not tick.present
    assert tick.path == f"/providers/{period.placement.provider_id}/"


def test_corrected_number_of_days_needs_and_keeps_its_reason(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.AUTHORISED, period, cast, NOW, days_required=30, days_reason="Work experience week")
    assert notice.frozen["days_required"] == "30"
    assert notice.frozen["days_reason"] == "Work experience week"


@pytest.mark.policy("P7.1")
@pytest.mark.parametrize("who", ["slt", "team", "lead", "dsl", "att", "head2"])
def test_authorise_by_anybody_but_head_and_chief_is_refused(period: PlacementPeriod, cast: Any, who: str) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    with pytest.raises(NotAllowed, match="Headteacher or Chief executive can"):
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=getattr(cast, who), now=NOW)


@pytest.mark.policy("P7.1")
@pytest.mark.parametrize(("who", "role"), [("head", "Headteacher"), ("ceo", "Chief Executive")])
def test_authorise_freezes_every_value_with_the_signature(
    period: PlacementPeriod, cast: Any, who: str, role: str
) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    signer = getattr(cast, who)
    services.authorise_notice(notice_id=notice.pk, override_reason="", by=signer, now=NOW)
    frozen = fresh(notice).frozen
    assert (frozen["signed_by"], frozen["signed_role"]) == (signer.full_name, role)
    assert frozen["first"] == "Monday 7 December 2026"
    assert frozen["last"] == "Friday 5 February 2027"
    assert fresh(notice).template_version
    site = period.placement.site
    site.address = "Elsewhere 1\nFartown"
    site.save()
    assert fresh(notice).frozen["site_address"] == ["Unit 3, Mill Yard", "Northbridge", "NB3 4EF"]


def test_authorise_makes_recipients_with_addresses_as_they_stand(period: PlacementPeriod, cast: Any) -> None:
    student = period.placement.student
    student.sen_status, student.ehc_authority, student.ehc_email = SenStatus.EHC_PLAN, "Northshire", "ehc@ns.example"
    student.save()
    make_contact(student, "Paul", relationship=Relationship.FATHER, email_consent=False)
    make_contact(student, "Rex", letters_restricted=True, restriction_reason="Court order")
    make_contact(student, "Aunt", relationship=Relationship.OTHER_FAMILY, parental_responsibility=False, has_care=False)
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    found = {one.name: one for one in notice.recipients.all()}
    assert set(found) == {"Ms Mary Ashdown", "Ms Paul Ashdown", "Northshire"}
    assert found["Ms Mary Ashdown"].address == "4 Orchard Row\nNorthbridge\nNB1 2CD"
    assert found["Northshire"].email == "ehc@ns.example"
    contact = found["Ms Mary Ashdown"].contact_link.contact
    contact.address = "New street"
    contact.save()
    assert NoticeRecipient.objects.get(pk=found["Ms Mary Ashdown"].pk).address.startswith("4 Orchard Row")


def test_authorise_without_anybody_to_tell_is_refused(period: PlacementPeriod, cast: Any) -> None:
    period.placement.student.contact_links.all().delete()
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    with pytest.raises(RuleBroken, match="No parent or carer"):
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)


@pytest.mark.policy("P7.2")
def test_authorise_after_the_deadline_offers_the_earliest_lawful_start(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    with pytest.raises(RuleBroken, match="too late") as refused:
        services.authorise_notice(notice_id=notice.pk, override_reason=" ", by=cast.head, now=at(4))
    assert "The earliest lawful start is Tue 8 Dec 2026" in (refused.value.help or "")


@pytest.mark.policy("P7.2")
def test_authorise_on_the_last_day_needs_no_override(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    services.authorise_notice(
        notice_id=notice.pk, override_reason="not needed", by=cast.head, now=at(DEADLINE.day, 23, 59)
    )
    assert fresh(notice).override_reason == "", "a reason that was not needed is not counted as an override"


@pytest.mark.policy("P7.2")
def test_authorise_after_the_deadline_with_a_reason_keeps_it(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    services.authorise_notice(notice_id=notice.pk, override_reason="Court date moved", by=cast.ceo, now=at(4))
    kept = fresh(notice)
    assert (kept.override_reason, kept.override_by, kept.override_at) == ("Court date moved", cast.ceo, at(4))


def test_authorise_twice_is_refused(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    with pytest.raises(RuleBroken, match="it was done already"):
        services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)
    assert notice.recipients.count() == 1


# --- letters ---


def test_make_letters_stores_one_each_and_issues(period: PlacementPeriod, cast: Any) -> None:
    make_contact(period.placement.student, "Paul", relationship=Relationship.FATHER)
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    assert services.make_letters(now=NOW) == 2
    assert fresh(notice).status == Status.ISSUED
    assert fresh(notice).issued_at == NOW
    letters = [one.letter for one in notice.recipients.select_related("letter")]
    assert len({letter.sha256 for letter in letters}) == 2
    for letter in letters:
        assert file_bytes(letter).startswith(b"%PDF-")
        assert letter.stored_by == cast.head
    assert services.make_letters(now=NOW) == 0


def test_task_makes_the_letters_that_wait(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    assert make_letters() == 1
    assert fresh(notice).status == Status.ISSUED


def test_make_letters_after_a_crash_keeps_those_already_made(
    period: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_contact(period.placement.student, "Paul", relationship=Relationship.FATHER)
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    assert services.make_letters(now=NOW, limit=1) == 1
    first = notice.recipients.exclude(letter=None).get()
    assert fresh(notice).status == Status.AUTHORISED

    def crash(*args: Any) -> bytes:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("notices.services.letters.letter_pdf", crash)
        with pytest.raises(SystemExit):
            services.make_letters(now=NOW)
    assert services.make_letters(now=NOW) == 1
    assert NoticeRecipient.objects.get(pk=first.pk).letter_id == first.letter_id
    assert fresh(notice).status == Status.ISSUED


def test_letter_that_cannot_be_made_does_not_hold_up_the_others(
    period: PlacementPeriod, cast: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_contact(period.placement.student, "Paul", relationship=Relationship.FATHER)
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    bad = notice.recipients.order_by("id")[0]
    real = services.letters.letter_pdf

    def fails(letter: Any, recipient: NoticeRecipient) -> bytes:
        if recipient.pk == bad.pk:
            raise ValueError("broken")
        return real(letter, recipient)

    monkeypatch.setattr("notices.services.letters.letter_pdf", fails)
    assert services.make_letters(now=NOW) == 1
    assert fresh(notice).status == Status.AUTHORISED
    assert f"recipient {bad.pk}" in caplog.text
    assert bad.name not in caplog.text


# --- given ---


def record(recipient: NoticeRecipient, by: Any, now: Any, **changes: Any) -> NoticeRecipient:
    values = {"channel": Channel.HAND, "sent_at": now, "proof": PROOF, **changes}
    return services.record_given(recipient_id=recipient.pk, by=by, now=now, **values)


@pytest.mark.policy("P7.2")
def test_given_in_time_freezes_the_verdict_and_tells_the_placement(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    record(notice.recipients.get(), cast.att, at(3, 16))
    kept = fresh(notice)
    assert (kept.status, kept.given_on, kept.deadline_on, kept.in_time) == (Status.GIVEN, DEADLINE, DEADLINE, True)
    period.refresh_from_db()
    assert period.notice_given_on == DEADLINE


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("channel", "sent_at", "given_on"),
    [
        (Channel.HAND, at(2, 18), date(2026, 12, 2)),
        (Channel.EMAIL, at(2, 15, 9), date(2026, 12, 2)),
        (Channel.EMAIL, at(2, 15, 10), date(2026, 12, 3)),
        (Channel.POST, at(1), date(2026, 12, 3)),
    ],
)
def test_given_is_not_sent(period: PlacementPeriod, cast: Any, channel: str, sent_at: Any, given_on: date) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    recipient = record(notice.recipients.get(), cast.slt, at(3, 9), channel=channel, sent_at=sent_at)
    assert recipient.deemed_given_on == given_on
    assert fresh(notice).status == Status.GIVEN


def test_given_only_when_every_required_recipient_has_it(period: PlacementPeriod, cast: Any) -> None:
    make_contact(period.placement.student, "Paul", relationship=Relationship.FATHER)
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    one, two = notice.recipients.order_by("id")
    record(one, cast.slt, at(1))
    assert fresh(notice).status == Status.ISSUED
    record(two, cast.slt, at(2))
    assert fresh(notice).given_on == date(2026, 12, 2)


@pytest.mark.policy("P7.2")
def test_late_notice_stays_issued_and_names_who_was_late(period: PlacementPeriod, cast: Any) -> None:
    make_contact(period.placement.student, "Paul", relationship=Relationship.FATHER)
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    one, two = notice.recipients.order_by("id")
    record(one, cast.slt, at(3))
    record(two, cast.slt, at(4))
    assert fresh(notice).status == Status.ISSUED
    period.refresh_from_db()
    assert period.notice_given_on is None
    sentence = late_sentence(fresh(notice), date(2026, 12, 4))
    assert two.name in sentence
    assert one.name not in sentence
    assert "earliest lawful start is Tue 8 Dec 2026" in sentence


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize("who", ["head", "ceo"])
def test_override_of_a_late_notice_counts_it_as_given_late(period: PlacementPeriod, cast: Any, who: str) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    record(notice.recipients.get(), cast.slt, at(4))
    services.override_late(notice_id=notice.pk, reason="The family asked for it", by=getattr(cast, who), now=at(4, 12))
    kept = fresh(notice)
    assert (kept.status, kept.in_time, kept.override_reason) == (Status.GIVEN, False, "The family asked for it")
    period.refresh_from_db()
    assert period.notice_given_on == date(2026, 12, 4)


def test_late_notice_authorised_with_an_override_becomes_given(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    services.authorise_notice(notice_id=notice.pk, override_reason="Urgent", by=cast.head, now=at(4))
    services.make_letters(now=at(4))
    record(notice.recipients.get(), cast.att, at(4, 10))
    assert (fresh(notice).status, fresh(notice).in_time) == (Status.GIVEN, False)


def test_override_without_cause_is_refused(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    for reason, words in (("", "Say why"), ("Because", "Record first")):
        with pytest.raises(RuleBroken, match=words):
            services.override_late(notice_id=notice.pk, reason=reason, by=cast.head, now=at(4))
    with pytest.raises(NotAllowed, match="override"):
        services.override_late(notice_id=notice.pk, reason="Because", by=cast.slt, now=at(4))


def test_email_without_consent_is_refused(period: PlacementPeriod, cast: Any) -> None:
    period.placement.student.contact_links.update(email_consent=False)
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    with pytest.raises(RuleBroken, match="not agreed") as refused:
        record(notice.recipients.get(), cast.slt, at(1), channel=Channel.EMAIL)
    assert refused.value.field == "channel"


def test_given_refuses_bad_input(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    recipient = notice.recipients.get()
    with pytest.raises(RuleBroken, match="future"):
        record(recipient, cast.slt, at(1), sent_at=at(1, 10))
    with pytest.raises(RuleBroken, match="not authorised yet"):
        record(recipient, cast.slt, at(1), sent_at=at(1, month=11))
    with pytest.raises(RuleBroken, match="proves"):
        record(recipient, cast.slt, at(1), proof=" ")
    with pytest.raises(NotAllowed):
        record(recipient, cast.dsl, at(1))
    record(recipient, cast.slt, at(1))
    with pytest.raises(RuleBroken):
        record(recipient, cast.slt, at(2))


def test_given_before_the_letter_is_made_is_refused(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.AUTHORISED, period, cast, NOW)
    with pytest.raises(RuleBroken, match="once its letters are made"):
        record(notice.recipients.get(), cast.slt, at(1))


def test_given_clears_the_flag(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    services.raise_notice_flags(now=at(2))
    assert Flag.objects.open().filter(kind="notice_due").count() == 1
    record(notice.recipients.get(), cast.slt, at(2, 12))
    assert not Flag.objects.open().filter(kind="notice_due").exists()


# --- void, again, extension ---


@pytest.mark.policy("P7.4")
def test_void_keeps_the_notice_and_a_new_one_follows_it(period: PlacementPeriod, cast: Any) -> None:
    given = give_notice(period, cast, NOW)
    services.void_notice(notice_id=given.pk, reason="The start was moved", by=cast.head, now=at(1))
    period.refresh_from_db()
    assert period.notice_given_on is None
    again = services.prepare_notice(period_id=period.pk, by=cast.slt, now=at(1))
    assert again.follows_id == given.pk
    assert again.measurable_aim == given.measurable_aim
    assert fresh(given).status == Status.VOID
    assert given.recipients.get().letter is not None


def test_void_asks_for_a_reason_and_the_permission(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    with pytest.raises(RuleBroken, match="Say why"):
        services.void_notice(notice_id=notice.pk, reason=" ", by=cast.head, now=NOW)
    with pytest.raises(NotAllowed):
        services.void_notice(notice_id=notice.pk, reason="Mistake", by=cast.slt, now=NOW)


def test_void_of_a_notice_that_the_student_attends_on_is_refused(
    student: Any, provider: Any, budget: Any, cast: Any
) -> None:
    placement = placement_at(PlacementStatus.ACTIVE, student=student, provider=provider, cast=cast, now=NOW)
    notice = DirectionNotice.objects.get(placement_period__placement=placement)
    with pytest.raises(RuleBroken, match="already attends"):
        services.void_notice(notice_id=notice.pk, reason="Mistake", by=cast.head, now=NOW)


@pytest.mark.policy("P7.4")
def test_extension_gets_a_full_notice_that_follows_the_last(
    student: Any, provider: Any, budget: Any, cast: Any
) -> None:
    placement = placement_at(
        PlacementStatus.ACTIVE, student=student, provider=provider, cast=cast, now=NOW, last=date(2026, 12, 18)
    )
    first = DirectionNotice.objects.get(placement_period__placement=placement)
    extension = propose_extension(placement_id=placement.pk, last=date(2027, 2, 5), by=cast.slt, now=NOW)
    approve_extension(period_id=extension.pk, over_budget_reason="", by=cast.head, now=NOW)
    extension.refresh_from_db()
    assert extension.notice_needed
    notice = services.prepare_notice(period_id=extension.pk, by=cast.slt, now=NOW)
    assert (notice.kind, notice.follows_id) == (NoticeKind.EXTENSION, first.pk)
    assert notice.measurable_aim == first.measurable_aim
    assert notice.days_required == facts_of(extension.pk).computed_days
    assert clock_of(extension, NOW.date()).deadline is not None
    given = notice_at_saved(notice, cast)
    assert given.status == Status.GIVEN
    assert given.frozen["extension"] is True
    assert all(tick.present for tick in ticks_of(given, facts_of(extension.pk)))


def notice_at_saved(notice: DirectionNotice, cast: Any) -> DirectionNotice:
    """An extension's draft authorised, made and handed over as it stands."""
    services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)
    services.make_letters(now=NOW)
    for recipient in notice.recipients.all():
        record(recipient, cast.slt, NOW)
    return fresh(notice)


# --- the clock in words ---


@pytest.mark.policy("P7.2")
def test_clock_says_by_when_and_how(period: PlacementPeriod) -> None:
    clock = clock_of(period, NOW.date())
    assert clock.words == "Give by 15:10 on Thu 3 Dec 2026"
    assert dict(clock.last_days) == {
        "First-class post": date(2026, 12, 1),
        "E-mail": DEADLINE,
        "By hand": DEADLINE,
    }
    assert clock.deadline is not None
    assert (clock.deadline.policy, clock.deadline.clear) == (date(2026, 12, 5), date(2026, 12, 2))
    assert not clock.late
    assert clock_of(period, date(2026, 12, 4)).late


def test_clock_without_a_calendar_says_so_instead_of_failing(period: PlacementPeriod) -> None:
    period.placement.school.terms.all().delete()
    clock = clock_of(period, NOW.date())
    assert clock.deadline is None
    assert "has not been loaded" in clock.problem
