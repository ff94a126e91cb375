"""The pure engine and the database say the same after every step (SM-02, TL-11)."""

import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from runbook import queries
from runbook.domain.errors import DomainError, TransitionRefused
from runbook.domain.snapshot import dump_state, load_state
from runbook.domain.state import RunState
from runbook.domain.teamwork import Assignment
from runbook.domain.transitions import TRANSITIONS
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Run, User
from runbook.services import projection
from tests.domain.catalogue import ALL, GOOD, SENSIBLE
from tests.domain.history import LEAD, OPERATOR, PREPARATION, REVIEWER, START, History
from tests.domain.history import started as started_in_memory
from tests.domain.invariants import faults
from tests.domain.wishes import BEFORE_RETRY, Wish
from tests.factories import act, add_member, carry_out, make_run

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
WALKS = int(os.environ.get("REPLAY_RUNS", "60"))


def comparable(state: RunState, names: dict[str, str]) -> RunState:
    """The state with the engine's names for people, without what is random or of another clock."""
    attempts = tuple(replace(each, error_digest="") for each in state.attempts)
    text = dump_state(replace(state, attempts=attempts))
    for actor, name in names.items():
        text = text.replace(actor, name)
    return load_state(text)


def named(asked: Wish, people: dict[str, User]) -> Wish:
    """The wish with the people of the database in place of those of the engine."""

    def real(value: object) -> object:
        if isinstance(value, str) and value in people:
            return people[value].actor_id
        if isinstance(value, dict):
            return {name: real(part) for name, part in value.items()}
        if isinstance(value, Assignment) and value.member in people:
            return replace(value, member=people[value.member].actor_id)
        return value

    return Wish(action=asked.action, say={name: real(part) for name, part in asked.say.items()})


def _words(deed: Callable[[], object]) -> str:
    """The sentence of a refusal; empty when the wish is granted."""
    try:
        deed()
    except DomainError as refused:
        return f"{type(refused).__name__}: {refused}"
    return ""


class Twins:
    """A run in memory and the same run in the database, asked the same things."""

    def __init__(self, people: dict[str, User]) -> None:
        self.model = started_in_memory()
        self.people = people
        now = self.model.now
        self.row = make_run(people[LEAD], now)
        for actor, role in ((OPERATOR, Role.OPERATOR), (REVIEWER, Role.REVIEWER)):
            add_member(self.row, people[LEAD], user=people[actor], role=role, now=now)

    def ask(self, asked: Wish, *, actor: str = LEAD, said: timedelta = timedelta()) -> None:
        """The same wish to both; both grant it, or both refuse it with the same words."""
        when = self.model.now + said
        who = act(self.people[actor], self.row, now=self.model.now, happened_at=when)
        version = self.row.version
        before = len(self.model.entries)
        refused = _words(lambda: self.model.ask(asked, actor=actor, happened_at=when))
        assert _words(lambda: carry_out(self.row, named(asked, self.people), who)) == refused
        self.row.refresh_from_db()
        assert self.row.version == version + len(self.model.entries) - before

    def assert_the_same(self) -> None:
        names = {user.actor_id: actor for actor, user in self.people.items()}
        assert projection.differences(self.row) == []
        stored = load_state(self.row.state)
        assert comparable(stored, names) == comparable(self.model.state, {})


class Keepers(RuleBasedStateMachine):
    """Sensible and useless wishes to both twins."""

    people: dict[str, User]

    @initialize(prepared=st.booleans())
    def begin(self, *, prepared: bool) -> None:
        self.twins = Twins(self.people)
        for asked in PREPARATION if prepared else ():
            self.twins.ask(asked)

    @property
    def run(self) -> History:
        return self.twins.model

    @rule(
        asked=st.sampled_from(ALL),
        actor=st.sampled_from((LEAD, LEAD, OPERATOR, REVIEWER)),
        minutes=st.sampled_from((0, 0, -3, -300, 60)),
    )
    def anything(self, asked: Wish, actor: str, minutes: int) -> None:
        self.twins.ask(asked, actor=actor, said=timedelta(minutes=minutes))

    @precondition(lambda self: not self.run.state.is_frozen)
    @rule(data=st.data())
    def something_that_the_stage_allows(self, data: st.DataObject) -> None:
        allowed = set(TRANSITIONS[self.run.state.stage]) - {Action.ABANDON, Action.CLOSE}
        fitting = [each for each in SENSIBLE if each.action in allowed]
        self.twins.ask(data.draw(st.sampled_from(fitting)))
        event(self.run.state.stage.value)

    @precondition(lambda self: self.run.state.stage is RunStage.RETRY_PLANNED)
    @rule()
    def try_again_tomorrow(self) -> None:
        self.run.later(days=1)
        self.twins.ask(BEFORE_RETRY)
        self.twins.ask(START)

    @rule(minutes=st.integers(min_value=0, max_value=1500))
    def time_passes(self, minutes: int) -> None:
        self.run.later(minutes=minutes)

    @invariant()
    def both_say_the_same(self) -> None:
        self.twins.assert_the_same()

    def teardown(self) -> None:
        if hasattr(self, "twins"):
            assert queries.verify_run(self.twins.row)[0] == self.twins.row.version


@pytest.fixture
def people(ana: User, ben: User, cleo: User) -> dict[str, User]:
    return {LEAD: ana, OPERATOR: ben, REVIEWER: cleo}


def test_database_and_engine_agree_step_by_step(people: dict[str, User]) -> None:
    Keepers.people = people
    quick = settings(max_examples=12, stateful_step_count=20)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Keepers, settings=settings(max_examples=300, stateful_step_count=30) if THOROUGH else quick
    )


def walk(user: User, now: datetime, *, seed: int) -> Run:
    chance = random.Random(seed)  # noqa: S311 - a walk, not a secret
    run = make_run(user, now)
    for asked in PREPARATION[: chance.randrange(len(PREPARATION) * 2)]:
        carry_out(run, asked, act(user, now=now))
    for _ in range(15):
        now += timedelta(minutes=chance.choice((1, 20, 1500)))
        run.refresh_from_db()
        allowed = set(TRANSITIONS[RunStage(run.stage)]) - {Action.ABANDON}
        fitting = [each for each in SENSIBLE if each.action in allowed]
        try:
            carry_out(run, chance.choice(fitting), act(user, now=now))
        except TransitionRefused:
            continue
    run.refresh_from_db()
    return run


def test_the_tables_of_many_runs_equal_the_replay_of_their_events(ana: User, now: datetime) -> None:
    stages = set()
    for seed in range(WALKS):
        run = walk(ana, now, seed=seed)
        assert projection.differences(run) == [], f"seed {seed}"
        assert queries.verify_run(run) == (run.version, run.head), f"seed {seed}"
        stages.add(run.stage)
    assert len(stages) > 5


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("title", "Tower 8"),
        ("stage", "closed"),
        ("retry_due_at", datetime.fromisoformat("2026-01-01T00:00:00+00:00")),
        ("state", "{}"),
        ("version", 3),
    ],
)
def test_a_table_that_drifted_is_noticed_and_rebuilt(
    ana: User, now: datetime, column: str, value: object
) -> None:
    run = walk(ana, now, seed=1)
    Run.objects.filter(pk=run.pk).update(**{column: value})
    run.refresh_from_db()
    assert f"run.{column}" in projection.differences(run)

    if column != "version":
        projection.rebuild(run)
        run.refresh_from_db()
        assert projection.differences(run) == []


def test_members_and_attempts_that_drifted_are_noticed_and_rebuilt(
    ana: User, now: datetime
) -> None:
    run = walk(ana, now, seed=2)
    run.members.update(role="observer")
    run.attempts.create(number=99, started_at=now)
    assert projection.differences(run) == ["members", "attempts"]

    projection.rebuild(run)
    assert projection.differences(run) == []


def test_a_service_that_forgets_the_projection_is_noticed(
    ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(ana, now)

    def forgetful(row: Run, state: RunState, *, before: int) -> None:
        Run.objects.filter(pk=row.pk).update(version=row.version, head=row.head)

    monkeypatch.setattr(projection, "save", forgetful)
    carry_out(run, GOOD[Action.PAUSE], act(ana, now=now))
    run.refresh_from_db()

    assert projection.differences(run) == ["run.stage", "run.next_due_at", "run.state"]


def test_the_model_itself_keeps_its_promises(people: dict[str, User]) -> None:
    twins = Twins(people)
    for asked in PREPARATION:
        twins.ask(asked)

    assert faults(twins.model) == []
