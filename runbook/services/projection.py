"""Tables computed from events: written in the same transaction, rebuilt to prove them right."""

from dataclasses import dataclass, replace
from datetime import datetime

from runbook import queries
from runbook.domain.errors import StaleView
from runbook.domain.reminders import next_due
from runbook.domain.snapshot import dump_state, load_state
from runbook.domain.state import Attempt as DomainAttempt
from runbook.domain.state import RunState, replay
from runbook.models import Attempt, Member, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a run that are computed from its state."""

    title: str
    stage: str
    retry_due_at: datetime | None
    next_due_at: datetime | None
    state: str


def columns(state: RunState) -> Columns:
    """What the run's row must hold for a state."""
    wait = state.retry
    return Columns(
        title=state.title,
        stage=state.stage.value,
        retry_due_at=wait.due if wait and not wait.overridden else None,
        next_due_at=next_due(state),
        state=dump_state(state),
    )


def save(run: Run, state: RunState, *, before: int) -> None:
    """Moves the run's row from version `before` to its new head, if nobody else did meanwhile."""
    new = columns(state)
    moved = Run.objects.filter(pk=run.pk, version=before).update(
        version=run.version,
        head=run.head,
        last_at=run.last_at,
        title=new.title,
        stage=new.stage,
        retry_due_at=new.retry_due_at,
        next_due_at=new.next_due_at,
        state=new.state,
    )
    if moved != 1:
        raise StaleView(
            "Somebody recorded something on this run at the same moment.",
            expected=before,
            current=run.version,
        )
    old = load_state(run.state)
    run.title, run.stage, run.state = new.title, new.stage, new.state
    _save_members(run, old, state)
    _save_attempts(run, old, state)


def _save_members(run: Run, old: RunState, new: RunState) -> None:
    gone = set(old.members) - set(new.members)
    if gone:
        Member.objects.filter(run=run, actor_id__in=gone).delete()
    for actor, role in new.members.items():
        if old.members.get(actor) != role:
            Member.objects.update_or_create(run=run, actor_id=actor, defaults={"role": role.value})


def _save_attempts(run: Run, old: RunState, new: RunState) -> None:
    for index, attempt in enumerate(new.attempts):
        if index < len(old.attempts) and old.attempts[index] == attempt:
            continue
        Attempt.objects.update_or_create(
            run=run,
            number=attempt.number,
            defaults=_attempt_columns(attempt),
        )


_ATTEMPT_COLUMNS = (
    "outcome",
    "option",
    "family",
    "fingerprint",
    "repairs",
    "started_at",
    "ended_at",
)


def _attempt_columns(attempt: DomainAttempt) -> dict[str, object]:
    """What an attempt's row must hold."""
    values = (
        attempt.outcome.value if attempt.outcome else "",
        attempt.option.value,
        attempt.family,
        attempt.fingerprint,
        attempt.repairs,
        attempt.started_at,
        attempt.ended_at,
    )
    return dict(zip(_ATTEMPT_COLUMNS, values, strict=True))


def differences(run: Run) -> list[str]:
    """What in the tables does not equal the replay of the run's events; empty when all does."""
    state = replay(queries.recorded_events(run))
    wanted = columns_of(run, state)
    found = [
        f"run.{name}"
        for name in ("title", "stage", "retry_due_at", "next_due_at", "state")
        if getattr(run, name) != getattr(wanted, name)
    ]
    if run.version != state.seq:
        found.append("run.version")
    members = {row.actor_id: row.role for row in run.members.all()}
    listed = _listed(run, state)
    if members != {actor: role.value for actor, role in listed.members.items()}:
        found.append("members")
    rows = list(run.attempts.order_by("number").values("number", *_ATTEMPT_COLUMNS))
    if rows != [{"number": a.number, **_attempt_columns(a)} for a in listed.attempts]:
        found.append("attempts")
    return found


def columns_of(run: Run, state: RunState) -> Columns:
    """As `columns`; a copy of a record kept elsewhere is never due."""
    found = columns(state)
    if run.imported_by is None:
        return found
    return replace(found, retry_due_at=None, next_due_at=None)


def _listed(run: Run, state: RunState) -> RunState:
    """What stands in the tables of members and attempts; nothing of a copy, which counts nowhere."""
    return state if run.imported_by is None else RunState()


def rebuild(run: Run) -> None:
    """Writes the tables anew from the events; for a run whose `differences` are not empty."""
    state = replay(queries.recorded_events(run))
    new = columns_of(run, state)
    Run.objects.filter(pk=run.pk).update(
        title=new.title,
        stage=new.stage,
        retry_due_at=new.retry_due_at,
        next_due_at=new.next_due_at,
        state=new.state,
    )
    run.members.all().delete()
    run.attempts.all().delete()
    _save_members(run, RunState(), _listed(run, state))
    _save_attempts(run, RunState(), _listed(run, state))
