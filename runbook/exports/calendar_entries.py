"""What a calendar can show of a run: what lies ahead and what took place, from state and pack alone.

Titles of steps and outcomes only: no error text, no reason, no note.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from runbook.domain.pack import Pack
from runbook.domain.state import RunState
from runbook.domain.steps import QuestionKind
from runbook.domain.vocabulary import Outcome

_MOMENT = timedelta(minutes=15)
#: An entry must end after it began; people tell times by the minute.
_SHORTEST = timedelta(minutes=1)
_ENDED = {
    Outcome.SUCCEEDED: "succeeded",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "ended unseen",
    Outcome.CANCELLED: "was cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a calendar; `slug` tells the entries of a run apart and stays for life."""

    slug: str
    summary: str
    begins: datetime
    ends: datetime
    step: str = ""
    busy: bool = False
    alarm: bool = False
    cancelled: bool = False


def planned(state: RunState, pack: Pack) -> list[Entry]:
    """What lies ahead, each with an alarm. Of an ended run the same entries, as cancelled.

    A calendar that holds them from an earlier file takes them out then; leaving them out of the
    file would let their alarms ring.
    """
    found = [*_waits(state, pack), *_retry(state), *_window(state, pack), *_promise(state)]
    if state.is_frozen:
        return [replace(entry, busy=False, cancelled=True) for entry in found]
    return [replace(entry, alarm=True) for entry in found]


def past(state: RunState) -> Iterator[Entry]:
    """What took place: the beginning, and each attempt that ended, from start to end."""
    if state.started_at is not None:
        yield _moment("begun", "The record of the run begins", state.started_at)
    for attempt in state.attempts:
        if attempt.ended_at is not None and attempt.outcome is not None:
            yield Entry(
                slug=f"attempt-{attempt.number}",
                summary=f"Attempt {attempt.number} {_ENDED[attempt.outcome]}",
                begins=attempt.started_at,
                ends=max(attempt.ended_at, attempt.started_at + _SHORTEST),
            )


def _waits(state: RunState, pack: Pack) -> Iterator[Entry]:
    titles = {step.slug: step.title for step in pack.runbook.steps}
    for slug, wait in state.waits.items():
        title = titles.get(slug, "a step")
        yield _moment(f"wait-{slug}", f"The wait is over: {title}", wait.due, step=slug)


def _retry(state: RunState) -> Iterator[Entry]:
    if state.retry is not None and not state.retry.overridden:
        yield _moment("retry", "The next attempt may start", state.retry.due)


def _promise(state: RunState) -> Iterator[Entry]:
    if state.team.next_update is not None:
        yield _moment("update", "An update was promised", state.team.next_update)


def _window(state: RunState, pack: Pack) -> Iterator[Entry]:
    """The planned window, if the pack asks for one and both ends were answered."""
    zone = ZoneInfo(state.time_zone)
    for step in pack.runbook.steps:
        asked = {q.slug for q in step.questions if q.kind is QuestionKind.DATE_TIME}
        for begins in sorted(slug for slug in asked if slug.endswith("_begins")):
            name = begins.removesuffix("_begins")
            found = (
                _instant(state.answers.get(begins, ""), zone),
                _instant(state.answers.get(f"{name}_ends", ""), zone),
            )
            if found[0] and found[1] and found[0] < found[1]:
                yield Entry(
                    slug=f"planned-{name}",
                    summary=step.title,
                    begins=found[0],
                    ends=found[1],
                    step=step.slug,
                    busy=True,
                )


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    """A wall-clock answer in the run's zone; people may have typed anything."""
    try:
        wall = datetime.fromisoformat(text.strip())
        return (wall if wall.tzinfo else wall.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(slug: str, summary: str, at: datetime, *, step: str = "") -> Entry:
    return Entry(slug=slug, summary=summary, begins=at, ends=at + _MOMENT, step=step)
