"""Use cases of a step: answers, checks, evidence, waits, completing, skipping, reopening."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runbook.domain import events as ev
from runbook.domain.decisions import steps as decisions
from runbook.domain.decisions.steps import CheckAnswer
from runbook.domain.decisions.times import check_happened
from runbook.domain.pack import Pack
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action
from runbook.models import Run
from runbook.services import evidence, files, timeline
from runbook.services.evidence import Kept
from runbook.services.files import Attached
from runbook.services.timeline import Act, Timed, Written


def record_facts(*, run_id: uuid.UUID, act: Act, step: str, answers: Mapping[str, str]) -> Written:
    """Keeps answers to questions of a step."""
    return timeline.record(
        run_id,
        Action.RECORD_FACTS,
        act=act,
        step=step,
        decide=lambda run, state, pack: decisions.record_facts(
            state, pack, step=step, answers=answers
        ),
    )


def record_decision(
    *, run_id: uuid.UUID, act: Act, step: str, answers: Mapping[str, str], reason: str = ""
) -> Written:
    """Keeps a choice between ways."""
    return timeline.record(
        run_id,
        Action.RECORD_DECISION,
        act=act,
        step=step,
        decide=lambda run, state, pack: decisions.record_decision(
            state, pack, step=step, answers=answers, reason=reason
        ),
    )


def record_checks(
    *, run_id: uuid.UUID, act: Act, step: str, answers: Sequence[CheckAnswer]
) -> Written:
    """Keeps answers to checks."""
    return timeline.record(
        run_id,
        Action.RECORD_CHECKS,
        act=act,
        step=step,
        decide=lambda run, state, pack: decisions.record_checks(
            state, pack, step=step, answers=answers, now=act.now
        ),
    )


def add_evidence(
    *, run_id: uuid.UUID, act: Act, step: str, slot: str, text: str, caption: str = ""
) -> Written:
    """Keeps a text for a slot of the step."""
    kept = evidence.prepare(text)
    added = _added(step, slot, kept, caption)

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        made = decisions.add_evidence(state, pack, step=step, slot=slot, stored=added)
        evidence.store(run, kept, act=act)
        return made

    return timeline.record(run_id, Action.ADD_EVIDENCE, act=act, step=step, decide=decide)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What a person hands in on one panel; `evidence` maps slots to texts, `files` come beside them."""

    answers: Mapping[str, str] = field(default_factory=dict)
    checks: Sequence[CheckAnswer] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[Attached] = ()
    reason: str = ""
    complete: bool = False


def work_on_step(*, run_id: uuid.UUID, act: Act, step: str, handed: Handed) -> Written:
    """Keeps a whole panel in one transaction, and completes the step if nothing is missing."""
    kept = {slot: evidence.prepare(text) for slot, text in handed.evidence.items() if text.strip()}
    work = decisions.Work(
        answers=handed.answers,
        checks=handed.checks,
        evidence=[
            *(_added(step, slot, text) for slot, text in kept.items()),
            *(each.event for each in handed.files),
        ],
        reason=handed.reason,
        complete=handed.complete,
    )

    def decide(run: Run, state: RunState, pack: Pack) -> list[Timed]:
        made = decisions.work_on_step(state, pack, step=step, work=work, now=act.now)
        for text in kept.values():
            evidence.store(run, text, act=act)
        files.keep(run, handed.files, act=act)
        return [_when_taken(event, handed.files, act=act) for event in made]

    action = Action.RECORD_FACTS if handed.answers else Action.RECORD_CHECKS
    with files.kept(handed.files):
        return timeline.record(run_id, action, act=act, step=step, decide=decide)


def _when_taken(event: ev.Event, attached: Sequence[Attached], *, act: Act) -> Timed:
    """A file's event with the time that the person settled on, which is never its own unasked."""
    for each in attached:
        if isinstance(event, ev.EvidenceAdded) and event.file == each.handle.hex:
            when = each.happened_at or act.when
            check_happened(when, now=act.now)
            return event, when
    return event


def _added(step: str, slot: str, kept: Kept, caption: str = "") -> ev.EvidenceAdded:
    return ev.EvidenceAdded(
        step=step,
        slot=slot,
        digest=kept.digest,
        size=kept.size,
        caption=caption,
        secrets_removed=kept.secrets_removed,
    )


def complete_step(*, run_id: uuid.UUID, act: Act, step: str) -> Written:
    """Completes a step that misses nothing."""
    return timeline.record(
        run_id,
        Action.COMPLETE_STEP,
        act=act,
        step=step,
        decide=lambda run, state, pack: decisions.complete_step(
            state, pack, step=step, now=act.now
        ),
    )


def skip_step(*, run_id: uuid.UUID, act: Act, step: str, reason: str) -> Written:
    """Leaves a step out, with a reason."""
    return timeline.record(
        run_id,
        Action.SKIP_STEP,
        act=act,
        step=step,
        decide=lambda run, state, pack: decisions.skip_step(state, pack, step=step, reason=reason),
    )


def reopen_step(*, run_id: uuid.UUID, act: Act, step: str, reason: str) -> Written:
    """Opens a settled step again, with a reason."""
    return timeline.record(
        run_id,
        Action.REOPEN_STEP,
        act=act,
        step=step,
        decide=lambda run, state, pack: decisions.reopen_step(
            state, pack, step=step, reason=reason
        ),
    )


def start_wait(*, run_id: uuid.UUID, act: Act, step: str) -> Written:
    """Starts the wait of a wait step."""
    return timeline.record(
        run_id,
        Action.START_WAIT,
        act=act,
        step=step,
        decide=lambda run, state, pack: decisions.start_wait(state, pack, step=step, now=act.now),
    )


def end_wait(*, run_id: uuid.UUID, act: Act, step: str) -> Written:
    """Ends a wait whose time has come."""
    return timeline.record(
        run_id,
        Action.END_WAIT,
        act=act,
        step=step,
        decide=lambda run, state, pack: decisions.end_wait(state, pack, step=step, now=act.now),
    )
