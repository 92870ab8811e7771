"""Settings of the test run, and PostgreSQL for it when DATABASE_URL is not set.

Loaded by `-p tests.embedded_plugin`, before pytest-django reads the settings. The first process starts a throw-away
server in a folder of its own, so that several runs may go on at once; the workers of xdist inherit its address and each
makes its own test database. Migrating takes much longer than starting, so a migrated server is kept, stopped, for each
state of the migrations, and every run works on a copy of it: the test databases are made from its database as template.
"""

import atexit
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from invictus_ap import embedded

os.environ["INVICTUS_MODE"] = "test"
os.environ["INVICTUS_DB_ROLE"] = "owner"
os.environ["READ_ENV_FILE"] = "off"
# Playwright's synchronous interface keeps an event loop in the thread in which the tests use the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

TMP = Path(tempfile.gettempdir())
RUN = f"invictus-ap-test-{os.geteuid()}-run-"
BASE = f"invictus-ap-test-{os.geteuid()}-base-"
KEEP_BASE = 4 * 3600  # seconds after its last use


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _throw_away(folder: Path) -> None:
    server = embedded.Postgres(folder, durable=False)
    if server.data.exists():
        server.stop()
    server.remove()
    shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove what killed runs left, and migrated servers that nobody used for hours."""
    for folder in TMP.glob(f"{RUN}*"):
        pid = folder.name.removeprefix(RUN).split("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            _throw_away(folder)
    for folder in TMP.glob(f"{BASE}*"):
        if time.time() - folder.stat().st_mtime > KEEP_BASE:
            _throw_away(folder)


def _state_of_migrations() -> str:
    """What a migrated database depends on: the migrations of our apps, the packages, and how it is made and granted."""
    root = embedded.BASE_DIR
    paths = [*root.glob("*/migrations/*.py"), root / "requirements.txt", root / "trust" / "audit.py"]
    paths += [root / "invictus_ap" / "embedded.py", root / "invictus_ap" / "settings.py"]
    digest = hashlib.sha256(str(root).encode())
    for path in sorted(paths):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _migrate(folder: Path) -> str:
    """Migrate the database of the running server in `folder`; return what went wrong, or nothing."""
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare", "--verbosity=0"],
        cwd=embedded.BASE_DIR,
        env={**os.environ, "EMBEDDED_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


def copy_migrated(server: embedded.Postgres) -> None:
    """Lay a copy of the migrated server under a stopped, empty one; make the migrated one first when there is none."""
    base_folder = TMP / f"{BASE}{_state_of_migrations()}"
    base = embedded.Postgres(base_folder, durable=False)
    if not base.data.exists():
        _make_base(base)
    base_folder.mkdir(mode=0o700, exist_ok=True)
    os.utime(base_folder)
    server.home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(base.home), str(server.home)], check=True)


def _make_base(base: embedded.Postgres) -> None:
    # Made in a place of its own and moved when it is complete: other runs may want the same at the same time.
    making = embedded.Postgres(TMP / f"{RUN}{os.getpid()}-base", durable=False)
    try:
        making.start()
        problem = _migrate(making.folder)
        making.stop()
        if problem:
            raise pytest.UsageError(f"The migrations do not run:\n{problem[-3000:]}")
        base.home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            making.home.rename(base.home)
    finally:
        _throw_away(making.folder)


def _begin_run() -> None:
    """Give this run a folder of its own for files and server, and start the server when no address is set."""
    folder = TMP / f"{RUN}{os.getpid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = os.getpid()
    # At exit and not in a hook: the hooks do not run when the settings or the models cannot be imported.
    atexit.register(lambda: _throw_away(folder) if os.getpid() == owner else None)
    os.environ["EMBEDDED_DIR"] = str(folder)
    if os.environ.get("DATABASE_URL"):
        return
    try:
        _sweep()
        server = embedded.Postgres(folder, durable=False)
        copy_migrated(server)
        server.start()
    except embedded.EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ["TEST_DATABASE_TEMPLATE"] = embedded.DATABASE_NAME


# At import and not in a hook: pytest-django loads the settings, which compute the socket's path, very early.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _begin_run()
