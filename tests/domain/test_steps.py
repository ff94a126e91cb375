"""Decisions about steps: answers, checks, evidence, waits, completing, skipping, reopening."""

from datetime import UTC, datetime

import pytest

from runbook.domain import events as ev
from runbook.domain.vocabulary import Action, CheckResult, RunStage, StepState
from tests.domain.catalogue import GOOD
from tests.domain.history import NOON, PREPARATION, History, at, refusal, started
from tests.domain.wishes import FACTS, Wish, answering, small_pack, wish


def facts(step: str = "facts", **answers: str) -> Wish:
    return wish(Action.RECORD_FACTS, step=step, answers=answers)


def complete(step: str) -> Wish:
    return wish(Action.COMPLETE_STEP, step=step)


def test_only_answers_that_changed_are_recorded() -> None:
    run = started()

    assert run.ask(facts(**{**FACTS, "target_version": "4.30"})) == [
        ev.FactsRecorded(step="facts", answers={"target_version": "4.30"})
    ]
    assert run.ask(facts(target_version="4.30")) == []


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (facts(colour="red"), "This step does not ask for that."),
        (facts(target_version="new"), "A version has two to four numbers"),
        (facts(target_version="4.3"), "The target 4.3 is not higher than the installed 4.9."),
        (facts(step="cellar", colour="red"), "This run has no such step."),
        (facts(step="look-after"), "Opens when the new version is installed."),
        (
            wish(Action.RECORD_DECISION, step="tidy", answers={"broom": "electric"}),
            "That is not one of the choices.",
        ),
        (answering("ready", "colour"), "This step has no such check."),
        (
            wish(Action.ADD_EVIDENCE, step="import", slot="drawer", text="A key."),
            "Get ready first.",
        ),
        (
            wish(Action.ADD_EVIDENCE, step="ready", slot="drawer", text="A key."),
            "This step keeps no such evidence.",
        ),
        (complete("ready"), "Still missing: A spare lamp is there.; The night is clear.; A pict"),
        (complete("cool-down"), "Still missing: The end of the wait."),
        (complete("look-before"), "Still missing: The installed state, read and clear."),
        (wish(Action.START_WAIT, step="ready"), "This step has nothing to wait for."),
        (wish(Action.END_WAIT, step="cool-down"), "This wait has not begun."),
        (wish(Action.SKIP_STEP, step="tidy", reason="  "), "Say why the step is skipped."),
        (wish(Action.SKIP_STEP, step="look-before", reason="No time."), "'Look what is installed'"),
        (wish(Action.REOPEN_STEP, step="tidy", reason=""), "Say why the step is opened again."),
        (wish(Action.REOPEN_STEP, step="tidy", reason="Dust."), "This step is ready; there is"),
        (wish(Action.REOPEN_STEP, step="import", reason="Again."), "Read the installed state"),
        (wish(Action.REOPEN_STEP, step="cellar", reason="Dark."), "This run has no such step."),
    ],
)
def test_what_does_not_fit_the_step_is_refused_with_a_sentence(asked: Wish, sentence: str) -> None:
    run = started()
    if (asked.say["step"] != "ready" and asked.action is Action.COMPLETE_STEP) or asked.say[
        "step"
    ] == "ready":
        run.ask(complete("facts"))

    assert refusal(lambda: run.ask(asked)).startswith(sentence)


def test_a_gate_names_the_step_that_opens_it() -> None:
    run = started()

    assert refusal(lambda: run.ask(complete("ready"))) == "Write down the lamp first."


def test_a_step_waits_for_the_answer_that_decides_whether_it_applies() -> None:
    run = started()
    assert refusal(lambda: run.ask(answering("wires", "whole"))) == (
        "An earlier answer decides whether this step applies."
    )
    run.ask(wish(Action.RECORD_DECISION, step="wiring", answers={"wired": "no"}))
    assert refusal(lambda: run.ask(answering("wires", "whole"))) == (
        "This step does not apply to the answers given."
    )
    run.ask(wish(Action.RECORD_DECISION, step="wiring", answers={"wired": "yes"}))
    assert run.ask(answering("wires", "whole"))


def test_checks_by_hand_say_how() -> None:
    run = started()
    run.ask(complete("facts"))
    silent = answering("ready", "backup", result=CheckResult.BY_HAND)
    without = Wish(action=silent.action, say={**silent.say, "answers": _noteless(silent)})

    assert refusal(lambda: run.ask(without)) == "Say in the note how you verified it by hand."
    assert run.ask(silent)


def _noteless(asked: Wish) -> tuple[object, ...]:
    return tuple(type(each)(check=each.check, result=each.result) for each in asked.say["answers"])


def test_a_failed_blocking_check_keeps_the_step_open_and_a_failed_warning_does_not() -> None:
    run = started()
    for asked in (
        complete("facts"),
        wish(Action.ADD_EVIDENCE, step="ready", slot="picture", text="A picture."),
        answering("ready", "backup", "weather", result=CheckResult.FAILED),
    ):
        run.ask(asked)
    assert refusal(lambda: run.ask(complete("ready"))) == ("Still missing: A spare lamp is there..")
    run.ask(answering("ready", "backup", result=CheckResult.BY_HAND))

    assert run.ask(complete("ready")) == [ev.StepCompleted(step="ready")]


def test_the_same_check_answered_the_same_way_is_recorded_once() -> None:
    run = started()
    run.ask(complete("facts"))

    assert len(run.ask(answering("ready", "backup"))) == 1
    assert run.ask(answering("ready", "backup")) == []


def test_a_completed_step_takes_nothing_until_it_is_opened_again() -> None:
    run = at(RunStage.PREPARING)
    assert refusal(lambda: run.ask(answering("ready", "backup"))) == (
        "This step is done. Reopen it first."
    )
    run.ask(wish(Action.REOPEN_STEP, step="ready", reason="It rains now."))

    assert run.state.marks["ready"].state is StepState.READY
    assert run.ask(answering("ready", "weather", result=CheckResult.FAILED))


def test_a_reopened_step_closes_the_gate_behind_it() -> None:
    run = at(RunStage.PREPARING)
    run.ask(wish(Action.REOPEN_STEP, step="ready", reason="It rains now."))

    assert refusal(lambda: run.ask(GOOD[Action.START_ATTEMPT])) == "Get ready first."


def test_a_skipped_step_opens_the_gate_behind_it_and_keeps_its_reason() -> None:
    run = started()
    for asked in PREPARATION[:3]:
        run.ask(asked)
    run.ask(wish(Action.SKIP_STEP, step="ready", reason=" The old one will do. "))

    assert run.state.marks["ready"].reason == "The old one will do."
    assert run.ask(GOOD[Action.START_ATTEMPT])


def waiting() -> History:
    run = started()
    run.ask(wish(Action.START_WAIT, step="cool-down"))
    return run


@pytest.mark.parametrize(("seconds", "is_over"), [(1799, False), (1800, True), (1801, True)])
def test_a_wait_ends_at_its_second(seconds: int, *, is_over: bool) -> None:
    run = waiting().later(seconds=seconds)
    end = wish(Action.END_WAIT, step="cool-down")

    if is_over:
        assert [event.type for event in run.ask(end)] == ["wait.ended", "step.completed"]
    else:
        assert refusal(lambda: run.ask(end)) == (
            "The wait is not over; the server's clock decides."
        )


def test_a_wait_begins_once() -> None:
    assert refusal(lambda: waiting().ask(wish(Action.START_WAIT, step="cool-down"))) == (
        "This wait has already begun."
    )


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-24T12:00", "2026-11-25T07:00"),  # noon in Berlin is 13:00: until 08:00 tomorrow
        ("2026-11-24T02:00", "2026-11-24T07:00"),  # deep in the night: until this morning
        ("2026-11-24T03:00", "2026-11-25T07:00"),  # four in the morning counts as the new day
        ("2026-03-28T20:00", "2026-03-29T06:00"),  # the night in which the clocks go forward
        ("2026-10-24T20:00", "2026-10-25T07:00"),  # the night in which they go back
    ],
)
def test_a_wait_for_the_night_ends_in_the_morning_of_the_run(now: str, due: str) -> None:
    run = at(RunStage.VERIFYING)
    run.now = datetime.fromisoformat(now).replace(tzinfo=UTC)
    run.ask(wish(Action.START_WAIT, step="night"))

    assert run.state.waits["night"].due == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_step_of_another_kind_ends_in_its_own_way() -> None:
    run = at(RunStage.VERIFYING)

    assert refusal(lambda: run.ask(complete("import"))) == (
        "The import completes by an attempt that succeeded."
    )
    assert refusal(lambda: run.ask(complete("end"))) == "Close the run instead."


def test_the_small_pack_has_what_these_tests_speak_of() -> None:
    assert small_pack().runbook.step("ready").gate
    assert NOON.tzinfo is UTC
