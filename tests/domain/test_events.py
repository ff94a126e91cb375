"""Every event can be written down and read back, and nothing else can pass for one."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.diagnosis.family import Reading
from runbook.domain.readiness import Base, Sighting, YesNo
from runbook.domain.snapshot import dump_state, load_state
from runbook.domain.state import RunState, evolve
from runbook.domain.vocabulary import RunStage
from tests.domain.history import NOON, at
from tests.domain.invariants import numbers_have_no_gap, replay_gives_the_state

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
SMALL = st.integers(min_value=0, max_value=2**40)
KNOWN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: SMALL,
    bool: st.booleans(),
    datetime: MOMENTS,
    type(None): st.none(),
    Reading: st.just(Reading(is_import_error=False, codes=("80072031",))),
    Sighting: st.builds(
        Sighting,
        base=st.sampled_from(Base),
        holding=st.sampled_from(YesNo),
        running=st.sampled_from(YesNo),
    ),
}


def strategy_for(hint: Any) -> st.SearchStrategy[Any]:
    """Values for a type, as events use them."""
    if hint in KNOWN:
        return KNOWN[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if get_origin(hint) is UnionType:
        return st.one_of(*(strategy_for(part) for part in get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(strategy_for(get_args(hint)[0]), max_size=3).map(tuple)
    return st.dictionaries(TEXT, TEXT, max_size=3)


def instances(cls: type[ev.Event]) -> st.SearchStrategy[ev.Event]:
    hints = {name: hint for name, hint in get_type_hints(cls).items() if name != "type"}
    return st.builds(cls, **{name: strategy_for(hint) for name, hint in hints.items()})


EVENTS = st.one_of(*(instances(cls) for cls in ev.EVENT_CLASSES.values()))


@given(event=EVENTS)
def test_an_event_survives_being_written_down(event: ev.Event) -> None:
    written = chain.canonical(ev.to_payload(event))

    assert ev.from_payload(event.type, json.loads(written)) == event


@pytest.mark.parametrize("name", ev.EVENT_CLASSES)
def test_each_event_is_named_in_the_past_tense_of_its_noun(name: str) -> None:
    noun, _, verb = name.partition(".")

    assert noun.isalpha()
    assert verb.replace("_", "").isalpha()
    assert len(name) <= 48  # the column that keeps it


@given(event=EVENTS)
def test_every_event_moves_every_run_somewhere(event: ev.Event) -> None:
    """The state knows what to make of any event, even one that no decision would make here."""
    for stage in (RunStage.PREPARING, RunStage.IMPORTING, RunStage.CLOSED):
        run = at(stage)
        entry = ev.Recorded(
            seq=run.state.seq + 1, event=event, recorded_at=NOON, happened_at=NOON, actor="x"
        )
        after = evolve(run.state, entry)

        assert after.seq == run.state.seq + 1
        assert load_state(dump_state(after)) == after


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown event type run\.vanished"):
        ev.from_payload("run.vanished", {})


@pytest.mark.parametrize(
    "data", [{}, {"step": 5}, {"step": None}, {"step": ["a"]}], ids=lambda data: str(data)
)
def test_a_value_that_does_not_fit_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ev.from_payload("step.completed", data)


def test_an_empty_snapshot_is_a_run_that_has_not_begun() -> None:
    assert load_state("") == RunState()


@pytest.mark.parametrize("stage", RunStage)
def test_the_replay_of_each_stage_is_that_stage(stage: RunStage) -> None:
    assert list(replay_gives_the_state(at(stage))) == []
    assert list(numbers_have_no_gap(at(stage))) == []
