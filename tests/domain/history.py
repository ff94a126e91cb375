"""A run in memory: its timeline, its state, and a clock that the test moves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.access import check_may
from runbook.domain.decisions import runs
from runbook.domain.decisions.claims import check_free, step_of
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Pack
from runbook.domain.state import RunState, evolve
from runbook.domain.vocabulary import (
    Action,
    CheckResult,
    InstalledState,
    Outcome,
    Role,
    RunStage,
)
from tests.domain.wishes import (
    BEFORE_RETRY,
    FACTS,
    GATEWAY,
    LENS,
    UPGRADE,
    Wish,
    answering,
    decide,
    failing,
    looking,
    small_pack,
    wish,
)

LEAD, OPERATOR, REVIEWER, STRANGER = "a" * 32, "b" * 32, "c" * 32, "d" * 32
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday


#: What settles who holds a step, and notes beside it, need no claim.
CLAIMING = frozenset(
    {
        Action.CLAIM_STEP,
        Action.RELEASE_CLAIM,
        Action.TAKE_OVER_CLAIM,
        Action.SIGN_OFF_STEP,
        Action.ADD_NOTE,
    }
)


class NotAMember(Exception):
    """Somebody without a role on the run asked for something."""


@dataclass(slots=True)
class History:
    """Everything that was recorded so far. `wishes` keeps what was granted, and where it led."""

    pack: Pack = field(default_factory=small_pack)
    now: datetime = NOON
    entries: list[ev.Recorded] = field(default_factory=list)
    state: RunState = field(default_factory=RunState)
    taken: list[tuple[RunStage, Action, RunStage]] = field(default_factory=list)

    def add(self, made: Sequence[ev.Event], *, actor: str, happened_at: datetime) -> None:
        last = self.state.changed_at
        for event in made:
            at, _ = chain.next_time(self.now, last)
            last = at
            entry = ev.Recorded(
                seq=len(self.entries) + 1,
                event=event,
                recorded_at=at,
                happened_at=happened_at,
                actor=actor,
            )
            self.entries.append(entry)
            self.state = evolve(self.state, entry)

    def ask(
        self, asked: Wish, *, actor: str = LEAD, happened_at: datetime | None = None
    ) -> list[ev.Event]:
        """Asks as the services do: role first, then the decision; refusals change nothing."""
        role = self.state.members.get(actor)
        if role is None:
            raise NotAMember
        check_may(role, asked.action)
        held = step_of(asked.action, str(asked.say.get("step", "")), pack=self.pack)
        if held and asked.action not in CLAIMING:
            check_free(self.state, step=held, actor=actor)
        when = happened_at or self.now
        made = decide(self.state, self.pack, asked, happened_at=when, now=self.now, actor=actor)
        before = self.state.stage
        self.add(made, actor=actor, happened_at=when)
        self.taken.append((before, asked.action, self.state.stage))
        return made

    def later(self, **step: float) -> "History":
        self.now += timedelta(**step)
        return self

    def __copy__(self) -> "History":
        return History(self.pack, self.now, [*self.entries], self.state, [*self.taken])


def started(answers: Mapping[str, str] = FACTS) -> History:
    """A run that has just begun, with a lead, an operator and a reviewer."""
    run = History()
    begun = runs.start_run(run.pack, title="Tower 7", time_zone="Europe/Berlin", answers=answers)
    run.add(begun, actor=LEAD, happened_at=run.now)
    members = [
        ev.MemberAdded(member=OPERATOR, role=Role.OPERATOR),
        ev.MemberAdded(member=REVIEWER, role=Role.REVIEWER),
    ]
    run.add(members, actor=LEAD, happened_at=run.now)
    return run


def together(run: History) -> History:
    """The run while others are at it: claims, an offer, a question, a step to be signed off."""
    passed = ev.CheckRecorded(step="wires", check="whole", result=CheckResult.PASSED)
    theirs: list[ev.Event] = [
        ev.ClaimTaken(step="tidy", stale_minutes=60),
        ev.HandoverOffered(to=LEAD, card=("State: so.",)),
        ev.QuestionAsked(number=1, about=1, text="Why?"),
        ev.DecisionRecorded(step="wiring", answers={"wired": "yes"}),
        passed,
        ev.StepCompleted(step="wires"),
    ]
    run.add(theirs, actor=OPERATOR, happened_at=run.now)
    mine = [ev.ClaimTaken(step="cool-down", stale_minutes=60)]
    run.add(mine, actor=LEAD, happened_at=run.now)
    return run


PREPARATION = (
    wish(Action.COMPLETE_STEP, step="facts"),
    wish(Action.RECORD_DECISION, step="wiring", answers={"wired": "no"}),
    wish(Action.COMPLETE_STEP, step="wiring"),
    answering("ready", "backup", "weather", "mood"),
    wish(Action.ADD_EVIDENCE, step="ready", slot="picture", text="A picture of the lamp."),
    wish(Action.COMPLETE_STEP, step="ready"),
)
START = wish(Action.START_ATTEMPT, plan=UPGRADE)
SUCCESS = wish(Action.RECORD_ATTEMPT, outcome=Outcome.SUCCEEDED)
PARTIAL = wish(Action.CLOSE, partial=True, reason="The keeper moves away.")

_FAILED = (*PREPARATION, START, failing(GATEWAY))

#: The shortest honest way to each stage.
WAYS: Mapping[RunStage, tuple[Wish, ...]] = {
    RunStage.PREPARING: PREPARATION,
    RunStage.IMPORTING: (*PREPARATION, START),
    RunStage.STATE_UNREAD: _FAILED,
    RunStage.OPERATION_RUNNING: (*_FAILED, looking(InstalledState.RUNNING)),
    RunStage.UPGRADE_PENDING: (*_FAILED, looking(InstalledState.PENDING)),
    RunStage.STOPPED: (*_FAILED, looking(InstalledState.BASE_GONE)),
    RunStage.REPAIR_NEEDED: (
        *PREPARATION,
        START,
        failing(LENS),
        looking(InstalledState.ROLLED_BACK),
    ),
    RunStage.RETRY_PLANNED: (*_FAILED, looking(InstalledState.ROLLED_BACK)),
    RunStage.VERIFYING: (*PREPARATION, START, SUCCESS),
    RunStage.PAUSED: (*PREPARATION, wish(Action.PAUSE, reason="Lunch.")),
    RunStage.CLOSED: (*PREPARATION, START, SUCCESS, PARTIAL),
    RunStage.ABANDONED: (*PREPARATION, wish(Action.ABANDON, reason="The tower fell.")),
}


def at(stage: RunStage) -> History:
    """A run that stands at a stage."""
    run = started()
    for asked in WAYS[stage]:
        run.ask(asked)
    assert run.state.stage is stage
    return run


def ready_to_retry(run: History) -> History:
    """Waits a day and answers the list before a retry."""
    run.later(days=1)
    run.ask(BEFORE_RETRY)
    return run


def refusal(call: Callable[[], object]) -> str:
    """The sentence with which a call is refused; fails if it is not."""
    try:
        call()
    except TransitionRefused as refused:
        return refused.sentence
    raise AssertionError("this was not refused")
