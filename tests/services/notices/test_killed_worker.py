"""A worker is killed between the commit and the end of sending: at least once, under the same key."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Q

from runbook.models import Delivery, Run, User
from runbook.services import outbox, reminders
from tests.services.receivers import Outside, question

ROOT = Path(__file__).resolve().parents[3]
SECOND = timedelta(seconds=1)


@pytest.fixture
def waiting(committed_db: None, run: Run, ana: User, now: datetime) -> Run:
    question(run, ana, now=now)
    question(run, ana, now=now, number=2)
    return run


def kill_a_worker(now: datetime, *, at: str) -> str:
    """Starts a worker, kills it where it stands, and gives what it had said."""
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    place = {name: str(connection.settings_dict[name]) for name in names}
    order = json.dumps({"place": place, "now": now.isoformat(), "at": at})
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.services.notices.outbox_worker", order],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    with program:
        said = program.stdout.readline().strip()
        program.kill()
    return said


@pytest.mark.parametrize(("at", "word"), [("before", "claimed"), ("after", "sent")])
def test_what_a_killed_worker_had_in_hand_is_sent_after_the_lease(
    waiting: Run, now: datetime, outside: Outside, at: str, word: str
) -> None:
    said = kill_a_worker(now, at=at)

    first, second = Delivery.objects.order_by("pk")
    assert said == f"{word} {first.key}"
    assert (first.state, second.state) == ("sending", "waiting")
    assert first.lease_until == now + outbox.LEASE
    # Nobody takes it from a worker that may still be at it, nor overtakes it.
    assert reminders.tick(now + outbox.LEASE - SECOND) == reminders.Done()
    reminders.tick(now + outbox.LEASE)
    assert outside.keys == [first.key, second.key]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_without_a_lease_it_would_be_lost(
    waiting: Run, now: datetime, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a worker that looks at waiting rows only."""
    kill_a_worker(now, at="before")
    monkeypatch.setattr(outbox, "claimable", lambda now: Q(state="waiting", due_at__lte=now))
    reminders.tick(now + timedelta(days=1, seconds=-1))

    assert outside.keys == []


def test_a_worker_that_comes_back_late_changes_nothing(
    waiting: Run, now: datetime, outside: Outside
) -> None:
    [head] = outbox.heads(now=now, most=1)
    slow = outbox.claim(head, now=now)
    reminders.tick(now + outbox.LEASE)
    outbox.failed(slow, reason="too late", may_retry=True, now=now + outbox.LEASE)
    outbox.drop(slow, reason="too late")

    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_notice_over_which_workers_die_is_given_up(
    waiting: Run, now: datetime, outside: Outside
) -> None:
    moment = now
    for _ in range(len(outbox.PAUSES) + 1):
        [head] = outbox.heads(now=moment, most=1)
        assert outbox.claim(head, now=moment)
        moment += outbox.LEASE
    reminders.tick(moment)

    first, second = Delivery.objects.order_by("pk")
    assert (first.state, second.state) == ("failed", "sent")
    assert "stopped each time" in first.error
