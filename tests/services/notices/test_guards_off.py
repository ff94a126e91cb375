"""The controls: with one guard taken away, the harm that it prevents is seen."""

from datetime import datetime, time, timedelta

import pytest

from runbook.domain import events as ev
from runbook.models import Delivery, Run, User, Wishes
from runbook.services import letters, outbox, reminders
from tests.services.receivers import DOWN, Outside, question, tell_about


def test_without_the_look_at_the_members_somebody_who_left_is_told(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "_against_person", lambda row: "")
    question(run, ana, now=now)
    tell_about(run, ana, now=now, events=[ev.MemberRemoved(member=ben.actor_id)])
    reminders.tick(now)

    assert [to for to, _ in outside.taken] == [ben.email]


@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_rule_of_heads_a_second_worker_overtakes_the_first(
    run: Run,
    ana: User,
    now: datetime,
    outside: Outside,
    monkeypatch: pytest.MonkeyPatch,
    *,
    guarded: bool,
) -> None:
    def anything(*, now: datetime, most: int) -> list[Delivery]:
        due = Delivery.objects.filter(outbox.claimable(now)).select_related("channel")
        return list(due.order_by("pk")[:most])

    for number in range(2):
        question(run, ana, now=now, number=number + 1)
    [head] = outbox.heads(now=now, most=5)
    assert outbox.claim(head, now=now)  # the first worker has it in hand
    if not guarded:
        monkeypatch.setattr(outbox, "heads", anything)
    reminders.tick(now)

    assert len(outside.taken) == (0 if guarded else 1)


def test_without_quiet_hours_the_night_is_loud(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    Wishes.objects.create(user=ben, quiet_from=time(9), quiet_until=time(11))
    monkeypatch.setattr(outbox, "due_at", lambda quiet, *, now, window=None: now)
    monkeypatch.setattr(reminders, "after_quiet", lambda quiet, moment: moment)
    question(run, ana, now=now)
    reminders.tick(now)

    assert len(outside.taken) == 1


def test_without_a_rest_a_receiver_that_is_down_is_asked_for_every_notice(
    run: Run, ana: User, now: datetime, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.ends = [DOWN] * 3
    for number in range(3):
        question(run, ana, now=now, number=number + 1)
    monkeypatch.setattr(outbox, "PAUSES", (timedelta(0),) * 5)
    reminders.tick(now)

    assert len(outside.tried) == 6
