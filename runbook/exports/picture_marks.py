"""What the picture of a run shows: attempts, waits, looks at service health, calls for help, people."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from runbook.domain.presenting import clock, fill, lasting
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.state import RunState
from runbook.domain.summary import attempts
from runbook.exports.escaping import shown_line
from runbook.exports.picture_scale import Ends

#: Checks about the service's own health, whatever the pack calls them in full.
HEALTH = "health"
_CALLS = frozenset({"escalation.drafted", "escalation.sent"})
_WAITING = frozenset({"wait.started", "wait.ended", "step.skipped", "step.completed"})
#: What the product or a reader does later would stretch the line of time and tell nothing of the run.
_ASIDE = frozenset({"export.made", "link.opened", "reminder.raised"})
_MOST_LANES = 12
#: More of one kind than can be told apart on the line; of what is beyond, the newest are drawn.
MOST_MARKS = 500

T = TypeVar("T")


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
    """Who shares a lane, by the names that the lines give them, and how many entries they made."""

    name: str
    actors: frozenset[str]
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All that is drawn but the entries, each kind in the order of time; `older` ones are left out."""

    attempts: tuple[Bar, ...]
    waits: tuple[Bar, ...]
    health: tuple[Mark, ...]
    calls: tuple[Mark, ...]
    lanes: tuple[Lane, ...]
    ends: tuple[datetime, ...]
    older: int = 0

    def moments(self) -> Iterator[datetime]:
        """Every moment that needs a place; of the entries the `ends` of what lies close together."""
        yield from self.ends
        for bar in (*self.attempts, *self.waits):
            yield bar.begin
            if bar.until:
                yield bar.until


def marks_of(report: RunReport) -> Marks:
    """Reads the report, each line once; every text is fit to be shown."""
    tried = tuple(_attempts(report))
    seen = _Seen(health={_words(text) for text in _health_texts(report)})
    for bar in _waits(report):
        seen.waits.add(bar)
    for line in entries(report):
        seen.take(line)
    for bar in _not_over(report, seen.begun):
        seen.waits.add(bar)
    found = (seen.waits, seen.looks, seen.calls)
    return Marks(
        attempts=tried[-MOST_MARKS:],
        waits=seen.waits.all(),
        health=seen.looks.all(),
        calls=seen.calls.all(),
        lanes=_lanes(seen.actors),
        ends=seen.ends.all(),
        older=max(0, len(tried) - MOST_MARKS) + sum(each.older for each in found),
    )


def entries(report: RunReport) -> Iterator[ReportLine]:
    """The lines that are drawn, one after the other."""
    return (line for line in report.lines if line.event_type not in _ASIDE)


class _Newest(Generic[T]):
    """The newest of what is added, and how many are older; never many more than are drawn."""

    def __init__(self, by: Callable[[T], datetime]) -> None:
        self._by = by
        self._kept: list[T] = []
        self._gone = 0

    def add(self, each: T) -> None:
        self._kept.append(each)
        if len(self._kept) == 2 * MOST_MARKS:
            self._kept = self._sorted()[MOST_MARKS:]
            self._gone += MOST_MARKS

    @property
    def older(self) -> int:
        return self._gone + max(0, len(self._kept) - MOST_MARKS)

    def all(self) -> tuple[T, ...]:
        """In the order of time."""
        return tuple(self._sorted()[-MOST_MARKS:])

    def _sorted(self) -> list[T]:
        return sorted(self._kept, key=self._by)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What the lines have shown so far, and the waits that have begun and are not over."""

    health: set[str]
    looks: _Newest[Mark] = field(default_factory=lambda: _Newest(lambda mark: mark.at))
    calls: _Newest[Mark] = field(default_factory=lambda: _Newest(lambda mark: mark.at))
    waits: _Newest[Bar] = field(default_factory=lambda: _Newest(lambda bar: bar.begin))
    begun: dict[str, datetime] = field(default_factory=dict)
    actors: Counter[str] = field(default_factory=Counter)
    ends: Ends = field(default_factory=Ends)

    def take(self, line: ReportLine) -> None:
        self.actors[line.actor] += 1
        self.ends.add(line.happened_at)
        if line.event_type in _CALLS:
            label = shown_line(line.headline)
            self.calls.add(Mark(at=line.happened_at, look="call", label=label))
        elif line.event_type == "check.recorded" and _told(line) in self.health:
            self.looks.add(_look(line))
        elif line.event_type in _WAITING:
            self._wait(line)

    def _wait(self, line: ReportLine) -> None:
        """A wait ends with the entry that says so, or with the step."""
        title = _told(line)
        if line.event_type == "wait.started":
            self.begun[title] = line.happened_at
        elif title in self.begun:
            begin = self.begun.pop(title)
            until = max(begin, line.happened_at)
            label = f"{shown_line(title)}, {lasting(until - begin)}"
            self.waits.add(Bar(begin=begin, until=until, look="wait", label=label))


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
    """Between attempts, and before the next one."""
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


def _waits_now(state: RunState) -> bool:
    return bool(state.retry and not state.retry.overridden and not state.is_frozen)


def _not_over(report: RunReport, begun: Mapping[str, datetime]) -> Iterator[Bar]:
    """A wait that no entry ended goes on to its due."""
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


def _lanes(actors: Mapping[str, int]) -> tuple[Lane, ...]:
    """One lane per person by first entry; those beyond the last lane share it."""
    named: dict[str, list[str]] = {}
    for actor in actors:
        named.setdefault(shown_line(actor) or "the system", []).append(actor)
    names = list(named)
    if len(names) > _MOST_LANES:
        rest = names[_MOST_LANES - 1 :]
        named[f"{len(rest)} others"] = [actor for name in rest for actor in named.pop(name)]
    return tuple(
        Lane(
            name=name,
            actors=frozenset(found),
            entries=sum(actors[actor] for actor in found),
        )
        for name, found in named.items()
    )
