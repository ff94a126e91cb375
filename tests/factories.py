"""Runs for tests, made through the real services, so that each has a true timeline.

Without further words a run follows the small pack of the tests; `pack="coe_starter_kit"` and the
like take a real one.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from unittest.mock import patch

from runbook import library
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Run, User
from runbook.services import attempts, claims, people, runs, steps, talk
from runbook.services.attempts import Removal
from runbook.services.runs import Beginning, Report
from runbook.services.timeline import Act, Written
from tests.domain.history import WAYS
from tests.domain.wishes import FACTS, Wish, small_pack

UseCase = Callable[..., Written]


def act(user: User, run: Run | None = None, *, now: datetime, **more: Any) -> Act:
    """Somebody acts now; with a run, on what its page shows now."""
    if run is not None:
        run.refresh_from_db()
        more.setdefault("expected", run.version)
    return Act(actor=user.actor_id, now=now, **more)


def make_run(
    user: User,
    now: datetime,
    *,
    pack: str = "small",
    answers: Mapping[str, str] | None = None,
    report: Report | None = None,
    title: str = "Tower 7",
    time_zone: str = "Europe/Berlin",
) -> Run:
    """A new run, led by the user."""
    beginning = Beginning(
        pack=pack,
        title=title,
        time_zone=time_zone,
        answers=FACTS if answers is None else answers,
    )
    begin = partial(runs.start_run, beginning=beginning, act=act(user, now=now), report=report)
    if pack in library.packs():
        return begin()
    # Only the beginning looks into the library; from then on a run carries its own definition.
    with patch.object(library, "packs", lambda: {small_pack().slug: small_pack()}):
        return begin()


def make_run_at(stage: RunStage, user: User, now: datetime) -> Run:
    """A run on the small pack that went the shortest honest way to a stage."""
    run = make_run(user, now)
    for asked in WAYS[stage]:
        carry_out(run, asked, act(user, now=now))
    run.refresh_from_db()
    return run


def add_member(run: Run, lead: User, *, user: User, role: Role, now: datetime) -> None:
    """Gives somebody a role on the run."""
    people.give_role(run_id=run.pk, act=act(lead, now=now), member=user.actor_id, role=role)
    run.refresh_from_db()


def carry_out(run: Run | uuid.UUID, asked: Wish, who: Act) -> Written:
    """Asks the services for a wish."""
    say = dict(asked.say)
    if asked.action is Action.RECORD_REMOVAL:
        say = {"removal": Removal(**say)}
    run_id = run if isinstance(run, uuid.UUID) else run.pk
    return USE_CASES[asked.action](run_id=run_id, act=who, **say)


USE_CASES: Mapping[Action, UseCase] = {
    Action.ADD_NOTE: runs.add_note,
    Action.ADD_EVIDENCE: steps.add_evidence,
    Action.RECORD_FACTS: steps.record_facts,
    Action.RECORD_CHECKS: steps.record_checks,
    Action.RECORD_DECISION: steps.record_decision,
    Action.COMPLETE_STEP: steps.complete_step,
    Action.SKIP_STEP: steps.skip_step,
    Action.REOPEN_STEP: steps.reopen_step,
    Action.START_WAIT: steps.start_wait,
    Action.END_WAIT: steps.end_wait,
    Action.START_ATTEMPT: attempts.start_attempt,
    Action.RECORD_ATTEMPT: attempts.record_attempt,
    Action.CHOOSE_DIAGNOSIS: attempts.choose_diagnosis,
    Action.READ_STATE: attempts.read_state,
    Action.OVERRIDE_RETRY: attempts.override_retry,
    Action.RECORD_REPAIR: attempts.record_repair,
    Action.RECORD_REMOVAL: attempts.record_removal,
    Action.SEND_ESCALATION: runs.send_escalation,
    Action.PAUSE: runs.pause,
    Action.RESUME: runs.resume,
    Action.ABANDON: runs.abandon,
    Action.CLOSE: runs.close,
    Action.EXPORT: runs.record_export,
    Action.CLAIM_STEP: claims.claim_step,
    Action.RELEASE_CLAIM: claims.release_claim,
    Action.TAKE_OVER_CLAIM: claims.take_over_claim,
    Action.ASSIGN_STEPS: claims.assign_steps,
    Action.SIGN_OFF_STEP: claims.sign_off_step,
    Action.OFFER_HANDOVER: people.offer_handover,
    Action.ACCEPT_HANDOVER: people.accept_handover,
    Action.WITHDRAW_HANDOVER: people.withdraw_handover,
    Action.ASK_QUESTION: talk.ask_question,
    Action.ANSWER_QUESTION: talk.answer_question,
    Action.PROMISE_UPDATE: talk.promise_update,
    Action.MANAGE_MEMBERS: people.give_role,
    Action.LEAVE: people.leave,
}
