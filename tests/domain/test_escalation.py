"""When the run should be handed to somebody else, said once and by itself."""

from dataclasses import replace

import pytest

from runbook.domain import events as ev
from runbook.domain.escalation import due_rules
from runbook.domain.readiness import YesNo
from runbook.domain.vocabulary import Action, InstalledState, RunStage
from tests.domain.catalogue import GOOD
from tests.domain.history import START, History, at, ready_to_retry
from tests.domain.wishes import BEFORE_RETRY, GATEWAY, LENS, ODD, OLD, Look, failing, looking, wish

S0 = looking(InstalledState.ROLLED_BACK)


def failed_again(run: History, text: str) -> History:
    """One more round: wait, try, fail, read."""
    ready_to_retry(run)
    for asked in (START, failing(text), S0):
        run.ask(asked)
    return run


def drafts(run: History) -> list[tuple[str, ...]]:
    return [e.event.rules for e in run.entries if isinstance(e.event, ev.EscalationDrafted)]


def test_a_first_failure_is_no_reason_to_escalate() -> None:
    assert at(RunStage.RETRY_PLANNED).state.escalation == ()


def test_tries_that_are_used_up_escalate() -> None:
    run = at(RunStage.RETRY_PLANNED)
    for _ in range(3):
        run.ask(GOOD[Action.OVERRIDE_RETRY])
        run.ask(BEFORE_RETRY)
        for asked in (START, failing(GATEWAY), S0):
            run.ask(asked)

    assert run.state.escalation == ("limit-reached",)


def test_tries_spread_over_days_do_not_use_up_the_limit() -> None:
    run = at(RunStage.RETRY_PLANNED)
    for _ in range(5):
        failed_again(run, GATEWAY)

    assert "limit-reached" not in run.state.escalation


def test_an_error_that_nobody_knows_escalates_at_its_second_time() -> None:
    run = at(RunStage.IMPORTING)
    for asked in (failing(ODD), S0):
        run.ask(asked)
    assert run.state.escalation == ()
    failed_again(run, ODD)

    assert "unknown-error" in run.state.escalation


@pytest.mark.parametrize("state", [InstalledState.BASE_GONE, InstalledState.MIXED])
def test_signs_of_damage_escalate_at_once(state: InstalledState) -> None:
    run = at(RunStage.PREPARING)
    run.ask(looking(state))

    assert run.state.escalation == ("data-damage",)


@pytest.mark.parametrize(("minutes", "drafted"), [(239, False), (240, True)])
def test_an_operation_that_runs_for_four_hours_escalates(minutes: int, *, drafted: bool) -> None:
    run = at(RunStage.STATE_UNREAD)
    look = Look(
        base_version=OLD,
        holding_listed=YesNo.NO,
        running=YesNo.YES,
        operation_minutes=minutes,
    )
    run.ask(wish(Action.READ_STATE, step="import", look=look))

    assert ("operation-open-too-long" in run.state.escalation) == drafted


def test_two_repairs_that_did_not_help_escalate() -> None:
    run = at(RunStage.REPAIR_NEEDED)
    run.ask(GOOD[Action.RECORD_REPAIR])
    failed_again(run, LENS)
    assert "repairs-did-not-help" not in run.state.escalation
    run.ask(GOOD[Action.RECORD_REPAIR])
    failed_again(run, LENS)

    assert "repairs-did-not-help" in run.state.escalation


def test_each_rule_is_drafted_once() -> None:
    run = at(RunStage.STOPPED)
    for _ in range(3):
        run.ask(looking(InstalledState.BASE_GONE))

    assert drafts(run) == [("data-damage",)]


def test_a_rule_that_the_pack_does_not_have_is_not_drafted() -> None:
    run = at(RunStage.STOPPED)
    pack = replace(run.pack, escalation_rules=())
    state = replace(run.state, escalation=())

    assert due_rules(state, run.pack, now=run.now) == ("data-damage",)
    assert due_rules(state, pack, now=run.now) == ()
