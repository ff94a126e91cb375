"""Use cases of readers and reminders: questions, answers, promised updates, due reminders."""

import uuid
from datetime import datetime

from runbook.domain import events as ev
from runbook.domain.decisions import talk as decisions
from runbook.domain.pack import Pack
from runbook.domain.reminders import upcoming
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action
from runbook.models import Run
from runbook.services import evidence, timeline
from runbook.services.timeline import Act, Right, Written

#: The name under which the product itself writes events.
SYSTEM = "system"


def ask_question(
    *, run_id: uuid.UUID, act: Act, about: int, text: str, right: Right | None = None
) -> Written:
    """Attaches a question to an event. `right` takes the place of a role, for a link's reader."""

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        return decisions.ask_question(state, about=about, text=evidence.clean(text))

    if right is not None:
        return timeline.record_by(run_id, Action.ASK_QUESTION, act=act, right=right, decide=decide)
    return timeline.record(run_id, Action.ASK_QUESTION, act=act, decide=decide)


def answer_question(*, run_id: uuid.UUID, act: Act, number: int, text: str) -> Written:
    """Answers an open question."""
    return timeline.record(
        run_id,
        Action.ANSWER_QUESTION,
        act=act,
        decide=lambda run, state, pack: decisions.answer_question(
            state, number=number, text=evidence.clean(text)
        ),
    )


def promise_update(
    *, run_id: uuid.UUID, act: Act, promise: str, next_update: datetime | None = None
) -> Written:
    """Says what stakeholders may expect, and when they hear more."""
    return timeline.record(
        run_id,
        Action.PROMISE_UPDATE,
        act=act,
        decide=lambda run, state, pack: decisions.promise_update(
            state, promise=promise, next_update=next_update, now=act.now
        ),
    )


def raise_due(*, run_id: uuid.UUID, now: datetime) -> Written:
    """Writes one event for each reminder whose moment came; asked twice, it writes nothing twice."""

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        due = (decisions.raise_reminder(state, due=each, now=now) for each in upcoming(state))
        return [event for made in due for event in made]

    return timeline.record_by(
        run_id,
        Action.VIEW,
        act=Act(actor=SYSTEM, actor_kind="system", now=now),
        right=lambda run, state: None,
        decide=decide,
    )
