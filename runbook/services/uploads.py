"""Looks into an uploaded file in a process of its own, so that no file can stop or fill this one.

The file itself is stored nowhere: what comes back is text, which the caller frees of secrets before
it is kept. Run as a module this file is that process: bytes in, one JSON object out.
"""

import codecs
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from runbook.domain.diagnosis.surfaces.handed import Handed, LogRow, Surface, Unreadable
from runbook.domain.diagnosis.surfaces.limits import UPLOAD
from runbook.domain.diagnosis.surfaces.paste import EMPTY, TOO_LARGE
from runbook.domain.diagnosis.surfaces.recognising import recognise

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 10
KILLED_AFTER = 15

TOO_MUCH_WORK = (
    "Reading this file took too much time or memory; paste the words of the error instead."
)

BUSY = "Too many files are being read at this moment; hand it in again in a minute."
# Each reader may take half a gigabyte, so two at a time are enough for one process of the product.
_READERS = threading.BoundedSemaphore(2)
_HOUSE = Path(__file__).resolve().parents[2]
_COMMAND = (sys.executable, "-m", "runbook.services.uploads")
_CHUNK = 256 * 1024
# Taken in before files and sockets are closed to the process.
_ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "cp1252",
    "cp437",
    "latin-1",
    "ascii",
)


def inspect(file: IO[bytes], name: str, *, size: int | None = None) -> Handed:
    """What an uploaded file tells, as `recognise` gives it; raises Unreadable with one sentence.

    Never takes more than 20 MiB from the file, whatever `size` says, nor longer than 15 seconds. The
    process that reads has no rights of this one: no settings, no secrets, no files, no sockets.
    """
    if size is not None and size > UPLOAD:
        raise Unreadable(TOO_LARGE)
    with _reader():
        answer = _answer_of(_content(file))
    if "refused" in answer:
        raise Unreadable(answer["refused"])
    return Handed(
        kind=Surface(answer["kind"]),
        text=answer["text"],
        rows=tuple(LogRow(**row) for row in answer["rows"]),
        parts=tuple(answer["parts"]),
        notes=tuple(answer["notes"]),
    )


def _content(file: IO[bytes]) -> bytes:
    """The bytes of a file, counted while they are read."""
    pieces, total = [], 0
    while chunk := file.read(_CHUNK):
        total += len(chunk)
        if total > UPLOAD:
            raise Unreadable(TOO_LARGE)
        pieces.append(chunk)
    if not total:
        raise Unreadable(EMPTY)
    return b"".join(pieces)


def _answer_of(content: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(_apart(_COMMAND, input=content))
    except ValueError as error:
        raise Unreadable(TOO_MUCH_WORK) from error
    return answer


def answer_apart(module: str, *arguments: str, file: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """What a module says of a file in a process of its own: facts, and the bytes to keep.

    The process reads the file as its standard input, under the same limits as above. It answers with
    one line of JSON, then the bytes. Raises Unreadable with its sentence, or if it took too much.
    """
    with _reader():
        told = _apart((sys.executable, "-m", module, *arguments), stdin=file)
    line, _, content = told.partition(b"\n")
    try:
        facts: dict[str, Any] = dict(json.loads(line))
    except (ValueError, TypeError) as error:
        raise Unreadable(TOO_MUCH_WORK) from error
    if "refused" in facts:
        raise Unreadable(facts["refused"])
    return facts, content


@contextmanager
def _reader() -> Iterator[None]:
    """A place among those that may read at the same time."""
    if not _READERS.acquire(timeout=KILLED_AFTER):
        raise Unreadable(BUSY)
    try:
        yield
    finally:
        _READERS.release()


def _apart(command: Sequence[str], **given: Any) -> bytes:
    """What a process of this house prints, without rights of this one; Unreadable if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - this very interpreter and a module of ours, no shell
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=KILLED_AFTER,
            check=True,
            cwd=_HOUSE,
            env=_environment(),
            **given,
        )
    except subprocess.SubprocessError as error:
        raise Unreadable(TOO_MUCH_WORK) from error
    return bytes(done.stdout)


def _environment() -> dict[str, str]:
    """What a process needs to start, and no more: settings and secrets stay here."""
    needed = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "LANG")
    kept = {key: os.environ[key] for key in needed if key in os.environ}
    return {**kept, "PYTHONPATH": str(_HOUSE), "PYTHONDONTWRITEBYTECODE": "1"}


def limit_this_process() -> None:
    """No more memory, time, files or sockets than reading needs.

    Windows has no such limits: there only the time-out of the parent holds.
    """
    try:
        import resource  # noqa: PLC0415 - this module is missing on Windows
    except ImportError:
        return
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(kind, (limit, limit))


def _main() -> None:
    limit_this_process()
    try:
        answer: dict[str, Any] = asdict(recognise(sys.stdin.buffer.read(UPLOAD + 1)))
    except Unreadable as refused:
        answer = {"refused": refused.sentence}
    except MemoryError:
        answer = {"refused": TOO_MUCH_WORK}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    _main()
