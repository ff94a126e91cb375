"""SQLite: does it keep what it is given, and does it have one server only."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from runbook.services.doctor.asking import value
from runbook.services.doctor.finding import Check, Finding, Visit, bad, fine, warn
from runbook.settings import journal_mode

_OLDEST = (3, 31)
#: Value that is meant, and what happens with another.
_PRAGMAS = {
    "foreign_keys": (1, "rows can lose what they belong to"),
    "secure_delete": (1, "erased texts stay readable in the file"),
    "mmap_size": (0, "a known fault of SQLite can corrupt the file"),
    "recursive_triggers": (1, "a replacing insert slips past the append-only guards"),
}


def _keeping(visit: Visit) -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    if sqlite3.sqlite_version_info < _OLDEST:
        yield bad(f"SQLite is {sqlite3.sqlite_version}.", "Use a Python that brings 3.31 or newer.")
    else:
        yield fine(f"The database is SQLite {sqlite3.sqlite_version}.")
    mode = str(value("PRAGMA journal_mode")).upper()
    if mode == "WAL" and journal_mode(sqlite3.sqlite_version_info) != "WAL":
        yield bad(
            f"The journal mode is WAL, and SQLite {sqlite3.sqlite_version} can corrupt a file there.",
            "Stop everything that has the file open, then start the product: it sets the mode.",
        )
    elif mode in {"OFF", "MEMORY"}:
        yield bad(
            f"The journal mode is {mode}: a crash can destroy the database.",
            "Leave the options of the database as the product sets them.",
        )
    if value("PRAGMA synchronous") < 2:
        yield bad(
            "SQLite does not wait for the disk: a power cut can lose what is recorded.",
            "Leave synchronous at FULL, as the product sets it.",
        )
    for name, (meant, otherwise) in _PRAGMAS.items():
        found = value(f"PRAGMA {name}")
        if found not in {meant, None}:
            yield bad(f"{name} of SQLite is {found}: {otherwise}.", f"Leave {name} at {meant}.")


def _serving(visit: Visit) -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    if connection.settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        yield bad(
            "Transactions of SQLite do not begin IMMEDIATE: two people at once get errors.",
            "Leave transaction_mode at IMMEDIATE, as the product sets it.",
        )
    planned = os.environ.get("WEB_CONCURRENCY", "").strip()
    count = max(
        len(_holders(Path(connection.settings_dict["NAME"]))),
        int(planned) if planned.isdecimal() else 0,
    )
    if count > 1:
        yield warn(
            f"Processes that use one SQLite file: {count}.",
            "Run one process with SQLite, or move to PostgreSQL for several.",
        )
    if visit.deep:
        said = value("PRAGMA quick_check")
        if said != "ok":
            yield bad(
                f"The database file is damaged: {said}.",
                "Stop the product, keep a copy of the file, and restore the newest backup.",
            )


def _holders(path: Path) -> set[str]:
    """The processes that have the file open, this command not counted; empty where none can tell."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if not link.samefile(path):
                continue
            command = (link.parent.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:  # gone meanwhile, or somebody else's
            continue
        if b"doctor" not in command:
            found.add(link.parent.parent.name)
    return found


CHECKS: tuple[Check, ...] = (_keeping, _serving)
