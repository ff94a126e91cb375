"""When streams end: with a right, with a sign-in, with the server, and after a while."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from runbook.live import LiveUpdates, hub
from runbook.models import Run, User
from runbook.services import people
from runbook.wsgi import application as site
from tests.conftest import PASSWORD
from tests.factories import act
from tests.readers import Reader, cookie_of, meanwhile, play

Said = Callable[..., Any]


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


def test_who_is_no_member_is_judged_by_the_site_again(run: Run, beats: None) -> None:
    """So the holder of a link, once a page lets them watch, hears no more when the link ends."""
    open_to_all = True

    def site(environ: Any, start: Callable[..., Any]) -> list[bytes]:
        assert environ["PATH_INFO"] == "/links/abc/watch/"
        start("200 OK" if open_to_all else "410 Gone", [("Content-Type", "application/json")])
        said = {"run": str(run.pk), "seq": 1, "who": "link:abc", "name": "", "member": False}
        return [json.dumps(said).encode() if open_to_all else b"Over."]

    async def scene() -> None:
        nonlocal open_to_all
        live = LiveUpdates(site)
        async with Reader(live, "/live/links/abc/") as reader:
            await reader.hears("changed", run.version)
            await reader.hears("ping", 1)
            open_to_all = False
            await reader.is_ended()
        async with Reader(live, "/live/links/abc/") as reader:
            assert (reader.status, reader.text) == (410, "Over.")
        live.hub.stop()

    asyncio.run(asyncio.wait_for(scene(), 60))
