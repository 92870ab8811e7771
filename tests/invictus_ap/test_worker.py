"""Real workers on a real Redis: killed in the middle of a sweep, two at once, and each flag is there exactly once."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from invictus_ap import embedded
from invictus_ap.services import sweep_flags
from invictus_ap.services.flags import PARTS
from placements.models import Placement
from trust.models import Flag, Heartbeat

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))

# The worker of production, on this test's database and with the rights of the application's role.
WORKER = """
import sys
import invictus_ap.settings as chosen
chosen.DATABASES["default"]["NAME"] = sys.argv[1]
from invictus_ap.celery import app
app.worker_main(["worker", "--concurrency", "1", "--without-gossip", "--without-mingle", "-n", sys.argv[2] + "@here"])
"""


def wait_for(condition: Callable[[], bool], seconds: float = 45) -> None:
    # Not the frozen clock of the tests: real workers take real time.
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the workers did not get there in time"
        time.sleep(0.05)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    server = subprocess.Popen(embedded.redis_command(tmp_path))
    try:
        wait_for(lambda: embedded.redis_answers(tmp_path))
        yield embedded.redis_url(tmp_path)
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def start_worker(redis: str) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"REDIS_URL": redis, "INVICTUS_MODE": "test", "INVICTUS_DB_ROLE": "app"}
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", WORKER, settings.DATABASES["default"]["NAME"], name],
            cwd=embedded.BASE_DIR,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        kill(worker)


def kill(worker: "subprocess.Popen[bytes]") -> None:
    """End the worker and its child without a word of warning, as a power cut does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="starts workers on the embedded database only")
@pytest.mark.django_db(transaction=True)
def test_killed_workers_and_two_at_once_raise_each_flag_exactly_once(
    active: Placement, start_worker: Callable[[str], "subprocess.Popen[bytes]"]
) -> None:
    for turn in range(ROUNDS):
        worker = start_worker(f"killed{turn}")
        # A worker sweeps when it is ready. The first is killed once something was written, the later ones a little
        # further on, so that the cut falls in different places.
        if turn == 0:
            wait_for(lambda: Flag.objects.exists() or Heartbeat.objects.exists())
        else:
            time.sleep(1.5 + turn * 0.4)
        kill(worker)
    Heartbeat.objects.all().delete()
    start_worker("left")
    start_worker("right")
    # Each part of the sweep says when it was through.
    wait_for(lambda: Heartbeat.objects.filter(job__startswith="flags.").count() == len(PARTS))

    events = Flag.events.rel.related_model.objects  # type: ignore[attr-defined]
    flags = set(Flag.objects.values_list("kind", "subject", "period"))
    assert ("contact_missed", f"placement:{active.pk}", "2026-11-09") in flags
    assert events.filter(pgh_label="insert").count() == len(flags) == Flag.objects.count()
    # What one undisturbed sweep at this moment finds is what the killed ones left: nothing more, nothing less.
    before = Flag.objects.open().count()
    with time_machine.travel(time_machine.escape_hatch.time.time(), tick=True):
        sweep_flags(now=timezone.now())
    assert Flag.objects.open().count() == before
