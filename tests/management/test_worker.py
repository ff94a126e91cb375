"""The worker inside the server, and the command for a worker of its own."""

import signal
import threading
from datetime import datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from runbook.management import worker as work
from runbook.management.commands import remind_due, serve
from runbook.management.worker import ASK_EVERY, Worker
from runbook.services import nightly, reminders
from runbook.services.reminders import Done


@pytest.fixture(autouse=True)
def nights(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which threads worked at night; nothing is done."""
    seen: list[str] = []

    def night(clock: object) -> list[str]:
        seen.append(threading.current_thread().name)
        return ["sign heads"]

    monkeypatch.setattr(nightly, "work", night)
    return seen


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[reminders.Memory]:
    """The memories of the ticks that were asked for; nothing is done."""
    seen: list[reminders.Memory] = []

    def tick(now: object, *, memory: reminders.Memory, **more: object) -> Done:
        seen.append(memory)
        return Done(raised=1, sent=2)

    monkeypatch.setattr(reminders, "tick", tick)
    return seen


def test_the_thread_ticks_with_one_memory_and_stops_at_once(
    db: None, ticks: list[reminders.Memory]
) -> None:
    worker = Worker(seconds=0.01)
    enough = threading.Event()
    real = worker.tick

    def tick() -> Done:
        done = real()
        if len(ticks) >= 3:
            enough.set()
        return done

    worker.tick = tick  # type: ignore[method-assign]
    worker.start()
    assert enough.wait(10)
    worker.stop(within=10)

    assert not worker._thread.is_alive()
    assert len({id(memory) for memory in ticks}) == 1


def test_a_tick_that_fails_does_not_end_the_worker(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(seconds=0.001)
    waits: list[float] = []
    left = ["fails", "fails", "works", "works"]

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return not left

    def tick() -> Done:
        if left.pop(0) == "fails":
            raise RuntimeError
        return Done()

    monkeypatch.setattr(worker._over, "wait", wait)
    monkeypatch.setattr(worker, "tick", tick)
    worker.run()

    assert waits == [0.001, 0.002, 0.004, 0.001, 0.001]
    assert sum("goes on" in record.message for record in caplog.records) == 2


def test_a_worker_that_never_began_can_be_stopped() -> None:
    Worker().stop()


def test_the_command_does_one_tick_and_says_what_it_did(
    db: None, ticks: list[reminders.Memory]
) -> None:
    output = StringIO()
    call_command("remind_due", stdout=output)

    assert len(ticks) == 1
    assert output.getvalue() == "raised 1, sent 2\nnightly: sign heads\n"


def test_with_loop_it_goes_on_until_it_is_asked_to_end(
    db: None, ticks: list[reminders.Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers: dict[int, object] = {}
    monkeypatch.setattr(
        signal, "signal", lambda number, handler: handlers.update({number: handler})
    )
    real = Worker.tick

    def tick(self: Worker) -> Done:
        done = real(self)
        if len(ticks) == 3:
            handlers[signal.SIGTERM](signal.SIGTERM, None)  # type: ignore[operator]
        return done

    monkeypatch.setattr(remind_due.Worker, "tick", tick)
    call_command("remind_due", loop=True, seconds=0.001)

    assert len(ticks) == 3
    assert set(handlers) == {signal.SIGINT, signal.SIGTERM}


@pytest.mark.parametrize("reminds", [True, False])
def test_serve_reminds_unless_it_is_told_not_to(
    db: None, monkeypatch: pytest.MonkeyPatch, reminds: bool
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(serve.Worker, "start", lambda self: seen.append("start"))
    monkeypatch.setattr(serve.Worker, "stop", lambda self: seen.append("stop"))
    monkeypatch.setattr(serve.uvicorn, "run", lambda *_, **__: seen.append("serve"))
    call_command("serve", no_reminders=not reminds, stdout=StringIO())

    assert seen == (["start"] if reminds else []) + ["serve", "stop"]


def test_serve_stops_the_worker_when_the_server_fails(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(serve.Worker, "start", lambda self: None)
    monkeypatch.setattr(serve.Worker, "stop", lambda self: seen.append("stop"))

    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(serve.uvicorn, "run", fail)
    with pytest.raises(OSError):  # noqa: PT011 - ours
        call_command("serve", stdout=StringIO())

    assert seen == ["stop"]


def join_the_night(worker: Worker) -> None:
    assert worker._night is not None
    worker._night.join(10)


def test_the_night_is_worked_beside_the_reminders_and_asked_for_now_and_then(
    now: datetime, nights: list[str]
) -> None:
    worker = Worker()
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(3):
            worker.begin_night()
            join_the_night(worker)
        assert nights == ["nightly"]
        clock.shift(ASK_EVERY)
        worker.begin_night()
        join_the_night(worker)
    assert nights == ["nightly"] * 2


def test_a_night_under_way_is_not_begun_a_second_time(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, begun = threading.Event(), threading.Semaphore(0)

    def night(clock: object) -> list[str]:
        begun.release()
        over.wait(10)
        return []

    monkeypatch.setattr(nightly, "work", night)
    worker = Worker()
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(3):
            worker.begin_night()
            clock.shift(ASK_EVERY)
    over.set()
    join_the_night(worker)

    assert begun.acquire(timeout=10)
    assert not begun.acquire(blocking=False)


def test_a_night_that_cannot_be_looked_at_ends_no_worker(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, db: None
) -> None:
    def night(clock: object) -> list[str]:
        raise OSError

    monkeypatch.setattr(nightly, "work", night)

    assert work.do_nightly_duties() == []
    assert "tried again" in caplog.text


def test_the_loop_begins_the_night(
    monkeypatch: pytest.MonkeyPatch, ticks: list[reminders.Memory], nights: list[str], db: None
) -> None:
    worker, left = Worker(), [False, True]
    monkeypatch.setattr(worker._over, "wait", lambda seconds: left.pop(0))

    worker.run()

    join_the_night(worker)
    assert nights == ["nightly"]
