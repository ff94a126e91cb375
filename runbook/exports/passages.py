"""The timeline in passages: what deviates stands in the open, what is ordinary between is folded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice

from runbook.domain.report import ReportLine, RunReport
from runbook.domain.summary import deviates


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Lines of one kind in a row, from the first seq to the last."""

    deviates: bool
    first: int
    last: int
    lines: Iterable[ReportLine]


def passages(report: RunReport) -> Iterator[Passage]:
    """The passages in order. One pass runs ahead to see where each ends, for its heading says so; the
    lines of one must be taken before the next is asked for.
    """
    behind = iter(report.lines)
    for apart, ahead in groupby(report.lines, key=deviates):
        first = last = count = 0
        for line in ahead:
            first, last, count = first or line.seq, line.seq, count + 1
        yield Passage(deviates=apart, first=first, last=last, lines=islice(behind, count))
