"""Who may do what: the whole table once more, written out by hand."""

import pytest

from runbook.domain.access import ACCESS, check_may, may
from runbook.domain.errors import ForbiddenAction
from runbook.domain.vocabulary import Action, Role

L, O, V, R, B = Role.LEAD, Role.OPERATOR, Role.VERIFIER, Role.REVIEWER, Role.OBSERVER  # noqa: E741

WHO: dict[Action, set[Role]] = {
    Action.VIEW: {L, O, V, R, B},
    Action.EXPORT: {L, O, V, R, B},
    Action.ADD_NOTE: {L, O, V, R},
    Action.ADD_EVIDENCE: {L, O, V},
    Action.RECORD_FACTS: {L, O},
    Action.RECORD_CHECKS: {L, O, V},
    Action.RECORD_DECISION: {L, O},
    Action.COMPLETE_STEP: {L, O, V},
    Action.SKIP_STEP: {L, O},
    Action.REOPEN_STEP: {L, O},
    Action.START_WAIT: {L, O},
    Action.END_WAIT: {L, O},
    Action.START_ATTEMPT: {L, O},
    Action.RECORD_ATTEMPT: {L, O},
    Action.CHOOSE_DIAGNOSIS: {L, O},
    Action.READ_STATE: {L, O, V},
    Action.OVERRIDE_RETRY: {L},
    Action.RECORD_REPAIR: {L, O},
    Action.RECORD_REMOVAL: {L, O},
    Action.SEND_ESCALATION: {L, O},
    Action.PAUSE: {L, O},
    Action.RESUME: {L, O},
    Action.CLOSE: {L},
    Action.ABANDON: {L},
    Action.CLAIM_STEP: {L, O, V},
    Action.RELEASE_CLAIM: {L, O, V},
    Action.TAKE_OVER_CLAIM: {L, O, V},
    Action.ASSIGN_STEPS: {L, O},
    Action.SIGN_OFF_STEP: {L, O, V, R},
    Action.OFFER_HANDOVER: {L, O},
    Action.ACCEPT_HANDOVER: {L, O, V},
    Action.WITHDRAW_HANDOVER: {L, O, V},
    Action.ASK_QUESTION: {L, O, V, R},
    Action.ANSWER_QUESTION: {L, O, V},
    Action.PROMISE_UPDATE: {L, O},
    Action.MANAGE_MEMBERS: {L},
    Action.LEAVE: {L, O, V, R, B},
    Action.MANAGE_LINKS: {L, O},
    Action.ERASE_EVIDENCE: {L},
}


def test_every_action_and_every_role_stands_in_the_list() -> None:
    assert set(WHO) == set(Action)
    assert set(ACCESS) == set(Role)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_exactly_what_the_list_says(role: Role, action: Action) -> None:
    assert may(role, action) == (role in WHO[action])


def test_a_refusal_names_the_roles_that_may() -> None:
    with pytest.raises(ForbiddenAction) as refused:
        check_may(Role.OPERATOR, Action.CLOSE)

    assert refused.value.sentence == "Your role on this run is operator. To close takes: lead."


def test_who_may_is_not_refused() -> None:
    check_may(Role.LEAD, Action.CLOSE)
