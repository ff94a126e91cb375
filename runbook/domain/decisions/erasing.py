"""Decisions about erasing: which events say that a content is gone, and what the run still knows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runbook.domain import events as ev
from runbook.domain.decisions.steps import need_reason
from runbook.domain.diagnosis.family import Component, Diagnosis, Ids, Reading
from runbook.domain.errors import TransitionRefused
from runbook.domain.state import RunState, check_key

ERASED = "The words were erased."


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """An event that handed something in, with its place, and the diagnoses that quote from it."""

    seq: int
    event: ev.EvidenceAdded | ev.ErrorCaptured
    quoted_by: Sequence[int] = ()


def erase_evidence(state: RunState, *, handed_in: HandedIn, reason: str) -> list[ev.Event]:
    """What stays on record of a content that goes, at every stage of a run.

    First that it was erased, then each event that loses its own words with it: caption and name, or
    the quotes of a diagnosis (4a.8).
    """
    reason = need_reason(reason, "Say why it is erased; the reason stays on the record.")
    event = handed_in.event
    if isinstance(event, ev.ErrorCaptured):
        erased = _error_text(state, event, seq=handed_in.seq, reason=reason)
    else:
        key = check_key(event.step, event.slot)
        erased = ev.EvidenceErased(
            added=handed_in.seq,
            reason=reason,
            step=event.step,
            slot=event.slot,
            left=max(0, state.slots.get(key, 0) - 1),
            kind=event.kind,
            digest=event.digest,
            file=event.file,
        )
    emptied = (handed_in.seq, *handed_in.quoted_by)
    return [erased, *(ev.PayloadErased(seq=seq, reason=reason) for seq in emptied)]


def erase_all(state: RunState, *, handed_in: Sequence[HandedIn], reason: str) -> list[ev.Event]:
    """As `erase_evidence` for several contents at once; what two of them quote is emptied once."""
    made: list[ev.Event] = []
    emptied: set[int] = set()
    for each in handed_in:
        for event in erase_evidence(state, handed_in=each, reason=reason):
            if isinstance(event, ev.EvidenceErased) and not event.attempt:
                key = check_key(event.step, event.slot)
                state = replace(state, slots={**state.slots, key: event.left})
            if isinstance(event, ev.PayloadErased):
                if event.seq in emptied:
                    continue
                emptied.add(event.seq)
            made.append(event)
    return made


def _error_text(
    state: RunState, event: ev.ErrorCaptured, *, seq: int, reason: str
) -> ev.EvidenceErased:
    attempt = next((each for each in state.attempts if each.number == event.number), None)
    if attempt is None:
        raise TransitionRefused("The run has no such attempt.")
    return ev.EvidenceErased(
        added=seq,
        reason=reason,
        digest=event.digest,
        attempt=event.number,
        reading=_without_words(attempt.reading),
        family=attempt.family,
        fingerprint=attempt.fingerprint,
        disposition=attempt.disposition,
    )


def _without_words(reading: Reading | None) -> Reading | None:
    """Families, codes and versions stay; what was quoted, named or identified goes."""
    if reading is None:
        return None
    return replace(
        reading,
        diagnoses=tuple(_bare(each) for each in reading.diagnoses),
        component=Component(type=reading.component.type),
        ids=Ids(),
    )


def _bare(diagnosis: Diagnosis) -> Diagnosis:
    return replace(diagnosis, quote="", reason=ERASED, matched_by="")
