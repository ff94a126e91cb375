"""The report: one value that every export, and later the share page, renders."""

from collections.abc import Sequence
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
class Exhibit:
    """A piece of evidence as a reader sees it, `number` counted over all of the run.

    `digest` is the SHA-256 of the file that is `kept`, else of what came in; for a pasted text it is
    its salted digest. `erased` says why the content is gone; then there is neither name nor digest.
    """

    number: int
    seq: int
    step: str
    slot: str
    caption: str
    name: str
    kind: str
    size: int
    digest: str
    actor: str
    happened_at: datetime
    recorded_at: datetime
    is_file: bool = True
    is_picture: bool = False
    kept: bool = True
    width: int = 0
    height: int = 0
    erased: str = ""
    erased_by: str = ""
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """Everything about a run at one head; `people` maps actor ids to names.

    `lines` stand in the order of their seqs. Those of a very long run lie on disk: they may be gone
    through again and again, and whoever puts all of them into memory has done it wrong.
    `exhibits` are there for those who show them; the lines tell of all evidence in any case.
    `imported` marks a copy of a record that another installation keeps, in few words.
    `public` says that the words were redacted for anybody at all, not for a known recipient.
    """

    run: str
    address: str
    instance: str
    pack: Pack
    state: RunState
    standings: tuple[Standing, ...]
    lines: Sequence[ReportLine]
    errors: tuple[ErrorText, ...]
    people: dict[str, str]
    head: str
    genesis: str
    made_at: datetime
    product_version: str
    imported: str = ""
    exhibits: tuple[Exhibit, ...] = ()
    public: bool = False
