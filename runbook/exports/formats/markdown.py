"""The record as Markdown, in the order in which a support desk reads it, ready to paste."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain as one_by_one
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain.presenting import clock, utc
from runbook.domain.progress import next_step
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import (
    Answer,
    Tried,
    answers,
    attempts,
    checks,
    each_deviation,
    handed_to,
    installed_state,
    person,
)
from runbook.exports.contents import (
    PROVES,
    before,
    both,
    error_of,
    late_told,
    named,
    product_told,
    title,
)
from runbook.exports.escaping import block, code, line, remembering
from runbook.exports.format import Format, Handout
from runbook.exports.pieces import begun, between, encoded, or_else

NOTHING = "None."


def parts(handout: Handout) -> Iterator[bytes]:
    """The record as UTF-8, piece by piece; its memory does not grow with the timeline."""
    report = handout.report
    sections = (
        _head(report),
        _section("Environment and versions", _answers(answers(report, facts=True))),
        _section("Attempts", _attempts(report)),
        between("\n\n", (_attempt(tried) for tried in attempts(report))),
        _section("Checks answered", _checks(report)),
        _section("Decisions and other answers", _answers(answers(report, facts=False))),
        _section("Deviations", _deviations(report)),
        _section("Timeline", _timeline(report)),
        _section("Proof", _proof(report)),
    )
    return encoded(one_by_one(_apart(sections), ["\n"]))


def render(handout: Handout) -> bytes:
    """The whole record at once."""
    return b"".join(parts(handout))


def _apart(sections: Iterable[Iterable[str]]) -> Iterator[str]:
    """The sections that say anything, with an empty line between them."""
    before: tuple[str, ...] = ()
    for section in sections:
        for first in (found := iter(section)):
            yield from one_by_one(before, [first], found)
            before = ("\n\n",)


def _section(title: str, body: Iterable[str]) -> Iterator[str]:
    yield f"## {title}\n\n"
    yield from or_else(body, NOTHING)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table; nothing at all without rows."""
    titles = tuple(heads)
    return between("\n", begun(map(_row, rows), _row(titles), _row("---" for _ in titles)))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(report: RunReport) -> Iterator[str]:
    yield f"# {line(title(report))}\n\n**Product.** {line(product_told(report))}\n\n"
    yield from _standing(report)


def _standing(report: RunReport) -> Iterator[str]:
    state, found = report.state, next_step(report.standings)
    seen, zone = state.last_reading, ZoneInfo(report.state.time_zone)
    rows = [("Run", line(state.title)), ("Stage", line(state.stage.value))]
    if found:
        rows.append(("Next step", line(f"{found.step.title} ({found.state.value})")))
    if seen:
        told = line(installed_state(report))
        rows.append(("Installed state", f"{told}, read {both(seen.at, zone)}"))
        versions = [v for v in (seen.base_version, seen.holding_version) if v]
        if versions:
            rows.append(("Versions seen", ", ".join(code(v, in_table=True) for v in versions)))
    if state.retry and not state.retry.overridden:
        rows.append(("Next attempt not before", both(state.retry.due, zone)))
    if state.escalated_to:
        rows.append(("Handed to", line(f"{handed_to(report)} {state.ticket}")))
    if state.end_reason:
        rows.append(("Reason for the end", line(state.end_reason)))
    rows.append(("Record", f"<{report.address}>"))
    rows.append(("This copy made", both(report.made_at, zone)))
    return _table(("Now", ""), rows)


def _answers(given: tuple[Answer, ...]) -> Iterator[str]:
    return _table(
        ("Asked", "Answer"),
        [(line(each.label), code(each.answer, in_table=True)) for each in given],
    )


def _attempts(report: RunReport) -> Iterator[str]:
    zone = ZoneInfo(report.state.time_zone)
    heads = ("No.", "Started UTC", "Started local", "Ended UTC", "Lasted", "Waited before")
    return _table(
        (*heads, "How", "By", "Outcome"),
        [
            (
                str(each.number),
                utc(each.started_at),
                clock(each.started_at, zone),
                utc(each.ended_at) if each.ended_at else "",
                each.lasted,
                each.waited,
                code(each.how, in_table=True),
                line(each.operator),
                each.outcome,
            )
            for each in attempts(report)
        ],
    )


def _attempt(tried: Tried) -> str:
    """Exact codes and ids of one attempt, then the whole text as it was pasted."""
    facts = [f"- Outcome: {tried.outcome}"]
    if tried.reason:
        facts.append(f"- Told: {line(tried.reason)}")
    if tried.family:
        facts.append(f"- Kind of failure, {tried.settled}: {line(tried.family)}")
    if tried.reading:
        facts += [f"- {fact.label}: {code(fact.value)}" for fact in named(tried.reading)]
    return "\n\n".join((f"### Attempt {tried.number}", "\n".join(facts), _error(tried)))


def _error(tried: Tried) -> str:
    text, told = error_of(tried)
    return told if text is None else f"{told}:\n\n{block(text)}"


def _checks(report: RunReport) -> Iterator[str]:
    return _table(
        ("Step", "Check", "Answer", "Note", "By", "When UTC"),
        [
            (
                line(each.step),
                line(each.text),
                line(each.result.value + before(each.before_attempt)),
                line(each.note),
                line(each.by),
                utc(each.at),
            )
            for each in checks(report)
        ],
    )


def _deviations(report: RunReport) -> Iterator[str]:
    return _table(
        ("When UTC", "What", "Why", "By", "Entry"),
        (
            (
                utc(each.at),
                line(each.what),
                line(each.detail),
                line(each.by),
                str(each.seq) if each.seq else "",
            )
            for each in each_deviation(report)
        ),
    )


def _timeline(report: RunReport) -> Iterator[str]:
    zone, brief = ZoneInfo(report.state.time_zone), remembering(line)
    return _table(
        ("Entry", "Happened UTC", "Happened local", "What", "More", "By"),
        (_entry(each, zone, brief) for each in report.lines),
    )


def _entry(each: ReportLine, zone: ZoneInfo, brief: Callable[[str], str]) -> tuple[str, ...]:
    late = f", {late_told(each)}" if each.late else ""
    return (
        str(each.seq),
        utc(each.happened_at),
        clock(each.happened_at, zone),
        brief(each.headline),
        line(each.detail),
        brief(each.actor) + late,
    )


def _proof(report: RunReport) -> Iterator[str]:
    pack = report.pack
    lead = sorted(actor for actor, role in report.state.members.items() if role.value == "lead")
    facts = (
        f"- Events: {len(report.lines)}",
        f"- Head: {code(report.head)}",
        f"- Fingerprint of the head: {code(chain.fingerprint(report.head))}",
        f"- Genesis: {code(report.genesis)}",
        f"- Run: {code(report.run)}",
        f"- Installation: {code(report.instance)}",
        f"- Lead: {line(', '.join(person(report, actor) for actor in lead))}",
        f"- Pack: {code(pack.slug)}, revision {pack.revision}, digest {code(pack.digest)}",
        f"- Written by Upgrade Runbook {report.product_version}",
    )
    yield f"{PROVES}\n\n" + "\n".join(facts)


FORMAT = Format(
    slug="markdown",
    label="Markdown, for a ticket",
    content_type="text/markdown; charset=utf-8",
    extension="md",
    render=render,
    parts=parts,
    hint="Reads well wherever it is pasted; nothing in it mentions, links or embeds.",
)
