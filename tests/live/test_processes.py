"""Several processes on one database, which takes PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from runbook.live import LiveUpdates
from runbook.models import Run, User
from runbook.wsgi import application as site
from tests.readers import Reader, cookie_of, meanwhile, play

Said = Callable[..., Any]


@pytest.fixture
def postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite serves one process.")


def test_processes_share_who_is_here(postgresql: None, run: Run, ana: User, ben: User) -> None:
    async def scene(live: LiveUpdates) -> None:
        other = LiveUpdates(site)
        async with Reader(live, run, cookie=anas) as ana_reads:
            await ana_reads.hears("presence", [])
            async with Reader(other, run, cookie=bens) as ben_reads:
                await ben_reads.hears("presence", ["Ana"])
                await ana_reads.hears("presence", ["Ben"])
            await ana_reads.hears("presence", [])
        other.hub.stop()

    anas, bens = cookie_of(ana), cookie_of(ben)
    play(scene)


def test_a_lost_listener_comes_back_and_catches_up(
    postgresql: None, run: Run, ben: User, note: Said
) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with Reader(live, run, cookie=cookie, query=f"since={run.version}") as reader:
            await reader.hears("changed", await meanwhile(note, run))
            assert await meanwhile(cut) == 1
            await reader.hears("changed", await meanwhile(note, run))

    def cut() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
            )
            return int(cursor.fetchone()[0])

    cookie = cookie_of(ben)
    play(scene)
