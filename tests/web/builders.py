"""What people send: for each address that writes, a stage where it is granted and what is typed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import reverse

from runbook.domain.vocabulary import Action, RunStage
from runbook.models import Run
from runbook.models.timeline import Event
from tests.domain.wishes import GATEWAY, NEW, OLD
from tests.web.pages import filled, page

HTMX = {"hx-request": "true"}
S = RunStage
LONG = "x" * 2_001


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One address: `typed` is granted at `stage`, `wrong` must be corrected by the person.

    `kept` is a part of `wrong` that must stand in the form again.
    """

    action: Action
    stage: RunStage = S.PREPARING
    step: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    kept: str = ""


def _reasoned(action: Action, *, step: str = "", stage: RunStage = S.PREPARING) -> Sent:
    text = f"{action.value}: {LONG}"
    return Sent(
        action=action,
        stage=stage,
        step=step,
        typed={"reason": "A ship comes."},
        wrong={"reason": text},
        kept=text,
    )


_BY_HAND = "verified by hand"
SENT: Mapping[str, Sent] = {
    "add-note": Sent(
        action=Action.ADD_NOTE,
        typed={"text": "It rains."},
        wrong={"text": "It rains. " * 110_000},
        kept="It rains. It rains.",
    ),
    "pause": _reasoned(Action.PAUSE),
    "abandon": _reasoned(Action.ABANDON),
    "resume": Sent(action=Action.RESUME, stage=S.PAUSED, wrong={"expected_version": "old"}),
    "send-escalation": Sent(
        action=Action.SEND_ESCALATION,
        stage=S.STOPPED,
        typed={"recipient": "workshop", "ticket": "T-1"},
        wrong={"recipient": "moon", "ticket": "T-17"},
        kept="T-17",
    ),
    "work-on-step": Sent(
        action=Action.RECORD_CHECKS,
        step="tidy",
        typed={"answer-broom": "long", "check-floor": "pass", "note-floor": "Swept."},
        wrong={"answer-broom": "wet", "note-floor": "Swept twice."},
        kept="Swept twice.",
    ),
    "skip-step": _reasoned(Action.SKIP_STEP, step="tidy"),
    "reopen-step": _reasoned(Action.REOPEN_STEP, step="wiring"),
    "start-wait": Sent(
        action=Action.START_WAIT, step="cool-down", wrong={"expected_version": "old"}
    ),
    "end-wait": Sent(action=Action.END_WAIT, step="cool-down", wrong={"expected_version": "old"}),
    "close": Sent(
        action=Action.CLOSE,
        stage=S.VERIFYING,
        step="end",
        typed={"partial": "on", "reason": "The keeper moves away."},
        wrong={"reason": LONG},
        kept=LONG,
    ),
    "start-attempt": Sent(
        action=Action.START_ATTEMPT,
        step="import",
        typed={"method": "maker portal", "option": "upgrade", "tool_version": "2.4"},
        wrong={"file_sha256": "short", "tool_version": "2.4.17"},
        kept="2.4.17",
    ),
    "record-attempt": Sent(
        action=Action.RECORD_ATTEMPT,
        stage=S.IMPORTING,
        step="import",
        typed={"outcome": "failed", "error_text": GATEWAY, "reason": "It went dark."},
        wrong={"outcome": "failed", "error_text": "", "reason": "It went very dark."},
        kept="It went very dark.",
    ),
    "choose-diagnosis": Sent(
        action=Action.CHOOSE_DIAGNOSIS,
        stage=S.STATE_UNREAD,
        step="import",
        typed={"family": "broken-lens", "reason": "Glass on the floor."},
        wrong={"family": "moon", "reason": "Glass on every floor."},
        kept="Glass on every floor.",
    ),
    "read-state": Sent(
        action=Action.READ_STATE,
        stage=S.STATE_UNREAD,
        step="import",
        typed={"base_version": OLD, "holding_listed": "no", "running": "no", "last_result": "?"},
        wrong={"base_version": "four", "last_result": "It hums."},
        kept="It hums.",
    ),
    "record-retry-checks": Sent(
        action=Action.RECORD_CHECKS,
        stage=S.RETRY_PLANNED,
        step="import",
        typed={"check-health": "pass", "check-storage": "pass", "note-storage": "Two cans."},
        wrong={"check-health": _BY_HAND, "note-storage": "Three cans."},
        kept="Three cans.",
    ),
    "override-retry": _reasoned(Action.OVERRIDE_RETRY, step="import", stage=S.RETRY_PLANNED),
    "record-repair": Sent(
        action=Action.RECORD_REPAIR,
        stage=S.REPAIR_NEEDED,
        step="import",
        typed={"text": "A new lens."},
        wrong={"text": LONG * 3},
        kept=LONG * 3,
    ),
    "record-removal": Sent(
        action=Action.RECORD_REMOVAL,
        stage=S.UPGRADE_PENDING,
        step="import",
        typed={
            "solution": "Lamp_Upgrade",
            "typed_name": "Lamp_Upgrade",
            "version": NEW,
            "backup_reference": "backup 7",
        },
        wrong={"version": "four", "backup_reference": "backup 17"},
        kept="backup 17",
    ),
}


def step_page(run: Run, step: str = "") -> str:
    return reverse("step", args=[run.pk, step]) if step else reverse("run", args=[run.pk])


def address(name: str, run: Run) -> str:
    step = SENT[name].step
    return reverse(name, args=[run.pk, step] if step else [run.pk])


def as_shown(client: Client, name: str, run: Run, typed: Mapping[str, str]) -> dict[str, str]:
    """The form as the page shows it now, filled in."""
    shown = page(client.get(step_page(run, SENT[name].step)))
    return filled(shown, address(name, run), typed)


def by_hand(run: Run, typed: Mapping[str, str]) -> dict[str, str]:
    """A form that no page showed: guards made up, the version right."""
    run.refresh_from_db()
    guards = {"submission_key": str(uuid.uuid4()), "expected_version": str(run.version)}
    return {**guards, **typed}


def send(
    client: Client, name: str, run: Run, data: Mapping[str, str], *, htmx: bool = False
) -> Any:
    """The answer to the form, plain or to htmx."""
    return client.post(address(name, run), data, headers=HTMX if htmx else {})


def events(run: Run) -> list[str]:
    """The types of all events of the run, in order."""
    return list(Event.objects.filter(run=run).order_by("seq").values_list("type", flat=True))
