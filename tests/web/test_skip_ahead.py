"""SM-06: at every stage each address outside the transition table refuses, whatever is sent to it."""

from collections.abc import Callable
from datetime import datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from runbook.domain.transitions import TRANSITIONS
from runbook.domain.vocabulary import Action, RunStage
from runbook.models import Run, User
from tests.domain.history import WAYS
from tests.domain.wishes import wish
from tests.factories import act, carry_out, make_run
from tests.web.builders import SENT, by_hand, events, send
from tests.web.pages import said

OUTSIDE = [
    (stage, name)
    for stage in RunStage
    for name, sent in sorted(SENT.items())
    if sent.action not in TRANSITIONS[stage]
]
REFUSING = {403, 409, 422}
OF_A_STEP = {"claim-step", "release-claim", "take-over-claim", "sign-off-step"}
AMONG_PEOPLE: dict[Action, tuple[str, dict[str, str]]] = {
    Action.CLAIM_STEP: ("claim-step", {}),
    Action.RELEASE_CLAIM: ("release-claim", {}),
    Action.TAKE_OVER_CLAIM: ("take-over-claim", {"reason": "Asleep."}),
    Action.SIGN_OFF_STEP: ("sign-off-step", {}),
    Action.ASSIGN_STEPS: ("assign-steps", {"tidy": "role:verifier"}),
    Action.OFFER_HANDOVER: ("offer-handover", {"to": "b" * 32}),
    Action.ACCEPT_HANDOVER: ("accept-handover", {}),
    Action.WITHDRAW_HANDOVER: ("withdraw-handover", {"reason": "I stay."}),
    Action.ASK_QUESTION: ("ask-question", {"about": "1", "text": "Why?"}),
    Action.ANSWER_QUESTION: ("answer-question", {"number": "1", "text": "So."}),
    Action.PROMISE_UPDATE: ("promise-update", {"promise": "Soon."}),
}
DECISIONS = ("attempts", "readings", "runs", "steps")


@pytest.fixture
def waited(ana: User, now: datetime, clock: time_machine.Traveller) -> Callable[[RunStage], Run]:
    """A run at the stage whose wait is over, so that nothing but the stage forbids to end it."""

    def make(stage: RunStage) -> Run:
        run = make_run(ana, now)
        begin = wish(Action.START_WAIT, step="cool-down")
        for asked in (begin, *WAYS[stage]):
            carry_out(run, asked, act(ana, now=now))
        clock.shift(31 * 60)
        run.refresh_from_db()
        assert run.stage == stage
        return run

    return make


def test_every_action_of_the_table_has_an_address() -> None:
    spoken = {action for moves in TRANSITIONS.values() for action in moves}
    # These come with the panel of a step; the work address carries them.
    with_the_panel = {
        Action.RECORD_FACTS,
        Action.RECORD_DECISION,
        Action.COMPLETE_STEP,
        Action.ADD_EVIDENCE,
    }

    assert {sent.action for sent in SENT.values()} == spoken - with_the_panel - set(AMONG_PEOPLE)


@pytest.mark.parametrize("stage", RunStage)
def test_what_people_settle_among_themselves_is_refused_outside_the_table_too(
    as_ana: Client, waited: Callable[[RunStage], Run], stage: RunStage
) -> None:
    run = waited(stage)
    before = events(run)
    for action, (name, typed) in AMONG_PEOPLE.items():
        if action in TRANSITIONS[stage]:
            continue
        parts = [run.pk, "tidy"] if name in OF_A_STEP else [run.pk]
        response = as_ana.post(reverse(name, args=parts), by_hand(run, typed))
        assert response.status_code in REFUSING, name
        assert events(run) == before, name


@pytest.mark.parametrize("stage", RunStage)
def test_outside_the_table_everything_is_refused_and_nothing_recorded(
    as_ana: Client, waited: Callable[[RunStage], Run], stage: RunStage
) -> None:
    run = waited(stage)
    before = events(run)
    for where, name in OUTSIDE:
        if where is not stage:
            continue
        response = send(as_ana, name, run, by_hand(run, SENT[name].typed))
        assert response.status_code in REFUSING, name
        assert events(run) == before, name


def test_the_pairs_are_many_and_cover_each_stage_and_address() -> None:
    assert len(OUTSIDE) >= 90
    assert {stage for stage, _ in OUTSIDE} == set(RunStage)
    assert {name for _, name in OUTSIDE} == set(SENT) - {"add-note"}


@pytest.mark.parametrize(
    ("stage", "name", "sentence"),
    [
        (RunStage.PAUSED, "skip-step", "The run is paused. Resume it first."),
        (RunStage.CLOSED, "pause", "The run is closed and frozen. A note can still be added."),
        (
            RunStage.STATE_UNREAD,
            "start-attempt",
            "Read the installed state first; nothing may start while it is unknown.",
        ),
    ],
)
def test_the_refusal_is_the_sentence_of_the_stage(
    as_ana: Client,
    waited: Callable[[RunStage], Run],
    stage: RunStage,
    name: str,
    sentence: str,
) -> None:
    run = waited(stage)

    response = send(as_ana, name, run, by_hand(run, SENT[name].typed))

    assert response.status_code == 409
    assert sentence in said(response)


@pytest.mark.parametrize("stage", [RunStage.PAUSED, RunStage.CLOSED, RunStage.ABANDONED])
def test_without_the_table_these_addresses_would_record(
    as_ana: Client,
    waited: Callable[[RunStage], Run],
    monkeypatch: pytest.MonkeyPatch,
    stage: RunStage,
) -> None:
    """The control: what is sent is good, and only the table refuses it."""
    for name in DECISIONS:
        monkeypatch.setattr(f"runbook.domain.decisions.{name}.check_allowed", lambda *_: None)
    run = waited(stage)
    before = events(run)
    for name in ("work-on-step", "end-wait", "skip-step"):
        assert (stage, name) in OUTSIDE
        assert send(as_ana, name, run, by_hand(run, SENT[name].typed)).status_code == 302
        assert len(events(run)) > len(before)
        before = events(run)
