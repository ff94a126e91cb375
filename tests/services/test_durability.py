"""What was acknowledged is stored, and state and events are stored together (DU-01, DU-02)."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from runbook import queries
from runbook.domain.errors import BrokenChain
from runbook.domain.vocabulary import RunStage
from runbook.models import Run, User
from runbook.services import projection
from tests.factories import make_run_at

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
TURNS = 20
SEED = 20261122


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.PREPARING, ana, now)


def order(run: Run, ana: User, **more: Any) -> list[str]:
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    place = {name: str(connection.settings_dict[name]) for name in names}
    said = {"place": place, "run": str(run.pk), "actor": ana.actor_id, "seed": SEED, **more}
    return [sys.executable, "-m", "tests.services.crash_worker", json.dumps(said)]


def rounds(run: Run, ana: User, **more: Any) -> Iterator[list[int]]:
    """Per round the versions that were acknowledged before the kill; the database rests meanwhile."""
    program = subprocess.Popen(
        order(run, ana, **more),
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    with program:
        for line in program.stdout:
            yield json.loads(line)
            print("go on", file=program.stdin, flush=True)
    assert program.returncode == 0


def mismatch(run: Run) -> str:
    """What does not fit between events and state; empty when all does."""
    run.refresh_from_db()
    try:
        count, _ = queries.verify_run(run)
    except BrokenChain as broken:
        return str(broken)
    if count != run.version:
        return f"{count} events, version {run.version}"
    return ", ".join(projection.differences(run))


def test_a_killed_process_loses_nothing_it_had_acknowledged(run: Run, ana: User) -> None:
    acknowledged = 0
    for heard in rounds(run, ana, rounds=ROUNDS):
        assert mismatch(run) == "", f"seed {SEED}"
        if heard:
            assert heard == list(range(heard[0], heard[-1] + 1))
            assert run.version >= heard[-1]
            assert run.version <= heard[-1] + 1  # at most the one that was under way
        acknowledged += len(heard)
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA integrity_check")
                assert cursor.fetchall() == [("ok",)]
    assert acknowledged > 0


def test_a_product_that_commits_in_two_parts_is_caught(run: Run, ana: User) -> None:
    """The control: with events and state in two commits the same kills tear them apart."""
    torn = 0
    for _ in rounds(run, ana, rounds=2 * ROUNDS, split=True):
        if mismatch(run):
            torn += 1
            break  # a torn run takes no more events

    assert torn > 0


def test_the_connection_waits_for_the_disk(db: None) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)
            return
        for pragma, value in {
            "synchronous": 2,
            "foreign_keys": 1,
            "secure_delete": 1,
            "recursive_triggers": 1,
        }.items():
            cursor.execute(f"PRAGMA {pragma}")
            assert cursor.fetchone() == (value,), pragma


CALL = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(\w+)\((\d+)(?:<([^>]*)>)?(?:, \"([^\"]*)\")?")


def unsynced_acknowledgements(trace: str, database: str) -> tuple[int, int]:
    """How many acknowledgements left, and how many of them before the last write was synced."""
    unsynced: set[str] = set()
    total = bad = 0
    for line in trace.splitlines():
        found = CALL.match(line)
        if found is None:
            continue
        call, _, path, text = found.groups()
        if call in {"pwrite64", "write"} and (path or "").startswith(database):
            unsynced.add(path)
        elif call in {"fsync", "fdatasync"}:
            unsynced.discard(path)
        elif call == "write" and (text or "").startswith("ack "):
            total += 1
            # A journal that is gone, or will be thrown away, needs no sync: the file itself does.
            bad += bool({each for each in unsynced if not each.endswith("-journal")})
    return total, bad


@pytest.mark.parametrize("careless", [False, True])
def test_no_acknowledgement_leaves_before_its_write_is_on_the_disk(
    run: Run, ana: User, tmp_path: Path, *, careless: bool
) -> None:
    """Where strace is there, the system calls themselves; the settings above hold everywhere.

    With `careless`, the control, the worker runs without waiting for the disk.
    """
    tracer = shutil.which("strace")
    if connection.vendor != "sqlite" or tracer is None:
        test_the_connection_waits_for_the_disk(None)
        return
    trace = tmp_path / "trace"
    traced = [tracer, "-f", "-y", "-s", "16", "-o", str(trace)]
    calls = ["-e", "trace=write,pwrite64,fsync,fdatasync"]
    subprocess.run(
        [*traced, *calls, *order(run, ana, steady=TURNS, careless=careless)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )

    total, bad = unsynced_acknowledgements(trace.read_text(), str(connection.settings_dict["NAME"]))
    assert (total, bad) == (TURNS, TURNS if careless else 0)
