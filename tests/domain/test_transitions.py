"""The transition table: a sentence for every refusal, no arrow without a way, no way without an arrow."""

from collections.abc import Iterator
from copy import copy

import pytest

from runbook.domain.errors import DomainError
from runbook.domain.transitions import REFUSALS, TRANSITIONS, allows, check_allowed
from runbook.domain.vocabulary import Action, InstalledState, RunStage
from tests.domain.catalogue import GOOD, SENSIBLE
from tests.domain.history import (
    PARTIAL,
    PREPARATION,
    START,
    SUCCESS,
    WAYS,
    History,
    at,
    ready_to_retry,
    refusal,
    started,
    together,
)
from tests.domain.wishes import GATEWAY, GOVERNED, LENS, Wish, failing, looking, wish

PAIRS = [(stage, action) for stage in RunStage for action in sorted(GOVERNED)]
FORBIDDEN = [(stage, action) for stage, action in PAIRS if action not in TRANSITIONS[stage]]


def test_every_stage_stands_in_the_table_and_has_a_sentence() -> None:
    assert set(TRANSITIONS) == set(RunStage) == set(REFUSALS) == set(WAYS)
    for sentence in REFUSALS.values():
        assert sentence.endswith(".")
        assert len(sentence) > 20


def test_the_table_speaks_only_of_what_a_decision_stands_behind() -> None:
    assert {action for moves in TRANSITIONS.values() for action in moves} == GOVERNED
    assert set(GOOD) == GOVERNED


def test_an_end_is_an_end() -> None:
    for stage in (RunStage.CLOSED, RunStage.ABANDONED):
        assert TRANSITIONS[stage] == {Action.ADD_NOTE: frozenset({stage})}


@pytest.mark.parametrize(("stage", "action"), FORBIDDEN)
def test_what_the_table_does_not_allow_is_refused_by_its_decision(
    stage: RunStage, action: Action
) -> None:
    """SM-06: with wishes that are granted elsewhere, so that only the stage can be the reason."""
    run = at(stage)
    before = run.state

    assert not allows(stage, action)
    assert refusal(lambda: run.ask(GOOD[action])) == REFUSALS[stage]
    assert run.state is before


def test_without_the_table_the_decisions_would_grant_what_it_forbids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runbook.domain.decisions.runs.check_allowed", lambda *_: None)

    assert at(RunStage.CLOSED).ask(wish(Action.PAUSE, reason="Lunch."))


def bases() -> Iterator[History]:
    """Runs at every stage, reached in different ways."""
    yield started()
    for stage in RunStage:
        run = at(stage)
        yield run
        yield together(copy(run))
        if stage in {RunStage.RETRY_PLANNED, RunStage.UPGRADE_PENDING}:
            yield ready_to_retry(copy(run))
        if stage not in {RunStage.PAUSED, RunStage.CLOSED, RunStage.ABANDONED}:
            waiting = copy(run)
            waiting.ask(GOOD[Action.START_WAIT])
            yield waiting.later(minutes=31)
        if Action.PAUSE in TRANSITIONS[stage]:
            resting = copy(run)
            resting.ask(GOOD[Action.PAUSE])
            yield resting
    for way in ((), (START, failing(GATEWAY)), (START, failing(LENS)), (START, SUCCESS)):
        for state in InstalledState:
            run = started()
            for asked in (*PREPARATION, *way, looking(state)):
                run.ask(asked)
            yield run


def triples() -> set[tuple[RunStage, Action, RunStage]]:
    """Every (stage, action, next stage) that the engine takes from these runs."""
    taken = set()
    for base in bases():
        for asked in SENSIBLE:
            run = copy(base)
            try:
                run.ask(asked)
            except DomainError:
                continue
            taken.add(run.taken[-1])
    return {triple for triple in taken if triple[1] in GOVERNED}


def test_the_engine_takes_every_arrow_of_the_table_and_no_other() -> None:
    drawn = {
        (stage, action, target)
        for stage, moves in TRANSITIONS.items()
        for action, targets in moves.items()
        for target in targets
    }

    assert triples() == drawn


def test_an_arrow_that_nobody_can_take_would_be_noticed() -> None:
    stage, action, target = RunStage.REPAIR_NEEDED, Action.READ_STATE, RunStage.RETRY_PLANNED

    assert (stage, action, target) not in triples()
    assert target not in TRANSITIONS[stage][action]


@pytest.mark.parametrize(
    ("stage", "asked", "sentence"),
    [
        (RunStage.IMPORTING, START, "An attempt is open. Record how it ended first."),
        (RunStage.PAUSED, START, "The run is paused. Resume it first."),
        (
            RunStage.STATE_UNREAD,
            START,
            "Read the installed state first; nothing may start while it is unknown.",
        ),
        (
            RunStage.CLOSED,
            PARTIAL,
            "The run is closed and frozen. A note can still be added.",
        ),
    ],
)
def test_a_refusal_says_what_to_do_instead(stage: RunStage, asked: Wish, sentence: str) -> None:
    assert refusal(lambda: at(stage).ask(asked)) == sentence


def test_the_check_passes_what_the_table_allows() -> None:
    for stage, moves in TRANSITIONS.items():
        for action in moves:
            check_allowed(stage, action)
