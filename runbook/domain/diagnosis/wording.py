"""The sentences of a diagnosis: the quoted line and the reason in plain words."""

from runbook.domain.diagnosis.matching import Evidence
from runbook.domain.diagnosis.ranking import Belief, Facts

WORDS_SHOWN = 90


def reason_for(entry: Evidence, belief: Belief, *, facts: Facts) -> str:
    """Why this family, in one sentence."""
    code = entry.codes[-1] if entry.codes else ""
    if entry.decisive:
        words = f"The text says “{words_of(entry, facts)}”"
        return f"{words}, and the code {code} agrees." if code else f"{words}."
    if belief in (Belief.OWN_CODE, Belief.LOST_ANSWER):
        return f"The code {code} stands for this kind of failure; the text adds no other reason."
    if belief is Belief.SHARED_CODE_AND_WORDS:
        words = words_of(entry, facts)
        return f"The code {code} can mean this, and the words “{words}” fit; neither decides alone."
    if belief is Belief.SHARED_CODE:
        return f"The code {code} can mean this, but other kinds of failure carry it too."
    return f"The words “{words_of(entry, facts)}” fit, but they do not decide alone."


def words_of(entry: Evidence, facts: Facts) -> str:
    """The words of the text that speak most for a family, in the form for matching."""
    hit = (entry.decisive or entry.hits)[0]
    words = facts.normal.text[hit.start : hit.end]
    return words if len(words) <= WORDS_SHOWN else f"{words[:WORDS_SHOWN].rstrip()} ..."


def quote_of(entry: Evidence | None, facts: Facts) -> str:
    """The original line with the words or the code; the first line if nothing was found."""
    if entry and entry.hits:
        hit = (entry.decisive or entry.hits)[0]
        return facts.normal.quote(hit.start, hit.end)
    place = _place_of_code(entry.codes[-1] if entry and entry.codes else "", facts)
    return facts.normal.quote(place, place + 1)


def _place_of_code(code: str, facts: Facts) -> int:
    """Where a code stands, in the spelling that is easiest to find; 0 if it is another one."""
    signed = str(int(code, 16) - 2**32) if code else ""
    places = [facts.normal.text.upper().find(spelling) for spelling in (code, signed) if spelling]
    return max(0, *places) if places else 0


def with_note(reason: str, facts: Facts) -> str:
    """The reason, with a note if only a part of the text was read."""
    if not facts.normal.shortened:
        return reason
    return f"{reason} Of this very long text only the beginning and the end were read."
