"""Finds the signatures of all families in a text with one pass.

All fragments and patterns of a pack are compiled once into one set; only the few that occur are
searched again for their place.
"""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from runbook.domain.diagnosis.family import ErrorFamily, Signature
from runbook.domain.diagnosis.knowledge import Knowledge
from runbook.domain.diagnosis.plain import fit_fragment, fit_pattern
from runbook.domain.patterns import Pattern, PatternSet, literal
from runbook.domain.vocabulary import ImportPhase

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for one family. `codes` are those of the text that the family knows, in order."""

    family: ErrorFamily
    hits: tuple[Hit, ...]
    codes: tuple[str, ...]

    @property
    def decisive(self) -> tuple[Hit, ...]:
        """The hits that may decide alone, the weightiest first."""
        specific = (hit for hit in self.hits if hit.specific)
        return tuple(sorted(specific, key=lambda hit: (-hit.weight, -hit.start)))

    @property
    def weight(self) -> int:
        """How much the weightiest decisive hit says; 0 without one."""
        return self.decisive[0].weight if self.decisive else 0


class Signatures:
    """The signatures of a pack, compiled.

    `own_codes` are the codes that one family alone knows and that do not wrap others; `known_codes`
    are those of the code table.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._families = knowledge.families
        self._numbers: dict[str, int] = {}
        self._rows = tuple(
            tuple(self._row(signature) for signature in family.signatures)
            for family in knowledge.families
        )
        self._set = PatternSet(tuple(self._numbers))
        self._patterns = tuple(Pattern(source) for source in self._numbers)
        self.known_codes = frozenset(row.hex for row in knowledge.codes)
        self.own_codes = _own_codes(knowledge)

    def evidence(
        self, text: str, *, codes: tuple[str, ...], phase: ImportPhase | None
    ) -> tuple[Evidence, ...]:
        """What speaks for each family that anything speaks for.

        `text` is the form for matching, possibly with some characters made unreadable.
        """
        encoded = text.encode()
        present = self._set.matching(encoded)
        found = []
        for family, rows in zip(self._families, self._rows, strict=True):
            hits = tuple(
                self._hit(row, encoded, phase=phase)
                for row in rows
                if row.stands_in(present, phase)
            )
            known = tuple(code for code in codes if code in family.codes)
            if hits or known:
                found.append(Evidence(family=family, hits=hits, codes=known))
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

    def _hit(self, row: "_Row", encoded: bytes, *, phase: ImportPhase | None) -> Hit:
        first, after = self._patterns[row.main].span(encoded)
        start = len(encoded[:first].decode())
        end = start + len(encoded[first:after].decode())
        sure_of_phase = not row.signature.phases or phase is not None
        specific = row.signature.specific and sure_of_phase
        weight = min(row.weight, end - start + row.beside)
        return Hit(start=start, end=end, weight=weight, specific=specific)


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
