"""A run in which every text that a person can type is the same text, told through the services."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from runbook.domain.decisions.attempts import Plan
from runbook.domain.decisions.steps import CheckAnswer
from runbook.domain.vocabulary import (
    Action,
    CheckResult,
    ImportOption,
    InstalledState,
    Method,
    Outcome,
)
from runbook.models import Run, User
from runbook.services.runs import Report
from tests.domain.wishes import FACTS, GATEWAY, LOOKS, NEW, Wish, wish
from tests.factories import act, carry_out, make_run

#: The longest title that the database keeps.
TITLE = 200
View = Callable[[str, Run], None]


def _noted(step: str, text: str, *checks: str) -> Wish:
    given = tuple(CheckAnswer(check=c, result=CheckResult.BY_HAND, note=text) for c in checks)
    return wish(Action.RECORD_CHECKS, step=step, answers=given)


def _looking(state: InstalledState, text: str) -> Wish:
    look = replace(LOOKS[state], last_result=text)
    return wish(Action.READ_STATE, step="import", look=look)


def _plan(text: str, option: ImportOption = ImportOption.UPGRADE) -> Plan:
    return Plan(
        method=Method.CLI,
        option=option,
        file_name=text,
        file_version=text,
        file_sha256=text,
        tool_version=text,
    )


def prepared(text: str) -> Sequence[Wish]:
    evidence = {"step": "ready", "slot": "picture", "text": text, "caption": text}
    return (
        wish(Action.ADD_NOTE, text=text, step="ready"),
        wish(Action.COMPLETE_STEP, step="facts"),
        wish(Action.RECORD_DECISION, step="wiring", answers={"wired": "no"}, reason=text),
        wish(Action.COMPLETE_STEP, step="wiring"),
        wish(Action.REOPEN_STEP, step="wiring", reason=text),
        wish(Action.COMPLETE_STEP, step="wiring"),
        _noted("ready", text, "backup", "weather", "mood"),
        wish(Action.ADD_EVIDENCE, **evidence),
        wish(Action.COMPLETE_STEP, step="ready"),
        _noted("tidy", text, "floor"),
        wish(Action.SKIP_STEP, step="tidy", reason=text),
        wish(Action.RECORD_FACTS, step="import", answers={"remark": text}),
        wish(Action.PAUSE, reason=text),
        wish(Action.RESUME),
    )


def tried(text: str) -> Mapping[str, Sequence[Wish]]:
    """Chapters of the import, each with what happens in it."""
    failed = f"{GATEWAY}\n{text}"
    removal = {
        "solution": "Lamp_Upgrade",
        "typed_name": "Lamp_Upgrade",
        "version": NEW,
        "backup_reference": text,
    }
    return {
        "importing": (wish(Action.START_ATTEMPT, plan=_plan(text)),),
        "failed": (
            wish(Action.RECORD_ATTEMPT, outcome=Outcome.FAILED, reason=text, error_text=failed),
            wish(Action.CHOOSE_DIAGNOSIS, family="gateway", reason=text),
        ),
        "planned": (
            _looking(InstalledState.ROLLED_BACK, text),
            _noted("import", text, "health", "storage"),
            wish(Action.OVERRIDE_RETRY, reason=text),
            wish(Action.RECORD_REPAIR, text=text),
        ),
        "again": (wish(Action.START_ATTEMPT, plan=_plan(text)),),
        "unknown": (wish(Action.RECORD_ATTEMPT, outcome=Outcome.UNKNOWN, reason=text),),
        "pending": (_looking(InstalledState.PENDING, text),),
        "removed": (wish(Action.RECORD_REMOVAL, **removal),),
        "stopped": (
            _looking(InstalledState.BASE_GONE, text),
            wish(Action.SEND_ESCALATION, recipient="workshop", ticket=text),
        ),
    }


def tell(user: User, now: datetime, *, text: str, view: View) -> Run:
    """The whole story; `view` is called with the name of each chapter when it is over."""
    run = make_run(user, now, title=text[:TITLE])
    clock = now
    for name, wishes in {"prepared": prepared(text), **tried(text)}.items():
        for asked in wishes:
            clock += timedelta(minutes=1)
            carry_out(run, asked, act(user, now=clock))
        view(name, run)
    carry_out(run, wish(Action.ABANDON, reason=text), act(user, now=clock))
    view("abandoned", run)
    return run


def adopted(user: User, now: datetime, *, text: str) -> Run:
    """A run whose last try was told afterwards, with a solution of that name."""
    report = Report(
        account=text,
        plan=_plan(text),
        started_at=now - timedelta(hours=2),
        ended_at=now - timedelta(hours=1),
        outcome=Outcome.FAILED,
        error_text=f"{GATEWAY}\n{text}",
    )
    return make_run(
        user, now, title=text[:TITLE], report=report, answers={**FACTS, "solution": text}
    )
