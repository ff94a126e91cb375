"""What people ask of a run, as values that the pure engine and the services both understand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from runbook.domain import events as ev
from runbook.domain.decisions import attempts, claims, people, readings, runs, steps, talk
from runbook.domain.decisions.attempts import Captured, Plan, Result
from runbook.domain.decisions.readings import Look
from runbook.domain.decisions.steps import CheckAnswer
from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.pack import Pack
from runbook.domain.readiness import YesNo
from runbook.domain.state import RunState
from runbook.domain.vocabulary import (
    Action,
    CheckResult,
    ImportOption,
    InstalledState,
    Method,
    Outcome,
)
from runbook.library import load_packs

PACKS = Path(__file__).resolve().parent.parent / "packs_for_tests"
FACTS = {"solution": "Lamp", "source_version": "4.9", "target_version": "4.29"}
OLD, NEW = FACTS["source_version"], FACTS["target_version"]

GATEWAY = "Lamp import failed because the bridge is closed for everybody."
LENS = "Lamp import failed because the lens is broken in two."
ODD = "Lamp import failed. Odd."

UPGRADE = Plan(method=Method.MAKER_PORTAL, option=ImportOption.UPGRADE)
APPLY = Plan(method=Method.MAKER_PORTAL, option=ImportOption.APPLY_UPGRADE)

#: What a person sees for each installed state of the small pack.
LOOKS: Mapping[InstalledState, Look] = {
    InstalledState.RUNNING: Look(
        base_version=OLD, holding_listed=YesNo.NO, running=YesNo.YES, operation_minutes=30
    ),
    InstalledState.ROLLED_BACK: Look(base_version=OLD, holding_listed=YesNo.NO, running=YesNo.NO),
    InstalledState.PENDING: Look(
        base_version=OLD, holding_version=NEW, holding_listed=YesNo.YES, running=YesNo.NO
    ),
    InstalledState.ALREADY_EXISTS: Look(
        base_version=OLD,
        holding_version=NEW,
        holding_listed=YesNo.YES,
        running=YesNo.NO,
        already_exists=True,
    ),
    InstalledState.DONE: Look(base_version=NEW, holding_listed=YesNo.NO, running=YesNo.NO),
    InstalledState.BASE_GONE: Look(holding_version=NEW, holding_listed=YesNo.YES, running=YesNo.NO),
    InstalledState.MIXED: Look(
        base_version=OLD, holding_listed=YesNo.NO, running=YesNo.NO, mixed=YesNo.YES
    ),
    InstalledState.UNCLEAR: Look(base_version=OLD, holding_listed=YesNo.NO, running=YesNo.UNKNOWN),
}


@lru_cache(maxsize=1)
def small_pack() -> Pack:
    """A made-up pack with every kind of step and family."""
    return load_packs(PACKS)["small"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One thing that somebody asks for; `say` are the arguments of the use case."""

    action: Action
    say: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.action.value} {dict(self.say)}"


def wish(action: Action, **say: Any) -> Wish:
    return Wish(action=action, say=say)


def failing(text: str) -> Wish:
    return wish(Action.RECORD_ATTEMPT, outcome=Outcome.FAILED, error_text=text)


def looking(state: InstalledState, *, step: str = "import") -> Wish:
    return wish(Action.READ_STATE, step=step, look=LOOKS[state])


def answering(step: str, *checks: str, result: CheckResult = CheckResult.PASSED) -> Wish:
    given = tuple(CheckAnswer(check=check, result=result, note="seen") for check in checks)
    return wish(Action.RECORD_CHECKS, step=step, answers=given)


BEFORE_RETRY = answering("import", "health", "storage")
REMOVAL = wish(
    Action.RECORD_REMOVAL,
    solution="Lamp_Upgrade",
    typed_name="Lamp_Upgrade",
    version=NEW,
    backup_reference="backup 7",
)


def decide(
    state: RunState,
    pack: Pack,
    asked: Wish,
    *,
    happened_at: datetime,
    now: datetime,
    actor: str = "",
) -> list[ev.Event]:
    """The engine's answer to a wish: events, or a refusal."""
    say = dict(asked.say)
    if asked.action in _BY_SOMEBODY:
        return list(_BY_SOMEBODY[asked.action](state, pack, say, actor, now))
    return list(_DECISIONS[asked.action](state, pack, say, happened_at, now))


def _result(pack: Pack, say: dict[str, Any]) -> Result:
    text = say.pop("error_text", "")
    captured = (
        Captured(digest="of the text", size=len(text.encode()), reading=diagnose(text, pack))
        if text.strip()
        else None
    )
    return Result(captured=captured, **say)


def _evidence(step: str, slot: str, text: str) -> ev.EvidenceAdded:
    return ev.EvidenceAdded(
        step=step, slot=slot, digest="of the text", size=len(text.encode()), secrets_removed=0
    )


Decision = Callable[[RunState, Pack, dict[str, Any], datetime, datetime], list[ev.Event]]
_DECISIONS: Mapping[Action, Decision] = {
    Action.ADD_NOTE: lambda s, p, say, at, now: runs.add_note(s, **say),
    Action.ADD_EVIDENCE: lambda s, p, say, at, now: steps.add_evidence(
        s, p, step=say["step"], slot=say["slot"], stored=_evidence(**say)
    ),
    Action.RECORD_FACTS: lambda s, p, say, at, now: steps.record_facts(s, p, **say),
    Action.RECORD_CHECKS: lambda s, p, say, at, now: steps.record_checks(s, p, **say, now=now),
    Action.RECORD_DECISION: lambda s, p, say, at, now: steps.record_decision(s, p, **say),
    Action.COMPLETE_STEP: lambda s, p, say, at, now: steps.complete_step(s, p, now=now, **say),
    Action.SKIP_STEP: lambda s, p, say, at, now: steps.skip_step(s, p, **say),
    Action.REOPEN_STEP: lambda s, p, say, at, now: steps.reopen_step(s, p, **say),
    Action.START_WAIT: lambda s, p, say, at, now: steps.start_wait(s, p, now=now, **say),
    Action.END_WAIT: lambda s, p, say, at, now: steps.end_wait(s, p, now=now, **say),
    Action.START_ATTEMPT: lambda s, p, say, at, now: attempts.start_attempt(
        s, p, happened_at=at, now=now, **say
    ),
    Action.RECORD_ATTEMPT: lambda s, p, say, at, now: attempts.record_attempt(
        s, p, result=_result(p, say), happened_at=at, now=now
    ),
    Action.CHOOSE_DIAGNOSIS: lambda s, p, say, at, now: attempts.choose_diagnosis(s, p, **say),
    Action.READ_STATE: lambda s, p, say, at, now: readings.read_state(
        s, p, happened_at=at, now=now, **say
    ),
    Action.OVERRIDE_RETRY: lambda s, p, say, at, now: readings.override_retry(s, now=now, **say),
    Action.RECORD_REPAIR: lambda s, p, say, at, now: readings.record_repair(s, p, now=now, **say),
    Action.RECORD_REMOVAL: lambda s, p, say, at, now: readings.record_removal(s, p, **say),
    Action.SEND_ESCALATION: lambda s, p, say, at, now: runs.send_escalation(s, p, **say),
    Action.PAUSE: lambda s, p, say, at, now: runs.pause(s, **say),
    Action.RESUME: lambda s, p, say, at, now: runs.resume(s),
    Action.ABANDON: lambda s, p, say, at, now: runs.abandon(s, **say),
    Action.CLOSE: lambda s, p, say, at, now: runs.close(s, p, now=now, **say),
    Action.EXPORT: lambda s, p, say, at, now: runs.record_export(s, **say),
}

#: Decisions that depend on who asks.
_BY_SOMEBODY: Mapping[
    Action, Callable[[RunState, Pack, dict[str, Any], str, datetime], list[ev.Event]]
] = {
    Action.CLAIM_STEP: lambda s, p, say, who, now: claims.claim_step(s, p, actor=who, **say),
    Action.RELEASE_CLAIM: lambda s, p, say, who, now: claims.release_claim(s, actor=who, **say),
    Action.TAKE_OVER_CLAIM: lambda s, p, say, who, now: claims.take_over_claim(
        s, p, actor=who, **say
    ),
    Action.ASSIGN_STEPS: lambda s, p, say, who, now: claims.assign_steps(s, p, **say),
    Action.SIGN_OFF_STEP: lambda s, p, say, who, now: claims.sign_off_step(s, p, actor=who, **say),
    Action.OFFER_HANDOVER: lambda s, p, say, who, now: people.offer_handover(
        s, giver=who, card=("State: so.",), **say
    ),
    Action.ACCEPT_HANDOVER: lambda s, p, say, who, now: people.accept_handover(s, actor=who),
    Action.WITHDRAW_HANDOVER: lambda s, p, say, who, now: people.withdraw_handover(
        s, actor=who, **say
    ),
    Action.ASK_QUESTION: lambda s, p, say, who, now: talk.ask_question(s, **say),
    Action.ANSWER_QUESTION: lambda s, p, say, who, now: talk.answer_question(s, **say),
    Action.PROMISE_UPDATE: lambda s, p, say, who, now: talk.promise_update(s, now=now, **say),
    Action.MANAGE_MEMBERS: lambda s, p, say, who, now: people.give_role(s, **say),
    Action.LEAVE: lambda s, p, say, who, now: people.remove_member(s, member=who),
}

#: Actions that a decision function stands behind; viewing leaves no event.
DECIDED = frozenset(_DECISIONS) | frozenset(_BY_SOMEBODY)
#: Handing out the record is possible at every stage, and so is changing who may read it.
AT_EVERY_STAGE = frozenset({Action.EXPORT, Action.MANAGE_MEMBERS, Action.LEAVE})
#: Actions that the transition table governs.
GOVERNED = DECIDED - AT_EVERY_STAGE
