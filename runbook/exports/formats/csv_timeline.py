"""The timeline as a table (RFC 4180, UTF-8 with a byte-order mark, CRLF), one event per row.

Run and head stand in every row, so that tables of several runs can be joined. Cells are guarded
against being taken for formulas; `runbook.exports.cells` tells how, and how to get the text back.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain as one_by_one
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain.redaction import mask
from runbook.domain.report import ReportLine
from runbook.domain.summary import deviates
from runbook.exports.cells import cell
from runbook.exports.contents import kind_of
from runbook.exports.escaping import remembering, sound
from runbook.exports.format import Format, Handout
from runbook.exports.pieces import encoded

COLUMNS = (
    *("Run", "Entry", "Happened UTC", "Happened local", "Recorded UTC", "Late"),
    *("Deviates", "Kind", "Event", "What", "More", "By", "Hash", "Head of the record"),
)


def parts(handout: Handout) -> Iterator[bytes]:
    """The table row by row, byte-order mark and heading first."""
    report = handout.report
    head = f"{report.head} ({chain.fingerprint(report.head)})"
    zone, brief = ZoneInfo(report.state.time_zone), remembering(_safe)
    rows = (_row((report.run, *_cells(each, zone, brief), head)) for each in report.lines)
    return encoded(one_by_one(["\ufeff", _row(COLUMNS)], rows))


def render(handout: Handout) -> bytes:
    """The whole table at once."""
    return b"".join(parts(handout))


def _cells(line: ReportLine, zone: ZoneInfo, brief: Callable[[str], str]) -> tuple[str, ...]:
    local = line.happened_at.astimezone(zone)
    return (
        str(line.seq),
        _utc(line.happened_at),
        local.isoformat(sep=" ", timespec="seconds"),
        _utc(line.recorded_at),
        "yes" if line.late else "",
        "yes" if deviates(line) else "",
        kind_of(line.event_type),
        line.event_type,
        brief(line.headline),
        _safe(line.detail),
        brief(line.actor),
        line.digest,
    )


def _safe(text: str) -> str:
    """What somebody typed, without secrets."""
    return mask(sound(text)).text


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _row(texts: Iterable[str]) -> str:
    """Every cell in quotes, so that no text can end one."""
    guarded = (cell(text).replace('"', '""') for text in texts)
    return ",".join(f'"{each}"' for each in guarded) + "\r\n"


FORMAT = Format(
    slug="csv",
    label="CSV, the timeline as a table",
    content_type="text/csv; charset=utf-8",
    extension="csv",
    render=render,
    parts=parts,
    hint="For spreadsheets and reports over several runs; no cell is taken for a formula.",
)
