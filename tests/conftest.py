"""What all tests share. The settings and the database server come from `tests/embedded_plugin.py`."""

import os
import shutil
from typing import Any

import pytest

pytest_plugins = ["tests.fixtures"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Drive the Chromium of the system: Playwright's own would have to be downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((path for path in map(shutil.which, names) if path), None)
    if program is None:
        pytest.fail("Chromium is missing: run 'make setup-tests', or ask an administrator to install it.")
    # Chromium's sandbox refuses to run as root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": program, "args": sandbox}
