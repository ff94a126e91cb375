"""Every event as a frozen value: facts in the past tense that a timeline is made of.

`engine.md` section 3 lists the names; extend the list, never rename. Typed text, quotes and file
names live here, in the payload, and nowhere in the hashed header, so that they can be erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, get_args

from pydantic import TypeAdapter

from runbook.domain.diagnosis.family import Reading
from runbook.domain.evidence_events import EvidenceAdded as EvidenceAdded
from runbook.domain.evidence_events import EvidenceErased as EvidenceErased
from runbook.domain.evidence_events import EvidenceEvent as EvidenceEvent
from runbook.domain.evidence_events import PayloadErased as PayloadErased
from runbook.domain.readiness import Sighting
from runbook.domain.team_events import ClaimReleased as ClaimReleased
from runbook.domain.team_events import ClaimTaken as ClaimTaken
from runbook.domain.team_events import ClaimTakenOver as ClaimTakenOver
from runbook.domain.team_events import HandoverAccepted as HandoverAccepted
from runbook.domain.team_events import HandoverOffered as HandoverOffered
from runbook.domain.team_events import HandoverWithdrawn as HandoverWithdrawn
from runbook.domain.team_events import LinkCreated as LinkCreated
from runbook.domain.team_events import LinkOpened as LinkOpened
from runbook.domain.team_events import LinkRevoked as LinkRevoked
from runbook.domain.team_events import MemberAdded as MemberAdded
from runbook.domain.team_events import MemberRemoved as MemberRemoved
from runbook.domain.team_events import QuestionAnswered as QuestionAnswered
from runbook.domain.team_events import QuestionAsked as QuestionAsked
from runbook.domain.team_events import ReminderRaised as ReminderRaised
from runbook.domain.team_events import RoleChanged as RoleChanged
from runbook.domain.team_events import StepAssigned as StepAssigned
from runbook.domain.team_events import StepSignedOff as StepSignedOff
from runbook.domain.team_events import TeamEvent as TeamEvent
from runbook.domain.team_events import UpdatePromised as UpdatePromised
from runbook.domain.vocabulary import (
    CheckResult,
    Disposition,
    ImportOption,
    InstalledState,
    Method,
    RetryRule,
)

PAYLOAD_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run began; it keeps this list of steps and this pack digest for life.

    `team` is the handle of the team that it belongs to, empty for none.
    """

    type: ClassVar[str] = "run.started"
    title: str
    pack: str
    pack_digest: str
    runbook_version: int
    steps: tuple[str, ...]
    time_zone: str
    team: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAdopted:
    """A run was opened by somebody already stuck; `before_record` steps count as done by report."""

    type: ClassVar[str] = "run.adopted"
    report: str
    before_record: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsRecorded:
    """Answers to questions of a step, by question slug."""

    type: ClassVar[str] = "facts.recorded"
    step: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecorded:
    """A choice between ways, with its reason if one was given."""

    type: ClassVar[str] = "decision.recorded"
    step: str
    answers: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecorded:
    """One check was answered; `attempt` names the attempt it prepares, 0 for none."""

    type: ClassVar[str] = "check.recorded"
    step: str
    check: str
    result: CheckResult
    note: str = ""
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """A note; `corrects` is the seq of an earlier event that it puts right."""

    type: ClassVar[str] = "note.added"
    text: str
    step: str = ""
    corrects: int | None = None
    after_close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompleted:
    """A step met its "done when"."""

    type: ClassVar[str] = "step.completed"
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped:
    """A step was left out on purpose."""

    type: ClassVar[str] = "step.skipped"
    step: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReopened:
    """A finished or skipped step was opened again."""

    type: ClassVar[str] = "step.reopened"
    step: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRead:
    """Somebody looked at what is installed. `repair_needed` and `done` follow from state and diagnosis."""

    type: ClassVar[str] = "state.read"
    step: str
    state: InstalledState
    retry: RetryRule
    sighting: Sighting
    solutions: str = ""
    base_version: str = ""
    holding_version: str = ""
    last_result: str = ""
    operation_minutes: int = 0
    repair_needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """One try began. `number` counts from 1."""

    type: ClassVar[str] = "attempt.started"
    number: int
    method: Method
    option: ImportOption
    file_name: str = ""
    file_version: str = ""
    file_sha256: str = ""
    tool_version: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSucceeded:
    """The try was reported as succeeded."""

    type: ClassVar[str] = "attempt.succeeded"
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed:
    """The try failed; `no_text` states that no error was shown."""

    type: ClassVar[str] = "attempt.failed"
    number: int
    no_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptUnknown:
    """Nobody knows how the try ended; a retry is locked until the state was read."""

    type: ClassVar[str] = "attempt.unknown"
    number: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCancelled:
    """The try was stopped by a person."""

    type: ClassVar[str] = "attempt.cancelled"
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCaptured:
    """An error text was handed in; stored under its digest after secret removal.

    `rows_digest` names the failing rows of a log, `source` what kind of thing was handed in.
    """

    type: ClassVar[str] = "error.captured"
    number: int
    digest: str
    size: int
    secrets_removed: int = 0
    rows_digest: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisMade:
    """The engine read an error text with this revision of the pack."""

    type: ClassVar[str] = "diagnosis.made"
    number: int
    pack_digest: str
    reading: Reading
    disposition: Disposition
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisChosen:
    """A person settled on one family."""

    type: ClassVar[str] = "diagnosis.chosen"
    number: int
    family: str
    revision: int
    disposition: Disposition
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScheduled:
    """The earliest moment for the attempt with this number, and why."""

    type: ClassVar[str] = "retry.scheduled"
    number: int
    due: datetime
    family: str
    reason: str
    limit_reached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOverridden:
    """The lead opened the retry before its time."""

    type: ClassVar[str] = "retry.overridden"
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted:
    """A wait step began."""

    type: ClassVar[str] = "wait.started"
    step: str
    due: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded:
    """A wait step came to its end."""

    type: ClassVar[str] = "wait.ended"
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRecorded:
    """Something was put right before the next try."""

    type: ClassVar[str] = "repair.recorded"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalRecorded:
    """A solution was removed through the deletion interlock."""

    type: ClassVar[str] = "removal.recorded"
    solution: str
    version: str
    backup_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationDrafted:
    """A rule says that somebody else must help; `rules` are slugs of the pack."""

    type: ClassVar[str] = "escalation.drafted"
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationSent:
    """The run was handed to a recipient; `ticket` is their reference."""

    type: ClassVar[str] = "escalation.sent"
    recipient: str
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPaused:
    """The run rests."""

    type: ClassVar[str] = "run.paused"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed:
    """The run goes on."""

    type: ClassVar[str] = "run.resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClosed:
    """The run is finished and frozen; `partial` when criteria were left open."""

    type: ClassVar[str] = "run.closed"
    partial: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAbandoned:
    """The run was given up and frozen."""

    type: ClassVar[str] = "run.abandoned"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportMade:
    """The record was handed out in this format."""

    type: ClassVar[str] = "export.made"
    format: str


Event = (
    RunStarted
    | RunAdopted
    | FactsRecorded
    | DecisionRecorded
    | CheckRecorded
    | NoteAdded
    | EvidenceEvent
    | StepCompleted
    | StepSkipped
    | StepReopened
    | StateRead
    | AttemptStarted
    | AttemptSucceeded
    | AttemptFailed
    | AttemptUnknown
    | AttemptCancelled
    | ErrorCaptured
    | DiagnosisMade
    | DiagnosisChosen
    | RetryScheduled
    | RetryOverridden
    | WaitStarted
    | WaitEnded
    | RepairRecorded
    | RemovalRecorded
    | EscalationDrafted
    | EscalationSent
    | RunPaused
    | RunResumed
    | RunClosed
    | RunAbandoned
    | ExportMade
    | TeamEvent
)

EVENT_CLASSES: Mapping[str, type[Event]] = {cls.type: cls for cls in get_args(Event)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event with its place on the timeline.

    `happened_at` is when it was so, as a person may have entered it; `recorded_at` is the server's
    time when it was written down. Both are aware. `actor` is an opaque id.
    """

    seq: int
    event: Event
    recorded_at: datetime
    happened_at: datetime
    actor: str


@cache
def _adapter(event_type: str) -> TypeAdapter[Event]:
    return TypeAdapter(EVENT_CLASSES[event_type])


def to_payload(event: Event) -> dict[str, Any]:
    """The event as JSON-ready values: strings, integers, booleans, null, lists and objects only."""
    data: dict[str, Any] = _adapter(event.type).dump_python(event, mode="json")
    return data


def from_payload(event_type: str, data: Mapping[str, Any]) -> Event:
    """The event that `to_payload` wrote; ValueError for an unknown type or a value that does not fit."""
    if event_type not in EVENT_CLASSES:
        raise ValueError(f"unknown event type {event_type}")
    return _adapter(event_type).validate_python(data)
