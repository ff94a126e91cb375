"""boot.py run [--host H] [--port N] | test [pytest options] | check | manage <command ...>"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / "python")
RUN_LOCK, DEV_LOCK = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
PIP = "-qq --disable-pip-version-check --no-deps --no-compile --require-hashes --only-binary=:all:"
APT = "env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
#: Programs that open exports, and their packages; without one its tests are skipped.
READERS = {"pdftotext": "poppler-utils", "soffice": "libreoffice-calc"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def say(sentence):
    print(f"boot: {sentence}", flush=True)


def call(*command, **env):
    return subprocess.call([str(part) for part in command], env={**os.environ, **env})


def apt_install(package):
    """Whether the package could be installed; only root on Debian or Ubuntu can."""
    if os.name == "nt" or os.geteuid() or not shutil.which("apt-get"):
        return False
    say(f"Installing {package} with apt-get.")
    return 0 == call("apt-get", "update", "-qq") == call(*APT.split(), package)


def make_venv():
    names = map(shutil.which, ("python3.14", "python3.13", "python3.12", "python3.11"))
    python = sys.executable if sys.version_info >= (3, 11) else next(filter(None, names), None)
    if not python:
        sys.exit("boot: Python 3.11 or newer is missing; please install it and try again.")
    say("Making the virtual environment in .venv.")
    if call(python, "-m", "venv", VENV):
        shutil.rmtree(VENV, ignore_errors=True)  # Debian without ensurepip leaves half of one
        if not apt_install("python3-venv") or call(python, "-m", "venv", VENV):
            sys.exit("boot: The venv module is missing: sudo apt-get install python3-venv")


def install(*locks):
    """Install the first lock if it changed; the others are parts of it and are stamped with it."""
    stamps = {VENV / f".{k.stem}.sha256": hashlib.sha256(k.read_bytes()).hexdigest() for k in locks}
    if all(stamp.exists() and stamp.read_text() == value for stamp, value in stamps.items()):
        return
    if not BIN.exists():
        make_venv()
    say(f"Installing the packages of {locks[0].name}; the first time takes about a minute.")
    # The lock is complete and hashed, so there is nothing to resolve and nothing to compile.
    if call(PYTHON, "-m", "pip", "install", *PIP.split(), "-r", locks[0]):
        sys.exit("boot: The packages could not be installed; the lines above say why.")
    call(PYTHON, "-m", "compileall", "-q", "-j", "0", VENV)
    for stamp, value in stamps.items():
        stamp.write_text(value)


def find_browser():
    """Path of a Chromium, or nothing when Playwright's own has to do."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), "")
    fetch = (PYTHON, "-m", "playwright", "install", "chromium")
    if not found and not apt_install("chromium") and call(*fetch):
        say("The browser tests will fail: install Chromium, or name one in CHROMIUM.")
    return found or shutil.which("chromium") or ""


def find_readers():
    for program, package in READERS.items():
        if not shutil.which(program) and not apt_install(package):
            say(f"The tests that need {program} will be skipped; install {package} to run them.")


def test(options):
    pytest = (PYTHON, "-m", "pytest", "-q", *options)
    # The pure rooms know no database, so their tests would say the same twice.
    pure = [f"--ignore=tests/{room}" for room in ("domain", "packs", "exports", "fuzz")]
    parts = {
        "checks": (PYTHON, "-m", "poethepoet", "-q", "check"),
        "SQLite": (*pytest, "-n", "2", "--ignore=tests/browser"),
        "PostgreSQL": (*pytest, "-n", "2", "--ignore=tests/browser", "--pg", *pure),
        "browser": (*pytest, "tests/browser"),
    }
    find_readers()
    browser, results = find_browser(), []
    for name, command in parts.items():
        say(f"Running the part '{name}'.")
        started = time.monotonic()
        code = call(*command, CHROMIUM=browser)
        empty = options and code == 5  # a person's own -k may leave a part without a test
        word = "passed" if code == 0 or empty else "FAILED"
        results.append(f"{name} {word} {time.monotonic() - started:.0f} s")
    say("; ".join(results) + ".")
    return int(any("FAILED" in result for result in results))


def main(action="", *rest):
    os.chdir(ROOT)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    if action in ("run", "manage"):
        install(RUN_LOCK)
        command = [PYTHON, "manage.py", *(["serve"] if action == "run" else []), *rest]
        # Become the server where the system can, so that stopping this process stops the server.
        return call(*command) if os.name == "nt" else os.execv(PYTHON, command)
    if action in ("test", "check"):
        install(DEV_LOCK, RUN_LOCK)
        return test(rest) if action == "test" else call(PYTHON, "-m", "poethepoet", "-q", "check")
    return __doc__


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
