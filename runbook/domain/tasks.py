"""What waits for one person on a run: pure, computed from the state each time it is asked."""

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.domain.access import may
from runbook.domain.decisions.claims import may_sign
from runbook.domain.pack import Pack
from runbook.domain.progress import is_settled, standings
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, Role, RunStage, StepState

_RESTING = frozenset({RunStage.PAUSED, RunStage.CLOSED, RunStage.ABANDONED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do; `step` is where, empty for the whole run."""

    text: str
    step: str = ""


def tasks_for(actor: str, role: Role, *, state: RunState, pack: Pack) -> list[Task]:
    """The most urgent first; none while the run rests or after its end."""
    if state.stage in _RESTING:
        return []
    return [*_asked(actor, role, state), *_steps(actor, role, state, pack)]


def _asked(actor: str, role: Role, state: RunState) -> Iterator[Task]:
    offer = state.team.handover
    if offer is not None and offer.to == actor:
        yield Task(text="Take the run over, or decline.")
    if may(role, Action.ANSWER_QUESTION):
        for question in state.team.questions:
            if question.asker != actor:
                yield Task(text=f"Answer question {question.number}.")


def _steps(actor: str, role: Role, state: RunState, pack: Pack) -> Iterator[Task]:
    for standing in standings(state, pack):
        step = standing.step
        if standing.state is StepState.AWAITING_SIGN_OFF:
            if actor in may_sign(state, step):
                yield Task(text=f"Look at “{step.title}” as a second person.", step=step.slug)
            continue
        if is_settled(standing):
            continue
        claim, meant = state.team.claims.get(step.slug), state.team.assigned.get(step.slug)
        if claim is not None:
            if claim.actor == actor:
                yield Task(text=f"You hold “{step.title}”.", step=step.slug)
        elif meant is not None and (meant.member == actor or meant.role is role):
            yield Task(text=f"“{step.title}” is meant for you.", step=step.slug)
