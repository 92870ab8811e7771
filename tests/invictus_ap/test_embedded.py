"""The servers of the demo: kept data, a killed run, and addresses that always fit."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from invictus_ap import embedded


@pytest.fixture
def server(tmp_path: Path) -> Iterator[embedded.Postgres]:
    started = embedded.Postgres(tmp_path / "own", durable=False)
    try:
        started.start()
        yield started
    finally:
        started.stop()
        started.remove()


def ask(server: embedded.Postgres, statement: str, *, role: str = "owner") -> list[tuple[object, ...]]:
    wanted = embedded.database(server.folder, role=role)
    connection = psycopg2.connect(host=wanted["HOST"], port=wanted["PORT"], user=wanted["USER"], dbname=wanted["NAME"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def postmaster(server: embedded.Postgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def test_postgres_is_18_with_the_builtin_locale_and_only_a_socket(server: embedded.Postgres) -> None:
    assert ask(server, "SHOW server_version")[0][0].startswith("18.")  # type: ignore[attr-defined]
    rows = ask(server, "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()")
    assert rows == [("b", "C.UTF-8")]
    assert ask(server, "SHOW listen_addresses") == [("",)]
    assert ask(server, "SHOW max_connections") == [("300",)]
    assert ask(server, "SHOW unix_socket_permissions") == [("0700",)]


def test_postgres_for_the_demo_waits_for_the_disk(tmp_path: Path) -> None:
    durable = embedded.Postgres(tmp_path / "durable")
    durable.data.mkdir(parents=True)
    try:
        durable._write_configuration()
        assert "fsync = on" in (durable.data / "embedded.conf").read_text().splitlines()
    finally:
        durable.remove()


def test_postgres_app_role_owns_nothing(server: embedded.Postgres) -> None:
    ask(server, "CREATE TABLE thing (id int)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(server, "SELECT * FROM thing", role="app")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(server, "CREATE TABLE other (id int)", role="app")


def test_postgres_keeps_its_data_over_a_clean_restart(server: embedded.Postgres) -> None:
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    assert not server.is_running()
    server.start()
    assert ask(server, "SELECT n FROM kept") == [(7,)]


def test_postgres_left_by_a_killed_run_is_taken_over(server: embedded.Postgres) -> None:
    pid = postmaster(server)
    again = embedded.Postgres(server.folder, durable=False)
    again.start()
    assert postmaster(again) == pid


def test_postgres_killed_itself_starts_again_with_its_data(server: embedded.Postgres) -> None:
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(postmaster(server), signal.SIGKILL)
    assert (server.data / "postmaster.pid").exists()
    server.start()
    assert ask(server, "SELECT n FROM kept") == [(7,)]


def test_postgres_pid_file_with_the_number_of_another_program_is_no_obstacle(server: embedded.Postgres) -> None:
    server.stop()
    pid_file = server.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{server.data}\n1\n5432\n{server.socket_dir}\n\n0 0\nready\n")
    server.start()
    assert postmaster(server) != os.getpid()


def test_postgres_with_a_half_made_folder_begins_anew(tmp_path: Path) -> None:
    server = embedded.Postgres(tmp_path / "half", durable=False)
    server.data.mkdir(parents=True)
    (server.data / "rest").write_text("of an interrupted start")
    try:
        server.start()
        assert server.is_running()
    finally:
        server.stop()
        server.remove()


def test_sockets_of_a_deep_folder_still_have_short_paths(tmp_path: Path) -> None:
    deep = tmp_path / ("folder-" * 20)
    for path in (embedded.postgres_socket_dir(deep) / ".s.PGSQL.5432", embedded.redis_socket(deep)):
        assert len(str(path)) <= 107
    other = tmp_path / ("folder-" * 21)
    assert embedded.redis_socket(other) != embedded.redis_socket(deep)


def test_redis_answers_and_stops(tmp_path: Path) -> None:
    command = embedded.redis_command(tmp_path)
    assert not embedded.redis_answers(tmp_path)
    process = subprocess.Popen(command)
    try:
        give_up = time.monotonic() + 10
        while not embedded.redis_answers(tmp_path) and time.monotonic() < give_up:
            time.sleep(0.02)
        assert embedded.redis_answers(tmp_path)
        assert embedded.redis_url(tmp_path) == f"unix://{tmp_path}/redis/redis.sock"
        embedded.stop_redis(tmp_path)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait()


def test_settings_start_nothing_and_write_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "untouched"
    embedded.database(folder, role="app")
    embedded.redis_url(folder)
    assert not folder.exists()
