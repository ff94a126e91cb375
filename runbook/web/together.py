"""What the run page shows of people working together: claims, offers, questions, signatures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.access import may
from runbook.domain.decisions.claims import may_sign
from runbook.domain.progress import Standing, is_settled
from runbook.domain.state import RunState
from runbook.domain.teamwork import Assignment
from runbook.domain.vocabulary import Action, Role, StepState
from runbook.models import User
from runbook.queries import OpenRun


def context(run: OpenRun, current: Standing, *, now: datetime, viewer: User) -> dict[str, Any]:
    """The part of the run page's context that tells who does what."""
    state, step = run.state, current.step
    claim = state.team.claims.get(step.slug)
    signing = current.state is StepState.AWAITING_SIGN_OFF
    return {
        "claim": claim,
        "claim_is_mine": claim is not None and claim.actor == viewer.actor_id,
        "claim_is_stale": claim is not None and claim.stale_at <= now,
        "claimable": not is_settled(current) and current.state is not StepState.BLOCKED,
        "assigned": state.team.assigned.get(step.slug),
        "alone": len(state.members) == 1,
        "signing": signing,
        "may_sign": signing and viewer.actor_id in may_sign(state, step),
        "signature": state.team.signed.get(step.slug),
        "questions": state.team.questions,
        "offer": state.team.handover,
        "card": _card(run, viewer),
        "viewer": viewer.actor_id,
    }


def _card(run: OpenRun, viewer: User) -> ev.HandoverOffered | None:
    """The hand-over card, for the two people whose names stand on it."""
    offer = run.state.team.handover
    if offer is None or viewer.actor_id not in {offer.to, offer.giver}:
        return None
    entry = queries.entry_at(run.row, offer.seq)
    found = entry.event if entry else None
    return found if isinstance(found, ev.HandoverOffered) else None


def named(state: RunState) -> set[str]:
    """Everybody whom the page may have to name."""
    team = state.team
    found = {claim.actor for claim in team.claims.values()}
    found |= {question.asker for question in team.questions}
    found |= {signature.actor for signature in team.signed.values()}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something on a run that waits for one person; `step` is where, empty for the whole run."""

    text: str
    step: str = ""


def tasks_of(run: OpenRun, found: tuple[Standing, ...], *, actor: str) -> tuple[Task, ...]:
    """What on the run waits for this person and nobody else; empty after its end."""
    state = run.state
    if state.is_frozen:
        return ()
    tasks: list[Task] = []
    if state.team.handover and state.team.handover.to == actor:
        tasks.append(Task(text="Accept or decline the handover"))
    if state.team.questions and may(run.role, Action.ANSWER_QUESTION):
        count = len(state.team.questions)
        tasks.append(Task(text=f"Answer {count} question{'s' if count > 1 else ''}"))
    tasks += [task for standing in found for task in _of_step(run, standing, actor=actor)]
    return tuple(tasks)


def _of_step(run: OpenRun, standing: Standing, *, actor: str) -> list[Task]:
    step, team = standing.step, run.state.team
    if standing.state is StepState.AWAITING_SIGN_OFF and actor in may_sign(run.state, step):
        return [Task(text=f"Sign off: {step.title}", step=step.slug)]
    claim = team.claims.get(step.slug)
    if claim is not None and claim.actor == actor:
        return [Task(text=f"You hold: {step.title}", step=step.slug)]
    meant = is_for(actor, run.role, assigned=team.assigned.get(step.slug))
    if meant and claim is None and standing.is_open:
        return [Task(text=f"Meant for you: {step.title}", step=step.slug)]
    return []


def is_for(actor: str, role: Role, *, assigned: Assignment | None) -> bool:
    """Whether a step is meant for this person, by name or by role."""
    return assigned is not None and (
        assigned.member == actor if assigned.member else assigned.role is role
    )
