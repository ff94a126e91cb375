"""The record as Markdown, in the order in which a support desk reads it, ready to paste."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain.diagnosis.family import Reading
from runbook.domain.pack import Maintenance
from runbook.domain.presenting import clock, utc
from runbook.domain.progress import next_step
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import (
    Answer,
    Tried,
    answers,
    attempts,
    checks,
    deviations,
    handed_to,
    has_failed,
    installed_state,
    person,
)
from runbook.exports.escaping import block, code, line
from runbook.exports.format import Format, Handout

NOTHING = "None."
VERSIONS = ("source_version", "target_version")


def render(handout: Handout) -> bytes:
    """The whole record as UTF-8."""
    report = handout.report
    parts = (
        _head(report),
        _section("Environment and versions", _answers(answers(report, facts=True))),
        _section("Attempts", _attempts(report)),
        *(_attempt(tried) for tried in attempts(report)),
        _section("Checks answered", _checks(report)),
        _section("Decisions and other answers", _answers(answers(report, facts=False))),
        _section("Deviations", _deviations(report)),
        _section("Timeline", _timeline(report)),
        _section("Proof", _proof(report)),
    )
    return ("\n\n".join(parts) + "\n").encode()


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body or NOTHING}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = tuple(heads)
    lines = [_row(cells) for cells in rows]
    return "\n".join([_row(titles), _row("---" for _ in titles), *lines]) if lines else ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(report: RunReport) -> str:
    return f"# {_title(report)}\n\n{_lifecycle(report)}\n\n{_standing(report)}"


def _title(report: RunReport) -> str:
    """Support sorts by the first line, so a failure is named as what it is to the platform."""
    given = report.state.answers
    solution, versions = given.get("solution"), (given.get(slug) for slug in VERSIONS)
    way = " to ".join(version for version in versions if version)
    if has_failed(report):
        what = solution or report.pack.product
        kind = "Dataverse managed solution import failed" if solution else "Import failed"
        return line(f"{kind}: {what} {way}".rstrip() + _codes(report))
    return line(f"Record of an upgrade: {report.state.title}")


def _codes(report: RunReport) -> str:
    attempt = report.state.current_attempt
    codes = attempt.reading.codes if attempt and attempt.reading else ()
    return f" ({', '.join(codes)})" if codes else ""


def _lifecycle(report: RunReport) -> str:
    pack, life = report.pack, report.pack.lifecycle
    kept = "maintained" if life.maintenance is Maintenance.MAINTAINED else "no longer maintained"
    since = f" since {life.since}" if life.since else ""
    told = f"{pack.product}: {kept}{since} (looked up {pack.verified_on}). {life.summary}"
    return f"**Product.** {line(told)}"


def _standing(report: RunReport) -> str:
    state, found = report.state, next_step(report.standings)
    seen, zone = state.last_reading, ZoneInfo(report.state.time_zone)
    rows = [("Run", line(state.title)), ("Stage", line(state.stage.value))]
    if found:
        rows.append(("Next step", line(f"{found.step.title} ({found.state.value})")))
    if seen:
        told = line(installed_state(report))
        rows.append(("Installed state", f"{told}, read {_both(seen.at, zone)}"))
        versions = [v for v in (seen.base_version, seen.holding_version) if v]
        if versions:
            rows.append(("Versions seen", ", ".join(code(v, in_table=True) for v in versions)))
    if state.retry and not state.retry.overridden:
        rows.append(("Next attempt not before", _both(state.retry.due, zone)))
    if state.escalated_to:
        rows.append(("Handed to", line(f"{handed_to(report)} {state.ticket}")))
    if state.end_reason:
        rows.append(("Reason for the end", line(state.end_reason)))
    rows.append(("Record", f"<{report.address}>"))
    rows.append(("This copy made", _both(report.made_at, zone)))
    return _table(("Now", ""), rows)


def _both(moment: datetime, zone: ZoneInfo) -> str:
    return f"{utc(moment)} ({clock(moment, zone)})"


def _answers(given: tuple[Answer, ...]) -> str:
    return _table(
        ("Asked", "Answer"),
        [(line(each.label), code(each.answer, in_table=True)) for each in given],
    )


def _attempts(report: RunReport) -> str:
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
        facts += _reading(tried.reading)
    return "\n\n".join((f"### Attempt {tried.number}", "\n".join(facts), _error(tried)))


def _reading(reading: Reading) -> list[str]:
    ids, part = reading.ids, reading.component
    named = (
        *(("Error code", each) for each in reading.codes),
        ("Status", reading.status),
        ("Phase", reading.phase.value if reading.phase else None),
        ("Component type", part.type),
        ("Component", part.name),
        ("Component id", part.id),
        ("Activity id", ids.activity),
        ("Correlation id", ids.correlation),
        ("Client request id", ids.client_request),
        ("Tracking id", ids.tracking),
        ("Asynchronous operation id", ids.async_operation),
    )
    return [f"- {name}: {code(value)}" for name, value in named if value]


def _error(tried: Tried) -> str:
    if tried.text is not None:
        return f"Error text, secrets removed:\n\n{block(tried.text)}"
    if tried.text_digest:
        return "The error text was erased."
    return "No error text was handed in."


def _checks(report: RunReport) -> str:
    return _table(
        ("Step", "Check", "Answer", "Note", "By", "When UTC"),
        [
            (
                line(each.step),
                line(each.text),
                line(each.result.value + _before(each.before_attempt)),
                line(each.note),
                line(each.by),
                utc(each.at),
            )
            for each in checks(report)
        ],
    )


def _before(attempt: int) -> str:
    return f" (before attempt {attempt})" if attempt else ""


def _deviations(report: RunReport) -> str:
    return _table(
        ("When UTC", "What", "Why", "By", "Entry"),
        [
            (
                utc(each.at),
                line(each.what),
                line(each.detail),
                line(each.by),
                str(each.seq) if each.seq else "",
            )
            for each in deviations(report)
        ],
    )


def _timeline(report: RunReport) -> str:
    zone = ZoneInfo(report.state.time_zone)
    return _table(
        ("Entry", "Happened UTC", "Happened local", "What", "More", "By"),
        [_entry(each, zone) for each in report.lines],
    )


def _entry(each: ReportLine, zone: ZoneInfo) -> tuple[str, ...]:
    late = f", late entry, recorded {utc(each.recorded_at)}" if each.late else ""
    return (
        str(each.seq),
        utc(each.happened_at),
        clock(each.happened_at, zone),
        line(each.headline),
        line(each.detail),
        line(each.actor) + late,
    )


def _proof(report: RunReport) -> str:
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
    return (
        "Each event holds the hash of the one before it. A record whose head differs from the one "
        "printed here was changed after this copy was made, or went on since.\n\n"
        + "\n".join(facts)
    )


FORMAT = Format(
    slug="markdown",
    label="Markdown, for a ticket",
    content_type="text/markdown; charset=utf-8",
    extension="md",
    render=render,
)
