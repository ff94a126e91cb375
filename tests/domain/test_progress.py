"""Where each step stands, and what comes next."""

import pytest

from runbook.domain.progress import missing, next_step, standing_of, standings
from runbook.domain.retries import blockers
from runbook.domain.vocabulary import Action, RunStage, StepState
from tests.domain.catalogue import GOOD
from tests.domain.history import NOON, PREPARATION, History, at, ready_to_retry, started
from tests.domain.wishes import answering, wish

IMPORT_STEP = {
    RunStage.PREPARING: StepState.READY,
    RunStage.IMPORTING: StepState.IN_PROGRESS,
    RunStage.STATE_UNREAD: StepState.UNKNOWN,
    RunStage.OPERATION_RUNNING: StepState.WAITING,
    RunStage.UPGRADE_PENDING: StepState.FAILED,
    RunStage.STOPPED: StepState.FAILED,
    RunStage.REPAIR_NEEDED: StepState.FAILED,
    RunStage.RETRY_PLANNED: StepState.WAITING,
    RunStage.VERIFYING: StepState.DONE,
    RunStage.PAUSED: StepState.READY,  # paused while preparing
    RunStage.CLOSED: StepState.DONE,
    RunStage.ABANDONED: StepState.SKIPPED,
}


def stands(run: History, slug: str) -> StepState:
    return standing_of(run.state, run.pack, slug=slug).state


@pytest.mark.parametrize("stage", RunStage)
def test_the_import_step_follows_the_stage_of_the_run(stage: RunStage) -> None:
    assert set(IMPORT_STEP) == set(RunStage)
    assert stands(at(stage), "import") is IMPORT_STEP[stage]


def test_a_new_run_shows_every_step_in_order() -> None:
    run = started()
    found = standings(run.state, run.pack)

    assert [each.step.slug for each in found] == list(run.state.steps)
    assert {each.step.slug: each.state.value for each in found} == {
        "facts": "in progress",  # its answers came with the run
        "wiring": "ready",
        "wires": "blocked",
        "ready": "blocked",
        "tidy": "ready",
        "cool-down": "ready",
        "look-before": "ready",
        "import": "blocked",
        "look-after": "blocked",
        "night": "blocked",
        "end": "blocked",
    }


def test_a_blocked_step_says_why_and_where_to_go() -> None:
    run = started()
    found = standing_of(run.state, run.pack, slug="ready")

    assert (found.refusal, found.refusal_step) == ("Write down the lamp first.", "facts")
    assert not found.is_open


def test_a_step_that_does_not_apply_counts_as_resolved() -> None:
    run = at(RunStage.PREPARING)

    assert stands(run, "wires") is StepState.NOT_APPLICABLE
    assert stands(run, "import") is StepState.READY


def test_another_answer_brings_the_step_back() -> None:
    run = at(RunStage.PREPARING)
    run.ask(wish(Action.REOPEN_STEP, step="wiring", reason="A new wall."))
    run.ask(wish(Action.RECORD_DECISION, step="wiring", answers={"wired": "yes"}))

    assert stands(run, "wires") is StepState.READY
    assert standing_of(run.state, run.pack, slug="import").refusal == "Check the wires first."


def test_what_follows_the_import_opens_with_the_new_version() -> None:
    assert stands(at(RunStage.RETRY_PLANNED), "look-after") is StepState.BLOCKED
    assert stands(at(RunStage.VERIFYING), "look-after") is StepState.READY


def test_a_begun_wait_shows_as_waiting_and_a_touched_step_as_begun() -> None:
    run = started()
    run.ask(GOOD[Action.START_WAIT])
    run.ask(answering("tidy", "floor"))

    assert stands(run, "cool-down") is StepState.WAITING
    assert stands(run, "tidy") is StepState.IN_PROGRESS


def test_the_next_step_is_the_first_that_somebody_can_work_on() -> None:
    run = started()
    slugs = []
    for asked in PREPARATION:
        found = next_step(standings(run.state, run.pack))
        assert found is not None
        slugs.append(found.step.slug)
        run.ask(asked)

    assert slugs == ["facts", "wiring", "wiring", "ready", "ready", "ready"]


def test_after_the_end_of_all_steps_there_is_no_next_one() -> None:
    assert next_step(()) is None


def test_an_unknown_step_is_no_step() -> None:
    run = started()

    with pytest.raises(KeyError):
        standing_of(run.state, run.pack, slug="cellar")


def test_what_is_missing_is_named_by_its_label() -> None:
    run = started(answers={})
    steps = run.pack.runbook

    assert missing(run.state, steps.step("facts"), now=NOON) == (
        "Name of the lamp",
        "Installed version",
        "New version",
    )
    assert missing(run.state, steps.step("ready"), now=NOON) == (
        "A spare lamp is there.",
        "The night is clear.",
        "A picture of the lamp",
    )
    assert missing(run.state, steps.step("tidy"), now=NOON) == ()


def test_the_way_to_the_next_attempt_is_listed_in_order() -> None:
    run = at(RunStage.RETRY_PLANNED)
    found = blockers(run.state, run.pack, now=run.now)

    assert [(each.check, each.liftable) for each in found] == [
        ("", True),
        ("health", False),
        ("storage", False),
    ]
    ready_to_retry(run)
    assert blockers(run.state, run.pack, now=run.now) == ()
