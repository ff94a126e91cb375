"""What stakeholders may read: the phase, where the run stands in plain words, and what was promised.

No error text, no id and no name of a step comes in here: the sentences are constants of this file,
the phases are the runbook's, and the promise was written for these readers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from runbook.domain import events as ev
from runbook.domain.pack import Pack
from runbook.domain.progress import Standing, is_settled, next_step, standings
from runbook.domain.state import RunState, evolve
from runbook.domain.vocabulary import RunStage

WHERE: Mapping[RunStage, str] = {
    RunStage.PREPARING: "The upgrade is being prepared.",
    RunStage.IMPORTING: "The new version is being installed.",
    RunStage.STATE_UNREAD: "An installation attempt has ended. The team is checking its result.",
    RunStage.OPERATION_RUNNING: "The platform is still at work. The team waits until it is done.",
    RunStage.UPGRADE_PENDING: "The new version is half installed. The team is finishing it.",
    RunStage.STOPPED: "The team has stopped the upgrade and is getting help.",
    RunStage.REPAIR_NEEDED: "An attempt did not succeed. The team is repairing the cause.",
    RunStage.RETRY_PLANNED: "An attempt did not succeed. The next one is planned.",
    RunStage.VERIFYING: "The new version is installed. The team is checking that all works.",
    RunStage.PAUSED: "The work is paused.",
    RunStage.CLOSED: "The upgrade is finished.",
    RunStage.ABANDONED: "The upgrade was given up. Nothing more will happen here.",
}
_PARTIAL = "The upgrade is finished, with some points left open."
_CHANGES_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseMark:
    """One phase of the runbook: done, now, or ahead."""

    title: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A run for stakeholders; `phase` is empty once it is over."""

    product: str
    phase: str
    where: str
    phases: tuple[PhaseMark, ...]
    is_over: bool
    promise: str
    promised_at: datetime | None
    next_update: datetime | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A moment at which stakeholders could read something new; `seq` is its event."""

    seq: int
    at: datetime
    words: str
    told: bool = False


def quiet(state: RunState, pack: Pack) -> Quiet:
    """The run as stakeholders see it."""
    found = standings(state, pack)
    coming = next_step(found)
    phase = "" if state.is_frozen or coming is None else coming.phase
    return Quiet(
        product=pack.product,
        phase=phase,
        where=where(state),
        phases=_phases(found, phase),
        is_over=state.is_frozen,
        promise=state.team.promise,
        promised_at=state.team.promised_at,
        next_update=None if state.is_frozen else state.team.next_update,
        changed_at=state.team.acted_at,
    )


def where(state: RunState) -> str:
    """One plain sentence about where the run stands."""
    partial = state.stage is RunStage.CLOSED and state.partial
    return _PARTIAL if partial else WHERE[state.stage]


def _phases(found: tuple[Standing, ...], current: str) -> tuple[PhaseMark, ...]:
    open_in: dict[str, bool] = {}
    for standing in found:
        unsettled = not is_settled(standing)
        open_in[standing.phase] = open_in.get(standing.phase, False) or unsettled
    return tuple(
        PhaseMark(title=title, mark="now" if title == current else "ahead" if left else "done")
        for title, left in open_in.items()
    )


def changes(recorded: Iterable[ev.Recorded]) -> tuple[Change, ...]:
    """What stakeholders could read anew, newest first: other words for the stage, or a promise."""
    state, found = RunState(), list[Change]()
    last = ""
    for entry in recorded:
        state = evolve(state, entry)
        at, words = entry.recorded_at, where(state)
        if isinstance(entry.event, ev.UpdatePromised):
            told = entry.event.promise
            found.append(Change(seq=entry.seq, at=at, words=told, told=True))
        if words != last:
            found.append(Change(seq=entry.seq, at=at, words=words))
            last = words
    return tuple(reversed(found[-_CHANGES_SHOWN:]))
