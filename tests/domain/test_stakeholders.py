"""The quiet status page tells the phase and the promise, in words that no run can change."""

from dataclasses import replace

import pytest

from runbook.domain import events as ev
from runbook.domain.stakeholders import WHERE, changes, quiet, where
from runbook.domain.vocabulary import RunStage
from tests.domain.history import LEAD, WAYS, at, started

CANARY = "c4na7y"
PROMISE = "Done by noon, so we hope."


@pytest.mark.parametrize("stage", RunStage)
def test_each_stage_has_a_sentence_that_holds_nothing_of_the_engine(stage: RunStage) -> None:
    assert WHERE[stage].endswith(".")
    assert "state unread" not in WHERE[stage]


@pytest.mark.parametrize("stage", WAYS)
def test_phase_and_end(stage: RunStage) -> None:
    run = at(stage)

    seen = quiet(run.state, run.pack)

    assert seen.is_over is (stage in {RunStage.CLOSED, RunStage.ABANDONED})
    assert bool(seen.phase) is not seen.is_over
    assert [mark.title for mark in seen.phases] == [p.title for p in run.pack.runbook.phases]
    assert [m.title for m in seen.phases if m.mark == "now"] == [seen.phase][: not seen.is_over]


def test_a_partial_end_is_told() -> None:
    assert "left open" in where(at(RunStage.CLOSED).state)


def test_what_people_typed_stays_out_but_for_the_promise() -> None:
    run = at(RunStage.RETRY_PLANNED)
    attempts = tuple(replace(each, reason=CANARY, file_name=CANARY) for each in run.state.attempts)
    run.state = replace(
        run.state, title=CANARY, ticket=CANARY, attempts=attempts, end_reason=CANARY
    )
    promised = ev.UpdatePromised(promise=PROMISE, next_update=run.now)
    run.add([promised], actor=LEAD, happened_at=run.now)

    seen = quiet(run.state, run.pack)

    assert CANARY not in repr(seen)
    assert (seen.promise, seen.next_update) == (PROMISE, run.now)


def test_changes_are_told_newest_first_and_only_when_the_words_change() -> None:
    run = at(RunStage.RETRY_PLANNED)
    run.add([ev.NoteAdded(text=CANARY)], actor=LEAD, happened_at=run.now)
    run.add([ev.UpdatePromised(promise=PROMISE)], actor=LEAD, happened_at=run.now)

    found = changes(run.entries)

    assert [change.words for change in found] == [
        PROMISE,
        WHERE[RunStage.RETRY_PLANNED],
        WHERE[RunStage.STATE_UNREAD],
        WHERE[RunStage.IMPORTING],
        WHERE[RunStage.PREPARING],
    ]
    assert [change.told for change in found] == [True, False, False, False, False]


def test_an_ended_run_promises_nothing() -> None:
    run = started()
    run.add(
        [ev.UpdatePromised(promise=PROMISE, next_update=run.now)], actor=LEAD, happened_at=run.now
    )
    run.add([ev.RunAbandoned(reason=CANARY)], actor=LEAD, happened_at=run.now)

    assert quiet(run.state, run.pack).next_update is None
