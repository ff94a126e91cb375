"""Live updates without a browser: who may watch, what they hear, and when their streams end."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from runbook.domain.vocabulary import Action, Role
from runbook.live import LiveUpdates, hub, sources
from runbook.models import Run, User
from runbook.services import people
from runbook.wsgi import application as site
from tests.conftest import PASSWORD
from tests.domain.wishes import wish
from tests.factories import act, add_member, carry_out, make_run
from tests.readers import Reader, cookie_of, meanwhile
from tests.web.test_headers import faults

NOTE = wish(Action.ADD_NOTE, text="It rains.")
Said = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SETTLE", 0.01)
    monkeypatch.setattr(sources, "POLL", 0.01)


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """The beat of ten seconds comes at once."""
    monkeypatch.setattr(hub, "BEAT", 0.02)


@pytest.fixture
def run(committed_db: None, ana: User, ben: User, now: datetime) -> Run:
    """A run that Ana leads; Ben is an operator."""
    made = make_run(ana, now)
    add_member(made, ana, user=ben, role=Role.OPERATOR, now=now)
    return made


@pytest.fixture
def note(ana: User, now: datetime) -> Said:
    """Ana writes a note on a run; returns its seq."""

    def write(run: Run) -> int:
        return carry_out(run.pk, NOTE, act(ana, now=now)).version

    return write


def play(scene: Callable[[LiveUpdates], Coroutine[Any, Any, None]]) -> None:
    """A scene on a loop and with a hub of its own."""

    async def whole() -> None:
        live = LiveUpdates(site)
        try:
            await scene(live)
        finally:
            live.hub.stop()

    asyncio.run(asyncio.wait_for(whole(), 60))


# --- who may watch -------------------------------------------------------------------------------


def test_a_member_hears_a_commit(run: Run, ben: User, note: Said) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with Reader(live, run, cookie=cookie, query=f"since={run.version}") as reader:
            assert reader.status == 200
            assert reader.said("changed") == []
            await reader.hears("changed", await meanwhile(note, run))
            assert f"id: {run.version + 1}\n" in reader.text

    cookie = cookie_of(ben)
    play(scene)


def test_the_stream_wears_the_headers_of_a_page(run: Run, ben: User) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with Reader(live, run, cookie=cookie) as reader:
            assert reader.headers["content-type"] == "text/event-stream"
            assert reader.headers["cache-control"] == "no-store"
            assert reader.headers["x-accel-buffering"] == "no"
            assert "content-length" not in reader.headers
            names = {name.title(): text for name, text in reader.headers.items()}
            assert faults(type("Answer", (), {"headers": names})()) == []
            assert "retry: 1000" in reader.text

    cookie = cookie_of(ben)
    play(scene)


def test_others_get_the_answer_that_the_site_gives(run: Run, ben: User, dora: User) -> None:
    async def scene(live: LiveUpdates) -> None:
        made_up = "/live/runs/00000000-0000-4000-8000-000000000000/"
        for wanted, path, cookie in (
            (404, f"/live/runs/{run.pk}/", strange),
            (404, made_up, strange),
            (403, f"/live/runs/{run.pk}/", ""),
            (403, f"/live/runs/{run.pk}/", "session=made-up"),
            (404, "/live/", member),
            (404, f"/live/runs/{run.pk}", member),
        ):
            async with Reader(live, path, cookie=cookie) as reader:
                assert (reader.status, reader.ended) == (wanted, True), path
                assert run.title not in reader.text
        async with Reader(live, run, cookie=member, method="POST") as reader:
            assert reader.status == 405
        async with Reader(live, run, cookie=member, headers={"host": "elsewhere.org"}) as reader:
            assert reader.status == 400
        assert live.hub.watched() == []

    strange, member = cookie_of(dora), cookie_of(ben)
    play(scene)


def test_a_person_has_six_streams_and_all_together_have_a_limit(
    run: Run, ana: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(live: LiveUpdates) -> None:
        open_ones = [Reader(live, run, cookie=bens) for _ in range(hub.STREAMS_PER_PERSON)]
        for reader in open_ones:
            await reader.__aenter__()
        async with Reader(live, run, cookie=bens) as reader:
            assert (reader.status, reader.headers["retry-after"]) == (429, "60")
        async with Reader(live, run, cookie=anas) as reader:
            assert reader.status == 200
        monkeypatch.setattr(hub, "STREAMS", hub.STREAMS_PER_PERSON)
        async with Reader(live, run, cookie=anas) as reader:
            assert reader.status == 503
        await open_ones.pop().__aexit__(None, None, None)
        async with Reader(live, run, cookie=anas) as reader:
            assert reader.status == 200
        for reader in open_ones:
            await reader.__aexit__(None, None, None)

    anas, bens = cookie_of(ana), cookie_of(ben)
    play(scene)


# --- what they hear ------------------------------------------------------------------------------


def test_who_is_behind_hears_so_at_once(run: Run, ben: User) -> None:
    async def scene(live: LiveUpdates) -> None:
        newest = run.version
        for query, returned, wanted in (
            (f"since={newest - 1}", "", [newest]),
            (f"since={newest}", "", []),
            (f"since={newest - 1}", str(newest), []),
            (f"since={newest}", str(newest - 1), [newest]),
            ("since=nonsense", "", []),
            ("", "", []),
        ):
            headers = {"last-event-id": returned}
            async with Reader(live, run, cookie=cookie, query=query, headers=headers) as reader:
                assert reader.said("changed") == wanted, (query, returned)

    cookie = cookie_of(ben)
    play(scene)


def test_nothing_committed_between_two_streams_is_lost(run: Run, ben: User, note: Said) -> None:
    async def scene(live: LiveUpdates) -> None:
        cursor = run.version
        for _ in range(5):
            async with Reader(live, run, cookie=cookie, query=f"since={cursor}") as reader:
                newest = await meanwhile(note, run)
                await reader.hears("changed", newest)
            cursor = await meanwhile(note, run)
            async with Reader(live, run, cookie=cookie, query=f"since={newest}") as reader:
                await reader.hears("changed", cursor)

    cookie = cookie_of(ben)
    play(scene)


def test_what_was_rolled_back_is_told_to_nobody(run: Run, ben: User, note: Said) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with Reader(live, run, cookie=cookie, query=f"since={run.version}") as reader:
            await meanwhile(fail)
            newest = await meanwhile(note, run)
            await reader.hears("changed", newest)
            assert reader.said("changed") == [newest]
            assert newest == run.version + 1

    def fail() -> None:
        with transaction.atomic():
            Run.objects.filter(pk=run.pk).update(version=99)
            sources.share([])
            transaction.set_rollback(True)

    cookie = cookie_of(ben)
    play(scene)


def test_another_run_is_not_heard_of(
    run: Run, ana: User, ben: User, now: datetime, note: Said
) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with Reader(live, run, cookie=bens, query=f"since={run.version}") as reader:
            await meanwhile(note, other)
            newest = await meanwhile(note, run)
            await reader.hears("changed", newest)
            assert reader.said("changed") == [newest]
            async with Reader(live, other, cookie=anas):
                await reader.hears("ping", 1)
                assert reader.said("presence") == [[]]

    other = make_run(ana, now, title="Tower 8")
    anas, bens = cookie_of(ana), cookie_of(ben)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub, "BEAT", 0.05)
        play(scene)


def test_each_sees_the_others_once_by_name(run: Run, ana: User, ben: User) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with Reader(live, run, cookie=anas) as ana_reads:
            await ana_reads.hears("presence", [])
            async with (
                Reader(live, run, cookie=bens) as first,
                Reader(live, run, cookie=bens),
            ):
                await ana_reads.hears("presence", ["Ben"])
                await first.hears("presence", ["Ana"])
            await ana_reads.hears("presence", [])
            assert ana_reads.said("presence") == [[], ["Ben"], []]

    anas, bens = cookie_of(ana), cookie_of(ben)
    play(scene)


def test_every_loop_has_a_hub_of_its_own(run: Run, ben: User, note: Said) -> None:
    live, cookie = LiveUpdates(site), cookie_of(ben)

    async def scene() -> None:
        run_version = (await meanwhile(Run.objects.get)).version
        async with Reader(live, run, cookie=cookie, query=f"since={run_version}") as reader:
            await reader.hears("changed", await meanwhile(note, run))
        hubs.append(live.hub)

    hubs: list[Any] = []
    for _ in range(3):
        asyncio.run(scene())
    assert len(set(map(id, hubs))) == 3


# --- when their streams end ----------------------------------------------------------------------


def test_a_removed_member_is_told_nothing_more(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with (
            Reader(live, run, cookie=bens, query=f"since={run.version}") as ben_reads,
            Reader(live, run, cookie=anas, query=f"since={run.version}") as ana_reads,
        ):
            await meanwhile(remove)
            await ben_reads.is_ended()
            await ana_reads.hears("changed", run.version + 1)
            assert ben_reads.said("changed") == []
        async with Reader(live, run, cookie=bens) as ben_reads:
            assert ben_reads.status == 404

    def remove() -> None:
        people.remove_member(run_id=run.pk, act=act(ana, now=now), member=ben.actor_id)

    anas, bens = cookie_of(ana), cookie_of(ben)
    play(scene)


def sign_out(ben: User) -> None:
    Session.objects.all().delete()


def run_out(ben: User) -> None:
    Session.objects.update(expire_date=datetime(2020, 1, 1, tzinfo=ben.date_joined.tzinfo))


def change_the_password(ben: User) -> None:
    ben.set_password(f"{PASSWORD} again")
    ben.save()


def close_the_account(ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(is_active=False)


@pytest.mark.parametrize(
    "end", [sign_out, run_out, change_the_password, close_the_account], ids=lambda f: f.__name__
)
def test_a_stream_ends_with_the_sign_in(
    run: Run, ben: User, beats: None, end: Callable[[User], None]
) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with Reader(live, run, cookie=cookie) as reader:
            await reader.hears("ping", 1)
            await meanwhile(end, ben)
            await reader.is_ended()
        async with Reader(live, run, cookie=cookie) as reader:
            assert reader.status == 403

    cookie = cookie_of(ben)
    play(scene)


def test_a_stream_ends_in_time_so_that_the_site_is_asked_again(
    run: Run, ben: User, beats: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with Reader(live, run, cookie=cookie) as reader:
            await reader.is_ended()

    monkeypatch.setattr(hub, "LIFETIME", 0.1)
    cookie = cookie_of(ben)
    play(scene)


def test_streams_end_if_nobody_can_tell_who_may_watch(
    run: Run, ben: User, beats: None, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    async def scene(live: LiveUpdates) -> None:
        async with Reader(live, run, cookie=cookie) as reader:
            monkeypatch.setattr(hub, "still_allowed", lambda watchers: 1 / 0)
            await reader.is_ended()

    cookie = cookie_of(ben)
    play(scene)
    assert "Nobody could tell" in caplog.text


def test_a_signal_ends_every_stream_before_the_server_waits(run: Run, ben: User) -> None:
    heard: list[int] = []

    async def whole() -> None:
        live = LiveUpdates(site)
        sent: asyncio.Queue[Any] = asyncio.Queue()
        asked: asyncio.Queue[Any] = asyncio.Queue()
        await asked.put({"type": "lifespan.startup"})
        life = asyncio.create_task(live.lifespan(asked.get, sent.put))
        assert (await sent.get())["type"] == "lifespan.startup.complete"
        async with Reader(live, run, cookie=cookie) as reader:
            os.kill(os.getpid(), signal.SIGTERM)
            await reader.is_ended()
        async with Reader(live, run, cookie=cookie) as reader:
            assert reader.status == 503
        await asked.put({"type": "lifespan.shutdown"})
        assert (await sent.get())["type"] == "lifespan.shutdown.complete"
        await life

    cookie = cookie_of(ben)
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
        asyncio.run(asyncio.wait_for(whole(), 60))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert heard == [signal.SIGTERM]


def test_nobody_watching_means_nothing_running(run: Run, ben: User) -> None:
    async def scene(live: LiveUpdates) -> None:
        before = asyncio.all_tasks()
        async with Reader(live, run, cookie=cookie):
            assert live.hub.watched() == [run.pk]
        assert live.hub.watched() == []
        left = asyncio.all_tasks() - before
        if left:
            await asyncio.wait(left, timeout=5)
        assert asyncio.all_tasks() <= before

    cookie = cookie_of(ben)
    play(scene)


# --- several processes, which takes PostgreSQL ---------------------------------------------------


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
