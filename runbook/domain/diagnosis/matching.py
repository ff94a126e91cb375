"""Finds the signatures of all families in a text with one pass.

All fragments and patterns of a pack are compiled once into one set; only the few that occur are
searched again for their place. Of a long text the stretches that speak of a failure are looked at.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from runbook.domain.diagnosis.family import ErrorFamily, Signature
from runbook.domain.diagnosis.knowledge import Knowledge
from runbook.domain.diagnosis.plain import fit_fragment, fit_pattern
from runbook.domain.patterns import Pattern, PatternSet, literal
from runbook.domain.vocabulary import ImportPhase

LONG = 96 * 1024
"""Most bytes compared with the signatures; a shorter text is compared whole. A failure says what it
has to say in far less, and the rest of a long log only repeats it."""

SHORTEST_NAME = 14
"""Fewest letters of a code's official name that count as decisive words."""

_SLICE = 8 * 1024
_OVERLAP = 512
_SEAM = b"\n"

_STRONG = Pattern(
    r"import ?as ?holding|failed to import|import failed|failed with exception|the reason given was"
    r"|\bfailure\b|statuscode of failed|80[0-9a-f]{6}\b|-214[0-9]{7}\b"
)
_WEAK = Pattern(r"error|fail|cannot|could not|unable to|denied|exceeded|exception|time-?d? ?out")

# What of a pattern fixes no character: group openings, classes, escapes and counts.
_NOT_FIXED = Pattern(r"\?(?:P<\w+>|[a-z-]*:|[a-z-]+\))|\[\^?\]?[^\]]*\]|\\.|\{[0-9,]+\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A signature that stands in the text: where, how much it says and whether it may decide.

    `weight` is the number of characters that the signature fixes; the more, the less by chance.
    """

    start: int
    end: int
    weight: int
    specific: bool


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for one family. `codes` are those of the text that the family knows, in order."""

    family: ErrorFamily
    hits: tuple[Hit, ...]
    codes: tuple[str, ...]

    @cached_property
    def decisive(self) -> tuple[Hit, ...]:
        """The hits that may decide alone, the weightiest first."""
        specific = (hit for hit in self.hits if hit.specific)
        return tuple(sorted(specific, key=lambda hit: (-hit.weight, -hit.start)))

    @property
    def weight(self) -> int:
        """How much the weightiest decisive hit says; 0 without one."""
        return self.decisive[0].weight if self.decisive else 0


class _Set(PatternSet):
    """The set, asked for its first half as well."""

    def literals_in(self, text: bytes) -> frozenset[int]:
        """The indexes of the patterns whose literals all stand somewhere in the text."""
        return frozenset(self._filter.Match(text, True) or ())


class Signatures:
    """The signatures of a pack, compiled.

    `own_codes` are the codes that one family alone knows and that do not wrap others; `known_codes`
    are those of the code table.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._families = knowledge.families
        self._numbers: dict[str, int] = {}
        self._rows: dict[int, list[tuple[int, _Row]]] = defaultdict(list)
        self.own_codes = _own_codes(knowledge)
        names = {row.hex: row.symbolic_name for row in knowledge.codes}
        for number, family in enumerate(knowledge.families):
            spelt = (names.get(code, "") for code in family.codes if code in self.own_codes)
            for signature in (*family.signatures, *_names(spelt)):
                row = self._row(signature)
                self._rows[row.main].append((number, row))
        self._set = _Set(tuple(self._numbers))
        self._patterns = tuple(Pattern(source) for source in self._numbers)
        self.known_codes = frozenset(row.hex for row in knowledge.codes)

    def literals_in(self, text: bytes) -> frozenset[int]:
        """Numbers that stand for patterns whose literals all occur in a text; no pattern is run."""
        return self._set.literals_in(text)

    def evidence(
        self, text: str, *, codes: tuple[str, ...], phase: ImportPhase | None
    ) -> tuple[Evidence, ...]:
        """What speaks for each family that anything speaks for.

        `text` is the form for matching, possibly with some characters made unreadable.
        """
        read = _telling(text)
        present = self._set.matching(read.encoded)
        hits: dict[int, list[Hit]] = defaultdict(list)
        for main in sorted(present.intersection(self._rows)):
            place: tuple[int, int] | None = None
            for number, row in self._rows[main]:
                if row.stands_in(present, phase):
                    place = place or read.place_of(*self._patterns[main].span(read.encoded))
                    hits[number].append(_hit(row, place, phase=phase))
        found = []
        for number, family in enumerate(self._families):
            known = tuple(code for code in codes if code in family.codes)
            if known or number in hits:
                found.append(Evidence(family=family, hits=tuple(hits[number]), codes=known))
        return tuple(found)

    def _row(self, signature: Signature) -> "_Row":
        main = signature.fragment or signature.pattern
        source = (
            literal(fit_fragment(main)) if signature.fragment else fit_pattern(signature.pattern)
        )
        return _Row(
            signature=signature,
            main=self._number(source),
            also=frozenset(self._number(literal(fit_fragment(word))) for word in signature.also),
            unless=frozenset(
                self._number(literal(fit_fragment(word))) for word in signature.unless
            ),
            weight=fixed_characters(signature),
            beside=sum(len(word) for word in signature.also),
        )

    def _number(self, source: str) -> int:
        return self._numbers.setdefault(source, len(self._numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    signature: Signature
    main: int
    also: frozenset[int]
    unless: frozenset[int]
    weight: int
    beside: int

    def stands_in(self, present: frozenset[int], phase: ImportPhase | None) -> bool:
        """Whether the signature holds; with an unknown phase it does, but then only supports."""
        if self.main not in present or not self.also <= present or self.unless & present:
            return False
        return not self.signature.phases or phase is None or phase in self.signature.phases


def _hit(row: _Row, place: tuple[int, int], *, phase: ImportPhase | None) -> Hit:
    start, end = place
    sure_of_phase = not row.signature.phases or phase is not None
    specific = row.signature.specific and sure_of_phase
    return Hit(
        start=start, end=end, weight=min(row.weight, end - start + row.beside), specific=specific
    )


def fixed_characters(signature: Signature) -> int:
    """How many characters of a text a signature fixes at most; of alternatives the longest."""
    fixed = sum(len(fit_fragment(word)) for word in signature.also)
    if signature.fragment:
        return fixed + len(fit_fragment(signature.fragment))
    bare = _NOT_FIXED.replace(signature.pattern, "", limit=len(signature.pattern))
    return fixed + _longest_branch(bare)


def _longest_branch(pattern: str) -> int:
    """The length of the longest way through groups and alternatives, of letters and blanks."""
    done, now = [0], [0]
    for char in pattern:
        if char == "(":
            done.append(0)
            now.append(0)
        elif char == "|":
            done[-1], now[-1] = max(done[-1], now[-1]), 0
        elif char == ")" and len(now) > 1:
            branch = max(done.pop(), now.pop())
            now[-1] += branch
        elif char.isalnum() or char in " _-<>:'":
            now[-1] += 1
    return max(done[0], now[0])


def _names(names: Iterable[str]) -> tuple[Signature, ...]:
    """Official names of codes as signatures; a short one may be an everyday word."""
    return tuple(Signature(pattern=rf"\b{name}\b") for name in names if len(name) >= SHORTEST_NAME)


def _own_codes(knowledge: Knowledge) -> frozenset[str]:
    known_by = Counter(code for family in knowledge.families for code in set(family.codes))
    wrappers = {row.hex for row in knowledge.codes if row.transient == "maybe"}
    return frozenset(code for code, count in known_by.items() if count == 1) - wrappers


class _ByDigest:
    """A pack as a key of the cache: packs of equal digest share their compiled signatures."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def __hash__(self) -> int:
        return hash(self.knowledge.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest) and (
            self.knowledge is other.knowledge
            or (bool(self.knowledge.digest) and self.knowledge.digest == other.knowledge.digest)
        )


def signatures_of(knowledge: Knowledge) -> Signatures:
    """The compiled signatures of a pack; compiled once per digest."""
    return _compiled(_ByDigest(knowledge))


@lru_cache(maxsize=16)
def _compiled(key: _ByDigest) -> Signatures:
    return Signatures(key.knowledge)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretches:
    """The bytes to compare, and where each of their stretches stands in the text.

    `starts` are places in `encoded`, `places` the places in the text that they come from.
    """

    encoded: bytes
    starts: tuple[int, ...]
    places: tuple[int, ...]

    def place_of(self, first: int, after: int) -> tuple[int, int]:
        """Where in the text the characters stand that a stretch of `encoded` came from."""
        number = bisect_right(self.starts, first) - 1
        start = self.starts[number]
        begin = self.places[number] + len(self.encoded[start:first].decode("utf-8", "ignore"))
        return begin, begin + len(self.encoded[first:after].decode("utf-8", "ignore"))


def _telling(text: str) -> _Stretches:
    """All of a text, or of a long one the beginning, the end and what speaks of a failure."""
    encoded = text.encode()
    if len(encoded) <= LONG:
        return _Stretches(encoded=encoded, starts=(0,), places=(0,))
    pieces = [
        (start, text[start : start + _SLICE + _OVERLAP].encode())
        for start in range(0, len(text), _SLICE)
    ]
    wanted = sorted(_best([piece for _, piece in pieces]))
    starts, size = [], 0
    for number in wanted:
        starts.append(size)
        size += len(pieces[number][1]) + len(_SEAM)
    return _Stretches(
        encoded=_SEAM.join(pieces[number][1] for number in wanted),
        starts=tuple(starts),
        places=tuple(pieces[number][0] for number in wanted),
    )


def _best(pieces: list[bytes]) -> set[int]:
    """The numbers of the pieces to look at: both ends, then strong words, then weak ones."""
    strong = [number for number, piece in enumerate(pieces) if _STRONG.span(piece)[1]]
    weak = [number for number, piece in enumerate(pieces) if _WEAK.span(piece)[1]]
    wanted: set[int] = set()
    for number in (0, len(pieces) - 1, *strong[-4:], *strong, *weak[-4:], *weak):
        if len(wanted) < LONG // _SLICE:
            wanted.add(number)
    return wanted
