"""Which entries of a long run stand on paper, and the words that say so.

A paper of thousands of pages is read by nobody. Beyond a limit it holds what deviates, attempts,
decisions and other key entries, and says how many of how many, and which formats hold all.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runbook.domain.report import ReportLine
from runbook.domain.summary import deviates

#: A run of this length stands on paper whole, some 250 pages.
MOST_ENTRIES = 3_000
#: What goes on all the time and decides nothing; a kind of entry that is new is key until it is here.
ORDINARY = frozenset(
    {
        *("note.added", "check.recorded", "claim.taken", "claim.released", "step.assigned"),
        *("reminder.raised", "link.opened", "export.made", "question.asked", "question.answered"),
        *("handover.offered", "handover.withdrawn", "update.promised"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The entries on paper, oldest first, out of how many, and what is said of it, empty if all."""

    lines: tuple[ReportLine, ...]
    total: int
    told: str = ""


def listed(lines: Sequence[ReportLine]) -> Listed:
    """All entries of a run that is not too long; else the first, the last and the key ones.

    Should even those be too many, what deviates goes first, and newer before older. The lines are
    gone through once, and no more of them are held than stand on paper.
    """
    total = len(lines)
    if total <= MOST_ENTRIES:
        return Listed(lines=tuple(lines), total=total)
    counted = _Key(total=total)
    kept = heapq.nlargest(MOST_ENTRIES, counted.of(lines), key=lambda found: found[0])
    in_order = tuple(line for _, line in sorted(kept, key=lambda found: found[1].seq))
    return Listed(lines=in_order, total=total, told=_told(len(in_order), counted.count, total))


@dataclass(slots=True)
class _Key:
    """Tells key entries from the others and counts them."""

    total: int
    count: int = 0

    def of(
        self, lines: Iterable[ReportLine]
    ) -> Iterator[tuple[tuple[bool, bool, int], ReportLine]]:
        """The key entries, each with its rank."""
        for place, line in enumerate(lines, start=1):
            rank = place in {1, self.total}, deviates(line), line.seq
            if any(rank[:2]) or line.event_type not in ORDINARY:
                self.count += 1
                yield rank, line


def _told(kept: int, key: int, total: int) -> str:
    which = "what deviates, attempts, decisions and other key entries"
    newest = f", the most important of {key:,}" if kept < key else ""
    return (
        f"This paper lists {kept:,} of {total:,} entries: {which}{newest}. The web page and the JSON "
        "lines hold all."
    )
