"""Use cases of the import: start, record, diagnose, read the state, repair, remove, override."""

import uuid
from dataclasses import dataclass

from runbook.domain import events as ev
from runbook.domain.decisions import attempts as decisions
from runbook.domain.decisions import readings
from runbook.domain.decisions.attempts import Plan, Result
from runbook.domain.decisions.claims import released_with_success
from runbook.domain.decisions.readings import Look
from runbook.domain.diagnosis.surfaces.handed import Handed
from runbook.domain.pack import Pack
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, Outcome
from runbook.models import Run
from runbook.services import evidence, timeline
from runbook.services.timeline import Act, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a person says about a solution they are about to remove."""

    solution: str
    typed_name: str
    version: str
    backup_reference: str


def start_attempt(*, run_id: uuid.UUID, act: Act, plan: Plan) -> Written:
    """Starts the next attempt if nothing stands in its way."""
    return timeline.record(
        run_id,
        Action.START_ATTEMPT,
        act=act,
        decide=lambda run, state, pack: decisions.start_attempt(
            state, pack, plan=plan, happened_at=act.when, now=act.now
        ),
    )


def record_attempt(
    *,
    run_id: uuid.UUID,
    act: Act,
    outcome: Outcome,
    reason: str = "",
    error_text: str = "",
    no_text: bool = False,
    handed: Handed | None = None,
) -> Written:
    """Ends the open attempt: text masked and stored, read by the engine, all in one transaction.

    `handed` is what an uploaded file told; it comes before a text that was pasted beside it.
    """
    told = "\n\n".join(part for part in (handed.text if handed else "", error_text) if part.strip())
    kept = evidence.prepare(told[: evidence.MAXIMUM]) if told else None
    rows = evidence.prepare_rows(handed.rows) if handed else None

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        source = handed.kind.value if handed else ""
        captured = evidence.captured(kept, pack, rows=rows, source=source)
        result = Result(outcome=outcome, reason=reason, no_text=no_text, captured=captured)
        made = ended(state, pack, result=result, act=act)
        for text in (kept, rows):
            if text is not None:
                evidence.store(run, text, act=act)
        return made

    return timeline.record(run_id, Action.RECORD_ATTEMPT, act=act, decide=decide)


def ended(state: RunState, pack: Pack, *, result: Result, act: Act) -> list[ev.Event]:
    """The events that end the open attempt; a success lets go of who held the import."""
    made = decisions.record_attempt(state, pack, result=result, happened_at=act.when, now=act.now)
    if result.outcome is Outcome.SUCCEEDED:
        made += released_with_success(state, pack)
    return made


def choose_diagnosis(*, run_id: uuid.UUID, act: Act, family: str, reason: str = "") -> Written:
    """Settles the last failure on one family."""
    return timeline.record(
        run_id,
        Action.CHOOSE_DIAGNOSIS,
        act=act,
        decide=lambda run, state, pack: decisions.choose_diagnosis(
            state, pack, family=family, reason=reason
        ),
    )


def read_state(*, run_id: uuid.UUID, act: Act, step: str, look: Look) -> Written:
    """Keeps what is installed now and plans what may come next."""
    return timeline.record(
        run_id,
        Action.READ_STATE,
        act=act,
        step=step,
        decide=lambda run, state, pack: readings.read_state(
            state, pack, step=step, look=look, happened_at=act.when, now=act.now
        ),
    )


def record_repair(*, run_id: uuid.UUID, act: Act, text: str) -> Written:
    """Keeps what was put right."""
    return timeline.record(
        run_id,
        Action.RECORD_REPAIR,
        act=act,
        decide=lambda run, state, pack: readings.record_repair(
            state, pack, text=evidence.clean(text), now=act.now
        ),
    )


def record_removal(*, run_id: uuid.UUID, act: Act, removal: Removal) -> Written:
    """Passes a removal through the deletion interlock."""
    return timeline.record(
        run_id,
        Action.RECORD_REMOVAL,
        act=act,
        decide=lambda run, state, pack: readings.record_removal(
            state,
            pack,
            solution=removal.solution,
            typed_name=removal.typed_name,
            version=removal.version,
            backup_reference=removal.backup_reference,
        ),
    )


def override_retry(*, run_id: uuid.UUID, act: Act, reason: str) -> Written:
    """Opens the retry before its time."""
    return timeline.record(
        run_id,
        Action.OVERRIDE_RETRY,
        act=act,
        decide=lambda run, state, pack: readings.override_retry(state, reason=reason, now=act.now),
    )
