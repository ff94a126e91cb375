"""What the API takes and gives, as the OpenAPI document shows it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, WithJsonSchema

from runbook.domain.vocabulary import ImportOption, InstalledState, Method, Outcome, RunStage
from runbook.domain.vocabulary import StepState as StepWord
from runbook.services.evidence import MAXIMUM


def _of_this_century(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2100:
        raise ValueError("enter a date of this century")
    return moment


_SHAPE = r"^20\d\d-\d\d-\d\dT"
Moment = Annotated[
    AwareDatetime,
    AfterValidator(_of_this_century),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _SHAPE}),
]


class _Body(Schema):
    model_config = ConfigDict(extra="forbid")


class NewNote(_Body):
    """A note for the timeline."""

    text: str = Field(min_length=1, max_length=MAXIMUM, description="What to write down.")
    step: str = Field("", max_length=64, description="The step it belongs to, by its slug.")


class AttemptEnd(_Body):
    """How the open attempt ended."""

    outcome: Outcome = Field(
        description="One of succeeded, failed, cancelled, or unknown if the script saw no end."
    )
    error_text: str = Field(
        "", max_length=MAXIMUM, description="The whole error text. Secrets are cut out."
    )
    no_text: bool = Field(
        False, description="A failure needs its text, or this statement that none was shown."
    )
    reason: str = Field(
        "",
        max_length=2_000,
        description="Why it is unknown or was cancelled; needed for the latter.",
    )
    happened_at: Moment | None = Field(
        None, description="When it ended, with the offset from UTC; else now."
    )
    attempt: int = Field(
        0, ge=0, le=10_000, description="The attempt it is about; refused if another one is open."
    )


class Recorded(Schema):
    """What was written: the run's newest event after it."""

    run: UUID
    seq: int


class Step(Schema):
    """A step as it stands; `refusal` says why a blocked one is blocked."""

    slug: str
    title: str
    phase: str
    kind: str
    state: StepWord
    refusal: str


class Attempt(Schema):
    """One try at the import; without an outcome it is open."""

    number: int
    method: Method
    option: ImportOption
    operator: str
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    reason: str
    family: str
    codes: list[str]
    file_version: str


class Wait(Schema):
    """A moment before which something must not start; without a step, the next attempt."""

    step: str | None
    due: datetime
    over: bool
    overridden: bool
    reason: str


class Versions(Schema):
    """What the run goes from and to, and what was seen installed last."""

    source: str
    target: str
    installed_state: InstalledState | None
    installed: str
    holding: str
    read_at: datetime | None


class Pack(Schema):
    """The definition that the run follows for life."""

    slug: str
    product: str
    digest: str


class RunOut(Schema):
    """A run as it stands after its newest event."""

    run: UUID
    title: str
    stage: RunStage
    partial: bool
    time_zone: str
    seq: int
    head: str
    started_at: datetime | None
    changed_at: datetime | None
    next_step: str | None
    pack: Pack
    versions: Versions
    steps: list[Step]
    attempts: list[Attempt]
    waits: list[Wait]


class Header(Schema):
    """What is hashed of an event, field by field."""

    v: int
    run: UUID
    seq: int
    prev: str
    type: str
    at: str = Field(description="Server time in UTC with six decimals, as it was hashed.")
    at_flag: Literal["clock_back"] | None
    actor: str
    actor_kind: Literal["user", "link", "system", "import"]
    run_version: int
    payload_commit: str


class Event(Schema):
    """One event. The payload is null after an erasure, and redacted once more on its way out.

    So it need not hash to `payload_commit`; the export `json` has every byte as it was stored.
    """

    hash: str
    name: str
    header: Header
    payload: dict[str, Any] | None


class Events(Schema):
    """A page of events, oldest first; `next` is what to send as `after`, null at the end."""

    events: list[Event]
    next: int | None
