"""Two people, or one person twice, at the same moment (SM-03, SM-04); real commits and threads."""

import os
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from functools import partial

import pytest
from django.db import transaction

from runbook import queries
from runbook.domain.errors import StaleView
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Installation, Run, User
from runbook.services import projection, timeline
from runbook.services.timeline import Written
from tests.domain.catalogue import GOOD
from tests.domain.wishes import Wish, wish
from tests.factories import act, add_member, carry_out, make_run, make_run_at
from tests.services.crowd import at_once

ROUNDS = int(os.environ.get("RACE_ROUNDS", "25"))
CROWD = 4
PAUSE, RESUME = GOOD[Action.PAUSE], GOOD[Action.RESUME]


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.PREPARING, ana, now)


def deeds(
    run: Run, asked: Wish, now: datetime, *, people: list[User], keys: list[uuid.UUID]
) -> list[Callable[[], Written]]:
    """The same wish by several people on the same view of the run."""
    run.refresh_from_db()
    return [
        partial(carry_out, run.pk, asked, act(user, now=now, expected=run.version, key=key))
        for user, key in zip(people, keys, strict=True)
    ]


def is_sound(run: Run) -> bool:
    run.refresh_from_db()
    count, _ = queries.verify_run(run)
    return count == run.version and projection.differences(run) == []


def test_a_double_click_counts_once_and_looks_like_success_each_time(
    run: Run, ana: User, now: datetime
) -> None:
    start = run.version
    for round_ in range(ROUNDS):
        key = uuid.uuid4()
        asked = RESUME if round_ % 2 else PAUSE

        results = at_once(deeds(run, asked, now, people=[ana] * CROWD, keys=[key] * CROWD))

        assert [type(result) for result in results] == [Written] * CROWD, results
        replayed = [result.replayed for result in results if isinstance(result, Written)]
        assert sorted(replayed) == [False, True, True, True]
        assert {r.version for r in results if isinstance(r, Written)} == {start + round_ + 1}
    assert is_sound(run)
    assert run.version == start + ROUNDS


def test_of_several_people_on_the_same_page_one_wins_and_the_others_are_told(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    for round_ in range(ROUNDS):
        seen = run.version
        asked = RESUME if round_ % 2 else PAUSE
        keys = [uuid.uuid4() for _ in range(CROWD)]

        results = at_once(deeds(run, asked, now, people=[ana, ben, ana, ben], keys=keys))

        winners = [result for result in results if isinstance(result, Written)]
        losers = [result for result in results if isinstance(result, StaleView)]
        assert (len(winners), len(losers)) == (1, CROWD - 1), results
        assert {(lost.expected, lost.current) for lost in losers} == {(seen, seen + 1)}
        assert [entry.seq for entry in queries.events_since(run, seen)] == [seen + 1]
        run.refresh_from_db()
    assert is_sound(run)


def test_notes_of_several_people_all_find_their_place(run: Run, ana: User, now: datetime) -> None:
    start = run.version
    notes = [wish(Action.ADD_NOTE, text=f"Note {number}.") for number in range(CROWD)]

    results = at_once([partial(carry_out, run.pk, note, act(ana, now=now)) for note in notes])

    assert sorted(r.version for r in results if isinstance(r, Written)) == [
        start + number + 1 for number in range(CROWD)
    ]
    assert is_sound(run)


def test_first_runs_that_start_together_belong_to_one_installation(
    committed_db: None, ana: User, now: datetime
) -> None:
    results = at_once([lambda: make_run(ana, now, pack="dataverse")] * CROWD)

    assert all(isinstance(result, Run) for result in results), results
    assert Installation.objects.count() == 1
    assert all(is_sound(run) for run in Run.objects.all())


def test_without_lock_and_version_a_crowd_does_harm(
    run: Run, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: reading without a lock, and writing whatever the version is by now."""

    def unlocked(run_id: uuid.UUID) -> Run:
        return Run.objects.get(pk=run_id)

    harmed = 0
    with monkeypatch.context() as without:
        without.setattr(timeline, "locked", unlocked)
        without.setattr(transaction, "atomic", lambda *_, **__: nullcontext())
        for round_ in range(ROUNDS):
            asked, keys = (RESUME if round_ % 2 else PAUSE), [uuid.uuid4()] * CROWD
            results = at_once(deeds(run, asked, now, people=[ana] * CROWD, keys=keys))
            harmed += any(not isinstance(result, Written) for result in results)

    assert harmed > 0
