"""Reads a failure text and ranks the families that fit, each with its quote and its reason.

Order of belief (`error-codes.md` section 5): a lost answer first, then decisive words (a code that
agrees makes them certain), then a code that only one family knows, then codes that wrap others,
then words that only support. Text comes before code, since a code names a layer, rarely a cause.
Among several codes the innermost specific one counts. Of two families found alike, one that waiting
cannot cure goes before one that it may. Nothing is guessed: what only looks like a failed import
gets the pack's fallback family, and what does not is said to be none.
"""

from dataclasses import replace

from runbook.domain.diagnosis.codes import codes_in
from runbook.domain.diagnosis.component import component_in, without_names
from runbook.domain.diagnosis.extract import ids_in, phase_in, status_in, versions_in
from runbook.domain.diagnosis.family import Diagnosis, Reading
from runbook.domain.diagnosis.knowledge import Knowledge
from runbook.domain.diagnosis.matching import Evidence, signatures_of
from runbook.domain.diagnosis.normal import normalise
from runbook.domain.diagnosis.ranking import (
    Facts,
    belief_of,
    confidence_of,
    is_a_guess,
    is_about_an_import,
    rank,
)
from runbook.domain.diagnosis.surfaces.handed import Handed, Surface, Unreadable
from runbook.domain.diagnosis.surfaces.long_text import (
    BUDGET,
    ENDS_ONLY,
    LEFT_OUT,
    WHOLE,
    excerpt,
    fair_share,
)
from runbook.domain.diagnosis.surfaces.merging import merged, rows_by_part, with_row
from runbook.domain.diagnosis.surfaces.recognising import recognise_to_read
from runbook.domain.diagnosis.wording import quote_of, reason_for, with_note, words_of
from runbook.domain.vocabulary import Confidence

MOST_DIAGNOSES = 5

_EACH_ALONE = (Surface.HISTORY_PANE, Surface.JSON, Surface.IMPORT_LOG, Surface.IMPORT_JOB)


def diagnose(text: str, pack: Knowledge) -> Reading:
    """Everything a text tells, with the families that fit, best first; never raises.

    Logs, answers in JSON, web pages and panes are recognised in it; of several errors the cause comes
    first. At least one diagnosis is always given. Work is linear in the text; of a long one the
    stretches that speak of a failure, or the beginning and the end, are read, and the reason says so.
    """
    try:
        handed = recognise_to_read(text, literals=signatures_of(pack).literals_in)
    except Unreadable:
        return _read_in_part(text, pack, whole=WHOLE)
    note = next((each for each in handed.notes if each in (LEFT_OUT, ENDS_ONLY)), "")
    if handed.rows or handed.kind in _EACH_ALONE:
        return _told(merged(diagnose_handed(handed, pack), pack, most=MOST_DIAGNOSES), note)
    whole = _read_in_part(handed.text if note else _words(handed, text), pack, whole=WHOLE)
    if len(handed.parts) == 1 or not whole.is_import_error:
        return _told(whole, note)
    readings = (whole, *diagnose_handed(handed, pack))
    return _told(merged(readings, pack, most=MOST_DIAGNOSES), note)


def warm_up(pack: Knowledge) -> None:
    """Reads one text of each family, so that the first person does not wait for patterns to compile.

    Takes about half a second; a process that answers people does it when it starts to.
    """
    for family in pack.families:
        for text in family.samples[:1]:
            diagnose(text, pack)


def diagnose_handed(handed: Handed, pack: Knowledge) -> tuple[Reading, ...]:
    """One reading for each part, the cause's first; never raises and is never empty.

    What the words of a row do not name is taken from the row. Parts that are too long together are
    read in part, the longest first to be cut, and their reasons say so.
    """
    rows = rows_by_part(handed)
    whole = fair_share(handed.parts, literals=signatures_of(pack).literals_in)
    readings = ((part, _read_in_part(part, pack, whole=whole)) for part in handed.parts)
    return tuple(with_row(reading, rows.get(part)) for part, reading in readings)


def _words(handed: Handed, text: str) -> str:
    """The words to read: as they were written, unless markup or colours stood between them."""
    return text if handed.kind in (Surface.PORTAL_TEXT, Surface.UNKNOWN) else handed.text


def _read_in_part(text: str, pack: Knowledge, *, whole: int) -> Reading:
    """The reading of a text, or of what tells in it if it is longer than `whole`."""
    literals = signatures_of(pack).literals_in
    taken = excerpt(text, literals=literals, whole=whole, budget=min(whole, BUDGET))
    return _told(_read(taken.text, pack), taken.note)


def _told(reading: Reading, note: str) -> Reading:
    """The reading with a note at the end of each reason that has none yet."""
    if not note:
        return reading
    told = (
        each
        if each.reason.endswith((LEFT_OUT, ENDS_ONLY))
        else replace(each, reason=f"{each.reason} {note}")
        for each in reading.diagnoses
    )
    return replace(reading, diagnoses=tuple(told))


def _read(text: str, pack: Knowledge) -> Reading:
    normal = normalise(text)
    codes, phase = codes_in(normal.text), phase_in(normal.text)
    signatures = signatures_of(pack)
    evidence = signatures.evidence(without_names(normal.text), codes=codes, phase=phase)
    facts = Facts(
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
    evidence: tuple[Evidence, ...], pack: Knowledge, *, facts: Facts
) -> tuple[Diagnosis, ...]:
    special = (pack.fallback_family, pack.not_an_error_family)
    cues = _of(evidence, pack.fallback_family)
    other = _of(evidence, pack.not_an_error_family)
    ranked = sorted(
        (entry for entry in evidence if entry.family.slug not in special),
        key=lambda entry: rank(entry, facts),
        reverse=True,
    )
    if other and other.weight and other.weight >= max((e.weight for e in ranked), default=0):
        return (_nothing(pack, facts, entry=other),)
    if not cues and not is_about_an_import(ranked, facts):
        return (_nothing(pack, facts, entry=other),)
    found = [_diagnosis(entry, facts, rivals=ranked) for entry in ranked]
    fallback = _fallback(pack, facts, cues=cues)
    if not ranked or is_a_guess(ranked, cues, facts=facts):
        found.insert(0, fallback)
    return tuple(found[:MOST_DIAGNOSES])


def _of(evidence: tuple[Evidence, ...], slug: str) -> Evidence | None:
    return next((entry for entry in evidence if entry.family.slug == slug), None)


def _diagnosis(entry: Evidence, facts: Facts, *, rivals: list[Evidence]) -> Diagnosis:
    belief = belief_of(entry, facts)
    hits = entry.decisive or entry.hits
    matched_by = " and ".join(
        word for word, there in (("text", hits), ("code", entry.codes)) if there
    )
    return Diagnosis(
        family=entry.family.slug,
        revision=entry.family.revision,
        confidence=confidence_of(entry, belief, rivals=rivals),
        disposition=entry.family.disposition,
        quote=quote_of(entry, facts),
        reason=with_note(reason_for(entry, belief, facts=facts), facts),
        matched_by=matched_by,
    )


def _fallback(pack: Knowledge, facts: Facts, *, cues: Evidence | None) -> Diagnosis:
    reason = "This looks like a failed import, but no reason that is known here stands in the text."
    return _special(pack.fallback_family, pack, facts=facts, entry=cues, reason=reason)


def _nothing(pack: Knowledge, facts: Facts, *, entry: Evidence | None) -> Diagnosis:
    reason = "Nothing in the text reports a failed import or upgrade."
    if entry and entry.decisive:
        reason = (
            f"The words “{words_of(entry, facts)}” belong to something else than a failed import."
        )
    return _special(pack.not_an_error_family, pack, facts=facts, entry=entry, reason=reason)


def _special(
    slug: str, pack: Knowledge, *, facts: Facts, entry: Evidence | None, reason: str
) -> Diagnosis:
    family = next(family for family in pack.families if family.slug == slug)
    sure = slug == pack.not_an_error_family and entry is not None and bool(entry.decisive)
    return Diagnosis(
        family=slug,
        revision=family.revision,
        confidence=Confidence.LIKELY if sure else Confidence.UNKNOWN,
        disposition=family.disposition,
        quote=quote_of(entry, facts),
        reason=with_note(reason, facts),
        matched_by="text" if entry and entry.hits else "nothing",
    )
