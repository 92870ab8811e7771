"""The flag sweep: what is due is flagged once, whoever runs it and whenever."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from attendance.codes import ContactMeans
from attendance.services import log_contact
from invictus_ap.services import sweep_flags
from invictus_ap.services.flags import sweep
from invictus_ap.tasks import raise_flags
from placements.models import Placement
from providers.models import Check, Provider, ServiceLevelAgreement
from tests.factories.placements import placement_at
from tests.fixtures import NOW, Cast
from trust.calendar import LONDON, to_range
from trust.models import Flag, Heartbeat

MONDAY = NOW.date() - timedelta(days=7)
PARTS = [
    "flags.contacts",
    "flags.expiries",
    "flags.money",
    "flags.notices",
    "flags.offers",
    "flags.part_time",
    "flags.reviews",
    "flags.suspended",
    "flags.years",
]


def open_flags() -> list[tuple[str, str, str]]:
    return sorted(Flag.objects.open().values_list("kind", "subject", "period"))


@pytest.mark.policy("P5.5")
def test_sweep_flags_a_missed_contact_once_however_often_it_runs(active: Placement) -> None:
    sweep_flags(now=NOW)
    first = open_flags()
    assert ("contact_missed", f"placement:{active.pk}", MONDAY.isoformat()) in first
    sweep_flags(now=NOW)
    raise_flags()
    sweep_flags(now=NOW + timedelta(minutes=5))
    assert open_flags() == first
    assert Flag.objects.count() == len(first)


def test_sweep_after_missed_nights_gives_the_flags_of_every_night(active: Placement) -> None:
    late = datetime(2026, 11, 30, 9, tzinfo=LONDON)
    every_day = NOW
    while every_day <= late:
        sweep_flags(now=every_day)
        every_day += timedelta(days=1)
    nightly = open_flags()
    Flag.objects.all().delete()
    sweep_flags(now=late)
    assert open_flags() == nightly


def test_logging_the_contact_clears_the_flag_at_once(active: Placement, cast: Cast) -> None:
    sweep_flags(now=NOW)
    flag = Flag.objects.get(kind="contact_missed", period=MONDAY.isoformat())
    log_contact(
        provider_id=active.provider_id,
        monday=MONDAY,
        how=ContactMeans.PHONE,
        contacted_on=NOW.date(),
        outcomes={active.pk: ("SPOKEN", "")},
        by=cast.att,
        now=NOW,
    )
    flag.refresh_from_db()
    assert flag.cleared_at == NOW


@pytest.mark.policy("P7.2")
def test_sweep_flags_a_notice_due_within_two_days(student: Any, provider: Provider, cast: Cast, budget: Any) -> None:
    # The second school day before Monday 23 November is Thursday 19 November.
    first = datetime(2026, 11, 23, tzinfo=LONDON).date()
    placement = placement_at("APPROVED", student=student, provider=provider, cast=cast, now=NOW, first=first)
    subject = f"placement:{placement.pk}"
    sweep_flags(now=NOW)
    assert not Flag.objects.filter(kind="notice_due").exists()
    sweep_flags(now=NOW + timedelta(days=1))
    flag = Flag.objects.get(kind="notice_due", subject=subject)
    assert not flag.urgent
    sweep_flags(now=NOW + timedelta(days=4))
    flag.refresh_from_db()
    assert flag.urgent


def test_one_part_that_fails_does_not_stop_the_others_and_is_not_swallowed(
    active: Placement, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*, now: datetime, among: list[int]) -> int:
        Flag.objects.create(kind="half", subject="x", period="x", path="/", sentence="half done", raised_at=now)
        raise RuntimeError("broken on purpose")

    monkeypatch.setitem(sweep.PARTS, "notices", broken)
    with pytest.raises(ExceptionGroup) as caught:
        sweep_flags(now=NOW)
    assert [str(error) for error in caught.value.exceptions] == ["broken on purpose"]
    assert not Flag.objects.filter(kind="half").exists()
    assert Flag.objects.filter(kind="contact_missed").exists()
    assert sorted(Heartbeat.objects.values_list("job", flat=True)) == [job for job in PARTS if job != "flags.notices"]


def test_sweep_leaves_a_heartbeat_for_each_part(db: None) -> None:
    sweep_flags(now=NOW)
    beats = dict(Heartbeat.objects.values_list("job", "finished_at"))
    assert beats == dict.fromkeys(PARTS, NOW)


@pytest.mark.policy("P3.9")
def test_sweep_flags_what_ends_at_a_provider_and_clears_it_when_renewed(provider: Provider, cast: Cast) -> None:
    sweep_flags(now=NOW)
    assert not Flag.objects.filter(kind__in=["agreement_ending", "check_ending"]).exists()
    today = NOW.date()
    ServiceLevelAgreement.objects.update(period=to_range(today - timedelta(days=300), today + timedelta(days=30)))
    Check.objects.filter(kind="INSURANCE").update(expires_on=today - timedelta(days=1))
    sweep_flags(now=NOW)
    found = Flag.objects.open().filter(subject=f"provider:{provider.pk}")
    assert sorted(found.values_list("kind", "urgent")) == [("agreement_ending", False), ("check_ending", True)]
    ServiceLevelAgreement.objects.update(period=to_range(today - timedelta(days=300), today + timedelta(days=31)))
    Check.objects.filter(kind="INSURANCE").update(expires_on=today + timedelta(days=31))
    sweep_flags(now=NOW)
    assert not found.all().exists()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_raise_each_flag_once(active: Placement) -> None:
    gate, problems = threading.Barrier(3), []

    def sweep() -> None:
        try:
            gate.wait()
            sweep_flags(now=NOW)
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    keys = list(Flag.objects.values_list("kind", "subject", "period"))
    assert len(keys) == len(set(keys)) > 0
    together = open_flags()
    Flag.objects.all().delete()
    sweep_flags(now=NOW)
    assert open_flags() == together
