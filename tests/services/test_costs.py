"""What one act costs does not depend on how long the run is."""

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.snapshot import load_state
from runbook.domain.vocabulary import Action, RunStage
from runbook.models import Run, User
from runbook.services import timeline
from tests.domain.wishes import GATEWAY, failing, wish
from tests.factories import act, carry_out, make_run, make_run_at

NOTE = wish(Action.ADD_NOTE, text="It rains.")


def lengthened(run: Run, user: User, *, to: int, now: datetime) -> Run:
    """The run with notes up to a number of events."""
    notes = [ev.NoteAdded(text=f"Note {number}.") for number in range(run.version, to)]
    if notes:
        timeline.record(run.pk, Action.ADD_NOTE, act=act(user, now=now), decide=lambda *_: notes)
    run.refresh_from_db()
    return run


def statements(deed: Any) -> list[str]:
    seen: list[str] = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        deed()
    return seen


def costs(user: User, now: datetime, deed: Any) -> list[int]:
    """Statements of the same deed on runs of three lengths."""
    runs = [lengthened(make_run(user, now), user, to=length, now=now) for length in (1, 50, 500)]
    assert [run.version for run in runs] == [2, 50, 500]
    return [len(statements(lambda run=run: deed(run))) for run in runs]


def test_a_note_costs_the_same_on_a_long_run(ana: User, now: datetime) -> None:
    def note(run: Run) -> None:
        carry_out(run.pk, NOTE, timeline.Act(actor=ana.actor_id, now=now, key=uuid.uuid4()))

    found = costs(ana, now, note)

    assert len(set(found)) == 1, found
    assert found[0] <= 10


def test_a_page_of_the_timeline_costs_the_same_on_a_long_run(ana: User, now: datetime) -> None:
    found = costs(ana, now, queries.timeline_page)

    assert len(set(found)) == 1, found
    assert found[0] <= 2


def test_a_list_of_runs_costs_the_same_for_many(ana: User, now: datetime) -> None:
    make_run(ana, now)
    one = len(statements(lambda: queries.runs_of(ana)))
    for _ in range(2):
        make_run(ana, now)

    assert len(statements(lambda: queries.runs_of(ana))) == one == 2


def test_several_events_of_one_act_are_written_together(ana: User, now: datetime) -> None:
    first, second = (make_run_at(RunStage.IMPORTING, ana, now) for _ in range(2))
    plain = statements(lambda: carry_out(first, NOTE, act(ana, now=now)))
    failure = statements(lambda: carry_out(second, failing(GATEWAY), act(ana, now=now)))

    # The text, and the attempt's row with its look-up, lock and savepoint; not one per event.
    assert len(failure) - len(plain) <= 7
    assert sum("INSERT INTO" in sql and "runbook_event" in sql for sql in failure) == 1


def test_an_act_that_read_the_whole_timeline_would_be_noticed(
    ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: one look at each event makes the cost grow."""

    def careless(text: str) -> Any:
        state = load_state(text)
        for seq in range(state.seq):
            Run.objects.filter(version=seq).exists()
        return state

    monkeypatch.setattr(timeline, "load_state", careless)

    def note(run: Run) -> None:
        carry_out(run.pk, NOTE, timeline.Act(actor=ana.actor_id, now=now))

    assert len(set(costs(ana, now, note))) == 3
