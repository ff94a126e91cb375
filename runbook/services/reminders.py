"""One tick of the worker: raises what is due, sends what waits, sweeps what is old.

Any number of workers may tick at once. What one of them starts is guarded by the database: a
reminder by the run's lock and its key, a delivery by its claim. While nothing is due a tick is one
statement that reads two indexes, and writes nothing.
"""

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Value

from runbook.domain.quiet_hours import after_quiet
from runbook.models import Channel, Delivery, Run
from runbook.services import anchors, letters, outbox, outgoing, talk
from runbook.services.outgoing.message import End, Message, Sent
from runbook.services.outgoing.message import failed as failed_try

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=30)
_SWEEP_EVERY = timedelta(hours=6)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_MOST_RUNS, _MOST_MESSAGES = 100, 200

Clock = Callable[[], datetime]


@dataclass(slots=True, kw_only=True)
class Memory:
    """What one worker remembers from tick to tick; a fresh worker needs none of it."""

    setbacks: dict[uuid.UUID, tuple[int, datetime]] = field(default_factory=dict)
    swept_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Done:
    """What a tick did."""

    raised: int = 0
    sent: int = 0
    dropped: int = 0
    failed: int = 0
    swept: int = 0


def tick(
    now: datetime,
    *,
    clock: Clock | None = None,
    memory: Memory | None = None,
    is_over: Callable[[], bool] = lambda: False,
) -> Done:
    """Does all that is due at `now`. Sending takes time, so a worker gives its clock as well.

    `is_over` is asked between two messages, so that a worker can stop in the middle of many.
    """
    clock, memory, done = clock or (lambda: now), memory or Memory(), Done()
    if memory.swept_at is None or now - memory.swept_at >= _SWEEP_EVERY:
        memory.swept_at = now
        done.swept = outbox.sweep(before=now - KEPT_FOR)
    if not anything_due(now):
        return done
    _raise_all(now, memory=memory, done=done)
    _send_all(clock, done=done, is_over=is_over)
    return done


def anything_due(now: datetime) -> bool:
    """Whether a reminder or a delivery waits for somebody; one statement."""
    runs = Run.objects.filter(next_due_at__lte=now).values_list(Value(1))
    rows = Delivery.objects.filter(outbox.claimable(now)).values_list(Value(1))
    return bool(runs.union(rows, all=True)[:1])


def _raise_all(now: datetime, *, memory: Memory, done: Done) -> None:
    """Each run on its own: one that cannot be reminded must not keep the others from it."""
    due = Run.objects.filter(next_due_at__lte=now).order_by("next_due_at")
    resting = [run_id for run_id, (_, until) in memory.setbacks.items() if until > now]
    found = list(due.exclude(pk__in=resting).values_list("pk", "version")[:_MOST_RUNS])
    for run_id, version in found:
        try:
            written = talk.raise_due(run_id=run_id, now=now)
        except Exception:
            logger.exception("Reminders of run %s could not be raised.", run_id)
            _set_back(memory, run_id, now=now)
            continue
        if written.version == version:
            # Nobody else raised it either: the row says that something is due, the state does not.
            logger.error("Run %s is due but has nothing to remind of; rebuild it.", run_id)
            _set_back(memory, run_id, now=now)
        else:
            done.raised += 1
            memory.setbacks.pop(run_id, None)


def _set_back(memory: Memory, run_id: uuid.UUID, *, now: datetime) -> None:
    """Leaves a run alone for a while, longer each time."""
    times = memory.setbacks.get(run_id, (0, now))[0] + 1
    pause = min(_FIRST_PAUSE * 2 ** min(times - 1, 10), _LONGEST_PAUSE)
    memory.setbacks[run_id] = (times, now + pause)


def _send_all(clock: Clock, *, done: Done, is_over: Callable[[], bool]) -> None:
    """Message by message, each receiver's in their order, until nothing is due."""
    left = _MOST_MESSAGES
    while left > 0 and not is_over():
        heads = outbox.heads(now=clock(), most=left)
        for head in heads:
            if is_over():
                return
            rows = outbox.claim(head, now=clock())
            if rows:
                _deliver(rows, clock=clock, done=done)
        left -= len(heads)
        if not heads:
            return


def _deliver(rows: Sequence[Delivery], *, clock: Clock, done: Done) -> None:
    """One claim to its end, whatever it is."""
    user = rows[0].user
    awake = after_quiet(outbox.quiet_of(user), clock()) if user else clock()
    if outbox.exhausted(rows):
        done.failed += 1
        reason = "The worker stopped each time that it tried this."
        outbox.failed(rows, reason=reason, may_retry=False, now=clock())
    elif awake > clock():
        outbox.hold(rows, until=awake)
    else:
        lines = _lines(rows, done=done)
        if lines:
            _tell(rows, lines, clock=clock, done=done)


def _lines(rows: Sequence[Delivery], *, done: Done) -> dict[int, letters.Line]:
    """What is still to be told, by row; the rest is dropped with its reason."""
    found = {}
    for row in rows:
        reason = letters.reason_against(row)
        line = None if reason else letters.line_of(row)
        if line is None:
            outbox.drop([row], reason=reason or "The event was erased.")
            done.dropped += 1
        else:
            found[row.pk] = line
    return found


def _tell(
    rows: Sequence[Delivery], lines: Mapping[int, letters.Line], *, clock: Clock, done: Done
) -> None:
    """The way out of the house; no transaction is open here."""
    kept = [row for row in rows if row.pk in lines]
    end = _send(kept[0], letters.message_of(rows, list(lines.values())), now=clock())
    if end.end is End.SENT:
        done.sent += 1
        outbox.sent(kept, now=clock())
        _note_copies(kept, lines, at=clock())
    else:
        done.failed += 1
        outbox.failed(kept, reason=end.reason, may_retry=end.may_retry, now=clock())


def _note_copies(
    rows: Sequence[Delivery], lines: Mapping[int, letters.Line], *, at: datetime
) -> None:
    """Each mail is a copy of a head that its reader keeps (4a.6)."""
    for row in rows:
        if row.channel is None and row.user is not None:
            line, reader = lines[row.pk], row.user.actor_id
            anchors.note(
                row.run, how=anchors.MAIL, receiver=reader, at=at, size=line.seq, head=line.head
            )


def _send(row: Delivery, message: Message, *, now: datetime) -> Sent:
    """Outside of any transaction; what goes wrong in here is a try that failed, not a tick."""
    to: Channel | str = row.channel or (row.user.email if row.user else "")
    try:
        return outgoing.send(to, message, now=now)
    except Exception:
        logger.exception("Delivery %s failed in this product.", row.pk)
        return failed_try(
            "Something went wrong in this product; its log says more.", may_retry=True
        )
