"""The record as one page in one file: it needs no network, and runs nothing but its own small script.

A policy inside the file names the style and the script by their sums, so nothing that somebody typed
can run or fetch anything even if an escape were missing.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain as one_by_one
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain.presenting import clock, utc
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import (
    Answer,
    Tried,
    answers,
    attempts,
    checks,
    each_deviation,
)
from runbook.exports.contents import (
    PROVES,
    Fact,
    attempt_facts,
    before,
    both,
    error_of,
    figures,
    kind_of,
    late_told,
    product_told,
    proof,
    standing,
    title,
)
from runbook.exports.escaping import remembering, shown, shown_line
from runbook.exports.evidence_words import HEADS, Pictures, summary
from runbook.exports.files import read
from runbook.exports.format import SAVED_ONLY, Format, Handout
from runbook.exports.markup import Markup, element, empty, joined, streamed
from runbook.exports.page_evidence import figures as figures_of_evidence
from runbook.exports.page_evidence import pictures_on_page
from runbook.exports.page_evidence import rows as rows_of_evidence
from runbook.exports.passages import passages
from runbook.exports.picture import picture_of
from runbook.exports.picture_svg import drawing
from runbook.exports.pieces import encoded, or_else

_STYLE = f"\n{read('picture.css')}{read('page.css')}"
_SCRIPT = f"\n{read('page.js')}"


def parts(handout: Handout) -> Iterator[bytes]:
    """The page as UTF-8, piece by piece; its memory does not grow with the timeline."""
    report, pictures = handout.report, pictures_on_page(handout)
    page = streamed(
        "html",
        _head(report, pictures=bool(pictures.numbers)),
        _body(report, pictures),
        lang="en",
        class_="no-script",
        data_run=report.run,
    )
    return encoded(one_by_one(["<!doctype html>\n"], page, ["\n"]))


def render(handout: Handout) -> bytes:
    """The whole page at once."""
    return b"".join(parts(handout))


def _sum(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def policy(*, pictures: bool = False) -> str:
    """What the page may do: show its style and the pictures inside it, run its script, nothing else."""
    inside = "img-src data:; " if pictures else ""
    return (
        f"default-src 'none'; {inside}style-src {_sum(_STYLE)}; script-src {_sum(_SCRIPT)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _head(report: RunReport, *, pictures: bool) -> Markup:
    return element(
        "head",
        empty("meta", charset="utf-8"),
        empty("meta", http_equiv="Content-Security-Policy", content=policy(pictures=pictures)),
        empty("meta", name="viewport", content="width=device-width, initial-scale=1"),
        empty("meta", name="referrer", content="no-referrer"),
        element("title", shown_line(title(report))),
        Markup(f"<style>{_STYLE}</style>"),
    )


def _body(report: RunReport, pictures: Pictures) -> Iterator[Markup]:
    sections = (
        _section("The run as a picture", _picture(report)),
        _section("Where it stands", _facts(standing(report))),
        _section("Deviations", _deviations(report)),
        _section("Environment and versions", _answers("Facts", answers(report, facts=True))),
        _section("Attempts", (_attempt(report, tried) for tried in attempts(report))),
        _section("Checks answered", _checks(report)),
        _section("Decisions and other answers", _answers("Answers", answers(report, facts=False))),
        _section("Steps", _steps(report)),
        _section("Evidence", *_evidence(report, pictures)),
        _section("Timeline", _finder(report), _timeline(report)),
        _section("Proof", element("p", PROVES), _facts(proof(report))),
    )
    lead = element("p", _text(product_told(report)), class_="soft")
    foot = f"Run {report.run}, head {chain.fingerprint(report.head)}, {len(report.lines)} events."
    heading = element("h1", _text(title(report)), dir="auto")
    return streamed(
        "body",
        streamed("header", heading, lead, _figures(report)),
        streamed("main", one_by_one.from_iterable(sections)),
        element("footer", element("p", foot)),
        Markup(f"<script>{_SCRIPT}</script>"),
    )


def _text(text: str) -> str:
    return shown_line(text)


def _section(name: str, *children: Iterable[str]) -> Iterator[Markup]:
    nothing = element("p", "None.", class_="soft")
    pieces = (
        piece
        for child in children
        for piece in ([child] if isinstance(child, str) else child)
        if piece
    )
    return streamed("section", element("h2", name), or_else(pieces, nothing))


def _figures(report: RunReport) -> Iterator[Markup]:
    found = (
        element("div", element("dt", fact.label), element("dd", _text(fact.value), dir="auto"))
        for fact in figures(report)
    )
    yield element("dl", *found, class_="figures")


def _picture(report: RunReport) -> Iterator[Markup]:
    """A wide picture scrolls by itself, with the keyboard too."""
    yield element(
        "div",
        drawing(picture_of(report)),
        class_="wide",
        tabindex=0,
        role="region",
        aria_label="The run as a picture",
    )


def _facts(facts: Iterable[Fact]) -> Markup:
    found = [_fact(fact) for fact in facts]
    return element("dl", *found, class_="facts card") if found else Markup("")


def _fact(fact: Fact) -> Markup:
    value = element("code", _text(fact.value)) if fact.exact else _text(fact.value)
    return joined(element("dt", fact.label), element("dd", value, dir="auto"))


def _table(
    name: str, heads: Iterable[str], rows: Iterable[Iterable[str | Markup]]
) -> Iterator[str]:
    """A table that scrolls by itself where it is too wide; its name tells it from the others.

    Nothing at all without rows.
    """
    head = element("tr", *(element("th", each, scope="col") for each in heads))
    lines = (element("tr", *(_cell(cell) for cell in row)) for row in rows)
    for first in lines:
        body = streamed("tbody", first, lines)
        table = streamed("table", element("thead", head), body)
        yield from streamed("div", table, class_="wide", tabindex=0, role="region", aria_label=name)


def _cell(cell: str) -> Markup:
    return element("td", cell if isinstance(cell, Markup) else _text(cell), dir="auto")


def _answers(name: str, given: tuple[Answer, ...]) -> Iterator[str]:
    return _table(name, ("Asked", "Answer"), [(each.label, each.answer) for each in given])


def _attempt(report: RunReport, tried: Tried) -> Markup:
    text, told = error_of(tried)
    if text is None:
        error = element("p", told, class_="soft")
    else:
        name = f"Error text of attempt {tried.number}, secrets removed"
        error = element("pre", shown(text), tabindex=0, role="region", aria_label=name)
    heading = element("h3", f"Attempt {tried.number}")
    return element("section", heading, _facts(attempt_facts(report, tried)), error)


def _checks(report: RunReport) -> Iterator[str]:
    zone = ZoneInfo(report.state.time_zone)
    rows = [
        (
            each.step,
            each.text,
            each.result.value + before(each.before_attempt),
            each.note,
            f"{each.by}, {both(each.at, zone)}",
        )
        for each in checks(report)
    ]
    return _table("Checks", ("Step", "Check", "Answer", "Note", "By"), rows)


def _deviations(report: RunReport) -> Iterator[str]:
    zone = ZoneInfo(report.state.time_zone)
    rows = (
        (
            both(each.at, zone),
            each.what,
            each.detail,
            each.by,
            element("a", str(each.seq), href=f"#entry-{each.seq}") if each.seq else Markup(""),
        )
        for each in each_deviation(report)
    )
    return _table("What deviates", ("When", "What", "Why", "By", "Entry"), rows)


def _steps(report: RunReport) -> Iterator[str]:
    rows = [(each.phase, each.step.title, each.state.value) for each in report.standings]
    return _table("Steps", ("Phase", "Step", "State"), rows)


def _evidence(report: RunReport, pictures: Pictures) -> Iterator[Iterable[str]]:
    told = summary(report, pictures)
    yield element("p", told, class_="soft") if told else Markup("")
    yield figures_of_evidence(report, pictures)
    yield _table("Evidence that is listed", HEADS, rows_of_evidence(report, pictures))


def _finder(report: RunReport) -> Iterator[Markup]:
    """Hidden until the script runs: without it the folds open by hand."""
    kinds = sorted({kind_of(line.event_type) for line in report.lines})
    choices = (element("option", kind.capitalize(), value=kind) for kind in kinds)
    select = element(
        "select",
        element("option", "All kinds", value=""),
        element("option", "Deviations only", value="deviates"),
        *choices,
        id="kind",
    )
    field = empty("input", id="words", type="search", autocomplete="off")
    yield element(
        "div",
        element("label", "Kind of entry", select),
        element("label", "Words", field),
        element("output", id="told", for_="kind words"),
        class_="find",
    )


def _timeline(report: RunReport) -> Iterator[Markup]:
    """Deviations in the open, what is ordinary between them folded."""
    zone, brief = ZoneInfo(report.state.time_zone), remembering(shown_line)
    for passage in passages(report):
        items = (_entry(line, zone, brief, deviates=passage.deviates) for line in passage.lines)
        entries = streamed("ol", items, class_="entries")
        if passage.deviates:
            yield from entries
            continue
        told = f"Entries {passage.first} to {passage.last}, as usual"
        if passage.first == passage.last:
            told = f"Entry {passage.first}, as usual"
        yield from streamed("details", element("summary", told), entries, class_="fold")


def _entry(
    line: ReportLine, zone: ZoneInfo, brief: Callable[[str], str], *, deviates: bool
) -> Markup:
    late = late_told(line)
    told = (
        element("p", brief(line.headline), class_="what", dir="auto"),
        element("p", shown(line.detail), dir="auto") if line.detail else None,
        element("p", brief(line.actor), class_="soft", dir="auto"),
        element("p", element("span", late, class_="mark")) if late else None,
    )
    return element(
        "li",
        element("span", str(line.seq), class_="number"),
        element("span", clock(line.happened_at, zone), title=utc(line.happened_at), class_="soft"),
        element("div", *told),
        class_="entry deviates" if deviates else "entry",
        id=f"entry-{line.seq}",
        data_kind=kind_of(line.event_type),
    )


FORMAT = Format(
    slug="html",
    label="Web page in one file",
    content_type=SAVED_ONLY,
    extension="html",
    render=render,
    parts=parts,
    shows_evidence=True,
    hint="Opens in any browser without a network; filter, picture, light and dark, prints well.",
)
