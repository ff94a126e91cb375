"""What the picture of a run shows: attempts, waits, looks at service health, calls for help, people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook.domain.presenting import clock, fill, lasting
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.state import RunState
from runbook.domain.summary import attempts, deviations
from runbook.exports.escaping import shown_line

#: Checks about the service's own health, whatever the pack calls them in full.
HEALTH = "health"
_CALLS = frozenset({"escalation.drafted", "escalation.sent"})
#: What the product or a reader does later would stretch the line of time and tell nothing of the run.
_ASIDE = frozenset({"export.made", "link.opened", "reminder.raised"})
_MOST_LANES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Something that lasted; `until` is None while it goes on."""

    begin: datetime
    until: datetime | None
    look: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something at one moment."""

    at: datetime
    look: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What one person recorded: the moments, and whether each was out of the ordinary."""

    name: str
    moments: tuple[tuple[datetime, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All that is drawn, each kind in the order of time."""

    attempts: tuple[Bar, ...]
    waits: tuple[Bar, ...]
    health: tuple[Mark, ...]
    calls: tuple[Mark, ...]
    lanes: tuple[Lane, ...]

    def moments(self) -> Iterator[datetime]:
        """Every moment that needs a place."""
        for bar in (*self.attempts, *self.waits):
            yield bar.begin
            if bar.until:
                yield bar.until
        for mark in (*self.health, *self.calls):
            yield mark.at
        for lane in self.lanes:
            yield from (at for at, _ in lane.moments)


def marks_of(report: RunReport) -> Marks:
    """Reads the report; every text is fit to be shown."""
    health = {_words(text) for text in _health_texts(report)}
    looked = [
        line
        for line in report.lines
        if line.event_type == "check.recorded" and _told(line) in health
    ]
    return Marks(
        attempts=tuple(_attempts(report)),
        waits=tuple(sorted(_waits(report), key=lambda bar: bar.begin)),
        health=_in_order(_look(line) for line in looked),
        calls=_in_order(
            Mark(at=line.happened_at, look="call", label=shown_line(line.headline))
            for line in report.lines
            if line.event_type in _CALLS
        ),
        lanes=_lanes(report),
    )


def _in_order(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=lambda mark: mark.at))


def _attempts(report: RunReport) -> Iterator[Bar]:
    for each in attempts(report):
        lasted = f", {each.lasted}" if each.lasted else ""
        yield Bar(
            begin=each.started_at,
            until=each.ended_at,
            look=each.outcome,
            label=f"{each.number} {each.outcome}{lasted}",
        )


def _waits(report: RunReport) -> Iterator[Bar]:
    """Between attempts, before the next one, and the wait steps of the runbook."""
    state, zone = report.state, ZoneInfo(report.state.time_zone)
    ended: datetime | None = None
    for each in state.attempts:
        if ended and each.started_at > ended:
            label = lasting(each.started_at - ended)
            yield Bar(begin=ended, until=each.started_at, look="wait", label=label)
        ended = each.ended_at
    if ended and _waits_now(state) and state.retry and state.retry.due > ended:
        label = f"until {clock(state.retry.due, zone)}"
        yield Bar(begin=ended, until=state.retry.due, look="wait", label=label)
    yield from _wait_steps(report)


def _waits_now(state: RunState) -> bool:
    return bool(state.retry and not state.retry.overridden and not state.is_frozen)


def _wait_steps(report: RunReport) -> Iterator[Bar]:
    """A wait ends with the entry that says so, or with the step; until then it goes on to its due."""
    begun: dict[str, datetime] = {}
    for line in report.lines:
        title = _told(line)
        if line.event_type == "wait.started":
            begun[title] = line.happened_at
        elif title in begun and line.event_type in {"wait.ended", "step.skipped", "step.completed"}:
            begin = begun.pop(title)
            until = max(begin, line.happened_at)
            label = f"{shown_line(title)}, {lasting(until - begin)}"
            yield Bar(begin=begin, until=until, look="wait", label=label)
    due = {wait.since: wait.due for wait in report.state.waits.values()}
    for title, begin in begun.items():
        label = f"{shown_line(title)}, not over"
        yield Bar(begin=begin, until=due.get(begin), look="wait", label=label)


def _health_texts(report: RunReport) -> Iterator[str]:
    own = (check for step in report.pack.runbook.steps for check in step.checks)
    for check in (*own, *report.pack.readiness.before_retry):
        if check.slug.endswith(HEALTH):
            yield fill(check.text, report.state.answers)


def _told(line: ReportLine) -> str:
    """What a headline such as `Check passed: ...` is about."""
    return _words(line.headline.partition(": ")[2])


def _words(text: str) -> str:
    return " ".join(text.split())


def _look(line: ReportLine) -> Mark:
    """What somebody saw on the page about service health."""
    known = {
        "Check passed": ("clear", "clear"),
        "Check failed": ("trouble", "incident or not clear"),
    }
    look, label = known.get(line.headline.partition(": ")[0], ("unsure", "not sure"))
    return Mark(at=line.happened_at, look=look, label=label)


def _lanes(report: RunReport) -> tuple[Lane, ...]:
    """One lane per person by first entry; those beyond the last lane share it."""
    deviating = {each.seq for each in deviations(report)}
    found: dict[str, list[tuple[datetime, bool]]] = {}
    for line in (each for each in report.lines if each.event_type not in _ASIDE):
        name = shown_line(line.actor) or "the system"
        found.setdefault(name, []).append((line.happened_at, line.seq in deviating))
    names = list(found)
    if len(names) > _MOST_LANES:
        rest = names[_MOST_LANES - 1 :]
        others = [moment for name in rest for moment in found.pop(name)]
        found[f"{len(rest)} others"] = others
    return tuple(Lane(name=name, moments=tuple(sorted(moments))) for name, moments in found.items())
