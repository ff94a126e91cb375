"""Load and append: the only writer of events. Every use case passes through `record`.

Algorithm and reasons: `integrity-and-security.md` 4b.2. One transaction writes events, payloads,
projection and the submission; SQLite takes its write lock at the start (IMMEDIATE), PostgreSQL locks
the run's row, and a compare-and-swap on the version holds on both.
"""

import json
import random
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction

from runbook import queries
from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.access import check_may
from runbook.domain.decisions.claims import check_free, step_of
from runbook.domain.errors import ForbiddenAction, StaleView, SubmissionMismatch
from runbook.domain.notices import Notice, notice_of
from runbook.domain.pack import Pack
from runbook.domain.redaction import mask
from runbook.domain.snapshot import load_state
from runbook.domain.state import RunState, evolve
from runbook.domain.vocabulary import Action
from runbook.models import Run, Submission, guards
from runbook.models.timeline import Erasure, Event, Payload
from runbook.services import announcing, heads, outbox, projection

#: Events that leave every step, attempt and right as it was.
TALK = frozenset(
    {
        ev.NoteAdded.type,
        ev.ExportMade.type,
        ev.LinkCreated.type,
        ev.LinkOpened.type,
        ev.LinkRevoked.type,
        ev.QuestionAsked.type,
        ev.QuestionAnswered.type,
        ev.ReminderRaised.type,
        ev.UpdatePromised.type,
    }
)
#: PostgreSQL says these when two people collide; the same transaction may be tried again.
_TRY_AGAIN = frozenset({"40001", "40P01", "55P03"})
_TRIES = 4
_SHORTEST_SECRET = 8


class Busy(Exception):
    """The database stayed locked through every try; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who acts, when, and on what they saw.

    `expected` is the version of the run that the person's page showed, None for acts that cannot
    conflict, such as a note. `key` is made with the form, so that a double click counts once;
    `content` is the form's cleaned data, so that the same key with another content is noticed.
    """

    actor: str
    now: datetime
    happened_at: datetime | None = None
    expected: int | None = None
    key: uuid.UUID | None = None
    content: dict[str, Any] = field(default_factory=dict)
    actor_kind: str = "user"

    @property
    def when(self) -> datetime:
        """When it happened: what the person says, else now."""
        return self.happened_at or self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a use case did: the version after it, and whether it had been done before."""

    version: int
    replayed: bool = False
    state: RunState | None = None


Result = TypeVar("Result")
Timed = ev.Event | tuple[ev.Event, datetime]
Decide = Callable[[Run, RunState, Pack], Sequence[Timed]]
#: Raises unless the actor may do this on the run as it stands now.
Right = Callable[[Run, RunState], None]


def record(
    run_id: uuid.UUID, action: Action, *, act: Act, decide: Decide, step: str = ""
) -> Written:
    """Carries out one decision, or nothing at all. `step` is the one that is worked on, if any.

    Raises RunNotFound, ForbiddenAction, StaleView, SubmissionMismatch, TransitionRefused from the
    decision or because somebody else holds the step, and Busy when the database stayed locked.
    """

    def as_member(run: Run, state: RunState) -> None:
        check_may(queries.role_of(state, act.actor), action)

    def unless_held(run: Run, state: RunState, pack: Pack) -> Sequence[Timed]:
        held = step_of(action, step, pack=pack)
        if held:
            check_free(state, step=held, actor=act.actor)
        return decide(run, state, pack)

    return record_by(run_id, action, act=act, right=as_member, decide=unless_held)


def record_by(
    run_id: uuid.UUID, action: Action, *, act: Act, right: Right, decide: Decide
) -> Written:
    """As `record`, for an actor whose right is not a role: a link's reader, the system, an owner.

    `right` is asked inside the transaction that holds the run's lock, so that a right taken away
    meanwhile counts.
    """
    return patiently(lambda: within(run_id, action, act=act, right=right, decide=decide))


def patiently(do: Callable[[], Result]) -> Result:
    """Does it in one transaction, again while others hold the database; Busy after four tries."""
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction.atomic(durable=True):
                return do()
        except OperationalError as problem:
            if not _may_try_again(problem):
                raise
            if attempt < _TRIES:
                time.sleep(random.uniform(0.02, 0.1) * attempt)  # noqa: S311 - spreads the tries
    raise Busy


def _may_try_again(problem: OperationalError) -> bool:
    state = getattr(problem.__cause__, "sqlstate", None)
    return state in _TRY_AGAIN or "database is locked" in str(problem)


def within(run_id: uuid.UUID, action: Action, *, act: Act, right: Right, decide: Decide) -> Written:
    """As `record_by`, inside the caller's transaction: for what changes several runs at once.

    Whoever touches several runs takes them in the order of their ids, so that two never block each
    other.
    """
    run = locked(run_id)
    if run.imported_by is not None:
        queries.check_reads_copy(run, act.actor)
        raise ForbiddenAction(queries.A_COPY)
    state = load_state(run.state)
    right(run, state)
    done = earlier(run, act, action=action)
    if done:
        return Written(version=done.version, replayed=True, state=state)
    if act.expected is not None and not _still_true(run, act.expected):
        raise StaleView(
            "Somebody recorded something on this run since you opened the page.",
            expected=act.expected,
            current=run.version,
        )
    made = [_timed(entry, act) for entry in decide(run, state, queries.pack_of(run))]
    if made:
        state = append(run, state, made=made, act=act)
    remember(run, act, action=action)
    return Written(version=run.version, state=state)


def _still_true(run: Run, expected: int) -> bool:
    """Whether what the person saw still holds: nothing but talk was recorded since.

    A reader who opens a link, a note or a reminder must not cost somebody their half-typed step.
    """
    if expected == run.version:
        return True
    return expected < run.version and queries.types_since(run, expected) <= TALK


def locked(run_id: uuid.UUID) -> Run:
    """The run's row, locked until the transaction ends; RunNotFound if there is none."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '10s'")
    # SQLite ignores the row lock; there, BEGIN IMMEDIATE has taken the whole database already.
    run = Run.objects.select_for_update(no_key=True).filter(pk=run_id).first()
    if run is None:
        raise queries.RunNotFound
    return run


def _timed(entry: Timed, act: Act) -> tuple[ev.Event, datetime]:
    return entry if isinstance(entry, tuple) else (entry, act.when)


def _fingerprint(act: Act, action: Action) -> str:
    content = {"action": action.value, "content": act.content}
    return chain.tagged_hash("uwlog.submission.v1", chain.canonical(content).encode())


def earlier(run: Run, act: Act, *, action: Action) -> Submission | None:
    """What the same form did before, if it was sent; SubmissionMismatch if it said other things."""
    if act.key is None:
        return None
    done = Submission.objects.filter(run=run, actor_id=act.actor, key=act.key).first()
    if done and done.fingerprint != _fingerprint(act, action):
        raise SubmissionMismatch(
            "This form was sent before with other content. Reload the page and enter it again."
        )
    return done


def remember(run: Run, act: Act, *, action: Action) -> None:
    """Keeps that the form was carried out, in the transaction that did it."""
    if act.key is None:
        return
    Submission.objects.create(
        run=run,
        actor_id=act.actor,
        key=act.key,
        fingerprint=_fingerprint(act, action),
        version=run.version,
        created=act.now,
    )


def append(
    run: Run, state: RunState, *, made: Sequence[tuple[ev.Event, datetime]], act: Act
) -> RunState:
    """Writes the events behind the run's head, moves the head, and brings the projection along.

    Must run inside the transaction that holds the run's lock. Returns the new state.
    """
    if run.imported_by is not None:
        raise ForbiddenAction(queries.A_COPY)
    before = run.version
    rows: list[Event] = []
    bodies: list[tuple[bytes, str]] = []
    told: list[tuple[int, Notice]] = []
    for wanted, said_at in made:
        # In UTC, as the database returns it: what is hashed now must equal what is read later.
        event, happened_at = _without_secrets(wanted), said_at.astimezone(UTC)
        row, salt, body = _link(run, event, happened_at, act, final=before + len(made))
        rows.append(row)
        bodies.append((salt, body))
        entry = ev.Recorded(
            seq=row.seq,
            event=event,
            recorded_at=row.at,
            happened_at=happened_at,
            actor=act.actor,
        )
        state = evolve(state, entry)
        notice = notice_of(event, state, pack=queries.pack_of(run), actor=act.actor)
        if notice is not None:
            told.append((row.seq, notice))
    stored = Event.objects.bulk_create(rows)
    Payload.objects.bulk_create(
        [
            Payload(event_id=row.pk, salt=salt, body=body)
            for row, (salt, body) in zip(stored, bodies, strict=True)
        ]
    )
    _empty(run, stored, made=made)
    projection.save(run, state, before=before)
    heads.after_append(run, kinds=[event.type for event, _ in made], before=before, now=act.now)
    if told and act.actor_kind != "import":  # an example tells nobody
        outbox.put(run, told, now=act.now)
    announcing.announce(run)
    return state


def _empty(run: Run, stored: Sequence[Event], *, made: Sequence[tuple[ev.Event, datetime]]) -> None:
    """Takes out what the erased events said, salt included; the erasure stands on record (4a.8)."""
    for row, (event, _) in zip(stored, made, strict=True):
        if not isinstance(event, ev.PayloadErased):
            continue
        emptied = Event.objects.filter(run=run, seq=event.seq, seq__lt=row.seq).get()
        Erasure.objects.create(event=emptied, by_event=row)
        guards.erase_payload(connection, emptied.pk)


def _link(
    run: Run, event: ev.Event, happened_at: datetime, act: Act, *, final: int
) -> tuple[Event, bytes, str]:
    """One event row behind the run's head; moves the head of the object, not of the row yet."""
    at, flag = chain.next_time(act.now.astimezone(UTC), run.last_at)
    salt, body = secrets.token_bytes(chain.SALT_BYTES), payload_body(event, happened_at)
    header = chain.header_text(
        chain.Header(
            run=str(run.pk),
            seq=run.version + 1,
            prev=run.head,
            type=event.type,
            at=at,
            at_flag=flag,
            actor=act.actor,
            actor_kind=act.actor_kind,
            run_version=final,
            payload_commit=chain.commitment(salt, body),
        )
    )
    run.version, run.head, run.last_at = run.version + 1, chain.event_hash(header), at
    row = Event(
        run=run,
        seq=run.version,
        header=header,
        digest=run.head,
        type=event.type,
        actor=act.actor,
        actor_kind=act.actor_kind,
        at=at,
        happened_at=happened_at,
    )
    return row, salt, body


def copy_events(run: Run, links: Sequence[chain.Link], *, erased: Mapping[int, int]) -> None:
    """Writes the events of a copy word for word, in the transaction that made its row.

    `erased` names for each emptied event the one that emptied it. The caller has verified the chain.
    """
    if run.imported_by is None or run.version != len(links):
        raise ValueError("Only a copy takes events that were recorded elsewhere, all at once.")
    stored = Event.objects.bulk_create([_copied(run, link) for link in links], batch_size=500)
    Payload.objects.bulk_create(
        [
            Payload(event_id=row.pk, salt=link.salt, body=link.body)
            for row, link in zip(stored, links, strict=True)
        ],
        batch_size=500,
    )
    Erasure.objects.bulk_create(
        Erasure(event=stored[seq - 1], by_event=stored[by - 1]) for seq, by in erased.items()
    )


def _copied(run: Run, link: chain.Link) -> Event:
    """The row of an event; one whose content was erased happened, as far as is known, as recorded."""
    header = json.loads(link.header)
    said = header["at"] if link.body is None else json.loads(link.body)["happened_at"]
    return Event(
        run=run,
        seq=link.seq,
        header=link.header,
        digest=link.digest,
        type=header["type"],
        actor=header["actor"],
        actor_kind=header["actor_kind"],
        at=datetime.fromisoformat(header["at"]),
        happened_at=datetime.fromisoformat(said),
    )


def _without_secrets(event: ev.Event) -> ev.Event:
    """The event with secrets cut from every text in it: nothing is stored or hashed before this."""
    data = ev.to_payload(event)
    masked = _masked(data)
    return event if masked == data else ev.from_payload(event.type, masked)


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value).text if len(value) >= _SHORTEST_SECRET else value
    if isinstance(value, dict):
        return {name: _masked(part) for name, part in value.items()}
    return [_masked(part) for part in value] if isinstance(value, list) else value


def payload_body(event: ev.Event, happened_at: datetime) -> str:
    """The canonical payload: schema number, the time the person gave, and the event's data."""
    return chain.canonical(
        {
            "schema": ev.PAYLOAD_SCHEMA,
            "happened_at": chain.format_time(happened_at),
            "data": ev.to_payload(event),
        }
    )
