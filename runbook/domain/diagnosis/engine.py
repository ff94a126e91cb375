"""Reads a failure text and ranks the families that fit, each with its quote and its reason.

Order of belief (`error-codes.md` section 5): a lost answer first, then decisive words (a code that
agrees makes them certain), then a code that only one family knows, then codes that wrap others,
then words that only support. Text comes before code, since a code names a layer, rarely a cause.
Among several codes the innermost specific one counts. Of two families found alike, one that waiting
cannot cure goes before one that it may. Nothing is guessed: what only looks like a
failed import gets the pack's fallback family, and what does not gets none.
"""

from dataclasses import dataclass, replace
from enum import IntEnum

from runbook.domain.diagnosis.codes import codes_in
from runbook.domain.diagnosis.component import component_in, without_names
from runbook.domain.diagnosis.extract import ids_in, phase_in, status_in, versions_in
from runbook.domain.diagnosis.family import Diagnosis, Reading
from runbook.domain.diagnosis.knowledge import Knowledge
from runbook.domain.diagnosis.matching import Evidence, signatures_of
from runbook.domain.diagnosis.normal import Normal, normalise
from runbook.domain.vocabulary import Confidence, Disposition

MOST_DIAGNOSES = 5
CERTAIN_WEIGHT = 30
"""Characters that decisive words must fix to be certain without a code that agrees."""

RIVAL = 0.75
"""Part of the best weight from which a second family with decisive words takes the certainty."""

BARE_CODE_WORDS = 6
"""A text of no more words that holds a known code is somebody pasting just the code."""

WORDS_SHOWN = 90


class Belief(IntEnum):
    """How a family was found, the most believable last."""

    SUPPORTING_WORDS = 0
    SHARED_CODE = 1
    SHARED_CODE_AND_WORDS = 2
    OWN_CODE = 3
    DECISIVE_WORDS = 4
    LOST_ANSWER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the ranking needs to know beside the evidence."""

    normal: Normal
    codes: tuple[str, ...]
    own_codes: frozenset[str]
    known_codes: frozenset[str]


def diagnose(text: str, pack: Knowledge) -> Reading:
    """Everything a text tells, with the families that fit, best first; never raises.

    At least one diagnosis is always given. Work is linear in the text; of a text over one MiB the
    head and the tail are read, and the reason says so.
    """
    normal = normalise(text)
    codes, phase = codes_in(normal.text), phase_in(normal.text)
    signatures = signatures_of(pack)
    evidence = signatures.evidence(without_names(normal.text), codes=codes, phase=phase)
    facts = _Facts(
        normal=normal,
        codes=codes,
        own_codes=signatures.own_codes,
        known_codes=signatures.known_codes,
    )
    diagnoses = _diagnoses(evidence, pack, facts=facts)
    return Reading(
        is_import_error=diagnoses[0].family != pack.not_an_error_family,
        diagnoses=diagnoses,
        codes=codes,
        status=status_in(normal.text),
        phase=phase,
        component=component_in(normal.text),
        ids=ids_in(normal.text),
        versions=versions_in(normal.text),
    )


def _diagnoses(
    evidence: tuple[Evidence, ...], pack: Knowledge, *, facts: _Facts
) -> tuple[Diagnosis, ...]:
    special = (pack.fallback_family, pack.not_an_error_family)
    cues = _of(evidence, pack.fallback_family)
    other = _of(evidence, pack.not_an_error_family)
    ranked = sorted(
        (entry for entry in evidence if entry.family.slug not in special),
        key=lambda entry: _rank(entry, facts),
        reverse=True,
    )
    if other and other.weight and other.weight >= max((e.weight for e in ranked), default=0):
        return (_nothing(pack, facts, entry=other),)
    if not cues and not _is_about_an_import(ranked, facts):
        return (_nothing(pack, facts, entry=other),)
    found = [_diagnosis(entry, facts, rivals=ranked) for entry in ranked]
    fallback = _fallback(pack, facts, cues=cues)
    if not ranked or _is_a_guess(ranked, cues, facts=facts):
        found.insert(0, fallback)
    return tuple(found[:MOST_DIAGNOSES])


def _of(evidence: tuple[Evidence, ...], slug: str) -> Evidence | None:
    return next((entry for entry in evidence if entry.family.slug == slug), None)


def _belief(entry: Evidence, facts: _Facts) -> Belief:
    own = facts.own_codes.intersection(entry.codes)
    if entry.decisive or own:
        if entry.family.disposition is Disposition.CHECK_STATE_FIRST:
            return Belief.LOST_ANSWER
        return Belief.DECISIVE_WORDS if entry.decisive else Belief.OWN_CODE
    if entry.codes:
        return Belief.SHARED_CODE_AND_WORDS if entry.hits else Belief.SHARED_CODE
    return Belief.SUPPORTING_WORDS


def _rank(entry: Evidence, facts: _Facts) -> tuple[int, bool, int, int, int]:
    """What cannot pass by waiting goes before what may: a needless look costs less than a try."""
    innermost = max((facts.codes.index(code) for code in entry.codes), default=-1)
    deepest = max((hit.start for hit in entry.hits), default=-1)
    return (
        _belief(entry, facts),
        entry.family.disposition is not Disposition.WAIT_AND_RETRY,
        entry.weight or sum(hit.weight for hit in entry.hits),
        innermost,
        deepest,
    )


def _is_about_an_import(ranked: list[Evidence], facts: _Facts) -> bool:
    """Whether any family, or a bare known code, says that this is a failed import at all."""
    if any(_belief(entry, facts) > Belief.SUPPORTING_WORDS for entry in ranked):
        return True
    words = facts.normal.text.count(" ") + 1
    return bool(facts.known_codes.intersection(facts.codes)) and words <= BARE_CODE_WORDS


def _is_a_guess(ranked: list[Evidence], cues: Evidence | None, *, facts: _Facts) -> bool:
    """Whether the best family was found by nothing but a code that others share."""
    if _belief(ranked[0], facts) > Belief.SHARED_CODE:
        return False
    alike = [entry for entry in ranked if _belief(entry, facts) is _belief(ranked[0], facts)]
    return len({entry.family.disposition for entry in alike}) > 1 or bool(cues and cues.codes)


def _diagnosis(entry: Evidence, facts: _Facts, *, rivals: list[Evidence]) -> Diagnosis:
    belief = _belief(entry, facts)
    hits = entry.decisive or entry.hits
    matched_by = " and ".join(
        word for word, there in (("text", hits), ("code", entry.codes)) if there
    )
    return Diagnosis(
        family=entry.family.slug,
        revision=entry.family.revision,
        confidence=_confidence(entry, belief, rivals=rivals),
        disposition=entry.family.disposition,
        quote=_quote(entry, facts),
        reason=_with_note(_reason(entry, belief, facts=facts), facts),
        matched_by=matched_by,
    )


def _confidence(entry: Evidence, belief: Belief, *, rivals: list[Evidence]) -> Confidence:
    if not entry.decisive:
        sure = belief in (Belief.OWN_CODE, Belief.LOST_ANSWER)
        return Confidence.LIKELY if sure else Confidence.POSSIBLE
    if entry.codes:
        return Confidence.CERTAIN
    strongest = max(
        (rival.weight for rival in rivals if rival.family is not entry.family), default=0
    )
    alone = strongest < RIVAL * entry.weight
    return Confidence.CERTAIN if alone and entry.weight >= CERTAIN_WEIGHT else Confidence.LIKELY


def _reason(entry: Evidence, belief: Belief, *, facts: _Facts) -> str:
    code = entry.codes[-1] if entry.codes else ""
    if entry.decisive:
        words = f"The text says “{_words(entry, facts)}”"
        return f"{words}, and the code {code} agrees." if code else f"{words}."
    if belief in (Belief.OWN_CODE, Belief.LOST_ANSWER):
        return f"The code {code} stands for this kind of failure; the text adds no other reason."
    if belief is Belief.SHARED_CODE_AND_WORDS:
        words = _words(entry, facts)
        return f"The code {code} can mean this, and the words “{words}” fit; neither decides alone."
    if belief is Belief.SHARED_CODE:
        return f"The code {code} can mean this, but other kinds of failure carry it too."
    return f"The words “{_words(entry, facts)}” fit, but they do not decide alone."


def _words(entry: Evidence, facts: _Facts) -> str:
    hit = (entry.decisive or entry.hits)[0]
    words = facts.normal.text[hit.start : hit.end]
    return words if len(words) <= WORDS_SHOWN else f"{words[:WORDS_SHOWN].rstrip()} ..."


def _quote(entry: Evidence | None, facts: _Facts) -> str:
    if entry and entry.hits:
        hit = (entry.decisive or entry.hits)[0]
        return facts.normal.quote(hit.start, hit.end)
    place = _place_of_code(entry.codes[-1] if entry and entry.codes else "", facts)
    return facts.normal.quote(place, place + 1)


def _place_of_code(code: str, facts: _Facts) -> int:
    """Where a code stands, in the spelling that is easiest to find; 0 if it is another one."""
    signed = str(int(code, 16) - 2**32) if code else ""
    places = [facts.normal.text.upper().find(spelling) for spelling in (code, signed) if spelling]
    return max(0, *places) if places else 0


def _with_note(reason: str, facts: _Facts) -> str:
    if not facts.normal.shortened:
        return reason
    return f"{reason} Of this very long text only the beginning and the end were read."


def _fallback(pack: Knowledge, facts: _Facts, *, cues: Evidence | None) -> Diagnosis:
    reason = "This looks like a failed import, but no reason that is known here stands in the text."
    return _special(pack.fallback_family, pack, facts=facts, entry=cues, reason=reason)


def _nothing(pack: Knowledge, facts: _Facts, *, entry: Evidence | None) -> Diagnosis:
    reason = "Nothing in the text reports a failed import or upgrade."
    if entry and entry.decisive:
        reason = (
            f"The words “{_words(entry, facts)}” belong to something else than a failed import."
        )
    return _special(pack.not_an_error_family, pack, facts=facts, entry=entry, reason=reason)


def _special(
    slug: str, pack: Knowledge, *, facts: _Facts, entry: Evidence | None, reason: str
) -> Diagnosis:
    family = next(family for family in pack.families if family.slug == slug)
    sure = slug == pack.not_an_error_family and entry is not None and bool(entry.decisive)
    found = Diagnosis(
        family=slug,
        revision=family.revision,
        confidence=Confidence.LIKELY if sure else Confidence.UNKNOWN,
        disposition=family.disposition,
        quote=_quote(entry, facts),
        reason=reason,
        matched_by="text" if entry and entry.hits else "nothing",
    )
    return replace(found, reason=_with_note(reason, facts))
