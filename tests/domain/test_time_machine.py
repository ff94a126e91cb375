"""A run as it stood at any moment equals what people saw at that moment, on every way."""

import pytest

from runbook.domain.snapshot import dump_state, load_state
from runbook.domain.state import RunState, evolve, replay
from runbook.domain.vocabulary import RunStage
from tests.domain.history import WAYS, at, together


@pytest.mark.parametrize("stage", WAYS)
def test_the_replay_up_to_each_event_is_the_state_that_stood_then(stage: RunStage) -> None:
    run = at(stage)
    live, seen = RunState(), list[RunState]()
    for entry in run.entries:
        live = evolve(load_state(dump_state(live)), entry)  # as the product goes on from its row
        seen.append(live)

    for count, stood in enumerate(seen, start=1):
        assert dump_state(replay(run.entries[:count])) == dump_state(stood)
    assert dump_state(replay(run.entries)) == dump_state(run.state)


def test_claims_questions_and_offers_come_back_as_well() -> None:
    run = together(at(RunStage.PREPARING))

    stood = [replay(run.entries[:count]) for count in range(1, len(run.entries) + 1)]

    assert stood[-1] == run.state
    assert stood[-1].team.claims.keys() == {"tidy", "cool-down"}
    assert stood[-2].team.claims.keys() == {"tidy"}
    assert len({dump_state(state) for state in stood}) == len(stood)
