"""The object store: clean bytes by their SHA-256, on the disk beside the database.

Bytes are written and synced before a row names them, and removed after no row names them any more.
Whoever puts holds the store until their transaction is over; whoever removes waits for that, so that
no row ever names bytes that are gone.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from django.conf import settings

#: What was left behind by a process that died.
TEMPORARY_FOR, ORPHANED_FOR = timedelta(hours=1), timedelta(hours=24)
_LOCK = ".lock"


def root() -> Path:
    """The folder of the store, made on first use, for its owner only."""
    return _folder(Path(settings.OBJECTS_DIR))


def incoming() -> Path:
    """Where files lie while they come in: beside the others, so that they can be renamed into place."""
    return _folder(root() / "incoming")


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@contextmanager
def new_file() -> Iterator[tuple[Path, IO[bytes]]]:
    """A private file with a name that nobody can guess, open for writing and reading."""
    path = incoming() / secrets.token_hex(16)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w+b") as file:
        yield path, file


def place_of(sha256: str) -> Path:
    """Where bytes with this hash lie, or would lie."""
    return root() / sha256[:2] / sha256


def digest_of(content: bytes) -> str:
    """The name under which bytes are kept."""
    return hashlib.sha256(content).hexdigest()


def put(path: Path, sha256: str) -> None:
    """Moves a private file to its place for good; one of the same content takes its part."""
    place = place_of(sha256)
    _folder(place.parent)
    if place.exists():
        os.utime(place)
        path.unlink(missing_ok=True)
        return
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(place)
    for folder in (place.parent, place.parent.parent):
        _sync(folder)


def _sync(folder: Path) -> None:
    """Makes the names in a folder survive a power cut, where folders can be opened."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def held() -> Iterator[None]:
    """Nothing is removed meanwhile; many may hold the store at once."""
    with _locked(exclusive=False):
        yield


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else puts or removes meanwhile."""
    with _locked(exclusive=True):
        yield


@contextmanager
def _locked(*, exclusive: bool) -> Iterator[None]:
    with (root() / _LOCK).open("a") as file:
        _lock(file, exclusive=exclusive)
        yield  # closing the file lets go of it


def _lock(file: IO[str], *, exclusive: bool) -> None:
    """Waits its turn. Windows has no such lock; there a removal within a day is what is risked."""
    try:
        import fcntl  # noqa: PLC0415 - this module is missing on Windows
    except ImportError:
        return
    fcntl.flock(file, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)


def remove(sha256: str) -> None:
    """Takes bytes away; whoever calls it is alone and has seen that no row names them."""
    place_of(sha256).unlink(missing_ok=True)
    with suppress(OSError):
        place_of(sha256).parent.rmdir()


def leftovers(now: datetime) -> list[Path]:
    """Files that came in and were never finished."""
    return [path for path in incoming().iterdir() if _older(path, now - TEMPORARY_FOR)]


def old_objects(now: datetime) -> list[str]:
    """The names of all objects that have lain long enough for somebody to have named them."""
    found = [path for folder in root().glob("[0-9a-f][0-9a-f]") for path in folder.iterdir()]
    return [path.name for path in found if _older(path, now - ORPHANED_FOR)]


def _older(path: Path, than: datetime) -> bool:
    try:
        return path.stat().st_mtime < than.timestamp()
    except FileNotFoundError:
        return False


def disk() -> tuple[int, int]:
    """Bytes used and bytes in all, of the disk that holds the store."""
    usage = shutil.disk_usage(root())
    return usage.used, usage.total
