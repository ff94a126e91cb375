"""What one run gives to the figures of its team: its phases, attempts, failures and waits; pure.

What cannot be counted is kept, with the reason why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from runbook.domain.pack import Pack
from runbook.domain.presenting import family_title
from runbook.domain.progress import Standing, is_settled, standings
from runbook.domain.state import Attempt, RunState
from runbook.domain.steps import Phase
from runbook.domain.vocabulary import Outcome, RunStage, StepKind, StepState

#: Why something is not counted; the page and the file say it in these words.
NOT_DONE = "not done yet"
GIVEN_UP = "given up before it was done"
CLOSED_OPEN = "closed with steps left open"
ADOPTED = "opened in the middle, so the record may miss the beginning"
NO_ATTEMPT = "no attempt on record"
NO_SPAN = "fewer than two moments on record"
NO_WAIT_ASKED = "no wait was asked for"

_FAILURES = frozenset({Outcome.FAILED, Outcome.UNKNOWN})
_INSTALLED = frozenset({RunStage.VERIFYING, RunStage.CLOSED})
_OUT_OF_TEXT = "outcome"  # what `matched_by` says where no text was read


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The first and the last moment of something."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What the figures need of a run.

    `spans` are the first and the last entry on each step by its slug; `due` is the end of the wait
    that was asked for before the attempt with that number.
    """

    run: str
    state: RunState
    pack: Pack
    spans: Mapping[str, Span] = field(default_factory=dict)
    due: Mapping[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One value of one run: seconds, or a number. `left_out` says why it is not counted.

    `asked` stands beside the value of a wait: the seconds that were asked for.
    """

    run: str
    title: str
    subject: str
    value: int = 0
    asked: int | None = None
    begin: datetime | None = None
    end: datetime | None = None
    detail: str = ""
    left_out: str = ""


class Told(StrEnum):
    """Who says that a failure belongs to its family."""

    SETTLED = "settled by a person"
    PROPOSED = "only proposed by the engine"
    NO_TEXT = "without any text on record"


def came_through(state: RunState) -> bool:
    """Whether the new version is installed, as far as the record says."""
    return _stage(state) in _INSTALLED


def phases_of(record: RunRecord) -> Mapping[str, Datum]:
    """How long each phase of the run took, by its slug: from the first to the last entry on one of
    its steps, at the times when they happened. Attempts are entries on the step that imports.
    """
    found = {standing.step.slug: standing for standing in standings(record.state, record.pack)}
    return {
        phase.slug: _phase(record, phase, steps)
        for phase in record.pack.runbook.phases
        if (steps := [found[step.slug] for step in phase.steps if step.slug in found])
    }


def _phase(record: RunRecord, phase: Phase, steps: Sequence[Standing]) -> Datum:
    moments = [m for each in steps for m in _moments(record, each)]
    first, last = (min(moments), max(moments)) if moments else (None, None)
    why_not = _unfinished(record.state, steps)
    if not why_not and first == last:
        why_not = NO_SPAN
    return Datum(
        run=record.run,
        title=record.state.title,
        subject=phase.title,
        value=0 if first is None or last is None else _seconds(last - first),
        begin=first,
        end=last,
        left_out=why_not,
    )


def _moments(record: RunRecord, standing: Standing) -> list[datetime]:
    span = record.spans.get(standing.step.slug)
    found = [span.first, span.last] if span else []
    if standing.step.kind is StepKind.IMPORT:
        for attempt in record.state.attempts:
            found += [attempt.started_at, attempt.ended_at or attempt.started_at]
    return found


def _unfinished(state: RunState, steps: Sequence[Standing]) -> str:
    """Why the length of the phase is not known; a run that was given up never finished its import."""
    imports = any(each.step.kind is StepKind.IMPORT for each in steps)
    before = any(each.state is StepState.BEFORE_RECORD for each in steps)
    if before or (imports and state.adopted):
        return ADOPTED
    if all(map(is_settled, steps)) and (came_through(state) or not imports):
        return ""
    return _going(state)


def _going(state: RunState) -> str:
    ended = {RunStage.ABANDONED: GIVEN_UP, RunStage.CLOSED: CLOSED_OPEN}
    return ended.get(state.stage, NOT_DONE)


def attempts_of(record: RunRecord) -> Datum:
    """How many attempts the run took until the new version was installed."""
    tried = record.state.attempts
    return Datum(
        run=record.run,
        title=record.state.title,
        subject="attempts",
        value=len(tried),
        begin=tried[0].started_at if tried else None,
        end=tried[-1].ended_at if tried else None,
        detail=", ".join(each.outcome.value if each.outcome else "open" for each in tried),
        left_out=_untold(record.state),
    )


def _untold(state: RunState) -> str:
    """Why the number of attempts is not known."""
    if state.adopted:
        return ADOPTED
    if came_through(state):
        return "" if state.attempts else NO_ATTEMPT
    return _going(state)


def waits_of(record: RunRecord) -> list[Datum]:
    """The pauses between the run's attempts, each beside the wait that was asked for."""
    tried = record.state.attempts
    return [
        _wait(record, ended, then) for before, then in pairwise(tried) if (ended := before.ended_at)
    ]


def _wait(record: RunRecord, ended: datetime, then: Attempt) -> Datum:
    due = record.due.get(then.number)
    return Datum(
        run=record.run,
        title=record.state.title,
        subject=f"before attempt {then.number}",
        value=_seconds(then.started_at - ended),
        asked=None if due is None else _seconds(due - ended),
        begin=ended,
        end=then.started_at,
        left_out=NO_WAIT_ASKED if due is None else "",
    )


def told_by(attempt: Attempt) -> Told:
    """Who says that the attempt ended in its family."""
    if attempt.chosen:
        return Told.SETTLED
    first = attempt.reading.diagnoses[0] if attempt.reading and attempt.reading.diagnoses else None
    return Told.PROPOSED if first and first.matched_by != _OUT_OF_TEXT else Told.NO_TEXT


def failures_of(record: RunRecord) -> list[tuple[Attempt, Datum]]:
    """The attempts that failed or ended unknown; an attempt that a person stopped did not fail."""
    return [
        (attempt, _failure(record, attempt))
        for attempt in record.state.attempts
        if attempt.outcome in _FAILURES
    ]


def _failure(record: RunRecord, attempt: Attempt) -> Datum:
    return Datum(
        run=record.run,
        title=record.state.title,
        subject=family_title(record.pack, attempt.family) if attempt.family else "no diagnosis",
        value=attempt.number,
        begin=attempt.started_at,
        end=attempt.ended_at,
        detail=told_by(attempt).value,
    )


def _seconds(span: timedelta) -> int:
    return max(0, round(span.total_seconds()))


def _stage(state: RunState) -> RunStage:
    return (state.paused_from or state.stage) if state.stage is RunStage.PAUSED else state.stage
