"""What is done with letters: a Polish wording, families who read otherwise, e-mails, a printing, notices of an end."""

from datetime import timedelta

from invictus_ap.services.demo.polish import LABELS, TEXTS
from invictus_ap.services.demo.world import World
from notices.codes import Language, NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice, NoticeRecipient
from notices.services import (
    authorise_notice,
    make_batches,
    make_letters,
    prepare_notice,
    record_given,
    save_notice,
    send_letter,
    start_batch,
)
from notices.services.templates import begin_template, put_in_force, save_template
from placements.codes import Destination, Route
from placements.lifecycle import Status as PlacementStatus
from placements.models import Placement
from trust.codes import SettingCode
from trust.models import Contact, Student
from trust.permissions import Role
from trust.services import propose_setting


def make_wording(world: World) -> None:
    """The lead's Polish letter, and parents who read Polish, Urdu or large print. Before the first notice."""
    then = world.at(world.today - timedelta(days=60), 15)
    draft = begin_template(
        route=Route.DIRECTION, kind=NoticeKind.INITIAL, language=Language.POLISH, by=world.lead, now=then
    )
    draft = save_template(
        template_id=draft.pk,
        texts=TEXTS,
        labels=LABELS,
        note="Translated by the trust's agency and read again by a colleague.",
        version=draft.version,
        by=world.lead,
        now=then,
    )
    put_in_force(template_id=draft.pk, version=draft.version, by=world.lead, now=then)
    needs = ({"language": "Polish"}, {"large_print": True}, {"language": "Urdu"})
    for school in world.schools:
        mothers = Contact.objects.filter(links__student__in=world.students[school.pk], title="Ms").distinct()
        for number, contact in enumerate(mothers.order_by("pk")):
            if number % 8 < len(needs):
                Contact.objects.filter(pk=contact.pk).update(**needs[number % 8])


def read_polish(student: Student) -> None:
    """The first contact of this student reads Polish, so that one letter on its way has its translation."""
    contact = Contact.objects.filter(links__student=student).order_by("pk")[0]
    Contact.objects.filter(pk=contact.pk).update(language="Polish")


def send_and_print(world: World) -> None:
    """Letters on their way: one by e-mail, the others of its school in a printing that waits to be posted."""
    waiting = NoticeRecipient.objects.filter(
        notice__status=Status.ISSUED, letter__isnull=False, channel="", mail__isnull=True, batch__isnull=True
    ).select_related("notice__placement_period__placement__school")
    sent = None
    for recipient in waiting.order_by("pk"):
        if recipient.email and recipient.email_consent:
            sent = recipient
            break
    if sent is not None:
        school = sent.notice.placement_period.placement.school
        send_letter(recipient_id=sent.pk, by=world.person(school, Role.TEAM), now=world.at(world.today, 8))
    left = [one for one in waiting if one != sent and one.address.strip()]
    if left:
        school = left[0].notice.placement_period.placement.school
        mine = [one.pk for one in left if one.notice.placement_period.placement.school_id == school.pk]
        start_batch(
            school_id=school.pk, recipient_ids=mine, by=world.person(school, Role.TEAM), now=world.at(world.today, 9)
        )
        make_batches(now=world.at(world.today, 9))


def end_notices(world: World) -> None:
    """Notices of the end (P7.4) of placements that led back to school: most are given, the last one is a draft."""
    ended = list(
        Placement.objects.filter(
            status=PlacementStatus.ENDED, destination=Destination.HOME_SCHOOL, periods__notice_needed=True
        )
        .distinct()
        .order_by("ended_on", "pk")
    )[-4:]
    for number, placement in enumerate(ended):
        _end_notice(world, placement, given=number < len(ended) - 1)


def _end_notice(world: World, placement: Placement, *, given: bool) -> None:
    slt, head = world.person(placement.school, Role.SLT), world.person(placement.school, Role.HEAD)
    assert placement.ended_on is not None  # noqa: S101 - held by a constraint
    period = placement.periods.order_by("-number")[0]
    now = world.at(placement.ended_on, 12)
    notice: DirectionNotice = prepare_notice(period_id=period.pk, kind=NoticeKind.END, by=slt, now=now)
    if not given:
        return
    data = {"return_person": f"{slt.full_name}, pastoral office"}
    notice = save_notice(notice_id=notice.pk, data=data, version=notice.version, by=slt, now=now)
    authorise_notice(notice_id=notice.pk, override_reason="", by=head, now=now)
    make_letters(now=now)
    for recipient in notice.recipients.order_by("pk"):
        record_given(
            recipient_id=recipient.pk,
            channel="HAND",
            sent_at=world.at(placement.ended_on, 14),
            proof="Handed over at the leaving meeting.",
            by=slt,
            now=world.at(placement.ended_on, 15),
        )


def ask_for_setting(world: World) -> None:
    """A threshold that waits for the chief executive."""
    propose_setting(
        code=SettingCode.NOTICE_POST_DAYS,
        value="3",
        from_day=world.today + timedelta(days=30),
        source="Advice of the trust's solicitor: three working days in the weeks before Christmas",
        by=world.lead,
        now=world.at(world.today, 9),
    )
