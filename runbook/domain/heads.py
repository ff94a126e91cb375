"""Signed heads: what is signed over a run's newest event, and what a key says about itself.

Source: `integrity-and-security.md` 4a.6. All texts are canonical JSON; a signature covers an ASCII
tag, a zero byte and the text. Times have six decimals, so that they compare as texts.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runbook.domain import chain

VERSION = 1
HEAD_TAG, KEY_TAG, DAILY_TAG = "uwlog.head.v1", "uwlog.key.v1", "uwlog.daily.v1"
HEAD_KEYS = frozenset({"v", "instance", "run", "size", "head", "state_digest", "at", "key_id"})
_LARGEST = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How long a run is, its newest hash, and the digest of where it stands.

    `key_id` is None in a head that nobody could sign.
    """

    instance: str
    run: str
    size: int
    head: str
    state_digest: str
    at: datetime
    key_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatement:
    """What a key says about itself: since when it counts, and which key it follows.

    `seq` is the entry of the installation's journal that it came with.
    """

    instance: str
    public: bytes
    since: datetime
    after: bytes | None
    seq: int


def head_text(head: Head) -> str:
    """The canonical text that is signed."""
    return chain.canonical(
        {
            "v": VERSION,
            "instance": head.instance,
            "run": head.run,
            "size": head.size,
            "head": head.head,
            "state_digest": head.state_digest,
            "at": chain.format_time(head.at),
            "key_id": head.key_id,
        }
    )


def statement_text(said: KeyStatement) -> str:
    """The canonical text by which a key begins; it signs this itself, and the one before it may."""
    return chain.canonical(
        {
            "v": VERSION,
            "instance": said.instance,
            "key_id": key_id(said.public),
            "public": said.public.hex(),
            "from": chain.format_time(said.since),
            "after": None if said.after is None else said.after.hex(),
            "seq": said.seq,
        }
    )


def message(tag: str, text: str) -> bytes:
    """What a signature covers: another tag makes another message of the same text."""
    return tag.encode("ascii") + b"\x00" + text.encode()


def state_digest(state: str) -> str:
    """The hash of a state as `snapshot.dump_state` writes it."""
    return chain.tagged_hash("uwlog.state.v1", state.encode())


def key_id(public: bytes) -> str:
    """The short name of a key."""
    return hashlib.sha256(public).hexdigest()[:16]


def key_fingerprint(public: bytes) -> str:
    """What people compare: eight groups of four, the first four of them the short name."""
    return chain.fingerprint(hashlib.sha256(public).hexdigest())


def daily_root(heads: Iterable[tuple[str, int, str]]) -> tuple[str, int]:
    """One hash over run, size and head of every run, and their number; the order does not matter."""
    found = hashlib.sha256(b"uwlog.root.v1\x00")
    count = 0
    for run, size, head in sorted(heads):
        found.update(f"{run} {size} {head}\n".encode())
        count += 1
    return found.hexdigest(), count


def anchor_line(head: Head, signature: str) -> str:
    """One signed head on one line, for a file that somebody else keeps."""
    return (
        f"{chain.format_time(head.at)} {head.run} {head.size} {head.head} {head.key_id} {signature}"
    )


def read(text: str) -> dict[str, Any]:
    """The object of a canonical text; ValueError for double keys, floats, large numbers and others."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=int,  # which refuses a fraction, and what is no number
            parse_constant=int,
        )
    except RecursionError:
        raise ValueError("it goes too deep") from None
    if not isinstance(value, dict) or chain.canonical(value) != text:
        raise ValueError("it is not in canonical form")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands there twice")
    return made


def _integer(digits: str) -> int:
    if abs(int(digits)) > _LARGEST:
        raise ValueError("a number is too large")
    return int(digits)
