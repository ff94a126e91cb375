"""Who may watch a run live, and what they hear."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from runbook.live import LiveUpdates, hub
from runbook.models import Run, User
from runbook.services import announcing
from runbook.wsgi import application as site
from tests.factories import make_run
from tests.readers import Reader, cookie_of, meanwhile, play
from tests.web.test_headers import faults

Said = Callable[..., Any]

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
            announcing.announce(Run(pk=run.pk, version=99))
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
