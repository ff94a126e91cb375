"""Measure exports beside a bare stream of the same rows in the same run; prints ratios.

It works on a throw-away database next to the configured one and touches no record. A file is complete
before its first byte leaves, so the time to that byte is nearly all of it.
"""

import io
import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from runbook.domain import events as ev
from runbook.domain.heads import key_fingerprint
from runbook.domain.vocabulary import Action
from runbook.exports import FORMATS
from runbook.exports.verifier import verify
from runbook.models import Run, SigningKey, User
from runbook.services import demonstration, exports, timeline
from runbook.services.timeline import Act

LENGTHS = (500, 10_000, 100_000)
_BATCH = 5_000
_MIB = 1024 * 1024


class Command(BaseCommand):
    help = "Prints time, memory and time to the first byte of exports of 500 to 100,000 events."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=3, help="samples per figure")
        parser.add_argument("--up-to", type=int, default=LENGTHS[-1], help="longest run")
        parser.add_argument("--format", dest="formats", action="append", help="only these")

    def handle(self, *args: Any, **options: Any) -> None:
        original = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            with (
                tempfile.TemporaryDirectory() as folder,
                override_settings(SIGNING_KEY_FILE=Path(folder) / "key", SIGNING_KEY_NAMED=True),
            ):
                self._measure(Path(folder), **options)
        finally:
            connection.creation.destroy_test_db(str(original), verbosity=0)

    def _measure(self, folder: Path, *, rounds: int, up_to: int, **options: Any) -> None:
        user = User.objects.create_user("bench", "bench@example.org")
        run_id = demonstration.make(Act(actor=user.actor_id, now=timezone.now()))[0]
        self.stdout.write(f"{connection.vendor}, Python {sys.version.split()[0]}, {rounds} rounds")
        for length in (each for each in LENGTHS if each <= up_to):
            run = _lengthened(run_id, user, length)
            self.stdout.write(f"\n{run.version} events")
            stream = partial(_bare, run)
            grown = _grown(stream)
            bare = _taken(stream, rounds)
            self._row("bare values() stream", bare, bare, peak=_peak(stream), grown=grown)
            for slug in options["formats"] or FORMATS:
                self._format(run, slug, bare, rounds)
            self._verifier(run, folder)

    def _format(self, run: Run, slug: str, bare: list[tuple[float, float]], rounds: int) -> None:
        def write() -> Iterator[bytes]:
            made = exports.written(run.pk, FORMATS[slug], now=timezone.now(), address="bench")
            yield from made.pieces()

        grown = _grown(write)
        taken = _taken(write, rounds)
        self._row(slug, taken, bare, peak=_peak(write), grown=grown)

    def _row(
        self,
        name: str,
        taken: list[tuple[float, float]],
        bare: list[tuple[float, float]],
        *,
        peak: int,
        grown: str,
    ) -> None:
        whole, first = ([each[place] for each in taken] for place in (0, 1))
        ratio = statistics.median(whole) / statistics.median(each[0] for each in bare)
        three = " / ".join(f"{v:.3f}" for v in (min(whole), statistics.median(whole), max(whole)))
        self.stdout.write(
            f"  {name:<20} {three} s, ratio {ratio:.2f}; first byte "
            f"{statistics.median(first):.3f} s; memory {peak / _MIB:.1f} MiB of Python, "
            f"process {grown}"
        )

    def _verifier(self, run: Run, folder: Path) -> None:
        path = folder / "record.zip"
        made = exports.written(run.pk, FORMATS["zip"], now=timezone.now(), address="bench")
        with path.open("wb") as file:
            file.writelines(made.pieces())
        key = key_fingerprint(bytes.fromhex(SigningKey.objects.get().public))
        told, start = sys.stdout, time.perf_counter()
        sys.stdout = io.StringIO()
        try:
            code = verify.main([str(path), "--fingerprint", key])
        finally:
            sys.stdout = told
        taken = time.perf_counter() - start
        size = path.stat().st_size / _MIB
        self.stdout.write(
            f"  offline verifier     {taken:.3f} s for {size:.1f} MiB, exit code {code}"
        )


def _lengthened(run_id: Any, user: User, length: int) -> Run:
    run = Run.objects.get(pk=run_id)
    while run.version < length:
        count = min(_BATCH, length - run.version)
        notes = [ev.NoteAdded(text=f"Note {number}, it rains.") for number in range(count)]
        act = Act(actor=user.actor_id, now=timezone.now())
        timeline.record(run_id, Action.ADD_NOTE, act=act, decide=lambda *_, notes=notes: notes)  # type: ignore[misc]
        run.refresh_from_db()
    return run


def _bare(run: Run) -> Iterator[bytes]:
    """The limit: the same columns as JSON lines through plain Django."""
    rows = run.events.order_by("seq").values("header", "payload__body", "payload__salt")
    for row in rows.iterator():
        salt = bytes(row["payload__salt"]).hex()
        line = {"header": row["header"], "payload": row["payload__body"], "salt": salt}
        yield json.dumps(line).encode() + b"\n"


def _taken(stream: Callable[[], Iterator[bytes]], rounds: int) -> list[tuple[float, float]]:
    """Seconds until the last and until the first byte, after a round to warm up."""
    return [_once(stream) for _ in range(rounds + 1)][1:]


def _once(stream: Callable[[], Iterator[bytes]]) -> tuple[float, float]:
    start, first = time.perf_counter(), 0.0
    for _ in stream():
        first = first or time.perf_counter() - start
    return time.perf_counter() - start, first


def _peak(stream: Callable[[], Iterator[bytes]]) -> int:
    """The most memory that Python took; measured apart, for measuring it slows everything down."""
    tracemalloc.start()
    _once(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _grown(stream: Callable[[], Iterator[bytes]]) -> str:
    """How far the process grew meanwhile, and to what, by the kernel's own mark where it keeps one.

    Measured before anything else of the kind, for what a process has taken once it keeps.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the mark begins anew
        before = _resident("VmRSS")
        _once(stream)
        most = _resident("VmHWM")
    except OSError:
        return "unknown"
    return f"+{max(0, most - before) / _MIB:.1f} to {most / _MIB:.0f} MiB"


def _resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
