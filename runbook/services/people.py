"""Use cases of a run's members and of the hand-over between shifts."""

import uuid

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.decisions import people as decisions
from runbook.domain.errors import TransitionRefused
from runbook.domain.handover import card_of
from runbook.domain.pack import Pack
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, Role
from runbook.models import Run, User
from runbook.services import timeline
from runbook.services.timeline import Act, Written


def give_role(*, run_id: uuid.UUID, act: Act, member: str, role: Role) -> Written:
    """Adds a member, or changes a member's role; only an account that may sign in can be added."""

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        if not User.objects.filter(actor_id=member, is_active=True).exists():
            raise TransitionRefused("There is no such account any more.")
        return decisions.give_role(state, member=member, role=role)

    return timeline.record(run_id, Action.MANAGE_MEMBERS, act=act, decide=decide)


def remove_member(*, run_id: uuid.UUID, act: Act, member: str, reason: str = "") -> Written:
    """Takes every right on the run away from a member."""
    return timeline.record(
        run_id,
        Action.MANAGE_MEMBERS,
        act=act,
        decide=lambda run, state, pack: decisions.remove_member(
            state, member=member, reason=reason
        ),
    )


def leave(*, run_id: uuid.UUID, act: Act) -> Written:
    """Gives the own rights on the run back."""
    return timeline.record(
        run_id,
        Action.LEAVE,
        act=act,
        decide=lambda run, state, pack: decisions.remove_member(
            state, member=act.actor, reason="Left the run."
        ),
    )


def offer_handover(*, run_id: uuid.UUID, act: Act, to: str, doubts: str = "") -> Written:
    """Offers the run to a successor; the card is written as the run stands at this moment."""

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        card = card_of(state, pack, people=queries.people(state.members), now=act.now)
        return decisions.offer_handover(state, giver=act.actor, to=to, card=card, doubts=doubts)

    return timeline.record(run_id, Action.OFFER_HANDOVER, act=act, decide=decide)


def accept_handover(*, run_id: uuid.UUID, act: Act) -> Written:
    """Takes the run over."""
    return timeline.record(
        run_id,
        Action.ACCEPT_HANDOVER,
        act=act,
        decide=lambda run, state, pack: decisions.accept_handover(state, actor=act.actor),
    )


def withdraw_handover(*, run_id: uuid.UUID, act: Act, reason: str) -> Written:
    """Takes an offer back, or declines it."""
    return timeline.record(
        run_id,
        Action.WITHDRAW_HANDOVER,
        act=act,
        decide=lambda run, state, pack: decisions.withdraw_handover(
            state, actor=act.actor, reason=reason
        ),
    )
