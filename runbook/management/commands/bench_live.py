"""Measure live updates: streams held, delay from commit to event, memory, idle CPU; never a verdict.

It serves a throw-away database next to the configured one from processes of its own. Requests are
set beside the bare Django page in the same run. Needs Linux, for it reads /proc.
"""

import asyncio
import multiprocessing
import os
import random
import sys
import tempfile
import time
import uuid
from argparse import ArgumentParser
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, connections
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from runbook.domain.vocabulary import Role
from runbook.management.serving import served
from runbook.management.watching import Address, Watching, per_second, request
from runbook.models import Run, User
from runbook.services import demonstration, people, runs
from runbook.services.timeline import Act

RUNS, WRITERS = 20, 10
_FORK = multiprocessing.get_context("fork")
_TICKS = os.sysconf("SC_CLK_TCK")
_SETTINGS: dict[str, Any] = {
    "STORAGES": {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
    "ALLOWED_HOSTS": ["*"],
    "SECURE_SSL_REDIRECT": False,
}


class Command(BaseCommand):
    help = "Prints delay, memory and CPU of live updates, and requests beside a bare Django page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--watchers", type=int, default=200)
        parser.add_argument("--seconds", type=int, default=12, help="length of each measurement")

    def handle(self, *args: Any, watchers: int, seconds: int, **options: Any) -> None:
        original = connection.settings_dict["NAME"]
        with tempfile.TemporaryDirectory() as folder, override_settings(**_SETTINGS):
            if connection.vendor == "sqlite":
                connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "bench.sqlite3")
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            try:
                call_command("createcachetable", verbosity=0)
                self._measure(watchers, seconds)
            finally:
                connections.close_all()
                connection.creation.destroy_test_db(str(original), verbosity=0)

    def _measure(self, watchers: int, seconds: int) -> None:
        self.stdout.write(
            f"{connection.vendor}, Python {sys.version.split()[0]}, {watchers} watchers on {RUNS}"
            f" runs, {WRITERS} writers"
        )
        watching, leads = _cast(watchers)
        _close()
        on: dict[str, Any] = {
            "database": str(connection.settings_dict["NAME"]),
            "changed": _SETTINGS,
        }
        with served("runbook.urls", **on) as (address, pid):
            asyncio.run(self._watch(watching, leads, address, pid, seconds))
        bare_urls = "runbook.management.bare"
        with served("runbook.urls", **on) as (ours, _), served(bare_urls, **on) as (bare, _):
            asyncio.run(self._ask(watching[0], ours, bare, seconds / 4))

    async def _watch(
        self,
        watching: list[Watching],
        leads: dict[str, str],
        address: Address,
        pid: int,
        seconds: int,
    ) -> None:
        await _warm_up(watching[0], address)
        # The first streams also pay for what is loaded and cached once.
        first, empty = len(watching) // 4, _unique_kb(pid)
        await _open(watching[:first], address)
        before = _unique_kb(pid)
        speed = await _open(watching[first:], address)
        after = _unique_kb(pid)
        used = _cpu_seconds(pid)
        await asyncio.sleep(seconds)
        idle = (_cpu_seconds(pid) - used) / seconds
        self.stdout.write(f"  opened one after the other: {speed:.0f} a second")
        self.stdout.write(
            f"  memory: {(after - before) / (len(watching) - first):.1f} kB a watcher after the first"
            f" {first}, {(after - empty) / len(watching):.1f} kB with what they cause once"
        )
        self.stdout.write(f"  idle CPU: {idle:.2%} of one core")
        loop = asyncio.get_running_loop()
        written = await loop.run_in_executor(None, _all_write, leads, seconds)
        await asyncio.sleep(1.5)
        delays = _delays(written, watching)
        self._print("commit to event", delays)
        await self._screens(watching, leads, address)
        for each in watching:
            each.close()

    async def _screens(
        self, watching: list[Watching], leads: dict[str, str], address: Address
    ) -> None:
        """One commit at a time, as in a team: everybody on the run fetches the changed parts."""
        found = []
        for run, lead in list(leads.items())[:WRITERS]:
            there = [each for each in watching if each.run == run]
            _, seq, at = await asyncio.to_thread(_note, run, lead)
            found += await asyncio.gather(*(each.fetch(address, seq, since=at) for each in there))
        self._print(f"commit to changed parts, {len(there)} at once", found)

    def _print(self, name: str, delays: list[float]) -> None:
        found = sorted(delay * 1000 for delay in delays)
        at = {
            part: found[min(len(found) - 1, int(len(found) * part))] for part in (0.5, 0.95, 0.99)
        }
        self.stdout.write(
            f"  {name}, {len(found)} times: median {at[0.5]:.0f} ms, 95 % within"
            f" {at[0.95]:.0f} ms, 99 % within {at[0.99]:.0f} ms, longest {found[-1]:.0f} ms"
        )

    async def _ask(self, who: Watching, ours: Address, bare: Address, seconds: float) -> None:
        run = await asyncio.to_thread(_version, who.run)
        asked = partial(request, cookie=who.cookie)
        await _warm_up(who, ours)
        await per_second(bare, asked=asked(f"/bare/{who.run}/"), seconds=1)
        page = await per_second(bare, asked=asked(f"/bare/{who.run}/"), seconds=seconds)
        self.stdout.write(f"Requests a second; the bare Django page: {page:.0f}")
        for name, path in (
            ("nothing new (204)", f"/runs/{who.run}/news/?since={run}"),
            ("the changed parts", f"/runs/{who.run}/news/?since={run - 1}"),
            ("may I watch", f"/runs/{who.run}/watch/"),
        ):
            found = await per_second(ours, asked=asked(path, htmx=True), seconds=seconds)
            self.stdout.write(f"  {name}: {found:.0f}, {found / page:.2f} of the bare page")


def _cast(watchers: int) -> tuple[list[Watching], dict[str, str]]:
    """People with a cookie each, spread over the runs; and who leads each run."""
    watching, leads = [], {}
    members = max(1, watchers // RUNS)
    for number in range(RUNS):
        lead = User.objects.create_user(f"lead-{number}", f"lead-{number}@example.org")
        now = timezone.now()
        run_id = demonstration.make(Act(actor=lead.actor_id, now=now))[1]
        leads[str(run_id)] = lead.actor_id
        for place in range(members):
            name = f"watcher-{number}-{place}"
            user = User.objects.create_user(name, f"{name}@example.org")
            act = Act(actor=lead.actor_id, now=timezone.now())
            people.give_role(run_id=run_id, act=act, member=user.actor_id, role=Role.OBSERVER)
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            watching.append(
                Watching(run=str(run_id), cookie=f"{settings.SESSION_COOKIE_NAME}={cookie}")
            )
    random.shuffle(watching)
    return watching, leads


def _version(run: str) -> int:
    try:
        return Run.objects.get(pk=run).version
    finally:
        connection.close()


async def _warm_up(who: Watching, address: Address) -> None:
    page = request(f"/runs/{who.run}/", cookie=who.cookie)
    await asyncio.wait_for(per_second(address, asked=page, seconds=1), 60)
    first = Watching(run=who.run, cookie=who.cookie)
    await first.open(address)
    first.close()


async def _open(watching: list[Watching], address: Address) -> float:
    """Opens them one after the other and lets everybody hear who is there; how many a second."""
    start = time.monotonic()
    for each in watching:
        await each.open(address)
    speed = len(watching) / (time.monotonic() - start)
    await asyncio.sleep(2)
    return speed


def _all_write(leads: dict[str, str], seconds: int) -> list[tuple[str, int, float]]:
    """Each writer adds a note about once a second to a run of its own, in a process of its own."""
    with _FORK.Pool(WRITERS) as pool:
        parts = pool.starmap(
            _write, [(run, lead, seconds) for run, lead in [*leads.items()][:WRITERS]]
        )
    return [each for part in parts for each in part]


def _write(run: str, lead: str, seconds: int) -> list[tuple[str, int, float]]:
    found = []
    for _ in range(seconds):
        time.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - spreads the writes
        found.append(_note(run, lead))
    return found


def _note(run: str, lead: str) -> tuple[str, int, float]:
    """A note, its seq, and the moment at which it was committed."""
    act = Act(actor=lead, now=timezone.now())
    done = runs.add_note(run_id=uuid.UUID(run), act=act, text="Measured.")
    at = time.monotonic()
    connection.close()
    return run, done.version, at


def _delays(written: list[tuple[str, int, float]], watching: list[Watching]) -> list[float]:
    """From each commit to the moment at which each watcher of its run knew of it, in seconds."""
    by_run: dict[str, list[Watching]] = defaultdict(list)
    for each in watching:
        by_run[each.run].append(each)
    found = []
    for run, seq, at in written:
        for each in by_run[run]:
            known = [moment for heard, moment in each.heard if heard >= seq]
            found.append(min(known) - at if known else float("inf"))
    return found


def _close() -> None:
    """No connection may be shared with the processes to come."""
    connections.close_all()
    for each in connections.all():
        if hasattr(each, "close_pool"):
            each.close_pool()


def _unique_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
