"""Where a run stands, computed from its events alone: `evolve` one by one, `replay` all.

The state stays bounded: it holds steps, answers, checks and attempts, never notes or texts, so a
page costs the same at event 50 and at event 50,000.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from runbook.domain import events as ev
from runbook.domain.diagnosis.family import Reading
from runbook.domain.readiness import Sighting
from runbook.domain.teamwork import Teamwork, evolve_team, settle_step
from runbook.domain.vocabulary import (
    CheckResult,
    Disposition,
    ImportOption,
    InstalledState,
    Method,
    Outcome,
    Role,
    RunStage,
    StepState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMark:
    """How a step was settled: done, skipped or done before the record, or reopened (ready)."""

    state: StepState
    at: datetime
    actor: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMark:
    """The latest answer to one check; `attempt` is the attempt it prepares."""

    result: CheckResult
    note: str
    at: datetime
    actor: str
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at the import; `outcome` is None while it is open."""

    number: int
    method: Method
    option: ImportOption
    operator: str
    started_at: datetime
    file_name: str = ""
    file_version: str = ""
    file_sha256: str = ""
    tool_version: str = ""
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str = ""
    no_text: bool = False
    error_digest: str = ""
    rows_digest: str = ""
    reading: Reading | None = None
    family: str = ""
    fingerprint: str = ""
    disposition: Disposition = Disposition.NONE
    chosen: bool = False
    repairs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMark:
    """The latest reading of the environment."""

    state: InstalledState
    at: datetime
    actor: str
    after_attempt: int
    sighting: Sighting
    base_version: str = ""
    holding_version: str = ""
    operation_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A moment before which something must not start."""

    due: datetime
    reason: str
    since: datetime
    family: str = ""
    overridden: bool = False
    limit_reached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """Everything that decisions and pages need to know about a run."""

    seq: int = 0
    stage: RunStage = RunStage.PREPARING
    paused_from: RunStage | None = None
    pack: str = ""
    pack_digest: str = ""
    title: str = ""
    time_zone: str = "UTC"
    started_at: datetime | None = None
    changed_at: datetime | None = None
    adopted: bool = False
    partial: bool = False
    end_reason: str = ""
    steps: tuple[str, ...] = ()
    members: Mapping[str, Role] = field(default_factory=dict)
    marks: Mapping[str, StepMark] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, CheckMark] = field(default_factory=dict)
    slots: Mapping[str, int] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    last_reading: StateMark | None = None
    repair_needed: bool = False
    retry: Wait | None = None
    waits: Mapping[str, Wait] = field(default_factory=dict)
    repairs: int = 0
    repaired_after: int = 0
    escalation: tuple[str, ...] = ()
    escalated_to: str = ""
    ticket: str = ""
    team: Teamwork = field(default_factory=Teamwork)

    @property
    def current_attempt(self) -> Attempt | None:
        """The newest attempt, open or ended."""
        return self.attempts[-1] if self.attempts else None

    @property
    def open_attempt(self) -> Attempt | None:
        """The attempt that runs now."""
        attempt = self.current_attempt
        return attempt if attempt and attempt.outcome is None else None

    @property
    def is_frozen(self) -> bool:
        """Whether only notes may be added."""
        return self.stage in {RunStage.CLOSED, RunStage.ABANDONED}


def check_key(step: str, check: str) -> str:
    """The key of a check, or of an evidence slot, in the state."""
    return f"{step}/{check}"


def replay(recorded: Iterable[ev.Recorded]) -> RunState:
    """The state after all events in order; the same events always give the same state."""
    state = RunState()
    for entry in recorded:
        state = evolve(state, entry)
    return state


def evolve(state: RunState, entry: ev.Recorded) -> RunState:
    """The state after one more event; total over all event types."""
    state = replace(state, seq=entry.seq, changed_at=entry.recorded_at)
    event = entry.event
    if not isinstance(event, ev.ReminderRaised | ev.LinkOpened | ev.ExportMade):
        state = replace(state, team=replace(state.team, acted_at=entry.recorded_at))
    if isinstance(event, ev.TeamEvent):
        return _together(state, event, entry)
    match event:
        case ev.RunStarted() | ev.RunAdopted():
            return _beginning(state, event, entry)
        case ev.RunPaused() | ev.RunResumed() | ev.RunClosed() | ev.RunAbandoned():
            return _life(state, event)
        case ev.StepCompleted() | ev.StepSkipped() | ev.StepReopened():
            return _step(state, event, entry)
        case ev.FactsRecorded(answers=answers) | ev.DecisionRecorded(answers=answers):
            return replace(state, answers={**state.answers, **answers})
        case ev.CheckRecorded() | ev.EvidenceAdded() | ev.WaitStarted() | ev.WaitEnded():
            return _panel(state, event, entry)
        case ev.EvidenceErased():
            return _erased(state, event)
        case (
            ev.AttemptStarted()
            | ev.AttemptSucceeded()
            | ev.AttemptFailed()
            | ev.AttemptUnknown()
            | ev.AttemptCancelled()
        ):
            return _attempt(state, event, entry)
        case ev.ErrorCaptured() | ev.DiagnosisMade() | ev.DiagnosisChosen():
            return _diagnosis(state, event)
        case ev.StateRead():
            return _state_read(state, event, entry)
        case ev.RetryScheduled() | ev.RetryOverridden() | ev.RepairRecorded():
            return _retry(state, event, entry)
        case ev.RemovalRecorded():
            return replace(state, stage=RunStage.STATE_UNREAD, retry=None)
        case ev.EscalationDrafted(rules=rules):
            return replace(state, escalation=tuple(dict.fromkeys((*state.escalation, *rules))))
        case ev.EscalationSent(recipient=recipient, ticket=ticket):
            return replace(state, escalated_to=recipient, ticket=ticket or state.ticket)
        case ev.NoteAdded() | ev.ExportMade() | ev.PayloadErased():
            return state
        case _:
            assert_never(event)


def _beginning(
    state: RunState, event: ev.RunStarted | ev.RunAdopted, entry: ev.Recorded
) -> RunState:
    match event:
        case ev.RunStarted():
            return replace(
                state,
                pack=event.pack,
                pack_digest=event.pack_digest,
                title=event.title,
                time_zone=event.time_zone,
                steps=event.steps,
                started_at=entry.happened_at,
                members={entry.actor: Role.LEAD},
            )
        case ev.RunAdopted(before_record=slugs):
            mark = StepMark(state=StepState.BEFORE_RECORD, at=entry.happened_at, actor=entry.actor)
            return replace(
                state,
                adopted=True,
                stage=RunStage.STATE_UNREAD,
                marks={**state.marks, **dict.fromkeys(slugs, mark)},
            )
        case _:
            assert_never(event)


def _together(state: RunState, event: ev.TeamEvent, entry: ev.Recorded) -> RunState:
    members = dict(state.members)
    if isinstance(event, ev.MemberAdded | ev.RoleChanged):
        members[event.member] = event.role
    elif isinstance(event, ev.MemberRemoved):
        members.pop(event.member, None)
    team = evolve_team(state.team, event, actor=entry.actor, at=entry.happened_at, seq=entry.seq)
    return replace(state, members=members, team=team)


def _life(
    state: RunState, event: ev.RunPaused | ev.RunResumed | ev.RunClosed | ev.RunAbandoned
) -> RunState:
    match event:
        case ev.RunPaused():
            return replace(state, stage=RunStage.PAUSED, paused_from=state.stage)
        case ev.RunResumed():
            stage = state.paused_from or RunStage.PREPARING
            return replace(state, stage=stage, paused_from=None)
        case ev.RunClosed(partial=partial, reason=reason):
            return replace(state, stage=RunStage.CLOSED, partial=partial, end_reason=reason)
        case ev.RunAbandoned(reason=reason):
            return replace(state, stage=RunStage.ABANDONED, end_reason=reason)
        case _:
            assert_never(event)


def _step(
    state: RunState,
    event: ev.StepCompleted | ev.StepSkipped | ev.StepReopened,
    entry: ev.Recorded,
) -> RunState:
    marks = dict(state.marks)
    waits = dict(state.waits)
    match event:
        case ev.StepCompleted():
            marks[event.step] = _mark(StepState.DONE, entry)
        case ev.StepSkipped():
            marks[event.step] = _mark(StepState.SKIPPED, entry, reason=event.reason)
            waits.pop(event.step, None)
        case ev.StepReopened():
            marks[event.step] = _mark(StepState.READY, entry, reason=event.reason)
            waits.pop(event.step, None)
        case _:
            assert_never(event)
    return replace(state, marks=marks, waits=waits, team=settle_step(state.team, event.step))


def _mark(step_state: StepState, entry: ev.Recorded, *, reason: str = "") -> StepMark:
    return StepMark(state=step_state, at=entry.happened_at, actor=entry.actor, reason=reason)


def _panel(
    state: RunState,
    event: ev.CheckRecorded | ev.EvidenceAdded | ev.WaitStarted | ev.WaitEnded,
    entry: ev.Recorded,
) -> RunState:
    match event:
        case ev.CheckRecorded():
            mark = CheckMark(
                result=event.result,
                note=event.note,
                at=entry.happened_at,
                actor=entry.actor,
                attempt=event.attempt,
            )
            key = check_key(event.step, event.check)
            return replace(state, checks={**state.checks, key: mark})
        case ev.EvidenceAdded():
            key = check_key(event.step, event.slot)
            return replace(state, slots={**state.slots, key: state.slots.get(key, 0) + 1})
        case ev.WaitStarted():
            wait = Wait(due=event.due, reason=event.reason, since=entry.happened_at)
            return replace(state, waits={**state.waits, event.step: wait})
        case ev.WaitEnded():
            rest = {step: wait for step, wait in state.waits.items() if step != event.step}
            return replace(state, waits=rest)
        case _:
            assert_never(event)


def _erased(state: RunState, event: ev.EvidenceErased) -> RunState:
    """Says all of what is left, so that a replay without the emptied events comes to the same."""
    if not event.attempt:
        key = check_key(event.step, event.slot)
        return replace(state, slots={**state.slots, key: event.left})
    kept = [
        replace(
            attempt,
            error_digest=event.digest,
            rows_digest="",
            reading=event.reading,
            family=event.family,
            fingerprint=event.fingerprint,
            disposition=event.disposition,
        )
        if attempt.number == event.attempt
        else attempt
        for attempt in state.attempts
    ]
    return replace(state, attempts=tuple(kept))


def _attempt(
    state: RunState,
    event: ev.AttemptStarted
    | ev.AttemptSucceeded
    | ev.AttemptFailed
    | ev.AttemptUnknown
    | ev.AttemptCancelled,
    entry: ev.Recorded,
) -> RunState:
    match event:
        case ev.AttemptStarted():
            attempt = Attempt(
                number=event.number,
                method=event.method,
                option=event.option,
                operator=entry.actor,
                started_at=entry.happened_at,
                file_name=event.file_name,
                file_version=event.file_version,
                file_sha256=event.file_sha256,
                tool_version=event.tool_version,
                repairs=state.repairs,
            )
            started = (*state.attempts, attempt)
            return replace(state, attempts=started, stage=RunStage.IMPORTING, retry=None)
        case ev.AttemptSucceeded():
            ended = _ended(state, entry, Outcome.SUCCEEDED)
            return replace(ended, stage=RunStage.VERIFYING, repair_needed=False)
        case ev.AttemptFailed(no_text=no_text):
            return _amend(_ended(state, entry, Outcome.FAILED), no_text=no_text)
        case ev.AttemptUnknown(reason=reason):
            return _amend(_ended(state, entry, Outcome.UNKNOWN), reason=reason)
        case ev.AttemptCancelled(reason=reason):
            return _amend(_ended(state, entry, Outcome.CANCELLED), reason=reason)
        case _:
            assert_never(event)


def _ended(state: RunState, entry: ev.Recorded, outcome: Outcome) -> RunState:
    ended = _amend(state, outcome=outcome, ended_at=entry.happened_at)
    return replace(ended, stage=RunStage.STATE_UNREAD, repair_needed=False)


def _amend(state: RunState, **changes: object) -> RunState:
    if not state.attempts:
        return state
    newest = replace(state.attempts[-1], **changes)  # type: ignore[arg-type]
    return replace(state, attempts=(*state.attempts[:-1], newest))


def _diagnosis(
    state: RunState, event: ev.ErrorCaptured | ev.DiagnosisMade | ev.DiagnosisChosen
) -> RunState:
    match event:
        case ev.ErrorCaptured(digest=digest, rows_digest=rows):
            return _amend(state, error_digest=digest, rows_digest=rows)
        case ev.DiagnosisMade(reading=reading):
            return _amend(
                state,
                reading=reading,
                family=reading.diagnoses[0].family if reading.diagnoses else "",
                fingerprint=event.fingerprint,
                disposition=event.disposition,
            )
        case ev.DiagnosisChosen(family=family, disposition=disposition):
            settled = _amend(state, family=family, disposition=disposition, chosen=True)
            return replace(settled, stage=RunStage.STATE_UNREAD, retry=None, repair_needed=False)
        case _:
            assert_never(event)


_STAGE_AFTER_READING = {
    InstalledState.RUNNING: RunStage.OPERATION_RUNNING,
    InstalledState.PENDING: RunStage.UPGRADE_PENDING,
    InstalledState.ALREADY_EXISTS: RunStage.UPGRADE_PENDING,
    InstalledState.DONE: RunStage.VERIFYING,
    InstalledState.BASE_GONE: RunStage.STOPPED,
    InstalledState.MIXED: RunStage.STOPPED,
    InstalledState.UNCLEAR: RunStage.STATE_UNREAD,
}


def _state_read(state: RunState, event: ev.StateRead, entry: ev.Recorded) -> RunState:
    mark = StateMark(
        state=event.state,
        at=entry.happened_at,
        actor=entry.actor,
        after_attempt=len(state.attempts),
        sighting=event.sighting,
        base_version=event.base_version,
        holding_version=event.holding_version,
        operation_minutes=event.operation_minutes,
    )
    return replace(
        state,
        last_reading=mark,
        retry=None,
        repair_needed=event.repair_needed,
        stage=_stage_after(state, event),
    )


def _stage_after(state: RunState, event: ev.StateRead) -> RunStage:
    if event.state is not InstalledState.ROLLED_BACK:
        return _STAGE_AFTER_READING[event.state]
    if not state.attempts and not state.adopted:
        return RunStage.PREPARING
    return RunStage.REPAIR_NEEDED if event.repair_needed else RunStage.RETRY_PLANNED


def _retry(
    state: RunState,
    event: ev.RetryScheduled | ev.RetryOverridden | ev.RepairRecorded,
    entry: ev.Recorded,
) -> RunState:
    match event:
        case ev.RetryScheduled():
            wait = Wait(
                due=event.due,
                reason=event.reason,
                since=entry.happened_at,
                family=event.family,
                limit_reached=event.limit_reached,
            )
            return replace(state, retry=wait)
        case ev.RetryOverridden():
            lifted = replace(state.retry, overridden=True) if state.retry else None
            return replace(state, retry=lifted)
        case ev.RepairRecorded():
            stage = state.stage
            if stage is RunStage.REPAIR_NEEDED:
                stage = RunStage.RETRY_PLANNED
            return replace(
                state,
                stage=stage,
                repair_needed=False,
                repairs=state.repairs + 1,
                repaired_after=len(state.attempts),
            )
        case _:
            assert_never(event)
