"""Attempts: start, outcome, diagnosis, installed state, checks before a retry, repair, removal."""

import uuid
from typing import Any

from runbook.domain.vocabulary import Action, Outcome
from runbook.services import attempts, steps
from runbook.services.timeline import Act, Written
from runbook.web.carry_out import posted


@posted(Action.START_ATTEMPT, form="start", said="Recorded: the attempt has started.")
def start_attempt(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Starts the next attempt."""
    return attempts.start_attempt(run_id=run_id, act=act, plan=form.plan())


@posted(Action.RECORD_ATTEMPT, form="attempt", said="Recorded: how the attempt ended.")
def record_attempt(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Says how the open attempt ended."""
    return attempts.record_attempt(
        run_id=run_id,
        act=act,
        outcome=Outcome(form.cleaned_data["outcome"]),
        reason=form.cleaned_data["reason"],
        error_text=form.cleaned_data["error_text"],
        no_text=form.cleaned_data["no_text"],
        handed=form.handed,
    )


@posted(
    Action.CHOOSE_DIAGNOSIS,
    form="diagnosis",
    said="Recorded: the diagnosis. Read the installed state next.",
)
def choose_diagnosis(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Settles the last failure on one family."""
    return attempts.choose_diagnosis(
        run_id=run_id,
        act=act,
        family=form.cleaned_data["family"],
        reason=form.cleaned_data["reason"],
    )


@posted(Action.READ_STATE, form="state", said="Recorded: the installed state.")
def read_state(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Keeps what is installed now."""
    return attempts.read_state(run_id=run_id, act=act, step=step, look=form.look())


@posted(Action.RECORD_CHECKS, form="retry_checks", said="Recorded.")
def record_retry_checks(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Keeps answers to the list before a retry."""
    return steps.record_checks(run_id=run_id, act=act, step=step, answers=form.check_answers())


@posted(Action.OVERRIDE_RETRY, form="reason", said="Recorded: the wait is cut short.")
def override_retry(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Opens the retry before its time, with a reason."""
    return attempts.override_retry(run_id=run_id, act=act, reason=form.cleaned_data["reason"])


@posted(Action.RECORD_REPAIR, form="repair", said="Recorded: the repair.")
def record_repair(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Keeps what was put right."""
    return attempts.record_repair(run_id=run_id, act=act, text=form.cleaned_data["text"])


@posted(
    Action.RECORD_REMOVAL,
    form="removal",
    said="Recorded: the removal. Confirm that it is gone by reading the installed state.",
)
def record_removal(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Passes a removal through the deletion interlock."""
    return attempts.record_removal(run_id=run_id, act=act, removal=form.removal())
