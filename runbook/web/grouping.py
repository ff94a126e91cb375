"""Events that belong together, shown as one line: a checklist answered at once is not twenty facts."""

from collections.abc import Iterable
from dataclasses import dataclass

from runbook.domain import events as ev
from runbook.domain.vocabulary import CheckResult
from runbook.queries import TimelineEntry

_GOOD = frozenset({CheckResult.PASSED, CheckResult.BY_HAND})


@dataclass(frozen=True, slots=True)
class Group:
    """The newest entry of a group and the others, newest first; most groups hold one entry."""

    entry: TimelineEntry
    rest: tuple[TimelineEntry, ...] = ()

    @property
    def count(self) -> int:
        return len(self.rest) + 1


def grouped(entries: Iterable[TimelineEntry]) -> list[Group]:
    """Checks of one step that one person passed within the same entry stand together.

    What failed, or was not tested, always keeps a line of its own.
    """
    groups: list[Group] = []
    for entry in entries:
        last = groups[-1] if groups else None
        if last and _together(last.entry, entry):
            groups[-1] = Group(last.entry, (*last.rest, entry))
        else:
            groups.append(Group(entry))
    return groups


def _together(newer: TimelineEntry, older: TimelineEntry) -> bool:
    first, second = newer.event, older.event
    if not isinstance(first, ev.CheckRecorded) or not isinstance(second, ev.CheckRecorded):
        return False
    same = (first.step, newer.actor, newer.happened_at) == (
        second.step,
        older.actor,
        older.happened_at,
    )
    return same and {first.result, second.result} <= _GOOD
