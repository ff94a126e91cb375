"""The data behind a team's figures as a table (RFC 4180, UTF-8 with a byte-order mark, CRLF).

One row per value, those that are not counted among them, with the reason. No cell is taken for a
formula; `runbook.exports.cells` tells how, and how to get the text back.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from runbook.domain.figures import PackFigures
from runbook.domain.redaction import mask
from runbook.domain.run_figures import Datum
from runbook.exports.cells import cell
from runbook.exports.escaping import sound

COLUMNS = (
    *("Product", "Figure", "What", "Run", "Title", "Value", "Unit", "Asked for, seconds"),
    *("From UTC", "To UTC", "More", "Counted", "Why not"),
)


def render(figures: Iterable[PackFigures]) -> bytes:
    """The table, byte-order mark and heading first."""
    rows = (
        _cells(each, figure, unit=unit, datum=datum)
        for each in figures
        for figure, unit, datum in _data(each)
    )
    return "".join(("\ufeff", _row(COLUMNS), *map(_row, rows))).encode()


def _data(figures: PackFigures) -> Iterable[tuple[str, str, Datum]]:
    """Each value with the name of its figure and its unit."""
    for phase in figures.phases:
        yield from (("duration of a phase", "seconds", row) for row in phase.rows)
    yield from (("attempts per upgrade", "attempts", row) for row in figures.attempts.rows)
    yield from (("failure", "number of the attempt", row) for row in figures.failures.rows)
    yield from (("wait between attempts", "seconds", row) for row in figures.waits.rows)


def _cells(figures: PackFigures, figure: str, *, unit: str, datum: Datum) -> tuple[str, ...]:
    return (
        figures.title,
        figure,
        datum.subject,
        datum.run,
        mask(sound(datum.title)).text,
        str(datum.value),
        unit,
        "" if datum.asked is None else str(datum.asked),
        _utc(datum.begin),
        _utc(datum.end),
        datum.detail,
        "" if datum.left_out else "yes",
        datum.left_out,
    )


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _row(texts: Iterable[str]) -> str:
    """Every cell in quotes, so that no text can end one."""
    guarded = (cell(text).replace('"', '""') for text in texts)
    return ",".join(f'"{each}"' for each in guarded) + "\r\n"
