"""What the files for people say, as plain words: each format escapes and lays them out in its way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain.diagnosis.family import Reading
from runbook.domain.pack import Maintenance
from runbook.domain.presenting import clock, lasting, utc
from runbook.domain.progress import next_step
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import (
    ENDINGS,
    Tried,
    attempts,
    count_telling,
    deviates,
    handed_to,
    has_failed,
    installed_state,
    person,
)
from runbook.domain.vocabulary import RunStage

VERSIONS = ("source_version", "target_version")
ERASED = "The error text was erased."
NO_TEXT = "No error text was handed in."
PROVES = (
    "Each event holds the hash of the one before it. A record whose head differs from the one "
    "printed here was changed after this copy was made, or went on since."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A label and what stands beside it; `exact` is for codes, ids and versions."""

    label: str
    value: str
    exact: bool = False


def title(report: RunReport) -> str:
    """Support sorts by the first line, so a failure is named as what it is to the platform.

    A copy of a record that another installation keeps says that it is one before all else.
    """
    return f"{report.imported}. {_named(report)}" if report.imported else _named(report)


def _named(report: RunReport) -> str:
    given = report.state.answers
    solution, versions = given.get("solution"), (given.get(slug) for slug in VERSIONS)
    way = " to ".join(version for version in versions if version)
    if has_failed(report):
        what = solution or report.pack.product
        kind = "Dataverse managed solution import failed" if solution else "Import failed"
        return f"{kind}: {what} {way}".rstrip() + _codes(report)
    return f"Record of an upgrade: {report.state.title}"


def _codes(report: RunReport) -> str:
    attempt = report.state.current_attempt
    codes = attempt.reading.codes if attempt and attempt.reading else ()
    return f" ({', '.join(codes)})" if codes else ""


def product_told(report: RunReport) -> str:
    """What the pack says about the product's life."""
    pack, life = report.pack, report.pack.lifecycle
    kept = "maintained" if life.maintenance is Maintenance.MAINTAINED else "no longer maintained"
    since = f" since {life.since}" if life.since else ""
    return f"{pack.product}: {kept}{since} (looked up {pack.verified_on}). {life.summary}"


def both(moment: datetime, zone: ZoneInfo) -> str:
    """A time in UTC and by the clock of the run."""
    return f"{utc(moment)} ({clock(moment, zone)})"


def standing(report: RunReport) -> tuple[Fact, ...]:
    """Where the run stands now, one fact per line."""
    state, found = report.state, next_step(report.standings)
    seen, zone = state.last_reading, ZoneInfo(report.state.time_zone)
    facts = [Fact(label="Stage", value=state.stage.value)]
    if found:
        told = f"{found.step.title} ({found.state.value})"
        facts.append(Fact(label="Next step", value=told))
    if seen:
        told = f"{installed_state(report)}, read {both(seen.at, zone)}"
        facts.append(Fact(label="Installed state", value=told))
        versions = [v for v in (seen.base_version, seen.holding_version) if v]
        if versions:
            facts.append(Fact(label="Versions seen", value=", ".join(versions), exact=True))
    if state.retry and not state.retry.overridden:
        facts.append(Fact(label="Next attempt not before", value=both(state.retry.due, zone)))
    if state.escalated_to:
        facts.append(Fact(label="Handed to", value=f"{handed_to(report)} {state.ticket}".rstrip()))
    if state.end_reason:
        facts.append(Fact(label="Reason for the end", value=state.end_reason))
    return tuple(facts)


def figures(report: RunReport) -> tuple[Fact, ...]:
    """The run in a few figures: versions, outcome, how long, how often, how much of it waiting."""
    way = " to ".join(v for v in (report.state.answers.get(slug) for slug in VERSIONS) if v)
    begun, until, deviating = _span(report)
    tried = attempts(report)
    waited = _waited(report)
    facts = (
        Fact(label="Versions", value=way or "not told", exact=bool(way)),
        Fact(label="Outcome", value=outcome(report)),
        Fact(label="Lasted", value=lasting(until - begun) if begun and until else "not begun"),
        Fact(label="Attempts", value=_counted(tried)),
        Fact(label="Waited", value=lasting(waited) if waited else "not at all"),
        Fact(label="Deviations", value=str(deviating + count_telling(report))),
    )
    return facts


def outcome(report: RunReport) -> str:
    """How the run ended, or where it stands."""
    state = report.state
    if state.stage is RunStage.CLOSED:
        return "closed as partial" if state.partial else "closed"
    return "abandoned" if state.is_frozen else f"not finished: {state.stage.value}"


def _span(report: RunReport) -> tuple[datetime | None, datetime | None, int]:
    """The first moment, that of the end or else the last, and how many entries deviate, in one look
    at each.
    """
    begun: datetime | None = None
    until: datetime | None = None
    ended: datetime | None = None
    deviating = 0
    for line in report.lines:
        deviating += deviates(line)
        if line.event_type in ENDINGS:
            ended = line.happened_at
        if line.event_type != "export.made":
            begun = min(begun or line.happened_at, line.happened_at)
            until = max(until or line.happened_at, line.happened_at)
    return begun, ended or until, deviating


def _counted(tried: tuple[Tried, ...]) -> str:
    if not tried:
        return "none"
    found: dict[str, int] = {}
    for each in tried:
        found[each.outcome] = found.get(each.outcome, 0) + 1
    return f"{len(tried)} ({', '.join(f'{count} {word}' for word, count in found.items())})"


def _waited(report: RunReport) -> timedelta:
    """The time between the end of an attempt and the start of the next, summed up."""
    ended: datetime | None = None
    total = timedelta()
    for each in report.state.attempts:
        if ended:
            total += max(timedelta(), each.started_at - ended)
        ended = each.ended_at
    return total


def attempt_facts(report: RunReport, tried: Tried) -> tuple[Fact, ...]:
    """What is known of one attempt, exact codes and ids among it."""
    zone = ZoneInfo(report.state.time_zone)
    facts = [
        Fact(label="Outcome", value=tried.outcome),
        Fact(label="Started", value=both(tried.started_at, zone)),
        Fact(label="Ended", value=both(tried.ended_at, zone) if tried.ended_at else "open"),
        Fact(label="Lasted", value=tried.lasted),
        Fact(label="Waited before", value=tried.waited),
        Fact(label="How", value=tried.how, exact=True),
        Fact(label="By", value=tried.operator),
        Fact(label="Told", value=tried.reason),
    ]
    if tried.family:
        facts.append(Fact(label=f"Kind of failure, {tried.settled}", value=tried.family))
    if tried.reading:
        facts += diagnosed(tried.reading)
        facts += named(tried.reading)
    return tuple(fact for fact in facts if fact.value)


def diagnosed(reading: Reading) -> Iterator[Fact]:
    """Each family that fits, with how sure that is and why."""
    for each in reading.diagnoses:
        told = f"{each.confidence.value.capitalize()}: {each.reason}"
        yield Fact(label="Diagnosis", value=f"{told} ({each.family}, revision {each.revision})")


def named(reading: Reading) -> tuple[Fact, ...]:
    """Codes, component and ids that a text told, in the order in which support asks for them."""
    ids, part = reading.ids, reading.component
    found = (
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
    return tuple(Fact(label=label, value=value, exact=True) for label, value in found if value)


def error_of(tried: Tried) -> tuple[str | None, str]:
    """The error text of an attempt, or None and the reason why there is none."""
    if tried.text is not None:
        return tried.text, "Error text, secrets removed"
    return None, ERASED if tried.text_digest else NO_TEXT


def before(attempt: int) -> str:
    """What a check before a retry has behind its answer."""
    return f" (before attempt {attempt})" if attempt else ""


def late_told(line: ReportLine) -> str:
    """That an entry was made late, and when; empty for one made in time."""
    return f"late entry, recorded {utc(line.recorded_at)}" if line.late else ""


def kind_of(event_type: str) -> str:
    """The kind of an event for a reader who looks for one: `attempt`, `check`, `note`."""
    return event_type.partition(".")[0]


def proof(report: RunReport) -> tuple[Fact, ...]:
    """All that somebody needs to hold this copy against the record."""
    pack = report.pack
    lead = sorted(actor for actor, role in report.state.members.items() if role.value == "lead")
    return (
        Fact(label="Events", value=str(len(report.lines))),
        Fact(label="Head", value=report.head, exact=True),
        Fact(label="Fingerprint of the head", value=chain.fingerprint(report.head), exact=True),
        Fact(label="Genesis", value=report.genesis, exact=True),
        Fact(label="Run", value=report.run, exact=True),
        Fact(label="Installation", value=report.instance, exact=True),
        Fact(label="Lead", value=", ".join(person(report, actor) for actor in lead)),
        Fact(label="Pack", value=f"{pack.slug}, revision {pack.revision}"),
        Fact(label="Digest of the pack", value=pack.digest, exact=True),
        Fact(label="Record", value=report.address, exact=True),
        Fact(label="This copy made", value=both(report.made_at, ZoneInfo(report.state.time_zone))),
        Fact(label="Written by", value=f"Upgrade Runbook {report.product_version}"),
    )
