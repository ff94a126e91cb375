"""The hash chain of a timeline: canonical header text, salted payload commitments, links.

Source: `integrity-and-security.md` 4a.2. The header text is stored as written and never rebuilt from
columns. Hashes are SHA-256 over an ASCII tag, a zero byte and the content, in lower-case hex.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785

from runbook.domain.errors import BrokenChain

HEADER_VERSION = 1
HEADER_KEYS = frozenset(
    {
        "v",
        "run",
        "seq",
        "prev",
        "type",
        "at",
        "at_flag",
        "actor",
        "actor_kind",
        "run_version",
        "payload_commit",
    }
)
CLOCK_BACK = "clock_back"
#: Longer than a request can wait for the lock of a run before it gives up.
LONGEST_WAIT = timedelta(seconds=30)
SALT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One stored event as the chain sees it. `salt` and `body` are None after an erasure."""

    seq: int
    header: str
    digest: str
    salt: bytes | None
    body: str | None
    erased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The hashed part of an event. `at` is server time; `at_flag` tells that the clock went back."""

    run: str
    seq: int
    prev: str
    type: str
    at: datetime
    at_flag: str | None
    actor: str
    actor_kind: str
    run_version: int
    payload_commit: str


def tagged_hash(tag: str, content: bytes) -> str:
    """SHA-256 of the tag, a zero byte and the content, as lower-case hex."""
    return hashlib.sha256(tag.encode("ascii") + b"\x00" + content).hexdigest()


def canonical(value: Mapping[str, Any]) -> str:
    """RFC 8785 canonical JSON; ValueError for values that it does not define."""
    return rfc8785.dumps(dict(value)).decode("utf-8")


def genesis(*, instance: str, run: str, created: datetime, plan_digest: str) -> str:
    """What the first event links to; it binds the chain to one installation, run and definition."""
    content = {
        "v": HEADER_VERSION,
        "instance": instance,
        "run": run,
        "created": format_time(created),
        "plan_digest": plan_digest,
    }
    return tagged_hash("uwlog.genesis.v1", canonical(content).encode())


def commitment(salt: bytes, body: str) -> str:
    """The salted hash of a canonical payload; without the salt a short text could be guessed."""
    return tagged_hash("uwlog.payload.v1", salt + body.encode())


def header_text(header: Header) -> str:
    """The canonical text that is stored and hashed."""
    return canonical(
        {
            "v": HEADER_VERSION,
            "run": header.run,
            "seq": header.seq,
            "prev": header.prev,
            "type": header.type,
            "at": format_time(header.at),
            "at_flag": header.at_flag,
            "actor": header.actor,
            "actor_kind": header.actor_kind,
            "run_version": header.run_version,
            "payload_commit": header.payload_commit,
        }
    )


def event_hash(text: str) -> str:
    """The hash of a header text; the next event links to it, and the newest one is the head."""
    return tagged_hash("uwlog.event.v1", text.encode())


def format_time(moment: datetime) -> str:
    """UTC with exactly six decimals, which Python's own form drops when they are zero."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def next_time(now: datetime, last: datetime | None) -> tuple[datetime, str | None]:
    """The server time for the next event: after the last one, flagged if the clock went back.

    Events written together, and a request that read the clock before it waited for the run's lock,
    only step on by a microsecond; a clock that went back is further off than any such wait.
    """
    if last is None or now > last:
        return now, None
    flag = CLOCK_BACK if last - now > LONGEST_WAIT else None
    return last + timedelta(microseconds=1), flag


def fingerprint(head: str) -> str:
    """The first 32 hex digits of a head as eight groups of four, for print and telephone."""
    return " ".join(head[start : start + 4].upper() for start in range(0, 32, 4))


def verify(links: Iterable[Link], *, start: str, run: str, after: int = 0) -> tuple[int, str]:
    """Count and head of an unbroken chain; BrokenChain names the first event that does not fit.

    For a part of a chain `after` is the seq before it, and `start` the hash of that event.
    """
    previous, count = start, after
    for link in links:
        count += 1
        _verify_link(link, previous=previous, seq=count, run=run)
        previous = link.digest
    return count, previous


def _verify_link(link: Link, *, previous: str, seq: int, run: str) -> None:
    problem = _problem(link, previous=previous, seq=seq, run=run)
    if problem:
        raise BrokenChain(f"Event {seq} {problem}.", seq=seq)


def _problem(link: Link, *, previous: str, seq: int, run: str) -> str:
    if link.seq != seq:
        return "is missing"
    if event_hash(link.header) != link.digest:
        return "does not match its own hash"
    header = _parsed(link.header)
    if header is None:
        return "has a header that is not in canonical form"
    if header["seq"] != seq or header["run"] != run:
        return "belongs to another place on the record"
    if header["prev"] != previous:
        return "does not link to the event before it"
    if link.salt is None or link.body is None:
        return "" if link.erased else "lost its content without an erasure on record"
    if commitment(link.salt, link.body) != header["payload_commit"]:
        return "has a content that was changed after it was recorded"
    return ""


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        header = json.loads(text)
    except ValueError:
        return None
    if not isinstance(header, dict) or set(header) != HEADER_KEYS:
        return None
    if header["v"] != HEADER_VERSION or canonical(header) != text:
        return None
    return header
