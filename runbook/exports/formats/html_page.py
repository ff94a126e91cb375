"""The record as one page in one file: it needs no network, and runs nothing but its own small script.

A policy inside the file names the style and the script by their sums, so nothing that somebody typed
can run or fetch anything even if an escape were missing.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain.presenting import clock, utc
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import Answer, Tried, answers, attempts, checks, deviations
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
from runbook.exports.escaping import shown, shown_line
from runbook.exports.files import read
from runbook.exports.format import SAVED_ONLY, Format, Handout
from runbook.exports.markup import Markup, element, empty, joined
from runbook.exports.picture import picture_of
from runbook.exports.picture_svg import drawing

_STYLE = f"\n{read('picture.css')}{read('page.css')}"
_SCRIPT = f"\n{read('page.js')}"


def render(handout: Handout) -> bytes:
    """The page as UTF-8."""
    report = handout.report
    page = element(
        "html", _head(report), _body(report), lang="en", class_="no-script", data_run=report.run
    )
    return f"<!doctype html>\n{page}\n".encode()


def _sum(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def policy() -> str:
    """What the page may do: show its style, run its script, nothing else."""
    return (
        f"default-src 'none'; style-src {_sum(_STYLE)}; script-src {_sum(_SCRIPT)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _head(report: RunReport) -> Markup:
    return element(
        "head",
        empty("meta", charset="utf-8"),
        empty("meta", http_equiv="Content-Security-Policy", content=policy()),
        empty("meta", name="viewport", content="width=device-width, initial-scale=1"),
        empty("meta", name="referrer", content="no-referrer"),
        element("title", shown_line(title(report))),
        Markup(f"<style>{_STYLE}</style>"),
    )


def _body(report: RunReport) -> Markup:
    sections = (
        _section("The run as a picture", _picture(report)),
        _section("Where it stands", _facts(standing(report))),
        _section("Deviations", _deviations(report)),
        _section("Environment and versions", _answers("Facts", answers(report, facts=True))),
        _section("Attempts", *(_attempt(report, tried) for tried in attempts(report))),
        _section("Checks answered", _checks(report)),
        _section("Decisions and other answers", _answers("Answers", answers(report, facts=False))),
        _section("Steps", _steps(report)),
        _section("Timeline", _finder(report), _timeline(report)),
        _section("Proof", element("p", PROVES), _facts(proof(report))),
    )
    lead = element("p", _text(product_told(report)), class_="soft")
    foot = f"Run {report.run}, head {chain.fingerprint(report.head)}, {len(report.lines)} events."
    return element(
        "body",
        element("header", element("h1", _text(title(report)), dir="auto"), lead, _figures(report)),
        element("main", *sections),
        element("footer", element("p", foot)),
        Markup(f"<script>{_SCRIPT}</script>"),
    )


def _text(text: str) -> str:
    return shown_line(text)


def _section(name: str, *children: Markup | None) -> Markup:
    body = [each for each in children if each] or [element("p", "None.", class_="soft")]
    return element("section", element("h2", name), *body)


def _figures(report: RunReport) -> Markup:
    found = (
        element("div", element("dt", fact.label), element("dd", _text(fact.value), dir="auto"))
        for fact in figures(report)
    )
    return element("dl", *found, class_="figures")


def _picture(report: RunReport) -> Markup:
    """A wide picture scrolls by itself, with the keyboard too."""
    return element(
        "div",
        drawing(picture_of(report)),
        class_="wide",
        tabindex=0,
        role="region",
        aria_label="The run as a picture",
    )


def _facts(facts: Iterable[Fact]) -> Markup | None:
    found = [_fact(fact) for fact in facts]
    return element("dl", *found, class_="facts card") if found else None


def _fact(fact: Fact) -> Markup:
    value = element("code", _text(fact.value)) if fact.exact else _text(fact.value)
    return joined(element("dt", fact.label), element("dd", value, dir="auto"))


def _table(
    name: str, heads: Iterable[str], rows: Iterable[Iterable[str | Markup]]
) -> Markup | None:
    """A table that scrolls by itself where it is too wide; its name tells it from the others."""
    lines = [element("tr", *(_cell(cell) for cell in row)) for row in rows]
    if not lines:
        return None
    head = element("tr", *(element("th", each, scope="col") for each in heads))
    table = element("table", element("thead", head), element("tbody", *lines))
    return element("div", table, class_="wide", tabindex=0, role="region", aria_label=name)


def _cell(cell: str) -> Markup:
    return element("td", cell if isinstance(cell, Markup) else _text(cell), dir="auto")


def _answers(name: str, given: tuple[Answer, ...]) -> Markup | None:
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


def _checks(report: RunReport) -> Markup | None:
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


def _deviations(report: RunReport) -> Markup | None:
    zone = ZoneInfo(report.state.time_zone)
    rows = [
        (
            both(each.at, zone),
            each.what,
            each.detail,
            each.by,
            element("a", str(each.seq), href=f"#entry-{each.seq}") if each.seq else Markup(""),
        )
        for each in deviations(report)
    ]
    return _table("What deviates", ("When", "What", "Why", "By", "Entry"), rows)


def _steps(report: RunReport) -> Markup | None:
    rows = [(each.phase, each.step.title, each.state.value) for each in report.standings]
    return _table("Steps", ("Phase", "Step", "State"), rows)


def _finder(report: RunReport) -> Markup:
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
    return element(
        "div",
        element("label", "Kind of entry", select),
        element("label", "Words", field),
        element("output", id="told", for_="kind words"),
        class_="find",
    )


def _timeline(report: RunReport) -> Markup:
    """Deviations in the open, what is ordinary between them folded."""
    deviating = {each.seq for each in deviations(report)}
    parts = groupby(report.lines, key=lambda line: line.seq in deviating)
    zone = ZoneInfo(report.state.time_zone)
    return joined(*_passages(((apart, list(lines)) for apart, lines in parts), zone))


def _passages(parts: Iterable[tuple[bool, list[ReportLine]]], zone: ZoneInfo) -> Iterator[Markup]:
    for deviates, lines in parts:
        items = (_entry(line, zone, deviates=deviates) for line in lines)
        entries = element("ol", *items, class_="entries")
        if deviates:
            yield entries
            continue
        first, last = lines[0].seq, lines[-1].seq
        told = (
            f"Entries {first} to {last}, as usual" if first != last else f"Entry {first}, as usual"
        )
        yield element("details", element("summary", told), entries, class_="fold")


def _entry(line: ReportLine, zone: ZoneInfo, *, deviates: bool) -> Markup:
    late = late_told(line)
    told = (
        element("p", _text(line.headline), class_="what", dir="auto"),
        element("p", shown(line.detail), dir="auto") if line.detail else None,
        element("p", _text(line.actor), class_="soft", dir="auto"),
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
    hint="Opens in any browser without a network; filter, picture, light and dark, prints well.",
)
