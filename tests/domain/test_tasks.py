"""What waits for a person on a run."""

from dataclasses import replace
from typing import Any

from runbook.domain.state import RunState
from runbook.domain.tasks import tasks_for
from runbook.domain.teamwork import Assignment, Claim, Handover, Question
from runbook.domain.vocabulary import Role, RunStage
from tests.domain.history import LEAD, NOON, OPERATOR, REVIEWER, at
from tests.domain.wishes import small_pack

STATE = at(RunStage.PREPARING).state
QUESTION = Question(number=3, asker=REVIEWER, about=1, text="Why?", at=NOON, seq=9)


def with_team(stage: RunStage = RunStage.PREPARING, **changes: Any) -> RunState:
    return replace(STATE, stage=stage, team=replace(STATE.team, **changes))


def tasks(state: RunState, *, actor: str = OPERATOR, role: Role = Role.OPERATOR) -> list[str]:
    return [task.text for task in tasks_for(actor, role, state=state, pack=small_pack())]


def test_on_a_run_of_ones_own_nothing_waits_by_itself() -> None:
    assert tasks(STATE) == []


def test_an_offer_waits_for_the_successor_only() -> None:
    offered = with_team(handover=Handover(giver=LEAD, to=OPERATOR, since=NOON, seq=4))

    assert tasks(offered) == ["Take the run over, or decline."]
    assert tasks(offered, actor=LEAD, role=Role.LEAD) == []


def test_a_question_waits_for_those_who_may_answer_but_not_for_the_asker() -> None:
    asked = with_team(questions=(QUESTION,))

    assert tasks(asked) == ["Answer question 3."]
    assert tasks(asked, actor=REVIEWER, role=Role.REVIEWER) == []
    assert tasks(with_team(questions=(replace(QUESTION, asker=OPERATOR),))) == []


def test_a_step_waits_for_whom_it_is_meant_until_somebody_holds_it() -> None:
    by_name = with_team(assigned={"tidy": Assignment(member=OPERATOR)})
    by_role = with_team(assigned={"tidy": Assignment(role=Role.OPERATOR)})
    claim = Claim(actor=LEAD, since=NOON, stale_minutes=60)
    held = with_team(assigned={"tidy": Assignment(member=OPERATOR)}, claims={"tidy": claim})

    assert tasks(by_name) == tasks(by_role) != []
    assert tasks(held) == []
    assert tasks(held, actor=LEAD, role=Role.LEAD)[0].startswith("You hold")


def test_what_is_settled_waits_for_nobody() -> None:
    assert tasks(with_team(assigned={"facts": Assignment(member=OPERATOR)})) == []


def test_while_a_run_rests_nothing_waits() -> None:
    for stage in (RunStage.PAUSED, RunStage.CLOSED, RunStage.ABANDONED):
        assert tasks(with_team(stage, questions=(QUESTION,))) == []
