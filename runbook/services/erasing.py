"""Erasing what somebody handed in: the content goes, that it was there and why it went stays (4a.8).

In one transaction the events say so, the payloads with its caption, name or quotes are emptied, and
the text or the row of the file lets go. Then its bytes leave the disk, and the database's log with
them. PostgreSQL frees the space at its next vacuum; backups hold it until they expire.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.decisions.erasing import HandedIn, erase_all
from runbook.domain.decisions.erasing import erase_evidence as decide_erasure
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Pack
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action
from runbook.models import Evidence, PseudonymMap, Run, StoredFile
from runbook.queries import TimelineEntry
from runbook.services import files, redaction, timeline
from runbook.services.files import Shown
from runbook.services.timeline import Act, Written

#: The events that hand something in.
HANDED_IN = ("evidence.added", "error.captured")
_TYPES = (*HANDED_IN, "evidence.erased")
_MOST = 10_000
NOT_THERE = "This entry hands in nothing that could be erased, or it was erased before."


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing that was handed in, as the run's page of evidence lists it.

    `entry` is the event that handed it in, `erased` the one that erased it, if any.
    """

    entry: TimelineEntry
    erased: TimelineEntry | None
    size: int
    step: str = ""
    slot: str = ""
    digest: str = ""
    caption: str = ""
    attempt: int = 0
    file: Shown | None = None


def erase_evidence(*, run_id: uuid.UUID, act: Act, seq: int, reason: str) -> Written:
    """Erases what the event with this seq handed in, at any stage of the run."""
    freed: list[str] = []

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        freed.clear()
        handed_in = _handed_in(run, seq)
        made = decide_erasure(state, handed_in=handed_in, reason=reason)
        freed.extend(_let_go(run, handed_in.event))
        return list(made)

    written = timeline.record(run_id, Action.ERASE_EVIDENCE, act=act, decide=decide)
    redaction.forget(run_id)  # the map may hold words of what was erased
    let_bytes_go(freed)
    return written


def erase_everything(run: Run, state: RunState, *, reason: str) -> tuple[list[ev.Event], list[str]]:
    """Erases all that is left of what was handed in, inside the transaction that holds the run.

    Gives the events to record, none if nothing is left, and the names of objects for
    `let_bytes_go` once all of it is committed.
    """
    entries = queries.timeline_page(run, types=HANDED_IN, size=run.version)
    left = [_handed_in(run, entry.seq) for entry in reversed(entries) if entry.event is not None]
    freed = [name for each in left for name in _let_go(run, each.event)]
    PseudonymMap.objects.filter(run=run).delete()  # it may hold words of what was erased
    return erase_all(state, handed_in=left, reason=reason), freed


def let_bytes_go(freed: Iterable[str]) -> None:
    """After the commit: the bytes leave the disk, and what the database's log still holds of them.

    A crash before this leaves bytes that no row names, which `files.tidy` takes away a day later.
    """
    files.drop_unnamed(freed)
    _forget()


def _handed_in(run: Run, seq: int) -> HandedIn:
    entry = queries.entry_at(run, seq)
    if entry is None or not isinstance(entry.event, ev.EvidenceAdded | ev.ErrorCaptured):
        raise TransitionRefused(NOT_THERE)
    quoting: list[int] = []
    if isinstance(entry.event, ev.ErrorCaptured):
        made = queries.timeline_page(run, types=("diagnosis.made",), size=_MOST)
        number = entry.event.number
        quoting = [
            each.seq
            for each in reversed(made)
            if isinstance(each.event, ev.DiagnosisMade) and each.event.number == number
        ]
    return HandedIn(seq=seq, event=entry.event, quoted_by=tuple(quoting))


def _let_go(run: Run, event: ev.EvidenceAdded | ev.ErrorCaptured) -> list[str]:
    """Empties the rows that hold the content; gives the names of the objects that it leaves."""
    if isinstance(event, ev.EvidenceAdded) and event.file:
        rows = StoredFile.objects.filter(run=run, handle=uuid.UUID(event.file))
        stored = [sha256 for sha256 in rows.values_list("sha256_stored", flat=True) if sha256]
        rows.update(
            state=StoredFile.State.ERASED,
            name="",
            caption="",
            facts="",
            sha256_received="",
            sha256_stored="",
        )
        return stored
    digests = {event.digest, getattr(event, "rows_digest", "")} - {""}
    Evidence.objects.filter(run=run, digest__in=digests).update(text=None, salt=None)
    return []


def _forget() -> None:
    """Cuts SQLite's log, in which the old pages would stay readable; PostgreSQL has none to cut."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pieces_of(run: Run) -> list[Piece]:
    """All that was handed in on a run, newest first, the erased things with who erased them and why."""
    entries = queries.timeline_page(run, types=_TYPES, size=_MOST)
    rows = {row.handle.hex: row for row in files.of_run(run)}
    gone = {
        entry.event.added: entry for entry in entries if isinstance(entry.event, ev.EvidenceErased)
    }
    return [
        piece
        for piece in (_piece(entry, gone.get(entry.seq), rows) for entry in entries)
        if piece is not None
    ]


def _piece(
    entry: TimelineEntry, erased: TimelineEntry | None, rows: dict[str, StoredFile]
) -> Piece | None:
    match erased.event if erased else entry.event:
        case ev.EvidenceErased(step=step, slot=slot, attempt=number, file=file) if erased:
            size = rows[file].size_received if file in rows else 0
            return Piece(
                entry=entry, erased=erased, size=size, step=step, slot=slot, attempt=number
            )
        case ev.EvidenceAdded() as added:
            return Piece(
                entry=entry,
                erased=None,
                size=added.size,
                step=added.step,
                slot=added.slot,
                digest=added.digest,
                caption=added.caption,
                file=files.shown(rows[added.file]) if added.file in rows else None,
            )
        case ev.ErrorCaptured(number=number, size=size, digest=digest):
            return Piece(entry=entry, erased=None, size=size, digest=digest, attempt=number)
        case _:
            return None
