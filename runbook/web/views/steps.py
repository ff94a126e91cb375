"""Steps: working on a panel, skipping, reopening, waiting."""

import uuid
from typing import Any

from runbook.domain.vocabulary import Action
from runbook.services import steps
from runbook.services.timeline import Act, Written
from runbook.web.carry_out import posted


@posted(Action.RECORD_CHECKS, form="step", said="Recorded.")
def work_on_step(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Keeps everything of the panel; with `complete` the step is completed if nothing is missing."""
    return steps.work_on_step(run_id=run_id, act=act, step=step, handed=form.handed())


@posted(Action.SKIP_STEP, form="reason", said="Recorded: step skipped.")
def skip_step(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Leaves the step out, with a reason."""
    return steps.skip_step(run_id=run_id, act=act, step=step, reason=form.cleaned_data["reason"])


@posted(Action.REOPEN_STEP, form="reason", said="Recorded: step reopened.")
def reopen_step(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Opens the step again, with a reason."""
    return steps.reopen_step(run_id=run_id, act=act, step=step, reason=form.cleaned_data["reason"])


@posted(Action.START_WAIT, form="plain", said="Recorded: the wait has begun.")
def start_wait(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Starts the wait of a wait step."""
    return steps.start_wait(run_id=run_id, act=act, step=step)


@posted(Action.END_WAIT, form="plain", said="Recorded: the wait is over.")
def end_wait(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Ends a wait whose time has come."""
    return steps.end_wait(run_id=run_id, act=act, step=step)
