"""What the home page, the placement's page and the chronology say of notices, ends and decisions."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invictus_ap.queries import chronology, next_due, worklist
from notices.codes import NoticeKind
from notices.lifecycle import Status
from notices.services import answer_unknown, prepare_notice, raise_notice_flags, save_notice
from placements.codes import Destination, EndingReason
from placements.lifecycle import Status as PlacementStatus
from placements.models import Placement
from placements.services import end_placement, propose_extension
from tests.factories.notices import notice_at
from tests.factories.people import make_contact, make_student
from tests.factories.placements import placement_at
from tests.fixtures import NOW
from trust.calendar import LONDON
from trust.codes import MailKind, MailStatus
from trust.models import Mail, User
from trust.services import mark_unknown, queue_mail

pytestmark = pytest.mark.django_db

ENDS = date(2026, 12, 11)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=LONDON)


@pytest.fixture
def running(student: Any, provider: Any, budget: Any, cast: Any) -> Placement:
    """A running direction whose period ends on Fri 11 Dec 2026."""
    return placement_at(PlacementStatus.ACTIVE, student=student, provider=provider, cast=cast, now=NOW, last=ENDS)


def rows_of(user: Any, key: str, now: datetime) -> list[Any]:
    """The rows of one section of a person's home page."""
    return [row for section in worklist(user, now=now).sections if section.key == key for row in section.rows]


def end_it(placement: Placement, cast: Any) -> None:
    end_placement(
        placement_id=placement.pk,
        ended_on=ENDS,
        reason=EndingReason.PLANNED,
        destination=Destination.HOME_SCHOOL,
        note="",
        by=cast.slt,
        now=at(11, 15),
    )


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize(
    ("status", "day", "said"),
    [
        (None, 1, "not prepared: Give by"),
        (Status.DRAFT, 1, "to authorise: Give by"),
        (Status.AUTHORISED, 1, "letters being made: Give by"),
        (Status.ISSUED, 1, "to give: Give by"),
        (Status.ISSUED, 4, "late, to give: Give by"),
    ],
)
def test_home_says_at_which_step_a_notice_is(
    student: Any, provider: Any, budget: Any, cast: Any, status: str | None, day: int, said: str
) -> None:
    placement = placement_at(
        PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW, first=date(2026, 12, 7)
    )
    period = placement.periods.get()
    notice = notice_at(status, period, cast, NOW) if status else None
    (row,) = rows_of(cast.slt, "notices", at(day))
    assert row.detail.startswith(said)
    assert row.state == ("overdue" if day == 4 else "coming")
    expected = (
        reverse("notices:notice-detail", args=[notice.pk])
        if notice
        else reverse("notices:notice-prepare", args=[period.pk])
    )
    assert row.url == expected


@pytest.mark.policy("P7.4")
def test_home_lists_periods_that_end_without_decision(running: Placement, cast: Any) -> None:
    assert rows_of(cast.slt, "endings", NOW) == []
    (row,) = rows_of(cast.slt, "endings", at(1))
    assert row.detail == "ends on Fri 11 Dec 2026, no extension proposed and no end planned"
    assert row.due == date(2026, 12, 10), "while an extension can still be told of in time"
    assert row.url == reverse("placements:placement-detail", args=[running.pk]) + "#periods"
    assert rows_of(cast.slt2, "endings", at(1)) == []
    (over,) = rows_of(cast.slt, "endings", at(14))
    assert (over.state, over.detail) == ("overdue", "the period has ended without a decision")
    propose_extension(placement_id=running.pk, last=date(2027, 2, 5), by=cast.slt, now=at(1))
    assert rows_of(cast.slt, "endings", at(1)) == []


@pytest.mark.policy("P7.4")
def test_home_and_page_ask_for_the_notice_of_the_end(running: Placement, cast: Any) -> None:
    end_it(running, cast)
    period = running.periods.get()
    (row,) = rows_of(cast.slt, "notices", at(14))
    assert row.what.startswith("Notice of the end for ")
    assert row.detail == "late, not prepared: give by Fri 11 Dec 2026"
    assert row.url == reverse("notices:notice-end", args=[period.pk])
    assert rows_of(cast.slt2, "notices", at(14)) == []
    (due,) = next_due(Placement.objects.get(pk=running.pk), cast.slt, date(2026, 12, 14))
    assert (due.what, due.state, due.url) == ("Prepare the notice of the end", "overdue", row.url)
    notice = prepare_notice(period_id=period.pk, kind=NoticeKind.END, by=cast.slt, now=at(14))
    (row,) = rows_of(cast.slt, "notices", at(14))
    assert row.url == reverse("notices:notice-detail", args=[notice.pk])
    # Who meets the student is not written yet, so nobody is asked to authorise it.
    assert [one for one in rows_of(cast.head, "decisions", at(14)) if "Notice" in one.what] == []
    save_notice(
        notice_id=notice.pk, data={"return_person": "Ms Alder"}, version=notice.version, by=cast.slt, now=at(14)
    )
    (waiting,) = [one for one in rows_of(cast.head, "decisions", at(14)) if "Notice" in one.what]
    assert waiting.detail.endswith("end of a period, Fri 11 Dec 2026")
    assert waiting.due == ENDS


@pytest.mark.policy("P7.4")
@pytest.mark.parametrize(("decided", "words"), [(9, "on time"), (14, "late: the period was over")])
def test_chronology_keeps_whether_the_decision_came_on_time(
    running: Placement, cast: Any, decided: int, words: str
) -> None:
    raise_notice_flags(now=at(7))
    raise_notice_flags(now=at(decided, 8))
    if decided == 9:
        propose_extension(placement_id=running.pk, last=date(2027, 2, 5), by=cast.slt, now=at(9))
    else:
        end_it(running, cast)
    raise_notice_flags(now=at(decided, 17))
    (found,) = [one for one in chronology(running, cast.head) if one.title.startswith("Extension or end decided")]
    assert (found.title, found.detail) == ("Extension or end decided for the period to Fri 11 Dec 2026", words)


def test_home_uses_as_many_queries_for_three_ends_as_for_one(
    running: Placement, provider: Any, cast: Any, north: Any
) -> None:
    def count() -> int:
        user = User.objects.get(pk=cast.slt.pk)
        with CaptureQueriesContext(connection) as captured:
            worklist(user, now=at(9))
        return len(captured)

    count()
    one = count()
    for name in ("Adams", "Brown"):
        student = make_student(north, name)
        make_contact(student)
        placement_at(PlacementStatus.ACTIVE, student=student, provider=provider, cast=cast, now=NOW, last=ENDS)
    assert len(rows_of(cast.slt, "endings", at(9))) == 3
    assert count() == one


def test_placement_page_offers_the_kinds_to_whoever_prepares_notices(
    running: Placement, cast: Any, login: Callable[[User], Client]
) -> None:
    address = reverse("placements:placement-detail", args=[running.pk])
    end = reverse("notices:notice-end", args=[running.periods.get().pk])
    for who, offered in (("slt", True), ("team", True), ("att", False), ("ceo", False)):
        assert (end in login(getattr(cast, who)).get(address).content.decode()) is offered


def test_email_that_nobody_knows_about_is_on_the_home_page_until_somebody_looked(
    student: Any, provider: Any, budget: Any, cast: Any
) -> None:
    placement = placement_at(PlacementStatus.APPROVED, student=student, provider=provider, cast=cast, now=NOW)
    notice = notice_at(Status.ISSUED, placement.periods.get(), cast, NOW)
    recipient = notice.recipients.get()
    mail = queue_mail(
        key="letter:1", kind=MailKind.LETTER, to="a@family.example", subject="A letter", body="It is attached.", now=NOW
    )
    recipient.mail = mail
    recipient.save(update_fields=["mail"])
    assert rows_of(cast.team, "letters", NOW) == []
    Mail.objects.filter(pk=mail.pk).update(status=MailStatus.SENDING, locked_until=NOW)
    mark_unknown(now=NOW + timedelta(minutes=5))
    (row,) = rows_of(cast.team, "letters", NOW)
    assert (row.state, row.detail) == ("overdue", "e-mail unknown, check before sending again")
    assert row.url == reverse("notices:notice-detail", args=[notice.pk])
    assert rows_of(cast.head2, "letters", NOW) == []
    answer_unknown(recipient_id=recipient.pk, arrived=False, note="She has no such e-mail.", by=cast.team, now=NOW)
    (row,) = rows_of(cast.team, "letters", NOW)
    assert row.detail == "e-mail failed"
