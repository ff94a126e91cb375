"""Who may do what on a run: one table, Role x Action."""

from collections.abc import Mapping

from runbook.domain.errors import ForbiddenAction
from runbook.domain.vocabulary import Action, Role

_READING = frozenset({Action.VIEW, Action.EXPORT, Action.LEAVE})
_COMMENTING = _READING | {Action.ADD_NOTE, Action.ASK_QUESTION, Action.SIGN_OFF_STEP}
_LEAD_ONLY = frozenset(
    {
        Action.OVERRIDE_RETRY,
        Action.CLOSE,
        Action.ABANDON,
        Action.MANAGE_MEMBERS,
        Action.ERASE_EVIDENCE,
    }
)
_VERIFYING = _COMMENTING | {
    Action.ADD_EVIDENCE,
    Action.RECORD_CHECKS,
    Action.COMPLETE_STEP,
    Action.READ_STATE,
    Action.CLAIM_STEP,
    Action.RELEASE_CLAIM,
    Action.TAKE_OVER_CLAIM,
    Action.ACCEPT_HANDOVER,
    Action.WITHDRAW_HANDOVER,
    Action.ANSWER_QUESTION,
}

ACCESS: Mapping[Role, frozenset[Action]] = {
    Role.LEAD: frozenset(Action),
    Role.OPERATOR: frozenset(Action) - _LEAD_ONLY,
    Role.VERIFIER: _VERIFYING,
    Role.REVIEWER: _COMMENTING,
    Role.OBSERVER: _READING,
}


def may(role: Role, action: Action) -> bool:
    """Whether the role includes the action."""
    return action in ACCESS[role]


def check_may(role: Role, action: Action) -> None:
    """Raises ForbiddenAction with a sentence naming the roles that may."""
    if may(role, action):
        return
    able = ", ".join(other.value for other in Role if may(other, action))
    raise ForbiddenAction(
        f"Your role on this run is {role.value}. To {action.value} takes: {able}."
    )
