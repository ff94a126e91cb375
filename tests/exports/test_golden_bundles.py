"""Records that earlier releases wrote stay provable, and their hashes come out the same (TL-07).

A file in tests/golden/bundles is never changed. With each release that changes what is written, add
one: FREEZE=<name> python -m pytest tests/exports/test_golden_bundles.py
"""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from runbook.domain import chain, heads
from runbook.domain.chain import Link
from runbook.exports.record import event_line
from runbook.exports.verifier import verify
from runbook.services import signing
from tests.exports.bundles import bundle, fingerprint

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "bundles"
FROZEN = sorted(FOLDER.glob("*.zip"))


def test_one_may_be_frozen() -> None:
    name = os.environ.get("FREEZE", "")
    if name:
        with (FOLDER / f"{name}.zip").open("xb") as file:
            file.write(bundle())

    assert FROZEN or name


@pytest.fixture(params=FROZEN, ids=lambda path: path.stem)
def frozen(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_the_verifier_of_today_finds_it_intact(frozen: Path) -> None:
    assert verify.main([str(frozen), "--fingerprint", fingerprint()]) == 0


def test_the_code_of_today_computes_the_same_hashes(frozen: Path) -> None:
    with zipfile.ZipFile(frozen) as archive:
        read = {name: archive.read(name) for name in archive.namelist()}
    genesis, head, keys = (json.loads(read[f"{name}.json"]) for name in ("genesis", "head", "keys"))
    links = list(_links(read["events.jsonl"]))
    start = chain.tagged_hash("uwlog.genesis.v1", chain.canonical(genesis).encode())

    assert chain.verify(links, start=start, run=genesis["run"]) == (
        head["body"]["size"],
        head["body"]["head"],
    )
    assert b"".join(map(event_line, links)) == read["events.jsonl"]
    assert heads.state_digest(read["state.json"].decode()) == head["body"]["state_digest"]
    signer = next(
        key["statement"]
        for key in keys["keys"]
        if key["statement"]["key_id"] == head["body"]["key_id"]
    )
    text = chain.canonical(head["body"])
    assert heads.key_id(bytes.fromhex(signer["public"])) == signer["key_id"]
    assert signing.is_signed(
        signer["public"], signature=head["signature"], tag=heads.HEAD_TAG, text=text
    )
    assert not signing.is_signed(
        signer["public"], signature=head["signature"], tag=heads.KEY_TAG, text=text
    )


def _links(lines: bytes) -> Any:
    for line in lines.splitlines():
        said = json.loads(line)
        header = chain.canonical(said["header"])
        kept = said["payload"] is not None
        yield Link(
            seq=said["header"]["seq"],
            header=header,
            digest=chain.event_hash(header),
            salt=bytes.fromhex(said["salt"]) if kept else None,
            body=chain.canonical(said["payload"]) if kept else None,
            erased=not kept,
        )


def test_the_verifier_that_came_along_finds_it_intact(frozen: Path, tmp_path: Path) -> None:
    """Whoever has an old archive and nothing else has at least the verifier of that time."""
    with zipfile.ZipFile(frozen) as archive:
        source = archive.read("verify.py").decode()
    found: dict[str, Any] = {"__name__": "verify"}
    exec(compile(source, "verify.py", "exec"), found)  # noqa: S102 - our own file of that time

    assert found["main"]([str(frozen), "--fingerprint", fingerprint()]) == 0
