"""The record as canonical JSON: every stored event word for word, so that the chain can be checked.

RFC 8785 fixes each byte. `header` is what was hashed; its canonical form hashes to `hash`, and the
salt with the canonical `payload` to its `payload_commit`. Salt and payload are null after an
erasure. Names of people are no part of the chain and stand beside the events.
"""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import rfc8785

from runbook.domain import chain
from runbook.domain.chain import Link
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.snapshot import dump_state
from runbook.exports.format import Format, Handout
from runbook.exports.record import beside

SCHEMA = 1
_LARGEST = 2**53 - 1


def parts(handout: Handout) -> Iterator[bytes]:
    """The handout as RFC 8785 canonical JSON, field by field and event by event."""
    fields = _fields(handout)
    sign = "{"
    for key in sorted((*fields, "events")):
        yield f'{sign}"{key}":'.encode()
        if key == "events":
            yield from _events(handout)
        else:
            yield rfc8785.dumps(fields[key])
        sign = ","
    yield b"}"


def render(handout: Handout) -> bytes:
    """All of it at once."""
    return b"".join(parts(handout))


def _fields(handout: Handout) -> dict[str, Any]:
    """Everything but the events."""
    report = handout.report
    return {
        "schema": SCHEMA,
        "made_at": chain.format_time(report.made_at),
        "made_by": {"product": "Upgrade Runbook", "version": report.product_version},
        "address": report.address,
        "instance": report.instance,
        "run": report.run,
        "genesis": report.genesis,
        "pack": _pack(report),
        "people": report.people,
        "state": json.loads(dump_state(report.state)),
        "evidence": [_evidence(report, number) for number in range(len(report.errors))],
        "head": {
            "seq": len(handout.links),
            "hash": report.head,
            "fingerprint": chain.fingerprint(report.head),
        },
    }


def _events(handout: Handout) -> Iterator[bytes]:
    sign = b"["
    for link, line in beside(handout.links, handout.report.lines):
        yield sign + _written(link, line)
        sign = b","
    yield b"[]" if sign == b"[" else b"]"


def _pack(report: RunReport) -> dict[str, Any]:
    pack = report.pack
    return {"slug": pack.slug, "revision": pack.revision, "digest": pack.digest}


class _Odd(ValueError):
    """A number that Python and RFC 8785 write in different ways; the product records none."""


def _refused(number: str) -> NoReturn:
    raise _Odd(number)


def _whole(number: str) -> int:
    if abs(found := int(number)) > _LARGEST:
        raise _Odd(number)
    return found


_STRICT = json.JSONDecoder(parse_float=_refused, parse_int=_whole, parse_constant=_refused)
_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _written(link: Link, line: ReportLine | None) -> bytes:
    """One event in canonical form. Python's own writer is six times as quick and writes the same,
    unless there are odd numbers, or characters of which two halves are sorted in UTF-16.
    """
    try:
        text = _WRITER.encode(_event(link, line, _STRICT))
        if text.isascii() or len(text.encode("utf-16-le")) == 2 * len(text):
            return text.encode()
    except (_Odd, UnicodeEncodeError):
        pass
    return rfc8785.dumps(_event(link, line, json.JSONDecoder()))


def _event(link: Link, line: ReportLine | None, reader: json.JSONDecoder) -> dict[str, Any]:
    header = reader.decode(link.header)
    payload = None if link.body is None else reader.decode(link.body)
    return {
        "seq": link.seq,
        "hash": link.digest,
        "header": header,
        "salt": None if link.salt is None else link.salt.hex(),
        "payload": payload,
        "type": header["type"],
        "recorded_at": header["at"],
        "happened_at": payload["happened_at"] if payload else None,
        "actor": header["actor"],
        "name": line.actor if line else None,
        "data": payload["data"] if payload else None,
        "headline": line.headline if line else None,
    }


def _evidence(report: RunReport, number: int) -> dict[str, Any]:
    error = report.errors[number]
    return {"attempt": error.attempt, "digest": error.digest, "text": error.text}


FORMAT = Format(
    slug="json",
    label="JSON, complete and verifiable",
    content_type="application/json",
    extension="json",
    render=render,
    parts=parts,
    hint="Every event word for word with its hash: for keeping, checking and other programs.",
    verbatim=True,
)
