"""The one program of `make run`: it answers, stops everything it started, and keeps what was written."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from invictus_ap import embedded
from tests import embedded_plugin


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children_of(ancestor: int) -> set[int]:
    """Every living process that has this one among its ancestors."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    found: set[int] = set()
    while more := {pid for pid, parent in parents.items() if parent in found | {ancestor}} - found:
        found |= more
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start(folder: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"EMBEDDED_DIR": str(folder), "PORT": str(port), "INVICTUS_MODE": "test", "INVICTUS_DB_ROLE": "app"}
    program = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "serve"],
        cwd=embedded.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    assert program.stdout is not None
    for line in program.stdout:
        said += line
        if line.startswith("Ctrl-C stops everything"):
            return program, said
    program.wait()
    raise AssertionError(said)


def answer(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=10) as response:
        return int(response.status)


def test_serve_answers_and_ctrl_c_stops_everything(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    server = embedded.Postgres(folder, durable=False)
    embedded_plugin.copy_migrated(server)
    port = free_port()
    program, said = start(folder, port)
    try:
        assert f"http://127.0.0.1:{port}/" in said
        assert answer(port) == 200
        # Redis, gunicorn with its two workers, the worker with its two children, beat.
        give_up = time.monotonic() + 60
        while len(children_of(program.pid)) < 8 and time.monotonic() < give_up:
            time.sleep(0.1)
        started = children_of(program.pid)
        assert len(started) >= 8

        twice = subprocess.run(
            [sys.executable, "manage.py", "serve"],
            cwd=embedded.BASE_DIR,
            env={**os.environ, "EMBEDDED_DIR": str(folder), "PORT": str(free_port())},
            capture_output=True,
            text=True,
            check=False,
        )
        assert twice.returncode == 1
        assert "already running" in twice.stderr
        assert answer(port) == 200

        program.send_signal(signal.SIGINT)
        rest, _ = program.communicate(timeout=60)
        assert program.returncode == 0, rest
        assert "Stopped." in rest
        assert not [pid for pid in started if is_alive(pid)]
        assert not server.is_running()
        assert not embedded.redis_answers(folder)
        with pytest.raises(OSError, match="refused"):
            answer(port)
    finally:
        program.kill()
        program.wait()
        server.stop()
        server.remove()


def test_serve_killed_leaves_nothing_in_the_way_of_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    server = embedded.Postgres(folder, durable=False)
    embedded_plugin.copy_migrated(server)
    port = free_port()
    program, _ = start(folder, port)
    try:
        started = children_of(program.pid)
        program.kill()
        program.communicate(timeout=30)
        give_up = time.monotonic() + 30
        while any(is_alive(pid) for pid in started) and time.monotonic() < give_up:
            time.sleep(0.05)
        assert not [pid for pid in started if is_alive(pid)]
        program, _ = start(folder, port)
        assert answer(port) == 200
        program.send_signal(signal.SIGTERM)
        program.communicate(timeout=60)
        assert program.returncode == 0
    finally:
        program.kill()
        program.wait()
        server.stop()
        server.remove()
