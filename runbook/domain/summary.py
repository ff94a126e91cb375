"""What a reader of a report looks for first: answers, attempts, checks, deviations; pure."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge

from runbook.domain.diagnosis.family import Reading
from runbook.domain.presenting import (
    answer_words,
    check_of,
    family_title,
    fill,
    how_imported,
    lasting,
    state_title,
)
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.state import Attempt, CheckMark
from runbook.domain.steps import Step
from runbook.domain.vocabulary import CheckResult, Outcome, RunStage, StepKind

#: After these a run goes on no longer, whatever is still written about it.
ENDINGS = frozenset({"run.closed", "run.abandoned"})
#: What a reader should see even if he reads nothing else.
DEVIATING = frozenset(
    {
        "run.adopted",
        "run.abandoned",
        "step.skipped",
        "step.reopened",
        "attempt.failed",
        "attempt.unknown",
        "attempt.cancelled",
        "retry.overridden",
        "removal.recorded",
        "claim.taken_over",
    }
)
#: Written beside what a person entered; the entry itself tells that it was late.
FOLLOWING = frozenset({"error.captured", "diagnosis.made", "retry.scheduled", "escalation.drafted"})
#: How `presenting` begins the line of a note that puts another entry right.
_CORRECTION = "Correction of entry "
_TELLING = frozenset({CheckResult.FAILED, CheckResult.NOT_TESTED, CheckResult.BY_HAND})
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answered question, in words."""

    step: str
    label: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt for a reader. `waited` is the time since the one before ended."""

    number: int
    operator: str
    how: str
    started_at: datetime
    ended_at: datetime | None
    lasted: str
    waited: str
    outcome: str
    reason: str
    family: str
    settled: str
    reading: Reading | None
    text: str | None
    text_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One answered check; `before_attempt` is 0 outside the list before a retry."""

    step: str
    text: str
    result: CheckResult
    note: str
    at: datetime
    by: str
    before_attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Something that did not go the ordinary way. `seq` is None for the state of a check."""

    at: datetime
    what: str
    detail: str
    by: str
    seq: int | None = None


def has_failed(report: RunReport) -> bool:
    """Whether the run stands on a failure now: no success since the last attempt went wrong."""
    attempt = report.state.current_attempt
    stage = report.state.paused_from or report.state.stage
    if attempt is None or attempt.outcome in {None, Outcome.SUCCEEDED}:
        return stage is RunStage.STOPPED
    return stage not in {RunStage.VERIFYING, RunStage.CLOSED}


def installed_state(report: RunReport) -> str:
    """What the pack calls the state that was read last; empty if none was."""
    seen = report.state.last_reading
    return state_title(report.pack, seen.state, sighting=seen.sighting) if seen else ""


def handed_to(report: RunReport) -> str:
    """The title of the recipient that the run was handed to; empty if it was not."""
    slug = report.state.escalated_to
    return next((each.title for each in report.pack.recipients if each.slug == slug), slug)


def answers(report: RunReport, *, facts: bool) -> tuple[Answer, ...]:
    """The answers of the fact steps, or those of all other steps, in the order of the runbook."""
    steps = [s for s in report.pack.runbook.steps if (s.kind is StepKind.FACTS) is facts]
    return tuple(answer for step in steps for answer in _answers(report, step))


def _answers(report: RunReport, step: Step) -> list[Answer]:
    given = report.state.answers
    return [
        Answer(
            step=step.title,
            label=fill(question.label, given),
            answer=answer_words(question, given[question.slug]),
        )
        for question in step.questions
        if given.get(question.slug)
    ]


def attempts(report: RunReport) -> tuple[Tried, ...]:
    """All attempts in order, each with the wait before it."""
    texts = {error.attempt: error.text for error in report.errors}
    before: Attempt | None = None
    tried = []
    for attempt in report.state.attempts:
        tried.append(_tried(report, attempt, before=before, text=texts.get(attempt.number)))
        before = attempt
    return tuple(tried)


def _tried(
    report: RunReport, attempt: Attempt, *, before: Attempt | None, text: str | None
) -> Tried:
    ended, freed = attempt.ended_at, before.ended_at if before else None
    return Tried(
        number=attempt.number,
        operator=person(report, attempt.operator),
        how=how_imported(attempt),
        started_at=attempt.started_at,
        ended_at=ended,
        lasted=lasting(ended - attempt.started_at) if ended else "",
        waited=lasting(max(timedelta(), attempt.started_at - freed)) if freed else "",
        outcome=attempt.outcome.value if attempt.outcome else "open",
        reason=attempt.reason,
        family=family_title(report.pack, attempt.family) if attempt.family else "",
        settled="by a person" if attempt.chosen else "by the engine",
        reading=attempt.reading,
        text=text,
        text_digest=attempt.error_digest,
    )


def person(report: RunReport, actor: str) -> str:
    """The name of an actor."""
    return report.people.get(actor, "a former member")


def checks(report: RunReport) -> tuple[Checked, ...]:
    """The latest answer to each check, in the order of the runbook, retries last within a step."""
    order = {step.slug: place for place, step in enumerate(report.pack.runbook.steps)}
    keys = sorted(report.state.checks, key=lambda key: order.get(key.partition("/")[0], len(order)))
    return tuple(_checked(report, key, report.state.checks[key]) for key in keys)


def _checked(report: RunReport, key: str, mark: CheckMark) -> Checked:
    step, _, slug = key.partition("/")
    check = check_of(report.pack, step=step, slug=slug)
    titles = {found.slug: found.title for found in report.pack.runbook.steps}
    return Checked(
        step=titles.get(step, step),
        text=fill(check.text, report.state.answers) if check else slug,
        result=mark.result,
        note=mark.note,
        at=mark.at,
        by=person(report, mark.actor),
        before_attempt=mark.attempt,
    )


def deviations(report: RunReport) -> tuple[Deviation, ...]:
    """What was skipped, overridden, opened again, corrected, taken over, failed, left untested or
    entered late, by time.
    """
    return tuple(each_deviation(report))


def each_deviation(report: RunReport) -> Iterator[Deviation]:
    """The same one after the other. Of those that wait for their turn only time and place are kept,
    so that a run of nothing but late entries still does not fill the memory.
    """
    told = (_from_check(check) for check in checks(report) if check.result in _TELLING)
    by_time = sorted(told, key=lambda deviation: deviation.at)
    yield from merge(by_time, _from_lines(report), key=lambda deviation: deviation.at)


def count_telling(report: RunReport) -> int:
    """How many of them are checks, which no line tells of."""
    return sum(check.result in _TELLING for check in report.state.checks.values())


def _from_lines(report: RunReport) -> Iterator[Deviation]:
    moments, places = array("q"), array("q")
    for place, line in enumerate(report.lines):
        if deviates(line):
            moments.append((line.happened_at - _EPOCH) // _TICK)
            places.append(place)
    for number in sorted(range(len(places)), key=moments.__getitem__):
        yield _from_line(report.lines[places[number]])


def deviates(line: ReportLine) -> bool:
    """Whether an entry by itself did not go the ordinary way."""
    late = line.late and line.event_type not in FOLLOWING
    return late or line.event_type in DEVIATING or _corrects(line)


def _corrects(line: ReportLine) -> bool:
    return line.event_type == "note.added" and line.headline.startswith(_CORRECTION)


def _from_line(line: ReportLine) -> Deviation:
    late = f" (entered {lasting(line.recorded_at - line.happened_at)} later)" if line.late else ""
    return Deviation(
        at=line.happened_at,
        what=f"{line.headline}{late}",
        detail=line.detail,
        by=line.actor,
        seq=line.seq,
    )


def _from_check(check: Checked) -> Deviation:
    return Deviation(
        at=check.at,
        what=f"Check {_RESULTS[check.result]}: {check.text}",
        detail=check.note,
        by=check.by,
    )


_RESULTS = {
    CheckResult.PASSED: "passed",
    CheckResult.FAILED: "failed",
    CheckResult.NOT_TESTED: "not tested",
    CheckResult.BY_HAND: "verified by hand",
}
