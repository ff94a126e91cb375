"""The whole record as a ZIP that anybody can check without the product: events, proof, files, reports.

Everything in it depends on the head alone: names, order and times are fixed, and the reports are
written as of the moment at which the head was signed. So two exports of one head have the same hash.
Entries are not compressed: then the verifier knows every byte that the archive must have.
"""

import hashlib
import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from runbook.domain import chain, heads
from runbook.domain.registry import collect
from runbook.exports import formats
from runbook.exports.format import Format, Handout, record_of
from runbook.exports.record import Record
from runbook.exports.verifier import verify

#: Written by this format in its own way, or the format itself.
_NOT_BESIDE = frozenset({"zip", "events-jsonl"})
_LARGEST = 2**32 - 1
_PIECE = 256 * 1024
_IN_MEMORY = 1024 * 1024
_README = """\
This is the record of run {run} with {size} events.

Is it whole? Take verify.py from the product, not from this archive, and run
    python3 verify.py ARCHIVE.zip --fingerprint "FINGERPRINT"
It needs Python 3.9 or newer and nothing else. It prints one sentence and ends with
    0 intact, 1 tampered, 2 malformed, 3 consistent but not provable.
The fingerprint is that of the installation's key. Ask for it on another way: whoever forges a record
puts a key of his own into it. If you hold an earlier head, add --anchor SIZE:HEAD.

Head of the record: {head}
{note}
genesis.json    what the first event links to
events.jsonl    every event: what was hashed, its content, and the salt of its commitment
head.json       the signed head
keys.json       what the installation's keys said when they began
state.json      where the run stood
definition.json the steps and the advice that the run followed, bound by genesis.json
texts/, files/  what people handed in, by digest
report.*        the same for people; they prove nothing
manifest.json   names, sizes and hashes of all these files
"""
_DERIVED = """
The words in this copy were redacted for a recipient of the kind “{profile}”. The headers, links and
the signature are the original ones; the redacted words are not covered by them.
"""


@dataclass(slots=True)
class _Archive:
    """A ZIP while it is written: what was put in, and where the next entry begins."""

    when: tuple[int, int]
    place: int = 0
    directory: list[bytes] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)

    def entry(self, name: str, content: Iterable[bytes]) -> Iterator[bytes]:
        """The bytes of one entry. The content is read once and held on disk if it is long."""
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
            sum_, crc, size = hashlib.sha256(), 0, 0
            for piece in content:
                kept.write(piece)
                sum_.update(piece)
                crc, size = zlib.crc32(piece, crc), size + len(piece)
            if self.place + size > _LARGEST:
                raise ValueError("The record is too large for one archive.")
            before, about = verify.entry(
                name, crc=crc, size=size, when=self.when, offset=self.place
            )
            self.files.append({"name": name, "size": size, "sha256": sum_.hexdigest()})
            self.directory.append(about)
            self.place += len(before) + size
            yield before
            kept.seek(0)
            while piece := kept.read(_PIECE):
                yield piece

    def end(self) -> bytes:
        """What closes the archive."""
        directory = b"".join(self.directory)
        return directory + verify.directory_end(
            count=len(self.directory), size=len(directory), offset=self.place
        )


def parts(handout: Handout) -> Iterator[bytes]:
    """The archive piece by piece; its memory does not grow with the run."""
    record = record_of(handout)
    archive = _Archive(when=verify.dos_time(chain.format_time(record.at)))
    for name, content in _contents(handout, record):
        yield from archive.entry(name, content)
    yield from archive.entry("manifest.json", [_json(_manifest(handout, record, archive.files))])
    yield archive.end()


def render(handout: Handout) -> bytes:
    """The whole archive at once."""
    return b"".join(parts(handout))


def _contents(handout: Handout, record: Record) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "README.txt", [_readme(handout, record)]
    yield "genesis.json", [_json(_genesis(handout, record))]
    yield "events.jsonl", record.lines()
    head = {"body": json.loads(record.head), "signature": record.signature}
    yield "head.json", [_json(head)]
    yield "keys.json", [_json({"v": heads.VERSION, "keys": list(record.keys)})]
    if record.state and not record.derived:
        yield "state.json", [record.state.encode()]
    if not record.derived:
        if record.definition:
            yield "definition.json", [record.definition]
        for each in sorted(record.attachments, key=lambda one: one.name):
            yield each.name, each.content()
    yield from _reports(handout, record)
    yield "verify.py", [_verifier()]


def _reports(handout: Handout, record: Record) -> Iterator[tuple[str, Iterable[bytes]]]:
    """What the other formats write, as of the moment of the signature."""
    same = replace(handout, report=replace(handout.report, made_at=record.at))
    taken: set[str] = set()
    for each in collect(formats, "FORMAT", kind=Format).values():
        if each.slug in _NOT_BESIDE or (each.verbatim and record.derived):
            continue
        name = f"report.{each.extension}"
        name = f"report-{each.slug}.{each.extension}" if name in taken else name
        taken.add(name)
        yield name, each.parts(same) if each.parts else [each.render(same)]


def _genesis(handout: Handout, record: Record) -> dict[str, Any]:
    return {
        "v": chain.HEADER_VERSION,
        "instance": handout.report.instance,
        "run": handout.report.run,
        "created": chain.format_time(record.created),
        "plan_digest": handout.report.pack.digest,
    }


def _manifest(handout: Handout, record: Record, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "v": heads.VERSION,
        "kind": verify.KIND,
        "profile": record.profile.value,
        "derived": record.derived,
        "run": handout.report.run,
        "size": record.size,
        "head": handout.report.head,
        "files": list(files),
    }


def _readme(handout: Handout, record: Record) -> bytes:
    note = _DERIVED.format(profile=record.profile.value) if record.derived else ""
    head = chain.fingerprint(handout.report.head)
    return _README.format(run=handout.report.run, size=record.size, head=head, note=note).encode()


def _json(value: dict[str, Any]) -> bytes:
    return chain.canonical(value).encode()


@cache
def _verifier() -> bytes:
    return Path(verify.__file__).read_bytes()


FORMAT = Format(
    slug="zip",
    label="ZIP, everything with its proof",
    content_type="application/zip",
    extension="zip",
    render=render,
    parts=parts,
    needs_record=True,
    shows_evidence=True,
    hint="Signed events, what people handed in, all reports and a verifier that needs no product.",
)
