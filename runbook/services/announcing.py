"""Tells every process that a run went on, as part of the transaction that wrote it.

PostgreSQL carries the word to whoever listens, and only if the transaction commits. On SQLite there
is nothing to do: the live room watches the file's own version.
"""

from django.db import connection

from runbook.models import Run

#: The channel; its messages read `<run>:<seq>`.
RUNS = "runbook_runs"


def announce(run: Run) -> None:
    """Says where the run stands now."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [RUNS, f"{run.pk}:{run.version}"])
