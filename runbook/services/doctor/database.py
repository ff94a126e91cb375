"""The database: can it be reached, does it keep what it is given, are its guards in place."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from runbook.models import guards
from runbook.services.doctor import postgresql, sqlite
from runbook.services.doctor.asking import value
from runbook.services.doctor.finding import Check, Finding, Visit, bad, fine, warn

_PATIENCE_SECONDS = 3
#: The doctor's own work since `now` is part of what is measured.
_SMALL, _LARGE = 5.0, 60.0


def trouble() -> str:
    """Why the database cannot be reached, in a few words; empty if it can."""
    database: Any = connection
    if connection.vendor == "sqlite" and not database.is_in_memory_db():
        path = Path(connection.settings_dict["NAME"])
        if not path.exists():
            return f"there is no file {path}"  # a connection would make an empty one
    try:
        if connection.vendor == "postgresql":
            # Asked past the pool, which would wait for half a minute.
            parameters = database.get_connection_params()
            database.Database.connect(
                **{**parameters, "connect_timeout": _PATIENCE_SECONDS}
            ).close()
        value("SELECT 1")
    except (DatabaseError, database.Database.Error) as problem:
        lines = str(problem).strip().splitlines()
        return lines[0].rstrip(".") if lines else type(problem).__name__
    return ""


def is_up_to_date() -> bool:
    """Whether the tables are those that this version of the product expects."""
    return not _pending()


def _pending() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migrations(visit: Visit) -> Iterator[Finding]:
    count = _pending()
    if count:
        yield bad(
            f"Migrations that have not run: {count}. Until then runs and people are not looked at.",
            "Make a backup, then run: manage.py migrate (serve does it by itself).",
        )


def _append_only(visit: Visit) -> Iterator[Finding]:
    if not guards.tables_exist(connection):
        return
    absent = sorted(guards.missing(connection))
    if absent:
        yield bad(
            f"The append-only guards {', '.join(absent)} are missing or changed.",
            "Run: manage.py migrate, then manage.py verify_timeline to see whether anything changed.",
        )
    else:
        yield fine("The guards of the timeline are in place.")


def _cache(visit: Visit) -> Iterator[Finding]:
    cache: Any = settings.CACHES["default"]
    if not cache["BACKEND"].endswith("DatabaseCache"):
        yield warn(
            "The cache is not in the database, so each process counts wrong passwords by itself.",
            "Leave CACHES as the product sets it.",
        )
    elif cache["LOCATION"] not in connection.introspection.table_names():
        yield bad(
            "The table of the cache is missing, so nobody can sign in.",
            "Run: manage.py createcachetable (serve does it by itself).",
        )


def _clock(visit: Visit) -> Iterator[Finding]:
    if connection.vendor != "postgresql":
        return  # SQLite has no clock of its own
    there = float(value("SELECT extract(epoch FROM clock_timestamp())"))
    apart = abs(there - visit.now.timestamp())
    told = f"The clocks of this machine and of the database are {apart:.0f} s apart"
    remedy = "Let both machines keep time by NTP."
    if apart > _LARGE:
        yield bad(f"{told}: waits end at the wrong moment.", remedy)
    elif apart > _SMALL:
        yield warn(f"{told}.", remedy)


CHECKS: tuple[Check, ...] = (
    _clock,
    *sqlite.CHECKS,
    *postgresql.CHECKS,
    _migrations,
    _append_only,
    _cache,
)
