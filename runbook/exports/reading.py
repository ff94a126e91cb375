"""Reads a ZIP or JSON export of any installation into one value, by the rules of the verifier.

Sizes and structure are checked before anything is parsed. The ZIP may only be in the one form that
the product writes: nothing in it is compressed, so it can never unfold into more than it is.
"""

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from runbook.domain import chain, heads
from runbook.domain.errors import BrokenChain
from runbook.exports.formats.json_bundle import SCHEMA
from runbook.exports.incoming import (
    Events,
    Finding,
    Incoming,
    RecordRefused,
    Told,
    Words,
    check_words,
    moment,
)
from runbook.exports.verifier import verify

MIB = 1024 * 1024
#: Largest files that are opened.
MOST_ZIP, MOST_JSON = 200 * MIB, 32 * MIB
MOST_EVENTS = 10_000
_DIRECTORY, _LINE, _ENTRIES = 2 * MIB, 2 * MIB, 10_000
#: Largest part of each kind, by the beginning of its name; files of reports are only hashed.
_PARTS = {
    "events.jsonl": 128 * MIB,
    "manifest.json": 4 * MIB,
    "keys.json": 64 * 1024,
    "genesis.json": 64 * 1024,
    "head.json": 64 * 1024,
    "state.json": 8 * MIB,
    "definition.json": 8 * MIB,
    "texts/": 8 * MIB,
}
#: What stands at the very end of an archive.
_END = 22
_NAMES = 24 * MIB
_PERSON, _PEOPLE = 300, 5_000

NO_RECORD = "This is no ZIP or JSON export of a run. Open the file as it was handed out."
REDACTED = (
    "This copy was made for readers outside: its words are redacted, so there is nothing to open. "
    "Ask for an export with the profile internal."
)
#: What reading a file that is not what it seems may raise in the verifier.
_UNREADABLE = (
    *(ValueError, LookupError, TypeError, AttributeError, struct.error),
    *(RecursionError, OverflowError),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Which signers are known: the fingerprint that the person typed, and the keys of this house."""

    named: str = ""
    own: tuple[str, ...] = ()


def fingerprint_of(text: str) -> str:
    """A typed fingerprint as hex digits, empty if none was typed; RecordRefused if it is none."""
    plain = re.sub(r"[\s:-]", "", text).lower()
    if plain and not re.fullmatch("[0-9a-f]{32}|[0-9a-f]{64}", plain):
        raise RecordRefused(
            "A fingerprint is eight groups of four signs, 0 to 9 and A to F; look at it once more."
        )
    return plain


def read_record(path: Path, *, trust: Trust) -> Incoming:
    """The record in a file; RecordRefused, with one sentence, for everything that is not one."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        _check_size(size, MOST_ZIP)
        return _of_zip(path, trust)
    if start[:1] == b"{":
        _check_size(size, MOST_JSON)
        return _of_json(path.read_bytes(), trust)
    raise RecordRefused(NO_RECORD)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise RecordRefused(f"The file is larger than {most // MIB} MiB, the limit for its kind.")


def _of_zip(path: Path, trust: Trust) -> Incoming:
    try:
        return _checked(_opened(path), trust)
    except verify.Refusal as refusal:
        raise RecordRefused(_sentence(*refusal.args)) from None
    except _UNREADABLE:
        raise RecordRefused(NO_RECORD) from None


def _sentence(code: int, told: str) -> str:
    if told == verify.REPACKED:
        return "This archive was changed or packed anew. Open the file as it was handed out."
    kind = "This record was tampered with" if code == 1 else "This is no record that can be opened"
    return f"{kind}: {told}."


def _opened(path: Path) -> verify.Archive:
    """The archive, once nothing in it is larger than such a thing may be."""
    if path.stat().st_size < _END:
        raise RecordRefused(NO_RECORD)
    with path.open("rb") as file:
        file.seek(-_END, 2)
        (directory,) = struct.unpack("<L", file.read(_END)[12:16])
    if directory > _DIRECTORY:
        raise RecordRefused("The archive holds more entries than a record has.")
    archive = verify.opened(path)
    if len(archive.contents) > _ENTRIES:
        raise RecordRefused("The archive holds more entries than a record has.")
    for name, content in archive.contents.items():
        limit = next((most for part, most in _PARTS.items() if name.startswith(part)), None)
        if limit is not None and len(content) > limit:
            raise RecordRefused(f"{name} is larger than it may be.")
    _check_lines(archive.contents.get("events.jsonl", memoryview(b"")))
    return archive


def _check_lines(lines: memoryview) -> None:
    start = 0
    for count, found in enumerate(re.finditer(rb"\n", lines), start=1):
        if count > MOST_EVENTS:
            raise RecordRefused(f"The record has more than {MOST_EVENTS:,} events, the limit here.")
        if found.start() - start > _LINE:
            raise RecordRefused(f"Event {count} is larger than an event may be.")
        start = found.end()
    if len(lines) - start > _LINE:
        raise RecordRefused("The last event is larger than an event may be.")


def _checked(archive: verify.Archive, trust: Trust) -> Incoming:
    record = verify.Record(archive, [])
    record.check()
    if record.manifest["derived"]:
        raise RecordRefused(REDACTED)
    events = Events()
    events.read(_lines(archive.contents["events.jsonl"]))
    genesis, head = record.genesis, chain.canonical(record.head)
    found = _same_definition(events, genesis["plan_digest"])
    return Incoming(
        kind="zip",
        run=_uuid(genesis["run"]),
        instance=str(_uuid(genesis["instance"])),
        created=moment(genesis["created"], what="The beginning of this record"),
        plan_digest=found,
        genesis=chain.tagged_hash("uwlog.genesis.v1", chain.canonical(genesis).encode()),
        links=tuple(events.links),
        recorded=tuple(events.recorded),
        state=events.state,
        erased=events.erased,
        finding=_signer(record, trust),
        head=head,
        signature=record.signature or "",
        keys=tuple(json.loads(bytes(archive.contents["keys.json"]))["keys"]),
        people=_names(archive.contents.get("report.json")),
        texts=tuple(_texts(archive)),
        files={name[6:]: c for name, c in archive.contents.items() if name.startswith("files/")},
        definition=bytes(archive.contents.get("definition.json", b"")),
    )


def _lines(lines: memoryview) -> Iterator[Told]:
    for found in re.finditer(rb"([^\n]*)\n", lines):
        said = json.loads(found[1])
        yield Told(header=said["header"], payload=said["payload"], salt=said["salt"])


def _texts(archive: verify.Archive) -> Iterator[Words]:
    for name, content in archive.contents.items():
        if name.startswith("texts/"):
            said = json.loads(bytes(content))
            check_words(said["text"], what=name)
            yield Words(digest=name[6:70], salt=bytes.fromhex(said["salt"]), text=said["text"])


def _names(report: memoryview | None) -> dict[str, str]:
    """The names in the report for programs, if the file has one; they are no part of the proof."""
    if report is None or len(report) > _NAMES:
        return {}
    try:
        return people_in(json.loads(bytes(report)))
    except _UNREADABLE:
        return {}


def people_in(told: Mapping[str, Any]) -> dict[str, str]:
    """The names by actor id that a JSON export gives; what is no such thing is left out."""
    found = told.get("people")
    if not isinstance(found, dict):
        return {}
    return {
        actor: name[:_PERSON].replace("\x00", "")
        for actor, name in list(found.items())[:_PEOPLE]
        if isinstance(name, str)
        and len(actor) <= 32
        and "\x00" not in actor
        # No verifier looked at them, so half a character may stand there, which nothing can keep.
        and _has_bytes(actor + name)
    }


def _has_bytes(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def _signer(record: verify.Record, trust: Trust) -> Finding:
    """Who signed it, as far as the file and the person's word go; a wrong signer is refused."""
    if record.signature is None:
        if trust.named:
            raise RecordRefused("Nobody signed this record, so no key that you name fits it.")
        return Finding(sentence="Nobody signed it, so anybody may have made it.")
    key = verify.groups(record.keys[record.signer]["digest"])
    if trust.named:
        if not record.trusted([trust.named]):
            raise RecordRefused(
                f"This record was signed by another key than the one you named: {key}."
            )
        return Finding(sentence=f"Signed by the key that was named, {key}.", verified=True)
    if trust.own and record.trusted(list(trust.own)):
        return Finding(sentence=f"Signed by a key of this installation, {key}.", verified=True)
    return Finding(
        sentence=f"Signed by the key in the file, {key}; compare this fingerprint with its sender."
    )


def _of_json(content: bytes, trust: Trust) -> Incoming:
    if trust.named:
        raise RecordRefused("A JSON export carries no signature, so no key fits it; take the ZIP.")
    try:
        told = heads.read(content.decode("utf-8"))
        if told.get("schema") != SCHEMA:
            raise RecordRefused(_other_schema(told))
        return _unsigned(told)
    except BrokenChain as broken:
        raise RecordRefused(f"This record was tampered with: {broken.sentence}") from None
    except _UNREADABLE:
        raise RecordRefused(NO_RECORD) from None


def _other_schema(told: Mapping[str, Any]) -> str:
    schema = told.get("schema")
    if type(schema) is not int:
        return NO_RECORD
    return (
        f"The file is written in schema {schema}, and this version reads schema {SCHEMA}. Open it "
        "with the version that wrote it or a newer one."
    )


def _unsigned(told: Mapping[str, Any]) -> Incoming:
    if len(told["events"]) > MOST_EVENTS:
        raise RecordRefused(f"The record has more than {MOST_EVENTS:,} events, the limit here.")
    # Before anything is read out of a header, since here no verifier has looked at them.
    heads_ = [each["header"] for each in told["events"]]
    if not heads_ or any(set(header) != chain.HEADER_KEYS for header in heads_):
        raise RecordRefused(NO_RECORD)
    events = Events()
    events.read(
        Told(header=each["header"], payload=each["payload"], salt=each["salt"])
        for each in told["events"]
    )
    _check_chain(told, events)
    digest = _same_definition(events, told["pack"]["digest"])
    created = datetime.fromisoformat(heads_[0]["at"])  # a run begins with its first event
    start = chain.genesis(
        instance=told["instance"], run=told["run"], created=created, plan_digest=digest
    )
    if start != told["genesis"]:
        raise RecordRefused(
            "This record was tampered with: its first event belongs to another run."
        )
    return Incoming(
        kind="json",
        run=_uuid(told["run"]),
        instance=str(_uuid(told["instance"])),
        created=created,
        plan_digest=digest,
        genesis=start,
        links=tuple(events.links),
        recorded=tuple(events.recorded),
        state=events.state,
        erased=events.erased,
        finding=Finding(
            sentence="A JSON export carries no signature and no proof of the texts in it, so "
            "anybody may have made it."
        ),
        people=people_in(told),
        texts=tuple(_unproved(told)),
    )


def _check_chain(told: Mapping[str, Any], events: Events) -> None:
    links, last = events.links, ""
    for each, link in zip(told["events"], links, strict=True):
        if each["hash"] != link.digest:
            raise BrokenChain(f"Event {link.seq} does not match its own hash.", seq=link.seq)
        if link.body is None and link.seq not in events.erased:
            raise BrokenChain(
                f"Event {link.seq} lost its content without an erasure on record.", seq=link.seq
            )
        if each["header"]["at"] <= last:
            raise BrokenChain(
                f"Event {link.seq} is not later than the event before it.", seq=link.seq
            )
        last = each["header"]["at"]
    size, head = chain.verify(links, start=told["genesis"], run=told["run"])
    if (told["head"]["seq"], told["head"]["hash"]) != (size, head):
        raise BrokenChain("The head is not that of the newest event.", seq=size)


def _unproved(told: Mapping[str, Any]) -> Iterator[Words]:
    known: set[str] = set()
    for each in told["evidence"]:
        digest, text = each["digest"], each["text"]
        if text is None or digest in known:
            continue
        if not verify.HASH.fullmatch(digest) or not isinstance(text, str):
            raise RecordRefused(NO_RECORD)
        check_words(text, what="An error text")
        known.add(digest)
        yield Words(digest=digest, salt=None, text=text)


def _same_definition(events: Events, digest: str) -> str:
    """The definition that the chain is bound to must be the one that its first event names."""
    if events.state.pack_digest != digest or not verify.HASH.fullmatch(digest):
        raise RecordRefused("This record names two definitions, so it cannot be shown.")
    return digest


def _uuid(text: str) -> UUID:
    found = UUID(text)
    if str(found) != text:
        raise ValueError(text)
    return found
