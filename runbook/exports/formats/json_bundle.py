"""The record as canonical JSON: every stored event word for word, so that the chain can be checked.

RFC 8785 fixes each byte. `header` is what was hashed; its canonical form hashes to `hash`, and the
salt with the canonical `payload` to its `payload_commit`. Salt and payload are null after an
erasure. Names of people are no part of the chain and stand beside the events.
"""

import json
from typing import Any

import rfc8785

from runbook.domain import chain
from runbook.domain.chain import Link
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.snapshot import dump_state
from runbook.exports.format import Format, Handout

SCHEMA = 1


def render(handout: Handout) -> bytes:
    """The handout as RFC 8785 canonical JSON."""
    report = handout.report
    said = {line.seq: line for line in report.lines}
    return rfc8785.dumps(
        {
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
            "events": [_event(link, said.get(link.seq)) for link in handout.links],
            "evidence": [_evidence(report, number) for number in range(len(report.errors))],
            "head": {
                "seq": len(handout.links),
                "hash": report.head,
                "fingerprint": chain.fingerprint(report.head),
            },
        }
    )


def _pack(report: RunReport) -> dict[str, Any]:
    pack = report.pack
    return {"slug": pack.slug, "revision": pack.revision, "digest": pack.digest}


def _event(link: Link, line: ReportLine | None) -> dict[str, Any]:
    header = json.loads(link.header)
    payload = None if link.body is None else json.loads(link.body)
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
    hint="Every event word for word with its hash: for keeping, checking and other programs.",
    verbatim=True,
)
