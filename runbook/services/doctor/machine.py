"""The machine: Python, the data folder, who may read the secrets, static files, the packs."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage

from runbook import library
from runbook.domain.lint import lint
from runbook.library import PackInvalid
from runbook.services.doctor.finding import Check, Finding, Visit, bad, fine, warn

_OLDEST_PYTHON = (3, 11)
_GIGABYTE = 1024**3
_SECRET_FILES = (
    "SECRET_KEY_FILE",
    "OUTGOING_KEY_FILE",
    "ENTRA_CLIENT_SECRET_FILE",
    "OIDC_CLIENT_SECRET_FILE",
)


def _python(visit: Visit) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        yield bad(f"Python is {version}.", "Install Python 3.11 or newer and start with that.")
    else:
        yield fine(f"Python is {version}.")


def _data_folder(visit: Visit) -> Iterator[Finding]:
    folder = Path(settings.DATA_DIR)
    if not folder.exists():
        return  # on PostgreSQL with its secrets elsewhere there is none
    if not os.access(folder, os.W_OK | os.X_OK):
        yield bad(
            f"The data folder {folder} cannot be written.",
            "Give it to the account that runs the product.",
        )
    disk = shutil.disk_usage(folder)
    share, left = disk.free / disk.total, disk.free / _GIGABYTE
    told = f"{left:.1f} GB ({share:.0%}) of the disk of {folder} are free"
    if left < 0.1:
        yield bad(f"Only {told}: soon nothing can be recorded.", "Free some space now.")
    elif share < 0.1 or left < 1:
        yield warn(f"Only {told}.", "Free some space, or move the data to a larger disk.")
    else:
        yield fine(f"{told}.")


def _readers(visit: Visit) -> Iterator[Finding]:
    """Who else on the machine may read what has to stay secret."""
    if os.name == "nt":
        return
    folder = Path(settings.DATA_DIR)
    if folder.exists():
        yield from _too_open(folder, "700")
    names = [os.environ.get(name, "").strip() for name in _SECRET_FILES]
    for path in sorted({settings.BASE_DIR / name for name in names if name}):
        if path.exists():
            yield from _too_open(path, "600")


def _too_open(path: Path, wanted: str) -> Iterator[Finding]:
    mode = stat.S_IMODE(path.stat().st_mode)
    remedy = f"Run: chmod {wanted} {path}"
    if mode & 0o007:
        yield bad(f"Every account of this machine can reach {path} (mode {mode:o}).", remedy)
    elif mode & 0o070:
        yield warn(f"The group of {path} can reach it (mode {mode:o}).", remedy)


def _static_files(visit: Visit) -> Iterator[Finding]:
    if not hasattr(staticfiles_storage, "load_manifest"):
        return  # nothing is collected: the files are served from where they lie
    # Read anew: this process may have started before the files were collected.
    known = set(staticfiles_storage.load_manifest()[0])
    missing = newer = 0
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    collected_at = manifest.stat().st_mtime if manifest.exists() else 0.0
    for finder in get_finders():
        for name, source in finder.list([]):
            missing += name.replace("\\", "/") not in known
            newer += Path(source.path(name)).stat().st_mtime > collected_at
    remedy = "Run: manage.py collectstatic --no-input --clear (serve does it by itself)."
    if missing:
        yield bad(f"Static files that are not collected: {missing}, so pages fail.", remedy)
    elif newer:
        yield warn(f"Static files that changed after they were collected: {newer}.", remedy)


def _packs(visit: Visit) -> Iterator[Finding]:
    try:
        packs = library.packs()
    except PackInvalid as refusal:
        yield bad(
            f"The packs cannot be read: {refusal.sentence}",
            "Put the file right, or install the product anew; check_packs says more.",
        )
        return
    yield fine(f"The packs can be read: {', '.join(sorted(packs))}.")
    if not visit.deep:
        return  # each family reads all of its samples, which takes seconds
    for pack in packs.values():
        count = len(lint(pack))
        if count:
            yield warn(
                f"What check_packs finds in the pack {pack.slug}: {count}.",
                "Run: manage.py check_packs",
            )


CHECKS: tuple[Check, ...] = (_python, _data_folder, _readers, _static_files, _packs)
