"""Writes and checks the installation's journal; one entry at a time, under the installation's lock.

The lock comes after a run's lock wherever both are taken, so two writers never wait for each other.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runbook import queries
from runbook.domain import chain
from runbook.domain import journal as domain
from runbook.domain.errors import BrokenChain, DomainError
from runbook.domain.journal import EntryType
from runbook.models import Installation, JournalEntry, Run

NOBODY = "There is no run yet, so there is no journal."


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the next entry will stand: its number and time, and the hash of the one before it."""

    instance: str
    seq: int
    at: datetime
    prev: str


Body = Callable[[Place], dict[str, Any]]


def locked() -> Installation:
    """The installation's row, locked until the transaction ends; DomainError before the first run."""
    installation = Installation.objects.select_for_update().order_by("pk").first()
    if installation is None:
        raise DomainError(NOBODY)
    return installation


def append(kind: EntryType, body: Body, *, now: datetime) -> JournalEntry:
    """Adds an entry; must run inside a transaction."""
    installation = locked()
    last = JournalEntry.objects.order_by("-seq").first()
    at, flag = chain.next_time(now.astimezone(UTC), last.at if last else None)
    place = Place(
        instance=str(installation.instance),
        seq=last.seq + 1 if last else 1,
        at=at,
        prev=last.digest if last else _genesis(installation),
    )
    made = domain.entry(
        instance=place.instance,
        seq=place.seq,
        prev=place.prev,
        kind=kind.value,
        at=at,
        at_flag=flag,
        body=chain.canonical(body(place)),
    )
    return JournalEntry.objects.create(
        seq=made.seq, header=made.header, digest=made.digest, type=made.type, body=made.body, at=at
    )


def run_created(run: Run, *, now: datetime) -> None:
    """A run that was begun; whoever takes it away leaves this behind."""
    append(
        EntryType.RUN_CREATED, lambda place: {"run": str(run.pk), "genesis": run.genesis}, now=now
    )


def run_closed(run: Run, *, now: datetime) -> None:
    """A run that came to its end, with the head that it had."""
    said = {"run": str(run.pk), "size": run.version, "head": run.head, "stage": run.stage}
    append(EntryType.RUN_CLOSED, lambda place: said, now=now)


def evidence_erased(run: Run, *, pieces: int, reason: str, now: datetime) -> None:
    """What was handed in on a run went because its time was over; the head stands after that."""
    said = {"run": str(run.pk), "size": run.version, "head": run.head}
    append(
        EntryType.EVIDENCE_ERASED,
        lambda place: {**said, "pieces": pieces, "reason": reason},
        now=now,
    )


def backup_restored(*, note: str, now: datetime) -> JournalEntry:
    """Somebody put an earlier copy of the database back, and says so."""
    own = Run.objects.filter(imported_by=None).order_by("pk")
    heads = list(own.values_list("pk", "version", "head"))
    said = {"note": note, "runs": [[str(pk), size, head] for pk, size, head in heads]}
    return append(EntryType.BACKUP_RESTORED, lambda place: said, now=now)


def entries(*kinds: EntryType) -> Iterator[domain.Entry]:
    """The stored entries in order, of some kinds only if any are named."""
    rows = JournalEntry.objects.order_by("seq")
    if kinds:
        rows = rows.filter(type__in=[kind.value for kind in kinds])
    for seq, kind, header, digest, body in rows.values_list(
        "seq", "type", "header", "digest", "body"
    ):
        yield domain.Entry(seq=seq, type=kind, header=header, digest=digest, body=body)


def verify() -> tuple[int, str]:
    """Count and head of the journal; BrokenChain names the first entry that fails."""
    installation = queries.instance()
    if installation is None:
        return 0, ""
    return domain.verify(
        entries(), instance=str(installation.instance), start=_genesis(installation)
    )


def problems() -> list[str]:
    """What the journal shows: a broken chain, and runs that it knows and the database does not."""
    try:
        verify()
    except BrokenChain as fault:
        return [fault.sentence]
    gone = _runs(EntryType.RUN_CREATED) - _present()
    return [f"The journal knows the run {run}, the database does not." for run in sorted(gone)]


def unlisted() -> list[Run]:
    """Runs that the journal does not know, such as those from before there was one."""
    known = _runs(EntryType.RUN_CREATED)
    own = Run.objects.filter(imported_by=None).order_by("created", "pk")
    return [run for run in own if str(run.pk) not in known]


def _runs(kind: EntryType) -> set[str]:
    return {json.loads(entry.body)["run"] for entry in entries(kind)}


def _present() -> set[str]:
    return {str(pk) for pk in Run.objects.values_list("pk", flat=True)}


def _genesis(installation: Installation) -> str:
    return domain.genesis(instance=str(installation.instance), created=installation.created)
