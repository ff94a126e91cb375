"""The report: one value that every export, and later the share page, renders."""

from dataclasses import dataclass
from datetime import datetime

from runbook.domain.pack import Pack
from runbook.domain.progress import Standing
from runbook.domain.state import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One event as a reader sees it; `late` marks an entry made more than five minutes after."""

    seq: int
    event_type: str
    headline: str
    detail: str
    actor: str
    happened_at: datetime
    recorded_at: datetime
    late: bool
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorText:
    """A captured text after secret removal, by attempt; None when its content was erased."""

    attempt: int
    digest: str
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """Everything about a run at one head; `people` maps actor ids to names."""

    run: str
    address: str
    instance: str
    pack: Pack
    state: RunState
    standings: tuple[Standing, ...]
    lines: tuple[ReportLine, ...]
    errors: tuple[ErrorText, ...]
    people: dict[str, str]
    head: str
    genesis: str
    made_at: datetime
    product_version: str
