"""The values that recognising gives: what was handed in, its failing rows and its parts."""

from dataclasses import dataclass
from enum import StrEnum

from runbook.domain.diagnosis.surfaces.limits import PARTS, ROW_TEXT, ROWS, TEXT
from runbook.domain.errors import DomainError


class Unreadable(DomainError):
    """Nothing can be read out of what was handed in; the sentence says why and what helps."""


class Surface(StrEnum):
    """Where a text comes from."""

    PORTAL_TEXT = "portal-text"
    HTML = "html"
    HISTORY_PANE = "history-pane"
    CONSOLE = "console"
    PIPELINE_LOG = "pipeline-log"
    IMPORT_LOG = "import-log"
    IMPORT_JOB = "import-job"
    REPORTS_ZIP = "reports-zip"
    JSON = "json"
    APP_DIALOG = "app-dialog"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One row of a log that did not succeed; `code` is in normal form, empty if there is none."""

    time: str = ""
    item_type: str = ""
    id: str = ""
    name: str = ""
    status: str = ""
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What was handed in.

    `text` is what is worth keeping and diagnosing, the cause first, never longer than `limits.TEXT`.
    `parts` are the errors told apart, each diagnosable alone, at least one. `rows` are all failing
    rows of a log in its order. `notes` are sentences for the person.
    """

    kind: Surface
    text: str
    rows: tuple[LogRow, ...] = ()
    parts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text[:TEXT])
        object.__setattr__(self, "parts", self.parts[:PARTS] or (self.text,))


ITEM = "Item category "
CODE = "Error code: "


def part_of(row: LogRow) -> str:
    """The words of one row as a text that can be diagnosed alone, without an empty line.

    The name stands in a form in which the engine takes it for a name and not for a reason.
    """
    kind = "".join(char for char in row.item_type if char.isalnum())[:40] or "Item"
    name = " ".join(row.name.replace(":", " ").replace(".", " ").split())[:190]
    identifier = row.id.strip("{} ")
    lines = [
        *row.text.split("\n"),
        f"{CODE}{row.code}" if row.code else "",
        f"{ITEM}{kind} name {name}." if name else f"{ITEM}{kind}.",
        f"{kind} ({identifier})" if identifier else "",
        " at ".join(filter(None, (row.status, row.time))),
    ]
    return "\n".join(line for line in lines if line.strip())


class Rows:
    """Collects the failing rows of a log in bounded memory."""

    def __init__(self) -> None:
        self.failing: list[LogRow] = []
        self.warnings: list[LogRow] = []
        self.seen = 0
        self._failed = 0

    @property
    def is_full(self) -> bool:
        """Whether no further row that failed is kept."""
        return len(self.failing) >= ROWS

    def pass_over(self) -> None:
        """Counts a row that failed and is not kept."""
        self._failed += 1

    def add(self, row: LogRow, *, warning: bool = False) -> None:
        """Keeps a row that failed, or only warns, while there is room."""
        self._failed += not warning
        kept = self.warnings if warning else self.failing
        if len(kept) < ROWS:
            kept.append(row)

    def handed(self, kind: Surface, *, notes: tuple[str, ...] = ()) -> Handed:
        """The log as a value: one part per different failure, the first failing row's first."""
        notes = (*notes, *self._notes())
        rows = self.failing or self.warnings
        different = {(row.code, row.text): row for row in reversed(rows)}
        parts = tuple(part_of(row) for row in reversed(different.values()))
        if len(parts) > PARTS:
            notes += (f"{len(parts)} different texts failed; the first {PARTS} are read.",)
        return Handed(
            kind=kind,
            text="\n\n".join(parts[:PARTS]) or "Every row that was read has been processed.",
            rows=tuple(rows),
            parts=parts,
            notes=notes,
        )

    def _notes(self) -> tuple[str, ...]:
        if self._failed > ROWS:
            return (f"{self._failed} rows failed; the first {ROWS} are shown.",)
        if self.failing:
            return ()
        if self.warnings:
            return ("No row of this log failed; its warnings are shown.",)
        return ("No row of this log failed.",)


def shortened(text: str) -> str:
    """The text of one row, of bounded length."""
    return text if len(text) <= ROW_TEXT else f"{text[:ROW_TEXT]} ..."
