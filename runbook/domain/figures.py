"""What the runs of a team amount to: counts and lengths of time, each with what stands behind it.

Every figure knows its n. A median is only there for two values or more, a mean and a percentage
never. What a figure cannot count stays in its data, with the reason why.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from runbook.domain.presenting import lasting
from runbook.domain.run_figures import (
    Datum,
    RunRecord,
    Told,
    attempts_of,
    failures_of,
    phases_of,
    told_by,
    waits_of,
)
from runbook.domain.state import Attempt
from runbook.domain.vocabulary import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Values in order: n, the least, the most, and from two values on the median."""

    values: tuple[int, ...] = ()

    @property
    def n(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def least(self) -> int:
        """The smallest value, 0 without any."""
        return self.values[0] if self.values else 0

    @property
    def most(self) -> int:
        """The largest value, 0 without any."""
        return self.values[-1] if self.values else 0

    @property
    def middle(self) -> float | None:
        """The median; None for fewer than two values, because one value has no middle."""
        return median(self.values) if self.n > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Values of one kind over runs; `slug` and `title` name what is measured."""

    slug: str
    title: str
    rows: tuple[Datum, ...] = ()

    @property
    def counted(self) -> tuple[Datum, ...]:
        """The rows that the figure is made of."""
        return tuple(row for row in self.rows if not row.left_out)

    @property
    def spread(self) -> Spread:
        """The counted values."""
        return _spread(row.value for row in self.counted)

    @property
    def asked(self) -> Spread:
        """What was asked for beside them."""
        return _spread(row.asked for row in self.counted if row.asked is not None)

    @property
    def early(self) -> int:
        """How many of the counted values stayed below what was asked for."""
        return sum(1 for row in self.counted if row.asked is not None and row.value < row.asked)

    @property
    def runs(self) -> int:
        """How many runs the counted values come from."""
        return len({row.run for row in self.counted})

    @property
    def left_out(self) -> tuple[tuple[str, int], ...]:
        """How many values are not counted, by reason, the most frequent reason first."""
        return tuple(Counter(row.left_out for row in self.rows if row.left_out).most_common())

    @property
    def tally(self) -> tuple[tuple[int, int], ...]:
        """How often each counted value occurs, the smallest value first."""
        return tuple(sorted(Counter(self.spread.values).items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyCount:
    """How often a family of failures was met; `told` counts attempts by who says so."""

    slug: str
    title: str
    runs: int
    told: Mapping[Told, int]

    @property
    def attempts(self) -> int:
        """The attempts that ended so."""
        return sum(self.told.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Attempts that failed or ended unknown, by family, those first that most runs met."""

    families: tuple[FamilyCount, ...] = ()
    rows: tuple[Datum, ...] = ()

    @property
    def runs(self) -> int:
        """How many runs met any failure."""
        return len({row.run for row in self.rows})


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFigures:
    """The figures of one product: `runs` is how many runs were looked at."""

    slug: str
    title: str
    runs: int
    phases: tuple[Measure, ...]
    attempts: Measure
    outcomes: Mapping[str, int]
    failures: Failures
    waits: Measure


def figures_of(records: Iterable[RunRecord]) -> tuple[PackFigures, ...]:
    """The figures by product, in the order in which the products first appear."""
    by_pack: dict[str, list[RunRecord]] = {}
    for record in records:
        by_pack.setdefault(record.state.pack, []).append(record)
    return tuple(_of_pack(slug, found) for slug, found in by_pack.items())


def _of_pack(slug: str, records: Sequence[RunRecord]) -> PackFigures:
    tried = [attempt for record in records for attempt in record.state.attempts]
    return PackFigures(
        slug=slug,
        title=records[0].pack.title,
        runs=len(records),
        phases=_phases(records),
        attempts=Measure(slug="attempts", title="Attempts", rows=tuple(map(attempts_of, records))),
        outcomes=_outcomes(tried),
        failures=_failures(records),
        waits=Measure(
            slug="waits",
            title="Waits",
            rows=tuple(row for record in records for row in waits_of(record)),
        ),
    )


def _outcomes(tried: Iterable[Attempt]) -> Mapping[str, int]:
    """How many attempts ended how, or are open, in the order of the words."""
    counted = Counter(each.outcome.value if each.outcome else "open" for each in tried)
    return {word: counted[word] for word in (*Outcome, "open") if counted[word]}


def _phases(records: Sequence[RunRecord]) -> tuple[Measure, ...]:
    """In the order of the newest runbook; phases that only older ones had come last."""
    rows: dict[str, list[Datum]] = {}
    for record in records:
        for slug, datum in phases_of(record).items():
            rows.setdefault(slug, []).append(datum)
    return tuple(
        Measure(slug=slug, title=found[0].subject, rows=tuple(found))
        for slug, found in rows.items()
    )


def _failures(records: Sequence[RunRecord]) -> Failures:
    met: dict[str, list[tuple[Datum, Told]]] = {}
    for record in records:
        for attempt, row in failures_of(record):
            met.setdefault(attempt.family, []).append((row, told_by(attempt)))
    families = [
        FamilyCount(
            slug=slug,
            title=found[0][0].subject,
            runs=len({row.run for row, _ in found}),
            told=Counter(told for _, told in found),
        )
        for slug, found in met.items()
    ]
    families.sort(key=lambda each: (-each.runs, -each.attempts, each.title))
    rows = tuple(row for family in families for row, _ in met[family.slug])
    return Failures(families=tuple(families), rows=rows)


def time_words(spread: Spread) -> str:
    """Lengths of time as a sentence; n stands beside it."""
    return _words(spread, [_lasting(value) for value in (spread.least, spread.middle, spread.most)])


def count_words(spread: Spread) -> str:
    """Numbers as a sentence; n stands beside it."""
    return _words(
        spread, [f"{value or 0:g}" for value in (spread.least, spread.middle, spread.most)]
    )


def _words(spread: Spread, told: Sequence[str]) -> str:
    least, middle, most = told
    if spread.n == 0:
        return "Nothing yet"
    if spread.n == 1:
        return least
    if spread.least == spread.most:
        return f"{least} each time"
    return f"Median {middle}, from {least} to {most}"


def _lasting(seconds: float | None) -> str:
    return lasting(timedelta(seconds=seconds or 0))


def _spread(values: Iterable[int]) -> Spread:
    return Spread(values=tuple(sorted(values)))
