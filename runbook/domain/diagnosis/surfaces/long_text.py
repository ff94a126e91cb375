"""Takes the telling stretches out of a text that is too long to be read whole.

Slices of the raw text are passed over by linear patterns of plain words and by the literals of the
signatures, nothing else; only what is taken goes on to the passes that cost more. First come both
ends and every slice that brings literals which no slice before it has, then words of failure, strong
and weak, the first and the last of them first and each with the slices beside it, then labels of
facts. A seam stands where something was left out, and a note says so.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from runbook.domain.patterns import Pattern

WHOLE = 96 * 1024
"""Longest text, in characters, that is read whole."""

BUDGET = 48 * 1024
"""Most characters taken of a longer one; a failure says what it has to say in far less."""

DENSE = 16 * 1024
"""Most characters taken where nearly every word belongs to some signature, which no failure does."""

KEPT = 256 * 1024
"""Most characters kept of a log over one MiB."""

LEFT_OUT = "Of this very long text the stretches that speak of a failure are read."
ENDS_ONLY = "Of this very long text only the beginning and the end were read."

SEAM = "\u2026\n"

_SLICE = 2 * 1024
_LEAST = 1024

_CHEAP, _DEAR = 12, 40
_LITERALS = 1500
"""Most signatures counted until no further slice is asked for its literals: a text made of beginnings
of signatures would make that slow. Few, or the same again, cost nothing worth counting."""

_STRONG = Pattern(
    r"(?:\b0x|\b|%3a)80[0-9a-f]{6}\b|-214[0-9]{7}\b|##\[error\]|::error|\bfailure\b|exception"
    r"|\bfailed\b|^error\b|\berror:|the reason given was|import ?as ?holding"
)
_WEAK = Pattern(
    r"error|fail|cannot|can ?not|\bcan'?t\b|could not|unable to|denied|time-?d? ?out|not found"
    r"|exceeded"
)
_FACTS = Pattern(
    r"(?:activity|correlation|tracking|request|operation|job).?id\b|status ?code|http.?[45][0-9]{2}"
    r"|appl(?:y|ying) (?:solution |the )?upgrade|deleteandpromote|component|version"
)

_CROWD = 400
"""Most signatures with all their literals in a text that is read whole; one failure has some 50."""

Literals = Callable[[bytes], frozenset[int]]
"""Which signatures have all their literals in some plain bytes, by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """What was taken of a text; `note` says what was left out and is empty if nothing was."""

    text: str
    note: str = ""


def excerpt(
    text: str, *, literals: Literals | None = None, whole: int = WHOLE, budget: int = BUDGET
) -> Excerpt:
    """A text up to `whole` as it is, of a longer one at most `budget` characters in their order.

    Where nearly every word belongs to some signature, a shorter text counts as long too.
    """
    if len(text) <= whole and not _is_crowded(text, literals):
        return Excerpt(text=text)
    slices = _slices(text, size=min(_SLICE, max(budget // 8, _LEAST // 2)))
    plain = [_plain(text[start:end]) for start, end in slices]
    strong, rest = _parted(range(len(plain)), plain, by=_STRONG)
    weak, rest = _parted(rest, plain, by=_WEAK)
    told, dense = _new(plain, (*strong, *weak, *rest), literals)
    ranked = _ranked(told, strong, weak, _parted(rest, plain, by=_FACTS)[0], last=len(plain) - 1)
    wanted = sorted(_taken(ranked, slices, budget=min(budget, DENSE) if dense else budget))
    gaps = sum(after - before > 1 for before, after in pairwise(wanted))
    return Excerpt(
        text=_joined(text, [slices[number] for number in wanted]),
        note=ENDS_ONLY if gaps == 1 else LEFT_OUT,
    )


def _is_crowded(text: str, literals: Literals | None) -> bool:
    """Whether a text has the literals of more signatures than a log of many failures."""
    if literals is None or len(text) <= DENSE:
        return False
    known: set[int] = set()
    counted = 0
    for start in range(0, len(text), _SLICE):
        there = literals(_plain(text[start : start + _SLICE]))
        known |= there
        counted += len(there)
        if len(known) > _CROWD or counted > _CROWD * 10:
            return True
    return False


def fair_share(texts: Sequence[str], *, literals: Literals) -> int:
    """The most characters of one text that keep all of them together near the budget."""
    dense = sum(len(literals(_plain(text))) for text in texts) > _LITERALS
    if not dense and sum(map(len, texts)) <= WHOLE:
        return WHOLE
    left = DENSE if dense else BUDGET
    for done, size in enumerate(sorted(map(len, texts))):
        waiting = len(texts) - done
        if size * waiting > left:
            return max(left // waiting, _LEAST)
        left -= size
    return WHOLE


def _plain(text: str) -> bytes:
    """The letters that words of failure and literals are made of, without what hides between them."""
    return text.encode("ascii", "ignore")


def _slices(text: str, *, size: int) -> list[tuple[int, int]]:
    """Stretches that end at a line end, or else at a blank, where there is one near their end."""
    found, start = [], 0
    while start < len(text):
        end = min(start + size, len(text))
        if end < len(text):
            cut = text.rfind("\n", end - size // 4, end)
            cut = cut if cut >= 0 else text.rfind(" ", end - size // 4, end)
            end = cut + 1 if cut >= 0 else end
        found.append((start, end))
        start = end
    return found


def _ranked(
    told: list[int], strong: list[int], weak: list[int], facts: list[int], *, last: int
) -> Iterator[int]:
    """The numbers of all slices, those most worth reading first; some come twice."""
    first = (*told[:8], *strong[-3:], *strong[:4])
    yield from (0, last)
    yield from first
    yield from (near for number in first for near in (number + 1, number - 1))
    yield from (*told, *weak[-4:], *strong, *weak)
    yield from facts
    for number in range(last // 2 + 1):
        yield from (number, last - number)


def _parted(
    numbers: Iterable[int], plain: list[bytes], *, by: Pattern
) -> tuple[list[int], list[int]]:
    there: list[int] = []
    rest: list[int] = []
    for number in numbers:
        (there if by.span(plain[number])[1] else rest).append(number)
    return there, rest


def _new(
    plain: list[bytes], numbers: Iterable[int], literals: Literals | None
) -> tuple[list[int], bool]:
    """The slices with literals that no slice before them has, and whether there were too many."""
    found: list[int] = []
    if literals is None:
        return found, False
    known, counted = literals(b""), 0
    seen: set[frozenset[int]] = set()
    for number in numbers:
        there = literals(plain[number])
        if not there <= known:
            known |= there
            found.append(number)
        if len(there) > _DEAR or (len(there) > _CHEAP and there not in seen):
            counted += len(there)
        if counted > _LITERALS:
            return found, True
        seen.add(there)
    return found, False


def _taken(ranked: Iterable[int], slices: list[tuple[int, int]], *, budget: int) -> Iterable[int]:
    """As many slices as fit, in the order of their rank."""
    taken: dict[int, None] = {}
    size = 0
    for number in ranked:
        if number in taken or not 0 <= number < len(slices):
            continue
        start, end = slices[number]
        size += end - start + len(SEAM)
        if size > budget:
            break
        taken[number] = None
    return taken


def _joined(text: str, stretches: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    before = 0
    for start, end in stretches:
        if start != before:
            pieces.append(SEAM if text[before - 1] == "\n" else f"\n{SEAM}")
        pieces.append(text[start:end])
        before = end
    return "".join(pieces)
