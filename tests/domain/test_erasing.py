"""An erasure says all that the run still knows, so a replay without the emptied events is the same."""

from datetime import timedelta

import pytest

from runbook.domain import events as ev
from runbook.domain.decisions.erasing import ERASED, HandedIn, erase_evidence
from runbook.domain.errors import TransitionRefused
from runbook.domain.progress import missing
from runbook.domain.state import RunState, evolve, replay
from runbook.domain.vocabulary import Action, RunStage
from tests.domain.history import LEAD, NOON, History, at
from tests.domain.wishes import GATEWAY, failing, small_pack, wish


def erased(run: History, seq: int, *, quoted_by: tuple[int, ...] = ()) -> tuple[RunState, RunState]:
    """The run after an erasure, as it went on, and replayed without what the erasure emptied."""
    entry = run.entries[seq - 1]
    assert isinstance(entry.event, ev.EvidenceAdded | ev.ErrorCaptured)
    handed_in = HandedIn(seq=seq, event=entry.event, quoted_by=quoted_by)
    made = erase_evidence(run.state, handed_in=handed_in, reason="A face.")
    later = [
        ev.Recorded(
            seq=run.state.seq + number,
            event=event,
            recorded_at=NOON + timedelta(days=1),
            happened_at=NOON + timedelta(days=1),
            actor=LEAD,
        )
        for number, event in enumerate(made, start=1)
    ]
    state = run.state
    for each in later:
        state = evolve(state, each)
    gone = {event.seq for event in made if isinstance(event, ev.PayloadErased)}
    kept = [each for each in (*run.entries, *later) if each.seq not in gone]
    return state, replay(kept)


def seqs(run: History, kind: type[ev.Event]) -> list[int]:
    return [each.seq for each in run.entries if isinstance(each.event, kind)]


def test_an_erased_piece_no_longer_fills_its_slot() -> None:
    run = at(RunStage.PREPARING)
    for text in ("One.", "Two."):
        run.ask(wish(Action.ADD_EVIDENCE, step="import", slot="log", text=text))
    seq = seqs(run, ev.EvidenceAdded)[-1]

    state, again = erased(run, seq)

    assert state.slots["import/log"] == 1
    assert state == again


def test_an_open_step_misses_what_was_erased() -> None:
    run = at(RunStage.PREPARING)
    step = next(step for step in small_pack().runbook.steps if step.slug == "ready")
    seq = next(
        each.seq
        for each in run.entries
        if isinstance(each.event, ev.EvidenceAdded) and each.event.slot == "picture"
    )
    assert "A picture of the lamp" not in missing(run.state, step, now=NOON)

    state, again = erased(run, seq)

    assert "A picture of the lamp" in missing(state, step, now=NOON)
    assert state == again
    assert state.marks == run.state.marks  # what was completed stays completed


@pytest.mark.parametrize("later", [False, True])
def test_an_error_text_goes_with_its_quotes_and_the_run_goes_on_as_before(later: bool) -> None:
    run = at(RunStage.IMPORTING)
    run.ask(failing(GATEWAY))
    if later:
        run.ask(wish(Action.CHOOSE_DIAGNOSIS, family="broken-lens", reason="Glass."))
    before = run.state.attempts[-1]
    assert before.reading is not None
    seq, quoting = seqs(run, ev.ErrorCaptured)[-1], tuple(seqs(run, ev.DiagnosisMade))

    state, again = erased(run, seq, quoted_by=quoting)

    after = state.attempts[-1]
    assert state == again
    assert after.reading is not None
    assert (after.family, after.disposition) == (before.family, before.disposition)
    assert (after.error_digest, after.fingerprint) == (before.error_digest, before.fingerprint)
    assert [each.family for each in after.reading.diagnoses] == [
        each.family for each in before.reading.diagnoses
    ]
    assert {each.quote for each in after.reading.diagnoses} == {""}
    assert {each.reason for each in after.reading.diagnoses} == {ERASED}
    assert state.stage is run.state.stage


@pytest.mark.parametrize("stage", RunStage)
def test_it_is_possible_at_every_stage(stage: RunStage) -> None:
    added = ev.EvidenceAdded(step="ready", slot="picture", digest="d", size=1)
    made = erase_evidence(
        at(stage).state, handed_in=HandedIn(seq=3, event=added), reason=" A face. "
    )

    assert made[0].type == "evidence.erased"
    assert made[1] == ev.PayloadErased(seq=3, reason="A face.")


def test_it_takes_a_reason_and_an_attempt_that_was_made() -> None:
    added = ev.EvidenceAdded(step="ready", slot="picture", digest="d", size=1)
    with pytest.raises(TransitionRefused, match="Say why it is erased"):
        erase_evidence(RunState(), handed_in=HandedIn(seq=3, event=added), reason=" ")
    captured = ev.ErrorCaptured(number=9, digest="d", size=1)
    with pytest.raises(TransitionRefused, match="no such attempt"):
        erase_evidence(RunState(), handed_in=HandedIn(seq=3, event=captured), reason="A face.")


def test_an_old_event_without_a_file_replays_as_it_did() -> None:
    old = {"step": "a", "slot": "b", "digest": "d", "size": 3, "caption": "", "secrets_removed": 0}

    event = ev.from_payload("evidence.added", old)

    assert event == ev.EvidenceAdded(step="a", slot="b", digest="d", size=3)
