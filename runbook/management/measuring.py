"""What the benchmarks share: processor time of a few rounds, and how it is told."""

import statistics
import time
from collections.abc import Callable, Sequence


def processor_time(do: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of processor time per round, after one that warms up."""
    do()
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        do()
        taken.append(time.process_time() - start)
    return taken


def milliseconds(taken: Sequence[float]) -> str:
    """Least, middle and most of some seconds, in milliseconds."""
    three = (min(taken), statistics.median(taken), max(taken))
    return " / ".join(f"{value * 1000:.2f}" for value in three)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times longer ours takes, by the medians of one run."""
    return statistics.median(ours) / statistics.median(theirs)
