"""Measures the engine on labelled texts: hits by family and surface, facts found, unsafe answers.

An answer is unsafe when it tells to wait and retry although the labelled family needs a repair or
another person first, or although the outcome of the attempt is not known.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.diagnosis.family import Reading
from runbook.domain.diagnosis.knowledge import Knowledge
from runbook.domain.vocabulary import Disposition

_RETRY_IS_UNSAFE = frozenset(
    {
        Disposition.CHECK_STATE_FIRST,
        Disposition.FIX_PREREQUISITE,
        Disposition.FIX_COMPONENT,
        Disposition.FIX_PACKAGE,
        Disposition.RESOLVE_PENDING_UPGRADE,
        Disposition.ASK_OTHER_PERSON,
        Disposition.CONTINUE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One text with what a person found in it; None where nothing was labelled."""

    id: str
    raw: str
    family: str
    surface: str = ""
    code: str | None = None
    status: str | None = None
    component_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A text that was taken for another family, or answered unsafely."""

    id: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Counts as (hit, of) by name, and the texts that were missed or answered unsafely."""

    families: dict[str, tuple[int, int]]
    surfaces: dict[str, tuple[int, int]]
    facts: dict[str, tuple[int, int]]
    misses: tuple[Miss, ...]
    unsafe: tuple[Miss, ...]

    @property
    def total(self) -> tuple[int, int]:
        """Hits over all families."""
        rows = self.families.values()
        return sum(hit for hit, _ in rows), sum(of for _, of in rows)


def measure(texts: Iterable[Labelled], knowledge: Knowledge) -> Measurement:
    """Reads each text once and compares the best family and the facts with the labels."""
    read = [(text, diagnose(text.raw, knowledge)) for text in texts]
    pairs = [(text, reading.diagnoses[0].family == text.family) for text, reading in read]
    misses = tuple(_miss(text, reading) for text, reading in read if not _hit(text, reading))
    told = {family.slug: family.disposition for family in knowledge.families}
    return Measurement(
        families=_counted((text.family, hit) for text, hit in pairs),
        surfaces=_counted((text.surface, hit) for text, hit in pairs),
        facts=_counted(fact for text, reading in read for fact in _facts(text, reading)),
        misses=misses,
        unsafe=tuple(
            miss
            for miss in misses
            if told.get(miss.expected) in _RETRY_IS_UNSAFE
            and told.get(miss.got) is Disposition.WAIT_AND_RETRY
        ),
    )


def _hit(text: Labelled, reading: Reading) -> bool:
    return reading.diagnoses[0].family == text.family


def _miss(text: Labelled, reading: Reading) -> Miss:
    return Miss(id=text.id, expected=text.family, got=reading.diagnoses[0].family)


def _facts(text: Labelled, reading: Reading) -> Iterable[tuple[str, bool]]:
    if text.code is not None:
        yield "code", text.code.upper() in reading.codes
    if text.status is not None:
        yield "status", text.status == reading.status
    if text.component_id is not None:
        yield "component id", _bare(text.component_id) == _bare(reading.component.id or "")


def _bare(identifier: str) -> str:
    return identifier.strip("{}").lower()


def _counted(pairs: Iterable[tuple[str, bool]]) -> dict[str, tuple[int, int]]:
    hits: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for name, hit in pairs:
        every[name] += 1
        hits[name] += hit
    return {name: (hits[name], every[name]) for name in sorted(every)}
