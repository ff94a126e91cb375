"""The installation's own chain: runs begun, ended and outlived, keys, backups, daily roots.

Source: `integrity-and-security.md` 4a.6. It has the form of a timeline. Its contents hold no words
of people, so they need no salt and are never erased.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runbook.domain import chain, heads
from runbook.domain.errors import BrokenChain

VERSION = 1


class EntryType(StrEnum):
    """What the journal tells; extend the list, never rename."""

    RUN_CREATED = "run.created"
    RUN_CLOSED = "run.closed"
    EVIDENCE_ERASED = "evidence.erased"
    KEY_ADDED = "key.added"
    KEY_ROTATED = "key.rotated"
    BACKUP_RESTORED = "backup.restored"
    DAILY_ROOT = "daily.root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stored entry: the text that was hashed, its hash, and what it says."""

    seq: int
    type: str
    header: str
    digest: str
    body: str


def genesis(*, instance: str, created: datetime) -> str:
    """What the first entry links to."""
    said = {"v": VERSION, "instance": instance, "created": chain.format_time(created)}
    return chain.tagged_hash("uwlog.journal.genesis.v1", chain.canonical(said).encode())


def entry(
    *,
    instance: str,
    seq: int,
    prev: str,
    kind: str,
    at: datetime,
    at_flag: str | None,
    body: str,
) -> Entry:
    """The next entry of the chain."""
    header = chain.canonical(
        {
            "v": VERSION,
            "instance": instance,
            "seq": seq,
            "prev": prev,
            "type": kind,
            "at": chain.format_time(at),
            "at_flag": at_flag,
            "body_digest": chain.tagged_hash("uwlog.journal.body.v1", body.encode()),
        }
    )
    return Entry(seq=seq, type=kind, header=header, digest=_hash(header), body=body)


def verify(entries: Iterable[Entry], *, instance: str, start: str) -> tuple[int, str]:
    """Count and head of an unbroken journal; BrokenChain names the first entry that does not fit."""
    previous, count = start, 0
    for each in entries:
        count += 1
        if each.seq != count or _hash(each.header) != each.digest:
            raise BrokenChain(f"Entry {count} of the journal was changed or is missing.", seq=count)
        digest = chain.tagged_hash("uwlog.journal.body.v1", each.body.encode())
        same = chain.canonical(
            {
                **_times(each.header),
                "v": VERSION,
                "instance": instance,
                "seq": count,
                "prev": previous,
                "type": each.type,
                "body_digest": digest,
            }
        )
        if same != each.header:
            raise BrokenChain(f"Entry {count} of the journal does not fit its place.", seq=count)
        previous = each.digest
    return count, previous


def _times(header: str) -> dict[str, object]:
    try:
        found = heads.read(header)
    except ValueError:
        return {}
    return {name: found.get(name) for name in ("at", "at_flag")}


def _hash(header: str) -> str:
    return chain.tagged_hash("uwlog.journal.v1", header.encode())
