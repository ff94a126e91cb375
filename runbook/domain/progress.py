"""Where each step stands, what it still misses and what comes next; pure over state and pack."""

from dataclasses import dataclass
from datetime import datetime

from runbook.domain.access import may
from runbook.domain.conditions import holds
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Pack
from runbook.domain.state import RunState, check_key
from runbook.domain.steps import Step
from runbook.domain.vocabulary import (
    PASSING,
    Action,
    InstalledState,
    RunStage,
    Severity,
    StepKind,
    StepState,
)

_SETTLED = frozenset(
    {StepState.DONE, StepState.SKIPPED, StepState.NOT_APPLICABLE, StepState.BEFORE_RECORD}
)
_IMPORT_STATES = {
    RunStage.IMPORTING: StepState.IN_PROGRESS,
    RunStage.STATE_UNREAD: StepState.UNKNOWN,
    RunStage.OPERATION_RUNNING: StepState.WAITING,
    RunStage.UPGRADE_PENDING: StepState.FAILED,
    RunStage.STOPPED: StepState.FAILED,
    RunStage.REPAIR_NEEDED: StepState.FAILED,
    RunStage.RETRY_PLANNED: StepState.WAITING,
    RunStage.VERIFYING: StepState.DONE,
    RunStage.CLOSED: StepState.DONE,
    RunStage.ABANDONED: StepState.SKIPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One step of a run as it stands now; `refusal` says why a blocked step is blocked."""

    step: Step
    phase: str
    state: StepState
    refusal: str = ""
    refusal_step: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person can work on the step now."""
        return self.state in {StepState.READY, StepState.IN_PROGRESS, StepState.WAITING}


def standings(state: RunState, pack: Pack) -> tuple[Standing, ...]:
    """All steps of the run in their order, each with its state."""
    resolved: set[str] = set()
    result: list[Standing] = []
    imported = True
    for phase in pack.runbook.phases:
        for step in phase.steps:
            if step.slug not in state.steps:
                continue
            found = _standing(state, step, phase=phase.title, imported=imported, done=resolved)
            result.append(found)
            if found.state in _SETTLED:
                resolved.add(step.slug)
            if step.kind is StepKind.IMPORT:
                imported = _stage(state) is RunStage.VERIFYING or _stage(state) is RunStage.CLOSED
    return tuple(result)


def standing_of(state: RunState, pack: Pack, *, slug: str) -> Standing:
    """One step as it stands; KeyError if the run has no such step."""
    for found in standings(state, pack):
        if found.step.slug == slug:
            return found
    raise KeyError(slug)


def is_settled(standing: Standing) -> bool:
    """Whether nothing is left to do on the step."""
    return standing.state in _SETTLED


def next_step(found: tuple[Standing, ...]) -> Standing | None:
    """The step to act on now: the import while it is under way or in trouble, else the first open."""
    urgent = {StepState.IN_PROGRESS, StepState.WAITING, StepState.FAILED, StepState.UNKNOWN}
    for standing in found:
        if standing.step.kind is StepKind.IMPORT and standing.state in urgent:
            return standing
    acting = {StepState.FAILED, StepState.UNKNOWN, StepState.AWAITING_SIGN_OFF}
    for standing in found:
        if standing.is_open or standing.state in acting:
            return standing
    return None


def _stage(state: RunState) -> RunStage:
    return (state.paused_from or state.stage) if state.stage is RunStage.PAUSED else state.stage


def _standing(
    state: RunState, step: Step, *, phase: str, imported: bool, done: set[str]
) -> Standing:
    mark = state.marks.get(step.slug)
    if step.kind is StepKind.CLOSE and state.stage is RunStage.CLOSED:
        return Standing(step=step, phase=phase, state=StepState.DONE)
    if mark and mark.state is not StepState.READY:
        waits = mark.state is StepState.DONE and needs_sign_off(state, step)
        found = StepState.AWAITING_SIGN_OFF if waits else mark.state
        return Standing(step=step, phase=phase, state=found)
    closed = _not_asked(state, step, phase=phase, done=frozenset(done))
    if closed:
        return closed
    if step.kind is StepKind.IMPORT and _stage(state) in _IMPORT_STATES:
        return Standing(step=step, phase=phase, state=_IMPORT_STATES[_stage(state)])
    if not imported:
        return _blocked(step, phase, "Opens when the new version is installed.")
    for gate in step.gate:
        if not holds(gate.needs, state.answers, resolved=frozenset(done)):
            return _blocked(step, phase, gate.refusal, gate.step)
    return Standing(step=step, phase=phase, state=_open_state(state, step))


def _not_asked(state: RunState, step: Step, *, phase: str, done: frozenset[str]) -> Standing | None:
    """The step as one that does not apply, or whose turn an earlier answer decides."""
    if step.condition is None:
        return None
    applies = holds(step.condition, state.answers, resolved=done)
    if applies is None:
        return _blocked(step, phase, "An earlier answer decides whether this step applies.")
    if applies:
        return None
    return Standing(step=step, phase=phase, state=StepState.NOT_APPLICABLE)


def doers(state: RunState, step: Step) -> frozenset[str]:
    """Who worked on the step: completed it, or answered one of its checks."""
    mark = state.marks.get(step.slug)
    answered = (state.checks.get(check_key(step.slug, check.slug)) for check in step.checks)
    found = {each.actor for each in answered if each is not None}
    return frozenset(found | ({mark.actor} if mark else set()))


def needs_sign_off(state: RunState, step: Step) -> bool:
    """Whether a completed step waits for a second person.

    A run on which nobody else could sign does not wait for ever; its report says so.
    """
    if not step.sign_off or step.slug in state.team.signed:
        return False
    others = set(state.members) - doers(state, step)
    return any(may(state.members[actor], Action.SIGN_OFF_STEP) for actor in others)


def _blocked(step: Step, phase: str, refusal: str, where: str = "") -> Standing:
    return Standing(
        step=step, phase=phase, state=StepState.BLOCKED, refusal=refusal, refusal_step=where
    )


def _open_state(state: RunState, step: Step) -> StepState:
    if step.slug in state.waits:
        return StepState.WAITING
    touched = any(check_key(step.slug, check.slug) in state.checks for check in step.checks)
    touched |= any(question.slug in state.answers for question in step.questions)
    touched |= any(check_key(step.slug, slot.slug) in state.slots for slot in step.slots)
    return StepState.IN_PROGRESS if touched else StepState.READY


def open_step(state: RunState, pack: Pack, *, slug: str) -> Step:
    """The step, if a person may work on it now; TransitionRefused with the reason otherwise."""
    try:
        found = standing_of(state, pack, slug=slug)
    except KeyError:
        raise TransitionRefused("This run has no such step.") from None
    if found.is_open:
        return found.step
    if found.state is StepState.BLOCKED:
        raise TransitionRefused(found.refusal, step=found.refusal_step or None)
    if found.state is StepState.NOT_APPLICABLE:
        raise TransitionRefused("This step does not apply to the answers given.")
    if found.step.kind is StepKind.IMPORT:
        return found.step
    raise TransitionRefused(f"This step is {found.state.value}. Reopen it first.", step=slug)


def missing(state: RunState, step: Step, *, now: datetime) -> tuple[str, ...]:
    """What keeps the step from being completed, one label each; empty when nothing does."""
    gaps = [
        question.label
        for question in step.questions
        if question.required and not state.answers.get(question.slug)
    ]
    gaps += [check.text for check in step.checks if not _met(state, step, check.slug)]
    gaps += [
        slot.label
        for slot in step.slots
        if slot.required and not state.slots.get(check_key(step.slug, slot.slug))
    ]
    if step.kind is StepKind.STATE and not _state_is_known(state):
        gaps.append("The installed state, read and clear")
    wait = state.waits.get(step.slug)
    if step.kind is StepKind.WAIT and (wait is None or wait.due > now):
        gaps.append("The end of the wait")
    return tuple(gaps)


def _met(state: RunState, step: Step, slug: str) -> bool:
    mark = state.checks.get(check_key(step.slug, slug))
    severity = next(check.severity for check in step.checks if check.slug == slug)
    if severity is Severity.INFO:
        return True
    if mark is None:
        return False
    return severity is Severity.WARN or mark.result in PASSING


def _state_is_known(state: RunState) -> bool:
    seen = state.last_reading
    return seen is not None and seen.state in {InstalledState.ROLLED_BACK, InstalledState.DONE}
