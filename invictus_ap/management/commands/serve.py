"""`manage.py serve`: the whole demo as one program in the foreground, which is what `make run` calls."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import IO, Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from invictus_ap import embedded

# Seconds: what a child gets to finish its work before it is killed, and how long the web may take to answer.
GRACE = 20
START_LIMIT = 60


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent TERM."""


class Command(BaseCommand):
    help = "Start database and Redis when no address is set, migrate, load the demo, run web, worker and beat."
    # The checks would ask the database, which this command has yet to start.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("This command is for the demo: set INVICTUS_MODE=demo, or deploy with Docker Compose.")
        self.children: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.postgres: embedded.Postgres | None = None
        port = self._port()
        lock = self._lock()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._start_servers()
            self._prepare()
            self._start_programs(port)
            self._wait_for_answer(port)
            self._say_hello(port)
            self._watch()
        except Stopped:
            self.stdout.write("Stopping ...")
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from None
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self._stop()
            lock.close()
        self.stdout.write("Stopped. The data are kept; 'make run' goes on with them.")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        raise Stopped

    def _port(self) -> int:
        value = os.environ.get("PORT") or "8000"
        if not value.isdigit() or not 0 < int(value) < 65536:
            raise CommandError(f"PORT is '{value}': set it to a number from 1 to 65535, for example PORT=8001.")
        port = int(value)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except PermissionError:
                raise CommandError(f"This account may not use port {port}: try 'make run PORT=8001'.") from None
            except OSError:
                raise CommandError(
                    f"Port {port} is taken by another program: stop it, or use another port, for example"
                    f" 'make run PORT={port + 1 if port < 65535 else 8001}'."
                ) from None
        return port

    def _lock(self) -> IO[str]:
        """Keep a second 'make run' on the same data out; the lock goes with the process, however that ends."""
        settings.EMBEDDED_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (settings.EMBEDDED_DIR / "serve.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(
                f"It is already running on the data in {settings.EMBEDDED_DIR}: stop that one first,"
                " or set EMBEDDED_DIR to another folder."
            ) from None
        return lock

    # Start

    def _start_servers(self) -> None:
        if not os.environ.get("DATABASE_URL"):
            self.stdout.write("Starting PostgreSQL ...")
            self.postgres = embedded.Postgres(settings.EMBEDDED_DIR)
            self.postgres.start()
        if not os.environ.get("REDIS_URL"):
            self.stdout.write("Starting Redis ...")
            embedded.stop_redis(settings.EMBEDDED_DIR)
            self._child("redis", embedded.redis_command(settings.EMBEDDED_DIR))
            self._wait("Redis", lambda: embedded.redis_answers(settings.EMBEDDED_DIR))

    def _prepare(self) -> None:
        self.stdout.write("Bringing the database up to date ...")
        self._manage("prepare", "--verbosity=0")
        if settings.DEMO_LOGIN and not self._has_school():
            self.stdout.write("Loading the demo trust ...")
            self._manage("load_demo")

    def _has_school(self) -> bool:
        try:
            return bool(apps.get_model("trust", "School")._default_manager.exists())
        finally:
            # No connection may stay open, or the server would wait for it at the end.
            connection.close()

    def _manage(self, *arguments: str) -> None:
        environment = {**os.environ, "INVICTUS_DB_ROLE": "owner"}
        child = self._child("manage.py " + arguments[0], self._python("manage.py", *arguments), environment)
        code = child.wait()
        self.children.pop()
        if code:
            raise CommandError(f"'manage.py {arguments[0]}' failed; what it said stands above.")

    def _start_programs(self, port: int) -> None:
        self.stdout.write("Starting web, worker and beat ...")
        self._child(
            "web",
            self._python(
                *("-m", "gunicorn", "invictus_ap.wsgi", "--bind", f"127.0.0.1:{port}"),
                *("--workers", "2", "--threads", "4", "--log-level", "warning", "--graceful-timeout", "10"),
            ),
        )
        celery = ("-m", "celery", "--quiet", "-A", "invictus_ap")
        self._child(
            "worker",
            self._python(
                # In the demo root is welcome; the image of production has an account of its own.
                *("-W", "ignore:You're running the worker with superuser privileges"),
                *(*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING"),
                *("--without-gossip", "--without-mingle"),
            ),
        )
        self._child(
            "beat",
            self._python(
                *(*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""),
                *("--schedule", str(settings.EMBEDDED_DIR / "beat-schedule")),
            ),
        )

    @staticmethod
    def _python(*arguments: str) -> list[str]:
        return [sys.executable, *arguments]

    def _child(
        self, name: str, command: list[str], environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        environment = dict(environment or os.environ)
        environment.setdefault("LOG_LEVEL", "WARNING")
        child = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            # A session of its own: Ctrl-C reaches this program only, which then stops the others in order.
            start_new_session=True,
            preexec_fn=embedded.die_with_parent,
        )
        self.children.append((name, child))
        return child

    def _wait(self, name: str, answers: Any) -> None:
        give_up = time.monotonic() + START_LIMIT
        while not answers():
            self._fail_when_one_ended()
            if time.monotonic() > give_up:
                raise CommandError(f"{name} does not answer after {START_LIMIT} seconds; what it said stands above.")
            time.sleep(0.1)

    def _wait_for_answer(self, port: int) -> None:
        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=10):
                    return True
            except (urllib.error.URLError, OSError):
                return False

        self._wait("The web server", answers)

    def _say_hello(self, port: int) -> None:
        self.stdout.write("")
        self.stdout.write(self.style.SUCCESS(f"Ready: http://127.0.0.1:{port}/"))
        if settings.DEMO_LOGIN:
            self.stdout.write("Log in with one click: the log-in page has a button for each role (invented people).")
        self.stdout.write("Ctrl-C stops everything and keeps the data.")
        self.stdout.flush()

    def _watch(self) -> None:
        while True:
            self._fail_when_one_ended()
            time.sleep(0.5)

    def _fail_when_one_ended(self) -> None:
        for name, child in self.children:
            if child.poll() is not None:
                raise CommandError(f"{name} ended by itself (code {child.returncode}); what it said stands above.")

    # Stop

    def _stop(self) -> None:
        """Stop in order: first who makes work, then who does it, last who stores it."""
        redis = [pair for pair in self.children if pair[0] == "redis"]
        programs = [pair for pair in self.children if pair[0] != "redis"]
        for group in (programs, redis):
            for _, child in group:
                if child.poll() is None:
                    child.terminate()
            give_up = time.monotonic() + GRACE
            for _, child in group:
                try:
                    child.wait(timeout=max(0.1, give_up - time.monotonic()))
                except subprocess.TimeoutExpired:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
        if self.postgres is not None:
            self.postgres.stop()
