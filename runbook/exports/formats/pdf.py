"""The record as a PDF to print and file: tagged, searchable, fonts inside, the same each time.

What a long error text has beyond its first pages stays in the other formats, and the paper says so.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain.errors import DomainError
from runbook.domain.presenting import clock, utc
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import Answer, Tried, answers, attempts, checks, deviations
from runbook.exports.contents import (
    PROVES,
    Fact,
    attempt_facts,
    before,
    error_of,
    figures,
    late_told,
    product_told,
    proof,
    standing,
    title,
)
from runbook.exports.escaping import shown, shown_line
from runbook.exports.format import Format, Handout
from runbook.exports.glyphs import named_if_missing
from runbook.exports.paper_words import fit
from runbook.exports.picture import Picture, picture_of
from runbook.exports.typesetting import NotSet, set_on_paper
from runbook.exports.widths import cut

#: Characters of one error text on paper, and of all together; a log of 20 MB is not for printing.
LONGEST, LONGEST_TOGETHER = 1_048_576, 2_097_152
#: Characters of one cell; a row of a table that is longer than some pages helps nobody.
LONGEST_CELL = 20_000
#: Entries on paper, some 250 pages; beyond that only those that deviate, and the newest.
MOST_ENTRIES = 3_000
CUT = "… cut here: the Markdown, JSON and text formats hold the whole."
#: Characters that surely fit into a line of a column, by the width that the layout gives it.
_ROOM, _LABEL, _FIGURE, _TEXT, _WHAT, _BY = 56, 22, 24, 88, 44, 12


class NoPaper(DomainError):
    """The PDF could not be set: too much work for the time it has."""


def render(handout: Handout) -> bytes:
    """The PDF; raises NoPaper if it cannot be set."""
    try:
        return set_on_paper(content(handout.report))
    except NotSet as error:
        raise NoPaper(
            "This record could not be set on paper. The web page prints, and the other formats hold "
            "the same."
        ) from error


def content(report: RunReport) -> dict[str, Any]:
    """Everything on paper as plain values, fit to be shown."""
    zone = ZoneInfo(report.state.time_zone)
    return {
        "title": _line(title(report), room=36),
        "run_title": named_if_missing(cut(shown_line(report.state.title), size=8, room=320)),
        "product": _line(report.pack.product),
        "product_told": _line(product_told(report)),
        "run": report.run,
        "fingerprint": chain.fingerprint(report.head),
        "figures": _facts(figures(report), room=_FIGURE),
        "picture": _picture(picture_of(report)),
        "standing": _facts(standing(report)),
        "deviations": _deviations(report, zone),
        "facts": _answers(answers(report, facts=True)),
        "attempts": [_attempt(report, tried) for tried in attempts(report)],
        "checks": _checks(report, zone),
        "decisions": _answers(answers(report, facts=False)),
        "steps": _table(
            {"Phase": 16, "Step": _WHAT, "State": 16},
            ((each.phase, each.step.title, each.state.value) for each in report.standings),
        ),
        "timeline": _timeline(report, zone),
        "times_told": _times_told(report, zone),
        "proof": _facts(proof(report)),
        "proves": PROVES,
    }


def _line(text: str, *, room: int = _ROOM) -> str:
    return fit(_limited(shown_line(text), LONGEST_CELL), room=room)


def _limited(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}{CUT}"


def _facts(facts: Iterable[Fact], *, room: int = _ROOM) -> list[dict[str, Any]]:
    return [
        {
            "label": _line(fact.label, room=_LABEL),
            "value": _line(fact.value, room=room),
            "exact": fact.exact,
        }
        for fact in facts
    ]


def _table(columns: dict[str, int], rows: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """Headings with the room of their columns, and the rows under them."""
    rooms = tuple(columns.values())
    return {
        "heads": list(columns),
        "rows": [
            [_line(cell, room=room) for cell, room in zip(row, rooms, strict=True)] for row in rows
        ],
    }


def _picture(picture: Picture) -> dict[str, Any]:
    drawn = asdict(picture)
    for shape in drawn["shapes"]:
        shape["text"] = named_if_missing(shape["text"])
    return {**drawn, "description": named_if_missing(picture.description)}


def _answers(given: tuple[Answer, ...]) -> dict[str, Any]:
    return _table({"Asked": _WHAT, "Answer": _WHAT}, ((each.label, each.answer) for each in given))


def _attempt(report: RunReport, tried: Tried) -> dict[str, Any]:
    text, told = error_of(tried)
    most = min(LONGEST, LONGEST_TOGETHER // max(1, len(report.errors)))
    return {
        "number": tried.number,
        "facts": _facts(attempt_facts(report, tried)),
        "told": told,
        "text": None if text is None else _lines(_limited(shown(text), most)),
    }


def _lines(text: str) -> list[str]:
    """A text line by line; an empty line keeps its room."""
    return [fit(line, room=_TEXT) for line in text.split("\n")]


def _checks(report: RunReport, zone: ZoneInfo) -> dict[str, Any]:
    rows = (
        (
            each.step,
            each.text,
            each.result.value + before(each.before_attempt),
            each.note,
            f"{each.by}, {clock(each.at, zone)}",
        )
        for each in checks(report)
    )
    return _table({"Step": 12, "Check": 32, "Answer": 10, "Note": 14, "By": 18}, rows)


def _deviations(report: RunReport, zone: ZoneInfo) -> dict[str, Any]:
    rows = (
        (
            clock(each.at, zone),
            each.what,
            each.detail,
            each.by,
            str(each.seq) if each.seq else "",
        )
        for each in deviations(report)
    )
    return _table({"When": 12, "What": 28, "Why": 28, "By": 9, "Entry": 6}, rows)


def _timeline(report: RunReport, zone: ZoneInfo) -> list[dict[str, Any]]:
    deviating = {each.seq for each in deviations(report)}
    since = len(report.lines) - MOST_ENTRIES
    return [
        _entry(line, zone, deviates=line.seq in deviating)
        for place, line in enumerate(report.lines)
        if place >= since or line.seq in deviating
    ]


def _times_told(report: RunReport, zone: ZoneInfo) -> str:
    told = f"Times by the clock of {zone.key}, UTC below them. A diamond marks what deviates."
    if len(report.lines) <= MOST_ENTRIES:
        return told
    return (
        f"{told} Of the entries before the newest {MOST_ENTRIES} only those that deviate are on "
        "paper; the CSV and JSON formats hold all."
    )


def _entry(line: ReportLine, zone: ZoneInfo, *, deviates: bool) -> dict[str, Any]:
    return {
        "seq": str(line.seq),
        "deviates": deviates,
        "local": clock(line.happened_at, zone),
        "utc": utc(line.happened_at),
        "headline": _line(line.headline, room=_WHAT),
        "detail": fit(_limited(shown(line.detail), LONGEST_CELL), room=_WHAT),
        "late": late_told(line),
        "actor": _line(line.actor, room=_BY),
    }


FORMAT = Format(
    slug="pdf",
    label="PDF, to print and file",
    content_type="application/pdf",
    extension="pdf",
    render=render,
    hint="The whole record on paper: run id and head on every page, all scripts, searchable.",
)
