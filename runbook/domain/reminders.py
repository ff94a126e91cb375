"""What somebody must be reminded of, and when: computed from the state, so a restart loses nothing.

Each reminder has a key that names what it is about; once an event with that key is on the timeline
it is never raised again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from runbook.domain.state import RunState
from runbook.domain.vocabulary import ReminderKind, RunStage

#: A run on which nobody did anything for so long is mentioned once.
IDLE_AFTER = timedelta(days=1)
_RESTING = frozenset({RunStage.PAUSED, RunStage.CLOSED, RunStage.ABANDONED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One reminder and the moment from which it is due."""

    key: str
    kind: ReminderKind
    at: datetime
    step: str = ""


def upcoming(state: RunState) -> tuple[Due, ...]:
    """Every reminder that was not raised yet, earliest first; none while a run rests or after it."""
    if state.stage in _RESTING:
        return ()
    found = [*_waits(state), *_claims(state), *_quiet(state)]
    raised = set(state.team.raised)
    return tuple(sorted((due for due in found if due.key not in raised), key=lambda due: due.at))


def next_due(state: RunState) -> datetime | None:
    """The moment of the earliest reminder, None if there is none."""
    found = upcoming(state)
    return found[0].at if found else None


def _due(kind: ReminderKind, at: datetime, step: str = "") -> Due:
    return Due(key=f"{kind.value}/{step}/{at:%Y%m%dT%H%M%S}", kind=kind, at=at, step=step)


def _waits(state: RunState) -> list[Due]:
    found = [_due(ReminderKind.WAIT_OVER, wait.due, step) for step, wait in state.waits.items()]
    if state.retry is not None and not state.retry.overridden:
        found.append(_due(ReminderKind.RETRY_DUE, state.retry.due))
    return found


def _claims(state: RunState) -> list[Due]:
    return [
        _due(ReminderKind.CLAIM_STALE, claim.stale_at, step)
        for step, claim in state.team.claims.items()
    ]


def _quiet(state: RunState) -> list[Due]:
    team, found = state.team, []
    if team.next_update is not None:
        found.append(_due(ReminderKind.UPDATE_DUE, team.next_update))
    if team.acted_at is not None:
        found.append(_due(ReminderKind.IDLE, team.acted_at + IDLE_AFTER))
    return found
