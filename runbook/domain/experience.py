"""What earlier runs tell about a failure: counts with their n, never a rate, never a guess."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from runbook.domain.vocabulary import ImportOption, Outcome

AFTER_REPAIR = "a repair and another try"
APPLIED = "applying the pending upgrade"
ANOTHER_TRY = "another try after a wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt of some run, as far as experience needs it. `repairs` counts those before it."""

    run: str
    number: int
    outcome: str
    option: str
    fingerprint: str
    started_at: datetime
    ended_at: datetime | None
    repairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """How often a failure was met and what ended it.

    `waits` are the minutes between the failure and the try that succeeded; `median_wait` is None
    without any. All counts are numbers of runs.
    """

    runs: int = 0
    solved: Mapping[str, int] = field(default_factory=dict)
    waits: tuple[int, ...] = ()

    @property
    def median_wait(self) -> int | None:
        """The median wait in whole minutes."""
        return round(median(self.waits)) if self.waits else None


def experience_with(fingerprint: str, tries: Iterable[Try]) -> Experience:
    """Looks at all tries of the runs that met this failure."""
    by_run: dict[str, list[Try]] = {}
    for each in tries:
        by_run.setdefault(each.run, []).append(each)
    ways: Counter[str] = Counter()
    waits: list[int] = []
    met = 0
    for attempts in by_run.values():
        attempts.sort(key=lambda each: each.number)
        failed = [each for each in attempts if each.fingerprint == fingerprint]
        if not failed:
            continue
        met += 1
        success = _success_after(failed[-1], attempts)
        if success is None:
            continue
        ways[_way(failed[-1], success)] += 1
        if failed[-1].ended_at:
            waits.append(round((success.started_at - failed[-1].ended_at).total_seconds() / 60))
    return Experience(runs=met, solved=dict(ways), waits=tuple(waits))


def _success_after(failed: Try, attempts: list[Try]) -> Try | None:
    for each in attempts:
        if each.number > failed.number and each.outcome == Outcome.SUCCEEDED:
            return each
    return None


def _way(failed: Try, success: Try) -> str:
    if success.repairs > failed.repairs:
        return AFTER_REPAIR
    return APPLIED if success.option == ImportOption.APPLY_UPGRADE else ANOTHER_TRY
