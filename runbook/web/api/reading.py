"""A run and its events as the API gives them: for colleagues, secrets cut once more."""

import json
from datetime import datetime
from typing import Any

from runbook import queries
from runbook.domain.progress import next_step, standings
from runbook.domain.redaction import mask
from runbook.domain.state import Attempt, RunState
from runbook.models import Run
from runbook.queries import OpenRun


def run_as_data(run: OpenRun, *, now: datetime) -> dict[str, Any]:
    """The run, its steps, attempts, waits and versions."""
    state, found = run.state, standings(run.state, run.pack)
    ahead = next_step(found)
    names = queries.people_of(run.row, {each.operator for each in state.attempts})
    told = {
        "title": state.title,
        "stage": state.stage,
        "partial": state.partial,
        "time_zone": state.time_zone,
        "started_at": state.started_at,
        "changed_at": state.changed_at,
        "next_step": ahead.step.slug if ahead else None,
        "versions": _versions(state),
        "attempts": [_attempt(each, names[each.operator]) for each in state.attempts],
        "waits": _waits(state, now=now),
        "steps": [
            {
                "slug": each.step.slug,
                "title": each.step.title,
                "phase": each.phase,
                "kind": each.step.kind.value,
                "state": each.state,
                "refusal": each.refusal,
            }
            for each in found
        ],
    }
    return without_secrets(told) | {
        "run": run.row.pk,
        "seq": run.row.version,
        "head": run.row.head,
        "pack": {"slug": run.pack.slug, "product": run.pack.product, "digest": run.pack.digest},
    }


def _versions(state: RunState) -> dict[str, Any]:
    seen = state.last_reading
    return {
        "source": state.answers.get("source_version", ""),
        "target": state.answers.get("target_version", ""),
        "installed_state": seen.state if seen else None,
        "installed": seen.base_version if seen else "",
        "holding": seen.holding_version if seen else "",
        "read_at": seen.at if seen else None,
    }


def _attempt(attempt: Attempt, operator: str) -> dict[str, Any]:
    names = ("number", "method", "option", "started_at", "ended_at", "outcome", "reason", "family")
    return {name: getattr(attempt, name) for name in names} | {
        "operator": operator,
        "codes": list(attempt.reading.codes) if attempt.reading else [],
        "file_version": attempt.file_version,
    }


def _waits(state: RunState, *, now: datetime) -> list[dict[str, Any]]:
    standing = [*state.waits.items(), *([(None, state.retry)] if state.retry else [])]
    return [
        {
            "step": step,
            "due": wait.due,
            "over": wait.due <= now,
            "overridden": wait.overridden,
            "reason": wait.reason,
        }
        for step, wait in standing
    ]


def events_as_data(run: Run, *, after: int, limit: int) -> dict[str, Any]:
    """The events behind a seq; the cost of a page does not grow with the timeline."""
    rows = run.events.filter(seq__gt=after, seq__lte=run.version).order_by("seq")
    found = list(rows.values("seq", "header", "digest", "actor", "payload__body")[: limit + 1])
    page = found[:limit]
    names = queries.people_of(run, {row["actor"] for row in page})
    return {
        "events": [
            {
                "hash": row["digest"],
                "name": names[row["actor"]],
                "header": json.loads(row["header"]),
                "payload": _payload(row["payload__body"]),
            }
            for row in page
        ],
        "next": page[-1]["seq"] if len(found) > limit else None,
    }


def _payload(body: str | None) -> dict[str, Any] | None:
    return None if body is None else without_secrets(json.loads(body))


def without_secrets(value: Any) -> Any:
    """The value with each text masked by the rules of today; they may know more than at its time."""
    if isinstance(value, str):
        # A member of an enumeration stays one: its words are ours.
        return mask(value).text if type(value) is str else value
    if isinstance(value, dict):
        return {name: without_secrets(part) for name, part in value.items()}
    return [without_secrets(part) for part in value] if isinstance(value, list) else value
