"""How commits are noticed: SQLite's own counter is polled, PostgreSQL is listened to.

Each source is a coroutine that runs while somebody watches and hands the newest versions to the hub.
"""

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Collection
from typing import Any, Protocol, TypeVar

import psycopg
from django.db import OperationalError, connection

from runbook.live.standing import versions
from runbook.services.announcing import RUNS

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

#: Seconds between two looks at SQLite's counter; a look takes some 20 microseconds.
POLL = 0.25
#: Seconds after which a quiet connection to PostgreSQL is asked whether it still lives.
QUIET = 10.0
PRESENCE = "runbook_presence"
_LONGEST_PAUSE = 5.0


class Ear(Protocol):
    """The hub, as a source knows it."""

    def watched(self) -> list[uuid.UUID]:
        """The runs of interest now."""

    async def look(self, ask: Callable[..., Result], *given: Any) -> Result:
        """Asks the database in the thread that keeps its connection."""

    async def spread(self, found: dict[uuid.UUID, int]) -> None:
        """Takes the newest versions of runs, also such that are not watched."""

    def hear(self, said: dict[str, Any]) -> None:
        """Takes what another process says about who is there."""


async def follow(hub: Ear) -> None:
    """Tells the hub of every commit on a watched run, until it is cancelled."""
    await (_listen(hub) if connection.vendor == "postgresql" else _poll(hub))


async def _poll(hub: Ear) -> None:
    counter: int | None = None
    while True:
        counter, found = await hub.look(_moved, counter, hub.watched())
        await hub.spread(found)
        await asyncio.sleep(POLL)


def _moved(
    counter: int | None, runs: Collection[uuid.UUID]
) -> tuple[int | None, dict[uuid.UUID, int]]:
    """The counter, which every commit of another connection moves, and the versions if it moved.

    The looking thread keeps its connection and writes nothing, so it sees every commit.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA data_version")
            now = cursor.fetchone()[0]
        return (now, {}) if now == counter else (now, versions(runs))
    except OperationalError:  # locked for long; the next look reads everything
        return None, {}


async def _listen(hub: Ear) -> None:
    pause = 0.1
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                **_parameters(), autocommit=True
            ) as link:
                await link.execute(f"LISTEN {RUNS}")
                await link.execute(f"LISTEN {PRESENCE}")
                # Whatever was said before, or while the connection was lost, is read once.
                await hub.spread(await hub.look(versions, hub.watched()))
                pause = 0.1
                await _hear(hub, link)
        except (psycopg.OperationalError, OperationalError) as problem:
            logger.warning("The live connection to PostgreSQL was lost: %s", problem)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _hear(hub: Ear, link: "psycopg.AsyncConnection[Any]") -> None:
    while True:
        async for note in link.notifies(timeout=QUIET):
            if note.channel == RUNS:
                run, _, seq = note.payload.partition(":")
                await hub.spread({uuid.UUID(run): int(seq)})
            else:
                hub.hear(json.loads(note.payload))
        await link.execute("SELECT 1")


def _parameters() -> dict[str, Any]:
    """Django's own parameters, without what only Django's connection can use."""
    found: dict[str, Any] = connection.get_connection_params()
    own = {"cursor_factory", "context", "prepare_threshold"}
    return {name: value for name, value in found.items() if name not in own}


def share(messages: Collection[str]) -> None:
    """Tells the hubs of other processes who is here; SQLite serves one process and has none."""
    if not messages or connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, message) FROM unnest(%s::text[]) AS message",
            [PRESENCE, list(messages)],
        )
