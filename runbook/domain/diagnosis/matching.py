"""Finds the signatures of all families in a text with one pass.

All fragments and patterns of a pack are compiled once into one set; only the few that occur are
searched again for their place.
"""

from dataclasses import dataclass
from functools import lru_cache

from runbook.domain.diagnosis.family import ErrorFamily, Signature
from runbook.domain.diagnosis.knowledge import Knowledge
from runbook.domain.diagnosis.normal import Normal, fit_fragment, fit_pattern
from runbook.domain.patterns import Pattern, PatternSet, literal
from runbook.domain.vocabulary import ImportPhase


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
    """The signatures of a pack, compiled."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._families = knowledge.families
        self._numbers: dict[str, int] = {}
        self._rows = tuple(
            tuple(self._row(signature) for signature in family.signatures)
            for family in knowledge.families
        )
        self._set = PatternSet(tuple(self._numbers))
        self._patterns = tuple(Pattern(source) for source in self._numbers)

    def evidence(
        self, normal: Normal, *, codes: tuple[str, ...], phase: ImportPhase | None
    ) -> tuple[Evidence, ...]:
        """What speaks for each family that anything speaks for."""
        present = self._set.matching(normal.text)
        found = []
        for family, rows in zip(self._families, self._rows, strict=True):
            hits = tuple(
                self._hit(row, normal, phase=phase) for row in rows if row.stands_in(present, phase)
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
        )

    def _number(self, source: str) -> int:
        return self._numbers.setdefault(source, len(self._numbers))

    def _hit(self, row: "_Row", normal: Normal, *, phase: ImportPhase | None) -> Hit:
        match = self._patterns[row.main].search(normal.text)
        start, end = (match.start(), match.end()) if match else (0, 0)
        sure_of_phase = not row.signature.phases or phase is not None
        specific = row.signature.specific and sure_of_phase
        return Hit(start=start, end=end, weight=row.weight, specific=specific)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    signature: Signature
    main: int
    also: frozenset[int]
    unless: frozenset[int]
    weight: int

    def stands_in(self, present: frozenset[int], phase: ImportPhase | None) -> bool:
        """Whether the signature holds; with an unknown phase it does, but then only supports."""
        if self.main not in present or not self.also <= present or self.unless & present:
            return False
        return not self.signature.phases or phase is None or phase in self.signature.phases


def fixed_characters(signature: Signature) -> int:
    """How many characters of a text a signature fixes; classes and repetitions count nothing."""
    fixed = sum(len(fit_fragment(word)) for word in signature.also)
    if signature.fragment:
        return fixed + len(fit_fragment(signature.fragment))
    depth, escaped = 0, False
    for char in signature.pattern:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
        elif depth == 0 and (char.isalnum() or char in " _"):
            fixed += 1
    return fixed


class _ByDigest:
    """A pack as a key of the cache: packs of equal digest share their compiled signatures."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def __hash__(self) -> int:
        return hash(self.knowledge.digest)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _ByDigest):
            return False
        if self.knowledge is other.knowledge:
            return True
        return bool(self.knowledge.digest) and self.knowledge.digest == other.knowledge.digest


def signatures_of(knowledge: Knowledge) -> Signatures:
    """The compiled signatures of a pack; compiled once per digest."""
    return _compiled(_ByDigest(knowledge))


@lru_cache(maxsize=16)
def _compiled(key: _ByDigest) -> Signatures:
    return Signatures(key.knowledge)
