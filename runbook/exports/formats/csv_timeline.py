"""The timeline as a table (RFC 4180, UTF-8 with a byte-order mark, CRLF), one event per row.

Run and head stand in every row, so that tables of several runs can be joined. Cells are guarded
against being taken for formulas; `runbook.exports.cells` tells how, and how to get the text back.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain.redaction import mask
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import deviations
from runbook.exports.cells import cell
from runbook.exports.contents import kind_of
from runbook.exports.escaping import sound
from runbook.exports.format import Format, Handout

COLUMNS = (
    *("Run", "Entry", "Happened UTC", "Happened local", "Recorded UTC", "Late"),
    *("Deviates", "Kind", "Event", "What", "More", "By", "Hash", "Head of the record"),
)


def render(handout: Handout) -> bytes:
    """The table, byte-order mark and heading first."""
    report = handout.report
    deviating = {each.seq for each in deviations(report)}
    head = f"{report.head} ({chain.fingerprint(report.head)})"
    rows = (_cells(each, report, deviates=each.seq in deviating) for each in report.lines)
    return "".join(("\ufeff", _row(COLUMNS), *(_row((*row, head)) for row in rows))).encode()


def _cells(line: ReportLine, report: RunReport, *, deviates: bool) -> tuple[str, ...]:
    local = line.happened_at.astimezone(ZoneInfo(report.state.time_zone))
    return (
        report.run,
        str(line.seq),
        _utc(line.happened_at),
        local.isoformat(sep=" ", timespec="seconds"),
        _utc(line.recorded_at),
        "yes" if line.late else "",
        "yes" if deviates else "",
        kind_of(line.event_type),
        line.event_type,
        _safe(line.headline),
        _safe(line.detail),
        _safe(line.actor),
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
    hint="For spreadsheets and reports over several runs; no cell is taken for a formula.",
)
