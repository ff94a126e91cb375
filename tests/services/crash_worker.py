"""A program that carries out transitions until it is killed; started by the crash tests.

It forks one keeper after the other, so that Django loads once, kills each with SIGKILL after a
random moment, and prints per round which versions the keeper had acknowledged. `split` removes the
product's guarantee: events are committed before the rest. `steady` carries out a fixed number of
transitions and is killed by nobody, for the trace of system calls.
"""

import json
import os
import random
import signal
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

import django
from django.conf import settings

Say = Callable[[str], None]


def set_up(place: dict[str, str], *, careless: bool) -> None:
    """Points the product's settings at the database of the test."""
    database = settings.DATABASES["default"]
    database.update(place)
    if careless:
        command = database["OPTIONS"]["init_command"]
        database["OPTIONS"]["init_command"] = command.replace("synchronous=FULL", "synchronous=OFF")
    django.setup()


def split_commits() -> None:
    """The mutant: what was written so far is committed before the projection follows."""
    from django.db import connection  # noqa: PLC0415 - after the set-up

    from runbook.services import projection  # noqa: PLC0415

    real = projection.save

    def save(*args: Any, **kwargs: Any) -> None:
        connection._commit()  # type: ignore[attr-defined]
        real(*args, **kwargs)

    projection.save = save


def keep_acting(run_id: uuid.UUID, actor: str, *, turns: int, say: Say) -> None:
    """Pauses and resumes in turn, and says so after each."""
    from runbook.models import Run  # noqa: PLC0415
    from runbook.services import runs  # noqa: PLC0415
    from runbook.services.timeline import Act  # noqa: PLC0415

    row = Run.objects.get(pk=run_id)
    paused, now = row.stage == "paused", row.last_at or row.created
    say("ready")
    for _ in range(turns):
        now += timedelta(seconds=1)
        act = Act(actor=actor, now=now, key=uuid.uuid4())
        if paused:
            written = runs.resume(run_id=run_id, act=act)
        else:
            written = runs.pause(run_id=run_id, act=act, reason="The tide.")
        paused = not paused
        say(f"ack {written.version}")


def aloud(text: str) -> None:
    """One acknowledgement, one system call."""
    os.write(1, f"{text}\n".encode())


def warm_up(run_id: uuid.UUID, actor: str) -> None:
    """Loads what the first act of a process loads, and leaves no connection to the forks."""
    from django.db import connection  # noqa: PLC0415

    keep_acting(run_id, actor, turns=2, say=lambda text: None)
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]


def one_round(run_id: uuid.UUID, actor: str, *, wait: float) -> list[int]:
    """Lets a keeper act, kills it, and gives the versions it had acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _child(run_id, actor, writing)
    os.close(writing)
    with os.fdopen(reading) as said:
        assert said.readline() == "ready\n", "the keeper did not start"
        signal.setitimer(signal.ITIMER_REAL, wait)
        signal.pause()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        # A last line without its end was never heard by anybody.
        return [
            int(line.split()[1]) for line in said.read().splitlines(True) if line.endswith("\n")
        ]


def _child(run_id: uuid.UUID, actor: str, writing: int) -> NoReturn:
    os.dup2(writing, 1)
    try:
        keep_acting(run_id, actor, turns=1_000_000, say=aloud)
    finally:
        os._exit(1)


def main() -> None:
    order = json.loads(sys.argv[1])
    set_up(order["place"], careless=order.get("careless", False))
    run_id, actor = uuid.UUID(order["run"]), order["actor"]
    warm_up(run_id, actor)
    if order.get("split"):
        split_commits()
    if order.get("steady"):
        keep_acting(run_id, actor, turns=order["steady"], say=aloud)
        return
    signal.signal(signal.SIGALRM, lambda *_: None)
    chance = random.Random(order["seed"])  # noqa: S311 - the moment of a kill, not a secret
    for _ in range(order["rounds"]):
        heard = one_round(run_id, actor, wait=chance.uniform(0.005, 0.060))
        aloud(json.dumps(heard))
        if not sys.stdin.readline():  # the test has seen enough
            return


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    main()
