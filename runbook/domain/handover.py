"""The hand-over card: how a run stands at the end of a shift, line by line."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook.domain.pack import Pack
from runbook.domain.presenting import clock, lasting
from runbook.domain.progress import next_step, standings
from runbook.domain.state import RunState
from runbook.domain.transitions import REFUSALS


def card_of(
    state: RunState, pack: Pack, *, people: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    """State, attempts, running waits, claims, earliest next action and open questions, in words."""
    return (
        f"State: {state.stage.value}. {REFUSALS[state.stage]}",
        *_attempt(state),
        *_waits(state, pack),
        *_claims(state, pack, people=people, now=now),
        *_next(state, pack),
        *_questions(state),
    )


def _attempt(state: RunState) -> list[str]:
    attempt = state.current_attempt
    if attempt is None:
        return ["Attempts: none yet."]
    ended = attempt.outcome.value if attempt.outcome else "open"
    return [f"Attempts: {attempt.number}, the last one {ended}."]


def _waits(state: RunState, pack: Pack) -> list[str]:
    zone = ZoneInfo(state.time_zone)
    told = [
        f"Wait until {clock(wait.due, zone)}: {pack.runbook.step(step).title}"
        for step, wait in state.waits.items()
    ]
    if state.retry is not None:
        told.append(f"Next attempt not before {clock(state.retry.due, zone)}.")
    return told or ["Waits: none."]


def _claims(state: RunState, pack: Pack, *, people: Mapping[str, str], now: datetime) -> list[str]:
    told = []
    for step, claim in state.team.claims.items():
        stale = ", stale" if claim.stale_at <= now else ""
        held = lasting(now - claim.since)
        who = people.get(claim.actor, "a former member")
        told.append(f"Held by {who} for {held}{stale}: {pack.runbook.step(step).title}")
    return told or ["Claims: none."]


def _next(state: RunState, pack: Pack) -> list[str]:
    found = next_step(standings(state, pack))
    return [f"Next: {found.step.title} ({found.state.value})."] if found else ["Next: nothing."]


def _questions(state: RunState) -> list[str]:
    count = len(state.team.questions)
    return [f"Open questions: {count}."] if count else []
