"""Bundles made of values alone, with a key that never changes, and what an attacker does to them."""

import hashlib
import json
import zlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runbook import library
from runbook.domain import chain, heads
from runbook.domain import events as ev
from runbook.domain.heads import Head, KeyStatement
from runbook.domain.redaction import Profile
from runbook.domain.snapshot import dump_state
from runbook.exports import FORMATS
from runbook.exports.format import Handout
from runbook.exports.record import Attachment, Record, derived_lines, event_line
from runbook.exports.verifier import verify
from tests.exports.records import (
    ERROR,
    INSTANCE,
    LEAD,
    OPERATOR,
    RUN_ID,
    START,
    failed_run,
    handout,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NEW_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
FOREIGN_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNED_AT = START + timedelta(hours=2)
SALT = b"s" * 32
DIGEST = chain.tagged_hash("uwlog.evidence.v1", SALT + ERROR.encode())
FILE = b"not a picture, but bytes"
FILE_DIGEST = hashlib.sha256(FILE).hexdigest()
ERASED = 13


def told() -> list[Any]:
    """The failed run, with a text that is there, a file, and a note that was erased."""
    entries = [
        (minute, replace(event, digest=DIGEST), actor)
        if isinstance(event, ev.ErrorCaptured)
        else (minute, event, actor)
        for minute, event, actor in failed_run()
    ]
    picture = ev.EvidenceAdded(
        step="look", slot="plate", digest="", size=len(FILE), sha256_stored=FILE_DIGEST
    )
    return [
        *entries,
        (31, ev.NoteAdded(text="A secret of somebody"), LEAD),
        (32, picture, OPERATOR),
        (33, ev.PayloadErased(seq=ERASED, reason="Somebody asked."), LEAD),
    ]


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def fingerprint(key: Ed25519PrivateKey = KEY) -> str:
    """As the verifier takes it on its command line."""
    return heads.key_fingerprint(public(key))


def statement(
    key: Ed25519PrivateKey,
    *,
    since: timedelta,
    seq: int,
    after: Ed25519PrivateKey | None = None,
    endorsed: bool = True,
) -> dict[str, Any]:
    """What a key says when it begins, so long after the run began."""
    text = heads.statement_text(
        KeyStatement(
            instance=INSTANCE,
            public=public(key),
            since=START + since,
            after=public(after) if after else None,
            seq=seq,
        )
    )
    message = heads.message(heads.KEY_TAG, text)
    return {
        "statement": json.loads(text),
        "signature": key.sign(message).hex(),
        "endorsement": after.sign(message).hex() if after and endorsed else None,
    }


FIRST = statement(KEY, since=timedelta(0), seq=2)


def proved(
    made: Handout | None = None,
    *,
    key: Ed25519PrivateKey = KEY,
    keys: Iterable[dict[str, Any]] = (FIRST,),
    profile: Profile = Profile.INTERNAL,
) -> Handout:
    """A handout with its signed head."""
    made = made or erased(handout(told(), error=ERROR))
    report, links = made.report, made.links
    text = heads.head_text(
        Head(
            instance=INSTANCE,
            run=RUN_ID,
            size=len(links),
            head=report.head,
            state_digest=heads.state_digest(dump_state(report.state)),
            at=SIGNED_AT,
            key_id=heads.key_id(public(key)),
        )
    )
    derived = profile is not Profile.INTERNAL
    record = Record(
        size=len(links),
        created=START,
        head=text,
        at=SIGNED_AT,
        signature=key.sign(heads.message(heads.HEAD_TAG, text)).hex(),
        keys=tuple(keys),
        state=dump_state(report.state),
        lines=lambda: derived_lines(links, report) if derived else map(event_line, links),
        attachments=(
            Attachment(name=f"texts/{DIGEST}.json", content=lambda: [_text()]),
            Attachment(name=f"files/{FILE_DIGEST}", content=lambda: [FILE]),
        ),
        definition=library.definition_in(library.dump_pack(report.pack)),
        profile=profile,
    )
    return replace(made, record=record)


def erased(made: Handout) -> Handout:
    """With the content of one event gone, as its erasure says."""
    links = list(made.links)
    links[ERASED - 1] = replace(links[ERASED - 1], salt=None, body=None, erased=True)
    return replace(made, links=tuple(links))


def _text() -> bytes:
    return chain.canonical({"salt": SALT.hex(), "text": ERROR}).encode()


def bundle(made: Handout | None = None) -> bytes:
    """The ZIP of a handout."""
    return FORMATS["zip"].render(made or proved())


class Forgery:
    """The files of a bundle in the hands of somebody who edits them and packs them again."""

    def __init__(self, archive: bytes) -> None:
        opened = verify._zip(memoryview(archive))
        self.when = opened.when
        self.files = {name: bytes(content) for name, content in opened.contents.items()}

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    def put(self, name: str, value: Any) -> None:
        self.files[name] = chain.canonical(value).encode()

    @property
    def lines(self) -> list[bytes]:
        return self.files["events.jsonl"].splitlines(keepends=True)

    @lines.setter
    def lines(self, lines: list[bytes]) -> None:
        self.files["events.jsonl"] = b"".join(lines)

    def event(self, seq: int) -> Any:
        return json.loads(self.lines[seq - 1])

    def put_event(self, seq: int, value: Any) -> None:
        lines = self.lines
        lines[seq - 1] = chain.canonical(value).encode() + b"\n"
        self.lines = lines

    def relink(self, *, first: int = 1) -> None:
        """Makes every event from a seq on follow the one before it, and the head follow the last."""
        lines, previous = self.lines, ""
        for index, line in enumerate(lines):
            said = json.loads(line)
            if index + 1 >= first:
                said["header"]["prev"] = previous or said["header"]["prev"]
                said["header"]["seq"] = index + 1
            previous = chain.event_hash(chain.canonical(said["header"]))
            lines[index] = chain.canonical(said).encode() + b"\n"
        self.lines = lines
        head = self.json("head.json")
        head["body"] |= {"size": len(lines), "head": previous}
        self.put("head.json", head)
        self.put(
            "manifest.json", self.json("manifest.json") | {"size": len(lines), "head": previous}
        )

    def sign(self, key: Ed25519PrivateKey) -> None:
        head = self.json("head.json")
        text = chain.canonical(head["body"])
        head["signature"] = key.sign(heads.message(heads.HEAD_TAG, text)).hex()
        self.put("head.json", head)

    def packed(self) -> bytes:
        """The archive as the product would have written it, its manifest put right."""
        names = [name for name in self.files if name != "manifest.json"]
        listed = [
            {
                "name": name,
                "size": len(self.files[name]),
                "sha256": hashlib.sha256(self.files[name]).hexdigest(),
            }
            for name in names
        ]
        self.put("manifest.json", self.json("manifest.json") | {"files": listed})
        return archived({name: self.files[name] for name in [*names, "manifest.json"]}, self.when)


def archived(files: dict[str, bytes], when: tuple[int, int] | None) -> bytes:
    """Files in the one form that an archive may have."""
    found, about = b"", []
    for name, content in files.items():
        place = len(found)
        before, entry = verify.entry(
            name,
            crc=zlib.crc32(content),
            size=len(content),
            when=when or (0, 33),
            offset=place,
        )
        found += before + content
        about.append(entry)
    directory = b"".join(about)
    end = verify.directory_end(count=len(files), size=len(directory), offset=len(found))
    return found + directory + end


def judged(
    archive: bytes, *words: tuple[int, str], known: tuple[str, ...] | None = None
) -> tuple[int, str]:
    """Exit code and sentence of the verifier, without its command line. `words` are anchors."""
    known = (fingerprint(),) if known is None else known
    plain = [each.replace(" ", "").lower() for each in known]
    try:
        record = verify.Record(verify._zip(memoryview(archive)), list(words))
        return 0, verify.verified(record, plain)
    except verify.Refusal as refusal:
        return refusal.args
    except Exception as problem:
        return 2, f"{type(problem).__name__}: {problem}"
