"""The record as a PDF to print and file: tagged, searchable, fonts inside, the same each time.

What is too much for paper stays in the other formats, and the paper says what and where: the rest of
a long error text, the ordinary entries of a very long run, pictures beyond a weight.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain.errors import DomainError
from runbook.domain.presenting import clock, utc
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import (
    Answer,
    Tried,
    answers,
    attempts,
    checks,
    deviates,
    each_deviation,
)
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
from runbook.exports.evidence_words import Pictures
from runbook.exports.format import Format, Handout
from runbook.exports.glyphs import named_if_missing
from runbook.exports.paper_entries import Listed, listed
from runbook.exports.paper_evidence import (
    NO_PICTURES,
    evidence,
    print_pictures,
    without_pictures,
)
from runbook.exports.paper_words import fit
from runbook.exports.picture import Picture, picture_of
from runbook.exports.typesetting import NotSet, picture_folder, set_on_paper
from runbook.exports.widths import cut

#: Characters of one error text on paper, and of all together; a log of 20 MB is not for printing.
LONGEST, LONGEST_TOGETHER = 1_048_576, 2_097_152
#: Characters of one cell; a row of a table that is longer than some pages helps nobody.
LONGEST_CELL = 20_000
#: Rows of one table, and attempts told one by one; of more the newest, and the paper says so.
MOST_ROWS, MOST_ATTEMPTS = 1_000, 200
CUT = "… cut here: the Markdown, JSON and text formats hold the whole."
#: Characters that surely fit into a line of a column, by the width that the layout gives it.
_ROOM, _LABEL, _FIGURE, _TEXT, _WHAT, _BY = 56, 22, 24, 88, 44, 12


class NoPaper(DomainError):
    """The PDF could not be set: too much work for the time it has."""


def render(handout: Handout) -> bytes:
    """The PDF; raises NoPaper if it cannot be set."""
    try:
        with picture_folder() as folder:
            return _set(handout, folder)
    except NotSet as error:
        raise NoPaper(
            "This record could not be set on paper. The web page prints, and the other formats hold "
            "the same."
        ) from error


def _set(handout: Handout, folder: Path) -> bytes:
    """With its pictures; should those be too much in spite of the limits, without them."""
    printed = print_pictures(handout, folder)
    try:
        return set_on_paper(content(handout.report, printed, folder=folder), pictures=folder)
    except NotSet:
        if not printed.numbers:
            raise
        return set_on_paper(content(handout.report, without_pictures(printed)))


def content(
    report: RunReport, printed: Pictures = NO_PICTURES, *, folder: Path | None = None
) -> dict[str, Any]:
    """Everything on paper as plain values, fit to be shown; `printed` lie in the folder."""
    zone = ZoneInfo(report.state.time_zone)
    entries = listed(report.lines)
    tried = attempts(report)
    return {
        "note": entries.told,
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
        "attempts_told": _newest_told(len(tried), MOST_ATTEMPTS, "attempts"),
        "attempts": [_attempt(report, each) for each in tried[-MOST_ATTEMPTS:]],
        "checks": _checks(report, zone),
        "decisions": _answers(answers(report, facts=False)),
        "steps": _table(
            {"Phase": 16, "Step": _WHAT, "State": 16},
            ((each.phase, each.step.title, each.state.value) for each in report.standings),
        ),
        "evidence": evidence(report, printed, folder=folder),
        "timeline": [_entry(line, zone) for line in entries.lines],
        "times_told": _times_told(entries, zone),
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
    """Headings with the room of their columns, and the rows under them, the newest if too many."""
    rooms = tuple(columns.values())
    newest: deque[tuple[str, ...]] = deque(maxlen=MOST_ROWS)
    count = 0
    for row in rows:
        newest.append(row)
        count += 1
    return {
        "told": _newest_told(count, MOST_ROWS, "rows"),
        "heads": list(columns),
        "rows": [
            [_line(cell, room=room) for cell, room in zip(row, rooms, strict=True)]
            for row in newest
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
        for each in each_deviation(report)
    )
    return _table({"When": 12, "What": 28, "Why": 28, "By": 9, "Entry": 6}, rows)


def _times_told(entries: Listed, zone: ZoneInfo) -> str:
    told = f"Times by the clock of {zone.key}, UTC below them. A diamond marks what deviates."
    return f"{told} {entries.told}".rstrip()


def _newest_told(count: int, most: int, what: str) -> str:
    if count <= most:
        return ""
    return (
        f"Of {count:,} {what} the newest {most:,} are on paper. The web page and the JSON lines hold "
        "all."
    )


def _entry(line: ReportLine, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "seq": str(line.seq),
        "deviates": deviates(line),
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
    shows_evidence=True,
    hint="The record on paper with its pictures: run id and head on every page, searchable.",
)
