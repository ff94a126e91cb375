"""Decisions about who does a step: claim, release, take over, assign, sign off."""

from collections.abc import Mapping

from runbook.domain import events as ev
from runbook.domain.access import may
from runbook.domain.decisions.steps import need_reason
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Pack
from runbook.domain.progress import doers, is_settled, standing_of
from runbook.domain.retries import import_step
from runbook.domain.state import RunState
from runbook.domain.steps import Step
from runbook.domain.teamwork import Assignment
from runbook.domain.transitions import check_allowed
from runbook.domain.vocabulary import Action, StepKind, StepState

#: What is always done on the import step, wherever the page shows it.
_ON_IMPORT = frozenset(
    {
        Action.START_ATTEMPT,
        Action.RECORD_ATTEMPT,
        Action.CHOOSE_DIAGNOSIS,
        Action.OVERRIDE_RETRY,
        Action.RECORD_REPAIR,
        Action.RECORD_REMOVAL,
    }
)


def step_of(action: Action, step: str, *, pack: Pack) -> str:
    """The step that an action works on: the named one, or the import; empty for the whole run."""
    return import_step(pack) if action in _ON_IMPORT else step


def check_free(state: RunState, *, step: str, actor: str) -> None:
    """Refuses to work on a step that somebody else holds, stale or not; taking over is one click."""
    claim = state.team.claims.get(step)
    if claim is None or claim.actor == actor:
        return
    raise TransitionRefused(
        f"Somebody else holds this step since {claim.since:%H:%M} UTC. "
        "Take it over, with a reason, before you record anything on it.",
        step=step,
    )


def claim_step(state: RunState, pack: Pack, *, step: str, actor: str) -> list[ev.Event]:
    """Says "I do this now". An own claim is renewed; somebody else's must be taken over."""
    check_allowed(state.stage, Action.CLAIM_STEP)
    found = _workable(state, pack, step)
    check_free(state, step=step, actor=actor)
    return [ev.ClaimTaken(step=step, stale_minutes=found.claim_minutes)]


def release_claim(state: RunState, *, step: str, actor: str) -> list[ev.Event]:
    """Frees an own claim."""
    check_allowed(state.stage, Action.RELEASE_CLAIM)
    claim = state.team.claims.get(step)
    if claim is None or claim.actor != actor:
        raise TransitionRefused("You do not hold this step.", step=step)
    return [ev.ClaimReleased(step=step)]


def take_over_claim(
    state: RunState, pack: Pack, *, step: str, actor: str, reason: str
) -> list[ev.Event]:
    """Takes a step from its holder. A claim never locks for ever, so a fresh one may be taken too."""
    check_allowed(state.stage, Action.TAKE_OVER_CLAIM)
    found = _workable(state, pack, step)
    claim = state.team.claims.get(step)
    if claim is None:
        raise TransitionRefused("Nobody holds this step; claim it.", step=step)
    if claim.actor == actor:
        raise TransitionRefused("You hold this step yourself.", step=step)
    return [
        ev.ClaimTakenOver(
            step=step,
            holder=claim.actor,
            reason=need_reason(reason, "Say why you take the step over."),
            stale_minutes=found.claim_minutes,
        )
    ]


def _workable(state: RunState, pack: Pack, step: str) -> Step:
    try:
        found = standing_of(state, pack, slug=step)
    except KeyError:
        raise TransitionRefused("This run has no such step.") from None
    if is_settled(found):
        raise TransitionRefused(f"This step is {found.state.value}; there is nothing to claim.")
    return found.step


def assign_steps(
    state: RunState, pack: Pack, *, wanted: Mapping[str, Assignment]
) -> list[ev.Event]:
    """One event for each step whose assignment changes; to members of the run only."""
    check_allowed(state.stage, Action.ASSIGN_STEPS)
    known = {step.slug for step in pack.runbook.steps if step.slug in state.steps}
    made: list[ev.Event] = []
    for step, assignment in wanted.items():
        if step not in known:
            raise TransitionRefused("This run has no such step.")
        if assignment.member and assignment.member not in state.members:
            raise TransitionRefused("Only a member of the run can be given a step.", step=step)
        if state.team.assigned.get(step, Assignment()) != assignment:
            made.append(ev.StepAssigned(step=step, member=assignment.member, role=assignment.role))
    return made


def sign_off_step(
    state: RunState, pack: Pack, *, step: str, actor: str, note: str = ""
) -> list[ev.Event]:
    """A second person stands by a completed step; who did it may not sign it."""
    check_allowed(state.stage, Action.SIGN_OFF_STEP)
    try:
        found = standing_of(state, pack, slug=step)
    except KeyError:
        raise TransitionRefused("This run has no such step.") from None
    if found.state is not StepState.AWAITING_SIGN_OFF:
        raise TransitionRefused("This step does not wait for a sign-off.", step=step)
    if actor in doers(state, found.step):
        raise TransitionRefused(
            "You worked on this step yourself, so somebody else must sign it off.", step=step
        )
    return [ev.StepSignedOff(step=step, note=note.strip())]


def may_sign(state: RunState, step: Step) -> frozenset[str]:
    """The members who could sign the step off."""
    able = {actor for actor, role in state.members.items() if may(role, Action.SIGN_OFF_STEP)}
    return frozenset(able - doers(state, step))


def released_with_success(state: RunState, pack: Pack) -> list[ev.Event]:
    """The import is nobody's any more once it succeeded."""
    step = next(each for each in pack.runbook.steps if each.kind is StepKind.IMPORT)
    return [ev.ClaimReleased(step=step.slug)] if step.slug in state.team.claims else []
