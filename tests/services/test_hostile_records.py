"""What a forged record cannot do, though its every hash fits (IN-15)."""

import hashlib
import io
import json
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from runbook.domain import chain
from runbook.exports import FORMATS
from runbook.exports.incoming import RecordRefused
from runbook.exports.verifier import verify
from runbook.models import Run, User
from runbook.services import exports, objects
from tests.elsewhere import ADDRESS, handed_out, opened
from tests.exports.bundles import Forgery
from tests.hostile import forged

SECRET = b"the log of another run"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, settings: Any) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"
    settings.OBJECTS_DIR = tmp_path / "objects"


@pytest.fixture
def record(db: None, tmp_path: Path, now: datetime) -> bytes:
    return handed_out(tmp_path, now, export_format="json").content


def stolen(sha256: str) -> tuple[str, dict[str, Any]]:
    """An entry that says of bytes which its writer never had that somebody handed them in."""
    return "evidence.added", {
        "step": "import",
        "slot": "log",
        "digest": "",
        "size": 1,
        "sha256_stored": sha256,
    }


def kept(content: bytes) -> str:
    """The bytes in the store, as a file of some other run."""
    digest = hashlib.sha256(content).hexdigest()
    with objects.new_file() as (path, file):
        file.write(content)
        file.flush()
        objects.put(path, digest)
    return digest


def taken_away(copy: Run, now: datetime) -> dict[str, bytes]:
    """What a ZIP of the copy holds."""
    made = exports.written(copy.pk, FORMATS["zip"], now=now, address=ADDRESS)
    with zipfile.ZipFile(io.BytesIO(b"".join(made.pieces()))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_copy_hands_out_no_file_of_another_run_whose_hash_it_names(
    record: bytes, tmp_path: Path, ana: User, now: datetime
) -> None:
    digest = kept(SECRET)
    copy = opened(forged(record, stolen(digest)), ana, tmp_path, now)

    assert SECRET not in taken_away(copy, now).values()


@pytest.mark.parametrize("name", ["../../outside", "/etc/hostname", "a" * 63, "A" * 64])
def test_a_record_cannot_name_a_file_by_its_path(
    record: bytes, tmp_path: Path, ana: User, now: datetime, name: str
) -> None:
    with pytest.raises(RecordRefused, match="by something that is no digest"):
        opened(forged(record, stolen(name)), ana, tmp_path, now)


def test_not_even_a_row_that_names_a_path_opens_what_lies_there(
    record: bytes, tmp_path: Path, ana: User, now: datetime
) -> None:
    """Both guards: a record that slipped in earlier hands out nothing today."""
    (tmp_path / "outside").write_bytes(SECRET)
    with patch.object(verify, "HASH", re.compile(".*")):
        copy = opened(forged(record, stolen(str(tmp_path / "outside"))), ana, tmp_path, now)

    assert SECRET not in taken_away(copy, now).values()


@pytest.mark.parametrize(
    "created",
    ["2024-01-01", "0001-01-01T00:00:00.000000Z", "0001-01-01T00:00:00+14:00", "9999-12-31"],
)
def test_a_record_that_begins_at_no_time_is_refused(
    record: bytes, tmp_path: Path, ana: User, now: datetime, created: str
) -> None:
    """Its genesis fits, since a forger hashes as well as anybody."""
    forgery = Forgery(handed_out(tmp_path, now).content)
    genesis = {**forgery.json("genesis.json"), "created": created}
    forgery.put("genesis.json", genesis)
    first = forgery.event(1)
    text = chain.canonical(genesis).encode()
    first["header"]["prev"] = chain.tagged_hash("uwlog.genesis.v1", text)
    forgery.put_event(1, first)
    forgery.relink(first=2)
    unsigned(forgery)

    with pytest.raises(RecordRefused, match="The beginning of this record has a time that"):
        opened(forgery.packed(), ana, tmp_path, now)


def unsigned(forgery: Forgery) -> None:
    head = forgery.json("head.json")
    head["body"]["key_id"] = None
    forgery.put("head.json", {**head, "signature": None})


@pytest.mark.parametrize("name", [r'"\ud800"', r'"a\u0000b"', "7", '"\u202e"'])
def test_names_beside_a_record_that_nobody_could_keep_are_left_out(
    record: bytes, tmp_path: Path, ana: User, now: datetime, name: str
) -> None:
    """No proof covers them and no verifier reads them."""
    forgery = Forgery(handed_out(tmp_path, now).content)
    actor = forgery.event(1)["header"]["actor"]
    told = f'{{"people":{{"{actor}":{name},"\\udfff":"x"}}}}'
    forgery.files["report.json"] = told.encode()

    copy = opened(forgery.packed(), ana, tmp_path, now)

    assert json.loads(copy.copy.people).keys() <= {actor}
