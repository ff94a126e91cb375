"""Decisions about the installed state: reading, repairing, removing, cutting a wait short."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from runbook.domain import events as ev
from runbook.domain.readiness import YesNo
from runbook.domain.vocabulary import Action, InstalledState, RunStage
from tests.domain.catalogue import GOOD
from tests.domain.history import NOON, PREPARATION, START, at, ready_to_retry, refusal, started
from tests.domain.wishes import (
    APPLY,
    BEFORE_RETRY,
    GATEWAY,
    LENS,
    NEW,
    OLD,
    REMOVAL,
    Look,
    Wish,
    failing,
    looking,
    wish,
)

S = InstalledState
AFTER_A_FAILURE = {
    S.RUNNING: RunStage.OPERATION_RUNNING,
    S.ROLLED_BACK: RunStage.RETRY_PLANNED,
    S.PENDING: RunStage.UPGRADE_PENDING,
    S.ALREADY_EXISTS: RunStage.UPGRADE_PENDING,
    S.DONE: RunStage.VERIFYING,
    S.BASE_GONE: RunStage.STOPPED,
    S.MIXED: RunStage.STOPPED,
    S.UNCLEAR: RunStage.STATE_UNREAD,
}


@pytest.mark.parametrize("state", InstalledState)
def test_each_reading_leads_to_its_stage(state: InstalledState) -> None:
    run = at(RunStage.STATE_UNREAD)
    run.ask(looking(state))

    assert run.state.stage is AFTER_A_FAILURE[state]
    assert run.state.last_reading is not None
    assert run.state.last_reading.state is state


@pytest.mark.parametrize("state", set(InstalledState) - {S.ROLLED_BACK})
def test_only_a_clean_old_base_opens_another_import(state: InstalledState) -> None:
    run = at(RunStage.STATE_UNREAD)
    run.ask(looking(state))
    run.later(days=2)

    assert refusal(lambda: run.ask(START))


def test_before_the_first_attempt_a_clean_reading_changes_nothing() -> None:
    run = at(RunStage.PREPARING)
    run.ask(looking(S.ROLLED_BACK))

    assert run.state.stage is RunStage.PREPARING
    assert run.state.retry is None
    assert run.ask(START)


def test_a_clear_reading_completes_the_step_that_asks_for_one() -> None:
    made = at(RunStage.PREPARING).ask(looking(S.ROLLED_BACK, step="look-before"))

    assert ev.StepCompleted(step="look-before") in made


def test_an_unclear_reading_completes_nothing() -> None:
    made = at(RunStage.PREPARING).ask(looking(S.UNCLEAR, step="look-before"))

    assert [event.type for event in made] == ["state.read", "retry.scheduled"]


def test_what_still_runs_is_looked_at_again_in_a_quarter_of_an_hour() -> None:
    run = at(RunStage.OPERATION_RUNNING)

    assert run.state.retry is not None
    assert run.state.retry.due == NOON + timedelta(minutes=15)
    assert run.state.retry.reason == "Look again in 15 minutes. Still working."


@pytest.mark.parametrize("version", ["old", "4", "4.9 (managed)"])
def test_a_reading_names_versions_as_versions(version: str) -> None:
    base = Look(base_version=version, holding_listed=YesNo.NO, running=YesNo.NO)
    holding = Look(
        base_version=OLD, holding_version=version, holding_listed=YesNo.YES, running=YesNo.NO
    )

    for look in (base, holding):
        asked = wish(Action.READ_STATE, step="import", look=look)
        sentence = refusal(partial(at(RunStage.STATE_UNREAD).ask, asked))
        assert sentence.startswith("A version has two to four numbers")


def test_a_reading_from_before_the_end_of_the_attempt_does_not_count() -> None:
    run = at(RunStage.STATE_UNREAD)

    assert refusal(
        lambda: run.ask(looking(S.ROLLED_BACK), happened_at=NOON - timedelta(minutes=6))
    ) == ("That time lies before the start of what it belongs to.")


def test_a_reading_belongs_to_a_step_of_the_run() -> None:
    asked = looking(S.ROLLED_BACK, step="cellar")

    assert refusal(lambda: at(RunStage.STATE_UNREAD).ask(asked)) == "This run has no such step."


def test_a_failure_that_waiting_does_not_cure_asks_for_a_repair() -> None:
    run = at(RunStage.REPAIR_NEEDED)
    run.later(days=3)
    assert refusal(lambda: run.ask(START)) == (
        "Waiting does not cure this failure. Record a repair first."
    )
    run.ask(GOOD[Action.RECORD_REPAIR])

    assert run.state.stage is RunStage.RETRY_PLANNED
    assert ready_to_retry(run).ask(START)


def test_a_repair_says_what_was_done() -> None:
    assert refusal(
        lambda: at(RunStage.REPAIR_NEEDED).ask(wish(Action.RECORD_REPAIR, text=" "))
    ) == ("Say what was repaired, so that the next reader can follow.")


def test_a_repair_serves_one_failure_only() -> None:
    run = at(RunStage.REPAIR_NEEDED)
    run.ask(GOOD[Action.RECORD_REPAIR])
    ready_to_retry(run)
    for asked in (START, failing(LENS), looking(S.ROLLED_BACK)):
        run.ask(asked)

    assert run.state.stage is RunStage.REPAIR_NEEDED


def test_the_holding_solution_is_removed_by_name_version_and_backup() -> None:
    run = at(RunStage.UPGRADE_PENDING)

    assert run.ask(REMOVAL) == [
        ev.RemovalRecorded(solution="Lamp_Upgrade", version=NEW, backup_reference="backup 7")
    ]
    assert run.state.stage is RunStage.STATE_UNREAD


WARNING = "Without its base lamp the tower stays dark."


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"solution": "Lamp", "typed_name": "Lamp"}, WARNING),
        ({"solution": "lamp_upgrade"}, WARNING),
        ({"solution": "Other_Upgrade"}, WARNING),
        ({"solution": ""}, WARNING),
        ({"typed_name": "Lamp"}, "Type the exact unique name of what is removed: Lamp_Upgrade."),
        ({"typed_name": "Lamp_upgrade"}, "Type the exact unique name"),
        ({"typed_name": "Lamp_Upgrade "}, "Type the exact unique name"),
        ({"version": OLD}, f"The holding solution was listed with version {NEW}."),
        ({"version": ""}, f"The holding solution was listed with version {NEW}."),
        ({"version": "new"}, f"The holding solution was listed with version {NEW}."),
        ({"backup_reference": " "}, "Name the backup that you could go back to."),
    ],
)
def test_the_interlock_refuses_everything_else(said: dict[str, str], sentence: str) -> None:
    run = at(RunStage.UPGRADE_PENDING)
    asked = Wish(action=Action.RECORD_REMOVAL, say={**REMOVAL.say, **said})

    assert refusal(lambda: run.ask(asked)).startswith(sentence)
    assert run.state.stage is RunStage.UPGRADE_PENDING


@pytest.mark.parametrize("stage", RunStage)
def test_the_base_is_never_removed_at_any_stage(stage: RunStage) -> None:
    asked = Wish(action=Action.RECORD_REMOVAL, say={**REMOVAL.say, "solution": "Lamp"})

    assert refusal(lambda: at(stage).ask(asked)) == WARNING


def test_the_last_layer_is_never_removed() -> None:
    """Pending by the message, but nobody saw a version of either: it may be the only layer."""
    run = at(RunStage.STATE_UNREAD)
    look = Look(base_version=OLD, holding_listed=YesNo.YES, running=YesNo.NO)
    run.ask(wish(Action.READ_STATE, step="import", look=look))

    assert run.state.stage is RunStage.UPGRADE_PENDING
    assert refusal(lambda: run.ask(REMOVAL)) == WARNING


def test_a_pack_whose_table_errs_does_not_open_the_interlock() -> None:
    """The base is gone, but the table calls that pending: still nobody removes the last layer."""
    run = at(RunStage.STATE_UNREAD)
    table = run.pack.readiness
    wrong = [
        replace(row, state=S.PENDING) if row.state is S.BASE_GONE else row for row in table.rows
    ]
    run.pack = replace(run.pack, readiness=replace(table, rows=tuple(wrong)))
    run.ask(looking(S.BASE_GONE))

    assert run.state.stage is RunStage.UPGRADE_PENDING
    assert refusal(lambda: run.ask(REMOVAL)) == WARNING


def test_a_run_without_a_named_solution_removes_nothing() -> None:
    run = started(answers={"source_version": OLD, "target_version": NEW})
    run.ask(looking(S.PENDING))
    asked = Wish(action=Action.RECORD_REMOVAL, say={**REMOVAL.say, "solution": "_Upgrade"})

    assert refusal(lambda: run.ask(asked)) == WARNING


def test_after_a_removal_the_state_is_read_before_anything_else() -> None:
    run = at(RunStage.UPGRADE_PENDING)
    run.ask(REMOVAL)
    run.later(days=1)

    assert "Read the installed state first" in refusal(lambda: run.ask(START))
    run.ask(looking(S.ROLLED_BACK))
    assert ready_to_retry(run).ask(START)


def test_a_lead_may_cut_a_running_wait_short() -> None:
    run = at(RunStage.RETRY_PLANNED)
    assert refusal(lambda: run.ask(wish(Action.OVERRIDE_RETRY, reason=""))) == (
        "Say why the wait is cut short."
    )
    run.ask(GOOD[Action.OVERRIDE_RETRY])
    sentence = refusal(lambda: run.ask(START))

    assert "Wait" not in sentence  # the wait is off, the list is not
    assert sentence.startswith("Answer: The tower stands.")


@pytest.mark.parametrize("again", [False, True])
def test_a_wait_that_does_not_run_cannot_be_cut_short(*, again: bool) -> None:
    run = at(RunStage.RETRY_PLANNED)
    if again:
        run.ask(GOOD[Action.OVERRIDE_RETRY])
    else:
        run.later(minutes=10)

    assert refusal(lambda: run.ask(GOOD[Action.OVERRIDE_RETRY])) == (
        "No wait is running, so there is nothing to override."
    )


def test_the_ladder_is_climbed_rung_by_rung_and_ends() -> None:
    run = started()
    for asked in PREPARATION:
        run.ask(asked)
    waits = []
    for _ in range(4):
        run.ask(START)
        run.ask(failing(GATEWAY))
        run.ask(looking(S.ROLLED_BACK))
        assert run.state.retry is not None
        waits.append((run.state.retry.due - run.now, run.state.retry.limit_reached))
        run.now = run.state.retry.due
        run.ask(BEFORE_RETRY)

    hours = [wait.total_seconds() / 3600 for wait, _ in waits]
    assert [round(each, 2) for each in hours[:3]] == [0.17, 1.0, 2.0]
    assert [limit for _, limit in waits] == [False, False, False, True]
    assert run.now >= NOON + timedelta(hours=24)  # the window of the first attempt is over
    assert "limit-reached" in run.state.escalation


def test_a_pending_upgrade_waits_like_any_other_retry() -> None:
    run = at(RunStage.UPGRADE_PENDING)

    assert refusal(lambda: run.ask(wish(Action.START_ATTEMPT, plan=APPLY))).startswith("Wait 1")
