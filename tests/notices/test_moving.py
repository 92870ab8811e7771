"""A later first day: what names the old one becomes void, a draft follows, and the new notice is asked for."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notices import services
from notices.codes import NoticeKind
from notices.lifecycle import Status
from notices.models import DirectionNotice
from placements.models import Placement, PlacementPeriod
from placements.services import change_start, record_notice_void
from tests.factories.notices import notice_at
from tests.fixtures import NOW
from tests.notices.conftest import START, at
from trust.calendar import to_range
from trust.errors import NotAllowed, RuleBroken
from trust.models import Flag, User
from trust.permissions import Permission

pytestmark = pytest.mark.django_db

LATER = date(2026, 12, 14)


def moved(period: PlacementPeriod, by: Any, **changes: Any) -> Placement:
    values = {"first": LATER, "reason": "No taxi before.", "now": at(1), **changes}
    return services.move_start(placement_id=period.placement_id, by=by, **values)


@pytest.mark.policy("P7.2")
@pytest.mark.parametrize("status", [Status.AUTHORISED, Status.ISSUED, Status.GIVEN])
def test_moving_the_start_makes_the_notice_void_with_the_reason(
    period: PlacementPeriod, cast: Any, status: str
) -> None:
    notice = notice_at(status, period, cast, NOW)
    # The pastoral SLT may start a placement, but authorises no notice and makes none void.
    moved(period, cast.slt)
    period.refresh_from_db()
    notice.refresh_from_db()
    assert (period.period.lower, period.notice_given_on) == (LATER, None)
    assert (notice.status, notice.voided_by) == (Status.VOID, cast.slt)
    assert notice.void_reason == "The start was moved from Mon 7 Dec 2026 to Mon 14 Dec 2026: No taxi before."


def test_draft_stays_and_follows_the_start(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW, first_review_on=date(2026, 12, 8))
    before = notice.days_required
    moved(period, cast.slt)
    kept = DirectionNotice.objects.get(pk=notice.pk)
    assert (kept.status, kept.effective_on) == (Status.DRAFT, LATER)
    # Five mornings from 7 to 11 December are no longer in it.
    assert kept.days_required == before - 5
    assert kept.first_review_on is not None
    assert kept.first_review_on >= LATER
    assert kept.version > notice.version
    services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=at(2))
    assert DirectionNotice.objects.get(pk=notice.pk).frozen["first"] == "Monday 14 December 2026"


def test_new_notice_is_asked_for_and_says_that_an_earlier_one_is_void(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.GIVEN, period, cast, NOW)
    moved(period, cast.slt, now=at(9))
    flag = Flag.objects.open().get(kind="notice_due")
    assert (flag.subject, flag.period) == (f"placement:{period.placement_id}", "2026-12-14")
    assert "Prepare the new direction notice" in flag.sentence
    assert "An earlier one that people have is void" in flag.sentence
    again = services.prepare_notice(period_id=period.pk, by=cast.slt, now=at(9))
    assert (again.follows_id, again.effective_on) == (notice.pk, LATER)


def test_new_notice_locks_the_notices_before_the_period(period: PlacementPeriod, cast: Any) -> None:
    notice_at(Status.VOID, period, cast, NOW)
    with CaptureQueriesContext(connection) as captured:
        services.prepare_notice(period_id=period.pk, by=cast.slt, now=NOW)
    locks = [query["sql"] for query in captured if "FOR UPDATE" in query["sql"]]
    order = [sql.split('FROM "')[1].split('"')[0] for sql in locks]
    # As making void and giving do, or two of them wait for each other.
    assert order == ["notices_directionnotice", "placements_placementperiod"]


def test_flag_of_the_old_start_is_cleared(period: PlacementPeriod, cast: Any) -> None:
    notice_at(Status.ISSUED, period, cast, NOW)
    services.raise_notice_flags(now=at(2))
    assert Flag.objects.open().get(kind="notice_due").period == START.isoformat()
    moved(period, cast.slt, now=at(2))
    assert not Flag.objects.open().filter(kind="notice_due").exists()


def test_move_that_is_refused_leaves_the_notice_as_it_was(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.GIVEN, period, cast, NOW)
    for first, reason, words in ((START, "No taxi.", "Choose a day after"), (LATER, " ", "Give the reason")):
        with pytest.raises(RuleBroken, match=words):
            moved(period, cast.slt, first=first, reason=reason)
    notice.refresh_from_db()
    period.refresh_from_db()
    assert notice.status == Status.GIVEN
    assert (period.period.lower, period.notice_given_on) == (START, NOW.date())


@pytest.mark.parametrize("who", ["team", "att", "dsl", "ceo", "slt2", "finance"])
def test_start_is_moved_by_whoever_may_start_it_only(period: PlacementPeriod, cast: Any, who: str) -> None:
    notice = notice_at(Status.ISSUED, period, cast, NOW)
    with pytest.raises(NotAllowed, match="start"):
        moved(period, getattr(cast, who))
    notice.refresh_from_db()
    assert notice.status == Status.ISSUED


def test_start_of_a_withdrawn_placement_is_not_moved(period: PlacementPeriod, cast: Any) -> None:
    notice_at(Status.GIVEN, period, cast, NOW)
    withdrawal = services.prepare_notice(
        period_id=period.pk, kind=NoticeKind.WITHDRAWAL, reason="The family moves.", by=cast.slt, now=NOW
    )
    services.authorise_notice(notice_id=withdrawal.pk, override_reason="", by=cast.head, now=NOW)
    with pytest.raises(RuleBroken, match="withdrawn"):
        moved(period, cast.slt)


def test_placements_alone_move_no_start_that_a_notice_names(period: PlacementPeriod, cast: Any) -> None:
    notice = notice_at(Status.DRAFT, period, cast, NOW)
    change_start(placement_id=period.placement_id, first=date(2026, 12, 8), reason="Taxi.", by=cast.slt, now=NOW)
    services.save_notice(notice_id=notice.pk, data={"days_required": 33}, version=None, by=cast.slt, now=NOW)
    services.authorise_notice(notice_id=notice.pk, override_reason="", by=cast.head, now=NOW)
    with pytest.raises(RuleBroken, match="names another first day"):
        change_start(placement_id=period.placement_id, first=LATER, reason="Taxi.", by=cast.slt, now=NOW)
    # The database says the same to whoever goes past the services.
    period.refresh_from_db()
    period.period = to_range(LATER, date(2027, 2, 5))
    with pytest.raises(IntegrityError), transaction.atomic():
        period.save()


def test_void_told_to_the_placement_asks_the_permission_of_the_act(period: PlacementPeriod, cast: Any) -> None:
    notice_at(Status.GIVEN, period, cast, NOW)
    with pytest.raises(NotAllowed):
        record_notice_void(period_id=period.pk, by=cast.slt, now=NOW)
    with pytest.raises(NotAllowed):
        record_notice_void(period_id=period.pk, by=cast.team, now=NOW, instead=Permission.START_PLACEMENT)
    assert (
        record_notice_void(
            period_id=period.pk, by=cast.slt, now=NOW, instead=Permission.START_PLACEMENT
        ).notice_given_on
        is None
    )


# --- the page ---


def test_page_says_before_the_act_what_becomes_void_and_who_must_be_told(
    period: PlacementPeriod, cast: Any, login: Callable[[User], Client]
) -> None:
    notice = notice_at(Status.GIVEN, period, cast, NOW)
    client = login(cast.slt)
    address = reverse("placements:placement-later", args=[period.placement_id])
    page = client.get(address).content.decode()
    assert f"notice {notice.pk}" in page
    assert "becomes void" in page
    assert "Ms Mary Ashdown" in page
    answer = client.post(address, {"first": "2026-12-14", "reason": "No taxi before."})
    assert answer.headers["Location"] == reverse("notices:notice-prepare", args=[period.pk])
    notice.refresh_from_db()
    assert notice.status == Status.VOID
    shown = client.get(reverse("notices:notice-detail", args=[notice.pk])).content.decode()
    assert "1 person has this void notice and must be told" in shown


def test_page_without_a_notice_says_nothing_of_one(
    period: PlacementPeriod, cast: Any, login: Callable[[User], Client]
) -> None:
    client = login(cast.slt)
    address = reverse("placements:placement-later", args=[period.placement_id])
    assert "becomes void" not in client.get(address).content.decode()
    answer = client.post(address, {"first": "2026-12-14", "reason": "No taxi before."})
    assert answer.headers["Location"] == reverse("placements:placement-detail", args=[period.placement_id])


def test_page_is_for_the_own_school_and_the_role(
    period: PlacementPeriod, cast: Any, login: Callable[[User], Client]
) -> None:
    address = reverse("placements:placement-later", args=[period.placement_id])
    assert login(cast.slt2).get(address).status_code == 404
    assert login(cast.team).get(address).status_code == 403
    assert login(cast.head).get(address).status_code == 200
