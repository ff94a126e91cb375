"""Use cases of who does a step: claim, release, take over, assign, sign off."""

import uuid
from collections.abc import Mapping

from runbook.domain.decisions import claims as decisions
from runbook.domain.teamwork import Assignment
from runbook.domain.vocabulary import Action
from runbook.services import timeline
from runbook.services.timeline import Act, Written


def claim_step(*, run_id: uuid.UUID, act: Act, step: str) -> Written:
    """Says that the actor does this step now."""
    return timeline.record(
        run_id,
        Action.CLAIM_STEP,
        act=act,
        decide=lambda run, state, pack: decisions.claim_step(
            state, pack, step=step, actor=act.actor
        ),
    )


def release_claim(*, run_id: uuid.UUID, act: Act, step: str) -> Written:
    """Frees an own claim."""
    return timeline.record(
        run_id,
        Action.RELEASE_CLAIM,
        act=act,
        decide=lambda run, state, pack: decisions.release_claim(state, step=step, actor=act.actor),
    )


def take_over_claim(*, run_id: uuid.UUID, act: Act, step: str, reason: str) -> Written:
    """Takes a step from its holder, with a reason."""
    return timeline.record(
        run_id,
        Action.TAKE_OVER_CLAIM,
        act=act,
        decide=lambda run, state, pack: decisions.take_over_claim(
            state, pack, step=step, actor=act.actor, reason=reason
        ),
    )


def assign_steps(*, run_id: uuid.UUID, act: Act, wanted: Mapping[str, Assignment]) -> Written:
    """Says for whom steps are meant."""
    return timeline.record(
        run_id,
        Action.ASSIGN_STEPS,
        act=act,
        decide=lambda run, state, pack: decisions.assign_steps(state, pack, wanted=wanted),
    )


def sign_off_step(*, run_id: uuid.UUID, act: Act, step: str, note: str = "") -> Written:
    """A second person stands by a completed step."""
    return timeline.record(
        run_id,
        Action.SIGN_OFF_STEP,
        act=act,
        decide=lambda run, state, pack: decisions.sign_off_step(
            state, pack, step=step, actor=act.actor, note=note
        ),
    )
