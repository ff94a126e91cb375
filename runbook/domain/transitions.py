"""The transition table: which action is allowed at which stage of a run, and where it may lead.

It is the only place that says so. The diagram in the README is generated from it by
`manage.py statechart`; a test compares the two, and a property test compares the table with
`evolve`. Source: `engine.md` sections 1, 4, 5.
"""

from collections.abc import Mapping

from runbook.domain.errors import TransitionRefused
from runbook.domain.vocabulary import Action, RunStage

Leads = Mapping[Action, frozenset[RunStage]]

_S = RunStage
_A = Action

#: Actions that record something without moving the run.
_RECORDING = (
    _A.ADD_NOTE,
    _A.ADD_EVIDENCE,
    _A.RECORD_FACTS,
    _A.RECORD_CHECKS,
    _A.RECORD_DECISION,
    _A.COMPLETE_STEP,
    _A.SKIP_STEP,
    _A.REOPEN_STEP,
    _A.START_WAIT,
    _A.END_WAIT,
    _A.SEND_ESCALATION,
    _A.CLAIM_STEP,
    _A.TAKE_OVER_CLAIM,
    _A.SIGN_OFF_STEP,
)
#: What people settle among themselves, also while the run rests. Members and links are managed at
#: every stage, since a right must be taken away from somebody even after the end.
_TALKING = (
    _A.RELEASE_CLAIM,
    _A.ASSIGN_STEPS,
    _A.OFFER_HANDOVER,
    _A.ACCEPT_HANDOVER,
    _A.WITHDRAW_HANDOVER,
    _A.ASK_QUESTION,
    _A.ANSWER_QUESTION,
    _A.PROMISE_UPDATE,
)

_AFTER_READING = frozenset(
    {
        _S.STATE_UNREAD,
        _S.OPERATION_RUNNING,
        _S.UPGRADE_PENDING,
        _S.STOPPED,
        _S.REPAIR_NEEDED,
        _S.RETRY_PLANNED,
        _S.VERIFYING,
        _S.PREPARING,
    }
)
_ACTIVE = frozenset(
    {
        _S.PREPARING,
        _S.STATE_UNREAD,
        _S.OPERATION_RUNNING,
        _S.UPGRADE_PENDING,
        _S.STOPPED,
        _S.REPAIR_NEEDED,
        _S.RETRY_PLANNED,
        _S.VERIFYING,
    }
)


def _active(stage: RunStage, moves: Leads, *, pause: bool = True) -> Leads:
    stay: dict[Action, frozenset[RunStage]] = dict.fromkeys(
        (*_RECORDING, *_TALKING), frozenset({stage})
    )
    if pause:
        stay[_A.PAUSE] = frozenset({_S.PAUSED})
    stay[_A.ABANDON] = frozenset({_S.ABANDONED})
    return {**stay, **moves}


def _to(*stages: RunStage) -> frozenset[RunStage]:
    return frozenset(stages)


TRANSITIONS: Mapping[RunStage, Leads] = {
    _S.PREPARING: _active(
        _S.PREPARING,
        {
            _A.READ_STATE: _AFTER_READING - {_S.REPAIR_NEEDED, _S.RETRY_PLANNED},
            _A.START_ATTEMPT: _to(_S.IMPORTING),
        },
    ),
    _S.IMPORTING: _active(
        _S.IMPORTING, {_A.RECORD_ATTEMPT: _to(_S.VERIFYING, _S.STATE_UNREAD)}, pause=False
    ),
    _S.STATE_UNREAD: _active(
        _S.STATE_UNREAD,
        {_A.READ_STATE: _AFTER_READING, _A.CHOOSE_DIAGNOSIS: _to(_S.STATE_UNREAD)},
    ),
    _S.OPERATION_RUNNING: _active(_S.OPERATION_RUNNING, {_A.READ_STATE: _AFTER_READING}),
    _S.UPGRADE_PENDING: _active(
        _S.UPGRADE_PENDING,
        {
            _A.READ_STATE: _AFTER_READING,
            _A.START_ATTEMPT: _to(_S.IMPORTING),
            _A.CHOOSE_DIAGNOSIS: _to(_S.STATE_UNREAD),
            _A.RECORD_REPAIR: _to(_S.UPGRADE_PENDING),
            _A.RECORD_REMOVAL: _to(_S.STATE_UNREAD),
            _A.OVERRIDE_RETRY: _to(_S.UPGRADE_PENDING),
        },
    ),
    _S.STOPPED: _active(_S.STOPPED, {_A.READ_STATE: _AFTER_READING}),
    _S.REPAIR_NEEDED: _active(
        _S.REPAIR_NEEDED,
        {
            # Only a repair or another diagnosis leads on; a reading alone cures nothing.
            _A.READ_STATE: _AFTER_READING - {_S.PREPARING, _S.RETRY_PLANNED},
            _A.CHOOSE_DIAGNOSIS: _to(_S.STATE_UNREAD),
            _A.RECORD_REPAIR: _to(_S.RETRY_PLANNED),
        },
    ),
    _S.RETRY_PLANNED: _active(
        _S.RETRY_PLANNED,
        {
            _A.READ_STATE: _AFTER_READING - {_S.PREPARING, _S.REPAIR_NEEDED},
            _A.CHOOSE_DIAGNOSIS: _to(_S.STATE_UNREAD),
            _A.RECORD_REPAIR: _to(_S.RETRY_PLANNED),
            _A.OVERRIDE_RETRY: _to(_S.RETRY_PLANNED),
            _A.START_ATTEMPT: _to(_S.IMPORTING),
        },
    ),
    _S.VERIFYING: _active(_S.VERIFYING, {_A.READ_STATE: _AFTER_READING, _A.CLOSE: _to(_S.CLOSED)}),
    _S.PAUSED: {
        **dict.fromkeys((_A.ADD_NOTE, *_TALKING), _to(_S.PAUSED)),
        _A.RESUME: _ACTIVE,
        _A.ABANDON: _to(_S.ABANDONED),
    },
    _S.CLOSED: {_A.ADD_NOTE: _to(_S.CLOSED)},
    _S.ABANDONED: {_A.ADD_NOTE: _to(_S.ABANDONED)},
}

#: One sentence per stage for whatever is not allowed there.
REFUSALS: Mapping[RunStage, str] = {
    _S.PREPARING: "Nothing was imported yet on this record.",
    _S.IMPORTING: "An attempt is open. Record how it ended first.",
    _S.STATE_UNREAD: "Read the installed state first; nothing may start while it is unknown.",
    _S.OPERATION_RUNNING: "An operation is still running. Wait, then read the installed state again.",
    _S.UPGRADE_PENDING: "An upgrade is pending. Apply it, or remove only the holding solution.",
    _S.STOPPED: "This run is stopped: back up, and open a ticket before anything else.",
    _S.REPAIR_NEEDED: "Waiting does not cure this failure. Record a repair first.",
    _S.RETRY_PLANNED: "The next attempt is planned. Start it when its time has come.",
    _S.VERIFYING: "The new version is installed. Verify it; another import is not needed.",
    _S.PAUSED: "The run is paused. Resume it first.",
    _S.CLOSED: "The run is closed and frozen. A note can still be added.",
    _S.ABANDONED: "The run was abandoned and is frozen. A note can still be added.",
}


def allows(stage: RunStage, action: Action) -> bool:
    """Whether the table allows the action at this stage."""
    return action in TRANSITIONS[stage]


def check_allowed(stage: RunStage, action: Action) -> None:
    """Raises TransitionRefused with the stage's sentence if the table does not allow the action."""
    if not allows(stage, action):
        raise TransitionRefused(REFUSALS[stage])


def mermaid() -> str:
    """The table as a Mermaid state diagram; actions that stay in place are left out."""
    lines = ["stateDiagram-v2", "    [*] --> preparing"]
    for stage, moves in TRANSITIONS.items():
        arrows: dict[RunStage, list[str]] = {}
        for action, targets in moves.items():
            for target in targets - {stage}:
                arrows.setdefault(target, []).append(action.value)
        lines += [
            f"    {_id(stage)} --> {_id(target)}: {', '.join(sorted(arrows[target]))}"
            for target in RunStage
            if target in arrows
        ]
    lines += ["    closed --> [*]", "    abandoned --> [*]"]
    return "\n".join(lines)


def _id(stage: RunStage) -> str:
    return stage.value.replace(" ", "_")
