"""The case as plain text for the field of a ticket: 80 columns, no markup, what is exact left whole.

In the order in which a support desk works: what happened, what was tried, codes and message, ids,
what is still open. The timeline stays out; the last lines say where it is.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from runbook.domain.presenting import utc
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import (
    Tried,
    answers,
    attempts,
    each_deviation,
    has_failed,
    person,
)
from runbook.domain.vocabulary import Outcome
from runbook.exports.contents import (
    Fact,
    attempt_facts,
    error_of,
    figures,
    product_told,
    proof,
    standing,
    title,
)
from runbook.exports.escaping import shown, shown_line
from runbook.exports.format import Format, Handout
from runbook.exports.pieces import encoded, or_else
from runbook.exports.widths import columns, wrapped

WIDTH = 80
_LABEL = 26
#: What people did about the failure besides trying again.
TRIED = frozenset(
    {
        "state.read",
        "repair.recorded",
        "removal.recorded",
        "retry.overridden",
        "diagnosis.chosen",
        "escalation.sent",
    }
)
_TABLE = (4, 22, 12, 12, 12)


def parts(handout: Handout) -> Iterator[bytes]:
    """The text as UTF-8 with line feeds, piece by piece."""
    report = handout.report
    lines = chain(
        _heading(report),
        _section("SUMMARY", _summary(report)),
        _section("ENVIRONMENT", _facts(_answers(report))),
        _section("ATTEMPTS", _table(report)),
        chain.from_iterable(_attempt(report, tried) for tried in attempts(report)),
        _section("WHAT WAS TRIED BESIDES", _lines(report, TRIED)),
        _section("WHAT DID NOT GO THE ORDINARY WAY", _deviations(report)),
        _section("OPEN QUESTIONS", _open(report)),
        _section("PROOF", _facts(proof(report))),
    )
    return encoded(f"{line.rstrip()}\n" for line in lines)


def render(handout: Handout) -> bytes:
    """The whole text at once."""
    return b"".join(parts(handout))


def _heading(report: RunReport) -> Iterator[str]:
    yield from wrapped(shown_line(title(report)), width=WIDTH)
    yield "=" * WIDTH
    yield from wrapped(shown_line(product_told(report)), width=WIDTH)
    yield from wrapped(f"Times in UTC and in {report.state.time_zone}.", width=WIDTH)


def _summary(report: RunReport) -> Iterator[str]:
    yield from _facts(figures(report))
    yield from _facts(standing(report))


def _section(name: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", name, "-" * len(name))
    yield from or_else(lines, "None.")


def _facts(facts: Iterable[Fact]) -> Iterator[str]:
    """Label and value side by side; an exact value is never broken."""
    for fact in facts:
        value, room = shown_line(fact.value), WIDTH - _LABEL
        label = f"{shown_line(fact.label).rstrip('?:.')}: "
        whole = fact.exact and " " not in value
        if columns(label) > _LABEL or (whole and columns(value) > room):
            yield from wrapped(label, width=WIDTH)
            label = ""
        if whole and columns(value) > room:
            yield f"    {value}"
            continue
        parts = [value] if whole else list(wrapped(value, width=room))
        for number, part in enumerate(parts):
            before = label if number == 0 else ""
            yield f"{before}{' ' * (_LABEL - columns(before))}{part}"


def _answers(report: RunReport) -> list[Fact]:
    return [Fact(label=each.label, value=each.answer) for each in answers(report, facts=True)]


def _table(report: RunReport) -> Iterator[str]:
    tried = attempts(report)
    if tried:
        yield _row("No.", "Started", "Lasted", "Waited", "Outcome")
    for each in tried:
        started = utc(each.started_at)
        yield _row(str(each.number), started, each.lasted, each.waited, each.outcome)


def _row(*cells: str) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, _TABLE, strict=True))
    return " ".join(padded)


def _attempt(report: RunReport, tried: Tried) -> Iterator[str]:
    """All that is known of one attempt; the message stands as it was handed in."""
    yield from _section(f"ATTEMPT {tried.number}", _facts(attempt_facts(report, tried)))
    text, told = error_of(tried)
    yield ""
    if text is None:
        yield told
        return
    yield f"{told}, word for word:"
    yield ""
    yield from shown(text).rstrip("\n").split("\n")


def _lines(report: RunReport, types: Iterable[str]) -> Iterator[str]:
    wanted = frozenset(types)
    for line in report.lines:
        if line.event_type in wanted:
            yield from _told(f"{utc(line.happened_at)}  {line.headline}", line.detail, line.actor)


def _deviations(report: RunReport) -> Iterator[str]:
    for each in each_deviation(report):
        yield from _told(f"{utc(each.at)}  {each.what}", each.detail, each.by)


def _told(what: str, detail: str, actor: str) -> Iterator[str]:
    told = f"{what} ({actor})" if actor else what
    yield from _item(told)
    if detail:
        yield from (f"    {part}" for part in wrapped(shown_line(detail), width=WIDTH - 4))


def _item(text: str) -> Iterator[str]:
    for number, part in enumerate(wrapped(shown_line(text), width=WIDTH - 2)):
        yield f"{'- ' if number == 0 else '  '}{part}"


def _open(report: RunReport) -> Iterator[str]:
    """What nobody knows yet: questions without an answer, ends nobody saw, failures nobody settled."""
    for tried in report.state.attempts:
        if tried.outcome is Outcome.UNKNOWN:
            yield from _item(f"Attempt {tried.number} ended unseen: nobody knows how.")
    last = report.state.current_attempt
    if has_failed(report) and last and last.outcome is Outcome.FAILED and not last.family:
        yield from _item(f"What kind of failure attempt {last.number} is.")
    if has_failed(report) and last and _unread(report, last.number):
        yield from _item(f"What is installed since attempt {last.number}: nobody read it yet.")
    for asked in report.state.team.questions:
        who = person(report, asked.asker)
        yield from _item(f"Question {asked.number} on entry {asked.about}, by {who}: {asked.text}")
    card = report.state.team.handover
    if card:
        yield from _told("Doubts of the last hand-over", _line_of(report, card.seq), "")


def _unread(report: RunReport, attempt: int) -> bool:
    seen = report.state.last_reading
    return seen is None or seen.after_attempt < attempt


def _line_of(report: RunReport, seq: int) -> str:
    found: ReportLine | None = next((line for line in report.lines if line.seq == seq), None)
    return found.detail if found else ""


FORMAT = Format(
    slug="ticket",
    label="Plain text, for the field of a ticket",
    content_type="text/plain; charset=utf-8",
    extension="txt",
    render=render,
    parts=parts,
    hint="Summary, attempts, exact codes and message, ids, open questions; 80 columns wide.",
)
