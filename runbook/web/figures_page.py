"""The figures of a team as a page shows them: sentences, bars, and the table behind each figure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from runbook import library
from runbook.domain.figures import (
    Failures,
    FamilyCount,
    Measure,
    PackFigures,
    Spread,
    count_words,
    time_words,
)
from runbook.domain.presenting import lasting
from runbook.domain.run_figures import Datum, Told

#: The width of a drawing, and how many rows of data a page shows; the file has all of them.
WIDE, ROWS = 1000, 60
_MARK = 8
Cells = Callable[[Datum], tuple[tuple[str, str], ...]]
_LOOKS = {Told.SETTLED: "settled", Told.PROPOSED: "proposed", Told.NO_TEXT: "silent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a bar from `x` on; `look` names its colour."""

    x: int
    width: int
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One bar with its name, what it says in words, and its n."""

    title: str
    words: str
    n: str
    parts: tuple[Part, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The data of one run: cells with the headings they stand under."""

    run: str
    title: str
    cells: tuple[tuple[str, str], ...]
    begin: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: what it counts, its bars, remarks, and the newest of the data behind it."""

    slug: str
    title: str
    counts: str
    n: str
    lines: tuple[Line, ...]
    key: str
    notes: tuple[str, ...]
    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """All figures of one product."""

    slug: str
    title: str
    runs: int
    figures: tuple[Figure, ...]


def product_page(figures: PackFigures) -> Product:
    """The four figures of a product, in the order in which an upgrade goes."""
    shown = (_durations(figures), _attempts(figures), _failures(figures), _waits(figures))
    return Product(slug=figures.slug, title=figures.title, runs=figures.runs, figures=shown)


def _durations(figures: PackFigures) -> Figure:
    spreads = [(phase.title, phase.spread) for phase in figures.phases]
    end = max((spread.most for _, spread in spreads), default=0)
    # The data goes by run, so that what is cut off are the oldest runs and not the last phases.
    rows = [row for phase in figures.phases for row in phase.rows]
    order = {run: place for place, run in enumerate(dict.fromkeys(row.run for row in rows))}
    rows.sort(key=lambda row: order[row.run])
    return Figure(
        slug="phases",
        title="Duration by phase",
        counts="From the first to the last entry on a step of the phase, at the times when they "
        "happened, nights and waits included. A phase counts once it is done.",
        n="",
        lines=tuple(_times(title, spread, end=end) for title, spread in spreads),
        key=_range_key(end),
        notes=_not_counted(rows, "phase"),
        rows=_rows(rows, lambda row: (("Phase", row.subject), ("Took", _took(row)))),
        total=len(rows),
    )


def _attempts(figures: PackFigures) -> Figure:
    measure = figures.attempts
    most = max((runs for _, runs in measure.tally), default=0)
    notes = [f"{count_words(measure.spread)}." if measure.spread.n > 1 else ""]
    tried = sum(figures.outcomes.values())
    if tried:
        told = ", ".join(f"{n} {outcome}" for outcome, n in figures.outcomes.items())
        notes.append(f"All attempts on record, n = {tried}: {told}.")
    return Figure(
        slug="attempts",
        title="Attempts per upgrade",
        counts="How many attempts a run took until the new version was installed.",
        n=_n(measure.spread.n, "run"),
        lines=tuple(
            Line(
                title=_many(value, "attempt"),
                words="",
                n=_many(runs, "run"),
                parts=(Part(x=0, width=_scaled(runs, most), look="range"),),
            )
            for value, runs in measure.tally
        ),
        key="",
        notes=(*(note for note in notes if note), *_not_counted(measure.rows, "run")),
        rows=_rows(
            measure.rows,
            lambda row: (("Attempts", _or_why_not(row, str(row.value))), ("Ended", row.detail)),
        ),
        total=len(measure.rows),
    )


def _failures(figures: PackFigures) -> Figure:
    found = figures.failures
    most = max((family.attempts for family in found.families), default=0)
    return Figure(
        slug="failures",
        title="Most frequent failures",
        counts="Attempts that failed or whose outcome is unknown, by family; what most runs met "
        "stands first.",
        n=_n_failures(found),
        lines=tuple(_family(figures.slug, family, most=most) for family in found.families),
        key="Full: settled by a person. Pale: only proposed by the engine. Outlined: no text on "
        "record, so nobody knows more.",
        notes=(),
        rows=_rows(
            found.rows,
            lambda row: (
                ("Failure", row.subject),
                ("Attempt", str(row.value)),
                ("Known how", row.detail),
            ),
        ),
        total=len(found.rows),
    )


def _n_failures(found: Failures) -> str:
    n = _n(len(found.rows), "attempt")
    return f"{n} in {_many(found.runs, 'run')}" if found.rows else n


def _family(pack: str, family: FamilyCount, *, most: int) -> Line:
    told = [(each, family.told[each]) for each in Told if family.told.get(each)]
    parts, x = [], 0
    for each, n in told:
        width = _scaled(n, most)
        parts.append(Part(x=x, width=width, look=_LOOKS[each]))
        x += width
    return Line(
        title=family.title,
        words="; ".join(f"{n} {each.value}" for each, n in told),
        n=f"{_many(family.attempts, 'attempt')} in {_many(family.runs, 'run')}",
        parts=tuple(parts),
        url=_known(pack, family.slug),
    )


def _known(pack: str, family: str) -> str:
    """The page of a family, if the library still has it."""
    known = library.packs().get(pack)
    if known is None or all(each.slug != family for each in known.families):
        return ""
    return reverse("knowledge-family", args=[pack, family])


def _waits(figures: PackFigures) -> Figure:
    measure = figures.waits
    end = max(measure.spread.most, measure.asked.most)
    n = measure.spread.n
    early = measure.early or "none"
    notes = [f"Begun before the asked-for wait was over: {early} of {n}."] if n else []
    return Figure(
        slug="waits",
        title="Waits",
        counts="The pause between two attempts of a run: the wait that the runbook asked for, and "
        "the time that really passed.",
        n=f"{_n(n, 'pause')} in {_many(measure.runs, 'run')}" if n else _n(n, "pause"),
        lines=(
            _times("Asked for", measure.asked, end=end),
            _times("Really passed", measure.spread, end=end),
        )
        if n
        else (),
        key=_range_key(end),
        notes=(*notes, *_not_counted(measure.rows, "pause")),
        rows=_rows(measure.rows, _wait_cells),
        total=len(measure.rows),
    )


def _wait_cells(row: Datum) -> tuple[tuple[str, str], ...]:
    asked = row.left_out if row.asked is None else _time(row.asked)
    return (("Pause", row.subject), ("Asked for", asked), ("Passed", _time(row.value)))


def _times(title: str, spread: Spread, *, end: int) -> Line:
    """A range from the least to the most with a mark at the median, or one mark for one value."""
    parts = []
    if spread.n:
        x, width = _scaled(spread.least, end), _scaled(spread.most - spread.least, end)
        parts.append(Part(x=x, width=width, look="range"))
        at = _scaled(spread.middle if spread.middle is not None else spread.most, end)
        parts.append(Part(x=min(max(at - _MARK // 2, 0), WIDE - _MARK), width=_MARK, look="mark"))
    return Line(title=title, words=time_words(spread), n=f"n = {spread.n}", parts=tuple(parts))


def _range_key(end: int) -> str:
    if not end:
        return ""
    return (
        "A bar goes from the shortest to the longest, its mark stands at the median, or at the only "
        f"value. The scale ends at {_time(end)}."
    )


def _not_counted(rows: Sequence[Datum], noun: str) -> tuple[str, ...]:
    reasons = Measure(slug="", title="", rows=tuple(rows)).left_out
    total = sum(n for _, n in reasons)
    told = "; ".join(f"{n} {reason}" for reason, n in reasons)
    return (f"Not counted, {_many(total, noun)}: {told}.",) if told else ()


def _rows(rows: Sequence[Datum], cells: Cells) -> tuple[Row, ...]:
    return tuple(
        Row(run=row.run, title=row.title, cells=cells(row), begin=row.begin, end=row.end)
        for row in rows[:ROWS]
    )


def _took(row: Datum) -> str:
    return _or_why_not(row, _time(row.value))


def _or_why_not(row: Datum, told: str) -> str:
    return f"not counted: {row.left_out}" if row.left_out else told


def _time(seconds: int) -> str:
    return lasting(timedelta(seconds=seconds))


def _scaled(value: float, end: int) -> int:
    return round(WIDE * value / end) if end else 0


def _n(number: int, noun: str) -> str:
    return f"n = {_many(number, noun)}"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
