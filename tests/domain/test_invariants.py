"""The ten promises of the engine hold whatever people ask, in any order, at any time (SM-01)."""

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from runbook.domain import events as ev
from runbook.domain.access import may
from runbook.domain.errors import DomainError
from runbook.domain.transitions import TRANSITIONS
from runbook.domain.vocabulary import Action, RunStage
from tests.domain.catalogue import ALL, GOOD, OTHER, SENSIBLE, WRONG
from tests.domain.history import (
    LEAD,
    NOON,
    OPERATOR,
    PREPARATION,
    REVIEWER,
    START,
    STRANGER,
    History,
    NotAMember,
    at,
    started,
    together,
)
from tests.domain.invariants import faults
from tests.domain.wishes import BEFORE_RETRY, Wish

AMONG_PEOPLE = {*list(Action)[list(Action).index(Action.CLAIM_STEP) :]}
PEOPLE = st.sampled_from((LEAD, LEAD, OPERATOR, REVIEWER, STRANGER))
#: When people say that it happened: now, a little ahead, long ago, or in the future.
SAID = st.sampled_from((0, 0, 0, 4, -3, -90, -3000, 60)).map(lambda each: timedelta(minutes=each))
PAUSES = st.integers(min_value=0, max_value=40_000).map(lambda each: timedelta(seconds=each))


class Keepers(RuleBasedStateMachine):
    """People at a lighthouse who ask for sensible, useless and forbidden things."""

    def __init__(self) -> None:
        super().__init__()
        self.run = started()

    def ask(self, asked: Wish, *, actor: str = LEAD, said: timedelta = timedelta()) -> None:
        before, length = self.run.state, len(self.run.entries)
        try:
            self.run.ask(asked, actor=actor, happened_at=self.run.now + said)
        except (DomainError, NotAMember) as refused:
            assert self.run.state is before
            assert len(self.run.entries) == length
            note(f"refused: {asked}: {refused}")
        else:
            assert asked not in WRONG
            assert may(before.members[actor], asked.action)
            taken = self.run.taken[-1]
            event(f"{taken[0].value} / {taken[1].value} / {taken[2].value}")

    @initialize(prepared=st.booleans())
    def begin(self, *, prepared: bool) -> None:
        for asked in PREPARATION if prepared else ():
            self.ask(asked)

    @rule(asked=st.sampled_from(ALL), actor=PEOPLE, said=SAID)
    def anything(self, asked: Wish, actor: str, said: timedelta) -> None:
        self.ask(asked, actor=actor, said=said)

    @precondition(lambda self: not self.run.state.is_frozen)
    @rule(data=st.data())
    def something_that_the_stage_allows(self, data: st.DataObject) -> None:
        allowed = TRANSITIONS[self.run.state.stage]
        ending = {Action.ABANDON, Action.CLOSE}
        fitting = [w for w in SENSIBLE if w.action in allowed and w.action not in ending]
        self.ask(data.draw(st.sampled_from(fitting)))

    @precondition(lambda self: self.run.state.stage is RunStage.RETRY_PLANNED)
    @rule(wait=PAUSES)
    def wait_and_try_again(self, wait: timedelta) -> None:
        self.ask(BEFORE_RETRY)
        self.run.now += wait
        self.ask(START)

    @rule(wait=PAUSES)
    def time_passes(self, wait: timedelta) -> None:
        self.run.now += wait

    @rule()
    def the_clock_is_set_back(self) -> None:
        self.run.now = max(NOON, self.run.now - timedelta(hours=1))

    @invariant()
    def all_promises_hold(self) -> None:
        assert faults(self.run) == []


TestKeepers = Keepers.TestCase


def random_walk(seed: int, *, steps: int = 60) -> History:
    """Mostly sensible people, so that the walk comes far; it ends when the run ends."""
    chance = random.Random(seed)  # noqa: S311 - a walk, not a secret
    run = started()
    for asked in PREPARATION:
        run.ask(asked)
    for _ in range(steps):
        run.now += timedelta(minutes=chance.choice((1, 1, 5, 20, 700)))
        allowed = set(TRANSITIONS[run.state.stage]) - {Action.ABANDON}
        if len(run.entries) < steps // 2:
            allowed -= {Action.CLOSE}
        if chance.random() < 0.8:  # people mostly work, and talk now and then
            allowed -= AMONG_PEOPLE
        if chance.random() < 0.1:  # somebody who has not looked where the run stands
            allowed = set(GOOD) - {Action.ABANDON, Action.CLOSE}
        asked = chance.choice([each for each in SENSIBLE if each.action in allowed])
        if Action.START_ATTEMPT in allowed and chance.random() < 0.3:
            asked = START
        with suppress(DomainError):
            run.ask(asked)
    return run


def test_long_walks_keep_the_promises_too() -> None:
    for seed in range(10):
        assert faults(random_walk(seed, steps=200)) == [], f"seed {seed}"


def planted(run: History, *made: ev.Event, hours: float = 0) -> History:
    """The history with events that no decision would have made."""
    run.later(hours=hours)
    run.add(made, actor=LEAD, happened_at=run.now)
    return run


def _early() -> History:
    run = at(RunStage.RETRY_PLANNED)
    run.ask(BEFORE_RETRY)
    return planted(run, _attempt(2))


def _attempt(number: int) -> ev.AttemptStarted:
    plan = START.say["plan"]
    return ev.AttemptStarted(number=number, method=plan.method, option=plan.option)


def _gap() -> History:
    run = at(RunStage.VERIFYING)
    del run.entries[4]
    return run


def _edited() -> History:
    run = at(RunStage.VERIFYING)
    run.state = at(RunStage.STATE_UNREAD).state
    return run


def _whole() -> History:
    return planted(at(RunStage.VERIFYING), ev.RunClosed(partial=False))


def _untabled() -> History:
    run = at(RunStage.VERIFYING)
    run.taken.append((RunStage.CLOSED, Action.RESUME, RunStage.VERIFYING))
    return run


def _base_removed() -> History:
    removed = ev.RemovalRecorded(solution="Lamp", version="4.9", backup_reference="b")
    return planted(at(RunStage.UPGRADE_PENDING), removed)


def _unread() -> History:
    run = at(RunStage.STATE_UNREAD)
    run.ask(BEFORE_RETRY)
    return planted(run, _attempt(2))


BROKEN = {
    "replay_gives_the_state": _edited,
    "numbers_have_no_gap": _gap,
    "one_attempt_at_a_time: attempt 2 starts before": _early,
    "one_attempt_at_a_time: attempt 2 starts while": lambda: planted(
        at(RunStage.IMPORTING), _attempt(2)
    ),
    "nothing_starts_unread": _unread,
    "list_before_each_retry": lambda: planted(at(RunStage.RETRY_PLANNED), _attempt(2), hours=24),
    "base_is_never_removed": _base_removed,
    "reasons_are_given": lambda: planted(
        at(RunStage.PREPARING), ev.StepSkipped(step="tidy", reason=" ")
    ),
    "definition_stays": lambda: planted(at(RunStage.PREPARING), ev.StepCompleted(step="cellar")),
    "closing_is_honest": _whole,
    "nothing_after_the_end": lambda: planted(at(RunStage.CLOSED), ev.RunResumed()),
    "moves_are_in_the_table": _untabled,
    "claims_are_respected": lambda: planted(
        together(at(RunStage.PREPARING)), ev.StepSkipped(step="tidy", reason="Tidy.")
    ),
    "a_second_person_signs": lambda: planted(
        at(RunStage.PREPARING), ev.StepSignedOff(step="ready")
    ),
    "a_lead_remains": lambda: planted(at(RunStage.PREPARING), ev.MemberRemoved(member=LEAD)),
}


@pytest.mark.parametrize("promise", BROKEN)
def test_a_broken_promise_is_noticed(promise: str) -> None:
    try:
        found = faults(BROKEN[promise]())
    except Exception as problem:
        found = [f"numbers_have_no_gap: {problem}"]

    assert any(fault.startswith(promise) for fault in found), found


def _mutated_walks(monkeypatch: pytest.MonkeyPatch, target: str, instead: Any) -> list[str]:
    monkeypatch.setattr(target, instead)
    return [fault for seed in range(25) for fault in faults(random_walk(seed, steps=150))]


@pytest.mark.parametrize(
    ("guard", "instead", "promise"),
    [
        ("attempts.blockers", lambda *_, **__: (), "list_before_each_retry"),
        ("attempts._check_option", lambda *_: None, "nothing_starts_unread"),
        ("attempts.check_allowed", lambda *_: None, "moves_are_in_the_table"),
        ("runs.unmet_criteria", lambda *_, **__: (), "closing_is_honest"),
    ],
)
def test_walks_over_an_engine_without_a_guard_break_a_promise(
    monkeypatch: pytest.MonkeyPatch, guard: str, instead: Any, promise: str
) -> None:
    found = _mutated_walks(monkeypatch, f"runbook.domain.decisions.{guard}", instead)

    assert any(fault.startswith(promise) for fault in found)


def test_without_both_guards_of_the_wait_an_attempt_starts_before_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server's clock and the told time each have a guard; either alone keeps the promise."""
    decisions = "runbook.domain.decisions.attempts"
    monkeypatch.setattr(f"{decisions}._check_told_start", lambda *_: None)
    found = _mutated_walks(monkeypatch, f"{decisions}.blockers", lambda *_, **__: ())

    assert any(fault.startswith("one_attempt_at_a_time") for fault in found)


def test_the_walks_over_the_real_engine_break_none() -> None:
    assert [fault for seed in range(25) for fault in faults(random_walk(seed, steps=150))] == []


def test_the_machine_knows_a_wish_for_every_action() -> None:
    assert {asked.action for asked in (*GOOD.values(), *OTHER)} >= set(GOOD)
