"""Decisions about the installed state: reading it, repairing, removing, overriding a wait."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runbook.domain import events as ev
from runbook.domain.decisions.steps import check_version, need_reason
from runbook.domain.decisions.times import check_happened
from runbook.domain.errors import TransitionRefused
from runbook.domain.escalation import due_rules
from runbook.domain.pack import Pack
from runbook.domain.progress import missing, standing_of
from runbook.domain.readiness import Base, ReadinessRow, Sighting, YesNo, row_for
from runbook.domain.retries import needs_repair, schedule
from runbook.domain.state import RunState, StateMark, evolve
from runbook.domain.transitions import check_allowed
from runbook.domain.versions import is_same
from runbook.domain.vocabulary import Action, InstalledState, RetryRule, StepKind

_TRYABLE = frozenset(
    {InstalledState.ROLLED_BACK, InstalledState.PENDING, InstalledState.ALREADY_EXISTS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a person saw in the environment. Versions are empty when the solution is not listed.

    `base_known` is false when nobody could say whether the base solution is listed.
    """

    base_version: str = ""
    base_known: bool = True
    holding_version: str = ""
    holding_listed: YesNo
    running: YesNo
    mixed: YesNo = YesNo.NO
    already_exists: bool = False
    last_result: str = ""
    operation_minutes: int = 0


def sight(state: RunState, look: Look) -> Sighting:
    """Compares what was seen with the run's versions."""
    return Sighting(
        base=_base(state, look.base_version) if look.base_known else Base.UNKNOWN,
        holding=look.holding_listed,
        running=look.running,
        mixed=look.mixed,
        already_exists=look.already_exists,
        holding_is_target=_is_target(state, look.holding_version),
    )


def _is_target(state: RunState, version: str) -> bool:
    """Whether the holding solution is the one this run brought in; true while nothing is listed."""
    target = state.answers.get("target_version")
    return not version or not target or is_same(version, target)


def _base(state: RunState, version: str) -> Base:
    if not version:
        return Base.ABSENT
    source, target = state.answers.get("source_version"), state.answers.get("target_version")
    if target and is_same(version, target):
        return Base.NEW
    if source and is_same(version, source):
        return Base.OLD
    return Base.OTHER


def read_state(
    state: RunState, pack: Pack, *, step: str, look: Look, happened_at: datetime, now: datetime
) -> list[ev.Event]:
    """Names the installed state by the pack's table and plans what may come next (invariant 4)."""
    check_allowed(state.stage, Action.READ_STATE)
    ended = state.current_attempt.ended_at if state.current_attempt else None
    check_happened(happened_at, now=now, not_before=ended)
    for text in (look.base_version, look.holding_version):
        if text:
            check_version(text, step=step)
    row = row_for(pack.readiness, sight(state, look))
    after = _after(state, row, look, happened_at)
    repair = row.state in _TRYABLE and needs_repair(after, pack)
    read = _read(state, row, look, step=step, repair=repair)
    recorded: list[ev.Event] = [read]
    recorded += _planned(after, pack, row, repair=repair, now=now)
    rules = due_rules(after, pack, now=now)
    if rules:
        recorded.append(ev.EscalationDrafted(rules=rules))
    return recorded + _completed(state, pack, read, now=now)


def _after(state: RunState, row: ReadinessRow, look: Look, at: datetime) -> RunState:
    mark = StateMark(
        state=row.state,
        at=at,
        actor="",
        after_attempt=len(state.attempts),
        sighting=sight(state, look),
        operation_minutes=look.operation_minutes,
    )
    return replace(state, last_reading=mark)


def _read(
    state: RunState, row: ReadinessRow, look: Look, *, step: str, repair: bool
) -> ev.StateRead:
    return ev.StateRead(
        step=step,
        state=row.state,
        retry=row.retry,
        sighting=sight(state, look),
        base_version=look.base_version,
        holding_version=look.holding_version,
        last_result=look.last_result.strip(),
        operation_minutes=look.operation_minutes,
        repair_needed=repair,
    )


def _planned(
    state: RunState, pack: Pack, row: ReadinessRow, *, repair: bool, now: datetime
) -> list[ev.Event]:
    """A moment for the next attempt, or for the next look; nothing where a repair must come first."""
    if row.look_again_minutes:
        due = now + timedelta(minutes=row.look_again_minutes)
        number = len(state.attempts) + 1
        again = f"Look again in {row.look_again_minutes} minutes. {row.title}."
        return [ev.RetryScheduled(number=number, due=due, family="", reason=again)]
    tried = bool(state.attempts) or state.adopted
    if row.state in _TRYABLE and tried and not repair and row.retry is not RetryRule.NOT_NEEDED:
        return [schedule(state, pack, now=now)]
    return []


def _completed(state: RunState, pack: Pack, read: ev.StateRead, *, now: datetime) -> list[ev.Event]:
    """A step of kind `state` is done by a clear reading, unless it asks for more."""
    try:
        found = standing_of(state, pack, slug=read.step)
    except KeyError:
        raise TransitionRefused("This run has no such step.") from None
    if found.step.kind is not StepKind.STATE or not found.is_open:
        return []
    entry = ev.Recorded(seq=state.seq + 1, event=read, recorded_at=now, happened_at=now, actor="")
    gaps = missing(evolve(state, entry), found.step, now=now)
    return [] if gaps else [ev.StepCompleted(step=read.step)]


def record_repair(state: RunState, pack: Pack, *, text: str, now: datetime) -> list[ev.Event]:
    """Says what was put right; then the next attempt may be planned."""
    check_allowed(state.stage, Action.RECORD_REPAIR)
    text = need_reason(text, "Say what was repaired, so that the next reader can follow.")
    made: list[ev.Event] = [ev.RepairRecorded(text=text)]
    if state.retry and state.retry.overridden:
        return made  # the lead has opened the retry; a repair must not close it again
    repaired = replace(state, repaired_after=len(state.attempts))
    return [*made, schedule(repaired, pack, now=now)]


def record_removal(
    state: RunState,
    pack: Pack,
    *,
    solution: str,
    typed_name: str,
    version: str,
    backup_reference: str,
) -> list[ev.Event]:
    """The deletion interlock: only the holding solution, named exactly, with a backup (invariant 5).

    Choosing the base solution, or anything but the pending holding solution, is refused with the
    pack's data-loss explanation.
    """
    base = state.answers.get("solution", "")
    holding = f"{base}{pack.readiness.holding_suffix}"
    if not base or solution != holding:
        raise TransitionRefused(pack.readiness.removal_warning)
    check_allowed(state.stage, Action.RECORD_REMOVAL)
    seen = state.last_reading
    if seen is None or not seen.base_version or not seen.holding_version:
        raise TransitionRefused(pack.readiness.removal_warning)
    if typed_name != holding:
        raise TransitionRefused(f"Type the exact unique name of what is removed: {holding}.")
    if not _is_listed(version, seen.holding_version):
        raise TransitionRefused(
            f"The holding solution was listed with version {seen.holding_version}. "
            "Look again, and enter the version that you see."
        )
    backup = need_reason(backup_reference, "Name the backup that you could go back to.")
    return [ev.RemovalRecorded(solution=holding, version=version, backup_reference=backup)]


def _is_listed(version: str, listed: str) -> bool:
    try:
        return is_same(version, listed)
    except ValueError:
        return False


def override_retry(state: RunState, *, reason: str, now: datetime) -> list[ev.Event]:
    """Opens the retry before its time; checks that are not met stay in force."""
    check_allowed(state.stage, Action.OVERRIDE_RETRY)
    if state.retry is None or state.retry.overridden or now >= state.retry.due:
        raise TransitionRefused("No wait is running, so there is nothing to override.")
    reason = need_reason(reason, "Say why the wait is cut short.")
    return [ev.RetryOverridden(number=len(state.attempts) + 1, reason=reason)]
