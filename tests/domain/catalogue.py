"""Wishes to choose from: for each action good ones, useless ones and wrong ones."""

from collections.abc import Iterator, Mapping

from runbook.domain.readiness import YesNo
from runbook.domain.teamwork import Assignment
from runbook.domain.vocabulary import Action, InstalledState, Outcome, Role
from tests.domain.history import (
    LEAD,
    NOON,
    OPERATOR,
    PARTIAL,
    PREPARATION,
    REVIEWER,
    START,
    STRANGER,
    SUCCESS,
)
from tests.domain.wishes import (
    APPLY,
    BEFORE_RETRY,
    FACTS,
    GATEWAY,
    LENS,
    ODD,
    OLD,
    REMOVAL,
    Look,
    Wish,
    answering,
    failing,
    looking,
    wish,
)

#: For each action one wish that is granted wherever the table allows the action.
GOOD: Mapping[Action, Wish] = {
    Action.ADD_NOTE: wish(Action.ADD_NOTE, text="It rains."),
    Action.ADD_EVIDENCE: wish(Action.ADD_EVIDENCE, step="import", slot="log", text="All quiet."),
    Action.RECORD_FACTS: wish(Action.RECORD_FACTS, step="import", answers={"remark": "None."}),
    Action.RECORD_CHECKS: answering("tidy", "floor"),
    Action.RECORD_DECISION: wish(Action.RECORD_DECISION, step="tidy", answers={"broom": "long"}),
    Action.COMPLETE_STEP: wish(Action.COMPLETE_STEP, step="tidy"),
    Action.SKIP_STEP: wish(Action.SKIP_STEP, step="tidy", reason="It is tidy."),
    Action.REOPEN_STEP: wish(Action.REOPEN_STEP, step="wiring", reason="A new wall."),
    Action.START_WAIT: wish(Action.START_WAIT, step="cool-down"),
    Action.END_WAIT: wish(Action.END_WAIT, step="cool-down"),
    Action.START_ATTEMPT: START,
    Action.RECORD_ATTEMPT: SUCCESS,
    Action.CHOOSE_DIAGNOSIS: wish(
        Action.CHOOSE_DIAGNOSIS, family="broken-lens", reason="Glass on the floor."
    ),
    Action.READ_STATE: looking(InstalledState.UNCLEAR),
    Action.OVERRIDE_RETRY: wish(Action.OVERRIDE_RETRY, reason="A ship comes."),
    Action.RECORD_REPAIR: wish(Action.RECORD_REPAIR, text="A new lens."),
    Action.RECORD_REMOVAL: REMOVAL,
    Action.SEND_ESCALATION: wish(Action.SEND_ESCALATION, recipient="workshop", ticket="T-1"),
    Action.PAUSE: wish(Action.PAUSE, reason="Lunch."),
    Action.RESUME: wish(Action.RESUME),
    Action.CLOSE: PARTIAL,
    Action.ABANDON: wish(Action.ABANDON, reason="The tower fell."),
    Action.CLAIM_STEP: wish(Action.CLAIM_STEP, step="look-after"),
    Action.RELEASE_CLAIM: wish(Action.RELEASE_CLAIM, step="cool-down"),
    Action.TAKE_OVER_CLAIM: wish(Action.TAKE_OVER_CLAIM, step="tidy", reason="Ben went home."),
    Action.ASSIGN_STEPS: wish(
        Action.ASSIGN_STEPS, wanted={"look-after": Assignment(role=Role.VERIFIER)}
    ),
    Action.SIGN_OFF_STEP: wish(Action.SIGN_OFF_STEP, step="wires", note="I pulled at them."),
    Action.OFFER_HANDOVER: wish(Action.OFFER_HANDOVER, to=OPERATOR, doubts="The wind."),
    Action.ACCEPT_HANDOVER: wish(Action.ACCEPT_HANDOVER),
    Action.WITHDRAW_HANDOVER: wish(Action.WITHDRAW_HANDOVER, reason="I stay."),
    Action.ASK_QUESTION: wish(Action.ASK_QUESTION, about=1, text="Who said so?"),
    Action.ANSWER_QUESTION: wish(Action.ANSWER_QUESTION, number=1, text="We do not know."),
    Action.PROMISE_UPDATE: wish(Action.PROMISE_UPDATE, promise="Light by dawn.", next_update=None),
}

OTHER = (
    *PREPARATION,
    *(looking(state) for state in InstalledState),
    looking(InstalledState.ROLLED_BACK, step="look-before"),
    wish(
        Action.READ_STATE,
        step="import",
        look=Look(
            base_version=OLD,
            holding_listed=YesNo.NO,
            running=YesNo.YES,
            operation_minutes=300,
        ),
    ),
    failing(GATEWAY),
    failing(LENS),
    failing(ODD),
    failing("The lamp was imported successfully."),
    wish(Action.RECORD_ATTEMPT, outcome=Outcome.FAILED, no_text=True),
    wish(Action.RECORD_ATTEMPT, outcome=Outcome.UNKNOWN, reason="The keeper went home."),
    wish(Action.RECORD_ATTEMPT, outcome=Outcome.CANCELLED, reason="Somebody knocked."),
    wish(Action.START_ATTEMPT, plan=APPLY),
    BEFORE_RETRY,
    answering("look-after", "bright"),
    wish(Action.CHOOSE_DIAGNOSIS, family="gateway", reason="The bridge was up."),
    wish(Action.RECORD_DECISION, step="wiring", answers={"wired": "yes"}),
    answering("wires", "whole"),
    wish(Action.COMPLETE_STEP, step="wires"),
    wish(Action.COMPLETE_STEP, step="look-after"),
    wish(Action.START_WAIT, step="night"),
    wish(Action.END_WAIT, step="night"),
    answering("end", "handed-over"),
    wish(Action.CLOSE, partial=False, reason=""),
    wish(Action.REOPEN_STEP, step="ready", reason="The spare lamp is gone."),
    wish(Action.EXPORT, export_format="markdown"),
    wish(Action.MANAGE_MEMBERS, member=REVIEWER, role=Role.VERIFIER),
    wish(Action.CLAIM_STEP, step="tidy"),
    wish(Action.CLAIM_STEP, step="import"),
    wish(Action.RELEASE_CLAIM, step="tidy"),
    wish(Action.TAKE_OVER_CLAIM, step="cool-down", reason="It is late."),
    wish(Action.TAKE_OVER_CLAIM, step="import", reason="It is late."),
    wish(Action.OFFER_HANDOVER, to=LEAD),
    wish(Action.ASSIGN_STEPS, wanted={"tidy": Assignment(member=OPERATOR)}),
    wish(Action.LEAVE),
)

#: Wishes that no stage grants.
WRONG = (
    wish(Action.ADD_NOTE, text="  "),
    wish(Action.ADD_NOTE, text="Not so.", corrects=10_000),
    wish(Action.ADD_EVIDENCE, step="import", slot="drawer", text="A key."),
    wish(Action.RECORD_FACTS, step="facts", answers={"colour": "red"}),
    wish(Action.RECORD_FACTS, step="facts", answers={"target_version": "latest"}),
    wish(Action.RECORD_FACTS, step="facts", answers={**FACTS, "target_version": "4.3"}),
    wish(Action.RECORD_FACTS, step="cellar", answers={"remark": "Dark."}),
    wish(Action.RECORD_DECISION, step="tidy", answers={"broom": "electric"}),
    answering("ready", "colour"),
    wish(Action.COMPLETE_STEP, step="import"),
    wish(Action.COMPLETE_STEP, step="end"),
    wish(Action.SKIP_STEP, step="import", reason="No time."),
    wish(Action.SKIP_STEP, step="tidy", reason=" "),
    wish(Action.REOPEN_STEP, step="import", reason="Again."),
    wish(Action.REOPEN_STEP, step="wiring", reason=""),
    wish(Action.START_WAIT, step="ready"),
    wish(Action.RECORD_ATTEMPT, outcome=Outcome.FAILED),
    wish(Action.RECORD_ATTEMPT, outcome=Outcome.CANCELLED, reason=""),
    wish(Action.CHOOSE_DIAGNOSIS, family="moonlight", reason="It felt so."),
    wish(Action.CHOOSE_DIAGNOSIS, family="status-of-the-moon", reason=""),
    wish(
        Action.READ_STATE,
        step="cellar",
        look=Look(base_version=OLD, holding_listed=YesNo.NO, running=YesNo.NO),
    ),
    wish(
        Action.READ_STATE,
        step="import",
        look=Look(base_version="old", holding_listed=YesNo.NO, running=YesNo.NO),
    ),
    wish(Action.OVERRIDE_RETRY, reason=""),
    wish(Action.RECORD_REPAIR, text=""),
    Wish(action=Action.RECORD_REMOVAL, say={**REMOVAL.say, "solution": "Lamp"}),
    Wish(action=Action.RECORD_REMOVAL, say={**REMOVAL.say, "solution": ""}),
    Wish(action=Action.RECORD_REMOVAL, say={**REMOVAL.say, "typed_name": "lamp_upgrade"}),
    Wish(action=Action.RECORD_REMOVAL, say={**REMOVAL.say, "version": OLD}),
    Wish(action=Action.RECORD_REMOVAL, say={**REMOVAL.say, "version": "new"}),
    Wish(action=Action.RECORD_REMOVAL, say={**REMOVAL.say, "backup_reference": " "}),
    wish(Action.SEND_ESCALATION, recipient="maker", ticket=""),
    wish(Action.SEND_ESCALATION, recipient="moon", ticket=""),
    wish(Action.PAUSE, reason=""),
    wish(Action.ABANDON, reason="\n"),
    wish(Action.CLOSE, partial=True, reason=""),
    wish(Action.CLAIM_STEP, step="cellar"),
    wish(Action.TAKE_OVER_CLAIM, step="tidy", reason=" "),
    wish(Action.ASSIGN_STEPS, wanted={"cellar": Assignment(role=Role.LEAD)}),
    wish(Action.ASSIGN_STEPS, wanted={"tidy": Assignment(member=STRANGER)}),
    wish(Action.SIGN_OFF_STEP, step="facts"),
    wish(Action.OFFER_HANDOVER, to=STRANGER),
    wish(Action.WITHDRAW_HANDOVER, reason=""),
    wish(Action.ASK_QUESTION, about=0, text="Why?"),
    wish(Action.ASK_QUESTION, about=100_000, text="Why?"),
    wish(Action.ASK_QUESTION, about=1, text=" "),
    wish(Action.ANSWER_QUESTION, number=0, text="Because."),
    wish(Action.PROMISE_UPDATE, promise="", next_update=None),
    wish(Action.PROMISE_UPDATE, promise="Soon.", next_update=NOON.replace(year=2020)),
)

#: What an honest keeper would ask next, whatever happened; tried in turn by random walks.
SENSIBLE = (*GOOD.values(), *OTHER)
ALL = (*SENSIBLE, *WRONG)


def asking(action: Action) -> Iterator[Wish]:
    """Every granted-somewhere wish for an action."""
    return (each for each in SENSIBLE if each.action is action)
