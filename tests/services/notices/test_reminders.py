"""The tick: each reminder once, at its moment, whatever the clocks on walls do (OB-06)."""

import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.reminders import IDLE_AFTER
from runbook.domain.vocabulary import Action, ReminderKind
from runbook.models import Delivery, Run, User
from runbook.services import outgoing, projection, reminders, talk
from runbook.services.outgoing.message import SENT, Sent
from runbook.services.timeline import Written
from tests.domain.wishes import wish
from tests.factories import act, carry_out, make_run
from tests.services.receivers import Outside, question

SECOND = timedelta(seconds=1)
BERLIN = ZoneInfo("Europe/Berlin")


def raised(run: Run) -> list[ReminderKind]:
    return [
        entry.event.kind
        for entry in queries.all_entries(run)
        if isinstance(entry.event, ev.ReminderRaised)
    ]


def promising(run: Run, user: User, due: datetime, *, now: datetime) -> None:
    """A reminder at exactly that moment."""
    talk.promise_update(run_id=run.pk, act=act(user, now=now), promise="More.", next_update=due)


def test_a_wait_that_is_over_is_told_once_and_not_before(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    carry_out(run.pk, wish(Action.START_WAIT, step="cool-down"), act(ana, now=now))
    due = now + timedelta(minutes=30)

    assert reminders.tick(due - SECOND) == reminders.Done()
    for _ in range(3):
        reminders.tick(due)
    reminders.tick(due + timedelta(hours=1))

    assert raised(run) == [ReminderKind.WAIT_OVER]
    assert sorted(to for to, _ in outside.taken) == [ana.email, ben.email]
    assert set(outside.titles) == {"Tower 7: The wait is over: “Let the lamp cool down”."}
    assert queries.verify_run(Run.objects.get(pk=run.pk))
    assert projection.differences(Run.objects.get(pk=run.pk)) == []


def test_what_was_missed_while_the_product_was_down_is_told_once_after_the_start(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    promising(run, ana, now + timedelta(hours=2), now=now)
    back = now + timedelta(days=3)
    for _ in range(2):
        reminders.tick(back)

    assert sorted(raised(run)) == [ReminderKind.IDLE, ReminderKind.UPDATE_DUE]
    assert len(outside.taken) == 2


GAP = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)  # 02:00 in Berlin turns into 03:00
OVERLAP = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # 03:00 in Berlin turns into 02:00


@pytest.mark.parametrize("change", [GAP, OVERLAP], ids=["gap", "overlap"])
@pytest.mark.parametrize("minutes", [-60, -30, -1, 0, 1, 30, 60])
def test_a_reminder_near_a_change_of_the_clocks_comes_once_and_in_time(
    ana: User, outside: Outside, change: datetime, minutes: int
) -> None:
    User.objects.filter(pk=ana.pk).update(time_zone="Europe/Berlin")
    start, due = change - timedelta(hours=4), change + timedelta(minutes=minutes)
    run = make_run(ana, start)
    promising(run, ana, due, now=start)
    seen = []
    for minute in range(0, 8 * 60):
        moment = start + timedelta(minutes=minute)
        if reminders.tick(moment).sent:
            seen.append(moment)

    assert raised(run) == [ReminderKind.UPDATE_DUE]
    assert len(seen) == len(outside.taken) == 1
    assert timedelta(0) <= seen[0] - due <= timedelta(minutes=1)
    assert f"{due.astimezone(BERLIN):%H:%M %Z}" in outside.taken[0][1].body


def test_the_moment_of_a_reminder_does_not_move_with_the_persons_zone(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    promising(run, ana, now + timedelta(hours=1), now=now)
    User.objects.filter(pk=ana.pk).update(time_zone="Pacific/Auckland")

    assert reminders.tick(now + timedelta(hours=1) - SECOND) == reminders.Done()
    reminders.tick(now + timedelta(hours=1))
    assert "23:30 NZDT" in outside.taken[0][1].body


def statements(ask: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as caught:
        ask()
    return [each["sql"] for each in caught.captured_queries]


def test_while_nothing_is_due_a_tick_is_one_statement_that_writes_nothing(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    question(run, ana, now=now)
    memory = reminders.Memory()
    reminders.tick(now, memory=memory)

    found = statements(lambda: reminders.tick(now + SECOND, memory=memory))

    assert len(found) == 1
    assert found[0].lstrip("(").startswith("SELECT")


def test_the_statement_reads_indexes(run: Run, now: datetime) -> None:
    [sql] = statements(lambda: reminders.anything_due(now))
    if connection.vendor != "sqlite":
        return  # on empty tables PostgreSQL rightly reads the table
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = [row[3] for row in cursor.fetchall()]
    reads = [line for line in plan if line.startswith(("SCAN", "SEARCH"))]
    assert reads, plan
    assert all("INDEX run_next_due" in line or "INDEX delivery_due" in line for line in reads), plan


def test_a_run_that_cannot_be_reminded_does_not_stop_the_others(
    run: Run,
    ana: User,
    now: datetime,
    outside: Outside,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = make_run(ana, now - timedelta(hours=1))
    tried: list[uuid.UUID] = []
    real = talk.raise_due

    def raise_due(*, run_id: uuid.UUID, now: datetime) -> Written:
        tried.append(run_id)
        if run_id == other.pk:
            raise RuntimeError
        return real(run_id=run_id, now=now)

    monkeypatch.setattr(talk, "raise_due", raise_due)
    memory, due = reminders.Memory(), now + IDLE_AFTER
    with caplog.at_level(logging.CRITICAL):
        for second in range(0, 300, 2):
            reminders.tick(due + second * SECOND, memory=memory)

    assert raised(run) == [ReminderKind.IDLE]
    assert raised(other) == []
    assert tried.count(other.pk) == 4  # at 0, 30, 90 and 210 seconds
    monkeypatch.undo()
    reminders.tick(due + timedelta(hours=2), memory=memory)
    assert raised(other) == [ReminderKind.IDLE]


def test_a_row_that_is_due_without_a_reason_is_left_alone_for_a_while(
    run: Run, now: datetime, outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    Run.objects.filter(pk=run.pk).update(next_due_at=now)
    memory = reminders.Memory()
    for second in range(0, 30, 2):
        reminders.tick(now + second * SECOND, memory=memory)

    assert raised(run) == []
    assert sum("rebuild it" in record.message for record in caplog.records) == 1


def test_a_worker_stops_between_two_messages(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    for number in range(5):
        question(run, ana, now=now, number=number + 1)
    over: list[Any] = []

    def is_over() -> bool:
        over.append(None)
        return len(outside.taken) >= 2

    reminders.tick(now, is_over=is_over)

    assert len(outside.taken) == 2
    assert Delivery.objects.filter(state="sending").count() == 0


def test_no_transaction_is_open_while_a_message_is_on_its_way(
    committed_db: None, run: Run, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def send(to: object, message: object, *, now: datetime) -> Sent:
        seen.append(connection.in_atomic_block)
        return SENT

    monkeypatch.setattr(outgoing, "send", send)
    question(run, ana, now=now)
    reminders.tick(now)

    assert seen == [False]
