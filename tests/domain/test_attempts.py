"""Decisions about attempts: starting, ending, diagnosing, and when not to."""

from datetime import timedelta

import pytest

from runbook.domain import events as ev
from runbook.domain.decisions.times import is_late
from runbook.domain.vocabulary import (
    Action,
    CheckResult,
    Disposition,
    ImportOption,
    InstalledState,
    Outcome,
    RunStage,
)
from tests.domain.catalogue import GOOD
from tests.domain.history import (
    NOON,
    PREPARATION,
    START,
    SUCCESS,
    at,
    ready_to_retry,
    refusal,
    started,
)
from tests.domain.wishes import (
    APPLY,
    BEFORE_RETRY,
    GATEWAY,
    LENS,
    ODD,
    Wish,
    answering,
    failing,
    looking,
    wish,
)

LOST = wish(Action.RECORD_ATTEMPT, outcome=Outcome.UNKNOWN, reason="The keeper went home.")
S0 = looking(InstalledState.ROLLED_BACK)


def test_the_first_attempt_starts_when_the_gates_are_open() -> None:
    run = started()
    assert refusal(lambda: run.ask(START)) == "Get ready first."
    for asked in PREPARATION:
        run.ask(asked)
    (begun,) = run.ask(START)

    assert isinstance(begun, ev.AttemptStarted)
    assert (begun.number, begun.option) == (1, ImportOption.UPGRADE)


def test_an_upgrade_that_is_not_pending_cannot_be_applied() -> None:
    asked = wish(Action.START_ATTEMPT, plan=APPLY)

    assert refusal(lambda: at(RunStage.PREPARING).ask(asked)) == (
        "No upgrade is pending, so there is nothing to apply."
    )


def test_a_pending_upgrade_is_applied_and_never_imported_again() -> None:
    run = ready_to_retry(at(RunStage.UPGRADE_PENDING))

    assert refusal(lambda: run.ask(START)) == (
        "An upgrade is pending: apply it. Importing again would be refused or make it worse."
    )
    assert run.ask(wish(Action.START_ATTEMPT, plan=APPLY))


@pytest.mark.parametrize(
    ("result", "types"),
    [
        (SUCCESS, ["attempt.succeeded"]),
        (failing(GATEWAY), ["attempt.failed", "error.captured", "diagnosis.made"]),
        (LOST, ["attempt.unknown", "diagnosis.made"]),
        (
            wish(Action.RECORD_ATTEMPT, outcome=Outcome.FAILED, no_text=True),
            ["attempt.failed", "diagnosis.made"],
        ),
        (
            wish(Action.RECORD_ATTEMPT, outcome=Outcome.CANCELLED, reason="Fog."),
            ["attempt.cancelled", "diagnosis.made"],
        ),
    ],
)
def test_an_attempt_ends_in_one_of_four_ways(result: Wish, types: list[str]) -> None:
    assert [event.type for event in at(RunStage.IMPORTING).ask(result)] == types


def test_a_failure_needs_its_text_or_the_statement_that_there_was_none() -> None:
    asked = wish(Action.RECORD_ATTEMPT, outcome=Outcome.FAILED, error_text="  ")

    assert refusal(lambda: at(RunStage.IMPORTING).ask(asked)) == (
        "Paste the error text, or state that none was shown. Without it nobody can help."
    )


def test_a_cancelled_attempt_needs_a_reason() -> None:
    asked = wish(Action.RECORD_ATTEMPT, outcome=Outcome.CANCELLED, reason=" ")

    assert refusal(lambda: at(RunStage.IMPORTING).ask(asked)) == (
        "Say why the attempt was cancelled."
    )


@pytest.mark.parametrize(
    ("result", "family", "disposition"),
    [
        (failing(GATEWAY), "gateway", Disposition.WAIT_AND_RETRY),
        (failing(LENS), "broken-lens", Disposition.FIX_COMPONENT),
        (failing(ODD), "unknown", Disposition.CONTACT_SUPPORT),
        (LOST, "lost-answer", Disposition.CHECK_STATE_FIRST),
    ],
)
def test_a_diagnosis_settles_family_and_disposition(
    result: Wish, family: str, disposition: Disposition
) -> None:
    run = at(RunStage.IMPORTING)
    run.ask(result)
    attempt = run.state.current_attempt

    assert attempt is not None
    assert (attempt.family, attempt.disposition) == (family, disposition)


def test_an_unknown_end_locks_everything_until_the_state_is_read() -> None:
    run = at(RunStage.IMPORTING)
    run.ask(LOST)

    for action in (Action.START_ATTEMPT, Action.OVERRIDE_RETRY, Action.RECORD_REPAIR):
        assert "Read the installed state first" in refusal(lambda a=action: run.ask(GOOD[a]))  # type: ignore[misc]
    run.ask(S0)
    assert run.ask(BEFORE_RETRY)
    assert run.later(minutes=11).ask(START)


def test_a_retry_waits_for_its_time_and_for_its_list() -> None:
    run = at(RunStage.RETRY_PLANNED)

    assert refusal(lambda: run.ask(START)) == (
        "Wait 1 for: The bridge did not answer. At least 10 minutes. "
        "Answer: The tower stands. Answer: There is oil for the night."
    )


@pytest.mark.parametrize(("seconds", "may"), [(599, False), (600, True), (601, True)])
def test_a_retry_starts_at_its_second(seconds: int, *, may: bool) -> None:
    run = at(RunStage.RETRY_PLANNED)
    run.ask(BEFORE_RETRY)
    run.later(seconds=seconds)

    if may:
        assert run.ask(START)
    else:
        assert refusal(lambda: run.ask(START)).startswith("Wait 1 for")


def test_what_a_person_says_about_the_time_does_not_open_a_retry() -> None:
    run = at(RunStage.RETRY_PLANNED)
    run.ask(BEFORE_RETRY)

    assert refusal(lambda: run.ask(START, happened_at=run.now + timedelta(minutes=4)))
    assert "future" in refusal(lambda: run.ask(START, happened_at=run.now + timedelta(days=1)))


def test_a_failed_blocking_check_stops_the_retry_even_after_the_wait() -> None:
    run = at(RunStage.RETRY_PLANNED).later(days=1)
    run.ask(answering("import", "health", "storage", result=CheckResult.FAILED))

    assert refusal(lambda: run.ask(START)) == "Not met: The tower stands."


def test_the_list_of_one_retry_does_not_serve_the_next() -> None:
    run = ready_to_retry(at(RunStage.RETRY_PLANNED))
    run.ask(START)
    assert refusal(lambda: run.ask(BEFORE_RETRY)) == "Record how the open attempt ended first."
    run.ask(failing(GATEWAY))
    run.ask(S0)

    assert "Answer: The tower stands." in refusal(lambda: run.later(days=1).ask(START))


def test_an_attempt_cannot_have_started_before_the_one_before_it_ended() -> None:
    run = ready_to_retry(at(RunStage.RETRY_PLANNED))

    assert refusal(lambda: run.ask(START, happened_at=NOON - timedelta(hours=1))) == (
        "That time lies before the start of what it belongs to."
    )


def test_an_attempt_cannot_have_ended_before_it_started() -> None:
    run = at(RunStage.IMPORTING)

    assert refusal(lambda: run.ask(SUCCESS, happened_at=NOON - timedelta(minutes=6))) == (
        "That time lies before the start of what it belongs to."
    )
    assert run.ask(SUCCESS, happened_at=NOON - timedelta(minutes=4))  # two clocks may differ


def test_an_entry_is_late_after_five_minutes() -> None:
    assert not is_late(NOON, NOON + timedelta(minutes=5))
    assert is_late(NOON, NOON + timedelta(minutes=5, seconds=1))


def test_a_person_may_settle_on_another_family_and_says_why() -> None:
    run = at(RunStage.RETRY_PLANNED)
    silent = wish(Action.CHOOSE_DIAGNOSIS, family="broken-lens", reason="")
    assert refusal(lambda: run.ask(silent)) == (
        "Say why it is a family that the text did not suggest."
    )
    run.ask(GOOD[Action.CHOOSE_DIAGNOSIS])

    assert run.state.stage is RunStage.STATE_UNREAD
    assert run.state.retry is None
    run.ask(S0)
    assert run.state.stage is RunStage.REPAIR_NEEDED


def test_a_family_that_the_text_suggests_needs_no_reason() -> None:
    run = at(RunStage.STATE_UNREAD)

    assert run.ask(wish(Action.CHOOSE_DIAGNOSIS, family="gateway", reason=""))


def test_there_is_nothing_to_diagnose_before_the_first_attempt() -> None:
    run = started()
    run.ask(looking(InstalledState.UNCLEAR))

    assert refusal(lambda: run.ask(GOOD[Action.CHOOSE_DIAGNOSIS])) == (
        "There is no failed attempt to diagnose."
    )


def test_a_family_must_be_known() -> None:
    asked = wish(Action.CHOOSE_DIAGNOSIS, family="moonlight", reason="It felt so.")

    assert refusal(lambda: at(RunStage.STATE_UNREAD).ask(asked)) == (
        "This pack knows no such family."
    )
