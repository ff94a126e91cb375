"""Several workers at once: each reminder is one event, each notice is sent once; real threads."""

import os
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from runbook.domain import events as ev
from runbook.domain.decisions import talk as decisions
from runbook.domain.reminders import upcoming
from runbook.domain.snapshot import load_state
from runbook.domain.vocabulary import Action, Role
from runbook.models import Delivery, Run, User
from runbook.models.timeline import Event
from runbook.services import outbox, outgoing, reminders, talk
from runbook.services.outgoing.message import SENT, Message, Sent
from tests.domain.wishes import wish
from tests.factories import act, add_member, carry_out, make_run
from tests.services.crowd import at_once
from tests.services.receivers import question

ROUNDS = int(os.environ.get("RACE_ROUNDS", "25"))
WORKERS, RUNS, QUESTIONS = 8, 3, 4


@pytest.fixture
def runs(committed_db: None, ana: User, ben: User, now: datetime) -> list[Run]:
    """Runs whose wait is over in half an hour."""
    made = []
    for number in range(RUNS):
        run = make_run(ana, now, title=f"Tower {number}")
        add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
        carry_out(run.pk, wish(Action.START_WAIT, step="cool-down"), act(ana, now=now))
        run.refresh_from_db()
        made.append(run)
    Delivery.objects.all().delete()
    return made


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Receiver and key of everything that left the house, in order."""
    seen: list[tuple[str, str]] = []
    lock = threading.Lock()

    def send(to: Any, message: Message, *, now: datetime) -> Sent:
        with lock:
            seen.append((str(to), message.key))
        return SENT

    monkeypatch.setattr(outgoing, "send", send)
    return seen


def workers(now: datetime) -> list[reminders.Done | Exception]:
    connection.close()  # PostgreSQL's pool has eight connections, one for each worker
    return at_once([partial(reminders.tick, now)] * WORKERS)


def reminders_of(runs: Sequence[Run]) -> list[int]:
    return [Event.objects.filter(run=run, type="reminder.raised").count() for run in runs]


def test_each_reminder_is_one_event_and_one_mail_for_each_person(
    runs: list[Run], now: datetime, taken: list[tuple[str, str]]
) -> None:
    due = now + timedelta(minutes=30)

    results = [*workers(due), *workers(due)]

    assert all(isinstance(result, reminders.Done) for result in results), results
    assert reminders_of(runs) == [1] * RUNS
    assert Counter(to for to, _ in taken) == {"ana@example.org": RUNS, "ben@example.org": RUNS}
    assert len(set(taken)) == len(taken)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_crowd_of_workers_sends_each_notice_once_and_in_order(
    runs: list[Run], ana: User, now: datetime, taken: list[tuple[str, str]]
) -> None:
    for number in range(QUESTIONS):
        for run in runs:
            question(run, ana, now=now, number=number + 1)
    for _ in range(QUESTIONS * RUNS):  # one head for each receiver and round
        results = workers(now)
        assert all(isinstance(result, reminders.Done) for result in results), results

    written = list(Delivery.objects.order_by("pk").values_list("key", flat=True))
    assert [key for _, key in taken] == written
    assert len(written) == QUESTIONS * RUNS


def test_without_the_conditional_claim_a_crowd_sends_twice(
    runs: list[Run],
    ana: User,
    now: datetime,
    taken: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: a worker that trusts what it read a moment ago."""

    def careless(head: Delivery, *, now: datetime) -> list[Delivery]:
        row = Delivery.objects.select_related("run", "user", "channel").get(pk=head.pk)
        return [row]

    monkeypatch.setattr(outbox, "claim", careless)
    for number in range(ROUNDS):
        question(runs[0], ana, now=now, number=number + 1)
        workers(now)
        if len(set(taken)) < len(taken):
            break

    assert len(set(taken)) < len(taken)


def test_without_the_key_a_reminder_is_raised_twice(
    runs: list[Run], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a reminder that does not look whether it was raised before."""
    due = now + timedelta(minutes=30)
    wait = next(each for each in upcoming(load_state(runs[0].state)) if each.at <= due)
    careless = [ev.ReminderRaised(key=wait.key, kind=wait.kind, due=wait.at, step=wait.step)]
    monkeypatch.setattr(decisions, "raise_reminder", lambda state, *, due, now: careless)
    monkeypatch.setattr("runbook.services.talk.upcoming", lambda state: [wait])

    at_once([partial(talk.raise_due, run_id=runs[0].pk, now=due)] * 2)

    assert reminders_of(runs[:1]) == [2]


def test_a_claim_is_won_by_one(runs: list[Run], ana: User, now: datetime) -> None:
    question(runs[0], ana, now=now)
    for _ in range(ROUNDS):
        [head] = outbox.heads(now=now, most=5)
        won = at_once([partial(outbox.claim, head, now=now)] * 4)
        assert sorted(len(rows) if isinstance(rows, list) else -1 for rows in won) == [0, 0, 0, 1]
        Delivery.objects.filter(~Q(state="sent")).update(state="waiting", lease_until=None, tries=0)
