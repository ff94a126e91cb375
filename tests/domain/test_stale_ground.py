"""A try needs fresh ground: old answers, old readings and leftovers of other versions do not carry it."""

from dataclasses import replace

import pytest

from runbook.domain import events as ev
from runbook.domain.decisions.attempts import Plan
from runbook.domain.errors import TransitionRefused
from runbook.domain.escalation import due_rules
from runbook.domain.pack import EscalationRule
from runbook.domain.readiness import YesNo
from runbook.domain.retries import blockers
from runbook.domain.vocabulary import Action, ImportOption, InstalledState, Method, RunStage
from tests.domain.history import START, History, at, ready_to_retry
from tests.domain.wishes import BEFORE_RETRY, GATEWAY, NEW, OLD, Look, failing, looking, wish


def holding_for(run: History, minutes: int) -> History:
    """The run on a pack where what was looked at counts for so many minutes."""
    readiness = replace(run.pack.readiness, answers_hold_minutes=minutes)
    run.pack = replace(run.pack, readiness=readiness)
    return run


def sentences(run: History) -> str:
    return " ".join(b.sentence for b in blockers(run.state, run.pack, now=run.now))


def test_answers_and_readings_grow_old_and_can_be_given_again() -> None:
    run = holding_for(at(RunStage.RETRY_PLANNED), 60)
    ready_to_retry(run)
    run.later(minutes=61)

    assert "Look once more:" in sentences(run)
    assert "Read the installed state again" in sentences(run)
    with pytest.raises(TransitionRefused):
        run.ask(START)

    run.ask(looking(InstalledState.ROLLED_BACK))
    run.ask(BEFORE_RETRY)
    assert not blockers(run.state, run.pack, now=run.now)
    assert run.ask(START)


def test_without_the_rule_an_old_answer_would_carry_the_try() -> None:
    run = holding_for(at(RunStage.RETRY_PLANNED), 1_000_000)
    ready_to_retry(run)

    assert run.later(days=3).ask(START)


def test_a_leftover_of_another_version_is_never_applied() -> None:
    run = at(RunStage.STATE_UNREAD)
    look = Look(
        base_version=OLD, holding_listed=YesNo.YES, holding_version=f"{NEW}.7", running=YesNo.NO
    )
    run.ask(wish(Action.READ_STATE, step="import", look=look))
    assert run.state.stage is RunStage.UPGRADE_PENDING
    ready_to_retry(run)

    apply = Plan(method=Method.MAKER_PORTAL, option=ImportOption.APPLY_UPGRADE)
    with pytest.raises(TransitionRefused, match="not the target of this run"):
        run.ask(wish(Action.START_ATTEMPT, plan=apply))


def test_update_instead_of_upgrade_needs_a_reason() -> None:
    run = at(RunStage.PREPARING)
    update = Plan(method=Method.MAKER_PORTAL, option=ImportOption.UPDATE)

    with pytest.raises(TransitionRefused, match="Say why Update"):
        run.ask(wish(Action.START_ATTEMPT, plan=update))

    made = run.ask(wish(Action.START_ATTEMPT, plan=replace(update, reason="Support asked for it.")))
    assert isinstance(made[0], ev.AttemptStarted)
    assert made[0].reason == "Support asked for it."


@pytest.mark.parametrize(
    ("rule", "answers"),
    [
        ("health-clear-but-failing", {}),
        ("test-works-production-fails", {"test_result": "passed", "is_production": "yes"}),
    ],
)
def test_a_failure_that_repeats_on_good_ground_escalates(
    rule: str, answers: dict[str, str]
) -> None:
    run = at(RunStage.RETRY_PLANNED)
    named = EscalationRule(slug=rule, text="Ask for help.")
    run.pack = replace(run.pack, escalation_rules=(named,))
    run.state = replace(run.state, answers={**run.state.answers, **answers})
    assert due_rules(run.state, run.pack, now=run.now) == ()

    ready_to_retry(run)
    for asked in (START, failing(GATEWAY)):
        run.ask(asked)

    assert rule in run.state.escalation


def test_what_is_asked_about_the_file_does_not_hide_that_applying_failed_twice() -> None:
    run = at(RunStage.UPGRADE_PENDING)
    about_file = replace(
        run.pack.readiness.before_retry[0], slug="file", text="The same file.", import_only=True
    )
    asked = (*run.pack.readiness.before_retry, about_file)
    named = EscalationRule(slug="health-clear-but-failing", text="Ask for help.")
    readiness = replace(run.pack.readiness, before_retry=asked)
    run.pack = replace(run.pack, readiness=readiness, escalation_rules=(named,))
    ready_to_retry(run)
    apply = Plan(method=Method.MAKER_PORTAL, option=ImportOption.APPLY_UPGRADE)
    for each in (wish(Action.START_ATTEMPT, plan=apply), failing(GATEWAY)):
        run.ask(each)

    assert run.state.escalation == ("health-clear-but-failing",)
