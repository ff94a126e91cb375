"""When the next attempt may start and what still stands in its way (`engine.md` sections 5 and 6)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from runbook.domain import events as ev
from runbook.domain.diagnosis.family import ErrorFamily
from runbook.domain.pack import Pack
from runbook.domain.retry import RetryPolicy, is_exhausted, next_due, rung_for
from runbook.domain.state import Attempt, RunState, check_key
from runbook.domain.steps import Check
from runbook.domain.vocabulary import (
    PASSING,
    Disposition,
    Outcome,
    RunStage,
    Severity,
    StepKind,
)

#: Dispositions that waiting does not cure: something must be put right before the next try.
_NEEDS_REPAIR = frozenset(
    {
        Disposition.FIX_PREREQUISITE,
        Disposition.FIX_COMPONENT,
        Disposition.FIX_PACKAGE,
        Disposition.ASK_OTHER_PERSON,
        Disposition.CONTACT_SUPPORT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing that keeps the next attempt from starting.

    `check` names the check to answer, `due` the moment to wait for; `liftable` says whether the lead
    may override it with a reason.
    """

    sentence: str
    check: str = ""
    due: datetime | None = None
    liftable: bool = False


def import_step(pack: Pack) -> str:
    """The slug of the runbook's import step; LookupError if it has none."""
    for step in pack.runbook.steps:
        if step.kind is StepKind.IMPORT:
            return step.slug
    raise LookupError("this runbook has no import step")


def governing_family(attempt: Attempt | None, pack: Pack) -> ErrorFamily | None:
    """The family whose rules hold for the retry; a text that is no import error counts as unknown."""
    if attempt is None or attempt.outcome is Outcome.SUCCEEDED or not attempt.family:
        return None
    if attempt.family == pack.not_an_error_family:
        return pack.family(pack.fallback_family)
    return pack.family(attempt.family)


def needs_repair(state: RunState, pack: Pack) -> bool:
    """Whether the last failure is one that only a repair cures, and none was recorded since."""
    family = governing_family(state.current_attempt, pack)
    if family is None or family.ladder is not None:
        return False
    return family.disposition in _NEEDS_REPAIR and state.repaired_after < len(state.attempts)


def schedule(state: RunState, pack: Pack, *, now: datetime) -> ev.RetryScheduled:
    """The earliest sensible moment for the next attempt after a reading that allows one."""
    number = len(state.attempts) + 1
    attempt, family = state.current_attempt, governing_family(state.current_attempt, pack)
    if attempt is None or family is None or family.ladder is None or attempt.ended_at is None:
        return ev.RetryScheduled(
            number=number, due=now, family="", reason="Nothing on this record asks for a wait."
        )
    tried = starts_of(state, pack, family=family)
    since = attempt.ended_at - timedelta(hours=family.ladder.window_hours)
    retry = max(1, sum(1 for start in tried if start > since))
    rung = rung_for(family.ladder, retry)
    due = next_due(rung, attempt.ended_at, zone=ZoneInfo(state.time_zone))
    limit = is_exhausted(family.ladder, tried, now=now)
    if limit:
        due = max(due, _window_opens(family.ladder, tried, now=now))
    return ev.RetryScheduled(
        number=number,
        due=due,
        family=family.slug,
        reason=_why(family, family.ladder, retry=retry, minutes=rung.interval_minutes, limit=limit),
        limit_reached=limit,
    )


def starts_of(state: RunState, pack: Pack, *, family: ErrorFamily) -> tuple[datetime, ...]:
    """When the attempts began that ended in this family; another failure has a ladder of its own."""
    found = ((attempt, governing_family(attempt, pack)) for attempt in state.attempts)
    return tuple(
        a.started_at for a, governing in found if governing and governing.slug == family.slug
    )


def _window_opens(policy: RetryPolicy, starts: tuple[datetime, ...], *, now: datetime) -> datetime:
    opened = now - timedelta(hours=policy.window_hours)
    inside = sorted(start for start in starts if start > opened)
    freeing = inside[len(inside) - policy.maximum_attempts]
    return (freeing + timedelta(hours=policy.window_hours)).astimezone(UTC)


def _why(family: ErrorFamily, policy: RetryPolicy, *, retry: int, minutes: int, limit: bool) -> str:
    if limit:
        return (
            f"{policy.maximum_attempts} attempts within {policy.window_hours} hours are used up "
            f"for: {family.title}. Ask for help meanwhile."
        )
    return f"Wait {retry} for: {family.title}. At least {minutes} minutes."


def blockers(state: RunState, pack: Pack, *, now: datetime) -> tuple[Blocker, ...]:
    """Everything between now and the next attempt, in the order to deal with it; empty means go."""
    found: list[Blocker] = []
    if state.repair_needed:
        found.append(Blocker(sentence="Record what was repaired; waiting does not cure this."))
    wait = state.retry
    if wait and not wait.overridden and now < wait.due:
        found.append(Blocker(sentence=wait.reason, due=wait.due, liftable=True))
    if state.attempts or state.adopted:
        found += _unanswered(state, pack, now=now)
        found += _unread(state, pack, now=now)
    return tuple(found)


def checks_before_retry(state: RunState, pack: Pack) -> tuple[Check, ...]:
    """The list to answer before the next try; applying an upgrade imports no file."""
    applying = state.stage is RunStage.UPGRADE_PENDING
    return tuple(c for c in pack.readiness.before_retry if not (applying and c.import_only))


def still_holds(at: datetime, pack: Pack, *, now: datetime) -> bool:
    """Whether something looked at then still counts before a retry."""
    return now - at <= timedelta(minutes=pack.readiness.answers_hold_minutes)


def _unanswered(state: RunState, pack: Pack, *, now: datetime) -> list[Blocker]:
    """The list before a retry, answered anew for each attempt; a failed blocking check is final."""
    step, number = import_step(pack), len(state.attempts) + 1
    found: list[Blocker] = []
    for check in checks_before_retry(state, pack):
        mark = state.checks.get(check_key(step, check.slug))
        if mark is None or mark.attempt != number:
            found.append(Blocker(sentence=f"Answer: {check.text}", check=check.slug))
        elif check.severity is Severity.BLOCK and mark.result not in PASSING:
            found.append(Blocker(sentence=f"Not met: {check.text}", check=check.slug))
        elif not still_holds(mark.at, pack, now=now):
            found.append(Blocker(sentence=f"Look once more: {check.text}", check=check.slug))
    return found


def _unread(state: RunState, pack: Pack, *, now: datetime) -> list[Blocker]:
    """What was installed an hour ago is no ground for a try now."""
    seen = state.last_reading
    if seen is None or still_holds(seen.at, pack, now=now):
        return []
    minutes = pack.readiness.answers_hold_minutes
    return [
        Blocker(
            sentence=f"Read the installed state again: the last reading is older than {minutes} "
            "minutes."
        )
    ]
