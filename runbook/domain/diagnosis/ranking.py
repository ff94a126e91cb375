"""How far a family can be believed, which comes first, and how sure that is.

Order: `error-codes.md` section 5.
"""

from dataclasses import dataclass
from enum import IntEnum

from runbook.domain.diagnosis.matching import Evidence
from runbook.domain.diagnosis.normal import Normal
from runbook.domain.vocabulary import Confidence, Disposition

CERTAIN_WEIGHT = 30
"""Characters that decisive words must fix to be certain without a code that agrees."""

RIVAL = 0.75
"""Part of the best weight from which a second family with decisive words takes the certainty."""

BARE_CODE_WORDS = 6
"""A text of no more words that holds a known code is somebody pasting just the code."""


class Belief(IntEnum):
    """How a family was found, the most believable last."""

    SUPPORTING_WORDS = 0
    SHARED_CODE = 1
    SHARED_CODE_AND_WORDS = 2
    OWN_CODE = 3
    DECISIVE_WORDS = 4
    LOST_ANSWER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the ranking needs to know beside the evidence."""

    normal: Normal
    codes: tuple[str, ...]
    own_codes: frozenset[str]
    known_codes: frozenset[str]


def belief_of(entry: Evidence, facts: Facts) -> Belief:
    """How a family was found."""
    own = facts.own_codes.intersection(entry.codes)
    if entry.decisive or own:
        if entry.family.disposition is Disposition.CHECK_STATE_FIRST:
            return Belief.LOST_ANSWER
        return Belief.DECISIVE_WORDS if entry.decisive else Belief.OWN_CODE
    if entry.codes:
        return Belief.SHARED_CODE_AND_WORDS if entry.hits else Belief.SHARED_CODE
    return Belief.SUPPORTING_WORDS


def rank(entry: Evidence, facts: Facts) -> tuple[int, bool, int, int, int]:
    """What cannot pass by waiting goes before what may: a needless look costs less than a try."""
    innermost = max((facts.codes.index(code) for code in entry.codes), default=-1)
    deepest = max((hit.start for hit in entry.hits), default=-1)
    return (
        belief_of(entry, facts),
        entry.family.disposition is not Disposition.WAIT_AND_RETRY,
        entry.weight or _words(entry),
        innermost,
        deepest,
    )


def is_about_an_import(ranked: list[Evidence], facts: Facts) -> bool:
    """Whether any family, or a bare known code, says that this is a failed import at all."""
    if any(belief_of(entry, facts) > Belief.SUPPORTING_WORDS for entry in ranked):
        return True
    words = facts.normal.text.count(" ") + 1
    return bool(facts.known_codes.intersection(facts.codes)) and words <= BARE_CODE_WORDS


def is_a_guess(ranked: list[Evidence], cues: Evidence | None, *, facts: Facts) -> bool:
    """Whether nothing but a shared code or supporting words speaks for the best family.

    Such words are enough if no family with another way on has nearly as many.
    """
    if belief_of(ranked[0], facts) > Belief.SHARED_CODE:
        return False
    if cues and cues.codes:
        return True
    best = ranked[0]
    rivals = (
        _words(entry)
        for entry in ranked
        if belief_of(entry, facts) is belief_of(best, facts)
        and entry.family.disposition is not best.family.disposition
    )
    return max(rivals, default=-1) >= RIVAL * _words(best)


def _words(entry: Evidence) -> int:
    """How much all words together say for a family."""
    return sum(hit.weight for hit in entry.hits)


def confidence_of(entry: Evidence, belief: Belief, *, rivals: list[Evidence]) -> Confidence:
    """How sure a family is: a rival with decisive words takes the certainty away."""
    if not entry.decisive:
        sure = belief in (Belief.OWN_CODE, Belief.LOST_ANSWER)
        return Confidence.LIKELY if sure else Confidence.POSSIBLE
    strongest = max(
        (rival.weight for rival in rivals if rival.family is not entry.family), default=0
    )
    enough = entry.codes or entry.weight >= CERTAIN_WEIGHT
    alone = strongest < RIVAL * entry.weight
    return Confidence.CERTAIN if alone and enough else Confidence.LIKELY
